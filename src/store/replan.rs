//! Batches that count deadlines again, and the tickets they look at.
//!
//! **Never** decides what moves.

use chrono::{DateTime, Utc};
use entity::{deadline, escalation, event, replan_batch, replan_entry, ticket};
use sea_orm::sea_query::{Condition, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Error;
use super::batch::Batch;
use super::row::{Place, document, int, word};
use crate::domain::id::{TicketId, UserId};
use crate::domain::impact::Impact;
use crate::domain::ticket::{DeadlineStatus, EventData, Moved, StateName};

/// How a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// It waits for a second administrator.
    Pending,
    /// It took effect.
    Applied,
    /// The second administrator refused it, or the first took it back.
    Rejected,
}

/// Somebody's decision about a batch.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: DateTime<Utc>,
    /// Why, for a refusal.
    pub words: Option<String>,
}

/// A batch as it is kept.
#[derive(Debug, Clone)]
pub struct KeptBatch {
    /// Its id.
    pub id: Uuid,
    /// Its number.
    pub number: u32,
    /// How it stands.
    pub state: BatchState,
    /// Why.
    pub reason: String,
    /// What it changes.
    pub edit: Value,
    /// What that does, or would have done when it was proposed.
    pub impact: Impact,
    /// The batch that it takes back.
    pub undoes: Option<u32>,
    /// The version of the calendar that it made, once it took effect.
    pub made_version: Option<i32>,
    /// Who proposed it, and when.
    pub made: (UserId, DateTime<Utc>),
    /// Who approved or refused it.
    pub decided: Option<Decided>,
}

/// The number of the next batch.
///
/// # Errors
/// [`Error::Driver`].
pub async fn next_number(db: &impl ConnectionTrait) -> Result<u32, Error> {
    let last = replan_batch::Entity::find().order_by_desc(replan_batch::Column::Number);
    let last = last.one(db).await?.map_or(0, |row| row.number);
    Ok(u32::try_from(last).unwrap_or(0).saturating_add(1))
}

/// Adds a batch.
///
/// # Errors
/// [`Error::Driver`]; a taken number is a duplicate.
pub async fn insert(db: &impl ConnectionTrait, kept: &KeptBatch) -> Result<(), Error> {
    let row = row_of(kept).into_active_model();
    replan_batch::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Writes what became of a pending batch.
///
/// # Errors
/// [`Error::Stale`] when somebody else decided it first.
pub async fn decide(db: &impl ConnectionTrait, kept: &KeptBatch) -> Result<(), Error> {
    let row = row_of(kept);
    let done = replan_batch::Entity::update_many()
        .set(replan_batch::ActiveModel {
            state: sea_orm::Set(row.state),
            impact: sea_orm::Set(row.impact),
            version: sea_orm::Set(row.version),
            decided_by: sea_orm::Set(row.decided_by),
            decided_at: sea_orm::Set(row.decided_at),
            decision: sea_orm::Set(row.decision),
            ..Default::default()
        })
        .filter(replan_batch::Column::Id.eq(kept.id))
        .filter(replan_batch::Column::State.eq(word(&BatchState::Pending)))
        .exec(db)
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(Error::Stale) }
}

/// A batch by its id.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<KeptBatch>, Error> {
    replan_batch::Entity::find_by_id(id).one(db).await?.map(kept_of).transpose()
}

/// One page of the batches, newest first, before a number.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn list(
    db: &impl ConnectionTrait,
    before: Option<u32>,
    limit: u64,
) -> Result<Vec<KeptBatch>, Error> {
    let mut rows = replan_batch::Entity::find();
    if let Some(before) = before {
        rows = rows.filter(replan_batch::Column::Number.lt(int(before)));
    }
    let rows = rows.order_by_desc(replan_batch::Column::Number).limit(limit).all(db).await?;
    rows.into_iter().map(kept_of).collect()
}

/// The first tickets of a batch, with what it did to them.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn moved(
    db: &impl ConnectionTrait,
    batch: u32,
    limit: u64,
) -> Result<Vec<(TicketId, String, Vec<Moved>)>, Error> {
    let entries = replan_entry::Entity::find()
        .filter(replan_entry::Column::Batch.eq(int(batch)))
        .order_by_asc(replan_entry::Column::TicketId)
        .limit(limit)
        .all(db)
        .await?;
    let ids = || entries.iter().map(|entry| entry.ticket_id);
    let numbers = ticket::Entity::find().filter(ticket::Column::Id.is_in(ids())).all(db).await?;
    let events = event::Entity::find()
        .filter(event::Column::TicketId.is_in(ids()))
        .filter(event::Column::Kind.eq("replanned"))
        .all(db)
        .await?;
    let mut found = Vec::with_capacity(entries.len());
    for entry in &entries {
        let number = numbers.iter().find(|row| row.id == entry.ticket_id);
        let its = |row: &&event::Model| {
            row.ticket_id == entry.ticket_id && row.sequence == entry.sequence
        };
        let (Some(number), Some(event)) = (number, events.iter().find(its)) else { continue };
        let place = Place { table: "event", id: &entry.ticket_id };
        if let EventData::Replanned { moved, .. } = place.document("data", &event.data)? {
            found.push((TicketId(entry.ticket_id), number.number.clone(), moved));
        }
    }
    Ok(found)
}

/// Notes which events of tickets tell what the batch did.
pub fn note(batch: &mut Batch, number: u32, entries: &[(TicketId, u32)]) {
    batch.add(entries.iter().map(|(ticket, sequence)| replan_entry::Model {
        batch: int(number),
        ticket_id: ticket.0,
        sequence: int(*sequence),
    }));
}

/// The days that an edit touches: the first instant and the one after the last.
pub type Window = (DateTime<Utc>, DateTime<Utc>);

/// The open tickets that may hold something within the window, in the order of their ids.
///
/// # Errors
/// [`Error::Driver`].
pub async fn candidates(
    db: &impl ConnectionTrait,
    window: Option<Window>,
) -> Result<Vec<TicketId>, Error> {
    let open = [StateName::Open, StateName::Promised, StateName::Solved].map(StateName::as_str);
    let mut ids = ticket::Entity::find()
        .select_only()
        .column(ticket::Column::Id)
        .filter(ticket::Column::State.is_in(open))
        .filter(ticket::Column::Historic.eq(false));
    if let Some((from, until)) = window {
        ids = ids.filter(holds_within(from, until));
    }
    let ids: Vec<Uuid> = ids.order_by_asc(ticket::Column::Id).into_tuple().all(db).await?;
    Ok(ids.into_iter().map(TicketId).collect())
}

fn holds_within(from: DateTime<Utc>, until: DateTime<Utc>) -> Condition {
    let open = [
        DeadlineStatus::Running,
        DeadlineStatus::Held,
        DeadlineStatus::Stopped,
        DeadlineStatus::Missed,
    ];
    let deadlines = Query::select()
        .column(deadline::Column::TicketId)
        .from(deadline::Entity)
        .and_where(deadline::Column::Status.is_in(open.map(|status| word(&status))))
        .and_where(deadline::Column::StartedAt.lt(until))
        .and_where(deadline::Column::DueAt.gte(from))
        .to_owned();
    let climbs = Query::select()
        .column(escalation::Column::TicketId)
        .from(escalation::Entity)
        .and_where(escalation::Column::ClosedAt.is_null())
        .and_where(escalation::Column::OpenedAt.lt(until))
        .and_where(escalation::Column::ClimbsAt.gte(from))
        .to_owned();
    Condition::any()
        .add(ticket::Column::Id.in_subquery(deadlines))
        .add(ticket::Column::Id.in_subquery(climbs))
}

fn row_of(kept: &KeptBatch) -> replan_batch::Model {
    let decided = kept.decided.as_ref();
    replan_batch::Model {
        id: kept.id,
        number: int(kept.number),
        state: word(&kept.state),
        reason: kept.reason.clone(),
        edit: kept.edit.clone(),
        impact: document(&kept.impact),
        undoes: kept.undoes.map(int),
        version: kept.made_version,
        made_by: kept.made.0.0,
        made_at: kept.made.1,
        decided_by: decided.map(|decided| decided.by.0),
        decided_at: decided.map(|decided| decided.at),
        decision: decided.and_then(|decided| decided.words.clone()),
    }
}

fn kept_of(row: replan_batch::Model) -> Result<KeptBatch, Error> {
    let place = Place { table: "replan_batch", id: &row.id };
    let decided = row.decided_by.zip(row.decided_at);
    Ok(KeptBatch {
        id: row.id,
        number: place.number("number", row.number)?,
        state: place.word("state", &row.state)?,
        impact: place.document("impact", &row.impact)?,
        undoes: row.undoes.map(|number| place.number("undoes", number)).transpose()?,
        made_version: row.version,
        made: (UserId(row.made_by), row.made_at),
        decided: decided.map(|(by, at)| Decided { by: UserId(by), at, words: row.decision }),
        reason: row.reason,
        edit: row.edit,
    })
}
