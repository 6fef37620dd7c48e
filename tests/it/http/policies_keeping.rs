//! Administrators make, replace, withdraw and continue the time-limit rules.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{id, refused, sound};
use crate::support::app::{Answer, As, TestApp, filing};
use crate::support::db::{TestDb, both};

both!(
    a_version_rules_what_is_filed_from_its_day_on,
    everything_wrong_is_named_at_once,
    only_administrators_keep_policies,
    a_version_is_replaced_by_who_has_read_it,
    a_version_is_withdrawn_before_it_rules,
    a_repeated_request_makes_one_version,
    what_is_left_out_is_as_the_nation_has_it,
    what_is_kept_of_an_edit_shows_before_and_after,
    kinds_of_problem_have_rules_of_their_own,
);

/// Rules for Jiangsu, from the day after the world's first.
pub(super) fn draft() -> Value {
    json!({
        "name": "江苏省时限规则", "division": "320000", "effective_from": "2026-02-14",
        "effective_to": null, "source": "苏医保发〔2026〕1号", "reason": null,
        "categories": [],
        "ordinary": {"reply": {"working_days": 1}, "resolve": {"working_days": 3}},
        "emergency": {"reply": {"elapsed_hours": 2}, "resolve": {"elapsed_hours": 24}},
        "resolve_from": "filing",
        "counting": {
            "due_time": "17:30", "cutoff_time": "16:00",
            "office_hours": [{"from": "08:30", "to": "12:00"}, {"from": "13:30", "to": "18:00"}],
        },
        "warnings": {
            "days": [{"days_before": 1}, {"on_due_day": "08:45"}], "hours": [{"half_time": true}],
        },
        "quiet_hours": {"begins": "21:00", "ends": "07:30"}, "calendar_layer": "province",
        "late_promise_within": 5, "extension_within": 10, "remind_hospital_after": 3,
        "decide_silence_after": 6, "shortage_alarm": {"hospitals": 3, "cities": 2},
        "ladder": [
            {
                "level": "county", "acknowledge_within": 1, "close_within": 3,
                "told": ["hospital", "distributor"], "channels": ["mail"],
            },
            {
                "level": "city", "acknowledge_within": 2, "close_within": 5,
                "told": ["manufacturer", "hospital"], "channels": null,
            },
        ],
    })
}

#[expect(clippy::needless_pass_by_value, reason = "callers write the changes in place")]
fn draft_with(changes: Value) -> Value {
    let mut body = draft();
    for (name, value) in changes.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

async fn put(who: &As<'_>, path: &str, (body, tag): (&Value, Option<&str>)) -> Answer {
    let request = who.request(Method::PUT, path).json(body);
    who.send(match tag {
        Some(tag) => request.header("If-Match", tag),
        None => request,
    })
    .await
}

async fn a_version_rules_what_is_filed_from_its_day_on(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    let answer = admin.post("/policies", &draft()).await;
    sound(&answer, "a new version");
    let made = answer.expect(201).json();
    assert_eq!((&made["version"], &made["in_force"]), (&json!("32-1"), &json!(false)));
    let read = hospital.get(&format!("/policies/{}", id(&made))).await.expect(200);
    assert_eq!((read.json(), read.header("etag")), (made.clone(), "\"1\"".to_owned()));
    let mut expected = draft();
    expected["counting"]["due_time"] = json!("17:30:00");
    expected["counting"]["cutoff_time"] = json!("16:00:00");
    for (name, value) in expected.as_object().expect("an object") {
        assert!(name == "reason" || made[name] == *value, "{name}: {}", made[name]);
    }
    for (filed, version, due) in [
        ("2026-02-13", "CN-1", "2026-02-25T00:00:00+08:00"),
        ("2026-02-14", "32-1", "2026-02-24T17:30:00+08:00"),
    ] {
        let path = format!("/deadline?division=320102&filed_at={filed}T10:00:00%2B08:00");
        let reckoned = hospital.get(&path).await.expect(200).json();
        assert_eq!(reckoned["policy"]["version"], version, "{filed}");
        assert_eq!(reckoned["deadlines"][0]["due_at"], due, "{filed}");
    }
    app.stop().await;
}

async fn everything_wrong_is_named_at_once(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let wrong = draft_with(json!({
        "name": " ", "division": "999999", "effective_from": "2026-02-12",
        "effective_to": "2026-02-11", "categories": ["price", "tea"],
        "ordinary": {"reply": {"working_days": 6}, "resolve": {"working_days": 5}},
        "emergency": {"reply": {}, "resolve": {"elapsed_hours": 5000}},
        "counting": {"due_time": "24:00", "cutoff_time": "00:00"},
        "warnings": {"days": [], "hours": [{"half_time": true, "days_before": 1}]},
        "ladder": [
            {"level": "city", "acknowledge_within": 0, "close_within": 5},
            {"level": "county", "acknowledge_within": 2, "close_within": 1},
        ],
    }));
    let answer = admin.post("/policies", &wrong).await;
    refused(&answer, (422, "invalid"), "everything");
    let mut told: Vec<_> =
        answer.fields().iter().map(|(field, code)| format!("{field} {code}")).collect();
    told.sort();
    let expected = [
        "categories[1] unknown",
        "counting.cutoff_time midnight",
        "counting.due_time time",
        "division unknown",
        "effective_to before_start",
        "emergency.reply required",
        "emergency.resolve.elapsed_hours out_of_range",
        "ladder[0].acknowledge_within zero",
        "ladder[1].close_within shorter_than_acknowledge",
        "ladder[1].level not_above",
        "name required",
        "ordinary.resolve shorter_than_reply",
        "reason retroactive",
        "warnings.hours[0] ambiguous",
    ];
    assert_eq!(told, expected);
    for (field, value, code) in [
        ("ordinary", json!({"reply": 2, "resolve": {"working_days": 5}}), "type"),
        ("ladder", json!([]), "required"),
        ("ladder", json!(null), "required"),
        ("effective_from", json!("2026-02-30"), "date"),
        ("late_promise_within", json!(-1), "out_of_range"),
        ("version", json!("32-9"), "unknown_field"),
        ("resolve_from", json!("tea"), "unknown"),
    ] {
        let answer = admin.post("/policies", &draft_with(json!({ field: value }))).await;
        refused(&answer, (422, "invalid"), field);
        let (named, told) = answer.fields().remove(0);
        assert!(named.starts_with(field) && told == code, "{field}: {named} {told}");
    }
    let listed = admin.get("/policies").await.expect(200).json();
    let items = listed["items"].as_array().expect("a list").iter();
    assert!(!items.map(|one| one["version"].as_str()).any(|v| v == Some("32-1")), "nothing made");
    app.stop().await;
}

async fn only_administrators_keep_policies(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let national = "/policies/01900000-0000-7000-8000-000000000001";
    for name in ["hospital", "maker", "province", "security", "auditor"] {
        let who = app.sign_in(name).await;
        refused(&who.post("/policies", &json!({})).await, (403, "forbidden"), name);
        refused(&put(&who, national, (&json!({}), None)).await, (403, "forbidden"), name);
        for act in ["withdraw", "decision"] {
            let answer = who.post(&format!("{national}/{act}"), &json!({})).await;
            refused(&answer, (403, "forbidden"), name);
        }
    }
    let admin = app.sign_in("admin").await;
    let unknown = "/policies/01900000-0000-7000-8000-000000000009";
    refused(&put(&admin, unknown, (&draft(), Some("\"1\""))).await, (404, "not_found"), "unknown");
    for act in ["withdraw", "decision"] {
        let answer = admin.post(&format!("{unknown}/{act}"), &json!({})).await;
        refused(&answer, (404, "not_found"), act);
    }
    app.stop().await;
}

async fn a_version_is_replaced_by_who_has_read_it(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let first = admin.post("/policies", &draft()).await.expect(201);
    let (path, tag) = (format!("/policies/{}", id(&first.json())), first.header("etag"));
    let next = draft_with(json!({"name": "新规则", "effective_from": "2026-03-01"}));
    let missing = put(&admin, &path, (&next, None)).await;
    refused(&missing, (428, "precondition_required"), "without a tag");
    refused(&put(&admin, &path, (&next, Some("\"7\""))).await, (412, "outdated"), "another");
    for (change, field, code) in [
        (json!({"division": "330000"}), "division", "another_region"),
        (json!({"categories": ["price"]}), "categories", "another_scope"),
        (json!({"effective_from": "2026-02-13"}), "effective_from", "before_predecessor"),
    ] {
        let answer = put(&admin, &path, (&draft_with(change), Some(&tag))).await;
        refused(&answer, (422, "invalid"), field);
        assert_eq!(answer.fields(), [(field.to_owned(), code.to_owned())]);
    }
    let made = put(&admin, &path, (&next, Some(&tag))).await;
    sound(&made, "the next version");
    assert_eq!(made.clone().expect(201).json()["version"], "32-2");
    assert_eq!(made.header("etag"), "\"2\"");
    refused(&put(&admin, &path, (&next, Some(&tag))).await, (412, "outdated"), "not again");
    let stale = put(&admin, &path, (&next, Some("\"2\""))).await;
    refused(&stale, (409, "policy_replaced"), "not the newest");
    let before = admin.get(&path).await.expect(200);
    assert_eq!(before.json(), first.json(), "it stays as it was");
    let overlap = admin.post("/policies", &draft()).await;
    refused(&overlap, (422, "invalid"), "beside the others");
    assert_eq!(overlap.fields(), [("effective_from".to_owned(), "overlap".to_owned())]);
    let corrected = draft_with(json!({"effective_from": "2026-03-01"}));
    let path = format!("/policies/{}", id(&made.json()));
    put(&admin, &path, (&corrected, Some("\"2\""))).await.expect(201);
    let address = "/deadline?division=320102&filed_at=2026-03-02T10:00:00%2B08:00";
    let reckoned = admin.get(address).await.expect(200).json();
    assert_eq!(reckoned["policy"]["version"], "32-3", "the newest of two that begin at once");
    app.stop().await;
}

async fn a_version_is_withdrawn_before_it_rules(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let made = admin.act("/policies", draft()).await;
    let path = format!("/policies/{}/withdraw", id(&made));
    let answer = admin.post(&path, &json!({"reason": ""})).await;
    assert_eq!(answer.expect(422).fields(), [("reason".to_owned(), "required".to_owned())]);
    let gone = admin.act(&path, json!({"reason": "文件撤销"})).await;
    assert_eq!(gone["withdrawn"], json!({"on": "2026-02-13", "reason": "文件撤销"}));
    let again = admin.post(&path, &json!({"reason": "再次"})).await;
    refused(&again, (409, "policy_withdrawn"), "twice");
    let address = "/deadline?division=320102&filed_at=2026-02-16T10:00:00%2B08:00";
    let reckoned = admin.get(address).await.expect(200).json();
    assert_eq!(reckoned["policy"]["version"], "CN-1");
    let next = admin.act("/policies", draft()).await;
    assert_eq!(next["version"], "32-2", "a number is used once");
    admin.advance_to("2026-02-14T00:00:00+08:00").await;
    let path = format!("/policies/{}/withdraw", id(&next));
    let late = admin.post(&path, &json!({"reason": "晚"})).await;
    refused(&late, (409, "policy_in_use"), "it rules");
    app.stop().await;
}

async fn a_repeated_request_makes_one_version(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let once = || {
        let request = admin.request(Method::POST, "/policies").header("Idempotency-Key", "k-1");
        admin.send(request.json(&draft()))
    };
    let (first, second) = (once().await.expect(201), once().await.expect(201));
    assert_eq!(first.json(), second.json());
    assert_eq!(second.header("idempotent-replayed"), "true");
    app.stop().await;
}

async fn what_is_kept_of_an_edit_shows_before_and_after(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, auditor) = (app.sign_in("admin").await, app.sign_in("auditor").await);
    let first = admin.act("/policies", draft_with(json!({"reason": "新文件"}))).await;
    let path = format!("/policies/{}", id(&first));
    let next = draft_with(json!({"name": "新规则"}));
    let second = put(&admin, &path, (&next, Some("\"1\""))).await.expect(201).json();
    let gone = format!("/policies/{}/withdraw", id(&second));
    admin.act(&gone, json!({"reason": "撤"})).await;
    let log = auditor.get("/audit?page_size=3").await.expect(200).json();
    let told = |at: usize, pointer: &str| {
        let entry = &log["items"][at];
        entry.pointer(pointer).cloned().unwrap_or_default()
    };
    let actions: Vec<_> = (0..3).map(|at| told(at, "/action")).collect();
    assert_eq!(actions, ["policy_withdrawn", "policy_replaced", "policy_created"]);
    assert_eq!(told(0, "/detail/after/withdrawn/reason"), "撤");
    assert_eq!(told(1, "/subject"), "32-2");
    assert_eq!(told(1, "/detail/before/name"), "江苏省时限规则");
    assert_eq!(told(1, "/detail/after/name"), "新规则");
    assert_eq!(told(2, "/detail/reason"), "新文件");
    app.stop().await;
}

async fn kinds_of_problem_have_rules_of_their_own(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    let stops = draft_with(json!({
        "division": "370000", "effective_from": "2026-02-13", "categories": ["supply_stop"],
    }));
    let made = admin.act("/policies", stops).await;
    let stop = hospital.file().await;
    let mut price = filing();
    price["category"] = json!("price");
    let price = hospital.act("/tickets", price).await;
    let version = |ticket: &Value| ticket["deadlines"][0]["policy_version"].clone();
    assert_eq!(version(&stop), made["version"]);
    assert_ne!(version(&price), made["version"]);
    let at = "filed_at=2026-02-13T10:40:00%2B08:00&division=371002";
    for (category, expected) in
        [("&category=supply_stop", true), ("&category=price", false), ("", false)]
    {
        let reckoned = hospital.get(&format!("/deadline?{at}{category}")).await.expect(200).json();
        assert_eq!(reckoned["policy"]["version"] == made["version"], expected, "{category}");
    }
    app.stop().await;
}

async fn what_is_left_out_is_as_the_nation_has_it(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let mut body = json!({});
    for name in ["name", "division", "effective_from", "source", "ordinary", "emergency"] {
        body[name] = draft()[name].clone();
    }
    body["ladder"] = json!([{"level": "city", "acknowledge_within": 2, "close_within": 5}]);
    let made = admin.act("/policies", body.clone()).await;
    let nation = admin.get("/policies/01900000-0000-7000-8000-000000000001").await.json();
    for name in [
        "resolve_from",
        "counting",
        "late_promise_within",
        "extension_within",
        "remind_hospital_after",
        "decide_silence_after",
        "shortage_alarm",
        "warnings",
        "quiet_hours",
        "calendar_layer",
        "categories",
    ] {
        assert_eq!(made[name], nation[name], "{name}");
    }
    assert_eq!(made["ladder"][0], nation["ladder"][0]);
    body["division"] = json!("330000");
    body["quiet_hours"] = json!(null);
    body["shortage_alarm"] = json!(null);
    let made = admin.act("/policies", body).await;
    assert_eq!((&made["quiet_hours"], &made["shortage_alarm"]), (&json!(null), &json!(null)));
    app.stop().await;
}
