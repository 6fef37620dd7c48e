//! People's in-app notices.
//!
//! **Never** shows one of a ticket that its reader may no longer see.

use chrono::{DateTime, Utc};
use entity::{delivery, event, notice, ticket};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::DeliveryState;
use crate::domain::access::Visible;
use crate::domain::id::{NoticeId, TicketId, UserId};
use crate::domain::notice::Kind;
use crate::domain::ticket::Brief;
use crate::store::Error;
use crate::store::row::{Place, word};
use crate::store::tickets::visible_condition;

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
/// [`Error`] when the database fails or a row is corrupt.
pub async fn notices(
    db: &impl ConnectionTrait,
    (person, visible): (UserId, Visible),
    unread_only: bool,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<InApp>, Error> {
    let Some(condition) = visible_condition(visible) else { return Ok(Vec::new()) };
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
        let cause = events.iter().find(cause).ok_or_else(|| place.corrupt("event", &"missing"))?;
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

/// Marks a person's notice as opened, and its sent deliveries as read; false when it is not
/// theirs.
///
/// # Errors
/// [`Error::Driver`].
pub async fn read(
    db: &impl ConnectionTrait,
    person: UserId,
    id: NoticeId,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
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
