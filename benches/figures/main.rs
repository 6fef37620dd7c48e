//! The figures of the README: `cargo bench` prints them as a table, and `cargo bench -- PART…` only
//! those of some parts.
//!
//! Everything runs in one process on this machine, load and service beside each other, and each
//! comparison has both of its sides in the same run. Figures vary with the machine and its
//! neighbours; nothing here passes or fails.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark owns its tasks, stops at the first surprise, and its output is its purpose"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sqlx::{self, Connection as _, Executor as _};
use supplyline::clock::Clock;
use supplyline::domain::access::Scope;
use supplyline::domain::calendar::{Calendar, Counting, Target};
use supplyline::domain::policy::Urgency;
use supplyline::domain::ticket::{Category, Contact, Report};
use supplyline::service::rulebook::Rulebook;
use supplyline::service::tickets::{self, Filing, TicketView};
use supplyline::service::{App, Limits, Once, Rendered, accounts, sweep};
use supplyline::store::Store;
use supplyline::{demo, shipped};

mod crowd;
mod imports;
mod ledger;
mod listeners;
mod load;
mod memory;
mod pages;
mod replan;
mod script;
#[path = "../../tests/it/support/server.rs"]
mod server;
mod shared;

// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FILING_SECONDS: u64 = 5;
const DUE_TICKETS: usize = 100_000;

const PARTS: [&str; 11] = [
    "deadlines",
    "filing",
    "pgbench",
    "timers",
    "replicas",
    "replan",
    "ledger",
    "pages",
    "imports",
    "memory",
    "listeners",
];

#[tokio::main]
async fn main() {
    // Cargo adds a flag of its own.
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    if let Some(unknown) = asked.iter().find(|part| !PARTS.contains(&part.as_str())) {
        println!("there is no part {unknown}; there are {}", PARTS.join(", "));
        return;
    }
    let is_asked = |part: &str| asked.is_empty() || asked.iter().any(|asked| asked == part);
    println!("| figure | value |");
    println!("|---|---|");
    if is_asked("deadlines") {
        deadlines();
    }
    if is_asked("filing") {
        filing().await;
    }
    if is_asked("pgbench") {
        shared::filing().await;
    }
    if is_asked("replicas") {
        shared::replicas().await;
    }
    if is_asked("timers") {
        due_timers().await;
    }
    if is_asked("replan") {
        replan::figures().await;
    }
    if is_asked("ledger") {
        ledger::figures().await;
    }
    if is_asked("pages") {
        pages::figures().await;
    }
    if is_asked("imports") {
        imports::figures().await;
    }
    if is_asked("memory") {
        memory_at_rest();
    }
    if is_asked("listeners") {
        listeners::on_the_stream().await;
    }
}

fn row(figure: &str, value: &str) {
    println!("| {figure} | {value} |");
}

/// Deadlines without their explanation, over real filing instants.
fn deadlines() {
    let calendar = Calendar::layered("CN-1", &[&shipped::nation().expect("shipped")]);
    let first: DateTime<Utc> = "2019-01-01T00:00:00Z".parse().expect("an instant");
    let instants: Vec<_> = (0..65_536).map(|i| first + TimeDelta::minutes(i * 61)).collect();
    let rounds = 40;
    let begun = Instant::now();
    for _ in 0..rounds {
        for at in &instants {
            black_box(
                calendar.due(black_box(*at), Target::WorkingDays(5), Counting::default()).ok(),
            );
        }
    }
    let count = f64::from(rounds * 65_536);
    let seconds = begun.elapsed().as_secs_f64();
    row(
        "deadlines, 5 working days, one thread",
        &format!("{:.1} million/s, {:.0} ns each", count / seconds / 1e6, seconds / count * 1e9),
    );
}

struct World {
    _folder: tempfile::TempDir,
    path: std::path::PathBuf,
    store: Store,
}

async fn world() -> World {
    let folder = tempfile::tempdir_in(".").or_else(|_| tempfile::tempdir()).expect("a folder");
    let path = folder.path().join("bench.db");
    let url = format!("sqlite://{}", path.display());
    World { _folder: folder, path, store: filled(&url).await }
}

/// An empty database, brought up to date and filled with the demo's parties.
async fn filled(url: &str) -> Store {
    Store::migrate(url).await.expect("migrated");
    let store = Store::connect(url).await.expect("opened");
    Rulebook::seed(&store, shipped::nation().expect("shipped")).await.expect("seeded");
    let policies = shipped::policies().expect("shipped");
    Rulebook::seed_policies(&store, policies).await.expect("seeded");
    demo::load(&store, "2026-11-16T01:00:00Z".parse().expect("an instant")).await.expect("loaded");
    store
}

/// Tickets filed per second through HTTP, beside a bare loop of the same rows.
async fn filing() {
    let world = world().await;
    let limit = bare_loop(&world.path).await;
    row(
        "bare loop: the rows of a filing, one commit each, one connection",
        &format!("{limit:.0}/s"),
    );
    let app = App::open(world.store.clone(), Clock::system(), Limits::Off).await.expect("opened");
    let service = load::start(app);
    let token = load::sign_in(service).await;
    for clients in [1, 8, 32] {
        let done = load::file(service, &token, clients, Duration::from_secs(FILING_SECONDS)).await;
        let rate = done.count / done.seconds;
        row(
            &format!("tickets filed through HTTP, {clients} clients"),
            &format!(
                "{rate:.0}/s = {:.2} of the bare loop; p50 {:.1} ms, p99 {:.1} ms, slowest {:.0} ms",
                rate / limit,
                done.p50,
                done.p99,
                done.slowest
            ),
        );
    }
}

/// The rows of one filing, copied from a real one, written again and again in bare SQL.
async fn bare_loop(path: &std::path::Path) -> f64 {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
        .foreign_keys(true);
    let mut db = sqlx::SqliteConnection::connect_with(&options).await.expect("opened");
    let ticket: Vec<u8> = sqlx::query_scalar("select id from ticket where events = 1 limit 1")
        .fetch_one(&mut db)
        .await
        .expect("a fresh ticket");
    let begun = Instant::now();
    let mut count = 0_u32;
    while begun.elapsed() < Duration::from_secs(FILING_SECONDS) {
        copy_filing(&mut db, &ticket).await;
        count += 1;
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}

async fn copy_filing(db: &mut sqlx::SqliteConnection, ticket: &[u8]) {
    let id = uuid::Uuid::now_v7().as_bytes().to_vec();
    db.execute("begin immediate").await.expect("begun");
    for (table, changed) in [
        ("ticket", &[("id", "?1"), ("number", "hex(?1)")][..]),
        ("deadline", &[("ticket_id", "?1")]),
        ("event", &[("ticket_id", "?1")]),
        ("feed", &[("ticket_id", "?1"), ("position", "null"), ("id", "randomblob(16)")]),
        ("timer", &[("ticket_id", "?1")]),
        ("notice", &[("ticket_id", "?1"), ("id", "cast(substr(?1, 9) || substr(id, 9) as blob)")]),
        (
            "delivery",
            &[
                ("ticket_id", "?1"),
                ("id", "randomblob(16)"),
                ("notice_id", "cast(substr(?1, 9) || substr(notice_id, 9) as blob)"),
            ],
        ),
    ] {
        let statement = load::copy_statement(db, table, changed).await;
        sqlx::query(statement).bind(&id).bind(ticket).execute(&mut *db).await.expect("written");
    }
    db.execute("commit").await.expect("on disk");
}

/// Two working days' filings of a whole nation come due at the same instant, unanswered.
async fn due_timers() {
    let world = world().await;
    let (filed_at, due_at) = ("2026-11-16T02:00:00Z", "2026-11-18T16:00:00Z");
    let instant = |text: &str| text.parse::<DateTime<Utc>>().expect(text);
    let clock = Clock::still_at(instant(filed_at));
    let app = App::open(world.store.clone(), clock.clone(), Limits::Off).await.expect("opened");
    file_many(&app, DUE_TICKETS).await;
    clock.move_to(instant(due_at));
    let begun = Instant::now();
    let mut handled = 0;
    loop {
        match sweep::run_once(&app, clock.now()).await.expect("swept") {
            0 => break,
            tickets => handled += tickets,
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let rate = f64::from(u32::try_from(handled).expect("few")) / seconds;
    row(
        &format!(
            "{handled} due tickets: reply missed, rung entered, three people told on five channels"
        ),
        &format!("{seconds:.1} s, {rate:.0}/s"),
    );
}

async fn file_many(app: &App, count: usize) {
    let scope = accounts::on_behalf_of(app, "hospital").await.expect("known");
    let left = Arc::new(std::sync::atomic::AtomicUsize::new(count));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (app, scope, left) = (app.clone(), scope.clone(), Arc::clone(&left));
        tasks.spawn(async move {
            while left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
                .is_ok()
            {
                file_one(&app, &scope).await;
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

async fn file_one(app: &App, scope: &Scope) {
    let filing = Filing {
        product_code: "XA01ABD075A002010100594".to_owned(),
        urgency: Urgency::Ordinary,
        report: Report {
            category: Category::SupplyStop,
            summary: "地喹氯铵含片断供".to_owned(),
            description: "连续三周下单均未配送，库存仅够两天。".to_owned(),
            quantity_short: 500,
            unit: "盒".to_owned(),
            days_of_stock: Some(2),
            order_refs: Vec::new(),
            contact: Contact { name: "张心晴".to_owned(), phone: "13900000001".to_owned() },
        },
        follows: None,
    };
    let render = |_: &TicketView| Rendered { status: 201, etag: None, body: String::new() };
    let once = Once { key: None, expected_version: None, render: Arc::new(render) };
    loop {
        let filing = filing.clone();
        let read: tickets::ReadFiling = Arc::new(move || Ok(filing.clone()));
        // Four random characters run out among so many on one day: it is tried again.
        if tickets::file(app, scope, read, once.clone()).await.is_ok() {
            return;
        }
    }
}

/// Resident memory of the service some seconds after its start, on an empty database.
fn memory_at_rest() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_supplyline"))
        .arg("serve")
        .current_dir(folder.path())
        .env("SUPPLYLINE_LISTEN", "127.0.0.1:0")
        .env("SUPPLYLINE_LOG", "error")
        .spawn()
        .expect("started");
    std::thread::sleep(Duration::from_secs(5));
    let resident = resident_kb(child.id());
    child.kill().expect("stopped");
    child.wait().expect("ended");
    row("memory at rest, empty SQLite database", &format!("{resident} kB"));
}

/// Resident memory of a process.
fn resident_kb(process: u32) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = resident.and_then(|resident| resident.trim().strip_suffix(" kB"));
    number.and_then(|number| number.trim().parse().ok()).expect("a number")
}
