//! The audit log: an addition that earlier code can ignore.
//!
//! It names people and organisations without a reference: an entry outlives what it is about.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(audit()).await?;
        for columns in [["at", "id"], ["username", "at"], ["action", "at"]] {
            let mut index = Index::create();
            index.name(format!("ix_audit_{}", columns.join("_"))).table(Alias::new("audit"));
            for column in columns {
                index.col(Alias::new(column));
            }
            manager.create_index(index.to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("audit")).to_owned()).await
    }
}

fn audit() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("audit"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("user_id")).uuid())
        .col(ColumnDef::new(Alias::new("username")).text())
        .col(ColumnDef::new(Alias::new("organisation_id")).uuid())
        .col(ColumnDef::new(Alias::new("role")).text())
        .col(ColumnDef::new(Alias::new("address")).text())
        .col(ColumnDef::new(Alias::new("action")).text().not_null())
        .col(ColumnDef::new(Alias::new("subject")).text())
        .col(ColumnDef::new(Alias::new("detail")).json_binary().not_null())
        .primary_key(Index::create().col(Alias::new("id")));
    table.to_owned()
}
