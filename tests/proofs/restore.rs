//! A backup is made under load, more is done and sent, the service dies, and the backup is
//! restored: on hold nothing fires and nothing leaves, people work on, and a release that skips
//! what was queued repeats nothing.
//!
//! **Never** releases before it was seen that nothing leaves.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::client::Client;
use super::cluster::{Database, Engine, Reader};
use super::gateway::{Gateway, SECRET};
use super::ledger::{Entry, Ledger};
use super::options::Options;
use super::outbox;
use super::people::{Deed, People};
use super::replica::Replica;
use super::report::Report;
use super::server;
use super::truth::{self, Scope};

const PREFIX: &str = "r-";
/// Nothing may leave for so long after a restored service is ready.
const SILENCE: Duration = Duration::from_secs(3);

/// What a release does with what was queued before the hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backlog {
    Skip,
    Send,
}

async fn serve(database: &Database, gateway: &Gateway) -> Replica {
    let settings = [
        ("SUPPLYLINE_SMS_WEBHOOK_URL", gateway.url.as_str()),
        ("SUPPLYLINE_SMS_WEBHOOK_SECRET", SECRET),
    ];
    let started = Replica::start_with(database, &settings).await;
    started.unwrap_or_else(|problem| panic!("{problem}"))
}

pub(crate) async fn run(options: &Options, engine: Engine, report: &mut Report) {
    let seconds: u64 = options.number("seconds", 1, 60);
    let database = Database::filled(engine).await;
    let reader = database.connect().await;
    report.engine_version(reader.version().await);
    let gateway = Gateway::open(options.seed, 0).await;
    let mut service = serve(&database, &gateway).await;
    let people = People::sign_in(service.address).await;
    let ledger = Ledger::new(database.folder());
    load(&service, (&people, &ledger), seconds, "a").await;
    let before = ledger.len();
    let backup = database.folder().join("the.backup");
    let begun = Instant::now();
    let (backing, ()) = tokio::join!(
        async { make(&database, &backup) },
        load(&service, (&people, &ledger), seconds, "b")
    );
    backing.unwrap_or_else(|problem| panic!("{problem}"));
    report.figure(
        "seconds until the backup and the load beside it were over",
        begun.elapsed().as_secs_f64(),
    );
    load(&service, (&people, &ledger), seconds, "c").await;
    // What waits in the backup is sent after it, so that a careless restore would repeat it.
    let deadline = Instant::now() + Duration::from_secs(60);
    while outbox::queued(&reader).await > 0 && Instant::now() < deadline {
        outbox::hasten(&reader).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    service.kill();
    report.figure("deeds acknowledged", ledger.len());
    report.figure("letters sent before the end", gateway.requests().len());
    let entries = (ledger.since(0), before);
    for backlog in [Backlog::Skip, Backlog::Send] {
        restored((&database, &backup), &entries, (&gateway, backlog), report).await;
    }
}

/// People go on filing and writing for a while.
async fn load(service: &Replica, (people, ledger): (&People, &Ledger), seconds: u64, part: &str) {
    let mut client = Client::to(service.address);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut number = 0;
    while Instant::now() < end {
        let mut ticket = String::new();
        for deed in [Deed::File, Deed::Message, Deed::Attach] {
            number += 1;
            let mark = format!("{PREFIX}{part}-{number}");
            let answer = client.send(&deed.request(people, &ticket, &mark)).await;
            let answer = answer.expect("the service answers");
            assert!(answer.is_ok(), "{deed:?}: {}", answer.text());
            if deed == Deed::File {
                ticket = answer.json()["id"].as_str().expect("an id").to_owned();
            }
            ledger.write(Entry { deed, ticket: ticket.clone(), mark });
        }
    }
}

fn tool(name: &str, arguments: &[&str]) -> Result<(), String> {
    let program = server::programs().expect("PostgreSQL").join(name);
    let output = Command::new(program).args(arguments).output().map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{name}: {said}")) }
}

fn make(database: &Database, backup: &Path) -> Result<(), String> {
    let file = backup.display().to_string();
    match database.engine {
        Engine::Sqlite => match database.command(&["backup", &file]) {
            (Some(0), _) => Ok(()),
            (code, said) => Err(format!("backup: {code:?}: {said}")),
        },
        Engine::Postgres => tool("pg_dump", &["-Fc", "-f", &file, "-d", database.url()]),
    }
}

/// A new database out of the backup, with what an operator keeps beside it.
async fn take((from, backup): (&Database, &Path)) -> Database {
    let into = Database::empty(from.engine).await;
    for file in std::fs::read_dir(from.folder()).expect("a folder").flatten() {
        if file.path().extension().is_some_and(|end| end == "key") {
            std::fs::copy(file.path(), into.folder().join(file.file_name())).expect("the key");
        }
    }
    let file = backup.display().to_string();
    match from.engine {
        Engine::Sqlite => {
            // An SQLite file is named by its database's, which is the same in both folders.
            let (code, said) = into.command(&["restore", &file]);
            assert_eq!(code, Some(0), "{said}");
        }
        Engine::Postgres => {
            tool("pg_restore", &["--no-owner", "-d", into.url(), &file]).expect("restored");
            copy_all(&from.attachments(), &into.attachments());
            let (code, said) = into.command(&["hold", "--reason", "restored"]);
            assert_eq!(code, Some(0), "{said}");
        }
    }
    into
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).into_iter().flatten().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file");
        }
    }
}

async fn restored(
    source: (&Database, &Path),
    (entries, before): &(Vec<Entry>, usize),
    (gateway, backlog): (&Gateway, Backlog),
    report: &mut Report,
) {
    let begun = Instant::now();
    let database = take(source).await;
    let sent: HashSet<String> = gateway.requests().into_iter().map(|(id, _)| id).collect();
    let already = gateway.requests().len();
    let service = serve(&database, gateway).await;
    let took = begun.elapsed();
    let reader = database.connect().await;
    contents((&reader, &database), (entries, *before), backlog, report).await;
    outbox::hasten(&reader).await;
    let fired = "select count(*) from event where by_user is null";
    let events = reader.number(fired).await;
    let people = People::sign_in(service.address).await;
    let request = Deed::File.request(&people, "", &format!("{PREFIX}on-hold"));
    let answer = Client::to(service.address).send(&request).await.expect("it answers");
    if !answer.is_ok() {
        report.violated(format!("on hold a filing was refused: {}", answer.text()));
    }
    tokio::time::sleep(SILENCE).await;
    if gateway.requests().len() > already || reader.number(fired).await > events {
        report.violated("something fired or left while on hold".to_owned());
    }
    let arguments: &[&str] = match backlog {
        Backlog::Skip => &["release", "--skip-deliveries"],
        Backlog::Send => &["release"],
    };
    let (code, said) = database.command(arguments);
    assert_eq!(code, Some(0), "{said}");
    let deadline = Instant::now() + Duration::from_secs(60);
    while outbox::queued(&reader).await > 0 && Instant::now() < deadline {
        outbox::hasten(&reader).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let since = gateway.requests();
    let since: Vec<_> = since.iter().skip(already).map(|(id, _)| id.clone()).collect();
    let surplus = since.iter().filter(|id| sent.contains(*id)).count();
    let word = if backlog == Backlog::Skip { "skip" } else { "send" };
    report.figure(&format!("{word}: from the backup to ready, s"), tenths(took));
    report.figure(&format!("{word}: letters after the release"), since.len());
    report.figure(&format!("{word}: of these sent before the end, too"), surplus);
    if backlog == Backlog::Skip && surplus > 0 {
        report.violated(format!("{surplus} letters were repeated after a release that skips"));
    }
    if since.is_empty() {
        report.violated("nothing leaves after the release".to_owned());
    }
    drop(service);
    report.violated_all(truth::integrity(&reader, &database).await);
}

fn tenths(took: Duration) -> f64 {
    (took.as_secs_f64() * 10.0).round() / 10.0
}

/// What was acknowledged before the backup began is there; what came later may lack.
async fn contents(
    (reader, database): (&Reader, &Database),
    (entries, before): (&[Entry], usize),
    backlog: Backlog,
    report: &mut Report,
) {
    let marks = truth::marks(reader, &Scope::All, PREFIX).await;
    let is_there = |entry: &Entry| marks.contains_key(&(entry.mark.clone(), entry.deed.event()));
    let lost = entries.iter().take(before).filter(|entry| !is_there(entry)).count();
    if lost > 0 {
        report.violated(format!("{lost} deeds acknowledged before the backup began are not in it"));
    }
    let lacking = entries.iter().filter(|entry| !is_there(entry)).count();
    if backlog == Backlog::Skip {
        report.figure("deeds in the backup", entries.len() - lacking);
        report.figure("deeds after it, which it lacks", lacking);
    }
    report.violated_all(truth::halves(reader, &Scope::All).await);
    report.violated_all(truth::files(reader, database, PREFIX).await);
}
