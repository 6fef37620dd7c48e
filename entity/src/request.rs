//! What a bureau was asked to decide about a ticket.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub ordinal: i16,
    #[sea_orm(column_type = "Text")]
    pub topic: String,
    pub day: Option<Date>,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    pub at: DateTimeUtc,
    pub by_user: Option<Uuid>,
    pub by_organisation: Option<Uuid>,
    pub bureau_id: Option<Uuid>,
    #[sea_orm(column_type = "Text", nullable)]
    pub verdict: Option<String>,
    pub decided_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub decision: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
