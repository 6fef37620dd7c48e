//! Imports and historic tickets: additions that earlier code can ignore.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(import()).await?;
        let mut index = Index::create();
        index.name("ix_import_kind_file_hash").table(Alias::new("import")).unique();
        index.col(Alias::new("kind")).col(Alias::new("file_hash"));
        manager.create_index(index.to_owned()).await?;
        // Earlier code inserts tickets without naming the column.
        let mut historic = ColumnDef::new(Alias::new("historic"));
        historic.boolean().not_null().default(false);
        let mut alter = Table::alter();
        let alter = alter.table(Alias::new("ticket")).add_column(historic).to_owned();
        manager.alter_table(alter).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut alter = Table::alter();
        let alter =
            alter.table(Alias::new("ticket")).drop_column(Alias::new("historic")).to_owned();
        manager.alter_table(alter).await?;
        manager.drop_table(Table::drop().table(Alias::new("import")).to_owned()).await
    }
}

fn import() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("import"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("kind")).text().not_null())
        .col(ColumnDef::new(Alias::new("file_hash")).text().not_null())
        .col(ColumnDef::new(Alias::new("rows")).integer().not_null())
        .col(ColumnDef::new(Alias::new("created")).integer().not_null())
        .col(ColumnDef::new(Alias::new("updated")).integer().not_null())
        .col(ColumnDef::new(Alias::new("unchanged")).integer().not_null())
        .col(ColumnDef::new(Alias::new("at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("by_user")).uuid())
        .primary_key(Index::create().col(Alias::new("id")));
    table.to_owned()
}
