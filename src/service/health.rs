//! How the service is, for whoever watches it.
//!
//! **Never** tells anything of a tenant.

use std::time::Duration;

use chrono::TimeDelta;

use super::hold::{self, Hold};
use super::vitals::Round;
use super::{App, Error, skew};
use crate::domain::notice::Channel;
use crate::store::outbox::DeliveryState;
pub use crate::store::vitals::{Connections, Standby};
use crate::store::{figures, vitals};

/// Whoever asks whether the service is ready waits no longer than this for the database.
const PATIENCE: Duration = Duration::from_secs(3);
/// What is counted of queues stops here.
pub const MOST: u64 = vitals::MOST;

/// Figures of the whole service, from its database.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Tickets ever filed.
    pub tickets: u64,
    /// Deliveries that wait for their time or turn, up to [`MOST`].
    pub queued: u64,
    /// Dead letters that wait for a person, up to [`MOST`].
    pub dead_letters: u64,
    /// Tickets that are due now and not handled yet, up to [`MOST`].
    pub due: u64,
    /// Tickets whose handling failed too often and that wait for a person, up to [`MOST`].
    pub stuck: u64,
    /// 1 while firing is on hold.
    pub on_hold: u64,
    /// How long the ticket has waited that is due longest.
    pub oldest_due: TimeDelta,
    /// How long the delivery has waited that could leave longest, on each channel.
    pub oldest_queued: [(Channel, TimeDelta); 3],
    /// Who follows the database, as far as its role may know.
    pub standbys: Vec<Standby>,
}

/// What is to be said of a service that can do its work.
#[derive(Debug, Clone)]
pub struct Readiness {
    /// The hold that is on: people can work during one.
    pub hold: Option<Hold>,
    /// How far this process's clock is ahead, when that is too far: it fires nothing.
    pub ahead: Option<TimeDelta>,
    /// The loops that have not ended a round for too long.
    pub stuck: Vec<(Round, Duration)>,
}

/// Why the service cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum Unready {
    /// It is about to end.
    #[error("the service is about to end")]
    Draining,
    /// The database takes no writing.
    #[error("the database is read-only")]
    ReadOnly,
    /// The database does not answer, or not in time.
    #[error("the database does not answer")]
    Silent(#[source] Option<Error>),
}

/// Answers when the service can do its work.
///
/// # Errors
/// [`Unready`].
pub async fn ready(app: &App) -> Result<Readiness, Unready> {
    if app.vitals.is_draining() {
        return Err(Unready::Draining);
    }
    let asked = async {
        let is_read_only = app.store.is_read_only().await?;
        Ok::<_, Error>((is_read_only, hold::current(app).await?))
    };
    let (is_read_only, hold) = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(Unready::Silent(Some(error))),
        Err(_elapsed) => return Err(Unready::Silent(None)),
    };
    if is_read_only {
        return Err(Unready::ReadOnly);
    }
    let ahead = skew::known(app).and_then(|(ahead, is_off)| is_off.then_some(ahead));
    Ok(Readiness { hold, ahead, stuck: app.vitals.stuck() })
}

/// The figures as they stand.
///
/// # Errors
/// [`Error::Internal`].
pub async fn figures(app: &App) -> Result<Figures, Error> {
    let (db, at) = (app.store.read_unscoped(), app.clock.now());
    let (due, stuck) = vitals::due(db, at).await?;
    let waited = |since: Option<_>| since.map_or(TimeDelta::zero(), |since| at - since);
    let mut oldest_queued =
        [Channel::Mail, Channel::Sms, Channel::Robot].map(|c| (c, waited(None)));
    for (channel, oldest) in &mut oldest_queued {
        *oldest = waited(vitals::oldest_queued(db, *channel, at).await?);
    }
    Ok(Figures {
        tickets: figures::tickets(db).await?,
        queued: vitals::deliveries(db, DeliveryState::Queued).await?,
        dead_letters: vitals::deliveries(db, DeliveryState::Failed).await?,
        due,
        stuck,
        on_hold: u64::from(hold::current(app).await?.is_some()),
        oldest_due: waited(vitals::oldest_due(db, at).await?),
        oldest_queued,
        standbys: app.store.standbys().await?,
    })
}

/// The connections to the database.
#[must_use]
pub fn connections(app: &App) -> Connections {
    app.store.connections()
}
