//! A ticket's timeline and conversation, as far as the reader may read them.
//!
//! **Never** shows an administrator a party's text.

use sea_orm::ConnectionTrait;

use super::names::Names;
use super::{App, Error};
use crate::domain::access::{self, Scope};
use crate::domain::id::{MessageId, TicketId};
use crate::domain::party::Role;
use crate::domain::ticket::Ticket;
use crate::store::tickets::{self as kept, EventRow, MessageRow};

/// An entry of the timeline with its actor's names.
#[derive(Debug, Clone)]
pub struct EventView {
    /// The entry.
    pub event: EventRow,
    /// The actor's name, and their organisation's.
    pub by: Option<(String, String)>,
}

/// The timeline of a ticket of the caller's, after `after`, oldest first, and where to go on
/// when there is more. What a message's reader may not read is left out.
///
/// # Errors
/// [`Error::NotFound`] when the ticket is unknown or not theirs.
pub async fn events(
    app: &App,
    scope: &Scope,
    id: TicketId,
    after: u32,
    limit: u64,
) -> Result<(Vec<EventView>, Option<u32>), Error> {
    let db = &app.store.read_as(scope).await?;
    readable(db, scope, id).await?;
    let mut rows = kept::events(db, id, after, limit.saturating_add(1)).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > most;
    rows.truncate(most);
    let next = rows.last().filter(|_| has_more).map(|row| row.sequence);
    let (people, houses): (Vec<_>, Vec<_>) = rows.iter().filter_map(|row| row.by).unzip();
    let names = Names::read(db, people, houses).await?;
    Ok((event_views(scope, rows, &names), next))
}

/// Those entries that the reader may read, with their names.
pub(super) fn event_views(scope: &Scope, rows: Vec<EventRow>, names: &Names) -> Vec<EventView> {
    let may_read = |row: &EventRow| {
        access::may_read_entry(scope.actor(), &row.data, row.by.map(|(_, house)| house))
    };
    let view = |event: EventRow| EventView {
        by: event.by.map(|(user, house)| (names.person(user), names.house(house))),
        event,
    };
    rows.into_iter().filter(may_read).map(view).collect()
}

/// A ticket whose text the caller may read.
pub(super) async fn readable(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: TicketId,
) -> Result<Ticket, Error> {
    let found = kept::find(db, scope.tickets(), id).await?;
    found.filter(|_| scope.actor().role != Role::Admin).ok_or(Error::NotFound)
}

/// The id of the message that a ticket's event wrote.
#[must_use]
pub fn message_id(ticket: TicketId, sequence: u32) -> MessageId {
    kept::message_id(ticket, sequence)
}

/// A message with its writer's names.
#[derive(Debug, Clone)]
pub struct MessageView {
    /// The message.
    pub message: MessageRow,
    /// The writer's name.
    pub by: String,
    /// Their organisation's.
    pub organisation: String,
}

/// The conversation of a ticket of the caller's, as far as they may read it.
///
/// # Errors
/// [`Error::NotFound`] when the ticket is unknown or not theirs.
pub async fn messages(app: &App, scope: &Scope, id: TicketId) -> Result<Vec<MessageView>, Error> {
    let db = &app.store.read_as(scope).await?;
    readable(db, scope, id).await?;
    let rows = kept::messages(db, id).await?;
    let people = rows.iter().map(|row| row.by);
    let names = Names::read(db, people, rows.iter().map(|row| row.organisation)).await?;
    Ok(message_views(scope, rows, &names))
}

/// Those messages that the reader may read, with their names.
pub(super) fn message_views(
    scope: &Scope,
    rows: Vec<MessageRow>,
    names: &Names,
) -> Vec<MessageView> {
    let may_read =
        |row: &MessageRow| access::may_read(scope.actor(), row.audience, row.organisation);
    let view = |message: MessageRow| MessageView {
        by: names.person(message.by),
        organisation: names.house(message.organisation),
        message,
    };
    rows.into_iter().filter(may_read).map(view).collect()
}
