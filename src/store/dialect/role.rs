//! The roles of a PostgreSQL database: the owner, who migrates, and the one that serves.
//!
//! **Never** gives the serving role a right to change what the audit log says.

use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, FromQueryResult,
    Statement,
};
use uuid::Uuid;

use super::Error;
use crate::domain::search::Query;

/// The role that a PostgreSQL database is used as.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct DatabaseRole {
    /// Its name.
    pub name: String,
    /// Whether it owns the tables, itself or as a member: row-level security does not bind it.
    pub owns: bool,
    /// Whether nothing binds it.
    pub superuser: bool,
    /// Whether it has `BYPASSRLS`.
    pub bypasses: bool,
}

impl DatabaseRole {
    /// True when row-level security and the rights on the audit log bind it.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        !(self.owns || self.superuser || self.bypasses)
    }
}

/// Said of a role that [`DatabaseRole::is_bound`] is not true of.
pub(in crate::store) const UNBOUND: &str = "the role owns the tables, or is bound by nothing: \
     row-level security and the rights on the audit log do not hold it; serve with another, which \
     SUPPLYLINE_DATABASE_ROLE names when the owner migrates";

pub(in crate::store) fn not_the_owners(pending: usize) -> Error {
    Error::Unusable(format!(
        "the database lacks {pending} migrations, and the role of SUPPLYLINE_DATABASE_URL does not \
         own it: run supplyline migrate as the owner, with SUPPLYLINE_DATABASE_ROLE naming this role"
    ))
}

const ROLE: &str = "select current_user::text as name, rolsuper as superuser, \
     rolbypassrls as bypasses, \
     coalesce((select pg_has_role(relowner, 'usage') from pg_class \
         where oid = to_regclass('ticket')), has_schema_privilege(current_schema(), 'create')) \
         as owns \
     from pg_roles where rolname = current_user";

/// The role of a connection; `None` on SQLite.
pub(in crate::store) async fn role(
    connection: &DatabaseConnection,
) -> Result<Option<DatabaseRole>, Error> {
    if connection.get_database_backend() == DbBackend::Sqlite {
        return Ok(None);
    }
    let ask = Statement::from_string(DbBackend::Postgres, ROLE);
    Ok(DatabaseRole::find_by_statement(ask).one(connection).await?)
}

/// Gives a role what serving needs, now and for tables to come, and takes from it what it must not
/// have. The connection must be the owner's.
pub(in crate::store) async fn grant(
    connection: &DatabaseConnection,
    role: &str,
) -> Result<(), Error> {
    if connection.get_database_backend() == DbBackend::Sqlite {
        return Err(Error::Unusable(
            "SUPPLYLINE_DATABASE_ROLE: only PostgreSQL has roles".to_owned(),
        ));
    }
    let ask = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "select quote_ident(current_schema()), (select quote_ident(rolname) from pg_roles \
         where rolname = $1 and rolname <> current_user)",
        [role.into()],
    );
    let row = connection.query_one_raw(ask).await?;
    let schema: Option<String> = row.as_ref().map(|row| row.try_get_by_index(0)).transpose()?;
    let known: Option<Option<String>> = row.map(|row| row.try_get_by_index(1)).transpose()?;
    let (Some(schema), Some(role)) = (schema, known.flatten()) else {
        return Err(Error::Unusable(format!(
            "SUPPLYLINE_DATABASE_ROLE: there is no role {role:?} beside the owner; create it with \
             create role … login password …"
        )));
    };
    // One text is one transaction: replicas that serve as the role meanwhile miss nothing.
    connection.execute_unprepared(&grants(&schema, &role)).await?;
    Ok(())
}

fn grants(schema: &str, role: &str) -> String {
    let rights = "select, insert, update, delete";
    format!(
        "grant usage on schema {schema} to {role};
         grant {rights} on all tables in schema {schema} to {role};
         grant usage, select on all sequences in schema {schema} to {role};
         alter default privileges in schema {schema} grant {rights} on tables to {role};
         alter default privileges in schema {schema} grant usage, select on sequences to {role};
         revoke all on audit, audit_anchor, person_name, seaql_migrations from {role};
         grant select on person_name, seaql_migrations to {role};
         grant select, insert, delete, update (mac, seq, link) on audit to {role};
         grant select, insert, update (at) on audit_anchor to {role};
         grant execute on function tickets_with(text, integer) to {role}"
    )
}

/// More tickets than this are not listed by their ids.
const MOST_FOUND: i32 = 4_000;

/// The tickets with a phrase where row-level security keeps the index of the words from a query;
/// `None` where it does not, and where there are so many that a list meets them soon anyway.
pub(in crate::store) async fn found(
    db: &impl ConnectionTrait,
    query: &Query,
) -> Result<Option<Vec<Uuid>>, DbErr> {
    let Query::Phrase(terms) = query else { return Ok(None) };
    if db.get_database_backend() == DbBackend::Sqlite {
        return Ok(None);
    }
    let ask = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "select case when row_security_active('ticket') \
         then array(select tickets_with($1, $2)) end",
        [terms.join(" ").into(), (MOST_FOUND + 1).into()],
    );
    let row = db.query_one_raw(ask).await?;
    let found: Option<Vec<Uuid>> = match row {
        Some(row) => row.try_get_by_index(0)?,
        None => None,
    };
    let is_few = |found: &Vec<Uuid>| i32::try_from(found.len()).is_ok_and(|n| n <= MOST_FOUND);
    Ok(found.filter(is_few))
}

/// The condition that a ticket is one of these: one parameter, however many they are.
pub(in crate::store) fn is_one_of(ids: Vec<Uuid>) -> SimpleExpr {
    Expr::cust_with_values("\"ticket\".\"id\" = any($1)", [sea_orm::Value::from(ids)])
}

/// Lets a transaction of PostgreSQL's see no more, until its end, than a role of an organisation
/// and a person may, within a range of divisions, and change nothing.
pub(in crate::store) async fn narrow(
    tx: &DatabaseTransaction,
    role: &str,
    (organisation, person): (Uuid, Uuid),
    (first, end): (u32, u32),
) -> Result<(), DbErr> {
    if tx.get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    let values = [
        role.to_owned(),
        organisation.to_string(),
        person.to_string(),
        first.to_string(),
        end.to_string(),
    ];
    let narrow = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "select set_config('transaction_read_only', 'on', true), \
         set_config('supplyline.reach', $1, true), set_config('supplyline.organisation', $2, true), \
         set_config('supplyline.person', $3, true), set_config('supplyline.division_from', $4, true), \
         set_config('supplyline.division_before', $5, true)",
        values.map(sea_orm::Value::from),
    );
    tx.query_one_raw(narrow).await.map(drop)
}
