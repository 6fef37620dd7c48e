//! What is counted and how: days and their layers, time limits, deadlines.
//!
//! **Never** counts anything; that is `count`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::hours::Office;
use crate::domain::id::OrganisationId;
use crate::domain::party::Division;

/// What a day is to a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DayKind {
    /// 工作日: an ordinary working day.
    Working,
    /// 休息日: a weekend or a public holiday.
    Rest,
    /// 调休上班: a make-up working day, mostly on a weekend beside a long holiday.
    Makeup,
}

impl DayKind {
    /// True for days that count, make-up days included.
    #[must_use]
    pub fn is_working(self) -> bool {
        match self {
            Self::Working | Self::Makeup => true,
            Self::Rest => false,
        }
    }
}

/// A day that a layer names, with the document that says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The civil date in Shanghai.
    pub date: NaiveDate,
    /// What the day is.
    pub kind: DayKind,
    /// The holiday it belongs to, like 春节.
    pub name: String,
    /// The address or the title of the document.
    pub source: String,
}

/// Whose days a layer of the calendar names, from the highest to the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerOf {
    /// The State Council's.
    Nation,
    /// Those of a province, a city or a county.
    Region(Division),
    /// Those of a manufacturer, which may close on days of its own.
    Organisation(OrganisationId),
}

impl LayerOf {
    /// The region, where it is one's.
    #[must_use]
    pub fn region(self) -> Option<Division> {
        match self {
            Self::Region(region) => Some(region),
            Self::Nation | Self::Organisation(_) => None,
        }
    }

    /// The organisation, where it is one's.
    #[must_use]
    pub fn organisation(self) -> Option<OrganisationId> {
        match self {
            Self::Organisation(organisation) => Some(organisation),
            Self::Nation | Self::Region(_) => None,
        }
    }
}

/// One layer of the calendar: the nation's, a region's or an organisation's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layer {
    /// The years whose notice is loaded. Only the nation publishes years.
    pub published: BTreeSet<i32>,
    /// The days that differ from the plain week (nation) or from the layer above (others),
    /// each under its own date.
    pub days: BTreeMap<NaiveDate, Day>,
}

/// How long a party has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// So many working days after the filing day; 0 is the filing day itself.
    WorkingDays(u16),
    /// So many hours by the wall clock, which no holiday stops.
    ElapsedHours(u16),
    /// So many office hours of working days; the rest of the filing day counts.
    WorkingHours(u16),
}

/// How working days and office hours are counted. Hours of either kind ignore due time and cut-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counting {
    /// The time in Shanghai at which the last day ends; 24:00 where absent.
    pub due_time: Option<NaiveTime>,
    /// The time in Shanghai after which (strictly) a filing counts as the next day's.
    pub cutoff_time: Option<NaiveTime>,
    /// The office hours of a working day.
    #[serde(default)]
    pub office: Office,
}

/// A deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The instant it ends, exclusive: what happens then is late.
    pub at: DateTime<Utc>,
    /// The civil day in Shanghai the deadline falls on (for 24:00 the day that ends).
    pub on: NaiveDate,
    /// The day whose successors are counted: the filing day, or the next day after the cut-off.
    pub counted_from: NaiveDate,
    /// True where a day that matters lies in a year without a notice. Never for elapsed hours.
    pub provisional: bool,
}

/// One line of a deadline's explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedDay {
    /// The civil date in Shanghai.
    pub date: NaiveDate,
    /// What the day is.
    pub kind: DayKind,
    /// True where the day is one of those counted; for elapsed hours, always.
    pub counted: bool,
    /// The minutes of it that count, where office hours do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// True where the manufacturer's own calendar says what the day is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own: bool,
}

/// Why there is no deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The working days run out before the end of 2101.
    #[error("the calendar has too few working days")]
    NoWorkingTime,
    /// A date before 2000 or after 2100 in Shanghai, or a result after 2101.
    #[error("the calendar knows the years 2000 to 2100 only")]
    OutOfRange,
}
