//! Tickets as the ledger needs them, chunk by chunk.
//!
//! **Never** reads a ticket's text, and never holds more than a chunk: a province has very many.

use chrono::{DateTime, Utc};
use entity::{agreement, deadline, escalation, product, ticket};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
};
use serde::Deserialize;
use uuid::Uuid;

use super::super::row::{Place, word};
use super::super::{Error, dialect};
use super::filter::{visible_condition, within};
use crate::domain::access::Visible;
use crate::domain::id::{OrganisationId, ProductId};
use crate::domain::ledger::{DECIDED, Decided, KINDS, Line};
use crate::domain::party::Division;
use crate::domain::ticket::{DeadlineKind, DeadlineStatus, Rating, StateName};

/// Tickets per chunk.
const CHUNK: u64 = 4_000;

/// Which tickets the ledger counts.
#[derive(Debug, Clone, Default)]
pub struct Period {
    /// Filed at or after.
    pub filed_from: Option<DateTime<Utc>>,
    /// Filed before.
    pub filed_before: Option<DateTime<Utc>>,
    /// Only of this manufacturer.
    pub manufacturer: Option<OrganisationId>,
    /// Only of products with this code.
    pub product_code: Option<String>,
    /// Only in this division's subtree.
    pub division: Option<Division>,
}

/// Where a chunk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LedgerPlace {
    division: i32,
    filed_at: DateTime<Utc>,
    id: Uuid,
}

/// A ticket as a document has it: the values of [`COLUMNS`] in their order.
#[derive(Deserialize)]
struct Row {
    id: Uuid,
    manufacturer: Uuid,
    product: Uuid,
    hospital: Uuid,
    division: i32,
    filed_at: DateTime<Utc>,
    state: StateName,
    ended_at: Option<DateTime<Utc>>,
    rating: Option<Rating>,
    historic: u8,
    agreed: u8,
    escalated: u8,
    /// A document in the document: `[[kind, status, met_at], …]`.
    decided: Option<String>,
}

const IDS: [&str; 4] = ["id", "manufacturer_id", "product_id", "hospital_id"];
const COLUMNS: [&str; 9] = [
    "division",
    "filed_at",
    "state",
    "ended_at",
    "rating",
    "historic",
    "agreed",
    "escalated",
    "decided",
];

/// The next chunk of the tickets that exist for the holder of `visible`, after `after`, and the
/// place it ended at unless it was the last.
///
/// The database hands over a chunk as one document: to hand over its rows one by one would take
/// longer than to find them.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn ledger_lines(
    db: &impl ConnectionTrait,
    visible: Visible,
    period: &Period,
    after: Option<LedgerPlace>,
) -> Result<(Vec<Line>, Option<LedgerPlace>), Error> {
    let Some(condition) = visible_condition(visible) else { return Ok((Vec::new(), None)) };
    let backend = db.get_database_backend();
    let select = columns(backend).filter(condition).filter(of_period(period));
    let is_one_maker = period.manufacturer.is_some() || matches!(visible, Visible::Manufacturer(_));
    let select = if is_one_maker { by_filing(select, after) } else { by_division(select, after) };
    let mut chunk = Query::select();
    chunk
        .expr(dialect::gathered(backend, &IDS, &COLUMNS))
        .from_subquery(select.limit(CHUNK).into_query(), "chunk");
    let found = db.query_one(&chunk).await?;
    let found: Option<String> = found.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
    let place = Place { table: "ticket", id: &"a chunk of the ledger" };
    let rows: Vec<Row> = match found {
        Some(rows) => serde_json::from_str(&rows).map_err(|error| place.corrupt("*", &error))?,
        None => Vec::new(),
    };
    let is_full = u64::try_from(rows.len()).is_ok_and(|count| count == CHUNK);
    let last = rows.iter().map(|row| LedgerPlace {
        division: if is_one_maker { 0 } else { row.division },
        filed_at: row.filed_at,
        id: row.id,
    });
    let last = last.max().filter(|_| is_full);
    Ok((rows.iter().map(line_of).collect::<Result<_, _>>()?, last))
}

type DecidedRow = (DeadlineKind, DeadlineStatus, Option<DateTime<Utc>>);

fn line_of(row: &Row) -> Result<Line, Error> {
    let place = Place { table: "ticket", id: &row.id };
    let decided: Vec<DecidedRow> = match &row.decided {
        Some(rows) => {
            serde_json::from_str(rows).map_err(|error| place.corrupt("deadline", &error))?
        }
        None => Vec::new(),
    };
    let decided_of = |(kind, status, met_at)| Decided { kind, status, met_at };
    Ok(Line {
        manufacturer: OrganisationId(row.manufacturer),
        product: ProductId(row.product),
        hospital: OrganisationId(row.hospital),
        division: place.division("division", row.division)?,
        filed_at: row.filed_at,
        state: row.state,
        ended_at: row.ended_at,
        historic: row.historic == 1,
        agreed: row.agreed == 1,
        escalated: row.escalated == 1,
        dissatisfied: row.rating == Some(Rating::Dissatisfied),
        decided: decided.into_iter().map(decided_of).collect(),
    })
}

/// One row per ticket, its deadlines in it.
fn columns(backend: dialect::Backend) -> Select<ticket::Entity> {
    let of_ticket = |column: ticket::Column| Expr::col((ticket::Entity, column));
    let agreed = agreement::Entity::find()
        .select_only()
        .expr(Expr::val(1))
        .filter(agreement::Column::ProductId.into_expr().eq(of_ticket(ticket::Column::ProductId)))
        .filter(agreement::Column::HospitalId.into_expr().eq(of_ticket(ticket::Column::HospitalId)))
        .into_query();
    let climbed = escalation::Entity::find()
        .select_only()
        .expr(Expr::val(1))
        .filter(escalation::Column::TicketId.into_expr().eq(of_ticket(ticket::Column::Id)))
        .into_query();
    let decided = deadline::Entity::find()
        .select_only()
        .expr(dialect::gathered(backend, &[], &["kind", "status", "met_at"]))
        .filter(deadline::Column::TicketId.into_expr().eq(of_ticket(ticket::Column::Id)))
        .filter(deadline::Column::Kind.is_in(KINDS.map(|kind| word(&kind))))
        .filter(deadline::Column::Status.is_in(DECIDED.map(|status| word(&status))))
        .into_query();
    ticket::Entity::find()
        .select_only()
        .columns([
            ticket::Column::Id,
            ticket::Column::ManufacturerId,
            ticket::Column::ProductId,
            ticket::Column::HospitalId,
            ticket::Column::Division,
            ticket::Column::FiledAt,
            ticket::Column::State,
            ticket::Column::EndedAt,
            ticket::Column::Rating,
        ])
        .column_as(as_number(ticket::Column::Historic.into_expr()), "historic")
        .column_as(as_number(Expr::exists(agreed)), "agreed")
        .column_as(as_number(Expr::exists(climbed)), "escalated")
        .column_as(SimpleExpr::from(decided), "decided")
}

/// True and false as every database writes them alike.
fn as_number(flag: SimpleExpr) -> SimpleExpr {
    flag.cast_as("integer")
}

fn of_period(period: &Period) -> Condition {
    let with_code = |code: &String| -> SelectStatement {
        let mut products = Query::select();
        products
            .column(product::Column::Id)
            .from(product::Entity)
            .and_where(product::Column::Code.eq(code.as_str()));
        products
    };
    let products = period.product_code.as_ref().map(with_code);
    Condition::all()
        .add_option(period.filed_from.map(|at| ticket::Column::FiledAt.gte(at)))
        .add_option(period.filed_before.map(|at| ticket::Column::FiledAt.lt(at)))
        .add_option(period.manufacturer.map(|id| ticket::Column::ManufacturerId.eq(id.0)))
        .add_option(products.map(|products| ticket::Column::ProductId.in_subquery(products)))
        .add_option(period.division.map(within))
}

/// In the order of the index that serves a single manufacturer's tickets, so that each chunk goes
/// on where the one before ended instead of sorting everything again.
fn by_filing(select: Select<ticket::Entity>, after: Option<LedgerPlace>) -> Select<ticket::Entity> {
    let select = match after {
        Some(LedgerPlace { filed_at, id, .. }) => {
            let key = [ticket::Column::FiledAt, ticket::Column::Id];
            let key = Expr::tuple(key.map(ColumnTrait::into_expr));
            select.filter(key.gt(Expr::tuple([Expr::val(filed_at), Expr::val(id)])))
        }
        None => select,
    };
    select.order_by_asc(ticket::Column::FiledAt).order_by_asc(ticket::Column::Id)
}

/// Likewise for the tickets of a region.
fn by_division(
    select: Select<ticket::Entity>,
    after: Option<LedgerPlace>,
) -> Select<ticket::Entity> {
    let select = match after {
        Some(LedgerPlace { division, filed_at, id }) => {
            let key = [ticket::Column::Division, ticket::Column::FiledAt, ticket::Column::Id];
            let key = Expr::tuple(key.map(ColumnTrait::into_expr));
            let last = [Expr::val(division), Expr::val(filed_at), Expr::val(id)];
            select.filter(key.gt(Expr::tuple(last)))
        }
        None => select,
    };
    select
        .order_by_asc(ticket::Column::Division)
        .order_by_asc(ticket::Column::FiledAt)
        .order_by_asc(ticket::Column::Id)
}
