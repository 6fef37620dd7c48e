//! Whom to ask in an organisation: for its own people, and for the system administrator.
//!
//! **Never** shows a code.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::super::choice::{Choice, words};
use super::super::fields::{Fields, Need};
use super::super::shell::{Shell, page, see};
use super::house::reads;
use super::outcome::{Refused, conflict, fields, status};
use crate::domain::id::OrganisationId;
use crate::domain::party::Role;
use crate::service::keeping::contacts::{self, ContactView};
use crate::service::{Error, Rendered};
use crate::web::api::contacts::{ContactCard, NewContact, TypedCode};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::Post;
use crate::web::query::{self, Query};
use crate::web::site::Site;

/// A contact in the list.
struct Row {
    card: ContactCard,
    tone: &'static str,
    until: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/contacts.html")]
struct Page {
    shell: Shell,
    house: Uuid,
    is_admin: bool,
    rows: Vec<Row>,
    f: Fields,
    code: Fields,
    functions: Vec<Choice>,
    channels: Vec<Choice>,
    conflict: Option<String>,
}

fn house(request: &HttpRequest) -> Result<OrganisationId, Error> {
    let id = request.match_info().get("id").and_then(query::uuid);
    id.map(OrganisationId).ok_or(Error::NotFound)
}

fn contact(request: &HttpRequest) -> Result<Uuid, Error> {
    request.match_info().get("contact").and_then(query::uuid).ok_or(Error::NotFound)
}

/// Lists the contacts of an organisation.
pub(in crate::web::ui) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    draw(&site, &signed, &request, None).await
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    refused: Option<Refused>,
) -> Result<HttpResponse, Problem> {
    let house = house(request)?;
    let views = contacts::list(&site.app, &signed.scope, house).await?;
    Query::read(request.query_string(), &["done"])?.done(())?;
    let shell = Shell::of(site, request, signed).await?;
    let row = |view: &ContactView| {
        let card = ContactCard::shown(view);
        let tone = match card.standing {
            "verified" => "green",
            "expired" => "red",
            _ => "amber",
        };
        Row { until: card.counts_until.map(|at| shell.minute(&at)), tone, card }
    };
    let drawn = Page {
        rows: views.iter().map(row).collect(),
        house: house.0,
        is_admin: signed.role() == Role::Admin,
        f: fields("contact", &shell, refused.as_ref(), &[("channel", "mail")]),
        code: fields("code", &shell, refused.as_ref(), &[]),
        functions: words(&shell, "function"),
        channels: words(&shell, "channel"),
        conflict: conflict(&shell, refused.as_ref()),
        shell,
    };
    page(status(refused.as_ref()), &drawn)
}

fn to_page(
    house: OrganisationId,
    done: &'static str,
) -> impl Fn(&ContactView) -> Rendered + Send + Sync + 'static {
    move |_| Rendered { status: 303, etag: None, body: address(house, done) }
}

fn address(house: OrganisationId, done: &str) -> String {
    format!("/organisations/{}/contacts?done={done}", house.0)
}

async fn again(
    site: &Site,
    post: &Post,
    request: &HttpRequest,
    (form, error): (&'static str, Error),
) -> Result<HttpResponse, Problem> {
    let refused = Refused::of(form, &post.typed, error)?;
    draw(site, post.signed(), request, Some(refused)).await
}

/// Adds a contact.
pub(in crate::web::ui) async fn create(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let house = house(&request)?;
    let read = reads(&post, NewContact::read);
    let once = post.write.once(to_page(house, "contact-created"));
    match contacts::create(&site.app, &post.signed().scope, house, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => again(&site, &post, &request, ("contact", error)).await,
    }
}

/// Removes a contact.
pub(in crate::web::ui) async fn remove(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (house, id) = (house(&request)?, contact(&request)?);
    let once = post.write.once(to_page(house, "contact-removed"));
    let answered = contacts::remove(&site.app, &post.signed().scope, id, once).await?;
    Ok(see(&answered.answer.body))
}

/// Sends a code to a contact's address.
pub(in crate::web::ui) async fn send(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (house, id) = (house(&request)?, contact(&request)?);
    let once = post.write.once(to_page(house, "code-sent"));
    let answered = contacts::send_code(&site.app, &post.signed().scope, id, once).await?;
    Ok(see(&answered.answer.body))
}

/// Takes the code that was sent.
pub(in crate::web::ui) async fn verify(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (house, id) = (house(&request)?, contact(&request)?);
    let judged = match post.read(TypedCode::read) {
        Ok(code) => contacts::verify(&site.app, &post.signed().scope, id, code).await,
        Err(error) => Err(error),
    };
    match judged {
        Ok(_) => Ok(see(&address(house, "contact-verified"))),
        Err(error) => again(&site, &post, &request, ("code", error)).await,
    }
}
