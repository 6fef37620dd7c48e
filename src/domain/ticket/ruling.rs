//! A bureau's decisions: on a return, an extension, a force majeure, a silent hospital, and on
//! letting stopped clocks go on.
//!
//! **Never** erases a breach: an extension granted after the deadline was missed sets a new one
//! beside it.

use chrono::NaiveDate;

use super::admit::possible;
use super::deadline::{Basis, Deadline, DeadlineKind, DeadlineStatus};
use super::decide::{Draft, by};
use super::event::{EventData, Party, Tell};
use super::kind::ActKind;
use super::refusal::Refusal;
use super::request::{Decision, Outcome, Request, Ruling, Topic, decides};
use super::state::State;
use super::warning;
use crate::domain::calendar::{local_date, midnight_after};
use crate::domain::notice::Kind;
use crate::domain::party::Actor;

impl Draft<'_> {
    pub(super) fn rule(&mut self, actor: &Actor, decision: Decision) -> Result<(), Refusal> {
        let topic = decision.on;
        if !self.change.ticket.undecided().contains(&topic) {
            let waiting = self.change.ticket.undecided();
            let waiting: Vec<_> = waiting.iter().map(|topic| topic.as_str()).collect();
            return Err(Refusal::OutOfTurn {
                code: "nothing_to_decide",
                message: format!(
                    "no {} waits for a decision; waiting now: {}",
                    topic.as_str(),
                    waiting.join(", ")
                ),
                possible: possible(&self.change.ticket, actor),
            });
        }
        if !decides(&self.change.ticket, actor, topic) {
            return Err(Refusal::Forbidden(ActKind::Decide));
        }
        check_input(&decision)?;
        match topic {
            Topic::Return => self.rule_on_return(actor, decision),
            Topic::Extension => self.rule_on_extension(actor, decision)?,
            Topic::ForceMajeure => self.rule_on_stop(actor, decision)?,
            Topic::Silence => self.rule_on_silence(actor, decision)?,
            Topic::Resume => self.resume_clocks(by(actor), Some(decision.reason))?,
        }
        self.catch_up()
    }

    fn rule_on_return(&mut self, actor: &Actor, decision: Decision) {
        let granted = self.conclude(&decision);
        let data = decided(decision);
        if granted.is_none() {
            return self.record_ruling(actor, data, Kind::ReturnRefused);
        }
        for deadline in &mut self.change.ticket.deadlines {
            deadline.stop();
        }
        self.end(State::Returned { at: self.at }, actor, data, Kind::Returned);
    }

    fn rule_on_extension(&mut self, actor: &Actor, decision: Decision) -> Result<(), Refusal> {
        let granted = self.conclude(&decision);
        let Some(until) = granted.and_then(|request| request.day) else {
            self.record_ruling(actor, decided(decision), Kind::ExtensionRefused);
            return Ok(());
        };
        let before = self.change.ticket.deadline(DeadlineKind::Resolve).map(|d| d.due_at);
        self.extend(until)?;
        let mut data = decided(decision);
        if let EventData::Decided { due_before_at, due_after_at, .. } = &mut data {
            *due_before_at = before;
            *due_after_at = Some(midnight_after(until));
        }
        self.record_ruling(actor, data, Kind::ExtensionGranted);
        Ok(())
    }

    /// Moves the solution's deadline to the end of a day.
    fn extend(&mut self, until: NaiveDate) -> Result<(), Refusal> {
        let (at, rules) = (self.at, self.rules);
        if midnight_after(until) <= at {
            return Err(Refusal::Invalid {
                field: "granted",
                code: "in_the_past",
                message: format!("the day asked for, {until}, has passed; refuse it"),
            });
        }
        let promise_over = self
            .change
            .ticket
            .deadline(DeadlineKind::Promise)
            .is_some_and(|promise| !promise.is_paused() && promise.due_at <= at);
        if let State::Promised { owes_promise } = &mut self.change.ticket.state {
            // The old promise has run out, and the new limit allows another.
            *owes_promise |= promise_over;
        }
        let ticket = &mut self.change.ticket;
        let Some(resolve) = ticket.deadline_mut(DeadlineKind::Resolve) else { return Ok(()) };
        let mut moved = Deadline::on_date(
            DeadlineKind::Resolve,
            resolve.ordinal,
            resolve.started_at,
            until,
            rules,
        );
        moved.warn_at = warning::next(&moved, at, rules);
        match resolve.status {
            DeadlineStatus::Running | DeadlineStatus::Held | DeadlineStatus::Stopped => {
                resolve.basis = Basis::Date;
                resolve.due_at = moved.due_at;
                resolve.due_on = moved.due_on;
                resolve.warn_at = moved.warn_at;
                resolve.calendar_version = moved.calendar_version;
            }
            DeadlineStatus::Missed | DeadlineStatus::Met | DeadlineStatus::Waived => {
                moved.ordinal = resolve.ordinal.saturating_add(1);
                moved.started_at = at;
                if matches!(ticket.state, State::Solved { .. }) {
                    moved.hold();
                }
                ticket.deadlines.push(moved);
            }
        }
        Ok(())
    }

    fn rule_on_stop(&mut self, actor: &Actor, decision: Decision) -> Result<(), Refusal> {
        let granted = self.conclude(&decision);
        let Some(expected_end) = granted.and_then(|request| request.day) else {
            self.record_ruling(actor, decided(decision), Kind::StopRefused);
            return Ok(());
        };
        if expected_end < local_date(self.at) {
            return Err(Refusal::Invalid {
                field: "granted",
                code: "in_the_past",
                message: format!(
                    "the force majeure was expected to end on {expected_end}; refuse it"
                ),
            });
        }
        self.stop_clocks(expected_end);
        self.record_ruling(actor, decided(decision), Kind::Stopped);
        Ok(())
    }

    /// The hospital was silent for so long that the bureau says whether the problem is solved.
    fn rule_on_silence(&mut self, actor: &Actor, decision: Decision) -> Result<(), Refusal> {
        let granted = self.conclude(&decision);
        let data = decided(decision);
        if granted.is_some() {
            self.close(actor, None, data);
            return Ok(());
        }
        self.reopen(actor, data)
    }

    /// Writes the outcome into the request; gives the request when it was granted.
    fn conclude(&mut self, decision: &Decision) -> Option<Request> {
        let mut requests = self.change.ticket.requests.iter_mut();
        let request = requests.find(|r| r.topic == decision.on && r.outcome.is_none())?;
        let verdict = if decision.granted { Ruling::Granted } else { Ruling::Refused };
        let reason = Some(decision.reason.clone());
        request.outcome = Some(Outcome { verdict, at: self.at, reason });
        decision.granted.then(|| request.clone())
    }

    fn record_ruling(&mut self, actor: &Actor, data: EventData, kind: Kind) {
        let parties = [Party::Manufacturer, Party::Hospital, Party::Distributor];
        let mut tells = parties.map(|to| Tell { kind, to }).to_vec();
        tells.extend(self.bureau(kind));
        let brief = self.brief_of(&[DeadlineKind::Resolve]);
        self.record(by(actor), data, brief, tells);
    }

    /// What nobody has to decide any more.
    pub(super) fn lapse(&mut self, lapses: impl Fn(Topic) -> bool) {
        let at = self.at;
        for request in &mut self.change.ticket.requests {
            if request.outcome.is_none() && lapses(request.topic) {
                request.outcome = Some(Outcome { verdict: Ruling::Lapsed, at, reason: None });
            }
        }
    }
}

/// A right manufacturer belongs to a granted return, and clocks are only ever let go on.
fn check_input(decision: &Decision) -> Result<(), Refusal> {
    let invalid = |field, code, message: &str| {
        Err(Refusal::Invalid { field, code, message: message.to_owned() })
    };
    if decision.on == Topic::Resume && !decision.granted {
        return invalid("granted", "unknown", "stopped clocks are let go on, or left alone");
    }
    if decision.manufacturer.is_some() && !(decision.on == Topic::Return && decision.granted) {
        return invalid("manufacturer_id", "unexpected", "only with a return that is granted");
    }
    Ok(())
}

fn decided(decision: Decision) -> EventData {
    // The right manufacturer stays out of this timeline: the one that returned the ticket reads
    // it, and must not learn of another's.
    let Decision { on, granted, reason, manufacturer: _ } = decision;
    EventData::Decided { on, granted, reason, due_before_at: None, due_after_at: None }
}
