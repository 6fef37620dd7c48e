//! Products and who delivers them to whom.
//!
//! **Never** shows a manufacturer another's product.

use entity::{agreement, product};
use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::row::division;
use super::{Batch, Error, dialect};
use crate::domain::id::{OrganisationId, ProductId};
use crate::domain::party::Division;
use crate::domain::pinyin::spellings;
use crate::domain::search::terms;

/// A product of one manufacturer, in a province's catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// The national code, 23 or 20 characters.
    pub code: String,
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

/// Which products somebody may see.
#[derive(Debug, Clone, Copy)]
pub enum Shelf {
    /// A province's catalogue.
    Province(Division),
    /// The same with those that are suspended, for whoever keeps it.
    Kept(Division),
    /// A manufacturer's own.
    Manufacturer(OrganisationId),
}

/// What a hospital was promised of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// The product.
    pub product: ProductId,
    /// Who delivers it there.
    pub distributor: Option<OrganisationId>,
    /// How much was agreed.
    pub agreed_quantity: i64,
}

pub(super) fn product_of(row: product::Model) -> Product {
    Product {
        id: ProductId(row.id),
        code: row.code,
        name: row.name,
        form: row.form,
        specification: row.specification,
        unit: row.unit,
        manufacturer: OrganisationId(row.manufacturer_id),
    }
}

/// A product of a province's catalogue by its code, unless it is suspended.
///
/// # Errors
/// [`Error::Driver`].
pub async fn find_by_code(
    db: &impl ConnectionTrait,
    province: Division,
    code: &str,
) -> Result<Option<Product>, Error> {
    let found = product::Entity::find()
        .filter(product::Column::Code.eq(code))
        .filter(product::Column::Province.eq(division(province)))
        .filter(product::Column::DisabledAt.is_null())
        .one(db)
        .await?;
    Ok(found.map(product_of))
}

/// Products by id, in no order.
///
/// # Errors
/// [`Error::Driver`].
pub async fn products(db: &impl ConnectionTrait, ids: &[ProductId]) -> Result<Vec<Product>, Error> {
    let ids = ids.iter().map(|id| id.0);
    let rows = product::Entity::find().filter(product::Column::Id.is_in(ids)).all(db).await?;
    Ok(rows.into_iter().map(product_of).collect())
}

/// One page of a shelf in the order of codes, after `after`, where every one of `terms` occurs,
/// or is how the name is typed in Latin letters.
///
/// # Errors
/// [`Error::Driver`].
pub async fn list(
    db: &impl ConnectionTrait,
    shelf: Shelf,
    terms: &[String],
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<Product>, Error> {
    let mut select = match shelf {
        Shelf::Province(province) => product::Entity::find()
            .filter(product::Column::Province.eq(division(province)))
            .filter(product::Column::DisabledAt.is_null()),
        Shelf::Kept(province) => {
            product::Entity::find().filter(product::Column::Province.eq(division(province)))
        }
        Shelf::Manufacturer(id) => product::Entity::find()
            .filter(product::Column::ManufacturerId.eq(id.0))
            .filter(product::Column::DisabledAt.is_null()),
    };
    for term in terms {
        // Terms hold letters, digits and ideographs only: nothing that LIKE would interpret.
        let mut found = Condition::any().add(product::Column::SearchTerms.contains(term));
        if term.is_ascii() {
            found = found.add(product::Column::Initials.contains(term));
        }
        select = select.filter(found);
    }
    if let Some(after) = after {
        select = select.filter(product::Column::Code.gt(after));
    }
    let rows = select.order_by_asc(product::Column::Code).limit(limit).all(db).await?;
    Ok(rows.into_iter().map(product_of).collect())
}

/// Adds products to a province's catalogue.
///
/// # Errors
/// [`Error::Driver`]; a code twice in a province is a duplicate.
pub async fn insert(
    db: &impl ConnectionTrait,
    province: Division,
    products: &[Product],
) -> Result<(), Error> {
    let rows = products.iter().cloned().map(|product| row_of(province, product));
    super::batch::add(db, rows).await
}

pub(super) fn row_of(province: Division, product: Product) -> product::Model {
    product::Model {
        search_terms: terms(&format!(
            "{} {} {} {}",
            product.code, product.name, product.form, product.specification
        )),
        initials: Some(spellings(&product.name)),
        id: product.id.0,
        code: product.code,
        name: product.name,
        form: product.form,
        specification: product.specification,
        unit: product.unit,
        manufacturer_id: product.manufacturer.0,
        province: division(province),
        version: 1,
        disabled_at: None,
    }
}

/// Spells the names of products that earlier code added, `limit` at most; gives how many.
///
/// # Errors
/// [`Error::Driver`].
pub async fn spell_names(db: &impl ConnectionTrait, limit: u64) -> Result<usize, Error> {
    let unspelt = product::Entity::find()
        .filter(product::Column::Initials.is_null())
        .order_by_asc(product::Column::Id)
        .limit(limit);
    let rows = dialect::locked(unspelt).all(db).await?;
    let count = rows.len();
    let spelt =
        rows.into_iter().map(|row| product::Model { initials: Some(spellings(&row.name)), ..row });
    let mut batch = Batch::on(db);
    batch.upsert(spelt, &[product::Column::Id], &[product::Column::Initials]);
    batch.run(db).await?;
    Ok(count)
}

/// What a hospital was promised of products.
///
/// # Errors
/// [`Error::Driver`].
pub async fn agreements(
    db: &impl ConnectionTrait,
    hospital: OrganisationId,
    products: &[ProductId],
) -> Result<Vec<Agreement>, Error> {
    agreements_where(db, hospital, products, Condition::all()).await
}

/// The same, those that are out of force left out.
///
/// # Errors
/// [`Error::Driver`].
pub async fn agreements_in_force(
    db: &impl ConnectionTrait,
    hospital: OrganisationId,
    products: &[ProductId],
) -> Result<Vec<Agreement>, Error> {
    let in_force = Condition::all().add(agreement::Column::DisabledAt.is_null());
    agreements_where(db, hospital, products, in_force).await
}

async fn agreements_where(
    db: &impl ConnectionTrait,
    hospital: OrganisationId,
    products: &[ProductId],
    condition: Condition,
) -> Result<Vec<Agreement>, Error> {
    let rows = agreement::Entity::find()
        .filter(agreement::Column::HospitalId.eq(hospital.0))
        .filter(agreement::Column::ProductId.is_in(products.iter().map(|id| id.0)))
        .filter(condition)
        .all(db)
        .await?;
    let agreement_of = |row: agreement::Model| Agreement {
        product: ProductId(row.product_id),
        distributor: row.distributor_id.map(OrganisationId),
        agreed_quantity: row.agreed_quantity,
    };
    Ok(rows.into_iter().map(agreement_of).collect())
}

/// Adds agreements of hospitals.
///
/// # Errors
/// [`Error::Driver`].
pub async fn insert_agreements(
    db: &impl ConnectionTrait,
    agreements: &[(OrganisationId, Agreement)],
) -> Result<(), Error> {
    let rows = agreements.iter().map(|(hospital, agreement)| agreement::Model {
        product_id: agreement.product.0,
        hospital_id: hospital.0,
        distributor_id: agreement.distributor.map(|id| id.0),
        agreed_quantity: agreement.agreed_quantity,
        version: 1,
        disabled_at: None,
    });
    super::batch::add(db, rows).await
}
