//! The same request many times at once, over several replicas: it has one effect, and everybody
//! gets the same answer.
//!
//! **Never** takes two answers for equal unless their bytes are.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use supplyline::crash::Point;
use tokio::task::JoinSet;

use super::client::{Answer, Client, Request};
use super::cluster::{Database, Engine, Reader};
use super::options::Options;
use super::people::{Deed, People, filing};
use super::replica::Replica;
use super::report::Report;
use super::truth::{self, Scope};

/// Every mark begins with it.
const PREFIX: &str = "r-";
/// Requests at once.
const AT_ONCE: usize = 64;
/// Replicas on PostgreSQL; SQLite has one process.
const REPLICAS: usize = 3;
/// Somebody who was told to wait asks again so often.
const TRIES: usize = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// What was counted.
#[derive(Default)]
struct Count {
    requests: usize,
    waited: usize,
    wrong: usize,
    effects: Vec<usize>,
}

pub(crate) async fn run(options: &Options, engine: Engine, report: &mut Report) {
    let rounds: usize = options.number("rounds", 4, 1_000);
    let database = Database::filled(engine).await;
    let reader = database.connect().await;
    report.engine_version(reader.version().await);
    let mut replicas = Vec::new();
    for _ in 0..if engine == Engine::Postgres { REPLICAS } else { 1 } {
        replicas.push(Replica::start(&database).await);
    }
    let people = People::sign_in(replicas[0].address).await;
    let replica_of = |index: usize| replicas[index % replicas.len()].address;
    let mut clients: Vec<Client> =
        (0..AT_ONCE).map(|index| Client::to(replica_of(index))).collect();
    let mut count = Count::default();
    let mut ticket = String::new();
    for round in 0..rounds {
        // A filing, and then what can be done to it, each in turn.
        let deed = Deed::LIFE[round % 4];
        let mark = format!("{PREFIX}{round}");
        let request = deed.request(&people, &ticket, &mark);
        let answers = at_once(&mut clients, &request, &mut count).await;
        if deed == Deed::File {
            let id =
                answers.first().and_then(|answer| answer.json()["id"].as_str().map(str::to_owned));
            ticket = id.unwrap_or_default();
        }
        report.violated_all(alike(&answers, &mark, &mut count));
        report.violated_all(other_body(&mut clients[0], request, &mut count).await);
        let effects = effects(&reader, &mark, deed).await;
        if effects != 1 {
            report.violated(format!("{mark}, {deed:?}: {effects} effects"));
        }
        count.effects.push(effects);
    }
    report.violated_all(independent(&mut clients[0], &people, &reader).await);
    drop(replicas);
    report.violated_all(after_a_kill(&database, &reader, &people).await);
    report.violated_all(truth::halves(&reader, &Scope::All).await);
    report.figure("rounds", rounds);
    report.figure("identical requests at once", AT_ONCE);
    report.figure("replicas", if engine == Engine::Postgres { REPLICAS } else { 1 });
    report.figure("requests", count.requests);
    report.figure("told to wait, and sent again", count.waited);
    report.figure("effects per key, most", count.effects.iter().max().copied().unwrap_or_default());
    report
        .figure("effects per key, least", count.effects.iter().min().copied().unwrap_or_default());
    report.figure("wrong replays", count.wrong);
}

/// Everybody sends the same at the same time.
async fn at_once(clients: &mut Vec<Client>, request: &Request, count: &mut Count) -> Vec<Answer> {
    let barrier = Arc::new(tokio::sync::Barrier::new(clients.len()));
    let mut tasks = JoinSet::new();
    for mut client in clients.drain(..) {
        let (barrier, request) = (Arc::clone(&barrier), request.clone());
        tasks.spawn(async move {
            barrier.wait().await;
            let mut waited = 0;
            let answer = loop {
                match client.send(&request).await {
                    // Too much at once, or its own twin is under way: it says when to come again.
                    Ok(answer) if matches!(answer.status, 409 | 503) && waited < TRIES => {
                        waited += 1;
                        tokio::time::sleep(PAUSE).await;
                    }
                    outcome => break outcome,
                }
            };
            (client, answer.ok(), waited)
        });
    }
    let mut answers = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        let (client, answer, waited) = ended.expect("a client ended");
        clients.push(client);
        answers.extend(answer);
        count.waited += waited;
    }
    count.requests += clients.len();
    answers
}

/// All answers are the same, and all but one are marked as given before.
fn alike(answers: &[Answer], mark: &str, count: &mut Count) -> Vec<String> {
    let mut wrong = Vec::new();
    if answers.len() != AT_ONCE {
        wrong.push(format!("{mark}: {} of {AT_ONCE} were answered", answers.len()));
    }
    let first = answers.iter().find(|answer| !answer.is_replayed());
    let firsts = answers.iter().filter(|answer| answer.is_ok() && !answer.is_replayed()).count();
    if firsts != 1 {
        wrong.push(format!("{mark}: {firsts} answers are not marked as given before"));
    }
    for answer in answers
        .iter()
        .filter(|answer| !answer.is_ok() || first.is_some_and(|first| first.body != answer.body))
    {
        wrong.push(format!("{mark}: {} {}", answer.status, answer.text()));
    }
    count.wrong += wrong.len();
    wrong
}

/// The same key with another body is refused.
async fn other_body(client: &mut Client, request: Request, count: &mut Count) -> Vec<String> {
    if request.media_type != "application/json" {
        return Vec::new();
    }
    let mut body: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
    for field in ["summary", "body", "message"] {
        if body.get(field).is_some() {
            body[field] = json!("something else");
        }
    }
    let other = Request { body: body.to_string().into_bytes(), ..request };
    count.requests += 1;
    match client.send(&other).await {
        Ok(answer) if answer.status == 422 && answer.text().contains("key_reused") => Vec::new(),
        Ok(answer) => {
            vec![format!("{:?} with another body: {} {}", other.key, answer.status, answer.text())]
        }
        Err(_lost) => vec![format!("{:?} with another body was not answered", other.key)],
    }
}

/// The same key of another person, or on another route, is another key.
async fn independent(client: &mut Client, people: &People, reader: &Reader) -> Vec<String> {
    let mark = format!("{PREFIX}shared");
    let filed = client.send(&filing(&people.hospital, &mark)).await.expect("answered");
    let ticket = filed.json()["id"].as_str().unwrap_or_default().to_owned();
    let mut wrong = Vec::new();
    for deed in [Deed::Message, Deed::Answer] {
        let answer = client.send(&deed.request(people, &ticket, &mark)).await.expect("answered");
        if !answer.is_ok() || answer.is_replayed() {
            wrong.push(format!("{deed:?} by a key used elsewhere: {}", answer.text()));
        }
    }
    match effects(reader, &mark, Deed::Message).await {
        2 => wrong,
        found => [wrong, vec![format!("{found} messages of two people by one key")]].concat(),
    }
}

async fn effects(reader: &Reader, mark: &str, deed: Deed) -> usize {
    let counts = truth::marks(reader, &Scope::All, PREFIX).await;
    counts.get(&(mark.to_owned(), deed.event())).copied().unwrap_or_default()
}

/// Killed between the commit and the answer: sent again, the first answer is given.
async fn after_a_kill(database: &Database, reader: &Reader, people: &People) -> Vec<String> {
    if !cfg!(any(debug_assertions, feature = "crash-points")) {
        println!("  left out: a kill between commit and answer; add --features crash-points");
        return Vec::new();
    }
    let point = Point::FilingCommitted.name();
    let armed = Replica::start_with(database, &[("SUPPLYLINE_CRASH_AT", point)]).await;
    let mut service = armed.unwrap_or_else(|problem| panic!("{problem}"));
    let mark = format!("{PREFIX}killed");
    let request = filing(&people.hospital, &mark);
    let mut client = Client::to(service.address).within(Duration::from_secs(10));
    let early = client.send(&request).await;
    service.kill();
    let service = Replica::start(database).await;
    let mut client = Client::to(service.address);
    let late = client.send(&request).await.expect("answered");
    let again = client.send(&request).await.expect("answered");
    let mut wrong = Vec::new();
    if early.is_ok() || !late.is_replayed() || late.status != 201 {
        wrong.push(format!(
            "killed before its answer: {early:?}, then {} {}",
            late.status,
            late.text()
        ));
    }
    if late.body != again.body {
        wrong.push("the same key was answered in two ways".to_owned());
    }
    match effects(reader, &mark, Deed::File).await {
        1 => wrong,
        found => [wrong, vec![format!("killed before its answer: {found} effects")]].concat(),
    }
}
