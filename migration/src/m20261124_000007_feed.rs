//! The feed of the live stream: an addition that earlier code can ignore.
//!
//! On PostgreSQL several transactions write at once and may commit in another order than they
//! drew their positions, so a row notes a transaction: readers wait until all older ones have
//! ended. Two changes of one ticket follow each other, but the second may have begun before the
//! first: it notes the first one's transaction then, so that it is told after it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        manager.create_table(feed(backend)).await?;
        if backend == DatabaseBackend::Sqlite {
            return Ok(());
        }
        let mut order = Index::create();
        order.name("ix_feed_xact_position").table(Alias::new("feed")).unique();
        order.col(Alias::new("xact")).col(Alias::new("position"));
        manager.create_index(order.to_owned()).await?;
        let mut last = Index::create();
        last.name("ix_feed_ticket_id_xact").table(Alias::new("feed"));
        last.col(Alias::new("ticket_id")).col(Alias::new("xact"));
        manager.create_index(last.to_owned()).await?;
        manager.get_connection().execute_unprepared(NOTE_TRANSACTION).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("feed")).to_owned()).await?;
        if manager.get_database_backend() != DatabaseBackend::Sqlite {
            let drop = "drop function feed_note_transaction()";
            manager.get_connection().execute_unprepared(drop).await?;
        }
        Ok(())
    }
}

/// Rows that another server wrote, before a dump was restored here, are of no account.
const NOTE_TRANSACTION: &str = "
    create function feed_note_transaction() returns trigger language plpgsql as $$
    begin
        new.xact := greatest(
            pg_current_xact_id()::text::bigint,
            (select max(earlier.xact) from feed as earlier
             where earlier.ticket_id = new.ticket_id
               and earlier.xact < pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
        );
        return new;
    end $$;
    create trigger feed_note_transaction before insert on feed
        for each row execute function feed_note_transaction();
";

fn feed(backend: DatabaseBackend) -> TableCreateStatement {
    let mut position = ColumnDef::new(Alias::new("position"));
    if backend == DatabaseBackend::Sqlite {
        // By this name it is the row's own number, which needs no index.
        position.custom(Alias::new("integer")).not_null();
    } else {
        position.big_integer().not_null().auto_increment();
    }
    let mut ticket = ForeignKey::create();
    ticket
        .from(Alias::new("feed"), Alias::new("ticket_id"))
        .to(Alias::new("ticket"), Alias::new("id"));
    let mut table = Table::create();
    table
        .table(Alias::new("feed"))
        .col(position)
        .col(ColumnDef::new(Alias::new("xact")).big_integer().not_null().default(0))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("ticket_id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("state")).text().not_null())
        .col(ColumnDef::new(Alias::new("version")).big_integer().not_null())
        .col(ColumnDef::new(Alias::new("first_event")).integer().not_null())
        .col(ColumnDef::new(Alias::new("last_event")).integer().not_null())
        .primary_key(Index::create().col(Alias::new("position")))
        .foreign_key(&mut ticket);
    table.to_owned()
}
