//! Open tickets as shortage events need them.
//!
//! **Never** reads a ticket whole: a province has very many.

use chrono::{DateTime, Utc};
use entity::ticket;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use super::super::Error;
use super::super::row::Place;
use super::filter::visible_condition;
use crate::domain::access::Visible;
use crate::domain::id::{OrganisationId, ProductId, TicketId};
use crate::domain::shortage::Line;
use crate::domain::ticket::StateName;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    product_id: Uuid,
    manufacturer_id: Uuid,
    hospital_id: Uuid,
    division: i32,
    filed_at: DateTime<Utc>,
    quantity_short: i64,
    remaining_quantity: Option<i64>,
    unit: String,
    days_of_stock: Option<i64>,
    state: String,
    overdue: bool,
    escalated: bool,
}

/// The open tickets that exist for the holder of `visible`, in no order.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn shortage_lines(
    db: &impl ConnectionTrait,
    visible: Visible,
) -> Result<Vec<Line>, Error> {
    let Some(condition) = visible_condition(visible) else { return Ok(Vec::new()) };
    lines(db, condition).await
}

/// The open tickets for products that at least so many hospitals lack, wherever those are.
///
/// # Errors
/// As [`shortage_lines`].
pub async fn widespread_lines(
    db: &impl ConnectionTrait,
    hospitals: u32,
) -> Result<Vec<Line>, Error> {
    let far = Expr::col(ticket::Column::HospitalId).count_distinct().gte(i64::from(hospitals));
    let products: Vec<Uuid> = ticket::Entity::find()
        .select_only()
        .column(ticket::Column::ProductId)
        .filter(open())
        .group_by(ticket::Column::ProductId)
        .having(far)
        .into_tuple()
        .all(db)
        .await?;
    let mut found = Vec::new();
    for some in products.chunks(PRODUCTS) {
        let some = ticket::Column::ProductId.is_in(some.iter().copied());
        found.extend(lines(db, Condition::all().add(some)).await?);
    }
    Ok(found)
}

/// Products per question.
const PRODUCTS: usize = 500;

fn open() -> SimpleExpr {
    let open = StateName::ALL.iter().filter(|state| !state.is_final()).map(|state| state.as_str());
    ticket::Column::State.is_in(open)
}

async fn lines(db: &impl ConnectionTrait, condition: Condition) -> Result<Vec<Line>, Error> {
    let rows = ticket::Entity::find()
        .select_only()
        .columns([
            ticket::Column::Id,
            ticket::Column::ProductId,
            ticket::Column::ManufacturerId,
            ticket::Column::HospitalId,
            ticket::Column::Division,
            ticket::Column::FiledAt,
            ticket::Column::QuantityShort,
            ticket::Column::RemainingQuantity,
            ticket::Column::Unit,
            ticket::Column::DaysOfStock,
            ticket::Column::State,
            ticket::Column::Overdue,
            ticket::Column::Escalated,
        ])
        .filter(condition)
        .filter(open())
        .into_model::<Row>()
        .all(db)
        .await?;
    rows.into_iter()
        .map(|row| {
            let place = Place { table: "ticket", id: &row.id };
            Ok(Line {
                ticket: TicketId(row.id),
                product: ProductId(row.product_id),
                manufacturer: OrganisationId(row.manufacturer_id),
                hospital: OrganisationId(row.hospital_id),
                division: place.division("division", row.division)?,
                filed_at: row.filed_at,
                quantity_short: row.remaining_quantity.unwrap_or(row.quantity_short),
                unit: row.unit,
                days_of_stock: row.days_of_stock,
                unanswered: row.state == StateName::Open.as_str(),
                overdue: row.overdue,
                escalated: row.escalated,
            })
        })
        .collect()
}
