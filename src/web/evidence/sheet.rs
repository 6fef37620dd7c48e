//! The document as it is put on paper: labels, values in words, tables.
//!
//! **Never** writes HTML: everything is text, and the template escapes it.

use std::collections::HashMap;

use chrono::DateTime;
use serde_json::{Map, Value};

use super::super::words;
use crate::domain::explanation::local_due;
use crate::domain::party::Language;

/// A label and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct Fact {
    pub(in crate::web) label: String,
    pub(in crate::web) value: String,
}

/// A part of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) enum Block {
    /// A title within the section.
    Heading(String),
    /// Labels and values.
    Facts(Vec<Fact>),
    /// Rows of cells, each of one or more lines.
    Table { head: Vec<String>, rows: Vec<Vec<Vec<String>>> },
    /// Something to be known.
    Note(String),
}

/// A part of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct Section {
    pub(in crate::web) title: String,
    pub(in crate::web) blocks: Vec<Block>,
}

/// A document with the words of a language.
pub(in crate::web) struct Sheet<'a> {
    document: &'a Value,
    language: Language,
    /// The names of everything that has an id and a name.
    names: HashMap<&'a str, &'a str>,
}

impl<'a> Sheet<'a> {
    pub(in crate::web) fn of(document: &'a Value, language: Language) -> Self {
        let mut names = HashMap::new();
        collect(document, &mut names);
        Self { document, language, names }
    }

    /// The word under a key; the key itself where there is none, which a test excludes.
    pub(in crate::web) fn word(&self, key: &str) -> String {
        words::text(self.language, key).unwrap_or_else(|| key.to_owned())
    }

    /// What a word of the API is called; the word itself where it has no other name.
    pub(in crate::web) fn named(&self, group: &str, word: &str) -> String {
        words::text(self.language, &format!("{group}-{word}")).unwrap_or_else(|| word.to_owned())
    }

    /// The words of the language, for texts with values in them.
    pub(in crate::web) fn words(&self) -> words::Words {
        words::Words(self.language)
    }

    /// The text at a pointer.
    pub(in crate::web) fn text(&self, pointer: &str) -> String {
        self.document.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// What stands at a pointer.
    pub(in crate::web) fn at(&self, pointer: &str) -> &'a Value {
        self.document.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The items of the list at a pointer.
    pub(in crate::web) fn list(&self, pointer: &str) -> &'a [Value] {
        self.at(pointer).as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// The labels of columns.
    pub(in crate::web) fn head(&self, fields: &[&str]) -> Vec<String> {
        fields.iter().map(|field| self.named("field", field)).collect()
    }

    /// These fields of an object, with their labels; what is absent is left out.
    pub(in crate::web) fn facts(&self, object: &Value, fields: &[&str]) -> Vec<Fact> {
        let fact = |field: &&str| {
            let value = self.value(field, object.get(*field)?)?;
            Some(Fact { label: self.named("field", field), value })
        };
        fields.iter().filter_map(fact).collect()
    }

    /// A field as a cell; date and time of an instant stand below each other.
    pub(in crate::web) fn cell(&self, object: &Value, field: &str) -> Vec<String> {
        let Some(text) = object.get(field).and_then(|value| self.value(field, value)) else {
            return Vec::new();
        };
        match text.split_once(' ') {
            Some((date, time)) if is_instant(field) => vec![date.to_owned(), time.to_owned()],
            Some(_) | None => vec![text],
        }
    }

    /// Every member of an object, a line each.
    pub(in crate::web) fn lines(&self, object: &Value) -> Vec<String> {
        let members = object.as_object().map(Map::iter).into_iter().flatten();
        let colon = self.word("page-colon");
        let line = |(field, value): (&String, &Value)| {
            let value = self.value(field, value)?;
            Some(format!("{}{colon}{value}", self.named("field", field)))
        };
        members.filter_map(line).collect()
    }

    /// A table without rows is a note.
    pub(in crate::web) fn table(&self, fields: &[&str], rows: Vec<Vec<Vec<String>>>) -> Block {
        if rows.is_empty() {
            return Block::Note(self.word("page-none"));
        }
        Block::Table { head: self.head(fields), rows }
    }

    /// A value in words; nothing for what is empty.
    pub(in crate::web) fn value(&self, field: &str, value: &Value) -> Option<String> {
        let text = match value {
            Value::Null => return None,
            Value::Bool(true) => self.word("page-yes"),
            Value::Bool(false) => self.word("page-no"),
            Value::Number(number) => number.to_string(),
            Value::String(text) => self.string(field, text),
            Value::Array(items) => {
                let items: Vec<_> =
                    items.iter().filter_map(|item| self.value(field, item)).collect();
                items.join(&self.word("page-and"))
            }
            Value::Object(members) => self.object(members),
        };
        Some(text).filter(|text| !text.is_empty())
    }

    fn string(&self, field: &str, text: &str) -> String {
        let name = || self.names.get(text).copied().unwrap_or(text).to_owned();
        match field {
            // What an act names as evidence is files; what a file proves is a word.
            "evidence" if self.names.contains_key(text) => name(),
            "bureau" | "distributor" | "before" | "attachment" => name(),
            _ => match group(field) {
                Some(group) => self.named(group, text),
                None if is_instant(field) => instant(field, text),
                None => text.to_owned(),
            },
        }
    }

    fn object(&self, members: &Map<String, Value>) -> String {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        match (text("name"), text("phone"), text("organisation")) {
            (Some(name), Some(phone), _) => format!("{name} {phone}"),
            (Some(name), None, Some(house)) => format!("{name} · {house}"),
            (Some(name), None, None) => name.to_owned(),
            (None, _, _) => {
                let told: Vec<String> =
                    members.iter().filter_map(|(field, value)| self.value(field, value)).collect();
                told.join(" ")
            }
        }
    }
}

/// Which words a field is one of.
fn group(field: &str) -> Option<&'static str> {
    Some(match field {
        "category" => "category",
        "cause" => "cause",
        "urgency" => "urgency",
        "deadline" | "deadlines" => "deadline",
        "level" | "joined" => "level",
        "audience" => "audience",
        "evidence" => "evidence",
        "measure" => "measure",
        "on" | "topic" => "topic",
        "verdict" => "ruling",
        "result" => "result",
        "rating" => "rating",
        "status" => "status",
        "because" => "because",
        "role" => "role",
        "resolve_from" => "from",
        "calendar_layer" => "calendar_layer",
        "categories" => "category",
        "channels" => "channel",
        "told" => "told_party",
        // Of a reason of an escalation; other kinds are named where they are shown.
        "kind" => "reason",
        _ => return None,
    })
}

fn is_instant(field: &str) -> bool {
    field == "at" || field.ends_with("_at")
}

/// True for a date, a number or a word, which is not broken over lines.
pub(in crate::web) fn is_short(line: &str) -> bool {
    line.chars().count() <= 4 || (line.len() <= 10 && line.is_ascii())
}

/// An instant in Beijing time. What is due at midnight is due at 24:00 of the day before.
fn instant(field: &str, text: &str) -> String {
    let Ok(at) = DateTime::parse_from_rfc3339(text) else { return text.to_owned() };
    let is_due = field.starts_with("due_") || field.starts_with("missed_");
    if is_due { local_due(at.to_utc()) } else { at.format("%Y-%m-%d %H:%M:%S").to_string() }
}

fn collect<'a>(value: &'a Value, names: &mut HashMap<&'a str, &'a str>) {
    match value {
        Value::Object(members) => {
            let text = |name: &str| members.get(name).and_then(Value::as_str);
            if let Some((id, name)) = text("id").zip(text("name")) {
                names.insert(id, name);
            }
            members.values().for_each(|member| collect(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
