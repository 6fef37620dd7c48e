//! User names by which signing in fails.
//!
//! **Never** tells whether anybody has the name.

use chrono::{DateTime, Utc};
use entity::sign_in_failure::{self, Column};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::store::Error;
use crate::store::row::Place;

/// How often signing in failed by a user name, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failures {
    /// The name.
    pub username: String,
    /// How often.
    pub count: u64,
    /// When it failed last.
    pub last_at: DateTime<Utc>,
}

/// One page of the user names by which signing in failed since an instant, by name.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn failures_by_name(
    db: &impl ConnectionTrait,
    since: DateTime<Utc>,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<Failures>, Error> {
    let mut select = sign_in_failure::Entity::find().filter(Column::At.gt(since));
    if let Some(after) = after {
        select = select.filter(Column::Username.gt(after));
    }
    let rows: Vec<(String, i64, DateTime<Utc>)> = select
        .select_only()
        .column(Column::Username)
        .column_as(Column::Id.count(), "failures")
        .column_as(Column::At.max(), "last_at")
        .group_by(Column::Username)
        .order_by_asc(Column::Username)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    let failures = |(username, count, last_at): (String, i64, DateTime<Utc>)| {
        let place = Place { table: "sign_in_failure", id: &username };
        let count = place.number("id", count)?;
        Ok(Failures { count, last_at, username })
    };
    rows.into_iter().map(failures).collect()
}
