//! One organisation: what is kept of it, and what is done to it.
//!
//! **Never** merges before it has shown how much would change hands.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::choice::{Choice, words};
use super::super::fields::{Fields, Need};
use super::super::places::Places;
use super::super::shell::{Shell, page, see};
use super::outcome::{Refused, conflict, fields, status};
use crate::domain::access::Scope;
use crate::domain::id::OrganisationId;
use crate::domain::keeping;
use crate::domain::party::OrganisationKind;
use crate::service::directory::{self, OrganisationFilter, OrganisationView};
use crate::service::keeping::Read;
use crate::service::keeping::merge::{self, Merged};
use crate::service::keeping::organisations;
use crate::service::{Error, Rendered};
use crate::web::api::merging::{MergedBody, NewMerging};
use crate::web::api::organisations::{Because, ListedOrganisation, NewOrganisation};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::{Post, Typed};
use crate::web::query::{self, Query};
use crate::web::site::Site;

/// Organisations offered at once.
const OFFERED: u64 = 100;

#[derive(Template)]
#[template(path = "pages/organisation_new.html")]
struct NewPage {
    shell: Shell,
    f: Fields,
    kinds: Vec<Choice>,
    conflict: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/organisation.html")]
struct Page {
    shell: Shell,
    house: ListedOrganisation,
    kind: String,
    kind_word: String,
    place: String,
    version: i64,
    disabled: Option<String>,
    edit: Fields,
    why: Fields,
    merging: Fields,
    /// Which organisations it may become a part of.
    targets: Vec<Choice>,
    /// What merging would do.
    preview: Option<MergedBody>,
    q: String,
    may_merge: bool,
    conflict: Option<String>,
}

/// The form for a new organisation.
pub(in crate::web::ui) async fn new(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    keeping::organisations(signed.role()).map_err(Error::from)?;
    Query::read(request.query_string(), &["done"])?.done(())?;
    draw_new(&site, &signed, &request, None).await
}

async fn draw_new(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    refused: Option<Refused>,
) -> Result<HttpResponse, Problem> {
    let shell = Shell::of(site, request, signed).await?;
    let drawn = NewPage {
        f: fields("house", &shell, refused.as_ref(), &[]),
        kinds: words(&shell, "organisation"),
        conflict: conflict(&shell, refused.as_ref()),
        shell,
    };
    page(status(refused.as_ref()), &drawn)
}

fn to_page(done: &'static str) -> impl Fn(&OrganisationView) -> Rendered + Send + Sync + 'static {
    move |view| on(view.organisation.id, done)
}

fn on(id: OrganisationId, done: &str) -> Rendered {
    Rendered { status: 303, etag: None, body: format!("/organisations/{}?done={done}", id.0) }
}

/// Reads the body of a page's form, when the use case asks for it.
pub(super) fn reads<T: 'static>(
    post: &Post,
    read: impl Fn(&crate::web::extract::Form) -> Result<T, Error> + Copy + Send + Sync + 'static,
) -> Read<T> {
    let post = post.clone();
    Arc::new(move || post.read(read))
}

/// Adds an organisation.
pub(in crate::web::ui) async fn create(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = reads(&post, NewOrganisation::read);
    let once = post.write.once(to_page("house-created"));
    match organisations::create(&site.app, &post.signed().scope, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => {
            let refused = Refused::of("house", &post.typed, error)?;
            draw_new(&site, post.signed(), &request, Some(refused)).await
        }
    }
}

fn id(request: &HttpRequest) -> Result<OrganisationId, Error> {
    let id = request.match_info().get("id").and_then(query::uuid);
    id.map(OrganisationId).ok_or(Error::NotFound)
}

/// Shows an organisation.
pub(in crate::web::ui) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    draw(&site, &signed, &request, (None, None)).await
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    (refused, preview): (Option<Refused>, Option<(Typed, Merged)>),
) -> Result<HttpResponse, Problem> {
    let view = organisations::show(&site.app, &signed.scope, id(request)?).await?;
    let mut query = Query::read(request.query_string(), &["q", "done"])?;
    let q = query.search("q");
    let q = query.done(q)?;
    let shell = Shell::of(site, request, signed).await?;
    let house = ListedOrganisation::shown(&view);
    let places = Places::of(site, [view.organisation.division]).await?;
    let word = serde_json::to_value(view.organisation.kind).unwrap_or_default();
    let kind_word = word.as_str().unwrap_or_default().to_owned();
    let known = [
        ("name", house.organisation.name.as_str()),
        ("division", house.organisation.division.as_str()),
        ("credit_code", house.credit_code.as_deref().unwrap_or_default()),
        ("institution_code", house.institution_code.as_deref().unwrap_or_default()),
    ];
    let targets = targets(site, &signed.scope, &view, q.clone()).await?;
    let merging = match &preview {
        Some((typed, _)) => Fields::kept("merge", shell.words(), typed.clone()),
        None => fields("merge", &shell, refused.as_ref(), &[]),
    };
    let drawn = Page {
        edit: fields("house", &shell, refused.as_ref(), &known),
        why: fields("why", &shell, refused.as_ref(), &[]),
        merging,
        kind: shell.name("organisation", &view.organisation.kind),
        kind_word,
        place: places.name(view.organisation.division),
        version: view.keeping.as_ref().map_or(0, |kept| kept.version),
        disabled: house.disabled_at.map(|at| shell.minute(&at)),
        may_merge: view.organisation.kind != OrganisationKind::Platform,
        targets,
        preview: preview.map(|(_, merged)| MergedBody::shown(&merged, true)),
        q: q.unwrap_or_default(),
        conflict: conflict(&shell, refused.as_ref()),
        house,
        shell,
    };
    page(status(refused.as_ref()), &drawn)
}

/// The organisations of the same kind, the first of many by name.
async fn targets(
    site: &Site,
    scope: &Scope,
    view: &OrganisationView,
    part: Option<String>,
) -> Result<Vec<Choice>, Error> {
    let kind = Some(view.organisation.kind);
    offered(site, scope, (kind, part), Some(view.organisation.id)).await
}

/// Organisations to choose from, without one.
pub(super) async fn offered(
    site: &Site,
    scope: &Scope,
    (kind, part): (Option<OrganisationKind>, Option<String>),
    but: Option<OrganisationId>,
) -> Result<Vec<Choice>, Error> {
    let filter = OrganisationFilter { kind, part, ..OrganisationFilter::default() };
    let found = directory::organisations(&site.app, scope, &filter, (None, OFFERED)).await?;
    let is_offered = |view: &OrganisationView| {
        Some(view.organisation.id) != but
            && view.keeping.as_ref().is_none_or(|kept| kept.disabled_at.is_none())
    };
    let choice = |view: OrganisationView| {
        let label = format!("{}（{}）", view.organisation.name, view.organisation.division);
        Choice::new(view.organisation.id.0.to_string(), label)
    };
    Ok(found.into_iter().filter(is_offered).map(choice).collect())
}

/// Replaces what is kept of an organisation.
pub(in crate::web::ui) async fn replace(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = reads(&post, NewOrganisation::read);
    let once = post.write.once(to_page("house-changed"));
    let scope = &post.signed().scope;
    match organisations::replace(&site.app, scope, id(&request)?, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => again(&site, &post, &request, ("house", error)).await,
    }
}

async fn again(
    site: &Site,
    post: &Post,
    request: &HttpRequest,
    (form, error): (&'static str, Error),
) -> Result<HttpResponse, Problem> {
    let refused = Refused::of(form, &post.typed, error)?;
    draw(site, post.signed(), request, (Some(refused), None)).await
}

/// Suspends an organisation.
pub(in crate::web::ui) async fn suspend(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = reads(&post, Because::read);
    let once = post.write.once(to_page("house-suspended"));
    let scope = &post.signed().scope;
    match organisations::suspend(&site.app, scope, id(&request)?, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => again(&site, &post, &request, ("why", error)).await,
    }
}

/// Lets the people of a suspended organisation sign in again.
pub(in crate::web::ui) async fn resume(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = reads(&post, Because::read);
    let once = post.write.once(to_page("house-resumed"));
    let scope = &post.signed().scope;
    match organisations::resume(&site.app, scope, id(&request)?, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => again(&site, &post, &request, ("why", error)).await,
    }
}

/// Shows what merging would do, and merges when that was seen.
pub(in crate::web::ui) async fn merge(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (id, scope) = (id(&request)?, &post.signed().scope);
    let read = reads(&post, NewMerging::read);
    if post.typed.get("_seen") != "yes" {
        return match merge::rehearse(&site.app, scope, id, &read).await {
            Ok(merged) => {
                let preview = Some((post.typed.clone(), merged));
                draw(&site, post.signed(), &request, (None, preview)).await
            }
            Err(error) => again(&site, &post, &request, ("merge", error)).await,
        };
    }
    let once = post.write.once(|merged: &Merged| on(merged.into.organisation.id, "house-merged"));
    match merge::merge(&site.app, scope, id, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => again(&site, &post, &request, ("merge", error)).await,
    }
}
