//! One day of a calendar: what it is, and the form to make it another.
//!
//! **Never** changes it: what that would do is shown first.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::Datelike as _;

use super::super::super::address::Address;
use super::super::super::choice::Choice;
use super::super::super::fields::{Fields, Need};
use super::super::super::shell::{Shell, page};
use super::impact::dated;
use super::layer::{address, kept};
use super::table::{CLEAR, Row};
use crate::domain::calendar::Day;
use crate::service::Error;
use crate::service::replan::admit;
use crate::web::auth::SignedIn;
use crate::web::check;
use crate::web::error::Problem;
use crate::web::query::Query;
use crate::web::site::Site;

#[derive(Template)]
#[template(path = "pages/calendar_day.html")]
struct Page {
    shell: Shell,
    address: String,
    layer: String,
    year: i32,
    date: String,
    title: String,
    kind: String,
    name: String,
    source: String,
    /// True where this calendar itself says what the day is.
    is_named: bool,
    clear: &'static str,
    kinds: Vec<Choice>,
    f: Fields,
}

/// Shows a day with the form to change it.
pub(in crate::web::ui) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    admit(&signed.scope)?;
    let book = site.app.book();
    let kept = kept(&book, &request)?;
    let raw = Address::of("", request.query_string()).query();
    let query = Query::read(&raw, &["date"])?;
    let date = query.text("date").map(str::to_owned);
    query.done(())?;
    let date = check::date(date.as_deref().unwrap_or_default());
    let date = date.map_err(|(code, message)| Error::invalid("date", code, message))?;
    let calendar = book.calendar_from(kept.of);
    let kind = calendar.kind(date);
    let known = calendar.day(date).cloned();
    let shown =
        Row::of(&known.unwrap_or(Day { date, kind, name: String::new(), source: String::new() }));
    let shell = Shell::of(&site, &request, &signed).await?;
    let day = |kind: &str| Choice::new(kind, shell.named("day", kind));
    let known = [("kind", shown.kind.as_str()), ("name", &shown.name)];
    let drawn = Page {
        address: address(kept),
        layer: kept.name.clone(),
        year: date.year(),
        date: shown.date.clone(),
        title: dated(&shell, date),
        kind: shell.name("day", &kind),
        is_named: kept.layer.days.contains_key(&date),
        clear: CLEAR,
        kinds: ["rest", "makeup", "working"].map(day).into(),
        f: Fields::fresh("day", shell.words(), &known),
        name: shown.name,
        source: shown.source,
        shell,
    };
    page(StatusCode::OK, &drawn)
}
