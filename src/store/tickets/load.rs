//! Reading tickets whole.
//!
//! **Never** asks once per ticket: each table is asked once for all of them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{deadline, escalation, measure, promise, ticket};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::super::row::Place;
use super::super::{Error, dialect};
use super::requests::requests;
use crate::domain::access::Visible;
use crate::domain::escalation::{Escalation, Measure};
use crate::domain::id::{EscalationId, OrganisationId, ProductId, TicketId, UserId};
use crate::domain::ticket::{
    Contact, Deadline, Promise, Report, Request, State, StateName, Stopped, Ticket,
};

/// The ticket, if it exists for the holder of `visible`.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn find(
    db: &impl ConnectionTrait,
    visible: Visible,
    id: TicketId,
) -> Result<Option<Ticket>, Error> {
    let found = load(db, &[id]).await?.into_iter().next();
    Ok(found.filter(|ticket| visible.includes(ticket)))
}

/// Like [`find`], and nobody else changes it until the transaction ends.
///
/// # Errors
/// As [`find`].
pub async fn find_locked(
    db: &impl ConnectionTrait,
    visible: Visible,
    id: TicketId,
) -> Result<Option<Ticket>, Error> {
    let select = ticket::Entity::find_by_id(id.0);
    let rows = dialect::locked(select).all(db).await?;
    let found = whole(db, rows).await?.into_iter().next();
    Ok(found.filter(|ticket| visible.includes(ticket)))
}

/// Those of the tickets that exist for the holder of `visible`, in the order of their ids, in
/// which they are locked, too: whoever locks many does it in the same order.
///
/// # Errors
/// As [`find`].
pub async fn find_all_locked(
    db: &impl ConnectionTrait,
    visible: Visible,
    ids: &[TicketId],
) -> Result<Vec<Ticket>, Error> {
    let select = ticket::Entity::find()
        .filter(ticket::Column::Id.is_in(ids.iter().map(|id| id.0)))
        .order_by_asc(ticket::Column::Id);
    let rows = dialect::locked(select).all(db).await?;
    let found = whole(db, rows).await?.into_iter();
    Ok(found.filter(|ticket| visible.includes(ticket)).collect())
}

/// The tickets, as they are, in no order.
///
/// # Errors
/// As [`find`].
pub async fn load(db: &impl ConnectionTrait, ids: &[TicketId]) -> Result<Vec<Ticket>, Error> {
    let ids = ids.iter().map(|id| id.0);
    let rows = ticket::Entity::find().filter(ticket::Column::Id.is_in(ids)).all(db).await?;
    whole(db, rows).await
}

async fn whole(db: &impl ConnectionTrait, rows: Vec<ticket::Model>) -> Result<Vec<Ticket>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let deadlines = deadline::Entity::find()
        .filter(deadline::Column::TicketId.is_in(ids.clone()))
        .order_by_asc(deadline::Column::Position)
        .all(db)
        .await?;
    let mut deadlines = grouped(deadlines, |row| row.ticket_id);
    // Most tickets have neither promise nor escalation: their rows say so.
    let promised: Vec<Uuid> = rows.iter().filter(|row| row.events > 1).map(|row| row.id).collect();
    let promises = promise::Entity::find()
        .filter(promise::Column::TicketId.is_in(promised.clone()))
        .order_by_asc(promise::Column::Version)
        .all(db)
        .await?;
    let mut promises = grouped(promises, |row| row.ticket_id);
    let mut requests = requests(db, promised.clone()).await?;
    let mut escalations = escalations(db, promised).await?;
    rows.into_iter()
        .map(|row| {
            let id = row.id;
            ticket_of(
                row,
                deadlines.remove(&id).unwrap_or_default(),
                promises.remove(&id).unwrap_or_default(),
                Raised {
                    requests: requests.remove(&id).unwrap_or_default(),
                    escalations: escalations.remove(&id).unwrap_or_default(),
                },
            )
        })
        .collect()
}

async fn escalations(
    db: &impl ConnectionTrait,
    ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, Vec<Escalation>>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = escalation::Entity::find()
        .filter(escalation::Column::TicketId.is_in(ids.clone()))
        .order_by_asc(escalation::Column::Ordinal)
        .all(db)
        .await?;
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let measures = measure::Entity::find()
        .filter(measure::Column::TicketId.is_in(ids))
        .order_by_asc(measure::Column::Ordinal)
        .all(db)
        .await?;
    let mut measures = grouped(measures, |row| row.escalation_id);
    let mut found: HashMap<Uuid, Vec<Escalation>> = HashMap::new();
    for row in rows {
        let measures = measures.remove(&row.id).unwrap_or_default();
        found.entry(row.ticket_id).or_default().push(escalation_of(row, measures)?);
    }
    Ok(found)
}

fn grouped<T>(rows: Vec<T>, key: impl Fn(&T) -> Uuid) -> HashMap<Uuid, Vec<T>> {
    let mut groups: HashMap<Uuid, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

/// What went to the bureaus.
struct Raised {
    requests: Vec<Request>,
    escalations: Vec<Escalation>,
}

fn ticket_of(
    row: ticket::Model,
    deadlines: Vec<deadline::Model>,
    promises: Vec<promise::Model>,
    raised: Raised,
) -> Result<Ticket, Error> {
    let place = Place { table: "ticket", id: &row.id };
    Ok(Ticket {
        id: TicketId(row.id),
        hospital: OrganisationId(row.hospital_id),
        manufacturer: OrganisationId(row.manufacturer_id),
        distributor: row.distributor_id.map(OrganisationId),
        product: ProductId(row.product_id),
        division: place.division("division", row.division)?,
        urgency: place.word("urgency", &row.urgency)?,
        report: Report {
            category: place.word("category", &row.category)?,
            summary: row.summary.clone(),
            description: row.description.clone(),
            quantity_short: row.quantity_short,
            unit: row.unit.clone(),
            days_of_stock: row.days_of_stock,
            order_refs: place.document("order_refs", &row.order_refs)?,
            contact: Contact { name: row.contact_name.clone(), phone: row.contact_phone.clone() },
        },
        follows: row.follows.map(TicketId),
        filed_at: row.filed_at,
        state: state_of(&row)?,
        remaining_quantity: row.remaining_quantity,
        rating: place.maybe_word("rating", row.rating.as_ref())?,
        urged_on: row.urged_on,
        requests: raised.requests,
        stopped: row
            .stopped_at
            .zip(row.stopped_until)
            .map(|(at, expected_end)| Stopped { at, expected_end }),
        deadlines: deadlines.into_iter().map(deadline_of).collect::<Result<_, _>>()?,
        promises: promises.into_iter().map(promise_of).collect::<Result<_, _>>()?,
        escalations: raised.escalations,
        historic: row.historic,
        events: place.number("events", row.events)?,
        version: row.version,
        number: row.number,
    })
}

fn state_of(row: &ticket::Model) -> Result<State, Error> {
    let place = Place { table: "ticket", id: &row.id };
    let at =
        |column, at: Option<DateTime<Utc>>| at.ok_or_else(|| place.corrupt(column, &"missing"));
    Ok(match place.word("state", &row.state)? {
        StateName::Open => State::Open,
        StateName::Promised => State::Promised { owes_promise: row.owes_promise },
        StateName::Solved => State::Solved { at: at("solved_at", row.solved_at)? },
        StateName::Closed => State::Closed { at: at("ended_at", row.ended_at)? },
        StateName::Withdrawn => State::Withdrawn { at: at("ended_at", row.ended_at)? },
        StateName::Returned => State::Returned { at: at("ended_at", row.ended_at)? },
    })
}

fn deadline_of(row: deadline::Model) -> Result<Deadline, Error> {
    let place = Place { table: "deadline", id: &row.ticket_id };
    Ok(Deadline {
        kind: place.word("kind", &row.kind)?,
        ordinal: place.number("ordinal", row.ordinal)?,
        started_at: row.started_at,
        basis: place.document("basis", &row.basis)?,
        due_at: row.due_at,
        due_on: row.due_on,
        warn_at: row.warn_at,
        stops: match &row.stops {
            Some(stops) => place.document("stops", stops)?,
            None => Vec::new(),
        },
        status: place.word("status", &row.status)?,
        met_at: row.met_at,
        late_working_days: row
            .late_working_days
            .map(|days| place.number("late_working_days", days))
            .transpose()?,
        provisional: row.provisional,
        calendar_version: row.calendar_version,
        policy_version: row.policy_version,
        waived_by: row.waived_by.map(|batch| place.number("waived_by", batch)).transpose()?,
    })
}

fn promise_of(row: promise::Model) -> Result<Promise, Error> {
    let place = Place { table: "promise", id: &row.ticket_id };
    let contact = row.contact_name.zip(row.contact_phone);
    Ok(Promise {
        version: place.number("version", row.version)?,
        promised_on: row.promised_on,
        promised_quantity: row.promised_quantity,
        cause: place.maybe_word("cause", row.cause.as_ref())?,
        note: row.note,
        contact: contact.map(|(name, phone)| Contact { name, phone }),
        late: row.late,
        at: row.at,
        by: row.by_name,
    })
}

fn escalation_of(
    row: escalation::Model,
    measures: Vec<measure::Model>,
) -> Result<Escalation, Error> {
    let place = Place { table: "escalation", id: &row.id };
    Ok(Escalation {
        id: EscalationId(row.id),
        ordinal: place.number("ordinal", row.ordinal)?,
        round: place.number("round", row.round)?,
        level: place.word("level", &row.level)?,
        bureau: row.bureau_id.map(OrganisationId),
        reasons: place.document("reasons", &row.reasons)?,
        opened_at: row.opened_at,
        climbs_at: row.climbs_at,
        stops: match &row.stops {
            Some(stops) => place.document("stops", stops)?,
            None => Vec::new(),
        },
        acknowledged_at: row.acknowledged_at,
        closed_at: row.closed_at,
        conclusion: row.conclusion,
        measures: measures.into_iter().map(measure_of).collect::<Result<_, _>>()?,
    })
}

fn measure_of(row: measure::Model) -> Result<Measure, Error> {
    let place = Place { table: "measure", id: &row.ticket_id };
    Ok(Measure {
        ordinal: place.number("ordinal", row.ordinal)?,
        kind: place.word("kind", &row.kind)?,
        text: row.text,
        due_on: row.due_on,
        at: row.at,
        by: UserId(row.by_user),
    })
}
