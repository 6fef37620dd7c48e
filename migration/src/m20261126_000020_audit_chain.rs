//! The chain of the audit log: an addition that earlier code can ignore.
//!
//! Entries carry a signature, and a number and a link once the sealer has been there; those from
//! before are signed when a service with a key starts first. What such a service finds without a
//! signature later was not written by it.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (_, mut column) in columns() {
            let mut alter = Table::alter();
            alter.table(Alias::new("audit")).add_column(&mut column);
            manager.alter_table(alter.to_owned()).await?;
        }
        manager.create_table(anchor()).await?;
        for statement in [SEQ, UNLINKED] {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in ["ix_audit_seq", "ix_audit_unlinked"] {
            let drop = format!("drop index {index}");
            manager.get_connection().execute_unprepared(&drop).await?;
        }
        manager.drop_table(Table::drop().table(Alias::new("audit_anchor")).to_owned()).await?;
        for (name, _) in columns() {
            let mut alter = Table::alter();
            alter.table(Alias::new("audit")).drop_column(Alias::new(name));
            manager.alter_table(alter.to_owned()).await?;
        }
        Ok(())
    }
}

const SEQ: &str = "create unique index ix_audit_seq on audit (seq)";
const UNLINKED: &str = "create index ix_audit_unlinked on audit (at, id) where seq is null";

fn columns() -> [(&'static str, ColumnDef); 3] {
    let column = |name: &'static str| ColumnDef::new(Alias::new(name));
    [
        ("mac", column("mac").text().take()),
        ("seq", column("seq").big_integer().take()),
        ("link", column("link").text().take()),
    ]
}

fn anchor() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("audit_anchor"))
        .col(ColumnDef::new(Alias::new("seq")).big_integer().not_null())
        .col(ColumnDef::new(Alias::new("link")).text().not_null())
        .col(ColumnDef::new(Alias::new("entries")).big_integer().not_null())
        .col(ColumnDef::new(Alias::new("at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("kind")).text().not_null())
        .col(ColumnDef::new(Alias::new("mac")).text().not_null())
        .primary_key(Index::create().col(Alias::new("seq")));
    table.to_owned()
}
