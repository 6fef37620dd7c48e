//! Whom to ask in an organisation, and the codes that verify it: additions that earlier code can
//! ignore.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(contact()).await?;
        manager.create_table(contact_code()).await?;
        for (table, column) in [("contact", "organisation_id"), ("contact_code", "contact_id")] {
            let mut index = Index::create();
            index.name(format!("ix_{table}_{column}")).table(Alias::new(table));
            index.col(Alias::new(column));
            manager.create_index(index.to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["contact_code", "contact"] {
            manager.drop_table(Table::drop().table(Alias::new(table)).to_owned()).await?;
        }
        Ok(())
    }
}

fn instant(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).timestamp_with_time_zone().take()
}

fn contact() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("contact"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("organisation_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("function")).text().not_null())
        .col(ColumnDef::new(Alias::new("name")).text().not_null())
        .col(ColumnDef::new(Alias::new("channel")).text().not_null())
        .col(ColumnDef::new(Alias::new("address")).text().not_null())
        .col(ColumnDef::new(Alias::new("territory")).integer())
        .col(instant("created_at").not_null())
        .col(instant("verified_at"))
        .col(ColumnDef::new(Alias::new("version")).big_integer().not_null().default(1))
        .primary_key(Index::create().col(Alias::new("id")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("contact"), Alias::new("organisation_id"))
                .to(Alias::new("organisation"), Alias::new("id")),
        );
    table.to_owned()
}

fn contact_code() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("contact_code"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("contact_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("code_hash")).text().not_null())
        .col(instant("asked_at").not_null())
        .col(instant("expires_at").not_null())
        .col(ColumnDef::new(Alias::new("tries")).small_integer().not_null().default(0))
        .col(instant("used_at"))
        .primary_key(Index::create().col(Alias::new("id")));
    table.to_owned()
}
