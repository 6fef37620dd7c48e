//! Clients behind a balancer that knows no better than to try the next replica: what was not
//! answered, or by a 503, is sent again there, with its key.
//!
//! **Never** gives a deed up.

use std::net::SocketAddr;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::kill::{Common, Life};

const AGAIN: Duration = Duration::from_millis(20);

/// What clients went through.
#[derive(Default)]
pub(crate) struct Gone {
    /// Each deed, from its first try to its answer.
    pub(crate) times: Vec<Duration>,
    /// When each was acknowledged.
    pub(crate) acknowledged: Vec<Instant>,
    /// Requests that were sent again.
    pub(crate) again: usize,
    /// Answers that nobody should get.
    pub(crate) refused: Vec<String>,
}

/// Clients at work.
pub(crate) struct Load {
    addresses: Arc<RwLock<Vec<SocketAddr>>>,
    stop: CancellationToken,
    tasks: JoinSet<Gone>,
}

impl Load {
    /// Lets so many clients begin.
    pub(crate) fn begin(clients: usize, common: &Arc<Common>, addresses: Vec<SocketAddr>) -> Self {
        let (addresses, stop) = (Arc::new(RwLock::new(addresses)), CancellationToken::new());
        let mut tasks = JoinSet::new();
        for client in 0..clients {
            let (common, addresses) = (Arc::clone(common), Arc::clone(&addresses));
            tasks.spawn(work(client, common, addresses, stop.clone()));
        }
        Self { addresses, stop, tasks }
    }

    /// A replica listens elsewhere now.
    pub(crate) fn moved(&self, which: usize, to: SocketAddr) {
        self.addresses.write().expect("whole")[which] = to;
    }

    /// Lets every client end its deed.
    pub(crate) async fn end(mut self) -> Gone {
        self.stop.cancel();
        let mut gone = Gone::default();
        while let Some(one) = self.tasks.join_next().await {
            let one = one.expect("a client ended");
            gone.times.extend(one.times);
            gone.acknowledged.extend(one.acknowledged);
            gone.again += one.again;
            gone.refused.extend(one.refused);
        }
        gone.acknowledged.sort();
        gone
    }
}

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
            match life.step(&mut one, &common).await {
                Some(answer) if answer.is_ok() => {
                    connection = Some((address, one));
                    break;
                }
                Some(answer) if answer.status != 503 => {
                    gone.refused.push(format!("{} {}", answer.status, answer.text()));
                    return gone;
                }
                _ => {}
            }
            gone.again += 1;
            which += 1;
            tokio::time::sleep(AGAIN).await;
        }
        gone.times.push(begun.elapsed());
        gone.acknowledged.push(Instant::now());
    }
    gone
}
