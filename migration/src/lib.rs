//! How the tables come to be, step by step.
//!
//! # Side by side
//! Replicas are replaced one by one, so for a while two versions of the program work on one
//! database, and the later has brought it further. A change that the earlier version could not live
//! with is therefore made in two releases. The first *expands*: it adds what is new, writes both and
//! reads what is new. The second *contracts*: it takes away what nobody reads any more.
//!
//! A step that contracts says so in its name, and by which step a program shows that it no longer
//! needs what is taken away: `m20270301_000001_drop_old_needs_m20270101_000001` may be met by every
//! program that knows a step `m20270101_000001…`. A program that finds a step it does not know goes
//! on beside it, unless the step's name needs one that it does not know either: then it refuses to
//! start and names the step ([`is_fit_for`]). The names stand in the database, so an earlier program
//! needs nothing else to know.
//!
//! # Half done
//! On PostgreSQL each step is a transaction; on SQLite all that are missing are one. So a start that
//! is interrupted leaves whole steps, and the next start takes the rest.
//!
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
mod m20261128_000001_row_security;

pub use sea_orm_migration::prelude::*;

/// In a step's name: what follows is the step that a program has to know to work with it.
const NEEDS: &str = "_needs_";

/// The names of the steps that this program knows, in order.
#[must_use]
pub fn steps() -> Vec<String> {
    Migrator::migrations().iter().map(|step| step.name().to_owned()).collect()
}

/// True when a program that knows these steps can work with a database that has taken this one.
#[must_use]
pub fn is_fit_for(step: &str, known: &[String]) -> bool {
    let Some((_, needed)) = step.rsplit_once(NEEDS) else { return true };
    known.iter().any(|known| known == step || known.starts_with(needed))
}

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
            Box::new(m20261128_000001_row_security::Migration),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b115_a_step_that_contracts_needs_a_program_that_knows_of_it() {
        let known: Vec<String> =
            ["m20270101_000001_add_new", "m20270301_000002_more"].map(str::to_owned).to_vec();
        for (step, expected) in [
            ("m20270401_000001_anything", true),
            ("m20270401_000001_drop_old_needs_m20270101_000001", true),
            ("m20270401_000001_drop_old_needs_m20270101_000002", false),
            ("m20270401_000001_drop_old_needs_m20270401_000000", false),
        ] {
            assert_eq!(is_fit_for(step, &known), expected, "{step}");
        }
    }

    #[test]
    fn what_a_step_needs_is_a_step_before_it() {
        for step in steps() {
            let Some((_, needed)) = step.rsplit_once(NEEDS) else { continue };
            let before = steps().into_iter().take_while(|known| *known != step);
            assert!(before.into_iter().any(|known| known.starts_with(needed)), "{step}");
        }
    }
}
