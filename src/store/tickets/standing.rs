//! How the tickets of a region stand: counts by division.
//!
//! **Never** counts by another condition than the lists show by, and never asks once per division.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::ticket;
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::super::Error;
use super::super::row::Place;
use super::filter::{Filter, condition};
use crate::domain::access::Visible;
use crate::domain::party::Division;
use crate::domain::ticket::StateName;

/// How many tickets there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Not over.
    pub open: u64,
    /// With something missed and not done.
    pub overdue: u64,
    /// In a bureau's charge.
    pub escalated: u64,
    /// Closed since an instant.
    pub closed: u64,
}

impl Standing {
    /// Adds those of another place.
    pub fn add(&mut self, other: &Self) {
        self.open += other.open;
        self.overdue += other.overdue;
        self.escalated += other.escalated;
        self.closed += other.closed;
    }
}

/// How the tickets stand that exist for the holder of `visible`, by the hospital's division.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn standing(
    db: &impl ConnectionTrait,
    visible: Visible,
    closed_since: DateTime<Utc>,
) -> Result<HashMap<Division, Standing>, Error> {
    let under_way = Filter { over: Some(false), ..Filter::default() };
    let overdue = Filter { overdue: Some(true), ..Filter::default() };
    let escalated = Filter { escalated: Some(true), ..Filter::default() };
    let state = Some(StateName::Closed);
    let closed = Filter { state, ended_from: Some(closed_since), ..Filter::default() };
    let mut all: HashMap<Division, Standing> = HashMap::new();
    for (division, count) in counted(db, visible, &under_way).await? {
        all.entry(division).or_default().open = count;
    }
    for (division, count) in counted(db, visible, &overdue).await? {
        all.entry(division).or_default().overdue = count;
    }
    for (division, count) in counted(db, visible, &escalated).await? {
        all.entry(division).or_default().escalated = count;
    }
    for (division, count) in counted(db, visible, &closed).await? {
        all.entry(division).or_default().closed = count;
    }
    Ok(all)
}

async fn counted(
    db: &impl ConnectionTrait,
    visible: Visible,
    filter: &Filter,
) -> Result<Vec<(Division, u64)>, Error> {
    let Some(condition) = condition(db, visible, filter, None).await? else {
        return Ok(Vec::new());
    };
    let rows: Vec<(i32, i64)> = ticket::Entity::find()
        .filter(condition)
        .select_only()
        .column(ticket::Column::Division)
        .column_as(Expr::cust("count(*)"), "count")
        .group_by(ticket::Column::Division)
        .into_tuple()
        .all(db)
        .await?;
    let place = Place { table: "ticket", id: &"counted by division" };
    rows.into_iter()
        .map(|(code, count)| {
            Ok((place.division("division", code)?, u64::try_from(count).unwrap_or_default()))
        })
        .collect()
}
