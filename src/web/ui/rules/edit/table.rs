//! A table of days as it is typed, and the edit that it is.
//!
//! **Never** takes a table of which a row is wrong.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::domain::calendar::{Day, DayKind, Edit};
use crate::domain::holiday::{Material, YearFile};
use crate::service::{Error, FieldError};
use crate::web::check::Check;
use crate::web::form::Typed;

/// The most rows of a table; a year has 40.
pub(super) const MOST_ROWS: usize = 300;
/// The longest name of a day, in characters.
const LONGEST_NAME: usize = 50;
/// The longest title or address of a document, in characters.
const LONGEST_SOURCE: usize = 500;
/// The fields of a row, the first of which begins it.
const OF_ROW: [&str; 4] = ["date", "kind", "name", "source"];
/// The fields beside the rows.
const BESIDE: [&str; 4] = ["year", "reason", "seal", "confirm"];
/// A row that is left out.
pub(super) const SKIP: &str = "skip";
/// A day that is named no more.
pub(super) const CLEAR: &str = "clear";

/// A row as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) date: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) source: String,
    /// What a reviewer should look at.
    pub(super) notes: Vec<String>,
}

impl Row {
    /// A day as a row.
    pub(super) fn of(day: &Day) -> Self {
        let kind = match day.kind {
            DayKind::Working => "working",
            DayKind::Rest => "rest",
            DayKind::Makeup => "makeup",
        };
        Self {
            date: day.date.to_string(),
            kind: kind.to_owned(),
            name: day.name.clone(),
            source: day.source.clone(),
            notes: Vec::new(),
        }
    }
}

/// The rows in their order.
pub(super) fn rows(typed: &Typed) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (name, value) in typed.fields() {
        if name == "date" {
            rows.push(Row { date: value.to_owned(), ..Row::default() });
        } else if let Some(row) = rows.last_mut() {
            match name {
                "kind" => value.clone_into(&mut row.kind),
                "name" => value.clone_into(&mut row.name),
                "source" => value.clone_into(&mut row.source),
                _ => {}
            }
        }
    }
    rows
}

/// The edit that a table is.
///
/// # Errors
/// [`Error::Invalid`], with the number of each bad row in the field, from 0.
pub(super) fn edit(typed: &Typed) -> Result<Edit, Error> {
    let mut check = Check::default();
    for (name, _) in typed.fields() {
        if !OF_ROW.contains(&name) && !BESIDE.contains(&name) {
            check.refuse(name, "unknown_field", "there is no such field here");
        }
    }
    let rows = rows(typed);
    if rows.len() > MOST_ROWS {
        check.refuse("date", "too_many", format!("at most {MOST_ROWS} days"));
        return check.done(()).and(Err(Error::NotFound));
    }
    if let [row] = rows.as_slice()
        && row.kind == CLEAR
    {
        let date = check.date("date[0]", row.date.trim());
        return check.done(Edit::Clear(date));
    }
    let mut seen: BTreeMap<NaiveDate, usize> = BTreeMap::new();
    let mut days = Vec::new();
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.kind != SKIP) {
        let date = check.date(&format!("date[{at}]"), row.date.trim());
        let kind: Option<DayKind> = check.word(&format!("kind[{at}]"), &row.kind);
        let name = match row.name.trim() {
            "" => String::new(),
            name => check.line(&format!("name[{at}]"), name, LONGEST_NAME),
        };
        let source = check.line(&format!("source[{at}]"), &row.source, LONGEST_SOURCE);
        if date != NaiveDate::MIN && seen.insert(date, at).is_some() {
            check.refuse(&format!("date[{at}]"), "duplicate", "this day stands there twice");
        }
        days.extend(kind.map(|kind| Day { date, kind, name, source }));
    }
    if seen.is_empty() {
        check.refuse("date", "required", "no day is left");
    }
    let days = check.done(days)?;
    match (year(typed)?, days.as_slice()) {
        (Some(year), _) => whole(year, days),
        (None, [day]) => Ok(Edit::Day(day.clone())),
        (None, _) => Ok(Edit::Learn(Material::Days(days))),
    }
}

/// The year that the table replaces, where it is one.
pub(super) fn year(typed: &Typed) -> Result<Option<i32>, Error> {
    let Some(text) = typed.find("year").map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let year = text.parse().ok().filter(|year| (2000..=2100).contains(year));
    year.map(Some).ok_or_else(|| Error::invalid("year", "out_of_range", "from 2000 to 2100"))
}

fn whole(year: i32, days: Vec<Day>) -> Result<Edit, Error> {
    let sources: BTreeSet<String> = days.iter().map(|day| day.source.clone()).collect();
    let (file, foreign) = YearFile::sorted(year, sources.into_iter().collect(), days);
    if let Some(day) = foreign.first() {
        let message = format!("{} is not in {year}", day.date);
        return Err(Error::Invalid(vec![FieldError::new("date", "other_year", message)]));
    }
    if file.year.days.is_empty() {
        return Err(Error::invalid("date", "required", "no day of the year is left"));
    }
    Ok(Edit::Learn(Material::Year(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        Typed::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    const ONE: [(&str, &str); 4] =
        [("date", "2026-03-14"), ("kind", "makeup"), ("name", ""), ("source", "甲")];
    const TWO: [(&str, &str); 4] =
        [("date", "2026-03-16"), ("kind", "rest"), ("name", "乙"), ("source", "甲")];

    fn refused(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let Err(Error::Invalid(errors)) = edit(&typed(pairs)) else { panic!("{pairs:?}") };
        errors.into_iter().map(|error| (error.field, error.code)).collect()
    }

    #[test]
    fn a_table_is_the_edit_that_it_says() {
        let day = |edit: Edit| matches!(edit, Edit::Day(day) if day.kind == DayKind::Makeup);
        assert!(day(edit(&typed(&ONE)).expect("a day")));
        let both = [ONE, TWO].concat();
        let days = |edit: Edit| {
            if let Edit::Learn(Material::Days(days)) = edit { days.len() } else { 0 }
        };
        assert_eq!(days(edit(&typed(&both)).expect("days")), 2);
        let skipped = [TWO, ONE].concat().into_iter();
        let skipped: Vec<_> =
            skipped.map(|(n, v)| if v == "rest" { (n, SKIP) } else { (n, v) }).collect();
        assert!(day(edit(&typed(&skipped)).expect("a day")));
        let year = [both.as_slice(), &[("year", "2026")]].concat();
        let is_year = matches!(
            edit(&typed(&year)),
            Ok(Edit::Learn(Material::Year(file))) if file.year.papers == ["甲"]
        );
        assert!(is_year);
        let clear = [("date", "2026-03-14"), ("kind", CLEAR)];
        assert!(matches!(edit(&typed(&clear)), Ok(Edit::Clear(_))));
    }

    #[test]
    fn every_bad_row_is_told() {
        let told = |field: &str, code: &str| (field.to_owned(), code.to_owned());
        let bad = [("date", "2026-02-30"), ("kind", "clear"), ("name", "a\u{7}"), ("source", " ")];
        assert_eq!(
            refused(&[ONE, bad, ONE].concat()),
            [
                told("date[1]", "date"),
                told("kind[1]", "unknown"),
                told("name[1]", "control_characters"),
                told("source[1]", "required"),
                told("date[2]", "duplicate"),
            ]
        );
        assert_eq!(refused(&[]), [told("date", "required")]);
        assert_eq!(refused(&[("colour", "red")])[0], told("colour", "unknown_field"));
        let other = [ONE.as_slice(), &[("year", "2024")]].concat();
        assert_eq!(refused(&other), [told("date", "other_year")]);
        let year = [ONE.as_slice(), &[("year", "soon")]].concat();
        assert_eq!(refused(&year), [told("year", "out_of_range")]);
        let many = vec![("date", "2026-03-14"); MOST_ROWS + 1];
        assert_eq!(refused(&many), [told("date", "too_many")]);
    }
}
