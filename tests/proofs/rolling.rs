//! Every replica is asked to end and started again, in turn, while clients work: nobody is
//! refused, and nothing is lost or done twice.
//!
//! **Never** spares a client the trouble that a balancer would have: a closed connection or a 503
//! is sent again, elsewhere, with its key.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::balance::Load;
use super::cluster::{Database, Engine};
use super::kill::Common;
use super::ledger::Ledger;
use super::options::Options;
use super::people::People;
use super::replica::Replica;
use super::report::Report;
use super::truth::{self, Scope};

/// Requests under way may take this long to end.
const DRAIN: Duration = Duration::from_secs(20);
const PREFIX: &str = "k-";

pub(crate) async fn run(options: &Options, engine: Engine, report: &mut Report) {
    let rounds: usize = options.number("rounds", 2, 50);
    let clients: usize = options.number("clients", 8, 16);
    let replicas = options.replicas(engine, 3);
    let mut random = StdRng::seed_from_u64(options.seed);
    let database = Database::filled(engine).await;
    let reader = database.connect().await;
    report.engine_version(reader.version().await);
    let mut services = Replica::start_all(&database, replicas).await;
    let people = People::sign_in(services[0].address).await;
    let common = Arc::new(Common { people, ledger: Ledger::new(database.folder()) });
    let addresses = services.iter().map(|service| service.address).collect();
    let load = Load::begin(clients, &common, addresses);
    let (mut drains, mut gaps) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        for (which, service) in services.iter_mut().enumerate() {
            tokio::time::sleep(Duration::from_millis(random.random_range(100..800))).await;
            let begun = Instant::now();
            service.terminate();
            match service.ended(DRAIN).await {
                Some(status) if status.success() => drains.push(begun.elapsed()),
                Some(status) => report.violated(format!("it ended with {status}")),
                None => report.violated(format!("a replica did not end in {DRAIN:?}")),
            }
            *service = Replica::start(&database).await;
            gaps.push(begun.elapsed());
            load.moved(which, service.address);
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let gone = load.end().await;
    report.figure("replicas", replicas);
    report.figure("restarts", gaps.len());
    report.figure("acknowledged", common.ledger.len());
    report.figure("refused", gone.refused.len());
    report.violated_all(gone.refused);
    report.figure("sent again, after a closed connection or a 503", gone.again);
    let entries = common.ledger.since(0);
    let effects = truth::effects(&reader, &entries, PREFIX).await;
    report.figure("lost", effects.lost.len());
    report.figure("doubled", effects.doubled.len());
    report.violated_all([effects.lost, effects.doubled].concat());
    report.violated_all(truth::halves(&reader, &Scope::All).await);
    report.milliseconds("from the signal to the end, ms", &drains);
    report.milliseconds("from the signal to ready again, ms", &gaps);
    report.milliseconds("a deed, from first try to answer, ms", &gone.times);
}
