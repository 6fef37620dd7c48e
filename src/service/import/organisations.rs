//! Importing organisations.
//!
//! **Never** renames one: kind, division and name are what it is known by.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::ledger::Ledger;
use crate::domain::id::OrganisationId;
use crate::domain::import::{OrganisationRow, Outcome, RowError};
use crate::domain::party::{Division, Organisation, OrganisationKind};
use crate::store::{self, accounts, divisions, imports};

/// Rows per round of statements.
const ROWS: usize = 1_000;

pub(super) async fn apply(
    tx: &DatabaseTransaction,
    rows: &[OrganisationRow],
    at: DateTime<Utc>,
    ledger: &mut Ledger,
) -> Result<(), store::Error> {
    let mut places: Vec<Division> = rows.iter().map(|row| row.division).collect();
    places.sort_unstable();
    places.dedup();
    let places = divisions::names(tx, &places).await?;
    let mut known: HashMap<OrganisationKind, HashSet<(Division, String)>> = HashMap::new();
    let mut seen = HashMap::new();
    for rows in rows.chunks(ROWS) {
        let mut new = Vec::new();
        for row in rows {
            let key = (row.kind, row.division, row.name.as_str());
            if !ledger.is_first(&mut seen, key, (row.row, "name")) {
                continue;
            }
            if !places.contains_key(&row.division) {
                let message = "nobody knows this code; a new division is imported first";
                ledger.refuse(RowError::new(row.row, "division", "unknown", message));
                continue;
            }
            if let Entry::Vacant(entry) = known.entry(row.kind) {
                let houses = imports::houses(tx, row.kind).await?;
                let keys = houses.into_iter().map(|house| (house.division, house.name));
                entry.insert(keys.collect());
            }
            let key = (row.division, row.name.clone());
            let is_known = known.get(&row.kind).is_some_and(|known| known.contains(&key));
            if !is_known {
                new.push(Organisation {
                    id: OrganisationId(Uuid::now_v7()),
                    kind: row.kind,
                    name: row.name.clone(),
                    division: row.division,
                });
            }
            ledger.done(row.row, if is_known { Outcome::Unchanged } else { Outcome::Created });
        }
        if ledger.writes() {
            accounts::insert_organisations(tx, &new, at).await?;
        }
    }
    Ok(())
}
