//! Settings of the ways out, as administrators keep them: an addition that earlier code can
//! ignore.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(channel()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("channel")).to_owned()).await
    }
}

fn channel() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("channel"))
        .col(ColumnDef::new(Alias::new("name")).text().not_null())
        // Whose robot it is.
        .col(ColumnDef::new(Alias::new("organisation_id")).uuid())
        .col(ColumnDef::new(Alias::new("version")).integer().not_null())
        .col(ColumnDef::new(Alias::new("enabled")).boolean().not_null())
        // A JSON object as text.
        .col(ColumnDef::new(Alias::new("settings")).text().not_null())
        // Locked with the instance's key.
        .col(ColumnDef::new(Alias::new("secrets")).text().not_null())
        .col(ColumnDef::new(Alias::new("at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("user_id")).uuid().not_null())
        .primary_key(Index::create().col(Alias::new("name")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("channel"), Alias::new("organisation_id"))
                .to(Alias::new("organisation"), Alias::new("id")),
        )
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("channel"), Alias::new("user_id"))
                .to(Alias::new("app_user"), Alias::new("id")),
        );
    table.to_owned()
}
