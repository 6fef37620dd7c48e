//! Statements that go to the database together.
//!
//! What a change writes is known before the first row is written, so it is handed over at once:
//! on SQLite as one call, which costs one turn of its thread instead of one per table.
//!
//! **Never** holds a statement whose outcome another one depends on.

use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query, TableRef, ValueTuple};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable as _, ModelTrait,
    PrimaryKeyToColumn, QueryTrait, Statement,
};

use super::{Error, dialect};

/// Rows per statement: well below the databases' limit of bound values.
const ROWS: usize = 500;

/// Statements to be run in order.
#[derive(Debug)]
pub struct Batch {
    backend: dialect::Backend,
    /// Those that come first, each with the rows that it has to find as they were.
    guarded: Vec<(Statement, usize)>,
    statements: Vec<Statement>,
}

impl Batch {
    /// An empty batch for a database.
    #[must_use]
    pub fn on(db: &impl ConnectionTrait) -> Self {
        Self { backend: db.get_database_backend(), guarded: Vec::new(), statements: Vec::new() }
    }

    /// Runs the statements in order.
    ///
    /// # Errors
    /// [`Error::Stale`] when a guarded row is not as it was, and [`Error::Driver`] of the first
    /// statement that fails; the transaction is then to be undone.
    pub async fn run(self, db: &impl ConnectionTrait) -> Result<(), Error> {
        for (statement, rows) in self.guarded {
            if db.execute_raw(statement).await?.rows_affected() != u64::try_from(rows).unwrap_or(0)
            {
                return Err(Error::Stale);
            }
        }
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

    /// Replaces rows that exist, given as they were and as they will be: whatever is the same in
    /// all of them is not written, and no index of it touched.
    pub(super) fn replace<M>(&mut self, pairs: &[(M, M)])
    where
        M: ModelTrait,
    {
        for pairs in pairs.chunks(ROWS) {
            self.statements.extend(changed(self.backend, pairs, None));
        }
    }

    /// As [`Batch::replace`], before everything else, and only if each row is in `guard` as it was.
    pub(super) fn replace_guarded<M>(
        &mut self,
        pairs: &[(M, M)],
        guard: <M::Entity as EntityTrait>::Column,
    ) where
        M: ModelTrait,
    {
        for pairs in pairs.chunks(ROWS) {
            let statement = changed(self.backend, pairs, Some(guard));
            self.guarded.extend(statement.map(|statement| (statement, pairs.len())));
        }
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

/// One statement for rows as they were and as they will be; `None` where nothing differs.
fn changed<M: ModelTrait>(
    backend: dialect::Backend,
    pairs: &[(M, M)],
    guard: Option<<M::Entity as EntityTrait>::Column>,
) -> Option<Statement> {
    let is_changed = |column: &<M::Entity as EntityTrait>::Column| {
        pairs.iter().any(|(before, after)| before.get(*column) != after.get(*column))
    };
    let columns: Vec<_> = <M::Entity as EntityTrait>::Column::iter().filter(is_changed).collect();
    if columns.is_empty() {
        return None;
    }
    let keys = <M::Entity as EntityTrait>::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    let known: Vec<_> = keys.chain(guard).collect();
    let row = |(before, after): &(M, M)| {
        let known = known.iter().map(|column| before.get(*column));
        ValueTuple::Many(known.chain(columns.iter().map(|column| after.get(*column))).collect())
    };
    // Both databases name the columns of a list of values so.
    let value = |at: usize| Expr::col(("changed", format!("column{}", at + 1)));
    let mut update = Query::update();
    update.table(M::Entity::default());
    update.from(TableRef::ValuesList(pairs.iter().map(row).collect(), "changed".into()));
    for (at, column) in columns.iter().enumerate() {
        update.value(*column, value(known.len() + at));
    }
    for (at, column) in known.iter().enumerate() {
        update.and_where(Expr::col((M::Entity::default(), *column)).eq(value(at)));
    }
    Some(backend.build(&update))
}

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
