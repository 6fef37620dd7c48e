//! How the service is, for whoever watches it.
//!
//! **Never** tells anything of a tenant.

use super::hold::{self, Hold};
use super::{App, Error};
use crate::store::outbox::DeliveryState;
use crate::store::{figures, sweep};

/// Figures of the whole service.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Tickets ever filed.
    pub tickets: u64,
    /// Deliveries that wait for their time or turn.
    pub queued: u64,
    /// Dead letters that wait for a person.
    pub dead_letters: u64,
    /// Tickets that are due now and not handled yet; counted up to [`MOST_DUE`].
    pub due: u64,
    /// Tickets whose handling failed too often and that wait for a person.
    pub stuck: u64,
    /// 1 while firing is on hold.
    pub on_hold: u64,
}

/// Due tickets are not counted beyond this.
pub const MOST_DUE: u64 = 1000;

/// Answers when the service can do its work, with the hold that is on: people can work during
/// one, so it does not make the service unready.
///
/// # Errors
/// [`Error::Internal`] when the database does not answer.
pub async fn ready(app: &App) -> Result<Option<Hold>, Error> {
    hold::current(app).await
}

/// The figures as they stand.
///
/// # Errors
/// [`Error::Internal`].
pub async fn figures(app: &App) -> Result<Figures, Error> {
    let db = app.store.read();
    let due = sweep::due(db, app.clock.now(), MOST_DUE).await?.len();
    let stuck = sweep::stuck(db).await?.len();
    Ok(Figures {
        tickets: figures::tickets(db).await?,
        queued: figures::deliveries(db, DeliveryState::Queued).await?,
        dead_letters: figures::deliveries(db, DeliveryState::Failed).await?,
        due: u64::try_from(due).unwrap_or(u64::MAX),
        stuck: u64::try_from(stuck).unwrap_or(u64::MAX),
        on_hold: u64::from(hold::current(app).await?.is_some()),
    })
}
