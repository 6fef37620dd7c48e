//! Which tickets a list shows: those that exist for its reader, narrowed.
//!
//! **Never** widens what the reader may see.

use chrono::{DateTime, Utc};
use entity::{escalation, request, ticket};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, IntoCondition, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::super::row::division;
use super::super::{Error, dialect};
use super::list::Order;
use crate::domain::access::Visible;
use crate::domain::id::OrganisationId;
use crate::domain::party::{Division, Level};
use crate::domain::search::Query;
use crate::domain::ticket::StateName;

/// What a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only in this state.
    pub state: Option<StateName>,
    /// Only those that are over, or only those under way.
    pub over: Option<bool>,
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
    /// Only ended at or after.
    pub ended_from: Option<DateTime<Utc>>,
    /// Only with an open escalation that this bureau holds.
    pub held_by: Option<OrganisationId>,
    /// Only with an open escalation that this bureau holds and has not taken on.
    pub unacknowledged_by: Option<OrganisationId>,
    /// Only with a request that waits for this bureau's decision.
    pub asks: Option<OrganisationId>,
}

/// `None` when nothing can match. A count has no order.
pub(super) async fn condition(
    db: &impl ConnectionTrait,
    visible: Visible,
    filter: &Filter,
    order: Option<Order>,
) -> Result<Option<Condition>, Error> {
    let found = match &filter.query {
        Some(query) => dialect::role::found(db, query).await?,
        None => None,
    };
    Ok(narrowed(db, (visible, order), filter, found))
}

/// The condition, where the tickets with the words may have been found already.
pub(super) fn narrowed(
    db: &impl ConnectionTrait,
    (visible, order): (Visible, Option<Order>),
    filter: &Filter,
    found: Option<Vec<Uuid>>,
) -> Option<Condition> {
    let backend = db.get_database_backend();
    let region = |region| region_condition(backend, region);
    let mut all = Condition::all().add(match visible {
        Visible::Within(own) => region(own).into_condition(),
        Visible::Hospital(_)
        | Visible::Manufacturer(_)
        | Visible::Distributor(_)
        | Visible::Bare
        | Visible::Nothing => visible_condition(visible)?,
    });
    match (&filter.query, found) {
        (Some(_), Some(found)) => all = all.add(dialect::role::is_one_of(found)),
        (Some(query), None) => all = all.add(dialect::matches(backend, query)?),
        (None, _) => {}
    }
    // Where few tickets are looked at anyway, or in an order that is not the state's, going by the
    // state would look at more.
    let mut state = Expr::col((ticket::Entity, ticket::Column::State));
    let is_due_first = order == Some(Order::DueFirst);
    if !is_wide(visible) || filter.manufacturer.is_some() || is_due_first {
        state = dialect::not_looked_up(backend, state);
    }
    Some(
        all.add_option(filter.state.map(|one| in_states(&state, &[one])))
            .add_option(filter.over.map(|over| in_states(&state, states(over))))
            .add_option(filter.escalated.map(|yes| flag(ticket::Column::Escalated, yes)))
            .add_option(filter.overdue.map(|yes| flag(ticket::Column::Overdue, yes)))
            .add_option(filter.manufacturer.map(|id| ticket::Column::ManufacturerId.eq(id.0)))
            .add_option(filter.division.map(region))
            .add_option(filter.filed_from.map(|at| ticket::Column::FiledAt.gte(at)))
            .add_option(filter.filed_before.map(|at| ticket::Column::FiledAt.lt(at)))
            .add_option(filter.ended_from.map(|at| ticket::Column::EndedAt.gte(at)))
            .add_option(filter.held_by.map(|id| held_by(id, Condition::all())))
            .add_option(filter.unacknowledged_by.map(|id| {
                let waits = escalation::Column::AcknowledgedAt.is_null();
                held_by(id, waits.into_condition())
            }))
            .add_option(filter.asks.map(asks)),
    )
}

/// True for those who see so many tickets that a list is best read in its own order.
pub(super) fn is_wide(visible: Visible) -> bool {
    match visible {
        Visible::Bare => true,
        Visible::Within(region) => region.level() != Level::County,
        Visible::Hospital(_)
        | Visible::Manufacturer(_)
        | Visible::Distributor(_)
        | Visible::Nothing => false,
    }
}

fn region_condition(backend: dialect::Backend, region: Division) -> SimpleExpr {
    let division = Expr::col((ticket::Entity, ticket::Column::Division));
    if is_wide(Visible::Within(region)) {
        return inside(&dialect::not_looked_up(backend, division), region);
    }
    inside(&division, region)
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

pub(super) fn within(region: Division) -> SimpleExpr {
    inside(&Expr::col((ticket::Entity, ticket::Column::Division)), region)
}

fn inside(column: &SimpleExpr, region: Division) -> SimpleExpr {
    let (_, end) = region.range();
    let end = i32::try_from(end).unwrap_or(i32::MAX);
    column.clone().gte(division(region)).and(column.clone().lt(end))
}

/// The condition that a ticket is not over: that of the indexes of what is under way.
pub(super) fn under_way() -> SimpleExpr {
    ticket::Column::EndedAt.is_null()
}

const OVER: [StateName; 3] = [StateName::Closed, StateName::Withdrawn, StateName::Returned];
const UNDER_WAY: [StateName; 3] = [StateName::Open, StateName::Promised, StateName::Solved];

fn states(over: bool) -> &'static [StateName] {
    if over { &OVER } else { &UNDER_WAY }
}

fn in_states(column: &SimpleExpr, states: &[StateName]) -> Condition {
    let under_way = states.iter().all(|state| !state.is_final()).then(under_way);
    let is_in = column.clone().is_in(states.iter().map(|state| state.as_str()));
    Condition::all().add(is_in).add_option(under_way)
}

/// A flag as it stands, not compared with a parameter: only so do the indexes of the rows that
/// have it serve.
fn flag(column: ticket::Column, yes: bool) -> SimpleExpr {
    let column = Expr::col((ticket::Entity, column));
    if yes { column } else { column.not() }
}

impl Filter {
    /// True when nothing under way can pass.
    pub(super) fn is_over(&self) -> bool {
        self.over == Some(true) || self.state.is_some_and(StateName::is_final)
    }
}

fn held_by(bureau: OrganisationId, besides: Condition) -> SimpleExpr {
    let held = escalation::Entity::find()
        .select_only()
        .column(escalation::Column::TicketId)
        .filter(escalation::Column::BureauId.eq(bureau.0))
        .filter(escalation::Column::ClosedAt.is_null())
        .filter(besides);
    ticket::Column::Id.in_subquery(held.into_query())
}

fn asks(bureau: OrganisationId) -> SimpleExpr {
    let asking = request::Entity::find()
        .select_only()
        .column(request::Column::TicketId)
        .filter(request::Column::BureauId.eq(bureau.0))
        .filter(request::Column::DecidedAt.is_null());
    ticket::Column::Id.in_subquery(asking.into_query())
}
