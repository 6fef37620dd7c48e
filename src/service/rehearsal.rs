//! Trying a policy on the tickets of a period: what it would have done.
//!
//! **Never** writes anything, and never holds more tickets than a page of them.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use uuid::Uuid;

use super::policies::{Proposal, admit};
use super::{App, Error, FieldError};
use crate::domain::access::Scope;
use crate::domain::calendar::{at_time, midnight_after};
use crate::domain::id::TicketId;
use crate::domain::party::Level;
use crate::domain::policy::Policy;
use crate::domain::policy::judge::{Against, check};
use crate::domain::ticket::rehearsal::Outcome;
use crate::domain::ticket::{Rules, Ticket};
use crate::store::tickets::{self as kept, Filter, Order};

/// More tickets than these are not tried at once.
pub const MOST_TICKETS: u64 = 20_000;
/// Tickets read at once.
const PAGE: u64 = 500;
/// So many changed tickets are named.
const MOST_NAMED: usize = 100;

/// What became, or would have become, of tickets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Replies that were missed.
    pub replies_missed: u64,
    /// Solutions that were missed.
    pub resolves_missed: u64,
    /// Tickets that reached a level.
    pub escalated: BTreeMap<Level, u64>,
}

impl Tally {
    fn add(&mut self, outcome: &Outcome) {
        self.replies_missed += u64::from(outcome.reply_missed);
        self.resolves_missed += u64::from(outcome.resolve_missed);
        for level in &outcome.levels {
            *self.escalated.entry(*level).or_default() += 1;
        }
    }
}

/// A ticket that would have gone another way.
#[derive(Debug, Clone)]
pub struct Turned {
    /// Its id.
    pub id: TicketId,
    /// Its number.
    pub number: String,
    /// When it was filed.
    pub filed_at: DateTime<Utc>,
    /// What became of it.
    pub on_record: Outcome,
    /// What would have.
    pub under_draft: Outcome,
}

/// What a policy would have done.
#[derive(Debug, Clone, Default)]
pub struct Rehearsal {
    /// Tickets that it would have ruled.
    pub tickets: u64,
    /// What became of them.
    pub on_record: Tally,
    /// What would have.
    pub under_draft: Tally,
    /// Those that would have gone another way.
    pub turned: u64,
    /// The first of them.
    pub first: Vec<Turned>,
}

impl Rehearsal {
    fn add(&mut self, ticket: &Ticket, under_draft: Outcome) {
        let on_record = Outcome::on_record(ticket);
        self.tickets += 1;
        self.on_record.add(&on_record);
        self.under_draft.add(&under_draft);
        if on_record == under_draft {
            return;
        }
        self.turned += 1;
        if self.first.len() < MOST_NAMED {
            let (id, number, filed_at) = (ticket.id, ticket.number.clone(), ticket.filed_at);
            self.first.push(Turned { id, number, filed_at, on_record, under_draft });
        }
    }
}

/// Tries a proposed policy on the tickets filed from one day through another in its region.
///
/// # Errors
/// [`Error::Forbidden`] unless an administrator asks; [`Error::Invalid`] naming what is wrong
/// with the policy, apart from when it would begin, or a period with too many tickets.
pub async fn run(
    app: &App,
    scope: &Scope,
    read: impl FnOnce() -> Result<(Proposal, NaiveDate, NaiveDate), Error>,
) -> Result<Rehearsal, Error> {
    admit(scope)?;
    let (proposal, from, to) = read()?;
    let policy = sound(proposal)?;
    if to < from {
        return Err(Error::invalid("to", "before_start", "it ends before it begins"));
    }
    let filter = Filter {
        division: policy.division,
        filed_from: Some(at_time(from, NaiveTime::MIN)),
        filed_before: Some(midnight_after(to)),
        ..Filter::default()
    };
    let _turn = app.long_read().await?;
    let db = app.store.snapshot().await?;
    let visible = scope.tickets();
    if kept::count_up_to(&db, visible, &filter, MOST_TICKETS + 1).await? > MOST_TICKETS {
        let message = format!("more than {MOST_TICKETS} tickets: choose a shorter period");
        return Err(Error::invalid("to", "too_many", message));
    }
    let (now, book) = (app.clock.now(), app.book());
    let (mut found, mut after): (_, Option<(DateTime<Utc>, Uuid)>) = (Rehearsal::default(), None);
    loop {
        let page = kept::list(&db, visible, &filter, Order::OldestFirst, (after, PAGE)).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some((last.filed_at, last.id.0));
        let is_ruled =
            |ticket: &&Ticket| !ticket.historic && policy.covers(Some(ticket.report.category));
        for ticket in page.iter().filter(is_ruled) {
            let calendar = book.calendar_for(&policy, ticket.division);
            let rules = Rules { calendar: &calendar, policy: &policy, desks: &[] };
            found.add(ticket, Outcome::under(ticket, now, &rules)?);
        }
    }
}

/// The policy, if it makes sense whenever it begins.
fn sound(proposal: Proposal) -> Result<Policy, Error> {
    let Proposal { policy, reason: _, refused } = proposal;
    let today = policy.effective_from;
    let against =
        Against { others: &[], replaces: None, today, reason: None, is_known_division: true };
    let faults = check(&policy, &against).into_iter();
    let faults = faults.map(|fault| FieldError::new(fault.field, fault.code, fault.message));
    let all: Vec<_> = refused.into_iter().chain(faults).collect();
    if all.is_empty() { Ok(policy) } else { Err(Error::Invalid(all)) }
}
