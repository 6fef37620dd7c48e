//! The calendars that the layers make, each resolved once: a region's, and that of a manufacturer
//! with days of its own in a region.
//!
//! **Never** chooses down to which layer somebody counts; a policy says that.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::rulebook::{KeptEdit, KeptLayer};
use crate::domain::calendar::{Calendar, Layer, LayerOf};
use crate::domain::id::OrganisationId;
use crate::domain::party::Division;

/// Calendars of each sort that are kept ready beside the regions': each costs half a megabyte.
const MOST_EARLIER: usize = 16;
const MOST_OWN: usize = 128;

/// A region and a manufacturer with days of its own.
type Own = (Option<Division>, OrganisationId);

/// Every layer, and what they make.
#[derive(Debug)]
pub(super) struct Calendars {
    layers: Vec<KeptLayer>,
    /// By the region that has a layer of its own; `None` = where none has.
    regions: BTreeMap<Option<Division>, Arc<Calendar>>,
    /// Organisations with a layer of their own.
    organisations: BTreeSet<OrganisationId>,
    own: Mutex<HashMap<Own, Arc<Calendar>>>,
    /// Calendars that are not in force any more, by version.
    earlier: Mutex<HashMap<String, Arc<Calendar>>>,
}

impl Calendars {
    pub(super) fn of(layers: Vec<KeptLayer>) -> Self {
        let with_layer = layers.iter().filter_map(|kept| kept.of.region()).map(Some);
        let regions = with_layer
            .chain([None])
            .map(|region| (region, Arc::new(resolved(&chosen(&layers, region, None)))));
        Self {
            regions: regions.collect(),
            organisations: layers.iter().filter_map(|kept| kept.of.organisation()).collect(),
            own: Mutex::default(),
            earlier: Mutex::default(),
            layers,
        }
    }

    pub(super) fn layers(&self) -> &[KeptLayer] {
        &self.layers
    }

    /// The layers that make the calendar of a place, the highest first.
    pub(super) fn layers_of(
        &self,
        region: Option<Division>,
        organisation: Option<OrganisationId>,
    ) -> Vec<&KeptLayer> {
        chosen(&self.layers, region, organisation)
    }

    /// The calendar of a place: the nearest region's that has a layer of its own, with the
    /// organisation's days where it has some.
    pub(super) fn of_place(
        &self,
        region: Option<Division>,
        organisation: Option<OrganisationId>,
    ) -> Arc<Calendar> {
        let nearest = self.nearest(region);
        let own = organisation.filter(|one| self.organisations.contains(one));
        if let Some(organisation) = own {
            return self.own(nearest, organisation);
        }
        let known = self.regions.get(&nearest);
        known.map_or_else(|| Arc::new(resolved(&self.layers_of(nearest, None))), Arc::clone)
    }

    fn nearest(&self, region: Option<Division>) -> Option<Division> {
        let region = region?;
        let above = [region, region.city(), region.province()];
        above.into_iter().find(|region| self.regions.contains_key(&Some(*region)))
    }

    fn own(&self, region: Option<Division>, organisation: OrganisationId) -> Arc<Calendar> {
        let make = || resolved(&self.layers_of(region, Some(organisation)));
        kept_ready(&self.own, MOST_OWN, (region, organisation), || Some(make()))
            .unwrap_or_else(|| Arc::new(make()))
    }

    /// The calendar of a version like `CN-3+371000-2`, as it was then.
    pub(super) fn then(&self, version: &str, edits: &[KeptEdit]) -> Option<Arc<Calendar>> {
        let make = || {
            let layers = self.layers_then(version, edits)?;
            let (own, above): (Vec<_>, Vec<_>) =
                layers.iter().partition(|(of, _)| of.organisation().is_some());
            let above: Vec<_> = above.into_iter().map(|(_, layer)| layer).collect();
            let own = own.first().map(|(_, layer)| layer);
            Some(Calendar::layered_for(version, &above, own))
        };
        kept_ready(&self.earlier, MOST_EARLIER, version.to_owned(), make)
    }

    /// The layers of a version as they were then.
    fn layers_then(&self, version: &str, edits: &[KeptEdit]) -> Option<Vec<(LayerOf, Layer)>> {
        let layer = |part: &str| {
            let (place, number) = part.rsplit_once('-')?;
            let number: i32 = number.parse().ok()?;
            let kept = self.layers.iter().find(|kept| place_of(kept.of) == place)?;
            let later = edits.iter().rev().filter(|edit| edit.calendar == kept.id);
            let later: Vec<_> = later.take_while(|edit| edit.version > number).collect();
            let is_whole = i32::try_from(later.len()).is_ok_and(|n| kept.version - n == number);
            let undone =
                || later.iter().fold(kept.layer.clone(), |layer, edit| layer.before(&edit.change));
            is_whole.then(|| (kept.of, undone()))
        };
        version.split('+').map(layer).collect()
    }
}

/// What was made before, or what is made now.
fn kept_ready<K: Eq + std::hash::Hash>(
    kept: &Mutex<HashMap<K, Arc<Calendar>>>,
    most: usize,
    key: K,
    make: impl FnOnce() -> Option<Calendar>,
) -> Option<Arc<Calendar>> {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(&key) {
        return Some(Arc::clone(known));
    }
    let made = Arc::new(make()?);
    if kept.len() >= most {
        kept.clear();
    }
    kept.insert(key, Arc::clone(&made));
    Some(made)
}

/// A layer's name in a version.
fn place_of(of: LayerOf) -> String {
    match of {
        LayerOf::Nation => "CN".to_owned(),
        LayerOf::Region(region) => region.to_string(),
        LayerOf::Organisation(organisation) => format!("O{}", organisation.0.simple()),
    }
}

/// Those of the layers that count in a place, the highest first.
fn chosen(
    layers: &[KeptLayer],
    region: Option<Division>,
    organisation: Option<OrganisationId>,
) -> Vec<&KeptLayer> {
    let counts = |layer: &&KeptLayer| match layer.of {
        LayerOf::Nation => true,
        LayerOf::Region(own) => region.is_some_and(|region| region.is_within(own)),
        LayerOf::Organisation(own) => organisation == Some(own),
    };
    let mut chosen: Vec<_> = layers.iter().filter(counts).collect();
    // Of two regions one lies in the other, and its code is the higher number.
    chosen.sort_by_key(|kept| kept.of);
    chosen
}

fn resolved(layers: &[&KeptLayer]) -> Calendar {
    let names = layers.iter().map(|kept| format!("{}-{}", place_of(kept.of), kept.version));
    let version = names.collect::<Vec<_>>().join("+");
    let is_own = |kept: &&&KeptLayer| kept.of.organisation().is_some();
    let above: Vec<&Layer> =
        layers.iter().filter(|kept| !is_own(kept)).map(|kept| &kept.layer).collect();
    Calendar::layered_for(version, &above, layers.iter().find(is_own).map(|kept| &kept.layer))
}
