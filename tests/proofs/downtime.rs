//! The service was down for a day and many timers fell due meanwhile: all are caught up with, each
//! once, and nobody is warned of a deadline that has passed.
//!
//! **Never** fires before the service runs, and so never early.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};

use super::cluster::{Database, Engine};
use super::crowd::Crowd;
use super::options::Options;
use super::replica::Replica;
use super::report::Report;
use super::timers::{all_done, judge, template};

pub(crate) async fn run(options: &Options, engine: Engine, report: &mut Report) {
    let due: u32 = options.number("due", 2_000, 100_000);
    let hours: i64 = options.number("hours", 24, 24);
    let replicas = options.replicas(engine, 2);
    let database = Database::filled(engine).await;
    let reader = database.connect().await;
    report.engine_version(reader.version().await);
    let mut before = Replica::start(&database).await;
    let template = template(&before).await;
    before.terminate();
    if before.ended(Duration::from_secs(20)).await.is_none() {
        report.violated("the service did not end in 20 s".to_owned());
    }
    let down = TimeDelta::hours(hours);
    let crowd = Crowd {
        count: due,
        // The last is due a minute before the start.
        from: Utc::now() - down - TimeDelta::minutes(1),
        step: down / i32::try_from(due).expect("few"),
        warned_before: TimeDelta::hours(1),
    };
    crowd.insert(&reader, &template).await;
    let mut services = Vec::new();
    let begun = Instant::now();
    for _ in 0..replicas {
        services.push(Replica::spawn(&database, &[]));
    }
    for service in &mut services {
        if let Err(problem) = service.ready().await {
            return report.violated(problem);
        }
    }
    let ready = Utc::now();
    report.milliseconds("from start to ready, ms", &[begun.elapsed()]);
    all_done(&crowd, &reader, report).await;
    report.figure("replicas", replicas);
    report.figure("hours down", hours);
    report.figure("tickets due", due);
    report.figure("caught up with after, s", (Utc::now() - ready).num_milliseconds() / 100 / 10);
    let steps = crowd.steps(&reader).await;
    let told = steps.iter().filter_map(|step| step.told);
    let first = told.min().map_or(0, |first| first - ready.timestamp_millis());
    report.figure("the first was done after, ms", first);
    judge(&crowd, &steps, report);
    let warned = steps.iter().filter(|step| step.kind == "warned").count();
    if warned > 0 {
        report.violated(format!("{warned} were warned of a deadline that had passed"));
    }
}
