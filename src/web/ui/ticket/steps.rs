//! The chain a ticket climbs (企业 → 县/市 → 省), and its timeline in words.
//!
//! **Never** words an entry itself: names of fields and values are the locales'.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::shell::Shell;
use super::MOST_EVENTS;
use crate::domain::party::Level;
use crate::domain::ticket::StateName;
use crate::service::tickets::{EventView, TicketView};
use crate::web::api::attachments::AttachmentBody;
use crate::web::api::escalations::EscalationBody;
use crate::web::api::lens::Lens;
use crate::web::api::tickets::TicketBody;
use crate::web::api::timeline::EventBody;
use crate::web::evidence::sheet::Sheet;

/// A link of the chain.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) class: &'static str,
}

/// The chain: the manufacturer, then every level of the ladder.
pub(super) fn all(shell: &Shell, lens: &Lens, view: &TicketView, ticket: &TicketBody) -> Vec<Step> {
    let version = view.ticket.deadlines.first().map(|deadline| deadline.policy_version.as_str());
    let policy = lens.book.policy_of(version.unwrap_or_default());
    let mut levels: BTreeSet<Level> = policy.ladder.iter().map(|rung| rung.level).collect();
    levels.extend(ticket.escalations.iter().map(|escalation| escalation.level));
    let mut steps = vec![manufacturer(shell, ticket)];
    steps.extend(levels.into_iter().map(|level| {
        let entered = ticket.escalations.iter().rev().find(|one| one.level == level);
        rung(shell, level, entered)
    }));
    steps
}

fn manufacturer(shell: &Shell, ticket: &TicketBody) -> Step {
    let class = match ticket.bare.state {
        StateName::Open | StateName::Promised => "now",
        StateName::Solved | StateName::Closed | StateName::Withdrawn | StateName::Returned => {
            "done"
        }
    };
    let house = ticket.manufacturer.as_ref().map(|house| house.name.clone());
    Step {
        title: shell.t("step-manufacturer"),
        text: format!(
            "{} · {}",
            house.unwrap_or_default(),
            shell.name("state", &ticket.bare.state)
        ),
        class,
    }
}

fn rung(shell: &Shell, level: Level, entered: Option<&EscalationBody>) -> Step {
    let title = shell.name("level", &level);
    let Some(escalation) = entered else {
        return Step { title, text: shell.t("step-not-entered"), class: "" };
    };
    let bureau = escalation.bureau.as_ref().map(|bureau| bureau.name.clone());
    let (key, at, class) = match (escalation.closed_at, escalation.acknowledged_at) {
        (Some(at), _) => ("step-closed", at, "done"),
        (None, Some(at)) => ("step-acknowledged", at, "now"),
        (None, None) => ("step-entered", escalation.opened_at, "hot"),
    };
    let text = shell.with(key, "at", &shell.minute(&at));
    let bureau = bureau.map(|bureau| format!("{bureau} · ")).unwrap_or_default();
    Step { title, text: format!("{bureau}{text}"), class }
}

/// What did not happen is not told.
fn told(mut data: Value) -> Value {
    if let Value::Object(members) = &mut data {
        members.retain(|name, value| name == "granted" || *value != Value::Bool(false));
    }
    data
}

/// An entry of the timeline.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) at: String,
    pub(super) title: String,
    pub(super) by: String,
    pub(super) lines: Vec<String>,
    pub(super) class: &'static str,
}

/// The timeline, newest first; of a very long one, the newest part.
pub(super) fn timeline(
    shell: &Shell,
    ticket: &TicketBody,
    files: &[AttachmentBody],
    events: Vec<EventView>,
) -> Vec<Entry> {
    // Ids are told by the names that stand beside them.
    let document = json!({ "ticket": ticket, "files": files });
    let sheet = Sheet::of(&document, shell.language());
    let entry = |view: EventView| {
        let body = EventBody::shown(view);
        let by = body.by.as_ref().map(|by| format!("{} · {}", by.name, by.organisation));
        Entry {
            at: shell.minute(&body.at),
            title: shell.words().named("event", body.kind),
            by: by.unwrap_or_else(|| shell.t("page-clock")),
            lines: sheet.lines(&told(body.data)),
            class: match body.kind {
                "missed" | "escalated" => "hot",
                "confirmed" | "solved" => "good",
                _ => "",
            },
        }
    };
    events.into_iter().rev().take(MOST_EVENTS).map(entry).collect()
}
