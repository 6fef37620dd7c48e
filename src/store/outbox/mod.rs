//! What people are told: their in-app notices, and the outbox of deliveries.
//!
//! ```text
//! queued ──claim──▶ claimed ──▶ sent ──receipt──▶ delivered · read
//!    ▲                 │ failed, to be tried again: queued, due later
//!    │                 │ failed for good: failed (a dead letter)
//!    ├── lease ran out ┘
//!    └── replay of a dead letter
//! ```
//!
//! Claiming, sending and finishing are three steps: no transaction waits for a mail server. A
//! worker that dies between sending and finishing leaves a lease that runs out, and the message
//! goes again under the same id.
//!
//! **Never** forgets a delivery: it ends as sent or as a dead letter that a person sees.

mod bulletin;
mod cause;
mod claim;
mod held;
mod inbox;
mod log;
mod mailbox;

pub use bulletin::{Addressee, NewBulletin, delete_digests, insert_bulletins, newest};
pub use cause::{About, Cause};
pub use claim::{Claimed, Finished, claim, finish, give_back, is_due, next_due, pin};
pub use held::{Queued, Waiting, bury_queued, waiting};
pub use inbox::{InApp, notices, read, unread};
pub use log::{LogFilter, Logged, find, log, of_ticket, replay};
pub use mailbox::{Posted, Wanted, posted};

use chrono::{DateTime, Utc};
use entity::{delivery, notice};
use sea_orm::ActiveValue::Set;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::batch::Batch;
use super::row::{int, word};
use crate::domain::id::{TicketId, UserId};
use crate::domain::notice::{Channel, Kind};

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waiting for its time or its turn.
    Queued,
    /// Taken by the receiving server, or kept in the in-app mailbox where no channel is set.
    Sent,
    /// The receiver says it arrived.
    Delivered,
    /// The recipient opened it.
    Read,
    /// A dead letter.
    Failed,
}

/// A notice about to be written, with the channels it leaves on.
#[derive(Debug, Clone)]
pub struct NewNotice {
    /// Of which ticket.
    pub ticket: TicketId,
    /// Of which event.
    pub event: u32,
    /// What.
    pub kind: Kind,
    /// Whom.
    pub recipient: UserId,
    /// When it was caused.
    pub at: DateTime<Utc>,
    /// Channel and address.
    pub ways: Vec<(Channel, String)>,
    /// When it may leave.
    pub leaves_at: DateTime<Utc>,
}

/// Writes notices and their deliveries. A person is told one thing of one event once.
pub fn insert(batch: &mut Batch, notices: &[NewNotice]) {
    let mut rows = Vec::with_capacity(notices.len());
    let mut deliveries = Vec::new();
    for new in notices {
        let id = Uuid::now_v7();
        rows.push(notice::ActiveModel {
            id: Set(id),
            ticket_id: Set(Some(new.ticket.0)),
            event: Set(int(new.event)),
            kind: Set(new.kind.name().to_owned()),
            batch: Set(0),
            recipient_id: Set(new.recipient.0),
            created_at: Set(new.at),
            ..Default::default()
        });
        deliveries.extend(new.ways.iter().map(|(channel, address)| delivery::ActiveModel {
            id: Set(Uuid::now_v7()),
            notice_id: Set(id),
            ticket_id: Set(Some(new.ticket.0)),
            event: Set(int(new.event)),
            kind: Set(new.kind.name().to_owned()),
            recipient_id: Set(new.recipient.0),
            channel: Set(word(channel)),
            address: Set(address.clone()),
            state: Set(word(&DeliveryState::Queued)),
            due_at: Set(new.leaves_at),
            attempt: Set(0),
            ..Default::default()
        }));
    }
    batch.add(rows);
    batch.add(deliveries);
}
