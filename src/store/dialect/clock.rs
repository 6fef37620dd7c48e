//! The database's own clock.
//!
//! **Never** the transaction's: PostgreSQL's `now()` stands still within one.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

/// The clock of the machine that the database runs on, unless it runs in this process.
pub(in crate::store) async fn clock(
    db: &DatabaseConnection,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    if db.get_database_backend() == DbBackend::Sqlite {
        return Ok(None);
    }
    let query = Statement::from_string(DbBackend::Postgres, "select clock_timestamp()");
    db.query_one_raw(query).await?.map(|row| row.try_get_by_index(0)).transpose()
}
