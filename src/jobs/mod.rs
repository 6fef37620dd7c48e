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

use crate::service::Error;
use crate::service::audit::chain::Taken;
use crate::service::vitals::Round;

/// How often each loop looks for work when it had none.
const TICK: Duration = Duration::from_millis(500);
/// How often the audit log is linked: what was written is in the chain so soon.
const SEAL_TICK: Duration = Duration::from_secs(1);
/// How often recurring jobs are looked at.
const JOB_TICK: Duration = Duration::from_secs(10);
/// How often old rows are cleared and the rulebook is read again.
const CLEAR_TICK: Duration = Duration::from_secs(60);

/// Starts the loops. They end, each after what it is doing, when the process is about to end or
/// `stop` is cancelled; the one that seals the audit log ends with `stop`, after everything else.
#[must_use]
pub fn start(engine: &Arc<Engine>, stop: &CancellationToken) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for round in Round::ALL.into_iter().filter(|round| *round != Round::Seal) {
        let (engine, stop) = (Arc::clone(engine), stop.clone());
        tasks.spawn(async move {
            let vitals = &engine.app().vitals;
            vitals.beat(round);
            while wait([&stop, vitals.draining()], tick(round)).await {
                engine.turn(round).await;
            }
        });
    }
    let (sealer, token) = (Arc::clone(engine), stop.clone());
    tasks.spawn(async move {
        sealer.app().vitals.beat(Round::Seal);
        while wait([&token, &token], tick(Round::Seal)).await {
            sealer.turn(Round::Seal).await;
        }
        seal::run_once(sealer.app(), Taken::Now).await;
    });
    tasks
}

fn tick(round: Round) -> Duration {
    match round {
        Round::Sweep | Round::Deliver(_) => TICK,
        Round::Jobs => JOB_TICK,
        Round::Seal => SEAL_TICK,
        Round::Clear => CLEAR_TICK,
    }
}

/// Logs what a loop could not do; the next tick tries again.
fn failed(what: &'static str, error: &Error) {
    tracing::error!(%error, cause = ?error.source(), "{what} failed");
}

/// Logs how much a loop did.
fn did(what: &'static str, count: usize) {
    tracing::debug!(count, "{what}: a round is done");
}

/// Waits about a tick, so that replicas drift apart; false when it is time to stop, by either.
async fn wait(stop: [&CancellationToken; 2], tick: Duration) -> bool {
    let jitter = rand::random_range(0.8..1.2);
    let [one, other] = stop;
    tokio::select! {
        biased;
        () = one.cancelled() => false,
        () = other.cancelled() => false,
        () = tokio::time::sleep(tick.mul_f64(jitter)) => true,
    }
}
