//! What an operator sees: figures, readiness, and how soon replicas hear of each other.

use std::time::{Duration, Instant};

use reqwest::Method;
use supplyline::service::skew;
use supplyline::service::vitals::Round;

use super::stream::{change, id};
use crate::support::app::TestApp;
use crate::support::db::{Engine, TestDb, both};
use crate::support::world::REPLY_DUE;

both! {
    the_figures_tell_how_late_things_are,
    it_is_unready_before_it_ends,
    a_replica_passes_on_what_another_was_told_within_a_second,
}

/// The value of a figure, by its name and labels.
fn value(text: &str, figure: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{figure} in {text}"))
}

async fn metrics(app: &TestApp) -> String {
    app.send(app.request(Method::GET, "/metrics")).await.expect(200).text
}

async fn the_figures_tell_how_late_things_are(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    hospital.file().await;
    let mut stream = hospital.listen().await;
    hospital.file().await;
    change(&mut stream).await;
    hospital.advance_to(REPLY_DUE).await;
    let text = metrics(&app).await;
    let is = |figure: &str, expected: f64| {
        let found = value(&text, figure);
        assert!((found - expected).abs() < 1e-9, "{figure}: {found}");
    };
    is("supplyline_tickets_filed_total", 2.0);
    is("supplyline_oldest_due_timer_seconds", 0.0);
    is("supplyline_oldest_unsent_notice_seconds{channel=\"mail\"}", 0.0);
    is("supplyline_dead_letters", 0.0);
    is("supplyline_draining", 0.0);
    is("supplyline_clock_off", 0.0);
    is("supplyline_build_info{version=\"0.1.0\"}", 1.0);
    // Each ticket was warned about and then missed, and the clock stood at every due instant.
    is("supplyline_timer_lateness_seconds_count", 4.0);
    is("supplyline_timer_lateness_seconds_bucket{le=\"0.5\"}", 4.0);
    let sent = value(&text, "supplyline_notice_delay_seconds_count{channel=\"mail\"}");
    assert!(sent >= 4.0, "{sent}");
    let answered = value(&text, "supplyline_http_requests_total{class=\"2xx\"}");
    assert!(answered >= 4.0, "{answered}");
    assert!(value(&text, "supplyline_live_lag_seconds") < 60.0);
    for round in Round::ALL {
        let figure = format!("supplyline_loop_last_round_seconds{{loop=\"{}\"}}", round.name());
        assert!(value(&text, &figure) < 60.0, "{figure}");
    }
    let open = ["idle", "used"].map(|state| {
        value(&text, &format!("supplyline_database_connections{{state=\"{state}\"}}"))
    });
    assert!(open.iter().sum::<f64>() >= 1.0, "{open:?}");
    assert!(!text.contains("standby"), "nobody follows: {text}");
    // What waits is as old as it is.
    app.send(app.request(Method::GET, "/nowhere")).await.expect(404);
    db.execute("update timer set due_at = '2026-02-20T00:00:00+00:00', attempt = 3").await;
    let text = metrics(&app).await;
    assert!((value(&text, "supplyline_tickets_stuck") - 2.0).abs() < 1e-9);
    assert!(value(&text, "supplyline_oldest_due_timer_seconds").abs() < 1e-9, "it is stuck");
    assert!(value(&text, "supplyline_http_requests_total{class=\"4xx\"}") >= 1.0);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (figure, number) = line.rsplit_once(' ').expect("a value");
        assert!(figure.starts_with("supplyline_") && number.parse::<f64>().is_ok(), "{line}");
    }
    app.stop().await;
}

async fn it_is_unready_before_it_ends(db: TestDb) {
    let mut inside = None;
    let app = TestApp::spawn_with(&db, "http://supply.example/", |app| {
        inside = Some(app.clone());
        app
    })
    .await;
    let inside = inside.expect("it was seen");
    let ready = app.send(app.request(Method::GET, "/health/ready")).await.expect(200);
    assert_eq!(ready.text, "ready\n");
    if db.engine == Engine::Postgres {
        let database = db.url.rsplit('/').next().expect("a name").to_owned();
        let name = database.split('?').next().expect("a name").to_owned();
        assert!(skew::known(&inside).is_none(), "the demo's clock is nobody's business");
        read_only(&db, &name, "on").await;
        // A connection of before may still write: this one begins after.
        let replica = TestApp::replica(&db).await;
        let refused = replica.send(replica.request(Method::GET, "/health/ready")).await;
        assert!(refused.status == 503 && refused.text.contains("read-only"), "{}", refused.text);
        read_only(&db, &name, "off").await;
        replica.stop().await;
    }
    inside.vitals.drain();
    let refused = app.send(app.request(Method::GET, "/health/ready")).await.expect(503);
    assert!(refused.text.contains("about to end"), "{}", refused.text);
    assert_eq!(refused.header("connection"), "close");
    app.send(app.request(Method::GET, "/health/live")).await.expect(200);
    app.stop().await;
}

async fn read_only(db: &TestDb, name: &str, state: &str) {
    use sea_orm::ConnectionTrait as _;
    let raw = TestDb::raw(&db.url).await;
    let sql = format!(
        "begin read write; alter database {name} set default_transaction_read_only = {state}; commit"
    );
    raw.execute_unprepared(&sql).await.expect("set");
    raw.close().await.expect("closed");
}

async fn a_replica_passes_on_what_another_was_told_within_a_second(db: TestDb) {
    let (app, replica) = (TestApp::spawn(&db).await, TestApp::replica(&db).await);
    let (here, there) = (app.sign_in("hospital").await, replica.sign_in("hospital").await);
    let mut stream = there.listen().await;
    let mut best = Duration::MAX;
    for _ in 0..8 {
        let begun = Instant::now();
        let ticket = here.file().await;
        assert_eq!(change(&mut stream).await.ticket(), id(&ticket));
        best = best.min(begun.elapsed());
    }
    // One of eight: the machine may be busy, and a poll that takes a second takes it every time.
    assert!(best < Duration::from_secs(1), "{best:?}");
    replica.stop().await;
    app.stop().await;
}
