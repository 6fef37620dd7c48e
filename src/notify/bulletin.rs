//! What a bulletin shows: the variables of its texts, and its table.
//!
//! **Never** words anything itself: texts come from the locales.

use super::words::{LONG, Words, deadline_key, single_line};
use crate::domain::bulletin::{Bulletin, MovedDeadline, ShortageAlarm, Waiting};
use crate::domain::contact::MINUTES;
use crate::domain::explanation::local_due;
use crate::domain::invitation::HOURS;
use crate::domain::template::LetterKind;

/// The variables of a bulletin's texts.
pub(super) fn variables(bulletin: &Bulletin) -> Vec<(&'static str, String)> {
    match bulletin {
        Bulletin::Digest { on, waiting } => {
            let total: u32 = waiting.values().fold(0, |sum, count| sum.saturating_add(*count));
            vec![("day", on.to_string()), ("total", total.to_string())]
        }
        Bulletin::Shortage(alarm) => vec![
            ("product", single_line(&alarm.product, LONG)),
            ("manufacturer", single_line(&alarm.manufacturer, LONG)),
            ("hospitals", alarm.hospitals.to_string()),
            ("cities", alarm.cities.to_string()),
        ],
        Bulletin::CalendarMissing { year } => vec![("year", year.to_string())],
        Bulletin::PolicyLapsing { version, name, last_on, .. } => vec![
            ("version", single_line(version, LONG)),
            ("policy", single_line(name, LONG)),
            ("last", last_on.to_string()),
        ],
        Bulletin::DeadlinesMoved(moved) => vec![
            ("count", moved.count.to_string()),
            ("batch", moved.batch.to_string()),
            ("reason", single_line(&moved.reason, LONG)),
        ],
        Bulletin::ContactsUnproven { count, .. } => vec![("count", count.to_string())],
        Bulletin::Invitation { .. } => vec![("hours", HOURS.to_string())],
        Bulletin::ContactCode { secret, .. } => {
            vec![("code", secret.clone().unwrap_or_default()), ("minutes", MINUTES.to_string())]
        }
        Bulletin::ContactsExpiring { count, .. } => vec![("count", count.to_string())],
        Bulletin::HouseSuspended { name, tickets } => {
            vec![("house", single_line(name, LONG)), ("count", tickets.to_string())]
        }
        Bulletin::TemplateBroken { template, version } => {
            vec![("template", single_line(template, LONG)), ("version", version.to_string())]
        }
    }
}

/// The keys of its texts begin with this.
pub(super) fn prefix(bulletin: &Bulletin) -> &'static str {
    LetterKind::of(bulletin).map_or(bulletin.kind().name(), LetterKind::name)
}

/// Label and value of each row of its table.
pub(super) fn rows(words: &Words, bulletin: &Bulletin) -> Vec<(String, String)> {
    let row = |key: &str, value: String| (words.text(key), single_line(&value, LONG));
    match bulletin {
        Bulletin::Digest { waiting, .. } => {
            let one = |(what, count): (&Waiting, &u32)| row(waiting_key(*what), count.to_string());
            waiting.iter().map(one).collect()
        }
        Bulletin::Shortage(alarm) => shortage_rows(words, alarm),
        Bulletin::CalendarMissing { year } => vec![row("bulletin-label-year", year.to_string())],
        Bulletin::PolicyLapsing { version, name, last_on, .. } => vec![
            row("bulletin-label-policy", name.clone()),
            row("bulletin-label-version", version.clone()),
            row("bulletin-label-last", last_on.to_string()),
        ],
        Bulletin::DeadlinesMoved(moved) => {
            moved.first.iter().map(|one| moved_row(words, one)).collect()
        }
        Bulletin::ContactsUnproven { names, .. } => {
            names.iter().map(|name| row("notice-label-manufacturer", name.clone())).collect()
        }
        Bulletin::Invitation { .. } | Bulletin::ContactCode { .. } => Vec::new(),
        Bulletin::ContactsExpiring { names, .. } => {
            names.iter().map(|name| row("bulletin-label-contact", name.clone())).collect()
        }
        Bulletin::HouseSuspended { name, tickets } => vec![
            row("bulletin-label-house", name.clone()),
            row("bulletin-label-tickets", tickets.to_string()),
        ],
        Bulletin::TemplateBroken { template, version } => vec![
            row("bulletin-label-template", template.clone()),
            row("bulletin-label-version", version.to_string()),
        ],
    }
}

fn moved_row(words: &Words, moved: &MovedDeadline) -> (String, String) {
    let label = format!("{} {}", moved.number, words.text(deadline_key(moved.kind)));
    let dates = format!("{} → {}", local_due(moved.before_at), local_due(moved.after_at));
    (single_line(&label, LONG), dates)
}

fn shortage_rows(words: &Words, alarm: &ShortageAlarm) -> Vec<(String, String)> {
    let quantity = |(unit, quantity): (&String, &i64)| format!("{quantity} {unit}");
    let quantities: Vec<_> = alarm.quantities.iter().map(quantity).collect();
    let rows = [
        ("notice-label-product", Some(alarm.product.clone())),
        ("notice-label-manufacturer", Some(alarm.manufacturer.clone())),
        ("bulletin-label-hospitals", Some(alarm.hospitals.to_string())),
        ("bulletin-label-cities", Some(alarm.cities.to_string())),
        ("bulletin-label-tickets", Some(alarm.tickets.to_string())),
        ("bulletin-label-quantities", Some(quantities.join("; "))),
        ("bulletin-label-stock", alarm.worst_days_of_stock.map(|days| days.to_string())),
    ];
    let row =
        |(key, value): (&str, Option<String>)| Some((words.text(key), single_line(&value?, LONG)));
    rows.into_iter().filter_map(row).collect()
}

fn waiting_key(waiting: Waiting) -> &'static str {
    match waiting {
        Waiting::Reply => "waiting-reply",
        Waiting::Promise => "waiting-promise",
        Waiting::DueToday => "waiting-due_today",
        Waiting::Overdue => "waiting-overdue",
        Waiting::Confirm => "waiting-confirm",
        Waiting::Acknowledge => "waiting-acknowledge",
        Waiting::Decide => "waiting-decide",
        Waiting::Messages => "waiting-messages",
    }
}
