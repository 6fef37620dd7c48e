//! The primary is lost, a standby is promoted, and the service follows it without a restart. With a
//! synchronous standby nothing that was acknowledged is lost; with an asynchronous one something is,
//! which shows that the proof can see it.
//!
//! **Never** kind to the standby: it hears nothing in the last moments of the primary.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::balance::{Gone, Load};
use super::cluster::{DURABLE, Database, Engine, Reader, load};
use super::kill::Common;
use super::ledger::Ledger;
use super::options::Options;
use super::people::People;
use super::replica::Replica;
use super::report::Report;
use super::server::{Server, programs, start};
use super::truth::{self, Effects, Scope};

const PREFIX: &str = "k-";
/// Under way before anything happens.
const WORK: Duration = Duration::from_secs(2);

/// What a standby has to do with a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standby {
    /// It has every commit before that is acknowledged.
    Synchronous,
    /// It follows as it can.
    Asynchronous,
}

/// How one failover went.
struct Failover {
    gone: Gone,
    acknowledged: usize,
    effects: Effects,
    halves: Vec<String>,
    /// From the crash to the first acknowledgement after it.
    gap: Option<Duration>,
}

pub(crate) async fn run(options: &Options, _engine: Engine, report: &mut Report) {
    let times: usize = options.number("times", 1, 20);
    let silence = Duration::from_millis(options.number("silence", 1_000, 1_000));
    let (mut acknowledged, mut lost, mut doubled, mut again) = (0, 0, 0, 0);
    let mut gaps = Vec::new();
    for _ in 0..times {
        let one = fail_over(Standby::Synchronous, silence, report).await;
        acknowledged += one.acknowledged;
        lost += one.effects.lost.len();
        doubled += one.effects.doubled.len();
        again += one.gone.again;
        match one.gap {
            Some(gap) => gaps.push(gap),
            None => report.violated("nothing was acknowledged after the promotion".to_owned()),
        }
        report.violated_all([one.effects.lost, one.effects.doubled, one.halves].concat());
        report.violated_all(one.gone.refused);
    }
    report.figure("failovers to a synchronous standby", times);
    report.figure("acknowledged", acknowledged);
    report.figure("lost", lost);
    report.figure("doubled", doubled);
    report.figure("sent again", again);
    report.milliseconds("from the crash to the first acknowledgement after it, ms", &gaps);
    let control = fail_over(Standby::Asynchronous, silence, report).await;
    report.figure("control, asynchronous standby: acknowledged", control.acknowledged);
    report.figure("control, asynchronous standby: lost", control.effects.lost.len());
    if control.effects.lost.is_empty() {
        report.violated("the control lost nothing, so this proof shows nothing".to_owned());
    }
}

async fn fail_over(standby: Standby, silence: Duration, report: &mut Report) -> Failover {
    let primary = start(&programs().expect("PostgreSQL"), DURABLE, None);
    let database = between(&primary).await;
    let other = primary.standby(DURABLE);
    if standby == Standby::Synchronous {
        let admin = Reader::on(&primary.url("postgres")).await;
        admin.execute("alter system set synchronous_standby_names = 'ANY 1 (*)'").await;
        admin.execute("select pg_reload_conf()").await;
    }
    let hosts = format!("{},{}", primary.host(), other.host());
    let database = database.at(format!("postgres://postgres@{hosts}/own"));
    let services = [Replica::start(&database).await, Replica::start(&database).await];
    let people = People::sign_in(services[0].address).await;
    let common = Arc::new(Common { people, ledger: Ledger::new(database.folder()) });
    let load = Load::begin(8, &common, services.iter().map(|one| one.address).collect());
    tokio::time::sleep(WORK).await;
    let watcher = Reader::on(&other.url("own")).await;
    report.engine_version(watcher.version().await);
    let admin = Reader::on(&primary.url("postgres")).await;
    let sender = admin.number("select cast(pid as bigint) from pg_stat_replication").await;
    let sender = i32::try_from(sender).ok().and_then(Pid::from_raw).expect("it is followed");
    kill_process(sender, Signal::STOP).expect("it runs");
    tokio::time::sleep(silence).await;
    let crashed = Instant::now();
    primary.crash();
    // Whoever watches the servers takes its time, too. What was stopped has been told to end by
    // then, and does before it sends anything.
    tokio::time::sleep(Duration::from_secs(1)).await;
    kill_process(sender, Signal::CONT).ok();
    watcher.execute("select pg_promote()").await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    let gone = load.end().await;
    let after = gone.acknowledged.iter().find(|at| **at > crashed + Duration::from_millis(50));
    let gap = after.map(|after| after.duration_since(crashed));
    let entries = common.ledger.since(0);
    Failover {
        acknowledged: entries.len(),
        effects: truth::effects(&watcher, &entries, PREFIX).await,
        halves: truth::halves(&watcher, &Scope::All).await,
        gone,
        gap,
    }
}

/// A filled database on the server.
async fn between(server: &Server) -> Database {
    Reader::on(&server.url("postgres")).await.execute("create database own").await;
    let database = Database::on(server.url("own"));
    load(&server.url("own"), database.folder(), 0);
    database
}
