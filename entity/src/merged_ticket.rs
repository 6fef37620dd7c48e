//! Which party of a ticket was another organisation before that was merged.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "merged_ticket")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket_id: Uuid,
    /// `hospital`, `manufacturer` or `distributor`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub party: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub organisation_id: Uuid,
    pub at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
