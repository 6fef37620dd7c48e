//! What was sent, with everything that its letters need: for the demo's mailbox.
//!
//! **Never** claims or changes anything.

use chrono::{DateTime, Utc};
use entity::delivery;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::DeliveryState;
use super::claim::{Claimed, readable};
use crate::domain::id::{DeliveryId, UserId};
use crate::store::Error;
use crate::store::row::Place;

/// A delivery with its letter's needs, and how it stands.
#[derive(Debug, Clone)]
pub struct Posted {
    /// The delivery.
    pub delivery: Claimed,
    /// How it stands.
    pub state: DeliveryState,
    /// When it was sent, or will be.
    pub at: DateTime<Utc>,
}

/// Which deliveries are wanted.
#[derive(Debug, Clone, Copy)]
pub enum Wanted {
    /// The newest, to one person or to everybody, after the one with this id.
    Newest {
        /// Whom.
        to: Option<UserId>,
        /// Where the page before ended.
        after: Option<Uuid>,
    },
    /// This one.
    One(DeliveryId),
}

/// Deliveries with their letters' needs, newest first. Those that cannot be read are left out.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn posted(
    db: &impl ConnectionTrait,
    wanted: Wanted,
    limit: u64,
) -> Result<Vec<Posted>, Error> {
    let select = match wanted {
        Wanted::One(id) => delivery::Entity::find_by_id(id.0),
        Wanted::Newest { to, after } => {
            let mut select = delivery::Entity::find();
            if let Some(to) = to {
                select = select.filter(delivery::Column::RecipientId.eq(to.0));
            }
            if let Some(after) = after {
                select = select.filter(delivery::Column::Id.lt(after));
            }
            select
        }
    };
    let rows = select.order_by_desc(delivery::Column::Id).limit(limit).all(db).await?;
    let found = readable(db, &rows).await?;
    let mut posted = Vec::with_capacity(rows.len());
    for (row, delivery) in rows.iter().zip(found) {
        let Ok(delivery) = delivery else { continue };
        let place = Place { table: "delivery", id: &row.id };
        posted.push(Posted {
            delivery,
            state: place.word("state", &row.state)?,
            at: row.finished_at.unwrap_or(row.due_at),
        });
    }
    Ok(posted)
}
