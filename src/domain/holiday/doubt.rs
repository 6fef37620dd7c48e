//! What is odd about a calendar after an edit: it may be right, and somebody has to say so.
//!
//! **Never** refuses anything, and never doubts what was as it is before the edit.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate};

use super::reading::is_weekend;
use super::year::FEWEST_RESTS;
use crate::domain::calendar::{Calendar, Day, DayKind, Layer};

/// The most rest days that a year's notice names.
const MOST_RESTS: usize = 40;
/// The longest rest in a row that a notice has given is ten days; some room is left.
const LONGEST_REST: usize = 12;

/// The most days in a row that are named as worked: no notice names more than a few.
const LONGEST_WORK: usize = 31;

/// Something that needs a person's confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Doubt {
    /// A published year without a make-up day: there has been none since 2008.
    NoMakeup {
        /// The year.
        year: i32,
    },
    /// A published year with fewer or more rest days than a notice names.
    RestDays {
        /// The year.
        year: i32,
        /// How many it names.
        count: usize,
    },
    /// A year that named many more days before the edit: perhaps a broken file.
    Collapse {
        /// The year.
        year: i32,
        /// How many days it named before.
        before: usize,
        /// How many it names now.
        after: usize,
    },
    /// More days of rest in a row than a holiday has.
    LongRest {
        /// The first of them.
        from: NaiveDate,
        /// The last.
        until: NaiveDate,
    },
    /// More days named as worked in a row than a month has.
    LongWork {
        /// The first of them.
        from: NaiveDate,
        /// The last.
        until: NaiveDate,
    },
    /// A make-up day from Monday to Friday, which is a working day anyway.
    MakeupOnWeekday {
        /// The day.
        date: NaiveDate,
    },
    /// Work on a public holiday with a fixed date.
    WorkOnHoliday {
        /// The day.
        date: NaiveDate,
    },
}

impl Doubt {
    /// The stable name.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NoMakeup { .. } => "no_makeup",
            Self::RestDays { .. } => "rest_days",
            Self::Collapse { .. } => "collapse",
            Self::LongRest { .. } => "long_rest",
            Self::LongWork { .. } => "long_work",
            Self::MakeupOnWeekday { .. } => "makeup_on_weekday",
            Self::WorkOnHoliday { .. } => "work_on_holiday",
        }
    }

    /// For people.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::NoMakeup { year } => format!("{year} has no make-up working day"),
            Self::RestDays { year, count } => format!("{year} names {count} rest days"),
            Self::Collapse { year, before, after } => {
                format!("{year} named {before} days and names {after} now")
            }
            Self::LongRest { from, until } => format!("no day is worked from {from} to {until}"),
            Self::LongWork { from, until } => {
                format!("every day from {from} to {until} is named as worked")
            }
            Self::MakeupOnWeekday { date } => {
                format!("{date} is a {}, a working day anyway", date.format("%A"))
            }
            Self::WorkOnHoliday { date } => format!("{date} is a public holiday"),
        }
    }
}

/// What is odd about the calendar `after` an edit and was not so `before` it. Judges the days
/// that changed and the published years in which something did.
#[must_use]
pub fn doubts(before: &Layer, after: &Layer) -> Vec<Doubt> {
    let mut found = BTreeSet::new();
    let changed: Vec<&Day> =
        after.days.values().filter(|day| before.days.get(&day.date) != Some(*day)).collect();
    found.extend(long_work(&changed));
    for day in &changed {
        let date = day.date;
        match day.kind {
            DayKind::Makeup if !is_weekend(date) => {
                found.insert(Doubt::MakeupOnWeekday { date });
            }
            DayKind::Makeup | DayKind::Working | DayKind::Rest => {}
        }
        if day.kind.is_working() && is_fixed_holiday(date) {
            found.insert(Doubt::WorkOnHoliday { date });
        }
    }
    let (old, new) = (Calendar::layered("before", &[before]), Calendar::layered("after", &[after]));
    let mut told = NaiveDate::MIN;
    for day in changed.iter().filter(|day| day.kind == DayKind::Rest) {
        if day.date <= told {
            continue;
        }
        let Some((from, until)) = long_rest(&new, day.date) else { continue };
        told = until;
        if long_rest(&old, from) != Some((from, until)) {
            found.insert(Doubt::LongRest { from, until });
        }
    }
    for year in &after.published {
        let was: Vec<_> =
            before.published.contains(year).then(|| of_year(before, *year)).into_iter().collect();
        let now = of_year(after, *year);
        if was.first() != Some(&now) {
            found.extend(of_a_year(*year, was.first().map(Vec::as_slice), &now));
        }
    }
    found.into_iter().collect()
}

fn of_year(layer: &Layer, year: i32) -> Vec<&Day> {
    layer.days.values().filter(|day| day.date.year() == year).collect()
}

fn of_a_year(year: i32, was: Option<&[&Day]>, now: &[&Day]) -> Vec<Doubt> {
    let count = |days: &[&Day], kind| days.iter().filter(|day| day.kind == kind).count();
    let is_new = |judge: &dyn Fn(&[&Day]) -> bool| judge(now) && !was.is_some_and(judge);
    let mut found = Vec::new();
    if is_new(&|days| count(days, DayKind::Makeup) == 0) {
        found.push(Doubt::NoMakeup { year });
    }
    let is_odd = |days: &[&Day]| !(FEWEST_RESTS..=MOST_RESTS).contains(&count(days, DayKind::Rest));
    if is_new(&is_odd) {
        found.push(Doubt::RestDays { year, count: count(now, DayKind::Rest) });
    }
    if let Some(was) = was.filter(|was| now.len() * 2 < was.len()) {
        found.push(Doubt::Collapse { year, before: was.len(), after: now.len() });
    }
    found
}

/// Runs of changed days that are named as worked and too long; the days come by date.
fn long_work(changed: &[&Day]) -> Vec<Doubt> {
    let worked: Vec<_> =
        changed.iter().filter(|day| day.kind.is_working()).map(|day| day.date).collect();
    let follows = |one: &NaiveDate, next: &NaiveDate| one.succ_opt() == Some(*next);
    let long = worked.chunk_by(follows).filter(|run| run.len() > LONGEST_WORK);
    let doubt =
        |run: &[NaiveDate]| Some(Doubt::LongWork { from: *run.first()?, until: *run.last()? });
    long.filter_map(doubt).collect()
}

/// The days of rest around a date, where they are too many in a row.
fn long_rest(calendar: &Calendar, date: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let is_rest = |date: &NaiveDate| !calendar.is_working(*date);
    // A year of rest is told as one, and the search for its ends is not endless.
    let back = std::iter::successors(Some(date), NaiveDate::pred_opt).take(400);
    let from = back.take_while(is_rest).last()?;
    let until = date.iter_days().take(400).take_while(is_rest).last()?;
    let days = usize::try_from((until - from).num_days() + 1).unwrap_or_default();
    (days > LONGEST_REST).then_some((from, until))
}

/// The public holidays whose date is fixed by the State Council's order, without lunar ones.
fn is_fixed_holiday(date: NaiveDate) -> bool {
    matches!((date.month(), date.day()), (1 | 5, 1) | (5, 2) | (10, 1..=3))
}

#[cfg(test)]
mod tests {
    use super::super::{Material, read_json};
    use super::*;

    const FILES: [&str; 8] = [
        include_str!("../../../data/calendars/2019.json"),
        include_str!("../../../data/calendars/2020.json"),
        include_str!("../../../data/calendars/2021.json"),
        include_str!("../../../data/calendars/2022.json"),
        include_str!("../../../data/calendars/2023.json"),
        include_str!("../../../data/calendars/2024.json"),
        include_str!("../../../data/calendars/2025.json"),
        include_str!("../../../data/calendars/2026.json"),
    ];

    fn material(text: &str) -> Material {
        read_json(text.as_bytes()).expect("readable").material
    }

    fn day(date: &str, kind: DayKind) -> Day {
        let date = date.parse().expect(date);
        Day { date, kind, name: "甲".to_owned(), source: "乙".to_owned() }
    }

    fn shipped() -> Layer {
        let mut layer = Layer::default();
        FILES.iter().for_each(|text| layer.learn(material(text)));
        layer
    }

    fn check(edit: impl FnOnce(&mut Layer), expected: &[&str]) {
        let before = shipped();
        let mut after = before.clone();
        edit(&mut after);
        let found: Vec<_> = doubts(&before, &after).iter().map(Doubt::message).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn no_real_year_is_doubted() {
        assert_eq!(doubts(&Layer::default(), &shipped()), []);
    }

    #[test]
    fn a_year_without_make_up_days_is_doubted_once() {
        let text = FILES[7].replace("\"isOffDay\": false", "\"isOffDay\": true");
        let learn = |layer: &mut Layer| layer.learn(material(&text));
        check(learn, &["2026 has no make-up working day"]);
        let mut before = shipped();
        learn(&mut before);
        let mut after = before.clone();
        after.merge(vec![day("2026-12-28", DayKind::Rest)]);
        assert_eq!(doubts(&before, &after), [], "somebody said already that it is so");
    }

    #[test]
    fn odd_days_are_doubted() {
        check(
            |layer| layer.merge(vec![day("2026-03-11", DayKind::Makeup)]),
            &["2026-03-11 is a Wednesday, a working day anyway"],
        );
        check(
            |layer| layer.merge(vec![day("2026-10-01", DayKind::Working)]),
            &["2026-10-01 is a public holiday"],
        );
        check(|layer| layer.merge(vec![day("2026-03-14", DayKind::Makeup)]), &[]);
        let long = (9..=20).map(|n| day(&format!("2026-11-{n:02}"), DayKind::Rest)).collect();
        check(
            |layer| layer.merge(long),
            &["2026 names 45 rest days", "no day is worked from 2026-11-07 to 2026-11-22"],
        );
    }

    #[test]
    fn a_month_named_as_worked_is_doubted_once() {
        let first: NaiveDate = "2026-11-02".parse().expect("a date");
        let days = |count: usize| {
            let dates = first.iter_days().take(count);
            dates.map(|date| day(&date.to_string(), DayKind::Working)).collect::<Vec<_>>()
        };
        check(|layer| layer.merge(days(31)), &[]);
        check(
            |layer| layer.merge(days(40)),
            &["every day from 2026-11-02 to 2026-12-11 is named as worked"],
        );
    }

    #[test]
    fn a_year_that_collapses_is_doubted() {
        let few = r#"{"year": 2026, "days": [
            {"name": "元旦", "date": "2026-01-01", "isOffDay": true, "source": "a"},
            {"name": "元旦", "date": "2026-01-04", "isOffDay": false, "source": "a"}]}"#;
        check(
            |layer| layer.learn(material(few)),
            &["2026 names 1 rest days", "2026 named 39 days and names 2 now"],
        );
    }
}
