//! Importing products.
//!
//! **Never** moves a product to another province: there its code is another product's.

use std::collections::HashMap;

use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::houses::Houses;
use super::ledger::Ledger;
use super::reading::grouped;
use crate::domain::id::{OrganisationId, ProductId};
use crate::domain::import::{Outcome, ProductRow};
use crate::domain::party::{Division, OrganisationKind};
use crate::store::catalogue::{self, Product};
use crate::store::{self, Batch, imports};

/// Rows per round of statements.
const ROWS: usize = 1_000;

pub(super) async fn apply(
    tx: &DatabaseTransaction,
    rows: &[ProductRow],
    ledger: &mut Ledger,
) -> Result<(), store::Error> {
    let makers = Houses::of(tx, OrganisationKind::Manufacturer).await?;
    let mut seen = HashMap::new();
    for rows in rows.chunks(ROWS) {
        for (province, rows) in grouped(rows, |row: &ProductRow| row.province) {
            let codes: Vec<&str> = rows.iter().map(|row| row.code.as_str()).collect();
            let known = imports::products_by_code(tx, province, &codes).await?;
            let known: HashMap<&str, &Product> =
                known.iter().map(|product| (product.code.as_str(), product)).collect();
            let (mut new, mut changed) = (Vec::new(), Vec::new());
            for row in rows {
                let maker = makers.find(&row.manufacturer, row.row, ledger);
                let key = (province, row.code.as_str());
                let is_first = ledger.is_first(&mut seen, key, (row.row, "code"));
                let Some(maker) = maker.filter(|_| is_first) else { continue };
                let before = known.get(row.code.as_str()).copied();
                let after = product(row, before, maker.id);
                let outcome = match before {
                    Some(before) if *before == after => Outcome::Unchanged,
                    Some(_) => Outcome::Updated,
                    None => Outcome::Created,
                };
                match outcome {
                    Outcome::Created => new.push(after),
                    Outcome::Updated => changed.push(after),
                    Outcome::Unchanged => {}
                }
                ledger.done(row.row, outcome);
            }
            if ledger.writes() {
                write(tx, province, &new, &changed).await?;
            }
        }
    }
    Ok(())
}

fn product(row: &ProductRow, before: Option<&Product>, manufacturer: OrganisationId) -> Product {
    Product {
        id: before.map_or_else(|| ProductId(Uuid::now_v7()), |before| before.id),
        code: row.code.clone(),
        name: row.name.clone(),
        form: row.form.clone(),
        specification: row.specification.clone(),
        unit: row.unit.clone(),
        manufacturer,
    }
}

async fn write(
    tx: &DatabaseTransaction,
    province: Division,
    new: &[Product],
    changed: &[Product],
) -> Result<(), store::Error> {
    catalogue::insert(tx, province, new).await?;
    let mut batch = Batch::on(tx);
    imports::update_products(&mut batch, province, changed);
    batch.run(tx).await
}
