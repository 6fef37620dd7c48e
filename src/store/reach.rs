//! Reading for a person: on PostgreSQL the transaction itself sees no more than they may, however
//! a query is written.
//!
//! **Never** reaches further than the conditions of the queries, nor instead of them: it is the
//! net below.

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, ExecResult, QueryResult,
    Statement,
};

use super::row::word;
use super::{Error, dialect};
use crate::domain::access::Scope;

/// What a person's reads are done on. It ends when it is dropped; until then it keeps a connection
/// of PostgreSQL's to itself, so nobody may wait for another one, or for anything else, meanwhile.
#[derive(Debug)]
pub struct Reader(Inner);

#[derive(Debug)]
enum Inner {
    /// Nothing binds SQLite, nor whoever owns the tables: a transaction would keep nothing back.
    Pool(DatabaseConnection),
    Narrowed(DatabaseTransaction),
}

impl Reader {
    pub(super) fn of(pool: DatabaseConnection) -> Self {
        Self(Inner::Pool(pool))
    }
}

/// Begins to read as far as a scope reaches.
pub(super) async fn narrowed(pool: &DatabaseConnection, scope: &Scope) -> Result<Reader, Error> {
    let tx = dialect::begin(pool).await?;
    narrow(&tx, scope).await?;
    Ok(Reader(Inner::Narrowed(tx)))
}

/// Lets a transaction see no more, until its end, than a scope reaches.
pub(super) async fn narrow(tx: &DatabaseTransaction, scope: &Scope) -> Result<(), Error> {
    let actor = scope.actor();
    let (first, end) = actor.organisation.division.range();
    let ids = (actor.organisation.id.0, actor.user.0);
    Ok(dialect::role::narrow(tx, &word(&actor.role), ids, (first, end)).await?)
}

#[async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> dialect::Backend {
        match &self.0 {
            Inner::Pool(pool) => pool.get_database_backend(),
            Inner::Narrowed(tx) => tx.get_database_backend(),
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Inner::Pool(pool) => pool.execute_raw(statement).await,
            Inner::Narrowed(tx) => tx.execute_raw(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match &self.0 {
            Inner::Pool(pool) => pool.execute_unprepared(sql).await,
            Inner::Narrowed(tx) => tx.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &self.0 {
            Inner::Pool(pool) => pool.query_one_raw(statement).await,
            Inner::Narrowed(tx) => tx.query_one_raw(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.0 {
            Inner::Pool(pool) => pool.query_all_raw(statement).await,
            Inner::Narrowed(tx) => tx.query_all_raw(statement).await,
        }
    }
}
