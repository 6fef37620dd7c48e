//! Firing on hold, and letting it go on.
//!
//! On hold nothing fires: no ticket is swept, no delivery leaves, nothing recurs, nothing is
//! cleared up. Intake goes on: people file, reply and confirm, and an act still brings its own
//! ticket up to the instant, because a reply judged without the deadline that passed before it
//! would count as in time, for good. What such an act causes is queued and waits with the rest.
//!
//! **Never** ends a hold by itself.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::audit::{self, Action, Entry, Origin};
use super::{App, Error, Limits, skew};
pub use crate::domain::hold::{Hold, HoldCause};
use crate::domain::hold::{Tick, judge};
use crate::domain::id::TicketId;
use crate::domain::ticket::next_step;
pub use crate::store::outbox::Waiting;
use crate::store::outbox::{self, Queued};
use crate::store::{hold, sweep, tickets as kept};

/// Tickets read at once for a preview.
const AT_ONCE: usize = 500;

/// The hold that is on, if any.
///
/// # Errors
/// [`Error::Internal`].
pub async fn current(app: &App) -> Result<Option<Hold>, Error> {
    Ok(hold::find(app.store.read_unscoped()).await?)
}

/// The gate before everything that fires: false while on hold, and while this process's clock is
/// off. Records the clock's ticks, and begins a hold when the last one says that the clock cannot
/// be trusted; the demo's clock jumps at will and is not judged.
///
/// # Errors
/// [`Error::Internal`]; then nothing may fire either.
pub async fn may_fire(app: &App) -> Result<bool, Error> {
    let (db, at) = (app.store.read_unscoped(), app.clock.now());
    // First, so that it is seen on hold, too, and before any tick is recorded: a wrong clock must
    // not put the others on hold.
    let is_right = skew::is_right(app).await?;
    if !is_right || app.unchecked.load(Ordering::Acquire) || hold::find(db).await?.is_some() {
        return Ok(false);
    }
    match app.limits {
        Limits::Off => Ok(true),
        Limits::On => match judge(hold::last_tick(db).await?, at) {
            Tick::Recent => Ok(true),
            Tick::Record | Tick::Doubtful(_) => tick(app, at).await,
        },
    }
}

/// Judges again inside the transaction that writes: another replica may have been faster.
async fn tick(app: &App, at: DateTime<Utc>) -> Result<bool, Error> {
    let begun = app
        .store
        .write(move |tx| {
            Box::pin(async move {
                if let Some(on) = hold::find(tx).await? {
                    return Ok::<_, Error>(Some(on));
                }
                match judge(hold::last_tick(tx).await?, at) {
                    Tick::Recent => Ok(None),
                    Tick::Record => {
                        hold::record_tick(tx, at).await?;
                        Ok(None)
                    }
                    Tick::Doubtful(new) => {
                        hold::begin(tx, &new).await?;
                        Ok(Some(new))
                    }
                }
            })
        })
        .await?;
    if let Some(hold) = &begun {
        tracing::error!(since = %hold.since, cause = ?hold.cause, "{}", hold.announcement());
    }
    Ok(begun.is_none())
}

/// Puts firing on hold, unless it is; gives the hold that is on now. What is being sent at this
/// moment is sent to its end.
///
/// # Errors
/// [`Error::Internal`].
pub async fn begin(app: &App, cause: HoldCause, reason: String) -> Result<Hold, Error> {
    let new = Hold::begun(cause, reason, app.clock.now());
    let entry = Entry::unnamed(Origin::command_line(), Action::HoldBegun, app.clock.wall());
    let entry = entry.with(json!({ "cause": cause }));
    app.store
        .write(move |tx| {
            let (new, entry) = (new.clone(), entry.clone());
            Box::pin(async move {
                if hold::find(tx).await?.is_none() {
                    audit::record(tx, entry).await?;
                }
                hold::begin(tx, &new).await?;
                Ok::<_, Error>(hold::find(tx).await?.unwrap_or(new))
            })
        })
        .await
}

/// Looks through a database whose last end was not clean; true when it is sound. Until then nothing
/// fires; afterwards it does, or a hold says what is wrong.
///
/// # Errors
/// [`Error::Internal`]; then nothing fires until a restart.
pub async fn look_through(app: &App) -> Result<bool, Error> {
    let problems = match app.store.problems().await {
        Ok(problems) => problems,
        Err(error) => vec![error.to_string()],
    };
    if !problems.is_empty() {
        let reason = format!(
            "the service ended without notice, and its database is damaged: restore a backup ({})",
            problems.join("; ")
        );
        tracing::error!("{reason}");
        begin(app, HoldCause::Damage, reason).await?;
    }
    app.unchecked.store(false, Ordering::Release);
    Ok(problems.is_empty())
}

/// What a release would set going.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The hold.
    pub hold: Hold,
    /// Tickets that are due, by what is due first, with the instant of the oldest.
    pub steps: BTreeMap<&'static str, (u64, DateTime<Utc>)>,
    /// Deliveries queued before the hold began.
    pub before: Vec<Waiting>,
    /// Deliveries queued since.
    pub since: Vec<Waiting>,
}

/// Shows what a release would set going; `None` when nothing is on hold.
///
/// # Errors
/// [`Error::Internal`].
pub async fn preview(app: &App) -> Result<Option<Preview>, Error> {
    let (db, at) = (app.store.read_unscoped(), app.clock.now());
    let Some(hold) = hold::find(db).await? else { return Ok(None) };
    let mut steps = BTreeMap::new();
    for due in sweep::all_due(db, at).await?.chunks(AT_ONCE) {
        let ids: Vec<TicketId> = due.iter().map(|(_, id)| *id).collect();
        for ticket in kept::load(db, &ids).await? {
            let Some((due_at, step)) = next_step(&ticket) else { continue };
            let (count, oldest) = steps.entry(step.words()).or_insert((0, due_at));
            *count += 1;
            *oldest = due_at.min(*oldest);
        }
    }
    let before = outbox::waiting(db, Queued::Before(hold.queued_before)).await?;
    let since = outbox::waiting(db, Queued::Since(hold.queued_before)).await?;
    Ok(Some(Preview { hold, steps, before, since }))
}

/// What becomes of the deliveries that were queued before the hold began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backlog {
    /// They are sent.
    Send,
    /// They become dead letters: after a restore they may have been sent already.
    Skip,
}

/// Ends the hold, by whoever operates the service: everything due is handled in due order, as after downtime. Gives how many
/// deliveries became dead letters; `None` when nothing was on hold.
///
/// # Errors
/// [`Error::Internal`].
pub async fn release(app: &App, backlog: Backlog) -> Result<Option<u64>, Error> {
    let now = (app.clock.now(), app.clock.wall());
    app.store
        .write(move |tx| {
            Box::pin(async move {
                let Some(on) = hold::find(tx).await? else { return Ok::<_, Error>(None) };
                let skipped = match backlog {
                    Backlog::Send => 0,
                    Backlog::Skip => {
                        let response = skipped_by(&on);
                        outbox::bury_queued(tx, on.queued_before, &response, now).await?
                    }
                };
                // The silence that ends here has been accepted by a person.
                hold::record_tick(tx, now.0).await?;
                hold::end(tx).await?;
                let entry = Entry::unnamed(Origin::command_line(), Action::HoldReleased, now.1);
                let detail = json!({
                    "cause": on.cause,
                    "since": on.since,
                    "backlog_skipped": backlog == Backlog::Skip,
                    "skipped": skipped,
                });
                audit::record(tx, entry.with(detail)).await?;
                Ok(Some(skipped))
            })
        })
        .await
}

fn skipped_by(hold: &Hold) -> String {
    format!(
        "not sent: it was queued before the hold of {} ({}) and was skipped at its release, \
         because it may have been sent already; replay it if it was not",
        hold.since.format("%Y-%m-%d %H:%M UTC"),
        hold.cause.words()
    )
}
