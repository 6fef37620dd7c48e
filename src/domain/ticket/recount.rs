//! Counting one deadline from its start again, by other rules.
//!
//! **Never** changes what has become of it.

use chrono::TimeDelta;

use super::Ticket;
use super::deadline::{Basis, Deadline, DeadlineKind, DeadlineStatus};
use super::decide::Rules;
use super::standstill::Standstill;
use crate::domain::calendar::{CalendarError, Target, local_date, midnight_after};
use crate::domain::policy::Policy;

impl Deadline {
    /// True for what a re-plan looks at: what runs, is held or stands still, and what was missed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.status {
            DeadlineStatus::Running | DeadlineStatus::Held | DeadlineStatus::Missed => true,
            DeadlineStatus::Stopped => self.is_paused(),
            DeadlineStatus::Met | DeadlineStatus::Waived => false,
        }
    }

    /// The deadline counted from its start again, over every time it stood still.
    pub(super) fn recounted(
        &self,
        ticket: &Ticket,
        before: &Policy,
        rules: &Rules<'_>,
    ) -> Result<Self, CalendarError> {
        let mut next = match self.basis {
            Basis::Count(target) => {
                let same = before.version == rules.policy.version;
                let target = if same { target } else { self.target(ticket, target, rules.policy) };
                Self::counted(self.kind, self.ordinal, self.started_at, target, rules)?
            }
            Basis::Date => {
                let day = self.stops.first().and_then(|stop| stop.due_on).unwrap_or(self.due_on);
                Self::on_date(self.kind, self.ordinal, self.started_at, day, rules)
            }
        };
        if self.kind == DeadlineKind::Confirm {
            next.remind(rules)?;
        }
        if let (Basis::Count(Target::ElapsedHours(old)), Basis::Count(Target::ElapsedHours(new))) =
            (self.basis, next.basis)
        {
            // However long the clock stood still, it did so to the second.
            next.due_at = self.due_at + TimeDelta::hours(i64::from(new) - i64::from(old));
            next.due_on = local_date(next.due_at - TimeDelta::nanoseconds(1));
            return Ok(self.keeping_fate(next));
        }
        for stop in self.replayable() {
            let Standstill { from, through, .. } = *stop;
            next.stops.push(Standstill { from, through: None, due_on: Some(next.due_on) });
            if let Some(through) = through {
                next = next.resumed((midnight_after(through), through), rules)?;
            }
        }
        Ok(self.keeping_fate(next))
    }

    /// The deadline counted anew, with what has become of it so far.
    fn keeping_fate(&self, counted: Self) -> Self {
        Self {
            stops: self.stops.clone(),
            status: self.status,
            met_at: self.met_at,
            late_working_days: self.late_working_days,
            waived_by: self.waived_by,
            ..counted
        }
    }

    /// Standstills of a named day whose day is not known any more are left as they are.
    fn replayable(&self) -> &[Standstill] {
        let known = self.stops.first().is_none_or(|stop| stop.due_on.is_some());
        match self.basis {
            Basis::Date if !known => &[],
            Basis::Date | Basis::Count(_) => &self.stops,
        }
    }

    /// What another policy gives for the same thing.
    fn target(&self, ticket: &Ticket, own: Target, policy: &Policy) -> Target {
        let targets = policy.targets(ticket.urgency);
        match self.kind {
            DeadlineKind::Reply => targets.reply,
            DeadlineKind::Resolve => targets.resolve,
            DeadlineKind::Confirm => Target::WorkingDays(policy.decide_silence_after),
            DeadlineKind::Acknowledge => {
                let held = ticket.escalations.iter().find(|e| e.ordinal == self.ordinal);
                let rung =
                    held.and_then(|held| policy.ladder.iter().find(|r| r.level == held.level));
                rung.map_or(own, |rung| Target::WorkingDays(rung.acknowledge_within))
            }
            DeadlineKind::Promise | DeadlineKind::Measure => own,
        }
    }
}
