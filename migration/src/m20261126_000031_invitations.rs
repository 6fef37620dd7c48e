//! Links by which people choose a password: an addition that earlier code can ignore.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(invitation()).await?;
        let mut token = Index::create();
        token.name("uq_invitation_token_hash").table(Alias::new("invitation")).unique();
        token.col(Alias::new("token_hash"));
        manager.create_index(token.to_owned()).await?;
        let mut person = Index::create();
        person.name("ix_invitation_user_id").table(Alias::new("invitation"));
        person.col(Alias::new("user_id"));
        manager.create_index(person.to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("invitation")).to_owned()).await
    }
}

fn invitation() -> TableCreateStatement {
    let instant = |name: &str| ColumnDef::new(Alias::new(name)).timestamp_with_time_zone().take();
    let mut table = Table::create();
    table
        .table(Alias::new("invitation"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("user_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("purpose")).text().not_null())
        .col(ColumnDef::new(Alias::new("token_hash")).text().not_null())
        .col(instant("created_at").not_null())
        .col(instant("expires_at").not_null())
        .col(instant("used_at"))
        .col(instant("revoked_at"))
        .primary_key(Index::create().col(Alias::new("id")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("invitation"), Alias::new("user_id"))
                .to(Alias::new("app_user"), Alias::new("id")),
        );
    table.to_owned()
}
