//! What the manufacturer owes next, and indexes for worklists and their counts.
//!
//! Earlier code leaves the column alone: until its replicas are replaced, what they save stands
//! in a worklist by its older due instant, and what they file in none.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut column = ColumnDef::new(Alias::new("due_at"));
        let column = column.timestamp_with_time_zone().take();
        let alter = Table::alter().table(Alias::new("ticket")).add_column(column).to_owned();
        manager.alter_table(alter).await?;
        manager.get_connection().execute_unprepared(BACKFILL).await?;
        create(manager, &INDEXES).await?;
        drop(manager, &REPLACED).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &REPLACED).await?;
        drop(manager, &INDEXES).await?;
        let mut alter = Table::alter();
        let alter = alter.table(Alias::new("ticket")).drop_column(Alias::new("due_at")).to_owned();
        manager.alter_table(alter).await
    }
}

/// The earliest of what the manufacturer owes and has not done.
const BACKFILL: &str = "
    update ticket set due_at = (
        select min(deadline.due_at) from deadline
        where deadline.ticket_id = ticket.id
          and deadline.kind in ('reply', 'resolve', 'promise', 'measure')
          and (deadline.status = 'running'
               or (deadline.status = 'missed' and deadline.met_at is null))
    )
    where ended_at is null
";

/// A filed ticket gets into three of the new ones; those of flags hold the few that have them. What
/// lists are narrowed by stands in an index, so that rows are read only for what is shown.
const INDEXES: [(&str, &str); 11] = [
    ("ix_ticket_hospital_list", "ticket (hospital_id, filed_at, id, state, overdue, escalated)"),
    (
        "ix_ticket_manufacturer_list",
        "ticket (manufacturer_id, filed_at, id, state, overdue, escalated)",
    ),
    ("ix_ticket_division_list", "ticket (division, filed_at, id, state, overdue, escalated)"),
    ("ix_ticket_list", "ticket (filed_at, id, division, state, overdue, escalated)"),
    ("ix_ticket_state_list", "ticket (state, filed_at, id, division)"),
    (
        "ix_ticket_manufacturer_due",
        "ticket (manufacturer_id, due_at, id, state, overdue, escalated) where ended_at is null",
    ),
    (
        "ix_ticket_due",
        "ticket (due_at, id, division, state, overdue, escalated) where ended_at is null",
    ),
    ("ix_ticket_overdue", "ticket (filed_at, id, division, overdue) where overdue"),
    ("ix_ticket_escalated", "ticket (filed_at, id, division, escalated) where escalated"),
    ("ix_escalation_open", "escalation (bureau_id, ticket_id) where closed_at is null"),
    ("ix_request_undecided", "request (bureau_id, ticket_id) where decided_at is null"),
];

/// What the wider ones take the place of.
const REPLACED: [(&str, &str); 3] = [
    ("ix_ticket_hospital_id_filed_at_id", "ticket (hospital_id, filed_at, id)"),
    ("ix_ticket_manufacturer_id_filed_at_id", "ticket (manufacturer_id, filed_at, id)"),
    ("ix_ticket_division_filed_at_id", "ticket (division, filed_at, id)"),
];

async fn create(manager: &SchemaManager<'_>, indexes: &[(&str, &str)]) -> Result<(), DbErr> {
    for (name, rest) in indexes {
        let create = format!("create index {name} on {rest}");
        manager.get_connection().execute_unprepared(&create).await?;
    }
    Ok(())
}

async fn drop(manager: &SchemaManager<'_>, indexes: &[(&str, &str)]) -> Result<(), DbErr> {
    for (name, _) in indexes {
        manager.get_connection().execute_unprepared(&format!("drop index {name}")).await?;
    }
    Ok(())
}
