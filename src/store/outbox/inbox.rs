//! People's in-app notices.
//!
//! **Never** shows one of a ticket that its reader may no longer see.

use chrono::{DateTime, Utc};
use entity::{delivery, notice, ticket};
use sea_orm::sea_query::IntoCondition as _;
use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use uuid::Uuid;

use super::DeliveryState;
use super::cause::{Cause, Causes, Reference};
use crate::domain::access::Visible;
use crate::domain::id::{NoticeId, UserId};
use crate::store::Error;
use crate::store::row::{Place, word};
use crate::store::tickets::visible_condition;

/// A person's in-app notice.
#[derive(Debug, Clone)]
pub struct InApp {
    /// Its id.
    pub id: NoticeId,
    /// What caused it.
    pub cause: Cause,
    /// When.
    pub at: DateTime<Utc>,
    /// When the person opened it.
    pub read_at: Option<DateTime<Utc>>,
}

/// A person's notices, but for those of tickets that `visible` no longer includes. The tickets are
/// joined, not listed: somebody may see a hundred thousand.
fn own(person: UserId, visible: Visible) -> Select<notice::Entity> {
    let ticket = notice::Entity::belongs_to(ticket::Entity)
        .from(notice::Column::TicketId)
        .to(ticket::Column::Id);
    let seen = visible_condition(visible).unwrap_or_else(|| Expr::val(false).into_condition());
    let theirs = Condition::any()
        .add(notice::Column::BulletinId.is_not_null())
        .add(Condition::all().add(ticket::Column::Id.is_not_null()).add(seen));
    notice::Entity::find()
        .join(JoinType::LeftJoin, ticket.into())
        .filter(notice::Column::RecipientId.eq(person.0))
        .filter(theirs)
}

/// How many of a person's notices are not opened, `most` at most.
///
/// # Errors
/// [`Error::Driver`].
pub async fn unread(
    db: &impl ConnectionTrait,
    (person, visible): (UserId, Visible),
    most: u64,
) -> Result<u64, Error> {
    let unread = own(person, visible).filter(notice::Column::ReadAt.is_null());
    let ids: Vec<Uuid> =
        unread.select_only().column(notice::Column::Id).limit(most).into_tuple().all(db).await?;
    Ok(u64::try_from(ids.len()).unwrap_or(most))
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
    let mut select = own(person, visible);
    if unread_only {
        select = select.filter(notice::Column::ReadAt.is_null());
    }
    if let Some(after) = after {
        select = select.filter(notice::Column::Id.lt(after));
    }
    let rows = select.order_by_desc(notice::Column::Id).limit(limit).all(db).await?;
    let causes = Causes::of(db, rows.iter().map(reference)).await?;
    let mut notices = Vec::with_capacity(rows.len());
    for row in rows {
        let place = Place { table: "notice", id: &row.id };
        notices.push(InApp {
            id: NoticeId(row.id),
            cause: causes.cause(reference(&row), place)?,
            at: row.created_at,
            read_at: row.read_at,
        });
    }
    Ok(notices)
}

fn reference(row: &notice::Model) -> Reference<'_> {
    Reference {
        ticket: row.ticket_id,
        event: row.event,
        bulletin: row.bulletin_id,
        kind: &row.kind,
    }
}

/// Marks a person's notice as opened, and its sent deliveries as read; false when it was opened
/// before, `None` when it is not theirs.
///
/// # Errors
/// [`Error::Driver`].
pub async fn read(
    db: &impl ConnectionTrait,
    person: UserId,
    id: NoticeId,
    at: DateTime<Utc>,
) -> Result<Option<bool>, Error> {
    let own = notice::Entity::find_by_id(id.0)
        .filter(notice::Column::RecipientId.eq(person.0))
        .one(db)
        .await?;
    let Some(own) = own else { return Ok(None) };
    if own.read_at.is_some() {
        return Ok(Some(false));
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
    Ok(Some(true))
}
