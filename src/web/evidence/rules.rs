//! The rules that the ticket was judged by: policies and calendars, with their documents.
//!
//! **Never** explains them: they stand here as they are kept.

use serde_json::Value;

use super::sheet::{Block, Fact, Section, Sheet};

/// What is told of a rung.
const RUNG: [&str; 5] = ["level", "acknowledge_within", "close_within", "told", "channels"];

/// The policies and the calendar.
pub(super) fn all(sheet: &Sheet<'_>) -> Vec<Section> {
    vec![policies(sheet), calendar(sheet)]
}

fn policies(sheet: &Sheet<'_>) -> Section {
    let mut blocks = Vec::new();
    for policy in sheet.list("/policies") {
        let version = policy.get("version").and_then(Value::as_str).unwrap_or_default();
        let name = policy.get("name").and_then(Value::as_str).unwrap_or_default();
        blocks.push(Block::Heading(format!("{name} · {version}")));
        let mut facts = vec![division(sheet, policy)];
        let scope = ["categories", "effective_from", "effective_to", "source"];
        facts.extend(sheet.facts(policy, &scope));
        for urgency in ["ordinary", "emergency"] {
            for target in ["reply", "resolve"] {
                let found = policy.get(urgency).and_then(|targets| targets.get(target));
                let (urgency, kind) =
                    (sheet.named("urgency", urgency), sheet.named("deadline", target));
                let label = format!("{urgency} · {kind}");
                facts.extend(found.map(|found| Fact { label, value: length(sheet, found) }));
            }
        }
        facts.extend(sheet.facts(policy, &["resolve_from"]));
        let counting = policy.get("counting").unwrap_or(&Value::Null);
        facts.extend(sheet.facts(counting, &["due_time", "cutoff_time"]));
        facts.extend(hours(sheet, policy));
        facts.extend(sheet.facts(policy, &["calendar_layer"]));
        let days = [
            "late_promise_within",
            "extension_within",
            "remind_hospital_after",
            "decide_silence_after",
        ];
        facts.extend(sheet.facts(policy, &days));
        blocks.push(Block::Facts(facts));
        let rungs = policy.get("ladder").and_then(Value::as_array);
        let rungs = rungs.into_iter().flatten().map(|rung| row(sheet, rung));
        blocks.push(sheet.table(&RUNG, rungs.collect()));
    }
    Section { title: sheet.word("section-policies"), blocks }
}

/// Where something rules.
fn division(sheet: &Sheet<'_>, of: &Value) -> Fact {
    let division = of.get("division").and_then(Value::as_str).map(str::to_owned);
    let value = division.unwrap_or_else(|| sheet.word("page-nation"));
    Fact { label: sheet.named("field", "division"), value }
}

/// A rung. Channels that are left open are those of the kind; none are the mailbox in the app.
fn row(sheet: &Sheet<'_>, rung: &Value) -> Vec<Vec<String>> {
    let mut cells = RUNG.map(|column| sheet.cell(rung, column)).to_vec();
    let stands = match rung.get("channels") {
        Some(Value::Null) => Some("rung_channels-default"),
        Some(Value::Array(all)) if all.is_empty() => Some("rung_channels-in_app"),
        Some(_) | None => None,
    };
    if let (Some(key), Some(last)) = (stands, cells.last_mut()) {
        *last = vec![sheet.word(key)];
    }
    cells
}

/// Office hours, warnings and quiet hours.
fn hours(sheet: &Sheet<'_>, policy: &Value) -> Vec<Fact> {
    let fact = |name: &str, value| Fact { label: sheet.named("field", name), value };
    let mut facts = Vec::new();
    if let Some(windows) = policy.pointer("/counting/office").and_then(Value::as_array) {
        let windows = windows.iter().map(|window| span(window, ["from", "to"]));
        facts.push(fact("office_hours", windows.collect::<Vec<_>>().join(&sheet.word("page-and"))));
    }
    for (name, list) in [("warnings_days", "days"), ("warnings_hours", "hours")] {
        let found = policy.get("warnings").and_then(|all| all.get(list)).and_then(Value::as_array);
        facts.extend(found.map(|found| fact(name, warnings(sheet, found))));
    }
    match policy.get("quiet_hours") {
        Some(Value::Null) => facts.push(fact("quiet_hours", sheet.word("page-none"))),
        Some(quiet) => facts.push(fact("quiet_hours", span(quiet, ["begins", "ends"]))),
        None => {}
    }
    facts
}

/// A stretch of a day, like `09:00–12:00`.
fn span(of: &Value, ends: [&str; 2]) -> String {
    let end = |name: &str| clock(of.get(name).and_then(Value::as_str).unwrap_or_default());
    ends.map(end).join("–")
}

/// A time of day by the minute: the documents have seconds.
fn clock(text: &str) -> String {
    text.chars().take(5).collect()
}

fn warnings(sheet: &Sheet<'_>, list: &[Value]) -> String {
    let words = sheet.words();
    let told = |warning: &Value| {
        let at_time = warning.get("on_due_day").and_then(Value::as_str);
        let before = warning.get("days_before").and_then(Value::as_u64);
        match (at_time, before) {
            (Some(time), _) => words.with("warning-on_due_day", "time", &clock(time)),
            (None, Some(days)) => words.with("warning-days_before", "n", &days),
            (None, None) => words.t("warning-half_time"),
        }
    };
    let all: Vec<_> = list.iter().map(told).collect();
    if all.is_empty() { words.t("page-none") } else { all.join(&words.t("page-and")) }
}

/// A time limit, like `2 working days`.
fn length(sheet: &Sheet<'_>, target: &Value) -> String {
    let members = target.as_object().into_iter().flatten();
    let told = members.map(|(unit, count)| format!("{count} {}", sheet.named("unit", unit)));
    told.collect()
}

fn calendar(sheet: &Sheet<'_>) -> Section {
    let layers = sheet.list("/calendar/layers").iter().map(|layer| {
        vec![
            sheet.cell(layer, "name"),
            match layer.pointer("/organisation/name").and_then(Value::as_str) {
                Some(name) => vec![name.to_owned()],
                None => vec![division(sheet, layer).value],
            },
            sheet.cell(layer, "version"),
            sheet.cell(layer, "years"),
        ]
    });
    let layers = sheet.table(&["layer", "division", "version", "years"], layers.collect());
    let has_document = |day: &&Value| day.get("source").is_some();
    let days = sheet.list("/calendar/days").iter().filter(has_document).map(|day| {
        let kind = day.get("kind").and_then(Value::as_str).unwrap_or_default();
        vec![
            sheet.cell(day, "date"),
            vec![sheet.named("day", kind)],
            sheet.cell(day, "name"),
            sheet.cell(day, "source"),
        ]
    });
    let days = sheet.table(&["date", "day_kind", "holiday", "day_source"], days.collect());
    let version = sheet.facts(sheet.at("/calendar"), &["version"]);
    let note = Block::Note(sheet.word("note-calendar"));
    Section {
        title: sheet.word("section-calendar"),
        blocks: vec![note, Block::Facts(version), layers, days],
    }
}
