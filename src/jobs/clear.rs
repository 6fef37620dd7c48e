//! Clearing up: sessions that ran out, answers and news kept long enough, a rulebook that may be
//! old.
//!
//! **Never** deletes what a ticket's history needs, nor anything on hold: by a clock in doubt
//! everything looks old, and beside an old database every newer file looks like an orphan.

use super::{Engine, failed};
use crate::service::{App, accounts, attachments, audit, clear_answers, drafts, feed, hold, sweep};

/// Clears up once; a failure is logged and tried again with the next tick.
pub(super) async fn run_once(engine: &Engine) {
    let app = engine.app();
    if engine.may_fire().await {
        clear(app).await;
    } else {
        remind(app).await;
    }
    if let Err(error) = app.reload().await {
        failed("reading the rulebook again", &error.into());
    }
}

/// A hold is not to be forgotten.
async fn remind(app: &App) {
    if let Ok(Some(hold)) = hold::current(app).await {
        tracing::warn!(since = %hold.since, "{}", hold.announcement());
    }
}

async fn clear(app: &App) {
    if let Err(error) = accounts::clear_sessions(app).await {
        failed("clearing sessions", &error);
    }
    if let Err(error) = clear_answers(app).await {
        failed("clearing kept answers", &error);
    }
    if let Err(error) = drafts::clear(app).await {
        failed("clearing old drafts", &error);
    }
    if let Err(error) = audit::chain::trim(app).await {
        failed("removing old entries of the audit log", &error);
    }
    if let Err(error) = feed::clear(app).await {
        failed("clearing the feed", &error);
    }
    if let Err(error) = sweep::retry_stuck(app).await {
        failed("taking up stuck tickets again", &error);
    }
    if let Err(error) = attachments::sweep(app).await {
        failed("sweeping files without a ticket", &error);
    }
}
