//! Forms of pages: what was typed, and the same as the body that the API would get.
//!
//! A form's fields have the names of the API's, `contact.name` being `name` inside `contact`, so
//! that one reader judges both. A field whose name begins with `_` belongs to the page.
//!
//! **Never** lets a field pass that the API would refuse.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::{FromRequest, HttpRequest};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization as _;

use super::auth::SignedIn;
use super::check::Check;
use super::error::Problem;
use super::extract::{self, Form, Write};
use super::query::decoded;
use crate::service::{Error, FieldError};

/// More fields than any form has.
const MOST_FIELDS: usize = 2_000;
/// The field that makes a repetition harmless.
const KEY: &str = "_key";

/// The version of what a page showed, where its form replaces that.
const VERSION: &str = "_version";

/// Whole numbers.
const NUMBERS: [&str; 9] = [
    "agreed_quantity",
    "quantity_short",
    "days_of_stock",
    "promised_quantity",
    "delivered_quantity",
    "remaining_quantity",
    "advance_working_days",
    "version",
    "port",
];
/// Yes or no.
const FLAGS: [&str; 3] = ["dry_run", "granted", "enabled"];
/// Pairs that are typed line by line, like `filed=SMS_1`.
const PAIRS: [&str; 1] = ["templates"];
/// Fields that may stand there several times.
const LISTS: [&str; 2] = ["evidence", "tickets"];
/// Lists that are typed line by line.
const LINES: [&str; 1] = ["order_refs"];
/// Fields that are left out when nothing was typed.
const OPTIONAL: [&str; 29] = [
    "comment",
    "credit_code",
    "distributor_id",
    "email",
    "expires_on",
    "hospital_id",
    "institution_code",
    "organisation_id",
    "phone",
    "province",
    "territory",
    "days_of_stock",
    "due_on",
    "evidence",
    "follows",
    "manufacturer_id",
    "note",
    "order_refs",
    "promised_quantity",
    "rating",
    "remaining_quantity",
    "tickets",
    "username",
    "password",
    "url",
    "secret",
    "signature",
    "app",
    "templates",
];

/// What was typed into a form, field by field.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed(Vec<(String, String)>);

impl Typed {
    /// Reads a form as browsers send it, up to so many bytes.
    ///
    /// # Errors
    /// A [`Problem`] for another type, for what is not UTF-8 and for too many fields.
    pub(super) async fn receive(
        headers: &HeaderMap,
        payload: Payload,
        most: usize,
    ) -> Result<Self, Problem> {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !is_form(kind.unwrap_or_default()) {
            return Err(Problem::new("unsupported_type", "send the form as a browser does"));
        }
        let body = extract::bytes(headers, payload, most).await?;
        let unreadable = |_error| Problem::new("unreadable", "the form is not UTF-8");
        Self::parse(std::str::from_utf8(&body).map_err(unreadable)?)
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        if pairs.clone().count() > MOST_FIELDS {
            return Err(Problem::new("too_large", format!("at most {MOST_FIELDS} fields")));
        }
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(name)?, decoded(value)?))
        };
        let pairs = pairs.map(pair).collect::<Result<_, Error>>()?;
        Ok(Self(pairs))
    }

    /// What was typed into a field; nothing, where it is missing.
    pub(super) fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    /// What was typed into a field.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// True when a field, of several with the name, has this value.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(known, typed)| known == name && typed == value)
    }

    /// Every value of a field that may stand there several times.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let own = self.0.iter().filter(|(known, _)| known == name);
        own.map(|(_, value)| value.as_str()).collect()
    }

    /// Everything that was sent, in its order.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The fields of the API alone, in their order.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs.filter(|(name, _)| !name.starts_with('_'))
    }

    /// Checks that nothing else was sent, and nothing twice; for forms that no reader judges.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the others.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Error> {
        let mut check = Check::default();
        let mut seen = Vec::new();
        for (name, _) in self.fields() {
            if !known.contains(&name) {
                check.refuse(name, "unknown_field", "there is no such field here");
            } else if seen.contains(&name) {
                check.refuse(name, "repeated", "this field may be given once");
            }
            seen.push(name);
        }
        check.done(())
    }

    /// The same, out of pairs that were kept.
    pub(super) fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The body that the API would get, and what is wrong with numbers already: those are stand-ins
    /// in the body, so that the rest can be judged, too.
    fn body(&self) -> (Value, Vec<FieldError>) {
        let (mut body, mut refused) = (Map::new(), Vec::new());
        for (name, typed) in self.fields() {
            if is_blank(typed) && OPTIONAL.contains(&name) {
                continue;
            }
            let value = value(name, typed, &mut refused);
            let (object, name) = match name.split_once('.') {
                Some((outer, inner)) => {
                    let outer = body.entry(outer).or_insert_with(|| Value::Object(Map::new()));
                    match outer.as_object_mut() {
                        Some(object) => (object, inner),
                        None => continue,
                    }
                }
                None => (&mut body, name),
            };
            put(object, name, value);
        }
        (Value::Object(body), refused)
    }
}

fn is_form(kind: &str) -> bool {
    let mut parts = kind.split(';').map(str::trim);
    let is_form = parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    let is_utf8 = |part: &str| match part.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        Some(_) | None => true,
    };
    is_form && parts.all(is_utf8)
}

fn is_blank(typed: &str) -> bool {
    typed.trim().is_empty()
}

/// Fields that stand there once more become a list, which the reader refuses where none belongs.
fn put(object: &mut Map<String, Value>, name: &str, value: Value) {
    match object.get_mut(name) {
        None if LISTS.contains(&name) => {
            object.insert(name.to_owned(), Value::Array(vec![value]));
        }
        None => {
            object.insert(name.to_owned(), value);
        }
        Some(Value::Array(items)) => items.push(value),
        Some(earlier) => *earlier = Value::Array(vec![earlier.take(), value]),
    }
}

fn value(name: &str, typed: &str, refused: &mut Vec<FieldError>) -> Value {
    let mut refuse = |code: &str, message: &str| refused.push(FieldError::new(name, code, message));
    if NUMBERS.contains(&name) {
        // Input methods type digits of full width.
        let digits: String = typed.trim().nfkc().collect();
        if digits.is_empty() {
            refuse("required", "this field is required");
            return Value::from(1);
        }
        let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(&digits);
        let is_whole = !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit());
        return match digits.parse::<i64>() {
            Ok(number) => Value::from(number),
            Err(_) => {
                let code = if is_whole { "out_of_range" } else { "type" };
                refuse(code, "a whole number");
                Value::from(1)
            }
        };
    }
    if FLAGS.contains(&name) {
        return match typed {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => {
                refuse("required", "this field is required");
                Value::Bool(false)
            }
        };
    }
    if LINES.contains(&name) {
        let lines = typed.lines().map(str::trim).filter(|line| !line.is_empty());
        return lines.map(Value::from).collect();
    }
    if PAIRS.contains(&name) {
        let pairs = typed.lines().map(str::trim).filter(|line| !line.is_empty());
        let pair = |line: &str| {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            (name.trim().to_owned(), Value::from(value.trim()))
        };
        return Value::Object(pairs.map(pair).collect());
    }
    Value::from(typed)
}

/// A signed-in person's form, sent from one of our pages.
#[derive(Debug, Clone)]
pub(super) struct Post {
    /// Who, and the body that the API would get.
    pub(super) write: Write,
    /// What was typed.
    pub(super) typed: Typed,
    refused: Vec<FieldError>,
}

impl Post {
    /// Reads the body, with what was wrong before it could be read.
    pub(super) fn read<T>(&self, read: impl Fn(&Form) -> Result<T, Error>) -> Result<T, Error> {
        let outcome = read(&self.write.form);
        if self.refused.is_empty() {
            return outcome;
        }
        let mut refused = self.refused.clone();
        match outcome {
            Ok(_) => Err(Error::Invalid(refused)),
            Err(Error::Invalid(more)) => {
                refused.extend(more);
                Err(Error::Invalid(refused))
            }
            Err(other) => Err(other),
        }
    }

    /// Who sent it.
    pub(super) fn signed(&self) -> &SignedIn {
        &self.write.signed
    }
}

impl FromRequest for Post {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let signed = SignedIn::of(&request).await?;
            let typed = Typed::receive(request.headers(), payload, extract::MOST_BYTES).await?;
            let (body, refused) = typed.body();
            let key = typed.find(KEY).filter(|key| extract::is_key(key)).map(str::to_owned);
            let seen = typed.find(VERSION).and_then(|version| version.parse().ok());
            let form = Form::of_page(&request, &body, key).expecting(seen);
            Ok(Self { write: Write { signed, form }, typed, refused })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> (String, Vec<String>) {
        let (body, refused) = Typed::parse(text).expect("a form").body();
        let refused = refused.iter().map(|error| format!("{} {}", error.field, error.code));
        (body.to_string(), refused.collect())
    }

    #[test]
    fn a_form_is_the_body_that_the_api_would_get() {
        for (typed, expected) in [
            ("", "{}"),
            ("reason=a+b%0D%0Ac", r#"{"reason":"a b\r\nc"}"#),
            ("reason=", r#"{"reason":""}"#),
            ("note=&due_on=+", "{}"),
            ("contact.name=%E5%BC%A0&contact.phone=1", r#"{"contact":{"name":"张","phone":"1"}}"#),
            ("quantity_short=500", r#"{"quantity_short":500}"#),
            ("quantity_short=%EF%BC%95%EF%BC%90", r#"{"quantity_short":50}"#),
            ("quantity_short=0500", r#"{"quantity_short":500}"#),
            ("granted=true", r#"{"granted":true}"#),
            ("tickets=a&tickets=b", r#"{"tickets":["a","b"]}"#),
            ("evidence=a", r#"{"evidence":["a"]}"#),
            ("order_refs=a%0D%0A%0D%0Ab", r#"{"order_refs":["a","b"]}"#),
            ("reason=a&reason=b", r#"{"reason":["a","b"]}"#),
            ("_key=1&_back=%2F", "{}"),
            ("contact=x&contact.name=y", r#"{"contact":"x"}"#),
        ] {
            assert_eq!(body(typed), (expected.to_owned(), Vec::new()), "{typed}");
        }
    }

    #[test]
    fn a_number_that_is_none_is_told_and_the_rest_judged() {
        for (typed, code) in [
            ("", "required"),
            ("5.5", "type"),
            ("abc", "type"),
            ("-", "type"),
            ("--5", "type"),
            ("1e400", "type"),
            ("NaN", "type"),
            ("%225%22", "type"),
            ("9223372036854775808", "out_of_range"),
            ("-9999999999999999999", "out_of_range"),
        ] {
            let (body, refused) = body(&format!("quantity_short={typed}"));
            assert_eq!(body, r#"{"quantity_short":1}"#, "{typed}");
            assert_eq!(refused, [format!("quantity_short {code}")], "{typed}");
        }
        assert_eq!(body("granted=maybe").1, ["granted required"]);
    }

    #[test]
    fn only_forms_in_utf_8_are_read() {
        for (kind, expected) in [
            ("application/x-www-form-urlencoded", true),
            ("application/x-www-form-urlencoded; charset=UTF-8", true),
            ("application/x-www-form-urlencoded; charset=gb18030", false),
            ("application/json", false),
            ("", false),
        ] {
            assert_eq!(is_form(kind), expected, "{kind}");
        }
        assert!(Typed::parse("a=%ff").is_err());
        assert!(Typed::parse(&"a&".repeat(MOST_FIELDS + 1)).is_err());
    }
}
