//! Reads one year of public holidays and make-up days from its JSON file.
//!
//! The file says, per day, whether it is a rest day (`isOffDay`) and which State Council
//! notice says so. It is the shape of `data/calendars/` and of the project it comes from.
//!
//! **Never** opens a file, and never takes an empty year for a year without holidays.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::calendar::{Day, DayKind, Layer};

/// The days of one year that differ from the plain week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Year {
    /// The year, 2000 to 2100.
    pub year: i32,
    /// The addresses of the State Council notices, oldest first.
    pub papers: Vec<String>,
    /// The named days in the file's order; each in `year`, none twice, never empty.
    pub days: Vec<Day>,
}

/// Why a file is refused; `field` says where, like `days[3].date`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HolidayError {
    /// The text is not JSON.
    #[error("line {line}, column {column}: this is not JSON")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1; 0 at a line's beginning.
        column: usize,
    },
    /// The field is absent, empty or of another type.
    #[error("{field}: {expected} is expected")]
    Unreadable {
        /// Where.
        field: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// The year's notice is not out: there are no days yet.
    #[error("days: {year} is not published yet")]
    NotPublished {
        /// The year.
        year: i32,
    },
    /// A day of another year.
    #[error("{field}: {date} is not in {year}")]
    OutsideYear {
        /// Where.
        field: String,
        /// The date given.
        date: NaiveDate,
        /// The file's year.
        year: i32,
    },
    /// A date given twice.
    #[error("{field}: {date} is given twice")]
    Duplicate {
        /// Where the second one is.
        field: String,
        /// The date.
        date: NaiveDate,
    },
}

/// A year's file, with the days of the years beside it that its notice names, too: the New Year
/// of 2023 began on 31 December 2022.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct YearFile {
    /// The year.
    pub year: Year,
    /// Days of the December before and the January after.
    pub beside: Vec<Day>,
}

impl Layer {
    /// Publishes a year's file. Of the year's days that the layer held, those stay that the
    /// notice of a year beside it named; the days beside the year join theirs.
    pub fn amend(&mut self, file: YearFile) {
        let YearFile { year, beside } = file;
        let own: BTreeSet<&str> = year.days.iter().map(|day| day.source.as_str()).collect();
        let foreign: BTreeSet<&str> = self
            .days
            .values()
            .filter(|day| day.date.year() != year.year && !own.contains(day.source.as_str()))
            .map(|day| day.source.as_str())
            .collect();
        let is_kept = |day: &&Day| {
            let is_edge = matches!(day.date.month(), 1 | 12);
            day.date.year() == year.year && is_edge && foreign.contains(day.source.as_str())
        };
        let named: BTreeSet<NaiveDate> = year.days.iter().map(|day| day.date).collect();
        let kept: Vec<Day> = self.days.values().filter(is_kept).cloned().collect();
        self.publish(year);
        let kept = kept.into_iter().filter(|day| !named.contains(&day.date));
        self.days.extend(kept.chain(beside).map(|day| (day.date, day)));
    }

    /// Makes the year published; its days replace whatever the layer held for that year.
    pub fn publish(&mut self, year: Year) {
        self.days.retain(|date, _| date.year() != year.year);
        self.days.extend(year.days.into_iter().map(|day| (day.date, day)));
        self.published.insert(year.year);
    }
}

/// Reads one year. A day without a `source` comes from the last of the papers. Unknown fields
/// are passed over.
///
/// # Errors
/// [`HolidayError`], naming the first field that cannot be taken.
pub fn read_year(text: &str) -> Result<Year, HolidayError> {
    read(text, |_, _| false).map(|file| file.year)
}

/// Reads one year as its publishers give it out, with days of the years beside it.
///
/// # Errors
/// As [`read_year`].
pub fn read_file(text: &str) -> Result<YearFile, HolidayError> {
    read(text, is_beside)
}

/// True for the December before a year and the January after it.
#[must_use]
pub fn is_beside(date: NaiveDate, year: i32) -> bool {
    (date.year(), date.month()) == (year - 1, 12) || (date.year(), date.month()) == (year + 1, 1)
}

fn read(text: &str, is_taken: fn(NaiveDate, i32) -> bool) -> Result<YearFile, HolidayError> {
    let file: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| HolidayError::NotJson { line: error.line(), column: error.column() })?;
    let year = file
        .get("year")
        .and_then(Value::as_i64)
        .and_then(|year| i32::try_from(year).ok())
        .filter(|year| (2000..=2100).contains(year))
        .ok_or_else(|| unreadable("year", "a year from 2000 to 2100"))?;
    let papers = read_papers(&file)?;
    let rows = file.get("days").and_then(Value::as_array);
    let rows = rows.ok_or_else(|| unreadable("days", "a list of days"))?;
    if rows.is_empty() {
        return Err(HolidayError::NotPublished { year });
    }
    let mut seen = BTreeSet::new();
    let (mut days, mut beside) = (Vec::with_capacity(rows.len()), Vec::new());
    for (at, row) in rows.iter().enumerate() {
        let day = read_day(row, at, papers.last())?;
        let field = || format!("days[{at}].date");
        let is_own = day.date.year() == year;
        if !is_own && !is_taken(day.date, year) {
            return Err(HolidayError::OutsideYear { field: field(), date: day.date, year });
        }
        if !seen.insert(day.date) {
            return Err(HolidayError::Duplicate { field: field(), date: day.date });
        }
        if is_own { days.push(day) } else { beside.push(day) }
    }
    if days.is_empty() {
        return Err(HolidayError::NotPublished { year });
    }
    Ok(YearFile { year: Year { year, papers, days }, beside })
}

/// The notices' addresses; none where the field is absent.
fn read_papers(file: &Value) -> Result<Vec<String>, HolidayError> {
    let Some(papers) = file.get("papers") else {
        return Ok(Vec::new());
    };
    let papers = papers.as_array().ok_or_else(|| unreadable("papers", "a list of addresses"))?;
    let read = |(at, paper): (usize, &Value)| match paper.as_str() {
        Some(address) if !address.trim().is_empty() => Ok(address.to_owned()),
        Some(_) | None => Err(unreadable(format!("papers[{at}]"), "an address")),
    };
    papers.iter().enumerate().map(read).collect()
}

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

/// The day in that row of the list.
fn read_day(row: &Value, at: usize, last_paper: Option<&String>) -> Result<Day, HolidayError> {
    let field = |name: &str| format!("days[{at}].{name}");
    let text = |name: &str| row.get(name).and_then(Value::as_str).filter(|t| !t.trim().is_empty());
    let date = text("date")
        .and_then(|date| date.parse().ok())
        .ok_or_else(|| unreadable(field("date"), "a date like 2026-10-01"))?;
    let kind = match row.get("isOffDay").and_then(Value::as_bool) {
        Some(true) => DayKind::Rest,
        Some(false) if is_weekend(date) => DayKind::Makeup,
        // A notice may say of a plain weekday that work begins again: nothing is made up.
        Some(false) => DayKind::Working,
        None => return Err(unreadable(field("isOffDay"), "true or false")),
    };
    let name = text("name").ok_or_else(|| unreadable(field("name"), "the holiday's name"))?;
    let source = match row.get("source") {
        Some(_) => text("source"),
        None => last_paper.map(String::as_str),
    };
    let source = source.ok_or_else(|| unreadable(field("source"), "the day's document"))?;
    Ok(Day { date, kind, name: name.to_owned(), source: source.to_owned() })
}

/// The refusal of one field.
fn unreadable(field: impl Into<String>, expected: &'static str) -> HolidayError {
    HolidayError::Unreadable { field: field.into(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, refusal: &str) {
        let error = read_year(text).expect_err(text);
        assert_eq!(error.to_string(), refusal, "{text}");
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
    fn an_empty_year_is_not_published_yet() {
        check(r#"{"year": 2027, "papers": [], "days": []}"#, "days: 2027 is not published yet");
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        check("", "line 1, column 0: this is not JSON");
        check("<html>", "line 1, column 1: this is not JSON");
        check("{\n\"year\": 2027,\n}", "line 3, column 1: this is not JSON");
    }

    #[test]
    fn a_refusal_names_the_field() {
        let day = |day: &str| format!(r#"{{"year": 2027, "papers": ["a"], "days": [{day}]}}"#);
        let good = r#"{"name": "元旦", "date": "2027-01-01", "isOffDay": true}"#;
        let table = [
            ("[]".to_owned(), "year: a year from 2000 to 2100 is expected"),
            (r#"{"year": "2027"}"#.to_owned(), "year: a year from 2000 to 2100 is expected"),
            (r#"{"year": 1999}"#.to_owned(), "year: a year from 2000 to 2100 is expected"),
            (
                r#"{"year": 2027, "papers": "a"}"#.to_owned(),
                "papers: a list of addresses is expected",
            ),
            (
                r#"{"year": 2027, "papers": ["a", 1]}"#.to_owned(),
                "papers[1]: an address is expected",
            ),
            (r#"{"year": 2027}"#.to_owned(), "days: a list of days is expected"),
            (day("7"), "days[0].date: a date like 2026-10-01 is expected"),
            (
                day(&good.replace("2027-01-01", "2027-02-29")),
                "days[0].date: a date like 2026-10-01 is expected",
            ),
            (
                day(&good.replace("2027-01-01", "2026-12-31")),
                "days[0].date: 2026-12-31 is not in 2027",
            ),
            (day(&format!("{good}, {good}")), "days[1].date: 2027-01-01 is given twice"),
            (day(&good.replace("true", "\"true\"")), "days[0].isOffDay: true or false is expected"),
            (day(&good.replace("元旦", " ")), "days[0].name: the holiday's name is expected"),
            (
                day(&good.replace("true", "true, \"source\": null")),
                "days[0].source: the day's document is expected",
            ),
            (day(good).replace("[\"a\"]", "[]"), "days[0].source: the day's document is expected"),
        ];
        for (text, refusal) in table {
            check(&text, refusal);
        }
    }

    #[test]
    fn publishing_replaces_the_days_of_that_year_only() {
        let mut layer = Layer::default();
        layer.publish(read_year(ONE).expect("readable"));
        layer.publish(read_year(&ONE.replace("2027", "2028")).expect("readable"));
        assert_eq!((layer.days.len(), layer.published.len()), (4, 2));
        let mut corrected = read_year(ONE).expect("readable");
        corrected.days.truncate(1);
        layer.publish(corrected.clone());
        layer.publish(corrected);
        let dates: Vec<_> = layer.days.keys().map(ToString::to_string).collect();
        assert_eq!(dates, ["2027-01-01", "2028-01-01", "2028-02-14"]);
        assert_eq!(layer.published, BTreeSet::from([2027, 2028]));
    }

    #[test]
    fn days_beside_a_year_join_theirs_and_outlive_their_own_years_file() {
        let upstream = r#"{"year": 2023, "papers": ["n23"], "days": [
            {"name": "元旦", "date": "2022-12-31", "isOffDay": true},
            {"name": "元旦", "date": "2023-01-01", "isOffDay": true}]}"#;
        let own = r#"{"year": 2022, "papers": ["n22"], "days": [
            {"name": "元旦", "date": "2022-01-01", "isOffDay": true}]}"#;
        assert!(read_year(upstream).is_err(), "what ships holds its own days");
        let file = read_file(upstream).expect("readable");
        assert_eq!((file.year.days.len(), file.beside.len()), (1, 1));
        for order in [[upstream, own, upstream], [own, upstream, own]] {
            let mut layer = Layer::default();
            order.iter().for_each(|text| layer.amend(read_file(text).expect("readable")));
            let dates: Vec<_> = layer.days.keys().map(ToString::to_string).collect();
            assert_eq!(dates, ["2022-01-01", "2022-12-31", "2023-01-01"]);
        }
        let far = upstream.replace("2022-12-31", "2022-11-30");
        assert!(read_file(&far).is_err());
    }
}
