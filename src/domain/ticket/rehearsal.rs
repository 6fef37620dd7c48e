//! What another policy would have made of a ticket (规则试算), from what is on record of it.
//!
//! When the parties acted is taken as it was; what is reckoned anew is by when they had to, and
//! which rungs that would have rung. A bureau is taken to act as quickly after it was told as it
//! did; one that was never told, in time. Vacant desks are not known here.
//!
//! **Never** changes a ticket, and never guesses what somebody would have done otherwise.

use chrono::{DateTime, Utc};

use super::deadline::{Deadline, DeadlineKind, DeadlineStatus};
use super::decide::Rules;
use super::request::{Ruling, Topic};
use super::standstill::Standstill;
use super::{State, Ticket};
use crate::domain::calendar::{CalendarError, Target, midnight_after};
use crate::domain::escalation::{Escalation, Reason};
use crate::domain::party::Level;
use crate::domain::policy::{Policy, ResolveFrom, Rung};

/// What became of a ticket, as far as a policy decides it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The reply was missed.
    pub reply_missed: bool,
    /// The solution was missed.
    pub resolve_missed: bool,
    /// The levels that stepped in, lowest first.
    pub levels: Vec<Level>,
}

impl Outcome {
    /// What did become of a ticket.
    #[must_use]
    pub fn on_record(ticket: &Ticket) -> Self {
        let missed = |kind| {
            let mut own = ticket.deadlines.iter().filter(|deadline| deadline.kind == kind);
            own.any(|deadline| deadline.status == DeadlineStatus::Missed)
        };
        let mut levels: Vec<_> = ticket.escalations.iter().map(|one| one.level).collect();
        levels.sort_unstable();
        levels.dedup();
        Self {
            reply_missed: missed(DeadlineKind::Reply),
            resolve_missed: missed(DeadlineKind::Resolve),
            levels,
        }
    }

    /// How much another outcome differs: one for each deadline that only one of them missed, and
    /// for each level that only one of them reached.
    #[must_use]
    pub fn distance(&self, other: &Self) -> u8 {
        let only = |one: &Self, other: &Self| {
            one.levels.iter().filter(|level| !other.levels.contains(level)).count()
        };
        let levels = only(self, other) + only(other, self);
        u8::from(self.reply_missed != other.reply_missed)
            + u8::from(self.resolve_missed != other.resolve_missed)
            + u8::try_from(levels).unwrap_or(u8::MAX / 2)
    }

    /// What would have become of it by `now` under other rules.
    ///
    /// # Errors
    /// [`CalendarError`] when a deadline leaves the calendar.
    pub fn under(
        ticket: &Ticket,
        now: DateTime<Utc>,
        rules: &Rules<'_>,
    ) -> Result<Self, CalendarError> {
        let record = Record::of(ticket, now);
        let targets = rules.policy.targets(ticket.urgency);
        let reply = record.due(DeadlineKind::Reply, (ticket.filed_at, targets.reply), rules)?;
        let replied_at = record.first(DeadlineKind::Reply).and_then(|reply| reply.met_at);
        let starts = match rules.policy.resolve_from {
            ResolveFrom::Filing => Some(ticket.filed_at),
            ResolveFrom::Reply => replied_at,
        };
        let resolve = match starts {
            Some(at) => {
                let due = record.due(DeadlineKind::Resolve, (at, targets.resolve), rules)?;
                due.map(|due| record.extended(due))
            }
            None => None,
        };
        let reply = reply.filter(|due| record.misses(*due, replied_at));
        let resolve = resolve.filter(|due| record.misses(*due, record.solved_at()));
        let levels = record.climbs(reply.into_iter().chain(resolve).min(), rules)?;
        Ok(Self { reply_missed: reply.is_some(), resolve_missed: resolve.is_some(), levels })
    }
}

/// A ticket as it is on record at an instant.
struct Record<'a> {
    ticket: &'a Ticket,
    now: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

impl<'a> Record<'a> {
    fn of(ticket: &'a Ticket, now: DateTime<Utc>) -> Self {
        let ended_at = match ticket.state {
            State::Closed { at } | State::Withdrawn { at } | State::Returned { at } => Some(at),
            State::Open | State::Promised { .. } | State::Solved { .. } => None,
        };
        Self { ticket, now, ended_at }
    }

    fn first(&self, kind: DeadlineKind) -> Option<&'a Deadline> {
        self.ticket.deadlines.iter().find(|deadline| deadline.kind == kind)
    }

    /// When something is due, with the standstills that there were; `None` while it stands still.
    fn due(
        &self,
        kind: DeadlineKind,
        (from, target): (DateTime<Utc>, Target),
        rules: &Rules<'_>,
    ) -> Result<Option<DateTime<Utc>>, CalendarError> {
        let mut deadline = Deadline::counted(kind, 1, from, target, rules)?;
        let stops = self.first(kind).map(|own| own.stops.as_slice()).unwrap_or_default();
        for stop in stops.iter().filter(|stop| from < stop.from) {
            if deadline.due_at <= stop.from {
                break;
            }
            let Some(through) = stop.through else { return Ok(None) };
            deadline.status = DeadlineStatus::Stopped;
            let due_on = Some(deadline.due_on);
            deadline.stops.push(Standstill { from: stop.from, through: None, due_on });
            deadline = deadline.resumed((midnight_after(through), through), rules)?;
        }
        Ok(Some(deadline.due_at))
    }

    /// The due instant with the bureau's extension, where it came in time and leads further.
    fn extended(&self, due: DateTime<Utc>) -> DateTime<Utc> {
        let granted = self.ticket.requests.iter().filter(|asked| asked.topic == Topic::Extension);
        let in_time = granted.filter_map(|asked| {
            let outcome = asked.outcome.as_ref()?;
            let is_granted = outcome.verdict == Ruling::Granted && outcome.at < due;
            asked.day.filter(|_| is_granted).map(midnight_after)
        });
        in_time.chain([due]).max().unwrap_or(due)
    }

    /// When the solution counts as done: a report that waits for the hospital holds the clock.
    fn solved_at(&self) -> Option<DateTime<Utc>> {
        let confirm = self.ticket.deadline(DeadlineKind::Confirm).filter(|c| c.met_at.is_none());
        // One that ended while the report waited was never missed; one that a bureau found unsolved
        // goes on.
        let is_missed = self
            .ticket
            .deadline(DeadlineKind::Resolve)
            .is_some_and(|own| own.status == DeadlineStatus::Missed);
        let reported = match self.ticket.state {
            State::Solved { at } => Some(at),
            State::Open | State::Promised { .. } => None,
            State::Closed { .. } | State::Withdrawn { .. } | State::Returned { .. } => {
                confirm.filter(|_| !is_missed).map(|confirm| confirm.started_at)
            }
        };
        let met = self.ticket.deadline(DeadlineKind::Resolve).and_then(|own| own.met_at);
        met.or(reported)
    }

    /// True when an instant came before the thing was done, the ticket ended, or now.
    fn misses(&self, due: DateTime<Utc>, done_at: Option<DateTime<Utc>>) -> bool {
        let end = done_at.into_iter().chain(self.ended_at).min().unwrap_or(self.now);
        due <= end && due <= self.now
    }

    /// The levels that step in, after the first miss or at the hospital's request.
    fn climbs(
        &self,
        missed_at: Option<DateTime<Utc>>,
        rules: &Rules<'_>,
    ) -> Result<Vec<Level>, CalendarError> {
        let promises = self.ticket.deadlines.iter().filter(|deadline| {
            deadline.kind == DeadlineKind::Promise && deadline.status == DeadlineStatus::Missed
        });
        let mut asked: Vec<_> = self.asked().collect();
        asked.sort_unstable();
        let first = missed_at.into_iter().chain(promises.map(|promise| promise.due_at));
        let Some(first) = first.chain(asked.first().copied()).min() else { return Ok(Vec::new()) };
        let mut levels = Vec::new();
        let (mut entered_at, mut position) = (first, 0);
        while let Some(rung) = rules.policy.ladder.get(position) {
            let level = self.level(rung.level);
            levels.push(level);
            let is_above = |next: &Rung| next.level > level;
            let Some(next) = rules.policy.ladder.iter().position(is_above) else { break };
            let request = asked.iter().find(|at| **at > entered_at).copied();
            let alone = self.leaves(rules.policy, level, entered_at, rules)?;
            let Some(at) = alone.into_iter().chain(request).min() else { break };
            if at > self.now || self.ended_at.is_some_and(|end| end <= at) {
                break;
            }
            (entered_at, position) = (at, next);
        }
        Ok(levels)
    }

    /// When the hospital asked for the next rung.
    fn asked(&self) -> impl Iterator<Item = DateTime<Utc>> {
        let is_asked = |one: &&Escalation| {
            one.reasons.iter().any(|reason| matches!(reason, Reason::ByRequest { .. }))
        };
        self.ticket.escalations.iter().filter(is_asked).map(|one| one.opened_at)
    }

    /// When a rung gives way to the next: it was not acted on in time, or the ticket not closed.
    fn leaves(
        &self,
        policy: &Policy,
        level: Level,
        entered_at: DateTime<Utc>,
        rules: &Rules<'_>,
    ) -> Result<Option<DateTime<Utc>>, CalendarError> {
        let Some(rung) = policy.rung(level).or(policy.ladder.first()) else { return Ok(None) };
        let due = |days| {
            let target = Target::WorkingDays(days);
            rules.calendar.due(entered_at, target, policy.counting).map(|due| due.at)
        };
        let (acts_by, closes_by) = (due(rung.acknowledge_within)?, due(rung.close_within)?);
        let known = self.ticket.escalations.iter().find(|one| one.level == level);
        let Some(known) = known else { return Ok(Some(closes_by)) };
        let delayed = |at: DateTime<Utc>| entered_at + (at - known.opened_at);
        let measured = known.measures.first().map(|measure| measure.at);
        let acted = known.acknowledged_at.into_iter().chain(measured).min().map(delayed);
        let leaves = if acted.is_none_or(|at| at >= acts_by) { acts_by } else { closes_by };
        let concluded = known.closed_at.filter(|_| known.conclusion.is_some()).map(delayed);
        Ok(Some(leaves).filter(|leaves| concluded.is_none_or(|at| at > *leaves)))
    }

    /// The level that takes a rung: the next one up where the place has none of it.
    fn level(&self, level: Level) -> Level {
        let place = self.ticket.division;
        match level {
            Level::County if place.is_functional_zone() || place.level() != Level::County => {
                self.level(Level::City)
            }
            Level::City
                if place.is_municipality()
                    || place.is_directly_under_province()
                    || place.level() == Level::Province =>
            {
                Level::Province
            }
            Level::County | Level::City | Level::Province => level,
        }
    }
}
