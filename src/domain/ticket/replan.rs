//! Counting the deadlines of an open ticket again, after the calendar or the policy changed.
//!
//! What already happened stays: a warning that went out, a rung that was entered, a deadline that
//! was kept. A breach that would be none by the new rules is not erased; it is waived by the batch,
//! and a clock that still has to run goes on as another deadline beside it.
//!
//! **Never** looks at a ticket that is over, and never moves the end of a named day or of hours
//! that no holiday stops.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::deadline::{Basis, Deadline, DeadlineKind, DeadlineStatus};
use super::decide::{Change, Draft, Rules, advance};
use super::event::{Brief, EventData, Party};
use super::refusal::Refusal;
use super::standstill::left;
use super::{State, Ticket, warning};
use crate::domain::calendar::{Calendar, CalendarError, Target, local_date, midnight_after};
use crate::domain::id::{OrganisationId, UserId};

/// The batch that counts again, as tickets remember it.
#[derive(Debug, Clone)]
pub struct Order {
    /// The batch's number.
    pub batch: u32,
    /// Why, as the administrator wrote.
    pub reason: String,
    /// Who ordered it.
    pub by: (UserId, OrganisationId),
}

/// One deadline before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Which.
    pub deadline: DeadlineKind,
    /// Which of its kind.
    pub ordinal: u16,
    /// When it was due.
    pub before_at: DateTime<Utc>,
    /// When it is due now.
    pub after_at: DateTime<Utc>,
    /// True when it had been missed, and is waived now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waived: bool,
    /// True when it was provisional, and is not any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub settled: bool,
    /// The calendar and the policy that it was counted with.
    pub before: Versions,
    /// Those that it is counted with now.
    pub after: Versions,
}

/// What a deadline is counted with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The calendar's version.
    pub calendar: String,
    /// The policy's.
    pub policy: String,
}

impl Versions {
    fn of(deadline: &Deadline) -> Self {
        Self {
            calendar: deadline.calendar_version.clone(),
            policy: deadline.policy_version.clone(),
        }
    }
}

/// Counts the deadlines of an open ticket again. First the ticket is brought up to `at` by the
/// rules `before`, and at the end by those `after`: what is due by then happens at once.
///
/// Gives `None` where nothing that the ticket holds changes.
///
/// # Errors
/// [`Refusal::Calendar`] when a deadline leaves the calendar.
pub fn replan(
    ticket: &Ticket,
    order: &Order,
    at: DateTime<Utc>,
    (before, after): (&Rules<'_>, &Rules<'_>),
) -> Result<Option<Change>, Refusal> {
    if ticket.state.is_final() || ticket.historic {
        return Ok(None);
    }
    let change = advance(ticket, at, before)?;
    if change.ticket.state.is_final() {
        return Ok(None);
    }
    let mut draft = Draft::of(change.ticket.clone(), at, after);
    let Some(moved) = draft.count_again(order.batch, before)? else { return Ok(None) };
    if !moved.is_empty() {
        draft.tell_moved(order, moved);
    }
    draft.catch_up()?;
    Ok(Some(change.then(draft.change)))
}

impl Draft<'_> {
    /// What moved; `None` where nothing changes at all.
    fn count_again(
        &mut self,
        batch: u32,
        before: &Rules<'_>,
    ) -> Result<Option<Vec<Moved>>, Refusal> {
        let (mut moved, mut next, mut changed) = (Vec::new(), Vec::new(), false);
        let mut successors = Vec::new();
        for old in &self.change.ticket.deadlines {
            match self.counted_again(old, batch, before)? {
                Again::Same => next.push(old.clone()),
                Again::Moved(new) => {
                    if let Some(told) = told(old, &new, false) {
                        moved.push(told);
                    }
                    changed = true;
                    next.push(new);
                }
                Again::Waived(waived, by) => {
                    moved.extend(told(old, &by, true));
                    changed = true;
                    next.push(waived);
                    successors.extend(successor(&self.change.ticket, by));
                }
            }
        }
        next.append(&mut successors);
        self.change.ticket.deadlines = next;
        let climbs = self.climbs_again(before)?;
        Ok((changed || climbs).then_some(moved))
    }

    fn counted_again(
        &self,
        old: &Deadline,
        batch: u32,
        before: &Rules<'_>,
    ) -> Result<Again, CalendarError> {
        if !old.is_open() || !differs(old, before, self.rules) {
            return Ok(Again::Same);
        }
        let new = old.recounted(&self.change.ticket, before.policy, self.rules)?;
        if !is_changed(old, &new) {
            return Ok(Again::Same);
        }
        if old.status != DeadlineStatus::Missed {
            let warn_at = self.warn_again(old, &new);
            return Ok(Again::Moved(Deadline { warn_at, ..new }));
        }
        let in_time = new.due_at > old.met_at.unwrap_or(self.at);
        if in_time && matches!(old.basis, Basis::Count(_)) {
            let status = DeadlineStatus::Waived;
            let waived = Deadline { status, waived_by: Some(batch), ..old.clone() };
            return Ok(Again::Waived(waived, new));
        }
        let days =
            |met_at| self.rules.calendar.working_days_between(new.due_on, local_date(met_at));
        let late_working_days = old.met_at.map(days);
        Ok(Again::Moved(Deadline { warn_at: None, late_working_days, ..new }))
    }

    /// A warning that has not gone out, and would have, goes out at once. After the last one has,
    /// another goes out only for a later day.
    fn warn_again(&self, old: &Deadline, new: &Deadline) -> Option<DateTime<Utc>> {
        let ahead = match new.kind {
            DeadlineKind::Confirm => new.warn_at.filter(|warn_at| *warn_at > self.at),
            DeadlineKind::Reply
            | DeadlineKind::Resolve
            | DeadlineKind::Promise
            | DeadlineKind::Acknowledge
            | DeadlineKind::Measure => warning::next(new, self.at, self.rules),
        };
        match old.warn_at {
            Some(_) => ahead.or(new.warn_at),
            None => ahead.filter(|_| new.due_at > old.due_at),
        }
    }

    /// When open escalations climb; true where one of them moved.
    fn climbs_again(&mut self, before: &Rules<'_>) -> Result<bool, Refusal> {
        let rules = self.rules;
        let mut changed = false;
        for escalation in self.change.ticket.escalations.iter_mut().filter(|e| e.is_open()) {
            let Some(climbs_at) = escalation.climbs_at else { continue };
            let rung = rules.policy.ladder.iter().find(|rung| rung.level == escalation.level);
            let Some(rung) = rung else { continue };
            let until = midnight_after(local_date(climbs_at));
            if before.policy.version == rules.policy.version
                && !day_differs((escalation.opened_at, until), before.calendar, rules.calendar)
            {
                continue;
            }
            let close = Target::WorkingDays(rung.close_within);
            let mut due = rules.calendar.due(escalation.opened_at, close, rules.policy.counting)?;
            for stop in &escalation.stops {
                let Some(through) = stop.through else { continue };
                let time = rules.policy.counting.due_time;
                due = left((stop.from, due.on), through, time, rules.calendar)?;
            }
            changed |= due.at != climbs_at;
            escalation.climbs_at = Some(due.at);
        }
        Ok(changed)
    }

    fn tell_moved(&mut self, order: &Order, moved: Vec<Moved>) {
        let data = EventData::Replanned { batch: order.batch, reason: order.reason.clone(), moved };
        // Those affected get one letter about the whole batch.
        self.record(Some(order.by), data, Brief::default(), Vec::new());
    }
}

/// What became of a deadline.
enum Again {
    Same,
    Moved(Deadline),
    /// The waived one, and what it would be.
    Waived(Deadline, Deadline),
}

fn told(old: &Deadline, new: &Deadline, waived: bool) -> Option<Moved> {
    let settled = old.provisional && !new.provisional;
    let is_told =
        waived || settled || old.due_at != new.due_at || new.provisional != old.provisional;
    is_told.then(|| Moved {
        deadline: old.kind,
        ordinal: old.ordinal,
        before_at: old.due_at,
        after_at: new.due_at,
        waived,
        settled,
        before: Versions::of(old),
        after: Versions::of(new),
    })
}

/// The clock that goes on beside a waived breach, where the thing is still owed.
fn successor(ticket: &Ticket, mut by: Deadline) -> Option<Deadline> {
    let goes_on = match by.kind {
        DeadlineKind::Reply | DeadlineKind::Resolve => by.met_at.is_none(),
        // The next rung was entered, or a bureau asked: that is not taken back.
        DeadlineKind::Acknowledge | DeadlineKind::Confirm => false,
        // They end with a named day, which does not move.
        DeadlineKind::Promise | DeadlineKind::Measure => false,
    };
    if !goes_on {
        return None;
    }
    let of_kind = ticket.deadlines.iter().filter(|deadline| deadline.kind == by.kind);
    by.ordinal = of_kind.map(|d| d.ordinal).max().unwrap_or(by.ordinal).saturating_add(1);
    by.status = DeadlineStatus::Running;
    if let State::Solved { .. } = ticket.state {
        by.hold();
    }
    if let Some(stopped) = ticket.stopped {
        by.pause(stopped.at.max(by.started_at));
    }
    Some(by)
}

fn is_changed(old: &Deadline, new: &Deadline) -> bool {
    old.due_at != new.due_at
        || old.provisional != new.provisional
        || old.calendar_version != new.calendar_version
        || old.policy_version != new.policy_version
}

/// True where a day that the deadline is counted over is another one, or its policy is.
fn differs(deadline: &Deadline, before: &Rules<'_>, after: &Rules<'_>) -> bool {
    let hours = matches!(deadline.basis, Basis::Count(Target::ElapsedHours(_)));
    before.policy.version != after.policy.version
        || (!hours
            && day_differs((deadline.started_at, deadline.due_at), before.calendar, after.calendar))
}

/// True where a day between two instants is another one by another calendar.
fn day_differs(
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    before: &Calendar,
    after: &Calendar,
) -> bool {
    use chrono::Datelike as _;
    let last = local_date(until);
    let differs = |date: NaiveDate| {
        before.kind(date) != after.kind(date)
            || before.is_published(date.year()) != after.is_published(date.year())
    };
    local_date(from).iter_days().take_while(|date| *date <= last).any(differs)
}

/// Parties whose deadlines a batch moved, so that they are told of it.
#[must_use]
pub fn affected(ticket: &Ticket, moved: &[Moved]) -> Vec<OrganisationId> {
    let mut parties = Vec::new();
    for one in moved.iter().filter(|one| one.waived || one.before_at != one.after_at) {
        match one.deadline {
            DeadlineKind::Reply
            | DeadlineKind::Resolve
            | DeadlineKind::Promise
            | DeadlineKind::Measure => parties.extend([Party::Manufacturer, Party::Hospital]),
            DeadlineKind::Confirm => parties.push(Party::Hospital),
            DeadlineKind::Acknowledge => {}
        }
        if let Some(bureau) = ticket.open_escalation().and_then(|open| open.bureau) {
            parties.push(Party::Bureau(bureau));
        }
    }
    let mut houses: Vec<_> = parties
        .into_iter()
        .filter_map(|party| match party {
            Party::Hospital => Some(ticket.hospital),
            Party::Manufacturer => Some(ticket.manufacturer),
            Party::Distributor => ticket.distributor,
            Party::Bureau(bureau) => Some(bureau),
        })
        .collect();
    houses.sort_unstable();
    houses.dedup();
    houses
}
