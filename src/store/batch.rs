//! Statements that go to the database together.
//!
//! What a change writes is known before the first row is written, so it is handed over at once:
//! on SQLite as one call, which costs one turn of its thread instead of one per table.
//!
//! **Never** holds a statement whose outcome another one depends on.

use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryTrait,
    Statement,
};

use super::{Error, dialect};

/// Rows per statement: well below the databases' limit of bound values.
const ROWS: usize = 500;

/// Statements to be run in order.
#[derive(Debug)]
pub struct Batch {
    backend: DbBackend,
    statements: Vec<Statement>,
}

impl Batch {
    /// An empty batch for a database.
    #[must_use]
    pub fn on(db: &impl ConnectionTrait) -> Self {
        Self { backend: db.get_database_backend(), statements: Vec::new() }
    }

    /// Runs the statements in order.
    ///
    /// # Errors
    /// [`Error::Driver`] of the first that fails; the transaction is then to be undone.
    pub async fn run(self, db: &impl ConnectionTrait) -> Result<(), Error> {
        Ok(dialect::run_all(db, self.statements).await?)
    }

    /// Inserts rows, many to a statement; all of them have the same columns set.
    pub(super) fn add<A>(&mut self, rows: impl IntoIterator<Item = impl IntoActiveModel<A>>)
    where
        A: ActiveModelTrait,
    {
        self.insert(rows, None);
    }

    /// Inserts rows; of those that exist by their `keys`, the `columns` are replaced.
    pub(super) fn upsert<A>(
        &mut self,
        rows: impl IntoIterator<Item = impl IntoActiveModel<A>>,
        keys: &[Column<A>],
        columns: &[Column<A>],
    ) where
        A: ActiveModelTrait,
        Column<A>: Copy,
    {
        let mut conflict = OnConflict::columns(keys.iter().copied());
        conflict.update_columns(columns.iter().copied());
        self.insert(rows, Some(&conflict));
    }

    /// As [`Batch::upsert`], counting the versions of the rows that exist.
    pub(super) fn upsert_counted<A>(
        &mut self,
        rows: impl IntoIterator<Item = impl IntoActiveModel<A>>,
        keys: &[Column<A>],
        columns: &[Column<A>],
        version: Column<A>,
    ) where
        A: ActiveModelTrait,
        Column<A>: Copy,
    {
        let mut conflict = OnConflict::columns(keys.iter().copied());
        conflict.update_columns(columns.iter().copied());
        let next = Expr::col((A::Entity::default(), version)).add(1);
        conflict.value(version, next);
        self.insert(rows, Some(&conflict));
    }

    /// Adds any other statement.
    pub(super) fn push(&mut self, statement: &impl QueryTrait) {
        self.statements.push(statement.build(self.backend));
    }

    fn insert<A>(
        &mut self,
        rows: impl IntoIterator<Item = impl IntoActiveModel<A>>,
        conflict: Option<&OnConflict>,
    ) where
        A: ActiveModelTrait,
    {
        let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).peekable();
        while rows.peek().is_some() {
            let chunk: Vec<A> = rows.by_ref().take(ROWS).collect();
            let mut insert = A::Entity::insert_many(chunk);
            if let Some(conflict) = conflict {
                QueryTrait::query(&mut insert).on_conflict(conflict.clone());
            }
            self.statements.push(insert.build(self.backend));
        }
    }
}

type Column<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Column;

/// Inserts rows at once.
///
/// # Errors
/// As [`Batch::run`].
pub(super) async fn add<A>(
    db: &impl ConnectionTrait,
    rows: impl IntoIterator<Item = impl IntoActiveModel<A>>,
) -> Result<(), Error>
where
    A: ActiveModelTrait,
{
    let mut batch = Batch::on(db);
    batch.add(rows);
    batch.run(db).await
}
