//! What the live stream tells: one row per saved change of a ticket.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feed")]
pub struct Model {
    /// Drawn by the database.
    #[sea_orm(primary_key)]
    pub position: i64,
    /// Noted by the database, where several transactions write at once: which one wrote it, or
    /// the ticket's row before, whichever began later.
    pub xact: i64,
    /// Version 7: tells when the row was written, and nobody can guess it.
    pub id: Uuid,
    pub ticket_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub version: i64,
    pub first_event: i32,
    pub last_event: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
