//! Divisions as people call them.
//!
//! **Never** shows a code that has a name without it.

use std::collections::HashMap;

use super::shell::Shell;
use crate::domain::party::Division;
use crate::service::{Error, catalogue};
use crate::web::site::Site;

/// The names of some divisions.
#[derive(Debug)]
pub(super) struct Places(HashMap<Division, String>);

impl Places {
    /// The names of these.
    pub(super) async fn of(
        site: &Site,
        divisions: impl IntoIterator<Item = Division>,
    ) -> Result<Self, Error> {
        let mut divisions: Vec<_> = divisions.into_iter().collect();
        divisions.sort_unstable();
        divisions.dedup();
        Ok(Self(catalogue::division_names(&site.app, &divisions).await?))
    }

    /// A division's name with its code; the code alone where nobody knows a name.
    pub(super) fn name(&self, division: Division) -> String {
        match self.0.get(&division) {
            Some(name) => format!("{name} {division}"),
            None => division.to_string(),
        }
    }

    /// The same; no division is the whole nation.
    pub(super) fn region(&self, shell: &Shell, division: Option<Division>) -> String {
        division.map_or_else(|| shell.t("page-nation"), |division| self.name(division))
    }
}
