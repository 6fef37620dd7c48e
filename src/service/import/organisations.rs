//! Importing organisations.
//!
//! **Never** renames one: kind, division and name are what it is known by.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::ledger::Ledger;
use crate::domain::id::OrganisationId;
use crate::domain::import::{OrganisationRow, Outcome, RowError};
use crate::domain::party::{Division, Organisation, OrganisationKind};
use crate::store::accounts::ListedOrganisation;
use crate::store::{self, accounts, divisions, imports};

/// Rows per round of statements.
const ROWS: usize = 1_000;

/// What is known of a kind of organisation.
#[derive(Default)]
struct Known {
    by_name: HashMap<(Division, String), ListedOrganisation>,
    by_code: HashMap<String, OrganisationId>,
}

impl Known {
    async fn of(tx: &DatabaseTransaction, kind: OrganisationKind) -> Result<Self, store::Error> {
        let mut known = Self::default();
        for one in imports::kept_houses(tx, kind).await? {
            if let Some(code) = one.institution_code.clone().filter(|_| one.merged_into.is_none()) {
                known.by_code.insert(code, one.organisation.id);
            }
            let key = (one.organisation.division, one.organisation.name.clone());
            known.by_name.insert(key, one);
        }
        Ok(known)
    }

    /// What the row makes of the organisation, and what becomes of that.
    fn judge(&mut self, row: &OrganisationRow) -> Result<(ListedOrganisation, Outcome), RowError> {
        let before = self.by_name.get(&(row.division, row.name.clone()));
        let id = before.map_or_else(|| OrganisationId(Uuid::now_v7()), |one| one.organisation.id);
        if let Some(code) = &row.institution_code {
            let owner = *self.by_code.entry(code.clone()).or_insert(id);
            if owner != id {
                let message = "another organisation has this code";
                return Err(RowError::new(row.row, "institution_code", "taken", message));
            }
        }
        let Some(before) = before else {
            let organisation =
                Organisation { id, kind: row.kind, name: row.name.clone(), division: row.division };
            let new = ListedOrganisation {
                organisation,
                disabled_at: None,
                credit_code: row.credit_code.clone(),
                institution_code: row.institution_code.clone(),
                merged_into: None,
                version: 1,
            };
            return Ok((new, Outcome::Created));
        };
        let mut after = before.clone();
        // What was merged keeps what it was.
        if after.merged_into.is_none() {
            after.credit_code = row.credit_code.clone().or(after.credit_code);
            after.institution_code = row.institution_code.clone().or(after.institution_code);
        }
        let is_same = after.credit_code == before.credit_code
            && after.institution_code == before.institution_code;
        Ok((after, if is_same { Outcome::Unchanged } else { Outcome::Updated }))
    }
}

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
    let mut known: HashMap<OrganisationKind, Known> = HashMap::new();
    let mut seen = HashMap::new();
    for rows in rows.chunks(ROWS) {
        let (mut new, mut changed) = (Vec::new(), Vec::new());
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
            let known = match known.entry(row.kind) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => entry.insert(Known::of(tx, row.kind).await?),
            };
            match known.judge(row) {
                Ok((after, outcome)) => {
                    match outcome {
                        Outcome::Created => new.push(after),
                        Outcome::Updated => changed.push(after),
                        Outcome::Unchanged => {}
                    }
                    ledger.done(row.row, outcome);
                }
                Err(error) => ledger.refuse(error),
            }
        }
        if ledger.writes() {
            accounts::insert_all_kept(tx, &new, at).await?;
            for one in &changed {
                accounts::replace_kept(tx, one).await?;
            }
        }
    }
    Ok(())
}
