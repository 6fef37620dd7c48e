//! How products' names are typed in Latin letters; the service fills it in when it starts.
//!
//! Earlier code leaves the column alone: a product that it adds is spelt with the next start.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut column = ColumnDef::new(Alias::new("initials"));
        let column = column.text().take();
        let alter = Table::alter().table(Alias::new("product")).add_column(column).to_owned();
        manager.alter_table(alter).await?;
        // Only while there are some: looking for them costs a start nothing.
        let index = "create index ix_product_unspelt on product (id) where initials is null";
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("drop index ix_product_unspelt").await?;
        let mut alter = Table::alter();
        let alter = alter.table(Alias::new("product")).drop_column(Alias::new("initials"));
        manager.alter_table(alter.to_owned()).await
    }
}
