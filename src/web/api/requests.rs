//! What parties ask bureaus to decide, and the bureaus' decisions.
//!
//! **Never** moves a deadline by an asking: only a decision does.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::acts::{Reason, act, evidence, reason};
use super::docs::Problems;
use super::filing::LONGEST_REASON;
use super::parties::Named;
use super::tickets::TicketAnswer;
use super::words;
use crate::domain::id::OrganisationId;
use crate::domain::ticket::{Act, ActKind, Decision, Request, Ruling, Stopped, Topic};
use crate::service::Error;
use crate::service::tickets::TicketView;
use crate::web::check::Check;
use crate::web::error::Problem;
use crate::web::extract::{Form, Write};
use crate::web::moment::shown;
use crate::web::query;
use crate::web::site::Site;

/// More time for the solution.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewExtension {
    /// The last day of it.
    #[schema(value_type = NaiveDate)]
    until: String,
    reason: String,
    /// Files of the ticket that prove it, at most 20; added by your organisation.
    #[schema(value_type = Option<Vec<Uuid>>)]
    evidence: Option<Vec<String>>,
}

impl NewExtension {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<Act, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let until = check.date("until", &body.until);
        let reason = check.block("reason", &body.reason, LONGEST_REASON);
        let evidence = evidence(&mut check, body.evidence);
        check.done(Act::Extension { until, reason, evidence })
    }
}

/// A force majeure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewForceMajeure {
    /// The last day the clocks should stand still.
    #[schema(value_type = NaiveDate)]
    expected_end: String,
    reason: String,
    /// Files of the ticket that prove it, at most 20; added by your organisation.
    #[schema(value_type = Option<Vec<Uuid>>)]
    evidence: Option<Vec<String>>,
}

impl NewForceMajeure {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<Act, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let expected_end = check.date("expected_end", &body.expected_end);
        let reason = check.block("reason", &body.reason, LONGEST_REASON);
        let evidence = evidence(&mut check, body.evidence);
        check.done(Act::ForceMajeure { expected_end, reason, evidence })
    }
}

/// Who delivers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewDistributor {
    #[schema(value_type = Uuid)]
    organisation_id: String,
}

impl NewDistributor {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<Act, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let distributor = organisation(&mut check, "organisation_id", &body.organisation_id);
        check.done(Act::Distributor { distributor })
    }
}

/// A bureau's decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewDecision {
    /// What is decided.
    #[schema(schema_with = words::topic)]
    on: String,
    /// About a silent hospital: whether the problem is solved.
    granted: bool,
    reason: String,
    /// The right manufacturer of a returned ticket: a new ticket goes there.
    #[schema(value_type = Option<Uuid>)]
    manufacturer_id: Option<String>,
}

impl NewDecision {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<Act, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let on: Option<Topic> = check.word("on", &body.on);
        let decision = Decision {
            on: on.unwrap_or(Topic::Resume),
            granted: body.granted,
            reason: check.block("reason", &body.reason, LONGEST_REASON),
            manufacturer: body
                .manufacturer_id
                .map(|id| organisation(&mut check, "manufacturer_id", &id)),
        };
        check.done(Act::Decide(decision))
    }
}

/// Something a bureau was asked to decide.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct RequestBody {
    /// Counts up per ticket, from 1.
    pub(in crate::web) ordinal: u16,
    #[schema(schema_with = words::topic)]
    pub(in crate::web) on: Topic,
    /// The day wanted: the extended due day, or the expected end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) day: Option<NaiveDate>,
    /// Empty where the clock asks about a silent hospital.
    pub(in crate::web) reason: String,
    pub(in crate::web) at: DateTime<FixedOffset>,
    /// The bureau of the first rung, which decides.
    pub(in crate::web) bureau: Option<Named>,
    /// `granted`, `refused`, or `lapsed` when nothing was left to decide; null while it waits.
    #[schema(schema_with = words::ruling)]
    pub(in crate::web) verdict: Option<Ruling>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) decided_at: Option<DateTime<FixedOffset>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) decision: Option<String>,
}

/// The clocks stand still.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct StoppedBody {
    pub(in crate::web) stopped_at: DateTime<FixedOffset>,
    /// The last day of it, unless a bureau resumes earlier.
    pub(in crate::web) expected_end: NaiveDate,
}

impl RequestBody {
    /// A request of a ticket.
    pub(in crate::web) fn shown(request: &Request, view: &TicketView) -> Self {
        let outcome = request.outcome.as_ref();
        Self {
            ordinal: request.ordinal,
            on: request.topic,
            day: request.day,
            reason: request.reason.clone(),
            at: shown(request.at),
            bureau: request.bureau.and_then(|id| view.organisations.get(&id)).map(Named::from),
            verdict: outcome.map(|outcome| outcome.verdict),
            decided_at: outcome.map(|outcome| shown(outcome.at)),
            decision: outcome.and_then(|outcome| outcome.reason.clone()),
        }
    }
}

impl From<Stopped> for StoppedBody {
    fn from(stopped: Stopped) -> Self {
        Self { stopped_at: shown(stopped.at), expected_end: stopped.expected_end }
    }
}

/// Return a ticket that is not the manufacturer's; a bureau decides.
#[utoipa::path(
    post, path = "/api/v1/tickets/{id}/return", operation_id = "acts_return", tag = "acts", request_body = Reason,
    params(("id" = String, Path, description = "The ticket's id")),
    responses((status = 200, description = "The ticket", body = TicketAnswer), Problems)
)]
pub(in crate::web) async fn ask_return(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    act(&site, &write, &request, ActKind::Return, return_of).await
}

/// Ask for more time; the deadline moves only when a bureau consents.
#[utoipa::path(
    post, path = "/api/v1/tickets/{id}/extensions", operation_id = "acts_extension", tag = "acts", request_body = NewExtension,
    params(("id" = String, Path, description = "The ticket's id")),
    responses((status = 200, description = "The ticket", body = TicketAnswer), Problems)
)]
pub(in crate::web) async fn extension(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    act(&site, &write, &request, ActKind::Extension, NewExtension::read).await
}

/// Ask for the clocks to stop; they run on until a bureau consents.
#[utoipa::path(
    post, path = "/api/v1/tickets/{id}/force-majeure", operation_id = "acts_force_majeure", tag = "acts", request_body = NewForceMajeure,
    params(("id" = String, Path, description = "The ticket's id")),
    responses((status = 200, description = "The ticket", body = TicketAnswer), Problems)
)]
pub(in crate::web) async fn force_majeure(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    act(&site, &write, &request, ActKind::ForceMajeure, NewForceMajeure::read).await
}

/// Bring in a distributor; the manufacturer stays responsible.
#[utoipa::path(
    post, path = "/api/v1/tickets/{id}/distributor", operation_id = "acts_distributor", tag = "acts", request_body = NewDistributor,
    params(("id" = String, Path, description = "The ticket's id")),
    responses((status = 200, description = "The ticket", body = TicketAnswer), Problems)
)]
pub(in crate::web) async fn distributor(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    act(&site, &write, &request, ActKind::Distributor, NewDistributor::read).await
}

/// Decide what was asked, as the bureau of the first rung or one in charge.
#[utoipa::path(
    post, path = "/api/v1/tickets/{id}/decisions", operation_id = "acts_decide", tag = "acts", request_body = NewDecision,
    params(("id" = String, Path, description = "The ticket's id")),
    responses((status = 200, description = "The ticket", body = TicketAnswer), Problems)
)]
pub(in crate::web) async fn decide(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    act(&site, &write, &request, ActKind::Decide, NewDecision::read).await
}

fn organisation(check: &mut Check, field: &str, value: &str) -> OrganisationId {
    OrganisationId(query::uuid(value).unwrap_or_else(|| {
        check.refuse(field, "unknown", "this is not an organisation's id");
        Uuid::nil()
    }))
}

pub(in crate::web) fn return_of(form: &Form) -> Result<Act, Error> {
    Ok(Act::Return { reason: reason(form)? })
}
