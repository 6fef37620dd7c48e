//! The working calendars, layer by layer, day by day.
//!
//! **Never** counts.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::docs::Problems;
use super::parties::OrganisationBody;
use super::{id, words};
use crate::domain::calendar::{Calendar, DayKind, local_date};
use crate::domain::id::CalendarId;
use crate::service::Error;
use crate::service::replan::layers::{self, LayerView};
use crate::service::rulebook::{KeptLayer, Rulebook};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;

/// A calendar: the nation's, or what a region or a manufacturer changes in it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct CalendarBody {
    pub(in crate::web) id: Uuid,
    pub(in crate::web) name: String,
    /// The region whose it is; null = the nation's, or an organisation's.
    pub(in crate::web) division: Option<String>,
    /// The manufacturer whose it is; null = the nation's, or a region's.
    pub(in crate::web) organisation: Option<OrganisationBody>,
    pub(in crate::web) version: i64,
    /// The years whose notice is loaded; deadlines in others are provisional.
    pub(in crate::web) years: Vec<i32>,
}

/// A calendar with the days of a year.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct CalendarYear {
    #[serde(flatten)]
    pub(in crate::web) calendar: CalendarBody,
    pub(in crate::web) year: i32,
    /// True while the year's notice is not loaded.
    pub(in crate::web) provisional: bool,
    pub(in crate::web) days: Vec<CalendarDay>,
}

/// What a day is.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct CalendarDay {
    pub(in crate::web) date: NaiveDate,
    #[schema(schema_with = words::day)]
    pub(in crate::web) kind: DayKind,
    /// The holiday it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) name: Option<String>,
    /// The document that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) source: Option<String>,
}

impl CalendarBody {
    /// A layer as it is shown.
    pub(in crate::web) fn shown(view: &LayerView) -> Self {
        let kept = &view.kept;
        Self {
            id: kept.id.0,
            name: kept.name.clone(),
            division: kept.of.region().map(|division| division.to_string()),
            organisation: view.organisation.as_ref().map(OrganisationBody::from),
            version: i64::from(kept.version),
            years: kept.layer.published.iter().copied().collect(),
        }
    }
}

/// List the calendars, the nation's first.
#[utoipa::path(
    get, path = "/api/v1/calendars", operation_id = "calendars_list", tag = "calendars",
    params(
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of calendars", body = Page<CalendarBody>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::read(request.query_string(), &["page_size", "cursor"])?;
    let size = query.page_size();
    let list = List { name: "calendars", reader: signed.user() };
    let after: Option<Uuid> = list.after(query.text("cursor"))?;
    query.done(())?;
    let book = site.app.book();
    let layers = layers::readable(&book, &signed.scope);
    let last = after.and_then(|after| layers.iter().position(|kept| kept.id.0 == after));
    let rest = layers.into_iter().skip(last.map_or(0, |last| last + 1)).collect();
    let page = list.page(rest, size, |kept: &&KeptLayer| kept.id.0);
    let views = layers::views(&site.app, page.items).await?;
    let items = views.iter().map(CalendarBody::shown).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: page.next_cursor }))
}

/// Read a year of a calendar, every day of it.
#[utoipa::path(
    get, path = "/api/v1/calendars/{id}", operation_id = "calendars_show", tag = "calendars",
    params(
        ("id" = String, Path, description = "The calendar's id"),
        ("year" = Option<i32>, Query, description = "2000 to 2100; the present one by default"),
    ),
    responses((status = 200, description = "The calendar and the days of the year", body = CalendarYear), Problems)
)]
pub(in crate::web) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let book = site.app.book();
    let kept = layers::read(&book, &signed.scope, CalendarId(id(&request)?))?;
    let year = year_asked(request.query_string(), site.app.clock.now())?;
    let view = layers::view(&site.app, kept).await?;
    Ok(HttpResponse::Ok().json(CalendarYear::shown(&book, &view, year)))
}

/// The years that can be shown.
pub(in crate::web) const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

/// Reads which year is asked for; the present one by default.
pub(in crate::web) fn year_asked(raw: &str, now: DateTime<Utc>) -> Result<i32, Error> {
    let mut query = Query::read(raw, &["year"])?;
    let year = query.number("year", i64::from(*YEARS.start())..=i64::from(*YEARS.end()));
    query.done(())?;
    let year = year.and_then(|year| i32::try_from(year).ok());
    Ok(year.unwrap_or_else(|| local_date(now).year()))
}

impl CalendarYear {
    /// A year of a layer, with what the layers above it say.
    pub(in crate::web) fn shown(book: &Rulebook, view: &LayerView, year: i32) -> Self {
        let calendar: Arc<Calendar> = book.calendar_from(view.kept.of);
        Self {
            calendar: CalendarBody::shown(view),
            year,
            provisional: !calendar.is_published(year),
            days: days(&calendar, year),
        }
    }
}

impl CalendarDay {
    /// A day as the calendar has it.
    pub(in crate::web) fn of(calendar: &Calendar, date: NaiveDate) -> Self {
        let named = calendar.day(date);
        Self {
            date,
            kind: calendar.kind(date),
            name: named.map(|day| day.name.clone()).filter(|name| !name.is_empty()),
            source: named.map(|day| day.source.clone()).filter(|source| !source.is_empty()),
        }
    }
}

fn days(calendar: &Calendar, year: i32) -> Vec<CalendarDay> {
    let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
    let dates = first.iter_days().take_while(|date| date.year() == year);
    dates.map(|date| CalendarDay::of(calendar, date)).collect()
}
