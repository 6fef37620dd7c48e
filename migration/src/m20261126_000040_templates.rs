//! Texts that administrators worded anew, and which of them a delivery was rendered with:
//! additions that earlier code can ignore.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(template()).await?;
        let mut versions = Index::create();
        versions.name("ux_template_slot_version").table(Alias::new("template")).unique();
        for column in ["kind", "party", "channel", "language", "version"] {
            versions.col(Alias::new(column));
        }
        manager.create_index(versions.to_owned()).await?;
        let mut rendered = Table::alter();
        rendered.table(Alias::new("delivery"));
        rendered.add_column(ColumnDef::new(Alias::new("template_version")).integer());
        manager.alter_table(rendered.to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut rendered = Table::alter();
        rendered.table(Alias::new("delivery")).drop_column(Alias::new("template_version"));
        manager.alter_table(rendered.to_owned()).await?;
        manager.drop_table(Table::drop().table(Alias::new("template")).to_owned()).await
    }
}

fn template() -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new("template")).col(ColumnDef::new(Alias::new("id")).uuid().not_null());
    for column in ["kind", "party", "channel", "language"] {
        table.col(ColumnDef::new(Alias::new(column)).text().not_null());
    }
    table
        .col(ColumnDef::new(Alias::new("version")).integer().not_null())
        // A JSON object as text; none = the text that ships with the service.
        .col(ColumnDef::new(Alias::new("wording")).text())
        .col(ColumnDef::new(Alias::new("reason")).text().not_null())
        .col(ColumnDef::new(Alias::new("at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("user_id")).uuid().not_null())
        .primary_key(Index::create().col(Alias::new("id")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("template"), Alias::new("user_id"))
                .to(Alias::new("app_user"), Alias::new("id")),
        );
    table.to_owned()
}
