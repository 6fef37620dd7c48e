//! The settings of a way out of the service.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "channel")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub name: String,
    /// Whose robot it is.
    pub organisation_id: Option<Uuid>,
    pub version: i32,
    pub enabled: bool,
    /// A JSON object as text.
    #[sea_orm(column_type = "Text")]
    pub settings: String,
    /// Locked with the instance's key.
    #[sea_orm(column_type = "Text")]
    pub secrets: String,
    pub at: DateTimeUtc,
    pub user_id: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
