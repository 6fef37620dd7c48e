//! Divisions by name: an addition that earlier code can ignore.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(Alias::new("division"))
            .col(ColumnDef::new(Alias::new("code")).integer().not_null().primary_key())
            .col(ColumnDef::new(Alias::new("name")).text().not_null());
        manager.create_table(table.to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("division")).to_owned()).await
    }
}
