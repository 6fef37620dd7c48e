//! Nobody reads, changes or even notices what is not theirs.

use reqwest::Method;
use serde_json::json;

use crate::support::app::{TestApp, reply};
use crate::support::db::{TestDb, both};

both!(
    another_tenants_ticket_does_not_exist_b106_b107,
    administrators_see_no_partys_text,
    messages_reach_their_audience
);

/// A word that stands in every text of the ticket and nowhere else.
const MARKER: &str = "鹮鸶";

async fn another_tenants_ticket_does_not_exist_b106_b107(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let mut body = crate::support::app::filing();
    for field in ["summary", "description"] {
        body[field] = json!(format!("{MARKER}断供"));
    }
    let ticket = hospital.post("/tickets", &body).await.expect(201).json();
    let id = ticket["id"].as_str().expect("an id");
    for stranger in ["hospital2", "maker2", "city2", "county2", "security", "auditor"] {
        let stranger = app.sign_in(stranger).await;
        for (method, path) in [
            (Method::GET, String::new()),
            (Method::GET, "/events".to_owned()),
            (Method::GET, "/messages".to_owned()),
            (Method::GET, "/deliveries".to_owned()),
            (Method::POST, "/reply".to_owned()),
            (Method::POST, "/solve".to_owned()),
            (Method::POST, "/confirm".to_owned()),
            (Method::POST, "/withdraw".to_owned()),
            (Method::POST, "/escalate".to_owned()),
            (Method::POST, "/messages".to_owned()),
        ] {
            let theirs = format!("/tickets/{id}{path}");
            let nobodys = format!("/tickets/0190aaaa-0000-7000-8000-000000000000{path}");
            let body = reply("2026-02-27");
            let hidden = stranger.send(stranger.request(method.clone(), &theirs).json(&body)).await;
            let unknown =
                stranger.send(stranger.request(method.clone(), &nobodys).json(&body)).await;
            assert_eq!(hidden.status, 404, "{method} {theirs}: {}", hidden.text);
            assert_eq!(without_id(&hidden.text), without_id(&unknown.text), "the same bytes");
        }
        for list in [format!("/tickets?q={MARKER}"), "/tickets".to_owned(), "/notices".to_owned()] {
            let found = stranger.get(&list).await;
            assert!(!found.text.contains(MARKER) && !found.text.contains(id), "{list}");
        }
    }
    let mut follows = crate::support::app::filing();
    follows["follows"] = json!(id);
    let other = app.sign_in("hospital2").await;
    let refused = other.post("/tickets", &follows).await.expect(422);
    assert_eq!(refused.fields()[0].0, "follows");
    app.stop().await;
}

fn without_id(text: &str) -> String {
    let mut problem: serde_json::Value = serde_json::from_str(text).expect("a problem");
    problem.as_object_mut().expect("an object").remove("request_id");
    problem.to_string()
}

async fn administrators_see_no_partys_text(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let ticket = app.sign_in("hospital").await.file().await;
    let admin = app.sign_in("admin").await;
    let id = ticket["id"].as_str().expect("an id");
    for path in [format!("/tickets/{id}"), "/tickets".to_owned()] {
        let seen = admin.get(&path).await.expect(200);
        assert!(seen.text.contains(ticket["number"].as_str().expect("a number")), "{path}");
        for text in ["胰岛素", "张心晴", "滨海市第一人民医院", "库存"] {
            assert!(!seen.text.contains(text), "{path} shows {text}");
        }
    }
    admin.get(&format!("/tickets/{id}/events")).await.expect(404);
    let log = admin.get("/deliveries").await.expect(200);
    assert!(!log.text.contains("13900000"), "addresses are masked");
    app.stop().await;
}

async fn messages_reach_their_audience(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let (city, distributor) = (app.sign_in("city").await, app.sign_in("distributor").await);
    let ticket = hospital.file().await;
    let path = format!("/tickets/{}/messages", ticket["id"].as_str().expect("an id"));
    for audience in ["all", "hospital_bureau", "bureau", "own"] {
        let body = json!({"body": format!("给{audience}的话"), "audience": audience});
        let written = hospital.post(&path, &body).await;
        assert!(written.status < 300, "{}", written.text);
    }
    let sees = async |who: &crate::support::app::As<'_>| {
        let items = who.get(&path).await.expect(200).json()["items"].clone();
        let audiences = items.as_array().expect("messages").iter().map(|m| m["audience"].clone());
        audiences.collect::<Vec<_>>()
    };
    assert_eq!(sees(&hospital).await, ["all", "hospital_bureau", "bureau", "own"]);
    assert_eq!(sees(&city).await, ["all", "hospital_bureau", "bureau"]);
    assert_eq!(sees(&maker).await, ["all"]);
    assert_eq!(sees(&distributor).await, ["all"]);
    let phone = |answer: String| answer.contains("13812345678");
    let id = ticket["id"].as_str().expect("an id");
    assert!(phone(maker.get(&format!("/tickets/{id}")).await.text), "a party sees the phone");
    assert!(!phone(city.get(&format!("/tickets/{id}")).await.text), "a bureau sees it masked");
    app.stop().await;
}
