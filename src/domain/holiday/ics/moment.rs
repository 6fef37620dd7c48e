//! Dates, times and lengths as calendar files write them, to the civil days of Shanghai.
//!
//! **Never** takes a zone's rules from the file: a zone is known by its name or not at all.

use chrono::{
    DateTime, Datelike as _, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _, Utc,
};
use chrono_tz::Tz;

use super::line::Line;
use super::{Wrong, wrong};
use crate::domain::calendar::{SHANGHAI, at_time};

/// A date, or a time in Shanghai.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Date(NaiveDate),
    Time(NaiveDateTime),
}

impl Moment {
    /// The civil date in Shanghai.
    pub(super) fn date(self) -> NaiveDate {
        match self {
            Self::Date(date) => date,
            Self::Time(time) => time.date(),
        }
    }
}

/// Names that programs give to zones of theirs.
const ZONES: [(&str, Tz); 7] = [
    ("China Standard Time", Tz::Asia__Shanghai),
    ("China Time", Tz::Asia__Shanghai),
    ("Asia/Beijing", Tz::Asia__Shanghai),
    ("Beijing", Tz::Asia__Shanghai),
    ("Taipei Standard Time", Tz::Asia__Taipei),
    ("Coordinated Universal Time", Tz::UTC),
    ("Z", Tz::UTC),
];

/// Reads the values of a line, which are separated by commas.
///
/// # Errors
/// The first that is no date.
pub(super) fn read(line: &Line) -> Result<Vec<Moment>, Wrong> {
    let zone = line.parameter("TZID").map(zone).transpose()?;
    line.value.split(',').map(|value| moment(value, zone)).collect()
}

/// Reads a value. A time without a zone is Shanghai's.
///
/// # Errors
/// Where it is no date, or one before 2000 or after 2100.
pub(super) fn moment(value: &str, zone: Option<Tz>) -> Result<Moment, Wrong> {
    let value = value.trim();
    let bad = || wrong("date", "a date like 20261001 or a time like 20261001T090000 is expected");
    let moment = match value.split_once(['T', 't']) {
        None => Moment::Date(date(value).ok_or_else(bad)?),
        Some((day, clock)) => {
            let (clock, is_utc) = match clock.strip_suffix(['Z', 'z']) {
                Some(clock) => (clock, true),
                None => (clock, false),
            };
            let local = date(day).and_then(|date| time_of(date, clock)).ok_or_else(bad)?;
            let zone = if is_utc { Some(Tz::UTC) } else { zone };
            Moment::Time(zone.map_or(Ok(local), |zone| in_shanghai(local, zone).ok_or_else(bad))?)
        }
    };
    if (2000..=2100).contains(&moment.date().year()) {
        Ok(moment)
    } else {
        Err(wrong("out_of_range", "between the years 2000 and 2100"))
    }
}

/// Eight digits.
fn date(text: &str) -> Option<NaiveDate> {
    let number = digits(text, 8)?;
    NaiveDate::from_ymd_opt(i32::try_from(number / 10_000).ok()?, number / 100 % 100, number % 100)
}

/// Six digits; a leap second is the second before it.
fn time_of(date: NaiveDate, text: &str) -> Option<NaiveDateTime> {
    let number = digits(text, 6)?;
    let second = match number % 100 {
        60 => 59,
        second => second,
    };
    date.and_hms_opt(number / 10_000, number / 100 % 100, second)
}

fn digits(text: &str, count: usize) -> Option<u32> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// The zone of that name; some programs put their own path before it.
fn zone(name: &str) -> Result<Tz, Wrong> {
    let name = name.trim();
    let own = ZONES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let mut from_end = name.rsplit('/');
    let (last, before) = (from_end.next(), from_end.next());
    let tail = || match (before, last) {
        (Some(before), Some(last)) => format!("{before}/{last}").parse().ok(),
        (None | Some(_), None | Some(_)) => None,
    };
    let known = own.map(|(_, zone)| *zone).or_else(|| name.parse().ok());
    known.or_else(tail).ok_or_else(|| {
        let name: String = name.chars().take(60).collect();
        wrong("zone", format!("the time zone {name} is not known"))
    })
}

/// A zone's local time in Shanghai. A time that the zone skips is the first that it has after
/// it; of a time that it has twice, the earlier is meant.
fn in_shanghai(local: NaiveDateTime, zone: Tz) -> Option<NaiveDateTime> {
    // Zones skip whole quarters of an hour, a day at most.
    const STEPS: i32 = 24 * 4;
    let quarter = TimeDelta::minutes(15);
    let since = TimeDelta::seconds(local.and_utc().timestamp().rem_euclid(15 * 60));
    let begin = local.checked_sub_signed(since)?;
    let after = (1..=STEPS).map(|step| begin.checked_add_signed(quarter * step));
    let mut tries = std::iter::once(Some(local)).chain(after);
    let at: DateTime<Utc> = tries.find_map(|local| match zone.from_local_datetime(&local?) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
        LocalResult::None => None,
    })?;
    at.naive_utc().checked_add_offset(SHANGHAI)
}

/// The instant of a moment, for comparing.
pub(super) fn instant(moment: Moment) -> DateTime<Utc> {
    match moment {
        Moment::Date(date) => at_time(date, chrono::NaiveTime::MIN),
        Moment::Time(time) => at_time(time.date(), time.time()),
    }
}

/// A length like `P3D` or `PT8H30M`.
///
/// # Errors
/// Where it is none, is negative or longer than a hundred years.
pub(super) fn duration(text: &str) -> Result<TimeDelta, Wrong> {
    read_duration(text.trim())
        .ok_or_else(|| wrong("duration", "a length like P3D or PT8H is expected"))
}

fn read_duration(text: &str) -> Option<TimeDelta> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let text = text.strip_prefix(['P', 'p'])?;
    let (mut seconds, mut number, mut is_time, mut has_any) = (0_i64, None::<i64>, false, false);
    for character in text.chars() {
        if let Some(digit) = character.to_digit(10) {
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(i64::from(digit))?);
            continue;
        }
        let unit = match (character.to_ascii_uppercase(), is_time) {
            ('T', false) if number.is_none() => {
                is_time = true;
                continue;
            }
            ('W', false) => 7 * 86_400,
            ('D', false) => 86_400,
            ('H', true) => 3_600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.take()?.checked_mul(unit)?)?;
        has_any = true;
    }
    let is_sound = has_any && number.is_none() && seconds <= 100 * 366 * 86_400;
    TimeDelta::try_seconds(seconds).filter(|_| is_sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<&str, &str>) {
        let line = super::super::line::read(1, line.as_bytes()).expect("a line");
        let read = read(&line).map(|moments| match moments[0] {
            Moment::Date(date) => date.to_string(),
            Moment::Time(time) => time.to_string(),
        });
        let read = read.as_deref().map_err(|(code, _)| *code);
        assert_eq!(read, expected, "{line:?}");
    }

    #[test]
    fn dates_and_times_are_shanghais() {
        check("DTSTART;VALUE=DATE:20260217", Ok("2026-02-17"));
        check("DTSTART:20260217T090000", Ok("2026-02-17 09:00:00"));
        check("DTSTART:20260216T160000Z", Ok("2026-02-17 00:00:00"));
        check("DTSTART;TZID=America/New_York:20260216T120000", Ok("2026-02-17 01:00:00"));
        for zone in [
            "Asia/Shanghai",
            "China Standard Time",
            "PRC",
            "/freeassociation.sourceforge.net/Asia/Shanghai",
        ] {
            check(&format!("DTSTART;TZID={zone}:20260217T090000"), Ok("2026-02-17 09:00:00"));
        }
        check("DTSTART:20261231T235960", Ok("2026-12-31 23:59:59"));
        check("DTSTART;TZID=Mars/Olympus:20260217T090000", Err("zone"));
        check("DTSTART;TZID=:20260217T090000", Err("zone"));
    }

    #[test]
    fn b068_a_skipped_time_is_the_next_and_of_a_double_one_the_earlier() {
        // New York: 02:00–03:00 is skipped on 8 March, 01:00–02:00 is there twice on 1 November.
        check("DTSTART;TZID=America/New_York:20260308T023000", Ok("2026-03-08 15:00:00"));
        check("DTSTART;TZID=America/New_York:20261101T013000", Ok("2026-11-01 13:30:00"));
        // Samoa skipped 30 December 2011 as a whole.
        check("DTSTART;TZID=Pacific/Apia:20111230T120000", Ok("2011-12-30 18:00:00"));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in [
            "",
            "2026-02-17",
            "20260230",
            "20260217T",
            "20260217T240000",
            "20260217T0900",
            "２０２６０２１７",
            "260217",
            "20260217T090000+0800",
        ] {
            check(&format!("DTSTART:{bad}"), Err("date"));
        }
        for bad in ["19991231", "21010101", "00000101"] {
            check(&format!("DTSTART:{bad}"), Err("out_of_range"));
        }
        check("DTSTART:20000101T000000Z", Ok("2000-01-01 08:00:00"));
        check("DTSTART:21001231T160000Z", Err("out_of_range"));
    }

    #[test]
    fn lengths_are_read() {
        for (text, seconds) in [
            ("P3D", 259_200),
            ("P1W", 604_800),
            ("PT8H30M", 30_600),
            ("+P1DT1S", 86_401),
            ("p0d", 0),
        ] {
            assert_eq!(duration(text), Ok(TimeDelta::seconds(seconds)), "{text}");
        }
        for bad in [
            "",
            "P",
            "PT",
            "3D",
            "-P1D",
            "P1",
            "P1H",
            "PT1D",
            "PD",
            "P1Y",
            "P99999999999999999999D",
            "P999999W",
        ] {
            assert_eq!(duration(bad).expect_err(bad).0, "duration", "{bad}");
        }
    }
}
