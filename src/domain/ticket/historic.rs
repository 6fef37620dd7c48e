//! Tickets that were over before the service began.
//!
//! **Never** gives one a deadline or tells anybody about it: what is over owes nothing.

use chrono::{DateTime, Utc};

use super::Ticket;
use super::act::{Report, Verdict};
use super::decide::Change;
use super::event::{Brief, Event, EventData};
use super::state::State;
use crate::domain::id::{OrganisationId, ProductId, TicketId};
use crate::domain::party::Division;
use crate::domain::policy::Urgency;

/// What is known of a ticket of the time before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Historic {
    /// The id it will have.
    pub id: TicketId,
    /// The number it will have.
    pub number: String,
    /// The hospital that reported it.
    pub hospital: OrganisationId,
    /// Where that lies.
    pub division: Division,
    /// The product's manufacturer.
    pub manufacturer: OrganisationId,
    /// The distributor of the agreement.
    pub distributor: Option<OrganisationId>,
    /// The product.
    pub product: ProductId,
    /// How pressing it was.
    pub urgency: Urgency,
    /// What the hospital wrote.
    pub report: Report,
    /// When it was filed.
    pub filed_at: DateTime<Utc>,
    /// When it was closed or withdrawn.
    pub ended_at: DateTime<Utc>,
    /// `None` = closed; withdrawn for this reason, otherwise.
    pub withdrawn: Option<String>,
}

/// The ticket with its short timeline: filed, and ended. Nobody of ours did either.
#[must_use]
pub fn over(old: Historic) -> Change {
    let at = old.ended_at;
    let (state, ended) = match old.withdrawn {
        Some(reason) => (State::Withdrawn { at }, EventData::Withdrawn { reason }),
        None => (
            State::Closed { at },
            EventData::Confirmed {
                result: Verdict::Solved,
                remaining_quantity: None,
                rating: None,
                comment: None,
            },
        ),
    };
    let event = |sequence, at, data| Event {
        sequence,
        at,
        by: None,
        data,
        brief: Brief::default(),
        tells: Vec::new(),
    };
    let filed = EventData::Filed { no_contact: false };
    let events = vec![event(1, old.filed_at, filed), event(2, at, ended)];
    let ticket = Ticket {
        id: old.id,
        number: old.number,
        hospital: old.hospital,
        manufacturer: old.manufacturer,
        distributor: old.distributor,
        product: old.product,
        division: old.division,
        urgency: old.urgency,
        report: old.report,
        follows: None,
        filed_at: old.filed_at,
        state,
        remaining_quantity: None,
        rating: None,
        urged_on: None,
        deadlines: Vec::new(),
        promises: Vec::new(),
        escalations: Vec::new(),
        requests: Vec::new(),
        stopped: None,
        historic: true,
        events: 2,
        version: 1,
    };
    Change { ticket, events, written: Vec::new(), attached: None }
}
