//! Reading JSON strictly: what two parsers might read differently is not read at all.
//!
//! **Never** repairs: a key twice, a byte order mark, a lone surrogate or a list where an object
//! belongs is refused; what is well formed but wrong is refused with its field.

use std::collections::HashSet;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use crate::service::Error;

/// Reads a body.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(Error::Unreadable("the body is not UTF-8".to_owned()));
    };
    checked::<Plain>(text).map_err(|error| unreadable_unless_field(&error))?;
    checked::<Object<T>>(text).map(|object| object.0).map_err(|error| refused(&error))
}

type PathError = serde_path_to_error::Error<serde_json::Error>;

fn checked<T: DeserializeOwned>(text: &str) -> Result<T, PathError> {
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let path = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    match T::deserialize(path) {
        Ok(value) => match json.end() {
            Ok(()) => Ok(value),
            Err(error) => Err(PathError::new(track.path(), error)),
        },
        Err(error) => Err(PathError::new(track.path(), error)),
    }
}

/// The first pass: everything but an immense number is unreadable.
fn unreadable_unless_field(error: &PathError) -> Error {
    let is_number = error.inner().to_string().starts_with("number out of range");
    if is_number { refused(error) } else { unreadable(error.inner()) }
}

fn unreadable(error: &serde_json::Error) -> Error {
    Error::Unreadable(format!("the body is not one JSON document: {error}"))
}

/// The second pass: well formed, but not what is asked for.
fn refused(error: &PathError) -> Error {
    let (path, message) = (error.path().to_string(), message(error.inner()));
    let path = if path == "." { String::new() } else { path };
    let beginnings = [
        ("missing field", "required"),
        ("unknown field", "unknown_field"),
        ("invalid type: null", "required"),
        ("invalid type", "type"),
        ("invalid value", "out_of_range"),
        ("number out of range", "out_of_range"),
        ("unknown variant", "unknown"),
    ];
    let code =
        beginnings.iter().find(|(start, _)| message.starts_with(start)).map(|(_, code)| *code);
    let Some(code) = code else {
        return match error.inner().classify() {
            Category::Data => Error::invalid(&path, "invalid", message),
            Category::Io | Category::Syntax | Category::Eof => unreadable(error.inner()),
        };
    };
    let names_field = message.starts_with("missing field") || message.starts_with("unknown field");
    let field = if names_field { named(&path, &message) } else { path };
    Error::invalid(if field.is_empty() { "body" } else { &field }, code, message)
}

/// The parser's words without the position, which means nothing to a form.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}

/// The path of the field that the message names between backticks.
fn named(path: &str, message: &str) -> String {
    let name = message.split('`').nth(1).unwrap_or_default();
    let last = path.rsplit('.').next().unwrap_or_default();
    match (path.is_empty(), last == name) {
        (true, _) => name.to_owned(),
        (false, true) => path.to_owned(),
        (false, false) => format!("{path}.{name}"),
    }
}

/// An object, and never a list of its values in order.
#[derive(Debug, Clone, Default, serde::Serialize)]
#[serde(transparent)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// Any JSON without a key twice; the values are let go.
struct Plain;

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Plain;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_str<E>(self, _: &str) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_unit<E>(self) -> Result<Plain, E> {
        Ok(Plain)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Plain, A::Error> {
        while seq.next_element::<Plain>()?.is_some() {}
        Ok(Plain)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Plain, A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if seen.contains(&key) {
                map.next_value::<IgnoredAny>()?;
                return Err(A::Error::custom(format!("the key `{key}` stands there twice")));
            }
            map.next_value::<Plain>()?;
            seen.insert(key);
        }
        Ok(Plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its reading is tested")]
    struct Sample {
        count: i64,
        contact: Object<Inner>,
        #[serde(default)]
        refs: Vec<String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its reading is tested")]
    struct Inner {
        phone: String,
    }

    fn verdict(text: &str) -> String {
        match parse::<Sample>(text.as_bytes()) {
            Ok(_) => "ok".to_owned(),
            Err(Error::Unreadable(_)) => "400".to_owned(),
            Err(Error::Invalid(fields)) => format!("{} {}", fields[0].field, fields[0].code),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn what_is_not_one_document_is_unreadable() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for text in [
            "",
            "{",
            "NaN",
            "\u{feff}{}",
            r#"{"count":1,"count":2}"#,
            r#"{"count":1,"contact":{"phone":"1","phone":"2"}}"#,
            r#"{"count":"\ud800"}"#,
            r#"{"count":1}{}"#,
            &deep,
        ] {
            assert_eq!(verdict(text), "400", "{text:.60}");
        }
        assert!(matches!(parse::<Sample>(b"{\"a\xff\":1}"), Err(Error::Unreadable(_))));
    }

    #[test]
    fn what_is_wrong_names_its_field() {
        for (text, expected) in [
            (r#"{"count":1,"contact":{"phone":"1"}}"#, "ok"),
            (r#"{"contact":{"phone":"1"}}"#, "count required"),
            (r#"{"count":1,"contact":{}}"#, "contact.phone required"),
            (r#"{"count":1,"contact":{"phone":"1","role":1}}"#, "contact.role unknown_field"),
            (r#"{"count":1,"role":"admin","contact":{"phone":"1"}}"#, "role unknown_field"),
            (r#"{"count":"5","contact":{"phone":"1"}}"#, "count type"),
            (r#"{"count":5.5,"contact":{"phone":"1"}}"#, "count type"),
            (r#"{"count":null,"contact":{"phone":"1"}}"#, "count required"),
            (r#"{"count":9223372036854775808,"contact":{"phone":"1"}}"#, "count out_of_range"),
            (r#"{"count":1e400,"contact":{"phone":"1"}}"#, "count out_of_range"),
            (r#"{"count":1,"contact":["1"]}"#, "contact type"),
            (r#"{"count":1,"contact":{"phone":"1"},"refs":["a",2]}"#, "refs[1] type"),
            ("[1,{\"phone\":\"1\"}]", "body type"),
            ("5", "body type"),
        ] {
            assert_eq!(verdict(text), expected, "{text}");
        }
    }
}
