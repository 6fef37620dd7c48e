//! The clock's work: bringing every due ticket up to now.
//!
//! **Never** lets one bad ticket stop the others: a batch that fails is done ticket by ticket,
//! and a ticket that keeps failing waits for a person.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;

use super::tickets::{changed, policy_version};
use super::{App, Error, notices};
use crate::domain::escalation::Desk;
use crate::domain::id::TicketId;
use crate::domain::party::Division;
use crate::domain::ticket::{Change, Rules, Ticket, advance};
use crate::store::{accounts, outbox, sweep, tickets as kept};

/// Tickets per transaction: bounds how long a filing waits for a sweep.
const BATCH: u64 = 250;

/// Handles one batch of what is due at `at`; gives how many tickets there were.
///
/// # Errors
/// [`Error::Internal`] when the database fails.
pub async fn run_once(app: &App, at: DateTime<Utc>) -> Result<usize, Error> {
    let due = sweep::due(app.store.read(), at, BATCH).await?;
    if due.is_empty() {
        return Ok(0);
    }
    match handle(app, due.clone(), at).await {
        Ok(handled) => Ok(handled),
        Err(error) => {
            tracing::warn!(%error, tickets = due.len(), "a batch of due tickets failed; handling them one by one");
            one_by_one(app, &due, at).await
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

async fn one_by_one(app: &App, due: &[TicketId], at: DateTime<Utc>) -> Result<usize, Error> {
    let mut handled = 0;
    for id in due.iter().copied() {
        match handle(app, vec![id], at).await {
            Ok(_) => handled += 1,
            Err(error) => {
                tracing::error!(%error, ticket.id = %id, "a due ticket could not be handled");
                app.store
                    .write(move |tx| {
                        Box::pin(async move { Ok::<_, Error>(sweep::failed(tx, id).await?) })
                    })
                    .await?;
            }
        }
    }
    Ok(handled)
}

async fn handle(app: &App, due: Vec<TicketId>, at: DateTime<Utc>) -> Result<usize, Error> {
    let app_ = app.clone();
    app.store
        .write(move |tx| {
            let (app, due) = (app_.clone(), due.clone());
            Box::pin(async move { handle_in(tx, &app, &due, at).await })
        })
        .await
}

async fn handle_in(
    tx: &DatabaseTransaction,
    app: &App,
    due: &[TicketId],
    at: DateTime<Utc>,
) -> Result<usize, Error> {
    let tickets = kept::lock_free(tx, due).await?;
    let desks = desks(tx, &tickets).await?;
    let book = app.book();
    let mut changes: Vec<(&Ticket, Change)> = Vec::with_capacity(tickets.len());
    for ticket in &tickets {
        let calendar = book.calendar(ticket.division);
        let policy = book.policy_of(policy_version(ticket));
        let desks = desks.get(&ticket.division).map_or(&[][..], Vec::as_slice);
        let change = advance(ticket, at, &Rules { calendar: &calendar, policy, desks })?;
        if changed(ticket, &change) {
            changes.push((ticket, change));
        }
    }
    let pairs: Vec<_> = changes.iter().map(|(before, change)| (*before, change)).collect();
    kept::update(tx, &pairs).await?;
    let decided: Vec<_> = changes.iter().map(|(_, change)| change).collect();
    let told = notices::expand(tx, &book, &decided, Vec::new()).await?;
    outbox::insert(tx, &told).await?;
    Ok(tickets.len())
}

/// The desks of every division among the tickets, asked for once.
async fn desks(tx: &DatabaseTransaction, tickets: &[Ticket]) -> Result<HashMap<Division, Vec<Desk>>, Error> {
    let mut divisions: Vec<Division> = tickets.iter().map(|ticket| ticket.division).collect();
    divisions.sort_unstable();
    divisions.dedup();
    let mut units: Vec<_> = divisions.iter().flat_map(|d| [*d, d.city(), d.province()]).collect();
    units.sort_unstable();
    units.dedup();
    let all = accounts::desks(tx, &units).await?;
    let serves = |division: Division| {
        let own = |desk: &&Desk| division.is_within(desk.division);
        all.iter().filter(own).cloned().collect::<Vec<_>>()
    };
    Ok(divisions.into_iter().map(|division| (division, serves(division))).collect())
}
