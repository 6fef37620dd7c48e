//! Products and agreements, one at a time, for those who keep them.
//!
//! **Never** removes one: it is suspended.

use chrono::{DateTime, Utc};
use entity::{agreement, product};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::catalogue::{Agreement, Product, product_of, row_of};
use super::row::{Place, division};
use super::{Error, dialect};
use crate::domain::id::{OrganisationId, ProductId};
use crate::domain::party::Division;

/// A product with what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptProduct {
    /// The product.
    pub product: Product,
    /// The province whose catalogue it stands in.
    pub province: Division,
    /// Since when no ticket may name it.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Counts its changes.
    pub version: i64,
}

fn kept(row: product::Model) -> Result<KeptProduct, Error> {
    let place = Place { table: "product", id: &row.id };
    Ok(KeptProduct {
        province: place.division("province", row.province)?,
        disabled_at: row.disabled_at,
        version: row.version,
        product: product_of(row),
    })
}

/// A product of a province's catalogue, suspended or not.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn product(
    db: &impl ConnectionTrait,
    (province, code): (Division, &str),
) -> Result<Option<KeptProduct>, Error> {
    let found = product::Entity::find()
        .filter(product::Column::Code.eq(code))
        .filter(product::Column::Province.eq(division(province)));
    found.one(db).await?.map(kept).transpose()
}

/// The same, held until the end of the transaction.
///
/// # Errors
/// As [`fn@product`].
pub async fn held_product(
    db: &impl ConnectionTrait,
    (province, code): (Division, &str),
) -> Result<Option<KeptProduct>, Error> {
    let found = product::Entity::find()
        .filter(product::Column::Code.eq(code))
        .filter(product::Column::Province.eq(division(province)));
    dialect::locked(found).one(db).await?.map(kept).transpose()
}

/// Writes everything of a product but its code and province, and counts its version.
///
/// # Errors
/// [`Error::Driver`].
pub async fn replace_product(db: &impl ConnectionTrait, kept: &KeptProduct) -> Result<(), Error> {
    use product::Column;
    let row = row_of(kept.province, kept.product.clone());
    product::Entity::update_many()
        .col_expr(Column::Name, Expr::value(row.name))
        .col_expr(Column::Form, Expr::value(row.form))
        .col_expr(Column::Specification, Expr::value(row.specification))
        .col_expr(Column::Unit, Expr::value(row.unit))
        .col_expr(Column::ManufacturerId, Expr::value(row.manufacturer_id))
        .col_expr(Column::SearchTerms, Expr::value(row.search_terms))
        .col_expr(Column::Initials, Expr::value(row.initials))
        .col_expr(Column::DisabledAt, Expr::value(kept.disabled_at))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(row.id))
        .exec(db)
        .await?;
    Ok(())
}

/// Those of the products that are suspended, with when that was, and every version.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn kept_products(
    db: &impl ConnectionTrait,
    ids: &[ProductId],
) -> Result<Vec<KeptProduct>, Error> {
    let ids = ids.iter().map(|id| id.0);
    let rows = product::Entity::find().filter(product::Column::Id.is_in(ids)).all(db).await?;
    rows.into_iter().map(kept).collect()
}

/// An agreement with what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAgreement {
    /// Who was promised.
    pub hospital: OrganisationId,
    /// What.
    pub agreement: Agreement,
    /// Since when it is out of force.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Counts its changes.
    pub version: i64,
}

fn agreed(row: &agreement::Model) -> KeptAgreement {
    KeptAgreement {
        hospital: OrganisationId(row.hospital_id),
        agreement: Agreement {
            product: ProductId(row.product_id),
            distributor: row.distributor_id.map(OrganisationId),
            agreed_quantity: row.agreed_quantity,
        },
        disabled_at: row.disabled_at,
        version: row.version,
    }
}

/// An agreement, held until the end of the transaction.
///
/// # Errors
/// [`Error::Driver`].
pub async fn held_agreement(
    db: &impl ConnectionTrait,
    (hospital, product): (OrganisationId, ProductId),
) -> Result<Option<KeptAgreement>, Error> {
    let found = agreement::Entity::find_by_id((product.0, hospital.0));
    Ok(dialect::locked(found).one(db).await?.as_ref().map(agreed))
}

/// Adds an agreement.
///
/// # Errors
/// [`Error::Driver`]; the same hospital and product again is a duplicate.
pub async fn insert_agreement(db: &impl ConnectionTrait, new: &KeptAgreement) -> Result<(), Error> {
    let row = agreement::Model {
        product_id: new.agreement.product.0,
        hospital_id: new.hospital.0,
        distributor_id: new.agreement.distributor.map(|id| id.0),
        agreed_quantity: new.agreement.agreed_quantity,
        version: 1,
        disabled_at: None,
    };
    agreement::Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// Writes what an agreement says, and counts its version.
///
/// # Errors
/// [`Error::Driver`].
pub async fn replace_agreement(
    db: &impl ConnectionTrait,
    kept: &KeptAgreement,
) -> Result<(), Error> {
    use agreement::Column;
    agreement::Entity::update_many()
        .col_expr(Column::DistributorId, Expr::value(kept.agreement.distributor.map(|id| id.0)))
        .col_expr(Column::AgreedQuantity, Expr::value(kept.agreement.agreed_quantity))
        .col_expr(Column::DisabledAt, Expr::value(kept.disabled_at))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::ProductId.eq(kept.agreement.product.0))
        .filter(Column::HospitalId.eq(kept.hospital.0))
        .exec(db)
        .await?;
    Ok(())
}

/// Where in the list of agreements one stands: hospital, then product.
pub type AgreementPosition = (Uuid, Uuid);

/// One page of agreements, of a hospital or of all, after a position.
///
/// # Errors
/// [`Error::Driver`].
pub async fn agreements(
    db: &impl ConnectionTrait,
    hospital: Option<OrganisationId>,
    after: Option<AgreementPosition>,
    limit: u64,
) -> Result<Vec<KeptAgreement>, Error> {
    use agreement::Column;
    let mut select = agreement::Entity::find();
    if let Some(hospital) = hospital {
        select = select.filter(Column::HospitalId.eq(hospital.0));
    }
    if let Some((hospital, product)) = after {
        let same = Column::HospitalId.eq(hospital).and(Column::ProductId.gt(product));
        select = select.filter(Column::HospitalId.gt(hospital).or(same));
    }
    let ordered = select.order_by_asc(Column::HospitalId).order_by_asc(Column::ProductId);
    let rows = ordered.limit(limit).all(db).await?;
    Ok(rows.iter().map(agreed).collect())
}

/// One page of every province's products, after a position.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn products_after(
    db: &impl ConnectionTrait,
    after: Option<ProductId>,
    limit: u64,
) -> Result<Vec<KeptProduct>, Error> {
    let mut select = product::Entity::find();
    if let Some(after) = after {
        select = select.filter(product::Column::Id.gt(after.0));
    }
    let rows = select.order_by_asc(product::Column::Id).limit(limit).all(db).await?;
    rows.into_iter().map(kept).collect()
}
