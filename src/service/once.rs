//! Doing a keyed request once, and answering its repetition with the first answer.
//!
//! **Never** keeps a refusal: a corrected request may use its key again. Never lets a change pass
//! that has left no entry in the audit log.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::{App, Error};
use crate::crash::{self, Point};
pub use crate::store::idempotency::Key;
use crate::store::idempotency::{self, Answer};
use crate::store::{self, Company};

/// Keys are kept for so many days.
pub(super) const KEPT_DAYS: i64 = 7;

/// An answer as it will be sent, and sent again.
pub type Rendered = Answer;

/// How a request is to be done once.
pub struct Once<T> {
    /// The client's key, where it gave one.
    pub key: Option<Key>,
    /// The version the client has read, where it says so.
    pub expected_version: Option<i64>,
    /// Turns the outcome into the answer, which is stored with the change.
    pub render: Arc<dyn Fn(&T) -> Rendered + Send + Sync>,
}

impl<T> Clone for Once<T> {
    fn clone(&self) -> Self {
        Self {
            key: self.key.clone(),
            expected_version: self.expected_version,
            render: Arc::clone(&self.render),
        }
    }
}

/// An answer and whether it was given before.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The answer.
    pub answer: Rendered,
    /// True when it is the answer to an earlier request with the same key.
    pub replayed: bool,
}

/// The work of a keyed request.
pub(super) trait Deed<T>:
    for<'c> Fn(&'c DatabaseTransaction) -> BoxFuture<'c, Result<T, Error>> + Send + Sync + 'static
{
}

impl<T, F> Deed<T> for F where
    F: for<'c> Fn(&'c DatabaseTransaction) -> BoxFuture<'c, Result<T, Error>>
        + Send
        + Sync
        + 'static
{
}

/// The answer kept for the request's key, if it was done before.
pub(super) async fn answered<T>(app: &App, once: &Once<T>) -> Result<Option<Answered>, Error> {
    let since = app.clock.wall() - TimeDelta::days(KEPT_DAYS);
    earlier(app.store.read_unscoped(), once, since).await
}

/// Does the deed, and keeps its answer in the same transaction; or gives the kept one.
pub(super) async fn once<T: Send + 'static>(
    app: &App,
    once: Once<T>,
    deed: impl Deed<T>,
) -> Result<Answered, Error> {
    once_in(app, Company::Any, once, deed).await
}

/// As [`once`], in a transaction shared with such company.
pub(super) async fn once_in<T: Send + 'static>(
    app: &App,
    company: Company,
    once: Once<T>,
    deed: impl Deed<T>,
) -> Result<Answered, Error> {
    let wall = app.clock.wall();
    let since = wall - TimeDelta::days(KEPT_DAYS);
    let deed = Arc::new(deed);
    app.store
        .write_in(company, move |tx| {
            let (once, deed) = (once.clone(), Arc::clone(&deed));
            Box::pin(async move {
                if let Some(answered) = earlier(tx, &once, since).await? {
                    return Ok(answered);
                }
                let outcome = match deed(tx).await {
                    Ok(outcome) => outcome,
                    Err(error @ Error::Internal(_)) => return Err(error),
                    // Waiting for the ticket, it may have been overtaken by its own repetition.
                    Err(refusal) => return earlier(tx, &once, since).await?.ok_or(refusal),
                };
                if store::audit::written() == 0 {
                    return Err(store::Error::Abandoned("it left no entry in the audit log").into());
                }
                let answer = (once.render)(&outcome);
                if let Some(key) = &once.key {
                    crash::point(Point::KeyBefore);
                    let kept = idempotency::insert(tx, key, &answer, wall, since).await;
                    // Another request with the key was first: the next attempt finds its answer.
                    kept.map_err(|e| if e.is_duplicate() { store::Error::Stale } else { e })?;
                    crash::point(Point::KeyKept);
                }
                Ok(Answered { answer, replayed: false })
            })
        })
        .await
}

/// The answer to an earlier request with the key.
async fn earlier<T>(
    db: &impl ConnectionTrait,
    once: &Once<T>,
    since: DateTime<Utc>,
) -> Result<Option<Answered>, Error> {
    let Some(key) = &once.key else { return Ok(None) };
    let kept = idempotency::find(db, key, since).await?;
    kept.map(|(fingerprint, answer)| replayed(key, &fingerprint, answer)).transpose()
}

fn replayed(key: &Key, fingerprint: &str, answer: Answer) -> Result<Answered, Error> {
    if key.fingerprint == fingerprint {
        return Ok(Answered { answer, replayed: true });
    }
    Err(Error::invalid(
        "Idempotency-Key",
        "key_reused",
        "this key was used for another request; choose a new one",
    ))
}
