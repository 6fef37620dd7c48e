//! For load balancers and monitoring.
//!
//! **Never** tells anything of a tenant; these addresses are open.

use std::fmt::Write as _;

use actix_web::{HttpResponse, web};
use chrono::{SecondsFormat, TimeDelta};

use super::error::Problem;
use super::exposition::{Exposition, label};
use super::site::Site;
use crate::domain::notice::Channel;
use crate::domain::skew::words;
use crate::service::health::{self, Figures, Readiness, Unready};
use crate::service::skew;
use crate::service::vitals::{Vitals, channel_name};

/// The process answers.
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("live\n")
}

/// The process can do its work: it is not about to end, and the database answers and takes
/// writing. What keeps things from firing is said and does not make it unready: people can work,
/// and every replica may be in the same plight.
pub(super) async fn ready(site: web::Data<Site>) -> Result<HttpResponse, Problem> {
    match health::ready(&site.app).await {
        Ok(readiness) => {
            let text = said(&readiness);
            Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
        }
        Err(Unready::Draining) => Err(Problem::new("unavailable", "the service is about to end")),
        Err(error) => {
            tracing::warn!(%error, cause = ?std::error::Error::source(&error), "not ready");
            Err(Problem::new("unavailable", error.to_string()))
        }
    }
}

/// A hold's reason may be a person's words and stays inside.
fn said(readiness: &Readiness) -> String {
    let mut text = String::from("ready\n");
    let mut say = |line: String| writeln!(text, "{line}").unwrap_or_default();
    if let Some(hold) = &readiness.hold {
        let since = hold.since.to_rfc3339_opts(SecondsFormat::Secs, true);
        say(format!("on hold since {since} after {}: nothing fires", hold.cause.words()));
    }
    if let Some(ahead) = readiness.ahead {
        say(format!("this replica's clock is {}: it fires nothing", words(ahead)));
    }
    for (round, since) in &readiness.stuck {
        say(format!("stuck: {} has not ended a round for {} s", round.name(), since.as_secs()));
    }
    text
}

/// Figures for Prometheus: of the service, from its database, and of this process since it began.
pub(super) async fn metrics(site: web::Data<Site>) -> Result<HttpResponse, Problem> {
    let figures = health::figures(&site.app).await?;
    let lag = site.hub.lag().await?;
    let mut text = Exposition::default();
    of_the_service(&mut text, &figures);
    of_this_replica(&mut text, &site, lag);
    of_this_process(&mut text, &site.app.vitals);
    let text = text.into_text();
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

fn seconds(time: TimeDelta) -> f64 {
    time.as_seconds_f64()
}

fn of_the_service(text: &mut Exposition, figures: &Figures) {
    text.counter("supplyline_tickets_filed_total", "Tickets ever filed.", figures.tickets);
    text.gauge(
        "supplyline_tickets_due",
        "Tickets due and not handled yet; counted up to 10,000.",
        figures.due,
    );
    text.gauge(
        "supplyline_tickets_stuck",
        "Tickets whose handling keeps failing; counted up to 10,000.",
        figures.stuck,
    );
    text.gauge(
        "supplyline_oldest_due_timer_seconds",
        "How long the longest due ticket waits to be handled.",
        seconds(figures.oldest_due),
    );
    text.gauge(
        "supplyline_deliveries_queued",
        "Deliveries waiting to leave; counted up to 10,000.",
        figures.queued,
    );
    let by_channel = |(channel, waited): &(Channel, TimeDelta)| {
        (label("channel", channel_name(*channel)), seconds(*waited))
    };
    text.gauges(
        (
            "supplyline_oldest_unsent_notice_seconds",
            "How long the delivery waits that could leave longest.",
        ),
        figures.oldest_queued.iter().map(by_channel),
    );
    text.gauge(
        "supplyline_dead_letters",
        "Failed deliveries a person should see; counted up to 10,000.",
        figures.dead_letters,
    );
    text.gauge("supplyline_on_hold", "1 while nothing fires until a release.", figures.on_hold);
    let standbys = || {
        figures.standbys.iter().map(|standby| {
            let way = if standby.is_synchronous { "synchronous" } else { "asynchronous" };
            (format!("{},{}", label("standby", &standby.name), label("way", way)), standby)
        })
    };
    text.gauges(
        ("supplyline_standby_behind_bytes", "Log that a standby has not on its disk yet."),
        standbys().map(|(labels, standby)| (labels, standby.behind_bytes)),
    );
    text.gauges(
        ("supplyline_standby_behind_seconds", "How late a standby has the log on its disk."),
        standbys().map(|(labels, standby)| (labels, standby.behind_seconds)),
    );
}

fn of_this_replica(text: &mut Exposition, site: &Site, lag: Option<TimeDelta>) {
    let version = label("version", env!("CARGO_PKG_VERSION"));
    text.gauges(("supplyline_build_info", "The version that runs."), [(version, 1)]);
    let is_draining = u8::from(site.app.vitals.is_draining());
    text.gauge("supplyline_draining", "1 while this process is about to end.", is_draining);
    let clock = skew::known(&site.app);
    text.gauges(
        (
            "supplyline_clock_ahead_seconds",
            "How far this replica's clock is ahead of the database's.",
        ),
        clock.map(|(ahead, _)| (String::new(), seconds(ahead))),
    );
    let is_off = clock.is_some_and(|(_, is_off)| is_off);
    text.gauge(
        "supplyline_clock_off",
        "1 while this replica fires nothing because its clock is off.",
        u8::from(is_off),
    );
    let connections = health::connections(&site.app);
    let used = connections.open.saturating_sub(connections.idle);
    text.gauges(
        ("supplyline_database_connections", "Connections of this process's pool."),
        [(label("state", "idle"), connections.idle), (label("state", "used"), used)],
    );
    text.gauges(
        (
            "supplyline_live_lag_seconds",
            "How long the oldest change waits that this replica has not passed on to live pages.",
        ),
        lag.map(|lag| (String::new(), seconds(lag))),
    );
}

fn of_this_process(text: &mut Exposition, vitals: &Vitals) {
    let rounds = vitals
        .rounds()
        .map(|(round, since)| (label("loop", round.name()), format!("{:.3}", since.as_secs_f64())));
    text.gauges(
        (
            "supplyline_loop_last_round_seconds",
            "How long ago a loop of this process ended a round.",
        ),
        rounds,
    );
    text.histograms(
        (
            "supplyline_timer_lateness_seconds",
            "How long after they were due this process handled tickets.",
        ),
        [(String::new(), vitals.lateness().counted())],
    );
    let delays = [Channel::Mail, Channel::Sms, Channel::Robot]
        .map(|channel| (label("channel", channel_name(channel)), vitals.delay(channel).counted()));
    text.histograms(
        (
            "supplyline_notice_delay_seconds",
            "How long after they could leave this process sent deliveries.",
        ),
        delays,
    );
    let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"].into_iter().zip(vitals.answers());
    text.counters(
        ("supplyline_http_requests_total", "Requests that this process answered, by status."),
        classes.map(|(class, count)| (label("class", class), count)),
    );
    text.histograms(
        ("supplyline_http_request_duration_seconds", "How long requests took to be answered."),
        [(String::new(), vitals.requests().counted())],
    );
}
