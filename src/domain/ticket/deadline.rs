//! A deadline (时限): a due instant with its kind, status and reason.
//!
//! **Never** forgets a miss: a late answer leaves it missed and says by how much.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::super::calendar::{
    Calendar, CalendarError, ExplainedDay, Target, local_date, midnight_after,
};
use super::super::notice::DeadlineLine;
use super::super::policy::Policy;
use super::decide::Rules;
use super::standstill::Standstill;
use super::warning;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineKind {
    /// The manufacturer's reply.
    Reply,
    /// The solution.
    Resolve,
    /// The promised day; 24:00 of it.
    Promise,
    /// The hospital's answer to a reported solution.
    Confirm,
    /// The bureau's taking on of an escalation.
    Acknowledge,
    /// The manufacturer's compliance with a measure.
    Measure,
}

/// How a deadline stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineStatus {
    /// Ahead.
    Running,
    /// A solution was reported in time and the hospital has not answered: nothing fires.
    Held,
    /// Kept.
    Met,
    /// Not kept; for good, even if the thing was done later.
    Missed,
    /// A breach taken back by a re-plan.
    Waived,
    /// Ended without a judgement.
    Stopped,
}

/// What a deadline is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Counted from the start.
    Count(Target),
    /// The end of a named day.
    Date,
}

/// A due instant with everything that explains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// What is due.
    pub kind: DeadlineKind,
    /// Counts deadlines of a kind: the promise's version, the escalation's or measure's ordinal.
    pub ordinal: u16,
    /// What set it off.
    pub started_at: DateTime<Utc>,
    /// What it is counted by.
    pub basis: Basis,
    /// The due instant, exclusive: at this instant it has passed.
    pub due_at: DateTime<Utc>,
    /// The day in Shanghai it falls on; for 24:00 the day that ends.
    pub due_on: NaiveDate,
    /// When the next warning goes out; `None` when none is left.
    pub warn_at: Option<DateTime<Utc>>,
    /// The times it stood still, oldest first.
    pub stops: Vec<Standstill>,
    /// How it stands.
    pub status: DeadlineStatus,
    /// When the thing was done, in time or late.
    pub met_at: Option<DateTime<Utc>>,
    /// Working days between the due day and the day it was done, when late.
    pub late_working_days: Option<u32>,
    /// True while a year it touches has no published calendar.
    pub provisional: bool,
    /// The calendar it was counted with.
    pub calendar_version: String,
    /// The policy it was set by.
    pub policy_version: String,
    /// The number of the batch that waived it.
    pub waived_by: Option<u32>,
}

impl Deadline {
    /// A deadline counted from `started_at`.
    ///
    /// # Errors
    /// [`CalendarError`] when the count leaves the calendar.
    pub fn counted(
        kind: DeadlineKind,
        ordinal: u16,
        started_at: DateTime<Utc>,
        target: Target,
        rules: &Rules<'_>,
    ) -> Result<Self, CalendarError> {
        let Rules { calendar, policy, .. } = rules;
        let due = calendar.due(started_at, target, policy.counting)?;
        let deadline = Self {
            kind,
            ordinal,
            started_at,
            basis: Basis::Count(target),
            due_at: due.at,
            due_on: due.on,
            warn_at: None,
            stops: Vec::new(),
            status: DeadlineStatus::Running,
            met_at: None,
            late_working_days: None,
            provisional: due.provisional,
            calendar_version: calendar.version().to_owned(),
            policy_version: policy.version.clone(),
            waived_by: None,
        };
        Ok(deadline.warned(rules))
    }

    /// The same with its first warning.
    fn warned(self, rules: &Rules<'_>) -> Self {
        Self { warn_at: warning::next(&self, self.started_at, rules), ..self }
    }

    /// A deadline at the end of a named day.
    #[must_use]
    pub fn on_date(
        kind: DeadlineKind,
        ordinal: u16,
        started_at: DateTime<Utc>,
        date: NaiveDate,
        rules: &Rules<'_>,
    ) -> Self {
        let deadline = Self {
            kind,
            ordinal,
            started_at,
            basis: Basis::Date,
            due_at: midnight_after(date),
            due_on: date,
            warn_at: None,
            stops: Vec::new(),
            status: DeadlineStatus::Running,
            met_at: None,
            late_working_days: None,
            provisional: false,
            calendar_version: rules.calendar.version().to_owned(),
            policy_version: rules.policy.version.clone(),
            waived_by: None,
        };
        deadline.warned(rules)
    }

    /// A hospital that is silent is reminded before a bureau is asked.
    ///
    /// # Errors
    /// [`CalendarError`] when the count leaves the calendar.
    pub(super) fn remind(&mut self, rules: &Rules<'_>) -> Result<(), CalendarError> {
        let after = Target::WorkingDays(rules.policy.remind_hospital_after);
        let remind = rules.calendar.due(self.started_at, after, rules.policy.counting)?;
        self.warn_at = Some(remind.at).filter(|remind_at| *remind_at < self.due_at);
        Ok(())
    }

    /// True while it runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.status == DeadlineStatus::Running
    }

    /// True while it is missed and the thing is still not done.
    #[must_use]
    pub fn is_neglected(&self) -> bool {
        self.status == DeadlineStatus::Missed && self.met_at.is_none()
    }

    /// True for what the manufacturer owes; the rest is owed by a bureau or the hospital.
    #[must_use]
    pub fn is_owed_by_manufacturer(&self) -> bool {
        match self.kind {
            DeadlineKind::Reply
            | DeadlineKind::Resolve
            | DeadlineKind::Promise
            | DeadlineKind::Measure => true,
            DeadlineKind::Confirm | DeadlineKind::Acknowledge => false,
        }
    }

    /// The thing was done at `at`: a running or held deadline is met, a missed one says by how
    /// much, any other stays as it is.
    pub(super) fn done(&mut self, at: DateTime<Utc>, rules: &Rules<'_>) {
        let calendar = rules.calendar;
        if self.is_paused()
            && let Ok(gone_on) = self.resumed((at, local_date(at)), rules)
        {
            // The standstill ends with the thing done: it is due as if it went on now.
            *self = gone_on;
        }
        match self.status {
            DeadlineStatus::Running | DeadlineStatus::Held => {
                self.status = DeadlineStatus::Met;
                self.met_at = Some(at);
                self.warn_at = None;
            }
            DeadlineStatus::Missed if self.met_at.is_none() => {
                self.met_at = Some(at);
                let days = calendar.working_days_between(self.due_on, local_date(at));
                self.late_working_days = Some(days);
            }
            DeadlineStatus::Missed
            | DeadlineStatus::Met
            | DeadlineStatus::Waived
            | DeadlineStatus::Stopped => {}
        }
    }

    /// A solution was reported: while it is held, nothing fires.
    pub(super) fn hold(&mut self) {
        if self.is_running() {
            self.status = DeadlineStatus::Held;
        }
    }

    /// The solution was disputed: the original due instant stands. Where a bureau has stopped the
    /// clocks meanwhile, this one stands still with them, unless it had passed before.
    pub(super) fn release(&mut self) {
        if self.status == DeadlineStatus::Held {
            let stands_still = self.standstill().is_some_and(|stop| stop.from < self.due_at);
            self.status =
                if stands_still { DeadlineStatus::Stopped } else { DeadlineStatus::Running };
        }
    }

    /// It ends without a judgement.
    pub(super) fn stop(&mut self) {
        match self.status {
            DeadlineStatus::Running | DeadlineStatus::Held | DeadlineStatus::Stopped
                if self.standstill().is_some() =>
            {
                // It does not go on any more.
                self.stops.pop();
                self.status = DeadlineStatus::Stopped;
                self.warn_at = None;
            }
            DeadlineStatus::Running | DeadlineStatus::Held => {
                self.status = DeadlineStatus::Stopped;
                self.warn_at = None;
            }
            DeadlineStatus::Met
            | DeadlineStatus::Missed
            | DeadlineStatus::Waived
            | DeadlineStatus::Stopped => {}
        }
    }

    /// Why the deadline is what it is, day by day, from the day it started on.
    ///
    /// # Errors
    /// [`CalendarError`] when the days leave the calendar.
    pub fn explain(
        &self,
        calendar: &Calendar,
        policy: &Policy,
    ) -> Result<Vec<ExplainedDay>, CalendarError> {
        if !self.stops.is_empty() {
            let counted_from = match self.basis {
                Basis::Count(target) => {
                    calendar.due(self.started_at, target, policy.counting)?.counted_from
                }
                Basis::Date => local_date(self.started_at),
            };
            return Ok(self.explain_stops(calendar, counted_from));
        }
        match self.basis {
            Basis::Count(target) => calendar.explain(self.started_at, target, policy.counting),
            Basis::Date => {
                let start = local_date(self.started_at);
                let days = (self.due_on - start).num_days();
                Ok((0..=days)
                    .filter_map(|day| start.checked_add_signed(TimeDelta::days(day)))
                    .map(|date| ExplainedDay {
                        date,
                        kind: calendar.kind(date),
                        counted: date > start && calendar.is_working(date),
                        minutes: None,
                        own: calendar.is_own(date),
                    })
                    .collect())
            }
        }
    }

    /// As a notice shows it.
    ///
    /// # Errors
    /// [`CalendarError`] when the days leave the calendar.
    pub fn line(
        &self,
        calendar: &Calendar,
        policy: &Policy,
    ) -> Result<DeadlineLine, CalendarError> {
        Ok(DeadlineLine {
            kind: self.kind,
            due_at: self.due_at,
            provisional: self.provisional,
            explanation: self.explain(calendar, policy)?,
        })
    }
}
