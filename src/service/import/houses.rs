//! Which organisation a name in a table means.
//!
//! **Never** takes one of two of the same name.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;

use super::ledger::Ledger;
use crate::domain::import::{Named, RowError};
use crate::domain::party::{Organisation, OrganisationKind};
use crate::store::{self, imports};

/// The organisations of a kind by their names.
pub(super) struct Houses {
    by_name: HashMap<String, Vec<Organisation>>,
}

impl Houses {
    /// Every organisation of a kind.
    pub(super) async fn of(
        db: &impl ConnectionTrait,
        kind: OrganisationKind,
    ) -> Result<Self, store::Error> {
        let mut by_name: HashMap<String, Vec<Organisation>> = HashMap::new();
        for house in imports::houses(db, kind).await? {
            by_name.entry(house.name.clone()).or_default().push(house);
        }
        Ok(Self { by_name })
    }

    /// The organisation meant in a row; `None` when the row was refused.
    pub(super) fn find(
        &self,
        named: &Named,
        row: u32,
        ledger: &mut Ledger,
    ) -> Option<&Organisation> {
        let known = self.by_name.get(&named.name).map(Vec::as_slice).unwrap_or_default();
        let is_there = |house: &&Organisation| named.division.is_none_or(|d| d == house.division);
        let mut found = known.iter().filter(is_there);
        let refusal = match (found.next(), found.next()) {
            (Some(one), None) => return Some(one),
            (Some(_), Some(_)) => {
                ("ambiguous", "several organisations have this name: give its division")
            }
            (None, _) if known.is_empty() => {
                ("unknown", "there is no such organisation of the right kind: import it first")
            }
            (None, _) => ("unknown", "the organisation of this name lies in another division"),
        };
        ledger.refuse(RowError::new(row, named.column, refusal.0, refusal.1));
        None
    }
}
