//! Tickets as the ledger needs them, chunk by chunk.
//!
//! **Never** reads a ticket's text, and never holds more than a chunk: a province has very many.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{agreement, deadline, escalation, product, ticket};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use super::super::Error;
use super::super::row::{Place, word};
use super::list::{visible_condition, within};
use crate::domain::access::Visible;
use crate::domain::id::{OrganisationId, ProductId};
use crate::domain::ledger::{DECIDED, Decided, KINDS, Line};
use crate::domain::party::Division;
use crate::domain::ticket::Rating;

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
#[derive(Debug, Clone, Copy)]
pub struct LedgerPlace {
    division: i32,
    filed_at: DateTime<Utc>,
    id: Uuid,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    manufacturer_id: Uuid,
    product_id: Uuid,
    hospital_id: Uuid,
    division: i32,
    filed_at: DateTime<Utc>,
    state: String,
    ended_at: Option<DateTime<Utc>>,
    historic: bool,
    rating: Option<String>,
    is_agreed: bool,
    was_escalated: bool,
}

/// The next chunk of the tickets that exist for the holder of `visible`, after `after`, and the
/// place it ended at unless it was the last.
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
    let select = columns().filter(condition).filter(of_period(period));
    let is_one_maker = period.manufacturer.is_some() || matches!(visible, Visible::Manufacturer(_));
    let select = if is_one_maker { by_filing(select, after) } else { by_division(select, after) };
    let rows: Vec<Row> = select.limit(CHUNK).into_model().all(db).await?;
    let is_full = u64::try_from(rows.len()).is_ok_and(|count| count == CHUNK);
    let last = rows.last().filter(|_| is_full).map(|row| LedgerPlace {
        division: row.division,
        filed_at: row.filed_at,
        id: row.id,
    });
    let mut decided = decided(db, rows.iter().map(|row| row.id)).await?;
    let line = |row: Row| line_of(&row, decided.remove(&row.id).unwrap_or_default());
    Ok((rows.into_iter().map(line).collect::<Result<_, _>>()?, last))
}

fn line_of(row: &Row, decided: Vec<Decided>) -> Result<Line, Error> {
    let place = Place { table: "ticket", id: &row.id };
    let rating: Option<Rating> = place.maybe_word("rating", row.rating.as_ref())?;
    Ok(Line {
        manufacturer: OrganisationId(row.manufacturer_id),
        product: ProductId(row.product_id),
        hospital: OrganisationId(row.hospital_id),
        division: place.division("division", row.division)?,
        filed_at: row.filed_at,
        state: place.word("state", &row.state)?,
        ended_at: row.ended_at,
        historic: row.historic,
        agreed: row.is_agreed,
        escalated: row.was_escalated,
        dissatisfied: rating == Some(Rating::Dissatisfied),
        decided,
    })
}

fn columns() -> Select<ticket::Entity> {
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
            ticket::Column::Historic,
            ticket::Column::Rating,
        ])
        .column_as(Expr::exists(agreed), "is_agreed")
        .column_as(Expr::exists(climbed), "was_escalated")
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

#[derive(FromQueryResult)]
struct DecidedRow {
    ticket_id: Uuid,
    kind: String,
    status: String,
    met_at: Option<DateTime<Utc>>,
}

/// The decided deadlines of tickets.
async fn decided(
    db: &impl ConnectionTrait,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Vec<Decided>>, Error> {
    let rows: Vec<DecidedRow> = deadline::Entity::find()
        .select_only()
        .columns([
            deadline::Column::TicketId,
            deadline::Column::Kind,
            deadline::Column::Status,
            deadline::Column::MetAt,
        ])
        .filter(deadline::Column::TicketId.is_in(ids))
        .filter(deadline::Column::Kind.is_in(KINDS.map(|kind| word(&kind))))
        .filter(deadline::Column::Status.is_in(DECIDED.map(|status| word(&status))))
        .into_model()
        .all(db)
        .await?;
    let mut found: HashMap<Uuid, Vec<Decided>> = HashMap::new();
    for row in rows {
        let place = Place { table: "deadline", id: &row.ticket_id };
        found.entry(row.ticket_id).or_default().push(Decided {
            kind: place.word("kind", &row.kind)?,
            status: place.word("status", &row.status)?,
            met_at: row.met_at,
        });
    }
    Ok(found)
}
