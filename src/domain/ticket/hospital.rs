//! What the hospital does with its ticket: confirms, disputes, withdraws, urges.
//!
//! **Never** gives a disputed ticket a fresh clock.

use super::act::{Confirm, Rating, Verdict};
use super::admit::possible;
use super::deadline::DeadlineKind;
use super::decide::{Draft, by};
use super::event::{Brief, EventData, Party, Tell};
use super::kind::ActKind;
use super::refusal::Refusal;
use super::request::Topic;
use super::state::{State, StateName};
use crate::domain::calendar::local_date;
use crate::domain::notice::Kind;
use crate::domain::party::Actor;

impl Draft<'_> {
    pub(super) fn confirm(&mut self, actor: &Actor, confirm: Confirm) -> Result<(), Refusal> {
        let state = self.change.ticket.state.name();
        if confirm.result == Verdict::Solved {
            let rating = confirm.rating;
            self.close(actor, rating, confirmed(confirm));
            return Ok(());
        }
        if state != StateName::Solved {
            let possible = possible(&self.change.ticket, actor);
            return Err(Refusal::State { state, act: ActKind::Confirm, possible });
        }
        if confirm.result == Verdict::Partly && confirm.remaining_quantity.is_none() {
            return Err(Refusal::Invalid {
                field: "remaining_quantity",
                code: "required",
                message: "say how much is still missing".to_owned(),
            });
        }
        self.dispute(actor, confirm)
    }

    /// The ticket is closed: by the hospital's word, or a bureau's for a silent one.
    pub(super) fn close(&mut self, actor: &Actor, rating: Option<Rating>, data: EventData) {
        let solved_at = match self.change.ticket.state {
            State::Solved { at } => at,
            State::Open
            | State::Promised { .. }
            | State::Closed { .. }
            | State::Withdrawn { .. }
            | State::Returned { .. } => self.at,
        };
        for deadline in &mut self.change.ticket.deadlines {
            if deadline.is_owed_by_manufacturer() {
                deadline.done(solved_at, self.rules);
            } else if deadline.kind == DeadlineKind::Confirm {
                deadline.done(self.at, self.rules);
            } else {
                deadline.stop();
            }
        }
        self.change.ticket.rating = rating;
        self.change.ticket.remaining_quantity = None;
        self.end(State::Closed { at: self.at }, actor, data, Kind::Closed);
    }

    pub(super) fn withdraw(&mut self, actor: &Actor, reason: String) {
        for deadline in &mut self.change.ticket.deadlines {
            deadline.stop();
        }
        self.end(
            State::Withdrawn { at: self.at },
            actor,
            EventData::Withdrawn { reason },
            Kind::Withdrawn,
        );
    }

    pub(super) fn urge(&mut self, actor: &Actor, reason: String) {
        self.change.ticket.urged_on = Some(local_date(self.at));
        let mut tells = vec![Tell { kind: Kind::Urged, to: Party::Manufacturer }];
        tells.extend(self.bureau(Kind::Urged));
        let kinds = [DeadlineKind::Reply, DeadlineKind::Promise, DeadlineKind::Resolve];
        let brief = self.brief_of(&kinds);
        self.record(by(actor), EventData::Urged { reason }, brief, tells);
    }

    /// The ticket ends, and its escalations with it.
    pub(super) fn end(&mut self, state: State, actor: &Actor, data: EventData, kind: Kind) {
        let mut tells = vec![
            Tell { kind, to: Party::Manufacturer },
            Tell { kind, to: Party::Hospital },
            Tell { kind, to: Party::Distributor },
        ];
        let open = self.change.ticket.escalations.iter().filter(|e| e.is_open());
        let bureaus = open.filter_map(|e| e.bureau).map(Party::Bureau);
        tells.extend(bureaus.map(|to| Tell { kind, to }));
        self.change.ticket.state = state;
        self.change.ticket.stopped = None;
        self.lapse(|_| true);
        for escalation in self.change.ticket.escalations.iter_mut().filter(|e| e.is_open()) {
            escalation.closed_at = Some(self.at);
            escalation.climbs_at = None;
        }
        self.record(by(actor), data, Brief::default(), tells);
    }

    /// Not solved, or only partly: the original due instants stand, so a false report buys no
    /// time. Those still ahead run on; those already past are missed now, by [`advance`]'s rule.
    fn dispute(&mut self, actor: &Actor, confirm: Confirm) -> Result<(), Refusal> {
        if confirm.remaining_quantity.is_some() {
            self.change.ticket.remaining_quantity = confirm.remaining_quantity;
        }
        self.done(DeadlineKind::Confirm);
        self.lapse(|topic| topic == Topic::Silence);
        self.reopen(actor, confirmed(confirm))
    }

    /// The ticket is in the manufacturer's hands again.
    pub(super) fn reopen(&mut self, actor: &Actor, data: EventData) -> Result<(), Refusal> {
        self.change.ticket.state = State::Promised { owes_promise: true };
        for deadline in &mut self.change.ticket.deadlines {
            deadline.release();
        }
        let mut tells = vec![Tell { kind: Kind::Disputed, to: Party::Manufacturer }];
        tells.extend(self.bureau(Kind::Disputed));
        let brief = self.brief_of(&[DeadlineKind::Resolve]);
        self.record(by(actor), data, brief, tells);
        self.catch_up()
    }
}

fn confirmed(confirm: Confirm) -> EventData {
    let Confirm { result, remaining_quantity, rating, comment } = confirm;
    EventData::Confirmed { result, remaining_quantity, rating, comment }
}
