//! The promises, proved on the real program: it is started, killed, paused and asked, and what it
//! has said is compared with what it has kept.
//!
//! `cargo test` runs the short version of each proof; `cargo test --release --test proofs -- NAME`
//! its long version, with options of its own. `-- --help` lists them. Figures are printed, and
//! written as JSON to `target/proofs/`.
//!
//! **Never** reaches into the process it proves something of: it speaks HTTP to it, sends it
//! signals, and reads its database beside it.

#![expect(
    clippy::cognitive_complexity,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "a proof stops at the first surprise, owns its tasks, and its output is its purpose"
)]

mod balance;
mod client;
mod cluster;
mod crowd;
mod downtime;
mod failover;
mod gateway;
mod kill;
mod ledger;
mod options;
mod outbox;
mod people;
mod points;
mod receivers;
mod repeat;
mod replica;
mod report;
mod restore;
mod rolling;
#[path = "../it/support/server.rs"]
mod server;
#[expect(dead_code, reason = "the proofs need a part of it")]
#[path = "../it/support/smtp.rs"]
mod smtp;
#[path = "../it/support/standby.rs"]
mod standby;
mod sync;
mod timers;
mod truth;

use std::pin::Pin;
use std::process::ExitCode;
use std::time::Instant;

use cluster::Engine;
use options::{Asked, Length, Options};
use report::Report;

/// A proof at work; what it found goes into the report.
type Work<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Something promised, and how it is seen to be kept.
struct Proof {
    name: &'static str,
    /// What it shows, in a line.
    shows: &'static str,
    /// The options that it takes beside `--database` and `--seed`.
    takes: &'static str,
    /// The databases that it can run on.
    on: &'static [Engine],
    run: for<'a> fn(&'a Options, Engine, &'a mut Report) -> Work<'a>,
}

const BOTH: &[Engine] = &[Engine::Sqlite, Engine::Postgres];

/// Every proof; a new one gets a row here.
const PROOFS: &[Proof] = &[
    Proof {
        name: "kill",
        shows: "what was acknowledged survives a SIGKILL at any time, once and whole",
        takes: "--cycles N --clients N",
        on: BOTH,
        run: |options, engine, report| Box::pin(kill::run(options, engine, report)),
    },
    Proof {
        name: "points",
        shows: "a SIGKILL at each named point of the program does no harm",
        takes: "--repeats N --point NAME; in a release build with --features crash-points",
        on: BOTH,
        run: |options, engine, report| Box::pin(points::run(options, engine, report)),
    },
    Proof {
        name: "sync",
        shows: "the write-ahead log is on the disk before a write is acknowledged",
        takes: "--writes N --files N",
        on: BOTH,
        run: |options, engine, report| Box::pin(sync::run(options, engine, report)),
    },
    Proof {
        name: "repeat",
        shows: "a request that is sent many times at once, over replicas, has one effect",
        takes: "--rounds N; a kill before the answer needs --features crash-points in a release build",
        on: BOTH,
        run: |options, engine, report| Box::pin(repeat::run(options, engine, report)),
    },
    Proof {
        name: "timers",
        shows: "every timer fires once and never early while replicas are killed and paused",
        takes: "--seconds N --rate N --replicas N --longest-pause SECONDS",
        on: BOTH,
        run: |options, engine, report| Box::pin(timers::run(options, engine, report)),
    },
    Proof {
        name: "downtime",
        shows: "what fell due while the service was down is caught up with, each once",
        takes: "--due N --hours N --replicas N",
        on: BOTH,
        run: |options, engine, report| Box::pin(downtime::run(options, engine, report)),
    },
    Proof {
        name: "rolling",
        shows: "replicas restart in turn under load: nobody is refused, nothing is lost or doubled",
        takes: "--rounds N --clients N --replicas N",
        on: BOTH,
        run: |options, engine, report| Box::pin(rolling::run(options, engine, report)),
    },
    Proof {
        name: "failover",
        shows: "the primary is lost and a standby promoted: nothing acknowledged is lost",
        takes: "--times N --silence MILLISECONDS",
        on: &[Engine::Postgres],
        run: |options, engine, report| Box::pin(failover::run(options, engine, report)),
    },
    Proof {
        name: "receivers",
        shows: "every letter arrives or is a dead letter, whatever its receiver does",
        takes: "--tickets N",
        on: BOTH,
        run: |options, engine, report| Box::pin(receivers::run(options, engine, report)),
    },
    Proof {
        name: "restore",
        shows: "a restored backup waits on hold, and a release that skips repeats nothing",
        takes: "--seconds N",
        on: BOTH,
        run: |options, engine, report| Box::pin(restore::run(options, engine, report)),
    },
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some((sync::RAW, rest)) = words.split_first().map(|(word, rest)| (word.as_str(), rest)) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(sync::write_raw(rest));
        return ExitCode::SUCCESS;
    }
    let asked = match options::read(words.into_iter()) {
        Ok(asked) => asked,
        Err(problem) => {
            println!("{problem}");
            return ExitCode::from(2);
        }
    };
    let options = match asked {
        Asked::Help => {
            help();
            return ExitCode::SUCCESS;
        }
        Asked::List => {
            PROOFS.iter().for_each(|proof| println!("{}: test", proof.name));
            return ExitCode::SUCCESS;
        }
        Asked::Run(options) => options,
    };
    let options = options.lengthened(|name| PROOFS.iter().any(|proof| proof.name == name));
    let mut is_kept = true;
    for proof in PROOFS.iter().filter(|proof| options.wants(proof.name)) {
        for engine in proof.on.iter().copied().filter(|engine| options.is_on(*engine)) {
            if engine == Engine::Postgres && !cluster::has_postgres() {
                println!(
                    "\n{}, PostgreSQL: LEFT OUT, its programs were not found; tests/run installs them",
                    proof.name
                );
                continue;
            }
            is_kept &= prove(proof, &options, engine);
        }
    }
    if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a proof in a runtime of its own; gives whether nothing was violated.
fn prove(proof: &Proof, options: &Options, engine: Engine) -> bool {
    let mut report = Report::new(proof.name, engine, options);
    println!("\n{}, {}, seed {}: {}", proof.name, engine.shown(), options.seed, proof.shows);
    let begun = Instant::now();
    let work = std::panic::AssertUnwindSafe(|| {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on((proof.run)(options, engine, &mut report));
    });
    if let Err(panic) = std::panic::catch_unwind(work) {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
        report.violated(format!("the proof broke off: {}", said.unwrap_or("a panic")));
    }
    report.finish(begun.elapsed())
}

fn help() {
    println!(
        "cargo test --release --test proofs -- [NAME…] [--short] [--database sqlite|postgres] [--seed N] [options]\n\n\
         Without a name the short version of every proof runs, with a name its long one.\n\
         Figures go to target/proofs/NAME-DATABASE.json.\n"
    );
    for proof in PROOFS {
        println!("  {:8} {}\n           {}", proof.name, proof.shows, proof.takes);
    }
}

/// True in the long version.
fn is_long(options: &Options) -> bool {
    options.length == Length::Long
}
