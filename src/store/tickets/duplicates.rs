//! Tickets that may be the same trouble filed twice.
//!
//! **Never** names one that the reader may not see.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::ticket;
use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::super::{Error, dialect};
use super::filter::visible_condition;
use crate::domain::access::Visible;
use crate::domain::id::TicketId;
use crate::domain::ticket::{StateName, Ticket};

/// Filed so close to each other, two tickets for one product of one hospital are likely one.
const WITHIN_HOURS: i64 = 24;
/// Tickets looked up at once.
const AT_ONCE: usize = 50;
/// Tickets looked at, for each of these times; for a single one no more than are named, and itself.
const MOST: u64 = 1_000;
const MOST_OF_ONE: u64 = 11;
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
    let Some(condition) = visible_condition(visible) else { return Ok(HashMap::new()) };
    let mut near = Vec::new();
    for some in tickets.chunks(AT_ONCE) {
        near.extend(near_any_of(db, &condition, some).await?);
    }
    let within = TimeDelta::hours(WITHIN_HOURS);
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

/// Tickets filed near one of these. Each is looked up by its own hospital and day, not all of them
/// by the first and the last day: the days of a worklist lie far apart.
async fn near_any_of(
    db: &impl ConnectionTrait,
    visible: &Condition,
    tickets: &[Ticket],
) -> Result<Vec<Near>, Error> {
    let within = TimeDelta::hours(WITHIN_HOURS);
    let over = [StateName::Withdrawn, StateName::Returned].map(StateName::as_str);
    let near = tickets.iter().fold(Condition::any(), |any, one| {
        let (first, last) = (one.filed_at - within, one.filed_at + within);
        let near = Condition::all()
            .add(ticket::Column::HospitalId.eq(one.hospital.0))
            .add(ticket::Column::ProductId.eq(one.product.0))
            .add(ticket::Column::ManufacturerId.eq(one.manufacturer.0))
            .add(ticket::Column::FiledAt.between(first, last));
        any.add(near)
    });
    let visible = dialect::not_looked_up(db.get_database_backend(), visible.clone().into());
    let rows = ticket::Entity::find()
        .select_only()
        .columns([ticket::Column::Id, ticket::Column::Number, ticket::Column::HospitalId])
        .columns([ticket::Column::ProductId, ticket::Column::ManufacturerId])
        .column(ticket::Column::FiledAt)
        .filter(near)
        .filter(visible)
        .filter(ticket::Column::State.is_not_in(over))
        .order_by_asc(ticket::Column::FiledAt)
        .order_by_asc(ticket::Column::Id)
        .limit(if tickets.len() == 1 { MOST_OF_ONE } else { MOST })
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows)
}
