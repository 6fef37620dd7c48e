//! From a row of a list, as the API shows it, to the cells of a table.
//!
//! **Never** fails: what a row leaves out is an empty cell.

use chrono::{DateTime, FixedOffset};
use serde_json::Value;

use crate::domain::calendar::{local_date, local_time};
use crate::domain::export::{Column, Form};
use crate::domain::words::{Words, YES_NO};
use crate::sheet::table::Cell;

/// Between the entries of a cell.
const SEPARATOR: &str = "；";

/// The cell of a column.
pub(super) fn cell(row: &Value, column: &Column) -> Cell {
    let value = column.code.split('.').try_fold(row, step);
    value.map_or(Cell::Empty, |value| shown(value, column.form))
}

/// One step of a column's code.
fn step<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(members) => members.get(name),
        Value::Array(items) if name == "last" => items.last(),
        Value::Array(items) => items.iter().rev().find(|item| item["kind"] == name),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn shown(value: &Value, form: Form) -> Cell {
    let read = match form {
        Form::Number => value.as_f64().map(Cell::Number),
        Form::Share => value.as_f64().map(Cell::Share),
        Form::Instant => value.as_str().and_then(|text| text.parse().ok()).map(instant),
        Form::Date => value.as_str().and_then(|text| text.parse().ok()).map(Cell::Date),
        Form::Text | Form::YesNo | Form::Word(_) | Form::Texts | Form::Entries(_) => {
            Some(text(value, form)).filter(|text| !text.is_empty()).map(Cell::Text)
        }
    };
    read.unwrap_or(Cell::Empty)
}

fn instant(at: DateTime<FixedOffset>) -> Cell {
    let at = at.to_utc();
    Cell::Instant(local_date(at).and_time(local_time(at)))
}

fn text(value: &Value, form: Form) -> String {
    match (value, form) {
        (Value::String(word), Form::Word(words)) => named(word, words),
        (Value::Bool(yes), Form::YesNo) => named(if *yes { "yes" } else { "no" }, YES_NO),
        (Value::Array(items), Form::Texts) => {
            let texts = items.iter().map(|item| text(item, Form::Text));
            texts.collect::<Vec<_>>().join(SEPARATOR)
        }
        (Value::Array(items), Form::Entries(parts)) => {
            let entries = items.iter().map(|item| entry(item, parts));
            entries.collect::<Vec<_>>().join(SEPARATOR)
        }
        (Value::String(text), _) => text.clone(),
        (Value::Number(number), _) => number.to_string(),
        (Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_), _) => String::new(),
    }
}

fn entry(item: &Value, parts: &[(&str, Form)]) -> String {
    let part = |(name, form): &(&str, Form)| item.get(name).map(|value| text(value, *form));
    let given = parts.iter().filter_map(part).filter(|text| !text.is_empty());
    given.collect::<Vec<_>>().join(" ")
}

fn named(word: &str, words: Words) -> String {
    let found = words.iter().find(|(known, _)| *known == word);
    found.map_or(word, |(_, name)| name).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::words::{CAUSES, MEASURES, STATES};

    fn check(code: &'static str, form: Form, expected: &Cell) {
        let row = json!({
            "number": "SQ-1", "state": "solved", "historic": true, "days_of_stock": 3,
            "hospital": {"name": "甲"}, "filed_at": "2026-02-13T10:30:59+08:00",
            "order_refs": ["A", "B"], "rate": null, "share": 0.5,
            "deadlines": [{"kind": "reply", "status": "met"}, {"kind": "promise", "status": "x"},
                          {"kind": "promise", "status": "missed"}],
            "promises": [{"on": "2026-02-24", "cause": "cost"}],
            "measures": [{"kind": "remind", "text": "尽快", "due_on": null},
                         {"kind": "warn", "text": "限期", "due_on": "2026-03-02"}],
        });
        let column = Column { code, heading: "", form };
        assert_eq!(cell(&row, &column), *expected, "{code}");
    }

    #[test]
    fn a_column_is_found_in_the_row() {
        let text = |text: &str| Cell::Text(text.to_owned());
        check("number", Form::Text, &text("SQ-1"));
        check("hospital.name", Form::Text, &text("甲"));
        check("state", Form::Word(STATES), &text("待确认"));
        check("historic", Form::YesNo, &text("是"));
        check("days_of_stock", Form::Number, &Cell::Number(3.0));
        check("share", Form::Share, &Cell::Share(0.5));
        check("rate", Form::Share, &Cell::Empty);
        check("order_refs", Form::Texts, &text("A；B"));
        check("deadlines.promise.status", Form::Text, &text("missed"));
        check("deadlines.resolve.status", Form::Text, &Cell::Empty);
        check("promises.last.cause", Form::Word(CAUSES), &text("成本倒挂"));
        let at = "2026-02-13T10:30:59".parse().expect("a time");
        check("filed_at", Form::Instant, &Cell::Instant(at));
        let on = "2026-02-24".parse().expect("a date");
        check("promises.last.on", Form::Date, &Cell::Date(on));
        let parts = &[("kind", Form::Word(MEASURES)), ("text", Form::Text), ("due_on", Form::Text)];
        check("measures", Form::Entries(parts), &text("提醒 尽快；预警 限期 2026-03-02"));
        for unknown in ["summary", "number.x", "promises.first.cause"] {
            check(unknown, Form::Text, &Cell::Empty);
        }
    }
}
