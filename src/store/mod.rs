//! What the service remembers: the only place that speaks SQL.
//!
//! Reads go to a pool; writes go one after another through [`Store::write`], each all or
//! nothing, and are on disk before anybody hears of them.
//!
//! **Never** decides anything, and never waits for anything but the database.

pub mod accounts;
pub mod audit;
mod batch;
pub mod catalogue;
pub mod channels;
pub mod contacts;
pub mod counterparts;
mod dialect;
pub mod divisions;
pub mod drafts;
pub mod feed;
pub mod figures;
pub mod hold;
pub mod idempotency;
pub mod imports;
pub mod invitations;
pub mod merging;
pub mod outbox;
mod reach;
pub mod replan;
mod row;
pub mod rulebook;
pub mod sessions;
pub mod setting;
pub mod shelves;
pub mod sweep;
pub mod templates;
pub mod tickets;
pub mod ticks;
pub mod vitals;
pub mod waiting;
mod writer;

pub use batch::Batch;
pub use dialect::copy::{Copy, KeptFile, is_vacant};
pub use dialect::lock::Lock;
pub use dialect::role::DatabaseRole;
pub use reach::Reader;
pub use writer::{Company, Transient, Work};

use std::sync::Arc;

use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr, SqlErr};
use tokio_util::sync::DropGuard;

use crate::domain::access::Scope;
use crate::domain::audit::chain::Key;

/// What can go wrong in the store. Absence is an `Option`, not an error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The driver or the database failed.
    #[error("the database failed: {0}")]
    Driver(#[from] DbErr),
    /// Somebody else changed the row first.
    #[error("the row was changed by somebody else")]
    Stale,
    /// A row holds what the code cannot read.
    #[error("corrupt row: {table}.{column} of {id}: {problem}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        id: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The setting or the database cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// The store is shutting down, or its work panicked.
    #[error("the write was abandoned: {0}")]
    Abandoned(&'static str),
}

impl Error {
    /// True when a unique key refused the write.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        match self {
            Self::Driver(error) => {
                matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
            }
            Self::Stale | Self::Corrupt { .. } | Self::Unusable(_) | Self::Abandoned(_) => false,
        }
    }
}

impl Error {
    /// True when the database does not answer now. What was under way may be done all the same:
    /// a connection that is lost during a commit does not say.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Driver(error) => dialect::is_unavailable(error),
            Self::Stale | Self::Corrupt { .. } | Self::Unusable(_) | Self::Abandoned(_) => false,
        }
    }

    /// True when a row holds what nobody can read.
    #[must_use]
    pub fn is_undecodable(&self) -> bool {
        match self {
            Self::Driver(error) => dialect::is_undecodable(error),
            Self::Corrupt { .. } => true,
            Self::Stale | Self::Unusable(_) | Self::Abandoned(_) => false,
        }
    }
}

impl Transient for Error {
    fn is_transient(&self) -> bool {
        match self {
            Self::Driver(error) => dialect::is_transient(error),
            Self::Stale => true,
            Self::Corrupt { .. } | Self::Unusable(_) | Self::Abandoned(_) => false,
        }
    }
}

/// A database, ready to be used.
#[derive(Clone)]
pub struct Store {
    reader: DatabaseConnection,
    writer: writer::Writer,
    /// Looks which server can be written to.
    _follower: Option<Arc<DropGuard>>,
    /// Whether row-level security binds the role that the database is used as.
    is_bound: bool,
    /// What entries of the audit log are signed with.
    key: Option<Arc<Key>>,
}

impl Store {
    /// Opens the database of a `sqlite://` or `postgres://` URL.
    ///
    /// # Errors
    /// [`Error::Unusable`] with the setting's name when the URL or the engine is unfit.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let pools = dialect::connect(url).await?;
        let writer = match pools.writer {
            Some(connection) => writer::Writer::queue(connection),
            None => writer::Writer::pool(pools.reader.clone(), dialect::WRITERS),
        };
        let role = dialect::role::role(&pools.reader).await?;
        let is_bound = role.is_some_and(|role| role.is_bound());
        Ok(Self { reader: pools.reader, writer, _follower: pools.follower, is_bound, key: None })
    }

    /// The same, signing entries of the audit log with this key.
    #[must_use]
    pub fn signing(self, key: Arc<Key>) -> Self {
        Self { key: Some(key), ..self }
    }

    /// What entries of the audit log are signed with.
    #[must_use]
    pub fn key(&self) -> Option<&Arc<Key>> {
        self.key.as_ref()
    }

    /// The file of a `sqlite://` URL, links followed; `None` for PostgreSQL.
    ///
    /// # Errors
    /// [`Error::Unusable`] when the URL is unfit.
    pub fn file(url: &str) -> Result<Option<std::path::PathBuf>, Error> {
        Ok(dialect::file_of(url)?.map(|file| dialect::resolved(&file)))
    }

    /// True when other processes may write to the database, too.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.writer.is_shared()
    }

    /// For reading what answers a person: as far as they reach, even where a condition was
    /// forgotten.
    ///
    /// # Errors
    /// [`Error::Driver`] when it cannot be begun.
    pub async fn read_as(&self, scope: &Scope) -> Result<Reader, Error> {
        if self.is_bound {
            return reach::narrowed(&self.reader, scope).await;
        }
        Ok(Reader::of(self.reader.clone()))
    }

    /// For reading everything: what the service does by itself, and what it must know to decide
    /// about a person's wish.
    #[must_use]
    pub fn read_unscoped(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// [`Store::read_as`], seeing nothing that is written meanwhile.
    ///
    /// # Errors
    /// [`Error::Driver`] when it cannot be begun.
    pub async fn snapshot_as(&self, scope: &Scope) -> Result<DatabaseTransaction, Error> {
        let tx = self.snapshot_unscoped().await?;
        if self.is_bound {
            reach::narrow(&tx, scope).await?;
        }
        Ok(tx)
    }

    /// For reading everything in several steps what must fit together: nothing that is written meanwhile is
    /// seen. It ends when it is dropped.
    ///
    /// # Errors
    /// [`Error::Driver`] when it cannot be begun.
    pub async fn snapshot_unscoped(&self) -> Result<DatabaseTransaction, Error> {
        Ok(dialect::snapshot(&self.reader).await?)
    }

    /// Does the work in one transaction and gives its outcome once it is on disk. After a
    /// transient failure the work is done again, so it must not have other effects.
    ///
    /// # Errors
    /// The work's own, or the database's.
    pub async fn write<T, E>(&self, work: impl Work<T, E>) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Transient + Send + 'static,
    {
        self.write_in(Company::Any, work).await
    }

    /// As [`Store::write`]; with [`Company::NobodyBefore`] a snapshot that is taken in the work
    /// sees what its transaction does, but for its own writing.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_in<T, E>(&self, company: Company, work: impl Work<T, E>) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Transient + Send + 'static,
    {
        self.writer.write(self.key.as_ref(), company, work).await
    }

    /// Runs the migrations that this database has not seen. Replicas that start at once wait
    /// for each other.
    ///
    /// # Errors
    /// [`Error::Driver`] when a step fails; [`Error::Unusable`] when a later version brought the
    /// database where this one cannot work with it.
    pub async fn migrate(url: &str) -> Result<(), Error> {
        dialect::migrate(url).await
    }

    /// The migrations that this database has not seen.
    ///
    /// # Errors
    /// [`Error::Driver`] when the database cannot be asked; [`Error::Unusable`] as with
    /// [`Store::migrate`].
    pub async fn pending_migrations(&self) -> Result<usize, Error> {
        dialect::pending(&self.reader).await
    }

    /// What of the database's settings is weaker than it should be.
    ///
    /// # Errors
    /// [`Error::Unusable`] where that could lose what is acknowledged, unless it is allowed to.
    pub async fn doubts(&self, allow_loss: bool) -> Result<Vec<String>, Error> {
        dialect::doubts(&self.reader, allow_loss).await
    }

    /// What is wrong with the database's file, as far as a look at every page shows: takes long.
    ///
    /// # Errors
    /// [`Error::Driver`] when it is too broken to be looked at.
    pub async fn problems(&self) -> Result<Vec<String>, Error> {
        dialect::problems(&self.reader).await
    }

    /// The database's own clock; `None` where that is this process's.
    ///
    /// # Errors
    /// [`Error::Driver`] when it cannot be asked.
    pub async fn clock(&self) -> Result<Option<chrono::DateTime<chrono::Utc>>, Error> {
        Ok(dialect::vitals::clock(&self.reader).await?)
    }

    /// The role that the database is used as; `None` on SQLite, which has none.
    ///
    /// # Errors
    /// [`Error::Driver`] when the database cannot be asked.
    pub async fn role(&self) -> Result<Option<DatabaseRole>, Error> {
        dialect::role::role(&self.reader).await
    }

    /// Gives a role of PostgreSQL's what serving needs, and no more; as the owner, after
    /// [`Store::migrate`].
    ///
    /// # Errors
    /// [`Error::Unusable`] where there is no such role.
    pub async fn grant(&self, role: &str) -> Result<(), Error> {
        dialect::role::grant(&self.reader, role).await
    }

    /// Answers when the database does.
    ///
    /// # Errors
    /// [`Error::Driver`] when it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.reader.ping().await?)
    }
}
