//! One fair queue for everything that writes.
//!
//! SQLite has one writer. Whoever waits is served in order of arrival, and what is waiting when
//! the writer is free shares one commit: the first has the transaction for itself until it is
//! done, because a savepoint keeps every page as it was, and each that follows has a savepoint. So
//! a refused command undoes itself alone, and nobody hears of success before the shared commit is
//! on disk.
//! PostgreSQL needs no queue: there each command is a transaction on the pool, of which a part is
//! left to whoever reads.
//!
//! **Never** awaits anything but the database between begin and commit.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use sea_orm::{ConnAcquireErr, DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use super::audit::unit;
use super::{Error, dialect};
use crate::crash::{self, Point};
use crate::domain::audit::chain::Key;

/// Work to be done in a transaction. A function and not a future, because it may have to be
/// done again.
pub trait Work<T, E>:
    for<'c> Fn(&'c DatabaseTransaction) -> BoxFuture<'c, Result<T, E>> + Send + Sync + 'static
{
}

impl<T, E, F> Work<T, E> for F where
    F: for<'c> Fn(&'c DatabaseTransaction) -> BoxFuture<'c, Result<T, E>> + Send + Sync + 'static
{
}

/// Whether doing the work again may help.
pub trait Transient {
    /// True after a deadlock, a serialization failure or a stale read.
    fn is_transient(&self) -> bool;
}

/// Commands that share one commit, at most: bounds how long the first waits for the last.
const MOST_PER_COMMIT: usize = 64;
/// Commands that may wait; more callers wait for a place, in order.
const QUEUE: usize = 1_024;
/// How long a command waits for a place on PostgreSQL's pool: while a standby is away, nobody who
/// has one gives it back.
const PLACE_WAIT: Duration = Duration::from_secs(30);
/// Times that work is done before its transient failure is final.
const ATTEMPTS: usize = 5;

/// Called with the fate of the shared commit.
type Settle = Box<dyn FnOnce(Result<(), &'static str>) + Send>;
/// A command that waits for its turn.
pub(super) struct Waiting {
    company: Company,
    work: Deed,
}

/// Does a command's work at its place in the transaction.
type Deed = Box<
    dyn for<'c> FnOnce(&'c DatabaseTransaction, Place) -> BoxFuture<'c, (Settle, Ended)>
        + Send
        + 'static,
>;

/// With whom a command may share a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// With whoever came before it.
    Any,
    /// With nobody before it: what other connections see is all that there is.
    NobodyBefore,
}

/// Where in a transaction a command stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing was written before it.
    First,
    /// What others wrote must stay, whatever becomes of it.
    Behind,
}

/// How the work of a command ended, for the transaction that it is in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Kept, or undone by itself.
    Sound,
    /// It failed, and the transaction that holds nothing else is to be undone.
    Failed,
    /// Neither kept nor undone: the database may have undone the whole, as on a full disk.
    Broken,
}

#[derive(Clone)]
pub(super) enum Writer {
    Queue(mpsc::Sender<Waiting>),
    Pool(DatabaseConnection, Arc<Semaphore>),
}

impl Writer {
    /// A queue before the only writing connection.
    #[expect(clippy::disallowed_methods, reason = "the queue lives as long as the store")]
    pub(super) fn queue(connection: DatabaseConnection) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(serve(connection, receiver));
        Self::Queue(sender)
    }

    /// A pool on which so many commands are done at once: they may wait for each other long, as
    /// for a change of the rules, and reading must not wait with them.
    pub(super) fn pool(connection: DatabaseConnection, most: usize) -> Self {
        Self::Pool(connection, Arc::new(Semaphore::new(most)))
    }

    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Pool(..))
    }

    /// Entries of the audit log that the work writes are signed with the key.
    pub(super) async fn write<T, E>(
        &self,
        key: Option<&Arc<Key>>,
        company: Company,
        work: impl Work<T, E>,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Transient + Send + 'static,
    {
        let work = Arc::new(work);
        let mut attempts = 0;
        loop {
            attempts += 1;
            crash::point(Point::WriteWaits);
            let outcome = match self {
                Self::Queue(sender) => {
                    queued((sender, company), key.cloned(), Arc::clone(&work)).await
                }
                Self::Pool(connection, places) => {
                    let closed = |_| Error::Abandoned("the store is closed");
                    let late = |_| Error::from(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout));
                    let place = timeout(PLACE_WAIT, Arc::clone(places).acquire_owned()).await;
                    let place = place.map_err(late)?.map_err(closed)?;
                    attempt((connection, place), key.cloned(), work.as_ref()).await.0
                }
            };
            match outcome {
                Err(error) if error.is_transient() && attempts < ATTEMPTS => {}
                outcome => return outcome,
            }
        }
    }
}

/// Waits for its turn and for the fate of the shared commit.
async fn queued<T, E>(
    (sender, company): (&mpsc::Sender<Waiting>, Company),
    key: Option<Arc<Key>>,
    work: Arc<impl Work<T, E>>,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (answer, outcome) = oneshot::channel();
    let work: Deed = Box::new(move |tx, place| Box::pin(in_turn((tx, place), (key, work), answer)));
    let closed = |_| E::from(Error::Abandoned("the store is closed"));
    sender.send(Waiting { company, work }).await.map_err(closed)?;
    let gone = |_| E::from(Error::Abandoned("the writer stopped"));
    outcome.await.map_err(gone)?
}

async fn serve(connection: DatabaseConnection, mut queue: mpsc::Receiver<Waiting>) {
    let mut next = None;
    loop {
        let first = match next.take() {
            Some(held) => held,
            None => match queue.recv().await {
                Some(first) => first,
                None => return,
            },
        };
        match dialect::begin(&connection).await {
            Ok(tx) => {
                crash::point(Point::WriteBegun);
                next = together(tx, first, &mut queue).await;
            }
            // Dropping the command drops its answer, which its caller sees as abandoned.
            Err(error) => tracing::error!(%error, "no transaction could be begun"),
        }
    }
}

/// One commit for the first command and for what waits behind it, up to one that wants nobody
/// before it, which is given back.
async fn together(
    tx: DatabaseTransaction,
    first: Waiting,
    queue: &mut mpsc::Receiver<Waiting>,
) -> Option<Waiting> {
    let mut settles = Vec::new();
    let (mut next, mut held) = (Some(first), None);
    let (mut place, mut last) = (Place::First, Ended::Sound);
    while let Some(command) = next.take() {
        if place == Place::Behind && command.company == Company::NobodyBefore {
            held = Some(command);
            break;
        }
        let (settle, ended) = (command.work)(&tx, place).await;
        settles.push(settle);
        (place, last) = (Place::Behind, ended);
        if last == Ended::Sound && settles.len() < MOST_PER_COMMIT {
            next = queue.try_recv().ok();
        }
    }
    let ended = match last {
        Ended::Sound => commit(tx, ()).await,
        Ended::Failed => tx.rollback().await,
        Ended::Broken => Err(DbErr::Custom("a savepoint could not be ended".to_owned())),
    };
    let fate = ended.map_err(|error| {
        tracing::error!(%error, "a commit failed");
        "the commit failed"
    });
    for settle in settles {
        settle(fate);
    }
    held
}

async fn in_turn<T, E>(
    (tx, place): (&DatabaseTransaction, Place),
    (key, work): (Option<Arc<Key>>, Arc<impl Work<T, E>>),
    answer: oneshot::Sender<Result<T, E>>,
) -> (Settle, Ended)
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (outcome, ended) = match place {
        Place::First => {
            let outcome = done(tx, key, work.as_ref()).await;
            let ended = if outcome.is_ok() { Ended::Sound } else { Ended::Failed };
            (outcome, ended)
        }
        Place::Behind => attempt((tx, ()), key, work.as_ref()).await,
    };
    let settle: Settle = Box::new(move |fate| {
        let outcome = match (outcome, fate) {
            (Ok(_), Err(problem)) => Err(Error::Abandoned(problem).into()),
            (outcome, _) => outcome,
        };
        // A caller that has gone away still had its command done.
        drop(answer.send(outcome));
    });
    (settle, ended)
}

/// Runs the work in a transaction inside `connection`, which undoes itself when the work fails.
/// It keeps its place until it has ended.
async fn attempt<T, E>(
    (connection, place): (
        &impl TransactionTrait<Transaction = DatabaseTransaction>,
        impl Send + 'static,
    ),
    key: Option<Arc<Key>>,
    work: &impl Work<T, E>,
) -> (Result<T, E>, Ended)
where
    E: From<Error>,
{
    let tx = match connection.begin().await {
        Ok(tx) => tx,
        Err(error) => return (Err(Error::from(error).into()), Ended::Broken),
    };
    crash::point(Point::WriteBegun);
    let outcome = done(&tx, key, work).await;
    let ended = match &outcome {
        Ok(_) => commit(tx, place).await,
        Err(_) => tx.rollback().await,
    };
    match ended {
        Ok(()) => (outcome, Ended::Sound),
        Err(error) => (Err(Error::from(error).into()), Ended::Broken),
    }
}

async fn commit(tx: DatabaseTransaction, place: impl Send + 'static) -> Result<(), DbErr> {
    crash::point(Point::WriteDone);
    dialect::commit(tx, place).await?;
    crash::point(Point::WriteCommitted);
    Ok(())
}

/// Runs the work; when it panics, it failed.
async fn done<T, E>(
    tx: &DatabaseTransaction,
    key: Option<Arc<Key>>,
    work: &impl Work<T, E>,
) -> Result<T, E>
where
    E: From<Error>,
{
    // The call is inside, too: work may panic before it gives its future.
    let outcome = AssertUnwindSafe(unit::of(key, async { work(tx).await }));
    let outcome = outcome.catch_unwind().await;
    outcome.unwrap_or_else(|_| Err(Error::Abandoned("the work panicked").into()))
}
