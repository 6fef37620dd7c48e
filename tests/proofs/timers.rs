//! Timers fall due while replicas are killed and paused: each fires once, never early, and late
//! by so much.
//!
//! **Never** asserts how late: that is the machine's; the figures say it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::client::Client;
use super::cluster::{Database, Engine, Reader};
use super::crowd::{Crowd, Step};
use super::options::Options;
use super::people::{self, People};
use super::replica::Replica;
use super::report::Report;

/// What is due so long after the start is due while nothing happens to anybody.
const CALM: f64 = 0.3;
/// What is not done so long after the end counts as missed.
const PATIENCE: Duration = Duration::from_secs(120);

/// Files the ticket that the crowd is copied from.
pub(crate) async fn template(replica: &Replica) -> String {
    let people = People::sign_in(replica.address).await;
    let filing = people::filing(&people.hospital, "t-template");
    let answer = Client::to(replica.address).send(&filing).await.expect("answered");
    answer.json()["id"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
}

pub(crate) async fn run(options: &Options, engine: Engine, report: &mut Report) {
    let seconds: u32 = options.number("seconds", 20, 1_800);
    let rate: u32 = options.number("rate", 15, 50);
    let longest: u64 = options.number("longest-pause", 3, 60);
    let replicas = options.replicas(engine, 5);
    let mut random = StdRng::seed_from_u64(options.seed);
    let database = Database::filled(engine).await;
    let reader = database.connect().await;
    report.engine_version(reader.version().await);
    let mut services = Replica::start_all(&database, replicas).await;
    let template = template(&services[0]).await;
    let crowd = Crowd {
        count: seconds * rate,
        from: Utc::now() + TimeDelta::seconds(5),
        step: TimeDelta::milliseconds(1_000 / i64::from(rate)),
        warned_before: TimeDelta::seconds(3),
    };
    crowd.insert(&reader, &template).await;
    let (begun, all) = (Instant::now(), Duration::from_secs(u64::from(seconds) + 5));
    let disturbed_from = Utc::now() + TimeDelta::from_std(all.mul_f64(CALM)).expect("short");
    tokio::time::sleep(all.mul_f64(CALM)).await;
    let until = begun + all;
    let done = disturb(&mut services, &database, (&mut random, longest), until).await;
    all_done(&crowd, &reader, report).await;
    report.figure("replicas", replicas);
    report.figure("kills", done.kills);
    report.figure("pauses", done.pauses);
    let steps = crowd.steps(&reader).await;
    judge(&crowd, &steps, report);
    let calm = disturbed_from.timestamp_millis();
    let is_calm = |step: &&Step| crowd.expected(step.number, &step.kind) < calm;
    let (calm, disturbed): (Vec<_>, Vec<_>) = steps.iter().partition(is_calm);
    report.milliseconds("late while nothing happened, ms", &late(&crowd, &calm));
    report.milliseconds("late under kills and pauses, ms", &late(&crowd, &disturbed));
}

#[derive(Default)]
struct Done {
    kills: usize,
    pauses: usize,
}

/// Kills replicas and starts them again, stops them for a while and lets them go on, several at
/// once, until it is time.
async fn disturb(
    services: &mut [Replica],
    database: &Database,
    (random, longest): (&mut StdRng, u64),
    until: Instant,
) -> Done {
    let mut done = Done::default();
    let mut paused: Vec<(Instant, usize)> = Vec::new();
    while Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(random.random_range(50..600))).await;
        let (ended, still): (Vec<_>, Vec<_>) =
            paused.into_iter().partition(|(end, _)| *end <= Instant::now());
        ended.into_iter().for_each(|(_, which)| services[which].resume());
        paused = still;
        let which = random.random_range(0..services.len());
        if paused.iter().any(|(_, paused)| *paused == which) {
            continue;
        }
        if random.random_bool(0.5) {
            services[which].kill();
            services[which] = Replica::start(database).await;
            done.kills += 1;
        } else {
            services[which].pause();
            let pause = Duration::from_millis(random.random_range(200..longest * 1_000));
            paused.push((Instant::now() + pause, which));
            done.pauses += 1;
        }
    }
    paused.into_iter().for_each(|(_, which)| services[which].resume());
    done
}

/// Waits until nothing is due any more.
pub(crate) async fn all_done(crowd: &Crowd, reader: &Reader, report: &mut Report) {
    let begun = Instant::now();
    loop {
        match crowd.waiting(reader, Utc::now()).await {
            0 => return,
            left if begun.elapsed() > PATIENCE => {
                return report.violated(format!("{left} tickets were due and not looked at"));
            }
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Every step once and not before its instant. A warning that its own deadline has overtaken is
/// not given any more.
pub(crate) fn judge(crowd: &Crowd, steps: &[Step], report: &mut Report) {
    let mut seen: HashMap<(u32, &str), usize> = HashMap::new();
    let mut early = 0;
    for step in steps {
        *seen.entry((step.number, step.kind.as_str())).or_default() += 1;
        if step.at < crowd.expected(step.number, &step.kind) {
            early += 1;
            report.violated(format!("early: {step:?}"));
        }
    }
    let (mut missed, mut double, mut overtaken) = (0, 0, 0);
    for number in 1..=crowd.count {
        for kind in ["warned", "missed", "escalated"] {
            match seen.get(&(number, kind)) {
                Some(1) => {}
                Some(times) => {
                    double += 1;
                    report.violated(format!("ticket {number} was {kind} {times} times"));
                }
                None if kind == "warned" => overtaken += 1,
                None => {
                    missed += 1;
                    report.violated(format!("ticket {number} was never {kind}"));
                }
            }
        }
    }
    report.figure("steps fired", steps.len());
    report.figure("double", double);
    report.figure("missed", missed);
    report.figure("early", early);
    report.figure("warnings overtaken by their deadline", overtaken);
}

/// How late the steps were that somebody was told of.
fn late(crowd: &Crowd, steps: &[&Step]) -> Vec<Duration> {
    let late = |step: &&Step| {
        let late = u64::try_from(step.told? - crowd.expected(step.number, &step.kind)).ok()?;
        Some(Duration::from_millis(late))
    };
    steps.iter().filter_map(late).collect()
}
