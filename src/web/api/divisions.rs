//! Divisions to choose from.
//!
//! **Never** anything of a tenant: they are the same for everybody.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::docs::Problems;
use crate::domain::party::{Division, Level};
use crate::service::catalogue::{self, NamedDivision, Places};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;

/// A province, city or county.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct DivisionBody {
    /// Six digits (GB/T 2260).
    #[schema(value_type = String, example = "371002")]
    pub(in crate::web) code: Division,
    pub(in crate::web) name: String,
    /// `county`, `city` or `province`, by the code.
    #[schema(value_type = String)]
    pub(in crate::web) level: Level,
}

impl DivisionBody {
    fn shown(named: NamedDivision) -> Self {
        Self { code: named.code, name: named.name, level: named.code.level() }
    }
}

/// List the divisions, by code.
#[utoipa::path(
    get, path = "/api/v1/divisions", operation_id = "divisions_list", tag = "divisions",
    params(
        ("q" = Option<String>, Query, description = "A part of the name"),
        ("within" = Option<String>, Query, description = "Only what lies in this division, itself included"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of divisions", body = Page<DivisionBody>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::read(request.query_string(), &["q", "within", "page_size", "cursor"])?;
    let (part, within, size) = (query.search("q"), query.word("within"), query.page_size());
    let list = List { name: "divisions", reader: signed.user() };
    let after: Option<u32> = list.after(query.text("cursor"))?;
    query.done(())?;
    let after = after.and_then(|code| Division::parse(&code.to_string()).ok());
    let rows = catalogue::divisions(&site.app, &Places { within, part, after }, size + 1).await?;
    let page = list.page(rows, size, |named| named.code.number());
    Ok(HttpResponse::Ok().json(page.map(DivisionBody::shown)))
}
