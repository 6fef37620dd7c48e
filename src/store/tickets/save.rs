//! Writing decided changes.
//!
//! **Never** writes a part: the ticket, its rows, its timeline, its timer and what people are
//! told go in together.

use entity::{deadline, escalation, event, measure, message, promise, ticket, timer};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter,
};
use uuid::Uuid;

use super::super::batch::Batch;
use super::super::feed;
use super::super::row::{division, document, int, small, word};
use super::attachments;
use super::requests::{REQUEST, REQUEST_KEY, request_row};
use crate::domain::escalation::{Escalation, Measure};
use crate::domain::id::{MessageId, TicketId};
use crate::domain::ticket::{Change, Deadline, Event, Promise, State, Ticket, Written, wake_at};

/// Writes a newly filed ticket. `search_terms` are the cut texts people may search for. A taken
/// number is a duplicate when the batch runs.
pub fn insert(batch: &mut Batch, change: &Change, search_terms: String) {
    batch.add(vec![row_of(&change.ticket, 1, search_terms)]);
    save_parts(batch, &[(None, change)]);
}

/// Writes many new tickets at once, each with its search terms, as [`insert`] does one.
pub fn insert_all(batch: &mut Batch, changes: &[(Change, String)]) {
    batch.add(changes.iter().map(|(change, terms)| row_of(&change.ticket, 1, terms.clone())));
    let parts: Vec<_> = changes.iter().map(|(change, _)| (None, change)).collect();
    save_parts(batch, &parts);
}

/// Writes changed tickets, each guarded by the version it was read at: when somebody else changed
/// one of them first, the batch is stale.
pub fn update(batch: &mut Batch, changes: &[(&Ticket, &Change)]) {
    let row = |ticket: &Ticket, version| row_of(ticket, version, String::new());
    let pairs = changes.iter().map(|(before, change)| {
        (row(before, before.version), row(&change.ticket, before.version + 1))
    });
    batch.replace_guarded(&pairs.collect::<Vec<_>>(), ticket::Column::Version);
    let changes: Vec<_> = changes.iter().map(|(before, change)| (Some(*before), *change)).collect();
    save_parts(batch, &changes);
}

/// Rows of a table that are to be written.
struct Rows<M> {
    new: Vec<M>,
    /// As they were and as they will be.
    changed: Vec<(M, M)>,
}

impl<M: ModelTrait> Rows<M> {
    fn new() -> Self {
        Self { new: Vec::new(), changed: Vec::new() }
    }

    fn add<T: PartialEq>(&mut self, old: Option<&T>, new: &T, row: impl Fn(&T) -> M) {
        match old {
            Some(old) if old == new => {}
            Some(old) => self.changed.push((row(old), row(new))),
            None => self.new.push(row(new)),
        }
    }

    fn save<A: ActiveModelTrait>(self, batch: &mut Batch)
    where
        M: IntoActiveModel<A>,
    {
        batch.replace(&self.changed);
        batch.add(self.new);
    }
}

fn save_parts(batch: &mut Batch, changes: &[(Option<&Ticket>, &Change)]) {
    let mut deadlines = Rows::new();
    let mut promises = Vec::new();
    let mut requests = Vec::new();
    let mut escalations = Rows::new();
    let mut measures = Vec::new();
    let mut events = Vec::new();
    let mut messages = Vec::new();
    let mut files = Vec::new();
    let mut timers = Vec::new();
    let mut done = Vec::new();
    for (before, change) in changes {
        let ticket = &change.ticket;
        for (index, deadline) in ticket.deadlines.iter().enumerate() {
            let old = before.and_then(|before| before.deadlines.get(index));
            deadlines.add(old, deadline, |deadline| deadline_row(ticket.id, index, deadline));
        }
        let known = before.map_or(0, |before| before.promises.len());
        promises.extend(ticket.promises.iter().skip(known).map(|p| promise_row(ticket.id, p)));
        let asked = |index: usize| before.and_then(|before| before.requests.get(index));
        let changed = ticket.requests.iter().enumerate().filter(|(i, r)| asked(*i) != Some(*r));
        requests.extend(changed.map(|(_, request)| request_row(ticket.id, request)));
        for (index, escalation) in ticket.escalations.iter().enumerate() {
            let old = before.and_then(|before| before.escalations.get(index));
            escalations.add(old, escalation, |escalation| escalation_row(ticket.id, escalation));
            let known = old.map_or(0, |old| old.measures.len());
            let taken = escalation.measures.iter().skip(known);
            measures.extend(taken.map(|measure| measure_row(ticket.id, escalation, measure)));
        }
        events.extend(change.events.iter().map(|event| event_row(ticket.id, event)));
        messages.extend(change.written.iter().filter_map(|w| message_row(ticket.id, change, w)));
        let attached = change.attached.iter();
        files.extend(attached.filter_map(|a| attachments::row_of(ticket.id, change, a)));
        match wake_at(ticket) {
            Some(due_at) => timers.push(timer::Model {
                ticket_id: ticket.id.0,
                organisation_id: ticket.manufacturer.0,
                due_at,
                attempt: 0,
            }),
            None if before.is_some() => done.push(ticket.id.0),
            None => {}
        }
    }
    deadlines.save(batch);
    batch.add(promises);
    batch.upsert(requests, &REQUEST_KEY, &REQUEST);
    escalations.save(batch);
    batch.add(measures);
    batch.add(events);
    batch.add(messages);
    batch.add(files);
    batch.add(changes.iter().filter_map(|(before, change)| feed::row_of(*before, change)));
    let changing = [timer::Column::DueAt, timer::Column::Attempt];
    batch.upsert(timers, &[timer::Column::TicketId], &changing);
    if !done.is_empty() {
        batch.push(&timer::Entity::delete_many().filter(timer::Column::TicketId.is_in(done)));
    }
}

fn row_of(ticket: &Ticket, version: i64, search_terms: String) -> ticket::Model {
    let report = &ticket.report;
    let (solved_at, owes_promise) = state_columns(&ticket.state);
    ticket::Model {
        id: ticket.id.0,
        number: ticket.number.clone(),
        hospital_id: ticket.hospital.0,
        manufacturer_id: ticket.manufacturer.0,
        distributor_id: ticket.distributor.map(|id| id.0),
        product_id: ticket.product.0,
        division: division(ticket.division),
        urgency: word(&ticket.urgency),
        category: word(&report.category),
        summary: report.summary.clone(),
        description: report.description.clone(),
        quantity_short: report.quantity_short,
        unit: report.unit.clone(),
        days_of_stock: report.days_of_stock,
        order_refs: document(&report.order_refs),
        contact_name: report.contact.name.clone(),
        contact_phone: report.contact.phone.clone(),
        follows: ticket.follows.map(|id| id.0),
        filed_at: ticket.filed_at,
        state: ticket.state.name().as_str().to_owned(),
        owes_promise,
        solved_at,
        ended_at: ticket.state.ended_at(),
        remaining_quantity: ticket.remaining_quantity,
        rating: ticket.rating.as_ref().map(word),
        urged_on: ticket.urged_on,
        stopped_at: ticket.stopped.map(|stopped| stopped.at),
        stopped_until: ticket.stopped.map(|stopped| stopped.expected_end),
        escalated: ticket.open_escalation().is_some(),
        overdue: ticket.is_overdue(),
        due_at: ticket.next_due(),
        historic: ticket.historic,
        events: int(ticket.events),
        version,
        search_terms,
    }
}

fn state_columns(state: &State) -> (Option<chrono::DateTime<chrono::Utc>>, bool) {
    match state {
        State::Solved { at } => (Some(*at), false),
        State::Promised { owes_promise } => (None, *owes_promise),
        State::Open | State::Closed { .. } | State::Withdrawn { .. } | State::Returned { .. } => {
            (None, false)
        }
    }
}

fn deadline_row(ticket: TicketId, index: usize, deadline: &Deadline) -> deadline::Model {
    deadline::Model {
        ticket_id: ticket.0,
        kind: word(&deadline.kind),
        ordinal: small(deadline.ordinal),
        position: i16::try_from(index).unwrap_or(i16::MAX),
        started_at: deadline.started_at,
        basis: document(&deadline.basis),
        due_at: deadline.due_at,
        due_on: deadline.due_on,
        warn_at: deadline.warn_at,
        status: word(&deadline.status),
        met_at: deadline.met_at,
        late_working_days: deadline.late_working_days.map(int),
        provisional: deadline.provisional,
        calendar_version: deadline.calendar_version.clone(),
        policy_version: deadline.policy_version.clone(),
        stops: Some(&deadline.stops).filter(|stops| !stops.is_empty()).map(document),
        waived_by: deadline.waived_by.map(int),
    }
}

fn promise_row(ticket: TicketId, promise: &Promise) -> promise::Model {
    let contact = promise.contact.clone();
    promise::Model {
        ticket_id: ticket.0,
        version: small(promise.version),
        promised_on: promise.promised_on,
        promised_quantity: promise.promised_quantity,
        cause: promise.cause.as_ref().map(word),
        note: promise.note.clone(),
        contact_name: contact.as_ref().map(|contact| contact.name.clone()),
        contact_phone: contact.map(|contact| contact.phone),
        late: promise.late,
        at: promise.at,
        by_name: promise.by.clone(),
    }
}

fn escalation_row(ticket: TicketId, escalation: &Escalation) -> escalation::Model {
    escalation::Model {
        id: escalation.id.0,
        ticket_id: ticket.0,
        ordinal: small(escalation.ordinal),
        round: small(escalation.round),
        level: word(&escalation.level),
        bureau_id: escalation.bureau.map(|id| id.0),
        reasons: document(&escalation.reasons),
        opened_at: escalation.opened_at,
        climbs_at: escalation.climbs_at,
        acknowledged_at: escalation.acknowledged_at,
        closed_at: escalation.closed_at,
        conclusion: escalation.conclusion.clone(),
        stops: Some(&escalation.stops).filter(|stops| !stops.is_empty()).map(document),
    }
}

fn measure_row(ticket: TicketId, escalation: &Escalation, measure: &Measure) -> measure::Model {
    measure::Model {
        ticket_id: ticket.0,
        ordinal: small(measure.ordinal),
        escalation_id: escalation.id.0,
        kind: word(&measure.kind),
        text: measure.text.clone(),
        due_on: measure.due_on,
        at: measure.at,
        by_user: measure.by.0,
    }
}

fn event_row(ticket: TicketId, event: &Event) -> event::Model {
    event::Model {
        ticket_id: ticket.0,
        sequence: int(event.sequence),
        at: event.at,
        kind: event.data.name().to_owned(),
        by_user: event.by.map(|(user, _)| user.0),
        by_organisation: event.by.map(|(_, organisation)| organisation.0),
        data: document(&event.data),
        brief: document(&event.brief),
    }
}

/// The id of a message: its ticket and event give it.
#[must_use]
pub fn message_id(ticket: TicketId, sequence: u32) -> MessageId {
    MessageId(Uuid::new_v5(&ticket.0, format!("message:{sequence}").as_bytes()))
}

fn message_row(ticket: TicketId, change: &Change, written: &Written) -> Option<message::Model> {
    let event = change.events.iter().find(|event| event.sequence == written.sequence)?;
    let (user, organisation) = event.by?;
    Some(message::Model {
        ticket_id: ticket.0,
        sequence: int(written.sequence),
        id: message_id(ticket, written.sequence).0,
        at: event.at,
        by_user: user.0,
        by_organisation: organisation.0,
        audience: word(&written.audience),
        body: written.body.clone(),
    })
}
