//! For load balancers and monitoring.
//!
//! **Never** tells anything of a tenant; these addresses are open.

use std::fmt::Write as _;

use actix_web::{HttpResponse, web};
use chrono::SecondsFormat;

use super::error::Problem;
use super::site::Site;
use crate::service::health::{self, Figures};

/// The process answers.
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("live\n")
}

/// The process can do its work: the database answers. A hold is said and does not make it
/// unready; its reason may be a person's words and stays inside.
pub(super) async fn ready(site: web::Data<Site>) -> Result<HttpResponse, Problem> {
    match health::ready(&site.app).await {
        Ok(hold) => {
            let held = hold.map(|hold| {
                let since = hold.since.to_rfc3339_opts(SecondsFormat::Secs, true);
                format!("on hold since {since} after {}: nothing fires\n", hold.cause.words())
            });
            let text = format!("ready\n{}", held.unwrap_or_default());
            Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
        }
        Err(error) => {
            tracing::warn!(%error, "the service is not ready");
            Err(Problem::new("unavailable", "the database does not answer"))
        }
    }
}

/// Figures for Prometheus.
pub(super) async fn metrics(site: web::Data<Site>) -> Result<HttpResponse, Problem> {
    let text = prometheus(health::figures(&site.app).await?);
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

fn prometheus(figures: Figures) -> String {
    let rows = [
        ("supplyline_tickets_filed_total", "counter", "Tickets ever filed.", figures.tickets),
        ("supplyline_deliveries_queued", "gauge", "Deliveries waiting to leave.", figures.queued),
        (
            "supplyline_dead_letters",
            "gauge",
            "Failed deliveries a person should see.",
            figures.dead_letters,
        ),
        ("supplyline_tickets_due", "gauge", "Tickets due and not handled yet.", figures.due),
        (
            "supplyline_tickets_stuck",
            "gauge",
            "Tickets whose handling keeps failing.",
            figures.stuck,
        ),
        ("supplyline_on_hold", "gauge", "1 while nothing fires until a release.", figures.on_hold),
    ];
    let mut text = String::new();
    for (name, kind, help, value) in rows {
        let row = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
        // Writing to a string cannot fail.
        text.write_str(&row).unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_in_the_text_format() {
        let figures =
            Figures { tickets: 7, queued: 1, dead_letters: 2, due: 0, stuck: 0, on_hold: 1 };
        let text = prometheus(figures);
        assert!(text.contains(
            "# TYPE supplyline_tickets_filed_total counter\nsupplyline_tickets_filed_total 7\n"
        ));
        assert!(text.ends_with("supplyline_on_hold 1\n"));
    }
}
