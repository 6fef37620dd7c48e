//! From a table of days to what it does, and on to the batch.
//!
//! **Never** confirms another impact than the one that was shown.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::super::fields::{Fields, Need};
use super::super::super::shell::{Shell, page, see};
use super::add::notice;
use super::impact::{self, Drawn};
use super::layer::{address, kept};
use super::review::{Reviewed, draw};
use super::table;
use crate::domain::calendar::Edit;
use crate::domain::id::CalendarId;
use crate::service::replan::{self, Outcome, Proposal, Wish, admit};
use crate::service::{Error, FieldError, Rendered};
use crate::web::api::batches::LONGEST_REASON;
use crate::web::check::Check;
use crate::web::error::Problem;
use crate::web::form::{Post, Typed};
use crate::web::site::Site;

#[derive(Template)]
#[template(path = "pages/calendar_preview.html")]
struct Page {
    shell: Shell,
    address: String,
    layer: String,
    impact: Drawn,
    seal: String,
    /// The table, to be sent again.
    hidden: Vec<(String, String)>,
    f: Fields,
    conflict: Option<String>,
}

/// Why a preview is shown again.
#[derive(Default)]
struct Again {
    errors: Vec<FieldError>,
    conflict: Option<String>,
}

/// Reads a notice, shows the table again or what it does, or confirms it.
pub(in crate::web::ui) async fn edit(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    admit(&post.signed().scope)?;
    let calendar = kept(&site.app.book(), &request)?.id;
    match post.typed.get("_step") {
        "notice" => return notice(&site, &post, &request).await,
        "review" => return review(&site, &post, &request, Vec::new()).await,
        _ => {}
    }
    let edit = match table::edit(&post.typed) {
        Ok(edit) => edit,
        Err(Error::Invalid(errors)) => return review(&site, &post, &request, errors).await,
        Err(error) => return Err(error.into()),
    };
    if post.typed.get("_step") != "confirm" {
        return preview(&site, &post, &request, (calendar, edit), Again::default()).await;
    }
    match confirm(&site, &post, (calendar, edit.clone())).await {
        Ok(address) => Ok(see(&address)),
        Err(Error::Invalid(errors)) => {
            let again = Again { errors, conflict: None };
            preview(&site, &post, &request, (calendar, edit), again).await
        }
        Err(Error::Conflict { code, message, .. }) => {
            let conflict = crate::web::words::Words(post.signed().language).problem(code, &message);
            let again = Again { errors: Vec::new(), conflict: Some(conflict) };
            preview(&site, &post, &request, (calendar, edit), again).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn confirm(
    site: &Site,
    post: &Post,
    (calendar, edit): (CalendarId, Edit),
) -> Result<String, Error> {
    let mut check = Check::default();
    let reason = check.block("reason", post.typed.get("reason"), LONGEST_REASON);
    let reason = check.done(reason)?;
    let confirmed = post.typed.fields().filter(|(name, _)| *name == "confirm");
    let wish = Wish {
        proposal: Proposal::Calendar { calendar, edit },
        reason,
        undoes: None,
        seal: Some(post.typed.get("seal").to_owned()),
        confirmed: confirmed.map(|(_, code)| code.to_owned()).collect(),
    };
    let once = post.write.once(|outcome: &Outcome| Rendered {
        status: 303,
        etag: None,
        body: outcome.batch.as_ref().map_or_else(
            || "/batches".to_owned(),
            |view| {
                let done = if outcome.impact.needs_approval() { "proposed" } else { "replanned" };
                format!("/batches/{}?done={done}", view.batch.id)
            },
        ),
    });
    let answered = replan::confirm(&site.app, &post.signed().scope, wish, once).await?;
    Ok(answered.answer.body)
}

async fn review(
    site: &Site,
    post: &Post,
    request: &HttpRequest,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Problem> {
    let shell = Shell::of(site, request, post.signed()).await?;
    let reviewed = Reviewed {
        rows: table::rows(&post.typed),
        year: table::year(&post.typed).unwrap_or_default(),
        errors,
        reason: post.typed.get("reason").to_owned(),
        ..Reviewed::default()
    };
    draw(shell, kept(&site.app.book(), request)?, reviewed)
}

async fn preview(
    site: &Site,
    post: &Post,
    request: &HttpRequest,
    (calendar, edit): (CalendarId, Edit),
    again: Again,
) -> Result<HttpResponse, Problem> {
    let proposal = Proposal::Calendar { calendar, edit };
    let outcome = match replan::preview(&site.app, &post.signed().scope, &proposal).await {
        Ok(outcome) => outcome,
        Err(Error::Invalid(errors)) => return review(site, post, request, errors).await,
        Err(error) => return Err(error.into()),
    };
    let mut shell = Shell::of(site, request, post.signed()).await?;
    let book = site.app.book();
    let kept = kept(&book, request)?;
    shell.here = format!("{}/add", address(kept));
    let status = match (&again.conflict, again.errors.as_slice()) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, []) => StatusCode::OK,
        (None, _) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let drawn = Page {
        address: address(kept),
        layer: kept.name.clone(),
        impact: impact::outcome(&shell, &outcome),
        seal: outcome.seal.clone(),
        hidden: hidden(&post.typed),
        f: Fields::refused("edit", shell.words(), post.typed.clone(), &again.errors),
        conflict: again.conflict,
        shell,
    };
    page(status, &drawn)
}

/// What of the form is sent again without being seen.
fn hidden(typed: &Typed) -> Vec<(String, String)> {
    let is_seen = |name: &str| matches!(name, "reason" | "seal" | "confirm");
    let fields = typed.fields().filter(|(name, _)| !is_seen(name));
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
