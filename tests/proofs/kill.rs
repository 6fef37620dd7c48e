//! The service is killed at random, again and again on one database, while clients file, write,
//! attach, reply, solve and confirm.
//!
//! **Never** asks the service what it has done: the ledger says what it acknowledged, and the
//! database what there is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::task::JoinSet;

use super::client::{Answer, Client};
use super::cluster::{Database, Engine, Reader};
use super::ledger::{Entry, Ledger};
use super::options::Options;
use super::people::{Deed, People};
use super::replica::Replica;
use super::report::Report;
use super::truth::{self, Scope};

/// Every mark begins with it.
const PREFIX: &str = "k-";

/// A client with the ticket that it takes through its life.
pub(crate) struct Life {
    client: usize,
    /// Requests made so far, for their marks.
    made: usize,
    ticket: String,
    next: usize,
    /// A request whose answer never came.
    unanswered: Option<(Deed, String)>,
}

impl Life {
    pub(crate) fn new(client: usize) -> Self {
        Self { client, made: 0, ticket: String::new(), next: 0, unanswered: None }
    }

    /// What to do next: what was left unanswered, or else the ticket's next deed.
    fn deed(&mut self) -> (Deed, String) {
        if let Some(unanswered) = self.unanswered.clone() {
            return unanswered;
        }
        self.made += 1;
        let deed = Deed::LIFE[self.next];
        let one = (deed, format!("{PREFIX}{}-{}", self.client, self.made));
        self.unanswered = Some(one.clone());
        one
    }

    /// Does one deed; `None` when no answer came.
    pub(crate) async fn step(&mut self, client: &mut Client, common: &Common) -> Option<Answer> {
        let (deed, mark) = self.deed();
        let request = deed.request(&common.people, &self.ticket, &mark);
        let answer = client.send(&request).await.ok()?;
        if answer.is_ok() {
            if deed == Deed::File {
                self.ticket = answer.json()["id"].as_str().expect("an id").to_owned();
            }
            common.ledger.write(Entry { deed, ticket: self.ticket.clone(), mark });
            self.unanswered = None;
            self.next = (self.next + 1) % Deed::LIFE.len();
        }
        Some(answer)
    }
}

/// What all clients share.
pub(crate) struct Common {
    pub(crate) people: People,
    pub(crate) ledger: Ledger,
}

/// What was counted.
#[derive(Default)]
struct Count {
    kills: usize,
    resent: usize,
    replayed: usize,
    lost: usize,
    doubled: usize,
    halves: usize,
    restarts: Vec<Duration>,
}

pub(crate) async fn run(options: &Options, engine: Engine, report: &mut Report) {
    let cycles: usize = options.number("cycles", 10, 1_000);
    let clients: usize = options.number("clients", 8, 16);
    let mut random = StdRng::seed_from_u64(options.seed);
    let database = Database::filled(engine).await;
    let reader = database.connect().await;
    report.engine_version(reader.version().await);
    let mut service = Replica::start(&database).await;
    let people = People::sign_in(service.address).await;
    let common = Arc::new(Common { people, ledger: Ledger::new(database.folder()) });
    let mut lives: Vec<Life> = (0..clients).map(Life::new).collect();
    let mut count = Count::default();
    for _ in 0..cycles {
        let before = common.ledger.len();
        let wait = Duration::from_millis(random.random_range(20..=400));
        lives = until_killed(lives, &common, (&mut service, wait), report).await;
        service = Replica::start(&database).await;
        count.kills += 1;
        count.restarts.push(service.took);
        let acknowledged = common.ledger.since(before);
        judge(&reader, &acknowledged, &mut count, report).await;
        let before = common.ledger.len();
        resend(&mut lives, &common, service.address, (&mut count, report)).await;
        judge(&reader, &common.ledger.since(before), &mut count, report).await;
    }
    service.kill();
    at_the_end((&reader, &database), &common, &mut count, report).await;
    report.figure("cycles", count.kills);
    report.figure("acknowledged", common.ledger.len());
    report.figure("left unanswered by a kill and sent again", count.resent);
    report.figure("of them done before the kill, and answered as then", count.replayed);
    report.figure("lost", count.lost);
    report.figure("doubled", count.doubled);
    report.figure("half", count.halves);
    report.milliseconds("from restart to ready, ms", &count.restarts);
}

/// Lets the clients work until the service is killed in the midst of it.
async fn until_killed(
    lives: Vec<Life>,
    common: &Arc<Common>,
    (service, wait): (&mut Replica, Duration),
    report: &mut Report,
) -> Vec<Life> {
    let mut tasks = JoinSet::new();
    for mut life in lives {
        let (common, address) = (Arc::clone(common), service.address);
        tasks.spawn(async move {
            let mut client = Client::to(address);
            let mut refused = None;
            while let Some(answer) = life.step(&mut client, &common).await {
                if !answer.is_ok() {
                    refused = Some(format!("{:?}: {}", life.unanswered, answer.text()));
                    break;
                }
            }
            (life, refused)
        });
    }
    tokio::time::sleep(wait).await;
    service.kill();
    let mut lives = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        let (life, refused) = ended.expect("a client ended");
        if let Some(refused) = refused {
            report.violated(format!("refused: {refused}"));
        }
        lives.push(life);
    }
    lives.sort_by_key(|life| life.client);
    lives
}

/// Sends again what was left unanswered, by its key.
async fn resend(
    lives: &mut [Life],
    common: &Common,
    address: SocketAddr,
    (count, report): (&mut Count, &mut Report),
) {
    let mut client = Client::to(address);
    for life in lives.iter_mut().filter(|life| life.unanswered.is_some()) {
        let what = life.unanswered.clone();
        count.resent += 1;
        match life.step(&mut client, common).await {
            Some(answer) if answer.is_ok() => count.replayed += usize::from(answer.is_replayed()),
            Some(answer) => report.violated(format!("sent again, {what:?}: {}", answer.text())),
            None => report.violated(format!("sent again, {what:?} was not answered")),
        }
    }
}

/// Compares the acknowledgements with the database.
async fn judge(reader: &Reader, entries: &[Entry], count: &mut Count, report: &mut Report) {
    let effects = truth::effects(reader, entries, PREFIX).await;
    let tickets: Vec<String> = entries.iter().map(|entry| entry.ticket.clone()).collect();
    let halves = truth::halves(reader, &Scope::These(&tickets)).await;
    tell(effects, halves, count, report);
}

fn tell(effects: truth::Effects, halves: Vec<String>, count: &mut Count, report: &mut Report) {
    count.lost += effects.lost.len();
    count.doubled += effects.doubled.len();
    count.halves += halves.len();
    report.violated_all([effects.lost, effects.doubled, halves].concat());
}

/// Everything once more, of all cycles together.
async fn at_the_end(
    (reader, database): (&Reader, &Database),
    common: &Common,
    count: &mut Count,
    report: &mut Report,
) {
    let entries = common.ledger.since(0);
    let counts = truth::marks(reader, &Scope::All, PREFIX).await;
    for entry in &entries {
        if counts.get(&(entry.mark.clone(), entry.deed.event())) != Some(&1) {
            count.lost += 1;
            report.violated(format!("at the end not there once: {entry:?}"));
        }
    }
    let surplus = counts.len().saturating_sub(entries.len());
    if surplus > 0 {
        report.violated(format!("{surplus} deeds are there that nobody was told of"));
    }
    let kept = reader.number("select count(*) from idempotency where key like 'k-%'").await;
    if usize::try_from(kept) != Ok(entries.len()) {
        report.violated(format!("{kept} answers are kept of {} acknowledged", entries.len()));
    }
    let mut halves = truth::halves(reader, &Scope::All).await;
    halves.extend(truth::files(reader, database, PREFIX).await);
    count.halves += halves.len();
    report.violated_all(halves);
    report.violated_all(truth::integrity(reader, database).await);
}
