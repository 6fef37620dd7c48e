//! The catalogue, for the system administrator who keeps it.
//!
//! **Never** changes a product's code.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::super::address::Address;
use super::super::choice::Choice;
use super::super::fields::{Fields, Need};
use super::super::shell::{Shell, page, see};
use super::house::{offered, reads};
use super::outcome::{Refused, conflict, fields, status};
use crate::domain::keeping;
use crate::domain::party::OrganisationKind;
use crate::service::catalogue;
use crate::service::keeping::products::{self, ProductKept};
use crate::service::{Error, Rendered};
use crate::web::api::organisations::Because;
use crate::web::api::products::{KEPT_FILTERS, ProductBody, asked};
use crate::web::api::shelf::{KeptProductBody, NewProduct, ProductChange, place};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::{Post, Typed};
use crate::web::paging::List;
use crate::web::query::Query;
use crate::web::site::Site;

#[derive(Template)]
#[template(path = "pages/products.html")]
struct ListPage {
    shell: Shell,
    typed: Typed,
    province: String,
    rows: Vec<ProductBody>,
    f: Fields,
    makers: Vec<Choice>,
    is_filtered: bool,
    conflict: Option<String>,
    first: Option<String>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/product.html")]
struct Page {
    shell: Shell,
    product: KeptProductBody,
    disabled: Option<String>,
    edit: Fields,
    why: Fields,
    makers: Vec<Choice>,
    conflict: Option<String>,
}

/// Lists a province's catalogue, with the form for a new product.
pub(in crate::web::ui) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    keeping::organisations(signed.role()).map_err(Error::from)?;
    draw_list(&site, &signed, &request, None).await
}

async fn draw_list(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    refused: Option<Refused>,
) -> Result<HttpResponse, Problem> {
    let address = Address::of("/products", request.query_string());
    let mut query = Query::of_list(&address.query(), &KEPT_FILTERS)?;
    let (terms, size) = (asked(&mut query), query.page_size());
    let province = query.word("province");
    let cursor = query.text("cursor").map(str::to_owned);
    let typed = Typed::of(query.pairs());
    query.done(())?;
    let list = List { name: "products", reader: signed.user() };
    let after: Option<String> = list.after(cursor.as_deref())?;
    let asked_for = (terms.as_str(), province);
    let (app, scope) = (&site.app, &signed.scope);
    let rows = catalogue::products_in(app, scope, asked_for, after.as_deref(), size + 1).await?;
    let found = list.page(rows, size, |view| view.product.code.clone());
    let shell = Shell::of(site, request, signed).await?;
    let own = signed.scope.actor().organisation.division.province();
    let province = province.unwrap_or(own).to_string();
    let makers = offered(site, scope, (Some(OrganisationKind::Manufacturer), None), None).await?;
    let drawn = ListPage {
        f: fields("product", &shell, refused.as_ref(), &[("province", &province)]),
        rows: found.items.iter().map(ProductBody::shown).collect(),
        is_filtered: KEPT_FILTERS.iter().any(|name| typed.find(name).is_some()),
        conflict: conflict(&shell, refused.as_ref()),
        first: cursor.map(|_| address.with("cursor", "")),
        next: found.next_cursor.map(|cursor| address.with("cursor", &cursor)),
        makers,
        province,
        typed,
        shell,
    };
    page(status(refused.as_ref()), &drawn)
}

fn to_page(done: &'static str) -> impl Fn(&ProductKept) -> Rendered + Send + Sync + 'static {
    move |view| {
        let (code, province) = (&view.kept.product.code, view.kept.province);
        let body = format!("/products/{code}?province={province}&done={done}");
        Rendered { status: 303, etag: None, body }
    }
}

/// Adds a product.
pub(in crate::web::ui) async fn create(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = reads(&post, NewProduct::read);
    let once = post.write.once(to_page("product-created"));
    match products::create(&site.app, &post.signed().scope, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => {
            let refused = Refused::of("product", &post.typed, error)?;
            draw_list(&site, post.signed(), &request, Some(refused)).await
        }
    }
}

/// Shows a product.
pub(in crate::web::ui) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    keeping::organisations(signed.role()).map_err(Error::from)?;
    draw(&site, &signed, &request, None).await
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    refused: Option<Refused>,
) -> Result<HttpResponse, Problem> {
    let view = products::show(&site.app, &signed.scope, &place(request, signed)?).await?;
    let shell = Shell::of(site, request, signed).await?;
    let product = KeptProductBody::shown(&view);
    let maker = product.manufacturer.id.to_string();
    let kind = (Some(OrganisationKind::Manufacturer), None);
    let mut makers = offered(site, &signed.scope, kind, None).await?;
    if makers.iter().all(|one| one.value != maker) {
        makers.insert(0, Choice::new(maker.clone(), product.manufacturer.name.clone()));
    }
    let known = [
        ("name", product.name.as_str()),
        ("form", product.form.as_str()),
        ("specification", product.specification.as_str()),
        ("unit", product.unit.as_str()),
        ("manufacturer_id", maker.as_str()),
    ];
    let refused = refused.as_ref();
    let drawn = Page {
        edit: fields("product", &shell, refused, &known),
        why: fields("why", &shell, refused, &[]),
        disabled: product.disabled_at.map(|at| shell.minute(&at)),
        conflict: conflict(&shell, refused),
        makers,
        product,
        shell,
    };
    let status = if refused.is_none() { StatusCode::OK } else { status(refused) };
    page(status, &drawn)
}

async fn again(
    site: &Site,
    post: &Post,
    request: &HttpRequest,
    (form, error): (&'static str, Error),
) -> Result<HttpResponse, Problem> {
    let refused = Refused::of(form, &post.typed, error)?;
    draw(site, post.signed(), request, Some(refused)).await
}

/// Replaces what is kept of a product.
pub(in crate::web::ui) async fn replace(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (place, scope) = (place(&request, post.signed())?, &post.signed().scope);
    let read = reads(&post, ProductChange::read);
    let once = post.write.once(to_page("product-changed"));
    match products::replace(&site.app, scope, place, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => again(&site, &post, &request, ("product", error)).await,
    }
}

/// Suspends a product.
pub(in crate::web::ui) async fn suspend(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    stand(&site, &post, &request, (true, "product-suspended")).await
}

/// Lets tickets name a suspended product again.
pub(in crate::web::ui) async fn resume(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    stand(&site, &post, &request, (false, "product-resumed")).await
}

async fn stand(
    site: &Site,
    post: &Post,
    request: &HttpRequest,
    (suspends, done): (bool, &'static str),
) -> Result<HttpResponse, Problem> {
    let what = (place(request, post.signed())?, suspends);
    let read = reads(post, Because::read);
    let once = post.write.once(to_page(done));
    match products::set_standing(&site.app, &post.signed().scope, what, read, once).await {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(error) => again(site, post, request, ("why", error)).await,
    }
}
