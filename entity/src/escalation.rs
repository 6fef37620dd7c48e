//! A rung entered by a ticket in a round.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "escalation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ticket_id: Uuid,
    pub ordinal: i16,
    pub round: i16,
    #[sea_orm(column_type = "Text")]
    pub level: String,
    pub bureau_id: Option<Uuid>,
    #[sea_orm(column_type = "JsonBinary")]
    pub reasons: Json,
    pub opened_at: DateTimeUtc,
    pub climbs_at: Option<DateTimeUtc>,
    pub acknowledged_at: Option<DateTimeUtc>,
    pub closed_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub conclusion: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub stops: Option<Json>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
