//! What a proposed version of the rules would have done.

use serde_json::{Value, json};

use super::pages_policies::{filled, page, send, set};
use super::policies_keeping::draft;
use super::stage::{id, refused, sound};
use crate::support::app::{As, TestApp, reply};
use crate::support::db::{TestDb, both, sqlite_only};

both!(
    a_draft_is_tried_on_past_tickets,
    only_a_sound_draft_is_tried,
    a_version_is_tried_page_by_page,
);
sqlite_only!(a_year_with_too_many_tickets_is_refused_at_once, the_pages_try_versions_and_drafts);

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
        "replies_missed": 1, "resolves_missed": 0, "rungs": 1,
        "escalated": {"county": 0, "city": 1, "province": 0},
    });
    assert_eq!((&same["tickets"], &same["changed"]), (&json!(2), &json!(0)));
    assert_eq!((&same["actual"], &same["draft"]), (&tally, &tally));
    let strict = trial(|policy| policy["ordinary"]["reply"] = json!({"working_days": 1}));
    let strict = admin.act("/policies/simulate", strict).await;
    assert_eq!((&strict["actual"], &strict["changed"]), (&tally, &json!(2)));
    let expected = json!({
        "replies_missed": 2, "resolves_missed": 0, "rungs": 3,
        "escalated": {"county": 0, "city": 2, "province": 1},
    });
    assert_eq!(strict["draft"], expected);
    assert_eq!((&strict["breaches_appear"], &strict["breaches_vanish"]), (&json!(1), &json!(0)));
    let named: Vec<_> = (0..2).map(|at| strict["first_changed"][at]["id"].clone()).collect();
    assert_eq!(named, [kept["id"].clone(), silent["id"].clone()]);
    let other = trial(|policy| policy["categories"] = json!(["price"]));
    assert_eq!(admin.act("/policies/simulate", other).await["tickets"], 0);
    let elsewhere = trial(|policy| policy["division"] = json!("330000"));
    assert_eq!(admin.act("/policies/simulate", elsewhere).await["tickets"], 0);
    let mut beside = trial(|_| {});
    beside["division"] = json!("371002");
    assert_eq!(admin.act("/policies/simulate", beside.clone()).await["tickets"], 2);
    beside["division"] = json!("110105");
    let outside = admin.post("/policies/simulate", &beside).await;
    assert_eq!(outside.fields(), [("division".to_owned(), "not_ruled".to_owned())]);
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

/// A stricter version for Shandong that nothing is judged by yet; its id.
async fn strict(admin: &As<'_>) -> String {
    let mut policy = trial(|policy| policy["ordinary"]["reply"] = json!({"working_days": 1}));
    let mut policy = policy["policy"].take();
    policy["effective_from"] = json!("2026-04-10");
    policy["reason"] = json!("收紧时限");
    id(&admin.act("/policies", policy).await)
}

/// Two tickets, one of them answered on the second working day, both past it.
async fn past(app: &TestApp) -> [Value; 2] {
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let silent = hospital.file().await;
    let kept = hospital.file().await;
    hospital.advance_to("2026-02-24T10:00:00+08:00").await;
    maker.act(&format!("/tickets/{}/reply", id(&kept)), reply("2026-02-27")).await;
    hospital.advance_to("2026-02-26T10:00:00+08:00").await;
    [kept, silent]
}

async fn a_version_is_tried_page_by_page(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let [kept, silent] = past(&app).await;
    let path = format!("/policies/{}/simulation", strict(&admin).await);
    let asked = format!("{path}?from=2026-02-01&to=2026-03-31&page_size=1");
    let first = admin.get(&asked).await;
    sound(&first, &asked);
    let first = first.expect(200).json();
    assert_eq!((&first["tickets"], &first["changed"]), (&json!(2), &json!(2)));
    assert_eq!(first["draft"]["rungs"], 3);
    // It was in time and would not have been, and a bureau would have stepped in.
    assert_eq!(first["first_changed"][0]["id"], kept["id"], "what differs most, filed last");
    let next = first["next_cursor"].as_str().expect("another page");
    let second = admin.get(&format!("{asked}&cursor={next}")).await.expect(200).json();
    assert_eq!(second["first_changed"][0]["id"], silent["id"]);
    assert_eq!(second["first_changed"].as_array().map(Vec::len), Some(1));
    assert_eq!((&second["next_cursor"], &second["changed"]), (&Value::Null, &json!(2)));
    let quarter = admin.get(&path).await.expect(200).json();
    assert_eq!(quarter["tickets"], 0, "the last quarter of 2025");
    let near = admin.get(&format!("{asked}&division=371002")).await.expect(200).json();
    assert_eq!(near["tickets"], 2);
    for (wrong, field, code) in [
        ("from=x", "from", "date"),
        ("division=x", "division", "unknown"),
        ("division=110105", "division", "not_ruled"),
        ("from=2026-03-01&to=2026-02-01", "to", "before_start"),
        ("page_size=0", "page_size", "out_of_range"),
        ("more=1", "more", "unknown_parameter"),
    ] {
        let answer = admin.get(&format!("{path}?{wrong}")).await.expect(422);
        assert_eq!(answer.fields(), [(field.to_owned(), code.to_owned())], "{wrong}");
    }
    refused(&admin.get(&format!("{path}?cursor=x")).await, (400, "unreadable"), "a cursor");
    let unknown = "/policies/01900000-0000-7000-8000-000000000009/simulation";
    refused(&admin.get(unknown).await, (404, "not_found"), "unknown");
    for name in ["hospital", "province", "auditor"] {
        refused(&app.sign_in(name).await.get(&path).await, (403, "forbidden"), name);
    }
    app.stop().await;
}

/// Copies the one ticket that there is, with its deadlines, 50,000 times.
async fn copy(db: &TestDb) {
    for statement in [
        "create table many as with recursive n(i) as (select 1 union all select i + 1 from n \
         where i < 50000) select n.i as place, ticket.* from ticket, n",
        "update many set id = randomblob(16), number = 'SQ-' || place",
        "create table parts as select many.id as whole, deadline.* from deadline, many",
        "update parts set ticket_id = whole",
        "alter table many drop column place",
        "alter table parts drop column whole",
        "insert into ticket select * from many",
        "insert into deadline select * from parts",
        "drop table many",
        "drop table parts",
    ] {
        db.execute(statement).await;
    }
}

async fn a_year_with_too_many_tickets_is_refused_at_once(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    app.sign_in("hospital").await.file().await;
    copy(&db).await;
    let (version, year) = (strict(&admin).await, "from=2026-01-01&to=2026-12-31");
    let path = format!("/policies/{version}/simulation?{year}");
    let address = format!("/policies/simulation?policy={version}&{year}");
    let begun = std::time::Instant::now();
    let answer = admin.get(&path).await.expect(422);
    assert_eq!(answer.fields(), [("to".to_owned(), "too_many".to_owned())]);
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    let page = page(&app, &admin, &address).await.expect(422).text;
    assert!(page.contains("id=\"trial-to-error\""), "{page}");
    // A quarter of a province that files 100,000 in a year.
    db.execute(
        "delete from deadline where ticket_id in \
         (select id from ticket where cast(substr(number, 4) as integer) between 25000 and 50000)",
    )
    .await;
    db.execute(
        "delete from ticket where cast(substr(number, 4) as integer) between 25000 and 50000",
    )
    .await;
    let begun = std::time::Instant::now();
    let found = admin.get(&path).await.expect(200).json();
    assert_eq!(found["tickets"], 25_000);
    assert!(begun.elapsed().as_secs() < 120, "{:?}", begun.elapsed());
    app.stop().await;
}

async fn the_pages_try_versions_and_drafts(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let [kept, silent] = past(&app).await;
    let version = strict(&admin).await;
    let address = format!("/policies/simulation?policy={version}");
    let shown = page(&app, &admin, &format!("/policies/{version}")).await.expect(200).text;
    assert!(shown.contains(&format!("href=\"{address}\"")), "{shown}");
    let blank = page(&app, &admin, "/policies/simulation").await.expect(200).text;
    assert!(blank.contains("value=\"2025-10-01\"") && blank.contains("value=\"2025-12-31\""));
    assert!(!blank.contains("<table"), "nothing was asked yet");
    let quarter = page(&app, &admin, &address).await.expect(200).text;
    assert!(quarter.contains("共试算 0 张诉求单"), "{quarter}");
    let asked = format!("{address}&from=2026-02-01&to=2026-03-31&division=");
    let found = page(&app, &admin, &asked).await.expect(200).text;
    for told in [
        "共试算 2 张诉求单",
        "其中 2 张结果不同",
        "触发的督办层级次数",
        "实际按期、按此规则逾期：1",
        &format!("href=\"/tickets/{}\"", id(&kept)),
        &format!("href=\"/tickets/{}\"", id(&silent)),
    ] {
        assert!(found.contains(told), "{told}: {found}");
    }
    let wrong = page(&app, &admin, &format!("{asked}110105")).await.expect(422).text;
    assert!(wrong.contains("id=\"trial-division-error\""), "{wrong}");
    let form = page(&app, &admin, &format!("/policies/new?from={version}")).await.expect(200).text;
    let mut pairs = filled(&form, "/policies/new");
    set(&mut pairs, "_from", "2026-02-01");
    set(&mut pairs, "_to", "2026-03-31");
    let draft = send(&app, &admin, "/policies/simulation", &pairs).await.expect(200).text;
    assert!(draft.contains("拟定中的规则") && draft.contains("共试算 2 张诉求单"), "{draft}");
    let mut again = filled(&draft, "/policies/simulation");
    set(&mut again, "_division", "110105");
    let wrong = send(&app, &admin, "/policies/simulation", &again).await.expect(422).text;
    assert!(wrong.contains("id=\"trial-division-error\""), "{wrong}");
    set(&mut pairs, "p.name", "");
    let back = send(&app, &admin, "/policies/simulation", &pairs).await.expect(422).text;
    assert!(back.contains("id=\"rules-p-name-error\""), "{back}");
    for name in ["hospital", "province", "auditor"] {
        let who = app.sign_in(name).await;
        page(&app, &who, &address).await.expect(403);
        send(&app, &who, "/policies/simulation", &pairs).await.expect(403);
    }
    app.stop().await;
}
