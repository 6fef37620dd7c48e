//! Calendars of regions: a new one says nothing yet, and the one above it rules every day.
//!
//! **Never** adds a second one for a region.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::super::fields::{Fields, Need};
use super::super::super::shell::{Shell, page, see};
use crate::domain::id::CalendarId;
use crate::domain::party::Division;
use crate::service::replan::admit;
use crate::service::replan::layers::{self, NewLayer};
use crate::service::rulebook::{KeptLayer, Rulebook};
use crate::service::{Error, Rendered};
use crate::web::auth::SignedIn;
use crate::web::check::Check;
use crate::web::error::Problem;
use crate::web::form::{Post, Typed};
use crate::web::query;
use crate::web::site::Site;

/// The longest name of a calendar, in characters.
const LONGEST_NAME: usize = 50;

#[derive(Template)]
#[template(path = "pages/calendar_new.html")]
struct Page {
    shell: Shell,
    f: Fields,
}

/// The calendar in the path.
pub(super) fn kept<'a>(book: &'a Rulebook, request: &HttpRequest) -> Result<&'a KeptLayer, Error> {
    let id = request.match_info().get("id").and_then(query::uuid).ok_or(Error::NotFound)?;
    book.layer(CalendarId(id))
}

/// Where a calendar is shown.
pub(super) fn address(kept: &KeptLayer) -> String {
    format!("/calendars/{}", kept.id)
}

/// The form for a new calendar.
pub(in crate::web::ui) async fn form(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    admit(&signed.scope)?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let f = Fields::fresh("layer", shell.words(), &[]);
    page(StatusCode::OK, &Page { f, shell })
}

/// Adds a calendar.
pub(in crate::web::ui) async fn create(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    admit(&post.signed().scope)?;
    let outcome = match new(&post.typed) {
        Ok(new) => {
            let once = post.write.once(|kept: &KeptLayer| Rendered {
                status: 303,
                etag: None,
                body: format!("{}?done=layer", address(kept)),
            });
            layers::add(&site.app, &post.signed().scope, new, once).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(Error::Invalid(errors)) => {
            let shell = Shell::of(&site, &request, post.signed()).await?;
            let f = Fields::refused("layer", shell.words(), post.typed.clone(), &errors);
            page(StatusCode::UNPROCESSABLE_ENTITY, &Page { f, shell })
        }
        Err(error) => Err(error.into()),
    }
}

fn new(typed: &Typed) -> Result<NewLayer, Error> {
    typed.only(&["name", "division"])?;
    let mut check = Check::default();
    let name = check.line("name", typed.get("name"), LONGEST_NAME);
    let division = Division::parse(typed.get("division").trim());
    let division = division.map_err(|error| check.refuse("division", "unknown", error.to_string()));
    let (name, division) = check.done((name, division.ok()))?;
    let division = division.ok_or(Error::NotFound)?;
    Ok(NewLayer { name, division })
}
