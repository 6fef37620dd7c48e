//! Every field of every call, given every wrong value: each is refused by its name, and nothing
//! is stored.
//!
//! **Never** leaves a call out: what the description of the API says can be sent is tried here.

mod bodies;
mod documents;
mod keepers;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use self::bodies::{fields, with, without, wrong_bodies};
use super::stage::{Call, Place, Stage, call, calls, refused, sound};
use super::stage_keeping::kept_calls;
use super::values::{BLANKS, Kind, kind};
use crate::support::app::TestApp;
use crate::support::db::{TestDb, both, sqlite_only};

both!(
    sessions,
    filing,
    replies,
    promises,
    solutions,
    confirmations,
    reasons,
    requests,
    decisions,
    messages,
    bureaus,
    clocks
);
sqlite_only!(every_field_of_every_call_is_here, all_mistakes_are_told_at_once);

/// Stand for the ticket of a place and for a file of it.
const TICKET: &str = "{ticket}";
const FILE: &str = "{file}";

/// Every call with every field: those that may name files or tickets name one.
fn whole_calls() -> Vec<Call> {
    let mut calls = calls();
    for call in &mut calls {
        if call.names_files() {
            call.body["evidence"] = json!([FILE]);
        } else if call.name == "group-reply" {
            call.body["tickets"] = json!([TICKET]);
        }
    }
    calls
}

/// A body for this place.
fn here(body: &str, place: &Place) -> String {
    let id = |id: &Option<String>| id.clone().unwrap_or_default();
    body.replace(FILE, &id(&place.file)).replace(TICKET, &id(&place.ticket))
}

/// Sends everything wrong, looks that nothing was stored, and then that the right body passes.
async fn try_everything(stage: &Stage<'_>, call: &Call) {
    let place = stage.place(call.name).await;
    let who = stage.who(call.name);
    let before = stage.memory(&place).await;
    for (field, body) in wrong_bodies(&call.body, |path| kind(call.name, path)) {
        let short: String = body.chars().take(400).collect();
        let asked = format!("{} {field}: {short}", call.name);
        let answer = who.post_raw(&place.path, here(&body, &place)).await;
        refused(&answer, (422, "invalid"), &asked);
        let named: BTreeSet<String> = answer.fields().into_iter().map(|(field, _)| field).collect();
        assert_eq!(named, BTreeSet::from([field]), "{asked}: {}", answer.text);
    }
    assert_eq!(stage.memory(&place).await, before, "{}: a refusal stores nothing", call.name);
    let answer = who.post_raw(&place.path, here(&call.body.to_string(), &place)).await;
    sound(&answer, call.name);
    assert_eq!(answer.status, call.status, "{}: {}", call.name, answer.text);
}

/// Sends the longest texts, the largest numbers, and bodies without what may be left out.
async fn try_the_limits(stage: &Stage<'_>, call: &Call) {
    let mut all = Vec::new();
    fields(&call.body, "", "", &mut all);
    for (path, pointer) in all {
        let kind = kind(call.name, &path);
        let mut right: Vec<String> = match kind {
            Kind::Line(longest) => vec![
                json!("𠮷".repeat(longest)),
                json!(format!(" {}\u{3000}", "é".repeat(longest))),
            ],
            Kind::Block(longest, _) => vec![json!("𠮷".repeat(longest)), json!("甲\r\n乙\t丙")],
            Kind::Phone => vec![json!("+86 13812345678"), json!("0531-88888888")],
            Kind::Number(least, most, _) => vec![json!(least), json!(most)],
            Kind::List(most) => vec![json!(vec!["单".repeat(64); most]), json!([])],
            Kind::Ids(_, true) => vec![json!([])],
            _ => Vec::new(),
        }
        .iter()
        .map(Value::to_string)
        .collect();
        right.extend(kind.is_optional().then(|| "null".to_owned()));
        if matches!(kind, Kind::Block(_, true)) {
            right.extend(BLANKS.map(|blank| json!(blank).to_string()));
        }
        let mut bodies: Vec<String> =
            right.iter().map(|raw| with(&call.body, &pointer, raw)).collect();
        bodies.extend(kind.is_optional().then(|| without(&call.body, &pointer)).flatten());
        for body in bodies {
            let place = stage.place(call.name).await;
            let answer = stage.who(call.name).post_raw(&place.path, here(&body, &place)).await;
            let short: String = body.chars().take(400).collect();
            sound(&answer, &short);
            assert_eq!(answer.status, call.status, "{} {path} {short}: {}", call.name, answer.text);
        }
    }
}

async fn try_calls(db: TestDb, names: &[&str]) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for call in whole_calls().into_iter().filter(|call| names.contains(&call.name)) {
        try_everything(&stage, &call).await;
        if !matches!(call.name, "session" | "clock") {
            try_the_limits(&stage, &call).await;
        }
    }
    app.stop().await;
}

async fn sessions(db: TestDb) {
    try_calls(db, &["session"]).await;
}

async fn filing(db: TestDb) {
    try_calls(db, &["tickets"]).await;
}

async fn replies(db: TestDb) {
    try_calls(db, &["reply", "group-reply"]).await;
}

async fn promises(db: TestDb) {
    try_calls(db, &["promise"]).await;
}

async fn solutions(db: TestDb) {
    try_calls(db, &["solve"]).await;
}

async fn confirmations(db: TestDb) {
    try_calls(db, &["confirm"]).await;
}

async fn reasons(db: TestDb) {
    try_calls(db, &["withdraw", "urge", "escalate"]).await;
}

async fn requests(db: TestDb) {
    try_calls(db, &["return", "extensions", "force-majeure", "distributor"]).await;
}

async fn decisions(db: TestDb) {
    try_calls(db, &["decisions"]).await;
}

async fn messages(db: TestDb) {
    try_calls(db, &["messages"]).await;
}

async fn bureaus(db: TestDb) {
    try_calls(db, &["acknowledge", "measures", "close"]).await;
}

async fn clocks(db: TestDb) {
    try_calls(db, &["clock"]).await;
}

/// The schemas that a schema stands for: itself, what it refers to, or the several it may be.
fn schemas<'a>(description: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    if let Some(target) = schema["$ref"].as_str() {
        let found = description.pointer(target.trim_start_matches('#')).expect(target);
        return schemas(description, found);
    }
    let parts = ["allOf", "oneOf"].iter().filter_map(|key| schema[*key].as_array()).flatten();
    let parts: Vec<_> = parts.flat_map(|part| schemas(description, part)).collect();
    if parts.is_empty() { vec![schema] } else { parts }
}

fn described(description: &Value, node: &Value, path: &str, found: &mut BTreeSet<String>) {
    for node in schemas(description, node) {
        for (name, property) in node["properties"].as_object().into_iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            described(description, property, &path, found);
            found.insert(path);
        }
        if node["items"].is_object() {
            let path = format!("{path}[0]");
            described(description, &node["items"], &path, found);
            found.insert(path);
        }
    }
}

/// A path whose places in lists are all the first.
fn in_the_first(path: &str) -> String {
    let mut parts = path.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "[0]" + part.split_once(']').expect("an end").1)
}

/// The bodies that are tried at an address.
fn bodies_at(method: &str, template: &str) -> Vec<Value> {
    let ours = whole_calls().into_iter().map(|call| ("post", call.template, call.body));
    let kept = kept_calls();
    let kept = kept.iter().map(|call| (call.method, call.template, call.body.clone()));
    let here = ours.chain(kept).filter(|(by, at, _)| *by == method && *at == template);
    here.map(|(_, _, body)| body).collect()
}

async fn every_field_of_every_call_is_here(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let description = app.send(app.request(Method::GET, "/api/openapi.json")).await.json();
    let mut seen = BTreeSet::new();
    for (template, operations) in description["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let body = &operation["requestBody"]["content"]["application/json"];
            // A calendar's file may be JSON, too: it is a file, and `calendar_files` tries those.
            if body.is_null() || template == "/api/v1/calendars/{id}/import" {
                continue;
            }
            let mut expected = BTreeSet::new();
            described(&description, &body["schema"], "", &mut expected);
            assert!(!expected.is_empty(), "{method} {template}");
            let mut tried = Vec::new();
            bodies_at(method, template).iter().for_each(|body| fields(body, "", "", &mut tried));
            let tried: BTreeSet<_> = tried.iter().map(|(path, _)| in_the_first(path)).collect();
            assert_eq!(tried, expected, "{method} {template}");
            seen.insert(format!("{method} {template}"));
        }
    }
    let ours = calls().into_iter().map(|call| format!("post {}", call.template));
    let kept = kept_calls();
    let kept = kept.iter().map(|call| format!("{} {}", call.method, call.template));
    assert_eq!(seen, ours.chain(kept).collect(), "every call that is tried is described");
    app.stop().await;
}

async fn all_mistakes_are_told_at_once(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let mut body = call("tickets").body;
    for field in ["category", "urgency", "summary", "description", "unit", "product_code"] {
        body[field] = json!("");
    }
    body["quantity_short"] = json!(0);
    body["contact"] = json!({"name": "\0", "phone": "1"});
    body["order_refs"] = json!(["DD-1", "\n", "DD-3", ""]);
    let answer = stage.hospital.post("/tickets", &body).await;
    refused(&answer, (422, "invalid"), "everything wrong");
    let named: BTreeSet<String> = answer.fields().into_iter().map(|(field, _)| field).collect();
    let expected = [
        "category",
        "urgency",
        "summary",
        "description",
        "unit",
        "product_code",
        "quantity_short",
        "contact.name",
        "contact.phone",
        "order_refs[1]",
        "order_refs[3]",
    ];
    assert_eq!(named, expected.map(str::to_owned).into());
    app.stop().await;
}
