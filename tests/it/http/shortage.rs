//! Shortage events: many hospitals' tickets as one problem, each reader seeing their own part.

use serde_json::{Value, json};
use uuid::Uuid;

use super::stage::{id, refused, sound};
use crate::support::app::{As, TestApp, filing};
use crate::support::db::{TestDb, both};
use crate::support::world::CEFTRIAXONE;

both!(
    open_tickets_for_one_product_are_one_event,
    an_event_is_gathered_from_what_its_reader_sees,
    an_event_ends_with_its_last_ticket,
);

async fn events(who: &As<'_>) -> Vec<Value> {
    let answer = who.get("/shortage-events").await;
    sound(&answer, "shortage events");
    answer.expect(200).json()["items"].as_array().expect("events").clone()
}

/// A ticket like [`filing`], with differences.
fn like(differences: &Value) -> Value {
    let mut ticket = filing();
    for (name, value) in differences.as_object().expect("an object") {
        ticket[name] = value.clone();
    }
    ticket
}

async fn open_tickets_for_one_product_are_one_event(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, elsewhere) = (app.sign_in("hospital").await, app.sign_in("hospital2").await);
    let (maker, province) = (app.sign_in("maker").await, app.sign_in("province").await);
    let first = hospital.file().await;
    hospital
        .post("/tickets", &like(&json!({"unit": "盒", "quantity_short": 40})))
        .await
        .expect(201);
    let empty = like(&json!({"quantity_short": 7, "days_of_stock": 0}));
    elsewhere.post("/tickets", &empty).await.expect(201);
    hospital.post("/tickets", &like(&json!({"product_code": CEFTRIAXONE}))).await.expect(201);
    let found = events(&province).await;
    assert_eq!(found.len(), 2);
    let event = &found[0];
    for (name, value) in [
        ("tickets", json!(3)),
        ("hospitals", json!(2)),
        ("cities", json!(2)),
        ("worst_days_of_stock", json!(0)),
        ("overdue", json!(0)),
        ("escalated", json!(0)),
        ("since", first["filed_at"].clone()),
        (
            "quantities",
            json!([{"unit": "支", "quantity_short": 507}, {"unit": "盒", "quantity_short": 40}]),
        ),
    ] {
        assert_eq!(event[name], value, "{name}");
    }
    assert_eq!(event["manufacturer"]["name"], first["manufacturer"]["name"]);
    assert_eq!(event["product"]["code"], first["product"]["code"]);
    let whole = province.get(&format!("/shortage-events/{}", id(event))).await.expect(200).json();
    let numbers: Vec<_> = whole["items"].as_array().expect("tickets").iter().collect();
    assert_eq!((numbers.len(), &numbers[0]["number"]), (3, &first["number"]), "oldest first");
    // Page by page it is the same list.
    let page = province.get("/shortage-events?page_size=1").await.expect(200).json();
    let cursor = page["next_cursor"].as_str().expect("there is more");
    let rest = format!("/shortage-events?page_size=1&cursor={cursor}");
    let rest = province.get(&rest).await.expect(200).json();
    assert_eq!((&page["items"][0], &rest["items"][0]), (&found[0], &found[1]));
    assert_eq!(rest["next_cursor"], Value::Null);
    // Three working days later nobody has replied.
    hospital.advance_to("2026-02-25T09:00:00+08:00").await;
    let late = &events(&maker).await[0];
    assert_eq!((&late["overdue"], &late["escalated"]), (&json!(3), &json!(3)));
    app.stop().await;
}

async fn an_event_is_gathered_from_what_its_reader_sees(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, elsewhere) = (app.sign_in("hospital").await, app.sign_in("hospital2").await);
    hospital.file().await;
    elsewhere.file().await;
    for (username, hospitals) in
        [("province", 2), ("maker", 2), ("city", 1), ("county", 1), ("city2", 1), ("county2", 1)]
    {
        let found = events(&app.sign_in(username).await).await;
        assert_eq!((found.len(), &found[0]["hospitals"]), (1, &json!(hospitals)), "{username}");
    }
    let rival = app.sign_in("maker2").await;
    assert!(events(&rival).await.is_empty(), "a competitor learns nothing");
    let event = id(&events(&app.sign_in("maker").await).await[0]);
    let foreign = rival.get(&format!("/shortage-events/{event}")).await;
    let unknown = rival.get(&format!("/shortage-events/{}", Uuid::new_v4())).await;
    for answer in [foreign, unknown, rival.get("/shortage-events/1").await] {
        refused(&answer, (404, "not_found"), "not the rival's");
    }
    let city = app.sign_in("city").await;
    let part = city.get(&format!("/shortage-events/{event}")).await.expect(200).json();
    assert_eq!(part["items"].as_array().map(Vec::len), Some(1), "only the city's own");
    for username in ["hospital", "distributor", "admin", "security", "auditor"] {
        let who = app.sign_in(username).await;
        for path in ["/shortage-events".to_owned(), format!("/shortage-events/{event}")] {
            refused(&who.get(&path).await, (403, "forbidden"), username);
        }
    }
    app.stop().await;
}

async fn an_event_ends_with_its_last_ticket(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let path = format!("/tickets/{}", id(&hospital.file().await));
    let solve = json!({"message": "已送达三百支。", "delivered_quantity": 300});
    maker.post(&format!("{path}/solve"), &solve).await.expect(200);
    let partly = json!({"result": "partly", "remaining_quantity": 200});
    hospital.post(&format!("{path}/confirm"), &partly).await.expect(200);
    let event = &events(&maker).await[0];
    assert_eq!(event["quantities"], json!([{"unit": "支", "quantity_short": 200}]));
    hospital.post(&format!("{path}/withdraw"), &json!({"reason": "已到货。"})).await.expect(200);
    assert!(events(&maker).await.is_empty());
    let gone = maker.get(&format!("/shortage-events/{}", id(event))).await;
    refused(&gone, (404, "not_found"), "it is over");
    app.stop().await;
}
