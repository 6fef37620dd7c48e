//! The bureau's area at a glance: its parts side by side, every number with its list.
//!
//! **Never** counts by itself: the lists and the ledger do.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{Days, NaiveDate, NaiveTime};

use super::chart::{Chart, Drawing, Figures, Series};
use super::rate::Rate;
use super::shell::{Shell, page};
use crate::domain::calendar::{at_time, local_date};
use crate::domain::party::Division;
use crate::service::ledger::Grouping;
use crate::service::region::{self, Overview, Place, Standing};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::query::Query;
use crate::web::site::Site;

/// How many days count as recent, today included.
const RECENT: u64 = 30;
/// Bars in a chart.
const MOST_BARS: usize = 21;

/// A part of the area, or all of it.
struct Line {
    name: String,
    standing: Standing,
    reply: Rate,
    resolved: Rate,
    /// What narrows a list to it; `None` where no list has exactly its tickets.
    narrowed: Option<String>,
    /// Since when a ticket counts as recent.
    since: NaiveDate,
}

impl Line {
    /// The list behind a count.
    fn tickets(&self, rest: &str) -> Option<String> {
        self.narrowed.as_ref().map(|narrowed| format!("/tickets?{narrowed}{rest}"))
    }

    /// What was closed lately.
    fn closed(&self) -> Option<String> {
        self.tickets(&format!("state=closed&ended_from={}", self.since))
    }

    /// The ledger behind a rate.
    fn ledger(&self) -> Option<String> {
        let (narrowed, since) = (self.narrowed.as_ref()?, self.since);
        Some(format!("/ledger?{narrowed}by=manufacturer&from={since}"))
    }
}

#[derive(Template)]
#[template(path = "pages/region.html")]
struct Page {
    shell: Shell,
    place: String,
    heading: String,
    lines: Vec<Line>,
    total: Line,
    since: NaiveDate,
    open: Option<Drawing>,
    rates: Option<Drawing>,
}

/// Shows the area of the reader's bureau.
pub(super) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    region::admit(&signed.scope)?;
    Query::read(request.query_string(), &["done"])?.done(())?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let today = local_date(shell.now);
    let since = today.checked_sub_days(Days::new(RECENT - 1)).unwrap_or(today);
    let from = at_time(since, NaiveTime::MIN);
    let Overview { by, places, standing, figures } =
        region::overview(&site.app, &signed.scope, from).await?;
    let own = &signed.scope.actor().organisation;
    let area = (places.len() > 1).then_some(own.division);
    let lines: Vec<Line> = places.iter().map(|place| line(place, area, since)).collect();
    let heading = shell.t(if by == Grouping::City { "col-city" } else { "col-county" });
    let drawn = Page {
        open: open_chart(&shell, &lines),
        rates: rates_chart(&shell, &lines),
        place: own.name.clone(),
        heading,
        total: Line {
            name: shell.t("total-row"),
            standing,
            reply: figures.replies().into(),
            resolved: figures.resolved.into(),
            narrowed: Some(String::new()),
            since,
        },
        lines,
        since,
        shell,
    };
    page(StatusCode::OK, &drawn)
}

/// A part of the area, which is `None` when it has no other.
fn line(place: &Place, area: Option<Division>, since: NaiveDate) -> Line {
    let code = place.division;
    // Hospitals that lie in no part: a list of this code would have those of all parts, too.
    let is_rest = Some(code) == area;
    let name = if place.name.is_empty() { code.to_string() } else { place.name.clone() };
    Line {
        name,
        standing: place.standing,
        reply: place.figures.replies().into(),
        resolved: place.figures.resolved.into(),
        narrowed: (!is_rest).then(|| format!("division={code}&")),
        since,
    }
}

/// Those with most open tickets, in the table's order.
fn busiest(lines: &[Line]) -> Vec<&Line> {
    let mut busy: Vec<(usize, &Line)> = lines.iter().enumerate().collect();
    busy.sort_by_key(|(_, line)| std::cmp::Reverse(line.standing.open));
    busy.truncate(MOST_BARS);
    busy.sort_by_key(|(at, _)| *at);
    busy.into_iter().map(|(_, line)| line).filter(|line| line.standing.open > 0).collect()
}

fn open_chart(shell: &Shell, lines: &[Line]) -> Option<Drawing> {
    let busy = busiest(lines);
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let late = busy.iter().map(|line| count(line.standing.overdue)).collect();
    let rest = |line: &&Line| count(line.standing.open.saturating_sub(line.standing.overdue));
    let (late_name, rest_name) = (shell.t("tab-overdue"), shell.t("region-in-time"));
    let (title, description) = (shell.t("region-chart-open"), shell.t("region-chart-more"));
    Chart {
        id: "chart-open",
        title: &title,
        description: &description,
        categories: busy.iter().map(|line| line.name.as_str()).collect(),
        figures: Figures::Stacked(vec![
            Series { name: &rest_name, values: busy.iter().map(rest).collect() },
            Series { name: &late_name, values: late },
        ]),
    }
    .draw()
}

fn rates_chart(shell: &Shell, lines: &[Line]) -> Option<Drawing> {
    let decided = |line: &&Line| line.reply.percent.is_some() || line.resolved.percent.is_some();
    let decided: Vec<&Line> = lines.iter().filter(decided).take(MOST_BARS).collect();
    let (reply, resolved) = (shell.t("rate-reply"), shell.t("rate-resolved"));
    let (title, description) = (shell.t("region-chart-rates"), shell.t("region-chart-more"));
    Chart {
        id: "chart-rates",
        title: &title,
        description: &description,
        categories: decided.iter().map(|line| line.name.as_str()).collect(),
        figures: Figures::Rates(vec![
            Series { name: &reply, values: decided.iter().map(|l| l.reply.percent).collect() },
            Series {
                name: &resolved,
                values: decided.iter().map(|l| l.resolved.percent).collect(),
            },
        ]),
    }
    .draw()
}
