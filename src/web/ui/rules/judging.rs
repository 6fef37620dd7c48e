//! Judging the open tickets of a region by another version of its rules: look, then confirm.
//!
//! **Never** judges by a version that was withdrawn.

use actix_web::{HttpRequest, HttpResponse, web};

use super::super::places::Places;
use super::super::shell::Shell;
use super::sealed::{self, Frame, Wanted};
use crate::domain::id::PolicyId;
use crate::service::Error;
use crate::service::replan::{self, admit};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::Post;
use crate::web::query::{self, Query};
use crate::web::site::Site;

fn id(request: &HttpRequest) -> Result<PolicyId, Error> {
    let id = request.match_info().get("id").and_then(query::uuid);
    id.map(PolicyId).ok_or(Error::NotFound)
}

async fn wanted(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    shell: &Shell,
) -> Result<Wanted, Problem> {
    let id = id(request)?;
    let proposal = replan::judging(&site.app, &signed.scope, id).await?;
    let book = site.app.book();
    let policy = book.policy_view(id, shell.now)?.policy;
    let region = Places::of(site, policy.division).await?.region(shell, policy.division);
    let values = [("version", policy.version.clone()), ("region", region)];
    let frame = Frame {
        above: vec![
            ("/policies".to_owned(), shell.t("nav-policies")),
            (format!("/policies/{id}"), format!("{} {}", policy.name, policy.version)),
        ],
        title: shell.t("judge-title"),
        lead: shell.words().with_all("judge-lead", &values),
        action: format!("/policies/{id}/replan"),
    };
    let confirmed = Vec::new();
    Ok(Wanted { proposal, undoes: None, confirmed, form: "judge", done: "judged", frame })
}

/// Shows what judging by a version would do.
pub(in crate::web::ui) async fn form(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    admit(&signed.scope)?;
    Query::read(request.query_string(), &["done"])?.done(())?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let wanted = wanted(&site, &signed, &request, &shell).await?;
    sealed::look(&site, &signed, shell, wanted).await
}

/// Judges by it, or proposes that to a second administrator.
pub(in crate::web::ui) async fn judge(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    admit(&post.signed().scope)?;
    let shell = Shell::of(&site, &request, post.signed()).await?;
    let wanted = wanted(&site, post.signed(), &request, &shell).await?;
    sealed::confirm(&site, &post, shell, wanted).await
}
