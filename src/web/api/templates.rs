//! The texts of notices, for administrators: read, looked at, replaced, restored.
//!
//! **Never** fills a text with anybody's data: what is looked at is about a ticket that never was.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::de::DeserializeOwned;

use super::docs::Problems;
use super::words;
pub(in crate::web) use bodies::{
    NewTemplate, Replacing, Restoring, TemplateBody, TemplatePreview, TemplateVersion, said,
};
pub(in crate::web) use preview::{Look, look};

use crate::domain::template::{PartyKind, Slot, Topic};
use crate::service::templates::{self, Filter, TemplateView};
use crate::service::{Error, Rendered};
use crate::web::auth::SignedIn;
use crate::web::check::word;
use crate::web::condition;
use crate::web::error::Problem;
use crate::web::extract::{Write, answer, rendered};
use crate::web::paging::{List, Name, Page};
use crate::web::query::Query;
use crate::web::site::Site;

mod bodies;
mod preview;

/// What a path names.
///
/// # Errors
/// [`Error::NotFound`] for what nobody is told.
pub(in crate::web) fn slot(request: &HttpRequest) -> Result<Slot, Error> {
    let part = |name: &str| request.match_info().get(name).unwrap_or_default();
    fn read<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
        word(text).ok_or(Error::NotFound)
    }
    let slot = Slot {
        kind: read::<Topic>(part("kind"))?,
        party: read::<PartyKind>(part("party"))?,
        channel: read(part("channel"))?,
        language: read(part("language"))?,
    };
    if slot.exists() { Ok(slot) } else { Err(Error::NotFound) }
}

/// The list's filters.
pub(in crate::web) const FILTERS: [&str; 5] = ["kind", "party", "channel", "language", "edited"];

/// Reads which texts are asked for.
pub(in crate::web) fn asked(query: &mut Query) -> Filter {
    Filter {
        kind: query.word("kind"),
        party: query.word("party"),
        channel: query.word("channel"),
        language: query.word("language"),
        edited: query.flag("edited"),
    }
}

/// List the texts of notices, and of letters that are about no single ticket.
#[utoipa::path(
    get, path = "/api/v1/templates", operation_id = "templates_list", tag = "administration",
    params(
        ("kind" = Option<String>, Query, description = "Only of this event, like `filed`, or letter, like `digest`"),
        ("party" = Option<String>, Query, description = "Only for hospital, manufacturer, distributor or bureau, or anybody for letters"),
        ("channel" = Option<String>, Query, description = "Only mail or sms"),
        ("language" = Option<String>, Query, description = "Only zh-CN or en"),
        ("edited" = Option<bool>, Query, description = "Only those worded anew, or only those as shipped"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of texts, by event", body = Page<TemplateBody>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    templates::admit(&signed.scope)?;
    let mut query = Query::of_list(request.query_string(), &FILTERS)?;
    let (filter, size) = (asked(&mut query), query.page_size());
    let list = List { name: "templates", reader: signed.user() };
    let after: Option<Name> = list.after(query.text("cursor"))?;
    query.done(())?;
    let rows = templates::list(&site.app, &signed.scope, filter).await?;
    let at = |view: &TemplateView| Name(templates::name(view.slot));
    let last = after.and_then(|after| rows.iter().position(|view| at(view) == after));
    let rest: Vec<_> = rows.into_iter().skip(last.map_or(0, |last| last + 1)).collect();
    let page = list.page(rest, size, at);
    Ok(HttpResponse::Ok().json(page.map(|view| TemplateBody::shown(&view))))
}

/// Read a text.
///
/// `ETag` is its version, for `If-Match`.
#[utoipa::path(
    get, path = "/api/v1/templates/{kind}/{party}/{channel}/{language}", operation_id = "templates_show",
    tag = "administration",
    params(
        ("kind" = String, Path, description = "The event, like `filed`, or the letter, like `digest`"),
        ("party" = String, Path, description = "Who is told; `anybody` for letters"),
        ("channel" = String, Path, description = "mail or sms"),
        ("language" = String, Path, description = "zh-CN or en"),
    ),
    responses((status = 200, description = "The text", body = TemplateBody), Problems)
)]
pub(in crate::web) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    templates::admit(&signed.scope)?;
    let view = templates::show(&site.app, &signed.scope, slot(&request)?).await?;
    Query::read(request.query_string(), &[])?.done(())?;
    let tag = condition::tag(i64::from(view.version));
    Ok(HttpResponse::Ok().insert_header(("ETag", tag)).json(TemplateBody::shown(&view)))
}

/// Word a text anew.
///
/// Needs `If-Match`. It is used from the next notice on; what has been rendered stays as it is.
#[utoipa::path(
    put, path = "/api/v1/templates/{kind}/{party}/{channel}/{language}", operation_id = "templates_replace",
    tag = "administration",
    params(
        ("kind" = String, Path, description = "The event, like `filed`, or the letter, like `digest`"),
        ("party" = String, Path, description = "Who is told; `anybody` for letters"),
        ("channel" = String, Path, description = "mail or sms"),
        ("language" = String, Path, description = "zh-CN or en"),
        ("If-Match" = String, Header, description = "The version that was read"),
    ),
    request_body = Replacing,
    responses(
        (status = 200, description = "The text, in its new version", body = TemplateBody),
        (status = 428, description = "`If-Match` is missing"), Problems,
    )
)]
pub(in crate::web) async fn replace(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    templates::admit(&write.signed.scope)?;
    let slot = slot(&request)?;
    write.form.must_be_conditional()?;
    let draft = Replacing::read(&write.form)?;
    let once = write.once(render);
    Ok(answer(templates::replace(&site.app, &write.signed.scope, slot, draft, once).await?))
}

fn render(view: &TemplateView) -> Rendered {
    rendered(200, Some(i64::from(view.version)), &TemplateBody::shown(view))
}

/// Look at a text as its reader would get it, without keeping it.
#[utoipa::path(
    post, path = "/api/v1/templates/{kind}/{party}/{channel}/{language}/preview",
    operation_id = "templates_preview", tag = "administration",
    params(
        ("kind" = String, Path, description = "The event, like `filed`, or the letter, like `digest`"),
        ("party" = String, Path, description = "Who is told; `anybody` for letters"),
        ("channel" = String, Path, description = "mail or sms"),
        ("language" = String, Path, description = "zh-CN or en"),
    ),
    request_body = NewTemplate,
    responses((status = 200, description = "The mail or the text message, with sample data", body = TemplatePreview), Problems)
)]
pub(in crate::web) async fn preview(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    templates::admit(&write.signed.scope)?;
    let slot = slot(&request)?;
    let wording = NewTemplate::read(&write.form)?;
    let look = look(&site, slot, &wording).await?;
    Ok(HttpResponse::Ok().json(TemplatePreview::from(look)))
}

/// List the versions of a text, newest first; version 0 is what ships with the service.
#[utoipa::path(
    get, path = "/api/v1/templates/{kind}/{party}/{channel}/{language}/versions",
    operation_id = "templates_versions", tag = "administration",
    params(
        ("kind" = String, Path, description = "The event, like `filed`, or the letter, like `digest`"),
        ("party" = String, Path, description = "Who is told; `anybody` for letters"),
        ("channel" = String, Path, description = "mail or sms"),
        ("language" = String, Path, description = "zh-CN or en"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of versions", body = Page<TemplateVersion>), Problems)
)]
pub(in crate::web) async fn versions(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    templates::admit(&signed.scope)?;
    let rows = templates::versions(&site.app, &signed.scope, slot(&request)?).await?;
    let mut query = Query::of_list(request.query_string(), &[])?;
    let size = query.page_size();
    let list = List { name: "template versions", reader: signed.user() };
    let after: Option<u32> = list.after(query.text("cursor"))?;
    query.done(())?;
    let version = |view: &TemplateView| u32::try_from(view.version).unwrap_or_default();
    let rest = rows.into_iter().filter(|view| after.is_none_or(|after| version(view) < after));
    let page = list.page(rest.collect(), size, version);
    Ok(HttpResponse::Ok().json(page.map(|view| TemplateVersion::shown(&view))))
}

/// Use an earlier version of a text again, or the one that ships, as a new version.
#[utoipa::path(
    post, path = "/api/v1/templates/{kind}/{party}/{channel}/{language}/restore",
    operation_id = "templates_restore", tag = "administration",
    params(
        ("kind" = String, Path, description = "The event, like `filed`, or the letter, like `digest`"),
        ("party" = String, Path, description = "Who is told; `anybody` for letters"),
        ("channel" = String, Path, description = "mail or sms"),
        ("language" = String, Path, description = "zh-CN or en"),
    ),
    request_body = Restoring,
    responses((status = 200, description = "The text, in its new version", body = TemplateBody), Problems)
)]
pub(in crate::web) async fn restore(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    templates::admit(&write.signed.scope)?;
    let slot = slot(&request)?;
    let restoration = Restoring::read(&write.form)?;
    let once = write.once(render);
    Ok(answer(templates::restore(&site.app, &write.signed.scope, slot, restoration, once).await?))
}
