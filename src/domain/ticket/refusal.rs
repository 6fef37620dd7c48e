//! Why an act was refused.
//!
//! **Never** tells what the actor may not see; that a ticket is hidden is decided before.

use chrono::NaiveDate;

use super::kind::ActKind;
use super::state::StateName;
use crate::domain::calendar::CalendarError;

/// Why an act was refused, in the order of checks: may do, state allows, input valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The actor's role or organisation may not do this.
    #[error("your role may not {}", .0.as_str())]
    Forbidden(ActKind),
    /// Not in this state.
    #[error("a ticket that is {} cannot take {}; possible now: {}", .state.as_str(), .act.as_str(), list(.possible))]
    State {
        /// The state it is in.
        state: StateName,
        /// What was tried.
        act: ActKind,
        /// What the actor may do instead.
        possible: Vec<ActKind>,
    },
    /// The promise in force has run out; a new date needs the bureau's consent.
    #[error("the promise of {0} has run out: report the solution; a later date needs an extension")]
    PromiseOver(NaiveDate),
    /// The hospital urged today already.
    #[error("this ticket was urged on {0} already; it can be urged once per working day")]
    UrgedAlready(NaiveDate),
    /// The state allows it, but not now, or not again.
    #[error("{message}; possible now: {}", list(.possible))]
    OutOfTurn {
        /// A stable code.
        code: &'static str,
        /// For people.
        message: String,
        /// What the actor may do instead.
        possible: Vec<ActKind>,
    },
    /// There is no rung above.
    #[error("the ticket has reached the top of the ladder")]
    TopOfLadder,
    /// The escalation is closed.
    #[error("this escalation is closed")]
    EscalationClosed,
    /// The escalation is acknowledged already.
    #[error("this escalation is acknowledged already")]
    AcknowledgedAlready,
    /// A field's value is out of bounds.
    #[error("{field}: {message}")]
    Invalid {
        /// The field's name on the wire.
        field: &'static str,
        /// A stable code.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// The calendar cannot count that far.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
}

fn list(acts: &[ActKind]) -> String {
    if acts.is_empty() {
        return "nothing".to_owned();
    }
    acts.iter().map(|act| act.as_str()).collect::<Vec<_>>().join(", ")
}
