//! Confirming, approving and refusing a change of the rules.
//!
//! **Never** lets the one who proposed a large change approve it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use serde_json::json;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::admit;
use super::plan::{Planned, Proposal, Walk, Wish};
use super::view::{Outcome, named, view};
use crate::crash::{self, Point};
use crate::domain::access::Scope;
use crate::domain::bulletin::{Bulletin, BulletinKind};
use crate::domain::holiday::Doubt;
use crate::domain::id::OrganisationId;
use crate::domain::impact::{Impact, Tally};
use crate::domain::ticket::{Change, Event, EventData, Order, Ticket};
use crate::service::audit::{self, Action, Entry};
use crate::service::notices::expand;
use crate::service::once::{once, once_in};
use crate::service::recurring::addressee;
use crate::service::rulebook::Rulebook;
use crate::service::{Answered, App, Error, FieldError, Once};
use crate::store::outbox::{self, NewBulletin};
use crate::store::replan::{self, BatchState, Decided, KeptBatch};
use crate::store::tickets as kept;
use crate::store::{self, Batch, Company, accounts, rulebook};

/// Organisations whose people are read at once.
const HOUSES_AT_ONCE: usize = 500;

/// Confirms a change: it takes effect, or waits for a second administrator.
///
/// # Errors
/// [`Error::Forbidden`], [`Error::NotFound`], [`Error::Invalid`] where nothing would change, and
/// [`Error::Conflict`] when its impact is not the one that was seen.
pub async fn confirm(
    app: &App,
    scope: &Scope,
    wish: Wish,
    request: Once<Outcome>,
) -> Result<Answered, Error> {
    admit(scope)?;
    let (app_, scope, at) = (app.clone(), scope.clone(), app.clock.now());
    let expected = request.expected_version;
    let answered = once_in(app, Company::NobodyBefore, request, move |tx| {
        let (app, scope, wish) = (app_.clone(), scope.clone(), wish.clone());
        Box::pin(async move { confirm_in(tx, &app, &scope, (wish, expected), at).await })
    })
    .await?;
    crash::point(Point::ReplanCommitted);
    app.refresh().await?;
    Ok(answered)
}

async fn confirm_in(
    tx: &DatabaseTransaction,
    app: &App,
    scope: &Scope,
    (wish, expected): (Wish, Option<i64>),
    at: DateTime<Utc>,
) -> Result<Outcome, Error> {
    let book = claimed(tx, app).await?;
    still_fits(&book, &wish.proposal)?;
    if let (Some(version), Proposal::Calendar { calendar, .. }) = (expected, &wish.proposal)
        && i64::from(book.layer(*calendar)?.version) != version
    {
        return Err(Error::Outdated);
    }
    let planned = Arc::new(Planned::of(book, &wish.proposal)?);
    confirmed(&planned, &wish.confirmed)?;
    let number = replan::next_number(tx).await?;
    let order = order(number, &wish.reason, scope);
    let mut walk = Walk::begin(tx, &planned, &order, at).await?;
    while walk.next(tx).await?.is_some() {}
    let (tally, seal) = walk.end();
    if wish.seal.as_ref().is_some_and(|seen| *seen != seal) {
        return Err(conflict(
            "impact_changed",
            "what this would do has changed since you looked; look again",
        ));
    }
    let is_large = tally.impact.needs_approval();
    let made = (scope.actor().user, app.clock.wall());
    let mut batch = KeptBatch {
        id: Uuid::now_v7(),
        number,
        state: if is_large { BatchState::Pending } else { BatchState::Applied },
        reason: wish.reason.clone(),
        edit: serde_json::to_value(&wish.proposal).unwrap_or_default(),
        impact: tally.impact.clone(),
        undoes: wish.undoes,
        made_version: None,
        made,
        decided: None,
    };
    if !is_large {
        batch.impact = write(tx, app, &planned, &order, at).await?.impact;
        batch.made_version = planned.version();
    }
    replan::insert(tx, &batch).await?;
    let action = if is_large { Action::ReplanProposed } else { Action::ReplanApplied };
    record(tx, app, scope, action, &batch).await?;
    let named = named(tally.named);
    Ok(Outcome {
        batch: Some(view(tx, batch).await?),
        ..Outcome::of(&planned, named, tally.impact, seal)
    })
}

/// Everything odd about it was confirmed by name.
fn confirmed(planned: &Planned, named: &[String]) -> Result<(), Error> {
    let doubt = |doubt: &Doubt| {
        let message = format!("{}; confirm it as {}", doubt.message(), doubt.as_str());
        FieldError::new("confirm", doubt.as_str(), message)
    };
    let open = planned.doubts();
    let open = open.iter().filter(|doubt| !named.iter().any(|name| name == doubt.as_str()));
    let open: Vec<_> = open.map(doubt).collect();
    if open.is_empty() { Ok(()) } else { Err(Error::Invalid(open)) }
}

/// Approves a change that waits for it: it takes effect, with the impact it has now.
///
/// # Errors
/// As [`confirm`]; [`Error::Forbidden`] for whoever proposed it, [`Error::Conflict`] when it does
/// not wait any more, or when the rules changed so that it cannot be made.
pub async fn approve(
    app: &App,
    scope: &Scope,
    id: Uuid,
    request: Once<Outcome>,
) -> Result<Answered, Error> {
    admit(scope)?;
    let (app_, scope, at) = (app.clone(), scope.clone(), app.clock.now());
    let answered = once_in(app, Company::NobodyBefore, request, move |tx| {
        let (app, scope) = (app_.clone(), scope.clone());
        Box::pin(async move { approve_in(tx, &app, &scope, id, at).await })
    })
    .await?;
    app.refresh().await?;
    Ok(answered)
}

async fn approve_in(
    tx: &DatabaseTransaction,
    app: &App,
    scope: &Scope,
    id: Uuid,
    at: DateTime<Utc>,
) -> Result<Outcome, Error> {
    let book = claimed(tx, app).await?;
    let mut batch = pending(tx, id).await?;
    if batch.made.0 == scope.actor().user {
        return Err(Error::Forbidden("another administrator has to approve this".to_owned()));
    }
    let proposal = proposal(&batch)?;
    still_fits(&book, &proposal)?;
    let planned = Arc::new(Planned::of(book, &proposal)?);
    let order = order(batch.number, &batch.reason, scope);
    let tally = write(tx, app, &planned, &order, at).await?;
    batch.state = BatchState::Applied;
    batch.impact = tally.impact.clone();
    batch.made_version = planned.version();
    batch.decided = Some(Decided { by: scope.actor().user, at: app.clock.wall(), words: None });
    replan::decide(tx, &batch).await?;
    record(tx, app, scope, Action::ReplanApproved, &batch).await?;
    let named = named(tally.named);
    let outcome = Outcome::of(&planned, named, tally.impact, String::new());
    Ok(Outcome { batch: Some(view(tx, batch).await?), ..outcome })
}

/// Refuses a change that waits, or takes it back.
///
/// # Errors
/// As [`approve`], but the one who proposed it may.
pub async fn reject(
    app: &App,
    scope: &Scope,
    id: Uuid,
    words: String,
    request: Once<super::BatchView>,
) -> Result<Answered, Error> {
    admit(scope)?;
    let (app_, scope) = (app.clone(), scope.clone());
    once(app, request, move |tx| {
        let (app, scope, words) = (app_.clone(), scope.clone(), words.clone());
        Box::pin(async move {
            let mut batch = pending(tx, id).await?;
            batch.state = BatchState::Rejected;
            let (by, at) = (scope.actor().user, app.clock.wall());
            batch.decided = Some(Decided { by, at, words: Some(words) });
            replan::decide(tx, &batch).await?;
            record(tx, &app, &scope, Action::ReplanRejected, &batch).await?;
            view(tx, batch).await
        })
    })
    .await
}

/// The rulebook, which nobody decides by until the end of the transaction.
async fn claimed(tx: &DatabaseTransaction, app: &App) -> Result<Arc<Rulebook>, Error> {
    let (version, known) = (rulebook::claimed(tx).await?, app.book());
    if known.version() == version {
        return Ok(known);
    }
    Ok(Arc::new(Rulebook::load(tx).await?))
}

async fn pending(tx: &DatabaseTransaction, id: Uuid) -> Result<KeptBatch, Error> {
    let batch = replan::find(tx, id).await?.ok_or(Error::NotFound)?;
    if batch.state != BatchState::Pending {
        return Err(conflict("decided_already", "this batch does not wait for a decision"));
    }
    Ok(batch)
}

pub(super) fn proposal(batch: &KeptBatch) -> Result<Proposal, Error> {
    serde_json::from_value(batch.edit.clone()).map_err(|error| {
        Error::Internal(store::Error::Corrupt {
            table: "replan_batch",
            column: "edit",
            id: batch.id.to_string(),
            problem: error.to_string(),
        })
    })
}

/// An undoing that waited may have been overtaken by another edit of the same days.
pub(super) fn still_fits(book: &Rulebook, proposal: &Proposal) -> Result<(), Error> {
    use crate::domain::calendar::Edit;
    let Proposal::Calendar { calendar, edit: Edit::Undo(change) } = proposal else { return Ok(()) };
    let overtaken = change.overtaken(&book.layer(*calendar)?.layer);
    let Some(first) = overtaken.first() else { return Ok(()) };
    let message = format!("{first} was changed again since; undo the later batch first");
    Err(conflict("changed_since", &message))
}

pub(super) fn conflict(code: &'static str, message: &str) -> Error {
    Error::Conflict { code, message: message.to_owned(), possible: Vec::new() }
}

pub(super) fn order(batch: u32, reason: &str, scope: &Scope) -> Order {
    let by = (scope.actor().user, scope.actor().organisation.id);
    Order { batch, reason: reason.to_owned(), by }
}

/// Writes the new rules, the tickets that change by them, and the letters.
#[expect(clippy::disallowed_methods, reason = "it is waited for, or ends when nobody listens")]
async fn write(
    tx: &DatabaseTransaction,
    app: &App,
    planned: &Arc<Planned>,
    order: &Order,
    at: DateTime<Utc>,
) -> Result<Tally, Error> {
    if let Some((layer, change)) = &planned.layer {
        rulebook::replace_layer(tx, layer, change).await?;
    }
    crash::point(Point::ReplanBegun);
    let (sender, mut prepared) = mpsc::channel(1);
    let snapshot = app.store.snapshot_unscoped().await?;
    let preparing =
        tokio::spawn(prepare((Arc::clone(planned), order.clone()), at, snapshot, sender));
    while let Some(batch) = prepared.recv().await {
        batch.run(tx).await?;
        crash::point(Point::ReplanMidway);
    }
    let gone = |_| store::Error::Abandoned("the tickets' changes were not prepared");
    let tally = preparing.await.map_err(gone)??;
    tell(tx, app, &tally, order, at).await?;
    crash::point(Point::ReplanWritten);
    Ok(tally)
}

/// Decides what is to be written, while another connection writes. The snapshot sees what that one
/// would: nothing stands before the change in its transaction, and whoever decides about a ticket
/// waits for its end.
async fn prepare(
    (planned, order): (Arc<Planned>, Order),
    at: DateTime<Utc>,
    db: DatabaseTransaction,
    sender: mpsc::Sender<Batch>,
) -> Result<Tally, Error> {
    let mut walk = Walk::begin(&db, &planned, &order, at).await?;
    while let Some(changed) = walk.next(&db).await? {
        let batch = batch_of(&db, &planned, order.batch, &changed).await?;
        if sender.send(batch).await.is_err() {
            // Writing failed, which says why.
            break;
        }
    }
    Ok(walk.end().0)
}

async fn batch_of(
    db: &DatabaseTransaction,
    planned: &Planned,
    number: u32,
    changed: &[(Ticket, Change)],
) -> Result<Batch, Error> {
    let mut batch = Batch::on(db);
    let pairs: Vec<_> = changed.iter().map(|(before, change)| (before, change)).collect();
    kept::update(&mut batch, &pairs);
    let entries = changed.iter().filter_map(|(ticket, change)| {
        let told = |event: &&Event| matches!(event.data, EventData::Replanned { .. });
        Some((ticket.id, change.events.iter().find(told)?.sequence))
    });
    replan::note(&mut batch, number, &entries.collect::<Vec<_>>());
    let changes: Vec<_> = changed.iter().map(|(_, change)| change).collect();
    outbox::insert(&mut batch, &expand(db, &planned.after, &changes, Vec::new()).await?);
    Ok(batch)
}

/// Writes one letter to each organisation whose deadlines moved.
async fn tell(
    tx: &DatabaseTransaction,
    app: &App,
    tally: &Tally,
    order: &Order,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let letters = tally.letters(order.batch, &order.reason);
    for some in letters.chunks(HOUSES_AT_ONCE) {
        let houses: Vec<OrganisationId> = some.iter().map(|(house, _)| *house).collect();
        let people = accounts::recipients(tx, &houses).await?;
        let bulletin = |(house, letter): &(OrganisationId, _)| NewBulletin {
            key: format!("deadlines_moved:{}:{house}", order.batch),
            bulletin: Bulletin::DeadlinesMoved(Clone::clone(letter)),
            at,
            to: people
                .iter()
                .filter(|person| person.organisation == *house)
                .map(|person| addressee(app, person, BulletinKind::DeadlinesMoved, at))
                .collect(),
        };
        outbox::insert_bulletins(tx, some.iter().map(bulletin).collect()).await?;
    }
    Ok(())
}

async fn record(
    tx: &DatabaseTransaction,
    app: &App,
    scope: &Scope,
    action: Action,
    batch: &KeptBatch,
) -> Result<(), Error> {
    let Impact { tickets, moved, waived, missed, .. } = &batch.impact;
    // What was decided about had waited; anything else was not there before.
    let before = batch.decided.as_ref().map(|_| json!({"batch_state": BatchState::Pending}));
    let detail = json!({"batch": batch.number, "edit": batch.edit, "undoes": batch.undoes,
        "before": before, "after": {"batch_state": batch.state},
        "tickets": tickets, "moved": moved, "waived": waived, "missed": missed});
    let entry = Entry::by(scope, action, app.clock.wall()).about(batch.number).with(detail);
    audit::record(tx, entry).await
}
