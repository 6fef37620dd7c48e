//! Seeing what a change does before it is made, and what batches did.
//!
//! **Never** tells an administrator more of a ticket than its number and its deadlines.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::admit;
use super::apply::{conflict, order, proposal, still_fits};
use super::plan::{Planned, Proposal, Walk};
use crate::domain::access::Scope;
use crate::domain::calendar::{Day, DayKind, Edit};
use crate::domain::holiday::Doubt;
use crate::domain::id::{PolicyId, TicketId};
use crate::domain::impact::{Impact, Named};
use crate::domain::ticket::Moved;
use crate::service::names::Names;
use crate::service::{App, Error};
use crate::store::replan::{self, BatchState, KeptBatch};

/// A batch with the names that go with it.
#[derive(Debug, Clone)]
pub struct BatchView {
    /// The batch.
    pub batch: KeptBatch,
    /// What it changes.
    pub proposal: Option<Proposal>,
    /// The name of who proposed it.
    pub made_by: String,
    /// The name of who decided it.
    pub decided_by: Option<String>,
}

/// A day before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The civil date in Shanghai.
    pub date: NaiveDate,
    /// What it was to a deadline.
    pub before: DayKind,
    /// What it is.
    pub after: DayKind,
    /// What the layer says of it now; `None` = nothing any more.
    pub day: Option<Day>,
}

/// A ticket with its moved deadlines.
pub type MovedTicket = (TicketId, String, Vec<Moved>);

/// What a change does, or would do.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The days that change.
    pub days: Vec<Seen>,
    /// Years in which the calendar says something and which are not published.
    pub provisional: Vec<i32>,
    /// What is odd about the calendar afterwards, and has to be confirmed by name.
    pub doubts: Vec<Doubt>,
    /// The first deadlines that move.
    pub deadlines: Vec<MovedTicket>,
    /// The counts of all.
    pub impact: Impact,
    /// To confirm exactly this.
    pub seal: String,
    /// The batch, once it was confirmed.
    pub batch: Option<BatchView>,
}

impl Outcome {
    pub(super) fn of(
        planned: &Planned,
        deadlines: Vec<MovedTicket>,
        impact: Impact,
        seal: String,
    ) -> Self {
        let days = planned.layer.iter().flat_map(|(layer, change)| {
            let calendars =
                (planned.before.calendar_from(layer.of), planned.after.calendar_from(layer.of));
            change.days.iter().map(move |day| Seen {
                date: day.date,
                before: calendars.0.kind(day.date),
                after: calendars.1.kind(day.date),
                day: day.after.clone(),
            })
        });
        let nation = planned.after.nation();
        let mut provisional = planned.years();
        provisional.retain(|year| !nation.is_published(*year));
        let (days, doubts) = (days.collect(), planned.doubts());
        Self { days, provisional, doubts, deadlines, impact, seal, batch: None }
    }
}

/// Moved deadlines by ticket.
pub(super) fn named(named: Vec<Named>) -> Vec<MovedTicket> {
    let mut tickets: BTreeMap<TicketId, (String, Vec<Moved>)> = BTreeMap::new();
    for Named { ticket, number, moved } in named {
        tickets.entry(ticket).or_insert_with(|| (number, Vec::new())).1.push(moved);
    }
    tickets.into_iter().map(|(ticket, (number, moved))| (ticket, number, moved)).collect()
}

/// Shows what a change would do, and changes nothing.
///
/// # Errors
/// [`Error::Forbidden`], [`Error::NotFound`], and [`Error::Invalid`] where nothing would change.
pub async fn preview(app: &App, scope: &Scope, wanted: &Proposal) -> Result<Outcome, Error> {
    admit(scope)?;
    app.refresh().await?;
    still_fits(&app.book(), wanted)?;
    look(app, scope, wanted, app.clock.now()).await
}

async fn look(
    app: &App,
    scope: &Scope,
    wanted: &Proposal,
    at: DateTime<Utc>,
) -> Result<Outcome, Error> {
    let _turn = app.long_read().await?;
    let planned = Planned::of(app.book(), wanted)?;
    let order = order(0, "", scope);
    let snapshot = app.store.snapshot_as(scope).await?;
    let mut walk = Walk::begin(&snapshot, &planned, &order, at).await?;
    while walk.next(&snapshot).await?.is_some() {}
    let (tally, seal) = walk.end();
    Ok(Outcome::of(&planned, named(tally.named), tally.impact, seal))
}

/// One page of the batches, newest first, before a number.
///
/// # Errors
/// [`Error::Forbidden`] unless an administrator asks.
pub async fn batches(
    app: &App,
    scope: &Scope,
    before: Option<u32>,
    limit: u64,
) -> Result<Vec<BatchView>, Error> {
    admit(scope)?;
    let db = &app.store.read_as(scope).await?;
    views(db, replan::list(db, before, limit).await?).await
}

/// A batch with the first deadlines that it moved.
///
/// # Errors
/// [`Error::Forbidden`], [`Error::NotFound`].
pub async fn show(
    app: &App,
    scope: &Scope,
    id: Uuid,
) -> Result<(BatchView, Vec<MovedTicket>), Error> {
    admit(scope)?;
    let db = &app.store.read_as(scope).await?;
    let batch = replan::find(db, id).await?.ok_or(Error::NotFound)?;
    let moved = match batch.state {
        BatchState::Applied => replan::moved(db, batch.number, SHOWN).await?,
        BatchState::Pending | BatchState::Rejected => Vec::new(),
    };
    Ok((view(db, batch).await?, moved))
}

/// Tickets of a batch that are shown.
const SHOWN: u64 = 500;

/// What a batch that waits would do now.
///
/// # Errors
/// As [`preview`].
pub async fn preview_batch(app: &App, scope: &Scope, id: Uuid) -> Result<Outcome, Error> {
    admit(scope)?;
    let batch = replan::find(&app.store.read_as(scope).await?, id).await?.ok_or(Error::NotFound)?;
    preview(app, scope, &proposal(&batch)?).await
}

pub(super) async fn view(db: &impl ConnectionTrait, batch: KeptBatch) -> Result<BatchView, Error> {
    views(db, vec![batch]).await?.pop().ok_or(Error::NotFound)
}

async fn views(
    db: &impl ConnectionTrait,
    batches: Vec<KeptBatch>,
) -> Result<Vec<BatchView>, Error> {
    let mut people: Vec<_> = batches.iter().map(|batch| batch.made.0).collect();
    people.extend(batches.iter().filter_map(|batch| Some(batch.decided.as_ref()?.by)));
    let names = Names::read(db, people, []).await?;
    let view = |batch: KeptBatch| BatchView {
        made_by: names.person(batch.made.0),
        decided_by: batch.decided.as_ref().map(|decided| names.person(decided.by)),
        proposal: proposal(&batch).ok(),
        batch,
    };
    Ok(batches.into_iter().map(view).collect())
}

/// What takes a batch back, with its number.
///
/// # Errors
/// [`Error::Forbidden`], [`Error::NotFound`], and [`Error::Conflict`] for a batch that did not
/// take effect, or none that can be taken back.
pub async fn undoing(app: &App, scope: &Scope, id: Uuid) -> Result<(Proposal, u32), Error> {
    admit(scope)?;
    let batch = replan::find(&app.store.read_as(scope).await?, id).await?;
    let batch = batch.ok_or(Error::NotFound)?;
    if batch.state != BatchState::Applied {
        return Err(conflict("not_applied", "this batch did not take effect"));
    }
    app.refresh().await?;
    match (proposal(&batch)?, batch.made_version) {
        (Proposal::Calendar { calendar, .. }, Some(version)) => {
            let book = app.book();
            let change = book.change(calendar, version).ok_or(Error::NotFound)?;
            Ok((Proposal::Calendar { calendar, edit: Edit::Undo(change.clone()) }, batch.number))
        }
        (Proposal::Calendar { .. } | Proposal::Policy { .. }, _) => Err(conflict(
            "cannot_be_undone",
            "judge the tickets by the earlier version of the policy instead",
        )),
    }
}

/// Judging the open tickets of a region by a version of its policy from now on.
///
/// # Errors
/// [`Error::Forbidden`], [`Error::NotFound`], and [`Error::Conflict`] for a version that was
/// withdrawn: nothing may be judged by it any more.
pub async fn judging(app: &App, scope: &Scope, policy: PolicyId) -> Result<Proposal, Error> {
    admit(scope)?;
    app.refresh().await?;
    let book = app.book();
    let found = book.policies().iter().find(|known| known.id == policy).ok_or(Error::NotFound)?;
    if found.withdrawn.is_some() {
        return Err(conflict("policy_withdrawn", "this version was withdrawn"));
    }
    Ok(Proposal::Policy { policy })
}
