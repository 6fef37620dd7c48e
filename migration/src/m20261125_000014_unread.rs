//! An index of the notices that nobody has opened.
//!
//! Every page counts them, and somebody may have opened a hundred thousand others.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("drop index ix_notice_unread").await?;
        Ok(())
    }
}

const UP: &str = "create index ix_notice_unread on notice (recipient_id, id) where read_at is null";
