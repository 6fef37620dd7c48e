//! Organisations, for those who keep them or have to name one.
//!
//! **Never** tells a party more of another than its name and place.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;

use super::docs::Problems;
use super::parties::OrganisationBody;
use crate::service::directory::{self, NamePosition, OrganisationFilter, OrganisationView};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
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
}

impl ListedOrganisation {
    /// An organisation as it is shown.
    pub(in crate::web) fn shown(view: &OrganisationView) -> Self {
        Self {
            organisation: OrganisationBody::from(&view.organisation),
            disabled_at: view.keeping.and_then(|kept| kept.disabled_at).map(shown),
            people: view.keeping.map(|kept| kept.people),
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
