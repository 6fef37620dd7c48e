//! Making versions of the time-limit rules, taking them back, and deciding what follows them.
//!
//! **Never** replaces a version that the caller has not read.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};

use super::PolicyDocument;
use super::ending::{NewEnd, Withdrawing};
use super::proposal::NewPolicy;
use crate::domain::id::PolicyId;
use crate::service::policies::{self, Changed};
use crate::web::api::docs::Problems;
use crate::web::api::id;
use crate::web::error::Problem;
use crate::web::extract::{Write, answer, rendered};
use crate::web::site::Site;

/// Make a version of the rules for a region.
///
/// It rules what is filed from its first day on; tickets keep the version they were judged by.
/// The server gives the version's name, like `37-2`.
#[utoipa::path(
    post, path = "/api/v1/policies", operation_id = "policies_create", tag = "policies", request_body = NewPolicy,
    responses((status = 201, description = "The policy", body = PolicyDocument), Problems)
)]
pub(in crate::web) async fn create(
    site: web::Data<Site>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let form = write.form.clone();
    let read = Arc::new(move || NewPolicy::read(&form));
    let once = write.once(|made: &Changed| shown(201, made));
    Ok(answer(policies::create(&site.app, &write.signed.scope, read, once).await?))
}

/// Make the next version of rules that are there.
///
/// `If-Match` is the tag of the version that was read. That version stays as it is: tickets it
/// judged go on being judged by it.
#[utoipa::path(
    put, path = "/api/v1/policies/{id}", operation_id = "policies_replace", tag = "policies", request_body = NewPolicy,
    params(
        ("id" = String, Path, description = "The newest version of these rules"),
        ("If-Match" = String, Header, description = "Its tag"),
    ),
    responses(
        (status = 201, description = "The next version", body = PolicyDocument),
        (status = 428, description = "`If-Match` is missing", content_type = "application/problem+json", body = crate::web::error::ProblemBody<'static>),
        Problems,
    )
)]
pub(in crate::web) async fn replace(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = PolicyId(id(&request)?);
    let form = write.form.clone();
    let read = Arc::new(move || NewPolicy::read(&form));
    let once = write.once(|made: &Changed| shown(201, made));
    let done = policies::replace(&site.app, &write.signed.scope, id, read, once).await;
    Ok(answer(done.map_err(|refusal| write.form.told(refusal))?))
}

/// Take back a version that does not rule yet.
#[utoipa::path(
    post, path = "/api/v1/policies/{id}/withdraw", operation_id = "policies_withdraw", tag = "policies", request_body = Withdrawing,
    params(("id" = String, Path, description = "The policy's id")),
    responses((status = 200, description = "The policy", body = PolicyDocument), Problems)
)]
pub(in crate::web) async fn withdraw(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = PolicyId(id(&request)?);
    let form = write.form.clone();
    let read = Arc::new(move || Withdrawing::read(&form));
    let once = write.once(|changed: &Changed| shown(200, changed));
    Ok(answer(policies::withdraw(&site.app, &write.signed.scope, id, read, once).await?))
}

/// Decide what becomes of rules that end or have ended.
///
/// `continued` makes another version from the day after; `national` is written down, and the
/// rules of the region above apply.
#[utoipa::path(
    post, path = "/api/v1/policies/{id}/decision", operation_id = "policies_decide", tag = "policies", request_body = NewEnd,
    params(("id" = String, Path, description = "The policy's id")),
    responses((status = 200, description = "The version that goes on, or the one that ended", body = PolicyDocument), Problems)
)]
pub(in crate::web) async fn decide(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = PolicyId(id(&request)?);
    let form = write.form.clone();
    let read = Arc::new(move || NewEnd::read(&form));
    let once = write.once(|changed: &Changed| shown(200, changed));
    Ok(answer(policies::decide(&site.app, &write.signed.scope, id, read, once).await?))
}

fn shown(status: u16, changed: &Changed) -> crate::service::Rendered {
    let view = changed.view();
    rendered(status, Some(i64::from(view.edition)), &PolicyDocument::shown(view))
}
