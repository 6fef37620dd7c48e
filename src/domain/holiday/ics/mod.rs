//! Calendars as calendar programs exchange them (RFC 5545): events that close days, and events
//! that open them.
//!
//! Lenient where programs differ and nothing can be misread (line ends, folding, letter case,
//! versions, fields of their own); strict where a guess would move a deadline.
//!
//! **Never** takes an event for a holiday because it is in the calendar: its words must say
//! that the day is worked or free, or a person judges it.

mod component;
mod event;
mod line;
mod moment;
mod recur;
mod series;

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::reading::{Held, Material, Reading, Refused};
use crate::domain::calendar::{Day, DayKind};
use crate::domain::import::RowError;

/// The most events in a file.
const MOST_EVENTS: usize = 20_000;
/// The most days that the events of a file name together, repetitions counted.
const MOST_DAYS: usize = 40_000;
/// The most mistakes that are told.
const MOST_ERRORS: usize = 1_000;

/// The code and message of a refusal.
type Wrong = (&'static str, String);

fn wrong(code: &'static str, message: impl Into<String>) -> Wrong {
    (code, message.into())
}

/// Reads a calendar file. Dates are Shanghai's; events of several days name each of them;
/// cancelled events name none; of events with one UID the one with the highest SEQUENCE
/// counts. What is unclear is held.
///
/// # Errors
/// [`Refused`], with the line of every mistake. A calendar in which no event names a day has
/// no days, which is another refusal than an empty file's.
pub fn read_ics(bytes: &[u8]) -> Result<Reading, Refused> {
    let bare = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    if bare.trim_ascii().is_empty() {
        return Err(Refused::whole("empty_file", "the file is empty"));
    }
    let calendar = component::read(bare)?;
    let mut errors = Vec::new();
    let mut events = Vec::new();
    for raw in &calendar.events {
        match event::read(raw, &calendar) {
            Ok(event) => events.extend(event),
            Err(wrong) => errors.extend(wrong),
        }
    }
    let mut taken = Taken { errors, ..Taken::default() };
    for event in series::latest(events) {
        taken.take(event);
    }
    taken.done()
}

/// Days gathered from events.
#[derive(Default)]
struct Taken {
    days: BTreeMap<NaiveDate, (u32, Day)>,
    /// Days named, repetitions counted.
    named: usize,
    held: Vec<Held>,
    errors: Vec<RowError>,
}

impl Taken {
    fn take(&mut self, told: series::Told) {
        let series::Told { event, outcome } = told;
        let row = event.row;
        let (meaning, spans) = match outcome {
            Ok(clear) => clear,
            Err(series::Stopped::Held(why)) => {
                return self.held.push(Held::of(row, &event.said, event.span, why));
            }
            Err(series::Stopped::Wrong((code, message))) => {
                return self.errors.push(RowError::new(row, "RRULE", code, message));
            }
        };
        for (first, last) in spans {
            for date in first.iter_days().take_while(|date| *date <= last) {
                self.named += 1;
                if self.named > MOST_DAYS {
                    return self.flood(row);
                }
                let (name, source) = (event.name.clone(), event.source.clone());
                self.name(row, Day { date, kind: meaning.kind(date), name, source });
            }
        }
    }

    fn flood(&mut self, row: u32) {
        if !self.errors.iter().any(|error| error.code == "too_many_days") {
            let message = format!("the events name more than {MOST_DAYS} days");
            self.errors.push(RowError::new(row, "", "too_many_days", message));
        }
    }

    /// Names a day; one that is named twice the same way is one day.
    fn name(&mut self, row: u32, day: Day) {
        let rests = |kind: DayKind| !kind.is_working();
        match self.days.get(&day.date) {
            Some((first, known)) if rests(known.kind) != rests(day.kind) => {
                let message = format!("line {first} says of {} that it is not so", day.date);
                self.errors.push(RowError::new(row, "SUMMARY", "conflict", message));
            }
            Some(_) => {}
            None => {
                self.days.insert(day.date, (row, day));
            }
        }
    }

    fn done(mut self) -> Result<Reading, Refused> {
        self.errors.sort_by_key(|error| error.row);
        self.errors.truncate(MOST_ERRORS);
        if !self.errors.is_empty() {
            return Err(Refused(self.errors));
        }
        if self.days.is_empty() && self.held.is_empty() {
            return Err(Refused::whole("no_days", "no event in it names a day"));
        }
        self.held.sort_by_key(|held| held.row);
        let rows = self.days.iter().map(|(date, (row, _))| (*row, *date)).collect();
        let days = self.days.into_values().map(|(_, day)| day).collect();
        Ok(Reading { material: Material::Days(days), rows, held: self.held })
    }
}

#[cfg(test)]
mod tests;
