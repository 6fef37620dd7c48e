//! The page on which a re-plan is looked at and confirmed, whatever brings it about.
//!
//! **Never** confirms another impact than the one that was shown.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::super::fields::{Fields, Need};
use super::super::shell::{Shell, page, see};
use super::edit::impact::{self, Drawn};
use crate::service::replan::{self, Outcome, Proposal, Wish};
use crate::service::{Error, FieldError, Rendered};
use crate::web::api::batches::LONGEST_REASON;
use crate::web::auth::SignedIn;
use crate::web::check::Check;
use crate::web::error::Problem;
use crate::web::form::Post;
use crate::web::site::Site;

/// A re-plan that is to be looked at and confirmed.
pub(super) struct Wanted {
    pub(super) proposal: Proposal,
    /// The batch that it takes back.
    pub(super) undoes: Option<u32>,
    /// What is odd about it and is so all the same.
    pub(super) confirmed: Vec<String>,
    /// The name of its form.
    pub(super) form: &'static str,
    /// What its batch's page says once it took effect.
    pub(super) done: &'static str,
    pub(super) frame: Frame,
}

/// What stands around the impact.
pub(super) struct Frame {
    /// The pages above this one: address, name.
    pub(super) above: Vec<(String, String)>,
    /// What is done; its button says the same.
    pub(super) title: String,
    pub(super) lead: String,
    /// Where the form is sent.
    pub(super) action: String,
}

#[derive(Template)]
#[template(path = "pages/replan.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    /// Where leaving it alone leads.
    back: String,
    impact: Drawn,
    seal: String,
    f: Fields,
    conflict: Option<String>,
}

/// Shows what would be done, with the form that confirms it.
pub(super) async fn look(
    site: &Site,
    signed: &SignedIn,
    shell: Shell,
    wanted: Wanted,
) -> Result<HttpResponse, Problem> {
    let f = Fields::fresh(wanted.form, shell.words(), &[]);
    draw(site, signed, (shell, f), wanted, None).await
}

/// Does it, or proposes it to a second administrator; or shows the form again.
pub(super) async fn confirm(
    site: &Site,
    post: &Post,
    shell: Shell,
    wanted: Wanted,
) -> Result<HttpResponse, Problem> {
    let outcome = match reason(post, &["reason", "seal"]) {
        Ok(reason) => {
            let wish = Wish {
                proposal: wanted.proposal.clone(),
                reason,
                undoes: wanted.undoes,
                seal: Some(post.typed.get("seal").to_owned()),
                confirmed: wanted.confirmed.clone(),
            };
            let word = wanted.done;
            let once = post.write.once(move |outcome: &Outcome| done(outcome, word));
            replan::confirm(&site.app, &post.signed().scope, wish, once).await
        }
        Err(error) => Err(error),
    };
    let (errors, conflict) = match outcome {
        Ok(answered) => return Ok(see(&answered.answer.body)),
        Err(error) => told(post, error)?,
    };
    let f = Fields::refused(wanted.form, shell.words(), post.typed.clone(), &errors);
    draw(site, post.signed(), (shell, f), wanted, conflict).await
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    (shell, f): (Shell, Fields),
    Wanted { proposal, frame, .. }: Wanted,
    conflict: Option<String>,
) -> Result<HttpResponse, Problem> {
    let outcome = replan::preview(&site.app, &signed.scope, &proposal).await?;
    let drawn = Page {
        back: frame.above.last().map(|(address, _)| address.clone()).unwrap_or_default(),
        impact: impact::outcome(&shell, &outcome),
        seal: outcome.seal.clone(),
        frame,
        f,
        conflict,
        shell,
    };
    page(status(drawn.conflict.as_deref(), &drawn.f), &drawn)
}

/// What a page answers that may hold a form that was refused.
pub(super) fn status(conflict: Option<&str>, f: &Fields) -> StatusCode {
    match (conflict, f.is_refused()) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, true) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, false) => StatusCode::OK,
    }
}

/// The reason that was typed, where nothing else was but `known` fields.
pub(super) fn reason(post: &Post, known: &[&str]) -> Result<String, Error> {
    post.typed.only(known)?;
    let mut check = Check::default();
    let reason = check.block("reason", post.typed.get("reason"), LONGEST_REASON);
    check.done(reason)
}

/// What a page tells of an error; others are not its own.
pub(super) fn told(
    post: &Post,
    error: Error,
) -> Result<(Vec<FieldError>, Option<String>), Problem> {
    if let Error::Invalid(errors) = error {
        return Ok((errors, None));
    }
    if let Error::Conflict { code, message, .. } = &error {
        let words = crate::web::words::Words(post.signed().language);
        return Ok((Vec::new(), Some(words.problem(code, message))));
    }
    Err(error.into())
}

/// Where the batch is shown that a confirmation made.
fn done(outcome: &Outcome, word: &str) -> Rendered {
    let word = if outcome.impact.needs_approval() { "proposed" } else { word };
    let shown = |id| format!("/batches/{id}?done={word}");
    let batch = outcome.batch.as_ref().map(|view| shown(view.batch.id));
    Rendered { status: 303, etag: None, body: batch.unwrap_or_else(|| "/batches".to_owned()) }
}
