//! Trying a policy on the tickets of a period: what it would have done.
//!
//! **Never** writes anything, and never holds more tickets than a page of them.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use uuid::Uuid;

use super::policies::{Proposal, admit, all_faults, is_known};
use super::{App, Error};
use crate::domain::access::Scope;
use crate::domain::calendar::{at_time, midnight_after};
use crate::domain::id::{PolicyId, TicketId};
use crate::domain::party::{Division, Level};
use crate::domain::policy::Policy;
use crate::domain::policy::judge::Against;
use crate::domain::ticket::rehearsal::Outcome;
use crate::domain::ticket::{Rules, Ticket};
use crate::store::tickets::{self as kept, Filter, Order};

/// More tickets than these are not tried at once: a province files about half as many in a quarter.
pub const MOST_TICKETS: u64 = 50_000;
/// Tickets read at once.
const PAGE: u64 = 500;

/// The tickets that a policy is tried on.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Filed from this day on.
    pub from: NaiveDate,
    /// Through this one.
    pub to: NaiveDate,
    /// Only in this region; `None` = wherever the policy rules.
    pub division: Option<Division>,
}

/// Where a ticket stands among those that would have gone another way: how alike it would have
/// been, so that what differs most comes first, then when it was filed.
pub type Place = (u8, DateTime<Utc>, Uuid);

/// Which of the tickets that would have gone another way are named.
#[derive(Debug, Clone, Copy)]
pub struct Naming {
    /// Those after this place; `None` = the first.
    pub after: Option<Place>,
    /// At most so many.
    pub most: usize,
}

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

    /// The rungs that rang, of all tickets together.
    #[must_use]
    pub fn rungs(&self) -> u64 {
        self.escalated.values().sum()
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

impl Turned {
    /// Where it stands among the others.
    #[must_use]
    pub fn place(&self) -> Place {
        (u8::MAX - self.on_record.distance(&self.under_draft), self.filed_at, self.id.0)
    }
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
    /// Replies and solutions that were in time and would not have been.
    pub appear: u64,
    /// Replies and solutions that were missed and would not have been.
    pub vanish: u64,
    /// Those that would have gone another way.
    pub turned: u64,
    /// Of them, what was asked to be named, those first that differ most.
    pub first: Vec<Turned>,
}

impl Rehearsal {
    fn add(&mut self, on_record: &Outcome, under_draft: &Outcome) {
        self.tickets += 1;
        self.on_record.add(on_record);
        self.under_draft.add(under_draft);
        for (before, after) in [
            (on_record.reply_missed, under_draft.reply_missed),
            (on_record.resolve_missed, under_draft.resolve_missed),
        ] {
            self.appear += u64::from(after && !before);
            self.vanish += u64::from(before && !after);
        }
        self.turned += u64::from(on_record != under_draft);
    }
}

/// The tickets that are named so far, no more than are wanted.
struct Named {
    wanted: Naming,
    kept: BTreeMap<Place, Turned>,
}

impl Named {
    fn add(&mut self, ticket: &Ticket, (on_record, under_draft): (Outcome, Outcome)) {
        if on_record == under_draft {
            return;
        }
        let (id, number, filed_at) = (ticket.id, ticket.number.clone(), ticket.filed_at);
        let turned = Turned { id, number, filed_at, on_record, under_draft };
        let place = turned.place();
        if self.wanted.after.is_none_or(|after| place > after) {
            self.kept.insert(place, turned);
        }
        if self.kept.len() > self.wanted.most {
            self.kept.pop_last();
        }
    }
}

/// Tries a proposed policy on the tickets filed from one day through another in its region.
///
/// # Errors
/// [`Error::Forbidden`] unless an administrator asks; [`Error::Invalid`] naming what is wrong
/// with the policy, apart from when it would begin, or as `sample.…` with the period, with a region
/// in which it would not rule, or with too many tickets.
pub async fn run(
    app: &App,
    scope: &Scope,
    read: impl FnOnce() -> Result<(Proposal, Sample), Error>,
    naming: Naming,
) -> Result<Rehearsal, Error> {
    admit(scope)?;
    let (proposal, sample) = read()?;
    let is_known = is_known(&app.store.read_as(scope).await?, proposal.policy.division).await?;
    tried(app, scope, &sound(proposal, is_known)?, sample, naming).await
}

/// Tries a version that is there, whether it rules or not.
///
/// # Errors
/// As [`run`]; [`Error::NotFound`].
pub async fn of_version(
    app: &App,
    scope: &Scope,
    id: PolicyId,
    sample: Sample,
    naming: Naming,
) -> Result<Rehearsal, Error> {
    admit(scope)?;
    let book = app.book();
    let policy = book.policies().iter().find(|known| known.id == id).ok_or(Error::NotFound)?;
    tried(app, scope, policy, sample, naming).await
}

async fn tried(
    app: &App,
    scope: &Scope,
    policy: &Policy,
    sample: Sample,
    naming: Naming,
) -> Result<Rehearsal, Error> {
    let filter = wanted(policy, sample)?;
    let _turn = app.long_read().await?;
    let db = app.store.snapshot_as(scope).await?;
    let visible = scope.tickets();
    if kept::count_up_to(&db, visible, &filter, MOST_TICKETS + 1).await? > MOST_TICKETS {
        let message = format!(
            "more than {MOST_TICKETS} tickets: choose a shorter period or a smaller region"
        );
        return Err(Error::invalid("sample.to", "too_many", message));
    }
    let (now, book) = (app.clock.now(), app.book());
    let (mut found, mut after): (_, Option<(DateTime<Utc>, Uuid)>) = (Rehearsal::default(), None);
    let mut named = Named { wanted: naming, kept: BTreeMap::new() };
    loop {
        let page = kept::list(&db, visible, &filter, Order::OldestFirst, (after, PAGE)).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.filed_at, last.id.0));
        let is_ruled =
            |ticket: &&Ticket| !ticket.historic && policy.covers(Some(ticket.report.category));
        for ticket in page.iter().filter(is_ruled) {
            let calendar = book.calendar_for(policy, ticket.division, Some(ticket.manufacturer));
            let rules = Rules { calendar: &calendar, policy, desks: &[] };
            let outcomes = (Outcome::on_record(ticket), Outcome::under(ticket, now, &rules)?);
            found.add(&outcomes.0, &outcomes.1);
            named.add(ticket, outcomes);
        }
    }
    found.first = named.kept.into_values().collect();
    Ok(found)
}

/// The tickets of a sample that the policy would have ruled.
fn wanted(policy: &Policy, sample: Sample) -> Result<Filter, Error> {
    let Sample { from, to, division } = sample;
    if to < from {
        return Err(Error::invalid("sample.to", "before_start", "it ends before it begins"));
    }
    if let (Some(region), Some(asked)) = (policy.division, division)
        && !asked.is_within(region)
    {
        let message = format!("the policy rules {region} alone");
        return Err(Error::invalid("sample.division", "not_ruled", message));
    }
    Ok(Filter {
        division: division.or(policy.division),
        filed_from: Some(at_time(from, NaiveTime::MIN)),
        filed_before: Some(midnight_after(to)),
        ..Filter::default()
    })
}

/// A field of the sample that an error is about; `None` = it is about the policy.
#[must_use]
pub fn of_sample(field: &str) -> Option<&str> {
    field.strip_prefix("sample.")
}

/// The policy, if it makes sense whenever it begins.
fn sound(proposal: Proposal, is_known_division: bool) -> Result<Policy, Error> {
    let Proposal { policy, reason: _, refused } = proposal;
    let today = policy.effective_from;
    let against = Against { others: &[], replaces: None, today, reason: None, is_known_division };
    let all = all_faults(&policy, &against, refused);
    if all.is_empty() { Ok(policy) } else { Err(Error::Invalid(all)) }
}
