//! Tickets somebody has begun to fill in: an addition that earlier code can ignore.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(draft()).await?;
        let mut own = Index::create();
        own.name("ix_draft_user_id_product_code").table(Alias::new("draft")).unique();
        own.col(Alias::new("user_id")).col(Alias::new("product_code"));
        manager.create_index(own.to_owned()).await?;
        let mut old = Index::create();
        old.name("ix_draft_saved_at").table(Alias::new("draft")).col(Alias::new("saved_at"));
        manager.create_index(old.to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("draft")).to_owned()).await
    }
}

fn draft() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("draft"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("user_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("product_code")).text().not_null())
        .col(ColumnDef::new(Alias::new("document")).text().not_null())
        .col(ColumnDef::new(Alias::new("saved_at")).timestamp_with_time_zone().not_null())
        .primary_key(Index::create().col(Alias::new("id")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("draft"), Alias::new("user_id"))
                .to(Alias::new("app_user"), Alias::new("id")),
        );
    table.to_owned()
}
