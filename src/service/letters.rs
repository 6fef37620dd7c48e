//! What leaves the service: deliveries taken out of the outbox, as letters ready to be sent.
//!
//! **Never** waits for a mail server: claiming, sending and finishing are three steps.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::keeping::invitations;
use super::tickets;
use super::wordings::Wordings;
use super::{App, Error, Limits};
use crate::crash::{self, Point};
use crate::domain::id::{DeliveryId, OrganisationId, TicketId};
use crate::domain::notice::{Channel, Facts, Letter, Matter, by_day, leaves_at};
use crate::domain::party::{Division, Organisation};
use crate::domain::policy::Urgency;
use crate::domain::ticket::{Brief, Ticket};
use crate::store::catalogue::Product;
use crate::store::hold;
use crate::store::outbox::{self, Cause};
pub use crate::store::outbox::{Claimed, Finished, Posted, Wanted};
use crate::store::tickets as kept;

/// A lease on deliveries ends after so many seconds of wall time.
const LEASE_SECONDS: i64 = 120;

/// Takes deliveries that are due, as letters ready to be sent. On hold, none.
///
/// # Errors
/// [`Error::Internal`].
pub async fn claim(
    app: &App,
    worker: Uuid,
    channel: Channel,
    limit: u64,
) -> Result<Vec<(Claimed, Letter)>, Error> {
    let (at, wall) = (app.clock.now(), app.clock.wall());
    let lease = wall + TimeDelta::seconds(LEASE_SECONDS);
    // Asking costs no turn in the write queue while nothing is due.
    if !outbox::is_due(app.store.read_unscoped(), channel, at, wall).await? {
        return Ok(Vec::new());
    }
    let claimed = app
        .store
        .write(move |tx| {
            Box::pin(async move {
                // Asked in here: a hold that has begun lets nothing more leave.
                if hold::find(tx).await?.is_some() {
                    return Ok::<_, Error>((Vec::new(), Wordings::default()));
                }
                let claimed =
                    outbox::claim(tx, (worker, channel), at, (wall, lease), limit).await?;
                let wordings = Wordings::pinned(tx, &claimed).await?;
                crash::point(Point::DeliveryClaimed);
                Ok((claimed, wordings))
            })
        })
        .await?;
    let (claimed, wordings) = claimed;
    wordings.raise_alarms(app).await;
    letters(app, worker, claimed, &wordings).await
}

/// What was sent, as letters, newest first: the demo's mailbox.
///
/// # Errors
/// [`Error::NotFound`] outside the demo: nobody reads other people's letters there.
pub async fn mailbox(
    app: &App,
    wanted: Wanted,
    limit: u64,
) -> Result<Vec<(Posted, Letter)>, Error> {
    if app.limits == Limits::On {
        return Err(Error::NotFound);
    }
    let db = app.store.read_unscoped();
    let posted = outbox::posted(db, wanted, limit).await?;
    let matters = Matters::of(db, posted.iter().map(|one| &one.delivery.cause)).await?;
    let wordings = Wordings::of(db, posted.iter().map(|one| &one.delivery)).await?;
    let letter = |one: Posted| {
        let letter = letter(&matters, &wordings, &one.delivery)?;
        Some((one, letter))
    };
    let letters = posted.into_iter().filter_map(letter);
    Ok(letters.map(|(one, letter)| (one, revealed(app, letter))).collect())
}

/// When the first delivery after `at` is due, if any waits.
///
/// # Errors
/// [`Error::Internal`].
pub async fn next_due(app: &App, at: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(outbox::next_due(app.store.read_unscoped(), at).await?)
}

/// The deliveries as letters. One that cannot be one is a dead letter, and the others go on.
async fn letters(
    app: &App,
    worker: Uuid,
    claimed: Vec<Claimed>,
    wordings: &Wordings,
) -> Result<Vec<(Claimed, Letter)>, Error> {
    let (db, mut ready, mut dead) = (app.store.read_unscoped(), Vec::new(), Vec::new());
    let mut sort = |matters: &Matters, one: Claimed| match letter(matters, wordings, &one) {
        Some(letter) => ready.push((one, revealed(app, letter))),
        None => dead.push(unsendable(&one, "what it is about is gone")),
    };
    match Matters::of(db, claimed.iter().map(|one| &one.cause)).await {
        Ok(matters) => claimed.into_iter().for_each(|one| sort(&matters, one)),
        // One of them: each is read by itself.
        Err(error) if unreadable(&error).is_some() => {
            let mut poisoned = Vec::new();
            for one in claimed {
                match Matters::of(db, std::iter::once(&one.cause)).await {
                    Ok(matters) => sort(&matters, one),
                    Err(error) => {
                        let Some(problem) = unreadable(&error) else { return Err(error) };
                        tracing::error!(%problem, delivery.id = %one.id, "a delivery cannot be sent");
                        poisoned.push(unsendable(&one, &problem));
                    }
                }
            }
            dead.append(&mut poisoned);
        }
        Err(error) => return Err(error),
    }
    if !dead.is_empty() {
        finish(app, worker, dead).await?;
    }
    Ok(ready)
}

/// What is wrong with a row that nobody can read.
fn unreadable(error: &Error) -> Option<String> {
    let Error::Internal(error) = error else { return None };
    error.is_undecodable().then(|| error.to_string())
}

fn unsendable(one: &Claimed, why: &str) -> Finished {
    let response = format!("not sent: {why}");
    Finished { id: one.id, state: outbox::DeliveryState::Failed, due_at: None, response }
}

/// The letter with the secret that it brings, if it brings one.
fn revealed(app: &App, letter: Letter) -> Letter {
    match letter.matter {
        Matter::Bulletin(bulletin) => {
            let matter = Matter::Bulletin(invitations::revealed(app, bulletin));
            Letter { matter, ..letter }
        }
        Matter::Ticket { .. } => letter,
    }
}

/// A delivery as a letter; `None` when its ticket is gone.
fn letter(matters: &Matters, wordings: &Wordings, one: &Claimed) -> Option<Letter> {
    Some(Letter {
        matter: matters.matter(&one.cause)?,
        language: one.language,
        name: one.name.clone(),
        address: one.address.clone(),
        key: key(one),
        wording: wordings.own(one.id).cloned(),
    })
}

/// Stable over every attempt and replay.
fn key(one: &Claimed) -> String {
    match &one.cause {
        Cause::Ticket { ticket, event, kind, .. } => {
            format!("{ticket}:{event}:{}:{}", kind.name(), one.recipient)
        }
        Cause::Bulletin { id, .. } => format!("bulletin:{id}:{}", one.recipient),
    }
}

/// The tickets that notices are about, with their names.
pub(super) struct Matters {
    tickets: HashMap<TicketId, Ticket>,
    named: tickets::Named,
}

impl Matters {
    pub(super) async fn of<'a>(
        db: &impl ConnectionTrait,
        causes: impl Iterator<Item = &'a Cause>,
    ) -> Result<Self, Error> {
        let mut ids: Vec<TicketId> = causes.filter_map(Cause::ticket).collect();
        ids.sort_unstable();
        ids.dedup();
        let tickets = kept::load(db, &ids).await?;
        let named = tickets::names(db, &tickets).await?;
        let tickets = tickets.into_iter().map(|ticket| (ticket.id, ticket)).collect();
        Ok(Self { tickets, named })
    }

    /// What is told; `None` when its ticket is gone.
    pub(super) fn matter(&self, cause: &Cause) -> Option<Matter> {
        match cause {
            Cause::Ticket { ticket, kind, brief, .. } => {
                let found = self.tickets.get(ticket)?;
                let product = self.named.products.get(&found.product)?;
                let facts = facts(found, product, &self.named.organisations, brief.clone());
                Some(Matter::Ticket { ticket: *ticket, kind: *kind, facts })
            }
            Cause::Bulletin { bulletin, .. } => Some(Matter::Bulletin(bulletin.clone())),
        }
    }
}

fn facts(
    ticket: &Ticket,
    product: &Product,
    organisations: &HashMap<OrganisationId, Organisation>,
    brief: Brief,
) -> Facts {
    let name =
        |id| organisations.get(id).map(|o: &Organisation| o.name.clone()).unwrap_or_default();
    Facts {
        number: ticket.number.clone(),
        product: format!("{} {}", product.name, product.specification),
        hospital: name(&ticket.hospital),
        manufacturer: name(&ticket.manufacturer),
        emergency: ticket.urgency == Urgency::Emergency,
        deadlines: brief.deadlines,
        promised_on: brief.promised_on,
        level: brief.level,
        bureau: brief.bureau,
    }
}

/// When a delivery that is tried again at `at` may leave: not in quiet hours, unless it is urgent.
#[must_use]
pub fn leaves_again_at(app: &App, letter: &Letter, at: DateTime<Utc>) -> DateTime<Utc> {
    let book = app.book();
    let nation = book.nation();
    match &letter.matter {
        Matter::Ticket { kind, facts, .. } => {
            let urgency = if facts.emergency { Urgency::Emergency } else { Urgency::Ordinary };
            // The number names the place whose rules say when it is quiet.
            let place = facts.number.split('-').nth(1).and_then(|code| Division::parse(code).ok());
            let quiet = book.policy(place, None, at).quiet_hours;
            leaves_at(*kind, urgency, at, (&nation, quiet))
        }
        Matter::Bulletin(bulletin) if bulletin.kind().is_awaited() => at,
        Matter::Bulletin(_) => by_day(at, &nation, book.policy(None, None, at).quiet_hours),
    }
}

/// Gives back deliveries that were taken and whose sending did not begin.
///
/// # Errors
/// [`Error::Internal`]; then they are free when their lease has run out.
pub async fn give_back(app: &App, worker: Uuid, ids: Vec<DeliveryId>) -> Result<(), Error> {
    app.store
        .write(move |tx| {
            let ids = ids.clone();
            Box::pin(async move {
                Ok::<_, Error>(outbox::give_back(tx, worker, ids.into_iter()).await?)
            })
        })
        .await
}

/// Writes down what became of attempts.
///
/// # Errors
/// [`Error::Internal`].
pub async fn finish(app: &App, worker: Uuid, finished: Vec<Finished>) -> Result<(), Error> {
    let at = app.clock.now();
    app.store
        .write(move |tx| {
            let finished = finished.clone();
            Box::pin(async move {
                for one in &finished {
                    outbox::finish(tx, worker, one, at).await?;
                }
                Ok::<_, Error>(())
            })
        })
        .await?;
    crash::point(Point::DeliveryFinished);
    Ok(())
}
