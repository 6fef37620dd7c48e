//! What an edit of the calendar or of the time limits does to open deadlines.
//!
//! **Never** counts what was due before the edit: that happens by the old rules, edit or not.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::bulletin::{MovedDeadline, MovedDeadlines};
use super::id::{OrganisationId, TicketId};
use super::ticket::{Change, EventData, Moved, Ticket, affected};

/// Beyond so many moved deadlines a second administrator approves.
pub const MOST_ALONE: u32 = 500;
/// Moved deadlines that a preview names; the counts are of all.
pub const NAMED: usize = 1_000;
/// Moved deadlines that a letter names.
const IN_LETTER: usize = 20;

/// The counts of an impact, as a batch keeps them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// Tickets with a deadline that moves, settles or is waived.
    pub tickets: u32,
    /// Deadlines that are due at another time.
    pub moved: u32,
    /// Provisional deadlines that become final.
    pub settled: u32,
    /// The largest shift, in seconds; negative where that deadline is due earlier.
    pub largest_shift: i64,
    /// Breaches that are waived.
    pub waived: u32,
    /// Deadlines that are missed at once, because their new due instant has passed.
    pub missed: u32,
    /// What happens at once, by the kind of event.
    pub fires: BTreeMap<String, u32>,
}

/// A ticket's deadline before and after.
#[derive(Debug, Clone)]
pub struct Named {
    /// The ticket.
    pub ticket: TicketId,
    /// Its number.
    pub number: String,
    /// What became of the deadline.
    pub moved: Moved,
}

/// An impact while it is added up.
#[derive(Debug, Default)]
pub struct Tally {
    /// The counts.
    pub impact: Impact,
    /// The first deadlines that move.
    pub named: Vec<Named>,
    houses: HashMap<OrganisationId, (u32, Vec<MovedDeadline>)>,
}

impl Impact {
    /// True where one administrator alone may not confirm it.
    #[must_use]
    pub fn needs_approval(&self) -> bool {
        self.moved > MOST_ALONE
    }
}

impl Tally {
    /// Adds what a re-plan changed in a ticket; gives what it moved.
    pub fn add<'c>(&mut self, ticket: &Ticket, change: &'c Change) -> &'c [Moved] {
        let mut events = change.events.iter();
        let replanned = events.by_ref().find_map(|event| {
            let EventData::Replanned { moved, .. } = &event.data else { return None };
            Some(moved.as_slice())
        });
        let Some(moved) = replanned else { return &[] };
        self.impact.tickets += 1;
        for one in moved {
            self.count(one);
            if self.named.len() < NAMED {
                let (ticket, number) = (ticket.id, ticket.number.clone());
                self.named.push(Named { ticket, number, moved: one.clone() });
            }
        }
        for event in events {
            if let EventData::Missed { deadlines, .. } = &event.data {
                self.impact.missed += u32::try_from(deadlines.len()).unwrap_or(u32::MAX);
            }
            *self.impact.fires.entry(event.data.name().to_owned()).or_default() += 1;
        }
        self.tell(&change.ticket, moved);
        moved
    }

    fn count(&mut self, one: &Moved) {
        let shift = (one.after_at - one.before_at).num_seconds();
        self.impact.moved += u32::from(shift != 0);
        self.impact.settled += u32::from(one.settled);
        self.impact.waived += u32::from(one.waived);
        if shift.abs() > self.impact.largest_shift.abs() {
            self.impact.largest_shift = shift;
        }
    }

    fn tell(&mut self, ticket: &Ticket, moved: &[Moved]) {
        let told: Vec<_> = moved.iter().filter(|one| one.before_at != one.after_at).collect();
        for house in affected(ticket, moved) {
            let (count, first) = self.houses.entry(house).or_default();
            *count += u32::try_from(told.len()).unwrap_or(u32::MAX);
            let room = IN_LETTER.saturating_sub(first.len());
            first.extend(told.iter().take(room).map(|one| MovedDeadline {
                number: ticket.number.clone(),
                kind: one.deadline,
                before_at: one.before_at,
                after_at: one.after_at,
            }));
        }
    }

    /// What each organisation is told of the batch.
    #[must_use]
    pub fn letters(&self, batch: u32, reason: &str) -> Vec<(OrganisationId, MovedDeadlines)> {
        let letter = |(house, (count, first)): (&OrganisationId, &(u32, Vec<MovedDeadline>))| {
            let (reason, first) = (reason.to_owned(), first.clone());
            (*house, MovedDeadlines { batch, reason, count: *count, first })
        };
        let mut letters: Vec<_> = self.houses.iter().map(letter).collect();
        letters.sort_unstable_by_key(|(house, _)| *house);
        letters
    }
}
