//! Judging a body's values, all at once: a form wants every mistake marked, not the first.
//!
//! **Never** lets a value pass because an earlier one was refused.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as WordError, StrDeserializer};
use uuid::Uuid;

use crate::domain::code::{self, CodeError};
use crate::domain::party::Division;
use crate::domain::text::{self, TextError};
use crate::service::{Error, FieldError};

/// Quantities lie between these.
pub(super) const QUANTITY: RangeInclusive<i64> = 1..=1_000_000_000;
const YEARS: RangeInclusive<i32> = 2000..=2100;

/// Gathers what is wrong. Values of refused fields are stand-ins that [`Check::done`] never lets
/// out.
#[derive(Debug, Default)]
pub(super) struct Check {
    refused: Vec<FieldError>,
}

impl Check {
    /// Everything checked was right, or all that was not.
    pub(super) fn done<T>(self, value: T) -> Result<T, Error> {
        if self.refused.is_empty() { Ok(value) } else { Err(Error::Invalid(self.refused)) }
    }

    /// Refuses a field.
    pub(super) fn refuse(&mut self, field: &str, code: &str, message: impl Into<String>) {
        self.refused.push(FieldError::new(field, code, message));
    }

    /// One line of text.
    pub(super) fn line(&mut self, field: &str, value: &str, longest: usize) -> String {
        self.text(field, text::line(value, longest))
    }

    /// Lines of text.
    pub(super) fn block(&mut self, field: &str, value: &str, longest: usize) -> String {
        self.text(field, text::block(value, longest))
    }

    /// Lines of text that may be left out; an empty one is none.
    pub(super) fn optional_block(
        &mut self,
        field: &str,
        value: Option<&str>,
        longest: usize,
    ) -> Option<String> {
        match text::block(value?, longest) {
            Err(TextError::Required) => None,
            text => Some(self.text(field, text)),
        }
    }

    fn text(&mut self, field: &str, text: Result<String, TextError>) -> String {
        text.unwrap_or_else(|error| {
            self.refuse(field, error.code(), error.to_string());
            String::new()
        })
    }

    /// A number within bounds.
    pub(super) fn number(&mut self, field: &str, value: i64, range: RangeInclusive<i64>) -> i64 {
        if !range.contains(&value) {
            let message = format!("between {} and {}", range.start(), range.end());
            self.refuse(field, "out_of_range", message);
        }
        value
    }

    /// A date the calendar knows.
    pub(super) fn date(&mut self, field: &str, value: &str) -> NaiveDate {
        match date(value) {
            Ok(date) => date,
            Err((code, message)) => {
                self.refuse(field, code, message);
                NaiveDate::MIN
            }
        }
    }

    /// One of a set of words; `None` when it was refused.
    pub(super) fn word<T: DeserializeOwned>(&mut self, field: &str, value: &str) -> Option<T> {
        let word = word(value);
        if word.is_none() {
            self.refuse(field, "unknown", "this is not one of the possible values");
        }
        word
    }

    /// A mail address.
    pub(super) fn email(&mut self, field: &str, value: &str) -> String {
        let value = self.line(field, value, 254);
        if !value.is_empty() && !text::is_email(&value) {
            self.refuse(field, "email", "one mail address like name@example.com");
        }
        value
    }

    /// A division's code; `None` when it was refused.
    pub(super) fn division(&mut self, field: &str, value: &str) -> Option<Division> {
        let read = Division::parse(&code::folded(value));
        read.map_err(|error| self.refuse(field, "division", error.to_string())).ok()
    }

    /// A national code.
    pub(super) fn code(
        &mut self,
        field: &str,
        value: &str,
        read: impl FnOnce(&str) -> Result<String, CodeError>,
    ) -> String {
        read(value).unwrap_or_else(|error| {
            self.refuse(field, error.code(), error.to_string());
            String::new()
        })
    }

    /// An id; `None` when it was refused.
    pub(super) fn id(&mut self, field: &str, value: &str) -> Option<Uuid> {
        let id = super::query::uuid(value.trim());
        if id.is_none() {
            self.refuse(field, "id", "this is not an id");
        }
        id
    }

    /// A telephone number: a Chinese mobile, or a landline.
    pub(super) fn phone(&mut self, field: &str, value: &str) -> String {
        let value = self.line(field, value, 20);
        if !value.is_empty() && !text::is_phone(&value) {
            let message = "a mobile like 13800000000, or a landline like 0531-88888888";
            self.refuse(field, "phone", message);
        }
        value
    }
}

/// One of a set of words.
pub(super) fn word<T: DeserializeOwned>(value: &str) -> Option<T> {
    let deserializer: StrDeserializer<'_, WordError> = value.into_deserializer();
    // An owned type may ask for any shape; the words ask for a string.
    T::deserialize(deserializer).ok()
}

/// `YYYY-MM-DD` within the years of the calendar, or the code and message of its refusal.
pub(super) fn date(value: &str) -> Result<NaiveDate, (&'static str, &'static str)> {
    use chrono::Datelike as _;
    let shape = |(at, byte): (usize, u8)| {
        if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() }
    };
    let is_shaped = value.len() == 10 && value.bytes().enumerate().all(shape);
    match value.parse::<NaiveDate>() {
        Ok(date) if is_shaped && YEARS.contains(&date.year()) => Ok(date),
        Ok(_) if is_shaped => Err(("out_of_range", "between 2000-01-01 and 2100-12-31")),
        Ok(_) | Err(_) => Err(("date", "a date like 2026-02-13")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ticket::Category;

    #[test]
    fn every_mistake_is_told() {
        let mut check = Check::default();
        check.line("a", " ", 5);
        check.number("b", 0, QUANTITY);
        check.date("c", "1999-12-31");
        check.word::<Category>("d", "tea");
        let Err(Error::Invalid(fields)) = check.done(()) else { panic!("refused") };
        let codes: Vec<_> = fields.iter().map(|field| field.code.as_str()).collect();
        assert_eq!(codes, ["required", "out_of_range", "out_of_range", "unknown"]);
    }

    #[test]
    fn a_date_has_ten_characters() {
        assert!(date("2026-02-28").is_ok());
        for bad in ["2026-02-30", "26-02-28", "2026-2-28", "2026-02-28T00:00:00Z", "+2026-02-1", ""]
        {
            assert_eq!(date(bad).map_err(|(code, _)| code), Err("date"), "{bad}");
        }
        assert_eq!(date("2101-01-01").map_err(|(code, _)| code), Err("out_of_range"));
    }
}
