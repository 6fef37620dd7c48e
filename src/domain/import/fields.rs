//! Reading one row, gathering everything that is wrong with it.
//!
//! **Never** lets a value pass because an earlier one was refused.

use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer as _};

use super::heading::{Heading, folded};
use super::moment;
use super::{Column, RowError};
use crate::domain::code::CodeError;
use crate::domain::party::Division;
use crate::domain::text::{self, TextError};

/// Quantities lie between these.
pub(super) const QUANTITY: RangeInclusive<i64> = 1..=1_000_000_000;

/// A cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// Its text; empty when there is none.
    Text(&'a str),
    /// The code and message of what could not be read.
    Bad(&'static str, &'a str),
}

/// A row with its columns known by name.
#[derive(Debug)]
pub struct Fields<'a> {
    row: u32,
    columns: &'static [Column],
    /// By the place among the columns; `None` = the table lacks the column.
    values: Vec<Option<Value<'a>>>,
    errors: Vec<RowError>,
}

impl<'a> Fields<'a> {
    /// The cells of a row under their heading.
    #[must_use]
    pub fn of(row: u32, heading: &Heading, cells: impl Iterator<Item = Value<'a>>) -> Self {
        let columns = heading.columns();
        let empty = |at| heading.stands(at).then_some(Value::Text(""));
        let values = (0..columns.len()).map(empty).collect();
        let mut fields = Self { row, columns, values, errors: Vec::new() };
        for (at, value) in cells.enumerate() {
            match heading.place(at).and_then(|place| fields.values.get_mut(place)) {
                Some(place) => *place = Some(value),
                None if matches!(value, Value::Text(text) if text.trim().is_empty()) => {}
                None => {
                    let message = "there is a cell to the right of, or without, a heading";
                    fields.errors.push(RowError::new(row, "", "no_heading", message));
                }
            }
        }
        fields
    }

    /// The row's number.
    #[must_use]
    pub fn row(&self) -> u32 {
        self.row
    }

    /// Everything was right, or all that was not.
    ///
    /// # Errors
    /// The refusals, in the order in which the columns were read.
    pub fn done<T>(self, value: T) -> Result<T, Vec<RowError>> {
        if self.errors.is_empty() { Ok(value) } else { Err(self.errors) }
    }

    /// Refuses a column.
    pub fn refuse(&mut self, column: &str, code: &'static str, message: impl Into<String>) {
        // A column that is read twice is refused once.
        if !self.errors.iter().any(|error| error.column == column && error.code == code) {
            self.errors.push(RowError::new(self.row, column, code, message));
        }
    }

    /// A column's text, if the row has any.
    pub(super) fn given(&mut self, code: &str) -> Option<&'a str> {
        let at = self.columns.iter().position(|column| column.code == code)?;
        match self.values.get(at)?.as_ref()? {
            Value::Text(text) if text.trim().is_empty() => None,
            Value::Text(text) => Some(text.trim()),
            Value::Bad(bad, message) => {
                let message = (*message).to_owned();
                self.refuse(code, bad, message);
                None
            }
        }
    }

    /// What a column says, nothing included; `None` = the table has no such column.
    pub(super) fn column<T>(
        &mut self,
        code: &str,
        read: impl FnOnce(&mut Self, &str) -> T,
    ) -> Option<T> {
        let at = self.columns.iter().position(|column| column.code == code)?;
        self.values.get(at)?.as_ref()?;
        Some(read(self, code))
    }

    fn is_bad(&self, code: &str) -> bool {
        let at = self.columns.iter().position(|column| column.code == code);
        matches!(at.and_then(|at| self.values.get(at)), Some(Some(Value::Bad(..))))
    }

    /// As [`Fields::given`], refusing a row without it.
    fn needed(&mut self, code: &str) -> Option<&'a str> {
        let given = self.given(code);
        if given.is_none() && !self.is_bad(code) {
            self.refuse(code, "required", TextError::Required.to_string());
        }
        given
    }

    /// One line of text.
    pub(super) fn line(&mut self, code: &str, longest: usize) -> String {
        let given = self.needed(code);
        given.map(|given| self.text(code, text::line(given, longest))).unwrap_or_default()
    }

    /// One line of text that may be left out.
    pub(super) fn maybe_line(&mut self, code: &str, longest: usize) -> Option<String> {
        let given = self.given(code)?;
        Some(self.text(code, text::line(given, longest)))
    }

    /// Lines of text.
    pub(super) fn block(&mut self, code: &str, longest: usize) -> String {
        let given = self.needed(code);
        given.map(|given| self.text(code, text::block(given, longest))).unwrap_or_default()
    }

    fn text(&mut self, code: &str, text: Result<String, TextError>) -> String {
        text.unwrap_or_else(|error| {
            self.refuse(code, error.code(), error.to_string());
            String::new()
        })
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, code: &str, range: &RangeInclusive<i64>) -> i64 {
        let given = self.needed(code);
        given.map(|given| self.whole(code, given, range)).unwrap_or_default()
    }

    /// A whole number that may be left out.
    pub(super) fn maybe_number(&mut self, code: &str, range: &RangeInclusive<i64>) -> Option<i64> {
        let given = self.given(code)?;
        Some(self.whole(code, given, range))
    }

    fn whole(&mut self, code: &str, given: &str, range: &RangeInclusive<i64>) -> i64 {
        let number = given.parse::<i64>().ok().filter(|_| !given.starts_with('+'));
        match number {
            Some(number) if range.contains(&number) => number,
            Some(_) => {
                let message = format!("between {} and {}", range.start(), range.end());
                self.refuse(code, "out_of_range", message);
                0
            }
            None => {
                self.refuse(code, "number", "a whole number, without a unit");
                0
            }
        }
    }

    /// One of the column's words; `None` when it was refused or left out.
    pub(super) fn word<T: DeserializeOwned>(&mut self, code: &str) -> Option<T> {
        let given = self.needed(code)?;
        self.one_of(code, given)
    }

    /// One of the column's words that may be left out.
    pub(super) fn maybe_word<T: DeserializeOwned>(&mut self, code: &str) -> Option<T> {
        let given = self.given(code)?;
        self.one_of(code, given)
    }

    fn one_of<T: DeserializeOwned>(&mut self, code: &str, given: &str) -> Option<T> {
        let column = self.columns.iter().find(|column| column.code == code)?;
        let given = folded(given);
        let mut words = column.words.iter();
        let found = words.find(|(word, name)| folded(word) == given || folded(name) == given);
        let read = found.and_then(|(word, _)| {
            let word: StrDeserializer<'_, WordError> = (*word).into_deserializer();
            T::deserialize(word).ok()
        });
        if read.is_none() {
            let names: Vec<_> = column.words.iter().map(|(_, name)| *name).collect();
            self.refuse(code, "unknown", format!("one of {}", names.join("、")));
        }
        read
    }

    /// Yes or no.
    pub(super) fn yes(&mut self, code: &str) -> bool {
        self.word::<String>(code).as_deref() == Some("yes")
    }

    /// A date.
    pub(super) fn date(&mut self, code: &str) -> NaiveDate {
        let read = self.needed(code).map(moment::date);
        self.moment(code, read).unwrap_or(NaiveDate::MIN)
    }

    /// An instant that may be left out.
    pub(super) fn maybe_instant(&mut self, code: &str) -> Option<DateTime<Utc>> {
        let read = self.given(code).map(moment::instant);
        self.moment(code, read)
    }

    fn moment<T>(&mut self, code: &str, read: Option<Result<T, moment::Wrong>>) -> Option<T> {
        match read? {
            Ok(moment) => Some(moment),
            Err((wrong, message)) => {
                self.refuse(code, wrong, message);
                None
            }
        }
    }

    /// A division.
    pub(super) fn division(&mut self, code: &str) -> Option<Division> {
        self.needed(code)?;
        self.maybe_division(code)
    }

    /// A division that may be left out.
    pub(super) fn maybe_division(&mut self, code: &str) -> Option<Division> {
        let read = Division::parse(self.given(code)?);
        read.map_err(|error| self.refuse(code, "division", error.to_string())).ok()
    }

    /// A national code.
    pub(super) fn code(
        &mut self,
        column: &str,
        read: impl FnOnce(&str) -> Result<String, CodeError>,
    ) -> String {
        let given = self.needed(column);
        given.map(|given| self.judged(column, read(given))).unwrap_or_default()
    }

    /// A national code that may be left out.
    pub(super) fn maybe_code(
        &mut self,
        column: &str,
        read: impl FnOnce(&str) -> Result<String, CodeError>,
    ) -> Option<String> {
        let given = self.given(column)?;
        Some(self.judged(column, read(given)))
    }

    fn judged(&mut self, column: &str, read: Result<String, CodeError>) -> String {
        read.unwrap_or_else(|error| {
            self.refuse(column, error.code(), error.to_string());
            String::new()
        })
    }

    /// A telephone number that may be left out.
    pub(super) fn maybe_phone(&mut self, code: &str) -> Option<String> {
        let phone = self.maybe_line(code, 20).filter(|phone| !phone.is_empty())?;
        if !text::is_phone(&phone) {
            let message = "a mobile like 13800000000, or a landline like 0531-88888888";
            self.refuse(code, "phone", message);
        }
        Some(phone)
    }

    /// A mail address that may be left out.
    pub(super) fn maybe_email(&mut self, code: &str) -> Option<String> {
        let email = self.maybe_line(code, 254).filter(|email| !email.is_empty())?;
        if !text::is_email(&email) {
            self.refuse(code, "email", "one mail address like name@example.com");
        }
        Some(email)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, OrganisationRow, ProductRow, TicketRow};
    use super::*;

    fn refusals<T: std::fmt::Debug>(
        kind: Kind,
        pairs: &[(&str, &str)],
        read: impl Fn(Fields<'_>) -> Result<T, Vec<RowError>>,
    ) -> Vec<(String, &'static str)> {
        let names: Vec<_> = pairs.iter().map(|(name, _)| *name).collect();
        let heading = Heading::read(kind, 1, &names).expect("a heading");
        let cells = pairs.iter().map(|(_, cell)| Value::Text(cell));
        let errors = read(Fields::of(7, &heading, cells)).expect_err("refused");
        assert!(errors.iter().all(|error| error.row == 7), "{errors:?}");
        errors.into_iter().map(|error| (error.column, error.code)).collect()
    }

    fn check<T: std::fmt::Debug>(
        kind: Kind,
        pairs: &[(&str, &str)],
        read: impl Fn(Fields<'_>) -> Result<T, Vec<RowError>>,
        expected: &[(&str, &'static str)],
    ) {
        let expected: Vec<_> =
            expected.iter().map(|(column, code)| ((*column).to_owned(), *code)).collect();
        assert_eq!(refusals(kind, pairs, read), expected, "{pairs:?}");
    }

    #[test]
    fn every_mistake_of_a_row_is_told() {
        check(
            Kind::Organisations,
            &[("kind", "药店"), ("name", " "), ("division", "37100")],
            OrganisationRow::read,
            &[("kind", "unknown"), ("name", "required"), ("division", "division")],
        );
        let product = [
            ("code", "2.3E+19"),
            ("province", "371000"),
            ("name", "a\u{202e}b"),
            ("form", "片剂"),
            ("specification", "10mg"),
            ("unit", "盒"),
            ("manufacturer", ""),
        ];
        check(
            Kind::Products,
            &product,
            ProductRow::read,
            &[
                ("code", "code_beginning"),
                ("province", "division"),
                ("name", "control_characters"),
                ("manufacturer", "required"),
            ],
        );
    }

    #[test]
    fn a_historic_ticket_is_over_and_a_new_one_begins_now() {
        let now = moment::instant("2026-02-13 10:00").expect("an instant");
        let common = [
            ("hospital", "滨海市第一人民医院"),
            ("product_code", "X1"),
            ("category", "短供"),
            ("summary", "缺货"),
            ("description", "连续两周未到货"),
            ("quantity_short", "300"),
            ("unit", "盒"),
            ("contact_name", "张敏"),
            ("contact_phone", "13800000001"),
        ];
        let with = |more: &[(&'static str, &'static str)]| [&common, more].concat();
        let read = |fields: Fields<'_>| TicketRow::read(fields, now);
        check(
            Kind::Tickets,
            &with(&[("historic", "是"), ("filed_at", "2026-02-14"), ("ended_at", "")]),
            read,
            &[("filed_at", "in_the_future"), ("ended_at", "required"), ("state", "required")],
        );
        check(
            Kind::Tickets,
            &with(&[
                ("historic", "yes"),
                ("filed_at", "2025-02-14 9:00"),
                ("ended_at", "2025-02-13"),
                ("state", "closed"),
                ("reason", "x"),
            ]),
            read,
            &[("ended_at", "before_filing"), ("reason", "not_withdrawn")],
        );
        check(
            Kind::Tickets,
            &with(&[("historic", "no"), ("state", "closed")]),
            read,
            &[("state", "not_historic"), ("filed_by", "required")],
        );
    }
}
