//! Taking a version of the rules back, and deciding what follows one that ends.
//!
//! **Never** decides by a click alone: both need a reason.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};

use super::super::fields::Fields;
use super::super::shell::see;
use super::policies::{Forms, shown};
use crate::domain::id::PolicyId;
use crate::service::policies::{self, Changed};
use crate::service::{Error, Rendered};
use crate::web::api::policies::ending::{NewEnd, Withdrawing};
use crate::web::error::Problem;
use crate::web::form::Post;
use crate::web::query;
use crate::web::site::Site;
use crate::web::words::Words;

fn id(request: &HttpRequest) -> Result<PolicyId, Error> {
    let id = request.match_info().get("id").and_then(query::uuid);
    id.map(PolicyId).ok_or(Error::NotFound)
}

fn sent_on(changed: &Changed, done: &str) -> Rendered {
    let body = format!("/policies/{}?done={done}", changed.view().policy.id);
    Rendered { status: 303, etag: None, body }
}

/// Takes a version back.
pub(in crate::web::ui) async fn withdraw(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (id, reading) = (id(&request)?, post.clone());
    let read = Arc::new(move || reading.read(Withdrawing::read));
    let once = post.write.once(|changed: &Changed| sent_on(changed, "policy-withdrawn"));
    match policies::withdraw(&site.app, &post.signed().scope, id, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(Error::Invalid(errors)) => {
            let words = Words(post.signed().language);
            let refused = Fields::refused("withdraw", words, post.typed.clone(), &errors);
            let forms = Forms { withdraw: Some(refused), decide: None };
            shown(&site, post.signed(), &request, forms).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Decides what follows a version that ends.
pub(in crate::web::ui) async fn decide(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (id, reading) = (id(&request)?, post.clone());
    let read = Arc::new(move || reading.read(NewEnd::read));
    let once = post.write.once(|changed: &Changed| sent_on(changed, "policy-decided"));
    match policies::decide(&site.app, &post.signed().scope, id, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(Error::Invalid(errors)) => {
            let words = Words(post.signed().language);
            let refused = Fields::refused("decide", words, post.typed.clone(), &errors);
            let forms = Forms { withdraw: None, decide: Some(refused) };
            shown(&site, post.signed(), &request, forms).await
        }
        Err(error) => Err(error.into()),
    }
}
