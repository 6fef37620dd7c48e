//! Writing decided changes.
//!
//! **Never** writes a part: the ticket, its rows, its timeline, its timer and what people are
//! told go in together.

use entity::{deadline, escalation, event, measure, message, promise, ticket, timer};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
};
use uuid::Uuid;

use super::super::Error;
use super::super::row::{division, document, int, small, word};
use crate::domain::escalation::{Escalation, Measure};
use crate::domain::id::TicketId;
use crate::domain::ticket::{
    Change, Deadline, DeadlineStatus, Event, Promise, State, Ticket, Written, wake_at,
};

/// Rows per statement: well below the databases' limit of bound values.
const ROWS: usize = 500;

/// Writes newly filed tickets. `search_terms` are the cut texts people may search for.
///
/// # Errors
/// [`Error::Driver`]; a taken number is a duplicate.
pub async fn insert(db: &impl ConnectionTrait, change: &Change, search_terms: String) -> Result<(), Error> {
    let ticket = &change.ticket;
    let row = row_of(ticket, search_terms);
    ticket::Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
    save_parts(db, &[(None, change)]).await
}

/// Writes changed tickets, each guarded by the version it was read at.
///
/// # Errors
/// [`Error::Stale`] when somebody else changed one of them first.
pub async fn update(db: &impl ConnectionTrait, changes: &[(&Ticket, &Change)]) -> Result<(), Error> {
    for (before, change) in changes {
        let done = ticket::Entity::update_many()
            .set(changed_columns(&change.ticket, before.version))
            .filter(ticket::Column::Id.eq(before.id.0))
            .filter(ticket::Column::Version.eq(before.version))
            .exec(db)
            .await?;
        if done.rows_affected != 1 {
            return Err(Error::Stale);
        }
    }
    let changes: Vec<_> = changes.iter().map(|(before, change)| (Some(*before), *change)).collect();
    save_parts(db, &changes).await
}

async fn save_parts(db: &impl ConnectionTrait, changes: &[(Option<&Ticket>, &Change)]) -> Result<(), Error> {
    let mut deadlines = Vec::new();
    let mut promises = Vec::new();
    let mut escalations = Vec::new();
    let mut measures = Vec::new();
    let mut events = Vec::new();
    let mut messages = Vec::new();
    let mut timers = Vec::new();
    let mut done = Vec::new();
    for (before, change) in changes {
        let ticket = &change.ticket;
        let old = |index: usize| before.and_then(|before| before.deadlines.get(index));
        let changed = ticket.deadlines.iter().enumerate().filter(|(i, d)| old(*i) != Some(*d));
        deadlines.extend(changed.map(|(index, deadline)| deadline_row(ticket.id, index, deadline)));
        let known = before.map_or(0, |before| before.promises.len());
        promises.extend(ticket.promises.iter().skip(known).map(|p| promise_row(ticket.id, p)));
        for (index, escalation) in ticket.escalations.iter().enumerate() {
            let old = before.and_then(|before| before.escalations.get(index));
            if old != Some(escalation) {
                escalations.push(escalation_row(ticket.id, escalation));
            }
            let known = old.map_or(0, |old| old.measures.len());
            let taken = escalation.measures.iter().skip(known);
            measures.extend(taken.map(|measure| measure_row(ticket.id, escalation, measure)));
        }
        events.extend(change.events.iter().map(|event| event_row(ticket.id, event)));
        messages.extend(change.written.iter().filter_map(|w| message_row(ticket.id, change, w)));
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
    upsert(db, deadlines, [deadline::Column::TicketId, deadline::Column::Kind, deadline::Column::Ordinal], &DEADLINE).await?;
    add(db, promises).await?;
    upsert(db, escalations, [escalation::Column::Id], &ESCALATION).await?;
    add(db, measures).await?;
    add(db, events).await?;
    add(db, messages).await?;
    let keys = [timer::Column::TicketId];
    upsert(db, timers, keys, &[timer::Column::DueAt, timer::Column::Attempt]).await?;
    if !done.is_empty() {
        timer::Entity::delete_many().filter(timer::Column::TicketId.is_in(done)).exec(db).await?;
    }
    Ok(())
}

const DEADLINE: [deadline::Column; 6] = [
    deadline::Column::DueAt,
    deadline::Column::DueOn,
    deadline::Column::WarnAt,
    deadline::Column::Status,
    deadline::Column::MetAt,
    deadline::Column::LateWorkingDays,
];

const ESCALATION: [escalation::Column; 5] = [
    escalation::Column::Reasons,
    escalation::Column::ClimbsAt,
    escalation::Column::AcknowledgedAt,
    escalation::Column::ClosedAt,
    escalation::Column::Conclusion,
];

/// Inserts rows, many to a statement.
pub(in crate::store) async fn add<M, E>(db: &impl ConnectionTrait, rows: Vec<M>) -> Result<(), Error>
where
    E: EntityTrait<Model = M>,
    M: IntoActiveModel<E::ActiveModel> + sea_orm::ModelTrait<Entity = E>,
    E::ActiveModel: Send,
{
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).peekable();
    while rows.peek().is_some() {
        let chunk: Vec<E::ActiveModel> = rows.by_ref().take(ROWS).collect();
        E::insert_many(chunk).exec_without_returning(db).await?;
    }
    Ok(())
}

async fn upsert<M, E>(
    db: &impl ConnectionTrait,
    rows: Vec<M>,
    keys: impl IntoIterator<Item = E::Column> + Clone,
    columns: &[E::Column],
) -> Result<(), Error>
where
    E: EntityTrait<Model = M>,
    M: IntoActiveModel<E::ActiveModel> + sea_orm::ModelTrait<Entity = E>,
    E::ActiveModel: Send,
    E::Column: Copy,
{
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).peekable();
    while rows.peek().is_some() {
        let chunk: Vec<E::ActiveModel> = rows.by_ref().take(ROWS).collect();
        let mut conflict = OnConflict::columns(keys.clone());
        conflict.update_columns(columns.iter().copied());
        E::insert_many(chunk).on_conflict(conflict).exec_without_returning(db).await?;
    }
    Ok(())
}

fn row_of(ticket: &Ticket, search_terms: String) -> ticket::Model {
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
        escalated: ticket.open_escalation().is_some(),
        overdue: is_overdue(ticket),
        events: int(ticket.events),
        version: 1,
        search_terms,
    }
}

/// The columns that acts and deadlines change.
fn changed_columns(ticket: &Ticket, version: i64) -> ticket::ActiveModel {
    let (solved_at, owes_promise) = state_columns(&ticket.state);
    ticket::ActiveModel {
        distributor_id: Set(ticket.distributor.map(|id| id.0)),
        state: Set(ticket.state.name().as_str().to_owned()),
        owes_promise: Set(owes_promise),
        solved_at: Set(solved_at),
        ended_at: Set(ticket.state.ended_at()),
        remaining_quantity: Set(ticket.remaining_quantity),
        rating: Set(ticket.rating.as_ref().map(word)),
        urged_on: Set(ticket.urged_on),
        escalated: Set(ticket.open_escalation().is_some()),
        overdue: Set(is_overdue(ticket)),
        events: Set(int(ticket.events)),
        version: Set(version + 1),
        ..Default::default()
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

/// Something of the manufacturer's is missed and still not done.
fn is_overdue(ticket: &Ticket) -> bool {
    let missed = |deadline: &Deadline| {
        deadline.status == DeadlineStatus::Missed
            && deadline.met_at.is_none()
            && deadline.is_owed_by_manufacturer()
    };
    !ticket.state.is_final() && ticket.deadlines.iter().any(missed)
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

fn message_row(ticket: TicketId, change: &Change, written: &Written) -> Option<message::Model> {
    let event = change.events.iter().find(|event| event.sequence == written.sequence)?;
    let (user, organisation) = event.by?;
    Some(message::Model {
        ticket_id: ticket.0,
        sequence: int(written.sequence),
        id: Uuid::new_v5(&ticket.0, format!("message:{}", written.sequence).as_bytes()),
        at: event.at,
        by_user: user.0,
        by_organisation: organisation.0,
        audience: word(&written.audience),
        body: written.body.clone(),
    })
}
