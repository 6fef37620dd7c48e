//! What hospitals were promised, kept by the system administrator.
//!
//! **Never** shows a hospital what others were promised.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::docs::Problems;
use super::organisations::{Because, reads};
use super::parties::Named;
use crate::domain::code;
use crate::domain::id::OrganisationId;
use crate::service::keeping::agreements::{
    self, AgreementPosition, AgreementView, Place as Deal, Terms,
};
use crate::service::{Error, Rendered};
use crate::web::auth::SignedIn;
use crate::web::check::{Check, QUANTITY};
use crate::web::error::Problem;
use crate::web::extract::{Form, Write, answer, rendered};
use crate::web::moment::shown;
use crate::web::paging::{List, Page};
use crate::web::query::{self, Query};
use crate::web::site::Site;

/// What a hospital was promised of a product.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct AgreementBody {
    pub(in crate::web) hospital: Named,
    pub(in crate::web) product: AgreedProduct,
    pub(in crate::web) agreed_quantity: i64,
    /// Who delivers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) distributor: Option<Named>,
    /// Since when it is out of force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) disabled_at: Option<DateTime<FixedOffset>>,
    pub(in crate::web) version: i64,
}

/// The product of an agreement.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct AgreedProduct {
    pub(in crate::web) code: String,
    pub(in crate::web) name: String,
    pub(in crate::web) specification: String,
    pub(in crate::web) unit: String,
}

impl AgreementBody {
    /// An agreement as it is shown.
    pub(in crate::web) fn shown(view: &AgreementView) -> Self {
        Self {
            hospital: Named::from(&view.hospital),
            product: AgreedProduct {
                code: view.product.code.clone(),
                name: view.product.name.clone(),
                specification: view.product.specification.clone(),
                unit: view.product.unit.clone(),
            },
            agreed_quantity: view.kept.agreement.agreed_quantity,
            distributor: view.distributor.as_ref().map(Named::from),
            disabled_at: view.kept.disabled_at.map(shown),
            version: view.kept.version,
        }
    }
}

/// Where in the list an agreement stands.
pub(in crate::web) fn position(view: &AgreementView) -> AgreementPosition {
    (view.kept.hospital.0, view.kept.agreement.product.0)
}

/// List agreements, for the system administrator.
#[utoipa::path(
    get, path = "/api/v1/agreements", operation_id = "agreements_list", tag = "products",
    params(
        ("hospital" = Option<String>, Query, description = "Only of this hospital, by its id"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of agreements", body = Page<AgreementBody>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    crate::domain::keeping::organisations(signed.role()).map_err(Error::from)?;
    let mut query = Query::of_list(request.query_string(), &["hospital"])?;
    let (hospital, size) = (query.id("hospital").map(OrganisationId), query.page_size());
    let list = List { name: "agreements", reader: signed.user() };
    let after: Option<AgreementPosition> = list.after(query.text("cursor"))?;
    query.done(())?;
    let rows = agreements::list(&site.app, &signed.scope, hospital, (after, size + 1)).await?;
    let page = list.page(rows, size, position);
    Ok(HttpResponse::Ok().json(page.map(|view| AgreementBody::shown(&view))))
}

/// An agreement that is to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewAgreement {
    #[schema(value_type = uuid::Uuid)]
    hospital_id: String,
    /// In the catalogue of the hospital's province.
    product_code: String,
    agreed_quantity: i64,
    #[schema(value_type = Option<uuid::Uuid>)]
    distributor_id: Option<String>,
}

impl NewAgreement {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<(Deal, Terms), Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let hospital = check.id("hospital_id", &body.hospital_id);
        let code = code::folded(&check.line("product_code", &body.product_code, 64));
        let terms = terms(&mut check, body.agreed_quantity, body.distributor_id);
        match hospital {
            Some(hospital) => check.done(((OrganisationId(hospital), code), terms)),
            None => check.done(()).and(Err(Error::NotFound)),
        }
    }
}

fn terms(check: &mut Check, quantity: i64, distributor: Option<String>) -> Terms {
    let distributor = distributor.and_then(|id| check.id("distributor_id", &id));
    Terms {
        agreed_quantity: check.number("agreed_quantity", quantity, QUANTITY),
        distributor: distributor.map(OrganisationId),
    }
}

/// What an agreement is to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct AgreementChange {
    agreed_quantity: i64,
    #[schema(value_type = Option<uuid::Uuid>)]
    distributor_id: Option<String>,
}

impl AgreementChange {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<Terms, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let terms = terms(&mut check, body.agreed_quantity, body.distributor_id);
        check.done(terms)
    }
}

fn agreed(status: u16) -> impl Fn(&AgreementView) -> Rendered + Send + Sync + 'static {
    move |view| rendered(status, Some(view.kept.version), &AgreementBody::shown(view))
}

/// The agreement in a request's address.
pub(in crate::web) fn deal(request: &HttpRequest) -> Result<Deal, Error> {
    let id = request.match_info().get("id").and_then(query::uuid).ok_or(Error::NotFound)?;
    let code = query::decoded(request.match_info().get("code").unwrap_or_default())?;
    Ok((OrganisationId(id), code))
}

/// Add an agreement, for the system administrator.
#[utoipa::path(
    post, path = "/api/v1/agreements", operation_id = "agreements_create", tag = "products",
    request_body = NewAgreement,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless")),
    responses((status = 201, description = "Added", body = AgreementBody), Problems)
)]
pub(in crate::web) async fn agree(
    site: web::Data<Site>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (read, once) = (reads(&write, NewAgreement::read), write.once(agreed(201)));
    Ok(answer(agreements::create(&site.app, &write.signed.scope, read, once).await?))
}

/// Replace what an agreement says, for the system administrator.
#[utoipa::path(
    put, path = "/api/v1/agreements/{id}/{code}", operation_id = "agreements_replace", tag = "products",
    request_body = AgreementChange,
    params(
        ("id" = String, Path, description = "The hospital's id"),
        ("code" = String, Path, description = "The product's code"),
        ("If-Match" = String, Header, description = "The version that is replaced"),
    ),
    responses((status = 200, description = "Replaced", body = AgreementBody), Problems)
)]
pub(in crate::web) async fn change(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (read, once) = (reads(&write, AgreementChange::read), write.once(agreed(200)));
    let deal = deal(&request)?;
    let done = agreements::replace(&site.app, &write.signed.scope, deal, read, once).await;
    Ok(answer(done.map_err(|refusal| write.form.told(refusal))?))
}

/// Put an agreement out of force.
#[utoipa::path(
    post, path = "/api/v1/agreements/{id}/{code}/suspend", operation_id = "agreements_suspend", tag = "products",
    request_body = Because,
    params(
        ("id" = String, Path, description = "The hospital's id"),
        ("code" = String, Path, description = "The product's code"),
    ),
    responses((status = 200, description = "Out of force", body = AgreementBody), Problems)
)]
pub(in crate::web) async fn lapse(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (read, once) = (reads(&write, Because::read), write.once(agreed(200)));
    let what = (deal(&request)?, true);
    Ok(answer(agreements::set_standing(&site.app, &write.signed.scope, what, read, once).await?))
}

/// Put an agreement in force again.
#[utoipa::path(
    post, path = "/api/v1/agreements/{id}/{code}/resume", operation_id = "agreements_resume", tag = "products",
    request_body = Because,
    params(
        ("id" = String, Path, description = "The hospital's id"),
        ("code" = String, Path, description = "The product's code"),
    ),
    responses((status = 200, description = "In force", body = AgreementBody), Problems)
)]
pub(in crate::web) async fn revive(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (read, once) = (reads(&write, Because::read), write.once(agreed(200)));
    let what = (deal(&request)?, false);
    Ok(answer(agreements::set_standing(&site.app, &write.signed.scope, what, read, once).await?))
}
