//! How far a deadline is ahead, or how long it is over, as people say it.
//!
//! Working days are counted where the deadline is; hours and minutes say the rest. A day of rest
//! costs nobody time, so a Friday evening and the Sunday after it are equally far from Monday.
//!
//! **Never** says whether a deadline was kept: it only measures from now to its due instant.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::calendar::{Calendar, Target, at_time, local_date};
use super::ticket::{Basis, Deadline};

/// The time to a due instant, or since it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Countdown {
    /// True once the due instant has come.
    pub is_over: bool,
    /// Whole working days; 0 for what is counted by the wall clock.
    pub working_days: u32,
    /// Whole hours beside them: below 24 where working days are counted, and none beside whole
    /// working days that are over.
    pub hours: u32,
    /// Whole minutes beside them, below 60.
    pub minutes: u32,
}

impl Countdown {
    fn of(is_over: bool, working_days: u32, rest: TimeDelta) -> Self {
        let minutes = u32::try_from(rest.num_minutes()).unwrap_or(0);
        Self { is_over, working_days, hours: minutes / 60, minutes: minutes % 60 }
    }
}

/// How far `deadline` is from `now`, in its place's calendar.
///
/// Ahead, that is the working days after today up to and with the due day, and the difference of
/// the times of day; what is left of a day of rest does not count, but the due day does, whatever
/// day it is. Over, it is the working days after the due day up to and with today, and below one
/// of them the plain hours. Elapsed hours are told plainly both ways.
#[must_use]
pub fn countdown(deadline: &Deadline, now: DateTime<Utc>, calendar: &Calendar) -> Countdown {
    let is_over = now >= deadline.due_at;
    let plain = (deadline.due_at - now).abs();
    match (deadline.basis, is_over) {
        (Basis::Count(Target::ElapsedHours(_)), _) => Countdown::of(is_over, 0, plain),
        (Basis::Count(Target::WorkingDays(_) | Target::WorkingHours(_)) | Basis::Date, false) => {
            ahead(deadline, now, calendar)
        }
        (Basis::Count(Target::WorkingDays(_) | Target::WorkingHours(_)) | Basis::Date, true) => {
            match calendar.working_days_between(deadline.due_on, local_date(now)) {
                0 => Countdown::of(true, 0, plain),
                days => Countdown::of(true, days, TimeDelta::zero()),
            }
        }
    }
}

fn ahead(deadline: &Deadline, now: DateTime<Utc>, calendar: &Calendar) -> Countdown {
    let (today, due_on) = (local_date(now), deadline.due_on);
    let due_day_rests = due_on > today && !calendar.is_working(due_on);
    let days = calendar.working_days_between(today, due_on) + u32::from(due_day_rests);
    let counts_today = today == due_on || calendar.is_working(today);
    let gone = if counts_today { since_midnight(today, now) } else { TimeDelta::days(1) };
    let (rest, day) = (since_midnight(due_on, deadline.due_at) - gone, TimeDelta::days(1));
    if rest < TimeDelta::zero() {
        return Countdown::of(false, days.saturating_sub(1), rest + day);
    }
    // From midnight to 24:00 is a whole day.
    if rest >= day {
        return Countdown::of(false, days + 1, rest - day);
    }
    Countdown::of(false, days, rest)
}

fn since_midnight(day: NaiveDate, at: DateTime<Utc>) -> TimeDelta {
    at - at_time(day, NaiveTime::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Counting;
    use crate::domain::policy::Policy;
    use crate::domain::ticket::{DeadlineKind, Rules};

    fn calendar() -> Calendar {
        Calendar::layered("v1", &[&crate::shipped::nation().expect("the shipped calendar")])
    }

    /// An instant by Shanghai's clock, like `02-13 10:00`, in 2026.
    fn at(text: &str) -> DateTime<Utc> {
        let (date, time) = text.split_once(' ').expect(text);
        format!("2026-{date}T{time}:00+08:00").parse().expect(text)
    }

    fn counted(from: &str, target: Target, due_time: Option<&str>) -> Deadline {
        let due_time = due_time.map(|time| time.parse().expect(time));
        let counting = Counting { due_time, ..Counting::default() };
        let (calendar, policy) = (calendar(), Policy { counting, ..Policy::national() });
        let rules = Rules { calendar: &calendar, policy: &policy, desks: &[] };
        Deadline::counted(DeadlineKind::Reply, 1, at(from), target, &rules).expect(from)
    }

    fn on_date(day: &str) -> Deadline {
        let (calendar, policy) = (calendar(), Policy::national());
        let rules = Rules { calendar: &calendar, policy: &policy, desks: &[] };
        let day = format!("2026-{day}").parse().expect(day);
        Deadline::on_date(DeadlineKind::Promise, 1, at("01-05 09:00"), day, &rules)
    }

    /// Compares with lines like `+1d 10:00` (ahead) and `-2d 0:00` (over).
    fn check(deadline: &Deadline, calendar: &Calendar, cases: &[(&str, &str)]) {
        for (now, expected) in cases {
            let Countdown { is_over, working_days, hours, minutes } =
                countdown(deadline, at(now), calendar);
            let sign = if is_over { '-' } else { '+' };
            let told = format!("{sign}{working_days}d {hours}:{minutes:02}");
            assert_eq!(told, *expected, "{now} for {}", deadline.due_at);
        }
    }

    #[test]
    fn working_days_are_told_with_the_hours_of_today() {
        // Filed on Monday, due at the end of Wednesday, 4 March.
        let deadline = counted("03-02 09:00", Target::WorkingDays(2), None);
        let cases = [
            ("03-02 09:00", "+2d 15:00"),
            ("03-03 00:00", "+2d 0:00"),
            ("03-03 14:00", "+1d 10:00"),
            ("03-03 23:59", "+1d 0:01"),
            ("03-04 00:00", "+1d 0:00"),
            ("03-04 00:01", "+0d 23:59"),
            ("03-04 23:59", "+0d 0:01"),
            ("03-05 00:00", "-1d 0:00"),
            ("03-05 17:00", "-1d 0:00"),
            ("03-06 08:00", "-2d 0:00"),
            ("03-07 08:00", "-2d 0:00"),
            ("03-09 08:00", "-3d 0:00"),
        ];
        check(&deadline, &calendar(), &cases);
    }

    #[test]
    fn spring_festival_costs_nobody_time_and_a_make_up_day_does() {
        // Friday the 13th; Saturday the 14th is worked, the 15th to the 23rd are not.
        let deadline = counted("02-13 10:00", Target::WorkingDays(2), None);
        let cases = [
            ("02-13 10:00", "+2d 14:00"),
            ("02-14 10:00", "+1d 14:00"),
            ("02-14 23:00", "+1d 1:00"),
            ("02-15 00:00", "+1d 0:00"),
            ("02-18 15:30", "+1d 0:00"),
            ("02-23 23:59", "+1d 0:00"),
            ("02-24 06:30", "+0d 17:30"),
            ("02-25 00:00", "-1d 0:00"),
            // The make-up day at the end of the month.
            ("02-28 09:00", "-4d 0:00"),
            ("03-01 09:00", "-4d 0:00"),
        ];
        check(&deadline, &calendar(), &cases);
        let before = counted("02-12 10:00", Target::WorkingDays(2), None);
        let cases = [
            ("02-13 10:00", "+1d 14:00"),
            ("02-14 23:59", "+0d 0:01"),
            // Below one working day: plain hours, through the festival.
            ("02-15 00:00", "-0d 0:00"),
            ("02-15 14:05", "-0d 14:05"),
            ("02-17 00:00", "-0d 48:00"),
            ("02-24 00:00", "-1d 0:00"),
        ];
        check(&before, &calendar(), &cases);
    }

    #[test]
    fn a_due_time_before_that_of_now_borrows_a_day() {
        let deadline = counted("03-02 09:00", Target::WorkingDays(2), Some("17:30:00"));
        let cases = [
            ("03-02 17:30", "+2d 0:00"),
            ("03-02 18:00", "+1d 23:30"),
            ("03-03 20:00", "+0d 21:30"),
            ("03-04 17:29", "+0d 0:01"),
            ("03-04 17:30", "-0d 0:00"),
            ("03-04 19:45", "-0d 2:15"),
            ("03-05 08:00", "-1d 0:00"),
        ];
        check(&deadline, &calendar(), &cases);
        // From a Sunday: nothing of the day of rest counts, and Monday ends at 17:30.
        let monday = counted("03-06 09:00", Target::WorkingDays(1), Some("17:30:00"));
        let cases = [("03-08 12:00", "+0d 17:30"), ("03-07 20:00", "+0d 17:30")];
        check(&monday, &calendar(), &cases);
    }

    #[test]
    fn a_named_day_counts_even_where_it_is_one_of_rest() {
        // Sunday, 8 March.
        let cases = [
            ("03-05 14:00", "+2d 10:00"),
            ("03-06 14:00", "+1d 10:00"),
            ("03-07 14:00", "+1d 0:00"),
            ("03-08 14:00", "+0d 10:00"),
            ("03-09 00:00", "-1d 0:00"),
        ];
        check(&on_date("03-08"), &calendar(), &cases);
        check(&on_date("03-05"), &calendar(), &[("03-05 00:00", "+1d 0:00")]);
    }

    #[test]
    fn elapsed_hours_run_through_every_holiday() {
        let deadline = counted("02-14 22:00", Target::ElapsedHours(72), None);
        let cases = [
            ("02-14 22:00", "+0d 72:00"),
            ("02-16 21:30", "+0d 24:30"),
            ("02-17 22:00", "-0d 0:00"),
            ("02-20 00:15", "-0d 50:15"),
        ];
        check(&deadline, &calendar(), &cases);
    }
}
