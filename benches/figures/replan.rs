//! Counting every open deadline again after an edit of the calendar, while others read.
//!
//! SQLite always; PostgreSQL too where `SUPPLYLINE_BENCH_POSTGRES_URL` names an empty database.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait as _;
use supplyline::clock::Clock;
use supplyline::domain::calendar::{Day, DayKind, Edit};
use supplyline::domain::id::TicketId;
use supplyline::service::replan::{self, Outcome, Proposal, Wish};
use supplyline::service::{App, Limits, Once, Rendered, accounts};
use supplyline::store::{Store, tickets};

use super::{crowd, filled, row, world};

const TICKETS: u32 = 100_000;
/// A reader looks at so many tickets at once, spread over all of them.
const LOOKED_AT: u32 = 100;

pub(crate) async fn figures() {
    let world = world().await;
    on("SQLite", world.store.clone()).await;
    if let Ok(url) = std::env::var("SUPPLYLINE_BENCH_POSTGRES_URL") {
        on("PostgreSQL", filled(&url).await).await;
    }
}

async fn on(database: &str, store: Store) {
    let now = crowd::fill_open(&store, TICKETS).await;
    if database == "PostgreSQL" {
        // As it does by itself, a minute after so much was written.
        store.read_unscoped().execute_unprepared("analyze").await.expect("analysed");
    }
    let app = App::open(store, Clock::still_at(now), Limits::Off).await.expect("opened");
    let calendar = app.book().layers().first().expect("the nation's").id;
    let day = Day {
        date: "2026-11-18".parse().expect("a date"),
        kind: DayKind::Rest,
        name: String::new(),
        source: "https://www.gov.cn/".to_owned(),
    };
    let wish = Wish {
        proposal: Proposal::Calendar { calendar, edit: Edit::Day(day) },
        reason: "临时放假".to_owned(),
        undoes: None,
        seal: None,
        confirmed: Vec::new(),
    };
    let first = accounts::on_behalf_of(&app, "admin").await.expect("known");
    let second = accounts::on_behalf_of(&app, "admin2").await.expect("known");
    let begun = Instant::now();
    let asked = replan::confirm(&app, &first, wish, once()).await.expect("proposed");
    row(
        &format!("{database}: preview of an edit under {TICKETS} open tickets"),
        &format!("{:.1} s", begun.elapsed().as_secs_f64()),
    );
    let id = asked.answer.body.parse().expect("the batch's id");
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::task::spawn(read(app.clone(), Arc::clone(&done)));
    let begun = Instant::now();
    replan::approve(&app, &second, id, once()).await.expect("approved");
    let seconds = begun.elapsed().as_secs_f64();
    done.store(true, Ordering::SeqCst);
    let (reads, mixed, slowest) = reader.await.expect("it read");
    row(
        &format!(
            "{database}: {} deadlines of {TICKETS} tickets counted again, one transaction",
            2 * TICKETS
        ),
        &format!(
            "{seconds:.1} s; meanwhile {reads} readers of {LOOKED_AT} tickets, {mixed} of them saw \
             two versions, slowest {:.0} ms",
            slowest.as_secs_f64() * 1e3
        ),
    );
}

/// Reads the same tickets again and again; counts how often two versions were seen at once.
async fn read(app: App, done: Arc<AtomicBool>) -> (u32, u32, Duration) {
    let step = usize::try_from(TICKETS / LOOKED_AT).expect("small");
    let ids: Vec<TicketId> = (0..TICKETS).step_by(step).map(crowd::ticket).collect();
    let (mut reads, mut mixed, mut slowest) = (0, 0, Duration::ZERO);
    while !done.load(Ordering::SeqCst) {
        let begun = Instant::now();
        let snapshot = app.store.snapshot_unscoped().await.expect("begun");
        let seen = tickets::load(&snapshot, &ids).await.expect("read");
        drop(snapshot);
        let deadlines = seen.iter().flat_map(|ticket| &ticket.deadlines);
        let versions: HashSet<_> =
            deadlines.map(|deadline| deadline.calendar_version.as_str()).collect();
        reads += 1;
        mixed += u32::from(versions.len() != 1);
        slowest = slowest.max(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (reads, mixed, slowest)
}

fn once() -> Once<Outcome> {
    let render = |outcome: &Outcome| Rendered {
        status: 200,
        etag: None,
        body: outcome.batch.as_ref().map(|view| view.batch.id.to_string()).unwrap_or_default(),
    };
    Once { key: None, expected_version: None, render: Arc::new(render) }
}
