//! What an operator sees: figures, readiness, and how soon replicas hear of each other.

use std::time::{Duration, Instant};

use reqwest::Method;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
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
    every_figure_that_is_written_about_exists(&text);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (figure, number) = line.rsplit_once(' ').expect("a value");
        assert!(figure.starts_with("supplyline_") && number.parse::<f64>().is_ok(), "{line}");
    }
    app.stop().await;
}

/// What the alert rules and the page on production name; standbys and a second clock are
/// not here.
fn every_figure_that_is_written_about_exists(text: &str) {
    let rules = include_str!("../../../docs/production/alerts.yaml");
    let page = include_str!("../../../docs/production.md");
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    let mut seen = 0;
    for written in [rules, page] {
        for (at, _) in written.match_indices("supplyline_") {
            let (_, rest) = written.split_at(at);
            let named: String = rest.chars().take_while(|c| is_part(*c)).collect();
            let elsewhere = ["supplyline_owner", "supplyline_standby_", "supplyline_clock_ahead_"];
            if elsewhere.iter().any(|other| named.starts_with(other)) {
                continue;
            }
            assert!(text.contains(&format!("\n{named}")), "{named}");
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
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
    assert!(skew::known(&inside).is_none(), "the demo's clock is nobody's business");
    if db.engine == Engine::Postgres {
        for (state, status) in [("on", 503), ("off", 200)] {
            read_only(&db, state).await;
            is_answered(&app, status).await;
        }
    }
    inside.vitals.drain();
    let refused = app.send(app.request(Method::GET, "/health/ready")).await.expect(503);
    assert!(refused.text.contains("about to end"), "{}", refused.text);
    assert_eq!(refused.header("connection"), "close");
    app.send(app.request(Method::GET, "/health/live")).await.expect(200);
    app.stop().await;
}

/// Lets the database take no writing, or take it again; connections of before are cut.
async fn read_only(db: &TestDb, state: &str) {
    let raw = TestDb::raw(&db.owner).await;
    let row = raw.query_one_raw(statement("select current_database()::text")).await;
    let name: String = row.expect("answers").expect("a row").try_get_by_index(0).expect("text");
    for sql in [
        // One text, one connection: a session that may only read must begin so.
        format!(
            "begin read write; alter database {name} set default_transaction_read_only = {state}; commit"
        ),
        "select pg_terminate_backend(pid) from pg_stat_activity \
         where datname = current_database() and pid <> pg_backend_pid()"
            .to_owned(),
    ] {
        raw.execute_unprepared(&sql).await.expect("done");
    }
    raw.close().await.expect("closed");
}

fn statement(sql: &str) -> Statement {
    Statement::from_string(DbBackend::Postgres, sql)
}

/// Waits until the service says so: a connection that was cut may be met first.
async fn is_answered(app: &TestApp, status: u16) {
    let begun = Instant::now();
    loop {
        let answer = app.send(app.request(Method::GET, "/health/ready")).await;
        if answer.status == status {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", answer.text);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
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
