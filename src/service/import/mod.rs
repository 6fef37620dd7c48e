//! Importing tables: every row or none.
//!
//! A file is read and judged before the transaction, so that nobody waits for that in the write
//! queue; what its rows mean in the database is judged, and written, inside it. One bad row
//! undoes everything, and every bad row is told.
//!
//! The same file twice has one effect: rows with a key (a code, a user name) are compared with
//! what is kept, and tickets, whose rows have none, are known by the file's hash.
//!
//! **Never** keeps a password: it is handed out once, and only its hash is stored.

mod agreements;
mod calendar;
mod divisions;
mod houses;
mod ledger;
mod organisations;
mod products;
mod reading;
mod template;
mod tickets;
mod users;

use std::sync::Arc;

use sea_orm::DatabaseTransaction;
use serde_json::json;
use sha2::{Digest as _, Sha256};

pub use crate::domain::import::{Kind, Outcome, RowError};
pub use calendar::{reading as read_calendar, refusal};
pub use ledger::{Progress, Report, Step};
pub use template::{Paper, template};
pub use users::Password;

pub use crate::sheet::MOST_BYTES;

use super::audit::{self, Action, Entry, Origin};
use super::{App, Error};
use crate::crash::{self, Point};
use crate::domain::access::Scope;
use crate::domain::party::Role;
use crate::store::imports::{self, Imported};
use crate::store::{self, Transient};
use ledger::Ledger;
use reading::Table;

/// A file to be imported.
#[derive(Clone)]
pub struct Upload {
    /// What it holds.
    pub kind: Kind,
    /// The file.
    pub bytes: Arc<[u8]>,
    /// By which administrator; `None` = on the command line.
    pub by: Option<Scope>,
    /// Whether it takes effect.
    pub mode: Mode,
    /// Told how far the work is.
    pub progress: Progress,
}

/// Whether an import takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It does.
    Apply,
    /// Everything is judged, nothing is written.
    Rehearse,
}

/// A file that was read, and what its import needs besides.
pub struct Prepared {
    upload: Upload,
    file_hash: String,
    table: Table,
    /// What reading it has told already.
    ledger: Ledger,
}

/// Admits whoever may import and see what is imported as.
///
/// # Errors
/// [`Error::Forbidden`] unless an administrator asks.
pub fn admit(scope: &Scope) -> Result<(), Error> {
    if scope.actor().role == Role::Admin {
        return Ok(());
    }
    Err(Error::Forbidden("only an administrator may import".to_owned()))
}

/// Reads a file. What is wrong with its rows is told by [`Prepared::apply`], together with what
/// the database knows against them.
///
/// # Errors
/// [`Error::Unsupported`] for what is not a table, [`Error::Internal`].
pub async fn prepare(app: &App, upload: Upload) -> Result<Prepared, Error> {
    let now = app.clock.now();
    let (kind, bytes) = (upload.kind, Arc::clone(&upload.bytes));
    let ledger = Ledger::of(Arc::clone(&upload.progress));
    let read = tokio::task::spawn_blocking(move || {
        let mut ledger = ledger;
        let hash = hex(&bytes);
        reading::read(kind, &bytes, now, &mut ledger).map(|table| (table, ledger, hash))
    });
    let stopped = |_panic| store::Error::Abandoned("the file's reader stopped");
    let (mut table, ledger, file_hash) = read.await.map_err(stopped)??;
    match &mut table {
        Table::Users(table) if upload.mode == Mode::Apply && ledger.is_clean() => {
            users::prepare(app, table).await?;
        }
        Table::Tickets(table) => tickets::prepare(app, table).await?,
        Table::Users(_)
        | Table::Calendar(_)
        | Table::Divisions(_)
        | Table::Organisations(_)
        | Table::Products(_)
        | Table::Agreements(_) => {}
    }
    Ok(Prepared { upload, file_hash, table, ledger })
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Prepared {
    /// The passwords of the people it will create: their only copy.
    #[must_use]
    pub fn passwords(&self) -> &[Password] {
        match &self.table {
            Table::Users(table) => table.passwords(),
            Table::Calendar(_)
            | Table::Divisions(_)
            | Table::Organisations(_)
            | Table::Products(_)
            | Table::Agreements(_)
            | Table::Tickets(_) => &[],
        }
    }

    /// Imports every row, or none and tells what is wrong with all of them.
    ///
    /// # Errors
    /// [`Error::Internal`]; bad rows are no error but a [`Report`] that is refused.
    pub async fn apply(self, app: &App) -> Result<Report, Error> {
        let (kind, mode) = (self.upload.kind, self.upload.mode);
        let (prepared, app_) = (Arc::new(self), app.clone());
        let applied = Arc::clone(&prepared);
        let outcome = app
            .store
            .write(move |tx| {
                let (prepared, app) = (Arc::clone(&applied), app_.clone());
                Box::pin(async move { prepared.apply_in(tx, &app).await })
            })
            .await;
        let report = match outcome {
            Ok(report) => {
                crash::point(Point::ImportCommitted);
                report
            }
            Err(Halt::Undone(report)) => {
                // Its transaction is undone, and the entry would be with it.
                audit::record_alone(app, prepared.entry(app, &report)).await?;
                report
            }
            Err(Halt::Failed(error)) => return Err(error),
        };
        if kind == Kind::Calendar && mode == Mode::Apply && !report.is_refused() {
            app.reload().await?;
        }
        Ok(report)
    }

    async fn apply_in(&self, tx: &DatabaseTransaction, app: &App) -> Result<Report, Halt> {
        let mut ledger = self.ledger.clone();
        ledger.begin(self.upload.mode);
        let at = app.clock.now();
        match &self.table {
            Table::Calendar(table) => calendar::apply(tx, table, &mut ledger).await?,
            Table::Divisions(rows) => divisions::apply(tx, rows, &mut ledger).await?,
            Table::Organisations(rows) => {
                organisations::apply(tx, rows, at, &mut ledger).await?;
            }
            Table::Users(table) => users::apply(tx, table, at, &mut ledger).await?,
            Table::Products(rows) => products::apply(tx, rows, &mut ledger).await?,
            Table::Agreements(rows) => agreements::apply(tx, rows, &mut ledger).await?,
            Table::Tickets(table) => {
                let work = tickets::Work { app, hash: &self.file_hash, at };
                tickets::apply(tx, table, work, &mut ledger).await?;
            }
        }
        let writes = ledger.writes();
        let report = ledger.report();
        if !writes {
            return Err(Halt::Undone(report));
        }
        let imported = Imported {
            file_hash: self.file_hash.clone(),
            rows: report.rows(),
            created: report.created,
            updated: report.updated,
            unchanged: report.unchanged,
            at,
            by: self.upload.by.as_ref().map(|scope| scope.actor().user),
        };
        crash::point(Point::ImportWritten);
        imports::record(tx, self.upload.kind, &imported).await?;
        audit::record(tx, self.entry(app, &report)).await?;
        Ok(report)
    }

    /// What the audit log says of it.
    fn entry(&self, app: &App, report: &Report) -> Entry {
        let (action, wall) = (Action::ImportRun, app.clock.wall());
        let entry = match &self.upload.by {
            Some(scope) => Entry::by(scope, action, wall),
            None => Entry::unnamed(Origin::command_line(), action, wall),
        };
        entry.about(self.upload.kind.as_str()).with(json!({
            "dry_run": self.upload.mode == Mode::Rehearse,
            "refused": report.is_refused(),
            "rows": report.rows(),
            "created": report.created,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "file_hash": self.file_hash,
        }))
    }
}

/// Why the transaction is undone.
enum Halt {
    /// Rows were refused, or it was a rehearsal.
    Undone(Report),
    /// The service failed.
    Failed(Error),
}

impl From<store::Error> for Halt {
    fn from(error: store::Error) -> Self {
        // Somebody else wrote the same key first: with the next attempt it is known.
        let is_duplicate = error.is_duplicate();
        Self::Failed(if is_duplicate { store::Error::Stale.into() } else { error.into() })
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        match error {
            Error::Internal(error) => error.into(),
            error @ (Error::Unreadable(_)
            | Error::Unsupported(_)
            | Error::Unauthenticated
            | Error::WrongPassword
            | Error::Throttled(_)
            | Error::NotFound
            | Error::Forbidden(_)
            | Error::Conflict { .. }
            | Error::Unconditional
            | Error::Outdated
            | Error::Invalid(_)
            | Error::OverQuota(_)
            | Error::Unavailable(_)) => Self::Failed(error),
        }
    }
}

impl Transient for Halt {
    fn is_transient(&self) -> bool {
        match self {
            Self::Undone(_) => false,
            Self::Failed(error) => error.is_transient(),
        }
    }
}
