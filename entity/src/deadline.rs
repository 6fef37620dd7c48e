//! A deadline of a ticket.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deadline")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub ordinal: i16,
    pub position: i16,
    pub started_at: DateTimeUtc,
    #[sea_orm(column_type = "JsonBinary")]
    pub basis: Json,
    pub due_at: DateTimeUtc,
    pub due_on: Date,
    pub warn_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text")]
    pub status: String,
    pub met_at: Option<DateTimeUtc>,
    pub late_working_days: Option<i32>,
    pub provisional: bool,
    #[sea_orm(column_type = "Text")]
    pub calendar_version: String,
    #[sea_orm(column_type = "Text")]
    pub policy_version: String,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub stops: Option<Json>,
    pub waived_by: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
