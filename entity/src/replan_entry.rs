//! The event of a ticket that tells what a batch did to it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "replan_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub batch: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket_id: Uuid,
    pub sequence: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
