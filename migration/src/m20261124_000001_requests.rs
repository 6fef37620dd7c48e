//! Requests to bureaus and standstills: additions that code of the first migration can ignore.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(request()).await?;
        for (table, column) in columns() {
            let mut alter = Table::alter();
            manager
                .alter_table(alter.table(Alias::new(table)).add_column(column).to_owned())
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, name) in
            [("ticket", "stopped_at"), ("ticket", "stopped_until"), ("deadline", "stops")]
        {
            let mut alter = Table::alter();
            let alter = alter.table(Alias::new(table)).drop_column(Alias::new(name)).to_owned();
            manager.alter_table(alter).await?;
        }
        manager.drop_table(Table::drop().table(Alias::new("request")).to_owned()).await
    }
}

/// SQLite adds one column a statement.
fn columns() -> Vec<(&'static str, ColumnDef)> {
    vec![
        ("ticket", ColumnDef::new(Alias::new("stopped_at")).timestamp_with_time_zone().to_owned()),
        ("ticket", ColumnDef::new(Alias::new("stopped_until")).date().to_owned()),
        ("deadline", ColumnDef::new(Alias::new("stops")).json_binary().to_owned()),
    ]
}

fn request() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("request"))
        .col(ColumnDef::new(Alias::new("ticket_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("ordinal")).small_integer().not_null())
        .col(ColumnDef::new(Alias::new("topic")).text().not_null())
        .col(ColumnDef::new(Alias::new("day")).date())
        .col(ColumnDef::new(Alias::new("reason")).text().not_null())
        .col(ColumnDef::new(Alias::new("at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("by_user")).uuid())
        .col(ColumnDef::new(Alias::new("by_organisation")).uuid())
        .col(ColumnDef::new(Alias::new("bureau_id")).uuid())
        .col(ColumnDef::new(Alias::new("verdict")).text())
        .col(ColumnDef::new(Alias::new("decided_at")).timestamp_with_time_zone())
        .col(ColumnDef::new(Alias::new("decision")).text())
        .primary_key(Index::create().col(Alias::new("ticket_id")).col(Alias::new("ordinal")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("request"), Alias::new("ticket_id"))
                .to(Alias::new("ticket"), Alias::new("id")),
        );
    table.to_owned()
}
