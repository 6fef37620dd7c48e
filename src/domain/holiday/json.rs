//! Reads one year of public holidays and make-up days from its JSON file.
//!
//! The file says, per day, whether it is a rest day (`isOffDay`) and which State Council
//! notice says so. It is the shape of `data/calendars/` and of the project it comes from.
//!
//! **Never** stops at the first mistake, and never takes an empty year for a year without
//! holidays.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use serde_json::Value;

use super::reading::{Material, Reading, Refused, worked};
use super::year::{Year, YearFile, is_beside};
use crate::domain::calendar::{Day, DayKind};
use crate::domain::import::RowError;

/// Reads one year. A day without a `source` comes from the last of the papers. Unknown fields
/// are passed over.
///
/// # Errors
/// [`Refused`], with every field that cannot be taken; a day of another year is none that can.
pub fn read_year(text: &str) -> Result<Year, Refused> {
    read(text, |_, _| false).map(|file| file.year)
}

/// Reads one year as its publishers give it out, with days of the years beside it. A day's row
/// is its place in the list, from 1.
///
/// # Errors
/// As [`read_year`], and for bytes that are no UTF-8.
pub fn read_json(bytes: &[u8]) -> Result<Reading, Refused> {
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
    let file = read(text, is_beside)?;
    let days = file.year.days.iter().chain(&file.beside);
    let rows = (1..).zip(days).map(|(row, day)| (row, day.date)).collect();
    Ok(Reading { material: Material::Year(file), rows, held: Vec::new() })
}

/// The refusal of bytes that are no text.
pub(super) fn not_utf8(bytes: &[u8], at: usize) -> Refused {
    let lines = bytes.iter().take(at).filter(|byte| **byte == b'\n').count();
    let row = u32::try_from(lines + 1).unwrap_or(u32::MAX);
    Refused(vec![RowError::new(row, "", "encoding", "this is not UTF-8")])
}

fn read(text: &str, is_taken: fn(NaiveDate, i32) -> bool) -> Result<YearFile, Refused> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(Refused::whole("empty_file", "the file is empty"));
    }
    let file: Value = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    let mut reader = Reader::default();
    let year = reader.year(&file);
    let papers = reader.papers(&file);
    let Some(rows) = file.get("days").and_then(Value::as_array) else {
        reader.refuse("days", "list", "a list of days is expected");
        return Err(Refused(reader.errors));
    };
    let (mut days, mut beside) = (Vec::with_capacity(rows.len().min(400)), Vec::new());
    for (at, row) in rows.iter().enumerate() {
        let Some(day) = reader.day(row, at, papers.last()) else { continue };
        let field = format!("days[{at}].date");
        // Without a year, its days are judged by themselves.
        let of = year.unwrap_or(day.date.year());
        let is_own = day.date.year() == of;
        if !is_own && !is_taken(day.date, of) {
            reader.refuse(&field, "other_year", format!("{} is not in {of}", day.date));
        } else if reader.is_first(&day, &field, at) {
            if is_own { days.push(day) } else { beside.push(day) }
        }
    }
    let Some(year) = year.filter(|_| reader.errors.is_empty()) else {
        return Err(Refused(reader.errors));
    };
    if days.is_empty() {
        reader.refuse("days", "not_published", format!("{year} is not published yet: no days"));
        return Err(Refused(reader.errors));
    }
    Ok(YearFile { year: Year { year, papers, days }, beside })
}

fn not_json(error: &serde_json::Error) -> Refused {
    let (line, column) = (error.line(), error.column());
    let row = u32::try_from(line).unwrap_or(u32::MAX);
    let message = format!("line {line}, column {column}: this is not JSON");
    Refused(vec![RowError::new(row, "", "json", message)])
}

/// Reads fields and gathers what is wrong with them.
#[derive(Default)]
struct Reader {
    errors: Vec<RowError>,
    /// The dates read, with the place in the list and the kind.
    seen: BTreeMap<NaiveDate, (usize, DayKind)>,
}

impl Reader {
    fn refuse(&mut self, field: &str, code: &'static str, message: impl Into<String>) {
        self.errors.push(RowError::new(0, field, code, message));
    }

    fn year(&mut self, file: &Value) -> Option<i32> {
        let given = file.get("year").and_then(Value::as_i64);
        let year = given.and_then(|year| i32::try_from(year).ok());
        let year = year.filter(|year| (2000..=2100).contains(year));
        if year.is_none() {
            self.refuse("year", "year", "a year from 2000 to 2100 is expected");
        }
        year
    }

    /// The notices' addresses; none where the field is absent.
    fn papers(&mut self, file: &Value) -> Vec<String> {
        let Some(papers) = file.get("papers") else { return Vec::new() };
        let Some(papers) = papers.as_array() else {
            self.refuse("papers", "list", "a list of addresses is expected");
            return Vec::new();
        };
        let mut read = Vec::with_capacity(papers.len().min(10));
        for (at, paper) in papers.iter().enumerate() {
            match paper.as_str().filter(|address| !address.trim().is_empty()) {
                Some(address) => read.push(address.to_owned()),
                None => {
                    self.refuse(&format!("papers[{at}]"), "required", "an address is expected");
                }
            }
        }
        read
    }

    /// The day in that row of the list; everything that is wrong with it is told.
    fn day(&mut self, row: &Value, at: usize, last_paper: Option<&String>) -> Option<Day> {
        let field = |name: &str| format!("days[{at}].{name}");
        let text =
            |name: &str| row.get(name).and_then(Value::as_str).filter(|t| !t.trim().is_empty());
        let date: Option<NaiveDate> = text("date").and_then(|date| date.parse().ok());
        if date.is_none() {
            self.refuse(&field("date"), "date", "a date like 2026-10-01 is expected");
        }
        let is_off = row.get("isOffDay").and_then(Value::as_bool);
        if is_off.is_none() {
            self.refuse(&field("isOffDay"), "boolean", "true or false is expected");
        }
        let name = text("name");
        if name.is_none() {
            self.refuse(&field("name"), "required", "the holiday's name is expected");
        }
        let source = match row.get("source") {
            Some(_) => text("source"),
            None => last_paper.map(String::as_str),
        };
        if source.is_none() {
            self.refuse(&field("source"), "required", "the day's document is expected");
        }
        let date = date?;
        // A notice may say of a plain weekday that work begins again: nothing is made up.
        let kind = if is_off? { DayKind::Rest } else { worked(date) };
        Some(Day { date, kind, name: name?.to_owned(), source: source?.to_owned() })
    }

    /// Refuses a date that was read before.
    fn is_first(&mut self, day: &Day, field: &str, at: usize) -> bool {
        let Some((first, kind)) = self.seen.get(&day.date).copied() else {
            self.seen.insert(day.date, (at, day.kind));
            return true;
        };
        let date = day.date;
        if kind == day.kind {
            self.refuse(field, "duplicate", format!("{date} is given twice"));
        } else {
            let message = format!("days[{first}] says of {date} that it is something else");
            self.refuse(field, "conflict", message);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, refusals: &[(&str, &str)]) {
        let Refused(errors) = read_year(text).expect_err(text);
        let found: Vec<_> = errors.iter().map(|e| (e.column.as_str(), e.code)).collect();
        assert_eq!(found, refusals, "{text}");
    }

    const ONE: &str = r#"{"year": 2027, "papers": ["a", "b"], "days": [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": true, "source": "a"},
        {"name": "春节", "date": "2027-02-14", "isOffDay": false}]}"#;

    #[test]
    fn a_day_keeps_its_own_source_or_takes_the_last_paper() {
        let year = read_year(&format!("\u{feff}{ONE}")).expect("readable");
        assert_eq!((year.year, year.papers.len()), (2027, 2));
        let read: Vec<_> =
            year.days.iter().map(|d| (d.kind, d.name.as_str(), d.source.as_str())).collect();
        assert_eq!(read, [(DayKind::Rest, "元旦", "a"), (DayKind::Makeup, "春节", "b")]);
    }

    #[test]
    fn an_empty_file_an_empty_year_and_no_json_are_three_things() {
        check("", &[("", "empty_file")]);
        check("\u{feff} \r\n", &[("", "empty_file")]);
        check(r#"{"year": 2027, "papers": [], "days": []}"#, &[("days", "not_published")]);
        check("<html>", &[("", "json")]);
        let Refused(errors) = read_year("{\n\"year\": 2027,\n}").expect_err("no JSON");
        assert_eq!((errors[0].row, errors[0].code), (3, "json"));
        let Refused(errors) = read_json(b"{\n\"\xff\"}").expect_err("no text");
        assert_eq!((errors[0].row, errors[0].code), (2, "encoding"));
    }

    #[test]
    fn a_refusal_names_the_field() {
        let day = |day: &str| format!(r#"{{"year": 2027, "papers": ["a"], "days": [{day}]}}"#);
        let good = r#"{"name": "元旦", "date": "2027-01-01", "isOffDay": true}"#;
        check("[]", &[("year", "year"), ("days", "list")]);
        check(r#"{"year": "2027", "days": []}"#, &[("year", "year")]);
        check(r#"{"year": 1999, "days": []}"#, &[("year", "year")]);
        check(r#"{"year": 2027, "papers": "a"}"#, &[("papers", "list"), ("days", "list")]);
        check(r#"{"year": 2027, "papers": ["a", 1], "days": []}"#, &[("papers[1]", "required")]);
        check(&day(&good.replace("2027-01-01", "2027-02-29")), &[("days[0].date", "date")]);
        check(&day(&good.replace("2027-01-01", "2026-12-31")), &[("days[0].date", "other_year")]);
        check(&day(&format!("{good}, {good}")), &[("days[1].date", "duplicate")]);
        let worked = good.replace("true", "false");
        check(&day(&format!("{good}, {worked}")), &[("days[1].date", "conflict")]);
        check(&day(&good.replace("true", "\"true\"")), &[("days[0].isOffDay", "boolean")]);
        check(&day(&good.replace("元旦", " ")), &[("days[0].name", "required")]);
        check(
            &day(&good.replace("true", "true, \"source\": null")),
            &[("days[0].source", "required")],
        );
        check(&day(good).replace("[\"a\"]", "[]"), &[("days[0].source", "required")]);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let text = r#"{"year": 3000, "days": [7,
            {"name": "", "date": "2027-13-01", "isOffDay": 1, "source": "a"},
            {"name": "甲", "date": "2027-05-01", "isOffDay": true, "source": "a"},
            {"name": "甲", "date": "2027-05-01", "isOffDay": false, "source": "a"}]}"#;
        check(
            text,
            &[
                ("year", "year"),
                ("days[0].date", "date"),
                ("days[0].isOffDay", "boolean"),
                ("days[0].name", "required"),
                ("days[0].source", "required"),
                ("days[1].date", "date"),
                ("days[1].isOffDay", "boolean"),
                ("days[1].name", "required"),
                ("days[3].date", "conflict"),
            ],
        );
    }
}
