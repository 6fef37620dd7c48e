//! Dates and times as people write them in tables, in Shanghai time.
//!
//! **Never** reads what could be two dates: the year comes first and has four digits.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};

use crate::domain::calendar::{at_time, local_date};

/// The code and message of a refusal.
pub(super) type Wrong = (&'static str, &'static str);

const DATE: Wrong = ("date", "a date like 2026-02-13");
const TIME: Wrong = ("timestamp", "a time like 2026-02-13 09:30, in Beijing time");
const RANGE: Wrong = ("out_of_range", "between the years 2000 and 2100");

/// `2026-02-13`, `2026/2/13`, `2026.2.13` or `2026年2月13日`.
///
/// # Errors
/// The code and message of the refusal.
pub(super) fn date(text: &str) -> Result<NaiveDate, Wrong> {
    let text = text.trim();
    let text = text.strip_suffix('日').unwrap_or(text);
    let mut parts = text.split(['-', '/', '.', '年', '月']);
    let mut part = |longest: usize| {
        let part = parts.next()?;
        let is_number = (1..=longest).contains(&part.len())
            && (longest < 4 || part.len() == 4)
            && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u16>().ok().filter(|_| is_number)
    };
    let (year, month, day) = (part(4).ok_or(DATE)?, part(2).ok_or(DATE)?, part(2).ok_or(DATE)?);
    if parts.next().is_some() {
        return Err(DATE);
    }
    let date = NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day));
    let date = date.ok_or(DATE)?;
    if (2000..=2100).contains(&date.year()) { Ok(date) } else { Err(RANGE) }
}

/// A date with or without a time of day, or an instant with its offset. Without a time it is
/// the day's beginning.
///
/// # Errors
/// The code and message of the refusal.
pub(super) fn instant(text: &str) -> Result<DateTime<Utc>, Wrong> {
    let text = text.trim();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        let at = at.to_utc();
        let is_known = (2000..=2100).contains(&local_date(at).year());
        return if is_known { Ok(at) } else { Err(RANGE) };
    }
    let (day, time) = match text.split_once([' ', 'T']) {
        Some((day, time)) => (day, time.trim()),
        None => (text, "00:00"),
    };
    let formats = ["%H:%M:%S", "%H:%M"];
    let mut times =
        formats.iter().filter_map(|format| NaiveTime::parse_from_str(time, format).ok());
    let time = times.next().ok_or(TIME)?;
    Ok(at_time(date(day).map_err(|wrong| if wrong == DATE { TIME } else { wrong })?, time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_begins_with_its_year() {
        for good in ["2026-02-13", "2026/2/13", "2026.2.13", "2026年2月13日", " 2026-02-13 "] {
            assert_eq!(
                date(good).map(|date| date.to_string()),
                Ok("2026-02-13".to_owned()),
                "{good}"
            );
        }
        for bad in
            ["", "13/02/2026", "26-02-13", "2026-02-30", "2026-02", "2026-02-13-1", "20260213"]
        {
            assert_eq!(date(bad), Err(DATE), "{bad}");
        }
        assert_eq!(date("1999-12-31"), Err(RANGE));
    }

    #[test]
    fn an_instant_is_in_beijing_time_unless_it_says_otherwise() {
        let table = [
            ("2026-02-13", "2026-02-12T16:00:00+00:00"),
            ("2026/2/13 9:30", "2026-02-13T01:30:00+00:00"),
            ("2026-02-13T09:30:15", "2026-02-13T01:30:15+00:00"),
            ("2026-02-13T09:30:00Z", "2026-02-13T09:30:00+00:00"),
        ];
        for (text, expected) in table {
            assert_eq!(instant(text).map(|at| at.to_rfc3339()), Ok(expected.to_owned()), "{text}");
        }
        assert_eq!(instant("2026-02-13 25:00"), Err(TIME));
        assert_eq!(instant("soon"), Err(TIME));
        assert_eq!(instant("1999-01-01 10:00"), Err(RANGE));
    }
}
