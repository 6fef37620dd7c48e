//! Links by which people choose a password.
//!
//! **Never** stores the secret of one: only its hash.

use chrono::{DateTime, Utc};
use entity::invitation::{self, Column};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use uuid::Uuid;

use super::row::{Place, word};
use super::{Error, dialect};
use crate::domain::id::UserId;
use crate::domain::invitation::{Purpose, Standing};

/// A link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: Uuid,
    /// For whom.
    pub user: UserId,
    /// What for.
    pub purpose: Purpose,
    /// When it was made, wall time.
    pub created_at: DateTime<Utc>,
    /// How it stands.
    pub standing: Standing,
}

fn invitation_of(row: &invitation::Model) -> Result<Invitation, Error> {
    let place = Place { table: "invitation", id: &row.id };
    Ok(Invitation {
        id: row.id,
        user: UserId(row.user_id),
        purpose: place.word("purpose", &row.purpose)?,
        created_at: row.created_at,
        standing: Standing {
            expires_at: row.expires_at,
            used_at: row.used_at,
            revoked_at: row.revoked_at,
        },
    })
}

/// Adds a link.
///
/// # Errors
/// [`Error::Driver`].
pub async fn insert(
    db: &impl ConnectionTrait,
    new: &Invitation,
    token_hash: String,
) -> Result<(), Error> {
    let row = invitation::Model {
        id: new.id,
        user_id: new.user.0,
        purpose: word(&new.purpose),
        token_hash,
        created_at: new.created_at,
        expires_at: new.standing.expires_at,
        used_at: None,
        revoked_at: None,
    };
    invitation::Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// The link whose secret has this hash.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn find(
    db: &impl ConnectionTrait,
    token_hash: &str,
) -> Result<Option<Invitation>, Error> {
    let found = invitation::Entity::find().filter(Column::TokenHash.eq(token_hash));
    found.one(db).await?.as_ref().map(invitation_of).transpose()
}

/// The same, held until the end of the transaction.
///
/// # Errors
/// As [`find`].
pub async fn held(
    db: &impl ConnectionTrait,
    token_hash: &str,
) -> Result<Option<Invitation>, Error> {
    let found = invitation::Entity::find().filter(Column::TokenHash.eq(token_hash));
    dialect::locked(found).one(db).await?.as_ref().map(invitation_of).transpose()
}

/// Marks a link as used.
///
/// # Errors
/// [`Error::Driver`].
pub async fn mark_used(
    db: &impl ConnectionTrait,
    id: Uuid,
    wall: DateTime<Utc>,
) -> Result<(), Error> {
    invitation::Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(wall))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Takes back the links of somebody that could still be used; gives how many those were.
///
/// # Errors
/// [`Error::Driver`].
pub async fn revoke(
    db: &impl ConnectionTrait,
    user: UserId,
    wall: DateTime<Utc>,
) -> Result<u64, Error> {
    let done = invitation::Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(wall))
        .filter(Column::UserId.eq(user.0))
        .filter(Column::UsedAt.is_null())
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(wall))
        .exec(db)
        .await?;
    Ok(done.rows_affected)
}

/// The last link that somebody got.
///
/// # Errors
/// As [`find`].
pub async fn newest(db: &impl ConnectionTrait, user: UserId) -> Result<Option<Invitation>, Error> {
    let of = invitation::Entity::find().filter(Column::UserId.eq(user.0));
    let of = of.order_by_desc(Column::CreatedAt).order_by_desc(Column::Id);
    of.one(db).await?.as_ref().map(invitation_of).transpose()
}
