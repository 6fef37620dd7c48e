//! Calendars as calendar programs exchange them (RFC 5545): events that close days, and events
//! that open them.
//!
//! Lenient where programs differ and nothing can be misread (line ends, folding, letter case,
//! versions, fields of their own); strict where a guess would move a deadline.
//!
//! **Never** takes an event for a holiday because it is in the calendar: its words must say
//! that the day is worked or free, or a person judges it.

mod component;
mod event;
mod line;
mod moment;
mod recur;
mod series;
mod taken;

use self::taken::Taken;
use super::reading::{Reading, Refused};

/// The most events in a file.
const MOST_EVENTS: usize = 20_000;
/// The most days that the events of a file name together, repetitions counted.
const MOST_DAYS: usize = 40_000;
/// The most mistakes that are told.
const MOST_ERRORS: usize = 1_000;

/// The code and message of a refusal.
type Wrong = (&'static str, String);

fn wrong(code: &'static str, message: impl Into<String>) -> Wrong {
    (code, message.into())
}

/// Reads a calendar file. Dates are Shanghai's; events of several days name each of them;
/// cancelled events name none; of events with one UID the one with the highest SEQUENCE
/// counts. What is unclear is held.
///
/// # Errors
/// [`Refused`], with the line of every mistake. A calendar in which no event names a day has
/// no days, which is another refusal than an empty file's.
pub fn read_ics(bytes: &[u8]) -> Result<Reading, Refused> {
    let bare = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    if bare.trim_ascii().is_empty() {
        return Err(Refused::whole("empty_file", "the file is empty"));
    }
    let calendar = component::read(bare)?;
    let mut taken = Taken::default();
    let mut events = Vec::new();
    for raw in &calendar.events {
        match event::read(raw, &calendar) {
            Ok(event) => events.extend(event),
            Err(wrong) => taken.errors.extend(wrong),
        }
    }
    for event in series::latest(events) {
        taken.take(event);
    }
    taken.done()
}

#[cfg(test)]
mod tests;
