//! The calendars and policies in force, ready to be counted with.
//!
//! **Never** edited in place: an edit makes another rulebook.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use uuid::Uuid;

use super::Error;
use super::calendars::Calendars;
use crate::domain::calendar::{Calendar, Layer, LayerChange, LayerOf, local_date};
use crate::domain::id::{CalendarId, OrganisationId, PolicyId};
use crate::domain::party::Division;
use crate::domain::policy::{self, CalendarLayer, Policy, is_in_force};
use crate::domain::ticket::{Category, Ticket};
use crate::store::divisions;
use crate::store::rulebook;
pub use crate::store::rulebook::{KeptEdit, KeptLayer};
use crate::store::{self, Store};

/// The nation's layer.
const NATION: CalendarId = CalendarId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002));

/// Every layer and policy, with the calendars resolved region by region.
#[derive(Debug)]
pub struct Rulebook {
    /// Counts the edits of everything in it.
    version: i64,
    calendars: Calendars,
    policies: Vec<Policy>,
    default: Policy,
    edits: Vec<KeptEdit>,
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
    /// True when it ends, or has ended, and somebody must say what applies then.
    pub undecided: bool,
    /// The highest number among its region's versions.
    pub edition: u32,
}

impl<'a> PolicyView<'a> {
    /// A policy among all, as it stands on `date`.
    #[must_use]
    pub fn of(policies: &[Policy], policy: &'a Policy, date: NaiveDate) -> Self {
        Self {
            policy,
            in_force: is_in_force(policies, policy, date),
            lapsed: policy.has_lapsed(date),
            undecided: policy::awaits_decision(policies, policy, date),
            edition: policy::edition(policies, policy.division),
        }
    }
}

impl Rulebook {
    /// Reads the rulebook.
    ///
    /// # Errors
    /// [`store::Error`] when the database fails or a row is corrupt.
    pub async fn load(db: &impl ConnectionTrait) -> Result<Self, store::Error> {
        // Read first: what changes meanwhile is read again.
        let version = rulebook::version(db).await?;
        let layers = rulebook::layers(db).await?;
        let mut policies = rulebook::policies(db).await?;
        // The tenth version comes after the second.
        policies.sort_by_key(|one| (policy::prefix(one.division), one.number()));
        let edits = rulebook::edits(db).await?;
        Ok(Self::of(version, layers, policies, edits))
    }

    fn of(
        version: i64,
        layers: Vec<KeptLayer>,
        policies: Vec<Policy>,
        edits: Vec<KeptEdit>,
    ) -> Self {
        let (calendars, default) = (Calendars::of(layers), Policy::national());
        Self { version, calendars, policies, edits, default }
    }

    /// Counts the edits of everything in it.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The same with another version of a layer, by what changed in it.
    #[must_use]
    pub fn with_layer(&self, edited: &KeptLayer, change: &LayerChange) -> Self {
        let mut layers = self.layers().to_vec();
        for kept in layers.iter_mut().filter(|kept| kept.id == edited.id) {
            *kept = edited.clone();
        }
        let (calendar, version) = (edited.id, edited.version);
        let mut edits = self.edits.clone();
        edits.push(KeptEdit { calendar, version, change: change.clone() });
        Self::of(self.version + 1, layers, self.policies.clone(), edits)
    }

    /// Writes the shipped calendar into a database that has none.
    ///
    /// # Errors
    /// [`store::Error::Driver`].
    pub async fn seed(store: &Store, nation: Layer) -> Result<(), store::Error> {
        let kept = KeptLayer {
            id: NATION,
            name: "国务院办公厅放假安排".to_owned(),
            of: LayerOf::Nation,
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

    /// Writes the shipped policies that a database lacks; a version that is there stays as it is.
    ///
    /// # Errors
    /// [`store::Error::Driver`], [`store::Error::Corrupt`].
    pub async fn seed_policies(store: &Store, shipped: Vec<Policy>) -> Result<(), store::Error> {
        let shipped = Arc::new(shipped);
        let seeded = store.write(move |tx| {
            let shipped = Arc::clone(&shipped);
            Box::pin(async move {
                let there = rulebook::policies(tx).await?;
                let is_there = |one: &Policy| there.iter().any(|own| own.version == one.version);
                for policy in shipped.iter().filter(|policy| !is_there(policy)) {
                    // Another replica that starts now may be first: then its rows are found.
                    rulebook::insert_policy(tx, policy).await.map_err(|error| {
                        if error.is_duplicate() { store::Error::Stale } else { error }
                    })?;
                }
                Ok(())
            })
        });
        seeded.await
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
        self.calendars.layers()
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
        let view = |policy| PolicyView::of(&self.policies, policy, date);
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
        self.calendars.of_place(Some(division), None)
    }

    /// The calendar that a policy counts with in a division, or where no region differs, for a
    /// manufacturer: no layer below the one it names.
    #[must_use]
    pub fn calendar_for(
        &self,
        policy: &Policy,
        division: impl Into<Option<Division>>,
        manufacturer: Option<OrganisationId>,
    ) -> Arc<Calendar> {
        let (region, own) = reach(policy, division.into(), manufacturer);
        self.calendars.of_place(region, own)
    }

    /// The calendar that a ticket's deadlines are counted with.
    #[must_use]
    pub fn calendar_of(&self, ticket: &Ticket) -> Arc<Calendar> {
        self.calendar_for(self.policy_ruling(ticket), ticket.division, Some(ticket.manufacturer))
    }

    /// The layers of that calendar, the nation's first.
    #[must_use]
    pub fn layers_of(&self, ticket: &Ticket) -> Vec<&KeptLayer> {
        let policy = self.policy_ruling(ticket);
        let (region, own) = reach(policy, Some(ticket.division), Some(ticket.manufacturer));
        self.calendars.layers_of(region, own)
    }

    /// The calendar that a layer makes with those above it. An organisation's is shown on the
    /// nation's: which regions come between is the hospital's, ticket by ticket.
    #[must_use]
    pub fn calendar_from(&self, of: LayerOf) -> Arc<Calendar> {
        self.calendars.of_place(of.region(), of.organisation())
    }

    /// The calendar of a ticket as it was in a version that a deadline remembers; the one in force
    /// where that version is unknown.
    #[must_use]
    pub fn calendar_then(&self, version: &str, ticket: &Ticket) -> Arc<Calendar> {
        let current = self.calendar_of(ticket);
        if current.version() == version {
            return current;
        }
        self.calendars.then(version, &self.edits).unwrap_or(current)
    }

    /// The nation's calendar.
    #[must_use]
    pub fn nation(&self) -> Arc<Calendar> {
        self.calendars.of_place(None, None)
    }

    /// The policy that rules tickets of a category filed in `division` at `at`; without a
    /// category, the one for whatever no policy names.
    #[must_use]
    pub fn policy(
        &self,
        division: Option<Division>,
        category: Option<Category>,
        at: DateTime<Utc>,
    ) -> &Policy {
        let date = local_date(at);
        let found = match division {
            Some(division) => policy::ruling(&self.policies, division, category, date),
            None => policy::ruling_nation(&self.policies, category, date),
        };
        found.unwrap_or(&self.default)
    }

    /// The policy a ticket remembers.
    #[must_use]
    pub fn policy_of(&self, version: &str) -> &Policy {
        self.policies.iter().find(|policy| policy.version == version).unwrap_or(&self.default)
    }

    fn policy_ruling(&self, ticket: &Ticket) -> &Policy {
        let version = ticket.deadlines.first().map(|deadline| deadline.policy_version.as_str());
        self.policy_of(version.unwrap_or_default())
    }

    /// What made a version of a layer of the one before it.
    #[must_use]
    pub fn change(&self, calendar: CalendarId, version: i32) -> Option<&LayerChange> {
        let its = |edit: &&KeptEdit| edit.calendar == calendar && edit.version == version;
        self.edits.iter().find(its).map(|edit| &edit.change)
    }

    /// A layer by its id.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn layer(&self, id: CalendarId) -> Result<&KeptLayer, Error> {
        self.layers().iter().find(|layer| layer.id == id).ok_or(Error::NotFound)
    }
}

async fn seed_in(tx: &DatabaseTransaction, kept: &KeptLayer) -> Result<(), store::Error> {
    if rulebook::layers(tx).await?.is_empty() {
        rulebook::insert_layer(tx, kept).await?;
    }
    Ok(())
}

/// The region and the manufacturer whose days a policy counts with.
fn reach(
    policy: &Policy,
    division: Option<Division>,
    manufacturer: Option<OrganisationId>,
) -> (Option<Division>, Option<OrganisationId>) {
    match policy.calendar_layer {
        CalendarLayer::Nation => (None, None),
        CalendarLayer::Province => (division.map(Division::province), None),
        CalendarLayer::City => (division.map(Division::city), None),
        CalendarLayer::County => (division, None),
        CalendarLayer::Organisation => (division, manufacturer),
    }
}
