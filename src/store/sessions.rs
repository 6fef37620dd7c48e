//! Which of many sessions live.
//!
//! **Never** takes one for alive that [`super::accounts::find_by_session`] would not.

use chrono::{DateTime, Utc};
use entity::{app_user, organisation, session};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::Error;
use super::accounts::account_of;
use crate::domain::party::Actor;

/// Those of these sessions that live, with whose they are.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn live(
    db: &impl ConnectionTrait,
    token_hashes: &[String],
    wall: DateTime<Utc>,
) -> Result<Vec<(String, Actor)>, Error> {
    let found = session::Entity::find()
        .filter(session::Column::TokenHash.is_in(token_hashes))
        .filter(session::Column::ExpiresAt.gt(wall))
        .find_also_related(app_user::Entity)
        .and_also_related(organisation::Entity)
        .all(db)
        .await?;
    let mut live = Vec::with_capacity(found.len());
    for (session, user, organisation) in found {
        let Some((user, organisation)) = user.zip(organisation) else { continue };
        let account = account_of(user, organisation)?;
        if !account.disabled {
            live.push((session.token_hash, account.actor));
        }
    }
    Ok(live)
}
