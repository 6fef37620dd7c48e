//! What the log says of what was done to tickets.
//!
//! **Never** repeats what was written: it names tickets, and says how they stood before and after.

use serde_json::{Value, json};

use super::{Action, Entry};
use crate::domain::access::Scope;
use crate::domain::id::{EscalationId, EventId};
use crate::domain::ticket::{ActKind, Change, Ticket};
use crate::service::App;

/// Tickets that an entry names at most; it counts them all.
const NAMED: usize = 50;

/// An act upon a ticket.
pub(in crate::service) struct Acted<'a> {
    pub(in crate::service) kind: ActKind,
    pub(in crate::service) escalation: Option<EscalationId>,
    pub(in crate::service) before: &'a Ticket,
    pub(in crate::service) after: &'a Ticket,
}

fn standing(ticket: &Ticket, version: i64) -> Value {
    json!({ "state": ticket.state.name(), "version": version, "events": ticket.events })
}

impl Acted<'_> {
    /// The act's entry, with the ticket that followed from it.
    pub(in crate::service) fn entry(
        &self,
        app: &App,
        scope: &Scope,
        followed: Option<&Change>,
    ) -> Entry {
        let (before, after) = (self.before, self.after);
        let mut detail = json!({
            "act": self.kind,
            "ticket": after.id,
            "before": standing(before, before.version),
            "after": standing(after, before.version + 1),
        });
        let escalation = self.escalation.map(|id| ("escalation".to_owned(), json!(id)));
        let followed =
            followed.map(|change| ("followed_by".to_owned(), json!(change.ticket.number)));
        if let Some(members) = detail.as_object_mut() {
            members.extend(escalation.into_iter().chain(followed));
        }
        let entry = Entry::by(scope, Action::TicketActed, app.clock.wall());
        entry.about(&after.number).with(detail)
    }
}

/// The entry of a ticket that was filed.
pub(in crate::service) fn filed(app: &App, scope: &Scope, ticket: &Ticket) -> Entry {
    let detail = json!({
        "ticket": ticket.id,
        "before": null,
        "after": standing(ticket, ticket.version),
    });
    let entry = Entry::by(scope, Action::TicketFiled, app.clock.wall());
    entry.about(&ticket.number).with(detail)
}

/// The entry of one reply to many tickets.
pub(in crate::service) fn replied(
    app: &App,
    scope: &Scope,
    event: EventId,
    changes: &[&Change],
) -> Entry {
    let numbers = changes.iter().take(NAMED).map(|change| change.ticket.number.as_str());
    let detail = json!({ "tickets": changes.len(), "numbers": numbers.collect::<Vec<_>>() });
    let entry = Entry::by(scope, Action::ShortageReplied, app.clock.wall());
    entry.about(event).with(detail)
}
