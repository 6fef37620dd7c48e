//! The same thing twice, and things out of their order.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{call, id, refused, sound};
use crate::support::app::{Answer, As, TestApp, filing, reply};
use crate::support::db::{TestDb, both};

both!(
    a_key_is_forgotten_after_seven_days_and_the_twin_is_flagged_b097,
    the_same_trouble_twice_is_kept_and_flagged_b099,
    of_many_twins_the_oldest_ten_are_named,
    a_ticket_answers_by_its_state_b101,
    a_state_is_not_skipped_repeated_or_turned_back_b102,
    a_suspended_manufacturer_takes_no_new_ticket_b103,
    a_ticket_has_one_manufacturer_b104,
    who_changes_sides_leaves_everything_behind_b105,
);

async fn keyed(who: &As<'_>, path: &str, body: &Value) -> Answer {
    let request = who.request(Method::POST, path).header("Idempotency-Key", "one");
    who.send(request.json(body)).await
}

fn twins(ticket: &Value) -> Vec<String> {
    let twins = ticket["likely_duplicates"].as_array().expect("a list").iter();
    twins.map(|twin| twin["id"].as_str().expect("an id").to_owned()).collect()
}

async fn a_key_is_forgotten_after_seven_days_and_the_twin_is_flagged_b097(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let first = keyed(&hospital, "/tickets", &filing()).await.expect(201).json();
    assert_eq!(twins(&first), Vec::<String>::new());
    // One second more than seven days of wall time later.
    match db.engine {
        crate::support::db::Engine::Sqlite => {
            let old = "update idempotency set created_at = \
                 strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now', '-604801 seconds')";
            db.execute(old).await;
        }
        crate::support::db::Engine::Postgres => {
            db.execute("update idempotency set created_at = now() - interval '604801 seconds'")
                .await;
        }
    }
    let again = keyed(&hospital, "/tickets", &filing()).await.expect(201);
    assert_eq!(again.header("idempotent-replayed"), "", "it is new");
    assert_ne!(id(&again.json()), id(&first));
    assert_eq!(twins(&again.json()), [id(&first)], "and says what it may be the twin of");
    app.stop().await;
}

async fn the_same_trouble_twice_is_kept_and_flagged_b099(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let (city, elsewhere) = (app.sign_in("city").await, app.sign_in("hospital2").await);
    let first = id(&hospital.file().await);
    hospital.advance_to("2026-02-14T10:30:00+08:00").await;
    let second = hospital.file().await;
    assert_eq!(twins(&second), std::slice::from_ref(&first));
    let second = id(&second);
    for reader in [&hospital, &maker, &city] {
        for (one, twin) in [(&first, &second), (&second, &first)] {
            let seen = reader.get(&format!("/tickets/{one}")).await.expect(200).json();
            assert_eq!(twins(&seen), std::slice::from_ref(twin));
        }
    }
    // Neither another hospital's nor a later one is a twin, nor one that was taken back.
    assert_eq!(twins(&elsewhere.file().await), Vec::<String>::new());
    hospital.advance_to("2026-02-15T10:31:00+08:00").await;
    assert_eq!(twins(&hospital.file().await), Vec::<String>::new());
    let reason = json!({"reason": "重复提交。"});
    hospital.post(&format!("/tickets/{second}/withdraw"), &reason).await.expect(200);
    let seen = maker.get(&format!("/tickets/{first}")).await.expect(200).json();
    assert_eq!(twins(&seen), Vec::<String>::new());
    app.stop().await;
}

async fn of_many_twins_the_oldest_ten_are_named(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let mut filed = Vec::new();
    for number in 0..13 {
        let ticket = hospital.file().await;
        let named = filed.iter().take(10).cloned().collect::<Vec<_>>();
        assert_eq!(twins(&ticket), named, "{number}");
        filed.push(id(&ticket));
    }
    // The first one is not its own twin.
    let first = hospital.get(&format!("/tickets/{}", filed[0])).await.expect(200).json();
    assert_eq!(twins(&first), filed[1..11]);
    app.stop().await;
}

async fn a_ticket_answers_by_its_state_b101(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let answered = async |ticket: &str| {
        maker.post(&format!("/tickets/{ticket}/reply"), &reply("2026-02-27")).await
    };
    let path = |ticket: &str, act: &str| format!("/tickets/{ticket}/{act}");
    let closed = id(&hospital.file().await);
    let solved = json!({"result": "solved"});
    hospital.post(&path(&closed, "confirm"), &solved).await.expect(200);
    refused(&answered(&closed).await, (409, "state"), "closed");
    let escalated = id(&hospital.file().await);
    hospital.post(&path(&escalated, "escalate"), &call("escalate").body).await.expect(200);
    answered(&escalated).await.expect(200);
    let withdrawn = id(&hospital.file().await);
    hospital.post(&path(&withdrawn, "withdraw"), &call("withdraw").body).await.expect(200);
    refused(&answered(&withdrawn).await, (409, "state"), "withdrawn");
    let rival = app.sign_in("maker2").await;
    let foreign = rival.post(&path(&escalated, "reply"), &reply("2026-02-27")).await;
    refused(&foreign, (404, "not_found"), "foreign");
    app.stop().await;
}

async fn a_state_is_not_skipped_repeated_or_turned_back_b102(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let ticket = id(&hospital.file().await);
    let path = |act: &str| format!("/tickets/{ticket}/{act}");
    // Skipped: a promise before the reply, a dispute before a solution.
    let early = maker.post(&path("promise"), &call("promise").body).await;
    refused(&early, (409, "state"), "a promise before the reply");
    let dispute = json!({"result": "not_solved"});
    let early = hospital.post(&path("confirm"), &dispute).await;
    sound(&early, "a dispute before a solution");
    assert_eq!(early.status, 409, "{}", early.text);
    // Repeated: the same request again is answered as before, another one is out of turn.
    let solved = json!({"result": "solved"});
    let first = keyed(&hospital, &path("confirm"), &solved).await.expect(200);
    let again = keyed(&hospital, &path("confirm"), &solved).await.expect(200);
    assert_eq!(first.text, again.text);
    let twice = hospital.post(&path("confirm"), &solved).await;
    refused(&twice, (409, "state"), "closed twice");
    // Turned back: nothing opens it again.
    let back = maker.post(&path("reply"), &reply("2026-02-27")).await;
    refused(&back, (409, "state"), "a reply to a closed ticket");
    let events = hospital.get(&path("events")).await.expect(200).json();
    assert_eq!(events["items"].as_array().map(Vec::len), Some(2), "filed, and confirmed once");
    app.stop().await;
}

async fn a_suspended_manufacturer_takes_no_new_ticket_b103(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let before = id(&hospital.file().await);
    db.execute(
        "update organisation set disabled_at = '2026-02-13T02:30:00+00:00' \
         where name in ('岱海制药有限公司', '滨海医药配送有限公司')",
    )
    .await;
    let answer = hospital.post("/tickets", &filing()).await;
    refused(&answer, (422, "invalid"), "suspended");
    let field = ("product_code".to_owned(), "manufacturer_suspended".to_owned());
    assert_eq!(answer.fields(), [field]);
    // What was filed before stays, and goes on to the bureaus.
    let seen = hospital.get(&format!("/tickets/{before}")).await.expect(200).json();
    assert_eq!(seen["state"], "open");
    // A suspended distributor is left out; the manufacturer stays responsible.
    db.execute("update organisation set disabled_at = null where name = '岱海制药有限公司'").await;
    assert_eq!(hospital.file().await["distributor"], Value::Null);
    app.stop().await;
}

async fn a_ticket_has_one_manufacturer_b104(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    for (field, value) in [
        ("manufacturer", json!("岱海制药有限公司")),
        ("manufacturers", json!([1, 2])),
        ("product_codes", json!(["a", "b"])),
    ] {
        let mut body = filing();
        body[field] = value;
        let answer = hospital.post("/tickets", &body).await;
        refused(&answer, (422, "invalid"), field);
        assert_eq!(answer.fields(), [(field.to_owned(), "unknown_field".to_owned())]);
    }
    app.stop().await;
}

async fn who_changes_sides_leaves_everything_behind_b105(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let ticket = id(&hospital.file().await);
    hospital.advance_to("2026-02-13T11:00:00+08:00").await;
    assert!(maker.get("/notices").await.expect(200).text.contains(&ticket));
    db.execute(
        "update app_user set organisation_id = \
         (select id from organisation where name = '钱江药业股份有限公司') where username = 'maker'",
    )
    .await;
    for path in ["", "/events", "/messages", "/attachments", "/deliveries"] {
        let answer = maker.get(&format!("/tickets/{ticket}{path}")).await;
        refused(&answer, (404, "not_found"), path);
    }
    for list in ["/tickets", "/notices", "/shortage-events", "/products"] {
        let answer = maker.get(list).await.expect(200);
        assert!(!answer.text.contains(&ticket) && !answer.text.contains("胰岛素"), "{list}");
    }
    app.stop().await;
}
