//! A ticket and what only it holds.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ticket")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub number: String,
    pub hospital_id: Uuid,
    pub manufacturer_id: Uuid,
    pub distributor_id: Option<Uuid>,
    pub product_id: Uuid,
    pub division: i32,
    #[sea_orm(column_type = "Text")]
    pub urgency: String,
    #[sea_orm(column_type = "Text")]
    pub category: String,
    #[sea_orm(column_type = "Text")]
    pub summary: String,
    #[sea_orm(column_type = "Text")]
    pub description: String,
    pub quantity_short: i64,
    #[sea_orm(column_type = "Text")]
    pub unit: String,
    pub days_of_stock: Option<i64>,
    #[sea_orm(column_type = "JsonBinary")]
    pub order_refs: Json,
    #[sea_orm(column_type = "Text")]
    pub contact_name: String,
    #[sea_orm(column_type = "Text")]
    pub contact_phone: String,
    pub follows: Option<Uuid>,
    pub filed_at: DateTimeUtc,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub owes_promise: bool,
    pub solved_at: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    pub remaining_quantity: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub rating: Option<String>,
    pub urged_on: Option<Date>,
    pub stopped_at: Option<DateTimeUtc>,
    pub stopped_until: Option<Date>,
    pub escalated: bool,
    pub overdue: bool,
    /// The earliest of what the manufacturer owes and has not done.
    pub due_at: Option<DateTimeUtc>,
    /// Over before the service began: it was imported, and starts no clock.
    pub historic: bool,
    pub events: i32,
    pub version: i64,
    #[sea_orm(column_type = "Text")]
    pub search_terms: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
