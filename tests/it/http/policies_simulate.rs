//! What a proposed version of the rules would have done.

use serde_json::{Value, json};

use super::policies_keeping::draft;
use super::stage::{id, refused, sound};
use crate::support::app::{TestApp, reply};
use crate::support::db::{TestDb, both};

both!(a_draft_is_tried_on_past_tickets, only_a_sound_draft_is_tried);

fn trial(change: impl FnOnce(&mut Value)) -> Value {
    let mut policy = draft();
    policy["division"] = json!("370000");
    policy["effective_from"] = json!("2020-01-01");
    policy["ladder"] = json!([
        {"level": "city", "acknowledge_within": 2, "close_within": 5},
        {"level": "province", "acknowledge_within": 2, "close_within": 5},
    ]);
    policy["counting"] = json!({});
    policy["calendar_layer"] = json!("county");
    policy["ordinary"] = json!({"reply": {"working_days": 2}, "resolve": {"working_days": 5}});
    change(&mut policy);
    json!({"policy": policy, "from": "2026-02-01", "to": "2026-03-31"})
}

async fn a_draft_is_tried_on_past_tickets(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let admin = app.sign_in("admin").await;
    let kept = hospital.file().await;
    let silent = hospital.file().await;
    // The second working day.
    hospital.advance_to("2026-02-24T10:00:00+08:00").await;
    maker.act(&format!("/tickets/{}/reply", id(&kept)), reply("2026-02-27")).await;
    hospital.advance_to("2026-02-26T10:00:00+08:00").await;
    let same = admin.post("/policies/simulate", &trial(|_| {})).await;
    sound(&same, "a simulation");
    let same = same.expect(200).json();
    let tally = json!({
        "replies_missed": 1, "resolves_missed": 0,
        "escalated": {"county": 0, "city": 1, "province": 0},
    });
    assert_eq!((&same["tickets"], &same["changed"]), (&json!(2), &json!(0)));
    assert_eq!((&same["actual"], &same["draft"]), (&tally, &tally));
    let strict = trial(|policy| policy["ordinary"]["reply"] = json!({"working_days": 1}));
    let strict = admin.act("/policies/simulate", strict).await;
    assert_eq!((&strict["actual"], &strict["changed"]), (&tally, &json!(2)));
    let expected = json!({
        "replies_missed": 2, "resolves_missed": 0,
        "escalated": {"county": 0, "city": 2, "province": 1},
    });
    assert_eq!(strict["draft"], expected);
    let named: Vec<_> = (0..2).map(|at| strict["first_changed"][at]["id"].clone()).collect();
    assert_eq!(named, [kept["id"].clone(), silent["id"].clone()]);
    let other = trial(|policy| policy["categories"] = json!(["price"]));
    assert_eq!(admin.act("/policies/simulate", other).await["tickets"], 0);
    let elsewhere = trial(|policy| policy["division"] = json!("330000"));
    assert_eq!(admin.act("/policies/simulate", elsewhere).await["tickets"], 0);
    let mut before = trial(|_| {});
    before["to"] = json!("2026-02-12");
    assert_eq!(admin.act("/policies/simulate", before).await["tickets"], 0);
    let listed = admin.get("/policies").await.expect(200).json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2), "nothing was made");
    app.stop().await;
}

async fn only_a_sound_draft_is_tried(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let mut wrong = trial(|policy| policy["ladder"] = json!([]));
    wrong["from"] = json!("yesterday");
    let answer = admin.post("/policies/simulate", &wrong).await;
    refused(&answer, (422, "invalid"), "wrong");
    let told = answer.fields();
    for expected in [("from", "date"), ("policy.ladder", "required")] {
        let expected = (expected.0.to_owned(), expected.1.to_owned());
        assert!(told.contains(&expected), "{expected:?}: {told:?}");
    }
    let mut backwards = trial(|_| {});
    backwards["to"] = json!("2026-01-01");
    let answer = admin.post("/policies/simulate", &backwards).await;
    assert_eq!(answer.fields(), [("to".to_owned(), "before_start".to_owned())]);
    for name in ["hospital", "auditor"] {
        let who = app.sign_in(name).await;
        let answer = who.post("/policies/simulate", &json!({})).await;
        refused(&answer, (403, "forbidden"), name);
    }
    app.stop().await;
}
