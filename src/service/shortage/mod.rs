//! Shortage events as manufacturers and bureaus see them.
//!
//! **Never** gathers a ticket that the reader could not open by itself.

mod reply;

use std::collections::HashMap;

use sea_orm::ConnectionTrait;

pub use reply::{GroupReply, MOST_AT_ONCE, ReadReply, reply};

use super::tickets::{TicketView, views};
use super::{App, Error};
use crate::domain::access::Scope;
use crate::domain::id::EventId;
use crate::domain::party::{Organisation, Role};
use crate::domain::shortage::{ShortageEvent, gather};
use crate::store::catalogue::{self, Product};
use crate::store::{accounts, tickets as kept};

/// An event with its names.
#[derive(Debug, Clone)]
pub struct ShortageView {
    /// The event.
    pub event: ShortageEvent,
    /// What is short.
    pub product: Product,
    /// Who owes it.
    pub manufacturer: Organisation,
}

/// One page of the events in the caller's reach, those of most hospitals first: what comes after
/// the event that had so many hospitals and this id.
///
/// # Errors
/// [`Error::Forbidden`] unless a manufacturer or a bureau asks.
pub async fn list(
    app: &App,
    scope: &Scope,
    after: Option<(u32, EventId)>,
    limit: usize,
) -> Result<Vec<ShortageView>, Error> {
    let after = after.map(|(hospitals, id)| (std::cmp::Reverse(hospitals), id));
    let db = &app.store.read_as(scope).await?;
    let mut events = events(db, scope).await?;
    events.retain(|event| after.is_none_or(|after| event.rank() > after));
    events.truncate(limit);
    named(db, events).await
}

/// An event in the caller's reach, with its tickets, oldest first.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or none of theirs.
pub async fn get(
    app: &App,
    scope: &Scope,
    id: EventId,
) -> Result<(ShortageView, Vec<TicketView>), Error> {
    let db = &app.store.read_as(scope).await?;
    let event = find(db, scope, id).await?;
    let mut tickets = kept::load(db, &event.tickets).await?;
    tickets.sort_by_key(|ticket| (ticket.filed_at, ticket.id));
    let tickets = views(db, scope, tickets).await?;
    let view = named(db, vec![event]).await?.pop().ok_or(Error::NotFound)?;
    Ok((view, tickets))
}

async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: EventId,
) -> Result<ShortageEvent, Error> {
    let found = events(db, scope).await?.into_iter().find(|event| event.id == id);
    found.ok_or(Error::NotFound)
}

async fn events(db: &impl ConnectionTrait, scope: &Scope) -> Result<Vec<ShortageEvent>, Error> {
    if !matches!(scope.actor().role, Role::Manufacturer | Role::Bureau) {
        let message = "shortage events are the manufacturers' and the bureaus'";
        return Err(Error::Forbidden(message.to_owned()));
    }
    Ok(gather(kept::shortage_lines(db, scope.tickets()).await?))
}

async fn named(
    db: &impl ConnectionTrait,
    events: Vec<ShortageEvent>,
) -> Result<Vec<ShortageView>, Error> {
    let products: Vec<_> = events.iter().map(|event| event.product).collect();
    let products = catalogue::products(db, &products).await?;
    let products: HashMap<_, _> = products.into_iter().map(|one| (one.id, one)).collect();
    let mut makers: Vec<_> = events.iter().map(|event| event.manufacturer).collect();
    makers.sort_unstable();
    makers.dedup();
    let makers = accounts::organisations(db, &makers).await?;
    let makers: HashMap<_, _> = makers.into_iter().map(|one| (one.id, one)).collect();
    let view = |event: ShortageEvent| {
        Some(ShortageView {
            product: products.get(&event.product)?.clone(),
            manufacturer: makers.get(&event.manufacturer)?.clone(),
            event,
        })
    };
    Ok(events.into_iter().filter_map(view).collect())
}
