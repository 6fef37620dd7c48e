//! Editing calendars: what an edit would do, what it does, and that it can be taken back.
//!
//! **Never** counts a day; the expected dates are written out.

use reqwest::Method;
use serde_json::{Value, json};
use supplyline::clock::Clock;
use supplyline::service::App;

use super::stage::{id, refused, sound};
use crate::support::app::{Answer, As, TestApp, filing, reply};
use crate::support::db::{TestDb, both};
use crate::support::world::{at, second_administrator};

both!(
    an_edit_is_seen_before_it_is_made,
    an_edit_is_taken_back_by_another_batch,
    what_was_seen_is_what_is_confirmed,
    a_large_edit_waits_for_a_second_administrator,
    a_refused_batch_changes_nothing,
    a_year_is_imported_and_provisional_deadlines_settle,
    odd_edits_are_confirmed_by_name,
    a_region_differs_from_the_nation,
    only_administrators_edit,
    b064_a_year_of_rest_is_refused,
    b066_a_holiday_declared_today_counts_whole,
    b078_the_second_of_two_edits_is_refused,
    b079_a_calendar_in_use_stays,
    open_tickets_are_judged_by_another_version,
    engine_and_edits_never_mix_versions,
);

/// The nation's calendar.
async fn nation(who: &As<'_>) -> String {
    let calendars = who.get("/calendars").await.expect(200).json();
    id(&calendars["items"][0])
}

async fn put(who: &As<'_>, path: &str, body: &Value) -> Answer {
    who.send(who.request(Method::PUT, path).json(body)).await
}

fn rest(reason: Option<&str>) -> Value {
    json!({"kind": "rest", "source": "鲁政办字〔2026〕1号", "reason": reason})
}

/// Kind, before and after of each moved deadline, in Shanghai.
fn moved(answer: &Answer) -> Vec<(String, String, String)> {
    let body = answer.json();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let deadlines = body["deadlines"].as_array().expect("deadlines").iter();
    deadlines.map(|one| (text(&one["kind"]), text(&one["before"]), text(&one["after"]))).collect()
}

fn due(ticket: &Value, kind: &str) -> Value {
    let deadlines = ticket["deadlines"].as_array().expect("deadlines").iter();
    let last = deadlines.rev().find(|deadline| deadline["kind"] == kind);
    last.map_or(Value::Null, |deadline| deadline["due_at"].clone())
}

async fn an_edit_is_seen_before_it_is_made(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    let ticket = id(&hospital.file().await);
    let path = format!("/calendars/{}/days/2026-02-24", nation(&admin).await);
    let seen = put(&admin, &format!("{path}?dry_run=true"), &rest(None)).await;
    sound(&seen, "a preview");
    let body = seen.clone().expect(200).json();
    assert_eq!(
        body["days"],
        json!([{"date": "2026-02-24", "before": "working", "after": "rest",
            "source": "鲁政办字〔2026〕1号"}])
    );
    let expected = [
        ("reply", "2026-02-25T00:00:00+08:00", "2026-02-26T00:00:00+08:00"),
        ("resolve", "2026-02-28T00:00:00+08:00", "2026-03-01T00:00:00+08:00"),
    ];
    let owned = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
    assert_eq!(moved(&seen), owned);
    assert_eq!(body["impact"]["moved"], 2);
    assert_eq!(body["impact"]["largest_shift"], 86_400);
    assert_eq!(body["impact"]["needs_approval"], false);
    assert_eq!(body["batch"], Value::Null);
    let before = hospital.get(&format!("/tickets/{ticket}")).await.json();
    assert_eq!(due(&before, "reply"), "2026-02-25T00:00:00+08:00", "nothing happened yet");
    refused(&put(&admin, &path, &rest(None)).await, (422, "invalid"), "no reason");
    let done = put(&admin, &path, &rest(Some("省政府通知"))).await.expect(200).json();
    assert_eq!(done["batch"]["state"], "applied");
    assert_eq!(done["batch"]["number"], 1);
    assert_eq!(done["batch"]["made_by"]["name"], "admin 女士");
    let after = hospital.get(&format!("/tickets/{ticket}")).await.json();
    assert_eq!(due(&after, "reply"), "2026-02-26T00:00:00+08:00");
    assert_eq!(due(&after, "resolve"), "2026-03-01T00:00:00+08:00");
    assert_eq!(after["deadlines"][0]["calendar_version"], "CN-2");
    let events = hospital.get(&format!("/tickets/{ticket}/events")).await.json();
    let replanned = &events["items"][1];
    assert_eq!(replanned["kind"], "replanned");
    assert_eq!(replanned["data"]["reason"], "省政府通知");
    assert_eq!(replanned["data"]["moved"][0]["before"]["calendar"], "CN-1");
    let told = admin.get("/deliveries?kind=deadlines_moved").await.expect(200).json();
    assert!(told["items"].as_array().expect("deliveries").len() >= 2, "both parties: {told}");
    let batch = format!("/batches/{}", id(&done["batch"]));
    let kept = admin.get(&batch).await.expect(200);
    assert_eq!(moved(&kept), owned);
    let list = admin.get("/batches").await.expect(200).json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    let log = app.sign_in("auditor").await.get("/audit?action=replan_applied").await.json();
    assert_eq!(log["items"][0]["subject"], "1");
    assert_eq!(log["items"][0]["detail"]["moved"], 2);
    // By the new rules the old due instant passes without anything.
    hospital.advance_to("2026-02-25T01:00:00+08:00").await;
    assert_eq!(hospital.get("/tickets?overdue=true").await.json()["items"], json!([]));
    hospital.advance_to("2026-02-26T00:00:00+08:00").await;
    assert_eq!(hospital.get("/tickets?overdue=true").await.json()["items"][0]["id"], *ticket);
    app.stop().await;
}

async fn an_edit_is_taken_back_by_another_batch(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    let ticket = id(&hospital.file().await);
    let days = format!("/calendars/{}/days", nation(&admin).await);
    let first = put(&admin, &format!("{days}/2026-02-24"), &rest(Some("一"))).await.expect(200);
    let undo = format!("/batches/{}/undo", id(&first.json()["batch"]));
    let seen = admin.post(&format!("{undo}?dry_run=true"), &json!({"reason": ""})).await;
    assert_eq!(seen.expect(200).json()["impact"]["moved"], 2);
    refused(&admin.post(&undo, &json!({"reason": " "})).await, (422, "invalid"), "no reason");
    let undone = admin.post(&undo, &json!({"reason": "通知作废"})).await.expect(200).json();
    assert_eq!(undone["batch"]["undoes"], 1);
    assert_eq!(undone["batch"]["number"], 2);
    let back = hospital.get(&format!("/tickets/{ticket}")).await.json();
    assert_eq!(due(&back, "reply"), "2026-02-25T00:00:00+08:00");
    assert_eq!(back["deadlines"][0]["calendar_version"], "CN-3");
    // A day that was changed again since is not taken back over somebody's head.
    let again = put(&admin, &format!("{days}/2026-02-24"), &rest(Some("二"))).await.expect(200);
    let other = json!({"kind": "working", "source": "x", "reason": "三"});
    put(&admin, &format!("{days}/2026-02-24"), &other).await.expect(200);
    let undo = format!("/batches/{}/undo", id(&again.json()["batch"]));
    let answer = admin.post(&undo, &json!({"reason": "四"})).await;
    refused(&answer, (409, "changed_since"), "overtaken");
    app.stop().await;
}

async fn what_was_seen_is_what_is_confirmed(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    hospital.file().await;
    let path = format!("/calendars/{}/days/2026-02-24", nation(&admin).await);
    let seal = async || {
        let seen = put(&admin, &format!("{path}?dry_run=true"), &rest(None)).await;
        seen.expect(200).json()["seal"].as_str().expect("a seal").to_owned()
    };
    let old = seal().await;
    assert_eq!(seal().await, old, "the same impact has the same seal");
    let body = json!({"product_code": crate::support::world::CEFTRIAXONE});
    let mut other = filing();
    other["product_code"] = body["product_code"].clone();
    hospital.post("/tickets", &other).await.expect(201);
    let mut wish = rest(Some("通知"));
    wish["seal"] = json!(old);
    refused(&put(&admin, &path, &wish).await, (409, "impact_changed"), "an old seal");
    wish["seal"] = json!(seal().await);
    put(&admin, &path, &wish).await.expect(200);
    refused(&put(&admin, &path, &rest(Some("通知"))).await, (422, "invalid"), "nothing changes");
    app.stop().await;
}

/// Files so many tickets.
async fn many(hospital: &As<'_>, count: usize) {
    for _ in 0..count {
        hospital.file().await;
    }
}

async fn a_large_edit_waits_for_a_second_administrator(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    second_administrator(&db.store).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    many(&hospital, 251).await;
    let path = format!("/calendars/{}/days/2026-02-24", nation(&admin).await);
    let asked = put(&admin, &path, &rest(Some("通知"))).await.expect(200).json();
    assert_eq!(asked["batch"]["state"], "pending");
    assert_eq!(asked["impact"]["moved"], 502);
    let still = hospital.get("/tickets").await.json();
    assert_eq!(due(&still["items"][0], "reply"), "2026-02-25T00:00:00+08:00");
    let batch = format!("/batches/{}", id(&asked["batch"]));
    let approve = format!("{batch}/approve");
    refused(&admin.post(&approve, &json!({})).await, (403, "forbidden"), "one's own");
    refused(&hospital.post(&approve, &json!({})).await, (403, "forbidden"), "a hospital");
    let second = app.sign_in("admin2").await;
    let preview = second.get(&format!("{batch}/preview")).await.expect(200).json();
    assert_eq!(preview["impact"]["moved"], 502);
    let done = second.post(&approve, &json!({})).await.expect(200).json();
    assert_eq!(done["batch"]["state"], "applied");
    assert_eq!(done["batch"]["decided_by"]["name"], "admin2 女士");
    let now = hospital.get("/tickets").await.json();
    assert_eq!(due(&now["items"][0], "reply"), "2026-02-26T00:00:00+08:00");
    let again = second.post(&approve, &json!({})).await;
    refused(&again, (409, "decided_already"), "twice");
    app.stop().await;
}

async fn a_refused_batch_changes_nothing(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    second_administrator(&db.store).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    many(&hospital, 251).await;
    let path = format!("/calendars/{}/days/2026-02-24", nation(&admin).await);
    let asked = put(&admin, &path, &rest(Some("通知"))).await.expect(200).json();
    let batch = format!("/batches/{}", id(&asked["batch"]));
    let second = app.sign_in("admin2").await;
    let reject = format!("{batch}/reject");
    refused(&second.post(&reject, &json!({"reason": ""})).await, (422, "invalid"), "no reason");
    let done = second.post(&reject, &json!({"reason": "日期有误"})).await.expect(200).json();
    assert_eq!((&done["state"], &done["decision"]), (&json!("rejected"), &json!("日期有误")));
    let answer = second.post(&format!("{batch}/approve"), &json!({})).await;
    refused(&answer, (409, "decided_already"), "refused");
    let answer = second.post(&format!("{batch}/undo"), &json!({"reason": "x"})).await;
    refused(&answer, (409, "not_applied"), "it never was");
    let calendar = admin.get("/calendars").await.json();
    assert_eq!(calendar["items"][0]["version"], 1);
    app.stop().await;
}

/// A year of holidays that nobody has published yet.
fn next_year() -> String {
    let day = |date: &str, rest: bool| json!({"name": "元旦", "date": date, "isOffDay": rest});
    let mut days = vec![day("2027-01-01", true), day("2027-01-04", true), day("2027-01-09", false)];
    days.extend((6..=24).map(|n| day(&format!("2027-02-{n:02}"), true)));
    days.retain(|day| day["date"] != "2027-02-15");
    json!({"year": 2027, "papers": ["https://www.gov.cn/2027"], "days": days}).to_string()
}

async fn import(who: &As<'_>, query: &str, kind: &str, file: &str) -> Answer {
    let path = format!("/calendars/{}/import{query}", nation(who).await);
    let request = who.request(Method::POST, &path).header("Content-Type", kind);
    who.send(request.body(file.to_owned())).await
}

async fn a_year_is_imported_and_provisional_deadlines_settle(db: TestDb) {
    let late = Clock::still_at(at("2026-12-30T02:00:00Z"));
    let later = |mut app: App| {
        app.clock = late;
        app
    };
    let app = TestApp::spawn_with(&db, "http://supply.example/", later).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    let ticket = id(&hospital.file().await);
    let before = hospital.get(&format!("/tickets/{ticket}")).await.json();
    assert_eq!(before["deadlines"][0]["provisional"], true);
    assert_eq!(due(&before, "reply"), "2027-01-05T00:00:00+08:00", "12-31 and 01-04");
    let json_type = "application/json";
    let seen = import(&admin, "?dry_run=true", json_type, &next_year()).await.expect(200).json();
    assert_eq!(seen["impact"]["settled"], 2);
    let codes: Vec<_> = seen["doubts"].as_array().expect("doubts").iter().collect();
    let confirm: Vec<_> = codes.iter().map(|doubt| doubt["code"].as_str().expect("code")).collect();
    let query = format!("?reason=2027&confirm={}", confirm.join(","));
    let done = import(&admin, &query, json_type, &next_year()).await.expect(200).json();
    assert_eq!(done["batch"]["state"], "applied");
    let after = hospital.get(&format!("/tickets/{ticket}")).await.json();
    assert_eq!(after["deadlines"][0]["provisional"], false);
    assert_eq!(due(&after, "reply"), "2027-01-06T00:00:00+08:00", "12-31 and 01-05");
    let calendar = admin.get("/calendars").await.json();
    assert!(calendar["items"][0]["years"].as_array().expect("years").contains(&json!(2027)));
    for (kind, file, status, code) in [
        (json_type, "", 422, "empty_file"),
        (json_type, r#"{"year": 2028, "papers": [], "days": []}"#, 422, "not_published"),
        ("text/csv", "日期,类型,名称,依据\n", 422, "no_days"),
        ("image/png", "x", 415, ""),
    ] {
        let answer = import(&admin, "?dry_run=true", kind, file).await.expect(status);
        let codes: Vec<_> = answer.fields().into_iter().map(|(_, code)| code).collect();
        assert!(code.is_empty() || codes.contains(&code.to_owned()), "{codes:?}");
    }
    app.stop().await;
}

async fn odd_edits_are_confirmed_by_name(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let path = format!("/calendars/{}/days/2026-10-01", nation(&admin).await);
    let mut wish = json!({"kind": "working", "source": "x", "reason": "y"});
    let answer = put(&admin, &path, &wish).await.expect(422);
    assert_eq!(answer.fields(), [("confirm".to_owned(), "work_on_holiday".to_owned())]);
    wish["confirm"] = json!(["work_on_holiday"]);
    put(&admin, &path, &wish).await.expect(200);
    for (body, field) in [
        (json!({"kind": "half", "source": "x", "reason": "y"}), "kind"),
        (json!({"kind": "rest", "source": " ", "reason": "y"}), "source"),
        (json!({"kind": "rest", "source": "x", "reason": "y", "extra": 1}), "extra"),
    ] {
        let answer = put(&admin, &path, &body).await.expect(422);
        assert_eq!(answer.fields()[0].0, field, "{}", answer.text);
    }
    for date in ["2026-02-30", "1999-12-31", "2101-01-01", "today"] {
        let path = format!("/calendars/{}/days/{date}", nation(&admin).await);
        let answer = put(&admin, &path, &rest(Some("y"))).await.expect(422);
        assert_eq!(answer.fields()[0].0, "date");
    }
    app.stop().await;
}

async fn a_region_differs_from_the_nation(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    let other = app.sign_in("hospital2").await;
    let (here, there) = (id(&hospital.file().await), id(&other.file().await));
    let new = json!({"name": "滨海市", "division": "371000"});
    let layer = admin.post("/calendars", &new).await.expect(201).json();
    let taken = admin.post("/calendars", &new).await.expect(422);
    assert_eq!(taken.fields(), [("division".to_owned(), "taken".to_owned())]);
    let path = format!("/calendars/{}/days/2026-02-24", id(&layer));
    put(&admin, &path, &rest(Some("台风"))).await.expect(200);
    let near = hospital.get(&format!("/tickets/{here}")).await.json();
    let far = other.get(&format!("/tickets/{there}")).await.json();
    assert_eq!(due(&near, "reply"), "2026-02-26T00:00:00+08:00");
    assert_eq!(due(&far, "reply"), "2026-02-25T00:00:00+08:00");
    assert_eq!(near["deadlines"][0]["calendar_version"], "CN-1+371000-2");
    let clear = admin.request(Method::DELETE, &path).json(&json!({"reason": "台风转向"}));
    admin.send(clear).await.expect(200);
    let near = hospital.get(&format!("/tickets/{here}")).await.json();
    assert_eq!(due(&near, "reply"), "2026-02-25T00:00:00+08:00");
    app.stop().await;
}

async fn only_administrators_edit(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let calendar = nation(&admin).await;
    for who in ["hospital", "maker", "distributor", "city", "security", "auditor"] {
        let person = app.sign_in(who).await;
        let path = format!("/calendars/{calendar}/days/2026-02-24");
        refused(&put(&person, &path, &json!({"nonsense": 1})).await, (403, "forbidden"), who);
        refused(&person.get("/batches").await, (403, "forbidden"), who);
        let new = json!({"name": "x", "division": "371000"});
        refused(&person.post("/calendars", &new).await, (403, "forbidden"), who);
    }
    let unknown = "/calendars/01900000-0000-7000-8000-000000000009/days/2026-02-24";
    refused(&put(&admin, unknown, &rest(Some("x"))).await, (404, "not_found"), "unknown");
    app.stop().await;
}

async fn b064_a_year_of_rest_is_refused(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    hospital.file().await;
    let mut table = "日期,类型,名称,依据\n".to_owned();
    let first: chrono::NaiveDate = "2026-02-14".parse().expect("a date");
    for day in first.iter_days().take_while(|day| chrono::Datelike::year(day) < 2102) {
        table.push_str(&format!("{day},休息日,节,x\n"));
    }
    let answer = import(&admin, "?dry_run=true", "text/csv", &table).await.expect(422);
    assert!(!answer.fields().is_empty(), "{}", answer.text);
    app.stop().await;
}

async fn b066_a_holiday_declared_today_counts_whole(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    let ticket = id(&hospital.file().await);
    hospital.advance_to("2026-02-24T14:00:00+08:00").await;
    let path = format!("/calendars/{}/days/2026-02-24", nation(&admin).await);
    put(&admin, &path, &rest(Some("暴雪停工"))).await.expect(200);
    let after = hospital.get(&format!("/tickets/{ticket}")).await.json();
    assert_eq!(due(&after, "reply"), "2026-02-26T00:00:00+08:00", "today counts for nobody");
    // A make-up Saturday that was added after the timers were planned brings them forward.
    let path = format!("/calendars/{}/days/2026-02-28", nation(&admin).await);
    let clear = admin.request(Method::DELETE, &path).json(&json!({"reason": "x"}));
    admin.send(clear).await.expect(200);
    let later = hospital.get(&format!("/tickets/{ticket}")).await.json();
    assert_eq!(due(&later, "resolve"), "2026-03-03T00:00:00+08:00", "02-28 rests: 03-02");
    let makeup = json!({"kind": "makeup", "source": "x", "reason": "y"});
    put(&admin, &path, &makeup).await.expect(200);
    let again = hospital.get(&format!("/tickets/{ticket}")).await.json();
    assert_eq!(due(&again, "resolve"), "2026-03-01T00:00:00+08:00");
    app.stop().await;
}

async fn b078_the_second_of_two_edits_is_refused(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    second_administrator(&db.store).await;
    let (admin, second) = (app.sign_in("admin").await, app.sign_in("admin2").await);
    let path = format!("/calendars/{}/days/2026-03-10", nation(&admin).await);
    let with_tag = |who: &As<'_>, body: Value| {
        who.request(Method::PUT, &path).header("If-Match", "\"1\"").json(&body)
    };
    admin.send(with_tag(&admin, rest(Some("甲")))).await.expect(200);
    let working = json!({"kind": "working", "source": "x", "reason": "乙"});
    let answer = second.send(with_tag(&second, working)).await;
    refused(&answer, (412, "outdated"), "the calendar has changed");
    app.stop().await;
}

async fn b079_a_calendar_in_use_stays(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let remove = async |calendar: &str| {
        let request = admin.request(Method::DELETE, &format!("/calendars/{calendar}"));
        admin.send(request).await
    };
    refused(&remove(&nation(&admin).await).await, (409, "in_use"), "the nation's");
    let new = json!({"name": "滨海市", "division": "371000"});
    let layer = id(&admin.post("/calendars", &new).await.expect(201).json());
    put(&admin, &format!("/calendars/{layer}/days/2026-03-10"), &rest(Some("x"))).await.expect(200);
    refused(&remove(&layer).await, (409, "in_use"), "it says something");
    let new = json!({"name": "岛城市", "division": "370200"});
    let empty = id(&admin.post("/calendars", &new).await.expect(201).json());
    remove(&empty).await.expect(204);
    refused(&remove(&empty).await, (404, "not_found"), "gone");
    app.stop().await;
}

/// While days are changed to and fro, people file, and answer: whatever version a deadline says it
/// was counted with, it is due when that version says.
async fn engine_and_edits_never_mix_versions(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let admin = app.sign_in("admin").await;
    let path = format!("/calendars/{}/days/2026-02-24", nation(&admin).await);
    let edits = async {
        for number in 0..12 {
            let kind = if number % 2 == 0 { "rest" } else { "working" };
            let body = json!({"kind": kind, "source": "x", "reason": number.to_string()});
            put(&admin, &path, &body).await.expect(200);
        }
    };
    let filings = async {
        for _ in 0..40 {
            hospital.file().await;
        }
    };
    let replies = async {
        for _ in 0..20 {
            let open = maker.get("/tickets?state=open&page_size=1").await.expect(200).json();
            let Some(ticket) = open["items"][0]["id"].as_str() else { continue };
            let answer =
                maker.post(&format!("/tickets/{ticket}/reply"), &reply("2026-02-24")).await;
            assert!(matches!(answer.status, 200 | 201 | 409), "{}", answer.text);
        }
    };
    futures::join!(edits, filings, replies);
    let mut cursor = String::new();
    let mut seen = 0;
    loop {
        let page =
            hospital.get(&format!("/tickets?page_size=100{cursor}")).await.expect(200).json();
        for ticket in page["items"].as_array().expect("tickets") {
            for deadline in ticket["deadlines"].as_array().expect("deadlines") {
                seen += 1;
                let rows = deadline["explanation"].as_array().expect("days");
                let day = rows.iter().find(|day| day["date"] == "2026-02-24").expect("the day");
                let rests = day["kind"] == "rest";
                let expected = match (deadline["kind"].as_str(), rests) {
                    (Some("reply"), false) => "2026-02-25T00:00:00+08:00",
                    (Some("reply"), true) => "2026-02-26T00:00:00+08:00",
                    (Some("resolve"), false) => "2026-02-28T00:00:00+08:00",
                    (Some("resolve"), true) => "2026-03-01T00:00:00+08:00",
                    _ => continue,
                };
                assert_eq!(deadline["due_at"], expected, "{deadline}");
                if deadline["status"] == "running" {
                    assert_eq!(deadline["calendar_version"], "CN-13", "{deadline}");
                }
            }
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert!(seen >= 80, "{seen} deadlines");
    app.stop().await;
}

async fn open_tickets_are_judged_by_another_version(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    let ticket = id(&hospital.file().await);
    let ruling = hospital.get(&format!("/tickets/{ticket}")).await.json();
    let version = ruling["deadlines"][0]["policy_version"].as_str().expect("a version").to_owned();
    let all = admin.get("/policies?page_size=100").await.expect(200).json();
    let mut items = all["items"].as_array().expect("policies").iter();
    let own = items.find(|one| one["version"] == version).expect("the ruling one").clone();
    let next = json!({
        "name": own["name"], "division": own["division"], "source": "鲁医保发〔2026〕9号",
        "effective_from": "2026-02-16", "reason": "收紧时限",
        "ordinary": {"reply": {"working_days": 1}, "resolve": {"working_days": 3}},
        "emergency": {"reply": {"elapsed_hours": 4}, "resolve": {"elapsed_hours": 72}},
        "ladder": [{"level": "city", "acknowledge_within": 2, "close_within": 5},
            {"level": "province", "acknowledge_within": 2, "close_within": 5}],
    });
    let path = format!("/policies/{}", id(&own));
    let tag = admin.get(&path).await.header("etag");
    let request = admin.request(Method::PUT, &path).header("If-Match", tag).json(&next);
    let made = admin.send(request).await;
    assert!(made.status < 300, "{}", made.text);
    let replan = format!("/policies/{}/replan", id(&made.json()));
    let seen = admin.post(&format!("{replan}?dry_run=true"), &json!({"reason": ""})).await;
    assert_eq!(seen.expect(200).json()["impact"]["moved"], 2);
    let same = hospital.get(&format!("/tickets/{ticket}")).await.json();
    assert_eq!(due(&same, "reply"), "2026-02-25T00:00:00+08:00", "until a re-plan says otherwise");
    let done = admin.post(&replan, &json!({"reason": "按新规"})).await.expect(200).json();
    assert_eq!(done["batch"]["state"], "applied");
    let after = hospital.get(&format!("/tickets/{ticket}")).await.json();
    assert_eq!(due(&after, "reply"), "2026-02-15T00:00:00+08:00", "the make-up Saturday");
    assert_eq!(due(&after, "resolve"), "2026-02-26T00:00:00+08:00");
    app.stop().await;
}
