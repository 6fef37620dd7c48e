//! What a change of the rules does, in words.
//!
//! **Never** tells more of a ticket than its number and its deadlines.

use chrono::{Datelike as _, NaiveDate};
use uuid::Uuid;

use super::super::super::shell::Shell;
use crate::domain::holiday::Doubt;
use crate::service::replan::Outcome;
use crate::web::api::batches::{BatchBody, DayChangeBody, ImpactBody, MovedBody, OutcomeBody};

/// Moved deadlines that a page shows.
const SHOWN: usize = 100;

/// A change as it is drawn.
#[derive(Debug, Default)]
pub(in crate::web::ui) struct Drawn {
    pub(in crate::web::ui) days: Vec<DayLine>,
    pub(in crate::web::ui) facts: Vec<(String, String)>,
    pub(in crate::web::ui) moved: Vec<MovedLine>,
    /// How many deadlines there are in all, where not all are shown.
    pub(in crate::web::ui) cut: Option<String>,
    pub(in crate::web::ui) needs_approval: bool,
    /// Years that stay provisional.
    pub(in crate::web::ui) provisional: Vec<String>,
    /// What has to be confirmed: the code, and the words.
    pub(in crate::web::ui) doubts: Vec<(&'static str, Vec<String>)>,
}

/// A day before and after.
#[derive(Debug)]
pub(in crate::web::ui) struct DayLine {
    pub(in crate::web::ui) date: String,
    pub(in crate::web::ui) before: String,
    pub(in crate::web::ui) after: String,
    pub(in crate::web::ui) is_other: bool,
    pub(in crate::web::ui) name: String,
    pub(in crate::web::ui) source: String,
}

/// A deadline before and after.
#[derive(Debug)]
pub(in crate::web::ui) struct MovedLine {
    pub(in crate::web::ui) ticket: Uuid,
    pub(in crate::web::ui) number: String,
    pub(in crate::web::ui) kind: String,
    pub(in crate::web::ui) before: String,
    pub(in crate::web::ui) after: String,
    pub(in crate::web::ui) waived: bool,
    pub(in crate::web::ui) settled: bool,
}

/// What a preview shows.
pub(in crate::web::ui) fn outcome(shell: &Shell, outcome: &Outcome) -> Drawn {
    let body = OutcomeBody::shown(outcome);
    let mut doubts: Vec<(&'static str, Vec<String>)> = Vec::new();
    for doubt in &outcome.doubts {
        let (code, words) = (doubt.as_str(), said(shell, doubt));
        match doubts.iter_mut().find(|(known, _)| *known == code) {
            Some((_, lines)) => lines.push(words),
            None => doubts.push((code, vec![words])),
        }
    }
    Drawn {
        days: body.days.iter().map(|day| day_line(shell, day)).collect(),
        provisional: body.provisional_years.iter().map(ToString::to_string).collect(),
        doubts,
        ..counted(shell, &body.impact, &body.deadlines)
    }
}

/// What a batch did, or would have done when it was proposed.
pub(in crate::web::ui) fn batch(shell: &Shell, body: &BatchBody, moved: &[MovedBody]) -> Drawn {
    counted(shell, &body.impact, moved)
}

fn counted(shell: &Shell, impact: &ImpactBody, moved: &[MovedBody]) -> Drawn {
    let all = usize::try_from(impact.moved.max(impact.settled)).unwrap_or(usize::MAX);
    let shown = moved.len().min(SHOWN);
    Drawn {
        facts: facts(shell, impact),
        moved: moved.iter().take(SHOWN).map(|one| moved_line(shell, one)).collect(),
        cut: (all > shown && shown > 0).then(|| shell.with("impact-cut", "n", &all)),
        needs_approval: impact.needs_approval,
        ..Drawn::default()
    }
}

fn facts(shell: &Shell, impact: &ImpactBody) -> Vec<(String, String)> {
    let count = |key: &str, n: u32| (shell.t(key), n.to_string());
    let mut facts = vec![
        count("impact-tickets", impact.tickets),
        count("impact-moved", impact.moved),
        (shell.t("impact-shift"), shift(shell, impact.largest_shift)),
        count("impact-vanish", impact.breaches_vanish),
        count("impact-appear", impact.breaches_appear),
        count("impact-settled", impact.settled),
    ];
    let fires = impact.fires.iter().map(|(kind, n)| format!("{} {n}", shell.named("event", kind)));
    let fires: Vec<_> = fires.collect();
    let none = shell.t("impact-nothing");
    let fires = if fires.is_empty() { none } else { fires.join(" · ") };
    facts.push((shell.t("impact-fires"), fires));
    facts
}

/// A shift in days and hours.
fn shift(shell: &Shell, seconds: i64) -> String {
    let hours = seconds.unsigned_abs() / 3_600;
    let (whole, rest) = (hours / 24, hours % 24);
    let values = [("days", whole.to_string()), ("hours", rest.to_string())];
    match seconds {
        0 => shell.t("impact-nothing"),
        1.. => shell.words().with_all("shift-later", &values),
        _ => shell.words().with_all("shift-earlier", &values),
    }
}

fn day_line(shell: &Shell, day: &DayChangeBody) -> DayLine {
    DayLine {
        date: dated(shell, day.date),
        before: shell.name("day", &day.before),
        after: shell.name("day", &day.after),
        is_other: day.before != day.after,
        name: day.name.clone().unwrap_or_default(),
        source: day.source.clone().unwrap_or_default(),
    }
}

fn moved_line(shell: &Shell, one: &MovedBody) -> MovedLine {
    MovedLine {
        ticket: one.ticket.id,
        number: one.ticket.number.clone(),
        kind: shell.name("deadline", &one.kind),
        before: shell.due(&one.before),
        after: shell.due(&one.after),
        waived: one.waived,
        settled: one.settled,
    }
}

/// A date with its weekday.
pub(in crate::web::ui) fn dated(shell: &Shell, date: NaiveDate) -> String {
    let weekday = date.weekday().number_from_monday().to_string();
    format!("{date} {}", shell.named("weekday", &weekday))
}

/// A doubt in words.
fn said(shell: &Shell, doubt: &Doubt) -> String {
    let words = shell.words();
    match doubt {
        Doubt::NoMakeup { year } => words.with("doubt-no_makeup", "year", year),
        Doubt::RestDays { year, count } => {
            let values = [("year", year.to_string()), ("n", count.to_string())];
            words.with_all("doubt-rest_days", &values)
        }
        Doubt::Collapse { year, before, after } => {
            let values = [
                ("year", year.to_string()),
                ("before", before.to_string()),
                ("after", after.to_string()),
            ];
            words.with_all("doubt-collapse", &values)
        }
        Doubt::LongRest { from, until } => {
            let values = [("from", dated(shell, *from)), ("until", dated(shell, *until))];
            words.with_all("doubt-long_rest", &values)
        }
        Doubt::LongWork { from, until } => {
            let values = [("from", dated(shell, *from)), ("until", dated(shell, *until))];
            words.with_all("doubt-long_work", &values)
        }
        Doubt::MakeupOnWeekday { date } => {
            words.with("doubt-makeup_on_weekday", "date", &dated(shell, *date))
        }
        Doubt::WorkOnHoliday { date } => {
            words.with("doubt-work_on_holiday", "date", &dated(shell, *date))
        }
    }
}
