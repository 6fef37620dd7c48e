//! Organisations, people, products and agreements that are kept by administrators: versions
//! against lost updates, national codes, suspension and merging.
//!
//! Earlier code leaves the columns alone; their defaults are what it means.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Tables that get a version.
const VERSIONED: [&str; 4] = ["organisation", "app_user", "product", "agreement"];
/// A code names one organisation, those that were merged left out.
const CODES: &str = "create unique index uq_organisation_institution_code \
    on organisation (institution_code) where institution_code is not null and merged_into is null";
const ALIASES: &str = "create index ix_organisation_merged_into on organisation (merged_into) where merged_into is not null";

/// Until now nothing changed what a ticket is found by; SQLite's index has to be told.
const FOUND_AGAIN: &str = "create trigger ticket_search_update \
    after update of search_terms on ticket when old.search_terms <> new.search_terms begin \
      insert into ticket_search(ticket_search, rowid, search_terms) \
        values ('delete', old.rowid, old.search_terms); \
      insert into ticket_search(rowid, search_terms) values (new.rowid, new.search_terms); \
    end";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in VERSIONED {
            let mut version = ColumnDef::new(Alias::new("version"));
            add(manager, table, version.big_integer().not_null().default(1).take()).await?;
        }
        for column in ["credit_code", "institution_code"] {
            add(manager, "organisation", ColumnDef::new(Alias::new(column)).text().take()).await?;
        }
        let mut merged = ColumnDef::new(Alias::new("merged_into"));
        add(manager, "organisation", merged.uuid().take()).await?;
        for table in ["product", "agreement"] {
            let mut disabled = ColumnDef::new(Alias::new("disabled_at"));
            add(manager, table, disabled.timestamp_with_time_zone().take()).await?;
        }
        manager.get_connection().execute_unprepared(CODES).await?;
        manager.get_connection().execute_unprepared(ALIASES).await?;
        if manager.get_database_backend() == DatabaseBackend::Sqlite {
            manager.get_connection().execute_unprepared(FOUND_AGAIN).await?;
        }
        manager.create_table(merged_ticket()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("merged_ticket")).to_owned()).await?;
        if manager.get_database_backend() == DatabaseBackend::Sqlite {
            let drop = "drop trigger ticket_search_update";
            manager.get_connection().execute_unprepared(drop).await?;
        }
        for index in ["uq_organisation_institution_code", "ix_organisation_merged_into"] {
            let drop = format!("drop index {index}");
            manager.get_connection().execute_unprepared(&drop).await?;
        }
        for (table, columns) in [
            ("organisation", &["version", "credit_code", "institution_code", "merged_into"][..]),
            ("app_user", &["version"]),
            ("product", &["version", "disabled_at"]),
            ("agreement", &["version", "disabled_at"]),
        ] {
            for column in columns {
                let mut alter = Table::alter();
                let alter = alter.table(Alias::new(table)).drop_column(Alias::new(*column));
                manager.alter_table(alter.to_owned()).await?;
            }
        }
        Ok(())
    }
}

async fn add(manager: &SchemaManager<'_>, table: &str, column: ColumnDef) -> Result<(), DbErr> {
    let alter = Table::alter().table(Alias::new(table)).add_column(column).to_owned();
    manager.alter_table(alter).await
}

/// Which party of a ticket was another organisation before that was merged.
fn merged_ticket() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("merged_ticket"))
        .col(ColumnDef::new(Alias::new("ticket_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("party")).text().not_null())
        .col(ColumnDef::new(Alias::new("organisation_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("at")).timestamp_with_time_zone().not_null())
        .primary_key(
            Index::create()
                .col(Alias::new("ticket_id"))
                .col(Alias::new("party"))
                .col(Alias::new("organisation_id")),
        );
    table.to_owned()
}
