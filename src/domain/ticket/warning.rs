//! When a deadline is warned of, by what its policy says.
//!
//! **Never** warns at or after the due instant, nor before the clock was set.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::deadline::{Basis, Deadline};
use super::decide::Rules;
use crate::domain::calendar::{Calendar, Target, at_time};
use crate::domain::policy::Warning;

/// Warnings that are given some days ahead go out at this time.
const MORNING: NaiveTime = match NaiveTime::from_hms_opt(9, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// No holiday lasts longer, in days; and no warning comes more working days ahead.
const LONGEST_REST: usize = 20;

/// The next warning of a deadline after an instant; `None` when none is left.
pub(super) fn next(
    deadline: &Deadline,
    after: DateTime<Utc>,
    rules: &Rules<'_>,
) -> Option<DateTime<Utc>> {
    let warnings = &rules.policy.warnings;
    let warnings = match deadline.basis {
        Basis::Count(Target::WorkingDays(_)) | Basis::Date => &warnings.days,
        Basis::Count(Target::ElapsedHours(_) | Target::WorkingHours(_)) => &warnings.hours,
    };
    let at = |warning: &Warning| instant(*warning, deadline, rules.calendar);
    let ahead =
        |at: &DateTime<Utc>| after < *at && deadline.started_at < *at && *at < deadline.due_at;
    warnings.iter().filter_map(at).filter(ahead).min()
}

fn instant(warning: Warning, deadline: &Deadline, calendar: &Calendar) -> Option<DateTime<Utc>> {
    match warning {
        Warning::OnDueDay(time) => Some(at_time(read_on(deadline.due_on, calendar), time)),
        Warning::HalfTime => {
            Some(deadline.started_at + (deadline.due_at - deadline.started_at) / 2)
        }
        Warning::DaysBefore(days) => {
            let before = deadline.due_on.pred_opt()?;
            let mut working = before.iter_days().rev().filter(|day| calendar.is_working(*day));
            let day = working.nth(usize::from(days).checked_sub(1)?)?;
            Some(at_time(day, MORNING))
        }
    }
}

/// The due day; on a day of rest nobody would read a warning in time: then the working day before.
fn read_on(due_on: NaiveDate, calendar: &Calendar) -> NaiveDate {
    let is_working = |day: &NaiveDate| calendar.is_working(*day);
    due_on.iter_days().rev().take(LONGEST_REST).find(is_working).unwrap_or(due_on)
}
