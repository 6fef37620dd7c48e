//! Edits of calendars and the batches that count deadlines again: additions that earlier code
//! can ignore.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut waived = Table::alter();
        waived.table(Alias::new("deadline"));
        waived.add_column(ColumnDef::new(Alias::new("waived_by")).integer().null());
        manager.alter_table(waived.to_owned()).await?;
        let mut stops = Table::alter();
        stops.table(Alias::new("escalation"));
        stops.add_column(ColumnDef::new(Alias::new("stops")).json_binary().null());
        manager.alter_table(stops.to_owned()).await?;
        manager.create_table(batch()).await?;
        manager.create_table(entry()).await?;
        manager.create_table(edit()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["calendar_edit", "replan_entry", "replan_batch"] {
            manager.drop_table(Table::drop().table(Alias::new(table)).to_owned()).await?;
        }
        for (table, column) in [("escalation", "stops"), ("deadline", "waived_by")] {
            let mut alter = Table::alter();
            alter.table(Alias::new(table)).drop_column(Alias::new(column));
            manager.alter_table(alter.to_owned()).await?;
        }
        Ok(())
    }
}

/// The number is unique: two edits that are confirmed at once cannot both take it.
fn batch() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("replan_batch"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("number")).integer().not_null().unique_key())
        .col(ColumnDef::new(Alias::new("state")).text().not_null())
        .col(ColumnDef::new(Alias::new("reason")).text().not_null())
        .col(ColumnDef::new(Alias::new("edit")).json_binary().not_null())
        .col(ColumnDef::new(Alias::new("impact")).json_binary().not_null())
        .col(ColumnDef::new(Alias::new("undoes")).integer().null())
        .col(ColumnDef::new(Alias::new("version")).integer().null())
        .col(ColumnDef::new(Alias::new("made_by")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("made_at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("decided_by")).uuid().null())
        .col(ColumnDef::new(Alias::new("decided_at")).timestamp_with_time_zone().null())
        .col(ColumnDef::new(Alias::new("decision")).text().null())
        .primary_key(Index::create().col(Alias::new("id")))
        .foreign_key(
            ForeignKey::create()
                .from(Alias::new("replan_batch"), Alias::new("made_by"))
                .to(Alias::new("app_user"), Alias::new("id")),
        );
    table.to_owned()
}

/// Which event of a ticket tells what the batch did to it.
fn entry() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("replan_entry"))
        .col(ColumnDef::new(Alias::new("batch")).integer().not_null())
        .col(ColumnDef::new(Alias::new("ticket_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("sequence")).integer().not_null())
        .primary_key(Index::create().col(Alias::new("batch")).col(Alias::new("ticket_id")));
    table.to_owned()
}

/// What an edit of a calendar changed, so that its earlier versions can be told.
fn edit() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("calendar_edit"))
        .col(ColumnDef::new(Alias::new("calendar_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("version")).integer().not_null())
        .col(ColumnDef::new(Alias::new("change")).json_binary().not_null())
        .primary_key(Index::create().col(Alias::new("calendar_id")).col(Alias::new("version")));
    table.to_owned()
}
