//! Which tickets the clock must look at.
//!
//! One row per ticket says when. A batch takes from every organisation in turn, each in due
//! order, so a manufacturer with ten thousand overdue tickets does not keep the others waiting.
//!
//! **Never** says what has to happen: that is read off the ticket.

use chrono::{DateTime, Utc};
use entity::{ticket, timer};
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, JoinType, QueryFilter,
    QueryOrder, QuerySelect, RelationDef, Select,
};
use uuid::Uuid;

use super::{Error, dialect};
use crate::domain::id::{OrganisationId, TicketId};

/// A ticket whose sweep failed this often in a row is set aside until [`retry_stuck`].
pub(super) const MOST_ATTEMPTS: i16 = 3;

/// Organisations with tickets due at or before `at`, the longest overdue first; at most `limit`.
///
/// # Errors
/// [`Error::Driver`].
pub async fn organisations(
    db: &impl ConnectionTrait,
    at: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<OrganisationId>, Error> {
    let ids: Vec<Uuid> = timer::Entity::find()
        .select_only()
        .column(timer::Column::OrganisationId)
        .filter(is_due(at))
        .group_by(timer::Column::OrganisationId)
        .order_by_asc(timer::Column::DueAt.min())
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(OrganisationId).collect())
}

/// Tickets due at or before `at`: at most about `limit`, fair between organisations.
///
/// # Errors
/// [`Error::Driver`].
pub async fn due(
    db: &impl ConnectionTrait,
    at: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<TicketId>, Error> {
    let organisations = organisations(db, at, limit).await?;
    fairly(db, &organisations, (at, limit), |select| select).await
}

/// Tickets of these organisations due at or before `at`, at most about `limit` and fair between
/// them, that nobody else holds: they are the caller's until the end of the transaction. The
/// ticket's row is locked and not the timer's, as by everybody who changes one.
///
/// # Errors
/// [`Error::Driver`].
pub async fn claim(
    tx: &DatabaseTransaction,
    organisations: &[OrganisationId],
    at: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<TicketId>, Error> {
    let ticket = timer::Entity::belongs_to(ticket::Entity)
        .from(timer::Column::TicketId)
        .to(ticket::Column::Id);
    let ticket = RelationDef::from(ticket);
    fairly(tx, organisations, (at, limit), |select| {
        let select = select.join(JoinType::InnerJoin, ticket.clone());
        dialect::locked_if_free_of(select, ticket::Entity)
    })
    .await
}

fn is_due(at: DateTime<Utc>) -> SimpleExpr {
    timer::Column::DueAt.lte(at).and(timer::Column::Attempt.lt(MOST_ATTEMPTS))
}

async fn fairly(
    db: &impl ConnectionTrait,
    organisations: &[OrganisationId],
    (at, limit): (DateTime<Utc>, u64),
    narrowed: impl Fn(Select<timer::Entity>) -> Select<timer::Entity>,
) -> Result<Vec<TicketId>, Error> {
    let count = std::num::NonZeroU64::new(u64::try_from(organisations.len()).unwrap_or(limit));
    let Some(count) = count else { return Ok(Vec::new()) };
    let share = limit.div_ceil(count.get());
    let mut due: Vec<(DateTime<Utc>, Uuid)> = Vec::new();
    for organisation in organisations {
        let select = timer::Entity::find()
            .select_only()
            .columns([timer::Column::DueAt, timer::Column::TicketId])
            .filter(timer::Column::OrganisationId.eq(organisation.0))
            .filter(is_due(at))
            .order_by_asc(timer::Column::DueAt)
            .order_by_asc(timer::Column::TicketId)
            .limit(share);
        due.extend(narrowed(select).into_tuple::<(DateTime<Utc>, Uuid)>().all(db).await?);
    }
    due.sort_unstable();
    Ok(due.into_iter().map(|(_, ticket)| TicketId(ticket)).collect())
}

/// Every ticket due at or before `at`, the longest overdue first, with the instant.
///
/// # Errors
/// [`Error::Driver`].
pub async fn all_due(
    db: &impl ConnectionTrait,
    at: DateTime<Utc>,
) -> Result<Vec<(DateTime<Utc>, TicketId)>, Error> {
    let rows: Vec<(DateTime<Utc>, Uuid)> = timer::Entity::find()
        .select_only()
        .columns([timer::Column::DueAt, timer::Column::TicketId])
        .filter(timer::Column::DueAt.lte(at))
        .order_by_asc(timer::Column::DueAt)
        .order_by_asc(timer::Column::TicketId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(due_at, ticket)| (due_at, TicketId(ticket))).collect())
}

/// When the first ticket after `at` is due, if any is.
///
/// # Errors
/// [`Error::Driver`].
pub async fn next_due(
    db: &impl ConnectionTrait,
    at: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Error> {
    let next: Option<DateTime<Utc>> = timer::Entity::find()
        .select_only()
        .column(timer::Column::DueAt)
        .filter(timer::Column::Attempt.lt(MOST_ATTEMPTS))
        .filter(timer::Column::DueAt.gt(at))
        .order_by_asc(timer::Column::DueAt)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(next)
}

/// Tickets whose sweep failed too often.
///
/// # Errors
/// [`Error::Driver`].
pub async fn stuck(db: &impl ConnectionTrait) -> Result<Vec<TicketId>, Error> {
    let ids: Vec<Uuid> = timer::Entity::find()
        .select_only()
        .column(timer::Column::TicketId)
        .filter(timer::Column::Attempt.gte(MOST_ATTEMPTS))
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(TicketId).collect())
}

/// Remembers that a ticket's sweep failed.
///
/// # Errors
/// [`Error::Driver`].
pub async fn failed(db: &impl ConnectionTrait, ticket: TicketId) -> Result<(), Error> {
    timer::Entity::update_many()
        .col_expr(timer::Column::Attempt, ExprTrait::add(Expr::col(timer::Column::Attempt), 1))
        .filter(timer::Column::TicketId.eq(ticket.0))
        .exec(db)
        .await?;
    Ok(())
}

/// Takes up again the tickets whose sweep failed too often.
///
/// # Errors
/// [`Error::Driver`].
pub async fn retry_stuck(db: &impl ConnectionTrait) -> Result<(), Error> {
    timer::Entity::update_many()
        .col_expr(timer::Column::Attempt, Expr::val(0))
        .filter(timer::Column::Attempt.gte(MOST_ATTEMPTS))
        .exec(db)
        .await?;
    Ok(())
}
