//! The ledger: figures of a period, split as asked, with every rate's parts.
//!
//! **Never** reckons a figure: the service's ledger does.

mod lines;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::address::Address;
use super::chart::{Chart, Drawing, Figures, Series};
use super::choice::{Choice, words};
use super::fields::{Fields, Need};
use super::shell::{Shell, page};
use crate::domain::party::{OrganisationKind, Role};
use crate::service::directory::{self, OrganisationFilter};
use crate::service::ledger::{self, DEFINITION, Grouping, LedgerView, Subject};
use crate::service::{Error, FieldError, region};
use crate::web::api::ledger::{FILTERS, asked};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::Typed;
use crate::web::query::Query;
use crate::web::site::Site;
use lines::{Desk, Line};

/// Rows on the page; a file has all of them.
const MOST_ROWS: usize = 200;
/// Rows or months in a chart.
const MOST_BARS: usize = 12;
/// Manufacturers that can be chosen from.
const MOST_HOUSES: u64 = 500;

#[derive(Template)]
#[template(path = "pages/ledger.html")]
struct Page {
    shell: Shell,
    f: Fields,
    groupings: Vec<Choice>,
    makers: Vec<Choice>,
    places: Vec<Choice>,
    is_filtered: bool,
    /// What the rows are about.
    heading: String,
    lines: Vec<Line>,
    total: Option<Line>,
    /// How many rows there are, where not all of them are shown.
    cut: Option<String>,
    rates: Option<Drawing>,
    months: Option<Drawing>,
    definition: String,
    exports: Vec<(String, String)>,
}

/// The ledger as it was reckoned, by months too.
struct Reckoned {
    view: LedgerView,
    months: LedgerView,
}

/// Shows the ledger.
pub(super) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    ledger::admit(&signed.scope)?;
    let address = Address::of("/ledger", request.query_string());
    let shell = Shell::of(&site, &request, &signed).await?;
    let mut query = Query::read(&address.query(), &FILTERS)?;
    let (by, period) = asked(&mut query);
    let typed = Typed::of(query.pairs());
    let outcome = match query.done(()) {
        Ok(()) => {
            ledger::read_split(&site.app, &signed.scope, [by, Grouping::Month], &period).await
        }
        Err(error) => Err(error),
    };
    let (reckoned, errors): (_, Vec<FieldError>) = match outcome {
        Ok([view, months]) => (Some(Reckoned { view, months }), Vec::new()),
        Err(Error::Invalid(errors)) => (None, errors.into_iter().map(dated).collect()),
        Err(error) => return Err(error.into()),
    };
    let desk = Desk { shell: &shell, typed: &typed, by };
    let rows = reckoned.as_ref().map_or(&[][..], |reckoned| &reckoned.view.rows);
    let lines: Vec<Line> = rows.iter().take(MOST_ROWS).map(|row| desk.line(row)).collect();
    let is_filtered = typed.fields().next().is_some();
    let total = reckoned.as_ref().map(|reckoned| desk.total(&reckoned.view.total));
    let drawn = Page {
        rates: rates(&shell, &lines, by),
        months: reckoned.as_ref().and_then(|reckoned| months(&shell, &reckoned.months)),
        total,
        cut: (rows.len() > MOST_ROWS).then(|| shell.with("ledger-cut", "n", &rows.len())),
        heading: shell.name("grouping", &by),
        lines,
        groupings: words(&shell, "grouping"),
        makers: makers(&site, &signed).await?,
        places: places(&site, &signed).await?,
        is_filtered,
        definition: shell.with("ledger-definition", "version", DEFINITION),
        exports: ["xlsx", "csv"].map(|kind| (kind.to_owned(), export(&address, kind))).into(),
        f: Fields::refused("ledger", shell.words(), typed, &errors),
        shell,
    };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page(status, &drawn)
}

/// The form has fields for days, though an address may hold an instant.
fn dated(error: FieldError) -> FieldError {
    let is_day = error.code == "timestamp";
    if is_day { FieldError { code: "date".to_owned(), ..error } } else { error }
}

/// The same figures as a file.
fn export(address: &Address, kind: &str) -> String {
    Address::of("/api/v1/exports/ledger", &address.query()).with("format", kind)
}

/// The manufacturers that a bureau can pick one of.
async fn makers(site: &Site, signed: &SignedIn) -> Result<Vec<Choice>, Error> {
    if signed.role() != Role::Bureau {
        return Ok(Vec::new());
    }
    let kind = Some(OrganisationKind::Manufacturer);
    let filter = OrganisationFilter { kind, ..OrganisationFilter::default() };
    let found = directory::organisations(&site.app, &signed.scope, &filter, (None, MOST_HOUSES));
    let choice = |view: directory::OrganisationView| {
        Choice::new(view.organisation.id.to_string(), view.organisation.name)
    };
    Ok(found.await?.into_iter().map(choice).collect())
}

/// The parts of a bureau's area.
async fn places(site: &Site, signed: &SignedIn) -> Result<Vec<Choice>, Error> {
    if signed.role() != Role::Bureau {
        return Ok(Vec::new());
    }
    let parts = region::parts(&site.app, &signed.scope).await?;
    Ok(parts.into_iter().map(|(code, name)| Choice::new(code.to_string(), name)).collect())
}

/// The rates of the rows with most tickets, or of the latest months.
fn rates(shell: &Shell, lines: &[Line], by: Grouping) -> Option<Drawing> {
    let mut shown: Vec<(usize, &Line)> = lines.iter().enumerate().collect();
    if by == Grouping::Month {
        shown = shown.split_off(shown.len().saturating_sub(MOST_BARS));
    } else {
        shown.sort_by_key(|(_, line)| std::cmp::Reverse(line.figures.tickets));
        shown.truncate(MOST_BARS);
        shown.sort_by_key(|(at, _)| *at);
    }
    let [reply, kept, resolved] =
        ["rate-reply", "rate-kept", "rate-resolved"].map(|key| shell.t(key));
    let (title, description) = (shell.t("ledger-chart-rates"), shell.t("region-chart-more"));
    let of = |rate: fn(&Line) -> Option<f64>| shown.iter().map(|(_, line)| rate(line)).collect();
    Chart {
        id: "chart-rates",
        title: &title,
        description: &description,
        categories: shown.iter().map(|(_, line)| line.name.as_str()).collect(),
        figures: Figures::Rates(vec![
            Series { name: &reply, values: of(|line| line.reply.percent) },
            Series { name: &kept, values: of(|line| line.kept.percent) },
            Series { name: &resolved, values: of(|line| line.resolved.percent) },
        ]),
    }
    .draw()
}

/// What was filed in the latest months, and how much of it is closed.
fn months(shell: &Shell, view: &LedgerView) -> Option<Drawing> {
    let rows = view.rows.iter().rev().take(MOST_BARS).rev();
    let rows: Vec<_> = rows
        .filter_map(|(subject, figures)| match subject {
            Subject::Month(year, month) => Some((format!("{year:04}-{month:02}"), figures)),
            Subject::Manufacturer(_)
            | Subject::Product { .. }
            | Subject::City { .. }
            | Subject::County { .. } => None,
        })
        .collect();
    let (filed, closed) = (shell.t("ledger-filed"), shell.t("ledger-closed"));
    let (title, description) = (shell.t("ledger-chart-months"), shell.t("region-chart-more"));
    Chart {
        id: "chart-months",
        title: &title,
        description: &description,
        categories: rows.iter().map(|(month, _)| month.as_str()).collect(),
        figures: Figures::Grouped(vec![
            Series { name: &filed, values: rows.iter().map(|(_, f)| f.tickets).collect() },
            Series { name: &closed, values: rows.iter().map(|(_, f)| f.closed).collect() },
        ]),
    }
    .draw()
}
