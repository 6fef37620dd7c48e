//! A year of holidays, and how a calendar takes it over.
//!
//! **Never** lets a year's file wipe out what the notice of a year beside it said.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::domain::calendar::{Day, DayKind, Layer};

/// The fewest rest days that a year's notice names: days beside a weekend are not always told.
pub(super) const FEWEST_RESTS: usize = 20;

/// The days of one year that differ from the plain week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Year {
    /// The year, 2000 to 2100.
    pub year: i32,
    /// The addresses of the State Council notices, oldest first.
    pub papers: Vec<String>,
    /// The named days in the file's order; each in `year`, none twice, never empty.
    pub days: Vec<Day>,
}

/// A year's file, with the days of the years beside it that its notice names, too: the New Year
/// of 2023 began on 31 December 2022.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct YearFile {
    /// The year.
    pub year: Year,
    /// Days of the December before and the January after.
    pub beside: Vec<Day>,
}

impl YearFile {
    /// Sorts days into the year and what lies beside it; the rest, which is of other years, is
    /// given back.
    #[must_use]
    pub fn sorted(year: i32, papers: Vec<String>, days: Vec<Day>) -> (Self, Vec<Day>) {
        let (own, others): (Vec<_>, Vec<_>) =
            days.into_iter().partition(|day| day.date.year() == year);
        let (beside, foreign) = others.into_iter().partition(|day| is_beside(day.date, year));
        (Self { year: Year { year, papers, days: own }, beside }, foreign)
    }
}

impl Layer {
    /// Publishes a year's file. Of the year's days that the layer held, those stay that the
    /// notice of a year beside it named; the days beside the year join theirs.
    pub fn amend(&mut self, file: YearFile) {
        let YearFile { year, beside } = file;
        let own: BTreeSet<&str> = year.days.iter().map(|day| day.source.as_str()).collect();
        let foreign: BTreeSet<&str> = self
            .days
            .values()
            .filter(|day| day.date.year() != year.year && !own.contains(day.source.as_str()))
            .map(|day| day.source.as_str())
            .collect();
        let is_kept = |day: &&Day| {
            let is_edge = matches!(day.date.month(), 1 | 12);
            day.date.year() == year.year && is_edge && foreign.contains(day.source.as_str())
        };
        let named: BTreeSet<NaiveDate> = year.days.iter().map(|day| day.date).collect();
        let kept: Vec<Day> = self.days.values().filter(is_kept).cloned().collect();
        self.publish(year);
        let kept = kept.into_iter().filter(|day| !named.contains(&day.date));
        self.days.extend(kept.chain(beside).map(|day| (day.date, day)));
    }

    /// Makes the year published; its days replace whatever the layer held for that year.
    pub fn publish(&mut self, year: Year) {
        self.days.retain(|date, _| date.year() != year.year);
        self.days.extend(year.days.into_iter().map(|day| (day.date, day)));
        self.published.insert(year.year);
    }
}

/// True for the December before a year and the January after it.
#[must_use]
pub fn is_beside(date: NaiveDate, year: i32) -> bool {
    (date.year(), date.month()) == (year - 1, 12) || (date.year(), date.month()) == (year + 1, 1)
}

/// The years that the days name as a whole, as a year's notice does: New Year's Day, 1 May,
/// 1 October and as many rest days as a notice has. A file with some days of a year does not
/// publish it.
#[must_use]
pub fn whole_years(days: &[Day]) -> BTreeSet<i32> {
    let mut rests: BTreeMap<i32, BTreeSet<NaiveDate>> = BTreeMap::new();
    for day in days.iter().filter(|day| day.kind == DayKind::Rest) {
        rests.entry(day.date.year()).or_default().insert(day.date);
    }
    let is_whole = |(year, rests): &(i32, BTreeSet<NaiveDate>)| {
        let has = |month| {
            NaiveDate::from_ymd_opt(*year, month, 1).is_some_and(|date| rests.contains(&date))
        };
        rests.len() >= FEWEST_RESTS && has(1) && has(5) && has(10)
    };
    rests.into_iter().filter(is_whole).map(|(year, _)| year).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{read_json, read_year};
    use super::*;

    const ONE: &str = r#"{"year": 2027, "papers": ["a", "b"], "days": [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": true, "source": "a"},
        {"name": "春节", "date": "2027-02-14", "isOffDay": false}]}"#;

    #[test]
    fn publishing_replaces_the_days_of_that_year_only() {
        let mut layer = Layer::default();
        layer.publish(read_year(ONE).expect("readable"));
        layer.publish(read_year(&ONE.replace("2027", "2028")).expect("readable"));
        assert_eq!((layer.days.len(), layer.published.len()), (4, 2));
        let mut corrected = read_year(ONE).expect("readable");
        corrected.days.truncate(1);
        layer.publish(corrected.clone());
        layer.publish(corrected);
        let dates: Vec<_> = layer.days.keys().map(ToString::to_string).collect();
        assert_eq!(dates, ["2027-01-01", "2028-01-01", "2028-02-14"]);
        assert_eq!(layer.published, BTreeSet::from([2027, 2028]));
    }

    #[test]
    fn days_beside_a_year_join_theirs_and_outlive_their_own_years_file() {
        let upstream = r#"{"year": 2023, "papers": ["n23"], "days": [
            {"name": "元旦", "date": "2022-12-31", "isOffDay": true},
            {"name": "元旦", "date": "2023-01-01", "isOffDay": true}]}"#;
        let own = r#"{"year": 2022, "papers": ["n22"], "days": [
            {"name": "元旦", "date": "2022-01-01", "isOffDay": true}]}"#;
        assert!(read_year(upstream).is_err(), "what ships holds its own days");
        let read = |text: &str| read_json(text.as_bytes()).expect("readable").material;
        assert_eq!(read(upstream).days().count(), 2);
        for order in [[upstream, own, upstream], [own, upstream, own]] {
            let mut layer = Layer::default();
            order.iter().for_each(|text| layer.learn(read(text)));
            let dates: Vec<_> = layer.days.keys().map(ToString::to_string).collect();
            assert_eq!(dates, ["2022-01-01", "2022-12-31", "2023-01-01"]);
        }
        let far = upstream.replace("2022-12-31", "2022-11-30");
        assert!(read_json(far.as_bytes()).is_err());
    }

    #[test]
    fn only_what_names_a_year_as_a_whole_publishes_it() {
        let text = include_str!("../../../data/calendars/2026.json");
        let mut days = read_year(text).expect("readable").days;
        assert_eq!(whole_years(&days), BTreeSet::from([2026]));
        let mut layer = Layer::default();
        layer.learn(super::super::Material::Days(days.clone()));
        assert!(layer.published.contains(&2026) && layer.days.len() == days.len());
        days.retain(|day| day.date.month() != 5);
        assert_eq!(whole_years(&days), BTreeSet::new(), "without its May it is a part");
        days.truncate(2);
        let mut layer = Layer::default();
        layer.learn(super::super::Material::Days(days));
        assert_eq!((layer.published.len(), layer.days.len()), (0, 2));
    }
}
