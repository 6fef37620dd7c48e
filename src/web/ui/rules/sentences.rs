//! A policy's settings as sentences.
//!
//! **Never** interprets them: a sentence says what stands in the policy, number by number.

use chrono::NaiveTime;

use super::super::shell::Shell;
use crate::web::api::policies::settings::{WarningBody, WindowBody};
use crate::web::api::policies::{PolicyDocument, RungBody, TargetBody};
use crate::web::json::Object;

/// A step of the ladder.
pub(super) struct Step {
    pub(super) level: String,
    pub(super) enters: String,
    pub(super) has: String,
    /// Whom it tells, and how.
    pub(super) tells: String,
}

pub(super) fn target(shell: &Shell, target: &TargetBody) -> String {
    match (target.working_days, target.elapsed_hours, target.working_hours) {
        (Some(days), _, _) => shell.with("within-days", "n", &days),
        (None, Some(hours), _) => shell.with("within-hours", "n", &hours),
        (None, None, Some(hours)) => shell.with("within-office-hours", "n", &hours),
        (None, None, None) => String::new(),
    }
}

pub(super) fn counting(shell: &Shell, policy: &PolicyDocument) -> Vec<String> {
    let time = |time: NaiveTime| time.format("%H:%M").to_string();
    let due = policy.counting.due_time.map_or_else(|| "24:00".to_owned(), time);
    let cutoff = policy.counting.cutoff_time.map(time);
    vec![
        shell.named("rule-from", &word(&policy.resolve_from)),
        shell.with("rule-due", "time", &due),
        match cutoff {
            Some(cutoff) => shell.with("rule-cutoff", "time", &cutoff),
            None => shell.t("rule-no-cutoff"),
        },
        shell.t("rule-hours"),
        shell.with("rule-office", "time", &office(&policy.counting.office_hours)),
        shell.with("rule-layer", "layer", &shell.name("calendar_layer", &policy.calendar_layer)),
    ]
}

fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

pub(super) fn ladder(shell: &Shell, ladder: &[RungBody]) -> Vec<Step> {
    let before = std::iter::once(None).chain(ladder.iter().map(Some));
    let step = |(rung, before): (&RungBody, Option<&RungBody>)| Step {
        level: shell.name("level", &rung.level),
        enters: match before {
            None => shell.t("rung-first"),
            Some(before) => limits(shell, "rung-next", before),
        },
        has: limits(shell, "rung-has", rung),
        tells: tells(shell, rung),
    };
    ladder.iter().zip(before).map(step).collect()
}

fn limits(shell: &Shell, key: &str, rung: &RungBody) -> String {
    let values = [
        ("acknowledge", rung.acknowledge_within.to_string()),
        ("close", rung.close_within.to_string()),
    ];
    shell.words().with_all(key, &values)
}

fn alarm(shell: &Shell, policy: &PolicyDocument) -> String {
    let Some(alarm) = &policy.shortage_alarm else { return shell.t("rule-no-alarm") };
    let values = [("hospitals", alarm.hospitals.to_string()), ("cities", alarm.cities.to_string())];
    shell.words().with_all("rule-alarm", &values)
}

fn office(windows: &[WindowBody]) -> String {
    let window = |window: &WindowBody| format!("{}–{}", window.from, window.to);
    windows.iter().map(window).collect::<Vec<_>>().join(", ")
}

fn tells(shell: &Shell, rung: &RungBody) -> String {
    let and = shell.t("page-and");
    let parties: Vec<_> = rung.told.iter().map(|one| shell.name("told_party", one)).collect();
    let channels = match &rung.channels {
        None => shell.t("rung_channels-default"),
        Some(none) if none.is_empty() => shell.t("rung_channels-in_app"),
        Some(some) => {
            some.iter().map(|one| shell.name("channel", one)).collect::<Vec<_>>().join(&and)
        }
    };
    let parties = if parties.is_empty() { shell.t("page-none") } else { parties.join(&and) };
    shell.words().with_all("rung-tells", &[("parties", parties), ("channels", channels)])
}

/// Warnings, reminders, quiet hours and the alarm.
pub(super) fn reminders(shell: &Shell, policy: &PolicyDocument) -> Vec<String> {
    let quiet = policy.quiet_hours.as_ref().map(|quiet| {
        let values = [("begins", quiet.begins.clone()), ("ends", quiet.ends.clone())];
        shell.words().with_all("rule-quiet", &values)
    });
    vec![
        shell.with("rule-warnings-days", "list", &warnings(shell, &policy.warnings.days)),
        shell.with("rule-warnings-hours", "list", &warnings(shell, &policy.warnings.hours)),
        shell.with("rule-remind", "n", &policy.remind_hospital_after),
        shell.with("rule-silence", "n", &policy.decide_silence_after),
        quiet.unwrap_or_else(|| shell.t("rule-never-quiet")),
        alarm(shell, policy),
    ]
}

fn warnings(shell: &Shell, list: &[Object<WarningBody>]) -> String {
    let told = |Object(one): &Object<WarningBody>| match (&one.on_due_day, one.days_before) {
        (Some(time), _) => shell.with("warning-on_due_day", "time", time),
        (None, Some(days)) => shell.with("warning-days_before", "n", &days),
        (None, None) => shell.t("warning-half_time"),
    };
    let all: Vec<_> = list.iter().map(told).collect();
    if all.is_empty() { shell.t("page-none") } else { all.join(&shell.t("page-and")) }
}

/// What was decided about a version.
pub(super) fn standing(shell: &Shell, policy: &PolicyDocument) -> Vec<String> {
    let withdrawn = policy.withdrawn.as_ref().map(|gone| {
        let values = [("date", gone.on.to_string()), ("reason", gone.reason.clone())];
        shell.words().with_all("policy-was-withdrawn", &values)
    });
    let decided = policy.decision.as_ref().map(|decision| {
        let values = [
            ("date", decision.on.to_string()),
            ("decision", shell.named("end", decision.kind)),
            ("version", decision.version.clone().unwrap_or_default()),
            ("reason", decision.reason.clone()),
        ];
        shell.words().with_all("policy-was-decided", &values)
    });
    withdrawn.into_iter().chain(decided).collect()
}
