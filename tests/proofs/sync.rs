//! The system calls of the service and its database are traced: before each acknowledgement of a
//! write the write-ahead log was brought to the disk. It is the honest stand-in for pulling the
//! plug; no power is cut.
//!
//! The same is done where it must fail, to show that it can: SQLite with `synchronous=NORMAL` in
//! this program itself, PostgreSQL with `synchronous_commit=off`.
//!
//! **Never** passes where nothing could be traced: it says that it was left out.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, ConnectOptions as _};

use super::client::Client;
use super::cluster::{self, Database, Engine};
use super::options::Options;
use super::people::{Deed, People};
use super::replica::Replica;
use super::report::Report;

mod trace;

use trace::{Call, Trace};

/// The word by which this program is asked to write by itself.
pub(crate) const RAW: &str = "--raw-writer";

pub(crate) async fn run(options: &Options, engine: Engine, report: &mut Report) {
    if let Some(why) = trace::obstacle().await {
        println!("  LEFT OUT: {why}");
        report.figure("left out", why);
        return;
    }
    let writes: usize = options.number("writes", 40, 1_000);
    let files: usize = options.number("files", 10, 100);
    let database = Database::filled(engine).await;
    report.engine_version(database.connect().await.version().await);
    let calls = service_at_work(&database, (writes, files), &[]).await;
    judge(&calls, (engine, writes, files), report);
    let (control, found) = match engine {
        Engine::Sqlite => {
            let full = raw_writer(&database, "FULL", writes).await;
            let missing = trace::unsynced(&full, engine);
            report.figure("a writer with synchronous=FULL: acknowledged without a sync", missing);
            if missing > 0 {
                report.violated(format!("synchronous=FULL: {missing} of {writes} without a sync"));
            }
            ("a writer with synchronous=NORMAL", raw_writer(&database, "NORMAL", writes).await)
        }
        Engine::Postgres => {
            ("the service with synchronous_commit=off", without_waiting(&database, writes).await)
        }
    };
    let missing = trace::unsynced(&found, engine);
    report.figure(&format!("control, {control}: acknowledged without a sync"), missing);
    if missing * 2 < writes {
        report.violated(format!(
            "the control lacks only {missing} of {writes} syncs: what is traced tells nothing"
        ));
    }
}

/// Lets one client write to the service, one request after another, while it is traced.
async fn service_at_work(
    database: &Database,
    (writes, files): (usize, usize),
    settings: &[(&str, &str)],
) -> Vec<Call> {
    let log = |name: &str| database.folder().join(format!("{name}.trace"));
    let mut traces = Vec::new();
    if database.engine == Engine::Postgres {
        // The service's connections are the server's children, traced from their birth.
        traces.push(Trace::of(postmaster(), log("server")).await.expect("traced"));
    }
    let started = Replica::start_with(database, settings).await;
    let mut service = started.unwrap_or_else(|why| panic!("{why}"));
    let people = People::sign_in(service.address).await;
    traces.push(Trace::of(service.pid(), log("service")).await.expect("traced"));
    let mut client = Client::to(service.address);
    let mut ticket = String::new();
    for number in 0..writes + files {
        let deed = match number {
            n if n >= writes => Deed::Attach,
            n if n % 2 == 0 => Deed::File,
            _ => Deed::Message,
        };
        let request = deed.request(&people, &ticket, &format!("s-{number}"));
        let answer = client.send(&request).await.expect("the service answers");
        assert!(answer.is_ok(), "{deed:?}: {}", answer.text());
        if deed == Deed::File {
            ticket = answer.json()["id"].as_str().expect("an id").to_owned();
        }
    }
    let logs: Vec<_> = traces.into_iter().map(Trace::end).collect();
    service.kill();
    trace::read(&logs.iter().map(PathBuf::as_path).collect::<Vec<_>>())
}

/// The process that starts PostgreSQL's others.
fn postmaster() -> u32 {
    let file = cluster::cluster().folder.join("data/postmaster.pid");
    let text = std::fs::read_to_string(file).expect("the server runs");
    text.lines().next().and_then(|pid| pid.trim().parse().ok()).expect("a process")
}

fn judge(calls: &[Call], (engine, writes, files): (Engine, usize, usize), report: &mut Report) {
    let answers = calls.iter().filter(|call| matches!(call, Call::Answer)).count();
    let missing = trace::unsynced(calls, engine);
    report.figure("writes acknowledged", answers);
    report.figure("of them after a sync of the write-ahead log", answers - missing);
    if answers != writes + files {
        report.violated(format!("{answers} answers were traced of {}", writes + files));
    }
    if missing > 0 {
        report.violated(format!("{missing} of {answers} were acknowledged without a sync"));
    }
    let unsafe_files = trace::unsafe_files(calls, files, engine);
    report.figure("files added", files);
    report.figure(
        "of them synced, renamed and their folder synced before their row",
        files - unsafe_files,
    );
    if unsafe_files > 0 {
        report.violated(format!(
            "{unsafe_files} of {files} files were not on the disk before their row"
        ));
    }
}

/// The service on a database that does not wait for the disk.
async fn without_waiting(database: &Database, writes: usize) -> Vec<Call> {
    let reader = database.connect().await;
    let name = reader.rows("select current_database()::text").await.remove(0).remove(0);
    reader.execute(&format!("alter database {name} set synchronous_commit = off")).await;
    service_at_work(database, (writes, 0), &[("SUPPLYLINE_ALLOW_LOSS", "true")]).await
}

/// This program, committing to a SQLite database of its own while it is traced.
async fn raw_writer(database: &Database, synchronous: &str, writes: usize) -> Vec<Call> {
    let log = database.folder().join(format!("trace-{synchronous}.log"));
    let file = database.folder().join(format!("raw-{synchronous}.db"));
    let mut program = std::process::Command::new("strace");
    program.args(trace::ARGUMENTS).arg("-o").arg(&log);
    program.arg(std::env::current_exe().expect("this program")).arg(RAW);
    program.arg(synchronous).arg(&file).arg(writes.to_string());
    program.stdout(std::process::Stdio::null());
    let ended = tokio::task::spawn_blocking(move || program.status()).await;
    assert!(ended.expect("it ran").expect("strace").success(), "the raw writer failed");
    trace::read(&[&log])
}

/// Commits and acknowledges, as often as asked: `synchronous`, the file, how often.
pub(crate) async fn write_raw(arguments: &[String]) {
    use std::io::Write as _;
    let [synchronous, file, times] = arguments else { panic!("{arguments:?}") };
    let level =
        if synchronous == "FULL" { SqliteSynchronous::Full } else { SqliteSynchronous::Normal };
    let options = SqliteConnectOptions::new().filename(Path::new(file)).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(level);
    let mut connection = options.connect().await.expect("the database opens");
    let create = "create table if not exists t (n integer)";
    sqlx::query(create).execute(&mut connection).await.expect("a table");
    tokio::time::sleep(Duration::from_millis(50)).await;
    for number in 0..times.parse::<i64>().expect("a number") {
        let insert = sqlx::query("insert into t values (?1)").bind(number);
        insert.execute(&mut connection).await.expect("written");
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(b"HTTP/1.1 200 done\n").expect("said");
        stdout.flush().expect("said");
    }
}
