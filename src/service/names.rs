//! What people and organisations are called, for whatever mentions them.
//!
//! **Never** asks for the same name twice, and not at all where nobody is mentioned.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;

use super::Error;
use crate::domain::id::{OrganisationId, UserId};
use crate::store::accounts;

/// Names by id.
#[derive(Debug, Default)]
pub(super) struct Names {
    people: HashMap<UserId, String>,
    houses: HashMap<OrganisationId, String>,
}

impl Names {
    /// The names of these people and organisations.
    pub(super) async fn read(
        db: &impl ConnectionTrait,
        people: impl IntoIterator<Item = UserId>,
        houses: impl IntoIterator<Item = OrganisationId>,
    ) -> Result<Self, Error> {
        let (people, houses) = (once_each(people), once_each(houses));
        let mut names = Self::default();
        if !people.is_empty() {
            names.people = accounts::user_names(db, &people).await?.into_iter().collect();
        }
        if !houses.is_empty() {
            let houses = accounts::organisations(db, &houses).await?.into_iter();
            names.houses = houses.map(|house| (house.id, house.name)).collect();
        }
        Ok(names)
    }

    /// A person's name; empty for who is unknown.
    pub(super) fn person(&self, id: UserId) -> String {
        self.people.get(&id).cloned().unwrap_or_default()
    }

    /// An organisation's name; empty for one that is unknown.
    pub(super) fn house(&self, id: OrganisationId) -> String {
        self.houses.get(&id).cloned().unwrap_or_default()
    }
}

fn once_each<T: Ord>(ids: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut ids: Vec<T> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
