//! The settings of time-limit rules beside their targets and ladder: office hours, warnings,
//! quiet hours. As they arrive, and as they are shown.
//!
//! **Never** judges whether they make sense; that is the domain's.

use chrono::{NaiveTime, Timelike as _};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::proposal::span;
use crate::domain::calendar::{Office, Window};
use crate::domain::policy::{QuietHours, Warning, Warnings};
use crate::web::check::Check;
use crate::web::json::Object;

/// More warnings than anybody wants are not read.
const MOST_WARNINGS: usize = 10;

/// A stretch of work on a working day.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct WindowBody {
    #[schema(example = "09:00")]
    pub(in crate::web) from: String,
    /// Exclusive.
    #[schema(example = "12:00")]
    pub(in crate::web) to: String,
}

/// The warnings of deadlines.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct WarningsBody {
    /// Of those that fall on a day.
    #[schema(value_type = Vec<WarningBody>)]
    pub(in crate::web) days: Vec<Object<WarningBody>>,
    /// Of those counted in hours.
    #[schema(value_type = Vec<WarningBody>)]
    pub(in crate::web) hours: Vec<Object<WarningBody>>,
}

/// When somebody is warned: exactly one of them.
#[derive(Debug, Default, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct WarningBody {
    /// At this time of the due day; where that is a day of rest, of the working day before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "09:00")]
    pub(in crate::web) on_due_day: Option<String>,
    /// True: when half of the time has gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) half_time: Option<bool>,
    /// At 09:00, so many working days before the due day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) days_before: Option<i64>,
}

/// When nothing leaves that is not urgent.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct QuietBody {
    /// The time of the evening.
    #[schema(example = "20:00")]
    pub(in crate::web) begins: String,
    /// The time of the morning of the next working day.
    #[schema(example = "08:00")]
    pub(in crate::web) ends: String,
}

/// A time of day, by the minute; seconds may stand there as they are shown.
pub(super) fn time(check: &mut Check, field: &str, text: &str) -> Option<NaiveTime> {
    let is_shaped = text.len() == 5 || text.len() == 8;
    let formats = ["%H:%M", "%H:%M:%S"];
    let parsed = formats.iter().find_map(|format| NaiveTime::parse_from_str(text, format).ok());
    // The parser knows leap seconds; no office does.
    let is_leap = |time: &NaiveTime| time.nanosecond() >= 1_000_000_000;
    let parsed = parsed.filter(|time| is_shaped && !is_leap(time));
    if parsed.is_none() {
        check.refuse(field, "time", "a time of day like 17:30");
    }
    parsed
}

fn told(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

/// Reads office hours.
pub(super) fn office(check: &mut Check, windows: Option<Vec<Object<WindowBody>>>) -> Office {
    let Some(windows) = windows else { return Office::default() };
    let mut read = Vec::new();
    for (at, Object(window)) in windows.iter().enumerate() {
        let field = |name: &str| format!("counting.office_hours[{at}].{name}");
        let ends = [("from", &window.from), ("to", &window.to)];
        let [from, to] = ends.map(|(name, text)| time(check, &field(name), text));
        let (Some(from), Some(to)) = (from, to) else { return Office::default() };
        read.push(Window { from, to });
    }
    Office::of(&read).unwrap_or_else(|error| {
        check.refuse("counting.office_hours", "office_hours", error.to_string());
        Office::default()
    })
}

/// As they are shown.
pub(super) fn office_shown(office: Office) -> Vec<WindowBody> {
    let shown = |window: Window| WindowBody { from: told(window.from), to: told(window.to) };
    office.windows().map(shown).collect()
}

impl WarningsBody {
    pub(super) fn read(check: &mut Check, body: Option<Object<Self>>) -> Warnings {
        let Some(Object(body)) = body else { return Warnings::default() };
        Warnings {
            days: warnings(check, "warnings.days", &body.days),
            hours: warnings(check, "warnings.hours", &body.hours),
        }
    }
}

impl From<&Warnings> for WarningsBody {
    fn from(warnings: &Warnings) -> Self {
        let shown = |list: &[Warning]| list.iter().map(|one| Object(one.into())).collect();
        Self { days: shown(&warnings.days), hours: shown(&warnings.hours) }
    }
}

impl From<&Warning> for WarningBody {
    fn from(warning: &Warning) -> Self {
        match warning {
            Warning::OnDueDay(time) => Self { on_due_day: Some(told(*time)), ..Self::default() },
            Warning::HalfTime => Self { half_time: Some(true), ..Self::default() },
            Warning::DaysBefore(n) => Self { days_before: Some((*n).into()), ..Self::default() },
        }
    }
}

fn warnings(check: &mut Check, name: &str, list: &[Object<WarningBody>]) -> Vec<Warning> {
    if list.len() > MOST_WARNINGS {
        check.refuse(name, "too_many", "at most 10 warnings");
    }
    let list = list.iter().take(MOST_WARNINGS).enumerate();
    list.filter_map(|(at, Object(body))| warning(check, &format!("{name}[{at}]"), body)).collect()
}

fn warning(check: &mut Check, field: &str, body: &WarningBody) -> Option<Warning> {
    match (&body.on_due_day, body.half_time, body.days_before) {
        (Some(text), None, None) => {
            time(check, &format!("{field}.on_due_day"), text).map(Warning::OnDueDay)
        }
        (None, Some(true), None) => Some(Warning::HalfTime),
        (None, None, Some(days)) => {
            Some(Warning::DaysBefore(span(check, &format!("{field}.days_before"), days)))
        }
        (None, None | Some(false), None) => {
            check.refuse(field, "required", "say when");
            None
        }
        (_, _, _) => {
            check.refuse(field, "ambiguous", "say it in one way only");
            None
        }
    }
}

impl QuietBody {
    pub(super) fn read(check: &mut Check, body: &Self) -> Option<QuietHours> {
        Some(QuietHours {
            begins: time(check, "quiet_hours.begins", &body.begins)?,
            ends: time(check, "quiet_hours.ends", &body.ends)?,
        })
    }
}

impl From<QuietHours> for QuietBody {
    fn from(quiet: QuietHours) -> Self {
        Self { begins: told(quiet.begins), ends: told(quiet.ends) }
    }
}
