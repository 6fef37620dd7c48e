//! Taking deliveries out of the outbox, and writing down what became of them.
//!
//! **Never** gives a delivery to two workers while the first one's lease lasts.

use chrono::{DateTime, Utc};
use entity::{app_user, delivery};
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::DeliveryState;
use super::cause::{Cause, Causes, Reference};
use crate::domain::id::{DeliveryId, UserId};
use crate::domain::notice::Channel;
use crate::domain::party::{Language, Role};
use crate::store::row::{Place, word};
use crate::store::{Error, dialect};

/// A delivery with everything that its letter needs.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its id.
    pub id: DeliveryId,
    /// What caused it.
    pub cause: Cause,
    /// Whom.
    pub recipient: UserId,
    /// On which channel.
    pub channel: Channel,
    /// Where to.
    pub address: String,
    /// When it could leave, or could again.
    pub due_at: DateTime<Utc>,
    /// Counts the attempts, this one included.
    pub attempt: u16,
    /// The recipient's name.
    pub name: String,
    /// The recipient's language.
    pub language: Language,
    /// The recipient's role.
    pub role: Role,
    /// The version of its text that it was rendered with before, if it was; 0 = shipped.
    pub template: Option<i32>,
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
        .col_expr(
            delivery::Column::Attempt,
            ExprTrait::add(Expr::col(delivery::Column::Attempt), 1),
        )
        .filter(delivery::Column::Id.is_in(ids))
        .exec(db)
        .await?;
    with_letters(db, rows).await
}

/// What may be taken on a channel: queued, due, and in nobody's hands.
fn ready(channel: Channel, at: DateTime<Utc>, wall: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(delivery::Column::State.eq(word(&DeliveryState::Queued)))
        .add(delivery::Column::Channel.eq(word(&channel)))
        .add(delivery::Column::DueAt.lte(at))
        .add(is_free(wall))
}

/// Nobody is sending it, or their lease ran out.
pub(super) fn is_free(wall: DateTime<Utc>) -> Condition {
    Condition::any()
        .add(delivery::Column::ClaimedUntil.is_null())
        .add(delivery::Column::ClaimedUntil.lte(wall))
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

async fn with_letters(
    db: &impl ConnectionTrait,
    rows: Vec<delivery::Model>,
) -> Result<Vec<Claimed>, Error> {
    let mut claimed = Vec::with_capacity(rows.len());
    for (row, read) in rows.iter().zip(readable(db, &rows).await?) {
        match read {
            Ok(one) => claimed.push(one),
            Err(problem) => bury(db, row.id, &problem).await?,
        }
    }
    Ok(claimed)
}

/// Each row with everything that its letter needs, or why it cannot be read.
pub(super) async fn readable(
    db: &impl ConnectionTrait,
    rows: &[delivery::Model],
) -> Result<Vec<Result<Claimed, Error>>, Error> {
    let people = rows.iter().map(|row| row.recipient_id);
    let people =
        app_user::Entity::find().filter(app_user::Column::Id.is_in(people)).all(db).await?;
    let causes = Causes::of(db, rows.iter().map(reference)).await?;
    let read = |row: &delivery::Model| {
        let person = people.iter().find(|person| person.id == row.recipient_id);
        claimed_of(row, person, &causes)
    };
    Ok(rows.iter().map(read).collect())
}

/// What a delivery is about.
pub(super) fn reference(row: &delivery::Model) -> Reference<'_> {
    Reference {
        ticket: row.ticket_id,
        event: row.event,
        bulletin: row.bulletin_id,
        kind: &row.kind,
    }
}

fn claimed_of(
    row: &delivery::Model,
    person: Option<&app_user::Model>,
    causes: &Causes,
) -> Result<Claimed, Error> {
    let place = Place { table: "delivery", id: &row.id };
    let person = person.ok_or_else(|| place.corrupt("recipient_id", &"nobody"))?;
    let before: u16 = place.number("attempt", row.attempt)?;
    Ok(Claimed {
        id: DeliveryId(row.id),
        cause: causes.cause(reference(row), place)?,
        recipient: UserId(row.recipient_id),
        channel: place.word("channel", &row.channel)?,
        address: row.address.clone(),
        due_at: row.due_at,
        attempt: before.saturating_add(1),
        name: person.name.clone(),
        language: place.word("language", &person.language)?,
        role: place.word("role", &person.role)?,
        template: row.template_version,
    })
}

/// A delivery that cannot be read is a dead letter at once, and the others go on.
async fn bury(db: &impl ConnectionTrait, id: Uuid, problem: &Error) -> Result<(), Error> {
    tracing::error!(%problem, delivery.id = %id, "a delivery cannot be read");
    let row = delivery::ActiveModel {
        state: sea_orm::Set(word(&DeliveryState::Failed)),
        claimed_by: sea_orm::Set(None),
        claimed_until: sea_orm::Set(None),
        response: sea_orm::Set(Some(problem.to_string())),
        ..Default::default()
    };
    delivery::Entity::update_many().set(row).filter(delivery::Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// Writes down which version of its text each delivery is rendered with, so that a later attempt
/// says the same.
///
/// # Errors
/// [`Error::Driver`].
pub async fn pin(
    db: &impl ConnectionTrait,
    version: i32,
    ids: impl Iterator<Item = DeliveryId>,
) -> Result<(), Error> {
    delivery::Entity::update_many()
        .col_expr(delivery::Column::TemplateVersion, Expr::val(version))
        .filter(delivery::Column::Id.is_in(ids.map(|id| id.0)))
        .exec(db)
        .await?;
    Ok(())
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
pub async fn finish(
    db: &impl ConnectionTrait,
    worker: Uuid,
    finished: &Finished,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
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

/// Gives back deliveries whose sending `worker` did not begin: they count as never taken.
///
/// # Errors
/// [`Error::Driver`].
pub async fn give_back(
    db: &impl ConnectionTrait,
    worker: Uuid,
    ids: impl Iterator<Item = DeliveryId>,
) -> Result<(), Error> {
    let nobody: Option<Uuid> = None;
    let free: Option<DateTime<Utc>> = None;
    delivery::Entity::update_many()
        .col_expr(delivery::Column::ClaimedBy, Expr::val(nobody))
        .col_expr(delivery::Column::ClaimedUntil, Expr::val(free))
        .col_expr(
            delivery::Column::Attempt,
            ExprTrait::sub(Expr::col(delivery::Column::Attempt), 1),
        )
        .filter(delivery::Column::Id.is_in(ids.map(|id| id.0)))
        .filter(delivery::Column::ClaimedBy.eq(worker))
        .exec(db)
        .await?;
    Ok(())
}

/// When the first delivery after `at` is due, if any waits.
///
/// # Errors
/// [`Error::Driver`].
pub async fn next_due(
    db: &impl ConnectionTrait,
    at: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Error> {
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
