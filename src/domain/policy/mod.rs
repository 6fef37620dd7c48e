//! Time-limit rules (时限规则): targets and the escalation ladder, as versioned data.
//!
//! **Never** a constant in a rule: provinces and years differ, so every number that decides
//! something stands in a [`Policy`] with its region, dates and source document.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::calendar::{Counting, Target};
use super::id::PolicyId;
use super::party::{Division, Level};
use super::ticket::Category;

pub mod judge;
mod lapse;
mod settings;

pub use lapse::{Decision, awaits_decision, continued};
pub use settings::{CalendarLayer, QuietHours, Rung, ShortageThreshold, Told, Warning, Warnings};

/// How pressing a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Counted in working days.
    Ordinary,
    /// Counted in hours that holidays do not stop (辽医保发〔2023〕12号, 四); every notice is urgent.
    Emergency,
}

/// When the clock of the solution starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ResolveFrom {
    /// With the filing, like the clock of the reply.
    #[default]
    Filing,
    /// With the reply.
    Reply,
}

/// The two targets a ticket is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    /// Until the manufacturer's reply.
    pub reply: Target,
    /// Until the problem is solved.
    pub resolve: Target,
}

/// A version of the rules for a region and a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its id.
    pub id: PolicyId,
    /// What tickets remember having been judged by, like `CN-1`.
    pub version: String,
    /// The name people know.
    pub name: String,
    /// Where it rules; `None` = the whole nation, wherever no regional policy does.
    pub division: Option<Division>,
    /// First filing date it rules.
    pub effective_from: NaiveDate,
    /// Last filing date it rules; `None` = no end.
    pub effective_to: Option<NaiveDate>,
    /// The document it comes from.
    pub source: String,
    /// Targets of ordinary tickets.
    pub ordinary: Targets,
    /// Targets of emergency tickets.
    pub emergency: Targets,
    /// When the clock of the solution starts.
    pub resolve_from: ResolveFrom,
    /// Due time and cut-off.
    pub counting: Counting,
    /// Working days a promise may reach from the act once the resolve limit has passed.
    pub late_promise_within: u16,
    /// Working days beyond the due day that an extension may reach.
    #[serde(default = "extension_within")]
    pub extension_within: u16,
    /// Working days after a reported solution until a silent hospital is reminded.
    #[serde(default = "remind_hospital_after")]
    pub remind_hospital_after: u16,
    /// Working days after a reported solution until a bureau decides for a silent hospital.
    #[serde(default = "decide_silence_after")]
    pub decide_silence_after: u16,
    /// When a shortage event is the province's affair; `None` = never.
    #[serde(default = "shortage_alarm")]
    pub shortage_alarm: Option<ShortageThreshold>,
    /// The ladder, first rung first.
    pub ladder: Vec<Rung>,
    /// The kinds of problem it rules; none = all of them.
    #[serde(default)]
    pub categories: Vec<Category>,
    /// When somebody is warned.
    #[serde(default)]
    pub warnings: Warnings,
    /// When nothing leaves that is not urgent; `None` = it leaves at any time.
    #[serde(default = "quiet_hours")]
    pub quiet_hours: Option<QuietHours>,
    /// Whose days count.
    #[serde(default)]
    pub calendar_layer: CalendarLayer,
    /// Set when it was taken back before it ruled anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawal>,
    /// What was decided about its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// A version that was taken back before it ruled anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// The day.
    pub on: NaiveDate,
    /// Why.
    pub reason: String,
}

/// 鲁医保发〔2023〕14号, 二(四): the company replies within 2 working days.
pub const REPLY_WORKING_DAYS: u16 = 2;
/// 鲁医保发〔2023〕14号, 二(四): the promised date is at most 5 working days away.
pub const RESOLVE_WORKING_DAYS: u16 = 5;
/// 辽医保发〔2023〕12号, 四(一): emergency products within 4 hours, holidays included.
pub const EMERGENCY_REPLY_HOURS: u16 = 4;
/// 辽医保发〔2023〕12号, 四(一): 72 hours, holidays included.
pub const EMERGENCY_RESOLVE_HOURS: u16 = 72;

/// Where the calendars begin: before it nothing is counted.
const BEGINNING: NaiveDate = match NaiveDate::from_ymd_opt(2000, 1, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

// Policies stored before these could be set have the national values.

const fn extension_within() -> u16 {
    20
}

const fn remind_hospital_after() -> u16 {
    5
}

const fn decide_silence_after() -> u16 {
    10
}

/// No document names a number. Several hospitals in more than one city are no local mishap.
#[expect(clippy::unnecessary_wraps, reason = "the default of a field that may be left out")]
const fn shortage_alarm() -> Option<ShortageThreshold> {
    Some(ShortageThreshold { hospitals: 5, cities: 2 })
}

#[expect(clippy::unnecessary_wraps, reason = "the default of a field that may be left out")]
fn quiet_hours() -> Option<QuietHours> {
    Some(QuietHours::default())
}

impl Policy {
    /// The national default, ruling where no regional policy does, without end.
    #[must_use]
    pub fn national() -> Self {
        Self {
            id: PolicyId(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001)),
            version: "CN-1".to_owned(),
            name: "全国默认时限规则".to_owned(),
            division: None,
            effective_from: BEGINNING,
            effective_to: None,
            source: "鲁医保发〔2023〕14号 二(四)(五)；辽医保发〔2023〕12号 四(一)".to_owned(),
            ordinary: Targets {
                reply: Target::WorkingDays(REPLY_WORKING_DAYS),
                resolve: Target::WorkingDays(RESOLVE_WORKING_DAYS),
            },
            emergency: Targets {
                reply: Target::ElapsedHours(EMERGENCY_REPLY_HOURS),
                resolve: Target::ElapsedHours(EMERGENCY_RESOLVE_HOURS),
            },
            resolve_from: ResolveFrom::Filing,
            counting: Counting::default(),
            late_promise_within: RESOLVE_WORKING_DAYS,
            extension_within: extension_within(),
            remind_hospital_after: remind_hospital_after(),
            decide_silence_after: decide_silence_after(),
            shortage_alarm: shortage_alarm(),
            ladder: vec![Rung::of(Level::City, 2, 5), Rung::of(Level::Province, 2, 5)],
            categories: Vec::new(),
            warnings: Warnings::default(),
            quiet_hours: quiet_hours(),
            calendar_layer: CalendarLayer::default(),
            withdrawn: None,
            decision: None,
        }
    }

    /// The targets for an urgency.
    #[must_use]
    pub fn targets(&self, urgency: Urgency) -> Targets {
        match urgency {
            Urgency::Ordinary => self.ordinary,
            Urgency::Emergency => self.emergency,
        }
    }

    /// True when a ticket filed on `date` in `division` may be judged by this policy.
    #[must_use]
    pub fn rules(&self, division: Division, date: NaiveDate) -> bool {
        self.division.is_none_or(|region| division.is_within(region)) && self.is_effective(date)
    }

    /// True from its first filing date through its last, unless it was withdrawn.
    #[must_use]
    pub fn is_effective(&self, date: NaiveDate) -> bool {
        self.withdrawn.is_none()
            && self.effective_from <= date
            && self.effective_to.is_none_or(|end| date <= end)
    }

    /// True when it rules tickets of this category; without one, when it rules all.
    #[must_use]
    pub fn covers(&self, category: Option<Category>) -> bool {
        self.categories.is_empty() || category.is_some_and(|one| self.categories.contains(&one))
    }

    /// True when both rule the same kinds of problem in the same region.
    #[must_use]
    pub fn is_of_scope(&self, other: &Self) -> bool {
        let has = |one: &Category| other.categories.contains(one);
        self.division == other.division
            && self.categories.len() == other.categories.len()
            && self.categories.iter().all(has)
    }

    /// The rung of a level.
    #[must_use]
    pub fn rung(&self, level: Level) -> Option<&Rung> {
        self.ladder.iter().find(|rung| rung.level == level)
    }

    /// The number at the end of its version: 2 of `37-2`; 0 where there is none.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.version.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or(0)
    }

    /// What goes before what, where several rule: the narrower region, then the named kinds, then
    /// what took effect last.
    fn precedence(&self) -> (u8, bool, NaiveDate, u32) {
        (self.specificity(), !self.categories.is_empty(), self.effective_from, self.number())
    }

    /// True when its last filing date has passed.
    #[must_use]
    pub fn has_lapsed(&self, date: NaiveDate) -> bool {
        self.effective_to.is_some_and(|end| end < date)
    }

    /// How specific the region is: a county's policy goes before its city's, that before its
    /// province's, that before the nation's.
    #[must_use]
    pub fn specificity(&self) -> u8 {
        match self.division.map(Division::level) {
            None => 0,
            Some(Level::Province) => 1,
            Some(Level::City) => 2,
            Some(Level::County) => 3,
        }
    }
}

/// How the versions of a region begin: `CN`, `37`, `3710`, `371002`.
#[must_use]
pub fn prefix(division: Option<Division>) -> String {
    let Some(division) = division else { return "CN".to_owned() };
    let digits = match division.level() {
        Level::Province => 2,
        Level::City => 4,
        Level::County => 6,
    };
    division.to_string().chars().take(digits).collect()
}

/// The highest number among the versions of a region; 0 where it has none. It grows with every
/// version, so it tells whether somebody was faster.
#[must_use]
pub fn edition(policies: &[Policy], division: Option<Division>) -> u32 {
    let own = policies.iter().filter(|policy| policy.division == division);
    own.map(Policy::number).max().unwrap_or(0)
}

/// The policy that rules a ticket of the category: the most specific region, then the one that
/// names the category, then the latest to take effect.
#[must_use]
pub fn ruling(
    policies: &[Policy],
    division: Division,
    category: Option<Category>,
    date: NaiveDate,
) -> Option<&Policy> {
    let rules = |policy: &&Policy| policy.rules(division, date) && policy.covers(category);
    policies.iter().filter(rules).max_by_key(|policy| policy.precedence())
}

/// As [`ruling`], where no region differs.
#[must_use]
pub fn ruling_nation(
    policies: &[Policy],
    category: Option<Category>,
    date: NaiveDate,
) -> Option<&Policy> {
    let rules = |policy: &&Policy| {
        policy.division.is_none() && policy.is_effective(date) && policy.covers(category)
    };
    policies.iter().filter(rules).max_by_key(|policy| policy.precedence())
}

/// True when a policy rules what is filed on `date` in its own region, wherever no narrower one
/// does: no later version for that region and those kinds has taken effect.
#[must_use]
pub fn is_in_force(policies: &[Policy], policy: &Policy, date: NaiveDate) -> bool {
    let is_effective = |other: &&Policy| other.is_of_scope(policy) && other.is_effective(date);
    let latest = policies.iter().filter(is_effective).max_by_key(|other| other.precedence());
    latest.is_some_and(|latest| latest.id == policy.id)
}

/// The newest version that rules the same kinds in the same region, whenever it begins.
#[must_use]
pub fn newest<'a>(policies: &'a [Policy], policy: &Policy) -> Option<&'a Policy> {
    let same = |other: &&Policy| other.withdrawn.is_none() && other.is_of_scope(policy);
    policies.iter().filter(same).max_by_key(|other| other.number())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    #[test]
    fn a_lapsed_regional_policy_gives_way_to_the_national_one() {
        let shandong = Policy {
            version: "37-1".to_owned(),
            division: Division::parse("370000").ok(),
            effective_from: date("2023-04-10"),
            effective_to: Some(date("2026-04-09")),
            ..Policy::national()
        };
        let policies = [Policy::national(), shandong];
        let check = |division: &str, on: &str, version: &str| {
            let division = Division::parse(division).expect(division);
            let policy = ruling(&policies, division, None, date(on)).expect("a policy rules");
            assert_eq!(policy.version, version, "{division} {on}");
        };
        check("371002", "2026-04-09", "37-1");
        check("371002", "2026-04-10", "CN-1");
        check("371002", "2023-04-09", "CN-1");
        check("110105", "2025-01-01", "CN-1");
    }
    #[test]
    fn a_version_is_in_force_until_its_end_or_the_next() {
        let version = |number: u128, division: &str, from: &str, to: Option<&str>| Policy {
            id: PolicyId(uuid::Uuid::from_u128(number)),
            division: Division::parse(division).ok(),
            effective_from: date(from),
            effective_to: to.map(date),
            ..Policy::national()
        };
        let policies = [
            version(1, "", "2000-01-01", None),
            version(2, "", "2026-03-01", None),
            version(3, "370000", "2023-04-10", Some("2026-04-09")),
        ];
        let check = |on: &str, in_force: [bool; 3], lapsed: bool| {
            let found = policies.each_ref().map(|one| is_in_force(&policies, one, date(on)));
            assert_eq!(found, in_force, "{on}");
            assert_eq!(policies.each_ref().map(|one| one.has_lapsed(date(on)))[2], lapsed, "{on}");
        };
        assert_eq!(edition(&policies, None), 1);
        check("1999-12-31", [false, false, false], false);
        check("2026-02-28", [true, false, true], false);
        check("2026-04-09", [false, true, true], false);
        check("2026-04-10", [false, true, false], true);
    }
}
