//! The catalogue.
//!
//! **Never** shows a manufacturer another's product; the use case sees to it.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;

use super::docs::Problems;
use super::parties::Named;
use crate::domain::party::{Organisation, Role};
use crate::service::catalogue::{self, Product, ProductView};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::moment::shown;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;

/// A product of one manufacturer.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ProductBody {
    /// The national code.
    pub(in crate::web) code: String,
    pub(in crate::web) name: String,
    /// The dosage form.
    pub(in crate::web) form: String,
    pub(in crate::web) specification: String,
    /// The unit it is counted in.
    pub(in crate::web) unit: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) manufacturer: Option<Named>,
    /// What the caller's hospital was promised of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) agreed_quantity: Option<i64>,
    /// Since when no ticket may name it; for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) disabled_at: Option<DateTime<FixedOffset>>,
}

impl ProductBody {
    /// A product with its manufacturer.
    pub(in crate::web) fn of(product: &Product, manufacturer: Option<&Organisation>) -> Self {
        Self {
            code: product.code.clone(),
            name: product.name.clone(),
            form: product.form.clone(),
            specification: product.specification.clone(),
            unit: product.unit.clone(),
            manufacturer: manufacturer.map(Named::from),
            agreed_quantity: None,
            disabled_at: None,
        }
    }

    /// A product as its reader sees it.
    pub(in crate::web) fn shown(view: &ProductView) -> Self {
        Self {
            agreed_quantity: view.agreed_quantity,
            disabled_at: view.disabled_at.map(shown),
            ..Self::of(&view.product, Some(&view.manufacturer))
        }
    }
}

/// The list's filter.
pub(in crate::web) const FILTERS: [&str; 1] = ["q"];
/// Those of whoever keeps the catalogues.
pub(in crate::web) const KEPT_FILTERS: [&str; 2] = ["q", "province"];

/// The filters of somebody's list.
pub(in crate::web) fn filters(role: Role) -> &'static [&'static str] {
    if role == Role::Admin { &KEPT_FILTERS } else { &FILTERS }
}

/// Reads the words that are looked for.
pub(in crate::web) fn asked(query: &mut Query) -> String {
    query.search("q").unwrap_or_default()
}

/// List the products that the caller may name.
#[utoipa::path(
    get, path = "/api/v1/products", operation_id = "products_list", tag = "products",
    params(
        ("q" = Option<String>, Query, description = "Words of the code, name, form or specification, or the name in pinyin or its initials"),
        ("province" = Option<String>, Query, description = "For administrators: whose catalogue, like 370000; their own by default"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of products", body = Page<ProductBody>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of_list(request.query_string(), filters(signed.role()))?;
    let (words, size) = (asked(&mut query), query.page_size());
    let province = query.word("province");
    let list = List { name: "products", reader: signed.user() };
    let after: Option<String> = list.after(query.text("cursor"))?;
    query.done(())?;
    let rows = catalogue::products_in(
        &site.app,
        &signed.scope,
        (&words, province),
        after.as_deref(),
        size + 1,
    )
    .await?;
    let page = list.page(rows, size, |view| view.product.code.clone());
    Ok(HttpResponse::Ok().json(page.map(|view| ProductBody::shown(&view))))
}
