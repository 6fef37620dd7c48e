//! Office hours (办公时间), and time limits that only count in them.
//!
//! **Never** lets a minute of a day of rest, or outside office hours, pass for one that counts.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::count::Calendar;
use super::day::{CalendarError, Due};
use super::zone::{at_time, local_date, local_time};

/// At most so many stretches of work in a day.
pub const MOST_WINDOWS: usize = 3;

/// A stretch of work on a working day, in Shanghai time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its first instant.
    pub from: NaiveTime,
    /// Its end, exclusive.
    pub to: NaiveTime,
}

/// The office hours of a working day, in order; 09:00–12:00 and 13:00–17:00 by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Window>", into = "Vec<Window>")]
pub struct Office([Option<Window>; MOST_WINDOWS]);

/// Why these are no office hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("office hours are one to three stretches of a day, in order, that do not overlap")]
pub struct NotOfficeHours;

impl Office {
    /// Office hours of these stretches.
    ///
    /// # Errors
    /// [`NotOfficeHours`] for none, for more than [`MOST_WINDOWS`], and for those that are empty
    /// or not in order.
    pub fn of(windows: &[Window]) -> Result<Self, NotOfficeHours> {
        let is_ordered = windows.windows(2).all(|pair| match pair {
            [before, after] => before.to <= after.from,
            _ => true,
        });
        let is_sound = windows.iter().all(|window| window.from < window.to) && is_ordered;
        if windows.is_empty() || windows.len() > MOST_WINDOWS || !is_sound {
            return Err(NotOfficeHours);
        }
        let mut own = [None; MOST_WINDOWS];
        for (slot, window) in own.iter_mut().zip(windows) {
            *slot = Some(*window);
        }
        Ok(Self(own))
    }

    /// The stretches, in order.
    pub fn windows(&self) -> impl Iterator<Item = Window> {
        self.0.into_iter().flatten()
    }

    /// How long a working day is.
    #[must_use]
    pub fn length(&self) -> TimeDelta {
        self.left_after(NaiveTime::MIN)
    }

    /// How much of a working day is left at a time of it.
    #[must_use]
    pub fn left_after(&self, time: NaiveTime) -> TimeDelta {
        self.between(time, LAST)
    }

    /// How much work there is between two times of a working day.
    fn between(&self, from: NaiveTime, to: NaiveTime) -> TimeDelta {
        let part =
            |window: Window| (window.to.min(to) - window.from.max(from)).max(TimeDelta::zero());
        self.windows().map(part).sum()
    }

    /// The time of a working day at which so much of it, after `from`, is done.
    fn time_after(&self, from: NaiveTime, mut work: TimeDelta) -> Option<NaiveTime> {
        for window in self.windows() {
            let start = window.from.max(from);
            let length = (window.to - start).max(TimeDelta::zero());
            if work <= length && length > TimeDelta::zero() {
                return Some(start + work);
            }
            work -= length;
        }
        None
    }
}

/// The last instant of a day.
const LAST: NaiveTime = match NaiveTime::from_hms_nano_opt(23, 59, 59, 999_999_999) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// A time that is known to be one.
const fn clock(hour: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, 0, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

impl Default for Office {
    fn default() -> Self {
        let morning = Window { from: clock(9), to: clock(12) };
        let afternoon = Window { from: clock(13), to: clock(17) };
        Self([Some(morning), Some(afternoon), None])
    }
}

impl TryFrom<Vec<Window>> for Office {
    type Error = NotOfficeHours;

    fn try_from(windows: Vec<Window>) -> Result<Self, NotOfficeHours> {
        Self::of(&windows)
    }
}

impl From<Office> for Vec<Window> {
    fn from(office: Office) -> Self {
        office.windows().collect()
    }
}

impl Calendar {
    /// When so much work, begun at `from`, is done. The rest of the day it begins on counts; no
    /// work ends at once.
    ///
    /// # Errors
    /// As [`Calendar::due`].
    pub fn due_by_office(
        &self,
        from: DateTime<Utc>,
        work: TimeDelta,
        office: Office,
    ) -> Result<Due, CalendarError> {
        let (first, time) = (local_date(from), local_time(from));
        // Refuses what lies outside the calendar.
        self.nth_working_day_after(first, 0)?;
        if work <= TimeDelta::zero() {
            return Ok(self.office_due(from, first, first));
        }
        let today = self.is_working(first);
        let left = if today { office.left_after(time) } else { TimeDelta::zero() };
        if let Some(ends) = office.time_after(time, work).filter(|_| today && work <= left) {
            return Ok(self.office_due(at_time(first, ends), first, first));
        }
        let (rest, length) = (work - left, office.length());
        // Whole days go by before the day it ends on, which is never begun at its very start.
        let whole = (rest - TimeDelta::nanoseconds(1)).num_seconds() / length.num_seconds().max(1);
        let days = u16::try_from(whole + 1).map_err(|_error| CalendarError::NoWorkingTime)?;
        let on = self.nth_working_day_after(first, days)?;
        let whole = i32::try_from(whole).map_err(|_error| CalendarError::NoWorkingTime)?;
        let ends = office.time_after(NaiveTime::MIN, rest - length * whole);
        let ends = ends.ok_or(CalendarError::NoWorkingTime)?;
        Ok(self.office_due(at_time(on, ends), on, first))
    }

    fn office_due(&self, at: DateTime<Utc>, on: NaiveDate, first: NaiveDate) -> Due {
        Due { at, on, counted_from: first, provisional: self.reaches_unpublished(first, on) }
    }

    /// How much work there is between two instants.
    #[must_use]
    pub fn office_time(&self, from: DateTime<Utc>, to: DateTime<Utc>, office: Office) -> TimeDelta {
        if to <= from {
            return TimeDelta::zero();
        }
        let (first, last) = (local_date(from), local_date(to));
        let (begins, ends) = (local_time(from), local_time(to));
        if first == last {
            return self.of_day(first, office.between(begins, ends));
        }
        let between = self.working_days_between(first, last);
        let between = between.saturating_sub(u32::from(self.is_working(last)));
        let whole = office.length() * i32::try_from(between).unwrap_or(i32::MAX);
        let start = self.of_day(first, office.left_after(begins));
        start + whole + self.of_day(last, office.between(NaiveTime::MIN, ends))
    }

    /// The work of a day: none on a day of rest.
    fn of_day(&self, date: NaiveDate, work: TimeDelta) -> TimeDelta {
        if self.is_working(date) { work } else { TimeDelta::zero() }
    }

    /// The minutes of a day that count towards a limit that runs from one instant to another.
    pub(super) fn office_minutes(
        &self,
        date: NaiveDate,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        office: Office,
    ) -> u32 {
        let (day, next) = (at_time(date, NaiveTime::MIN), super::zone::midnight_after(date));
        let work = self.office_time(from.max(day), to.min(next), office);
        // A minute that has begun is told as one.
        u32::try_from((work.num_seconds() + 59) / 60).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::{Counting, Day, DayKind, ExplainedDay, Layer, Target};

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}+08:00").parse().expect(text)
    }

    /// Around the Spring Festival of 2026: the 14th is a make-up day, the 15th to 23rd are rest.
    fn calendar() -> Calendar {
        let mut layer = Layer::default();
        layer.published.insert(2026);
        let mut name = |date: &str, kind| {
            let date = date.parse().expect(date);
            let named = Day { date, kind, name: "节".to_owned(), source: "test".to_owned() };
            layer.days.insert(date, named);
        };
        (15..=23).for_each(|day| name(&format!("2026-02-{day}"), DayKind::Rest));
        name("2026-02-14", DayKind::Makeup);
        Calendar::layered("v1", &[&layer])
    }

    #[test]
    fn hours_of_work_end_where_a_clerk_would_say() {
        // From, hours, due: reckoned by hand with 09:00–12:00 and 13:00–17:00.
        let table = [
            ("2026-03-02T09:00:00", 1, "2026-03-02T10:00:00"),
            ("2026-03-02T08:00:00", 3, "2026-03-02T12:00:00"),
            ("2026-03-02T11:30:00", 1, "2026-03-02T13:30:00"),
            ("2026-03-02T12:30:00", 4, "2026-03-02T17:00:00"),
            ("2026-03-02T16:59:59", 1, "2026-03-03T09:59:59"),
            ("2026-03-02T17:00:00", 7, "2026-03-03T17:00:00"),
            ("2026-03-02T17:00:00", 8, "2026-03-04T10:00:00"),
            ("2026-03-02T09:00:00", 7, "2026-03-02T17:00:00"),
            ("2026-03-02T09:00:00", 14, "2026-03-03T17:00:00"),
            ("2026-03-06T16:00:00", 2, "2026-03-09T10:00:00"),
            ("2026-03-07T10:00:00", 1, "2026-03-09T10:00:00"),
            ("2026-02-13T16:00:00", 8, "2026-02-14T17:00:00"),
            ("2026-02-13T16:00:00", 9, "2026-02-24T10:00:00"),
            ("2026-02-17T03:00:00", 21, "2026-02-26T17:00:00"),
            ("2026-03-02T10:00:00", 0, "2026-03-02T10:00:00"),
        ];
        for (from, hours, due) in table {
            let target = Target::WorkingHours(hours);
            let found = calendar().due(at(from), target, Counting::default()).expect(from);
            assert_eq!(found.at, at(due), "{from} {hours}");
            assert_eq!(found.on, local_date(at(due)), "{from} {hours}");
            let work = calendar().office_time(at(from), found.at, Office::default());
            assert_eq!(work, TimeDelta::hours(i64::from(hours)), "{from} {hours}");
        }
    }

    #[test]
    fn an_explanation_tells_the_minutes_of_each_day() {
        let target = Target::WorkingHours(9);
        let days = calendar().explain(at("2026-02-13T15:30:00"), target, Counting::default());
        let days = days.expect("known days");
        let counted: Vec<_> = days.iter().filter(|day| day.counted).collect();
        let told = |day: &&ExplainedDay| (day.date.to_string(), day.minutes);
        let expected = [
            ("2026-02-13".to_owned(), Some(90)),
            ("2026-02-14".to_owned(), Some(420)),
            ("2026-02-24".to_owned(), Some(30)),
        ];
        assert_eq!(counted.iter().map(told).collect::<Vec<_>>(), expected);
        assert_eq!(days.len(), 12, "every day between is named");
    }

    #[test]
    fn hours_that_reach_a_year_without_a_notice_are_provisional() {
        for (from, hours, provisional) in [
            ("2026-12-31T09:00:00", 7, false),
            ("2026-12-31T09:00:00", 8, true),
            ("2027-03-01T09:00:00", 1, true),
        ] {
            let target = Target::WorkingHours(hours);
            let due = calendar().due(at(from), target, Counting::default()).expect(from);
            assert_eq!(due.provisional, provisional, "{from} {hours}");
        }
    }

    #[test]
    fn office_hours_are_in_order() {
        let window = |from, to| Window { from: clock(from), to: clock(to) };
        let (morning, noon, late) = (window(9, 12), window(12, 14), window(15, 16));
        assert!(Office::of(&[morning, noon, late]).is_ok());
        for refused in [
            vec![],
            vec![noon, morning],
            vec![window(9, 13), noon],
            vec![window(9, 9)],
            vec![morning, noon, late, window(17, 18)],
        ] {
            assert_eq!(Office::of(&refused), Err(NotOfficeHours), "{refused:?}");
        }
        let text = r#"[{"from":"08:30:00","to":"11:30:00"}]"#;
        let office: Office = serde_json::from_str(text).expect("reads");
        assert_eq!(serde_json::to_string(&office).expect("writes"), text);
        assert!(serde_json::from_str::<Office>("[]").is_err());
    }
}
