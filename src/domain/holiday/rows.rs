//! The rows of a table of days.
//!
//! **Never** lets the same date stand in two rows.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::reading::{Material, Reading, Refused};
use crate::domain::calendar::DayKind;
use crate::domain::import::{DayRow, RowError};

/// Gathers the rows of a table, in their order.
///
/// # Errors
/// [`Refused`], with every date that stands in two rows; a table without rows is no calendar.
pub fn of_rows(rows: Vec<DayRow>) -> Result<Reading, Refused> {
    if rows.is_empty() {
        return Err(Refused::whole("no_days", "there are no days in it"));
    }
    let mut seen: BTreeMap<NaiveDate, (u32, DayKind)> = BTreeMap::new();
    let mut errors = Vec::new();
    for DayRow { row, day } in &rows {
        match seen.get(&day.date) {
            Some((first, kind)) => {
                let (code, message) = twice(*first, *kind == day.kind);
                errors.push(RowError::new(*row, "date", code, message));
            }
            None => {
                seen.insert(day.date, (*row, day.kind));
            }
        }
    }
    if !errors.is_empty() {
        return Err(Refused(errors));
    }
    let places = rows.iter().map(|row| (row.row, row.day.date)).collect();
    let days = rows.into_iter().map(|row| row.day).collect();
    Ok(Reading { material: Material::Days(days), rows: places, held: Vec::new() })
}

fn twice(first: u32, is_same: bool) -> (&'static str, String) {
    if is_same {
        ("duplicate", format!("this stands in row {first} already"))
    } else {
        ("conflict", format!("row {first} says of the same day that it is something else"))
    }
}
