//! Divisions by name.
//!
//! **Never** forgets one: tickets of a county that was merged keep its code.

use std::collections::HashMap;

use entity::division as kept;
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::row::{Place, division};
use super::{Batch, Error};
use crate::domain::party::Division;

/// A division with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its code.
    pub code: Division,
    /// Its name.
    pub name: String,
}

/// Writes divisions: new ones, and other names of known ones.
///
/// # Errors
/// [`Error::Driver`].
pub async fn upsert(db: &impl ConnectionTrait, divisions: &[Named]) -> Result<(), Error> {
    let row = |named: &Named| kept::Model { code: division(named.code), name: named.name.clone() };
    let mut batch = Batch::on(db);
    let rows: Vec<_> = divisions.iter().map(row).collect();
    batch.upsert(rows, &[kept::Column::Code], &[kept::Column::Name]);
    batch.run(db).await
}

/// The names of divisions; those that nobody knows are left out.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn names(
    db: &impl ConnectionTrait,
    divisions: &[Division],
) -> Result<HashMap<Division, String>, Error> {
    let mut names = HashMap::with_capacity(divisions.len());
    for some in divisions.chunks(1_000) {
        let codes = some.iter().map(|code| division(*code));
        let rows = kept::Entity::find().filter(kept::Column::Code.is_in(codes)).all(db).await?;
        for row in rows {
            let named = named_of(row)?;
            names.insert(named.code, named.name);
        }
    }
    Ok(names)
}

/// Which divisions are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only what lies in this one, itself included.
    pub within: Option<Division>,
    /// Only names that contain this.
    pub part: Option<String>,
    /// Only codes after this one.
    pub after: Option<Division>,
}

/// One page of divisions, by code.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    limit: u64,
) -> Result<Vec<Named>, Error> {
    let mut select = kept::Entity::find();
    if let Some(region) = filter.within {
        let end = i32::try_from(region.range().1).unwrap_or(i32::MAX);
        select = select.filter(kept::Column::Code.gte(division(region)));
        select = select.filter(kept::Column::Code.lt(end));
    }
    if let Some(part) = &filter.part {
        // Signs that mean something in a pattern stand for themselves.
        let escaped = part.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let pattern = sea_orm::sea_query::LikeExpr::new(format!("%{escaped}%")).escape('\\');
        select = select.filter(sea_orm::sea_query::Expr::col(kept::Column::Name).like(pattern));
    }
    if let Some(after) = filter.after {
        select = select.filter(kept::Column::Code.gt(division(after)));
    }
    let rows = select.order_by_asc(kept::Column::Code).limit(limit).all(db).await?;
    rows.into_iter().map(named_of).collect()
}

/// True when no division is known.
///
/// # Errors
/// [`Error::Driver`].
pub async fn is_empty(db: &impl ConnectionTrait) -> Result<bool, Error> {
    Ok(kept::Entity::find().one(db).await?.is_none())
}

fn named_of(row: kept::Model) -> Result<Named, Error> {
    let place = Place { table: "division", id: &row.code };
    Ok(Named { code: place.division("code", row.code)?, name: row.name })
}
