//! One notice on one channel: the outbox.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub notice_id: Uuid,
    /// `None` = it is about a bulletin.
    pub ticket_id: Option<Uuid>,
    pub event: i32,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    pub recipient_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub channel: String,
    #[sea_orm(column_type = "Text")]
    pub address: String,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub due_at: DateTimeUtc,
    pub attempt: i16,
    pub claimed_by: Option<Uuid>,
    pub claimed_until: Option<DateTimeUtc>,
    pub finished_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    pub response: Option<String>,
    pub bulletin_id: Option<Uuid>,
    /// The version of its text it was first rendered with; 0 = what ships with the service.
    pub template_version: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
