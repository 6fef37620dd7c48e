//! How the tables come to be, step by step.
//!
//! Each step must work with the code before and after it, because replicas roll one by one.
//! **Never** edits a step that has shipped.

mod m20261122_000001_create_tables;
mod m20261124_000001_requests;
mod m20261124_000002_territory;
mod m20261124_000003_imports;
mod m20261124_000006_attachments;
mod m20261124_000007_feed;
mod m20261124_000009_bulletins;
mod m20261124_000011_divisions;
mod m20261125_000001_worklists;
mod m20261125_000002_drafts;
mod m20261125_000003_initials;
mod m20261125_000013_audit;
mod m20261125_000014_unread;
mod m20261126_000001_replan;
mod m20261126_000020_audit_chain;
mod m20261126_000030_keeping;
mod m20261126_000031_invitations;
mod m20261126_000032_contacts;
mod m20261126_000040_templates;
mod m20261126_000041_channels;
mod m20261127_000001_own_calendars;

pub use sea_orm_migration::prelude::*;

/// Runs the steps that a database has not seen.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_create_tables::Migration),
            Box::new(m20261124_000001_requests::Migration),
            Box::new(m20261124_000002_territory::Migration),
            Box::new(m20261124_000003_imports::Migration),
            Box::new(m20261124_000006_attachments::Migration),
            Box::new(m20261124_000007_feed::Migration),
            Box::new(m20261124_000009_bulletins::Migration),
            Box::new(m20261124_000011_divisions::Migration),
            Box::new(m20261125_000001_worklists::Migration),
            Box::new(m20261125_000002_drafts::Migration),
            Box::new(m20261125_000003_initials::Migration),
            Box::new(m20261125_000013_audit::Migration),
            Box::new(m20261125_000014_unread::Migration),
            Box::new(m20261126_000001_replan::Migration),
            Box::new(m20261126_000020_audit_chain::Migration),
            Box::new(m20261126_000030_keeping::Migration),
            Box::new(m20261126_000031_invitations::Migration),
            Box::new(m20261126_000040_templates::Migration),
            Box::new(m20261126_000041_channels::Migration),
            Box::new(m20261126_000032_contacts::Migration),
            Box::new(m20261127_000001_own_calendars::Migration),
        ]
    }
}
