//! Bringing a database up to date, and knowing one that a later version brought further.
//!
//! **Never** takes a step back.

use migration::{Migrator, MigratorTrait, SchemaManager};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::{Access, backend_of, begin, postgres, role, sqlite};
use crate::store::Error;

/// Guards the migrations of replicas that start at once.
const MIGRATION_LOCK: i64 = 0x5355_5050_4c59;

pub(in crate::store) async fn migrate(url: &str) -> Result<(), Error> {
    if backend_of(url)? == DbBackend::Sqlite { alone(url).await } else { in_turn(url).await }
}

/// SQLite's steps would otherwise each be done statement by statement.
async fn alone(url: &str) -> Result<(), Error> {
    let writer = sqlite::open(url, Access::Write).await?;
    if pending(&writer).await? > 0 {
        let tx = begin(&writer).await?;
        Migrator::up(&tx, None).await?;
        tx.commit().await?;
    }
    Ok(writer.close().await?)
}

/// Replicas that start at once wait for each other.
async fn in_turn(url: &str) -> Result<(), Error> {
    let pool = postgres::open(url, 1).await?;
    let connection = DatabaseConnection::from(pool);
    if role::role(&connection).await?.is_some_and(|role| !role.owns) {
        let pending = pending(&connection).await?;
        connection.close().await?;
        return if pending == 0 { Ok(()) } else { Err(role::not_the_owners(pending)) };
    }
    let lock = format!("select pg_advisory_lock({MIGRATION_LOCK})");
    connection.execute_unprepared("set lock_timeout = 0; set statement_timeout = 0").await?;
    connection.execute_unprepared(&lock).await?;
    if pending(&connection).await? > 0 {
        Migrator::up(&connection, None).await?;
    }
    Ok(connection.close().await?)
}

/// How many steps the database lacks.
pub(in crate::store) async fn pending(connection: &DatabaseConnection) -> Result<usize, Error> {
    let known = migration::steps();
    let taken = taken(connection).await?;
    let unknown: Vec<&String> = taken.iter().filter(|step| !known.contains(step)).collect();
    let pending = known.iter().filter(|step| !taken.contains(step)).count();
    let Some(newest) = unknown.last() else { return Ok(pending) };
    if let Some(step) = unknown.iter().find(|step| !migration::is_fit_for(step, &known)) {
        return Err(Error::Unusable(format!(
            "SUPPLYLINE_DATABASE_URL: a later version brought the database further, by the step \
             {step}, which this version cannot work with: run the later version"
        )));
    }
    if pending > 0 {
        return Err(Error::Unusable(format!(
            "SUPPLYLINE_DATABASE_URL: the database has the step {newest}, which this version does \
             not know, and lacks {pending} that it does: run the version that brought it there"
        )));
    }
    tracing::warn!(%newest, "a later version brought the database further; this one goes on beside it");
    Ok(0)
}

/// The steps that the database has taken, in order.
async fn taken(connection: &DatabaseConnection) -> Result<Vec<String>, Error> {
    if !SchemaManager::new(connection).has_table("seaql_migrations").await? {
        return Ok(Vec::new());
    }
    let backend = connection.get_database_backend();
    let query = "select version from seaql_migrations order by version";
    let rows = connection.query_all_raw(Statement::from_string(backend, query)).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}
