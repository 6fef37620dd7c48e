//! Importing tables, and the empty ones to fill in.
//!
//! **Never** keeps the file, nor the passwords that an import makes.

use std::sync::Arc;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::docs::Problems;
use crate::domain::holiday::Held;
use crate::service::import::{self, Kind, Mode, Paper, Password, Report};
use crate::service::{Error, FieldError};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::query::Query;
use crate::web::site::Site;
use crate::web::upload::Upload;

/// So many refusals are shown at once; who corrects them sees the rest.
const MOST_SHOWN: usize = 1_000;

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ImportBody {
    /// True when nothing was written because nothing was to be.
    pub(in crate::web) dry_run: bool,
    /// Rows below the heading.
    pub(in crate::web) rows: u32,
    pub(in crate::web) created: u32,
    pub(in crate::web) updated: u32,
    pub(in crate::web) unchanged: u32,
    /// What became of each row, in the file's order.
    pub(in crate::web) outcomes: Vec<OutcomeBody>,
    /// What of a calendar was not clear enough to be taken: somebody has to judge it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::web) held: Vec<HeldBody>,
    /// The passwords of new people: nobody can be shown them again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::web) passwords: Vec<PasswordBody>,
}

/// What became of a row.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct OutcomeBody {
    /// As a spreadsheet program numbers it.
    pub(in crate::web) row: u32,
    /// `created`, `updated` or `unchanged`.
    pub(in crate::web) outcome: &'static str,
}

/// A line of a file that is held for review.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct HeldBody {
    /// The line it begins in, from 1.
    pub(in crate::web) row: u32,
    /// What it says.
    pub(in crate::web) said: String,
    /// The first day it is about, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) first: Option<NaiveDate>,
    /// The last day it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) last: Option<NaiveDate>,
    /// `unclear`, `part_of_day`, `recurs`, `encoded`, `other_year`, `too_long` or `no_such_day`.
    pub(in crate::web) code: &'static str,
    pub(in crate::web) message: &'static str,
}

impl HeldBody {
    /// What is held, as it is shown.
    pub(in crate::web) fn shown(held: &Held) -> Self {
        Self {
            row: held.row,
            said: held.said.clone(),
            first: held.days.map(|(first, _)| first),
            last: held.days.map(|(_, last)| last),
            code: held.why.as_str(),
            message: held.why.message(),
        }
    }
}

/// A password that was made for somebody new.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PasswordBody {
    pub(in crate::web) username: String,
    pub(in crate::web) password: String,
}

impl std::fmt::Debug for PasswordBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordBody").finish_non_exhaustive()
    }
}

impl ImportBody {
    fn shown(report: &Report, passwords: Vec<Password>, mode: Mode) -> Self {
        let outcome = |(row, outcome): &(u32, import::Outcome)| OutcomeBody {
            row: *row,
            outcome: outcome.as_str(),
        };
        let given = passwords.into_iter().filter(|_| mode == Mode::Apply);
        Self {
            dry_run: mode == Mode::Rehearse,
            rows: report.rows(),
            created: report.created,
            updated: report.updated,
            unchanged: report.unchanged,
            outcomes: report.outcomes.iter().map(outcome).collect(),
            held: report.held.iter().map(HeldBody::shown).collect(),
            passwords: given
                .map(|made| PasswordBody { username: made.username, password: made.password })
                .collect(),
        }
    }
}

/// Import a table: every row or, when one is bad, none.
///
/// Each bad row is refused as `rows[7].column`, with the number that a spreadsheet program gives
/// it. The same file again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/imports/{kind}", operation_id = "imports_run", tag = "administration",
    params(
        ("kind" = String, Path, description = "calendar, divisions, organisations, users, products, agreements or tickets"),
        ("dry_run" = Option<bool>, Query, description = "true judges every row and writes nothing"),
    ),
    request_body(content_type = "multipart/form-data", content = String, description = "The table, CSV or XLSX (a calendar: holiday JSON or iCalendar, too), in a part called `file`"),
    responses((status = 200, description = "What became of the rows", body = ImportBody), Problems)
)]
pub(in crate::web) async fn run(
    site: web::Data<Site>,
    upload: Upload,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    import::admit(&upload.signed.scope)?;
    let kind = kind(&request)?;
    let mut query = Query::read(request.query_string(), &["dry_run"])?;
    let is_rehearsal = query.flag("dry_run").unwrap_or(false);
    query.done(())?;
    let mode = if is_rehearsal { Mode::Rehearse } else { Mode::Apply };
    let by = Some(upload.signed.scope.clone());
    let bytes = upload.receive(&[]).await?.bytes()?.to_vec().into();
    let upload = import::Upload { kind, bytes, by, mode, progress: Arc::new(|_step| {}) };
    let prepared = import::prepare(&site.app, upload).await?;
    let passwords = prepared.passwords().to_vec();
    let report = prepared.apply(&site.app).await?;
    if report.is_refused() {
        return Err(refusal(&report).into());
    }
    Ok(HttpResponse::Ok().json(ImportBody::shown(&report, passwords, mode)))
}

fn refusal(report: &Report) -> Error {
    let mut errors: Vec<_> = report.errors.iter().take(MOST_SHOWN).map(import::refusal).collect();
    let more = report.errors.len().saturating_sub(MOST_SHOWN);
    if more > 0 {
        errors.push(FieldError::new("file", "more", format!("and {more} more refusals")));
    }
    Error::Invalid(errors)
}

/// Download an empty table with the columns of a kind, and what belongs in them.
#[utoipa::path(
    get, path = "/api/v1/imports/{kind}/template", operation_id = "imports_template", tag = "administration",
    params(
        ("kind" = String, Path, description = "calendar, divisions, organisations, users, products, agreements or tickets"),
        ("format" = Option<String>, Query, description = "`csv` or `xlsx`, which is the default"),
    ),
    responses((status = 200, description = "The table", content_type = "application/octet-stream"), Problems)
)]
pub(in crate::web) async fn template(
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    import::admit(&signed.scope)?;
    let kind = kind(&request)?;
    let mut query = Query::read(request.query_string(), &["format"])?;
    let paper = paper(&mut query);
    query.done(())?;
    let bytes = import::template(kind, paper)?;
    let (mime, end) = made_as(paper);
    let name = format!("attachment; filename=\"{}-template.{end}\"", kind.as_str());
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, mime)).insert_header((CONTENT_DISPOSITION, name));
    Ok(response.body(bytes))
}

/// Reads what a table is wanted as.
pub(in crate::web) fn paper(query: &mut Query) -> Paper {
    match query.text("format").unwrap_or("xlsx") {
        "csv" => Paper::Delimited,
        "xlsx" => Paper::Workbook,
        _ => {
            query.refuse("format", "unknown", "csv or xlsx");
            Paper::Workbook
        }
    }
}

/// The media type of a table, and how its file's name ends.
pub(in crate::web) fn made_as(paper: Paper) -> (&'static str, &'static str) {
    match paper {
        Paper::Delimited => ("text/csv; charset=utf-8", "csv"),
        Paper::Workbook => {
            ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")
        }
    }
}

/// The kind in a request's path.
fn kind(request: &HttpRequest) -> Result<Kind, Error> {
    request.match_info().get("kind").and_then(Kind::named).ok_or(Error::NotFound)
}
