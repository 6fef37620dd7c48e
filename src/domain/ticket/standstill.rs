//! Stopping the clocks of a ticket, and letting them go on.
//!
//! At the stop, n working days strictly after that date are left up to the due date; on
//! resumption the due date is the n-th working day after it.
//!
//! **Never** gives back more, or less, than was left.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::State;
use super::deadline::{Basis, Deadline, DeadlineKind, DeadlineStatus};
use super::decide::{Draft, Rules};
use super::event::{Brief, EventData, Party, Tell};
use super::refusal::Refusal;
use super::request::Stopped;
use super::warning;
use crate::domain::calendar::{
    Calendar, CalendarError, Counting, Due, ExplainedDay, Target, at_time, local_date,
    midnight_after,
};
use crate::domain::id::{OrganisationId, UserId};
use crate::domain::notice::Kind;

/// A time in which a deadline stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standstill {
    /// Since when.
    pub from: DateTime<Utc>,
    /// The day it went on after; `None` while it lasts.
    pub through: Option<NaiveDate>,
    /// The day that it was due on until then, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<NaiveDate>,
}

impl Standstill {
    /// True for a day that did not count.
    fn covers(&self, date: NaiveDate) -> bool {
        local_date(self.from) < date && self.through.is_none_or(|through| date <= through)
    }
}

impl Deadline {
    /// True while it stands still, to go on later; a deadline may also be stopped for good.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.status == DeadlineStatus::Stopped && self.standstill().is_some()
    }

    pub(super) fn standstill(&self) -> Option<Standstill> {
        self.stops.last().copied().filter(|stop| stop.through.is_none())
    }

    /// Stands still from `at`; one that is held goes on being held.
    pub(super) fn pause(&mut self, at: DateTime<Utc>) {
        match self.status {
            DeadlineStatus::Running => self.status = DeadlineStatus::Stopped,
            DeadlineStatus::Held => {}
            DeadlineStatus::Met
            | DeadlineStatus::Missed
            | DeadlineStatus::Waived
            | DeadlineStatus::Stopped => return,
        }
        let due_on = Some(self.due_on);
        self.stops.push(Standstill { from: at, through: None, due_on });
    }

    /// The same deadline as it is after a standstill that ended at `at`, with the day `on`.
    ///
    /// # Errors
    /// [`CalendarError`] when the count leaves the calendar.
    pub(super) fn resumed(
        &self,
        (at, on): (DateTime<Utc>, NaiveDate),
        rules: &Rules<'_>,
    ) -> Result<Self, CalendarError> {
        let mut next = self.clone();
        let Some(stop) = self.standstill() else { return Ok(next) };
        if let Some(open) = next.stops.last_mut() {
            open.through = Some(on);
        }
        match self.basis {
            // By rules that were changed since, it had passed before it stood still.
            _ if self.due_at <= stop.from => {}
            Basis::Count(Target::ElapsedHours(_)) => {
                next.due_at = self.due_at + (at - stop.from).max(chrono::TimeDelta::zero());
                next.due_on = local_date(next.due_at - chrono::TimeDelta::nanoseconds(1));
                next.warn_at = self.warn_at.map(|warn_at| warn_at + (at - stop.from));
            }
            Basis::Count(Target::WorkingHours(_)) => {
                let office = rules.policy.counting.office;
                let work = rules.calendar.office_time(stop.from, self.due_at, office);
                let due = rules.calendar.due_by_office(at, work, office)?;
                (next.due_at, next.due_on) = (due.at, due.on);
                next.provisional |= due.provisional;
                next.warn_at = warning::next(&next, at, rules);
            }
            Basis::Count(Target::WorkingDays(_)) | Basis::Date => {
                let time = match self.basis {
                    Basis::Count(_) => rules.policy.counting.due_time,
                    Basis::Date => None,
                };
                let due = left((stop.from, self.due_on), on, time, rules.calendar)?;
                (next.due_at, next.due_on) = (due.at, due.on);
                next.provisional |= due.provisional;
                next.warn_at = warning::next(&next, at, rules);
            }
        }
        next.calendar_version = rules.calendar.version().to_owned();
        if next.status == DeadlineStatus::Stopped {
            next.status = DeadlineStatus::Running;
        }
        Ok(next)
    }

    /// Day by day, with the days that stood still not counted.
    pub(super) fn explain_stops(
        &self,
        calendar: &Calendar,
        counted_from: NaiveDate,
    ) -> Vec<ExplainedDay> {
        let stands = |date| self.stops.iter().any(|stop| stop.covers(date));
        let by_days = match self.basis {
            Basis::Count(Target::ElapsedHours(_)) => false,
            Basis::Count(Target::WorkingDays(_) | Target::WorkingHours(_)) | Basis::Date => true,
        };
        let today_counts = matches!(self.basis, Basis::Count(Target::WorkingHours(_)));
        let is_after = |date| date > counted_from || (today_counts && date == counted_from);
        let counts = |date| !by_days || (is_after(date) && calendar.is_working(date));
        let days = local_date(self.started_at).iter_days();
        days.take_while(|date| *date <= self.due_on)
            .map(|date| ExplainedDay {
                date,
                kind: calendar.kind(date),
                counted: counts(date) && !stands(date),
                minutes: None,
                own: calendar.is_own(date),
            })
            .collect()
    }
}

/// The due day after a standstill: as many working days after `on` as were left.
pub(super) fn left(
    (stopped_at, due_on): (DateTime<Utc>, NaiveDate),
    on: NaiveDate,
    due_time: Option<NaiveTime>,
    calendar: &Calendar,
) -> Result<Due, CalendarError> {
    let days = calendar.working_days_between(local_date(stopped_at), due_on);
    let days = u16::try_from(days).unwrap_or(u16::MAX);
    let counting = Counting { due_time, ..Counting::default() };
    calendar.due(at_time(on, NaiveTime::MIN), Target::WorkingDays(days), counting)
}

impl Draft<'_> {
    /// The clocks of the manufacturer and of the bureaus stand still.
    pub(super) fn stop_clocks(&mut self, expected_end: NaiveDate) {
        let at = self.at;
        self.change.ticket.stopped = Some(Stopped { at, expected_end });
        for deadline in &mut self.change.ticket.deadlines {
            if deadline.kind != DeadlineKind::Confirm {
                deadline.pause(at);
            }
        }
        for escalation in self.change.ticket.escalations.iter_mut().filter(|e| e.is_open()) {
            escalation.stops.push(Standstill { from: at, through: None, due_on: None });
        }
    }

    /// The clocks go on: after the expected end by themselves, or because a bureau says so.
    pub(super) fn resume_clocks(
        &mut self,
        by: Option<(UserId, OrganisationId)>,
        reason: Option<String>,
    ) -> Result<(), Refusal> {
        let Some(stopped) = self.change.ticket.stopped.take() else { return Ok(()) };
        let end = midnight_after(stopped.expected_end);
        // By itself it goes on at the expected end, however late the clock looks at it.
        let resumed = match by {
            None => (end, stopped.expected_end),
            Some(_) => (self.at, local_date(self.at)),
        };
        let reported = matches!(self.change.ticket.state, State::Solved { .. });
        for deadline in &mut self.change.ticket.deadlines {
            let was_paused = deadline.is_paused();
            *deadline = deadline.resumed(resumed, self.rules)?;
            if was_paused && reported && deadline.is_owed_by_manufacturer() {
                // The solution was reported while the clock stood still, so in time.
                deadline.hold();
            }
        }
        self.resume_climbs(stopped, resumed.1)?;
        let brief = self.brief_of(&[DeadlineKind::Reply, DeadlineKind::Resolve]);
        let mut tells = vec![
            Tell { kind: Kind::Resumed, to: Party::Manufacturer },
            Tell { kind: Kind::Resumed, to: Party::Hospital },
            Tell { kind: Kind::Resumed, to: Party::Distributor },
        ];
        tells.extend(self.bureau(Kind::Resumed));
        let data = EventData::Resumed { resumed_on: resumed.1, reason };
        self.record(by, data, Brief { ..brief }, tells);
        Ok(())
    }

    fn resume_climbs(&mut self, stopped: Stopped, on: NaiveDate) -> Result<(), Refusal> {
        let calendar = self.rules.calendar;
        for escalation in self.change.ticket.escalations.iter_mut().filter(|e| e.is_open()) {
            let Some(climbs_at) = escalation.climbs_at else { continue };
            let due_on = local_date(climbs_at - chrono::TimeDelta::nanoseconds(1));
            let since = stopped.at.max(escalation.opened_at);
            let time = self.rules.policy.counting.due_time;
            escalation.climbs_at = Some(left((since, due_on), on, time, calendar)?.at);
            if let Some(stop) = escalation.stops.last_mut() {
                stop.through = Some(on);
            }
        }
        Ok(())
    }
}
