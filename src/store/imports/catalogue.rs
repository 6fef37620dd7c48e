//! Products and agreements, many at a time.
//!
//! **Never** changes which product a code of a province names.

use entity::{agreement, product};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::super::Error;
use super::super::batch::Batch;
use super::super::catalogue::{Agreement, Product, product_of, row_of};
use super::super::row::division;
use super::MANY;
use crate::domain::id::OrganisationId;
use crate::domain::party::Division;

/// The products of these codes in a province's catalogue, in no order.
///
/// # Errors
/// [`Error::Driver`].
pub async fn products_by_code(
    db: &impl ConnectionTrait,
    province: Division,
    codes: &[&str],
) -> Result<Vec<Product>, Error> {
    let mut known = Vec::with_capacity(codes.len());
    for codes in codes.chunks(MANY) {
        let rows = product::Entity::find()
            .filter(product::Column::Province.eq(division(province)))
            .filter(product::Column::Code.is_in(codes.iter().copied()))
            .all(db)
            .await?;
        known.extend(rows.into_iter().map(product_of));
    }
    Ok(known)
}

/// Writes what changed of known products of a province.
pub fn update_products(batch: &mut Batch, province: Division, products: &[Product]) {
    let rows = products.iter().cloned().map(|product| row_of(province, product));
    let columns = [
        product::Column::Name,
        product::Column::Form,
        product::Column::Specification,
        product::Column::Unit,
        product::Column::ManufacturerId,
        product::Column::SearchTerms,
        product::Column::Initials,
    ];
    batch.upsert_counted(rows, &[product::Column::Id], &columns, product::Column::Version);
}

/// Writes agreements of hospitals: new ones, and what changed of known ones.
pub fn replace_agreements(batch: &mut Batch, agreements: &[(OrganisationId, Agreement)]) {
    let rows = agreements.iter().map(|(hospital, agreement)| agreement::Model {
        product_id: agreement.product.0,
        hospital_id: hospital.0,
        distributor_id: agreement.distributor.map(|id| id.0),
        agreed_quantity: agreement.agreed_quantity,
        version: 1,
        disabled_at: None,
    });
    let key = [agreement::Column::ProductId, agreement::Column::HospitalId];
    let columns = [agreement::Column::DistributorId, agreement::Column::AgreedQuantity];
    batch.upsert_counted(rows, &key, &columns, agreement::Column::Version);
}
