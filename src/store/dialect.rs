//! Every difference between SQLite and PostgreSQL.
//!
//! **Never** let one of them leak out: outside this module there is one database.

pub(super) mod copy;
mod failure;
pub(super) mod lock;
mod mount;
mod postgres;
pub(super) mod role;
mod settings;
mod sqlite;
mod upgrade;
pub(super) mod vitals;

use std::sync::Arc;
use std::time::Duration;

/// Which of the two a database is: for those who hand it on without looking.
pub(super) use sea_orm::DbBackend as Backend;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    AccessMode, ConnAcquireErr, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, IsolationLevel, QuerySelect, Select, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use tokio_util::sync::DropGuard;

pub(super) use failure::{is_transient, is_unavailable, is_undecodable};
pub(super) use sqlite::{file_of, resolved};
pub(super) use upgrade::{migrate, pending};

use super::Error;
use crate::domain::feed::Position;
use crate::domain::search::Query;

/// Shared by whoever decides by the rulebook, and taken alone by whoever changes it.
const RULEBOOK_LOCK: i64 = 0x5255_4c45_424b;
/// How long a statement waits for the rulebook, and for anything else: PostgreSQL's notation.
const RULEBOOK_WAIT: &str = "12s";
const LOCK_WAIT: &str = "3s";

/// How long anybody waits for a commit.
const COMMIT_WAIT: Duration = Duration::from_secs(12);

/// How many of the connections of PostgreSQL's pool may write at once.
pub(super) const WRITERS: usize = 12;

pub(super) struct Pools {
    pub(super) reader: DatabaseConnection,
    /// SQLite's only writing connection; PostgreSQL writes on the pool.
    pub(super) writer: Option<DatabaseConnection>,
    /// Ends with the last of those who use the pool.
    pub(super) follower: Option<Arc<DropGuard>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

pub(super) async fn connect(url: &str) -> Result<Pools, Error> {
    if backend_of(url)? == DbBackend::Postgres {
        let pool = postgres::open(url, postgres::CONNECTIONS).await?;
        let follower = postgres::follow(url, &pool)?.map(Arc::new);
        return Ok(Pools { reader: DatabaseConnection::from(pool), writer: None, follower });
    }
    let writer = Some(sqlite::open(url, Access::Write).await?);
    Ok(Pools { reader: sqlite::open(url, Access::Read).await?, writer, follower: None })
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

/// What of the database's settings is weaker than it should be; an error where that could lose
/// data, unless it is allowed to. SQLite's are this program's own, and were checked when it was
/// opened.
pub(super) async fn doubts(
    connection: &DatabaseConnection,
    allow_loss: bool,
) -> Result<Vec<String>, Error> {
    if connection.get_database_backend() == DbBackend::Sqlite {
        return Ok(Vec::new());
    }
    let mut doubts = settings::doubts(connection, allow_loss).await?;
    if role::role(connection).await?.is_some_and(|role| !role.is_bound()) {
        doubts.push(role::UNBOUND.to_owned());
    }
    Ok(doubts)
}

/// What is wrong with the database's file, as far as a look at every page shows. PostgreSQL looks
/// after its own.
pub(super) async fn problems(connection: &DatabaseConnection) -> Result<Vec<String>, Error> {
    if connection.get_database_backend() != DbBackend::Sqlite {
        return Ok(Vec::new());
    }
    sqlite::problems(connection).await
}

/// Begins a transaction that writes: SQLite takes the lock now, so that it cannot fail later.
pub(super) async fn begin(connection: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let mode = Some(SqliteTransactionMode::Immediate);
    let options = TransactionOptions { sqlite_transaction_mode: mode, ..Default::default() };
    connection.begin_with_options(options).await
}

/// Commits a transaction. On PostgreSQL a commit waits for its synchronous standby as long as it
/// must, whatever the time limit of statements: with its connection and its place among the
/// writers, and its caller not for ever.
#[expect(clippy::disallowed_methods, reason = "it outlives its caller")]
pub(super) async fn commit(
    tx: DatabaseTransaction,
    place: impl Send + 'static,
) -> Result<(), DbErr> {
    if tx.get_database_backend() == DbBackend::Sqlite {
        return tx.commit().await;
    }
    let committed = tokio::spawn(async move {
        let _place = place;
        tx.commit().await
    });
    match tokio::time::timeout(COMMIT_WAIT, committed).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(_)) | Err(_) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
    }
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
