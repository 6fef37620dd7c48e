//! Products, calendars and deadlines to look up.
//!
//! **Never** shows a manufacturer another's product.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{App, Error};
use crate::domain::access::Scope;
use crate::domain::calendar::{Calendar, LayerOf};
use crate::domain::id::OrganisationId;
use crate::domain::party::{Division, Organisation, OrganisationKind, Role};
use crate::domain::policy::{Policy, ResolveFrom, Urgency};
use crate::domain::search::terms;
use crate::domain::ticket::{Category, Deadline, DeadlineKind, Rules};
pub use crate::store::catalogue::Product;
use crate::store::catalogue::{self, Shelf};
pub use crate::store::divisions::{Filter as Places, Named as NamedDivision};
use crate::store::{self, Store, accounts, divisions, shelves};

/// A product as the caller sees it.
#[derive(Debug, Clone)]
pub struct ProductView {
    /// The product.
    pub product: Product,
    /// Its manufacturer.
    pub manufacturer: Organisation,
    /// What the caller's hospital was promised of it.
    pub agreed_quantity: Option<i64>,
    /// Since when no ticket may name it; for whoever keeps the catalogue.
    pub disabled_at: Option<DateTime<Utc>>,
}

/// One page of the divisions, by code; they are the same for everybody.
///
/// # Errors
/// [`Error::Internal`].
pub async fn divisions(
    app: &App,
    places: &Places,
    limit: u64,
) -> Result<Vec<NamedDivision>, Error> {
    Ok(divisions::list(app.store.read_unscoped(), places, limit).await?)
}

/// The names of divisions; those that nobody knows are left out.
///
/// # Errors
/// [`Error::Internal`].
pub async fn division_names(
    app: &App,
    divisions: &[Division],
) -> Result<HashMap<Division, String>, Error> {
    Ok(divisions::names(app.store.read_unscoped(), divisions).await?)
}

/// One page of the caller's shelf: a hospital's and a bureau's is their province's catalogue, a
/// manufacturer's its own products.
///
/// # Errors
/// [`Error::Forbidden`] for the other roles.
pub async fn products(
    app: &App,
    scope: &Scope,
    query: &str,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<ProductView>, Error> {
    products_in(app, scope, (query, None), after, limit).await
}

/// The same; the system administrator, who keeps the catalogues, may name the province whose one
/// it is.
///
/// # Errors
/// As [`products`].
pub async fn products_in(
    app: &App,
    scope: &Scope,
    (query, province): (&str, Option<Division>),
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<ProductView>, Error> {
    let house = &scope.actor().organisation;
    let shelf = match scope.actor().role {
        Role::Hospital | Role::Bureau => Shelf::Province(house.division.province()),
        Role::Manufacturer => Shelf::Manufacturer(house.id),
        Role::Admin => Shelf::Kept(province.unwrap_or_else(|| house.division.province())),
        Role::Distributor | Role::Security | Role::Auditor => {
            return Err(Error::Forbidden("your role has no catalogue".to_owned()));
        }
    };
    let words: Vec<String> =
        terms(query).split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect();
    let db = &app.store.read_as(scope).await?;
    let products = catalogue::list(db, shelf, &words, after, limit).await?;
    let ids: Vec<_> = products.iter().map(|product| product.id).collect();
    let makers: Vec<_> = products.iter().map(|product| product.manufacturer).collect();
    let makers: HashMap<OrganisationId, Organisation> =
        accounts::organisations(db, &makers).await?.into_iter().map(|o| (o.id, o)).collect();
    let agreed: HashMap<_, _> = catalogue::agreements_in_force(db, house.id, &ids)
        .await?
        .into_iter()
        .map(|agreement| (agreement.product, agreement.agreed_quantity))
        .collect();
    let suspended: HashMap<_, _> = if scope.actor().role == Role::Admin {
        let kept = shelves::kept_products(db, &ids).await?.into_iter();
        kept.filter_map(|kept| Some((kept.product.id, kept.disabled_at?))).collect()
    } else {
        HashMap::new()
    };
    Ok(products
        .into_iter()
        .filter_map(|product| {
            Some(ProductView {
                manufacturer: makers.get(&product.manufacturer)?.clone(),
                agreed_quantity: agreed.get(&product.id).copied(),
                disabled_at: suspended.get(&product.id).copied(),
                product,
            })
        })
        .collect())
}

/// Products whose names are spelt in one transaction.
const SPELT_AT_ONCE: u64 = 500;

/// Spells the names of all products that earlier versions added, so that they are found by what
/// people type; gives how many there were.
///
/// # Errors
/// [`store::Error::Driver`].
pub async fn spell_names(store: &Store) -> Result<usize, store::Error> {
    let mut all = 0;
    loop {
        let spelt = store.write(|tx| Box::pin(catalogue::spell_names(tx, SPELT_AT_ONCE)));
        match spelt.await? {
            0 => return Ok(all),
            some => all += some,
        }
    }
}

/// What the deadlines of a ticket filed then and there would be.
#[derive(Debug, Clone)]
pub struct Reckoned {
    /// The policy that rules.
    pub policy: Policy,
    /// The calendar that counts.
    pub calendar: Arc<Calendar>,
    /// The deadlines.
    pub deadlines: Vec<Deadline>,
}

/// Refuses a manufacturer that there is not, or whose days somebody may not read.
///
/// # Errors
/// [`Error::Invalid`].
pub async fn may_reckon_for(app: &App, scope: &Scope, id: OrganisationId) -> Result<(), Error> {
    let found = accounts::organisations(&app.store.read_as(scope).await?, &[id]).await?;
    let is_maker = |house: &Organisation| house.kind == OrganisationKind::Manufacturer;
    if scope.reads_calendar(LayerOf::Organisation(id)) && found.first().is_some_and(is_maker) {
        return Ok(());
    }
    let message = "there is no such manufacturer, or its calendar is not yours to read";
    Err(Error::invalid("manufacturer", "unknown_organisation", message))
}

/// Whose ticket is reckoned for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reckoning {
    /// The hospital's division; `None` = where no region differs.
    pub division: Option<Division>,
    /// What kind of problem it is; `None` = whatever no policy names.
    pub category: Option<Category>,
    /// Whose product it is; `None` = a manufacturer without days of its own.
    pub manufacturer: Option<OrganisationId>,
}

/// Reckons the deadlines of a ticket filed at `filed_at`.
///
/// # Errors
/// [`Error::Invalid`] when the instant lies outside the calendar.
pub fn reckon(
    app: &App,
    filed_at: DateTime<Utc>,
    urgency: Urgency,
    of: Reckoning,
) -> Result<Reckoned, Error> {
    let book = app.book();
    let policy = book.policy(of.division, of.category, filed_at).clone();
    let calendar = book.calendar_for(&policy, of.division, of.manufacturer);
    let targets = policy.targets(urgency);
    let rules = Rules { calendar: &calendar, policy: &policy, desks: &[] };
    let counted = |kind, target| {
        Deadline::counted(kind, 1, filed_at, target, &rules)
            .map_err(|error| Error::invalid("filed_at", "out_of_range", error.to_string()))
    };
    let mut deadlines = vec![counted(DeadlineKind::Reply, targets.reply)?];
    if policy.resolve_from == ResolveFrom::Filing {
        deadlines.push(counted(DeadlineKind::Resolve, targets.resolve)?);
    }
    Ok(Reckoned { policy, calendar, deadlines })
}
