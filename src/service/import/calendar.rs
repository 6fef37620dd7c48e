//! Importing a year of the nation's calendar.
//!
//! **Never** moves a deadline: a year that would change the days of a running clock is refused.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days, NaiveDate};
use sea_orm::DatabaseTransaction;

use super::ledger::Ledger;
use crate::domain::calendar::{Calendar, Day, Layer, LayerChange, midnight_after};
use crate::domain::holiday::{HolidayError, Year, YearFile, is_beside, read_file};
use crate::domain::import::{DayRow, Outcome, RowError};
use crate::store::{self, imports, rulebook};

/// Tickets that a refusal names.
const NAMED: u64 = 20;

/// A year's days with the rows they stand in.
pub(super) struct CalendarTable {
    file: Option<YearFile>,
    rows: Vec<(u32, Day)>,
}

impl CalendarTable {
    const NOTHING: Self = Self { file: None, rows: Vec::new() };
}

/// True for a holiday file rather than a table.
pub(super) fn is_json(bytes: &[u8]) -> bool {
    let bare = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    bare.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| *byte == b'{')
}

/// Reads a holiday file; a day's row is its place in the list, from 1.
pub(super) fn read_json(bytes: &[u8], ledger: &mut Ledger) -> CalendarTable {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            ledger.refuse(RowError::new(0, "", "encoding", error.to_string()));
            return CalendarTable::NOTHING;
        }
    };
    match read_file(text) {
        Ok(file) => {
            let days = file.year.days.iter().chain(&file.beside).cloned();
            let rows: Vec<_> = (1..).zip(days).collect();
            rows.iter().for_each(|_| ledger.read());
            CalendarTable { file: Some(file), rows }
        }
        Err(error) => {
            let (row, column) = place(&error);
            ledger.refuse(RowError::new(row, &column, "holiday_file", error.to_string()));
            CalendarTable::NOTHING
        }
    }
}

/// The row and the field that a holiday file is refused for.
fn place(error: &HolidayError) -> (u32, String) {
    match error {
        HolidayError::NotJson { line, .. } => (u32::try_from(*line).unwrap_or(0), String::new()),
        HolidayError::NotPublished { .. } => (0, "days".to_owned()),
        HolidayError::Unreadable { field, .. }
        | HolidayError::OutsideYear { field, .. }
        | HolidayError::Duplicate { field, .. } => (0, field.clone()),
    }
}

/// Makes a year of the rows of a table: the year that most of them lie in.
pub(super) fn of_rows(rows: Vec<DayRow>, ledger: &mut Ledger) -> CalendarTable {
    let mut years: BTreeMap<i32, usize> = BTreeMap::new();
    let mut dates: BTreeMap<NaiveDate, u32> = BTreeMap::new();
    for row in &rows {
        *years.entry(row.day.date.year()).or_default() += 1;
        if let Some(first) = dates.insert(row.day.date, row.row) {
            let message = format!("this stands in row {first} already");
            ledger.refuse(RowError::new(row.row, "date", "duplicate", message));
        }
    }
    let Some((year, _)) = years.into_iter().max_by_key(|(_, days)| *days) else {
        return CalendarTable::NOTHING;
    };
    let (mut days, mut beside) = (Vec::new(), Vec::new());
    for row in &rows {
        if row.day.date.year() == year {
            days.push(row.day.clone());
        } else if is_beside(row.day.date, year) {
            beside.push(row.day.clone());
        } else {
            let message = format!("this is not in {year}: one file holds one year");
            ledger.refuse(RowError::new(row.row, "date", "other_year", message));
        }
    }
    let year = Year { year, papers: Vec::new(), days };
    let rows = rows.into_iter().map(|row| (row.row, row.day)).collect();
    CalendarTable { file: Some(YearFile { year, beside }), rows }
}

pub(super) async fn apply(
    tx: &DatabaseTransaction,
    table: &CalendarTable,
    ledger: &mut Ledger,
) -> Result<(), store::Error> {
    let Some(file) = &table.file else { return Ok(()) };
    let layers = rulebook::layers(tx).await?;
    let Some(mut nation) = layers.into_iter().find(|layer| layer.division.is_none()) else {
        return Err(store::Error::Unusable("the nation's calendar is missing".to_owned()));
    };
    let before = nation.layer.clone();
    nation.layer.amend(file.clone());
    for (row, day) in &table.rows {
        let outcome = match before.days.get(&day.date) {
            Some(known) if known == day => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
            None => Outcome::Created,
        };
        ledger.done(*row, outcome);
    }
    if nation.layer == before {
        return Ok(());
    }
    if let Some((first, last)) = changed(&before, &nation.layer) {
        let begins = first.checked_sub_days(Days::new(1)).map_or(first, |day| day);
        let (from, until) = (midnight_after(begins), midnight_after(last));
        let clocks = imports::clocks_between(tx, from, until, NAMED).await?;
        if !clocks.is_empty() {
            ledger.refuse(RowError::new(
                0,
                "date",
                "open_deadlines",
                counted(first, last, &clocks),
            ));
        }
    }
    if ledger.writes() {
        nation.version += 1;
        let change = LayerChange::between(&before, &nation.layer);
        rulebook::replace_layer(tx, &nation, &change).await?;
    }
    Ok(())
}

fn counted(first: NaiveDate, last: NaiveDate, clocks: &[String]) -> String {
    let more =
        if u64::try_from(clocks.len()).is_ok_and(|n| n >= NAMED) { " and others" } else { "" };
    let clocks = clocks.join(", ");
    format!(
        "days from {first} to {last} would change under the clocks of open tickets ({clocks}{more}); \
         their deadlines would have to be planned anew, which an import does not do"
    )
}

/// The first and the last day that becomes another day to somebody who counts. A year that
/// becomes published changes whole: deadlines in it are not provisional any more.
fn changed(before: &Layer, after: &Layer) -> Option<(NaiveDate, NaiveDate)> {
    let (old, new) = (Calendar::layered("before", &[before]), Calendar::layered("after", &[after]));
    let differs = |date: &NaiveDate| {
        old.is_working(*date) != new.is_working(*date)
            || old.is_published(date.year()) != new.is_published(date.year())
    };
    let years = after.published.iter().chain(&before.published);
    let (first, last) = (years.clone().min()? - 1, years.max()? + 1);
    let begin = NaiveDate::from_ymd_opt(first, 1, 1)?;
    let days = || begin.iter_days().take_while(move |date| date.year() <= last);
    Some((days().find(differs)?, days().filter(differs).last()?))
}
