//! What is checked first: signed in, may see, may do, state, version, then the input.

use reqwest::Method;
use serde_json::json;

use super::stage::{Call, Stage, call, calls, comparable, id, refused, sound};
use crate::support::app::{Answer, TestApp, reply};
use crate::support::db::{TestDb, both, sqlite_only};

both!(
    the_order_of_checks_tells_nothing_too_early,
    what_is_not_theirs_is_as_good_as_unknown,
    a_promise_lies_between_today_and_the_limit,
    a_state_says_what_is_possible,
);
sqlite_only!(a_role_may_do_its_own_only, nobody_signed_in_does_nothing);

const NOBODYS: &str = "0190aaaa-0000-7000-8000-000000000000";
/// Garbage for every later check to trip over.
const GARBAGE: &str = "{\"role\":";

/// The same path with an id that nobody has.
fn unknown(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let replaced = parts.iter().enumerate().map(|(at, part)| if at == 2 { NOBODYS } else { part });
    replaced.collect::<Vec<_>>().join("/")
}

async fn the_order_of_checks_tells_nothing_too_early(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let (stranger, other) = (app.sign_in("maker2").await, app.sign_in("distributor").await);
    let acts = calls().into_iter().filter(Call::is_act);
    for call in acts {
        let place = stage.place(call.name).await;
        let bad = |who: &crate::support::app::As<'_>, path: &str| {
            let request = who.request(Method::POST, path).header("If-Match", "\"999\"");
            request
                .header("Content-Type", "text/plain")
                .header("Idempotency-Key", "a b")
                .body(GARBAGE)
        };
        let before = stage.memory(&place).await;
        let who = stage.who(call.name);
        let anonymous = app.request(Method::POST, &format!("/api/v1{}", place.path)).body(GARBAGE);
        refused(&app.send(anonymous).await, (401, "unauthenticated"), call.name);
        let answer = who.send(bad(who, &unknown(&place.path))).await;
        refused(&answer, (404, "not_found"), call.name);
        let answer = stranger.send(bad(&stranger, &place.path)).await;
        refused(&answer, (404, "not_found"), call.name);
        if !matches!(call.name, "messages" | "force-majeure") {
            let answer = other.send(bad(&other, &place.path)).await;
            refused(&answer, (403, "forbidden"), call.name);
        }
        let request = who.request(Method::POST, &place.path).header("If-Match", "\"999\"");
        let answer =
            who.send(request.header("Content-Type", "application/json").body(GARBAGE)).await;
        refused(&answer, (412, "outdated"), call.name);
        assert_eq!(stage.memory(&place).await, before, "{}", call.name);
    }
    for name in [
        "reply",
        "promise",
        "solve",
        "confirm",
        "withdraw",
        "urge",
        "escalate",
        "return",
        "extensions",
        "distributor",
        "decisions",
    ] {
        let place = stage.place("withdraw").await;
        stage.hospital.post(&place.path, &call("withdraw").body).await.expect(200);
        let path = place.path.replace("/withdraw", &format!("/{name}"));
        let answer = other.post_raw(&path, GARBAGE).await;
        refused(&answer, (403, "forbidden"), name);
        let who = stage.who(name);
        let request = who.request(Method::POST, &path).header("If-Match", "\"999\"").body(GARBAGE);
        refused(&who.send(request).await, (409, "state"), name);
    }
    app.stop().await;
}

async fn what_is_not_theirs_is_as_good_as_unknown(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let place = stage.place("acknowledge").await;
    let ticket = format!("/tickets/{}", place.ticket.clone().expect("a ticket"));
    for stranger in ["hospital2", "maker2", "city2", "county2", "security", "auditor"] {
        let stranger = app.sign_in(stranger).await;
        for call in calls().into_iter().filter(Call::is_act) {
            let path = match call.name {
                "acknowledge" | "measures" | "close" => {
                    place.path.replace("acknowledge", call.name)
                }
                name => format!("{ticket}/{name}"),
            };
            for body in [call.body.to_string(), GARBAGE.to_owned()] {
                let theirs = stranger.post_raw(&path, body.clone()).await;
                let nobodys = stranger.post_raw(&unknown(&path), body).await;
                refused(&theirs, (404, "not_found"), call.name);
                assert_eq!(comparable(&theirs), comparable(&nobodys), "{path}");
            }
        }
        for path in ["", "/events", "/messages", "/deliveries"] {
            let path = format!("{ticket}{path}");
            let theirs = stranger.get(&path).await;
            refused(&theirs, (404, "not_found"), &path);
            assert_eq!(
                comparable(&theirs),
                comparable(&stranger.get(&unknown(&path)).await),
                "{path}"
            );
        }
        let mut recurrence = call("tickets").body;
        recurrence["follows"] = json!(place.ticket);
        let answer = stranger.post("/tickets", &recurrence).await;
        assert!(matches!(answer.status, 403 | 422), "{}", answer.text);
    }
    let follower = app.sign_in("hospital2").await;
    let mut body = call("tickets").body;
    body["follows"] = json!(place.ticket);
    let theirs = follower.post("/tickets", &body).await;
    body["follows"] = json!(NOBODYS);
    assert_eq!(comparable(&theirs), comparable(&follower.post("/tickets", &body).await));
    assert_eq!(theirs.fields(), [("follows".to_owned(), "unknown".to_owned())]);
    app.stop().await;
}

async fn a_promise_lies_between_today_and_the_limit(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let field = |answer: &Answer| answer.fields().first().cloned().unwrap_or_default();
    let wrong = |code: &str| ("promised_on".to_owned(), code.to_owned());
    for name in ["reply", "promise"] {
        let place = stage.place(name).await;
        let mut body = call(name).body;
        for (day, code) in [
            ("2026-02-12", "in_the_past"),
            ("2026-02-28", "beyond_limit"),
            ("2026-03-09", "beyond_limit"),
            ("2100-12-31", "beyond_limit"),
            ("2000-01-01", "in_the_past"),
        ] {
            body["promised_on"] = json!(day);
            let answer = stage.maker.post(&place.path, &body).await;
            refused(&answer, (422, "invalid"), day);
            assert_eq!(field(&answer), wrong(code), "{name} {day}");
        }
        for day in ["2026-02-13", "2026-02-14", "2026-02-15", "2026-02-27"] {
            let place = stage.place(name).await;
            body["promised_on"] = json!(day);
            stage.maker.post(&place.path, &body).await.expect(200);
        }
    }
    let place = stage.place("reply").await;
    stage.hospital.advance_to("2026-03-02T10:00:00+08:00").await;
    for (day, code) in [("2026-03-01", "in_the_past"), ("2026-03-10", "beyond_limit")] {
        let answer = stage.maker.post(&place.path, &reply(day)).await;
        refused(&answer, (422, "invalid"), day);
        assert_eq!(field(&answer), wrong(code), "past the limit: five working days from the act");
    }
    let late = stage.maker.post(&place.path, &reply("2026-03-09")).await.expect(200).json();
    assert_eq!(late["promises"][0]["late"], true);
    app.stop().await;
}

async fn a_state_says_what_is_possible(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let mut tries = Vec::new();
    for (begin, body, refused_acts) in [
        (
            "confirm",
            json!({"result": "solved"}),
            &["reply", "promise", "solve", "confirm", "withdraw", "urge", "escalate"][..],
        ),
        (
            "withdraw",
            call("withdraw").body,
            &["reply", "promise", "solve", "confirm", "withdraw", "urge", "escalate"],
        ),
        ("reply", call("reply").body, &["reply"]),
        ("solve", call("solve").body, &["reply", "promise", "solve", "urge"]),
        ("messages", call("messages").body, &["promise"]),
    ] {
        let place = stage.place(begin).await;
        let done = stage.who(begin).post(&place.path, &body).await;
        sound(&done, begin);
        assert!(done.status < 300, "{begin}: {}", done.text);
        for act in refused_acts {
            let path = place.path.replace(begin, act);
            let answer = stage.who(act).post(&path, &call(act).body).await;
            refused(&answer, (409, "state"), &format!("{act} after {begin}"));
            let possible = answer.json()["possible"].as_array().cloned().expect("what is possible");
            assert!(!possible.contains(&json!(act)), "{act} after {begin}");
            tries.push((act.to_owned(), possible));
        }
        if matches!(begin, "confirm" | "withdraw") {
            assert!(
                tries.iter().rev().take(7).all(|(_, possible)| *possible == ["message", "attach"])
            );
        }
    }
    let place = stage.place("urge").await;
    stage.hospital.post(&place.path, &call("urge").body).await.expect(200);
    let answer = stage.hospital.post(&place.path, &call("urge").body).await;
    refused(&answer, (409, "urged_already"), "urge twice");
    let place = stage.place("escalate").await;
    stage.hospital.post(&place.path, &call("escalate").body).await.expect(200);
    stage.hospital.post(&place.path, &call("escalate").body).await.expect(200);
    let answer = stage.hospital.post(&place.path, &call("escalate").body).await;
    refused(&answer, (409, "top_of_ladder"), "escalate three times");
    let place = stage.place("acknowledge").await;
    stage.city.post(&place.path, &call("acknowledge").body).await.expect(200);
    let answer = stage.city.post(&place.path, &call("acknowledge").body).await;
    refused(&answer, (409, "acknowledged_already"), "acknowledge twice");
    let path = |name: &str| place.path.replace("acknowledge", name);
    stage.city.post(&path("close"), &call("close").body).await.expect(200);
    for name in ["acknowledge", "measures", "close"] {
        let answer = stage.city.post(&path(name), &call(name).body).await;
        refused(&answer, (409, "escalation_closed"), name);
    }
    app.stop().await;
}

async fn a_role_may_do_its_own_only(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let (distributor, county, province, admin) = (
        app.sign_in("distributor").await,
        app.sign_in("county").await,
        app.sign_in("province").await,
        app.sign_in("admin").await,
    );
    for call in calls().into_iter().filter(Call::is_act) {
        let place = stage.place(call.name).await;
        let own = &stage.who(call.name).token;
        for who in [&stage.hospital, &stage.maker, &distributor, &stage.city, &county, &province] {
            // A distributor may report a force majeure too.
            let shared = call.name == "force-majeure" && who.token == distributor.token;
            if who.token == *own || shared || call.name == "messages" {
                continue;
            }
            let answer = who.post(&place.path, &call.body).await;
            refused(&answer, (403, "forbidden"), call.name);
        }
        let answer = admin.post(&place.path, &call.body).await;
        refused(&answer, (403, "forbidden"), call.name);
    }
    for who in [&stage.maker, &distributor, &stage.city, &county, &province, &admin] {
        let answer = who.post_raw("/tickets", GARBAGE).await;
        refused(&answer, (403, "forbidden"), "only a hospital files");
        let answer = who.get("/session").await.expect(200);
        sound(&answer, "who am I");
    }
    for who in [&stage.hospital, &stage.maker, &distributor, &admin] {
        refused(&who.get("/escalations").await, (403, "forbidden"), "escalations are the bureaus'");
    }
    let ticket = id(&stage.hospital.file().await);
    refused(
        &admin.get(&format!("/tickets/{ticket}/messages")).await,
        (404, "not_found"),
        "no text",
    );
    app.stop().await;
}

async fn nobody_signed_in_does_nothing(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let description = app.send(app.request(Method::GET, "/api/openapi.json")).await.json();
    for (template, operations) in description["paths"].as_object().expect("paths") {
        for method in operations.as_object().expect("operations").keys() {
            // Whoever signs in, or has a link to choose a password by, has no session yet.
            let is_way_in =
                ["/session", "/invitations/accept"].iter().any(|end| template.ends_with(end));
            if is_way_in && method == "post" {
                continue;
            }
            let method: Method = method.to_uppercase().parse().expect("a method");
            let path = template.replace("{id}", NOBODYS);
            let answer = app.send(app.request(method, &path).body(GARBAGE)).await;
            refused(&answer, (401, "unauthenticated"), &path);
            assert_eq!(answer.header("www-authenticate"), "Bearer", "{path}");
        }
    }
    app.stop().await;
}
