//! A year as twelve small tables, and its holidays in a list.
//!
//! **Never** tells a kind of day by its colour alone: a mark stands beside the number, a word
//! behind it.

use chrono::{Datelike as _, NaiveDate};

use super::super::shell::Shell;
use crate::domain::calendar::DayKind;
use crate::web::api::calendars::CalendarDay;

/// A month at a glance.
#[derive(Debug)]
pub(super) struct Month {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) tally: String,
    /// Monday first; `None` = a day of another month.
    pub(super) weeks: Vec<Vec<Option<Cell>>>,
    /// What is out of the ordinary in it.
    pub(super) notes: Vec<String>,
}

/// A day in a month's table.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) number: u32,
    pub(super) date: String,
    pub(super) class: &'static str,
    /// One sign beside the number; empty for days of the plain week.
    pub(super) mark: &'static str,
    /// What the day is, in words.
    pub(super) said: String,
    pub(super) is_today: bool,
}

/// A holiday with the days that belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holiday {
    pub(super) name: String,
    pub(super) rest: Vec<String>,
    pub(super) makeup: Vec<String>,
    pub(super) source: String,
    /// Which of the documents below the list it is.
    pub(super) number: usize,
}

/// How many days there are of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    working: u32,
    makeup: u32,
    rest: u32,
}

impl Tally {
    /// Counts.
    pub(super) fn of<'a>(days: impl IntoIterator<Item = &'a CalendarDay>) -> Self {
        days.into_iter().fold(Self::default(), |mut tally, day| {
            match day.kind {
                DayKind::Working => tally.working += 1,
                DayKind::Makeup => {
                    tally.working += 1;
                    tally.makeup += 1;
                }
                DayKind::Rest => tally.rest += 1,
            }
            tally
        })
    }

    /// The count in words.
    pub(super) fn told(self, shell: &Shell, key: &str) -> String {
        let values = [
            ("working", self.working.to_string()),
            ("makeup", self.makeup.to_string()),
            ("rest", self.rest.to_string()),
        ];
        shell.words().with_all(key, &values)
    }
}

/// The twelve months.
pub(super) fn months(shell: &Shell, days: &[CalendarDay], today: NaiveDate) -> Vec<Month> {
    days.chunk_by(|day, next| day.date.month() == next.date.month())
        .map(|days| month(shell, days, today))
        .collect()
}

fn month(shell: &Shell, days: &[CalendarDay], today: NaiveDate) -> Month {
    let first = days.first().map(|day| day.date).unwrap_or_default();
    let before = first.weekday().num_days_from_monday();
    let mut cells: Vec<Option<Cell>> = (0..before).map(|_| None).collect();
    cells.extend(days.iter().map(|day| Some(cell(shell, day, today))));
    while !cells.len().is_multiple_of(7) {
        cells.push(None);
    }
    let mut weeks = Vec::new();
    let mut cells = cells.into_iter().peekable();
    while cells.peek().is_some() {
        weeks.push(cells.by_ref().take(7).collect());
    }
    Month {
        number: first.month(),
        name: shell.named("month", &first.month().to_string()),
        tally: Tally::of(days).told(shell, "tally-month"),
        weeks,
        notes: notes(days),
    }
}

fn cell(shell: &Shell, day: &CalendarDay, today: NaiveDate) -> Cell {
    let is_weekend = day.date.weekday().num_days_from_monday() > 4;
    let (class, mark) = match day.kind {
        DayKind::Makeup => ("day-makeup", "班"),
        DayKind::Rest if is_weekend && day.name.is_none() => ("day-rest", ""),
        DayKind::Rest => ("day-holiday", "休"),
        DayKind::Working => ("", ""),
    };
    let kind = match day.kind {
        DayKind::Working => String::new(),
        DayKind::Rest | DayKind::Makeup => shell.name("day", &day.kind),
    };
    let name = day.name.clone().unwrap_or_default();
    let is_today = day.date == today;
    let today = if is_today { shell.t("today") } else { String::new() };
    let said: Vec<String> = [name, kind, today].into_iter().filter(|w| !w.is_empty()).collect();
    Cell {
        number: day.date.day(),
        date: day.date.to_string(),
        class,
        mark,
        said: said.join(" "),
        is_today,
    }
}

/// What is out of the ordinary in a month: `15–23 春节`, `班 14, 28`.
fn notes(days: &[CalendarDay]) -> Vec<String> {
    let mut notes: Vec<String> = runs(days, DayKind::Rest)
        .iter()
        .filter_map(|run| {
            let (first, last) = (run.first()?, run.last()?);
            let name = first.name.as_ref()?;
            let (first, last) = (first.date.day(), last.date.day());
            let span = if first == last { first.to_string() } else { format!("{first}–{last}") };
            Some(format!("{span} {name}"))
        })
        .collect();
    let makeup = days.iter().filter(|day| day.kind == DayKind::Makeup);
    let makeup: Vec<String> = makeup.map(|day| day.date.day().to_string()).collect();
    if !makeup.is_empty() {
        notes.push(format!("班 {}", makeup.join(", ")));
    }
    notes
}

/// Days of a kind that follow each other and bear the same name.
fn runs(days: &[CalendarDay], kind: DayKind) -> Vec<&[CalendarDay]> {
    let same = |day: &CalendarDay, next: &CalendarDay| {
        day.kind == next.kind && day.name == next.name && day.date.succ_opt() == Some(next.date)
    };
    days.chunk_by(same)
        .filter(|run| run.first().is_some_and(|day| day.kind == kind && day.name.is_some()))
        .collect()
}

/// The year's holidays, each with its make-up days and its document.
pub(super) fn holidays(shell: &Shell, days: &[CalendarDay]) -> Vec<Holiday> {
    let mut found: Vec<Holiday> = Vec::new();
    for (kind, run) in [DayKind::Rest, DayKind::Makeup]
        .into_iter()
        .flat_map(|kind| runs(days, kind).into_iter().map(move |run| (kind, run)))
    {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let name = first.name.clone().unwrap_or_default();
        let source = first.source.clone().unwrap_or_default();
        let own = found.iter().position(|one| one.name == name && one.source == source);
        let own = own.unwrap_or_else(|| {
            found.push(Holiday { name, source, rest: Vec::new(), makeup: Vec::new(), number: 0 });
            found.len() - 1
        });
        let Some(holiday) = found.get_mut(own) else { continue };
        match kind {
            DayKind::Rest => holiday.rest.push(span(shell, first.date, last.date)),
            DayKind::Makeup => {
                holiday.makeup.extend(run.iter().map(|day| dated(shell, day.date)));
            }
            DayKind::Working => {}
        }
    }
    let documents = sources(&found);
    for holiday in &mut found {
        let place = documents.iter().position(|source| *source == holiday.source);
        holiday.number = place.map_or(0, |place| place + 1);
    }
    found
}

/// The documents, each once, in the order of what they say.
pub(super) fn sources(holidays: &[Holiday]) -> Vec<String> {
    let mut sources: Vec<String> = Vec::new();
    for holiday in holidays {
        if !holiday.source.is_empty() && !sources.contains(&holiday.source) {
            sources.push(holiday.source.clone());
        }
    }
    sources
}

fn dated(shell: &Shell, date: NaiveDate) -> String {
    let weekday = date.weekday().number_from_monday().to_string();
    format!("{date} {}", shell.named("weekday", &weekday))
}

fn span(shell: &Shell, first: NaiveDate, last: NaiveDate) -> String {
    if first == last {
        return dated(shell, first);
    }
    let days = (last - first).num_days() + 1;
    let days = shell.with("count-plain-days", "n", &days);
    format!("{} – {} · {days}", dated(shell, first), dated(shell, last))
}
