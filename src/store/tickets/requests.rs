//! What bureaus were asked to decide, as rows.
//!
//! **Never** changes what was asked; only the outcome is written later.

use std::collections::HashMap;

use entity::request;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::super::Error;
use super::super::row::{Place, small, word};
use crate::domain::id::{OrganisationId, TicketId, UserId};
use crate::domain::ticket::{Outcome, Request, Ruling};

pub(super) const REQUEST_KEY: [request::Column; 2] =
    [request::Column::TicketId, request::Column::Ordinal];

/// The columns that a decision changes.
pub(super) const REQUEST: [request::Column; 3] =
    [request::Column::Verdict, request::Column::DecidedAt, request::Column::Decision];

/// The requests of tickets, oldest first.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub(super) async fn requests(
    db: &impl ConnectionTrait,
    ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, Vec<Request>>, Error> {
    let mut found: HashMap<Uuid, Vec<Request>> = HashMap::new();
    if ids.is_empty() {
        return Ok(found);
    }
    let rows = request::Entity::find()
        .filter(request::Column::TicketId.is_in(ids))
        .order_by_asc(request::Column::Ordinal)
        .all(db)
        .await?;
    for row in rows {
        found.entry(row.ticket_id).or_default().push(request_of(row)?);
    }
    Ok(found)
}

fn request_of(row: request::Model) -> Result<Request, Error> {
    let place = Place { table: "request", id: &row.ticket_id };
    let verdict: Option<Ruling> = place.maybe_word("verdict", row.verdict.as_ref())?;
    Ok(Request {
        ordinal: place.number("ordinal", row.ordinal)?,
        topic: place.word("topic", &row.topic)?,
        day: row.day,
        reason: row.reason,
        at: row.at,
        by: row.by_user.map(UserId).zip(row.by_organisation.map(OrganisationId)),
        bureau: row.bureau_id.map(OrganisationId),
        outcome: verdict.zip(row.decided_at).map(|(verdict, at)| Outcome {
            verdict,
            at,
            reason: row.decision,
        }),
    })
}

pub(super) fn request_row(ticket: TicketId, asked: &Request) -> request::Model {
    let outcome = asked.outcome.as_ref();
    request::Model {
        ticket_id: ticket.0,
        ordinal: small(asked.ordinal),
        topic: word(&asked.topic),
        day: asked.day,
        reason: asked.reason.clone(),
        at: asked.at,
        by_user: asked.by.map(|(user, _)| user.0),
        by_organisation: asked.by.map(|(_, organisation)| organisation.0),
        bureau_id: asked.bureau.map(|bureau| bureau.0),
        verdict: outcome.map(|outcome| word(&outcome.verdict)),
        decided_at: outcome.map(|outcome| outcome.at),
        decision: outcome.and_then(|outcome| outcome.reason.clone()),
    }
}
