//! What a notice is about: an event of a ticket, or a bulletin.
//!
//! **Never** mixes the two: a row that names both or neither is corrupt.

use entity::{bulletin, event};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::domain::bulletin::{Bulletin, BulletinKind};
use crate::domain::id::{BulletinId, TicketId};
use crate::domain::notice::Kind;
use crate::domain::ticket::Brief;
use crate::store::Error;
use crate::store::row::Place;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// An event of a ticket.
    Ticket {
        /// The ticket.
        ticket: TicketId,
        /// The event.
        event: u32,
        /// What is told of it.
        kind: Kind,
    },
    /// A bulletin.
    Bulletin {
        /// Its id.
        id: BulletinId,
        /// Its kind.
        kind: BulletinKind,
    },
}

impl About {
    /// The stable name of what is told.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ticket { kind, .. } => kind.name(),
            Self::Bulletin { kind, .. } => kind.name(),
        }
    }

    /// The ticket it is about, if it is about one.
    #[must_use]
    pub fn ticket(&self) -> Option<TicketId> {
        match self {
            Self::Ticket { ticket, .. } => Some(*ticket),
            Self::Bulletin { .. } => None,
        }
    }
}

/// What caused a notice, with what is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// An event of a ticket.
    Ticket {
        /// The ticket.
        ticket: TicketId,
        /// The event.
        event: u32,
        /// What is told of it.
        kind: Kind,
        /// What may be shown of it.
        brief: Brief,
    },
    /// A bulletin.
    Bulletin {
        /// Its id.
        id: BulletinId,
        /// What it says.
        bulletin: Bulletin,
    },
}

impl Cause {
    /// The ticket it is about, if it is about one.
    #[must_use]
    pub fn ticket(&self) -> Option<TicketId> {
        match self {
            Self::Ticket { ticket, .. } => Some(*ticket),
            Self::Bulletin { .. } => None,
        }
    }
}

/// The columns that say what a notice or a delivery is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference<'a> {
    pub(super) ticket: Option<Uuid>,
    pub(super) event: i32,
    pub(super) bulletin: Option<Uuid>,
    pub(super) kind: &'a str,
}

impl Reference<'_> {
    /// What the columns mean.
    pub(super) fn about(&self, place: Place<'_>) -> Result<About, Error> {
        match (self.ticket, self.bulletin) {
            (Some(ticket), None) => Ok(About::Ticket {
                ticket: TicketId(ticket),
                event: place.number("event", self.event)?,
                kind: place.word("kind", self.kind)?,
            }),
            (None, Some(id)) => {
                Ok(About::Bulletin { id: BulletinId(id), kind: place.word("kind", self.kind)? })
            }
            (Some(_), Some(_)) | (None, None) => {
                Err(place.corrupt("ticket_id", &"either a ticket or a bulletin"))
            }
        }
    }
}

/// The events and bulletins that some rows are about.
pub(super) struct Causes {
    events: Vec<event::Model>,
    bulletins: Vec<bulletin::Model>,
}

impl Causes {
    /// Reads them, each table once.
    pub(super) async fn of<'a>(
        db: &impl ConnectionTrait,
        references: impl Iterator<Item = Reference<'a>> + Clone,
    ) -> Result<Self, Error> {
        let tickets: Vec<Uuid> = references.clone().filter_map(|one| one.ticket).collect();
        let bulletins: Vec<Uuid> = references.clone().filter_map(|one| one.bulletin).collect();
        let events = if tickets.is_empty() {
            Vec::new()
        } else {
            let numbers = references.filter(|one| one.ticket.is_some()).map(|one| one.event);
            event::Entity::find()
                .filter(event::Column::TicketId.is_in(tickets))
                .filter(event::Column::Sequence.is_in(numbers))
                .all(db)
                .await?
        };
        let bulletins = if bulletins.is_empty() {
            Vec::new()
        } else {
            let named = bulletin::Column::Id.is_in(bulletins);
            bulletin::Entity::find().filter(named).all(db).await?
        };
        Ok(Self { events, bulletins })
    }

    /// What caused a row.
    pub(super) fn cause(&self, one: Reference<'_>, place: Place<'_>) -> Result<Cause, Error> {
        match one.about(place)? {
            About::Ticket { ticket, event, kind } => {
                let is_it = |e: &&event::Model| e.ticket_id == ticket.0 && e.sequence == one.event;
                let found = self.events.iter().find(is_it);
                let found = found.ok_or_else(|| place.corrupt("event", &"missing"))?;
                let brief = place.document("brief", &found.brief)?;
                Ok(Cause::Ticket { ticket, event, kind, brief })
            }
            About::Bulletin { id, .. } => {
                let found = self.bulletins.iter().find(|row| row.id == id.0);
                let found = found.ok_or_else(|| place.corrupt("bulletin_id", &"missing"))?;
                Ok(Cause::Bulletin { id, bulletin: place.document("data", &found.data)? })
            }
        }
    }
}
