//! The delivery log: proof of service, and dead letters to be sent again.
//!
//! **Never** holds what a letter said.

use chrono::{DateTime, Utc};
use entity::delivery;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::DeliveryState;
use super::cause::About;
use super::claim::reference;
use crate::domain::id::{DeliveryId, TicketId, UserId};
use crate::domain::notice::Channel;
use crate::store::Error;
use crate::store::row::{Place, word};

/// A delivery as the log shows it.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Its id.
    pub id: DeliveryId,
    /// What it is about.
    pub about: About,
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
    let id = row.id;
    let place = Place { table: "delivery", id: &id };
    Ok(Logged {
        id: DeliveryId(id),
        about: reference(&row).about(place)?,
        recipient: UserId(row.recipient_id),
        channel: place.word("channel", &row.channel)?,
        address: row.address,
        state: place.word("state", &row.state)?,
        due_at: row.due_at,
        attempts: place.number("attempt", row.attempt)?,
        finished_at: row.finished_at,
        response: row.response,
    })
}

/// Every delivery of a ticket, oldest first.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn of_ticket(db: &impl ConnectionTrait, ticket: TicketId) -> Result<Vec<Logged>, Error> {
    let rows = delivery::Entity::find()
        .filter(delivery::Column::TicketId.eq(ticket.0))
        .order_by_asc(delivery::Column::Event)
        .order_by_asc(delivery::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(logged).collect()
}

/// Which deliveries the log shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogFilter {
    /// Only in this state.
    pub state: Option<DeliveryState>,
    /// Only on this channel.
    pub channel: Option<Channel>,
    /// Only what tells this, by its name: of a ticket, or of none.
    pub kind: Option<&'static str>,
}

/// One page of the delivery log, newest first.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn log(
    db: &impl ConnectionTrait,
    filter: LogFilter,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Logged>, Error> {
    let mut select = delivery::Entity::find();
    if let Some(state) = &filter.state {
        select = select.filter(delivery::Column::State.eq(word(state)));
    }
    if let Some(channel) = &filter.channel {
        select = select.filter(delivery::Column::Channel.eq(word(channel)));
    }
    if let Some(kind) = filter.kind {
        select = select.filter(delivery::Column::Kind.eq(kind));
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
pub async fn replay(
    db: &impl ConnectionTrait,
    id: DeliveryId,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
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
/// [`Error`] when the database fails or a row is corrupt.
pub async fn find(db: &impl ConnectionTrait, id: DeliveryId) -> Result<Option<Logged>, Error> {
    let row = delivery::Entity::find_by_id(id.0).one(db).await?;
    row.map(logged).transpose()
}
