//! The catalogue's products, kept by the system administrator.
//!
//! **Never** changes the code of one: it is what tickets and agreements know it by.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde_json::{Value, json};
use uuid::Uuid;

use super::organisations::look_again;
use super::{Read, Reasoned, acts_on, replaces, unless};
use crate::domain::access::Scope;
use crate::domain::id::{OrganisationId, ProductId};
use crate::domain::keeping::{self, Refusal};
use crate::domain::party::{Division, Level, Organisation, OrganisationKind};
use crate::service::audit::{self, Action, Entry};
use crate::service::once::once;
use crate::service::{Answered, App, Error, FieldError, Once};
use crate::store::catalogue::{self, Product};
pub use crate::store::shelves::KeptProduct;
use crate::store::{accounts, shelves};

/// Which product: the province whose catalogue it stands in, and its code.
pub type Place = (Division, String);

/// What a product is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// Its dosage form.
    pub form: String,
    /// Its specification and package.
    pub specification: String,
    /// The unit it is counted in.
    pub unit: String,
    /// Who owes its supply.
    pub manufacturer: OrganisationId,
}

/// A product as who keeps it sees it.
#[derive(Debug, Clone)]
pub struct ProductKept {
    /// The product.
    pub kept: KeptProduct,
    /// Who owes its supply.
    pub manufacturer: Organisation,
}

async fn view(db: &impl ConnectionTrait, kept: KeptProduct) -> Result<ProductKept, Error> {
    let found = accounts::organisations(db, &[kept.product.manufacturer]).await?.pop();
    Ok(ProductKept { manufacturer: found.ok_or(Error::NotFound)?, kept })
}

/// One product, for the system administrator.
///
/// # Errors
/// [`Error::Forbidden`] for everybody else, [`Error::NotFound`].
pub async fn show(app: &App, scope: &Scope, place: &Place) -> Result<ProductKept, Error> {
    keeping::organisations(scope.actor().role)?;
    let db = &app.store.read_as(scope).await?;
    let found = shelves::product(db, (place.0, &place.1)).await?.ok_or(Error::NotFound)?;
    view(db, found).await
}

/// Adds a product to a province's catalogue.
///
/// # Errors
/// [`Error::Forbidden`] unless the system administrator asks, and [`Error::Invalid`].
pub async fn create(
    app: &App,
    scope: &Scope,
    read: Read<(Place, Wanted)>,
    request: Once<ProductKept>,
) -> Result<Answered, Error> {
    keeping::organisations(scope.actor().role)?;
    let entry = Entry::by(scope, Action::ProductCreated, app.clock.wall());
    once(app, request, move |tx| {
        let (read, entry) = (Arc::clone(&read), entry.clone());
        Box::pin(async move {
            let ((province, code), wanted) = read()?;
            let mut refused = Vec::new();
            if province.level() != Level::Province {
                let message = "a province ends with 0000, like 370000";
                refused.push(FieldError::new("province", "division", message));
            }
            super::known_division(tx, "province", province, &mut refused).await?;
            if shelves::product(tx, (province, &code)).await?.is_some() {
                let message = "this province's catalogue has this code";
                refused.push(FieldError::new("code", "taken", message));
            }
            maker(tx, wanted.manufacturer, &mut refused).await?;
            unless(refused)?;
            let product = of(ProductId(Uuid::now_v7()), code.clone(), wanted);
            let new = std::slice::from_ref(&product);
            catalogue::insert(tx, province, new).await.map_err(look_again)?;
            let kept = KeptProduct { product, province, disabled_at: None, version: 1 };
            audit::record(tx, entry.about(&code).with(json!({ "after": told(&kept) }))).await?;
            view(tx, kept).await
        })
    })
    .await
}

fn of(id: ProductId, code: String, wanted: Wanted) -> Product {
    let Wanted { name, form, specification, unit, manufacturer } = wanted;
    Product { id, code, name, form, specification, unit, manufacturer }
}

fn told(kept: &KeptProduct) -> Value {
    let Product { name, form, specification, unit, manufacturer, .. } = &kept.product;
    json!({
        "province": kept.province,
        "name": name,
        "form": form,
        "specification": specification,
        "unit": unit,
        "manufacturer": manufacturer.0,
        "suspended": kept.disabled_at.is_some(),
    })
}

/// Refuses a manufacturer that there is not, or that is suspended.
async fn maker(
    tx: &DatabaseTransaction,
    id: OrganisationId,
    refused: &mut Vec<FieldError>,
) -> Result<(), Error> {
    super::party(tx, ("manufacturer_id", id), OrganisationKind::Manufacturer, refused).await?;
    Ok(())
}

async fn held(
    tx: &DatabaseTransaction,
    place: &Place,
    expected: Option<i64>,
) -> Result<KeptProduct, Error> {
    let found = shelves::held_product(tx, (place.0, &place.1)).await?.ok_or(Error::NotFound)?;
    acts_on(expected, found.version)?;
    Ok(found)
}

async fn shown(tx: &DatabaseTransaction, place: &Place) -> Result<ProductKept, Error> {
    let found = shelves::product(tx, (place.0, &place.1)).await?.ok_or(Error::NotFound)?;
    view(tx, found).await
}

/// Replaces what is kept of a product. Tickets that name it follow it to its manufacturer only when
/// they are filed after.
///
/// # Errors
/// [`Error::Forbidden`] unless the system administrator asks, [`Error::NotFound`],
/// [`Error::Unconditional`], [`Error::Outdated`] and [`Error::Invalid`].
pub async fn replace(
    app: &App,
    scope: &Scope,
    place: Place,
    read: Read<Wanted>,
    request: Once<ProductKept>,
) -> Result<Answered, Error> {
    keeping::organisations(scope.actor().role)?;
    let entry = Entry::by(scope, Action::ProductChanged, app.clock.wall()).about(&place.1);
    let expected = request.expected_version;
    once(app, request, move |tx| {
        let (read, entry, place) = (Arc::clone(&read), entry.clone(), place.clone());
        Box::pin(async move {
            let before = held(tx, &place, None).await?;
            replaces(expected, before.version)?;
            let wanted = read()?;
            let mut refused = Vec::new();
            if wanted.manufacturer != before.product.manufacturer {
                maker(tx, wanted.manufacturer, &mut refused).await?;
            }
            unless(refused)?;
            let product = of(before.product.id, before.product.code.clone(), wanted);
            let after = KeptProduct { product, ..before.clone() };
            shelves::replace_product(tx, &after).await?;
            let detail = json!({ "before": told(&before), "after": told(&after) });
            audit::record(tx, entry.with(detail)).await?;
            shown(tx, &place).await
        })
    })
    .await
}

/// Suspends a product, so that no new ticket may name it; or lets it go on.
///
/// # Errors
/// As [`replace`]; [`Error::Conflict`] when it stands so already.
pub async fn set_standing(
    app: &App,
    scope: &Scope,
    (place, suspends): (Place, bool),
    read: Read<Reasoned>,
    request: Once<ProductKept>,
) -> Result<Answered, Error> {
    keeping::organisations(scope.actor().role)?;
    let action = if suspends { Action::ProductSuspended } else { Action::ProductResumed };
    let entry = Entry::by(scope, action, app.clock.wall()).about(&place.1);
    let (at, expected) = (app.clock.now(), request.expected_version);
    once(app, request, move |tx| {
        let (read, entry, place) = (Arc::clone(&read), entry.clone(), place.clone());
        Box::pin(async move {
            let before = held(tx, &place, expected).await?;
            match (before.disabled_at, suspends) {
                (Some(_), true) => return Err(Refusal::SuspendedAlready.into()),
                (None, false) => return Err(Refusal::NotSuspended.into()),
                (None, true) | (Some(_), false) => {}
            }
            let Reasoned { reason } = read()?;
            let after = KeptProduct { disabled_at: suspends.then_some(at), ..before.clone() };
            shelves::replace_product(tx, &after).await?;
            let detail =
                json!({ "before": told(&before), "after": told(&after), "reason": reason });
            audit::record(tx, entry.with(detail)).await?;
            shown(tx, &place).await
        })
    })
    .await
}
