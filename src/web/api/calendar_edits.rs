//! Editing the working calendars: a day, or a file of days.
//!
//! **Never** changes a day without counting again every open deadline that it touches.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::batch_acts::{ALL_DOUBTS, rehearsal};
use super::batches::{LONGEST_REASON, OutcomeBody};
use super::calendars::CalendarBody;
use super::docs::Problems;
use super::id;
use super::imports::HeldBody;
use crate::domain::calendar::{Day, DayKind, Edit, LayerOf};
use crate::domain::holiday::Reading;
use crate::domain::id::{CalendarId, OrganisationId};
use crate::domain::party::Division;
use crate::service::import::{MOST_BYTES, read_calendar};
use crate::service::replan::layers::{self, LayerView, NewLayer};
use crate::service::replan::{self, Outcome, Proposal, Wish};
use crate::service::{Error, Once, Rendered};
use crate::web::auth::SignedIn;
use crate::web::check::{self, Check};
use crate::web::error::Problem;
use crate::web::extract::{Write, answer, bytes, key_of, rendered};
use crate::web::query::Query;
use crate::web::site::Site;

/// The longest name of a day or a calendar, in characters.
const LONGEST_NAME: usize = 50;
/// The longest title or address of a document, in characters.
const LONGEST_SOURCE: usize = 500;

/// What a day shall be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct DayInput {
    /// `working`, `rest` or `makeup`.
    #[schema(example = "rest")]
    kind: String,
    /// The document that says so.
    source: String,
    /// Why it is changed; not needed for a dry run.
    #[serde(default)]
    reason: Option<String>,
    /// The holiday it belongs to.
    #[serde(default)]
    name: Option<String>,
    /// The seal of the preview.
    #[serde(default)]
    seal: Option<String>,
    /// What is odd about it and shall be so, by its codes.
    #[serde(default)]
    confirm: Vec<String>,
}

/// Why a day is not named any more.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ClearInput {
    /// Why; not needed for a dry run.
    #[serde(default)]
    reason: Option<String>,
    /// The seal of the preview.
    #[serde(default)]
    seal: Option<String>,
    /// What is odd about it and shall be so, by its codes.
    #[serde(default)]
    confirm: Vec<String>,
}

/// A calendar of a region or a manufacturer: one of the two.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct CalendarInput {
    pub(in crate::web) name: String,
    /// The region's code.
    #[serde(default)]
    #[schema(example = "371000")]
    pub(in crate::web) division: Option<String>,
    /// The manufacturer's id. Its tickets are counted with its days where the policy's
    /// `calendar_layer` is `organisation`.
    #[serde(default)]
    pub(in crate::web) organisation: Option<String>,
}

impl CalendarInput {
    /// The layer that is asked for.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub(in crate::web) fn read(&self) -> Result<NewLayer, Error> {
        let mut check = Check::default();
        let name = check.line("name", &self.name, LONGEST_NAME);
        let of = match (self.division.as_deref(), self.organisation.as_deref()) {
            (Some(text), None) => Division::parse(text.trim())
                .map(LayerOf::Region)
                .map_err(|error| check.refuse("division", "unknown", error.to_string()))
                .ok(),
            (None, Some(text)) => {
                let id = check.id("organisation", text);
                id.map(|id| LayerOf::Organisation(OrganisationId(id)))
            }
            (Some(_), Some(_)) => {
                check.refuse("organisation", "one_of", "either a division or an organisation");
                None
            }
            (None, None) => {
                check.refuse(
                    "division",
                    "required",
                    "say whose days: a division's or an organisation's",
                );
                None
            }
        };
        let (name, of) = check.done((name, of))?;
        Ok(NewLayer { name, of: of.ok_or(Error::NotFound)? })
    }
}

/// Set what a day is.
#[utoipa::path(
    put, path = "/api/v1/calendars/{id}/days/{date}", operation_id = "calendars_set_day", tag = "calendars",
    params(
        ("id" = String, Path, description = "The calendar's id"),
        ("date" = String, Path, description = "The day, like 2026-10-01"),
        ("dry_run" = Option<bool>, Query, description = "true shows what it would do and changes nothing"),
    ),
    request_body = DayInput,
    responses((status = 200, description = "What it does", body = OutcomeBody), Problems)
)]
pub(in crate::web) async fn set(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let calendar = calendar(&site, &write.signed, &request)?;
    let is_rehearsal = rehearsal(&request)?;
    let date = date(&request)?;
    let input: DayInput = write.form.read()?;
    let mut check = Check::default();
    let kind: Option<DayKind> = check.word("kind", &input.kind);
    let source = check.line("source", &input.source, LONGEST_SOURCE);
    let name = input.name.as_deref().filter(|name| !name.trim().is_empty());
    let name = name.map(|name| check.line("name", name, LONGEST_NAME)).unwrap_or_default();
    let reason = reason(&mut check, input.reason.as_deref(), is_rehearsal);
    doubts(&mut check, &input.confirm);
    let (kind, source, name, reason) = check.done((kind, source, name, reason))?;
    let kind = kind.ok_or_else(|| Error::invalid("kind", "required", "say what the day is"))?;
    let proposal =
        Proposal::Calendar { calendar, edit: Edit::Day(Day { date, kind, name, source }) };
    let wish = Wish { proposal, reason, undoes: None, seal: input.seal, confirmed: input.confirm };
    decided(&site, &write.signed, wish, (is_rehearsal, write.once(outcome))).await
}

/// Name a day no more: it is again what the plain week, or the calendar above, says.
#[utoipa::path(
    delete, path = "/api/v1/calendars/{id}/days/{date}", operation_id = "calendars_clear_day", tag = "calendars",
    params(
        ("id" = String, Path, description = "The calendar's id"),
        ("date" = String, Path, description = "The day, like 2026-10-01"),
        ("dry_run" = Option<bool>, Query, description = "true shows what it would do and changes nothing"),
    ),
    request_body = ClearInput,
    responses((status = 200, description = "What it does", body = OutcomeBody), Problems)
)]
pub(in crate::web) async fn clear(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let calendar = calendar(&site, &write.signed, &request)?;
    let is_rehearsal = rehearsal(&request)?;
    let date = date(&request)?;
    let input: ClearInput = write.form.read_or_default()?;
    let mut check = Check::default();
    let reason = reason(&mut check, input.reason.as_deref(), is_rehearsal);
    doubts(&mut check, &input.confirm);
    let reason = check.done(reason)?;
    let proposal = Proposal::Calendar { calendar, edit: Edit::Clear(date) };
    let (seal, confirmed) = (input.seal, input.confirm);
    let wish = Wish { proposal, reason, undoes: None, seal, confirmed };
    decided(&site, &write.signed, wish, (is_rehearsal, write.once(outcome))).await
}

/// Import a file of days: holiday JSON replaces its year; iCalendar, CSV and XLSX join what is
/// there.
#[utoipa::path(
    post, path = "/api/v1/calendars/{id}/import", operation_id = "calendars_import", tag = "calendars",
    params(
        ("id" = String, Path, description = "The calendar's id"),
        ("dry_run" = Option<bool>, Query, description = "true shows what it would do and changes nothing"),
        ("reason" = Option<String>, Query, description = "Why; not needed for a dry run"),
        ("seal" = Option<String>, Query, description = "The seal of the preview"),
        ("confirm" = Option<String>, Query, description = "What is odd and shall be so: codes, separated by commas"),
    ),
    request_body(content(
        ("application/json"), ("text/calendar"), ("text/csv"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    responses((status = 200, description = "What it does", body = OutcomeBody), Problems)
)]
pub(in crate::web) async fn import(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let calendar = calendar(&site, &signed, &request)?;
    let names = ["dry_run", "reason", "seal", "confirm"];
    let mut query = Query::read(request.query_string(), &names)?;
    let is_rehearsal = query.flag("dry_run").unwrap_or(false);
    let reason = match query.text("reason").map(str::to_owned) {
        Some(text) => {
            let mut check = Check::default();
            let reason = check.block("reason", &text, LONGEST_REASON);
            check.done(reason)?
        }
        None if is_rehearsal => String::new(),
        None => {
            query.refuse("reason", "required", "say why the calendar is changed");
            String::new()
        }
    };
    let seal = query.text("seal").map(str::to_owned);
    let confirmed = query.text("confirm").unwrap_or_default().split(',').map(str::trim);
    let confirmed: Vec<_> = confirmed.filter(|code| !code.is_empty()).map(str::to_owned).collect();
    if confirmed.iter().any(|code| !ALL_DOUBTS.contains(&code.as_str())) {
        query.refuse("confirm", "unknown", "there is no such doubt");
    }
    query.done(())?;
    let keyed = key_of(&request);
    keyed.checked()?;
    kind_of_file(&request)?;
    let file = bytes(request.headers(), payload.into_inner(), MOST_BYTES).await?;
    let fingerprint = Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect();
    let now = site.app.clock.now();
    let read = web::block(move || read_calendar(&file, now)).await;
    let stopped = |_error| Problem::new("internal", "the file's reader stopped");
    let Reading { material, held, .. } = read.map_err(stopped)??;
    let proposal = Proposal::Calendar { calendar, edit: Edit::Learn(material) };
    let wish = Wish { proposal, reason, undoes: None, seal, confirmed };
    let once = keyed.once(signed.user(), fingerprint, move |outcome: &Outcome| {
        let body = OutcomeBody {
            held: held.iter().map(HeldBody::shown).collect(),
            ..OutcomeBody::shown(outcome)
        };
        rendered(200, None, &body)
    });
    decided(&site, &signed, wish, (is_rehearsal, once)).await
}

/// Add a calendar for a region or a manufacturer. It says nothing yet, and the one above it rules every day.
#[utoipa::path(
    post, path = "/api/v1/calendars", operation_id = "calendars_add", tag = "calendars",
    request_body = CalendarInput,
    responses((status = 201, description = "The calendar", body = CalendarBody), Problems)
)]
pub(in crate::web) async fn add(
    site: web::Data<Site>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    replan::admit(&write.signed.scope)?;
    let input: CalendarInput = write.form.read()?;
    let new = input.read()?;
    let once = write.once(|view: &LayerView| {
        rendered(201, Some(i64::from(view.kept.version)), &CalendarBody::shown(view))
    });
    Ok(answer(layers::add(&site.app, &write.signed.scope, new, once).await?))
}

/// Take a calendar away that never said anything.
#[utoipa::path(
    delete, path = "/api/v1/calendars/{id}", operation_id = "calendars_remove", tag = "calendars",
    params(("id" = String, Path, description = "The calendar's id")),
    responses((status = 204, description = "It is gone"), Problems)
)]
pub(in crate::web) async fn remove(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let calendar = calendar(&site, &write.signed, &request)?;
    write.form.read_nothing()?;
    let nothing = |(): &()| Rendered { status: 204, etag: None, body: String::new() };
    let once = write.once(nothing);
    Ok(answer(layers::remove(&site.app, &write.signed.scope, calendar, once).await?))
}

/// The calendar in the path, for who may edit it.
fn calendar(site: &Site, signed: &SignedIn, request: &HttpRequest) -> Result<CalendarId, Problem> {
    replan::admit(&signed.scope)?;
    let calendar = CalendarId(id(request)?);
    site.app.book().layer(calendar)?;
    Ok(calendar)
}

/// The date in the path.
fn date(request: &HttpRequest) -> Result<NaiveDate, Error> {
    let text = request.match_info().get("date").unwrap_or_default();
    check::date(text).map_err(|(code, message)| Error::invalid("date", code, message))
}

/// Codes of what is odd and shall be so: one that is no such code confirms nothing.
fn doubts(check: &mut Check, named: &[String]) {
    for (at, code) in named.iter().enumerate() {
        if !ALL_DOUBTS.contains(&code.as_str()) {
            check.refuse(&format!("confirm[{at}]"), "unknown", "there is no such doubt");
        }
    }
}

fn reason(check: &mut Check, given: Option<&str>, is_rehearsal: bool) -> String {
    match given {
        None if is_rehearsal => String::new(),
        given => check.block("reason", given.unwrap_or_default(), LONGEST_REASON),
    }
}

/// Refuses what cannot be a file of days; what it is, is judged by its first bytes.
fn kind_of_file(request: &HttpRequest) -> Result<(), Error> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let known = [
        "application/json",
        "text/calendar",
        "text/csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ];
    if known.iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    let known = known.join(", ");
    Err(Error::Unsupported(format!("send the file as its type: {known}")))
}

fn outcome(outcome: &Outcome) -> Rendered {
    rendered(200, None, &OutcomeBody::shown(outcome))
}

/// Shows what a change would do, or confirms it.
async fn decided(
    site: &Site,
    signed: &SignedIn,
    wish: Wish,
    (is_rehearsal, once): (bool, Once<Outcome>),
) -> Result<HttpResponse, Problem> {
    if !is_rehearsal {
        return Ok(answer(replan::confirm(&site.app, &signed.scope, wish, once).await?));
    }
    let outcome = replan::preview(&site.app, &signed.scope, &wish.proposal).await?;
    let shown = (once.render)(&outcome);
    Ok(HttpResponse::Ok().content_type("application/json").body(shown.body))
}
