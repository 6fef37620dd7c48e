//! Clearing up: sessions that ran out, answers kept long enough, a rulebook that may be old.
//!
//! **Never** deletes what a ticket's history needs.

use crate::service::{App, accounts, clear_answers};

/// Clears up once; a failure is logged and tried again with the next tick.
pub(super) async fn run_once(app: &App) {
    if let Err(error) = accounts::clear_sessions(app).await {
        tracing::error!(%error, "sessions could not be cleared");
    }
    if let Err(error) = clear_answers(app).await {
        tracing::error!(%error, "kept answers could not be cleared");
    }
    if let Err(error) = app.reload().await {
        tracing::error!(%error, "the rulebook could not be read again");
    }
}
