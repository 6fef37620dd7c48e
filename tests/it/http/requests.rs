//! What parties ask and bureaus decide, as clients see it.

use serde_json::{Value, json};

use super::stage::{Stage, call, id, refused};
use crate::support::app::TestApp;
use crate::support::db::{TestDb, both};
use crate::support::world::house;

both!(
    a_granted_return_goes_on_with_the_right_manufacturer,
    a_standstill_is_seen_by_all_and_ends_by_itself,
    a_decision_out_of_turn_says_what_is_possible,
    a_silent_hospital_is_reminded_and_a_bureau_decides,
    a_distributor_brought_in_sees_the_ticket,
);

fn due<'a>(ticket: &'a Value, kind: &str) -> &'a Value {
    let deadlines = ticket["deadlines"].as_array().expect("deadlines");
    &deadlines.iter().rev().find(|deadline| deadline["kind"] == kind).expect(kind)["due_at"]
}

async fn a_granted_return_goes_on_with_the_right_manufacturer(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let rival = app.sign_in("maker2").await;
    let place = stage.place("decisions").await;
    let own = json!({"on": "return", "granted": true, "reason": "核实",
                     "manufacturer_id": house("maker").to_string()});
    let refusal = stage.city.post(&place.path, &own).await;
    assert_eq!(refusal.fields(), [("manufacturer_id".to_owned(), "unchanged".to_owned())]);
    let returned = stage.city.post(&place.path, &call("decisions").body).await.expect(200).json();
    assert_eq!(
        (&returned["state"], &returned["requests"][0]["verdict"]),
        (&json!("returned"), &json!("granted"))
    );
    let new = rival.get("/tickets").await.expect(200).json()["items"][0].clone();
    assert_eq!(
        (&new["state"], new.get("follows")),
        (&json!("open"), None),
        "not the rival's affair"
    );
    assert_eq!(due(&new, "reply"), "2026-02-25T00:00:00+08:00");
    let path = format!("/tickets/{}", id(&new));
    let seen = stage.hospital.get(&path).await.expect(200).json();
    assert_eq!(seen["follows"], returned["id"]);
    assert_ne!(seen["number"], returned["number"]);
    let found = stage.hospital.get(&format!("/tickets?q={}", id_number(&seen))).await.expect(200);
    assert_eq!(found.json()["items"].as_array().map(Vec::len), Some(1), "it can be searched for");
    // The manufacturer that returned it reads nothing of the other's.
    stage.maker.get(&path).await.expect(404);
    let old = format!("/tickets/{}", id(&returned));
    let text = stage.maker.get(&old).await.expect(200).text
        + &stage.maker.get(&format!("{old}/events")).await.expect(200).text
        + &stage.maker.get("/notices").await.expect(200).text;
    for secret in [id(&new), id_number(&seen), house("maker2").to_string(), "钱江".to_owned()] {
        assert!(!text.contains(&secret), "{secret}");
    }
    app.stop().await;
}

fn id_number(ticket: &Value) -> String {
    ticket["number"].as_str().expect("a number").to_owned()
}

async fn a_standstill_is_seen_by_all_and_ends_by_itself(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let place = stage.place("force-majeure").await;
    let path = format!("/tickets/{}", place.ticket.expect("a ticket"));
    stage.maker.post(&place.path, &call("force-majeure").body).await.expect(200);
    let grant = json!({"on": "force_majeure", "granted": true, "reason": "洪水属实"});
    stage.city.post(&format!("{path}/decisions"), &grant).await.expect(200);
    for who in [&stage.hospital, &stage.maker, &stage.city] {
        let ticket = who.get(&path).await.expect(200).json();
        assert_eq!(ticket["stopped"]["expected_end"], "2026-03-20");
        assert!(
            ticket["deadlines"].as_array().expect("some").iter().all(|d| d["status"] == "stopped")
        );
    }
    stage.hospital.advance_to("2026-03-20T23:00:00+08:00").await;
    assert_eq!(stage.hospital.get(&path).await.expect(200).json()["escalations"], json!([]));
    stage.hospital.advance_to("2026-03-21T08:00:00+08:00").await;
    let ticket = stage.hospital.get(&path).await.expect(200).json();
    assert_eq!(ticket.get("stopped"), None);
    // Two and five working days were left on Friday 2026-02-13.
    assert_eq!(due(&ticket, "reply"), "2026-03-25T00:00:00+08:00");
    assert_eq!(due(&ticket, "resolve"), "2026-03-28T00:00:00+08:00");
    let days = ticket["deadlines"][0]["explanation"].as_array().expect("days").clone();
    let counted: Vec<_> = days.iter().filter(|day| day["counted"] == true).collect();
    assert_eq!((counted.len(), &days[0]["date"]), (2, &json!("2026-02-13")));
    app.stop().await;
}

async fn a_decision_out_of_turn_says_what_is_possible(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let place = stage.place("decisions").await;
    let path = place.path.replace("/decisions", "");
    let about = |on: &str| json!({"on": on, "granted": true, "reason": "同意"});
    let early = stage.city.post(&place.path, &about("silence")).await;
    refused(&early, (409, "nothing_to_decide"), "silence");
    assert!(early.text.contains("waiting now: return"), "{}", early.text);
    assert_eq!(early.json()["possible"], json!(["decide", "message", "attach"]));
    let county = app.sign_in("county").await;
    refused(&county.post(&place.path, &about("return")).await, (403, "forbidden"), "county");
    let twice = stage.maker.post(&format!("{path}/return"), &call("return").body).await;
    refused(&twice, (409, "returned_already"), "return");
    assert!(!twice.json()["possible"].as_array().expect("some").contains(&json!("return")));
    let extend = |until: &str| json!({"until": until, "reason": "原料"});
    let extensions = format!("{path}/extensions");
    let beyond = stage.maker.post(&extensions, &extend("2026-03-30")).await;
    assert_eq!(beyond.fields(), [("until".to_owned(), "beyond_limit".to_owned())]);
    stage.maker.post(&extensions, &extend("2026-03-09")).await.expect(200);
    let pending = stage.maker.post(&extensions, &extend("2026-03-10")).await;
    refused(&pending, (409, "pending"), "extension");
    let granted = stage.city.post(&place.path, &about("extension")).await.expect(200).json();
    assert_eq!(due(&granted, "resolve"), "2026-03-10T00:00:00+08:00");
    let again = stage.city.post(&place.path, &about("extension")).await;
    refused(&again, (409, "nothing_to_decide"), "again");
    let events = stage.hospital.get(&format!("{path}/events")).await.expect(200).json();
    let decided = events["items"].as_array().and_then(|all| all.last()).expect("an event").clone();
    assert_eq!(decided["data"]["due_before_at"], "2026-02-28T00:00:00+08:00");
    assert_eq!(decided["data"]["due_after_at"], "2026-03-10T00:00:00+08:00");
    app.stop().await;
}

async fn a_silent_hospital_is_reminded_and_a_bureau_decides(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let place = stage.place("solve").await;
    let path = format!("/tickets/{}", place.ticket.expect("a ticket"));
    stage.maker.post(&place.path, &call("solve").body).await.expect(200);
    stage.hospital.advance_to("2026-03-16T10:00:00+08:00").await;
    let kinds = |page: Value| -> Vec<String> {
        let items = page["items"].as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|item| item["kind"].as_str().map(str::to_owned)).collect()
    };
    let told = kinds(stage.hospital.get("/notices").await.expect(200).json());
    assert_eq!(told.iter().filter(|kind| *kind == "silent").count(), 2, "{told:?}");
    assert!(
        kinds(stage.city.get("/notices").await.expect(200).json()).contains(&"silent".to_owned())
    );
    assert_eq!(stage.hospital.get(&path).await.expect(200).json()["state"], "solved");
    let solved = json!({"on": "silence", "granted": true, "reason": "配送单已签收"});
    let closed = stage.city.post(&format!("{path}/decisions"), &solved).await.expect(200).json();
    assert_eq!(closed["state"], "closed");
    app.stop().await;
}

async fn a_distributor_brought_in_sees_the_ticket(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let place = stage.place("distributor").await;
    let path = format!("/tickets/{}", place.ticket.expect("a ticket"));
    let before = app.sign_in("distributor").await;
    before.get(&path).await.expect(200);
    for wrong in ["hospital", "maker2", "city"] {
        let body = json!({"organisation_id": house(wrong).to_string()});
        let refusal = stage.maker.post(&place.path, &body).await;
        assert_eq!(refusal.fields(), [("organisation_id".to_owned(), "unknown".to_owned())]);
    }
    let after = stage.maker.post(&place.path, &call("distributor").body).await.expect(200).json();
    assert_eq!(after["distributor"]["name"], "岛城医药物流有限公司");
    before.get(&path).await.expect(404);
    app.stop().await;
}
