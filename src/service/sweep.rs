//! The clock's work: bringing every due ticket up to now.
//!
//! **Never** lets one bad ticket stop the others: a batch that fails is done ticket by ticket,
//! and a ticket that keeps failing is set aside and taken up again later.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::tickets::{desks_of_all, policy_version};
use super::{App, Error, notices};
use crate::crash::{self, Point};
use crate::domain::id::{OrganisationId, TicketId};
use crate::domain::ticket::{Change, Rules, Ticket, advance, next_step};
use crate::store::outbox::{self, NewNotice};
use crate::store::{self, Batch, hold, rulebook, sweep, tickets as kept};

/// Tickets per transaction: bounds how long a filing waits for a sweep.
const BATCH: usize = 250;
/// Tickets looked up at once.
const ROUND: usize = 4 * BATCH;
/// Organisations that a batch is shared between, where it is taken and not looked up.
const SHARING: u64 = 50;
/// Batches under way at once: while one is written, the next is read and decided.
const AT_ONCE: usize = 2;

/// Handles some of what is due at `at`, fair between organisations and each in due order; gives
/// how many tickets there were. On hold, none.
///
/// # Errors
/// [`Error::Internal`] when the database fails.
pub async fn run_once(app: &App, at: DateTime<Utc>) -> Result<usize, Error> {
    if hold::find(app.store.read_unscoped()).await?.is_some() {
        return Ok(0);
    }
    app.refresh().await?;
    if app.store.is_shared() { take_batches(app, at).await } else { look_up_batches(app, at).await }
}

/// A database of our own: what is due is read and decided while the only writer is at the batch
/// before.
async fn look_up_batches(app: &App, at: DateTime<Utc>) -> Result<usize, Error> {
    let due = sweep::due(app.store.read_unscoped(), at, count(ROUND)).await?;
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

/// A database that other replicas share: each batch is taken, decided and written in one
/// transaction, and passes over what others have taken.
async fn take_batches(app: &App, at: DateTime<Utc>) -> Result<usize, Error> {
    let organisations =
        Arc::new(sweep::organisations(app.store.read_unscoped(), at, SHARING).await?);
    if organisations.is_empty() {
        return Ok(0);
    }
    let batches =
        (0..ROUND / BATCH).map(|_| take_batch(app.clone(), Arc::clone(&organisations), at));
    let mut batches = futures::stream::iter(batches).buffer_unordered(AT_ONCE);
    let mut taken = 0;
    while let Some(batch) = batches.next().await {
        taken += match batch {
            Ok(batch) => batch,
            Err(error) => {
                tracing::warn!(%error, "a batch of due tickets failed; handling them one by one");
                let due = sweep::due(app.store.read_unscoped(), at, count(BATCH)).await?;
                one_by_one(app, &due, at).await?;
                due.len()
            }
        };
    }
    Ok(taken)
}

async fn take_batch(
    app: App,
    organisations: Arc<Vec<OrganisationId>>,
    at: DateTime<Utc>,
) -> Result<usize, Error> {
    let outer = app.clone();
    let taken = outer.store.write(move |tx| {
        let (app, organisations) = (app.clone(), Arc::clone(&organisations));
        Box::pin(async move {
            // Before any ticket is taken: whoever changes the rules has them first and the tickets
            // then, and would wait for us while we wait for them.
            if rulebook::shared(tx).await? != app.book().version() {
                return Err(Error::Outdated);
            }
            let due = sweep::claim(tx, &organisations, at, count(BATCH)).await?;
            if due.is_empty() {
                return Ok((0, Vec::new()));
            }
            let decided = decide(&app, tx, &due, at).await?;
            decided.write(tx).await?;
            Ok((due.len(), decided.due()))
        })
    });
    match taken.await {
        // The rules have changed: it is decided again, by the new ones.
        Err(Error::Outdated) => Ok(BATCH),
        Ok((taken, due)) => {
            if taken > 0 {
                crash::point(Point::SweepCommitted);
            }
            fired(&outer, due);
            Ok(taken)
        }
        Err(error) => Err(error),
    }
}

/// Notes how late tickets were handled, once that is on disk.
fn fired(app: &App, due: Vec<DateTime<Utc>>) {
    let now = app.clock.now();
    due.into_iter().for_each(|due| app.vitals.fired(now - due));
}

fn count(tickets: usize) -> u64 {
    u64::try_from(tickets).unwrap_or(u64::MAX)
}

/// When the first ticket after `at` is due, if any is.
///
/// # Errors
/// [`Error::Internal`] when the database fails.
pub async fn next_due(app: &App, at: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(sweep::next_due(app.store.read_unscoped(), at).await?)
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
    if sweep::stuck(app.store.read_unscoped()).await?.is_empty() {
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
    let decided = Arc::new(decide(app, app.store.read_unscoped(), due, at).await?);
    let due = decided.due();
    let written = app.store.write(move |tx| {
        let decided = Arc::clone(&decided);
        Box::pin(async move { decided.write(tx).await })
    });
    match written.await {
        Err(Error::Outdated) => Ok(()),
        Ok(()) => {
            crash::point(Point::SweepCommitted);
            fired(app, due);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

async fn decide(
    app: &App,
    db: &impl ConnectionTrait,
    due: &[TicketId],
    at: DateTime<Utc>,
) -> Result<Decided, Error> {
    let tickets = kept::load(db, due).await?;
    crash::point(Point::SweepRead);
    let desks = desks_of_all(db, &tickets).await?;
    let book = app.book();
    let mut changes = Vec::with_capacity(tickets.len());
    for ticket in &tickets {
        let policy = book.policy_of(policy_version(ticket));
        let calendar = book.calendar_for(policy, ticket.division, Some(ticket.manufacturer));
        let desks = desks.get(&ticket.division).map_or(&[][..], Vec::as_slice);
        let rules = Rules { calendar: &calendar, policy, desks };
        let decided = catch_unwind(AssertUnwindSafe(|| advance(ticket, at, &rules)));
        changes.push(decided.map_err(|_panic| panicked(ticket.id))??);
    }
    let decided: Vec<_> = changes.iter().collect();
    let told = notices::expand(db, &book, &decided, Vec::new()).await?;
    crash::point(Point::SweepDecided);
    Ok(Decided { book: book.version(), tickets, changes, told })
}

/// The ticket's own fault, as far as anybody can tell: it is set aside, and the others go on.
fn panicked(id: TicketId) -> store::Error {
    let problem = "deciding about it panicked".to_owned();
    store::Error::Corrupt { table: "ticket", column: "id", id: id.to_string(), problem }
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
    /// When each ticket was due.
    fn due(&self) -> Vec<DateTime<Utc>> {
        self.tickets.iter().filter_map(next_step).map(|(due, _)| due).collect()
    }

    async fn write(&self, tx: &DatabaseTransaction) -> Result<(), Error> {
        if rulebook::shared(tx).await? != self.book {
            // Somebody changed the rules meanwhile: it is decided again, by the new ones.
            return Err(Error::Outdated);
        }
        let pairs: Vec<_> = self.tickets.iter().zip(&self.changes).collect();
        let mut batch = Batch::on(tx);
        kept::update(&mut batch, &pairs);
        outbox::insert(&mut batch, &self.told);
        let written = batch.run(tx).await;
        crash::point(Point::SweepWritten);
        match written {
            // Trying again with the same tickets would find them changed again.
            Err(store::Error::Stale) => Err(Error::Outdated),
            outcome => Ok(outcome?),
        }
    }
}
