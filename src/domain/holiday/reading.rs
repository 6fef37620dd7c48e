//! What a reader hands over: days, what it could not judge, or everything that is wrong.
//!
//! **Never** holds an error and days at once.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{Datelike as _, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use super::year::{YearFile, whole_years};
use crate::domain::calendar::{Day, DayKind, Layer};
use crate::domain::import::RowError;
use crate::domain::text::cleaned;

/// The most that is shown of a line that is held, in characters.
const LONGEST_SAYING: usize = 200;

/// The days that a file or a text names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Material {
    /// A year: it replaces what was known of that year.
    Year(YearFile),
    /// Days: each replaces what was known of its date, and nothing else changes.
    Days(Vec<Day>),
}

impl Material {
    /// Every day named, those beside a year last.
    pub fn days(&self) -> impl Iterator<Item = &Day> {
        let (days, beside) = match self {
            Self::Year(file) => (file.year.days.as_slice(), file.beside.as_slice()),
            Self::Days(days) => (days.as_slice(), [].as_slice()),
        };
        days.iter().chain(beside)
    }

    /// The years that become published where the nation's calendar learns it.
    #[must_use]
    pub fn years(&self) -> BTreeSet<i32> {
        match self {
            Self::Year(file) => BTreeSet::from([file.year.year]),
            Self::Days(days) => whole_years(days),
        }
    }
}

impl Layer {
    /// Takes the material over. A year replaces its year; days replace their dates, and a year
    /// that they name as a whole is published then.
    pub fn learn(&mut self, material: Material) {
        match material {
            Material::Year(file) => self.amend(file),
            Material::Days(days) => {
                self.published.extend(whole_years(&days));
                self.merge(days);
            }
        }
    }

    /// Lets days replace their dates; no year is published by it.
    pub fn merge(&mut self, days: Vec<Day>) {
        self.days.extend(days.into_iter().map(|day| (day.date, day)));
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The days.
    pub material: Material,
    /// Each day's row and date, for reports: the place in a list, the line of a text, the row
    /// of a table.
    pub rows: Vec<(u32, NaiveDate)>,
    /// What a person has to judge.
    pub held: Vec<Held>,
}

/// A line or an event that is not clear enough to be taken: somebody reads it and sets the days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The line it begins in, from 1.
    pub row: u32,
    /// What it says, shortened, without characters that nobody sees.
    pub said: String,
    /// The first and the last date it is about, where that is known.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// Why it is held.
    pub why: Why,
}

impl Held {
    /// Something that is held.
    #[must_use]
    pub fn of(row: u32, said: &str, days: Option<(NaiveDate, NaiveDate)>, why: Why) -> Self {
        Self { row, said: cleaned(said, LONGEST_SAYING), days, why }
    }
}

/// Why something is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// It says neither that the day is worked nor that it is free, or it says both.
    Unclear,
    /// A rest of some hours: a day is free as a whole or not at all.
    PartOfDay,
    /// It recurs by a rule that is more than every so many days, weeks, months or years.
    Recurs,
    /// Its text is written in a code that is not read.
    Encoded,
    /// Its dates lie outside what the notice is about.
    OtherYear,
    /// More days in a row than a holiday has.
    TooLong,
    /// A day that no month has, like 2月30日.
    NoSuchDay,
}

impl Why {
    /// Every reason, for tables and tests.
    pub const ALL: [Self; 7] = [
        Self::Unclear,
        Self::PartOfDay,
        Self::Recurs,
        Self::Encoded,
        Self::OtherYear,
        Self::TooLong,
        Self::NoSuchDay,
    ];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unclear => "unclear",
            Self::PartOfDay => "part_of_day",
            Self::Recurs => "recurs",
            Self::Encoded => "encoded",
            Self::OtherYear => "other_year",
            Self::TooLong => "too_long",
            Self::NoSuchDay => "no_such_day",
        }
    }

    /// For people.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Unclear => "it is not clear whether these days are worked or free",
            Self::PartOfDay => "only a part of a day is free",
            Self::Recurs => "it recurs by a rule that is not worked out here",
            Self::Encoded => "its text is encoded in a way that is not read here",
            Self::OtherYear => "its dates are not of the year",
            Self::TooLong => "it is longer than a holiday is",
            Self::NoSuchDay => "there is no such day",
        }
    }
}

/// Everything that is wrong with a file; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub Vec<RowError>);

impl Refused {
    /// Refuses the file as a whole.
    pub(super) fn whole(code: &'static str, message: impl Into<String>) -> Self {
        Self(vec![RowError::new(0, "", code, message)])
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            let between = if at == 0 { "" } else { "; " };
            match (error.row, error.column.as_str()) {
                (0, "") => write!(f, "{between}{}", error.message)?,
                (0, column) => write!(f, "{between}{column}: {}", error.message)?,
                (row, "") => write!(f, "{between}line {row}: {}", error.message)?,
                (row, column) => write!(f, "{between}line {row}, {column}: {}", error.message)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

/// What a day that is worked is called: made up on a weekend, plain on others.
pub(super) fn worked(date: NaiveDate) -> DayKind {
    if is_weekend(date) { DayKind::Makeup } else { DayKind::Working }
}

pub(super) fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}
