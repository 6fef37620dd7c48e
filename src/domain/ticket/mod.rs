//! A ticket (诉求单): one hospital's supply problem with one product of one manufacturer.
//!
//! ```text
//! open ──reply──▶ promised ──solve──▶ solved ──confirm──▶ closed
//!   │               ▲ └ promise ┘        │ partly / not solved
//!   │               └────────────────────┘
//!   └── any of the three ── withdraw ──▶ withdrawn
//!   └── open, promised ── return, granted by a bureau ──▶ returned
//! ```
//!
//! [`decide`] is the one way a ticket changes, for clicks, API calls and passed deadlines
//! alike; [`advance`] brings a ticket up to an instant by deciding everything that was due.
//!
//! **Never** changes a ticket in place for good: a decision yields the next ticket, and only
//! the store makes it true.

mod act;
mod admit;
mod asking;
mod bureau;
mod clock;
mod deadline;
mod decide;
mod event;
mod historic;
mod hospital;
mod kind;
mod manufacturer;
mod recount;
mod refusal;
pub mod rehearsal;
mod replan;
mod request;
mod ruling;
mod rung;
mod standstill;
mod state;
mod warning;

pub use act::{
    Act, Audience, Category, Cause, Confirm, Contact, NewTicket, Rating, Reply, Report,
    TakeMeasure, Verdict,
};
pub use admit::{admit, admit_holder, possible, state_allows};
pub use clock::{Step, next_step, wake_at};
pub use deadline::{Basis, Deadline, DeadlineKind, DeadlineStatus};
pub use decide::{Change, Command, Reachable, Rules, advance, decide, file};
pub use event::{Attached, Brief, Event, EventData, Party, Tell, Written};
pub use historic::{Historic, over};
pub use kind::ActKind;
pub use refusal::Refusal;
pub use replan::{Moved, Order, Versions, affected, replan};
pub use request::{Decision, Outcome, Request, Ruling, Stopped, Topic};
pub use standstill::Standstill;
pub use state::{State, StateName};

use chrono::{DateTime, NaiveDate, Utc};

use super::escalation::Escalation;
use super::id::{OrganisationId, ProductId, TicketId};
use super::party::Division;
use super::policy::Urgency;

/// A promise (承诺); every change is a new version, the first stays on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// From 1.
    pub version: u16,
    /// The promised day, kept until its end.
    pub promised_on: NaiveDate,
    /// How much of the shortage will have arrived by then.
    pub promised_quantity: i64,
    /// Why the supply failed, as given with the reply.
    pub cause: Option<Cause>,
    /// The reply's message, or the reason for the new date.
    pub note: String,
    /// Whom the hospital may call, as given with the reply.
    pub contact: Option<Contact>,
    /// True when the promised day lies beyond the resolve limit.
    pub late: bool,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// The name of the person who made it.
    pub by: String,
}

/// A ticket with everything a decision needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// Its number, like `SQ-371002-20260213-7K2M`: it tells nobody the volume.
    pub number: String,
    /// The hospital that filed it.
    pub hospital: OrganisationId,
    /// The manufacturer that owes the supply.
    pub manufacturer: OrganisationId,
    /// The distributor brought in, by the agreement or later.
    pub distributor: Option<OrganisationId>,
    /// The product.
    pub product: ProductId,
    /// Where the hospital lies.
    pub division: Division,
    /// How pressing it is.
    pub urgency: Urgency,
    /// What the hospital wrote.
    pub report: Report,
    /// The earlier ticket this one is a recurrence of.
    pub follows: Option<TicketId>,
    /// When it was filed.
    pub filed_at: DateTime<Utc>,
    /// Where it stands.
    pub state: State,
    /// How much is still missing after a partial solution.
    pub remaining_quantity: Option<i64>,
    /// How the hospital rated the handling.
    pub rating: Option<Rating>,
    /// The last day the hospital urged on.
    pub urged_on: Option<NaiveDate>,
    /// Every deadline, in the order they were set.
    pub deadlines: Vec<Deadline>,
    /// Every version of the promise, oldest first.
    pub promises: Vec<Promise>,
    /// Every rung entered, oldest first.
    pub escalations: Vec<Escalation>,
    /// Everything a bureau was asked to decide, oldest first.
    pub requests: Vec<Request>,
    /// Set while the clocks stand still.
    pub stopped: Option<Stopped>,
    /// True when it was over before the service began: it was imported, started no clock and
    /// sent no notice.
    pub historic: bool,
    /// How many events its timeline holds.
    pub events: u32,
    /// Counts every saved change; guards against two at once.
    pub version: i64,
}

impl Ticket {
    /// The highest open escalation: its bureau is in charge now.
    #[must_use]
    pub fn open_escalation(&self) -> Option<&Escalation> {
        self.escalations.iter().filter(|escalation| escalation.is_open()).max_by_key(|e| e.level)
    }

    /// When the earliest thing is due, or was, that the manufacturer owes and has not done; what
    /// is held or stopped does not count.
    #[must_use]
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        self.owed().filter(|d| d.is_running() || d.is_neglected()).map(|d| d.due_at).min()
    }

    /// Something of the manufacturer's is missed and still not done.
    #[must_use]
    pub fn is_overdue(&self) -> bool {
        self.owed().any(Deadline::is_neglected)
    }

    /// What the manufacturer owes while the ticket is not over.
    fn owed(&self) -> impl Iterator<Item = &Deadline> {
        let is_over = self.state.is_final();
        self.deadlines.iter().filter(move |d| !is_over && d.is_owed_by_manufacturer())
    }

    /// The deadline of a kind that was set last.
    #[must_use]
    pub fn deadline(&self, kind: DeadlineKind) -> Option<&Deadline> {
        self.deadlines.iter().rev().find(|deadline| deadline.kind == kind)
    }

    pub(super) fn deadline_mut(&mut self, kind: DeadlineKind) -> Option<&mut Deadline> {
        self.deadlines.iter_mut().rev().find(|deadline| deadline.kind == kind)
    }
}
