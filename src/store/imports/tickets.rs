//! What an import must know of tickets.
//!
//! **Never** reads a ticket's text.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::{deadline, escalation, ticket};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::super::Error;
use super::super::row::word;
use super::MANY;
use crate::domain::id::TicketId;
use crate::domain::ticket::{DeadlineStatus, StateName};

/// Which of these tickets there are.
///
/// # Errors
/// [`Error::Driver`].
pub async fn known_tickets(
    db: &impl ConnectionTrait,
    ids: &[TicketId],
) -> Result<HashSet<TicketId>, Error> {
    let mut known = HashSet::new();
    for ids in ids.chunks(MANY) {
        let found: Vec<Uuid> = ticket::Entity::find()
            .select_only()
            .column(ticket::Column::Id)
            .filter(ticket::Column::Id.is_in(ids.iter().map(|id| id.0)))
            .into_tuple()
            .all(db)
            .await?;
        known.extend(found.into_iter().map(TicketId));
    }
    Ok(known)
}

/// Which of these numbers tickets have.
///
/// # Errors
/// [`Error::Driver`].
pub async fn taken_numbers(
    db: &impl ConnectionTrait,
    numbers: &[String],
) -> Result<HashSet<String>, Error> {
    let mut taken = HashSet::new();
    for numbers in numbers.chunks(MANY) {
        let found: Vec<String> = ticket::Entity::find()
            .select_only()
            .column(ticket::Column::Number)
            .filter(ticket::Column::Number.is_in(numbers))
            .into_tuple()
            .all(db)
            .await?;
        taken.extend(found);
    }
    Ok(taken)
}

/// The numbers of open tickets one of whose clocks runs at some time from `from` until `until`,
/// at most `limit`.
///
/// # Errors
/// [`Error::Driver`].
pub async fn clocks_between(
    db: &impl ConnectionTrait,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<String>, Error> {
    let ahead = [DeadlineStatus::Running, DeadlineStatus::Held].map(|status| word(&status));
    let counted = deadline::Entity::find()
        .select_only()
        .column(deadline::Column::TicketId)
        .filter(deadline::Column::Status.is_in(ahead))
        .filter(deadline::Column::StartedAt.lt(until))
        .filter(deadline::Column::DueAt.gt(from))
        .into_query();
    let climbing = escalation::Entity::find()
        .select_only()
        .column(escalation::Column::TicketId)
        .filter(escalation::Column::ClosedAt.is_null())
        .filter(escalation::Column::OpenedAt.lt(until))
        .filter(escalation::Column::ClimbsAt.gt(from))
        .into_query();
    let over = [StateName::Closed, StateName::Withdrawn, StateName::Returned];
    let concerned = Condition::any()
        .add(ticket::Column::Id.in_subquery(counted))
        .add(ticket::Column::Id.in_subquery(climbing))
        // Nobody knows when a clock that stands still will be due.
        .add(ticket::Column::StoppedAt.is_not_null());
    let numbers = ticket::Entity::find()
        .select_only()
        .column(ticket::Column::Number)
        .filter(ticket::Column::State.is_not_in(over.map(StateName::as_str)))
        .filter(concerned)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    Ok(numbers)
}
