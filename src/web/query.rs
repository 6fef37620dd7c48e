//! Query parameters, read as strictly as a body.
//!
//! **Never** ignores a parameter: one that is unknown, repeated or wrong is refused by its name.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::check::{self, Check};
use super::moment;
use crate::domain::calendar::{at_time, midnight_after};
use crate::service::Error;

/// Rows on a page, unless asked otherwise.
const PAGE_SIZE: u64 = 20;
const MOST_ROWS: u64 = 100;

/// The parameters of a request. Every reading method notes what is wrong, to be told by
/// [`Query::done`] all at once.
#[derive(Debug)]
pub(super) struct Query {
    pairs: Vec<(String, String)>,
    check: Check,
}

impl Query {
    /// Reads a query that may hold the `known` parameters.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when it is not UTF-8.
    pub(super) fn read(raw: &str, known: &[&str]) -> Result<Self, Error> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut check = Check::default();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if !known.contains(&name.as_str()) {
                check.refuse(&name, "unknown_parameter", "there is no such parameter here");
            } else if pairs.iter().any(|(earlier, _)| *earlier == name) {
                check.refuse(&name, "repeated", "this parameter may be given once");
            } else {
                pairs.push((name, value));
            }
        }
        Ok(Self { pairs, check })
    }

    /// Reads the query of a list with these filters.
    ///
    /// # Errors
    /// As [`Query::read`].
    pub(super) fn of_list(raw: &str, filters: &[&str]) -> Result<Self, Error> {
        Self::read(raw, &[filters, &["page_size", "cursor"]].concat())
    }

    /// Everything read was right, or all that was not.
    pub(super) fn done<T>(self, value: T) -> Result<T, Error> {
        self.check.done(value)
    }

    /// The text of a parameter.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every parameter that was given.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (String, String)> {
        self.pairs.iter().cloned()
    }

    /// What somebody searches for; nothing when it is blank.
    pub(super) fn search(&mut self, name: &str) -> Option<String> {
        let value = self.text(name)?.trim().to_owned();
        if value.chars().count() > 200 {
            self.check.refuse(name, "too_long", "at most 200 characters");
        }
        Some(value).filter(|value| !value.is_empty())
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, (&'static str, &'static str)>,
    ) -> Option<T> {
        let read = parse(self.text(name)?);
        match read {
            Ok(value) => Some(value),
            Err((code, message)) => {
                self.check.refuse(name, code, message);
                None
            }
        }
    }

    /// One of a set of words.
    pub(super) fn word<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let unknown = ("unknown", "this is not one of the possible values");
        self.parsed(name, |text| check::word(text).ok_or(unknown))
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.parsed(name, |text| text.parse().map_err(|_error| ("unknown", "true or false")))
    }

    /// An id.
    pub(super) fn id(&mut self, name: &str) -> Option<Uuid> {
        self.parsed(name, |text| uuid(text).ok_or(("unknown", "this is not an id")))
    }

    /// A whole number within bounds.
    pub(super) fn number(
        &mut self,
        name: &str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<i64> {
        self.parsed(name, |text| match text.parse::<i64>() {
            Ok(number) if range.contains(&number) => Ok(number),
            Ok(_) => Err(("out_of_range", "this number is not possible here")),
            Err(_) => Err(("type", "a whole number")),
        })
    }

    /// A day.
    pub(super) fn date(&mut self, name: &str) -> Option<NaiveDate> {
        self.parsed(name, check::date)
    }

    /// An instant.
    pub(super) fn instant(&mut self, name: &str) -> Option<DateTime<Utc>> {
        self.parsed(name, moment::parse)
    }

    /// From an instant, or from the beginning of a local day.
    pub(super) fn from(&mut self, name: &str) -> Option<DateTime<Utc>> {
        self.parsed(name, |text| match check::date(text) {
            Ok(date) => Ok(at_time(date, chrono::NaiveTime::MIN)),
            Err(_) => moment::parse(text),
        })
    }

    /// The end, exclusive, of an instant or a local day that itself still counts.
    pub(super) fn to(&mut self, name: &str) -> Option<DateTime<Utc>> {
        self.parsed(name, |text| match check::date(text) {
            Ok(date) => Ok(midnight_after(date)),
            Err(_) => moment::parse(text).map(|at| at + TimeDelta::milliseconds(1)),
        })
    }

    /// How many rows a page shows.
    pub(super) fn page_size(&mut self) -> u64 {
        let most = i64::try_from(MOST_ROWS).unwrap_or(i64::MAX);
        let size = self.number("page_size", 1..=most);
        size.and_then(|size| u64::try_from(size).ok()).unwrap_or(PAGE_SIZE)
    }

    /// Refuses a parameter.
    pub(super) fn refuse(&mut self, name: &str, code: &str, message: &str) {
        self.check.refuse(name, code, message);
    }
}

/// An id in its one spelling.
pub(super) fn uuid(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (id.hyphenated().to_string() == text).then_some(id)
}

/// Undoes percent encoding; a sign without two digits after it stands for itself.
pub(super) fn decoded(text: &str) -> Result<String, Error> {
    let mut bytes = text.bytes().peekable();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => plain.push(b' '),
            b'%' => {
                let mut ahead = bytes.clone();
                let digits = (ahead.next().and_then(hex), ahead.next().and_then(hex));
                if let (Some(high), Some(low)) = digits {
                    plain.push(high * 16 + low);
                    bytes = ahead;
                } else {
                    plain.push(b'%');
                }
            }
            other => plain.push(other),
        }
    }
    let refused = |_error| Error::Unreadable("the parameters are not UTF-8".to_owned());
    String::from_utf8(plain).map_err(refused)
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusals(raw: &str) -> Vec<String> {
        let mut query =
            Query::read(raw, &["state", "escalated", "page_size", "filed_to"]).expect("UTF-8");
        query.page_size();
        query.flag("escalated");
        query.to("filed_to");
        query.word::<crate::domain::ticket::StateName>("state");
        match query.done(()) {
            Err(Error::Invalid(fields)) => {
                fields.iter().map(|field| format!("{} {}", field.field, field.code)).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        assert!(refusals("state=open&escalated=true&page_size=100&filed_to=2026-02-13").is_empty());
        assert_eq!(refusals("tenant=1"), ["tenant unknown_parameter"]);
        assert_eq!(refusals("state=open&state=closed"), ["state repeated"]);
        assert_eq!(
            refusals("page_size=0&escalated=yes"),
            ["page_size out_of_range", "escalated unknown"]
        );
        assert_eq!(refusals("page_size=-1"), ["page_size out_of_range"]);
        assert_eq!(refusals("page_size=1e9&state="), ["page_size type", "state unknown"]);
    }

    #[test]
    fn a_query_is_utf_8() {
        assert!(matches!(Query::read("q=%ff", &["q"]), Err(Error::Unreadable(_))));
        let query = Query::read("q=%E7%9F%AD+%25%zz%", &["q"]).expect("UTF-8");
        assert_eq!(query.text("q"), Some("短 %%zz%"));
    }

    #[test]
    fn an_id_has_one_spelling() {
        let id = "0190b5a0-0000-7000-8000-00000000000a";
        assert!(uuid(id).is_some());
        for other in
            [id.to_uppercase(), id.replace('-', ""), format!("{{{id}}}"), format!("urn:uuid:{id}")]
        {
            assert_eq!(uuid(&other), None, "{other}");
        }
    }
}
