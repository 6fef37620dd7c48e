//! Files of tickets: an addition that earlier code can ignore.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(attachment()).await?;
        for (name, columns) in [
            ("ix_attachment_ticket_id_sequence", ["ticket_id", "sequence"].as_slice()),
            ("ix_attachment_by_organisation", &["by_organisation"]),
        ] {
            let mut index = Index::create();
            index.name(name).table(Alias::new("attachment"));
            for column in columns {
                index.col(Alias::new(*column));
            }
            manager.create_index(index.to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("attachment")).to_owned()).await
    }
}

fn attachment() -> TableCreateStatement {
    let mut ticket = ForeignKey::create();
    ticket
        .from(Alias::new("attachment"), Alias::new("ticket_id"))
        .to(Alias::new("ticket"), Alias::new("id"));
    let mut table = Table::create();
    table
        .table(Alias::new("attachment"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("ticket_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("sequence")).integer().not_null())
        .col(ColumnDef::new(Alias::new("at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("by_user")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("by_organisation")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("evidence")).text().not_null())
        .col(ColumnDef::new(Alias::new("audience")).text().not_null())
        .col(ColumnDef::new(Alias::new("name")).text().not_null())
        .col(ColumnDef::new(Alias::new("file_type")).text().not_null())
        .col(ColumnDef::new(Alias::new("bytes")).big_integer().not_null())
        .col(ColumnDef::new(Alias::new("hash")).text().not_null())
        .primary_key(Index::create().col(Alias::new("id")))
        .foreign_key(&mut ticket);
    table.to_owned()
}
