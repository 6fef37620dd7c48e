//! The place that a manufacturer's person is responsible for; nobody has one before.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut column = ColumnDef::new(Alias::new("territory"));
        let column = column.integer().take();
        manager
            .alter_table(Table::alter().table(Alias::new("app_user")).add_column(column).to_owned())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut alter = Table::alter();
        let alter = alter.table(Alias::new("app_user")).drop_column(Alias::new("territory"));
        manager.alter_table(alter.to_owned()).await
    }
}
