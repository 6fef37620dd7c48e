//! What the passing of time does to a ticket, read off the ticket itself.
//!
//! The database keeps one row per ticket with [`wake_at`]; what has to happen then is never
//! stored, so it cannot disagree with the ticket.
//!
//! **Never** lets a clock of the manufacturer's or a bureau's fire while a solution reported in
//! time waits for the hospital's answer, or while a bureau has stopped them.

use chrono::{DateTime, Utc};

use super::deadline::{Deadline, DeadlineKind, DeadlineStatus};
use super::decide::Draft;
use super::event::{Brief, EventData, Party, Tell};
use super::refusal::Refusal;
use super::{State, Ticket, rung, warning};
use crate::domain::calendar::midnight_after;
use crate::domain::notice::Kind;

/// Something that is due at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Warn of a deadline.
    Warn {
        /// Its kind.
        kind: DeadlineKind,
        /// Its ordinal.
        ordinal: u16,
    },
    /// Every deadline due at this instant has passed.
    Pass,
    /// The expected end of a standstill: the clocks go on.
    Resume,
    /// An open escalation climbs, because the ticket is still not closed.
    Climb {
        /// The escalation's ordinal.
        ordinal: u16,
    },
}

impl Step {
    /// What happens, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Warn { .. } => "a warning, or the note that it is too late for one",
            Self::Pass => "a deadline missed",
            Self::Resume => "stopped clocks that go on",
            Self::Climb { .. } => "an escalation that climbs",
        }
    }
}

/// The next thing the clock does to the ticket, and when; `None` when nothing is.
#[must_use]
pub fn next_step(ticket: &Ticket) -> Option<(DateTime<Utc>, Step)> {
    if ticket.state.is_final() {
        return None;
    }
    let waits = waits_for_hospital(ticket);
    let concerns = |deadline: &&Deadline| !waits || deadline.kind == DeadlineKind::Confirm;
    let running =
        || ticket.deadlines.iter().filter(|deadline| deadline.is_running()).filter(concerns);
    let warnings = running().filter_map(|deadline| {
        let step = Step::Warn { kind: deadline.kind, ordinal: deadline.ordinal };
        deadline.warn_at.map(|at| (at, step))
    });
    let passing = running().map(|deadline| (deadline.due_at, Step::Pass));
    let resuming = ticket.stopped.map(|stop| (midnight_after(stop.expected_end), Step::Resume));
    let stands_still = waits || ticket.stopped.is_some();
    let climbs = ticket.escalations.iter().filter(|e| e.is_open() && !stands_still);
    let climbs = climbs.filter_map(|escalation| {
        escalation.climbs_at.map(|at| (at, Step::Climb { ordinal: escalation.ordinal }))
    });
    warnings.chain(passing).chain(climbs).chain(resuming).min()
}

/// When the clock must look at the ticket next.
#[must_use]
pub fn wake_at(ticket: &Ticket) -> Option<DateTime<Utc>> {
    next_step(ticket).map(|(at, _)| at)
}

/// A solution reported before the resolve limit holds every clock but the hospital's own until
/// the hospital answers.
fn waits_for_hospital(ticket: &Ticket) -> bool {
    match ticket.state {
        State::Solved { .. } => ticket
            .deadline(DeadlineKind::Resolve)
            .is_some_and(|resolve| resolve.status == DeadlineStatus::Held || resolve.is_paused()),
        State::Open
        | State::Promised { .. }
        | State::Closed { .. }
        | State::Withdrawn { .. }
        | State::Returned { .. } => false,
    }
}

impl Draft<'_> {
    pub(super) fn clock(&mut self, step: Step) -> Result<(), Refusal> {
        match step {
            Step::Warn { kind, ordinal } => {
                self.warn(kind, ordinal);
                Ok(())
            }
            Step::Pass => self.pass(),
            Step::Resume => self.resume_clocks(None, None),
            Step::Climb { ordinal } => rung::unresolved(self, ordinal),
        }
    }

    /// Takes every step due by now, in due order.
    pub(super) fn catch_up(&mut self) -> Result<(), Refusal> {
        while let Some((due_at, step)) = next_step(&self.change.ticket) {
            if due_at > self.at {
                return Ok(());
            }
            self.clock(step)?;
        }
        Ok(())
    }

    fn warn(&mut self, kind: DeadlineKind, ordinal: u16) {
        let (at, rules) = (self.at, self.rules);
        let Some(deadline) = self
            .change
            .ticket
            .deadlines
            .iter_mut()
            .find(|deadline| deadline.kind == kind && deadline.ordinal == ordinal)
        else {
            return;
        };
        deadline.warn_at = match kind {
            // The hospital is reminded once.
            DeadlineKind::Confirm => None,
            DeadlineKind::Reply
            | DeadlineKind::Resolve
            | DeadlineKind::Promise
            | DeadlineKind::Acknowledge
            | DeadlineKind::Measure => warning::next(deadline, at, rules),
        };
        let due_at = deadline.due_at;
        if at >= due_at {
            let data = EventData::WarningSuperseded { deadline: kind, due_at };
            self.record(None, data, Brief::default(), Vec::new());
            return;
        }
        let lines = deadline.line(self.rules.calendar, self.rules.policy).into_iter().collect();
        let brief = Brief { deadlines: lines, ..Brief::default() };
        let to = match kind {
            DeadlineKind::Acknowledge => self.bureau_of(ordinal),
            DeadlineKind::Confirm => Some(Party::Hospital),
            DeadlineKind::Reply
            | DeadlineKind::Resolve
            | DeadlineKind::Promise
            | DeadlineKind::Measure => Some(Party::Manufacturer),
        };
        let told = if kind == DeadlineKind::Confirm { Kind::Silent } else { Kind::Warning };
        let tells = to.map(|to| Tell { kind: told, to }).into_iter().collect();
        self.record(None, EventData::Warned { deadline: kind, due_at }, brief, tells);
    }

    /// The bureau that holds the escalation of this ordinal.
    fn bureau_of(&self, ordinal: u16) -> Option<Party> {
        let mut escalations = self.change.ticket.escalations.iter();
        escalations.find(|e| e.ordinal == ordinal)?.bureau.map(Party::Bureau)
    }

    /// Every running deadline with the earliest due instant has passed: they are missed
    /// together, and the ladder is entered, or its open rung told, once.
    fn pass(&mut self) -> Result<(), Refusal> {
        let waits = waits_for_hospital(&self.change.ticket);
        let passes = |deadline: &Deadline| {
            deadline.is_running() && (!waits || deadline.kind == DeadlineKind::Confirm)
        };
        let running = self.change.ticket.deadlines.iter().filter(|deadline| passes(deadline));
        let Some(missed_at) = running.map(|deadline| deadline.due_at).min() else { return Ok(()) };
        let mut missed = Vec::new();
        for deadline in &mut self.change.ticket.deadlines {
            if passes(deadline) && deadline.due_at == missed_at {
                deadline.status = DeadlineStatus::Missed;
                deadline.warn_at = None;
                missed.push((deadline.kind, deadline.ordinal));
            }
        }
        rung::missed(self, &missed, missed_at)
    }
}
