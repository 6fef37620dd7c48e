//! Deciding batches: approving, refusing, taking back; and judging open tickets by another policy.
//!
//! **Never** lets the one who proposed a large change approve it.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::batches::{BatchBody, LONGEST_REASON, OutcomeBody};
use super::docs::Problems;
use super::id;
use crate::domain::id::PolicyId;
use crate::service::Error;
use crate::service::replan::{self, BatchView, Outcome, Wish};
use crate::web::check::Check;
use crate::web::error::Problem;
use crate::web::extract::{Write, answer, rendered};
use crate::web::query::Query;
use crate::web::site::Site;

/// Approve a batch that another administrator proposed.
#[utoipa::path(
    post, path = "/api/v1/batches/{id}/approve", operation_id = "batches_approve", tag = "calendars",
    params(("id" = String, Path, description = "The batch's id")),
    responses((status = 200, description = "What it did", body = OutcomeBody), Problems)
)]
pub(in crate::web) async fn approve(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    replan::admit(&write.signed.scope)?;
    let id = id(&request)?;
    write.form.read_nothing()?;
    let once = write.once(|outcome: &Outcome| rendered(200, None, &OutcomeBody::shown(outcome)));
    Ok(answer(replan::approve(&site.app, &write.signed.scope, id, once).await?))
}

/// Why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ReasonBody {
    pub(in crate::web) reason: String,
    /// The seal of the preview.
    #[serde(default)]
    pub(in crate::web) seal: Option<String>,
}

/// The reason, once it is one.
fn checked(reason: &str) -> Result<String, Error> {
    let mut check = Check::default();
    let reason = check.block("reason", reason, LONGEST_REASON);
    check.done(reason)
}

/// Why a batch is refused.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct RefusalBody {
    reason: String,
}

/// Refuse a batch that waits, or take it back.
#[utoipa::path(
    post, path = "/api/v1/batches/{id}/reject", operation_id = "batches_reject", tag = "calendars",
    params(("id" = String, Path, description = "The batch's id")),
    request_body = RefusalBody,
    responses((status = 200, description = "The batch", body = BatchBody), Problems)
)]
pub(in crate::web) async fn reject(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    replan::admit(&write.signed.scope)?;
    let id = id(&request)?;
    let reason = checked(&write.form.read::<RefusalBody>()?.reason)?;
    let once = write.once(|view: &BatchView| rendered(200, None, &BatchBody::shown(view)));
    Ok(answer(replan::reject(&site.app, &write.signed.scope, id, reason, once).await?))
}

/// Take back what a batch changed, by another batch.
#[utoipa::path(
    post, path = "/api/v1/batches/{id}/undo", operation_id = "batches_undo", tag = "calendars",
    params(
        ("id" = String, Path, description = "The batch's id"),
        ("dry_run" = Option<bool>, Query, description = "true shows what it would do and changes nothing"),
    ),
    request_body = ReasonBody,
    responses((status = 200, description = "What it did", body = OutcomeBody), Problems)
)]
pub(in crate::web) async fn undo(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    replan::admit(&write.signed.scope)?;
    let id = id(&request)?;
    let (proposal, number) = replan::undoing(&site.app, &write.signed.scope, id).await?;
    let is_rehearsal = rehearsal(&request)?;
    let body: ReasonBody = write.form.read()?;
    if is_rehearsal {
        let outcome = replan::preview(&site.app, &write.signed.scope, &proposal).await?;
        return Ok(HttpResponse::Ok().json(OutcomeBody::shown(&outcome)));
    }
    let reason = checked(&body.reason)?;
    // What stood there before was confirmed then.
    let confirmed = ALL_DOUBTS.map(str::to_owned).to_vec();
    let wish = Wish { proposal, reason, undoes: Some(number), seal: body.seal, confirmed };
    let once = write.once(|outcome: &Outcome| rendered(200, None, &OutcomeBody::shown(outcome)));
    Ok(answer(replan::confirm(&site.app, &write.signed.scope, wish, once).await?))
}

/// Everything that may be odd.
pub(in crate::web) const ALL_DOUBTS: [&str; 7] = [
    "no_makeup",
    "rest_days",
    "collapse",
    "long_rest",
    "long_work",
    "makeup_on_weekday",
    "work_on_holiday",
];

/// True where only the outcome is asked for.
pub(in crate::web) fn rehearsal(request: &HttpRequest) -> Result<bool, Error> {
    let mut query = Query::read(request.query_string(), &["dry_run"])?;
    let is_rehearsal = query.flag("dry_run").unwrap_or(false);
    query.done(is_rehearsal)
}

/// Judge the open tickets of a region by this version of its policy from now on.
#[utoipa::path(
    post, path = "/api/v1/policies/{id}/replan", operation_id = "policies_replan", tag = "policies",
    params(
        ("id" = String, Path, description = "The version's id"),
        ("dry_run" = Option<bool>, Query, description = "true shows what it would do and changes nothing"),
    ),
    request_body = ReasonBody,
    responses((status = 200, description = "What it did", body = OutcomeBody), Problems)
)]
pub(in crate::web) async fn judge(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    replan::admit(&write.signed.scope)?;
    let policy = PolicyId(id(&request)?);
    let proposal = replan::judging(&site.app, &write.signed.scope, policy).await?;
    let is_rehearsal = rehearsal(&request)?;
    let body: ReasonBody = write.form.read()?;
    if is_rehearsal {
        let outcome = replan::preview(&site.app, &write.signed.scope, &proposal).await?;
        return Ok(HttpResponse::Ok().json(OutcomeBody::shown(&outcome)));
    }
    let reason = checked(&body.reason)?;
    let wish = Wish { proposal, reason, undoes: None, seal: body.seal, confirmed: Vec::new() };
    let once = write.once(|outcome: &Outcome| rendered(200, None, &OutcomeBody::shown(outcome)));
    Ok(answer(replan::confirm(&site.app, &write.signed.scope, wish, once).await?))
}
