//! Keeping the log in its chain: beginning it, linking what was written, taking checkpoints.
//!
//! ```text
//! record() ─▶ signed entry ─▶ link(), every second ─▶ linked ─▶ checkpoint(), now and then ─▶ file
//! ```
//!
//! **Never** keeps anybody who writes an entry waiting.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{Action, Entry, Origin, record_alone};
use crate::crash::{self, Point};
use crate::domain::audit::chain::{Anchor, Checkpoint, Head, Key, Keyring, Occasion, Signature};
use crate::seal::Checkpoints;
use crate::service::{App, Error};
use crate::store;
use crate::store::audit::chain;

/// Entries linked, signed or removed in one transaction.
const AT_ONCE: u64 = 500;
/// So long after the chain began, replicas of the version before may still write entries that
/// they do not sign: replicas roll one by one.
const ROLLING_MINUTES: i64 = 60;
/// Entries are kept for so many days, unless something else is said.
const DAYS: u16 = 1_095;
/// Entries are kept for so many days at least.
const LEAST_DAYS: u16 = 365;
/// A checkpoint is taken after so many entries at the latest.
const MOST_BETWEEN: i64 = 1_000;
/// A checkpoint is taken after so many minutes at the latest, where anything was written.
const MINUTES_BETWEEN: i64 = 5;

/// What vouches for the log.
#[derive(Debug)]
pub struct Notary {
    key: Arc<Key>,
    ring: Keyring,
    file: Option<Checkpoints>,
    /// How long entries are kept, in days.
    days: u16,
    /// Whether this process has seen the chain begun.
    begun: AtomicBool,
    /// Whether the chain is so old that every replica knows of it.
    grown: AtomicBool,
    /// The last checkpoint of this process.
    last: Mutex<Option<(Head, DateTime<Utc>)>>,
}

impl Notary {
    /// A notary with a key, the keys of earlier times, and a file for checkpoints.
    #[must_use]
    pub fn new(key: Arc<Key>, earlier: Vec<Arc<Key>>, file: Option<Checkpoints>) -> Self {
        let ring = Keyring::of(std::iter::once(Arc::clone(&key)).chain(earlier));
        let (begun, grown) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { key, ring, file, days: DAYS, begun, grown, last: Mutex::new(None) }
    }

    /// The same, keeping entries for so many days; for a year at least.
    #[must_use]
    pub fn keeping(self, days: u16) -> Self {
        Self { days: days.max(LEAST_DAYS), ..self }
    }

    /// The keys that are known.
    #[must_use]
    pub fn ring(&self) -> &Keyring {
        &self.ring
    }

    fn last(&self) -> Option<(Head, DateTime<Utc>)> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_due(&self, head: &Head, wall: DateTime<Utc>) -> bool {
        match self.last() {
            None => true,
            Some((last, _)) if last == *head => false,
            Some((last, at)) => {
                head.seq - last.seq >= MOST_BETWEEN
                    || wall - at >= TimeDelta::minutes(MINUTES_BETWEEN)
                    || head.seq < last.seq
            }
        }
    }

    /// The lines of the checkpoints; none where no file is kept.
    ///
    /// # Errors
    /// [`Error::Internal`] when the file cannot be read.
    pub async fn lines(&self) -> Result<Vec<String>, Error> {
        let Some(file) = self.file.clone() else { return Ok(Vec::new()) };
        let path = file.path().display().to_string();
        let read = tokio::task::spawn_blocking(move || file.lines()).await;
        let read = read.map_err(|_panic| store::Error::Abandoned("the reader stopped"))?;
        Ok(read.map_err(|error| unusable(&path, &error))?)
    }

    async fn write(&self, taken: &Checkpoint) -> Result<(), Error> {
        let line = taken.line();
        // For whoever collects logs: one more place that the database cannot reach.
        tracing::info!(audit.head = taken.seq, checkpoint = %line, "a checkpoint of the audit log");
        let Some(file) = self.file.clone() else { return Ok(()) };
        let path = file.path().display().to_string();
        let written = tokio::task::spawn_blocking(move || file.add(&line)).await;
        let written = written.map_err(|_panic| store::Error::Abandoned("the writer stopped"))?;
        Ok(written.map_err(|error| unusable(&path, &error))?)
    }
}

fn unusable(path: &str, error: &std::io::Error) -> store::Error {
    store::Error::Unusable(format!("SUPPLYLINE_AUDIT_CHECKPOINTS: {path}: {error}"))
}

/// Begins the chain where there is none: entries from before are signed as they are found.
/// Writes down that the key is another one than before, if it is. Once per process.
///
/// # Errors
/// [`Error::Internal`].
pub async fn begin(app: &App) -> Result<(), Error> {
    let Some(notary) = app.notary() else { return Ok(()) };
    if notary.begun.load(Ordering::Relaxed) {
        return Ok(());
    }
    match chain::head(app.store.read_unscoped()).await? {
        Some(head) => {
            as_far_as_before(&notary, &head).await?;
            same_key(app, &notary, &head).await?;
        }
        None => begin_anew(app, &notary).await?,
    }
    notary.begun.store(true, Ordering::Relaxed);
    Ok(())
}

/// Signs what replicas of the version before have written since the chain began, while it is
/// young. Later an entry without a signature is nobody's.
///
/// # Errors
/// [`Error::Internal`].
pub async fn adopt(app: &App) -> Result<(), Error> {
    let Some(notary) = app.notary() else { return Ok(()) };
    if notary.grown.load(Ordering::Relaxed) {
        return Ok(());
    }
    let anchors = chain::anchors(app.store.read_unscoped()).await?;
    let Some(begun) = anchors.first() else { return Ok(()) };
    let is_whole = begun.check(notary.ring()) == Signature::Right;
    if !is_whole || app.clock.wall() >= begun.at + TimeDelta::minutes(ROLLING_MINUTES) {
        notary.grown.store(true, Ordering::Relaxed);
        return Ok(());
    }
    if !chain::has_unsigned(app.store.read_unscoped()).await? {
        return Ok(());
    }
    let signed = app.store.write(move |tx| {
        let key = Arc::clone(&notary.key);
        Box::pin(async move { chain::sign_some(tx, &key, None, AT_ONCE).await })
    });
    Ok(signed.await.map(drop)?)
}

async fn begin_anew(app: &App, notary: &Notary) -> Result<(), Error> {
    let (mut after, wall, id) = (None, app.clock.wall(), Uuid::new_v4());
    loop {
        let key = Arc::clone(&notary.key);
        let signed = app.store.write(move |tx| {
            let key = Arc::clone(&key);
            Box::pin(async move {
                let last = chain::sign_some(tx, &key, after, AT_ONCE).await?;
                if last.is_none() {
                    let found = i64::try_from(chain::count(tx).await?).unwrap_or(i64::MAX);
                    let anchor = Anchor::begun(&key, id, found, wall);
                    chain::insert_anchor(tx, &anchor).await?;
                }
                Ok::<_, store::Error>(last)
            })
        });
        match signed.await {
            Ok(Some(last)) => after = Some(last),
            Ok(None) => return Ok(()),
            // Another replica was faster.
            Err(error) if error.is_duplicate() => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Says at once what a verification would find, where the end alone gives it away.
async fn as_far_as_before(notary: &Notary, head: &Head) -> Result<(), Error> {
    let last = notary.lines().await?.pop().and_then(|line| Checkpoint::parse(&line));
    if let Some(last) = last.filter(|last| last.seq > head.seq) {
        tracing::error!(
            audit.head = head.seq,
            audit.checkpoint = last.seq,
            "the audit log ends before its last checkpoint: run supplyline audit verify"
        );
    }
    Ok(())
}

async fn same_key(app: &App, notary: &Notary, head: &Head) -> Result<(), Error> {
    let before = head.link.split(':').next().unwrap_or_default().to_owned();
    let after = notary.key.id();
    if before == after {
        return Ok(());
    }
    tracing::error!(%before, %after, "the audit log goes on under another key");
    let entry = Entry::unnamed(Origin::service(), Action::AuditKeyChanged, app.clock.wall());
    let detail = json!({ "before": { "key": before }, "after": { "key": after } });
    record_alone(app, entry.with(detail)).await
}

/// Links entries that wait, a bounded number of them; gives how many.
///
/// # Errors
/// [`Error::Internal`].
pub async fn link(app: &App) -> Result<usize, Error> {
    let Some(notary) = app.notary() else { return Ok(0) };
    if !chain::is_behind(app.store.read_unscoped()).await? {
        return Ok(0);
    }
    app.store
        .write(move |tx| {
            let key = Arc::clone(&notary.key);
            Box::pin(async move {
                let linked = chain::link_some(tx, &key, AT_ONCE).await?;
                crash::point(Point::LinkWritten);
                Ok::<_, Error>(linked)
            })
        })
        .await
        .inspect(|_| crash::point(Point::LinkCommitted))
}

/// When a checkpoint is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// When it is time.
    WhenDue,
    /// Whenever the head has moved.
    Now,
}

/// Takes a checkpoint of the head.
///
/// # Errors
/// [`Error::Internal`] when the file cannot be written, too.
pub async fn checkpoint(app: &App, when: Taken) -> Result<(), Error> {
    let Some(notary) = app.notary() else { return Ok(()) };
    let Some(head) = chain::head(app.store.read_unscoped()).await? else { return Ok(()) };
    let wall = app.clock.wall();
    let is_new = notary.last().is_none_or(|(last, _)| last != head);
    if !(notary.is_due(&head, wall) || when == Taken::Now && is_new) {
        return Ok(());
    }
    crash::point(Point::CheckpointDue);
    notary.write(&Checkpoint::of(&notary.key, &head, Occasion::Head, wall)).await?;
    crash::point(Point::CheckpointWritten);
    *notary.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((head, wall));
    Ok(())
}

/// Writes down that the database was restored, by whoever operates the service: in the log, and
/// as a checkpoint, so that what was taken of the past that was given up is explained.
///
/// # Errors
/// [`Error::Internal`], [`Error::Unavailable`] where there is no key.
pub async fn note_restored(app: &App, from: &str) -> Result<(), Error> {
    let none = || Error::Unavailable("there is no key to sign with".to_owned());
    let notary = app.notary().ok_or_else(none)?;
    begin(app).await?;
    let head = chain::head(app.store.read_unscoped()).await?.ok_or_else(none)?;
    let wall = app.clock.wall();
    let entry = Entry::unnamed(Origin::command_line(), Action::BackupRestored, wall);
    let detail = json!({ "from": from, "after": { "head": head.seq } });
    record_alone(app, entry.with(detail)).await?;
    notary.write(&Checkpoint::of(&notary.key, &head, Occasion::Restored, wall)).await
}

/// Removes the oldest entries that were kept long enough, as far as each of them is what it was;
/// gives how many. What is left begins with a signed anchor.
///
/// # Errors
/// [`Error::Internal`].
pub async fn trim(app: &App) -> Result<usize, Error> {
    let Some(notary) = app.notary() else { return Ok(0) };
    let before = app.clock.wall() - TimeDelta::days(i64::from(notary.days));
    let db = app.store.read_unscoped();
    let start = chain::anchors(db).await?.pop().map(|anchor| anchor.head());
    let Some(start) = start else { return Ok(0) };
    let oldest = chain::linked(db, start.seq, 1).await?;
    if oldest.first().is_none_or(|oldest| oldest.at >= before) {
        return Ok(0);
    }
    let records = chain::linked(db, start.seq, AT_ONCE).await?;
    let (head, count) =
        crate::domain::audit::verify::removable(notary.ring(), &start, &records, before);
    if count == 0 {
        tracing::error!(after = start.seq, "the oldest entry of the audit log is not what it was");
        return Ok(0);
    }
    let wall = app.clock.wall();
    app.store
        .write(move |tx| {
            let (key, head) = (Arc::clone(&notary.key), head.clone());
            Box::pin(async move {
                let entries = i64::try_from(count).unwrap_or(i64::MAX);
                let anchor = Anchor::trimmed(&key, &head, entries, wall);
                chain::insert_anchor(tx, &anchor).await?;
                chain::remove_up_to(tx, head.seq).await?;
                let entry = Entry::unnamed(Origin::service(), Action::AuditTrimmed, wall);
                let detail = json!({ "rows": count, "before": before, "last": head.seq });
                super::record(tx, entry.with(detail)).await?;
                Ok::<_, Error>(count)
            })
        })
        .await
}
