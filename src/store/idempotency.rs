//! Answers to keyed requests, kept for their repetition.
//!
//! **Never** apart from the change they answer: the row is written in its transaction.

use chrono::{DateTime, Utc};
use entity::idempotency;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::Error;
use crate::domain::id::UserId;

/// A key of a person on a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Whose.
    pub user: UserId,
    /// The method and path.
    pub route: String,
    /// What the client chose.
    pub key: String,
    /// SHA-256 of the body, in hex.
    pub fingerprint: String,
}

/// An answer as it was first given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The entity tag.
    pub etag: Option<String>,
    /// The body.
    pub body: String,
}

/// The fingerprint and answer kept for a key since `since`.
///
/// # Errors
/// [`Error::Driver`].
pub async fn find(
    db: &impl ConnectionTrait,
    key: &Key,
    since: DateTime<Utc>,
) -> Result<Option<(String, Answer)>, Error> {
    let id = (key.user.0, key.route.clone(), key.key.clone());
    let row = idempotency::Entity::find_by_id(id).one(db).await?;
    Ok(row.filter(|row| row.created_at > since).map(|row| {
        let status = u16::try_from(row.status).unwrap_or(200);
        (row.fingerprint, Answer { status, etag: row.etag, body: row.body })
    }))
}

/// Keeps an answer; one kept before `since` for the same key is replaced.
///
/// # Errors
/// [`Error::Driver`]; a duplicate when another request with the key was first.
pub async fn insert(
    db: &impl ConnectionTrait,
    key: &Key,
    answer: &Answer,
    wall: DateTime<Utc>,
    since: DateTime<Utc>,
) -> Result<(), Error> {
    let id = (key.user.0, key.route.clone(), key.key.clone());
    let old = idempotency::Column::CreatedAt.lte(since);
    idempotency::Entity::delete_by_id(id).filter(old).exec(db).await?;
    let row = idempotency::Model {
        user_id: key.user.0,
        route: key.route.clone(),
        key: key.key.clone(),
        fingerprint: key.fingerprint.clone(),
        status: i16::try_from(answer.status).unwrap_or(200),
        etag: answer.etag.clone(),
        body: answer.body.clone(),
        created_at: wall,
    };
    idempotency::Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// Forgets the answers kept before an instant; gives how many there were.
///
/// # Errors
/// [`Error::Driver`].
pub async fn delete_before(db: &impl ConnectionTrait, wall: DateTime<Utc>) -> Result<u64, Error> {
    let old = idempotency::Column::CreatedAt.lt(wall);
    Ok(idempotency::Entity::delete_many().filter(old).exec(db).await?.rows_affected)
}
