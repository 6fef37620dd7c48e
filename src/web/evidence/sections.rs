//! The ticket and what was promised, asked, decided and done about it.
//!
//! **Never** judges: what is late or missed is what the document says.

use serde_json::Value;

use super::sheet::{Block, Fact, Section, Sheet};
use crate::service::evidence::PublicKey;

/// What the pack says of itself, at the top.
pub(super) fn head(sheet: &Sheet<'_>, json_sha256: &str, key: &PublicKey) -> Vec<Fact> {
    let house = sheet.text("/made_for/name");
    let role = sheet.named("role", &sheet.text("/role"));
    let made_at = sheet.value("made_at", sheet.at("/made_at")).unwrap_or_default();
    [
        ("made_at", made_at),
        ("made_for", format!("{house} · {role}")),
        ("json_sha256", json_sha256.to_owned()),
        ("key_id", key.id()),
    ]
    .into_iter()
    .map(|(field, value)| Fact { label: sheet.named("field", field), value })
    .collect()
}

/// The ticket, its deadlines, promises, requests and escalations.
pub(super) fn all(sheet: &Sheet<'_>) -> Vec<Section> {
    vec![
        ticket(sheet),
        parties(sheet),
        deadlines(sheet),
        promises(sheet),
        requests(sheet),
        escalations(sheet),
    ]
}

fn section(sheet: &Sheet<'_>, key: &str, blocks: Vec<Block>) -> Section {
    Section { title: sheet.word(key), blocks }
}

fn ticket(sheet: &Sheet<'_>) -> Section {
    let whole = sheet.at("/ticket");
    let mut facts = sheet.facts(
        whole,
        &[
            "filed_at",
            "category",
            "urgency",
            "quantity_short",
            "remaining_quantity",
            "unit",
            "days_of_stock",
            "order_refs",
            "contact",
            "rating",
        ],
    );
    for flag in ["historic", "no_contact", "owes_promise"] {
        if whole.get(flag) == Some(&Value::Bool(true)) {
            facts.extend(sheet.facts(whole, &[flag]));
        }
    }
    facts.extend(sheet.facts(sheet.at("/ticket/stopped"), &["stopped_at", "expected_end"]));
    facts.extend(sheet.facts(whole, &["description"]));
    section(sheet, "section-ticket", vec![Block::Facts(facts)])
}

fn parties(sheet: &Sheet<'_>) -> Section {
    let party = |role: &str| {
        let house = sheet.at("/ticket").get(role)?;
        let name = sheet.value("name", house.get("name")?)?;
        let division = house.get("division").and_then(Value::as_str).unwrap_or_default();
        Some(Fact { label: sheet.named("role", role), value: format!("{name} ({division})") })
    };
    let mut facts: Vec<Fact> =
        ["hospital", "manufacturer", "distributor"].iter().filter_map(|role| party(role)).collect();
    let product = sheet.at("/ticket/product");
    let labels = sheet.head(&["product", "product_code"]);
    let parts = ["name", "form", "specification"]
        .iter()
        .filter_map(|part| sheet.value(part, product.get(*part)?));
    let values = [parts.collect::<Vec<_>>().join(" · "), sheet.text("/ticket/product/code")];
    facts.extend(labels.into_iter().zip(values).map(|(label, value)| Fact { label, value }));
    section(sheet, "section-parties", vec![Block::Facts(facts)])
}

fn deadlines(sheet: &Sheet<'_>) -> Section {
    let days = sheet.list("/calendar/days");
    let mut blocks = vec![Block::Note(sheet.word("note-deadlines"))];
    for deadline in sheet.list("/ticket/deadlines") {
        let kind = deadline.get("kind").and_then(Value::as_str).unwrap_or_default();
        blocks.push(Block::Heading(sheet.named("deadline", kind)));
        let mut facts = sheet.facts(deadline, &["status", "due_at", "met_at", "late_working_days"]);
        if deadline.get("provisional") == Some(&Value::Bool(true)) {
            facts.extend(sheet.facts(deadline, &["provisional"]));
        }
        let rest = ["policy_version", "calendar_version", "sentence"];
        facts.extend(sheet.facts(deadline, &rest));
        blocks.push(Block::Facts(facts));
        let explained = deadline.get("explanation").and_then(Value::as_array);
        let rows = explained_days(sheet, explained.map(Vec::as_slice).unwrap_or_default(), days);
        blocks.push(sheet.table(&["date", "weekday", "day_kind", "counted", "holiday"], rows));
    }
    section(sheet, "section-deadlines", blocks)
}

/// The days of an explanation; the documents that make them what they are stand with the calendar.
fn explained_days(sheet: &Sheet<'_>, explained: &[Value], days: &[Value]) -> Vec<Vec<Vec<String>>> {
    let is_counted = |day: &Value| day.get("counted") == Some(&Value::Bool(true));
    // Elapsed hours count from the first day on, so there is no n-th day to number.
    let is_elapsed = explained.first().is_some_and(is_counted);
    let mut number = 0;
    let row = |day: &Value| {
        let date = day.get("date").and_then(Value::as_str).unwrap_or_default();
        let kind = day.get("kind").and_then(Value::as_str).unwrap_or_default();
        let counted = match (is_counted(day), is_elapsed) {
            (true, true) => sheet.word("page-yes"),
            (true, false) => {
                number += 1;
                number.to_string()
            }
            (false, _) => "–".to_owned(),
        };
        let named = days.iter().find(|named| named.get("date") == day.get("date"));
        let holiday = named.map(|named| sheet.cell(named, "name")).unwrap_or_default();
        let weekday: Option<chrono::NaiveDate> = date.parse().ok();
        let weekday = weekday.map(|date| {
            use chrono::Datelike as _;
            sheet.named("weekday", &date.weekday().number_from_monday().to_string())
        });
        vec![
            vec![date.to_owned()],
            weekday.into_iter().collect(),
            vec![sheet.named("day", kind)],
            vec![counted],
            holiday,
        ]
    };
    explained.iter().map(row).collect()
}

fn promises(sheet: &Sheet<'_>) -> Section {
    let columns = [
        "version",
        "at",
        "by",
        "promised_on",
        "promised_quantity",
        "cause",
        "late",
        "note",
        "contact",
    ];
    let promises = sheet.list("/ticket/promises").iter();
    let rows = promises.map(|one| columns.map(|column| sheet.cell(one, column)).to_vec());
    let table = sheet.table(&columns, rows.collect());
    section(sheet, "section-promises", vec![table])
}

fn requests(sheet: &Sheet<'_>) -> Section {
    let columns =
        ["ordinal", "at", "on", "day", "reason", "bureau", "verdict", "decided_at", "decision"];
    let row = |one: &Value| {
        let waits = one.get("verdict").is_none_or(Value::is_null);
        let cell = |column: &str| match column {
            "verdict" if waits => vec![sheet.word("page-waits")],
            _ => sheet.cell(one, column),
        };
        columns.map(cell).to_vec()
    };
    let rows = sheet.list("/ticket/requests").iter().map(row);
    let table = sheet.table(&columns, rows.collect());
    section(sheet, "section-requests", vec![table])
}

fn escalations(sheet: &Sheet<'_>) -> Section {
    let mut blocks = Vec::new();
    for one in sheet.list("/ticket/escalations") {
        let level = one.get("level").and_then(Value::as_str).unwrap_or_default();
        blocks.push(Block::Heading(sheet.named("level", level)));
        let fields = [
            "bureau",
            "round",
            "opened_at",
            "reasons",
            "acknowledged_at",
            "closed_at",
            "conclusion",
        ];
        blocks.push(Block::Facts(sheet.facts(one, &fields)));
        let measures = one.get("measures").and_then(Value::as_array);
        let row = |measure: &Value| {
            let kind = measure.get("kind").and_then(Value::as_str).unwrap_or_default();
            vec![
                sheet.cell(measure, "ordinal"),
                sheet.cell(measure, "at"),
                vec![sheet.named("measure", kind)],
                sheet.cell(measure, "text"),
                sheet.cell(measure, "due_on"),
            ]
        };
        let rows: Vec<_> = measures.into_iter().flatten().map(row).collect();
        if !rows.is_empty() {
            blocks.push(sheet.table(&["ordinal", "at", "measure", "text", "due_on"], rows));
        }
    }
    if blocks.is_empty() {
        blocks.push(Block::Note(sheet.word("page-none")));
    }
    section(sheet, "section-escalations", blocks)
}
