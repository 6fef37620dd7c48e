//! Every field of every call, given every wrong value: each is refused by its name, and nothing
//! is stored.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{Call, Place, Stage, call, calls, refused, sound};
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

const NOT_FIELDS: [&str; 9] =
    ["role", "state", "status", "due_at", "id", "tenant_id", "version", "__proto__", "Summary"];
/// What administrators keep is tried in files of its own: `admin_fields`, `policies_keeping`,
/// `calendar_edits`, `keeping`, `contacts`.
const ELSEWHERE: [&str; 11] = [
    "/api/v1/templates",
    "/api/v1/channels",
    "/api/v1/policies",
    "/api/v1/calendars",
    "/api/v1/batches",
    "/api/v1/organisations",
    "/api/v1/contacts",
    "/api/v1/users",
    "/api/v1/invitations",
    "/api/v1/products",
    "/api/v1/agreements",
];
const HOLE: &str = "@@hole@@";
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

/// Every field of a body: its path as errors name it, and its JSON pointer.
fn fields(body: &Value, path: &str, pointer: &str, found: &mut Vec<(String, String)>) {
    match body {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let pointer = format!("{pointer}/{name}");
                found.push((path.clone(), pointer.clone()));
                fields(value, &path, &pointer, found);
            }
        }
        Value::Array(elements) => {
            for (at, value) in elements.iter().enumerate() {
                let (path, pointer) = (format!("{path}[{at}]"), format!("{pointer}/{at}"));
                found.push((path.clone(), pointer.clone()));
                fields(value, &path, &pointer, found);
            }
        }
        _ => {}
    }
}

/// The body with raw JSON in the place of a field.
fn with(body: &Value, pointer: &str, raw: &str) -> String {
    let mut body = body.clone();
    *body.pointer_mut(pointer).expect(pointer) = json!(HOLE);
    body.to_string().replace(&json!(HOLE).to_string(), raw)
}

/// The body without a field; `None` for an element of a list.
fn without(body: &Value, pointer: &str) -> Option<String> {
    let mut body = body.clone();
    let (parent, name) = pointer.rsplit_once('/')?;
    body.pointer_mut(parent)?.as_object_mut()?.remove(name);
    Some(body.to_string())
}

/// The body with one field more in every object of it, and that field's path.
fn with_more(body: &Value) -> Vec<(String, String)> {
    let mut all = vec![(String::new(), String::new())];
    fields(body, "", "", &mut all);
    let mut made = Vec::new();
    for (path, pointer) in all {
        for extra in NOT_FIELDS {
            let mut body = body.clone();
            let Some(object) = body.pointer_mut(&pointer).and_then(Value::as_object_mut) else {
                continue;
            };
            object.insert(extra.to_owned(), json!("admin"));
            let named = if path.is_empty() { extra.to_owned() } else { format!("{path}.{extra}") };
            made.push((named, body.to_string()));
        }
    }
    made
}

/// Every wrong body of a call, with the field that is to be named.
fn wrong_bodies(call: &Call) -> Vec<(String, String)> {
    let mut all = Vec::new();
    fields(&call.body, "", "", &mut all);
    let mut wrong = with_more(&call.body);
    for (path, pointer) in all {
        let kind = kind(call.name, &path);
        let needed = if call.name == "clock" { "advance_to".to_owned() } else { path.clone() };
        if !kind.is_optional() {
            wrong.push((needed.clone(), with(&call.body, &pointer, "null")));
            wrong.extend(without(&call.body, &pointer).map(|body| (needed, body)));
        }
        let raw = kind.other_types().iter().map(|raw| (*raw).to_owned());
        let values = kind.wrong().into_iter().map(|value| value.to_string());
        let numbers = ["9223372036854775808", "-9223372036854775809", "1e400", "-1e400"];
        for raw in raw.chain(values).chain(numbers.map(str::to_owned)) {
            wrong.push((path.clone(), with(&call.body, &pointer, &raw)));
        }
    }
    wrong.extend(
        ["[]", "[1]", "5", "\"x\"", "true", "null"]
            .map(|body| ("body".to_owned(), body.to_owned())),
    );
    wrong
}

/// Sends everything wrong, looks that nothing was stored, and then that the right body passes.
async fn try_everything(stage: &Stage<'_>, call: &Call) {
    let place = stage.place(call.name).await;
    let who = stage.who(call.name);
    let before = stage.memory(&place).await;
    for (field, body) in wrong_bodies(call) {
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

/// A schema, followed to what it refers to.
fn schema<'a>(description: &'a Value, schema: &'a Value) -> &'a Value {
    let of = |schema: &'a Value| {
        let target = schema["$ref"].as_str()?;
        description.pointer(target.trim_start_matches('#'))
    };
    let first = |key: &str| schema[key].as_array().and_then(|all| all.iter().find_map(of));
    of(schema).or_else(|| first("allOf")).or_else(|| first("oneOf")).unwrap_or(schema)
}

fn described(description: &Value, node: &Value, path: &str, found: &mut BTreeSet<String>) {
    let node = schema(description, node);
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

async fn every_field_of_every_call_is_here(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let description = app.send(app.request(Method::GET, "/api/openapi.json")).await.json();
    let mut seen = 0;
    for (template, operations) in description["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            let is_elsewhere = ELSEWHERE.iter().any(|prefix| template.starts_with(prefix));
            if body.is_null() || is_elsewhere {
                continue;
            }
            let mut expected = BTreeSet::new();
            described(&description, body, "", &mut expected);
            assert!(!expected.is_empty(), "{method} {template}");
            let ours = whole_calls().into_iter().filter(|call| call.template == template);
            let mut tried = Vec::new();
            ours.for_each(|call| fields(&call.body, "", "", &mut tried));
            let tried: BTreeSet<String> = tried.into_iter().map(|(path, _)| path).collect();
            assert_eq!(tried, expected, "{method} {template}");
            seen += 1;
        }
    }
    assert_eq!(seen, calls().len() - 1, "the clock stands there twice");
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
