//! Every replica is asked to end and started again, in turn, while clients work: nobody is
//! refused, and nothing is lost or done twice.
//!
//! **Never** spares a client the trouble that a balancer would have: a closed connection or a 503
//! is sent again, elsewhere, with its key.

use std::net::SocketAddr;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::cluster::{Database, Engine};
use super::kill::{Common, Life};
use super::ledger::Ledger;
use super::options::Options;
use super::people::People;
use super::replica::Replica;
use super::report::Report;
use super::truth::{self, Scope};

/// Requests under way may take this long to end.
const DRAIN: Duration = Duration::from_secs(20);
const AGAIN: Duration = Duration::from_millis(20);
const PREFIX: &str = "k-";

/// What a client went through.
#[derive(Default)]
struct Gone {
    times: Vec<Duration>,
    again: usize,
    refused: Vec<String>,
}

pub(crate) async fn run(options: &Options, engine: Engine, report: &mut Report) {
    let rounds: usize = options.number("rounds", 2, 50);
    let clients: usize = options.number("clients", 8, 16);
    let replicas = match engine {
        Engine::Sqlite => 1,
        Engine::Postgres => options.number("replicas", 3, 3),
    };
    let mut random = StdRng::seed_from_u64(options.seed);
    let database = Database::filled(engine).await;
    let reader = database.connect().await;
    report.engine_version(reader.version().await);
    let mut services = Vec::new();
    for _ in 0..replicas {
        services.push(Replica::start(&database).await);
    }
    let people = People::sign_in(services[0].address).await;
    let common = Arc::new(Common { people, ledger: Ledger::new(database.folder()) });
    let addresses: Vec<SocketAddr> = services.iter().map(|service| service.address).collect();
    let addresses = Arc::new(RwLock::new(addresses));
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    for client in 0..clients {
        tasks.spawn(work(client, Arc::clone(&common), Arc::clone(&addresses), stop.clone()));
    }
    let (mut drains, mut gaps) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        for which in 0..replicas {
            tokio::time::sleep(Duration::from_millis(random.random_range(100..800))).await;
            let begun = Instant::now();
            services[which].terminate();
            match services[which].ended(DRAIN).await {
                Some(status) if status.success() => drains.push(begun.elapsed()),
                Some(status) => report.violated(format!("it ended with {status}")),
                None => report.violated(format!("a replica did not end in {DRAIN:?}")),
            }
            services[which] = Replica::start(&database).await;
            gaps.push(begun.elapsed());
            addresses.write().expect("whole")[which] = services[which].address;
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.cancel();
    let mut gone = Gone::default();
    while let Some(one) = tasks.join_next().await {
        let one = one.expect("a client ended");
        gone.times.extend(one.times);
        gone.again += one.again;
        gone.refused.extend(one.refused);
    }
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

/// A client behind a balancer that knows no better than to try the next replica.
async fn work(
    client: usize,
    common: Arc<Common>,
    addresses: Arc<RwLock<Vec<SocketAddr>>>,
    stop: CancellationToken,
) -> Gone {
    let mut gone = Gone::default();
    let mut life = Life::new(client);
    let mut which = client;
    let mut connection: Option<(SocketAddr, Client)> = None;
    while !stop.is_cancelled() {
        let begun = Instant::now();
        loop {
            let address = {
                let addresses = addresses.read().expect("whole");
                addresses[which % addresses.len()]
            };
            let kept = connection.take().filter(|(known, _)| *known == address);
            let (_, mut one) = kept.unwrap_or_else(|| (address, Client::to(address)));
            let answer = life.step(&mut one, &common).await;
            let is_over = match answer {
                Some(answer) if answer.is_ok() => true,
                Some(answer) if answer.status == 503 => false,
                Some(answer) => {
                    gone.refused.push(format!("{} {}", answer.status, answer.text()));
                    return gone;
                }
                None => false,
            };
            if is_over {
                connection = Some((address, one));
                break;
            }
            gone.again += 1;
            which += 1;
            tokio::time::sleep(AGAIN).await;
        }
        gone.times.push(begun.elapsed());
    }
    gone
}
