//! What a proposal changes, and ticket by ticket what follows.
//!
//! **Never** writes.

use std::sync::Arc;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::calendar::{Edit, LayerChange, at_time, midnight_after};
use crate::domain::escalation::Desk;
use crate::domain::holiday::{Doubt, doubts};
use crate::domain::id::{CalendarId, PolicyId, TicketId};
use crate::domain::impact::Tally;
use crate::domain::policy::Policy;
use crate::domain::ticket::{Change, Order, Refusal, Rules, Ticket, replan};
use crate::service::Error;
use crate::service::rulebook::{KeptLayer, Rulebook};
use crate::service::tickets::{desks_of_all, policy_version};
use crate::store::replan::{Window, candidates};
use crate::store::tickets as kept;

/// Tickets looked at together.
const AT_ONCE: usize = 1_000;

/// A change of the rules, as a batch keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proposal {
    /// A layer of the calendar is edited.
    Calendar {
        /// The layer.
        calendar: CalendarId,
        /// What changes in it.
        edit: Edit,
    },
    /// Open tickets of a region are judged by another version of its policy from now on.
    Policy {
        /// That version.
        policy: PolicyId,
    },
}

/// What somebody wants, and under which conditions.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What changes.
    pub proposal: Proposal,
    /// Why.
    pub reason: String,
    /// The batch that it takes back.
    pub undoes: Option<u32>,
    /// The seal of the preview that it was confirmed after.
    pub seal: Option<String>,
    /// What is odd about it and is so all the same, by [`Doubt::as_str`].
    pub confirmed: Vec<String>,
}

/// A proposal with the rules before and after it.
pub(super) struct Planned {
    pub(super) before: Arc<Rulebook>,
    pub(super) after: Arc<Rulebook>,
    /// The layer as it will be, and what changes in it.
    pub(super) layer: Option<(KeptLayer, LayerChange)>,
    policy: Option<Policy>,
}

impl Planned {
    /// Makes the rules after a proposal.
    pub(super) fn of(before: Arc<Rulebook>, proposal: &Proposal) -> Result<Self, Error> {
        match proposal {
            Proposal::Calendar { calendar, edit } => {
                let kept = before.layer(*calendar)?;
                let layer = kept.layer.edited_for(kept.of, edit);
                let change = LayerChange::between(&kept.layer, &layer);
                if change.is_empty() {
                    let message = "the calendar says all of this already";
                    return Err(Error::invalid("days", "unchanged", message));
                }
                let edited = KeptLayer { version: kept.version + 1, layer, ..kept.clone() };
                let after = Arc::new(before.with_layer(&edited, &change));
                Ok(Self { before, after, layer: Some((edited, change)), policy: None })
            }
            Proposal::Policy { policy } => {
                let found = before.policies().iter().find(|known| known.id == *policy);
                let policy = found.cloned().ok_or(Error::NotFound)?;
                let after = Arc::clone(&before);
                Ok(Self { before, after, layer: None, policy: Some(policy) })
            }
        }
    }

    /// The policy that a ticket is judged by afterwards: the proposed one if it rules its region
    /// and its kind.
    fn policy_after<'a>(&'a self, own: &'a Policy, ticket: &Ticket) -> &'a Policy {
        let rules = |policy: &&Policy| {
            policy.division == own.division && policy.covers(Some(ticket.report.category))
        };
        self.policy.as_ref().filter(rules).unwrap_or(own)
    }

    /// The days that change to somebody who counts; `None` where every open ticket is looked at.
    fn window(&self) -> Option<Window> {
        let (_, change) = self.layer.as_ref()?;
        let years = change.published.iter().chain(&change.withdrawn);
        let ends = |year: &i32| {
            [(1, 1), (12, 31)].map(|(month, day)| NaiveDate::from_ymd_opt(*year, month, day))
        };
        let days = years.flat_map(ends).flatten().chain(change.days.iter().map(|day| day.date));
        let days: Vec<_> = days.collect();
        let (first, last) = (days.iter().min()?, days.iter().max()?);
        Some((at_time(*first, chrono::NaiveTime::MIN), midnight_after(*last)))
    }

    /// Counts a ticket's deadlines again.
    fn decide(
        &self,
        ticket: &Ticket,
        (order, at): (&Order, DateTime<Utc>),
        desks: &[Desk],
    ) -> Result<Option<Change>, Error> {
        let policy = self.before.policy_of(policy_version(ticket));
        let next = self.policy_after(policy, ticket);
        let calendars = (
            self.before.calendar_for(policy, ticket.division, Some(ticket.manufacturer)),
            self.after.calendar_for(next, ticket.division, Some(ticket.manufacturer)),
        );
        let before = Rules { calendar: &calendars.0, policy, desks };
        let after = Rules { calendar: &calendars.1, policy: next, desks };
        replan(ticket, order, at, (&before, &after)).map_err(|refusal| {
            let Refusal::Calendar(error) = refusal else { return refusal.into() };
            let message = format!("a deadline of {}: {error}", ticket.number);
            Error::invalid("days", "no_working_time", message)
        })
    }

    /// The version of the calendar that it makes.
    pub(super) fn version(&self) -> Option<i32> {
        Some(self.layer.as_ref()?.0.version)
    }

    /// What is odd about the calendar afterwards.
    pub(super) fn doubts(&self) -> Vec<Doubt> {
        let Some((edited, _)) = &self.layer else { return Vec::new() };
        let before = self.before.layer(edited.id).map(|kept| &kept.layer);
        before.map_or_else(|_| Vec::new(), |before| doubts(before, &edited.layer))
    }

    /// The years that are published, or not any more.
    pub(super) fn years(&self) -> Vec<i32> {
        let years = self.layer.iter().flat_map(|(_, change)| {
            let days = change.days.iter().map(|day| day.date.year());
            change.published.iter().chain(&change.withdrawn).copied().chain(days)
        });
        let mut years: Vec<_> = years.collect();
        years.sort_unstable();
        years.dedup();
        years
    }
}

/// A walk over the open tickets that a proposal may touch, in the order of their ids.
pub(super) struct Walk<'p> {
    planned: &'p Planned,
    order: &'p Order,
    at: DateTime<Utc>,
    /// Those to be looked at yet, the first last.
    ids: Vec<TicketId>,
    pub(super) tally: Tally,
    seal: Sha256,
}

impl<'p> Walk<'p> {
    pub(super) async fn begin(
        db: &impl ConnectionTrait,
        planned: &'p Planned,
        order: &'p Order,
        at: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let mut seal = Sha256::new();
        seal.update(planned.before.version().to_be_bytes());
        let mut ids = candidates(db, planned.window()).await?;
        ids.reverse();
        Ok(Self { planned, order, at, ids, tally: Tally::default(), seal })
    }

    /// The next tickets with what changes in them; `None` at the end.
    pub(super) async fn next(
        &mut self,
        db: &impl ConnectionTrait,
    ) -> Result<Option<Vec<(Ticket, Change)>>, Error> {
        let ids = self.ids.split_off(self.ids.len().saturating_sub(AT_ONCE));
        if ids.is_empty() {
            return Ok(None);
        }
        let mut tickets = kept::load(db, &ids).await?;
        // The seal is of an order.
        tickets.sort_unstable_by_key(|ticket| ticket.id);
        let desks = desks_of_all(db, &tickets).await?;
        let mut changed = Vec::new();
        for ticket in tickets {
            let desks = desks.get(&ticket.division).map_or(&[][..], Vec::as_slice);
            let decided = self.planned.decide(&ticket, (self.order, self.at), desks)?;
            let Some(change) = decided else { continue };
            for moved in self.tally.add(&ticket, &change) {
                self.seal.update(ticket.id.0.as_bytes());
                self.seal.update(moved.before_at.timestamp().to_be_bytes());
                self.seal.update(moved.after_at.timestamp().to_be_bytes());
            }
            changed.push((ticket, change));
        }
        Ok(Some(changed))
    }

    /// What was found, with a seal that another walk has only if it found the same.
    pub(super) fn end(self) -> (Tally, String) {
        let seal = self.seal.finalize();
        (self.tally, seal.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }
}
