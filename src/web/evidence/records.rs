//! What happened, what was written, what was added, and what was sent.
//!
//! **Never** leaves an entry out: what is not here is not in the document.

use serde_json::{Value, json};

use super::sheet::{Block, Section, Sheet};

/// The timeline, the conversation, the files and the deliveries.
pub(super) fn all(sheet: &Sheet<'_>) -> Vec<Section> {
    vec![timeline(sheet), messages(sheet), attachments(sheet), deliveries(sheet)]
}

fn word<'a>(one: &'a Value, field: &str) -> &'a str {
    one.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn timeline(sheet: &Sheet<'_>) -> Section {
    let row = |one: &Value| {
        let by = sheet.cell(one, "by");
        vec![
            sheet.cell(one, "sequence"),
            sheet.cell(one, "at"),
            vec![sheet.named("event", word(one, "kind"))],
            if by.is_empty() { vec![sheet.word("page-clock")] } else { by },
            sheet.lines(one.get("data").unwrap_or(&Value::Null)),
        ]
    };
    let rows = sheet.list("/timeline").iter().map(row).collect();
    let table = sheet.table(&["sequence", "at", "event", "by", "data"], rows);
    let note = Block::Note(sheet.word("note-timeline"));
    Section { title: sheet.word("section-timeline"), blocks: vec![note, table] }
}

fn messages(sheet: &Sheet<'_>) -> Section {
    let columns = ["sequence", "at", "by", "audience", "body"];
    let row = |one: &Value| columns.map(|column| sheet.cell(one, column)).to_vec();
    let table = sheet.table(&columns, sheet.list("/messages").iter().map(row).collect());
    let note = Block::Note(sheet.word("note-messages"));
    Section { title: sheet.word("section-messages"), blocks: vec![note, table] }
}

fn attachments(sheet: &Sheet<'_>) -> Section {
    let row = |one: &Value| {
        vec![
            sheet.cell(one, "sequence"),
            sheet.cell(one, "at"),
            sheet.cell(one, "by"),
            vec![sheet.named("evidence", word(one, "kind"))],
            [sheet.cell(one, "name"), vec![word(one, "media_type").to_owned()]].concat(),
            [sheet.cell(one, "bytes"), sheet.cell(one, "sha256")].concat(),
        ]
    };
    let rows = sheet.list("/attachments").iter().map(row).collect();
    let table = sheet.table(&["sequence", "at", "by", "proves", "file", "bytes_sha256"], rows);
    let note = Block::Note(sheet.word("note-attachments"));
    Section { title: sheet.word("section-attachments"), blocks: vec![note, table] }
}

fn deliveries(sheet: &Sheet<'_>) -> Section {
    let row = |one: &Value| {
        vec![
            sheet.cell(one, "event"),
            vec![sheet.named("told", word(one, "kind"))],
            vec![sheet.named("channel", word(one, "channel"))],
            [sheet.cell(one, "recipient"), sheet.cell(one, "address")].concat(),
            vec![sheet.named("delivery", word(one, "state"))],
            // When it was to be sent: no deadline, whatever the field is called.
            sheet.cell(&json!({ "at": one.get("due_at") }), "at"),
            sheet.cell(one, "finished_at"),
            sheet.cell(one, "attempts"),
            sheet.cell(one, "response"),
        ]
    };
    let rows = sheet.list("/deliveries").iter().map(row).collect();
    let columns = [
        "event_number",
        "notice",
        "channel",
        "recipient",
        "delivery",
        "send_at",
        "finished_at",
        "attempts",
        "response",
    ];
    let note = Block::Note(sheet.word("note-deliveries"));
    let blocks = vec![note, sheet.table(&columns, rows)];
    Section { title: sheet.word("section-deliveries"), blocks }
}
