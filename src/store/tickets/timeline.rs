//! The timeline and the conversation of a ticket, as they were written.
//!
//! **Never** chooses among their readers: who may read what is decided above.

use chrono::{DateTime, Utc};
use entity::{event, message};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::super::Error;
use super::super::row::{Place, int};
use crate::domain::id::{MessageId, OrganisationId, TicketId, UserId};
use crate::domain::ticket::{Audience, Brief, EventData};

/// An entry of the timeline as it was written.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// From 1, without gaps.
    pub sequence: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, for which organisation; `None` = the clock.
    pub by: Option<(UserId, OrganisationId)>,
    /// What.
    pub data: EventData,
    /// What notices about it show.
    pub brief: Brief,
}

/// The timeline after `after`, oldest first.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn events(
    db: &impl ConnectionTrait,
    id: TicketId,
    after: u32,
    limit: u64,
) -> Result<Vec<EventRow>, Error> {
    let rows = event::Entity::find()
        .filter(event::Column::TicketId.eq(id.0))
        .filter(event::Column::Sequence.gt(int(after)))
        .order_by_asc(event::Column::Sequence)
        .limit(limit)
        .all(db)
        .await?;
    rows.iter().map(event_of).collect()
}

/// Those among the tickets whose manufacturer had nobody who could be told of the filing.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn without_contact(
    db: &impl ConnectionTrait,
    ids: &[TicketId],
) -> Result<Vec<TicketId>, Error> {
    let filings = event::Entity::find()
        .filter(event::Column::TicketId.is_in(ids.iter().map(|id| id.0)))
        .filter(event::Column::Sequence.eq(1))
        .all(db)
        .await?;
    let mut untold = Vec::new();
    for filing in filings {
        let ticket = TicketId(filing.ticket_id);
        if event_of(&filing)?.data == (EventData::Filed { no_contact: true }) {
            untold.push(ticket);
        }
    }
    Ok(untold)
}

fn event_of(row: &event::Model) -> Result<EventRow, Error> {
    let place = Place { table: "event", id: &row.ticket_id };
    Ok(EventRow {
        sequence: place.number("sequence", row.sequence)?,
        at: row.at,
        by: row.by_user.map(UserId).zip(row.by_organisation.map(OrganisationId)),
        data: place.document("data", &row.data)?,
        brief: place.document("brief", &row.brief)?,
    })
}

/// A message as it was written.
#[derive(Debug, Clone)]
pub struct MessageRow {
    /// Its id.
    pub id: MessageId,
    /// The event it belongs to.
    pub sequence: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// Who wrote it.
    pub by: UserId,
    /// For which organisation.
    pub organisation: OrganisationId,
    /// Who may read it.
    pub audience: Audience,
    /// The text.
    pub body: String,
}

/// The conversation, oldest first.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn messages(db: &impl ConnectionTrait, id: TicketId) -> Result<Vec<MessageRow>, Error> {
    let rows = message::Entity::find()
        .filter(message::Column::TicketId.eq(id.0))
        .order_by_asc(message::Column::Sequence)
        .all(db)
        .await?;
    rows.into_iter().map(message_of).collect()
}

fn message_of(row: message::Model) -> Result<MessageRow, Error> {
    let place = Place { table: "message", id: &row.id };
    Ok(MessageRow {
        id: MessageId(row.id),
        sequence: place.number("sequence", row.sequence)?,
        at: row.at,
        by: UserId(row.by_user),
        organisation: OrganisationId(row.by_organisation),
        audience: place.word("audience", &row.audience)?,
        body: row.body,
    })
}
