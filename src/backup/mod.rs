//! Copies of everything, for the worst day: a backup of a SQLite database with its attachments
//! in one file, and the way back.
//!
//! A backup is a sealed ZIP file: `manifest.json`, `database.sqlite` and `attachments/ID`. The
//! database is one moment of the one in use, by `VACUUM INTO`; every file that a row of it names
//! is there, because files are kept before their rows and stay. A restored service starts on
//! hold: what its database still has to send may have been sent already.
//!
//! PostgreSQL has better tools of its own; here it is refused with their names.
//!
//! **Never** leaves half of anything: what is written or restored is made beside its place,
//! verified there and renamed.

mod archive;
mod make;
mod manifest;
mod restore;
pub mod sealed;

pub use make::{Made, Missing, make};
pub use manifest::Manifest;
pub use restore::{Restored, restore};

/// What to do instead where the database is PostgreSQL.
pub const ON_POSTGRES: &str = "\
backups of PostgreSQL are made with its own tools, which also copy what happens between them:
  the server    pg_basebackup with archived write-ahead logs (or pg_dump of the one database)
  attachments   copy the folder or bucket of SUPPLYLINE_ATTACHMENTS_URL AFTER the database
  key           keep SUPPLYLINE_KEY_FILE where only you can read it
After restoring, before any replica is started, run `supplyline hold --reason 'restored'`: what
the old database still has to send may have been sent already. `supplyline release --dry-run`
shows what that is, and `supplyline release --skip-deliveries` goes on without it.";
