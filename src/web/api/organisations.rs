//! Organisations, for those who keep them or have to name one.
//!
//! **Never** tells a party more of another than its name and place.

use std::sync::Arc;

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::docs::Problems;
use super::filing::LONGEST_REASON;
use super::parties::{Named, OrganisationBody};
use super::{id, words};
use crate::domain::code;
use crate::domain::id::OrganisationId;
use crate::domain::party::OrganisationKind;
use crate::service::directory::{self, NamePosition, OrganisationFilter, OrganisationView};
use crate::service::keeping::organisations::{self, Wanted};
use crate::service::keeping::{Read, Reasoned};
use crate::service::{Error, Rendered};
use crate::web::auth::SignedIn;
use crate::web::check::Check;
use crate::web::condition;
use crate::web::error::Problem;
use crate::web::extract::{Form, Write, answer, rendered};
use crate::web::moment::shown;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;

/// An organisation in the list.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ListedOrganisation {
    #[serde(flatten)]
    pub(in crate::web) organisation: OrganisationBody,
    /// Since when nobody of it may sign in; for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) disabled_at: Option<DateTime<FixedOffset>>,
    /// How many people of it may sign in; for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) people: Option<u32>,
    /// Its unified social credit code; for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) credit_code: Option<String>,
    /// A medical institution's national code; for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) institution_code: Option<String>,
    /// The organisation that it is now a part of; for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) merged_into: Option<Named>,
    /// The names of those that are now parts of it; for administrators.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::web) formerly: Vec<String>,
}

/// The longest name, in characters.
const LONGEST_NAME: usize = 200;

impl ListedOrganisation {
    /// An organisation as it is shown.
    pub(in crate::web) fn shown(view: &OrganisationView) -> Self {
        Self {
            organisation: OrganisationBody::from(&view.organisation),
            disabled_at: view.keeping.as_ref().and_then(|kept| kept.disabled_at).map(shown),
            people: view.keeping.as_ref().map(|kept| kept.people),
            credit_code: view.keeping.as_ref().and_then(|kept| kept.credit_code.clone()),
            institution_code: view.keeping.as_ref().and_then(|kept| kept.institution_code.clone()),
            merged_into: view
                .keeping
                .as_ref()
                .and_then(|kept| kept.merged_into.as_ref())
                .map(Named::from),
            formerly: view.keeping.as_ref().map(|kept| kept.formerly.clone()).unwrap_or_default(),
        }
    }
}

/// The list's filters.
pub(in crate::web) const FILTERS: [&str; 3] = ["q", "kind", "division"];

/// Where in the list an organisation stands.
pub(in crate::web) fn position(view: &OrganisationView) -> NamePosition {
    (view.organisation.name.clone(), view.organisation.id.0)
}

/// Reads which organisations are asked for.
pub(in crate::web) fn asked(query: &mut Query) -> OrganisationFilter {
    OrganisationFilter {
        part: query.search("q"),
        kind: query.word("kind"),
        within: query.word("division"),
        ..OrganisationFilter::default()
    }
}

/// List organisations.
///
/// Administrators see all of them. A manufacturer may list distributors, a bureau may list
/// manufacturers: those that may sign in, without the members for administrators.
#[utoipa::path(
    get, path = "/api/v1/organisations", operation_id = "organisations_list", tag = "administration",
    params(
        ("q" = Option<String>, Query, description = "A part of the name"),
        ("kind" = Option<String>, Query, description = "hospital, manufacturer, distributor, bureau or platform"),
        ("division" = Option<String>, Query, description = "Only what lies in this division"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of organisations, by name", body = Page<ListedOrganisation>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of_list(request.query_string(), &FILTERS)?;
    let (filter, size) = (asked(&mut query), query.page_size());
    directory::admit(&signed.scope, filter.kind)?;
    let list = List { name: "organisations", reader: signed.user() };
    let after: Option<NamePosition> = list.after(query.text("cursor"))?;
    query.done(())?;
    let page = (after.as_ref(), size + 1);
    let rows = directory::organisations(&site.app, &signed.scope, &filter, page).await?;
    let page = list.page(rows, size, position);
    Ok(HttpResponse::Ok().json(page.map(|view| ListedOrganisation::shown(&view))))
}

/// What an organisation is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewOrganisation {
    #[schema(schema_with = words::organisation)]
    kind: String,
    name: String,
    /// Six digits.
    #[schema(example = "371002")]
    division: String,
    /// Its unified social credit code, 18 characters.
    #[schema(example = "91350100M000100Y43")]
    credit_code: Option<String>,
    /// A medical institution's national code, 12 characters.
    #[schema(example = "H37010203715")]
    institution_code: Option<String>,
}

impl NewOrganisation {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<Wanted, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let kind: Option<OrganisationKind> = check.word("kind", &body.kind);
        let name = check.line("name", &body.name, LONGEST_NAME);
        let division = check.division("division", &body.division);
        let credit_code =
            body.credit_code.map(|given| check.code("credit_code", &given, code::credit));
        let institution_code = body
            .institution_code
            .map(|given| check.code("institution_code", &given, code::institution));
        match kind.zip(division) {
            Some((kind, division)) => {
                check.done(Wanted { kind, name, division, credit_code, institution_code })
            }
            None => check.done(()).and(Err(Error::NotFound)),
        }
    }
}

/// Why something is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Because {
    reason: String,
}

impl Because {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<Reasoned, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let reason = check.block("reason", &body.reason, LONGEST_REASON);
        check.done(Reasoned { reason })
    }
}

/// The use case's reader of a body.
pub(in crate::web) fn reads<T: 'static>(
    write: &Write,
    read: impl Fn(&Form) -> Result<T, Error> + Send + Sync + 'static,
) -> Read<T> {
    let form = write.form.clone();
    Arc::new(move || read(&form))
}

fn render(status: u16) -> impl Fn(&OrganisationView) -> Rendered + Send + Sync + 'static {
    move |view| {
        let version = view.keeping.as_ref().map(|kept| kept.version);
        rendered(status, version, &ListedOrganisation::shown(view))
    }
}

/// Read an organisation, for the system administrator.
#[utoipa::path(
    get, path = "/api/v1/organisations/{id}", operation_id = "organisations_show", tag = "administration",
    params(("id" = String, Path, description = "The organisation's id")),
    responses((status = 200, description = "The organisation; `ETag` is its version", body = ListedOrganisation), Problems)
)]
pub(in crate::web) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = OrganisationId(id(&request)?);
    let view = organisations::show(&site.app, &signed.scope, id).await?;
    Query::read(request.query_string(), &[])?.done(())?;
    let version = view.keeping.as_ref().map_or(0, |kept| kept.version);
    let mut response = HttpResponse::Ok();
    response.insert_header((ETAG, condition::tag(version)));
    Ok(response.json(ListedOrganisation::shown(&view)))
}

/// Add an organisation, for the system administrator.
#[utoipa::path(
    post, path = "/api/v1/organisations", operation_id = "organisations_create", tag = "administration",
    request_body = NewOrganisation,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless")),
    responses((status = 201, description = "Added", body = ListedOrganisation), Problems)
)]
pub(in crate::web) async fn create(
    site: web::Data<Site>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (read, once) = (reads(&write, NewOrganisation::read), write.once(render(201)));
    let answered = organisations::create(&site.app, &write.signed.scope, read, once).await?;
    Ok(answer(answered))
}

/// Replace what is kept of an organisation, for the system administrator.
#[utoipa::path(
    put, path = "/api/v1/organisations/{id}", operation_id = "organisations_replace", tag = "administration",
    request_body = NewOrganisation,
    params(
        ("id" = String, Path, description = "The organisation's id"),
        ("If-Match" = String, Header, description = "The version that is replaced"),
    ),
    responses((status = 200, description = "Replaced", body = ListedOrganisation), Problems)
)]
pub(in crate::web) async fn replace(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = OrganisationId(id(&request)?);
    let (read, once) = (reads(&write, NewOrganisation::read), write.once(render(200)));
    let done = organisations::replace(&site.app, &write.signed.scope, id, read, once).await;
    Ok(answer(done.map_err(|refusal| write.form.told(refusal))?))
}

/// Suspend an organisation: nobody of it may sign in. Its open tickets stay, and whoever is on
/// their other side is told.
#[utoipa::path(
    post, path = "/api/v1/organisations/{id}/suspend", operation_id = "organisations_suspend", tag = "administration",
    request_body = Because,
    params(("id" = String, Path, description = "The organisation's id")),
    responses((status = 200, description = "Suspended", body = ListedOrganisation), Problems)
)]
pub(in crate::web) async fn suspend(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = OrganisationId(id(&request)?);
    let (read, once) = (reads(&write, Because::read), write.once(render(200)));
    let answered = organisations::suspend(&site.app, &write.signed.scope, id, read, once).await?;
    Ok(answer(answered))
}

/// Let the people of a suspended organisation sign in again.
#[utoipa::path(
    post, path = "/api/v1/organisations/{id}/resume", operation_id = "organisations_resume", tag = "administration",
    request_body = Because,
    params(("id" = String, Path, description = "The organisation's id")),
    responses((status = 200, description = "Resumed", body = ListedOrganisation), Problems)
)]
pub(in crate::web) async fn resume(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = OrganisationId(id(&request)?);
    let (read, once) = (reads(&write, Because::read), write.once(render(200)));
    let answered = organisations::resume(&site.app, &write.signed.scope, id, read, once).await?;
    Ok(answer(answered))
}
