//! Changing a layer of the calendar, and telling what a change was.
//!
//! **Never** forgets what stood there before: every change can be undone, and every earlier
//! version of a layer told again.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Day, Layer, LayerOf};
use crate::domain::holiday::Material;

/// What an administrator changes in a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// A day is set.
    Day(Day),
    /// A day is again what the plain week, or the layer above, says.
    Clear(NaiveDate),
    /// A year, or some days, as a file or a notice names them.
    Learn(Material),
    /// An earlier change is taken back.
    Undo(LayerChange),
}

/// A day of a layer before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayChange {
    /// The civil date in Shanghai.
    pub date: NaiveDate,
    /// What the layer said.
    pub before: Option<Day>,
    /// What it says now.
    pub after: Option<Day>,
}

/// What a change did to a layer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerChange {
    /// The days that it changed, by date.
    pub days: Vec<DayChange>,
    /// The years that it published.
    pub published: BTreeSet<i32>,
    /// The years that are not published any more.
    pub withdrawn: BTreeSet<i32>,
}

impl LayerChange {
    /// What makes `after` of `before`.
    #[must_use]
    pub fn between(before: &Layer, after: &Layer) -> Self {
        let dates: BTreeSet<_> = before.days.keys().chain(after.days.keys()).copied().collect();
        let change = |date: NaiveDate| {
            let (before, after) = (before.days.get(&date), after.days.get(&date));
            let (before, after) = (before.cloned(), after.cloned());
            (before != after).then_some(DayChange { date, before, after })
        };
        Self {
            days: dates.into_iter().filter_map(change).collect(),
            published: after.published.difference(&before.published).copied().collect(),
            withdrawn: before.published.difference(&after.published).copied().collect(),
        }
    }

    /// True where nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.days.is_empty() && self.published.is_empty() && self.withdrawn.is_empty()
    }

    /// The change that takes this one back.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let reversed = |day: &DayChange| DayChange {
            date: day.date,
            before: day.after.clone(),
            after: day.before.clone(),
        };
        Self {
            days: self.days.iter().map(reversed).collect(),
            published: self.withdrawn.clone(),
            withdrawn: self.published.clone(),
        }
    }

    /// The dates where the layer is not any more as this change left it: it cannot be taken back.
    #[must_use]
    pub fn overtaken(&self, layer: &Layer) -> Vec<NaiveDate> {
        let is_other = |day: &&DayChange| layer.days.get(&day.date) != day.after.as_ref();
        self.days.iter().filter(is_other).map(|day| day.date).collect()
    }

    fn apply(&self, layer: &mut Layer) {
        for day in &self.days {
            match &day.after {
                Some(after) => drop(layer.days.insert(day.date, after.clone())),
                None => drop(layer.days.remove(&day.date)),
            }
        }
        layer.published.retain(|year| !self.withdrawn.contains(year));
        layer.published.extend(&self.published);
    }
}

impl Layer {
    /// The layer after an edit.
    #[must_use]
    pub fn edited(&self, edit: &Edit) -> Self {
        let mut layer = self.clone();
        match edit {
            Edit::Day(day) => drop(layer.days.insert(day.date, day.clone())),
            Edit::Clear(date) => drop(layer.days.remove(date)),
            Edit::Learn(material) => layer.learn(material.clone()),
            Edit::Undo(change) => change.reversed().apply(&mut layer),
        }
        layer
    }

    /// The same, for whose layer it is: the nation alone publishes years. A year's file names the
    /// days of a region, or of an organisation, in that year, and publishes nothing there.
    #[must_use]
    pub fn edited_for(&self, of: LayerOf, edit: &Edit) -> Self {
        let mut layer = self.edited(edit);
        if of != LayerOf::Nation {
            layer.published.retain(|year| self.published.contains(year));
        }
        layer
    }

    /// The layer before a change that made it what it is.
    #[must_use]
    pub fn before(&self, change: &LayerChange) -> Self {
        let mut layer = self.clone();
        change.reversed().apply(&mut layer);
        layer
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::calendar::DayKind;
    use crate::domain::holiday::{Year, YearFile};
    use crate::domain::party::Division;

    fn day(number: u32, kind: DayKind) -> Day {
        let date = NaiveDate::from_ymd_opt(2027, 1, 1)
            .and_then(|first| first.checked_add_days(chrono::Days::new(u64::from(number))));
        let date = date.expect("a date");
        Day { date, kind, name: "节".to_owned(), source: "test".to_owned() }
    }

    fn any_day() -> impl Strategy<Value = Day> {
        let kinds = [DayKind::Working, DayKind::Rest, DayKind::Makeup];
        (0..400_u32, prop::sample::select(kinds.to_vec()))
            .prop_map(|(number, kind)| day(number, kind))
    }

    fn any_edit() -> impl Strategy<Value = Edit> {
        let days = || prop::collection::vec(any_day(), 1..8);
        prop_oneof![
            any_day().prop_map(Edit::Day),
            any_day().prop_map(|day| Edit::Clear(day.date)),
            days().prop_map(|days| Edit::Learn(Material::Days(days))),
            days().prop_map(|days| Edit::Learn(Material::Year(YearFile {
                year: Year { year: 2027, papers: Vec::new(), days },
                beside: Vec::new(),
            }))),
        ]
    }

    #[test]
    fn a_region_publishes_no_year() {
        let days = vec![day(3, DayKind::Rest)];
        let year = Year { year: 2027, papers: Vec::new(), days };
        let file = YearFile { year, beside: Vec::new() };
        let edit = Edit::Learn(Material::Year(file));
        let region = LayerOf::Region(Division::parse("371000").expect("a division"));
        let layer = Layer::default().edited_for(region, &edit);
        assert_eq!((layer.days.len(), layer.published.len()), (1, 0));
        let nation = Layer::default().edited_for(LayerOf::Nation, &edit);
        assert_eq!(nation.published, BTreeSet::from([2027]));
    }

    proptest! {
        #[test]
        fn every_earlier_version_can_be_told_and_every_change_undone(
            edits in prop::collection::vec(any_edit(), 1..12),
        ) {
            let mut versions = vec![Layer::default()];
            let mut changes = Vec::new();
            for edit in &edits {
                let before = versions.last().expect("a version").clone();
                let after = before.edited(edit);
                let change = LayerChange::between(&before, &after);
                prop_assert_eq!(change.is_empty(), before == after);
                prop_assert!(change.overtaken(&after).is_empty());
                prop_assert_eq!(&after.edited(&Edit::Undo(change.clone())), &before);
                let stored = serde_json::to_value(&change).expect("JSON");
                prop_assert_eq!(&serde_json::from_value::<LayerChange>(stored).expect("read"), &change);
                changes.push(change);
                versions.push(after);
            }
            let mut layer = versions.pop().expect("the newest");
            while let Some(change) = changes.pop() {
                layer = layer.before(&change);
                prop_assert_eq!(&layer, &versions.pop().expect("the one before"));
            }
        }
    }
}
