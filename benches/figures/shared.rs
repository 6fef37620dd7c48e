//! PostgreSQL: filing beside the same statements from `pgbench`, and replicas beside each other.
//!
//! A server of the benchmark's own, whose commits reach the disk.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};
use supplyline::clock::Clock;
use supplyline::demo;
use supplyline::domain::audit::Origin;
use supplyline::domain::notice::Channel;
use supplyline::jobs::Engine;
use supplyline::service::{App, Limits, accounts};
use supplyline::store::Store;

use super::script::Script;
use super::server::{self, Server};
use super::{crowd, file_one, filled, load, row};

const DURABLE: &str = "-c shared_buffers=256MB -c max_wal_size=4GB -c log_line_prefix=%c@";
const CLIENTS: [usize; 3] = [1, 8, 32];
const SECONDS: u64 = 10;
const REPLICAS: [usize; 3] = [1, 2, 4];
const DUE: u32 = 40_000;

/// A server, or a row that says why there is none.
fn begun() -> Option<(PathBuf, Server)> {
    let Some(bin) = server::programs() else {
        row("PostgreSQL", "left out: its programs were not found");
        return None;
    };
    let server = server::start(&bin, DURABLE, None);
    Some((bin, server))
}

async fn world(server: &Server, name: &str) -> String {
    execute(&server.url("postgres"), &format!("create database {name}")).await;
    let url = server.url(name);
    let store = filled(&url).await;
    store.read_unscoped().clone().close().await.expect("closed");
    url
}

async fn execute(url: &str, sql: &str) {
    let db = Database::connect(url).await.expect("connected");
    db.execute_unprepared(sql).await.expect(sql);
    db.close().await.expect("closed");
}

/// Tickets filed per second through HTTP, beside the same statements without a service.
pub(crate) async fn filing() {
    let Some((bin, server)) = begun() else { return };
    let url = world(&server, "filing").await;
    let script = recorded(&server, &url).await;
    row("statements of a filing, as the service sends them", &script.statements().to_string());
    let file = server.folder.join("filing.sql");
    std::fs::write(&file, script.text()).expect("written");
    let store = Store::connect(&url).await.expect("opened");
    let app = App::open(store, Clock::system(), Limits::Off).await.expect("opened");
    let service = load::start(app);
    let token = load::sign_in(service).await;
    for clients in CLIENTS {
        execute(&url, "vacuum analyze").await;
        let bare = pgbench(&bin, &server, &file, clients);
        let done = load::file(service, &token, clients, Duration::from_secs(SECONDS)).await;
        let rate = done.count / done.seconds;
        row(
            &format!("PostgreSQL: tickets filed, {clients} clients"),
            &format!(
                "pgbench {bare:.0}/s, HTTP {rate:.0}/s = {:.2}; p50 {:.1} ms, p99 {:.1} ms, slowest {:.0} ms",
                rate / bare,
                done.p50,
                done.p99,
                done.slowest
            ),
        );
    }
}

/// What the service sends for one filing, session and all: two are looked at, and what differs
/// between them is made anew for each.
async fn recorded(server: &Server, url: &str) -> Script {
    execute(url, "alter database filing set log_statement = 'all'").await;
    let store = Store::connect(url).await.expect("opened");
    let app = App::open(store, Clock::system(), Limits::Off).await.expect("opened");
    let password = demo::PASSWORD.to_owned();
    let signed_in = accounts::sign_in(&app, "hospital", password, &Origin::default()).await;
    let token = signed_in.expect("signed in").token;
    let mut logs = Vec::new();
    for _ in 0..3 {
        let before = log(server).len();
        let session = accounts::authenticate(&app, &token).await.expect("signed in");
        file_one(&app, &session.scope).await;
        // The log is written by another process.
        tokio::time::sleep(Duration::from_millis(200)).await;
        logs.push(log(server).split_off(before));
    }
    execute(url, "alter database filing reset log_statement").await;
    let [_, one, other] = logs.try_into().expect("three");
    Script::of(&one, &other)
}

fn log(server: &Server) -> String {
    std::fs::read_to_string(server.folder.join("server.log")).expect("a log")
}

/// Transactions per second of a script.
fn pgbench(bin: &Path, server: &Server, script: &Path, clients: usize) -> f64 {
    let output = Command::new(bin.join("pgbench"))
        .args(["-n", "-M", "prepared", "-U", "postgres", "-d", "filing", "-h"])
        .arg(&server.folder)
        .args(["-c", &clients.to_string(), "-j", &clients.min(2).to_string()])
        .args(["-T", &SECONDS.to_string(), "-f"])
        .arg(script)
        .output()
        .expect("pgbench runs");
    let (said, problems) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{problems}");
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = "));
    let rate = rate.and_then(|rate| rate.split_whitespace().next()?.parse().ok());
    rate.unwrap_or_else(|| panic!("{said}{problems}"))
}

/// Timers fired and notices drained by one and by several replicas, each with its own connections.
pub(crate) async fn replicas() {
    let Some((_, server)) = begun() else { return };
    let url = world(&server, "crowded").await;
    let store = Store::connect(&url).await.expect("opened");
    let now = crowd::fill_open(&store, DUE).await;
    store.read_unscoped().clone().close().await.expect("closed");
    execute(&url, "vacuum analyze").await;
    for count in REPLICAS {
        let name = format!("crowded_{count}");
        let copied = format!("create database {name} template crowded");
        execute(&server.url("postgres"), &copied).await;
        on(&server.url(&name), count, now).await;
        execute(&server.url("postgres"), &format!("drop database {name} with (force)")).await;
    }
}

async fn on(url: &str, count: usize, now: DateTime<Utc>) {
    let mut engines = Vec::new();
    for _ in 0..count {
        let store = Store::connect(url).await.expect("opened");
        // Every one of this morning's is due three weeks later, and so are several rungs.
        let clock = Clock::still_at(now + TimeDelta::days(21));
        let app = App::open(store, clock, Limits::Off).await.expect("opened");
        let channels = load::config().channels().expect("none");
        engines.push(Arc::new(Engine::new(app, channels)));
    }
    let begun = Instant::now();
    let mut sweeps = tokio::task::JoinSet::new();
    for engine in engines.clone() {
        sweeps.spawn(async move { engine.sweep().await });
    }
    while sweeps.join_next().await.is_some() {}
    let seconds = begun.elapsed().as_secs_f64();
    let fired =
        counted(url, "select count(*) from event where kind in ('missed', 'escalated', 'warned')");
    let (fired, left) =
        (fired.await, counted(url, "select count(*) from ticket where not escalated").await);
    row(
        &format!("{count} replicas: {DUE} due tickets"),
        &format!(
            "{seconds:.1} s, {:.0} tickets/s, {:.0} steps/s; {left} not escalated",
            f64::from(DUE) / seconds,
            fired / seconds
        ),
    );
    let begun = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for engine in engines {
        for channel in [Channel::Mail, Channel::Sms] {
            let engine = Arc::clone(&engine);
            senders.spawn(async move {
                let time = Duration::from_secs(SECONDS);
                tokio::time::timeout(time, engine.deliver(channel)).await.ok();
            });
        }
    }
    while senders.join_next().await.is_some() {}
    let seconds = begun.elapsed().as_secs_f64();
    let sent = counted(url, "select count(*) from delivery where state = 'sent'").await;
    row(
        &format!("{count} replicas: notices drained, without a receiver"),
        &format!("{:.0}/s", sent / seconds),
    );
}

async fn counted(url: &str, sql: &str) -> f64 {
    let db = Database::connect(url).await.expect("connected");
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await;
    let row = row.expect("counted").expect("a row");
    let count: i64 = row.try_get_by_index(0).expect("a number");
    db.close().await.expect("closed");
    f64::from(u32::try_from(count).expect("few"))
}
