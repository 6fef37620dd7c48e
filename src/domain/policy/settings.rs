//! What a policy sets beside its targets: the ladder, warnings, quiet hours, the calendar's layer.
//!
//! **Never** says what follows from a setting; the engine reads it.

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use crate::domain::notice::Channel;
use crate::domain::party::Level;

/// One rung of the ladder: who steps in, and when the next rung is entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// The level of bureau that steps in.
    pub level: Level,
    /// Working days for the bureau to acknowledge or act before the next rung is entered.
    pub acknowledge_within: u16,
    /// Working days after entry by which the ticket must be closed before the next rung.
    pub close_within: u16,
    /// Who is told beside the bureau when the rung is entered.
    #[serde(default = "told")]
    pub told: Vec<Told>,
    /// The channels of what the rung tells, beside the in-app mailbox; `None` = as each party is
    /// told of an escalation by default.
    #[serde(default)]
    pub channels: Option<Vec<Channel>>,
}

impl Rung {
    /// A rung of a level that tells whom and how it does by default.
    #[must_use]
    pub fn of(level: Level, acknowledge_within: u16, close_within: u16) -> Self {
        Self { level, acknowledge_within, close_within, told: told(), channels: None }
    }
}

/// A party that a rung may tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// The manufacturer.
    Manufacturer,
    /// The hospital.
    Hospital,
    /// The distributor, where one takes part.
    Distributor,
}

/// When somebody is warned of a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// At this time of the due day; where that is a day of rest, of the working day before it.
    OnDueDay(NaiveTime),
    /// When half of the time has gone.
    HalfTime,
    /// In the morning, so many working days before the due day.
    DaysBefore(u16),
}

/// The warnings of the deadlines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warnings {
    /// Of those that fall on a day.
    pub days: Vec<Warning>,
    /// Of those that are counted in hours.
    pub hours: Vec<Warning>,
}

/// When nothing leaves that is not urgent: from the evening until the morning of a working day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// The time of the evening.
    pub begins: NaiveTime,
    /// The time of the morning, earlier in the day.
    pub ends: NaiveTime,
}

/// Down to which layer of the calendar days are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarLayer {
    /// The State Council's days alone.
    Nation,
    /// With those in which the province differs.
    Province,
    /// And those in which the city differs.
    City,
    /// And those in which the county differs.
    #[default]
    County,
    /// And those on which the ticket's manufacturer is closed, or works, unlike the county. The
    /// clocks of a ticket are nearly all the manufacturer's: it has to answer, to deliver and to
    /// keep its promise. So the calendar of a ticket is one, and its lowest layer is the
    /// manufacturer's; a hospital's or a bureau's own days would let whoever waits, or oversees,
    /// give or take time of somebody else.
    Organisation,
}

/// How far a shortage event must reach for the province to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortageThreshold {
    /// In so many hospitals.
    pub hospitals: u32,
    /// In so many cities.
    pub cities: u32,
}

fn told() -> Vec<Told> {
    vec![Told::Manufacturer, Told::Hospital]
}

/// An hour of the day.
const fn clock(hour: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, 0, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

impl Default for Warnings {
    fn default() -> Self {
        Self { days: vec![Warning::OnDueDay(clock(9))], hours: vec![Warning::HalfTime] }
    }
}

impl Default for QuietHours {
    fn default() -> Self {
        Self { begins: clock(20), ends: clock(8) }
    }
}
