//! Adding days out of a file or a pasted notice.
//!
//! **Never** keeps the file or the text: what was read of it is in the table that follows.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, web};
use askama::Template;

use super::super::super::fields::{Fields, Need};
use super::super::super::shell::{Shell, page};
use super::layer::{address, kept};
use super::review::{Reviewed, draw, found};
use super::table::{MOST_ROWS, Row};
use crate::domain::holiday::{Finding, Material, Notice, Reading, Refused, read_notice};
use crate::service::import::read_calendar;
use crate::service::replan::admit;
use crate::service::{Error, FieldError};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::{Post, Typed};
use crate::web::site::Site;
use crate::web::upload::Upload;

#[derive(Template)]
#[template(path = "pages/calendar_add.html")]
struct Page {
    shell: Shell,
    address: String,
    layer: String,
    f: Fields,
    /// What is wrong with the file.
    errors: Vec<String>,
}

/// The forms: for a notice, and for a file.
pub(in crate::web::ui) async fn form(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    admit(&signed.scope)?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let f = Fields::fresh("notice", shell.words(), &[]);
    forms(&site, &request, (shell, f), Vec::new())
}

fn forms(
    site: &Site,
    request: &HttpRequest,
    (mut shell, f): (Shell, Fields),
    errors: Vec<String>,
) -> Result<HttpResponse, Problem> {
    let book = site.app.book();
    let kept = kept(&book, request)?;
    shell.here = format!("{}/add", address(kept));
    let is_refused = f.is_refused() || !errors.is_empty();
    let status = if is_refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let drawn = Page { address: address(kept), layer: kept.name.clone(), f, errors, shell };
    page(status, &drawn)
}

/// Reads a pasted notice.
pub(super) async fn notice(
    site: &Site,
    post: &Post,
    request: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    let shell = Shell::of(site, request, post.signed()).await?;
    let read = post.typed.only(&["text", "year", "source"]).and_then(|()| said(&post.typed));
    match read {
        Ok(notice) => {
            let book = site.app.book();
            let reviewed = of_notice(&shell, notice);
            draw(shell, kept(&book, request)?, reviewed)
        }
        Err(Error::Invalid(errors)) => {
            let f = Fields::refused("notice", shell.words(), post.typed.clone(), &errors);
            forms(site, request, (shell, f), Vec::new())
        }
        Err(other) => Err(other.into()),
    }
}

fn said(typed: &Typed) -> Result<Notice, Error> {
    let year = match typed.get("year").trim() {
        "" => None,
        text => {
            let year = text.parse().ok().filter(|year| (2000..=2100).contains(year));
            let refused = || Error::invalid("year", "out_of_range", "from 2000 to 2100");
            Some(year.ok_or_else(refused)?)
        }
    };
    let source = Some(typed.get("source").trim()).filter(|source| !source.is_empty());
    read_notice(typed.get("text"), year, source).map_err(|Refused(errors)| {
        let refused = errors.into_iter().map(|error| {
            let field = if error.code == "year" { "year" } else { "text" };
            FieldError::new(field, error.code, error.message)
        });
        Error::Invalid(refused.collect())
    })
}

fn of_notice(shell: &Shell, notice: Notice) -> Reviewed {
    let mut rows: Vec<Row> = notice.days.iter().map(|(_, day)| Row::of(day)).collect();
    let mut notes = Vec::new();
    for (_, finding) in &notice.findings {
        let words = found(shell, finding);
        let date = match finding {
            Finding::Weekday { date, .. }
            | Finding::Conflict { date }
            | Finding::YearAssumed { date }
            | Finding::WorkOnWeekday { date } => Some(date.to_string()),
            Finding::Count { .. } | Finding::TitleYear { .. } => None,
        };
        match rows.iter_mut().find(|row| Some(&row.date) == date.as_ref()) {
            Some(row) => row.notes.push(words),
            None => notes.push(words),
        }
    }
    let held = notice.held.clone();
    let year = notice.reading().ok().and_then(|reading| whole(&reading.material));
    Reviewed { rows, year, held, notes, ..Reviewed::default() }
}

/// The year that the material replaces.
fn whole(material: &Material) -> Option<i32> {
    match material {
        Material::Year(file) => Some(file.year.year),
        Material::Days(_) => None,
    }
}

/// Reads a file.
pub(in crate::web::ui) async fn file(
    site: web::Data<Site>,
    upload: Upload,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    admit(&upload.signed.scope)?;
    let signed = upload.signed.clone();
    let shell = Shell::of(&site, &request, &signed).await?;
    let bytes = match upload.receive(&["_key"]).await {
        Ok(mut received) => received.bytes()?.to_vec(),
        Err(problem) if problem.status_code() == StatusCode::UNPROCESSABLE_ENTITY => {
            let errors = told(&shell, &problem.field_errors());
            let f = Fields::fresh("notice", shell.words(), &[]);
            return forms(&site, &request, (shell, f), errors);
        }
        Err(problem) => return Err(problem),
    };
    let now = site.app.clock.now();
    let read = web::block(move || read_calendar(&bytes, now)).await;
    let read = read.map_err(|_error| Problem::new("internal", "the file's reader stopped"))?;
    let errors = match read {
        Ok(reading) if reading.rows.len() <= MOST_ROWS => {
            let book = site.app.book();
            return draw(shell, kept(&book, &request)?, of_file(reading));
        }
        Ok(_) => vec![shell.with("review-too-many", "n", &MOST_ROWS)],
        Err(Error::Invalid(errors)) => told(&shell, &errors),
        Err(Error::Unsupported(_)) => vec![shell.t("review-no-calendar")],
        Err(other) => return Err(other.into()),
    };
    let f = Fields::fresh("notice", shell.words(), &[]);
    forms(&site, &request, (shell, f), errors)
}

/// What is wrong with a file, place by place.
fn told(shell: &Shell, errors: &[FieldError]) -> Vec<String> {
    let line = |error: &FieldError| {
        format!("{}: {}", error.field, shell.error(&error.code, &error.message))
    };
    errors.iter().take(MOST_ROWS).map(line).collect()
}

fn of_file(reading: Reading) -> Reviewed {
    let year = whole(&reading.material);
    let rows = reading.material.days().map(Row::of).collect();
    Reviewed { rows, year, held: reading.held, ..Reviewed::default() }
}
