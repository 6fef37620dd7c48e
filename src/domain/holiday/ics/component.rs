//! The components of a calendar file: its events, and what it says of itself.
//!
//! **Never** recurses: a file of a million BEGIN lines costs a counter.

use super::line::{Line, read as read_line, unfold};
use super::{MOST_ERRORS, MOST_EVENTS};
use crate::domain::holiday::reading::Refused;
use crate::domain::import::RowError;

/// Components within components; real files have three levels.
const DEEPEST: usize = 16;
/// What is read of an event; the rest is passed over.
const READ: [&str; 15] = [
    "SUMMARY",
    "DESCRIPTION",
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXRULE",
    "EXDATE",
    "UID",
    "SEQUENCE",
    "RECURRENCE-ID",
    "STATUS",
    "URL",
    "X-APPLE-SPECIAL-DAY",
];

/// A file's events.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) events: Vec<Raw>,
    /// The name or address of the calendar; empty where it does not say.
    pub(super) source: String,
    /// True where the file takes its events back.
    pub(super) is_cancelled: bool,
}

/// An event's lines.
#[derive(Debug, Default)]
pub(super) struct Raw {
    /// The line it begins in.
    pub(super) row: u32,
    pub(super) lines: Vec<Line>,
}

impl Raw {
    /// The first line of that name.
    pub(super) fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }

    /// Every line of that name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.name == name)
    }
}

/// Reads a file's components.
///
/// # Errors
/// [`Refused`] for what is no calendar, ends in its middle or has broken lines.
pub(super) fn read(bytes: &[u8]) -> Result<File, Refused> {
    let mut walk = Walk::default();
    for (row, bytes) in unfold(bytes) {
        match read_line(row, &bytes) {
            Ok(line) => walk.step(line),
            Err(error) if walk.has_begun => walk.errors.push(error),
            Err(_) => walk.refuse(row, "not_a_calendar", "BEGIN:VCALENDAR is expected"),
        }
        if walk.is_hopeless || walk.errors.len() >= MOST_ERRORS {
            return Err(Refused(walk.errors));
        }
    }
    if let Some((row, open)) = walk.open.last().cloned() {
        walk.refuse(row, "unfinished", format!("END:{open} is missing: the file is cut off"));
    }
    if walk.errors.is_empty() { Ok(walk.file) } else { Err(Refused(walk.errors)) }
}

#[derive(Default)]
struct Walk {
    file: File,
    /// The components that are open, outermost first, with the lines they begin in.
    open: Vec<(u32, String)>,
    event: Raw,
    errors: Vec<RowError>,
    has_begun: bool,
    /// True when the rest cannot be understood.
    is_hopeless: bool,
}

impl Walk {
    fn refuse(&mut self, row: u32, code: &'static str, message: impl Into<String>) {
        self.errors.push(RowError::new(row, "", code, message));
        self.is_hopeless = true;
    }

    fn step(&mut self, line: Line) {
        let component = line.value.trim().to_ascii_uppercase();
        match line.name.as_str() {
            "BEGIN" => self.begin(line.row, component),
            "END" => self.end(line.row, &component),
            _ => self.property(line),
        }
    }

    fn begin(&mut self, row: u32, component: String) {
        let is_calendar = component == "VCALENDAR";
        if self.open.is_empty() && !is_calendar {
            return self.refuse(row, "not_a_calendar", "BEGIN:VCALENDAR is expected");
        }
        if self.open.len() >= DEEPEST || (is_calendar && !self.open.is_empty()) {
            return self.refuse(row, "nesting", format!("BEGIN:{component} does not belong here"));
        }
        self.has_begun = true;
        self.open.push((row, component));
        if self.is_in_event() {
            self.event = Raw { row, lines: Vec::new() };
        }
    }

    fn end(&mut self, row: u32, component: &str) {
        let is_event = self.is_in_event();
        match self.open.pop() {
            Some((_, open)) if open == component => {}
            Some((_, open)) => {
                return self.refuse(row, "nesting", format!("END:{open} is expected"));
            }
            None => return self.refuse(row, "nesting", "nothing is open that could end"),
        }
        if is_event {
            if self.file.events.len() >= MOST_EVENTS {
                let message = format!("at most {MOST_EVENTS} events");
                return self.refuse(row, "too_many_events", message);
            }
            self.file.events.push(std::mem::take(&mut self.event));
        }
    }

    /// True right inside an event: what stands in its alarms is theirs.
    fn is_in_event(&self) -> bool {
        matches!(self.open.as_slice(), [_, (_, inner)] if inner == "VEVENT")
    }

    fn property(&mut self, line: Line) {
        if self.open.is_empty() {
            let message = "this stands outside of BEGIN:VCALENDAR and END:VCALENDAR";
            return self.refuse(line.row, "not_a_calendar", message);
        }
        if self.is_in_event() && READ.contains(&line.name.as_str()) {
            self.event.lines.push(line);
        } else if self.open.len() == 1 {
            self.of_calendar(&line);
        }
    }

    fn of_calendar(&mut self, line: &Line) {
        match line.name.as_str() {
            "METHOD" => {
                self.file.is_cancelled |= line.value.trim().eq_ignore_ascii_case("CANCEL");
            }
            "X-WR-CALNAME" | "NAME" | "URL" | "SOURCE" if self.file.source.is_empty() => {
                line.text().trim().clone_into(&mut self.file.source);
            }
            _ => {}
        }
    }
}
