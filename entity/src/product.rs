//! A procured product of one manufacturer.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub code: String,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    #[sea_orm(column_type = "Text")]
    pub form: String,
    #[sea_orm(column_type = "Text")]
    pub specification: String,
    #[sea_orm(column_type = "Text")]
    pub unit: String,
    pub manufacturer_id: Uuid,
    pub province: i32,
    #[sea_orm(column_type = "Text")]
    pub search_terms: String,
    /// The name as it is typed in Latin letters; null until the service has spelt it.
    #[sea_orm(column_type = "Text", nullable)]
    pub initials: Option<String>,
    pub version: i64,
    /// Since when no ticket may name it.
    pub disabled_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
