//! The ladder: which bureau steps in, and when the next one does.
//!
//! ```text
//!  missed ──▶ rung 1 ──not acknowledged in n days, or not closed in m──▶ rung 2 ──▶ …
//!               │ acknowledge · measures · close with a conclusion
//!               └─ later misses join the open escalation as reasons
//! ```
//!
//! A rung is entered once per round; a round ends when its escalations are closed, and a miss
//! after that begins the next. The database holds a unique key on (ticket, round, level).
//!
//! **Never** guesses a bureau: a level without one is passed over, and the reason is kept.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::id::{EscalationId, OrganisationId, UserId};
use super::party::{Division, Level};
use super::ticket::{DeadlineKind, Standstill};

/// Why a ticket entered a rung, or why an open escalation grew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// A deadline passed.
    Missed {
        /// Which one.
        deadline: DeadlineKind,
        /// When it was due, which may be long before anybody was told.
        missed_at: DateTime<Utc>,
    },
    /// The bureau below neither acknowledged nor acted in time.
    Unacknowledged {
        /// The level below.
        level: Level,
        /// When its time ended.
        missed_at: DateTime<Utc>,
    },
    /// The ticket was not closed in time after the bureau below was told.
    Unresolved {
        /// The level below.
        level: Level,
        /// When its time ended.
        missed_at: DateTime<Utc>,
    },
    /// The hospital asked for it.
    ByRequest {
        /// What the hospital gave as its ground.
        reason: String,
    },
}

/// A level that was passed over on the way to a bureau.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The level.
    pub level: Level,
    /// Why nobody there could take the ticket.
    pub because: SkippedBecause,
}

/// Why a level has no bureau that could take a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkippedBecause {
    /// A municipality directly under the centre has no city level.
    Municipality,
    /// A functional zone has no county bureau of its own.
    FunctionalZone,
    /// The county is governed by the province itself.
    DirectlyUnderProvince,
    /// The division names no unit of that level.
    NoSuchLevel,
    /// No bureau is registered there.
    NoBureau,
    /// A bureau is registered, but nobody works at its desk.
    VacantDesk,
}

/// A bureau that might take a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    /// The bureau.
    pub bureau: OrganisationId,
    /// Its name.
    pub name: String,
    /// The division it governs.
    pub division: Division,
    /// True when somebody active works there.
    pub staffed: bool,
}

/// Finds the bureau of `level` for a hospital in `division`, going up at once past every level
/// that has none, with the reasons. The province is the end of the line, staffed or not.
#[must_use]
pub fn find_bureau(
    division: Division,
    level: Level,
    desks: &[Desk],
) -> (Level, Option<Desk>, Vec<Skipped>) {
    let mut skipped = Vec::new();
    let mut level = level;
    loop {
        match desk_at(division, level, desks) {
            Ok(desk) => return (level, Some(desk), skipped),
            Err(because) => skipped.push(Skipped { level, because }),
        }
        level = match level {
            Level::County => Level::City,
            Level::City => Level::Province,
            Level::Province => {
                let unstaffed = desks.iter().find(|desk| desk.division == division.province());
                return (Level::Province, unstaffed.cloned(), skipped);
            }
        };
    }
}

fn desk_at(division: Division, level: Level, desks: &[Desk]) -> Result<Desk, SkippedBecause> {
    let unit = unit_at(division, level)?;
    match desks.iter().find(|desk| desk.division == unit) {
        Some(desk) if desk.staffed => Ok(desk.clone()),
        Some(_) => Err(SkippedBecause::VacantDesk),
        None => Err(SkippedBecause::NoBureau),
    }
}

/// The division of `level` that `division` belongs to, or why there is none.
fn unit_at(division: Division, level: Level) -> Result<Division, SkippedBecause> {
    match level {
        Level::Province => Ok(division.province()),
        Level::City if division.is_municipality() => Err(SkippedBecause::Municipality),
        Level::City if division.is_directly_under_province() => {
            Err(SkippedBecause::DirectlyUnderProvince)
        }
        Level::City if division.level() == Level::Province => Err(SkippedBecause::NoSuchLevel),
        Level::City => Ok(division.city()),
        Level::County if division.is_functional_zone() => Err(SkippedBecause::FunctionalZone),
        Level::County if division.level() != Level::County => Err(SkippedBecause::NoSuchLevel),
        Level::County => Ok(division),
    }
}

/// What a bureau does about a ticket (处置措施).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    /// 提醒
    Remind,
    /// 督办
    Supervise,
    /// 预警
    Warn,
    /// 约谈
    Interview,
    /// 函询
    Inquiry,
    /// 限期整改
    Rectify,
    /// 要求书面说明
    Statement,
}

/// One measure taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Counts up per ticket, from 1.
    pub ordinal: u16,
    /// What kind.
    pub kind: MeasureKind,
    /// What the bureau wrote.
    pub text: String,
    /// The day by which the manufacturer must comply, where one was set.
    pub due_on: Option<NaiveDate>,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: UserId,
}

/// One rung entered by a ticket in one round (督办升级).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// Its id.
    pub id: EscalationId,
    /// Counts up per ticket, from 1, over rounds and rungs.
    pub ordinal: u16,
    /// The round, from 1.
    pub round: u16,
    /// The level reached.
    pub level: Level,
    /// The bureau that owns it; `None` when the province has no bureau registered.
    pub bureau: Option<OrganisationId>,
    /// Why, oldest first.
    pub reasons: Vec<Reason>,
    /// When the bureau was told: its own clocks start here.
    pub opened_at: DateTime<Utc>,
    /// When the ticket climbs further if it is still not closed; `None` on the last rung.
    pub climbs_at: Option<DateTime<Utc>>,
    /// The times its clock stood still, oldest first.
    pub stops: Vec<Standstill>,
    /// When somebody at the bureau took it on.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
    /// The bureau's conclusion, when a bureau closed it.
    pub conclusion: Option<String>,
    /// What the bureau did, oldest first.
    pub measures: Vec<Measure>,
}

impl Escalation {
    /// True until it is closed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SkippedBecause as Because;

    fn desks(staffed: &[(&str, bool)]) -> Vec<Desk> {
        staffed
            .iter()
            .map(|(code, staffed)| Desk {
                bureau: OrganisationId(uuid::Uuid::from_u128(code.parse().expect("a number"))),
                name: (*code).to_owned(),
                division: Division::parse(code).expect(code),
                staffed: *staffed,
            })
            .collect()
    }

    fn check(
        hospital: &str,
        level: Level,
        staffed: &[(&str, bool)],
        expected: (Level, Option<&str>, &[(Level, Because)]),
    ) {
        let division = Division::parse(hospital).expect(hospital);
        let (reached, desk, skipped) = find_bureau(division, level, &desks(staffed));
        let skipped: Vec<_> = skipped.iter().map(|s| (s.level, s.because)).collect();
        assert_eq!(reached, expected.0, "{hospital}");
        assert_eq!(desk.as_ref().map(|desk| desk.name.as_str()), expected.1, "{hospital}");
        assert_eq!(skipped, expected.2, "{hospital}");
    }

    #[test]
    fn the_bureau_is_found_from_the_division_code() {
        let shandong = [("371002", true), ("371000", true), ("370000", true)];
        check("371002", Level::City, &shandong, (Level::City, Some("371000"), &[]));
        check("371002", Level::County, &shandong, (Level::County, Some("371002"), &[]));
        check("371002", Level::Province, &shandong, (Level::Province, Some("370000"), &[]));
        check("371000", Level::City, &shandong, (Level::City, Some("371000"), &[]));
    }

    #[test]
    fn a_functional_zone_goes_to_its_city_at_once() {
        let desks = [("370100", true), ("370000", true)];
        let skipped = [(Level::County, Because::FunctionalZone)];
        check("370171", Level::County, &desks, (Level::City, Some("370100"), &skipped));
        check("370171", Level::City, &desks, (Level::City, Some("370100"), &[]));
    }

    #[test]
    fn a_municipality_goes_to_the_municipality_itself() {
        let skipped = [(Level::City, Because::Municipality)];
        check(
            "110105",
            Level::City,
            &[("110000", true)],
            (Level::Province, Some("110000"), &skipped),
        );
        check(
            "500243",
            Level::City,
            &[("500000", true)],
            (Level::Province, Some("500000"), &skipped),
        );
    }

    #[test]
    fn a_county_directly_under_a_province_goes_to_the_province() {
        let skipped = [(Level::City, Because::DirectlyUnderProvince)];
        check(
            "429004",
            Level::City,
            &[("420000", true)],
            (Level::Province, Some("420000"), &skipped),
        );
        check(
            "659001",
            Level::City,
            &[("650000", true)],
            (Level::Province, Some("650000"), &skipped),
        );
    }

    #[test]
    fn vacant_and_missing_desks_are_passed_over() {
        check(
            "371002",
            Level::County,
            &[("371002", false), ("370000", true)],
            (
                Level::Province,
                Some("370000"),
                &[(Level::County, Because::VacantDesk), (Level::City, Because::NoBureau)],
            ),
        );
    }

    #[test]
    fn the_province_keeps_it_even_unstaffed() {
        let vacant = [(Level::City, Because::NoBureau), (Level::Province, Because::VacantDesk)];
        check(
            "371002",
            Level::City,
            &[("370000", false)],
            (Level::Province, Some("370000"), &vacant),
        );
        let none = [(Level::City, Because::NoBureau), (Level::Province, Because::NoBureau)];
        check("371002", Level::City, &[], (Level::Province, None, &none));
    }
}
