//! What people are told: their in-app notices, and the outbox of deliveries.
//!
//! ```text
//! queued ──claim──▶ claimed ──▶ sent ──receipt──▶ delivered · read
//!    ▲                 │ failed, to be tried again: queued, due later
//!    │                 │ failed for good: failed (a dead letter)
//!    ├── lease ran out ┘
//!    └── replay of a dead letter
//! ```
//!
//! Claiming, sending and finishing are three steps: no transaction waits for a mail server. A
//! worker that dies between sending and finishing leaves a lease that runs out, and the message
//! goes again under the same id.
//!
//! **Never** forgets a delivery: it ends as sent or as a dead letter that a person sees.

use chrono::{DateTime, Utc};
use entity::{app_user, delivery, event, notice, ticket};
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::row::{Place, int, word};
use super::{Error, dialect};
use crate::domain::access::Visible;
use crate::domain::id::{DeliveryId, NoticeId, TicketId, UserId};
use crate::domain::notice::{Channel, Kind};
use crate::domain::party::Language;
use crate::domain::ticket::Brief;

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waiting for its time or its turn.
    Queued,
    /// Taken by the receiving server, or kept in the in-app mailbox where no channel is set.
    Sent,
    /// The receiver says it arrived.
    Delivered,
    /// The recipient opened it.
    Read,
    /// A dead letter.
    Failed,
}

/// A notice about to be written, with the channels it leaves on.
#[derive(Debug, Clone)]
pub struct NewNotice {
    /// Of which ticket.
    pub ticket: TicketId,
    /// Of which event.
    pub event: u32,
    /// What.
    pub kind: Kind,
    /// Whom.
    pub recipient: UserId,
    /// When it was caused.
    pub at: DateTime<Utc>,
    /// Channel and address.
    pub ways: Vec<(Channel, String)>,
    /// When it may leave.
    pub leaves_at: DateTime<Utc>,
}

/// Writes notices and their deliveries. A person is told one thing of one event once.
///
/// # Errors
/// [`Error::Driver`].
pub async fn insert(db: &impl ConnectionTrait, notices: &[NewNotice]) -> Result<(), Error> {
    let mut rows = Vec::with_capacity(notices.len());
    let mut deliveries = Vec::new();
    for new in notices {
        let id = Uuid::now_v7();
        rows.push(notice::Model {
            id,
            ticket_id: new.ticket.0,
            event: int(new.event),
            kind: new.kind.name().to_owned(),
            batch: 0,
            recipient_id: new.recipient.0,
            created_at: new.at,
            read_at: None,
        });
        deliveries.extend(new.ways.iter().map(|(channel, address)| delivery::Model {
            id: Uuid::now_v7(),
            notice_id: id,
            ticket_id: new.ticket.0,
            event: int(new.event),
            kind: new.kind.name().to_owned(),
            batch: 0,
            recipient_id: new.recipient.0,
            channel: word(channel),
            address: address.clone(),
            state: word(&DeliveryState::Queued),
            due_at: new.leaves_at,
            attempt: 0,
            claimed_by: None,
            claimed_until: None,
            finished_at: None,
            response: None,
        }));
    }
    super::tickets::add(db, rows).await?;
    super::tickets::add(db, deliveries).await
}

/// A delivery with everything that its letter needs.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its id.
    pub id: DeliveryId,
    /// Of which ticket.
    pub ticket: TicketId,
    /// Of which event.
    pub event: u32,
    /// What.
    pub kind: Kind,
    /// Whom.
    pub recipient: UserId,
    /// On which channel.
    pub channel: Channel,
    /// Where to.
    pub address: String,
    /// Counts the attempts, this one included.
    pub attempt: u16,
    /// The recipient's name.
    pub name: String,
    /// The recipient's language.
    pub language: Language,
    /// What the event was about.
    pub brief: Brief,
}

/// Takes up to `limit` deliveries that are due at business time `at`, for `worker` alone until
/// the wall-clock instant `lease`. Those whose lease ran out are taken again.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn claim(
    db: &impl ConnectionTrait,
    (worker, channel): (Uuid, Channel),
    at: DateTime<Utc>,
    (wall, lease): (DateTime<Utc>, DateTime<Utc>),
    limit: u64,
) -> Result<Vec<Claimed>, Error> {
    let select = delivery::Entity::find()
        .filter(ready(channel, at, wall))
        .order_by_asc(delivery::Column::DueAt)
        .order_by_asc(delivery::Column::Id)
        .limit(limit);
    let rows = dialect::locked_if_free(select).all(db).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids = rows.iter().map(|row| row.id);
    delivery::Entity::update_many()
        .col_expr(delivery::Column::ClaimedBy, Expr::val(worker))
        .col_expr(delivery::Column::ClaimedUntil, Expr::val(lease))
        .col_expr(delivery::Column::Attempt, ExprTrait::add(Expr::col(delivery::Column::Attempt), 1))
        .filter(delivery::Column::Id.is_in(ids))
        .exec(db)
        .await?;
    with_letters(db, rows).await
}

/// What may be taken on a channel: queued, due, and in nobody's hands.
fn ready(channel: Channel, at: DateTime<Utc>, wall: DateTime<Utc>) -> Condition {
    let free = Condition::any()
        .add(delivery::Column::ClaimedUntil.is_null())
        .add(delivery::Column::ClaimedUntil.lte(wall));
    Condition::all()
        .add(delivery::Column::State.eq(word(&DeliveryState::Queued)))
        .add(delivery::Column::Channel.eq(word(&channel)))
        .add(delivery::Column::DueAt.lte(at))
        .add(free)
}

/// True when something may be taken on a channel.
///
/// # Errors
/// [`Error::Driver`].
pub async fn is_due(
    db: &impl ConnectionTrait,
    channel: Channel,
    at: DateTime<Utc>,
    wall: DateTime<Utc>,
) -> Result<bool, Error> {
    let first: Option<Uuid> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(ready(channel, at, wall))
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(first.is_some())
}

async fn with_letters(db: &impl ConnectionTrait, rows: Vec<delivery::Model>) -> Result<Vec<Claimed>, Error> {
    let people = rows.iter().map(|row| row.recipient_id);
    let people = app_user::Entity::find().filter(app_user::Column::Id.is_in(people)).all(db).await?;
    let tickets = rows.iter().map(|row| row.ticket_id);
    let numbers = rows.iter().map(|row| row.event);
    let events = event::Entity::find()
        .filter(event::Column::TicketId.is_in(tickets))
        .filter(event::Column::Sequence.is_in(numbers))
        .all(db)
        .await?;
    let mut claimed = Vec::with_capacity(rows.len());
    for row in rows {
        let place = Place { table: "delivery", id: &row.id };
        let person = people.iter().find(|person| person.id == row.recipient_id);
        let person = person.ok_or_else(|| place.corrupt("recipient_id", "nobody"))?;
        let cause = |e: &&event::Model| e.ticket_id == row.ticket_id && e.sequence == row.event;
        let cause = events.iter().find(cause).ok_or_else(|| place.corrupt("event", "missing"))?;
        claimed.push(Claimed {
            id: DeliveryId(row.id),
            ticket: TicketId(row.ticket_id),
            event: place.number("event", row.event)?,
            kind: place.word("kind", &row.kind)?,
            recipient: UserId(row.recipient_id),
            channel: place.word("channel", &row.channel)?,
            address: row.address.clone(),
            attempt: place.number("attempt", row.attempt)?,
            name: person.name.clone(),
            language: place.word("language", &person.language)?,
            brief: place.document("brief", &cause.brief)?,
        });
    }
    for one in &mut claimed {
        one.attempt = one.attempt.saturating_add(1);
    }
    Ok(claimed)
}

/// What became of an attempt.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Which delivery.
    pub id: DeliveryId,
    /// Its state from now on.
    pub state: DeliveryState,
    /// When it is tried again, for [`DeliveryState::Queued`].
    pub due_at: Option<DateTime<Utc>>,
    /// What the receiver said.
    pub response: String,
}

/// Writes down what became of an attempt, if `worker` still holds the delivery.
///
/// # Errors
/// [`Error::Driver`].
pub async fn finish(db: &impl ConnectionTrait, worker: Uuid, finished: &Finished, at: DateTime<Utc>) -> Result<bool, Error> {
    let mut row = delivery::ActiveModel {
        state: sea_orm::Set(word(&finished.state)),
        claimed_by: sea_orm::Set(None),
        claimed_until: sea_orm::Set(None),
        finished_at: sea_orm::Set(Some(at)),
        response: sea_orm::Set(Some(finished.response.clone())),
        ..Default::default()
    };
    if let Some(due_at) = finished.due_at {
        row.due_at = sea_orm::Set(due_at);
    }
    let done = delivery::Entity::update_many()
        .set(row)
        .filter(delivery::Column::Id.eq(finished.id.0))
        .filter(delivery::Column::ClaimedBy.eq(worker))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// When the first delivery after `at` is due, if any waits.
///
/// # Errors
/// [`Error::Driver`].
pub async fn next_due(db: &impl ConnectionTrait, at: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
    let next: Option<DateTime<Utc>> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::DueAt)
        .filter(delivery::Column::State.eq(word(&DeliveryState::Queued)))
        .filter(delivery::Column::DueAt.gt(at))
        .order_by_asc(delivery::Column::DueAt)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(next)
}

/// A delivery as the log shows it.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Its id.
    pub id: DeliveryId,
    /// Of which ticket.
    pub ticket: TicketId,
    /// Of which event.
    pub event: u32,
    /// What.
    pub kind: Kind,
    /// Whom.
    pub recipient: UserId,
    /// On which channel.
    pub channel: Channel,
    /// Where to.
    pub address: String,
    /// How it stands.
    pub state: DeliveryState,
    /// When it was, or is to be, tried.
    pub due_at: DateTime<Utc>,
    /// Attempts so far.
    pub attempts: u16,
    /// When the last attempt ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// What the receiver said to it.
    pub response: Option<String>,
}

fn logged(row: delivery::Model) -> Result<Logged, Error> {
    let place = Place { table: "delivery", id: &row.id };
    Ok(Logged {
        id: DeliveryId(row.id),
        ticket: TicketId(row.ticket_id),
        event: place.number("event", row.event)?,
        kind: place.word("kind", &row.kind)?,
        recipient: UserId(row.recipient_id),
        channel: place.word("channel", &row.channel)?,
        address: row.address.clone(),
        state: place.word("state", &row.state)?,
        due_at: row.due_at,
        attempts: place.number("attempt", row.attempt)?,
        finished_at: row.finished_at,
        response: row.response.clone(),
    })
}

/// Every delivery of a ticket, oldest first.
///
/// # Errors
/// As [`claim`].
pub async fn of_ticket(db: &impl ConnectionTrait, ticket: TicketId) -> Result<Vec<Logged>, Error> {
    let rows = delivery::Entity::find()
        .filter(delivery::Column::TicketId.eq(ticket.0))
        .order_by_asc(delivery::Column::Event)
        .order_by_asc(delivery::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(logged).collect()
}

/// One page of the delivery log, newest first.
///
/// # Errors
/// As [`claim`].
pub async fn log(
    db: &impl ConnectionTrait,
    state: Option<DeliveryState>,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Logged>, Error> {
    let mut select = delivery::Entity::find();
    if let Some(state) = state {
        select = select.filter(delivery::Column::State.eq(word(&state)));
    }
    if let Some(after) = after {
        select = select.filter(delivery::Column::Id.lt(after));
    }
    let rows = select.order_by_desc(delivery::Column::Id).limit(limit).all(db).await?;
    rows.into_iter().map(logged).collect()
}

/// Queues a dead letter again, its attempts counted anew; false when it is not one.
///
/// # Errors
/// [`Error::Driver`].
pub async fn replay(db: &impl ConnectionTrait, id: DeliveryId, at: DateTime<Utc>) -> Result<bool, Error> {
    let row = delivery::ActiveModel {
        state: sea_orm::Set(word(&DeliveryState::Queued)),
        due_at: sea_orm::Set(at),
        attempt: sea_orm::Set(0),
        ..Default::default()
    };
    let done = delivery::Entity::update_many()
        .set(row)
        .filter(delivery::Column::Id.eq(id.0))
        .filter(delivery::Column::State.eq(word(&DeliveryState::Failed)))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// A delivery by its id.
///
/// # Errors
/// As [`claim`].
pub async fn find(db: &impl ConnectionTrait, id: DeliveryId) -> Result<Option<Logged>, Error> {
    let row = delivery::Entity::find_by_id(id.0).one(db).await?;
    row.map(logged).transpose()
}

/// A person's in-app notice.
#[derive(Debug, Clone)]
pub struct InApp {
    /// Its id.
    pub id: NoticeId,
    /// Of which ticket.
    pub ticket: TicketId,
    /// Of which event.
    pub event: u32,
    /// What.
    pub kind: Kind,
    /// When.
    pub at: DateTime<Utc>,
    /// When the person opened it.
    pub read_at: Option<DateTime<Utc>>,
    /// What the event was about.
    pub brief: Brief,
}

/// One page of a person's notices, newest first. Those of tickets that `visible` no longer
/// includes are left out.
///
/// # Errors
/// As [`claim`].
pub async fn notices(
    db: &impl ConnectionTrait,
    (person, visible): (UserId, Visible),
    unread_only: bool,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<InApp>, Error> {
    let Some(condition) = super::tickets::visible_condition(visible) else { return Ok(Vec::new()) };
    let seen = ticket::Entity::find().select_only().column(ticket::Column::Id).filter(condition);
    let mut select = notice::Entity::find()
        .filter(notice::Column::RecipientId.eq(person.0))
        .filter(notice::Column::TicketId.in_subquery(sea_orm::QueryTrait::into_query(seen)));
    if unread_only {
        select = select.filter(notice::Column::ReadAt.is_null());
    }
    if let Some(after) = after {
        select = select.filter(notice::Column::Id.lt(after));
    }
    let rows = select.order_by_desc(notice::Column::Id).limit(limit).all(db).await?;
    let events = event::Entity::find()
        .filter(event::Column::TicketId.is_in(rows.iter().map(|row| row.ticket_id)))
        .filter(event::Column::Sequence.is_in(rows.iter().map(|row| row.event)))
        .all(db)
        .await?;
    let mut notices = Vec::with_capacity(rows.len());
    for row in rows {
        let place = Place { table: "notice", id: &row.id };
        let cause = |e: &&event::Model| e.ticket_id == row.ticket_id && e.sequence == row.event;
        let cause = events.iter().find(cause).ok_or_else(|| place.corrupt("event", "missing"))?;
        notices.push(InApp {
            id: NoticeId(row.id),
            ticket: TicketId(row.ticket_id),
            event: place.number("event", row.event)?,
            kind: place.word("kind", &row.kind)?,
            at: row.created_at,
            read_at: row.read_at,
            brief: place.document("brief", &cause.brief)?,
        });
    }
    Ok(notices)
}

/// How many notices a person has not opened.
///
/// # Errors
/// [`Error::Driver`].
pub async fn unread(db: &impl ConnectionTrait, person: UserId) -> Result<u64, Error> {
    use sea_orm::PaginatorTrait;
    let unread = notice::Entity::find()
        .filter(notice::Column::RecipientId.eq(person.0))
        .filter(notice::Column::ReadAt.is_null());
    Ok(unread.count(db).await?)
}

/// Marks a person's notice as opened, and its sent deliveries as read; false when it is not
/// theirs.
///
/// # Errors
/// [`Error::Driver`].
pub async fn read(db: &impl ConnectionTrait, person: UserId, id: NoticeId, at: DateTime<Utc>) -> Result<bool, Error> {
    let own = notice::Entity::find_by_id(id.0)
        .filter(notice::Column::RecipientId.eq(person.0))
        .one(db)
        .await?;
    let Some(own) = own else { return Ok(false) };
    if own.read_at.is_some() {
        return Ok(true);
    }
    let mut row = own.into_active_model();
    row.read_at = sea_orm::Set(Some(at));
    notice::Entity::update(row).exec(db).await?;
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::val(word(&DeliveryState::Read)))
        .filter(delivery::Column::NoticeId.eq(id.0))
        .filter(delivery::Column::State.eq(word(&DeliveryState::Sent)))
        .exec(db)
        .await?;
    Ok(true)
}
