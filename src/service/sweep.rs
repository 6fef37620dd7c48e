//! The clock's work: bringing every due ticket up to now.
//!
//! **Never** lets one bad ticket stop the others: a batch that fails is done ticket by ticket,
//! and a ticket that keeps failing is set aside and taken up again later.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use sea_orm::DatabaseTransaction;

use super::tickets::{desks_of_all, policy_version};
use super::{App, Error, notices};
use crate::domain::id::TicketId;
use crate::domain::ticket::{Change, Rules, Ticket, advance};
use crate::store::outbox::{self, NewNotice};
use crate::store::{self, Batch, hold, rulebook, sweep, tickets as kept};

/// Tickets per transaction: bounds how long a filing waits for a sweep.
const BATCH: usize = 250;
/// Tickets looked up at once.
const ROUND: u64 = 1_000;
/// Batches under way at once: while one is written, the next is read and decided.
const AT_ONCE: usize = 2;

/// Handles some of what is due at `at`, fair between organisations and each in due order; gives
/// how many tickets there were. On hold, none.
///
/// # Errors
/// [`Error::Internal`] when the database fails.
pub async fn run_once(app: &App, at: DateTime<Utc>) -> Result<usize, Error> {
    if hold::find(app.store.read()).await?.is_some() {
        return Ok(0);
    }
    app.refresh().await?;
    let due = sweep::due(app.store.read(), at, ROUND).await?;
    let batches: Vec<_> = due.chunks(BATCH).map(<[TicketId]>::to_vec).collect();
    let batches = batches.into_iter().map(|batch| batch_or_singly(app.clone(), batch, at));
    let mut batches = futures::stream::iter(batches).buffered(AT_ONCE);
    while let Some(outcome) = batches.next().await {
        outcome?;
    }
    Ok(due.len())
}

async fn batch_or_singly(app: App, due: Vec<TicketId>, at: DateTime<Utc>) -> Result<(), Error> {
    match handle(&app, &due, at).await {
        Ok(()) => Ok(()),
        Err(error) => {
            tracing::warn!(%error, tickets = due.len(), "a batch of due tickets failed; handling them one by one");
            one_by_one(&app, &due, at).await
        }
    }
}

/// When the first ticket after `at` is due, if any is.
///
/// # Errors
/// [`Error::Internal`] when the database fails.
pub async fn next_due(app: &App, at: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(sweep::next_due(app.store.read(), at).await?)
}

async fn one_by_one(app: &App, due: &[TicketId], at: DateTime<Utc>) -> Result<(), Error> {
    for id in due.iter().copied() {
        if let Err(error) = handle(app, &[id], at).await {
            if is_the_databases(&error) {
                // Not the ticket's fault: it is due again with the next tick.
                return Err(error);
            }
            tracing::error!(%error, ticket.id = %id, "a due ticket could not be handled");
            app.store
                .write(move |tx| {
                    Box::pin(async move { Ok::<_, Error>(sweep::failed(tx, id).await?) })
                })
                .await?;
        }
    }
    Ok(())
}

fn is_the_databases(error: &Error) -> bool {
    matches!(error, Error::Internal(store::Error::Driver(_) | store::Error::Abandoned(_)))
}

/// Takes up again the tickets that failed too often: their rows may have been repaired.
///
/// # Errors
/// [`Error::Internal`] when the database fails.
pub async fn retry_stuck(app: &App) -> Result<(), Error> {
    if sweep::stuck(app.store.read()).await?.is_empty() {
        return Ok(());
    }
    let retried = app
        .store
        .write(|tx| Box::pin(async move { Ok::<_, Error>(sweep::retry_stuck(tx).await?) }));
    retried.await
}

/// Reads the tickets, decides, and writes what was decided, guarded by the versions that were
/// read: when somebody was faster with one of them, nothing is written, and those still due come
/// up again.
async fn handle(app: &App, due: &[TicketId], at: DateTime<Utc>) -> Result<(), Error> {
    let db = app.store.read();
    let tickets = kept::load(db, due).await?;
    let desks = desks_of_all(db, &tickets).await?;
    let book = app.book();
    let mut changes = Vec::with_capacity(tickets.len());
    for ticket in &tickets {
        let policy = book.policy_of(policy_version(ticket));
        let calendar = book.calendar_for(policy, ticket.division, Some(ticket.manufacturer));
        let desks = desks.get(&ticket.division).map_or(&[][..], Vec::as_slice);
        changes.push(advance(ticket, at, &Rules { calendar: &calendar, policy, desks })?);
    }
    let decided: Vec<_> = changes.iter().collect();
    let told = notices::expand(db, &book, &decided, Vec::new()).await?;
    let decided = Arc::new(Decided { book: book.version(), tickets, changes, told });
    let written = app.store.write(move |tx| {
        let decided = Arc::clone(&decided);
        Box::pin(async move { decided.write(tx).await })
    });
    match written.await {
        Err(Error::Outdated) => Ok(()),
        outcome => outcome,
    }
}

/// What the clock decided about a batch of tickets.
struct Decided {
    /// The version of the rulebook that it was decided by.
    book: i64,
    tickets: Vec<Ticket>,
    changes: Vec<Change>,
    told: Vec<NewNotice>,
}

impl Decided {
    async fn write(&self, tx: &DatabaseTransaction) -> Result<(), Error> {
        if rulebook::shared(tx).await? != self.book {
            // Somebody changed the rules meanwhile: it is decided again, by the new ones.
            return Err(Error::Outdated);
        }
        let pairs: Vec<_> = self.tickets.iter().zip(&self.changes).collect();
        let mut batch = Batch::on(tx);
        kept::update(&mut batch, &pairs);
        outbox::insert(&mut batch, &self.told);
        match batch.run(tx).await {
            // Trying again with the same tickets would find them changed again.
            Err(store::Error::Stale) => Err(Error::Outdated),
            outcome => Ok(outcome?),
        }
    }
}
