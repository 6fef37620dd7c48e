//! Calendars of organisations: an addition that earlier code can ignore, as it adds none.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// An organisation has one calendar at most.
const ONE: &str = "ux_calendar_organisation";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::alter();
        table.table(Alias::new("calendar"));
        table.add_column(ColumnDef::new(Alias::new("organisation_id")).uuid());
        manager.alter_table(table.to_owned()).await?;
        let mut one = Index::create();
        one.name(ONE).table(Alias::new("calendar")).unique().col(Alias::new("organisation_id"));
        manager.create_index(one.to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut one = Index::drop();
        manager.drop_index(one.name(ONE).table(Alias::new("calendar")).to_owned()).await?;
        let mut table = Table::alter();
        table.table(Alias::new("calendar")).drop_column(Alias::new("organisation_id"));
        manager.alter_table(table.to_owned()).await
    }
}
