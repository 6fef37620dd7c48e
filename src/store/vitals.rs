//! How the database is doing: what waits in it and for how long, and who follows it.
//!
//! Asked again and again by monitoring, so every question here is answered from an index or
//! stops counting.
//!
//! **Never** tells whose.

use chrono::{DateTime, Utc};
use entity::{delivery, timer};
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
};

pub use super::dialect::vitals::{Connections, Standby};
use super::outbox::DeliveryState;
use super::row::word;
use super::sweep::MOST_ATTEMPTS;
use super::{Error, Store, dialect};
use crate::domain::notice::Channel;

/// Nothing is counted beyond this.
pub const MOST: u64 = 10_000;

/// When the ticket was due that has waited longest at `at`; those that keep failing left out.
///
/// # Errors
/// [`Error::Driver`].
pub async fn oldest_due(
    db: &impl ConnectionTrait,
    at: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(timer::Entity::find()
        .select_only()
        .column(timer::Column::DueAt)
        .filter(timer::Column::DueAt.lte(at))
        .filter(timer::Column::Attempt.lt(MOST_ATTEMPTS))
        .order_by_asc(timer::Column::DueAt)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?)
}

/// How many tickets are due at `at`, and how many of them keep failing; each up to [`MOST`].
///
/// # Errors
/// [`Error::Driver`].
pub async fn due(db: &impl ConnectionTrait, at: DateTime<Utc>) -> Result<(u64, u64), Error> {
    // Whatever keeps failing is due: the index finds it among those.
    let due = timer::Entity::find()
        .select_only()
        .column(timer::Column::TicketId)
        .filter(timer::Column::DueAt.lte(at));
    let waits = due.clone().filter(timer::Column::Attempt.lt(MOST_ATTEMPTS));
    let stuck = due.filter(timer::Column::Attempt.gte(MOST_ATTEMPTS));
    Ok((up_to_most(db, waits).await?, up_to_most(db, stuck).await?))
}

/// When the delivery could leave that has waited longest on a channel at `at`.
///
/// # Errors
/// [`Error::Driver`].
pub async fn oldest_queued(
    db: &impl ConnectionTrait,
    channel: Channel,
    at: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(delivery::Entity::find()
        .select_only()
        .column(delivery::Column::DueAt)
        .filter(delivery::Column::State.eq(word(&DeliveryState::Queued)))
        .filter(delivery::Column::Channel.eq(word(&channel)))
        .filter(delivery::Column::DueAt.lte(at))
        .order_by_asc(delivery::Column::DueAt)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?)
}

/// How many deliveries stand so, up to [`MOST`].
///
/// # Errors
/// [`Error::Driver`].
pub async fn deliveries(db: &impl ConnectionTrait, state: DeliveryState) -> Result<u64, Error> {
    let found = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::State)
        .filter(delivery::Column::State.eq(word(&state)));
    up_to_most(db, found).await
}

async fn up_to_most<E: EntityTrait>(
    db: &impl ConnectionTrait,
    select: Select<E>,
) -> Result<u64, Error> {
    let counted = Query::select()
        .expr(Expr::col(Asterisk).count())
        .from_subquery(select.limit(MOST).into_query(), "counted")
        .to_owned();
    let row = db.query_one(&counted).await?;
    let count: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}

impl Store {
    /// The standbys that follow the database, as far as its role may know them; none on SQLite.
    ///
    /// # Errors
    /// [`Error::Driver`].
    pub async fn standbys(&self) -> Result<Vec<Standby>, Error> {
        Ok(dialect::vitals::standbys(&self.reader).await?)
    }

    /// The connections for reading; on PostgreSQL those for writing are among them.
    #[must_use]
    pub fn connections(&self) -> Connections {
        dialect::vitals::connections(&self.reader)
    }

    /// True while the database takes no writing, as a standby does.
    ///
    /// # Errors
    /// [`Error::Driver`].
    pub async fn is_read_only(&self) -> Result<bool, Error> {
        Ok(dialect::vitals::is_read_only(&self.reader).await?)
    }
}
