//! Importing a year of the nation's calendar.
//!
//! **Never** moves a deadline: a year that would change the days of a running clock is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use sea_orm::DatabaseTransaction;

use super::ledger::Ledger;
use super::reading::Table;
use crate::domain::calendar::{Calendar, Day, Layer, LayerChange, LayerOf, midnight_after};
use crate::domain::holiday::{Doubt, Reading, Refused, doubts, of_rows, read_ics, read_json};
use crate::domain::id::CalendarId;
use crate::domain::import::{DayRow, Kind, Outcome, RowError};
use crate::service::{Error, FieldError};
use crate::store::rulebook::KeptLayer;
use crate::store::{self, imports, rulebook};

/// Tickets that a refusal names.
const NAMED: u64 = 20;

/// What a file says of days; nothing when it was refused.
pub(super) struct CalendarTable(Option<Reading>);

/// Reads a file that is no table; `None` where it is one.
pub(super) fn read_text(bytes: &[u8], ledger: &mut Ledger) -> Option<CalendarTable> {
    let bare = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes).trim_ascii_start();
    match bare.first() {
        None => {
            ledger.refuse(RowError::new(0, "", "empty_file", "the file is empty"));
            Some(CalendarTable(None))
        }
        Some(b'{') => Some(taken(read_json(bytes), ledger)),
        Some(_) if begins_with(bare, b"BEGIN:") => Some(taken(read_ics(bytes), ledger)),
        Some(_) => None,
    }
}

fn begins_with(bytes: &[u8], word: &[u8]) -> bool {
    bytes.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word))
}

/// Gathers the rows of a table.
pub(super) fn read_rows(rows: Vec<DayRow>, ledger: &mut Ledger) -> CalendarTable {
    // Rows that were refused have been told, and a table without others is not an empty one.
    if rows.is_empty() && !ledger.is_clean() {
        return CalendarTable(None);
    }
    match of_rows(rows) {
        Ok(reading) => CalendarTable(Some(reading)),
        Err(Refused(errors)) => refused(errors, ledger),
    }
}

fn taken(read: Result<Reading, Refused>, ledger: &mut Ledger) -> CalendarTable {
    match read {
        Ok(reading) => {
            reading.rows.iter().for_each(|_| ledger.read());
            ledger.hold(&reading.held);
            CalendarTable(Some(reading))
        }
        Err(Refused(errors)) => refused(errors, ledger),
    }
}

fn refused(errors: Vec<RowError>, ledger: &mut Ledger) -> CalendarTable {
    errors.into_iter().for_each(|error| ledger.refuse(error));
    CalendarTable(None)
}

pub(super) async fn apply(
    tx: &DatabaseTransaction,
    table: &CalendarTable,
    ledger: &mut Ledger,
) -> Result<(), store::Error> {
    let Some(reading) = &table.0 else { return Ok(()) };
    // Nobody decides by the calendar while it changes.
    rulebook::claimed(tx).await?;
    let layers = rulebook::layers(tx).await?;
    let Some(mut nation) = layers.into_iter().find(|layer| layer.of == LayerOf::Nation) else {
        return Err(store::Error::Unusable("the nation's calendar is missing".to_owned()));
    };
    let before = nation.layer.clone();
    nation.layer.learn(reading.material.clone());
    let said: BTreeMap<NaiveDate, &Day> =
        reading.material.days().map(|day| (day.date, day)).collect();
    for (row, date) in &reading.rows {
        let outcome = match before.days.get(date) {
            Some(known) if said.get(date) == Some(&known) => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
            None => Outcome::Created,
        };
        ledger.done(*row, outcome);
    }
    if nation.layer == before {
        return Ok(());
    }
    for error in grave(&before, &nation) {
        ledger.refuse(error);
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
                counted((first, last), &clocks, nation.id),
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

/// What is odd about a calendar after an import, and so odd that somebody has to confirm it. Nobody
/// can here; where calendars are edited, one can.
fn grave(before: &Layer, nation: &KeptLayer) -> Vec<RowError> {
    let is_grave = |doubt: &Doubt| match doubt {
        Doubt::NoMakeup { .. }
        | Doubt::Collapse { .. }
        | Doubt::LongRest { .. }
        | Doubt::LongWork { .. } => true,
        Doubt::RestDays { .. } | Doubt::MakeupOnWeekday { .. } | Doubt::WorkOnHoliday { .. } => {
            false
        }
    };
    let refusal = |doubt: Doubt| {
        let message = format!(
            "{}; import the file on the calendar's page, /calendars/{}/add, and confirm it there",
            doubt.message(),
            nation.id
        );
        RowError::new(0, "days", doubt.as_str(), message)
    };
    doubts(before, &nation.layer).into_iter().filter(is_grave).map(refusal).collect()
}

fn counted(
    (first, last): (NaiveDate, NaiveDate),
    clocks: &[String],
    calendar: CalendarId,
) -> String {
    let more =
        if u64::try_from(clocks.len()).is_ok_and(|n| n >= NAMED) { " and others" } else { "" };
    let clocks = clocks.join(", ");
    format!(
        "days from {first} to {last} would change under the clocks of open tickets ({clocks}{more}); \
         their deadlines would have to be planned anew, which an import does not do: import the \
         file on the calendar's page, /calendars/{calendar}/add, which shows what moves and then \
         does it"
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
    let years = after.published.iter().chain(&before.published).copied();
    let named = after.days.keys().chain(before.days.keys()).map(NaiveDate::year);
    let years = years.chain(named);
    let (first, last) = (years.clone().min()? - 1, years.max()? + 1);
    let begin = NaiveDate::from_ymd_opt(first, 1, 1)?;
    let days = || begin.iter_days().take_while(move |date| date.year() <= last);
    Some((days().find(differs)?, days().filter(differs).last()?))
}

/// Reads the file of a calendar for who edits one; gives everything that is wrong with it instead.
///
/// # Errors
/// [`Error::Unsupported`] when it is no file of days at all, and [`Error::Invalid`].
pub fn reading(bytes: &[u8], now: DateTime<Utc>) -> Result<Reading, Error> {
    let mut ledger = Ledger::of(Arc::new(|_step| {}));
    let table = super::reading::read(Kind::Calendar, bytes, now, &mut ledger)?;
    if let Table::Calendar(CalendarTable(Some(reading))) = table
        && ledger.is_clean()
    {
        return Ok(reading);
    }
    Err(Error::Invalid(ledger.report().errors.iter().map(refusal).collect()))
}

/// A bad row as a field of the request.
#[must_use]
pub fn refusal(error: &RowError) -> FieldError {
    let field = match (error.row, error.column.as_str()) {
        (0, "") => "file".to_owned(),
        (0, column) => format!("file.{column}"),
        (row, "") => format!("rows[{row}]"),
        (row, column) => format!("rows[{row}].{column}"),
    };
    FieldError::new(field, error.code, error.message.clone())
}
