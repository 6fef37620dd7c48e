//! Tickets that may be the same trouble filed twice.
//!
//! **Never** names one that the reader may not see.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::ticket;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::super::Error;
use super::filter::visible_condition;
use crate::domain::access::Visible;
use crate::domain::id::TicketId;
use crate::domain::ticket::{StateName, Ticket};

/// Filed so close to each other, two tickets for one product of one hospital are likely one.
const WITHIN_HOURS: i64 = 24;
/// Tickets looked at.
const MOST: u64 = 1_000;
/// Tickets named for each: more would be no hint any more.
const SHOWN: usize = 10;

type Near = (Uuid, String, Uuid, Uuid, Uuid, DateTime<Utc>);

/// For each ticket the others of its hospital for the same product of the same manufacturer that
/// were filed within a day of it, and were not taken back or returned; oldest first, a few.
///
/// # Errors
/// [`Error::Driver`].
pub async fn likely_duplicates(
    db: &impl ConnectionTrait,
    visible: Visible,
    tickets: &[Ticket],
) -> Result<HashMap<TicketId, Vec<(TicketId, String)>>, Error> {
    let filed = || tickets.iter().map(|ticket| ticket.filed_at);
    let (Some(condition), Some(first), Some(last)) =
        (visible_condition(visible), filed().min(), filed().max())
    else {
        return Ok(HashMap::new());
    };
    let within = TimeDelta::hours(WITHIN_HOURS);
    let over = [StateName::Withdrawn, StateName::Returned].map(StateName::as_str);
    let near: Vec<Near> = ticket::Entity::find()
        .select_only()
        .columns([ticket::Column::Id, ticket::Column::Number, ticket::Column::HospitalId])
        .columns([ticket::Column::ProductId, ticket::Column::ManufacturerId])
        .column(ticket::Column::FiledAt)
        .filter(condition)
        .filter(ticket::Column::HospitalId.is_in(tickets.iter().map(|one| one.hospital.0)))
        .filter(ticket::Column::ProductId.is_in(tickets.iter().map(|one| one.product.0)))
        .filter(ticket::Column::FiledAt.between(first - within, last + within))
        .filter(ticket::Column::State.is_not_in(over))
        .order_by_asc(ticket::Column::FiledAt)
        .order_by_asc(ticket::Column::Id)
        .limit(MOST)
        .into_tuple()
        .all(db)
        .await?;
    let mut found: HashMap<TicketId, Vec<(TicketId, String)>> = HashMap::new();
    for ticket in tickets {
        let like = near.iter().filter(|(id, _, hospital, product, manufacturer, filed_at)| {
            (*hospital, *product) == (ticket.hospital.0, ticket.product.0)
                && *manufacturer == ticket.manufacturer.0
                && *id != ticket.id.0
                && (*filed_at - ticket.filed_at).abs() <= within
        });
        let like = like.map(|near| (TicketId(near.0), near.1.clone()));
        let like: Vec<_> = like.take(SHOWN).collect();
        if !like.is_empty() {
            found.insert(ticket.id, like);
        }
    }
    Ok(found)
}
