//! The working calendars: which there are, and a year of one at a glance.
//!
//! **Never** counts what is due: the calculator's page does.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::super::address::Address;
use super::super::places::Places;
use super::super::shell::{Shell, page};
use super::year::{Holiday, Month, Tally, holidays, months, sources};
use crate::domain::calendar::local_date;
use crate::domain::id::CalendarId;
use crate::service::Error;
use crate::service::replan::layers::{self, LayerView};
use crate::service::rulebook::KeptLayer;
use crate::web::api::calendars::{CalendarYear, YEARS, year_asked};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::paging::List;
use crate::web::query::{self, Query};
use crate::web::site::Site;

/// A layer in the list.
struct Layer {
    address: String,
    name: String,
    region: String,
    version: String,
    years: String,
}

#[derive(Template)]
#[template(path = "pages/calendars.html")]
struct Calendars {
    shell: Shell,
    layers: Vec<Layer>,
    first: Option<String>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/calendar.html")]
struct Year {
    shell: Shell,
    /// Where the calendar is, for who edits it.
    address: String,
    name: String,
    region: String,
    /// True for an organisation's days, between which and the nation's a region's may come.
    is_own: bool,
    version: String,
    year: String,
    provisional: bool,
    tally: String,
    months: Vec<Month>,
    weekdays: Vec<(String, String)>,
    holidays: Vec<Holiday>,
    sources: Vec<String>,
    before: Option<String>,
    after: Option<String>,
    /// The years whose notice is known, with their addresses and whether it is this one.
    known: Vec<(String, String, bool)>,
}

/// Lists the layers, the nation's first.
pub(in crate::web::ui) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let address = Address::of("/calendars", request.query_string());
    let mut query = Query::of_list(&address.query(), &[])?;
    let size = query.page_size();
    let cursor = query.text("cursor").map(str::to_owned);
    query.done(())?;
    let list = List { name: "calendars", reader: signed.user() };
    let after: Option<Uuid> = list.after(cursor.as_deref())?;
    let book = site.app.book();
    let layers = layers::readable(&book, &signed.scope);
    let last = after.and_then(|after| layers.iter().position(|kept| kept.id.0 == after));
    let rest = layers.into_iter().skip(last.map_or(0, |last| last + 1)).collect();
    let found = list.page(rest, size, |kept: &&KeptLayer| kept.id.0);
    let views = layers::views(&site.app, found.items).await?;
    let places = Places::of(&site, views.iter().filter_map(|view| view.kept.of.region())).await?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let layer = |view: &LayerView| Layer {
        address: format!("/calendars/{}", view.kept.id),
        name: view.kept.name.clone(),
        region: whose(&shell, &places, view),
        version: shell.with("version-number", "n", &view.kept.version),
        years: span(&view.kept.layer.published.iter().copied().collect::<Vec<_>>()),
    };
    let drawn = Calendars {
        layers: views.iter().map(layer).collect(),
        first: cursor.map(|_| address.with("cursor", "")),
        next: found.next_cursor.map(|cursor| address.with("cursor", &cursor)),
        shell,
    };
    page(StatusCode::OK, &drawn)
}

/// Whose days a layer names.
fn whose(shell: &Shell, places: &Places, view: &LayerView) -> String {
    match &view.organisation {
        Some(organisation) => organisation.name.clone(),
        None => places.region(shell, view.kept.of.region()),
    }
}

/// Shows a year of a calendar.
pub(in crate::web::ui) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = request.match_info().get("id").and_then(query::uuid).ok_or(Error::NotFound)?;
    let book = site.app.book();
    let view = layers::read(&book, &signed.scope, CalendarId(id))?;
    let view = layers::view(&site.app, view).await?;
    let kept = &view.kept;
    let shell = Shell::of(&site, &request, &signed).await?;
    let raw = Address::of("", request.query_string()).query();
    let year = year_asked(&raw, shell.now)?;
    let shown = CalendarYear::shown(&book, &view, year);
    let places = Places::of(&site, kept.of.region()).await?;
    let link = |year: i32| format!("/calendars/{id}?year={year}");
    let step = |year: i32| YEARS.contains(&year).then(|| link(year));
    // Only the nation's layer knows which years were announced.
    let nation = book.layers().first().map(|kept| kept.layer.published.clone());
    let known = nation.unwrap_or_default().into_iter();
    let holidays = holidays(&shell, &shown.days);
    let drawn = Year {
        address: format!("/calendars/{id}"),
        name: kept.name.clone(),
        region: whose(&shell, &places, &view),
        is_own: kept.of.organisation().is_some(),
        version: shell.with("version-number", "n", &kept.version),
        year: year.to_string(),
        provisional: shown.provisional,
        tally: Tally::of(&shown.days).told(&shell, "tally-year"),
        months: months(&shell, &shown.days, local_date(shell.now)),
        weekdays: (1..=7).map(|day| weekday(&shell, day)).collect(),
        sources: sources(&holidays),
        holidays,
        before: step(year - 1),
        after: step(year + 1),
        known: known.map(|one| (one.to_string(), link(one), one == year)).collect(),
        shell,
    };
    page(StatusCode::OK, &drawn)
}

/// A day of the week, short and in full.
fn weekday(shell: &Shell, number: u32) -> (String, String) {
    let number = number.to_string();
    (shell.named("weekday-short", &number), shell.named("weekday", &number))
}

/// Years in a row as one span.
fn span(years: &[i32]) -> String {
    let mut spans: Vec<(i32, i32)> = Vec::new();
    for year in years {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *year => *last = *year,
            Some(_) | None => spans.push((*year, *year)),
        }
    }
    let text = |(first, last): &(i32, i32)| {
        if first == last { first.to_string() } else { format!("{first}–{last}") }
    };
    spans.iter().map(text).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn years_in_a_row_are_one_span() {
        assert_eq!(span(&[]), "");
        assert_eq!(span(&[2026]), "2026");
        assert_eq!(span(&[2019, 2020, 2021, 2023, 2025, 2026]), "2019–2021, 2023, 2025–2026");
    }
}
