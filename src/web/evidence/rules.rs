//! The rules that the ticket was judged by: policies and calendars, with their documents.
//!
//! **Never** explains them: they stand here as they are kept.

use serde_json::Value;

use super::sheet::{Block, Fact, Section, Sheet};

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
        facts.extend(sheet.facts(policy, &["effective_from", "effective_to", "source"]));
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
        let days = [
            "late_promise_within",
            "extension_within",
            "remind_hospital_after",
            "decide_silence_after",
        ];
        facts.extend(sheet.facts(policy, &days));
        blocks.push(Block::Facts(facts));
        let rungs = policy.get("ladder").and_then(Value::as_array);
        let columns = ["level", "acknowledge_within", "close_within"];
        let row = |rung: &Value| columns.map(|column| sheet.cell(rung, column)).to_vec();
        blocks.push(sheet.table(&columns, rungs.into_iter().flatten().map(row).collect()));
    }
    Section { title: sheet.word("section-policies"), blocks }
}

/// Where something rules.
fn division(sheet: &Sheet<'_>, of: &Value) -> Fact {
    let division = of.get("division").and_then(Value::as_str).map(str::to_owned);
    let value = division.unwrap_or_else(|| sheet.word("page-nation"));
    Fact { label: sheet.named("field", "division"), value }
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
            vec![division(sheet, layer).value],
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
