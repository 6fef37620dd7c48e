//! The whole of a ticket as one reader may see it, read once: for its page and its evidence.
//!
//! **Never** shows more than the reader's other calls do: what they may read is decided by the same
//! functions.

use super::attachments::{self, AttachmentView};
use super::names::Names;
use super::notices::{self, DeliveryView};
use super::tickets::{self, TicketView};
use super::timeline::{self, EventView, MessageView};
use super::{App, Error};
use crate::domain::access::Scope;
use crate::domain::id::TicketId;
use crate::domain::party::Role;
use crate::store::outbox;
use crate::store::tickets as kept;

/// What was said and done about a ticket.
#[derive(Debug)]
pub struct Record {
    /// The timeline.
    pub events: Vec<EventView>,
    /// The conversation.
    pub messages: Vec<MessageView>,
    /// The files.
    pub attachments: Vec<AttachmentView>,
    /// What was sent to whom.
    pub deliveries: Vec<DeliveryView>,
}

/// A ticket of the caller's, and its record; `None` for administrators, who see no party's text.
/// All of it is of one version of the ticket.
///
/// # Errors
/// [`Error::NotFound`] when it is unknown or not theirs.
pub async fn read(
    app: &App,
    scope: &Scope,
    id: TicketId,
) -> Result<(TicketView, Option<Record>), Error> {
    let db = app.store.snapshot_as(scope).await?;
    let ticket = kept::find(&db, scope.tickets(), id).await?.ok_or(Error::NotFound)?;
    let all = u64::from(ticket.events);
    let view = tickets::view(&db, scope, ticket).await?;
    if scope.actor().role == Role::Admin {
        return Ok((view, None));
    }
    let events = kept::events(&db, id, 0, all).await?;
    let messages = kept::messages(&db, id).await?;
    let files = kept::attachments(&db, id).await?;
    let deliveries = outbox::of_ticket(&db, id).await?;
    let acted = events.iter().filter_map(|row| row.by);
    let wrote = messages.iter().map(|row| (row.by, row.organisation));
    let added = files.iter().map(|row| (row.by, row.organisation));
    let (people, houses): (Vec<_>, Vec<_>) = acted.chain(wrote).chain(added).unzip();
    let told = deliveries.iter().map(|row| row.recipient);
    let names = Names::read(&db, people.into_iter().chain(told), houses).await?;
    let record = Record {
        events: timeline::event_views(scope, events, &names),
        messages: timeline::message_views(scope, messages, &names),
        attachments: attachments::views(scope, files, &names),
        deliveries: notices::delivery_views(deliveries, &names),
    };
    Ok((view, Some(record)))
}
