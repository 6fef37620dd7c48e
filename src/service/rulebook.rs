//! The calendars and policies in force, ready to be counted with.
//!
//! **Never** edited in place: an edit makes another rulebook.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::Error;
use crate::domain::calendar::{Calendar, Layer, local_date};
use crate::domain::id::{CalendarId, PolicyId};
use crate::domain::party::Division;
use crate::domain::policy::{Policy, is_in_force, ruling};
use crate::store::divisions;
use crate::store::rulebook;
pub use crate::store::rulebook::KeptLayer;
use crate::store::{self, Store};

/// The nation's layer.
const NATION: CalendarId = CalendarId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002));

/// Every layer and policy, with the calendars resolved region by region.
#[derive(Debug)]
pub struct Rulebook {
    layers: Vec<KeptLayer>,
    /// By the region that has a layer of its own; `None` = where none has.
    calendars: BTreeMap<Option<Division>, Arc<Calendar>>,
    policies: Vec<Policy>,
    default: Policy,
}

/// A policy and how it stands.
#[derive(Debug, Clone, Copy)]
pub struct PolicyView<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// True when it rules what is filed in its region now.
    pub in_force: bool,
    /// True when its last filing date has passed.
    pub lapsed: bool,
}

impl Rulebook {
    /// Reads the rulebook.
    ///
    /// # Errors
    /// [`store::Error`] when the database fails or a row is corrupt.
    pub async fn load(store: &Store) -> Result<Self, store::Error> {
        let layers = rulebook::layers(store.read()).await?;
        let policies = rulebook::policies(store.read()).await?;
        let mut calendars = BTreeMap::new();
        for region in layers.iter().map(|layer| layer.division).chain([None]) {
            calendars.insert(region, Arc::new(resolved(&layers, region)));
        }
        Ok(Self { layers, calendars, policies, default: Policy::national() })
    }

    /// Writes the shipped calendar and the national policy into a database that has none.
    ///
    /// # Errors
    /// [`store::Error::Driver`].
    pub async fn seed(store: &Store, nation: Layer) -> Result<(), store::Error> {
        let kept = KeptLayer {
            id: NATION,
            name: "国务院办公厅放假安排".to_owned(),
            division: None,
            version: 1,
            layer: nation,
        };
        store
            .write(move |tx| {
                let kept = kept.clone();
                Box::pin(async move {
                    // Another replica that starts now may be first: then its rows are found.
                    seed_in(tx, &kept).await.map_err(|error| {
                        if error.is_duplicate() { store::Error::Stale } else { error }
                    })
                })
            })
            .await
    }

    /// Writes the shipped divisions into a database that has none.
    ///
    /// # Errors
    /// [`store::Error::Driver`].
    pub async fn seed_divisions(
        store: &Store,
        shipped: Vec<(Division, String)>,
    ) -> Result<(), store::Error> {
        let named = shipped.into_iter().map(|(code, name)| divisions::Named { code, name });
        let named: Arc<Vec<_>> = Arc::new(named.collect());
        let seeded = store.write(move |tx| {
            let named = Arc::clone(&named);
            Box::pin(async move {
                if divisions::is_empty(tx).await? {
                    divisions::upsert(tx, &named).await?;
                }
                Ok(())
            })
        });
        seeded.await
    }

    /// The layers, the nation's first.
    #[must_use]
    pub fn layers(&self) -> &[KeptLayer] {
        &self.layers
    }

    /// Every policy.
    #[must_use]
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// Every policy as it stands at `at`, by version.
    #[must_use]
    pub fn policy_views(&self, at: DateTime<Utc>) -> Vec<PolicyView<'_>> {
        let date = local_date(at);
        let view = |policy| PolicyView {
            policy,
            in_force: is_in_force(&self.policies, policy, date),
            lapsed: policy.has_lapsed(date),
        };
        self.policies.iter().map(view).collect()
    }

    /// A policy by its id, as it stands at `at`.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn policy_view(&self, id: PolicyId, at: DateTime<Utc>) -> Result<PolicyView<'_>, Error> {
        let found = self.policy_views(at).into_iter().find(|view| view.policy.id == id);
        found.ok_or(Error::NotFound)
    }

    /// The calendar of a division: the nearest region's that has a layer of its own.
    #[must_use]
    pub fn calendar(&self, division: Division) -> Arc<Calendar> {
        let regions = [Some(division), Some(division.city()), Some(division.province()), None];
        let nearest = regions.iter().find_map(|region| self.calendars.get(region));
        nearest.map_or_else(|| Arc::new(resolved(&self.layers, None)), Arc::clone)
    }

    /// The nation's calendar.
    #[must_use]
    pub fn nation(&self) -> Arc<Calendar> {
        let nation = self.calendars.get(&None);
        nation.map_or_else(|| Arc::new(resolved(&self.layers, None)), Arc::clone)
    }

    /// The policy that rules tickets filed in `division` at `at`.
    #[must_use]
    pub fn policy(&self, division: Option<Division>, at: DateTime<Utc>) -> &Policy {
        let date = local_date(at);
        let national = |policy: &&Policy| {
            policy.division.is_none() && is_in_force(&self.policies, policy, date)
        };
        let found = match division {
            Some(division) => ruling(&self.policies, division, date),
            None => self.policies.iter().find(national),
        };
        found.unwrap_or(&self.default)
    }

    /// The policy a ticket remembers.
    #[must_use]
    pub fn policy_of(&self, version: &str) -> &Policy {
        self.policies.iter().find(|policy| policy.version == version).unwrap_or(&self.default)
    }

    /// A layer by its id.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn layer(&self, id: CalendarId) -> Result<&KeptLayer, Error> {
        self.layers.iter().find(|layer| layer.id == id).ok_or(Error::NotFound)
    }
}

async fn seed_in(tx: &DatabaseTransaction, kept: &KeptLayer) -> Result<(), store::Error> {
    if rulebook::layers(tx).await?.is_empty() {
        rulebook::insert_layer(tx, kept).await?;
    }
    if rulebook::policies(tx).await?.is_empty() {
        rulebook::insert_policy(tx, &Policy::national()).await?;
    }
    Ok(())
}

fn resolved(layers: &[KeptLayer], region: Option<Division>) -> Calendar {
    let counts = |layer: &&KeptLayer| match (layer.division, region) {
        (None, _) => true,
        (Some(own), Some(region)) => region.is_within(own),
        (Some(_), None) => false,
    };
    let mut chosen: Vec<_> = layers.iter().filter(counts).collect();
    chosen.sort_by_key(|layer| layer.division.map(Division::level).map(std::cmp::Reverse));
    let names = chosen.iter().map(|layer| {
        let place = layer.division.map_or_else(|| "CN".to_owned(), |division| division.to_string());
        format!("{place}-{}", layer.version)
    });
    let version = names.collect::<Vec<_>>().join("+");
    let chosen: Vec<&Layer> = chosen.iter().map(|kept| &kept.layer).collect();
    Calendar::layered(version, &chosen)
}
