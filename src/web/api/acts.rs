//! What the parties do with a ticket.
//!
//! **Never** judges an act; it reads what was said and shows what became of the ticket.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::docs::Problems;
use super::filing::{ContactForm, LONGEST_REASON, LONGEST_TEXT};
use super::lens::Lens;
use super::tickets::{TicketAnswer, render};
use super::words;
use super::{id, messages, requests};
use crate::domain::id::{AttachmentId, TicketId};
use crate::domain::ticket::{Act, ActKind, Cause, Confirm, Reply, Verdict};
use crate::service::{Error, tickets};
use crate::web::check::{Check, QUANTITY};
use crate::web::error::Problem;
use crate::web::extract::{Form, Write, answer};
use crate::web::json::Object;
use crate::web::query;
use crate::web::site::Site;

/// The manufacturer's answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewReply {
    #[schema(schema_with = words::cause)]
    cause: String,
    #[schema(value_type = NaiveDate)]
    promised_on: String,
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    promised_quantity: i64,
    message: String,
    #[schema(value_type = ContactForm)]
    contact: Object<ContactForm>,
}

impl NewReply {
    fn read(form: &Form) -> Result<Act, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let cause = check.word("cause", &body.cause);
        let reply = Reply {
            cause: cause.unwrap_or(Cause::Other),
            promised_on: check.date("promised_on", &body.promised_on),
            promised_quantity: check.number("promised_quantity", body.promised_quantity, QUANTITY),
            message: check.block("message", &body.message, LONGEST_TEXT),
            contact: body.contact.0.checked(&mut check),
        };
        check.done(Act::Reply(reply))
    }
}

/// Another date.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewPromise {
    #[schema(value_type = NaiveDate)]
    promised_on: String,
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    promised_quantity: i64,
    reason: String,
}

impl NewPromise {
    fn read(form: &Form) -> Result<Act, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let promise = Act::Promise {
            promised_on: check.date("promised_on", &body.promised_on),
            promised_quantity: check.number("promised_quantity", body.promised_quantity, QUANTITY),
            reason: check.block("reason", &body.reason, LONGEST_REASON),
        };
        check.done(promise)
    }
}

/// The report of a solution.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewSolution {
    message: String,
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    delivered_quantity: i64,
    /// Files of the ticket that prove it, at most 20; added by your organisation.
    #[schema(value_type = Option<Vec<Uuid>>)]
    evidence: Option<Vec<String>>,
}

impl NewSolution {
    fn read(form: &Form) -> Result<Act, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let quantity = check.number("delivered_quantity", body.delivered_quantity, QUANTITY);
        let message = check.block("message", &body.message, LONGEST_TEXT);
        let evidence = evidence(&mut check, body.evidence);
        check.done(Act::Solve { message, delivered_quantity: quantity, evidence })
    }
}

/// The hospital's word on it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewConfirmation {
    #[schema(schema_with = words::result)]
    result: String,
    /// Required after a partial solution.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    remaining_quantity: Option<i64>,
    #[schema(schema_with = words::rating)]
    rating: Option<String>,
    comment: Option<String>,
}

impl NewConfirmation {
    fn read(form: &Form) -> Result<Act, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let result = check.word("result", &body.result);
        let remaining = body.remaining_quantity;
        let confirm = Confirm {
            result: result.unwrap_or(Verdict::NotSolved),
            remaining_quantity: remaining
                .map(|quantity| check.number("remaining_quantity", quantity, QUANTITY)),
            rating: body.rating.and_then(|word| check.word("rating", &word)),
            comment: check.optional_block("comment", body.comment.as_deref(), LONGEST_REASON),
        };
        check.done(Act::Confirm(confirm))
    }
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Reason {
    reason: String,
}

/// Reply to a ticket.
#[utoipa::path(
    post, path = "/api/v1/tickets/{id}/reply", operation_id = "acts_reply", tag = "acts", request_body = NewReply,
    params(("id" = String, Path, description = "The ticket's id")),
    responses((status = 200, description = "The ticket", body = TicketAnswer), Problems)
)]
pub(in crate::web) async fn reply(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    act(&site, &write, &request, ActKind::Reply, NewReply::read).await
}

/// Promise another date.
#[utoipa::path(
    post, path = "/api/v1/tickets/{id}/promise", operation_id = "acts_promise", tag = "acts", request_body = NewPromise,
    params(("id" = String, Path, description = "The ticket's id")),
    responses((status = 200, description = "The ticket", body = TicketAnswer), Problems)
)]
pub(in crate::web) async fn promise(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    act(&site, &write, &request, ActKind::Promise, NewPromise::read).await
}

/// Report a ticket solved.
#[utoipa::path(
    post, path = "/api/v1/tickets/{id}/solve", operation_id = "acts_solve", tag = "acts", request_body = NewSolution,
    params(("id" = String, Path, description = "The ticket's id")),
    responses((status = 200, description = "The ticket", body = TicketAnswer), Problems)
)]
pub(in crate::web) async fn solve(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    act(&site, &write, &request, ActKind::Solve, NewSolution::read).await
}

/// Files named by an act.
const MOST_EVIDENCE: usize = 20;

/// The files that an act names.
pub(in crate::web) fn evidence(check: &mut Check, given: Option<Vec<String>>) -> Vec<AttachmentId> {
    let given = given.unwrap_or_default();
    if given.len() > MOST_EVIDENCE {
        check.refuse("evidence", "too_many", format!("at most {MOST_EVIDENCE} files"));
        return Vec::new();
    }
    let mut ids = Vec::with_capacity(given.len());
    for (at, text) in given.iter().enumerate() {
        match query::uuid(text).map(AttachmentId) {
            Some(id) if ids.contains(&id) => {
                let message = "this file is named twice";
                check.refuse(&format!("evidence[{at}]"), "duplicate", message);
            }
            Some(id) => ids.push(id),
            None => {
                let message = "there is no such file of yours on this ticket";
                check.refuse(&format!("evidence[{at}]"), "unknown", message);
            }
        }
    }
    ids
}

/// Confirm or dispute a solution.
#[utoipa::path(
    post, path = "/api/v1/tickets/{id}/confirm", operation_id = "acts_confirm", tag = "acts", request_body = NewConfirmation,
    params(("id" = String, Path, description = "The ticket's id")),
    responses((status = 200, description = "The ticket", body = TicketAnswer), Problems)
)]
pub(in crate::web) async fn confirm(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    act(&site, &write, &request, ActKind::Confirm, NewConfirmation::read).await
}

/// Take a ticket back.
#[utoipa::path(
    post, path = "/api/v1/tickets/{id}/withdraw", operation_id = "acts_withdraw", tag = "acts", request_body = Reason,
    params(("id" = String, Path, description = "The ticket's id")),
    responses((status = 200, description = "The ticket", body = TicketAnswer), Problems)
)]
pub(in crate::web) async fn withdraw(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    act(&site, &write, &request, ActKind::Withdraw, withdraw_of).await
}

/// Ask again for an answer, once per working day.
#[utoipa::path(
    post, path = "/api/v1/tickets/{id}/urge", operation_id = "acts_urge", tag = "acts", request_body = Reason,
    params(("id" = String, Path, description = "The ticket's id")),
    responses((status = 200, description = "The ticket", body = TicketAnswer), Problems)
)]
pub(in crate::web) async fn urge(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    act(&site, &write, &request, ActKind::Urge, urge_of).await
}

/// Ask the next rung to step in at once.
#[utoipa::path(
    post, path = "/api/v1/tickets/{id}/escalate", operation_id = "acts_escalate", tag = "acts", request_body = Reason,
    params(("id" = String, Path, description = "The ticket's id")),
    responses((status = 200, description = "The ticket", body = TicketAnswer), Problems)
)]
pub(in crate::web) async fn escalate(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    act(&site, &write, &request, ActKind::Escalate, escalate_of).await
}

pub(in crate::web) fn reason(form: &Form) -> Result<String, Error> {
    let body: Reason = form.read()?;
    let mut check = Check::default();
    let reason = check.block("reason", &body.reason, LONGEST_REASON);
    check.done(reason)
}

/// Acts on the ticket in the request's path.
pub(in crate::web) async fn act(
    site: &Site,
    write: &Write,
    request: &HttpRequest,
    kind: ActKind,
    read: impl Fn(&Form) -> Result<Act, Error> + Send + Sync + 'static,
) -> Result<HttpResponse, Problem> {
    let id = TicketId(id(request)?);
    let form = write.form.clone();
    let read = Arc::new(move || read(&form));
    let once = write.once(render(Lens::of(&site.app, &write.signed), 200));
    let answered = tickets::act(&site.app, &write.signed.scope, id, kind, read, once).await?;
    Ok(answer(answered))
}

fn withdraw_of(form: &Form) -> Result<Act, Error> {
    Ok(Act::Withdraw { reason: reason(form)? })
}

fn urge_of(form: &Form) -> Result<Act, Error> {
    Ok(Act::Urge { reason: reason(form)? })
}

fn escalate_of(form: &Form) -> Result<Act, Error> {
    Ok(Act::Escalate { reason: reason(form)? })
}

/// Reads what an act says.
pub(in crate::web) type ReadBody = fn(&Form) -> Result<Act, Error>;

/// How the body of an act is read, where it is done to a ticket by a call of its own.
pub(in crate::web) fn reader(kind: ActKind) -> Option<ReadBody> {
    Some(match kind {
        ActKind::Reply => NewReply::read,
        ActKind::Promise => NewPromise::read,
        ActKind::Solve => NewSolution::read,
        ActKind::Confirm => NewConfirmation::read,
        ActKind::Withdraw => withdraw_of,
        ActKind::Urge => urge_of,
        ActKind::Escalate => escalate_of,
        ActKind::Return => requests::return_of,
        ActKind::Extension => requests::NewExtension::read,
        ActKind::ForceMajeure => requests::NewForceMajeure::read,
        ActKind::Distributor => requests::NewDistributor::read,
        ActKind::Decide => requests::NewDecision::read,
        ActKind::Message => messages::NewMessage::act,
        ActKind::Attach | ActKind::Acknowledge | ActKind::Measure | ActKind::CloseEscalation => {
            return None;
        }
    })
}
