//! Clearing up: sessions that ran out, answers kept long enough, a rulebook that may be old.
//!
//! **Never** deletes what a ticket's history needs.

use super::failed;
use crate::service::{App, accounts, attachments, clear_answers, sweep};

/// Clears up once; a failure is logged and tried again with the next tick.
pub(super) async fn run_once(app: &App) {
    if let Err(error) = accounts::clear_sessions(app).await {
        failed("clearing sessions", &error);
    }
    if let Err(error) = clear_answers(app).await {
        failed("clearing kept answers", &error);
    }
    if let Err(error) = sweep::retry_stuck(app).await {
        failed("taking up stuck tickets again", &error);
    }
    if let Err(error) = attachments::sweep(app).await {
        failed("sweeping files without a ticket", &error);
    }
    if let Err(error) = app.reload().await {
        failed("reading the rulebook again", &error.into());
    }
}
