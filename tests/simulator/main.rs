//! A seeded simulator of the engine's core: the domain's own functions, a virtual clock, several
//! replicas that die, stand still and have wrong clocks, receivers that refuse, and people who act
//! in the same second as the clock. A model of the store holds what was committed, with the guards
//! that the real one has.
//!
//! `cargo test` runs it for some seconds, and plants a fault after the other to see that each is
//! found. The long run: `cargo test --release --test simulator -- --tickets 1000000 --seed 1`.
//! A run that violates something prints its own seed; `-- --run SEED` does that run again.
//!
//! **Never** holds a copy of a rule: what is decided is decided by the code that ships.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "a simulator stops at the first surprise, and its output is its purpose"
)]

mod acting;
mod delivering;
mod fate;
mod fault;
mod figures;
mod oracle;
mod replay;
mod setting;
mod sim;
mod store;
mod sweeping;
mod verdict;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use fault::Fault;
use figures::Figures;
use sim::Sim;

/// How long the short version runs.
const SHORT: Duration = Duration::from_secs(20);
/// Runs in which a planted fault must be found.
const MOST_RUNS_PER_FAULT: u64 = 1_000;
/// Lines of what happened to a ticket that are printed.
const SHOWN: usize = 60;

struct Options {
    seed: u64,
    tickets: Option<u64>,
    run: Option<u64>,
    fault: Option<Fault>,
    threads: u64,
}

fn main() -> ExitCode {
    let Some(options) = read(std::env::args().skip(1)) else { return ExitCode::SUCCESS };
    if let Some(seed) = options.run {
        let (figures, violation) = one(seed, options.fault);
        println!("{} tickets, {} steps", figures.tickets, figures.steps);
        return match violation {
            Some(what) => {
                println!("{what}");
                ExitCode::FAILURE
            }
            None => ExitCode::SUCCESS,
        };
    }
    let is_kept = long(&options) && (options.tickets.is_some() || faults(options.seed));
    if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Reads the arguments; `None` where there is nothing to do.
fn read(mut arguments: impl Iterator<Item = String>) -> Option<Options> {
    let seed = rand::random_range(1..1_000_000);
    let mut options = Options { seed, tickets: None, run: None, fault: None, threads: 2 };
    while let Some(argument) = arguments.next() {
        let mut number =
            || arguments.next().and_then(|value| value.parse().ok()).expect("a number");
        match argument.as_str() {
            "--seed" => options.seed = number(),
            "--tickets" => options.tickets = Some(number()),
            "--run" => options.run = Some(number()),
            "--threads" => options.threads = number().max(1),
            "--fault" => {
                let index = usize::try_from(number()).expect("small");
                options.fault = Fault::ALL.get(index).copied();
            }
            "--list" => {
                println!("simulator: test");
                return None;
            }
            "--ignored" => return None,
            "--test-threads" | "--format" | "--color" | "--skip" | "--logfile" => {
                drop(arguments.next());
            }
            flag if flag.starts_with('-') => {}
            name if "simulator".contains(name) => {}
            _ => return None,
        }
    }
    Some(options)
}

/// The seed of a run, far from its neighbours'.
fn seed_of(seed: u64, run: u64) -> u64 {
    let mut mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(run);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// One run; gives what it counted, and what must not be, with what happened to the ticket.
fn one(seed: u64, fault: Option<Fault>) -> (Figures, Option<String>) {
    let run = |followed| {
        catch_unwind(AssertUnwindSafe(|| {
            let mut sim = Sim::new(seed, fault, followed);
            sim.run();
            if sim.violations.is_empty() {
                sim.judge();
            }
            sim
        }))
    };
    let Ok(sim) = run(None) else {
        return (Figures::default(), Some(format!("run {seed} panicked")));
    };
    let Some((ticket, what)) = sim.violations.first().cloned() else { return (sim.figures, None) };
    let trace = run(Some(ticket)).map(|sim| sim.trace).unwrap_or_default();
    let skipped = trace.len().saturating_sub(SHOWN);
    let lines = trace.into_iter().skip(skipped).collect::<Vec<_>>().join("\n  ");
    let told = format!("run {seed}, ticket {ticket}: {what}\n  {lines}");
    (sim.figures, Some(told))
}

/// Runs until there were so many tickets, or for a while; prints and writes the figures.
fn long(options: &Options) -> bool {
    let begun = Instant::now();
    let (next, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let all = Mutex::new((Figures::default(), None));
    std::thread::scope(|scope| {
        for _ in 0..options.threads {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let run = next.fetch_add(1, Ordering::Relaxed);
                    let (figures, violation) = one(seed_of(options.seed, run), None);
                    let mut all = all.lock().expect("no panic");
                    all.0.merge(&figures);
                    let is_enough = match options.tickets {
                        Some(tickets) => all.0.tickets >= tickets,
                        None => begun.elapsed() > SHORT,
                    };
                    if is_enough || violation.is_some() {
                        is_over.store(true, Ordering::Relaxed);
                    }
                    all.1 = all.1.take().or(violation);
                }
            });
        }
    });
    let (figures, violation) = all.into_inner().expect("no panic");
    told(options, &figures, violation.as_deref(), begun.elapsed());
    violation.is_none()
}

fn told(options: &Options, figures: &Figures, violation: Option<&str>, took: Duration) {
    let mut found = Map::new();
    let mut add = |name: &str, value: Value| {
        println!("  {name}: {value}");
        found.insert(name.to_owned(), value);
    };
    println!("\nsimulator, seed {}:", options.seed);
    figures.counts().into_iter().for_each(|(name, count)| add(name, json!(count)));
    let times = |times: &figures::Times| json!({"p50": times.permille(500), "p99": times.permille(990), "max": times.permille(1_000)});
    add("lateness_ms", times(&figures.lateness));
    add("leaving_ms", times(&figures.leaving));
    add("earliest_ms_by_a_clock_within_2_s", json!(figures.earliest));
    let repeats = figures.repeats.saturating_mul(10_000).checked_div(figures.sends).unwrap_or(0);
    add("repeats_per_10000_sends", json!(repeats));
    let wrong = u64::from(violation.is_some());
    for name in ["double", "early", "missed", "lost"] {
        add(name, if violation.is_none() { json!(0) } else { Value::Null });
    }
    add("runs_with_a_violation", json!(wrong));
    let seconds = took.as_secs_f64();
    add("seconds", json!((seconds * 10.0).round() / 10.0));
    let tickets = u32::try_from(figures.tickets).unwrap_or(u32::MAX);
    add("tickets_per_second", json!((f64::from(tickets) / seconds).round()));
    if let Some(what) = violation {
        println!("VIOLATED: {what}\nagain with: cargo test --test simulator -- --run <that run>");
    }
    let content = json!({
        "name": "simulator",
        "seed": options.seed,
        "version": if options.tickets.is_some() { "long" } else { "short" },
        "build": if cfg!(debug_assertions) { "debug" } else { "release" },
        "figures": found,
        "violation": violation,
    });
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/proofs");
    std::fs::create_dir_all(&folder).expect("target/proofs");
    let text = serde_json::to_string_pretty(&content).expect("JSON");
    std::fs::write(folder.join("simulator.json"), text + "\n").expect("the figures are written");
}

/// Plants each fault; every one must be found within some runs.
fn faults(seed: u64) -> bool {
    let mut is_kept = true;
    std::panic::set_hook(Box::new(|_| {}));
    for fault in Fault::ALL {
        let found = (0..MOST_RUNS_PER_FAULT)
            .find_map(|run| Some((run + 1, one(seed_of(seed, run), Some(fault)).1?)));
        match found {
            Some((runs, what)) => {
                let what = what.lines().next().unwrap_or_default();
                println!("  planted {fault:?}: found in run {runs}: {what}");
            }
            None => {
                println!("  planted {fault:?}: NOT FOUND in {MOST_RUNS_PER_FAULT} runs");
                is_kept = false;
            }
        }
    }
    is_kept
}
