//! What an import looks up and writes besides what its neighbours already do: many rows at a
//! time.
//!
//! **Never** asks once per row.

mod catalogue;
mod parties;
mod tickets;

pub use catalogue::{products_by_code, replace_agreements, update_products};
pub use parties::{KnownUser, houses, kept_houses, update_users, users_by_name};
pub use tickets::{clocks_between, known_tickets, taken_numbers};

use chrono::{DateTime, Utc};
use entity::import;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::Error;
use super::batch::Batch;
use super::row::word;
use crate::domain::id::UserId;
use crate::domain::import::Kind;

/// Values per `in (…)`: well below the databases' limit of bound values.
const MANY: usize = 1_000;

/// A file that was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// SHA-256 of the file, in hex.
    pub file_hash: String,
    /// Rows below the heading.
    pub rows: u32,
    /// How many of them were new.
    pub created: u32,
    /// How many changed something.
    pub updated: u32,
    /// How many changed nothing.
    pub unchanged: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// By which administrator; `None` = on the command line.
    pub by: Option<UserId>,
}

/// True when this very file was imported before.
///
/// # Errors
/// [`Error::Driver`].
pub async fn is_known(
    db: &impl ConnectionTrait,
    kind: Kind,
    file_hash: &str,
) -> Result<bool, Error> {
    let found = import::Entity::find()
        .filter(import::Column::Kind.eq(word(&kind)))
        .filter(import::Column::FileHash.eq(file_hash));
    Ok(found.one(db).await?.is_some())
}

/// Remembers an import: the file's last one, where it was imported before.
///
/// # Errors
/// [`Error::Driver`].
pub async fn record(
    db: &impl ConnectionTrait,
    kind: Kind,
    imported: &Imported,
) -> Result<(), Error> {
    let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let row = import::Model {
        id: Uuid::now_v7(),
        kind: word(&kind),
        file_hash: imported.file_hash.clone(),
        rows: count(imported.rows),
        created: count(imported.created),
        updated: count(imported.updated),
        unchanged: count(imported.unchanged),
        at: imported.at,
        by_user: imported.by.map(|user| user.0),
    };
    let mut batch = Batch::on(db);
    let key = [import::Column::Kind, import::Column::FileHash];
    let last = [
        import::Column::Rows,
        import::Column::Created,
        import::Column::Updated,
        import::Column::Unchanged,
        import::Column::At,
        import::Column::ByUser,
    ];
    batch.upsert(vec![row], &key, &last);
    batch.run(db).await
}

/// Remembers the import of a file whose rows have no key of their own.
///
/// # Errors
/// [`Error::Stale`] when somebody else imports it at the same time: look again.
pub async fn record_once(
    db: &impl ConnectionTrait,
    kind: Kind,
    file_hash: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let row = import::Model {
        id: Uuid::now_v7(),
        kind: word(&kind),
        file_hash: file_hash.to_owned(),
        rows: 0,
        created: 0,
        updated: 0,
        unchanged: 0,
        at,
        by_user: None,
    };
    let written = super::batch::add(db, vec![row]).await;
    written.map_err(|error| if error.is_duplicate() { Error::Stale } else { error })
}
