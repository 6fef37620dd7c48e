//! Use cases: load, authorise, decide, save; one transaction each.
//!
//! Every use case on tenants' data takes a [`crate::domain::access::Scope`], which only
//! [`accounts::authenticate`] gives out.
//!
//! **Never** knows how it was asked: no HTTP, no templates, no channels.

pub mod accounts;
pub mod attachments;
pub mod audit;
mod calendars;
pub mod catalogue;
pub mod channels;
pub mod directory;
pub mod dossier;
pub mod drafts;
mod error;
pub mod escalations;
pub mod evidence;
pub mod export;
pub mod feed;
mod filing;
pub mod health;
pub mod hold;
pub mod import;
pub mod keeping;
pub mod ledger;
pub mod letters;
pub mod locks;
mod names;
pub mod notices;
mod once;
pub mod policies;
pub mod recurring;
pub mod region;
pub mod rehearsal;
pub mod replan;
pub mod rulebook;
pub mod shortage;
pub mod skew;
pub mod sweep;
pub mod templates;
pub mod tickets;
mod timeline;
pub mod vitals;
mod wordings;
pub mod zone;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

pub use error::{Error, FieldError};
pub use once::{Answered, Key, Once, Rendered};

use sea_orm::DatabaseTransaction;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::Clock;
use crate::files::Vault;
use crate::seal::{Locker, Signer};
use crate::store::{self, Store};
use attachments::Quota;
use audit::chain::Notary;
use channels::Outlet;
use rulebook::Rulebook;
use skew::Skew;
use vitals::Vitals;

/// Passwords checked at once.
const SIGN_INS_AT_ONCE: usize = 2;
/// Files looked at, at once.
const FILES_AT_ONCE: usize = 4;
/// Evidence packs made at once.
const PACKS_AT_ONCE: usize = 2;

/// Ledgers reckoned and exports written, at once: each holds a reader for seconds.
const LONG_READS_AT_ONCE: usize = 2;
/// The most rows of a ledger or an export.
const MOST_ROWS: usize = 100_000;

/// What every use case works with.
#[derive(Clone)]
pub struct App {
    /// What the service remembers.
    pub store: Store,
    /// Business and wall time.
    pub clock: Clock,
    /// Limits that the demo switches off.
    pub limits: Limits,
    book: Arc<RwLock<Arc<Rulebook>>>,
    /// How many files may be kept.
    pub quota: Quota,
    /// The most rows of a ledger or an export.
    pub most_rows: usize,
    files: Option<Vault>,
    signer: Option<Arc<Signer>>,
    notary: Option<Arc<Notary>>,
    locker: Option<Arc<Locker>>,
    outlet: Option<Arc<dyn Outlet>>,
    skew: Arc<Skew>,
    /// The database waits to be looked through, and nothing fires.
    unchecked: Arc<AtomicBool>,
    /// What this process notices of itself.
    pub vitals: Arc<Vitals>,
    /// Sign-ins under way: each costs memory and a core for a while.
    signing_in: Arc<Semaphore>,
    /// Files being looked at, for the same reason.
    recognising: Arc<Semaphore>,
    /// Long reads under way: the readers are few.
    reading_long: Arc<Semaphore>,
    /// Evidence packs being made, for the same reason.
    sealing: Arc<Semaphore>,
}

/// Whether sign-in attempts are limited, and jumps of the clock guarded against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// As in production.
    On,
    /// As in the demo.
    Off,
}

impl App {
    /// An application over a migrated and seeded database.
    ///
    /// # Errors
    /// [`store::Error`] when the rulebook cannot be read.
    pub async fn open(store: Store, clock: Clock, limits: Limits) -> Result<Self, store::Error> {
        let book = Arc::new(RwLock::new(Arc::new(Rulebook::load(store.read_unscoped()).await?)));
        let signing_in = Arc::new(Semaphore::new(SIGN_INS_AT_ONCE));
        let recognising = Arc::new(Semaphore::new(FILES_AT_ONCE));
        let reading_long = Arc::new(Semaphore::new(LONG_READS_AT_ONCE));
        let sealing = Arc::new(Semaphore::new(PACKS_AT_ONCE));
        Ok(Self {
            store,
            clock,
            limits,
            book,
            quota: Quota::default(),
            most_rows: MOST_ROWS,
            files: None,
            signing_in,
            recognising,
            reading_long,
            signer: None,
            notary: None,
            locker: None,
            outlet: None,
            skew: Arc::default(),
            unchecked: Arc::default(),
            vitals: Arc::default(),
            sealing,
        })
    }

    /// The same over a database that has to be looked through before anything fires.
    #[must_use]
    pub fn unchecked(self) -> Self {
        self.unchecked.store(true, Ordering::Release);
        self
    }

    /// The same, keeping the bytes of files there.
    #[must_use]
    pub fn with_files(self, files: Vault) -> Self {
        Self { files: Some(files), ..self }
    }

    /// Where the bytes of files lie.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where nothing was said about that, as on the command line.
    pub fn files(&self) -> Result<Vault, Error> {
        let none = || Error::Unavailable("files are not kept here".to_owned());
        self.files.clone().ok_or_else(none)
    }

    /// The refusal of more rows than [`App::most_rows`].
    fn too_many_rows(&self) -> Error {
        let most = self.most_rows;
        let message = format!(
            "there are more than {most} rows: narrow the filter, by filing dates for example"
        );
        Error::invalid("rows", "too_many", message)
    }

    /// Waits for its turn to read for long; the turn ends when it is dropped.
    async fn long_read(&self) -> Result<OwnedSemaphorePermit, Error> {
        let closed = |_| store::Error::Abandoned("the service stops");
        let turn = Arc::clone(&self.reading_long).acquire_owned().await;
        Ok(turn.map_err(closed)?)
    }

    /// The same, signing evidence packs with this key.
    #[must_use]
    pub fn with_signer(self, signer: Signer) -> Self {
        Self { signer: Some(Arc::new(signer)), ..self }
    }

    /// What signs evidence packs.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where no key was given, as on the command line.
    pub fn signer(&self) -> Result<Arc<Signer>, Error> {
        let none = || Error::Unavailable("nothing is signed here".to_owned());
        self.signer.clone().ok_or_else(none)
    }

    /// The same, vouching for the audit log.
    #[must_use]
    pub fn with_notary(self, notary: Notary) -> Self {
        Self { notary: Some(Arc::new(notary)), ..self }
    }

    /// What vouches for the audit log; none where no key was given.
    #[must_use]
    pub fn notary(&self) -> Option<Arc<Notary>> {
        self.notary.clone()
    }

    /// The same, keeping secrets in the database under this key.
    #[must_use]
    pub fn with_locker(self, locker: Locker) -> Self {
        Self { locker: Some(Arc::new(locker)), ..self }
    }

    /// What keeps secrets.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where no key was given, as on the command line.
    fn locker(&self) -> Result<Arc<Locker>, Error> {
        let none = || Error::Unavailable("no secret is kept here".to_owned());
        self.locker.clone().ok_or_else(none)
    }

    /// The same, sending by this outlet.
    #[must_use]
    pub fn with_outlet(self, outlet: Arc<dyn Outlet>) -> Self {
        Self { outlet: Some(outlet), ..self }
    }

    /// What sends.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where nothing is sent, as on the command line.
    fn outlet(&self) -> Result<Arc<dyn Outlet>, Error> {
        let none = || Error::Unavailable("nothing is sent from here".to_owned());
        self.outlet.clone().ok_or_else(none)
    }

    /// The calendars and policies in force.
    #[must_use]
    pub fn book(&self) -> Arc<Rulebook> {
        Arc::clone(&self.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The calendars and policies in force, for a transaction that decides by them: they stay in
    /// force until its end.
    ///
    /// # Errors
    /// [`store::Error`] when they cannot be read.
    pub(super) async fn book_in(
        &self,
        tx: &DatabaseTransaction,
    ) -> Result<Arc<Rulebook>, store::Error> {
        let (version, known) = (store::rulebook::shared(tx).await?, self.book());
        if known.version() == version {
            return Ok(known);
        }
        // Not kept: what is read in here may yet be undone.
        Ok(Arc::new(Rulebook::load(tx).await?))
    }

    /// Reads the rulebook again if somebody edited it, here or on another replica.
    ///
    /// # Errors
    /// As [`App::reload`].
    pub async fn refresh(&self) -> Result<(), store::Error> {
        if store::rulebook::version(self.store.read_unscoped()).await? == self.book().version() {
            return Ok(());
        }
        self.reload().await
    }

    /// Reads the rulebook again, after an edit here or on another replica.
    ///
    /// # Errors
    /// [`store::Error`] when it cannot be read; the old one stays in force.
    pub async fn reload(&self) -> Result<(), store::Error> {
        let book = Arc::new(Rulebook::load(self.store.read_unscoped()).await?);
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = book;
        Ok(())
    }
}

/// Forgets the answers to keyed requests that were kept long enough.
///
/// # Errors
/// [`Error::Internal`].
pub async fn clear_answers(app: &App) -> Result<u64, Error> {
    let before = app.clock.wall() - chrono::TimeDelta::days(once::KEPT_DAYS);
    app.store
        .write(move |tx| {
            Box::pin(
                async move { Ok::<_, Error>(store::idempotency::delete_before(tx, before).await?) },
            )
        })
        .await
}
