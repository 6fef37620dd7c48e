//! Importing agreements.
//!
//! **Never** takes a product from another province's catalogue than the hospital's.

use std::collections::HashMap;

use sea_orm::DatabaseTransaction;

use super::houses::Houses;
use super::ledger::Ledger;
use crate::domain::id::{OrganisationId, ProductId};
use crate::domain::import::{AgreementRow, Outcome, RowError};
use crate::domain::party::{Organisation, OrganisationKind};
use crate::store::catalogue::{self, Agreement};
use crate::store::{self, Batch, imports};

/// Rows per round of statements.
const ROWS: usize = 1_000;

pub(super) async fn apply(
    tx: &DatabaseTransaction,
    rows: &[AgreementRow],
    ledger: &mut Ledger,
) -> Result<(), store::Error> {
    let hospitals = Houses::of(tx, OrganisationKind::Hospital).await?;
    let distributors = Houses::of(tx, OrganisationKind::Distributor).await?;
    let mut by_hospital: HashMap<OrganisationId, (&Organisation, Vec<&AgreementRow>)> =
        HashMap::new();
    for row in rows {
        if let Some(hospital) = hospitals.find(&row.hospital, row.row, ledger) {
            by_hospital.entry(hospital.id).or_insert((hospital, Vec::new())).1.push(row);
        }
    }
    let mut judge = Judge { distributors, seen: HashMap::new(), ledger };
    let mut batch = Batch::on(tx);
    let mut waiting = 0;
    for (hospital, rows) in by_hospital.into_values() {
        for rows in rows.chunks(ROWS) {
            let written = judge.rows(tx, hospital, rows).await?;
            waiting += written.len();
            imports::replace_agreements(&mut batch, &written);
        }
        if waiting >= ROWS && judge.ledger.writes() {
            std::mem::replace(&mut batch, Batch::on(tx)).run(tx).await?;
            waiting = 0;
        }
    }
    if judge.ledger.writes() { batch.run(tx).await } else { Ok(()) }
}

/// Judges the rows, hospital by hospital.
struct Judge<'a, 'r> {
    distributors: Houses,
    seen: HashMap<(OrganisationId, &'r str), u32>,
    ledger: &'a mut Ledger,
}

impl<'r> Judge<'_, 'r> {
    /// The rows of one hospital that say something new.
    async fn rows(
        &mut self,
        tx: &DatabaseTransaction,
        hospital: &Organisation,
        rows: &[&'r AgreementRow],
    ) -> Result<Vec<(OrganisationId, Agreement)>, store::Error> {
        let codes: Vec<&str> = rows.iter().map(|row| row.product_code.as_str()).collect();
        let province = hospital.division.province();
        let products = imports::products_by_code(tx, province, &codes).await?;
        let products: HashMap<&str, ProductId> =
            products.iter().map(|product| (product.code.as_str(), product.id)).collect();
        let ids: Vec<ProductId> = products.values().copied().collect();
        let known = catalogue::agreements(tx, hospital.id, &ids).await?;
        let known: HashMap<ProductId, Agreement> =
            known.into_iter().map(|agreement| (agreement.product, agreement)).collect();
        let ledger = &mut *self.ledger;
        let mut written = Vec::new();
        for row in rows {
            let product = products.get(row.product_code.as_str()).copied();
            if product.is_none() {
                let message = format!("this code is not in the catalogue of {province}");
                ledger.refuse(RowError::new(row.row, "product_code", "unknown", message));
            }
            let named = row.distributor.as_ref();
            let distributor = named.map(|named| self.distributors.find(named, row.row, ledger));
            let key = (hospital.id, row.product_code.as_str());
            let is_first = ledger.is_first(&mut self.seen, key, (row.row, "product_code"));
            let (Some(product), true, false) = (product, is_first, distributor == Some(None))
            else {
                continue;
            };
            let distributor = distributor.flatten().map(|house| house.id);
            let agreement =
                Agreement { product, distributor, agreed_quantity: row.agreed_quantity };
            let outcome = match known.get(&product) {
                Some(before) if *before == agreement => Outcome::Unchanged,
                Some(_) => Outcome::Updated,
                None => Outcome::Created,
            };
            if outcome != Outcome::Unchanged {
                written.push((hospital.id, agreement));
            }
            ledger.done(row.row, outcome);
        }
        Ok(written)
    }
}
