//! What repeats: the sweep of due tickets, the deliveries, the recurring jobs, the clearing up.
//!
//! **Never** holds a rule of its own, and never does a thing twice because two replicas run:
//! what they do is guarded in the database.

mod clear;
mod deliver;
mod engine;
mod schedule;
mod seal;
mod ways;

pub use engine::Engine;

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::domain::notice::Channel;
use crate::service::Error;
use crate::service::audit::chain::Taken;

/// How often each loop looks for work when it had none.
const TICK: Duration = Duration::from_millis(500);
/// How often the audit log is linked: what was written is in the chain so soon.
const SEAL_TICK: Duration = Duration::from_secs(1);
/// How often recurring jobs are looked at.
const JOB_TICK: Duration = Duration::from_secs(10);
/// How often old rows are cleared and the rulebook is read again.
const CLEAR_TICK: Duration = Duration::from_secs(60);

/// Starts the loops; they end, each after what it is doing, when `stop` is cancelled.
#[must_use]
pub fn start(engine: &Arc<Engine>, stop: &CancellationToken) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let (sweeper, token) = (Arc::clone(engine), stop.clone());
    tasks.spawn(async move {
        while wait(&token, TICK).await {
            sweeper.sweep().await;
        }
    });
    for channel in [Channel::Mail, Channel::Sms, Channel::Robot] {
        let (deliverer, token) = (Arc::clone(engine), stop.clone());
        tasks.spawn(async move {
            while wait(&token, TICK).await {
                deliverer.deliver(channel).await;
            }
        });
    }
    let (ticker, token) = (Arc::clone(engine), stop.clone());
    tasks.spawn(async move {
        while wait(&token, JOB_TICK).await {
            ticker.tick().await;
        }
    });
    let (sealer, token) = (Arc::clone(engine), stop.clone());
    tasks.spawn(async move {
        while wait(&token, SEAL_TICK).await {
            seal::run_once(sealer.app(), Taken::WhenDue).await;
        }
        seal::run_once(sealer.app(), Taken::Now).await;
    });
    let (clearer, token) = (Arc::clone(engine), stop.clone());
    tasks.spawn(async move {
        while wait(&token, CLEAR_TICK).await {
            clear::run_once(&clearer).await;
        }
    });
    tasks
}

/// Logs what a loop could not do; the next tick tries again.
fn failed(what: &'static str, error: &Error) {
    tracing::error!(%error, cause = ?error.source(), "{what} failed");
}

/// Logs how much a loop did.
fn did(what: &'static str, count: usize) {
    tracing::debug!(count, "{what}: a round is done");
}

/// Waits about a tick, so that replicas drift apart; false when it is time to stop.
async fn wait(stop: &CancellationToken, tick: Duration) -> bool {
    let jitter = rand::random_range(0.8..1.2);
    tokio::select! {
        () = stop.cancelled() => false,
        () = tokio::time::sleep(tick.mul_f64(jitter)) => true,
    }
}
