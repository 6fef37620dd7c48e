//! The bureau's ledger (诉求台账): how often manufacturers answer, keep their word and solve in
//! time. Every figure is read off what the tickets' deadlines became, and has its parts beside it.
//!
//! | indicator | numerator ÷ denominator | source |
//! |---|---|---|
//! | on-time reply 按时回复率 | replies in time ÷ replies decided: in time, late, or missed and still owed | SD 二(四): an answer within 2 working days |
//! | promise kept 承诺兑现率 | promised days kept ÷ promised days decided | SD 二(四): supervision of whoever does not keep its word |
//! | timely resolution 及时解决比例 (M07) | issues solved within the limit ÷ issues decided | SD 二(七), tiers 80/60/30 in M08 |
//! | median working days 解决工作日中位数 | of the closed tickets, from the filing to the solution that was confirmed | reference §13 |
//!
//! What counts:
//! - *Decided* is a deadline that was met or missed. One that runs or is held, that ended without
//!   a judgement (a promise replaced in time, a ticket withdrawn before), or whose breach a
//!   re-plan waived is in no denominator.
//! - A miss is for good: withdrawing the ticket afterwards, or an extension granted afterwards,
//!   takes nothing out. What was still open at a withdrawal was never decided.
//! - A returned ticket was not this manufacturer's: it is filed and returned, and in no rate.
//! - An *issue* of M07 is a ticket that was not returned and whose hospital has an agreed
//!   quantity of the product (A19). "Many" are 5 of 3 hospitals (A16); below that the ratio says
//!   little, and `enough` is false.
//! - The limit of the solution is the deadline `resolve`: the policy's, moved by an extension
//!   that a bureau granted before it passed. A promised day before it has a rate of its own.
//! - A hospital that confirms without a report by the manufacturer decides what still ran, as of
//!   that instant: so it stands in the ticket's deadlines.
//! - A historic ticket ran against no clock: it is filed, an issue, withdrawn or closed, and
//!   stands in the median by its two dates, but in no rate.
//!
//! **Never** gives a rate of nothing: without a denominator there is none, neither 0 nor 1.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, local_date};
use super::id::{OrganisationId, ProductId};
use super::party::Division;
use super::ticket::{DeadlineKind, DeadlineStatus, StateName};

/// Which definition of the indicators this is; it changes when a formula does.
pub const DEFINITION: &str = "2026-11";
/// 诉求反映较多 (SD 二(七), open point A16): so many issues in the period …
pub const MANY_ISSUES: u32 = 5;
/// … of so many hospitals.
pub const MANY_HOSPITALS: u32 = 3;
/// The deadlines that the figures are read off.
pub const KINDS: [DeadlineKind; 3] =
    [DeadlineKind::Reply, DeadlineKind::Resolve, DeadlineKind::Promise];
/// What decides one.
pub const DECIDED: [DeadlineStatus; 2] = [DeadlineStatus::Met, DeadlineStatus::Missed];

/// A ticket as the ledger needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who owes the supply.
    pub manufacturer: OrganisationId,
    /// Of what.
    pub product: ProductId,
    /// To whom.
    pub hospital: OrganisationId,
    /// Where that lies.
    pub division: Division,
    /// When it was filed.
    pub filed_at: DateTime<Utc>,
    /// Where it stands.
    pub state: StateName,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Over before the service began.
    pub historic: bool,
    /// The hospital has an agreed quantity of the product.
    pub agreed: bool,
    /// It entered the ladder at some time.
    pub escalated: bool,
    /// The hospital was dissatisfied.
    pub dissatisfied: bool,
    /// Its deadlines of [`KINDS`] that are [`DECIDED`].
    pub decided: Vec<Decided>,
}

/// A deadline that was met or missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// What was due.
    pub kind: DeadlineKind,
    /// What became of it.
    pub status: DeadlineStatus,
    /// When the thing was done, in time or late.
    pub met_at: Option<DateTime<Utc>>,
}

impl Line {
    /// The instant of the solution that was confirmed: of its report, or of the confirmation
    /// where nothing was reported before. `None` while the ticket is not closed.
    fn solved_at(&self) -> Option<DateTime<Utc>> {
        if self.state != StateName::Closed {
            return None;
        }
        let of_solution = |one: &&Decided| one.kind != DeadlineKind::Reply;
        self.decided.iter().filter(of_solution).filter_map(|one| one.met_at).max().or(self.ended_at)
    }

    fn outcomes(&self, kind: DeadlineKind) -> impl Iterator<Item = &Decided> {
        let is_it = move |one: &&Decided| one.kind == kind && DECIDED.contains(&one.status);
        self.decided.iter().filter(is_it)
    }
}

/// By what the ledger is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// By manufacturer.
    Manufacturer,
    /// By product of a province's catalogue.
    Product,
    /// By the city of the hospital.
    City,
    /// By the county of the hospital.
    County,
    /// By the month of filing.
    Month,
}

impl Grouping {
    /// Every grouping, for tables and tests.
    pub const ALL: [Self; 5] =
        [Self::Manufacturer, Self::Product, Self::City, Self::County, Self::Month];

    /// The group a ticket belongs to.
    #[must_use]
    pub fn of(self, line: &Line) -> Group {
        match self {
            Self::Manufacturer => Group::Manufacturer(line.manufacturer),
            Self::Product => Group::Product(line.division.province(), line.product),
            Self::City => Group::City(city(line.division)),
            Self::County => Group::County(line.division),
            Self::Month => {
                let filed_on = local_date(line.filed_at);
                Group::Month(filed_on.year(), filed_on.month())
            }
        }
    }
}

/// The city that answers for a division. A municipality is its own, and so is a county that the
/// province governs itself.
#[must_use]
pub fn city(division: Division) -> Division {
    if division.is_municipality() {
        division.province()
    } else if division.is_directly_under_province() {
        division
    } else {
        division.city()
    }
}

/// What a row of the ledger is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// A manufacturer.
    Manufacturer(OrganisationId),
    /// A product in a province's catalogue.
    Product(Division, ProductId),
    /// A city.
    City(Division),
    /// A county, or a city whose own hospitals lie in none.
    County(Division),
    /// A year and month of Shanghai.
    Month(i32, u32),
}

/// So many out of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ratio {
    /// The favourable ones.
    pub numerator: u32,
    /// All of them.
    pub denominator: u32,
}

impl Ratio {
    fn count(&mut self, is_favourable: bool) {
        self.denominator += 1;
        self.numerator += u32::from(is_favourable);
    }

    /// Between 0 and 1; `None` of nothing.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        let is_something = self.denominator > 0;
        is_something.then(|| f64::from(self.numerator) / f64::from(self.denominator))
    }
}

/// The figures of a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// Tickets filed.
    pub tickets: u32,
    /// Replied within the limit.
    pub replied_in_time: u32,
    /// Replied after it.
    pub replied_late: u32,
    /// The limit passed, and there is no reply.
    pub not_replied: u32,
    /// Promised days kept, of those decided.
    pub promises: Ratio,
    /// Issues of M07: see above.
    pub issues: u32,
    /// Issues solved within the limit, of those decided.
    pub resolved: Ratio,
    /// Tickets without an agreed quantity (无约定量): not in M07.
    pub without_agreement: u32,
    /// Closed.
    pub closed: u32,
    /// Taken back by the hospital.
    pub withdrawn: u32,
    /// Accepted as not this manufacturer's.
    pub returned: u32,
    /// Entered the ladder at some time.
    pub escalated: u32,
    /// Rated dissatisfied (M11).
    pub dissatisfied: u32,
    /// Over before the service began.
    pub historic: u32,
    /// The hospitals, and which of them have issues.
    hospitals: HashMap<OrganisationId, bool>,
    /// How many were solved after so many working days.
    spans: BTreeMap<u32, u32>,
}

impl Figures {
    /// Adds a ticket; `calendar` is that of its hospital.
    fn add(&mut self, line: &Line, calendar: &Calendar) {
        let is_returned = line.state == StateName::Returned;
        let is_issue = line.agreed && !is_returned;
        self.tickets += 1;
        self.issues += u32::from(is_issue);
        self.without_agreement += u32::from(!line.agreed);
        self.closed += u32::from(line.state == StateName::Closed);
        self.withdrawn += u32::from(line.state == StateName::Withdrawn);
        self.returned += u32::from(is_returned);
        self.escalated += u32::from(line.escalated);
        self.dissatisfied += u32::from(line.dissatisfied);
        self.historic += u32::from(line.historic);
        *self.hospitals.entry(line.hospital).or_default() |= is_issue;
        if let Some(solved_at) = line.solved_at() {
            let (from, to) = (local_date(line.filed_at), local_date(solved_at));
            *self.spans.entry(calendar.working_days_between(from, to)).or_default() += 1;
        }
        if !is_returned {
            self.judge(line, is_issue);
        }
    }

    fn judge(&mut self, line: &Line, is_issue: bool) {
        for reply in line.outcomes(DeadlineKind::Reply) {
            match (reply.status, reply.met_at) {
                (DeadlineStatus::Met, _) => self.replied_in_time += 1,
                (DeadlineStatus::Missed, Some(_)) => self.replied_late += 1,
                (DeadlineStatus::Missed, None) => self.not_replied += 1,
                (
                    DeadlineStatus::Running
                    | DeadlineStatus::Held
                    | DeadlineStatus::Waived
                    | DeadlineStatus::Stopped,
                    _,
                ) => {}
            }
        }
        for promise in line.outcomes(DeadlineKind::Promise) {
            self.promises.count(promise.status == DeadlineStatus::Met);
        }
        // An extension after the miss sets another deadline beside the missed one.
        let is_kept = |one: &Decided| one.status == DeadlineStatus::Met;
        let kept = line.outcomes(DeadlineKind::Resolve).map(is_kept).reduce(|all, one| all && one);
        if let Some(kept) = kept.filter(|_| is_issue) {
            self.resolved.count(kept);
        }
    }

    /// Replies in time, of those decided.
    #[must_use]
    pub fn replies(&self) -> Ratio {
        let denominator = self.replied_in_time + self.replied_late + self.not_replied;
        Ratio { numerator: self.replied_in_time, denominator }
    }

    /// How many hospitals filed.
    #[must_use]
    pub fn hospitals(&self) -> u32 {
        u32::try_from(self.hospitals.len()).unwrap_or(u32::MAX)
    }

    /// How many hospitals the issues of M07 are of.
    #[must_use]
    pub fn issue_hospitals(&self) -> u32 {
        let with_issues = self.hospitals.values().filter(|has_issues| **has_issues).count();
        u32::try_from(with_issues).unwrap_or(u32::MAX)
    }

    /// True when the issues are many enough for M07 to be held against anybody (A16).
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.issues >= MANY_ISSUES && self.issue_hospitals() >= MANY_HOSPITALS
    }

    /// The median of the working days to the solution: with an even number, the mean of the two
    /// in the middle. `None` when nothing was solved.
    #[must_use]
    pub fn median_working_days(&self) -> Option<f64> {
        let count: u32 = self.spans.values().sum();
        let (below, above) = (self.ranked(count.checked_sub(1)? / 2)?, self.ranked(count / 2)?);
        Some(f64::midpoint(f64::from(below), f64::from(above)))
    }

    /// The span of this rank, the shortest being 0.
    fn ranked(&self, rank: u32) -> Option<u32> {
        let mut passed = 0;
        let at_rank = |(_, count): &(&u32, &u32)| {
            passed += **count;
            passed > rank
        };
        self.spans.iter().find(at_rank).map(|(days, _)| *days)
    }
}

/// The ledger of a period: figures by group, and of everything.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// By what it is split.
    pub by: Grouping,
    /// By group.
    pub rows: BTreeMap<Group, Figures>,
    /// Of everything.
    pub total: Figures,
}

impl Ledger {
    /// A ledger without a ticket.
    #[must_use]
    pub fn by(by: Grouping) -> Self {
        Self { by, rows: BTreeMap::new(), total: Figures::default() }
    }

    /// Adds a ticket; `calendar` is that of its hospital.
    pub fn add(&mut self, line: &Line, calendar: &Calendar) {
        self.rows.entry(self.by.of(line)).or_default().add(line, calendar);
        self.total.add(line, calendar);
    }
}

#[cfg(test)]
mod tests;
