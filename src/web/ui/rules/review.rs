//! What a version of the rules changes, and what it would have done, in words.
//!
//! **Never** reckons anything itself.

use std::collections::BTreeMap;

use super::super::fields::Fields;
use super::super::shell::Shell;
use super::typed;
use crate::domain::party::Level;
use crate::service::rehearsal::{Rehearsal, Turned};
use crate::web::api::policies::PolicyDocument;
use crate::web::form::Typed;

/// Something that changes.
pub(super) struct Difference {
    pub(super) label: String,
    pub(super) before: String,
    pub(super) after: String,
}

/// What would have become of past tickets.
pub(super) struct Figures {
    pub(super) tickets: u64,
    pub(super) turned: u64,
    /// What is counted, on record, under the draft.
    pub(super) lines: Vec<(String, u64, u64)>,
    /// Misses that appear and vanish.
    pub(super) misses: String,
    pub(super) first: Vec<Line>,
}

/// A ticket that would have gone another way.
pub(super) struct Line {
    pub(super) id: String,
    pub(super) number: String,
    pub(super) filed: String,
    pub(super) on_record: String,
    pub(super) under_draft: String,
}

impl Figures {
    pub(super) fn of(shell: &Shell, found: &Rehearsal) -> Self {
        let (record, draft) = (&found.on_record, &found.under_draft);
        let mut lines = vec![
            (shell.t("trial-replies"), record.replies_missed, draft.replies_missed),
            (shell.t("trial-resolves"), record.resolves_missed, draft.resolves_missed),
            (shell.t("trial-rungs"), record.rungs(), draft.rungs()),
        ];
        for level in [Level::County, Level::City, Level::Province] {
            let n = |of: &BTreeMap<Level, u64>| of.get(&level).copied().unwrap_or_default();
            let label = shell.with("trial-level", "level", &shell.name("level", &level));
            lines.push((label, n(&record.escalated), n(&draft.escalated)));
        }
        let misses = [("appear", found.appear.to_string()), ("vanish", found.vanish.to_string())];
        Self {
            misses: shell.words().with_all("trial-misses", &misses),
            tickets: found.tickets,
            turned: found.turned,
            lines,
            first: found.first.iter().map(|turned| line(shell, turned)).collect(),
        }
    }
}

fn line(shell: &Shell, turned: &Turned) -> Line {
    let told = |outcome: &crate::domain::ticket::rehearsal::Outcome| {
        let reply = outcome.reply_missed.then(|| shell.t("trial-reply-missed"));
        let resolve = outcome.resolve_missed.then(|| shell.t("trial-resolve-missed"));
        let levels = outcome.levels.iter().map(|level| shell.name("level", level));
        let all: Vec<_> = reply.into_iter().chain(resolve).chain(levels).collect();
        if all.is_empty() { shell.t("trial-in-time") } else { all.join(&shell.t("page-and")) }
    };
    Line {
        id: turned.id.to_string(),
        number: turned.number.clone(),
        filed: shell.minute(&turned.filed_at),
        on_record: told(&turned.on_record),
        under_draft: told(&turned.under_draft),
    }
}

/// Every field that is not as in the version before; every one that is filled in, without one.
pub(super) fn differences(
    shell: &Shell,
    before: Option<&PolicyDocument>,
    typed: &Typed,
) -> Vec<Difference> {
    let mut names: Vec<String> = Vec::new();
    let mut gather = |pairs: &[(String, String)]| {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs.iter().filter(|(name, _)| name.starts_with("p.")) {
            if !names.contains(name) {
                names.push(name.clone());
            }
            if !value.is_empty() {
                all.entry(name.clone()).or_default().push(told(shell, name, value));
            }
        }
        all
    };
    let own: Vec<_> =
        typed.pairs().map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    let after = gather(&own);
    let before = before.map(typed::fields).map(|fields| gather(&fields)).unwrap_or_default();
    let labels = Fields::fresh("rules", shell.words(), &[]);
    let value = |all: &BTreeMap<String, Vec<String>>, name: &String| {
        all.get(name).map(|values| values.join(&shell.t("page-and")))
    };
    let difference = |name: &String| {
        let (before, after) = (value(&before, name), value(&after, name));
        (before != after).then(|| Difference {
            label: label(shell, &labels, name),
            before: before.unwrap_or_else(|| shell.t("page-none")),
            after: after.unwrap_or_else(|| shell.t("page-none")),
        })
    };
    names.iter().filter_map(difference).collect()
}

fn label(shell: &Shell, labels: &Fields, name: &str) -> String {
    let own = labels.label(name);
    let rung = name.strip_prefix("p.rung.").and_then(|rest| rest.split('.').next());
    match rung.and_then(|at| at.parse::<usize>().ok()) {
        Some(at) => format!("{} · {own}", shell.with("rung-number", "n", &(at + 1))),
        None => own,
    }
}

/// A value in words.
fn told(shell: &Shell, name: &str, value: &str) -> String {
    let group = match name.rsplit('.').next().unwrap_or_default() {
        "unit" => "unit",
        "level" => "level",
        "told" => "told_party",
        "channels" => "rung_channels",
        "categories" => "category",
        "resolve_from" => "resolve_from",
        "calendar_layer" => "calendar_layer",
        "half_time" => "half_time",
        _ => return value.to_owned(),
    };
    shell.named(group, value)
}
