//! The catalogue, changed by the system administrator.
//!
//! **Never** takes a code that is not well formed.

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::docs::Problems;
use super::organisations::{Because, reads};
use super::parties::Named;
use crate::domain::code;
use crate::domain::id::OrganisationId;
use crate::domain::party::Division;
use crate::service::keeping::products::{self, Place, ProductKept, Wanted};
use crate::service::{Error, Rendered};
use crate::web::auth::SignedIn;
use crate::web::check::Check;
use crate::web::condition;
use crate::web::error::Problem;
use crate::web::extract::{Form, Write, answer, rendered};
use crate::web::moment::shown;
use crate::web::query::{self, Query};
use crate::web::site::Site;

/// The longest name, form or specification, in characters.
const LONGEST: usize = 200;
/// The longest unit, in characters.
const LONGEST_UNIT: usize = 20;

/// A product of a province's catalogue as who keeps it sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct KeptProductBody {
    pub(in crate::web) code: String,
    /// The province whose catalogue it stands in.
    #[schema(value_type = String, example = "370000")]
    pub(in crate::web) province: Division,
    pub(in crate::web) name: String,
    pub(in crate::web) form: String,
    pub(in crate::web) specification: String,
    pub(in crate::web) unit: String,
    pub(in crate::web) manufacturer: Named,
    /// Since when no ticket may name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) disabled_at: Option<DateTime<FixedOffset>>,
    pub(in crate::web) version: i64,
}

impl KeptProductBody {
    /// A product as it is shown.
    pub(in crate::web) fn shown(view: &ProductKept) -> Self {
        let product = &view.kept.product;
        Self {
            code: product.code.clone(),
            province: view.kept.province,
            name: product.name.clone(),
            form: product.form.clone(),
            specification: product.specification.clone(),
            unit: product.unit.clone(),
            manufacturer: Named::from(&view.manufacturer),
            disabled_at: view.kept.disabled_at.map(shown),
            version: view.kept.version,
        }
    }
}

/// A product that is to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewProduct {
    /// The national code: 23 characters for western drugs, 20 for patent medicines, 20 or 27 for
    /// consumables.
    #[schema(example = "XA01ABD075A002010100594")]
    code: String,
    #[schema(example = "370000")]
    province: String,
    name: String,
    form: String,
    specification: String,
    unit: String,
    #[schema(value_type = uuid::Uuid)]
    manufacturer_id: String,
}

/// What a product is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ProductChange {
    name: String,
    form: String,
    specification: String,
    unit: String,
    #[schema(value_type = uuid::Uuid)]
    manufacturer_id: String,
}

impl ProductChange {
    fn judge(self, check: &mut Check) -> Option<Wanted> {
        let manufacturer = check.id("manufacturer_id", &self.manufacturer_id);
        let wanted = Wanted {
            name: check.line("name", &self.name, LONGEST),
            form: check.line("form", &self.form, LONGEST),
            specification: check.line("specification", &self.specification, LONGEST),
            unit: check.line("unit", &self.unit, LONGEST_UNIT),
            manufacturer: OrganisationId(manufacturer.unwrap_or_default()),
        };
        manufacturer.map(|_| wanted)
    }

    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<Wanted, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        match body.judge(&mut check) {
            Some(wanted) => check.done(wanted),
            None => check.done(()).and(Err(Error::NotFound)),
        }
    }
}

impl NewProduct {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<(Place, Wanted), Error> {
        let Self { code, province, name, form, specification, unit, manufacturer_id } =
            form.read()?;
        let mut check = Check::default();
        let code = check.code("code", &code, code::product);
        let province = check.division("province", &province);
        let change = ProductChange { name, form, specification, unit, manufacturer_id };
        match province.zip(change.judge(&mut check)) {
            Some((province, wanted)) => check.done(((province, code), wanted)),
            None => check.done(()).and(Err(Error::NotFound)),
        }
    }
}

fn render(status: u16) -> impl Fn(&ProductKept) -> Rendered + Send + Sync + 'static {
    move |view| rendered(status, Some(view.kept.version), &KeptProductBody::shown(view))
}

/// The product in a request's address: its province is the caller's, if the query names none.
pub(in crate::web) fn place(request: &HttpRequest, signed: &SignedIn) -> Result<Place, Error> {
    let code = request.match_info().get("code").unwrap_or_default();
    let code = query::decoded(code)?;
    let mut query = Query::read(request.query_string(), &["province", "done"])?;
    let named: Option<Division> = query.word("province");
    let own = signed.scope.actor().organisation.division.province();
    query.done((named.unwrap_or(own), code))
}

/// Read a product of a catalogue, for the system administrator.
#[utoipa::path(
    get, path = "/api/v1/products/{code}", operation_id = "products_show", tag = "products",
    params(
        ("code" = String, Path, description = "The national code"),
        ("province" = Option<String>, Query, description = "Whose catalogue; the caller's by default"),
    ),
    responses((status = 200, description = "The product; `ETag` is its version", body = KeptProductBody), Problems)
)]
pub(in crate::web) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let place = place(&request, &signed)?;
    let view = products::show(&site.app, &signed.scope, &place).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((ETAG, condition::tag(view.kept.version)));
    Ok(response.json(KeptProductBody::shown(&view)))
}

/// Add a product to a province's catalogue, for the system administrator.
#[utoipa::path(
    post, path = "/api/v1/products", operation_id = "products_create", tag = "products",
    request_body = NewProduct,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless")),
    responses((status = 201, description = "Added", body = KeptProductBody), Problems)
)]
pub(in crate::web) async fn create(
    site: web::Data<Site>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (read, once) = (reads(&write, NewProduct::read), write.once(render(201)));
    Ok(answer(products::create(&site.app, &write.signed.scope, read, once).await?))
}

/// Replace what is kept of a product, for the system administrator.
#[utoipa::path(
    put, path = "/api/v1/products/{code}", operation_id = "products_replace", tag = "products",
    request_body = ProductChange,
    params(
        ("code" = String, Path, description = "The national code"),
        ("province" = Option<String>, Query, description = "Whose catalogue; the caller's by default"),
        ("If-Match" = String, Header, description = "The version that is replaced"),
    ),
    responses((status = 200, description = "Replaced", body = KeptProductBody), Problems)
)]
pub(in crate::web) async fn replace(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let place = place(&request, &write.signed)?;
    let (read, once) = (reads(&write, ProductChange::read), write.once(render(200)));
    let done = products::replace(&site.app, &write.signed.scope, place, read, once).await;
    Ok(answer(done.map_err(|refusal| write.form.told(refusal))?))
}

/// Suspend a product, so that no new ticket may name it.
#[utoipa::path(
    post, path = "/api/v1/products/{code}/suspend", operation_id = "products_suspend", tag = "products",
    request_body = Because,
    params(("code" = String, Path, description = "The national code")),
    responses((status = 200, description = "Suspended", body = KeptProductBody), Problems)
)]
pub(in crate::web) async fn suspend(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let what = (place(&request, &write.signed)?, true);
    let (read, once) = (reads(&write, Because::read), write.once(render(200)));
    Ok(answer(products::set_standing(&site.app, &write.signed.scope, what, read, once).await?))
}

/// Let tickets name a suspended product again.
#[utoipa::path(
    post, path = "/api/v1/products/{code}/resume", operation_id = "products_resume", tag = "products",
    request_body = Because,
    params(("code" = String, Path, description = "The national code")),
    responses((status = 200, description = "Resumed", body = KeptProductBody), Problems)
)]
pub(in crate::web) async fn resume(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let what = (place(&request, &write.signed)?, false);
    let (read, once) = (reads(&write, Because::read), write.once(render(200)));
    Ok(answer(products::set_standing(&site.app, &write.signed.scope, what, read, once).await?))
}
