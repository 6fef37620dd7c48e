//! Notices that are about no single ticket, and the ticks of what recurs.
//!
//! A notice and its deliveries may now lack a ticket. SQLite cannot drop a column's `not null`,
//! so there both tables are copied; earlier code writes and reads its own rows as before.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(bulletin()).await?;
        manager.create_table(tick()).await?;
        run(manager, relaxed(manager.get_database_backend())).await?;
        run(manager, &INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &FORGOTTEN).await?;
        run(manager, strict(manager.get_database_backend())).await?;
        for table in ["tick", "bulletin"] {
            manager.drop_table(Table::drop().table(Alias::new(table)).to_owned()).await?;
        }
        Ok(())
    }
}

async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

fn bulletin() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("bulletin"))
        .col(ColumnDef::new(Alias::new("id")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("kind")).text().not_null())
        .col(ColumnDef::new(Alias::new("key")).text().not_null().unique_key())
        .col(ColumnDef::new(Alias::new("at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("data")).json_binary().not_null())
        .primary_key(Index::create().col(Alias::new("id")));
    table.to_owned()
}

fn tick() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(Alias::new("tick"))
        .col(ColumnDef::new(Alias::new("job")).text().not_null())
        .col(ColumnDef::new(Alias::new("due_at")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("claimed_by")).uuid().not_null())
        .col(ColumnDef::new(Alias::new("claimed_until")).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Alias::new("done_at")).timestamp_with_time_zone())
        .primary_key(Index::create().col(Alias::new("job")).col(Alias::new("due_at")));
    table.to_owned()
}

const INDEXES: [&str; 2] = [
    "create unique index ix_notice_bulletin_id_recipient_id on notice (bulletin_id, recipient_id)",
    "create index ix_ticket_product_id_state on ticket (product_id, state)",
];

/// What earlier code could not read.
const FORGOTTEN: [&str; 4] = [
    "drop index ix_ticket_product_id_state",
    "drop index ix_notice_bulletin_id_recipient_id",
    "delete from delivery where ticket_id is null",
    "delete from notice where ticket_id is null",
];

fn relaxed(backend: DatabaseBackend) -> &'static [&'static str] {
    if backend == DatabaseBackend::Sqlite {
        return &[
            "create table notice_next (\"id\" uuid_text not null primary key, \
             \"ticket_id\" uuid_text references ticket (id), \"event\" integer not null, \
             \"kind\" text not null, \"batch\" integer not null, \
             \"recipient_id\" uuid_text not null, \"created_at\" timestamp_with_timezone_text not null, \
             \"read_at\" timestamp_with_timezone_text, \"bulletin_id\" uuid_text)",
            "insert into notice_next select id, ticket_id, event, kind, batch, recipient_id, \
             created_at, read_at, null from notice",
            "create table delivery_next (\"id\" uuid_text not null primary key, \
             \"notice_id\" uuid_text not null references notice_next (id), \
             \"ticket_id\" uuid_text, \"event\" integer not null, \"kind\" text not null, \
             \"recipient_id\" uuid_text not null, \"channel\" text not null, \
             \"address\" text not null, \"state\" text not null, \
             \"due_at\" timestamp_with_timezone_text not null, \"attempt\" smallint not null, \
             \"claimed_by\" uuid_text, \"claimed_until\" timestamp_with_timezone_text, \
             \"finished_at\" timestamp_with_timezone_text, \"response\" text, \
             \"bulletin_id\" uuid_text)",
            "insert into delivery_next select id, notice_id, ticket_id, event, kind, recipient_id, \
             channel, address, state, due_at, attempt, claimed_by, claimed_until, finished_at, \
             response, null from delivery",
            "drop table delivery",
            "drop table notice",
            "alter table notice_next rename to notice",
            "alter table delivery_next rename to delivery",
            "create unique index ix_notice_ticket_id_event_kind_batch_recipient_id \
             on notice (ticket_id, event, kind, batch, recipient_id)",
            "create index ix_notice_recipient_id_id on notice (recipient_id, id)",
            "create unique index ix_delivery_notice_id_channel on delivery (notice_id, channel)",
            "create index ix_delivery_ticket_id on delivery (ticket_id)",
            "create index ix_delivery_state_channel_due_at on delivery (state, channel, due_at)",
        ];
    }
    &[
        "alter table notice alter column ticket_id drop not null",
        "alter table notice add column bulletin_id uuid",
        "alter table delivery alter column ticket_id drop not null",
        "alter table delivery add column bulletin_id uuid",
    ]
}

fn strict(backend: DatabaseBackend) -> &'static [&'static str] {
    if backend == DatabaseBackend::Sqlite {
        // The columns may stay without `not null`: earlier code always fills them.
        return &[
            "alter table delivery drop column bulletin_id",
            "alter table notice drop column bulletin_id",
        ];
    }
    &[
        "alter table notice drop column bulletin_id",
        "alter table notice alter column ticket_id set not null",
        "alter table delivery drop column bulletin_id",
        "alter table delivery alter column ticket_id set not null",
    ]
}
