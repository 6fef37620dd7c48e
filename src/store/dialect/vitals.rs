//! How the database's machine, connections and standbys are doing.
//!
//! **Never** the transaction's clock: PostgreSQL's `now()` stands still within one.

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

/// Whether writing is refused: by a standby, or by order.
pub(in crate::store) async fn is_read_only(db: &DatabaseConnection) -> Result<bool, DbErr> {
    let (backend, query) = if db.get_database_backend() == DbBackend::Sqlite {
        // Its readers may not write, whatever its writer may.
        (DbBackend::Sqlite, "select 'off'")
    } else {
        (DbBackend::Postgres, "select current_setting('transaction_read_only')")
    };
    let row = db.query_one_raw(Statement::from_string(backend, query)).await?;
    let says: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(says.is_some_and(|says| says == "on"))
}

/// Connections of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// All that are open.
    pub open: usize,
    /// Those that nobody uses.
    pub idle: usize,
}

pub(in crate::store) fn connections(db: &DatabaseConnection) -> Connections {
    let (open, idle) = if db.get_database_backend() == DbBackend::Sqlite {
        let pool = db.get_sqlite_connection_pool();
        (pool.size(), pool.num_idle())
    } else {
        let pool = db.get_postgres_connection_pool();
        (pool.size(), pool.num_idle())
    };
    Connections { open: usize::try_from(open).unwrap_or(usize::MAX), idle }
}

/// A server that follows the database.
#[derive(Debug, Clone, PartialEq)]
pub struct Standby {
    /// As it calls itself.
    pub name: String,
    /// Whether commits wait for it.
    pub is_synchronous: bool,
    /// How many bytes of the log it has not yet on its disk.
    pub behind_bytes: i64,
    /// How long ago what it has on its disk was written, in seconds; 0 when nothing is missing.
    pub behind_seconds: f64,
}

const STANDBYS: &str = "select application_name, sync_state in ('sync', 'quorum'), \
    greatest(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), flush_lsn), 0)::bigint, \
    coalesce(extract(epoch from flush_lag), 0)::float8 \
    from pg_stat_replication where flush_lsn is not null and not pg_is_in_recovery() \
    order by application_name, pid limit 16";

/// Without a right to see them (`pg_monitor`) the rows are there and empty.
pub(in crate::store) async fn standbys(db: &DatabaseConnection) -> Result<Vec<Standby>, DbErr> {
    if db.get_database_backend() == DbBackend::Sqlite {
        return Ok(Vec::new());
    }
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, STANDBYS)).await?;
    let standby = |row: &sea_orm::QueryResult| {
        Ok(Standby {
            name: row.try_get_by_index(0)?,
            is_synchronous: row.try_get_by_index(1)?,
            behind_bytes: row.try_get_by_index(2)?,
            behind_seconds: row.try_get_by_index(3)?,
        })
    };
    rows.iter().map(standby).collect()
}
