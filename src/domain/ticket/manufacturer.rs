//! What the manufacturer does with a ticket: replies, promises, reports the solution.
//!
//! **Never** moves a deadline that stands: a new promise is a new deadline, and a solution only
//! holds the clocks.

use chrono::NaiveDate;

use super::Promise;
use super::act::Reply;
use super::deadline::{Deadline, DeadlineKind};
use super::decide::{Draft, by};
use super::event::{Brief, EventData, Party, Tell};
use super::refusal::Refusal;
use super::state::State;
use crate::domain::calendar::{Target, local_date, midnight_after};
use crate::domain::notice::Kind;
use crate::domain::party::Actor;
use crate::domain::policy::ResolveFrom;

impl Draft<'_> {
    pub(super) fn reply(&mut self, actor: &Actor, reply: Reply) -> Result<(), Refusal> {
        self.start_resolve_clock()?;
        let late = self.judge_promise(reply.promised_on)?;
        self.done(DeadlineKind::Reply);
        let late_working_days =
            self.change.ticket.deadline(DeadlineKind::Reply).and_then(|d| d.late_working_days);
        let version = self.add_promise(Promise {
            version: 0,
            promised_on: reply.promised_on,
            promised_quantity: reply.promised_quantity,
            cause: Some(reply.cause),
            note: reply.message.clone(),
            contact: Some(reply.contact),
            late,
            at: self.at,
            by: actor.name.clone(),
        });
        let data = EventData::Replied {
            version,
            cause: reply.cause,
            promised_on: reply.promised_on,
            promised_quantity: reply.promised_quantity,
            message: reply.message,
            late_working_days,
        };
        self.record_promise(actor, data, Kind::Replied, reply.promised_on);
        Ok(())
    }

    pub(super) fn promise(
        &mut self,
        actor: &Actor,
        promised_on: NaiveDate,
        promised_quantity: i64,
        reason: String,
    ) -> Result<(), Refusal> {
        let late = self.judge_promise(promised_on)?;
        let cause = self.change.ticket.promises.last().and_then(|promise| promise.cause);
        let contact =
            self.change.ticket.promises.last().and_then(|promise| promise.contact.clone());
        let version = self.add_promise(Promise {
            version: 0,
            promised_on,
            promised_quantity,
            cause,
            note: reason.clone(),
            contact,
            late,
            at: self.at,
            by: actor.name.clone(),
        });
        let data = EventData::Promised { version, promised_on, promised_quantity, reason };
        self.record_promise(actor, data, Kind::Promised, promised_on);
        Ok(())
    }

    fn record_promise(
        &mut self,
        actor: &Actor,
        data: EventData,
        kind: Kind,
        promised_on: NaiveDate,
    ) {
        let mut tells =
            vec![Tell { kind, to: Party::Hospital }, Tell { kind, to: Party::Distributor }];
        tells.extend(self.bureau(kind));
        let brief = Brief {
            promised_on: Some(promised_on),
            ..self.brief_of(&[DeadlineKind::Promise, DeadlineKind::Resolve])
        };
        self.record(by(actor), data, brief, tells);
    }

    /// Whether a promised day is allowed, and whether it lies beyond the resolve limit.
    fn judge_promise(&self, promised_on: NaiveDate) -> Result<bool, Refusal> {
        let today = local_date(self.at);
        let invalid = |code, message| Refusal::Invalid { field: "promised_on", code, message };
        if promised_on < today {
            return Err(invalid(
                "in_the_past",
                format!("a promise cannot lie before today, {today}"),
            ));
        }
        let ahead = self.resolve_limit()?;
        let limit = match ahead {
            Some(limit) => limit,
            None => self
                .rules
                .calendar
                .nth_working_day_after(today, self.rules.policy.late_promise_within)?,
        };
        if promised_on > limit {
            return Err(invalid(
                "beyond_limit",
                format!(
                    "a promise may reach {limit} at the latest; a later date needs an extension"
                ),
            ));
        }
        Ok(ahead.is_none())
    }

    /// The day up to which a promise may reach; `None` once the solution's deadline has passed.
    /// While the clocks stand still it is the day they lead to from the expected end on.
    pub(super) fn resolve_limit(&self) -> Result<Option<NaiveDate>, Refusal> {
        let Some(resolve) = self.change.ticket.deadline(DeadlineKind::Resolve) else {
            return Ok(None);
        };
        match self.change.ticket.stopped {
            Some(stopped) if resolve.is_paused() => {
                let end = (midnight_after(stopped.expected_end), stopped.expected_end);
                Ok(Some(resolve.resumed(end, self.rules)?.due_on))
            }
            Some(_) | None => Ok(Some(resolve.due_on).filter(|_| self.at < resolve.due_at)),
        }
    }

    /// Where the policy counts the solution from the reply, its clock starts now.
    fn start_resolve_clock(&mut self) -> Result<(), Refusal> {
        if self.rules.policy.resolve_from == ResolveFrom::Filing {
            return Ok(());
        }
        let target = self.rules.policy.targets(self.change.ticket.urgency).resolve;
        let deadline = Deadline::counted(DeadlineKind::Resolve, 1, self.at, target, self.rules)?;
        self.change.ticket.deadlines.push(deadline);
        Ok(())
    }

    /// The new promise replaces the old one's deadline, unless that was missed already.
    fn add_promise(&mut self, promise: Promise) -> u16 {
        let ticket = &mut self.change.ticket;
        if let Some(previous) = ticket.deadline_mut(DeadlineKind::Promise) {
            previous.stop();
        }
        let version = ticket.promises.last().map_or(1, |last| last.version.saturating_add(1));
        let mut deadline = Deadline::on_date(
            DeadlineKind::Promise,
            version,
            self.at,
            promise.promised_on,
            self.rules,
        );
        let resolve = ticket.deadline(DeadlineKind::Resolve);
        if resolve
            .is_some_and(|resolve| resolve.due_at == deadline.due_at && resolve.warn_at.is_some())
        {
            // One warning is enough where both fall on the same day.
            deadline.warn_at = None;
        }
        ticket.deadlines.push(deadline);
        ticket.promises.push(Promise { version, ..promise });
        ticket.state = State::Promised { owes_promise: false };
        version
    }

    pub(super) fn solve(&mut self, actor: &Actor, solved: EventData) -> Result<(), Refusal> {
        if self.change.ticket.state == State::Open {
            // It counts as the reply too.
            self.start_resolve_clock()?;
            self.done(DeadlineKind::Reply);
        }
        for deadline in
            self.change.ticket.deadlines.iter_mut().filter(|d| d.is_owed_by_manufacturer())
        {
            deadline.hold();
        }
        self.change.ticket.state = State::Solved { at: self.at };
        self.await_hospital()?;
        let mut tells = vec![Tell { kind: Kind::Solved, to: Party::Hospital }];
        tells.extend(self.bureau(Kind::Solved));
        let brief = self.brief_of(&[DeadlineKind::Resolve]);
        self.record(by(actor), solved, brief, tells);
        Ok(())
    }

    /// The hospital is reminded after some working days, and after more of them a bureau is asked.
    fn await_hospital(&mut self) -> Result<(), Refusal> {
        let policy = self.rules.policy;
        let earlier = self.change.ticket.deadline(DeadlineKind::Confirm);
        let ordinal = earlier.map_or(1, |earlier| earlier.ordinal.saturating_add(1));
        let limit = Target::WorkingDays(policy.decide_silence_after);
        let mut confirm =
            Deadline::counted(DeadlineKind::Confirm, ordinal, self.at, limit, self.rules)?;
        confirm.remind(self.rules)?;
        self.change.ticket.deadlines.push(confirm);
        Ok(())
    }
}
