//! The life of a ticket as clients see it, with a clock that is moved.

use serde_json::{Value, json};

use crate::support::app::{TestApp, reply};
use crate::support::db::{TestDb, both};
use crate::support::world;

both!(
    a_ticket_is_filed_answered_solved_and_confirmed,
    nobody_answers_and_it_climbs_to_the_province,
    a_late_reply_stays_missed_and_says_by_how_much,
    a_false_report_buys_no_time,
    an_emergency_is_counted_in_hours,
    a_bureau_acknowledges_measures_and_concludes,
);

fn deadline<'a>(ticket: &'a Value, kind: &str) -> &'a Value {
    let deadlines = ticket["deadlines"].as_array().expect("deadlines");
    deadlines.iter().find(|deadline| deadline["kind"] == kind).expect(kind)
}

async fn a_ticket_is_filed_answered_solved_and_confirmed(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let ticket = hospital.file().await;
    assert_eq!(ticket["state"], "open");
    assert_eq!(deadline(&ticket, "reply")["due_at"], "2026-02-25T00:00:00+08:00");
    assert_eq!(deadline(&ticket, "resolve")["due_at"], "2026-02-28T00:00:00+08:00");
    let counted = deadline(&ticket, "reply")["explanation"].as_array().expect("days").clone();
    let counted: Vec<_> = counted.iter().filter(|day| day["counted"] == true).collect();
    assert_eq!(
        counted,
        [
            &json!({"date": "2026-02-14", "kind": "makeup", "counted": true}),
            &json!({"date": "2026-02-24", "kind": "working", "counted": true}),
        ]
    );
    let path = format!("/tickets/{}", ticket["id"].as_str().expect("an id"));
    let replied =
        maker.post(&format!("{path}/reply"), &reply("2026-02-27")).await.expect(200).json();
    assert_eq!(replied["state"], "promised");
    assert_eq!(deadline(&replied, "reply")["status"], "met");
    assert_eq!(replied["promises"][0]["promised_on"], "2026-02-27");
    let again = maker.post(&format!("{path}/reply"), &reply("2026-02-27")).await.expect(409);
    assert_eq!(again.code(), "state");
    assert_eq!(
        again.json()["possible"],
        json!([
            "promise",
            "solve",
            "return",
            "extension",
            "force_majeure",
            "distributor",
            "message",
            "attach"
        ])
    );
    let solve = json!({"message": "500 支已送达药库。", "delivered_quantity": 500});
    let solved = maker.post(&format!("{path}/solve"), &solve).await.expect(200).json();
    assert_eq!(deadline(&solved, "resolve")["status"], "held");
    hospital.advance_to("2026-03-20T10:00:00+08:00").await;
    let waiting = hospital.get(&path).await.expect(200).json();
    assert_eq!(
        waiting["escalations"],
        json!([]),
        "nothing fires while the hospital has not answered"
    );
    let confirm = json!({"result": "solved", "rating": "satisfied"});
    let closed = hospital.post(&format!("{path}/confirm"), &confirm).await.expect(200).json();
    assert_eq!(closed["state"], "closed");
    assert_eq!(deadline(&closed, "resolve")["status"], "met");
    assert_eq!(deadline(&closed, "resolve")["met_at"], "2026-02-13T10:30:00+08:00");
    let events = hospital.get(&format!("{path}/events")).await.expect(200).json();
    let kinds: Vec<_> =
        events["items"].as_array().expect("events").iter().map(|e| e["kind"].clone()).collect();
    assert_eq!(kinds, ["filed", "replied", "solved", "warned", "requested", "confirmed"]);
    app.stop().await;
}

async fn nobody_answers_and_it_climbs_to_the_province(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let ticket = hospital.file().await;
    let path = format!("/tickets/{}", ticket["id"].as_str().expect("an id"));
    hospital.advance_to("2026-02-24T23:59:59+08:00").await;
    let before = hospital.get(&path).await.expect(200).json();
    assert_eq!(deadline(&before, "reply")["status"], "running");
    hospital.advance_to("2026-02-25T00:00:00+08:00").await;
    let missed = hospital.get(&path).await.expect(200).json();
    assert_eq!(deadline(&missed, "reply")["status"], "missed");
    assert_eq!(missed["escalations"][0]["level"], "city");
    assert_eq!(missed["escalations"][0]["opened_at"], "2026-02-25T00:00:00+08:00");
    let city = app.sign_in("city").await;
    let open = city.get("/escalations?open=true").await.expect(200).json();
    assert_eq!(open["items"][0]["ticket"]["number"], ticket["number"]);
    // The solution is missed on the 28th and joins the open rung; nobody acknowledges by the
    // 27th, so the province was told before.
    hospital.advance_to("2026-03-02T09:00:00+08:00").await;
    let climbed = hospital.get(&path).await.expect(200).json();
    let levels: Vec<_> = climbed["escalations"]
        .as_array()
        .expect("rungs")
        .iter()
        .map(|e| e["level"].clone())
        .collect();
    assert_eq!(levels, ["city", "province"]);
    assert_eq!(climbed["escalations"][1]["opened_at"], "2026-02-28T00:00:00+08:00");
    let sms = app.sms.requests();
    assert!(sms.iter().all(|request| request.signed), "every text message is signed");
    assert!(sms.iter().any(|request| request.json()["template"] == "escalated"));
    let told: Vec<String> = app.mail.messages().iter().flat_map(|mail| mail.to.clone()).collect();
    for who in ["maker", "hospital", "city", "province"] {
        assert!(told.iter().any(|to| to.contains(who)), "{who} is told by mail: {told:?}");
    }
    assert!(!told.iter().any(|to| to.contains("maker2")), "a competitor is told nothing");
    app.stop().await;
}

async fn a_late_reply_stays_missed_and_says_by_how_much(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let ticket = hospital.file().await;
    let path = format!("/tickets/{}", ticket["id"].as_str().expect("an id"));
    hospital.advance_to("2026-02-26T10:00:00+08:00").await;
    let beyond = maker.post(&format!("{path}/reply"), &reply("2026-02-28")).await.expect(422);
    assert_eq!(beyond.fields(), [("promised_on".to_owned(), "beyond_limit".to_owned())]);
    let replied =
        maker.post(&format!("{path}/reply"), &reply("2026-02-27")).await.expect(200).json();
    assert_eq!(deadline(&replied, "reply")["status"], "missed");
    assert_eq!(deadline(&replied, "reply")["late_working_days"], 2);
    app.stop().await;
}

async fn a_false_report_buys_no_time(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let ticket = hospital.file().await;
    let path = format!("/tickets/{}", ticket["id"].as_str().expect("an id"));
    maker.post(&format!("{path}/reply"), &reply("2026-02-26")).await.expect(200);
    let solve = json!({"message": "已送达。", "delivered_quantity": 500});
    maker.post(&format!("{path}/solve"), &solve).await.expect(200);
    hospital.advance_to("2026-03-05T10:00:00+08:00").await;
    let dispute = json!({"result": "not_solved", "comment": "药库没有收到。"});
    let disputed = hospital.post(&format!("{path}/confirm"), &dispute).await.expect(200).json();
    assert_eq!(disputed["state"], "promised");
    assert_eq!(deadline(&disputed, "resolve")["status"], "missed");
    assert_eq!(
        disputed["escalations"].as_array().expect("rungs").len(),
        1,
        "the ladder starts once"
    );
    app.stop().await;
}

async fn an_emergency_is_counted_in_hours(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let mut body = crate::support::app::filing();
    body["urgency"] = json!("emergency");
    let ticket = hospital.post("/tickets", &body).await.expect(201).json();
    assert_eq!(deadline(&ticket, "reply")["due_at"], "2026-02-13T14:30:00+08:00");
    assert_eq!(deadline(&ticket, "resolve")["due_at"], "2026-02-16T10:30:00+08:00");
    hospital.advance_to("2026-02-16T10:30:00+08:00").await;
    let path = format!("/tickets/{}", ticket["id"].as_str().expect("an id"));
    let missed = hospital.get(&path).await.expect(200).json();
    assert_eq!(deadline(&missed, "resolve")["status"], "missed", "the festival does not stop it");
    app.stop().await;
}

async fn a_bureau_acknowledges_measures_and_concludes(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, city) = (app.sign_in("hospital").await, app.sign_in("city").await);
    let ticket = hospital.file().await;
    let path = format!("/tickets/{}", ticket["id"].as_str().expect("an id"));
    let reason = json!({"reason": "手术用药，等不到回复时限。"});
    let escalated = hospital.post(&format!("{path}/escalate"), &reason).await.expect(200).json();
    assert_eq!(escalated["escalations"][0]["reasons"][0]["kind"], "by_request");
    let rung =
        format!("/escalations/{}", escalated["escalations"][0]["id"].as_str().expect("an id"));
    let county = app.sign_in("county").await;
    county.post(&format!("{rung}/acknowledge"), &json!({})).await.expect(403);
    app.sign_in("city2").await.post(&format!("{rung}/acknowledge"), &json!({})).await.expect(404);
    city.post(&format!("{rung}/acknowledge"), &json!({"note": "已联系企业。"})).await.expect(200);
    let twice = city.post(&format!("{rung}/acknowledge"), &json!({})).await.expect(409);
    assert_eq!(twice.code(), "acknowledged_already");
    let measure = json!({"kind": "rectify", "text": "限期两日内补齐。", "due_on": "2026-02-24"});
    let measured = city.post(&format!("{rung}/measures"), &measure).await;
    assert!(measured.status < 300, "{}", measured.text);
    let close = json!({"conclusion": "企业承诺补齐。"});
    city.post(&format!("{rung}/close"), &close).await.expect(200);
    city.post(&format!("{rung}/close"), &close).await.expect(409);
    hospital.advance_to(world::REPLY_DUE).await;
    let again = hospital.get(&path).await.expect(200).json();
    let rungs = again["escalations"].as_array().expect("rungs");
    assert_eq!(rungs.len(), 2, "a miss after the conclusion begins a new round");
    assert_eq!(rungs[1]["round"], 2);
    app.stop().await;
}
