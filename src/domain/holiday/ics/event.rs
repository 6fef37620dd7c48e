//! One event: when it is, what it is called, and what it says of its days.
//!
//! **Never** stops at the first line that cannot be read.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta, Timelike as _};

use super::component::{File, Raw};
use super::line::Line;
use super::moment::{Moment, duration, instant, read as moments};
use super::{Wrong, wrong};
use crate::domain::calendar::{SHANGHAI, local_date};
use crate::domain::holiday::meaning::{Meaning, Saying, said};
use crate::domain::holiday::names::holidays;
use crate::domain::holiday::reading::Why;
use crate::domain::import::RowError;
use crate::domain::text::cleaned;

/// The most days that an event names. One that is longer than a holiday is for somebody to confirm;
/// one that is longer than this is a mistake.
const LONGEST_DAYS: i64 = 800;
const LONGEST_NAME: usize = 100;
const LONGEST_SOURCE: usize = 500;

/// An event that was read.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) row: u32,
    pub(super) uid: Option<String>,
    pub(super) sequence: i64,
    /// Which repetition of a series it replaces.
    pub(super) instance: Option<NaiveDate>,
    pub(super) is_cancelled: bool,
    /// Its title.
    pub(super) said: String,
    pub(super) name: String,
    pub(super) source: String,
    pub(super) meaning: Result<Meaning, Why>,
    /// Its first and last day; absent where nobody asks, since it is cancelled.
    pub(super) span: Option<(NaiveDate, NaiveDate)>,
    pub(super) rule: Option<String>,
    /// True where it recurs in another way than by one rule.
    pub(super) is_intricate: bool,
    /// The repetitions that are left out.
    pub(super) except: BTreeSet<NaiveDate>,
}

/// Reads an event; `None` where it names no day, having been cancelled without an identity.
///
/// # Errors
/// Every line that cannot be read.
pub(super) fn read(raw: &Raw, file: &File) -> Result<Option<Event>, Vec<RowError>> {
    let mut errors = Vec::new();
    let mut refuse = |line: Option<&Line>, name: &str, (code, message): Wrong| {
        let row = line.map_or(raw.row, |line| line.row);
        errors.push(RowError::new(row, name, code, message));
    };
    let text = |name| raw.line(name).map(Line::text).unwrap_or_default();
    let is_cancelled = file.is_cancelled || text("STATUS").trim().eq_ignore_ascii_case("CANCELLED");
    let uid = Some(text("UID").trim().to_owned()).filter(|uid| !uid.is_empty());
    if is_cancelled && uid.is_none() {
        return Ok(None);
    }
    let dates = |line: &Line| {
        moments(line).map(|found| found.into_iter().map(Moment::date).collect::<BTreeSet<_>>())
    };
    let mut except = BTreeSet::new();
    let mut instance = None;
    for line in raw.all("EXDATE").chain(raw.line("RECURRENCE-ID")) {
        match dates(line) {
            Ok(found) if line.name == "EXDATE" => except.extend(found),
            Ok(found) => instance = found.first().copied(),
            Err(wrong) => refuse(Some(line), &line.name, wrong),
        }
    }
    let (span, is_whole) = if is_cancelled {
        (None, true)
    } else {
        match span(raw) {
            Ok((first, last, is_whole)) => (Some((first, last)), is_whole),
            Err((name, wrong)) => {
                refuse(raw.line(name), name, wrong);
                (None, true)
            }
        }
    };
    if !errors.is_empty() {
        return Err(errors);
    }
    let summary = text("SUMMARY");
    Ok(Some(Event {
        row: raw.row,
        uid,
        sequence: text("SEQUENCE").trim().parse().unwrap_or_default(),
        instance,
        is_cancelled,
        name: holidays(&summary).unwrap_or_else(|| name_of(&summary)),
        said: summary,
        source: source_of(raw, file),
        meaning: meaning(raw, is_whole),
        span,
        rule: raw.line("RRULE").map(|line| line.value.clone()),
        is_intricate: raw.all("RRULE").count() > 1
            || raw.line("RDATE").is_some()
            || raw.line("EXRULE").is_some(),
        except,
    }))
}

fn name_of(summary: &str) -> String {
    let name = cleaned(summary.trim(), LONGEST_NAME);
    if name.is_empty() { "节假日".to_owned() } else { name }
}

/// The event's address, or the calendar's name.
fn source_of(raw: &Raw, file: &File) -> String {
    let address = raw.line("URL").map(|line| line.value.trim());
    let address = address.filter(|url| url.starts_with("http://") || url.starts_with("https://"));
    let source = cleaned(address.unwrap_or(&file.source).trim(), LONGEST_SOURCE);
    if source.is_empty() { "iCalendar".to_owned() } else { source }
}

/// What the event says of its days: its title, or, where that is silent, its description.
fn meaning(raw: &Raw, is_whole: bool) -> Result<Meaning, Why> {
    let encoded = |line: &Line| line.parameter("ENCODING").is_some_and(|code| code != "8BIT");
    if raw.all("SUMMARY").chain(raw.line("DESCRIPTION")).any(encoded) {
        return Err(Why::Encoded);
    }
    let say = |name| raw.line(name).map_or(Saying::Silent, |line| said(&line.text()));
    let words = match say("SUMMARY") {
        Saying::Silent => say("DESCRIPTION"),
        clear @ (Saying::Clear(_) | Saying::Unclear) => clear,
    };
    // What one maker of calendars writes instead of words.
    let special = raw.line("X-APPLE-SPECIAL-DAY").map(|line| line.value.trim().to_uppercase());
    let special = match special.as_deref() {
        Some("WORK-HOLIDAY") => Some(Meaning::Free),
        Some("ALTERNATE-WORKDAY") => Some(Meaning::Worked),
        Some(_) | None => None,
    };
    match (words, special) {
        (Saying::Clear(said), Some(special)) if said != special => Err(Why::Unclear),
        (Saying::Clear(Meaning::Free), None) if !is_whole => Err(Why::PartOfDay),
        (Saying::Clear(said), _) => Ok(said),
        (Saying::Silent, Some(special)) => Ok(special),
        (Saying::Silent | Saying::Unclear, _) => Err(Why::Unclear),
    }
}

/// The first and the last day, and whether they are whole ones.
///
/// # Errors
/// The name of the line, and what is wrong with it.
fn span(raw: &Raw) -> Result<(NaiveDate, NaiveDate, bool), (&'static str, Wrong)> {
    let one = |name: &'static str| {
        let line = raw.line(name)?;
        Some(moments(line).map_err(|wrong| (name, wrong)).and_then(
            |found| match found.as_slice() {
                [one] => Ok(*one),
                _ => Err((name, wrong("date", "one date is expected"))),
            },
        ))
    };
    let start = one("DTSTART").unwrap_or_else(|| {
        Err(("DTSTART", wrong("required", "an event has a day on which it begins")))
    })?;
    let end = one("DTEND").transpose()?;
    let length = raw.line("DURATION").map(|line| duration(&line.value));
    let length = length.transpose().map_err(|wrong| ("DURATION", wrong))?;
    if end.is_some() && length.is_some() {
        return Err(("DURATION", wrong("duration", "either DTEND or DURATION, not both")));
    }
    let name = if length.is_some() { "DURATION" } else { "DTEND" };
    let begin = instant(start);
    let is_date = matches!(start, Moment::Date(_));
    let one_day = if is_date { TimeDelta::days(1) } else { TimeDelta::zero() };
    let stop = match (end, length) {
        (Some(end), _) => Some(instant(end)),
        (None, Some(length)) => begin.checked_add_signed(length),
        (None, None) => begin.checked_add_signed(one_day),
    };
    let stop = stop.ok_or_else(|| (name, wrong("too_long", "it does not end")))?;
    if stop < begin {
        return Err((name, wrong("ends_before_start", "it ends before it begins")));
    }
    // Some programs let an event of one day end on the day it begins.
    let first = start.date();
    let last = local_date(stop - TimeDelta::nanoseconds(1)).max(first);
    if (last - first).num_days() >= LONGEST_DAYS {
        let message = format!("it is longer than {LONGEST_DAYS} days");
        return Err((name, wrong("too_long", message)));
    }
    let clock = stop.with_timezone(&SHANGHAI).time();
    // 23:59 and 23:59:59 are how many write the end of a day.
    let ends_day = clock == NaiveTime::MIN || (clock.hour(), clock.minute()) == (23, 59);
    let begins_day = begin.with_timezone(&SHANGHAI).time() == NaiveTime::MIN;
    let is_whole = is_date || (begins_day && ends_day && stop > begin);
    Ok((first, last, is_whole))
}

/// The span as it is when the event begins on another day.
pub(super) fn moved(
    (first, last): (NaiveDate, NaiveDate),
    start: NaiveDate,
) -> Option<(NaiveDate, NaiveDate)> {
    let length = u64::try_from((last - first).num_days()).ok()?;
    Some((start, start.checked_add_days(Days::new(length))?))
}
