//! A second opinion on replies and solutions, deliberately simple: it walks the days of the
//! calendar one by one and reads off the acts what must have become of the two deadlines.
//!
//! **Never** asks the code under test, but for which days work.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use supplyline::domain::calendar::Calendar;
use supplyline::domain::policy::{Policy, ResolveFrom, Urgency};
use supplyline::domain::ticket::{Act, DeadlineKind, DeadlineStatus, Ticket, Topic, Verdict};

use super::store::{Row, What};
use super::world::World;

const SHANGHAI_HOURS: i64 = 8;

/// The instant after so many working days, walked day by day.
fn walked(from: DateTime<Utc>, days: u32, calendar: &Calendar, policy: &Policy) -> DateTime<Utc> {
    let local = from.naive_utc() + TimeDelta::hours(SHANGHAI_HOURS);
    let mut date = local.date();
    if policy.counting.cutoff_time.is_some_and(|cutoff| local.time() > cutoff) {
        date = date.succ_opt().expect("a day");
    }
    let mut left = days;
    while left > 0 {
        date = date.succ_opt().expect("a day");
        if calendar.is_working(date) {
            left -= 1;
        }
    }
    let end = match policy.counting.due_time {
        Some(time) => date.and_time(time),
        None => date.succ_opt().expect("a day").and_time(NaiveTime::MIN),
    };
    (end - TimeDelta::hours(SHANGHAI_HOURS)).and_utc()
}

/// What must have become of a deadline.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opinion {
    kind: DeadlineKind,
    due_at: DateTime<Utc>,
    status: DeadlineStatus,
    met_at: Option<DateTime<Utc>>,
}

/// What a person did, as far as the two deadlines care.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Reply,
    Solve,
    Dispute,
    Close,
    End,
}

/// True where nobody asked for the clocks to move, and no edit of the calendar did.
fn is_plain(row: &Row) -> bool {
    row.log.iter().all(|op| match &op.what {
        What::Filed | What::Swept => true,
        What::Acted { act: Act::Decide(decision), .. } => {
            matches!(decision.on, Topic::Silence | Topic::Return)
        }
        What::Acted { .. } => true,
        What::Replanned { changed, .. } => !changed,
    })
}

fn deed(act: &Act) -> Option<Deed> {
    match act {
        Act::Reply(_) => Some(Deed::Reply),
        Act::Solve { .. } => Some(Deed::Solve),
        Act::Confirm(confirm) if confirm.result == Verdict::Solved => Some(Deed::Close),
        Act::Confirm(_) => Some(Deed::Dispute),
        Act::Withdraw { .. } => Some(Deed::End),
        Act::Decide(decision) if decision.on == Topic::Silence => {
            Some(if decision.granted { Deed::Close } else { Deed::Dispute })
        }
        Act::Decide(decision) if decision.on == Topic::Return && decision.granted => {
            Some(Deed::End)
        }
        _ => None,
    }
}

/// One of the two deadlines while the deeds are gone through.
struct Running {
    due_at: DateTime<Utc>,
    status: DeadlineStatus,
    met_at: Option<DateTime<Utc>>,
}

impl Running {
    fn until(due_at: DateTime<Utc>) -> Self {
        Self { due_at, status: DeadlineStatus::Running, met_at: None }
    }

    fn pass(&mut self, at: DateTime<Utc>) {
        if self.status == DeadlineStatus::Running && self.due_at <= at {
            self.status = DeadlineStatus::Missed;
        }
    }

    fn done(&mut self, at: DateTime<Utc>) {
        if matches!(self.status, DeadlineStatus::Running | DeadlineStatus::Held) {
            self.status = DeadlineStatus::Met;
        }
        self.met_at.get_or_insert(at);
    }

    /// What a deed makes of it, where a solution was reported at `solved_at`.
    fn take(&mut self, deed: Deed, at: DateTime<Utc>, solved_at: Option<DateTime<Utc>>) {
        match deed {
            Deed::Reply => {}
            Deed::Solve => self.turn(DeadlineStatus::Running, DeadlineStatus::Held),
            Deed::Dispute => {
                self.turn(DeadlineStatus::Held, DeadlineStatus::Running);
                self.pass(at);
            }
            Deed::Close => self.done(solved_at.unwrap_or(at)),
            Deed::End => {
                self.turn(DeadlineStatus::Running, DeadlineStatus::Stopped);
                self.turn(DeadlineStatus::Held, DeadlineStatus::Stopped);
            }
        }
    }

    fn turn(&mut self, from: DeadlineStatus, to: DeadlineStatus) {
        if self.status == from {
            self.status = to;
        }
    }
}

/// Both deadlines after everything in the log, or `None` where the simple rules do not tell.
pub(crate) fn opinion(row: &Row, world: &World) -> Option<Vec<Opinion>> {
    if !is_plain(row) || !row.log.is_sorted_by_key(|op| op.at) {
        return None;
    }
    let filed = row.log.first()?;
    let (calendar, policy) = (World::calendar(filed.book), world.policy());
    let is_ordinary = row.ticket.urgency == Urgency::Ordinary;
    let due = |from: DateTime<Utc>, days, hours| {
        if is_ordinary {
            walked(from, days, calendar, policy)
        } else {
            from + TimeDelta::hours(hours)
        }
    };
    let from_filing = policy.resolve_from == ResolveFrom::Filing;
    let mut reply = Running::until(due(filed.at, 2, 4));
    let mut resolve = from_filing.then(|| Running::until(due(filed.at, 5, 72)));
    let (mut is_open, mut solved_at) = (true, None);
    for op in &row.log {
        reply.pass(op.at);
        resolve.iter_mut().for_each(|resolve| resolve.pass(op.at));
        let What::Acted { act, .. } = &op.what else { continue };
        let Some(deed) = deed(act) else { continue };
        if is_open && matches!(deed, Deed::Reply | Deed::Solve) {
            // Counted with the calendar of its own day, which an edit may have changed.
            if resolve.is_none() && op.book != filed.book {
                return None;
            }
            resolve.get_or_insert_with(|| Running::until(due(op.at, 5, 72)));
            reply.done(op.at);
            is_open = false;
        }
        let both = std::iter::once(&mut reply).chain(&mut resolve);
        both.for_each(|one| one.take(deed, op.at, solved_at));
        match deed {
            Deed::Solve => solved_at = Some(op.at),
            Deed::Dispute => solved_at = None,
            Deed::Reply | Deed::Close | Deed::End => {}
        }
        if matches!(deed, Deed::Close | Deed::End) {
            break;
        }
    }
    let told = |kind, one: Running| Opinion {
        kind,
        due_at: one.due_at,
        status: one.status,
        met_at: one.met_at,
    };
    let resolve = resolve.map(|resolve| told(DeadlineKind::Resolve, resolve));
    Some(std::iter::once(told(DeadlineKind::Reply, reply)).chain(resolve).collect())
}

/// As they stand on record.
pub(crate) fn on_record(ticket: &Ticket) -> Vec<Opinion> {
    let both = [DeadlineKind::Reply, DeadlineKind::Resolve].into_iter();
    both.filter_map(|kind| {
        let one = ticket.deadline(kind)?;
        Some(Opinion { kind, due_at: one.due_at, status: one.status, met_at: one.met_at })
    })
    .collect()
}
