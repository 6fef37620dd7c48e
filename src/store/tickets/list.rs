//! Lists of tickets, page by page.
//!
//! **Never** counts or returns what the reader may not see: the condition comes first.

use chrono::{DateTime, Utc};
use entity::{escalation, ticket};
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Order as SqlOrder, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::super::Error;
use super::filter::{Filter, condition, is_wide, narrowed, under_way, visible_condition};
use super::load::load;
use crate::domain::access::Visible;
use crate::domain::id::{EscalationId, OrganisationId, TicketId};
use crate::domain::ticket::Ticket;

/// How a list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Newest first.
    #[default]
    NewestFirst,
    /// Oldest first.
    OldestFirst,
    /// What the manufacturer owes next first; only where it owes something.
    DueFirst,
}

/// One page of tickets: those after `after`, at most `limit`.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn list(
    db: &impl ConnectionTrait,
    visible: Visible,
    filter: &Filter,
    order: Order,
    page: (Option<(DateTime<Utc>, Uuid)>, u64),
) -> Result<Vec<Ticket>, Error> {
    let Some(condition) = condition(db, visible, filter, Some(order)).await? else {
        return Ok(Vec::new());
    };
    let (after, limit) = page;
    let (column, direction) = match order {
        Order::NewestFirst => (ticket::Column::FiledAt, SqlOrder::Desc),
        Order::OldestFirst => (ticket::Column::FiledAt, SqlOrder::Asc),
        Order::DueFirst => (ticket::Column::DueAt, SqlOrder::Asc),
    };
    let mut select = ticket::Entity::find()
        .select_only()
        .column(ticket::Column::Id)
        .filter(condition)
        .order_by(column, direction.clone())
        .order_by(ticket::Column::Id, direction)
        .limit(limit);
    if order == Order::DueFirst {
        if filter.is_over() {
            return Ok(Vec::new());
        }
        select = select.filter(under_way()).filter(column.is_not_null());
    }
    if let Some((at, id)) = after {
        let key = Expr::tuple([
            Expr::col((ticket::Entity, column)),
            Expr::col((ticket::Entity, ticket::Column::Id)),
        ]);
        let place = Expr::tuple([Expr::val(at), Expr::val(id)]);
        select = match order {
            Order::NewestFirst => select.filter(key.lt(place)),
            Order::OldestFirst | Order::DueFirst => select.filter(key.gt(place)),
        };
    }
    let ids: Vec<Uuid> = select.into_tuple().all(db).await?;
    let wanted: Vec<TicketId> = ids.iter().copied().map(TicketId).collect();
    let mut tickets = load(db, &wanted).await?;
    tickets.sort_by_key(|ticket| ids.iter().position(|id| *id == ticket.id.0));
    Ok(tickets)
}

/// How many tickets the whole list has.
///
/// # Errors
/// [`Error::Driver`].
pub async fn count(
    db: &impl ConnectionTrait,
    visible: Visible,
    filter: &Filter,
) -> Result<u64, Error> {
    let Some(condition) = condition(db, visible, filter, None).await? else { return Ok(0) };
    Ok(ticket::Entity::find().filter(condition).count(db).await?)
}

/// How many tickets the whole list has, but `cap` at most: no more are looked at.
///
/// # Errors
/// [`Error::Driver`].
pub async fn count_up_to(
    db: &impl ConnectionTrait,
    visible: Visible,
    filter: &Filter,
    cap: u64,
) -> Result<u64, Error> {
    let Some(condition) = condition(db, visible, filter, None).await? else { return Ok(0) };
    let select = ticket::Entity::find().select_only().expr(Expr::val(1)).filter(condition);
    Ok(select.limit(cap).count(db).await?)
}

/// Which escalations a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Climbed {
    /// Only open ones, or only closed ones.
    pub open: Option<bool>,
    /// Only those that somebody took on, or only the others.
    pub acknowledged: Option<bool>,
    /// Only those that this bureau holds.
    pub held_by: Option<OrganisationId>,
}

/// One page of escalations of visible tickets, newest first, each with its ticket's id.
///
/// # Errors
/// As [`list`].
pub async fn escalations(
    db: &impl ConnectionTrait,
    visible: Visible,
    climbed: Climbed,
    (after, limit): (Option<(DateTime<Utc>, Uuid)>, u64),
) -> Result<Vec<(EscalationId, TicketId)>, Error> {
    let Some(condition) = climbed_condition(db, visible, climbed) else { return Ok(Vec::new()) };
    let mut select = escalation::Entity::find()
        .filter(condition)
        .select_only()
        .columns([escalation::Column::Id, escalation::Column::TicketId]);
    if let Some((at, id)) = after {
        let key = Expr::tuple([
            Expr::col(escalation::Column::OpenedAt),
            Expr::col(escalation::Column::Id),
        ]);
        select = select.filter(key.lt(Expr::tuple([Expr::val(at), Expr::val(id)])));
    }
    let rows: Vec<(Uuid, Uuid)> = select
        .order_by_desc(escalation::Column::OpenedAt)
        .order_by_desc(escalation::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(id, ticket)| (EscalationId(id), TicketId(ticket))).collect())
}

/// How many escalations the whole list has, but `cap` at most: no more are looked at.
///
/// # Errors
/// [`Error::Driver`].
pub async fn count_escalations(
    db: &impl ConnectionTrait,
    visible: Visible,
    climbed: Climbed,
    cap: u64,
) -> Result<u64, Error> {
    let Some(condition) = climbed_condition(db, visible, climbed) else { return Ok(0) };
    let select = escalation::Entity::find().select_only().expr(Expr::val(1)).filter(condition);
    Ok(select.limit(cap).count(db).await?)
}

/// `None` when nothing can match. Open ones are few: for a wide region it is quicker to look at
/// each of them than at every ticket.
fn climbed_condition(
    db: &impl ConnectionTrait,
    visible: Visible,
    climbed: Climbed,
) -> Option<Condition> {
    let ticket = Expr::col((escalation::Entity, escalation::Column::TicketId));
    let id = Expr::col((ticket::Entity, ticket::Column::Id));
    let seen = ticket::Entity::find().select_only();
    let seen = if climbed.open == Some(true) && is_wide(visible) {
        let own = narrowed(db, (visible, None), &Filter::default(), None)?;
        let seen = seen.expr(Expr::val(1)).filter(own).filter(id.eq(ticket));
        Expr::exists(seen.into_query())
    } else {
        let seen = seen.column(ticket::Column::Id).filter(visible_condition(visible)?);
        ticket.in_subquery(seen.into_query())
    };
    let set = |column: escalation::Column, yes: bool| {
        if yes { column.is_not_null() } else { column.is_null() }
    };
    Some(
        Condition::all()
            .add(seen)
            .add_option(climbed.open.map(|open| set(escalation::Column::ClosedAt, !open)))
            .add_option(
                climbed.acknowledged.map(|yes| set(escalation::Column::AcknowledgedAt, yes)),
            )
            .add_option(climbed.held_by.map(|bureau| escalation::Column::BureauId.eq(bureau.0))),
    )
}

/// The ticket of an escalation.
///
/// # Errors
/// As [`list`].
pub async fn ticket_of_escalation(
    db: &impl ConnectionTrait,
    id: EscalationId,
) -> Result<Option<TicketId>, Error> {
    let row = escalation::Entity::find_by_id(id.0).one(db).await?;
    Ok(row.map(|row| TicketId(row.ticket_id)))
}
