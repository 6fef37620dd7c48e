//! What hospitals were promised, kept by the system administrator.
//!
//! **Never** promises a hospital a product of another province's catalogue.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde_json::{Value, json};

use super::organisations::look_again;
use super::{Read, Reasoned, acts_on, party, replaces, unless};
use crate::domain::access::Scope;
use crate::domain::id::OrganisationId;
use crate::domain::keeping::{self, Refusal};
use crate::domain::party::{Organisation, OrganisationKind};
use crate::service::audit::{self, Action, Entry};
use crate::service::once::once;
use crate::service::{Answered, App, Error, FieldError, Once};
use crate::store::catalogue::{self, Agreement, Product};
pub use crate::store::shelves::AgreementPosition;
use crate::store::shelves::KeptAgreement;
use crate::store::{accounts, shelves};

/// Which agreement: the hospital, and the product by its code.
pub type Place = (OrganisationId, String);

/// What an agreement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How much was agreed.
    pub agreed_quantity: i64,
    /// Who delivers.
    pub distributor: Option<OrganisationId>,
}

/// An agreement with its names.
#[derive(Debug, Clone)]
pub struct AgreementView {
    /// What is kept of it.
    pub kept: KeptAgreement,
    /// Who was promised.
    pub hospital: Organisation,
    /// What.
    pub product: Product,
    /// Who delivers.
    pub distributor: Option<Organisation>,
}

/// One page of agreements, of a hospital or of all.
///
/// # Errors
/// [`Error::Forbidden`] unless the system administrator asks.
pub async fn list(
    app: &App,
    scope: &Scope,
    hospital: Option<OrganisationId>,
    (after, limit): (Option<AgreementPosition>, u64),
) -> Result<Vec<AgreementView>, Error> {
    keeping::organisations(scope.actor().role)?;
    let db = &app.store.read_as(scope).await?;
    let rows = shelves::agreements(db, hospital, after, limit).await?;
    views(db, rows).await
}

/// Agreements with their names.
pub(in crate::service) async fn views(
    db: &impl ConnectionTrait,
    rows: Vec<KeptAgreement>,
) -> Result<Vec<AgreementView>, Error> {
    let mut houses: Vec<OrganisationId> = rows.iter().map(|row| row.hospital).collect();
    houses.extend(rows.iter().filter_map(|row| row.agreement.distributor));
    houses.sort_unstable();
    houses.dedup();
    let houses = accounts::organisations(db, &houses).await?;
    let houses: HashMap<_, _> = houses.into_iter().map(|house| (house.id, house)).collect();
    let products: Vec<_> = rows.iter().map(|row| row.agreement.product).collect();
    let products = catalogue::products(db, &products).await?;
    let products: HashMap<_, _> = products.into_iter().map(|one| (one.id, one)).collect();
    let view = |kept: KeptAgreement| {
        Some(AgreementView {
            hospital: houses.get(&kept.hospital)?.clone(),
            product: products.get(&kept.agreement.product)?.clone(),
            distributor: kept.agreement.distributor.and_then(|id| houses.get(&id).cloned()),
            kept,
        })
    };
    Ok(rows.into_iter().filter_map(view).collect())
}

async fn view(tx: &DatabaseTransaction, kept: KeptAgreement) -> Result<AgreementView, Error> {
    views(tx, vec![kept]).await?.pop().ok_or(Error::NotFound)
}

fn told(kept: &KeptAgreement) -> Value {
    json!({
        "agreed_quantity": kept.agreement.agreed_quantity,
        "distributor": kept.agreement.distributor.map(|id| id.0),
        "suspended": kept.disabled_at.is_some(),
    })
}

/// Adds an agreement.
///
/// # Errors
/// [`Error::Forbidden`] unless the system administrator asks, and [`Error::Invalid`].
pub async fn create(
    app: &App,
    scope: &Scope,
    read: Read<(Place, Terms)>,
    request: Once<AgreementView>,
) -> Result<Answered, Error> {
    keeping::organisations(scope.actor().role)?;
    let entry = Entry::by(scope, Action::AgreementCreated, app.clock.wall());
    once(app, request, move |tx| {
        let (read, entry) = (Arc::clone(&read), entry.clone());
        Box::pin(async move {
            let ((hospital, code), terms) = read()?;
            let mut refused = Vec::new();
            let named = ("hospital_id", hospital);
            let house = party(tx, named, OrganisationKind::Hospital, &mut refused).await?;
            let product = match &house {
                Some(house) => {
                    let province = house.organisation.division.province();
                    shelves::product(tx, (province, &code)).await?
                }
                None => None,
            };
            if house.is_some() && product.is_none() {
                let message = "this code is not in the catalogue of the hospital's province";
                refused.push(FieldError::new("product_code", "unknown_product", message));
            }
            delivers(tx, terms, &mut refused).await?;
            unless(refused)?;
            let product = product.ok_or(Error::NotFound)?.product.id;
            if shelves::held_agreement(tx, (hospital, product)).await?.is_some() {
                let message = "this hospital was promised this product already";
                return Err(Error::invalid("product_code", "taken", message));
            }
            let Terms { agreed_quantity, distributor } = terms;
            let agreement = Agreement { product, distributor, agreed_quantity };
            let new = KeptAgreement { hospital, agreement, disabled_at: None, version: 1 };
            shelves::insert_agreement(tx, &new).await.map_err(look_again)?;
            let detail = json!({ "hospital": hospital.0, "after": told(&new) });
            audit::record(tx, entry.about(&code).with(detail)).await?;
            view(tx, new).await
        })
    })
    .await
}

async fn delivers(
    tx: &DatabaseTransaction,
    terms: Terms,
    refused: &mut Vec<FieldError>,
) -> Result<(), Error> {
    if let Some(distributor) = terms.distributor {
        let named = ("distributor_id", distributor);
        party(tx, named, OrganisationKind::Distributor, refused).await?;
    }
    Ok(())
}

/// The agreement, held.
async fn held(tx: &DatabaseTransaction, place: &Place) -> Result<KeptAgreement, Error> {
    let (hospital, code) = place;
    let house = accounts::kept(tx, *hospital).await?.ok_or(Error::NotFound)?;
    let province = house.organisation.division.province();
    let product = shelves::product(tx, (province, code)).await?.ok_or(Error::NotFound)?;
    let found = shelves::held_agreement(tx, (*hospital, product.product.id)).await?;
    found.ok_or(Error::NotFound)
}

/// Replaces what an agreement says.
///
/// # Errors
/// [`Error::Forbidden`] unless the system administrator asks, [`Error::NotFound`],
/// [`Error::Unconditional`], [`Error::Outdated`] and [`Error::Invalid`].
pub async fn replace(
    app: &App,
    scope: &Scope,
    place: Place,
    read: Read<Terms>,
    request: Once<AgreementView>,
) -> Result<Answered, Error> {
    keeping::organisations(scope.actor().role)?;
    let entry = Entry::by(scope, Action::AgreementChanged, app.clock.wall()).about(&place.1);
    let expected = request.expected_version;
    once(app, request, move |tx| {
        let (read, entry, place) = (Arc::clone(&read), entry.clone(), place.clone());
        Box::pin(async move {
            let before = held(tx, &place).await?;
            replaces(expected, before.version)?;
            let terms = read()?;
            let mut refused = Vec::new();
            if terms.distributor != before.agreement.distributor {
                delivers(tx, terms, &mut refused).await?;
            }
            unless(refused)?;
            let Terms { agreed_quantity, distributor } = terms;
            let agreement = Agreement { agreed_quantity, distributor, ..before.agreement };
            let after = KeptAgreement { agreement, ..before.clone() };
            shelves::replace_agreement(tx, &after).await?;
            let detail = json!({
                "hospital": before.hospital.0,
                "before": told(&before),
                "after": told(&after),
            });
            audit::record(tx, entry.with(detail)).await?;
            view(tx, KeptAgreement { version: before.version + 1, ..after }).await
        })
    })
    .await
}

/// Puts an agreement out of force, or in force again.
///
/// # Errors
/// As [`replace`]; [`Error::Conflict`] when it stands so already.
pub async fn set_standing(
    app: &App,
    scope: &Scope,
    (place, suspends): (Place, bool),
    read: Read<Reasoned>,
    request: Once<AgreementView>,
) -> Result<Answered, Error> {
    keeping::organisations(scope.actor().role)?;
    let action = if suspends { Action::AgreementSuspended } else { Action::AgreementResumed };
    let entry = Entry::by(scope, action, app.clock.wall()).about(&place.1);
    let (at, expected) = (app.clock.now(), request.expected_version);
    once(app, request, move |tx| {
        let (read, entry, place) = (Arc::clone(&read), entry.clone(), place.clone());
        Box::pin(async move {
            let before = held(tx, &place).await?;
            acts_on(expected, before.version)?;
            match (before.disabled_at, suspends) {
                (Some(_), true) => return Err(Refusal::SuspendedAlready.into()),
                (None, false) => return Err(Refusal::NotSuspended.into()),
                (None, true) | (Some(_), false) => {}
            }
            let Reasoned { reason } = read()?;
            let after = KeptAgreement { disabled_at: suspends.then_some(at), ..before.clone() };
            shelves::replace_agreement(tx, &after).await?;
            let detail = json!({
                "hospital": before.hospital.0,
                "before": told(&before),
                "after": told(&after),
                "reason": reason,
            });
            audit::record(tx, entry.with(detail)).await?;
            view(tx, KeptAgreement { version: before.version + 1, ..after }).await
        })
    })
    .await
}
