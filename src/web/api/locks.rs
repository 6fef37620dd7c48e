//! Locked user names, for security administrators.
//!
//! **Never** tells whether anybody has the name.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;

use super::docs::Problems;
use crate::service::locks::{self, Lock};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::moment::shown;
use crate::web::paging::{List, Name, Page};
use crate::web::query::Query;
use crate::web::site::Site;

/// A user name by which signing in failed lately.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct LockBody {
    /// As it was typed, in lower case; nobody need have it.
    pub(in crate::web) username: String,
    /// How often, within the last 15 minutes.
    pub(in crate::web) failures: u64,
    /// True while nobody can sign in by it.
    pub(in crate::web) locked: bool,
    /// By the clock on the wall.
    pub(in crate::web) last_at: DateTime<FixedOffset>,
}

impl LockBody {
    /// A lock as it is shown.
    pub(in crate::web) fn shown(lock: Lock) -> Self {
        Self {
            username: lock.username,
            failures: lock.failures,
            locked: lock.is_locked,
            last_at: shown(lock.last_at),
        }
    }
}

/// List the user names by which signing in failed lately, for security administrators.
#[utoipa::path(
    get, path = "/api/v1/locks", operation_id = "locks_list", tag = "administration",
    params(
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of user names", body = Page<LockBody>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    locks::admit(&signed.scope)?;
    let mut query = Query::of_list(request.query_string(), &[])?;
    let size = query.page_size();
    let list = List { name: "locks", reader: signed.user() };
    let after: Option<Name> = list.after(query.text("cursor"))?;
    query.done(())?;
    let after = after.as_ref().map(|name| name.0.as_str());
    let rows = locks::list(&site.app, &signed.scope, after, size + 1).await?;
    let page = list.page(rows, size, |lock: &Lock| Name(lock.username.clone()));
    Ok(HttpResponse::Ok().json(page.map(LockBody::shown)))
}
