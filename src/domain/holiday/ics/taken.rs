//! The days that events name together.
//!
//! **Never** lets two events say different things of a day.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::series::{Stopped, Told};
use super::{MOST_DAYS, MOST_ERRORS};
use crate::domain::calendar::{Day, DayKind};
use crate::domain::holiday::reading::{Held, Material, Reading, Refused};
use crate::domain::import::RowError;

/// Days gathered from events.
#[derive(Default)]
pub(super) struct Taken {
    days: BTreeMap<NaiveDate, (u32, Day)>,
    /// Days named, repetitions counted.
    named: usize,
    held: Vec<Held>,
    pub(super) errors: Vec<RowError>,
}

impl Taken {
    pub(super) fn take(&mut self, told: Told) {
        let Told { event, outcome } = told;
        let row = event.row;
        let (meaning, spans) = match outcome {
            Ok(clear) => clear,
            Err(Stopped::Held(why)) => {
                return self.held.push(Held::of(row, &event.said, event.span, why));
            }
            Err(Stopped::Wrong((code, message))) => {
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

    pub(super) fn done(mut self) -> Result<Reading, Refused> {
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
