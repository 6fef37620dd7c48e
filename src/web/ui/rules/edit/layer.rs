//! Calendars of regions and manufacturers: a new one says nothing yet, and the one above it rules
//! every day.
//!
//! **Never** adds a second one for the same.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::super::super::fields::{Fields, Need};
use super::super::super::shell::{Shell, page, see};
use crate::domain::id::{CalendarId, OrganisationId};
use crate::domain::party::OrganisationKind;
use crate::service::directory::{self, OrganisationFilter, OrganisationView};
use crate::service::keeping::organisations;
use crate::service::replan::admit;
use crate::service::replan::layers::{self, LayerView, NewLayer};
use crate::service::rulebook::{KeptLayer, Rulebook};
use crate::service::{Error, Rendered};
use crate::web::api::calendar_edits::CalendarInput;
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::{Post, Typed};
use crate::web::query::{self, Query};
use crate::web::site::Site;

/// Manufacturers that a search offers.
const FOUND: u64 = 20;

#[derive(Template)]
#[template(path = "pages/calendar_new.html")]
struct Page {
    shell: Shell,
    f: Fields,
    /// Whose it will be, where it is a manufacturer's.
    house: Option<(String, Uuid)>,
    q: String,
    houses: Vec<(String, Uuid)>,
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

/// The form for a new calendar: of a region, or of a manufacturer that was looked for.
pub(in crate::web::ui) async fn form(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    admit(&signed.scope)?;
    let mut query = Query::read(request.query_string(), &["q", "organisation"])?;
    let part = query.search("q");
    let organisation = query.id("organisation");
    query.done(())?;
    let house = match organisation {
        Some(id) => Some(chosen(&site, &signed, id).await?),
        None => None,
    };
    let houses = match &part {
        Some(part) => found(&site, &signed, part).await?,
        None => Vec::new(),
    };
    let shell = Shell::of(&site, &request, &signed).await?;
    let f = Fields::fresh("layer", shell.words(), &[]);
    page(StatusCode::OK, &Page { f, house, q: part.unwrap_or_default(), houses, shell })
}

async fn chosen(site: &Site, signed: &SignedIn, id: Uuid) -> Result<(String, Uuid), Error> {
    let view = organisations::show(&site.app, &signed.scope, OrganisationId(id)).await?;
    let house = view.organisation;
    let is_maker = house.kind == OrganisationKind::Manufacturer;
    if is_maker { Ok((house.name, house.id.0)) } else { Err(Error::NotFound) }
}

async fn found(site: &Site, signed: &SignedIn, part: &str) -> Result<Vec<(String, Uuid)>, Error> {
    let filter = OrganisationFilter {
        part: Some(part.to_owned()),
        kind: Some(OrganisationKind::Manufacturer),
        ..OrganisationFilter::default()
    };
    let page = (None, FOUND);
    let found = directory::organisations(&site.app, &signed.scope, &filter, page).await?;
    let named = |one: OrganisationView| (one.organisation.name, one.organisation.id.0);
    Ok(found.into_iter().map(named).collect())
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
            let once = post.write.once(|view: &LayerView| Rendered {
                status: 303,
                etag: None,
                body: format!("{}?done=layer", address(&view.kept)),
            });
            layers::add(&site.app, &post.signed().scope, new, once).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(Error::Invalid(errors)) => {
            let house = match query::uuid(post.typed.get("organisation")) {
                Some(id) => chosen(&site, post.signed(), id).await.ok(),
                None => None,
            };
            let shell = Shell::of(&site, &request, post.signed()).await?;
            let f = Fields::refused("layer", shell.words(), post.typed.clone(), &errors);
            let drawn = Page { f, house, q: String::new(), houses: Vec::new(), shell };
            page(StatusCode::UNPROCESSABLE_ENTITY, &drawn)
        }
        Err(error) => Err(error.into()),
    }
}

fn new(typed: &Typed) -> Result<NewLayer, Error> {
    typed.only(&["name", "division", "organisation"])?;
    let given = |name: &str| typed.find(name).filter(|text| !text.trim().is_empty());
    let input = CalendarInput {
        name: typed.get("name").to_owned(),
        division: given("division").map(str::to_owned),
        organisation: given("organisation").map(str::to_owned),
    };
    input.read()
}
