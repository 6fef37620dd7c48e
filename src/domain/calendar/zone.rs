//! Between instants (UTC) and the civil days and times of Shanghai.
//!
//! **Never** fails: at the ends of what can be represented, the answer is the end.

use chrono::{
    DateTime, Datelike as _, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset as _,
    TimeZone as _, Utc,
};

/// The zone of every civil day and time here, Asia/Shanghai: UTC+8, without summer time
/// since 1991.
pub const SHANGHAI: FixedOffset = east(8 * 3600);

/// The version of the time-zone database that this program was made with.
pub const ZONE_RULES: &str = chrono_tz::IANA_TZDB_VERSION;

/// The first day of the years of the calendar on which Shanghai is not UTC+8 by that database. None
/// as long as China keeps its time: then a civil deadline is the same instant by every version.
#[must_use]
pub fn first_other_day() -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2000, 1, 1)?;
    let differs = |date: &NaiveDate| {
        let begins = date.and_time(NaiveTime::MIN);
        chrono_tz::Asia::Shanghai.offset_from_utc_datetime(&begins).fix() != SHANGHAI
    };
    first.iter_days().take_while(|date| date.year() <= 2101).find(differs)
}

/// The zone that many seconds east of UTC; UTC where there is none.
const fn east(seconds: i32) -> FixedOffset {
    match FixedOffset::east_opt(seconds) {
        Some(zone) => zone,
        None => east(0),
    }
}

/// 24:00 in Shanghai of that date: the instant at which the next day begins. The last instant
/// there is, for the last date there is.
#[must_use]
pub fn midnight_after(date: NaiveDate) -> DateTime<Utc> {
    match date.succ_opt() {
        Some(next) => at_time(next, NaiveTime::MIN),
        None => DateTime::<Utc>::MAX_UTC,
    }
}

/// That time of that date in Shanghai, as an instant. The first instant there is, for a time
/// before it.
#[must_use]
pub fn at_time(date: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    match date.and_time(time).checked_sub_offset(SHANGHAI) {
        Some(utc) => utc.and_utc(),
        None => DateTime::<Utc>::MIN_UTC,
    }
}

/// The date in Shanghai at that instant.
#[must_use]
pub fn local_date(at: DateTime<Utc>) -> NaiveDate {
    local(at).date()
}

/// The time of day in Shanghai at that instant.
#[must_use]
pub fn local_time(at: DateTime<Utc>) -> NaiveTime {
    local(at).time()
}

/// Date and time in Shanghai; the last there is, for the last hours there are.
fn local(at: DateTime<Utc>) -> NaiveDateTime {
    at.naive_utc().checked_add_offset(SHANGHAI).unwrap_or(NaiveDateTime::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b069_china_keeps_its_time_by_the_database_that_ships() {
        assert_eq!(first_other_day(), None, "{ZONE_RULES}");
        assert_eq!(ZONE_RULES.len(), 5, "a year and a letter: {ZONE_RULES}");
    }

    fn check(date: &str, time: Option<&str>, instant: &str) {
        let date: NaiveDate = date.parse().expect(date);
        let at = match time {
            Some(time) => at_time(date, time.parse().expect(time)),
            None => midnight_after(date),
        };
        assert_eq!(at.to_rfc3339(), instant);
        match time {
            Some(time) => {
                assert_eq!((local_date(at), local_time(at)), (date, time.parse().expect(time)));
            }
            None => assert_eq!(
                (local_date(at).pred_opt(), local_time(at)),
                (Some(date), NaiveTime::MIN)
            ),
        }
    }

    #[test]
    fn shanghai_is_eight_hours_ahead() {
        check("2026-02-13", None, "2026-02-13T16:00:00+00:00");
        check("2026-02-13", Some("17:30:00"), "2026-02-13T09:30:00+00:00");
        check("2026-02-13", Some("07:59:59"), "2026-02-12T23:59:59+00:00");
        check("2028-02-28", None, "2028-02-28T16:00:00+00:00");
        check("2026-12-31", None, "2026-12-31T16:00:00+00:00");
        // Summer time ended in 1991: July is like January.
        check("2026-07-01", Some("00:00:00"), "2026-06-30T16:00:00+00:00");
        assert_eq!(SHANGHAI.local_minus_utc(), 28_800);
    }

    #[test]
    fn the_ends_of_time_are_answered() {
        assert_eq!(midnight_after(NaiveDate::MAX), DateTime::<Utc>::MAX_UTC);
        assert_eq!(at_time(NaiveDate::MIN, NaiveTime::MIN), DateTime::<Utc>::MIN_UTC);
        assert_eq!(local_date(DateTime::<Utc>::MAX_UTC), NaiveDate::MAX);
        assert_eq!(local_date(DateTime::<Utc>::MIN_UTC), DateTime::<Utc>::MIN_UTC.date_naive());
        assert!(local_time(DateTime::<Utc>::MAX_UTC) > NaiveTime::MIN);
    }
}
