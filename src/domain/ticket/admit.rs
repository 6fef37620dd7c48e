//! Whether an act is possible at all, before its input is looked at.
//!
//! **Never** decides what an act does, nor whether the actor may see the ticket.

use chrono::{DateTime, Utc};

use super::Ticket;
use super::deadline::DeadlineKind;
use super::decide::Rules;
use super::kind::ActKind;
use super::refusal::Refusal;
use super::request::{decides, out_of_turn};
use super::state::{State, StateName};
use crate::domain::access;
use crate::domain::calendar::{Calendar, local_date};
use crate::domain::id::EscalationId;
use crate::domain::party::Actor;

/// Checks whether the actor may do this and the state allows it, before the input is looked at.
///
/// # Errors
/// [`Refusal::Forbidden`], then [`Refusal::State`] and its kin.
pub fn admit(
    ticket: &Ticket,
    actor: &Actor,
    act: ActKind,
    at: DateTime<Utc>,
    rules: &Rules<'_>,
) -> Result<(), Refusal> {
    if !access::may(actor.role, act) {
        return Err(Refusal::Forbidden(act));
    }
    if !state_allows(ticket.state.name(), act) {
        let possible = possible(ticket, actor);
        return Err(Refusal::State { state: ticket.state.name(), act, possible });
    }
    if let Some((code, message)) = out_of_turn(ticket, act) {
        let possible = possible(ticket, actor);
        return Err(Refusal::OutOfTurn { code, message: message.to_owned(), possible });
    }
    match act {
        ActKind::Decide if !decides_any(ticket, actor) => Err(Refusal::Forbidden(act)),
        ActKind::Promise => promise_in_force(ticket, at),
        ActKind::Urge => not_urged_yet(ticket, at, rules.calendar),
        ActKind::Reply
        | ActKind::Solve
        | ActKind::Confirm
        | ActKind::Withdraw
        | ActKind::Escalate
        | ActKind::Return
        | ActKind::Extension
        | ActKind::ForceMajeure
        | ActKind::Distributor
        | ActKind::Decide
        | ActKind::Message
        | ActKind::Attach
        | ActKind::Acknowledge
        | ActKind::Measure
        | ActKind::CloseEscalation => Ok(()),
    }
}

/// Checks whether the actor's bureau holds the escalation and it is still open.
///
/// # Errors
/// [`Refusal::Forbidden`], then [`Refusal::EscalationClosed`].
pub fn admit_holder(
    ticket: &Ticket,
    actor: &Actor,
    act: ActKind,
    id: EscalationId,
) -> Result<(), Refusal> {
    match ticket.escalations.iter().find(|escalation| escalation.id == id) {
        Some(held) if held.bureau != Some(actor.organisation.id) => Err(Refusal::Forbidden(act)),
        Some(held) if !held.is_open() => Err(Refusal::EscalationClosed),
        Some(held) if act == ActKind::Acknowledge && held.acknowledged_at.is_some() => {
            Err(Refusal::AcknowledgedAlready)
        }
        Some(_) => Ok(()),
        None => Err(Refusal::Forbidden(act)),
    }
}

/// What the actor may do with the ticket as it stands.
#[must_use]
pub fn possible(ticket: &Ticket, actor: &Actor) -> Vec<ActKind> {
    let state = ticket.state.name();
    let bureau = Some(actor.organisation.id);
    let holds = ticket.escalations.iter().any(|e| e.is_open() && e.bureau == bureau);
    ActKind::ALL
        .into_iter()
        .filter(|act| access::may(actor.role, *act) && state_allows(state, *act))
        .filter(|act| holds || !act.is_on_escalation())
        .filter(|act| out_of_turn(ticket, *act).is_none())
        .filter(|act| *act != ActKind::Decide || decides_any(ticket, actor))
        .collect()
}

/// The table of which act is possible in which state.
#[must_use]
pub fn state_allows(state: StateName, act: ActKind) -> bool {
    use StateName::{Open, Promised, Solved};
    match act {
        ActKind::Reply => state == Open,
        ActKind::Promise => state == Promised,
        ActKind::Solve
        | ActKind::Urge
        | ActKind::Return
        | ActKind::Extension
        | ActKind::ForceMajeure => matches!(state, Open | Promised),
        ActKind::Confirm | ActKind::Withdraw | ActKind::Escalate => {
            matches!(state, Open | Promised | Solved)
        }
        ActKind::Distributor
        | ActKind::Decide
        | ActKind::Acknowledge
        | ActKind::Measure
        | ActKind::CloseEscalation => !state.is_final(),
        ActKind::Message | ActKind::Attach => true,
    }
}

/// True when something waits for a decision of the actor's bureau.
fn decides_any(ticket: &Ticket, actor: &Actor) -> bool {
    ticket.undecided().into_iter().any(|topic| decides(ticket, actor, topic))
}

/// A new promise is possible until the old one is due, or when one is owed after a dispute.
fn promise_in_force(ticket: &Ticket, at: DateTime<Utc>) -> Result<(), Refusal> {
    let owed = ticket.state == State::Promised { owes_promise: true };
    match ticket.deadline(DeadlineKind::Promise) {
        Some(promise) if !owed && !promise.is_paused() && at >= promise.due_at => {
            Err(Refusal::PromiseOver(promise.due_on))
        }
        Some(_) | None => Ok(()),
    }
}

/// Once per working day: days of rest belong to the working day before them.
fn not_urged_yet(ticket: &Ticket, at: DateTime<Utc>, calendar: &Calendar) -> Result<(), Refusal> {
    match ticket.urged_on {
        Some(day) if calendar.working_days_between(day, local_date(at)) == 0 => {
            Err(Refusal::UrgedAlready(day))
        }
        Some(_) | None => Ok(()),
    }
}
