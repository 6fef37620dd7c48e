//! Claim, send, finish: three steps, and no transaction waits for a mail server.
//!
//! **Never** loses a delivery: what dies in between is taken again when its lease runs out, and
//! what was taken before the process had to end is given back.

use std::time::Duration;

use chrono::TimeDelta;
use futures::StreamExt as _;
use uuid::Uuid;

use super::ways::Ways;
use crate::crash::{self, Point};
use crate::domain::id::DeliveryId;
use crate::domain::notice::{Channel, Letter};
use crate::domain::retry;
use crate::notify::{Channels, Outcome};
use crate::service::letters::{self, Claimed, Finished};
use crate::service::notices::DeliveryState;
use crate::service::{App, Error};

/// Deliveries taken at once: with [`AT_ONCE`] and the longest time-out they fit into the lease.
const BATCH: u64 = 32;
/// Deliveries under way at once.
const AT_ONCE: usize = 8;
/// What is being sent when the process has to end may take this long.
const LAST_SENDS: Duration = Duration::from_secs(5);

/// Sends some of what is due on a channel; gives how many deliveries there were.
pub(super) async fn batch(
    app: &App,
    ways: &Ways,
    channel: Channel,
    worker: Uuid,
) -> Result<usize, Error> {
    let claimed = letters::claim(app, worker, channel, BATCH).await?;
    let count = claimed.len();
    if count == 0 {
        return Ok(0);
    }
    let channels = ways.current(app).await;
    let attempts =
        claimed.into_iter().map(|(delivery, letter)| attempt(app, &channels, delivery, letter));
    let mut attempts = futures::stream::iter(attempts).buffer_unordered(AT_ONCE);
    let (mut finished, mut not_begun) = (Vec::with_capacity(count), Vec::new());
    while let Some(one) = attempts.next().await {
        match one {
            Tried::Once(one) => finished.push(one),
            Tried::Not(id) => not_begun.push(id),
        }
        if finished.len() >= AT_ONCE {
            letters::finish(app, worker, std::mem::take(&mut finished)).await?;
        }
    }
    if !finished.is_empty() {
        letters::finish(app, worker, finished).await?;
    }
    if !not_begun.is_empty() {
        letters::give_back(app, worker, not_begun).await?;
    }
    Ok(count)
}

/// Whether a delivery was tried before the process had to end.
enum Tried {
    Once(Finished),
    Not(DeliveryId),
}

async fn attempt(app: &App, channels: &Channels, delivery: Claimed, letter: Letter) -> Tried {
    let draining = app.vitals.draining();
    if draining.is_cancelled() {
        return Tried::Not(delivery.id);
    }
    let cut = async {
        draining.cancelled().await;
        tokio::time::sleep(LAST_SENDS).await;
    };
    crash::point(Point::DeliveryUnsent);
    let outcome = tokio::select! {
        outcome = channels.send(delivery.channel, &letter, app.clock.wall()) => outcome,
        // It may have arrived: the other attempt has the same id.
        () = cut => Outcome::Retry { reason: "the service ended meanwhile".to_owned(), after: None },
    };
    crash::point(Point::DeliverySent);
    Tried::Once(judged(app, &delivery, &letter, outcome))
}

fn judged(app: &App, delivery: &Claimed, letter: &Letter, outcome: Outcome) -> Finished {
    let jitter = rand::random_range(0..1_000);
    let done = |state, due_at, response| Finished { id: delivery.id, state, due_at, response };
    match outcome {
        Outcome::Sent { response } => {
            app.vitals.sent(delivery.channel, app.clock.now() - delivery.due_at);
            done(DeliveryState::Sent, None, response)
        }
        Outcome::GiveUp { reason } => {
            dead_letter(delivery);
            done(DeliveryState::Failed, None, reason)
        }
        Outcome::Retry { reason, after } => match retry::pause(delivery.attempt, after, jitter) {
            Some(pause) => {
                let pause = TimeDelta::from_std(pause).unwrap_or(TimeDelta::days(1));
                let due_at = letters::leaves_again_at(app, letter, app.clock.now() + pause);
                done(DeliveryState::Queued, Some(due_at), reason)
            }
            None => {
                dead_letter(delivery);
                done(DeliveryState::Failed, None, reason)
            }
        },
    }
}

/// What the receiver said stays in the delivery log: it may quote the address.
fn dead_letter(delivery: &Claimed) {
    let Claimed { id, cause, attempt, .. } = delivery;
    let ticket = cause.ticket().map(tracing::field::display);
    tracing::warn!(delivery.id = %id, ticket.id = ticket, attempt, "a delivery failed for good");
}
