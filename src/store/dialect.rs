//! Every difference between SQLite and PostgreSQL.
//!
//! **Never** let one of them leak out: outside this file there is one database.

pub(super) mod clock;
pub(super) mod copy;
pub(super) mod lock;

use std::path::{Path, PathBuf};
use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, IsolationLevel, QuerySelect, RuntimeErr, Select, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait,
};

use super::Error;
use crate::domain::feed::Position;
use crate::domain::search::Query;

/// Below this a WAL database can be corrupted by a checkpoint at the wrong instant.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);
/// Guards the migrations of replicas that start at once.
const MIGRATION_LOCK: i64 = 0x5355_5050_4c59;
/// Shared by whoever decides by the rulebook, and taken alone by whoever changes it.
const RULEBOOK_LOCK: i64 = 0x5255_4c45_424b;
/// How long a statement waits for the rulebook, and for anything else: PostgreSQL's notation.
const RULEBOOK_WAIT: &str = "12s";
const LOCK_WAIT: &str = "3s";

/// Connections of PostgreSQL's pool, and how many of them may write at once.
const CONNECTIONS: u32 = 16;
pub(super) const WRITERS: usize = 12;

pub(super) struct Pools {
    pub(super) reader: DatabaseConnection,
    /// SQLite's only writing connection; PostgreSQL writes on the pool.
    pub(super) writer: Option<DatabaseConnection>,
}

pub(super) async fn connect(url: &str) -> Result<Pools, Error> {
    if backend_of(url)? == DbBackend::Postgres {
        return Ok(Pools { reader: Database::connect(postgres(url)).await?, writer: None });
    }
    let writer = Database::connect(sqlite(url, Access::Write)?).await?;
    check_sqlite(&writer).await?;
    let reader = Database::connect(sqlite(url, Access::Read)?).await?;
    Ok(Pools { reader, writer: Some(writer) })
}

fn backend_of(url: &str) -> Result<DbBackend, Error> {
    if url.starts_with("sqlite:") {
        Ok(DbBackend::Sqlite)
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        Ok(DbBackend::Postgres)
    } else {
        Err(Error::Unusable(
            "SUPPLYLINE_DATABASE_URL must begin with sqlite:// or postgres://".to_owned(),
        ))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// The file of a SQLite URL, as it is written; `None` for PostgreSQL.
pub(super) fn file_of(url: &str) -> Result<Option<PathBuf>, Error> {
    if backend_of(url)? == DbBackend::Postgres {
        return Ok(None);
    }
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let path = path.split('?').next().unwrap_or_default();
    if path.is_empty() || path.contains(":memory:") {
        return Err(Error::Unusable(
            "SUPPLYLINE_DATABASE_URL must name a file: sqlite://path/to/supplyline.db".to_owned(),
        ));
    }
    Ok(Some(PathBuf::from(path)))
}

/// The file itself, where a link names it; a file that is not there yet, in its folder.
pub(super) fn resolved(file: &Path) -> PathBuf {
    if let Ok(found) = file.canonicalize() {
        return found;
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    match (folder.unwrap_or(Path::new(".")).canonicalize(), file.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        (_, _) => file.to_owned(),
    }
}

fn sqlite(url: &str, access: Access) -> Result<ConnectOptions, Error> {
    let path = file_of(url)?.unwrap_or_default();
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
        && !folder.is_dir()
    {
        let folder = folder.display();
        return Err(Error::Unusable(format!(
            "the folder {folder} of SUPPLYLINE_DATABASE_URL does not exist"
        )));
    }
    let mut options = ConnectOptions::new("sqlite://");
    let connections = if access == Access::Write { 1 } else { 4 };
    options.max_connections(connections).min_connections(1).sqlx_logging(false);
    options.acquire_timeout(Duration::from_secs(15)).test_before_acquire(false);
    options.map_sqlx_sqlite_opts(move |options| {
        use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
        options
            .filename(&path)
            .create_if_missing(access == Access::Write)
            .busy_timeout(Duration::from_secs(10))
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON")
            .pragma("mmap_size", "0")
            // A large transaction of the only writer would otherwise write the same pages again and
            // again before its end.
            .pragma("cache_size", if access == Access::Read { "-16384" } else { "-65536" })
            .pragma("journal_size_limit", "67108864")
            .pragma("wal_autocheckpoint", "8000")
            // What a failed statement has to put back, which is little.
            .pragma("temp_store", if access == Access::Read { "DEFAULT" } else { "MEMORY" })
            .row_buffer_size(512)
            .pragma("query_only", if access == Access::Read { "ON" } else { "OFF" })
            .statement_cache_capacity(256)
    });
    Ok(options)
}

fn postgres(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url.to_owned());
    options.max_connections(CONNECTIONS).min_connections(1).sqlx_logging(false);
    options.acquire_timeout(Duration::from_secs(15));
    options.map_sqlx_postgres_opts(|options| {
        options.application_name("supplyline").options([
            ("statement_timeout", "15s"),
            ("lock_timeout", LOCK_WAIT),
            ("idle_in_transaction_session_timeout", "10s"),
        ])
    });
    options
}

async fn check_sqlite(connection: &DatabaseConnection) -> Result<(), Error> {
    let query = Statement::from_string(DbBackend::Sqlite, "select sqlite_version()");
    let row = connection.query_one_raw(query).await?;
    let version: String = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    if (part(), part(), part()) < OLDEST_SQLITE {
        return Err(Error::Unusable(format!(
            "SQLite {version} can corrupt its write-ahead log; 3.51.3 or later is needed"
        )));
    }
    Ok(())
}

/// Begins a transaction that writes: SQLite takes the lock now, so that it cannot fail later.
pub(super) async fn begin(connection: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let mode = Some(SqliteTransactionMode::Immediate);
    let options = TransactionOptions { sqlite_transaction_mode: mode, ..Default::default() };
    connection.begin_with_options(options).await
}

/// Begins a transaction that only reads, and sees the database as it is now until its end.
pub(super) async fn snapshot(
    connection: &DatabaseConnection,
) -> Result<DatabaseTransaction, DbErr> {
    // SQLite's readers see nothing that is written meanwhile; PostgreSQL's must ask for that.
    let options = if connection.get_database_backend() == DbBackend::Sqlite {
        TransactionOptions::default()
    } else {
        TransactionOptions {
            isolation_level: Some(IsolationLevel::RepeatableRead),
            access_mode: Some(AccessMode::ReadOnly),
            ..TransactionOptions::default()
        }
    };
    connection.begin_with_options(options).await
}

pub(super) async fn migrate(url: &str) -> Result<(), Error> {
    if backend_of(url)? == DbBackend::Sqlite {
        let writer = Database::connect(sqlite(url, Access::Write)?).await?;
        check_sqlite(&writer).await?;
        Migrator::up(&writer, None).await?;
        return Ok(writer.close().await?);
    }
    let mut options = postgres(url);
    options.max_connections(1);
    let connection = Database::connect(options).await?;
    let lock = format!("select pg_advisory_lock({MIGRATION_LOCK})");
    connection.execute_unprepared("set lock_timeout = 0; set statement_timeout = 0").await?;
    connection.execute_unprepared(&lock).await?;
    Migrator::up(&connection, None).await?;
    Ok(connection.close().await?)
}

pub(super) async fn pending_migrations(connection: &DatabaseConnection) -> Result<usize, Error> {
    match Migrator::get_pending_migrations(connection).await {
        Ok(pending) => Ok(pending.len()),
        // A database that was never migrated has no table to ask.
        Err(_) => Ok(Migrator::migrations().len()),
    }
}

/// True after what PostgreSQL says may be tried again: 40001 serialization failure, 40P01
/// deadlock, 55P03 lock not available.
pub(super) fn is_transient(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    let code = error.as_database_error().and_then(sea_orm::sqlx::error::DatabaseError::code);
    code.is_some_and(|code| matches!(code.as_ref(), "40001" | "40P01" | "55P03"))
}

/// Keeps the rulebook as it is until the end of the transaction. SQLite's writer is alone anyway.
pub(super) async fn share_rulebook(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    lock_rulebook(tx, "pg_advisory_xact_lock_shared").await
}

/// Waits until nobody decides by the rulebook, and keeps everybody from it until the end of the
/// transaction.
pub(super) async fn claim_rulebook(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    lock_rulebook(tx, "pg_advisory_xact_lock").await
}

async fn lock_rulebook(tx: &DatabaseTransaction, function: &str) -> Result<(), DbErr> {
    if tx.get_database_backend() != DbBackend::Sqlite {
        // A large change of the rules takes longer than others may wait for a lock; whoever still
        // waits at the end of this tries again.
        let lock = format!(
            "select set_config('lock_timeout', '{RULEBOOK_WAIT}', true), {function}({RULEBOOK_LOCK}), \
             set_config('lock_timeout', '{LOCK_WAIT}', true)"
        );
        tx.query_one_raw(Statement::from_string(DbBackend::Postgres, lock)).await?;
    }
    Ok(())
}

/// True when a value is not of its column's type: SQLite keeps anything anywhere.
pub(super) fn is_undecodable(error: &DbErr) -> bool {
    if let DbErr::Query(RuntimeErr::SqlxError(error)) = error {
        return matches!(**error, sea_orm::sqlx::Error::ColumnDecode { .. });
    }
    matches!(error, DbErr::Type(_) | DbErr::Json(_))
}

/// Locks the selected rows until the end of the transaction; SQLite's writer holds them all.
pub(super) fn locked<E: sea_orm::EntityTrait>(select: Select<E>) -> Select<E> {
    select.lock_exclusive()
}

/// Locks those of the selected rows that nobody else holds, and leaves out the rest.
pub(super) fn locked_if_free<E: sea_orm::EntityTrait>(select: Select<E>) -> Select<E> {
    use sea_orm::sea_query::{LockBehavior, LockType};
    select.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
}

/// The same, of rows of one of the selected tables alone.
pub(super) fn locked_if_free_of<E: sea_orm::EntityTrait>(
    mut select: Select<E>,
    of: impl sea_orm::EntityTrait,
) -> Select<E> {
    use sea_orm::sea_query::{LockBehavior, LockType};
    QuerySelect::query(&mut select).lock_with_tables_behavior(
        LockType::Update,
        [of],
        LockBehavior::SkipLocked,
    );
    select
}

/// The condition that a row of the feed stands in its final place. SQLite's writer writes one
/// change after another. On PostgreSQL a transaction that is still under way may yet write before
/// a row that is there already: rows wait until every older transaction has ended.
pub(super) fn is_settled(backend: DbBackend) -> Condition {
    let oldest = "\"feed\".\"xact\" < pg_snapshot_xmin(pg_current_snapshot())::text::bigint";
    Condition::all().add_option((backend != DbBackend::Sqlite).then(|| Expr::cust(oldest)))
}

/// The condition that a row of the feed was written in a transaction that this server has yet to
/// begin, as after a dump was restored on a younger one: it would never settle, or too late.
pub(super) fn is_foreign(backend: DbBackend) -> Option<SimpleExpr> {
    let next = "\"feed\".\"xact\" >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
    (backend != DbBackend::Sqlite).then(|| Expr::cust(next))
}

/// The condition that a row of the feed comes after a place; in the order of [`feed_order`].
pub(super) fn comes_after(backend: DbBackend, place: Position) -> SimpleExpr {
    let position = Expr::col((entity::feed::Entity, entity::feed::Column::Position));
    if backend == DbBackend::Sqlite {
        return position.gt(place.number);
    }
    let xact = Expr::col((entity::feed::Entity, entity::feed::Column::Xact));
    let place = [Expr::val(place.transaction), Expr::val(place.number)];
    Expr::tuple([xact, position]).gt(Expr::tuple(place))
}

/// The columns that the feed is ordered by, the heaviest first.
pub(super) fn feed_order(backend: DbBackend) -> &'static [entity::feed::Column] {
    use entity::feed::Column::{Position, Xact};
    if backend == DbBackend::Sqlite { &[Position] } else { &[Xact, Position] }
}

/// The condition that a ticket's text matches a query; `None` when nothing can.
pub(super) fn matches(backend: DbBackend, query: &Query) -> Option<SimpleExpr> {
    match query {
        Query::Nothing => None,
        Query::One(c) => {
            let pattern = format!("%{c}%");
            Some(
                Expr::col((entity::ticket::Entity, entity::ticket::Column::SearchTerms))
                    .like(pattern),
            )
        }
        Query::Phrase(terms) if backend == DbBackend::Sqlite => {
            let phrase = format!("\"{}\"", terms.join(" "));
            Some(Expr::cust_with_values(
                "\"ticket\".rowid in (select rowid from ticket_search where ticket_search match ?)",
                [phrase],
            ))
        }
        Query::Phrase(terms) => Some(Expr::cust_with_values(
            "to_tsvector('simple', \"ticket\".\"search_terms\") @@ phraseto_tsquery('simple', $1)",
            [terms.join(" ")],
        )),
    }
}

/// A column that rows are not to be looked up by. SQLite has no statistics, so it takes any region
/// for one with few tickets and would sort them all to show a page; PostgreSQL sees for itself.
pub(super) fn not_looked_up(backend: DbBackend, column: SimpleExpr) -> SimpleExpr {
    if backend == DbBackend::Sqlite { Expr::cust_with_exprs("+(?)", [column]) } else { column }
}

/// The condition that a column, `table.column`, contains a text as it stands: no sign of it means
/// anything but itself, and Latin letters match in either case.
pub(super) fn contains(backend: DbBackend, column: &str, part: &str) -> SimpleExpr {
    let column = column.replace('.', "\".\"");
    let part = part.to_ascii_lowercase();
    if backend == DbBackend::Sqlite {
        return Expr::cust_with_values(format!("instr(lower(\"{column}\"), ?) > 0"), [part]);
    }
    // By this collation `lower` changes what SQLite's does.
    let position = format!("strpos(lower(\"{column}\" collate \"C\"), $1) > 0");
    Expr::cust_with_values(position, [part])
}

/// Rows as one JSON document, each an array of its `ids` and its other `columns`. Without rows it
/// is empty or null.
pub(super) fn gathered(backend: DbBackend, ids: &[&str], columns: &[&str]) -> SimpleExpr {
    let is_sqlite = backend == DbBackend::Sqlite;
    // SQLite keeps ids as bytes, which JSON does not know.
    let id = |id: &&str| if is_sqlite { format!("hex(\"{id}\")") } else { format!("\"{id}\"") };
    let columns = columns.iter().map(|column| format!("\"{column}\""));
    let values = ids.iter().map(id).chain(columns).collect::<Vec<_>>().join(", ");
    Expr::cust(if is_sqlite {
        format!("json_group_array(json_array({values}))")
    } else {
        format!("cast(json_agg(json_build_array({values})) as text)")
    })
}

/// Runs statements in order: SQLite takes them in one call, PostgreSQL one by one.
pub(super) async fn run_all(
    db: &impl ConnectionTrait,
    statements: Vec<Statement>,
) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Sqlite {
        for statement in statements {
            db.execute_raw(statement).await?;
        }
        return Ok(());
    }
    let mut sql = String::new();
    let mut values = Vec::new();
    for statement in statements {
        sql.push_str(&statement.sql);
        sql.push(';');
        values.extend(statement.values.into_iter().flatten());
    }
    if !sql.is_empty() {
        db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    }
    Ok(())
}
