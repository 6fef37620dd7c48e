//! When administrators and provinces are warned without anybody asking.
//!
//! **Never** says how: whom it reaches and on which channels is [`super::bulletin`]'s.

use chrono::{Datelike as _, NaiveDate};

use super::bulletin::{Bulletin, ShortageAlarm};
use super::calendar::Calendar;
use super::policy::{Policy, ShortageThreshold, awaits_decision};

/// From this month on the calendar of the next year is missed: the State Council's notice has
/// come out in November as a rule.
const MISSED_FROM_MONTH: u32 = 12;
/// Days before a policy's last day on which its end is told.
const LAPSE_DAYS: [i64; 3] = [90, 30, 7];

/// An alarm with what makes it this one: the same key is told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its key.
    pub key: String,
    /// What is told.
    pub bulletin: Bulletin,
}

/// The nearest year that has no calendar though it should: this one, or from December on the
/// next. Told once a week.
#[must_use]
pub fn calendar_missing(nation: &Calendar, today: NaiveDate) -> Option<Alarm> {
    let next = (today.month() >= MISSED_FROM_MONTH).then(|| today.year() + 1);
    let years = [Some(today.year()), next];
    let year = years.into_iter().flatten().find(|year| !nation.is_published(*year))?;
    let week = today.iso_week();
    let key = format!("calendar_missing:{year}:{}-{:02}", week.year(), week.week());
    Some(Alarm { key, bulletin: Bulletin::CalendarMissing { year } })
}

/// The policies that end soon, or have ended, whose place no other takes and about whose end
/// nothing was decided. Each is told at a few marks before its last day, and once when it is over.
#[must_use]
pub fn policies_lapsing(policies: &[Policy], today: NaiveDate) -> Vec<Alarm> {
    let lapsing = |policy: &Policy| {
        let last_on = policy.effective_to?;
        let days = (last_on - today).num_days();
        let mark = if days < 0 {
            "over".to_owned()
        } else {
            LAPSE_DAYS.into_iter().filter(|mark| days <= *mark).min()?.to_string()
        };
        if !awaits_decision(policies, policy, today) {
            return None;
        }
        let bulletin = Bulletin::PolicyLapsing {
            version: policy.version.clone(),
            name: policy.name.clone(),
            last_on,
            days,
        };
        Some(Alarm { key: format!("policy_lapsing:{}:{mark}", policy.version), bulletin })
    };
    policies.iter().filter_map(lapsing).collect()
}

/// Whether the province is told of a shortage event: when it reaches the threshold, and again
/// when it has doubled since. `told` is the hospitals of the last alarm, unless that event was
/// over in between.
#[must_use]
pub fn is_widespread(
    alarm: &ShortageAlarm,
    threshold: Option<ShortageThreshold>,
    told: Option<u32>,
) -> bool {
    let reached =
        threshold.is_some_and(|n| alarm.hospitals >= n.hospitals && alarm.cities >= n.cities);
    reached && told.is_none_or(|told| alarm.hospitals >= told.saturating_mul(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Layer;
    use crate::domain::id::EventId;
    use crate::domain::party::Division;
    use crate::domain::policy::Decision;
    use std::collections::BTreeMap;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    fn key(alarm: Option<Alarm>) -> Option<String> {
        alarm.map(|alarm| alarm.key)
    }

    #[test]
    fn next_year_is_missed_from_december_on_and_once_a_week() {
        let nation = Layer { published: (2019..=2026).collect(), ..Layer::default() };
        let nation = Calendar::layered("CN-1", &[&nation]);
        let missing = |day: &str| key(calendar_missing(&nation, date(day)));
        assert_eq!(missing("2026-11-30"), None);
        assert_eq!(missing("2026-12-01").as_deref(), Some("calendar_missing:2027:2026-49"));
        assert_eq!(missing("2026-12-06"), missing("2026-12-01"), "the same week");
        assert_ne!(missing("2026-12-07"), missing("2026-12-06"), "the next week");
        assert_eq!(missing("2027-01-04").as_deref(), Some("calendar_missing:2027:2027-01"));
        assert_eq!(missing("2025-12-31"), None);
    }

    fn shandong(version: &str, from: &str, to: Option<&str>) -> Policy {
        Policy {
            version: version.to_owned(),
            name: "山东".to_owned(),
            division: Division::parse("370000").ok(),
            effective_from: date(from),
            effective_to: to.map(date),
            ..Policy::national()
        }
    }

    #[test]
    fn a_policy_that_ends_is_told_of_at_marks_and_when_it_is_over() {
        let policies = [Policy::national(), shandong("37-1", "2023-04-10", Some("2026-04-09"))];
        let told = |day: &str| {
            let alarms = policies_lapsing(&policies, date(day));
            alarms.into_iter().map(|alarm| alarm.key).collect::<Vec<_>>()
        };
        assert!(told("2026-01-08").is_empty());
        for (day, mark) in [
            ("2026-01-09", "90"),
            ("2026-03-09", "90"),
            ("2026-03-10", "30"),
            ("2026-04-01", "30"),
            ("2026-04-02", "7"),
            ("2026-04-09", "7"),
            ("2026-04-10", "over"),
            ("2026-11-24", "over"),
        ] {
            assert_eq!(told(day), [format!("policy_lapsing:37-1:{mark}")], "{day}");
        }
    }

    #[test]
    fn a_policy_that_is_followed_is_not_told_of() {
        let old = shandong("37-1", "2023-04-10", Some("2026-04-09"));
        let next = shandong("37-2", "2026-04-10", None);
        assert!(policies_lapsing(&[old.clone(), next], date("2026-04-09")).is_empty());
        let late = shandong("37-2", "2026-05-01", None);
        let gap = [old.clone(), late];
        assert_eq!(policies_lapsing(&gap, date("2026-04-09")).len(), 1, "a gap");
        assert_eq!(policies_lapsing(&gap, date("2026-04-30")).len(), 1, "still a gap");
        assert!(policies_lapsing(&gap, date("2026-05-01")).is_empty(), "it is ruled again");
        let decided = Policy {
            decision: Some(Decision::National { on: date("2026-04-08"), reason: "x".to_owned() }),
            ..old
        };
        assert!(policies_lapsing(&[decided], date("2026-04-10")).is_empty(), "decided");
        let ending = Policy { effective_to: Some(date("2026-04-09")), ..Policy::national() };
        assert_eq!(policies_lapsing(&[ending], date("2026-04-09")).len(), 1, "the nation's own");
    }

    #[test]
    fn the_province_is_told_at_the_threshold_and_when_it_doubled() {
        let alarm = |hospitals, cities| ShortageAlarm {
            event: EventId(uuid::Uuid::nil()),
            product: String::new(),
            manufacturer: String::new(),
            hospitals,
            cities,
            tickets: hospitals,
            quantities: BTreeMap::new(),
            worst_days_of_stock: None,
        };
        let threshold = Some(ShortageThreshold { hospitals: 5, cities: 2 });
        for (hospitals, cities, told, expected) in [
            (4, 2, None, false),
            (9, 1, None, false),
            (5, 2, None, true),
            (6, 3, Some(5), false),
            (9, 3, Some(5), false),
            (10, 3, Some(5), true),
        ] {
            let is_told = is_widespread(&alarm(hospitals, cities), threshold, told);
            assert_eq!(is_told, expected, "{hospitals} {cities} {told:?}");
        }
        assert!(!is_widespread(&alarm(99, 9), None, None), "switched off");
    }
}
