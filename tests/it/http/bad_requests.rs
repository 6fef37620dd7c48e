//! Bodies that are no JSON document, of the wrong type or too large.

use reqwest::Method;
use serde_json::json;

use super::stage::{Call, Stage, call, calls, refused, sound};
use crate::support::app::{Answer, As, TestApp};
use crate::support::db::{TestDb, both, sqlite_only};

both!(what_is_no_document_is_unreadable);
sqlite_only!(
    another_type_is_not_read,
    a_body_has_a_limit,
    a_huge_list_is_refused_fast,
    an_acknowledgement_needs_no_body,
);

const MOST_BYTES: usize = 1024 * 1024;

/// Bodies made from a right one that are not one JSON document.
fn unreadable(call: &Call) -> Vec<(&'static str, Vec<u8>)> {
    let right = call.body.to_string();
    let inner = right.trim_start_matches('{').to_owned();
    let first = call.body.as_object().and_then(|members| members.keys().next()).expect("a field");
    let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
    let utf16 = right.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut all: Vec<(&'static str, Vec<u8>)> = vec![
        ("blank", b" ".to_vec()),
        ("half", right.as_bytes().split_last().expect("text").1.to_vec()),
        ("NaN", b"NaN".to_vec()),
        ("NaN inside", format!("{{\"{first}\":NaN}}").into_bytes()),
        ("Infinity", format!("{{\"{first}\":-Infinity}}").into_bytes()),
        ("byte order mark", format!("\u{feff}{right}").into_bytes()),
        ("two documents", format!("{right}{right}").into_bytes()),
        ("trailing word", format!("{right}x").into_bytes()),
        ("trailing zero byte", format!("{right}\0").into_bytes()),
        ("a key twice", format!("{{\"{first}\":\"x\",{inner}").into_bytes()),
        ("an unknown key twice", format!("{{\"a\":{{\"b\":1,\"b\":2}},{inner}").into_bytes()),
        ("an escaped key twice", format!("{{\"\\u0061\":1,\"a\":2,{inner}").into_bytes()),
        ("lone surrogate", format!("{{\"{first}\":\"\\ud800\"}}").into_bytes()),
        ("lone low surrogate", format!("{{\"{first}\":\"a\\udc00b\"}}").into_bytes()),
        ("surrogate in a key", format!("{{\"\\ud83d\":1,{inner}").into_bytes()),
        ("invalid UTF-8", [format!("{{\"{first}\":\"").as_bytes(), b"\xff\xfe\"}"].concat()),
        ("overlong UTF-8", [format!("{{\"{first}\":\"").as_bytes(), b"\xc0\xaf\"}"].concat()),
        (
            "GB18030",
            [format!("{{\"{first}\":\"").as_bytes(), b"\xd2\xc8\xb5\xba\xcb\xd8\"}"].concat(),
        ),
        ("UTF-16", utf16),
        ("deep lists", format!("{open}{close}").into_bytes()),
        ("deep list in a field", format!("{{\"{first}\":{open}{close}}}").into_bytes()),
        ("deep objects", "{\"a\":".repeat(10_000).into_bytes()),
        ("single quotes", right.replace('"', "'").into_bytes()),
        ("trailing comma", right.replacen('}', ",}", 1).into_bytes()),
        ("comment", format!("/* x */{right}").into_bytes()),
        ("raw line feed in text", format!("{{\"{first}\":\"a\nb\"}}").into_bytes()),
        ("bad escape", format!("{{\"{first}\":\"\\x41\"}}").into_bytes()),
        ("form", b"username=hospital&password=x".to_vec()),
        ("XML", b"<?xml version=\"1.0\"?><a/>".to_vec()),
    ];
    if call.name != "acknowledge" {
        all.push(("nothing", Vec::new()));
    }
    all
}

async fn what_is_no_document_is_unreadable(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for call in calls() {
        let place = stage.place(call.name).await;
        let before = stage.memory(&place).await;
        for (what, body) in unreadable(&call) {
            let asked = format!("{} {what}", call.name);
            let answer = stage.who(call.name).post_raw(&place.path, body).await;
            refused(&answer, (400, "unreadable"), &asked);
        }
        assert_eq!(stage.memory(&place).await, before, "{}", call.name);
    }
    app.stop().await;
}

async fn post_with(who: &As<'_>, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = who.request(Method::POST, path).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    who.send(request).await
}

async fn another_type_is_not_read(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let json = ("Content-Type", "application/json");
    let wrong: [&[(&str, &str)]; 16] = [
        &[],
        &[("Content-Type", "")],
        &[("Content-Type", "text/plain")],
        &[("Content-Type", "application/x-www-form-urlencoded")],
        &[("Content-Type", "multipart/form-data; boundary=x")],
        &[("Content-Type", "application/jsonp")],
        &[("Content-Type", "application/problem+json")],
        &[("Content-Type", "application/json; charset=gb18030")],
        &[("Content-Type", "application/json; charset=utf-16")],
        &[("Content-Type", "text/plain; application/json")],
        &[("Content-Type", "json")],
        &[json, ("Content-Encoding", "gzip")],
        &[json, ("Content-Encoding", "br")],
        &[json, ("Content-Encoding", "identity, gzip")],
        &[json, ("Content-Encoding", "nonsense")],
        &[json, ("Content-Encoding", "")],
    ];
    for call in calls() {
        let place = stage.place(call.name).await;
        let (who, body) = (stage.who(call.name), call.body.to_string());
        let before = stage.memory(&place).await;
        for headers in wrong {
            let asked = format!("{} {headers:?}", call.name);
            let answer = post_with(who, &place.path, headers, &body).await;
            refused(&answer, (415, "unsupported_type"), &asked);
        }
        assert_eq!(stage.memory(&place).await, before, "{}", call.name);
        let headers = [
            ("Content-Type", "Application/JSON ; charset=\"UTF-8\""),
            ("Content-Encoding", "identity"),
        ];
        let answer = post_with(who, &place.path, &headers, &body).await;
        assert_eq!(answer.status, call.status, "{}: {}", call.name, answer.text);
    }
    app.stop().await;
}

async fn a_body_has_a_limit(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for call in calls() {
        let place = stage.place(call.name).await;
        let who = stage.who(call.name);
        let before = stage.memory(&place).await;
        let mut body = call.body.to_string();
        body += &" ".repeat(MOST_BYTES + 1 - body.len());
        let answer = who.post_raw(&place.path, body.clone()).await;
        refused(&answer, (413, "too_large"), call.name);
        assert_eq!(stage.memory(&place).await, before, "{}", call.name);
        body.pop();
        let answer = who.post_raw(&place.path, body).await;
        sound(&answer, call.name);
        assert_eq!(answer.status, call.status, "{}: {}", call.name, answer.text);
    }
    app.stop().await;
}

async fn a_huge_list_is_refused_fast(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let million = format!("[{}0]", "0,".repeat(999_999));
    let answer = stage.hospital.post_raw("/tickets", million).await;
    refused(&answer, (413, "too_large"), "a million numbers");
    let within = format!("[{}0]", "0,".repeat(400_000));
    let answer = stage.hospital.post_raw("/tickets", within).await;
    refused(&answer, (422, "invalid"), "a long list");
    let mut body = call("tickets").body;
    body["order_refs"] = json!(vec!["a"; 200_000]);
    let answer = stage.hospital.post("/tickets", &body).await;
    refused(&answer, (422, "invalid"), "many orders");
    assert_eq!(answer.fields(), [("order_refs".to_owned(), "too_many".to_owned())]);
    body["order_refs"] = json!(vec!["\0"; 50]);
    let answer = stage.hospital.post("/tickets", &body).await;
    assert_eq!(answer.fields().len(), 50, "each is named");
    app.stop().await;
}

async fn an_acknowledgement_needs_no_body(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for body in ["", "{}"] {
        let place = stage.place("acknowledge").await;
        let answer = match body {
            "" => stage.city.send(stage.city.request(Method::POST, &place.path)).await,
            body => stage.city.post_raw(&place.path, body).await,
        };
        sound(&answer, body);
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    app.stop().await;
}
