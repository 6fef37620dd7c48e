//! When recurring jobs were due, and who did them.
//!
//! One row per job and instant: whoever inserts it does the job, and whoever finds it undone
//! after its lease ran out does it again.
//!
//! **Never** lets two replicas do the same tick while the first one's lease lasts.

use chrono::{DateTime, Utc};
use entity::tick;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use super::Error;

/// The instants up to which each job is done.
///
/// # Errors
/// [`Error::Driver`].
pub async fn last_done(db: &impl ConnectionTrait) -> Result<Vec<(String, DateTime<Utc>)>, Error> {
    Ok(tick::Entity::find()
        .select_only()
        .column(tick::Column::Job)
        .column_as(tick::Column::DueAt.max(), "due_at")
        .filter(tick::Column::DoneAt.is_not_null())
        .group_by(tick::Column::Job)
        .into_tuple()
        .all(db)
        .await?)
}

/// Takes a tick for `worker` until the wall-clock instant `lease`; false when it is done, or
/// somebody else is at it.
///
/// # Errors
/// [`Error::Driver`].
pub async fn claim(
    db: &impl ConnectionTrait,
    (job, due_at): (&str, DateTime<Utc>),
    worker: Uuid,
    (wall, lease): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, Error> {
    let row = tick::Model {
        job: job.to_owned(),
        due_at,
        claimed_by: worker,
        claimed_until: lease,
        done_at: None,
    };
    let mut free = OnConflict::columns([tick::Column::Job, tick::Column::DueAt]);
    free.update_columns([tick::Column::ClaimedBy, tick::Column::ClaimedUntil]);
    free.action_and_where(Expr::col((tick::Entity, tick::Column::DoneAt)).is_null());
    free.action_and_where(Expr::col((tick::Entity, tick::Column::ClaimedUntil)).lte(wall));
    let insert = tick::Entity::insert(row.into_active_model()).on_conflict(free);
    Ok(insert.exec_without_returning(db).await? == 1)
}

/// Writes down that a tick is done, if `worker` still holds it.
///
/// # Errors
/// [`Error::Driver`].
pub async fn finish(
    db: &impl ConnectionTrait,
    (job, due_at): (&str, DateTime<Utc>),
    worker: Uuid,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = tick::Entity::update_many()
        .col_expr(tick::Column::DoneAt, Expr::val(at))
        .filter(tick::Column::Job.eq(job))
        .filter(tick::Column::DueAt.eq(due_at))
        .filter(tick::Column::ClaimedBy.eq(worker))
        .exec(db)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Forgets the ticks due before an instant; gives how many there were.
///
/// # Errors
/// [`Error::Driver`].
pub async fn delete_before(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64, Error> {
    let old = tick::Column::DueAt.lt(before);
    Ok(tick::Entity::delete_many().filter(old).exec(db).await?.rows_affected)
}
