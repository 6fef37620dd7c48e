//! People, for administrators.
//!
//! **Never** shows an address in full; the use case masks it.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::docs::Problems;
use super::parties::Named;
use super::words;
use crate::domain::id::OrganisationId;
use crate::domain::party::{Division, Language, Role};
use crate::service::directory::{self, NamePosition, UserFilter, UserView};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::moment::shown;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;

/// A person in the list.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ListedUser {
    pub(in crate::web) id: Uuid,
    pub(in crate::web) username: String,
    pub(in crate::web) name: String,
    #[schema(schema_with = words::role)]
    pub(in crate::web) role: Role,
    pub(in crate::web) organisation: Named,
    /// Masked.
    pub(in crate::web) email: Option<String>,
    /// Masked.
    pub(in crate::web) phone: Option<String>,
    #[schema(schema_with = words::language)]
    pub(in crate::web) language: Language,
    /// The division a manufacturer's person is responsible for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "370000")]
    pub(in crate::web) territory: Option<Division>,
    /// Since when they may not sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) disabled_at: Option<DateTime<FixedOffset>>,
    pub(in crate::web) created_at: DateTime<FixedOffset>,
}

impl ListedUser {
    /// A person as they are shown.
    pub(in crate::web) fn shown(view: UserView) -> Self {
        Self {
            id: view.id.0,
            username: view.username,
            name: view.name,
            role: view.role,
            organisation: Named::from(&view.organisation),
            email: view.email,
            phone: view.phone,
            language: view.language,
            territory: view.territory,
            disabled_at: view.disabled_at.map(shown),
            created_at: shown(view.created_at),
        }
    }
}

/// The list's filters.
pub(in crate::web) const FILTERS: [&str; 3] = ["q", "role", "organisation"];

/// Where in the list a person stands.
pub(in crate::web) fn position(view: &UserView) -> NamePosition {
    (view.username.clone(), view.id.0)
}

/// Reads which people are asked for.
pub(in crate::web) fn asked(query: &mut Query) -> UserFilter {
    UserFilter {
        part: query.search("q"),
        role: query.word("role"),
        organisation: query.id("organisation").map(OrganisationId),
    }
}

/// List people, for administrators.
#[utoipa::path(
    get, path = "/api/v1/users", operation_id = "users_list", tag = "administration",
    params(
        ("q" = Option<String>, Query, description = "A part of the name or the user name"),
        ("role" = Option<String>, Query, description = "hospital, manufacturer, distributor, bureau, admin, security or auditor"),
        ("organisation" = Option<String>, Query, description = "The id of their organisation"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of people, by user name", body = Page<ListedUser>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    directory::admit_to_users(&signed.scope)?;
    let mut query = Query::of_list(request.query_string(), &FILTERS)?;
    let (filter, size) = (asked(&mut query), query.page_size());
    let list = List { name: "users", reader: signed.user() };
    let after: Option<NamePosition> = list.after(query.text("cursor"))?;
    query.done(())?;
    let page = (after.as_ref(), size + 1);
    let rows = directory::users(&site.app, &signed.scope, &filter, page).await?;
    let page = list.page(rows, size, position);
    Ok(HttpResponse::Ok().json(page.map(ListedUser::shown)))
}
