//! One fair queue for everything that writes.
//!
//! SQLite has one writer. Whoever waits is served in order of arrival, and what is waiting when
//! the writer is free shares one commit, each in a savepoint of its own: a refused command
//! undoes itself alone, and nobody hears of success before the shared commit is on disk.
//! PostgreSQL needs no queue: there each command is a transaction on the pool.
//!
//! **Never** awaits anything but the database between begin and commit.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait};
use tokio::sync::{mpsc, oneshot};

use super::audit::unit;
use super::{Error, dialect};
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
/// Times that work is done before its transient failure is final.
const ATTEMPTS: usize = 5;

/// Called with the fate of the shared commit.
type Settle = Box<dyn FnOnce(Result<(), &'static str>) + Send>;
/// Does a command's work in a savepoint.
type Waiting = Box<
    dyn for<'c> FnOnce(&'c DatabaseTransaction) -> BoxFuture<'c, (Settle, Savepoint)>
        + Send
        + 'static,
>;

/// How a savepoint ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Savepoint {
    /// Kept or undone, as it should.
    Sound,
    /// Neither: the database may have undone the whole transaction, as on a full disk.
    Broken,
}

#[derive(Clone)]
pub(super) enum Writer {
    Queue(mpsc::Sender<Waiting>),
    Pool(DatabaseConnection),
}

impl Writer {
    /// A queue before the only writing connection.
    #[expect(clippy::disallowed_methods, reason = "the queue lives as long as the store")]
    pub(super) fn queue(connection: DatabaseConnection) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(serve(connection, receiver));
        Self::Queue(sender)
    }

    pub(super) fn pool(connection: DatabaseConnection) -> Self {
        Self::Pool(connection)
    }

    /// Entries of the audit log that the work writes are signed with the key.
    pub(super) async fn write<T, E>(
        &self,
        key: Option<&Arc<Key>>,
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
            let outcome = match self {
                Self::Queue(sender) => queued(sender, key.cloned(), Arc::clone(&work)).await,
                Self::Pool(connection) => attempt(connection, key.cloned(), work.as_ref()).await.0,
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
    sender: &mpsc::Sender<Waiting>,
    key: Option<Arc<Key>>,
    work: Arc<impl Work<T, E>>,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (answer, outcome) = oneshot::channel();
    let waiting: Waiting = Box::new(move |tx| Box::pin(in_savepoint(tx, (key, work), answer)));
    let closed = |_| E::from(Error::Abandoned("the store is closed"));
    sender.send(waiting).await.map_err(closed)?;
    let gone = |_| E::from(Error::Abandoned("the writer stopped"));
    outcome.await.map_err(gone)?
}

async fn serve(connection: DatabaseConnection, mut queue: mpsc::Receiver<Waiting>) {
    while let Some(first) = queue.recv().await {
        match dialect::begin(&connection).await {
            Ok(tx) => together(tx, first, &mut queue).await,
            // Dropping the command drops its answer, which its caller sees as abandoned.
            Err(error) => tracing::error!(%error, "no transaction could be begun"),
        }
    }
}

/// One commit for the first command and for what waits behind it.
async fn together(tx: DatabaseTransaction, first: Waiting, queue: &mut mpsc::Receiver<Waiting>) {
    let mut settles = Vec::new();
    let mut next = Some(first);
    let mut savepoint = Savepoint::Sound;
    while let Some(command) = next.take() {
        let (settle, ended) = command(&tx).await;
        settles.push(settle);
        savepoint = ended;
        if savepoint == Savepoint::Sound && settles.len() < MOST_PER_COMMIT {
            next = queue.try_recv().ok();
        }
    }
    let ended = match savepoint {
        Savepoint::Sound => tx.commit().await,
        Savepoint::Broken => Err(DbErr::Custom("a savepoint could not be ended".to_owned())),
    };
    let fate = ended.map_err(|error| {
        tracing::error!(%error, "a commit failed");
        "the commit failed"
    });
    for settle in settles {
        settle(fate);
    }
}

async fn in_savepoint<T, E>(
    tx: &DatabaseTransaction,
    (key, work): (Option<Arc<Key>>, Arc<impl Work<T, E>>),
    answer: oneshot::Sender<Result<T, E>>,
) -> (Settle, Savepoint)
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (outcome, savepoint) = attempt(tx, key, work.as_ref()).await;
    let settle: Settle = Box::new(move |fate| {
        let outcome = match (outcome, fate) {
            (Ok(_), Err(problem)) => Err(Error::Abandoned(problem).into()),
            (outcome, _) => outcome,
        };
        // A caller that has gone away still had its command done.
        drop(answer.send(outcome));
    });
    (settle, savepoint)
}

/// Runs the work in a transaction inside `connection`, which undoes itself when the work fails.
async fn attempt<T, E>(
    connection: &impl TransactionTrait<Transaction = DatabaseTransaction>,
    key: Option<Arc<Key>>,
    work: &impl Work<T, E>,
) -> (Result<T, E>, Savepoint)
where
    E: From<Error>,
{
    let tx = match connection.begin().await {
        Ok(tx) => tx,
        Err(error) => return (Err(Error::from(error).into()), Savepoint::Broken),
    };
    // The call is inside, too: work may panic before it gives its future.
    let outcome = AssertUnwindSafe(unit::of(key, async { work(&tx).await }));
    let outcome = outcome.catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|_| Err(Error::Abandoned("the work panicked").into()));
    let ended = match &outcome {
        Ok(_) => tx.commit().await,
        Err(_) => tx.rollback().await,
    };
    match ended {
        Ok(()) => (outcome, Savepoint::Sound),
        Err(error) => (Err(Error::from(error).into()), Savepoint::Broken),
    }
}
