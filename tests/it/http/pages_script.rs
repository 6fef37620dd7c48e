//! What people wrote is never markup: a payload in every text, and every page of everybody read
//! for what a browser would make of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::stage::{Stage, call, calls, id};
use super::texts::text_fields;
use crate::support::app::{As, TestApp};
use crate::support::browser::{Browser, masked, plain, typed};
use crate::support::db::{TestDb, sqlite_only};
use crate::support::form::Form;
use crate::support::world;

sqlite_only!(no_text_is_markup_b016_b017);

/// The longest that fits is written into a field.
const PAYLOADS: [&str; 3] = [
    "<script>alert(1)</script></textarea></title>\"><img src=x onerror=alert(2)>' onfocus=alert(3) x='{{7*7}}",
    "\"><img src=x onerror=alert(1)>",
    "\"><img src=x>",
];
const FILE: &str = "<img src=x onerror=alert(1)>'{{7+7}}.txt";

/// Elements that our pages and mails consist of.
const ELEMENTS: &str = "a b bdi body br button caption circle code dd desc details dialog div dl dt em \
    fieldset figcaption figure footer form g h1 h2 h3 h4 head header hr html i iframe input kbd \
    label legend li line link main meta nav ol option p path polygon polyline pre rect script \
    section select small span strong style sub summary sup svg table tbody td text textarea tfoot \
    th thead time title tr tspan u ul use defs pattern";

/// An element's name and attributes.
type Tag = (String, BTreeMap<String, String>);

/// The elements that a browser would find. What is odd fails the test.
fn tags(html: &str, asked: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some((_, inner)) = rest.split_once('<') {
        if let Some(doctype) =
            inner.strip_prefix("!doctype html>").or(inner.strip_prefix("!DOCTYPE html>"))
        {
            rest = doctype;
            continue;
        }
        let inner = inner.strip_prefix('/').unwrap_or(inner);
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let name: String = inner.chars().take_while(|c| is_name(*c)).collect();
        let is_ours = ELEMENTS.split_whitespace().any(|known| known == name.to_lowercase());
        assert!(is_ours, "{asked}: <{:.80}", inner.chars().take(80).collect::<String>());
        rest = inner.strip_prefix(name.as_str()).unwrap_or_default();
        let mut attributes = BTreeMap::new();
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('>').or(rest.strip_prefix("/>")) {
                rest = after;
                break;
            }
            let is_key = |c: char| !c.is_whitespace() && !matches!(c, '=' | '>' | '/');
            let key: String = rest.chars().take_while(|c| is_key(*c)).collect();
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':');
            assert!(!key.is_empty() && key.chars().all(is_plain), "{asked}: {name} {key:?}");
            rest = rest.strip_prefix(key.as_str()).unwrap_or_default();
            let value = match rest.strip_prefix("=\"").and_then(|value| value.split_once('"')) {
                Some((value, after)) => {
                    rest = after;
                    value
                }
                None => {
                    assert!(!rest.starts_with('='), "{asked}: {name} {key} without quotes");
                    ""
                }
            };
            attributes.insert(key, plain(value));
        }
        tags.push((name, attributes));
    }
    tags
}

/// Checks that a page has nothing in it that runs, or leads or loads from elsewhere.
fn inert(html: &str, asked: &str) {
    for (name, attributes) in tags(html, asked) {
        for (key, value) in &attributes {
            assert!(!key.starts_with("on") && key != "srcdoc", "{asked}: {name} {key}={value}");
            if matches!(key.as_str(), "href" | "src" | "action" | "formaction" | "poster" | "data")
            {
                let is_own = value.starts_with(['/', '#']) && !value.starts_with("//");
                let is_own = is_own || value.starts_with("http://supply.example/");
                // The announcements of holidays are the government's.
                let is_own = is_own || value.starts_with("https://www.gov.cn/");
                assert!(is_own, "{asked}: {name} {key}={value}");
            }
        }
        if name == "script" && !attributes.is_empty() {
            let source = attributes.get("src").map(String::as_str).unwrap_or_default();
            assert!(source.starts_with("/assets/app.js?"), "{asked}: {source}");
        }
    }
    let own = html.matches("<script").count();
    assert!(own <= 1, "{asked}: {own} scripts");
    for raw in ["<script>", "<img", "onerror=alert(2)>", "onfocus=alert(3) x='{"] {
        assert!(!html.contains(raw), "{asked}: {raw}");
    }
}

/// The longest payload that fits into a field.
fn payload(pointer: &str) -> &'static str {
    match pointer {
        "/unit" => PAYLOADS[2],
        "/contact/name" | "/order_refs/0" => PAYLOADS[1],
        _ => PAYLOADS[0],
    }
}

fn evil(name: &str, body: &Value) -> Value {
    let mut evil = body.clone();
    for pointer in text_fields(name, body) {
        *evil.pointer_mut(pointer).expect(pointer) = json!(payload(pointer));
    }
    evil
}

/// Tickets with a payload in every text that anybody can write.
async fn write_evil(stage: &Stage<'_>) -> Vec<String> {
    let filing = call("tickets");
    let body = evil("tickets", &filing.body);
    let mut tickets = vec![id(&stage.hospital.post("/tickets", &body).await.expect(201).json())];
    for call in calls().into_iter().filter(crate::http::stage::Call::is_act) {
        let place = stage.place(call.name).await;
        let body = evil(call.name, &call.body);
        let answer = stage.who(call.name).post(&place.path, &body).await;
        assert_eq!(answer.status, call.status, "{}: {}", call.name, answer.text);
        tickets.extend(place.ticket);
    }
    let path = format!("/tickets/{}", tickets[0]);
    for who in [&stage.hospital, &stage.maker] {
        let form = Form::file(FILE, "甲").text("kind", "other");
        who.upload(&format!("{path}/attachments"), form).await.expect(201);
    }
    for (name, who) in
        [("reply", &stage.maker), ("escalate", &stage.hospital), ("messages", &stage.hospital)]
    {
        let call = call(name);
        who.act(&format!("{path}/{name}"), evil(name, &call.body)).await;
    }
    let browser = Browser::of(stage.app, &stage.hospital);
    let draft = browser.post("/drafts", &typed(&evil("tickets", &filing.body))).await;
    assert_eq!(draft.status, 303, "{}", draft.text);
    tickets
}

/// Reads everything that links lead somebody to.
async fn read_everything(app: &TestApp, who: &As<'_>, tickets: &[String]) -> usize {
    let mut from = vec!["/".to_owned(), "/notices".to_owned(), "/account".to_owned()];
    from.push(format!("/tickets/new?product={}", world::INSULIN));
    from.extend([
        "/tickets/new".to_owned(),
        "/demo/mailbox".to_owned(),
        "/tickets?page_size=100".to_owned(),
    ]);
    from.push("/tickets?q=%22%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E".to_owned());
    from.extend(tickets.iter().map(|ticket| format!("/tickets/{ticket}")));
    from.push(format!("/tickets/{}/print", tickets[0]));
    let browser = Browser::of(app, who);
    let mut seen = 0;
    for path in &from {
        let answer = browser.get(path).await;
        inert(&answer.text, path);
        seen += usize::from(answer.text.contains("&#60;img src=x"));
    }
    for (path, answer) in browser.crawl(&["/".to_owned(), "/demo/mailbox".to_owned()]).await {
        assert!(answer.status < 500, "{path}: {}", answer.text);
        if answer.header("content-type").starts_with("text/html") {
            inert(&answer.text, &masked(&path));
        }
    }
    seen
}

async fn no_text_is_markup_b016_b017(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let tickets = write_evil(&stage).await;
    // Replies are missed, and everybody is told.
    stage.hospital.advance_to("2026-02-25T10:00:00+08:00").await;
    for (name, least) in [
        ("hospital", 15),
        ("maker", 3),
        ("distributor", 3),
        ("city", 3),
        ("county", 3),
        ("province", 3),
        ("hospital2", 0),
        ("admin", 0),
        ("auditor", 0),
    ] {
        let who = app.sign_in(name).await;
        // A party reads them all; what others see is drawn by the same hand.
        let most = if name == "hospital" { tickets.len() } else { 2 };
        let seen = read_everything(&app, &who, &tickets[..most]).await;
        assert!(seen >= least, "{name} saw payloads on {seen} pages");
    }
    let browser = Browser::of(&app, &stage.hospital);
    let page = browser.get(&format!("/tickets/{}", tickets[0])).await.expect(200).text;
    let shown = plain(&page);
    for payload in PAYLOADS {
        assert!(shown.contains(payload), "{payload} is shown as it was written");
    }
    assert!(shown.contains("{{7+7}}.txt"), "a file's name, too");
    // A refused form brings them back, too.
    let mut typed = typed(&evil("tickets", &call("tickets").body));
    typed.retain(|(name, _)| name != "category");
    typed.push(("category".to_owned(), PAYLOADS[0].to_owned()));
    typed.push((PAYLOADS[0].to_owned(), PAYLOADS[0].to_owned()));
    let answer = browser.post("/tickets", &typed).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    inert(&answer.text, "a refused form");
    app.stop().await;
}
