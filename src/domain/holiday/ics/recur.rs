//! Events that recur: every so many days, weeks, months or years.
//!
//! **Never** works out a rule that is more than that, and never goes further than five years.

use chrono::{Datelike as _, Months, NaiveDate, TimeDelta, Weekday};

use super::moment::moment;
use super::{Wrong, wrong};

/// A rule without an end is worked out for so many years.
const HORIZON_YEARS: u32 = 5;
/// The most times that an event recurs.
const MOST_TIMES: usize = 400;
/// The most values in a list of a rule; there are 53 weeks in a year.
const MOST_VALUES: usize = 60;

/// A rule that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
    /// The dates on which the event begins, its first included.
    Dates(Vec<NaiveDate>),
    /// It is more than every so many days, weeks, months or years.
    Intricate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Day,
    Week,
    Month,
    Year,
}

/// A rule's parts.
struct Parts {
    unit: Unit,
    every: u32,
    count: Option<usize>,
    until: Option<NaiveDate>,
    is_intricate: bool,
}

/// Works a rule out for an event that begins on `first`.
///
/// # Errors
/// Where it is no rule, names hours or less, has a list of many values, ends before it begins
/// or recurs too often.
pub(super) fn read(value: &str, first: NaiveDate) -> Result<Rule, Wrong> {
    let parts = parts(value, first)?;
    if parts.is_intricate {
        return Ok(Rule::Intricate);
    }
    let horizon =
        first.checked_add_months(Months::new(12 * HORIZON_YEARS)).unwrap_or(NaiveDate::MAX);
    let until = parts.until.map_or(horizon, |until| until.min(horizon));
    let mut dates = Vec::new();
    for step in 0_u32.. {
        let ahead = step.saturating_mul(parts.every);
        let is_told = parts.count.is_some_and(|count| dates.len() >= count);
        if is_told || is_past(first, parts.unit, ahead, until) {
            break;
        }
        let Some(date) = after(first, parts.unit, ahead).filter(|date| *date <= until) else {
            continue;
        };
        if dates.len() >= MOST_TIMES {
            return Err(bad(format!("it recurs more than {MOST_TIMES} times in five years")));
        }
        dates.push(date);
    }
    Ok(Rule::Dates(dates))
}

fn bad(message: impl Into<String>) -> Wrong {
    wrong("recurrence", message)
}

/// The date so many units later; `None` where the month has no such day.
fn after(first: NaiveDate, unit: Unit, ahead: u32) -> Option<NaiveDate> {
    match unit {
        Unit::Day => first.checked_add_signed(TimeDelta::days(i64::from(ahead))),
        Unit::Week => first.checked_add_signed(TimeDelta::days(7 * i64::from(ahead))),
        Unit::Month => {
            let begin = first.with_day(1)?.checked_add_months(Months::new(ahead))?;
            begin.with_day(first.day())
        }
        Unit::Year => first.with_year(first.year().checked_add(i32::try_from(ahead).ok()?)?),
    }
}

/// True when so many units lead beyond the end, whatever the month's days.
fn is_past(first: NaiveDate, unit: Unit, ahead: u32, until: NaiveDate) -> bool {
    let days = match unit {
        Unit::Day => 1,
        Unit::Week => 7,
        Unit::Month => 28,
        Unit::Year => 365,
    };
    let days = i64::from(ahead).saturating_mul(days);
    TimeDelta::try_days(days)
        .and_then(|days| first.checked_add_signed(days))
        .is_none_or(|date| date > until)
}

fn parts(value: &str, first: NaiveDate) -> Result<Parts, Wrong> {
    let mut parts =
        Parts { unit: Unit::Day, every: 1, count: None, until: None, is_intricate: false };
    let mut unit = None;
    let mut limits = Vec::new();
    for part in value.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) =
            part.split_once('=').ok_or_else(|| bad("a rule like FREQ=YEARLY is expected"))?;
        let number = || value.parse::<u32>().ok().filter(|number| *number > 0);
        match name.to_ascii_uppercase().as_str() {
            "FREQ" => unit = Some(unit_of(value)?),
            "INTERVAL" => {
                parts.every = number().ok_or_else(|| bad("INTERVAL is a number above 0"))?;
            }
            "COUNT" => {
                let count = number().and_then(|count| usize::try_from(count).ok());
                parts.count = Some(count.ok_or_else(|| bad("COUNT is a number above 0"))?);
            }
            "UNTIL" => parts.until = Some(moment(value, None)?.date()),
            "WKST" => {}
            "BYDAY" | "BYMONTH" | "BYMONTHDAY" => {
                limits.push((name.to_ascii_uppercase(), value.to_ascii_uppercase()));
            }
            "BYSETPOS" | "BYWEEKNO" | "BYYEARDAY" | "BYHOUR" | "BYMINUTE" | "BYSECOND"
            | "RSCALE" | "SKIP" => {
                parts.is_intricate = true;
            }
            _ => return Err(bad("a part of the rule is not known")),
        }
        if value.split(',').count() > MOST_VALUES {
            return Err(bad(format!("at most {MOST_VALUES} values in a list")));
        }
    }
    parts.unit = unit.ok_or_else(|| bad("FREQ is missing"))?;
    if parts.count.is_some() && parts.until.is_some() {
        return Err(bad("either COUNT or UNTIL, not both"));
    }
    if parts.until.is_some_and(|until| until < first) {
        return Err(bad("it ends before it begins"));
    }
    parts.is_intricate |=
        limits.iter().any(|(name, value)| !repeats(name, value, parts.unit, first));
    Ok(parts)
}

fn unit_of(value: &str) -> Result<Unit, Wrong> {
    match value.to_ascii_uppercase().as_str() {
        "DAILY" => Ok(Unit::Day),
        "WEEKLY" => Ok(Unit::Week),
        "MONTHLY" => Ok(Unit::Month),
        "YEARLY" => Ok(Unit::Year),
        "HOURLY" | "MINUTELY" | "SECONDLY" => Err(bad("a day does not recur within a day")),
        _ => Err(bad("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY")),
    }
}

/// True where a limit only repeats what the event's first day says anyway.
fn repeats(name: &str, value: &str, unit: Unit, first: NaiveDate) -> bool {
    let is_number = |number: u32| value.parse() == Ok(number);
    match (name, unit) {
        ("BYMONTH", Unit::Year) => is_number(first.month()),
        ("BYMONTHDAY", Unit::Month | Unit::Year) => is_number(first.day()),
        ("BYDAY", Unit::Week) => value == weekday(first.weekday()),
        _ => false,
    }
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "MO",
        Weekday::Tue => "TU",
        Weekday::Wed => "WE",
        Weekday::Thu => "TH",
        Weekday::Fri => "FR",
        Weekday::Sat => "SA",
        Weekday::Sun => "SU",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: &str, first: &str, expected: Result<&[&str], &str>) {
        let read = read(rule, first.parse().expect(first));
        let read = read.map(|rule| match rule {
            Rule::Dates(dates) => dates.iter().map(ToString::to_string).collect(),
            Rule::Intricate => vec!["intricate".to_owned()],
        });
        let expected = expected.map(|dates| dates.iter().map(|d| (*d).to_owned()).collect());
        assert_eq!(read.map_err(|(code, _)| code), expected, "{rule}");
    }

    #[test]
    fn plain_rules_are_worked_out() {
        check("FREQ=DAILY;COUNT=3", "2026-02-27", Ok(&["2026-02-27", "2026-02-28", "2026-03-01"]));
        check(
            "freq=weekly;byday=sa;until=20260117",
            "2026-01-03",
            Ok(&["2026-01-03", "2026-01-10", "2026-01-17"]),
        );
        check(
            "FREQ=WEEKLY;INTERVAL=2;COUNT=2;WKST=MO",
            "2026-01-03",
            Ok(&["2026-01-03", "2026-01-17"]),
        );
        check(
            "FREQ=MONTHLY;COUNT=3",
            "2026-01-31",
            Ok(&["2026-01-31", "2026-03-31", "2026-05-31"]),
        );
        check(
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=2",
            "2024-02-29",
            Ok(&["2024-02-29", "2028-02-29"]),
        );
        check(
            "FREQ=YEARLY;UNTIL=20271231T160000Z",
            "2026-01-01",
            Ok(&["2026-01-01", "2027-01-01", "2028-01-01"]),
        );
    }

    #[test]
    fn a_rule_without_an_end_goes_five_years_far() {
        check(
            "FREQ=YEARLY",
            "2026-10-01",
            Ok(&[
                "2026-10-01",
                "2027-10-01",
                "2028-10-01",
                "2029-10-01",
                "2030-10-01",
                "2031-10-01",
            ]),
        );
        check(
            "FREQ=YEARLY;COUNT=4000000000;INTERVAL=4000000000",
            "2026-10-01",
            Ok(&["2026-10-01"]),
        );
        check("FREQ=YEARLY;INTERVAL=3", "2024-02-29", Ok(&["2024-02-29"]));
        check("FREQ=DAILY", "2026-10-01", Err("recurrence"));
    }

    #[test]
    fn rules_that_cannot_be_are_refused_and_intricate_ones_left() {
        let storm = format!("FREQ=YEARLY;BYDAY={}", vec!["1MO"; 61].join(","));
        for bad in [
            "",
            "COUNT=1",
            "FREQ=",
            "FREQ=SECONDLY",
            "FREQ=HOURLY;COUNT=1",
            "FREQ=YEARLY;COUNT=0",
            "FREQ=YEARLY;INTERVAL=0",
            "FREQ=YEARLY;COUNT=1;UNTIL=20301231",
            "FREQ=YEARLY;UNTIL=20250101",
            "FREQ=YEARLY;NOISE=1",
            "nonsense",
            &storm,
        ] {
            check(bad, "2026-10-01", Err("recurrence"));
        }
        check("FREQ=YEARLY;UNTIL=soon", "2026-10-01", Err("date"));
        for rule in [
            "FREQ=YEARLY;BYDAY=1MO;BYMONTH=9",
            "FREQ=MONTHLY;BYDAY=MO",
            "FREQ=WEEKLY;BYDAY=MO,TU",
            "FREQ=YEARLY;BYSETPOS=1",
        ] {
            check(rule, "2026-10-01", Ok(&["intricate"]));
        }
    }
}
