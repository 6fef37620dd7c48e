//! Judging the open tickets of a region by another version of its rules: look, then confirm.
//!
//! **Never** judges by a version that was withdrawn.

use actix_web::{HttpRequest, HttpResponse, web};

use super::super::fields::Fields;
use super::super::places::Places;
use super::super::shell::{Shell, see};
use super::sealed::{self, Frame, reason, told};
use crate::domain::id::PolicyId;
use crate::service::Error;
use crate::service::replan::{self, Outcome, Wish, admit};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::Post;
use crate::web::query::{self, Query};
use crate::web::site::Site;

fn id(request: &HttpRequest) -> Result<PolicyId, Error> {
    let id = request.match_info().get("id").and_then(query::uuid);
    id.map(PolicyId).ok_or(Error::NotFound)
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
    let f = Fields::fresh("judge", shell.words(), &[]);
    draw(&site, &signed, &request, (shell, f), None).await
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    (shell, f): (Shell, Fields),
    conflict: Option<String>,
) -> Result<HttpResponse, Problem> {
    let id = id(request)?;
    let proposal = replan::judging(&site.app, &signed.scope, id).await?;
    let outcome = replan::preview(&site.app, &signed.scope, &proposal).await?;
    let book = site.app.book();
    let policy = book.policy_view(id, shell.now)?.policy;
    let region = Places::of(site, policy.division).await?.region(&shell, policy.division);
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
    sealed::draw(shell, frame, &outcome, (f, conflict))
}

/// Judges by it, or proposes that to a second administrator.
pub(in crate::web::ui) async fn judge(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let scope = &post.signed().scope;
    let proposal = replan::judging(&site.app, scope, id(&request)?).await?;
    let outcome = match reason(&post, &["reason", "seal"]) {
        Ok(reason) => {
            let seal = Some(post.typed.get("seal").to_owned());
            let wish = Wish { proposal, reason, undoes: None, seal, confirmed: Vec::new() };
            let once = post.write.once(|outcome: &Outcome| sealed::done(outcome, "judged"));
            replan::confirm(&site.app, scope, wish, once).await
        }
        Err(error) => Err(error),
    };
    let (errors, conflict) = match outcome {
        Ok(answered) => return Ok(see(&answered.answer.body)),
        Err(error) => told(&post, error)?,
    };
    let shell = Shell::of(&site, &request, post.signed()).await?;
    let f = Fields::refused("judge", shell.words(), post.typed.clone(), &errors);
    draw(&site, post.signed(), &request, (shell, f), conflict).await
}
