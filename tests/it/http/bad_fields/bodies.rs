//! Wrong bodies, made from a right one.
//!
//! **Never** sends anything.

use serde_json::{Value, json};

use super::super::values::Kind;

const HOLE: &str = "@@hole@@";
const NOT_FIELDS: [&str; 9] =
    ["role", "state", "status", "due_at", "id", "tenant_id", "version", "__proto__", "Summary"];
/// Objects whose members have any names.
const PAIRS: &str = "templates";
/// Members of which exactly one is given: where it is missing, what they stand in is named.
const ONE_OF: [&str; 6] =
    ["working_days", "elapsed_hours", "working_hours", "on_due_day", "half_time", "days_before"];

/// Every field of a body: its path as errors name it, and its JSON pointer.
pub(super) fn fields(body: &Value, path: &str, pointer: &str, found: &mut Vec<(String, String)>) {
    match body {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let pointer = format!("{pointer}/{name}");
                found.push((path.clone(), pointer.clone()));
                if path != PAIRS {
                    fields(value, &path, &pointer, found);
                }
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
pub(super) fn with(body: &Value, pointer: &str, raw: &str) -> String {
    let mut body = body.clone();
    *body.pointer_mut(pointer).expect(pointer) = json!(HOLE);
    body.to_string().replace(&json!(HOLE).to_string(), raw)
}

/// The body without a field; `None` for an element of a list.
pub(super) fn without(body: &Value, pointer: &str) -> Option<String> {
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
    for (path, pointer) in all.into_iter().filter(|(path, _)| path != PAIRS) {
        for extra in NOT_FIELDS {
            let mut body = body.clone();
            let Some(object) = body.pointer_mut(&pointer).and_then(Value::as_object_mut) else {
                continue;
            };
            if object.contains_key(extra) {
                continue;
            }
            object.insert(extra.to_owned(), json!("admin"));
            let named = if path.is_empty() { extra.to_owned() } else { format!("{path}.{extra}") };
            made.push((named, body.to_string()));
        }
    }
    made
}

/// What must be named where a field is missing.
fn needed(path: &str) -> &str {
    match path.rsplit_once('.') {
        Some((parent, name)) if ONE_OF.contains(&name) => parent,
        Some(_) | None => path,
    }
}

/// Every wrong body made from a right one, with the field that is to be named.
pub(super) fn wrong_bodies(body: &Value, kind: impl Fn(&str) -> Kind) -> Vec<(String, String)> {
    let mut all = Vec::new();
    fields(body, "", "", &mut all);
    let mut wrong = with_more(body);
    for (path, pointer) in all {
        let kind = kind(&path);
        // The clock is moved in one of two ways; it asks for the first.
        let missing = if path == "advance_working_days" { "advance_to" } else { needed(&path) };
        if !kind.is_optional() {
            wrong.push((missing.to_owned(), with(body, &pointer, "null")));
            wrong.extend(without(body, &pointer).map(|body| (missing.to_owned(), body)));
        }
        let raw = kind.other_types().iter().map(|raw| (*raw).to_owned());
        let values = kind.wrong().into_iter().map(|value| value.to_string());
        let numbers = ["9223372036854775808", "-9223372036854775809", "1e400", "-1e400"];
        for raw in raw.chain(values).chain(numbers.map(str::to_owned)) {
            wrong.push((path.clone(), with(body, &pointer, &raw)));
        }
    }
    let others = ["[]", "[1]", "5", "\"x\"", "true", "null"];
    wrong.extend(others.map(|body| ("body".to_owned(), body.to_owned())));
    wrong
}
