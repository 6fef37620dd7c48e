//! Deliveries that a hold keeps back: what waits, and what is not to be sent any more.
//!
//! **Never** drops one: what is not sent becomes a dead letter, which a person sees and may
//! send after all.

use chrono::{DateTime, Utc};
use entity::{delivery, notice};
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait as _,
};

use super::DeliveryState;
use super::claim::is_free;
use crate::domain::notice::Channel;
use crate::store::Error;
use crate::store::row::{Place, word};

/// What waits on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The channel.
    pub channel: Channel,
    /// How many deliveries.
    pub deliveries: u64,
    /// When the oldest was caused.
    pub oldest: DateTime<Utc>,
}

/// The queued deliveries by channel, those caused before an instant or those since.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn waiting(db: &impl ConnectionTrait, queued: Queued) -> Result<Vec<Waiting>, Error> {
    let of_notice = delivery::Entity::belongs_to(notice::Entity)
        .from(delivery::Column::NoticeId)
        .to(notice::Column::Id)
        .into();
    let rows: Vec<(String, i64, DateTime<Utc>)> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Channel)
        .column_as(delivery::Column::Id.count(), "deliveries")
        .column_as(notice::Column::CreatedAt.min(), "oldest")
        .join(JoinType::InnerJoin, of_notice)
        .filter(delivery::Column::State.eq(word(&DeliveryState::Queued)))
        .filter(queued.condition())
        .group_by(delivery::Column::Channel)
        .order_by_asc(delivery::Column::Channel)
        .into_tuple()
        .all(db)
        .await?;
    let waiting = |(channel, deliveries, oldest): (String, i64, DateTime<Utc>)| {
        let place = Place { table: "delivery", id: &"queued" };
        Ok(Waiting {
            channel: place.word("channel", &channel)?,
            deliveries: place.number("count", deliveries)?,
            oldest,
        })
    };
    rows.into_iter().map(waiting).collect()
}

/// Which of the queued deliveries are meant.
#[derive(Debug, Clone, Copy)]
pub enum Queued {
    /// Those caused before this instant.
    Before(DateTime<Utc>),
    /// Those caused at this instant or later.
    Since(DateTime<Utc>),
}

impl Queued {
    fn condition(self) -> SimpleExpr {
        match self {
            Self::Before(instant) => notice::Column::CreatedAt.lt(instant),
            Self::Since(instant) => notice::Column::CreatedAt.gte(instant),
        }
    }
}

/// Makes dead letters of the queued deliveries that were caused before `queued_before` and that
/// nobody is sending; gives how many.
///
/// # Errors
/// [`Error::Driver`].
pub async fn bury_queued(
    db: &impl ConnectionTrait,
    queued_before: DateTime<Utc>,
    response: &str,
    (at, wall): (DateTime<Utc>, DateTime<Utc>),
) -> Result<u64, Error> {
    let before = notice::Entity::find()
        .select_only()
        .column(notice::Column::Id)
        .filter(Queued::Before(queued_before).condition());
    let row = delivery::ActiveModel {
        state: sea_orm::Set(word(&DeliveryState::Failed)),
        finished_at: sea_orm::Set(Some(at)),
        response: sea_orm::Set(Some(response.to_owned())),
        claimed_by: sea_orm::Set(None),
        claimed_until: sea_orm::Set(None),
        ..Default::default()
    };
    let done = delivery::Entity::update_many()
        .set(row)
        .filter(delivery::Column::State.eq(word(&DeliveryState::Queued)))
        .filter(is_free(wall))
        .filter(delivery::Column::NoticeId.in_subquery(before.into_query()))
        .exec(db)
        .await?;
    Ok(done.rows_affected)
}
