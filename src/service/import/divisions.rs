//! Importing divisions: new ones, and other names of known ones.
//!
//! **Never** takes one away.

use std::collections::{HashMap, HashSet};

use sea_orm::DatabaseTransaction;

use super::ledger::Ledger;
use crate::domain::import::{DivisionRow, Outcome, RowError};
use crate::domain::party::{Division, Level};
use crate::store;
use crate::store::divisions::{self, Named};

/// Rows per round of statements.
const ROWS: usize = 1_000;

pub(super) async fn apply(
    tx: &DatabaseTransaction,
    rows: &[DivisionRow],
    ledger: &mut Ledger,
) -> Result<(), store::Error> {
    let mut codes: Vec<Division> = rows.iter().map(|row| row.code).collect();
    codes.extend(rows.iter().map(|row| row.code.province()));
    codes.sort_unstable();
    codes.dedup();
    let known = divisions::names(tx, &codes).await?;
    let in_file: HashSet<Division> = rows.iter().map(|row| row.code).collect();
    let mut seen = HashMap::new();
    for rows in rows.chunks(ROWS) {
        let mut changed = Vec::new();
        for row in rows {
            if !ledger.is_first(&mut seen, row.code, (row.row, "code")) {
                continue;
            }
            let province = row.code.province();
            let is_placed = row.code.level() == Level::Province
                || known.contains_key(&province)
                || in_file.contains(&province);
            if !is_placed {
                let message = format!("there is no province {province}");
                ledger.refuse(RowError::new(row.row, "code", "unknown", message));
                continue;
            }
            let outcome = match known.get(&row.code) {
                Some(name) if *name == row.name => Outcome::Unchanged,
                Some(_) => Outcome::Updated,
                None => Outcome::Created,
            };
            if outcome != Outcome::Unchanged {
                changed.push(Named { code: row.code, name: row.name.clone() });
            }
            ledger.done(row.row, outcome);
        }
        if ledger.writes() {
            divisions::upsert(tx, &changed).await?;
        }
    }
    Ok(())
}
