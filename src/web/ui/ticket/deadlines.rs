//! Deadlines as pages show them: how long there is, and why it is due then.
//!
//! **Never** counts: the domain does.

use chrono::{DateTime, Utc};

use super::super::shell::Shell;
use crate::domain::calendar::{Calendar, DayKind};
use crate::domain::countdown::{Countdown, countdown};
use crate::domain::ticket::{Deadline, DeadlineStatus, Ticket};
use crate::web::api::deadline::{DayBody, DeadlineBody};
use crate::web::words::Words;

/// A deadline with its countdown and its explanation.
#[derive(Debug)]
pub(in crate::web) struct DeadlineRow {
    pub(in crate::web) name: String,
    pub(in crate::web) due: String,
    pub(in crate::web) status: String,
    pub(in crate::web) tone: &'static str,
    pub(in crate::web) left_class: &'static str,
    /// How long there is, or how long it is over; empty where nothing runs.
    pub(in crate::web) left: String,
    /// By how much it was late.
    pub(in crate::web) late: Option<String>,
    pub(in crate::web) provisional: bool,
    pub(in crate::web) sentence: String,
    pub(in crate::web) versions: String,
    pub(in crate::web) days: Vec<DayMark>,
}

/// A day of an explanation.
#[derive(Debug)]
pub(in crate::web) struct DayMark {
    pub(in crate::web) date: String,
    pub(in crate::web) text: String,
    pub(in crate::web) class: &'static str,
}

/// The deadlines of a ticket, with what the API says of them, in their order.
pub(in crate::web) fn rows(
    shell: &Shell,
    ticket: &Ticket,
    calendar: &Calendar,
    bodies: &[DeadlineBody],
) -> Vec<DeadlineRow> {
    let row = |(deadline, body)| row(shell, (ticket, calendar), deadline, body);
    ticket.deadlines.iter().zip(bodies).map(row).collect()
}

fn row(
    shell: &Shell,
    (ticket, calendar): (&Ticket, &Calendar),
    deadline: &Deadline,
    body: &DeadlineBody,
) -> DeadlineRow {
    let words = shell.words();
    let left = is_open(ticket, deadline).then(|| countdown(deadline, shell.now, calendar));
    let late = deadline.late_working_days;
    DeadlineRow {
        name: words.name("deadline", &deadline.kind),
        due: shell.due(&deadline.due_at),
        status: words.name("status", &deadline.status),
        tone: tone(deadline.status, left.as_ref()),
        left_class: class(tone(deadline.status, left.as_ref())),
        left: left.map(|left| countdown_text(words, left)).unwrap_or_default(),
        late: late.map(|days| words.with("late-by", "days", &days)),
        provisional: deadline.provisional,
        sentence: body.sentence.clone(),
        versions: format!("{} · {}", body.calendar_version, body.policy_version),
        days: marks(words, &body.explanation),
    }
}

/// How much time a deadline leaves and its class; nothing where there is nothing to do about it.
pub(in crate::web) fn left(
    shell: &Shell,
    ticket: &Ticket,
    deadline: &Deadline,
    calendar: &Calendar,
) -> Option<(String, &'static str)> {
    let left = is_open(ticket, deadline).then(|| countdown(deadline, shell.now, calendar))?;
    let class = class(tone(deadline.status, Some(&left)));
    Some((countdown_text(shell.words(), left), class))
}

/// True while its holder can still do something about it.
fn is_open(ticket: &Ticket, deadline: &Deadline) -> bool {
    match deadline.status {
        DeadlineStatus::Running => true,
        DeadlineStatus::Missed => deadline.met_at.is_none() && !ticket.state.is_final(),
        DeadlineStatus::Held
        | DeadlineStatus::Met
        | DeadlineStatus::Waived
        | DeadlineStatus::Stopped => false,
    }
}

fn tone(status: DeadlineStatus, left: Option<&Countdown>) -> &'static str {
    match status {
        DeadlineStatus::Missed => "red",
        DeadlineStatus::Running if left.is_some_and(|left| left.working_days == 0) => "amber",
        DeadlineStatus::Running => "blue",
        DeadlineStatus::Met => "green",
        DeadlineStatus::Held | DeadlineStatus::Waived | DeadlineStatus::Stopped => "",
    }
}

fn class(tone: &str) -> &'static str {
    match tone {
        "red" => "late",
        "amber" => "soon",
        _ => "",
    }
}

/// The days of an explanation, counted ones numbered.
pub(in crate::web) fn marks(words: Words, days: &[DayBody]) -> Vec<DayMark> {
    let mut number = 0;
    let mark = |day: &DayBody| {
        let kind = match (day.own, day.kind) {
            (false, kind) => words.name("day", &kind),
            (true, DayKind::Rest) => words.t("day-own-rest"),
            (true, DayKind::Working | DayKind::Makeup) => words.t("day-own-working"),
        };
        let text = if day.counted {
            number += 1;
            words.with_all("day-number", &[("number", number.to_string()), ("kind", kind)])
        } else {
            kind
        };
        let is_makeup = day.kind == DayKind::Makeup;
        let class = match (day.counted, is_makeup) {
            (true, true) => "counted makeup",
            (true, false) => "counted",
            (false, _) => "",
        };
        DayMark { date: day.date.format("%m-%d").to_string(), text, class }
    };
    days.iter().map(mark).collect()
}

/// How a ticket's list entry tells its next deadline: the text and its tone.
pub(in crate::web) fn next(
    shell: &Shell,
    ticket: &Ticket,
    calendar: &Calendar,
) -> Option<(String, &'static str, DateTime<Utc>)> {
    let open = ticket
        .deadlines
        .iter()
        .filter(|deadline| deadline.is_owed_by_manufacturer() && is_open(ticket, deadline));
    let next = open.min_by_key(|deadline| deadline.due_at)?;
    let left = countdown(next, shell.now, calendar);
    let class = class(tone(next.status, Some(&left)));
    let what = shell.name("deadline", &next.kind);
    Some((format!("{what} {}", countdown_text(shell.words(), left)), class, next.due_at))
}

/// 剩余 1 个工作日 3 小时
pub(in crate::web) fn countdown_text(words: Words, left: Countdown) -> String {
    let Countdown { is_over, working_days, hours, minutes } = left;
    let mut parts = Vec::new();
    if working_days > 0 {
        parts.push(words.with("count-days", "n", &working_days));
    }
    if hours > 0 {
        parts.push(words.with("count-hours", "n", &hours));
    }
    if working_days == 0 && hours < 10 {
        parts.push(words.with("count-minutes", "n", &minutes));
    }
    let key = if is_over { "count-over" } else { "count-left" };
    words.with(key, "time", &parts.join(" "))
}
