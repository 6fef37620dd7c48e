//! Lists of tickets, page by page.
//!
//! **Never** counts or returns what the reader may not see: the condition comes first.

use chrono::{DateTime, Utc};
use entity::{escalation, ticket};
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::super::row::division;
use super::super::{Error, dialect};
use super::load::load;
use crate::domain::access::Visible;
use crate::domain::id::{EscalationId, OrganisationId, TicketId};
use crate::domain::party::Division;
use crate::domain::search::Query;
use crate::domain::ticket::{StateName, Ticket};

/// What a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only in this state.
    pub state: Option<StateName>,
    /// Only with, or only without, an open escalation.
    pub escalated: Option<bool>,
    /// Only with, or only without, something missed and not done.
    pub overdue: Option<bool>,
    /// Only where these terms occur.
    pub query: Option<Query>,
    /// Only of this manufacturer.
    pub manufacturer: Option<OrganisationId>,
    /// Only in this division's subtree.
    pub division: Option<Division>,
    /// Only filed at or after.
    pub filed_from: Option<DateTime<Utc>>,
    /// Only filed before.
    pub filed_before: Option<DateTime<Utc>>,
}

/// How a list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Newest first.
    #[default]
    NewestFirst,
    /// Oldest first.
    OldestFirst,
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
    let Some(condition) = condition(db, visible, filter) else { return Ok(Vec::new()) };
    let (after, limit) = page;
    let key = Expr::tuple([
        Expr::col((ticket::Entity, ticket::Column::FiledAt)),
        Expr::col((ticket::Entity, ticket::Column::Id)),
    ]);
    let after = after.map(|(at, id)| Expr::tuple([Expr::val(at), Expr::val(id)]));
    let mut select = ticket::Entity::find()
        .select_only()
        .column(ticket::Column::Id)
        .filter(condition)
        .limit(limit);
    select = match (order, after) {
        (Order::NewestFirst, Some(after)) => select.filter(key.lt(after)),
        (Order::OldestFirst, Some(after)) => select.filter(key.gt(after)),
        (Order::NewestFirst | Order::OldestFirst, None) => select,
    };
    select = match order {
        Order::NewestFirst => {
            select.order_by_desc(ticket::Column::FiledAt).order_by_desc(ticket::Column::Id)
        }
        Order::OldestFirst => {
            select.order_by_asc(ticket::Column::FiledAt).order_by_asc(ticket::Column::Id)
        }
    };
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
    let Some(condition) = condition(db, visible, filter) else { return Ok(0) };
    Ok(ticket::Entity::find().filter(condition).count(db).await?)
}

/// `None` when nothing can match.
fn condition(db: &impl ConnectionTrait, visible: Visible, filter: &Filter) -> Option<Condition> {
    let mut all = Condition::all().add(visible_condition(visible)?);
    if let Some(query) = &filter.query {
        all = all.add(dialect::matches(db.get_database_backend(), query)?);
    }
    Some(
        all.add_option(filter.state.map(|state| ticket::Column::State.eq(state.as_str())))
            .add_option(filter.escalated.map(|yes| ticket::Column::Escalated.eq(yes)))
            .add_option(filter.overdue.map(|yes| ticket::Column::Overdue.eq(yes)))
            .add_option(filter.manufacturer.map(|id| ticket::Column::ManufacturerId.eq(id.0)))
            .add_option(filter.division.map(within))
            .add_option(filter.filed_from.map(|at| ticket::Column::FiledAt.gte(at)))
            .add_option(filter.filed_before.map(|at| ticket::Column::FiledAt.lt(at))),
    )
}

/// The condition that a ticket exists for somebody; `None` when none does.
pub(in crate::store) fn visible_condition(visible: Visible) -> Option<Condition> {
    let condition = match visible {
        Visible::Hospital(id) => ticket::Column::HospitalId.eq(id.0),
        Visible::Manufacturer(id) => ticket::Column::ManufacturerId.eq(id.0),
        Visible::Distributor(id) => ticket::Column::DistributorId.eq(id.0),
        Visible::Within(region) => within(region),
        Visible::Bare => return Some(Condition::all()),
        Visible::Nothing => return None,
    };
    Some(Condition::all().add(condition))
}

pub(super) fn within(region: Division) -> sea_orm::sea_query::SimpleExpr {
    let (_, end) = region.range();
    let end = i32::try_from(end).unwrap_or(i32::MAX);
    ticket::Column::Division.gte(division(region)).and(ticket::Column::Division.lt(end))
}

/// One page of escalations of visible tickets, newest first, each with its ticket's id.
///
/// # Errors
/// As [`list`].
pub async fn escalations(
    db: &impl ConnectionTrait,
    visible: Visible,
    open: Option<bool>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: u64,
) -> Result<Vec<(EscalationId, TicketId)>, Error> {
    let Some(condition) = visible_condition(visible) else { return Ok(Vec::new()) };
    let seen = ticket::Entity::find().select_only().column(ticket::Column::Id).filter(condition);
    let mut select = escalation::Entity::find()
        .select_only()
        .columns([escalation::Column::Id, escalation::Column::TicketId])
        .filter(escalation::Column::TicketId.in_subquery(seen.into_query()));
    select = match open {
        Some(true) => select.filter(escalation::Column::ClosedAt.is_null()),
        Some(false) => select.filter(escalation::Column::ClosedAt.is_not_null()),
        None => select,
    };
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
