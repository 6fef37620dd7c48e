//! How much waits for whom: counts for the morning digest.
//!
//! **Never** asks once per person: each count is one question for everybody.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::{deadline, escalation, notice, request, ticket};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, Select,
};
use uuid::Uuid;

use super::Error;
use super::row::word;
use crate::domain::bulletin::Waiting;
use crate::domain::id::{OrganisationId, UserId};
use crate::domain::notice::Kind;
use crate::domain::ticket::{DeadlineKind, DeadlineStatus, StateName};

/// What waits for organisations and for persons.
#[derive(Debug, Default)]
pub struct Counts {
    /// By organisation.
    pub houses: HashMap<OrganisationId, HashMap<Waiting, u32>>,
    /// Messages and files that a person has not opened.
    pub unread: HashMap<UserId, u32>,
}

impl Counts {
    fn add(&mut self, what: Waiting, rows: Vec<(Uuid, i64)>) {
        for (house, count) in rows {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            self.houses.entry(OrganisationId(house)).or_default().insert(what, count);
        }
    }
}

/// What waits on a day.
///
/// # Errors
/// [`Error::Driver`].
pub async fn waiting(db: &impl ConnectionTrait, today: NaiveDate) -> Result<Counts, Error> {
    let mut counts = Counts::default();
    let makers = ticket::Column::ManufacturerId;
    let open = ticket::Column::State.eq(StateName::Open.as_str());
    counts.add(Waiting::Reply, tickets(db, makers, open).await?);
    counts.add(Waiting::Promise, tickets(db, makers, ticket::Column::OwesPromise.eq(true)).await?);
    let overdue = || ticket::Column::Overdue.eq(true);
    counts.add(Waiting::Overdue, tickets(db, makers, overdue()).await?);
    let hospitals = ticket::Column::HospitalId;
    let solved = ticket::Column::State.eq(StateName::Solved.as_str());
    counts.add(Waiting::Confirm, tickets(db, hospitals, solved).await?);
    for (house, count) in tickets(db, hospitals, overdue()).await? {
        counts.add(Waiting::Overdue, vec![(house, count)]);
    }
    counts.add(Waiting::DueToday, due(db, today).await?);
    counts.add(Waiting::Acknowledge, unacknowledged(db).await?);
    counts.add(Waiting::Decide, undecided(db).await?);
    counts.unread = unread(db).await?.into_iter().map(person).collect();
    Ok(counts)
}

fn person((user, count): (Uuid, i64)) -> (UserId, u32) {
    (UserId(user), u32::try_from(count).unwrap_or(u32::MAX))
}

async fn tickets(
    db: &impl ConnectionTrait,
    house: ticket::Column,
    condition: sea_orm::sea_query::SimpleExpr,
) -> Result<Vec<(Uuid, i64)>, Error> {
    let select = ticket::Entity::find().filter(condition);
    counted(db, select, house).await
}

/// Rows of a selection by a column.
async fn counted<E: EntityTrait>(
    db: &impl ConnectionTrait,
    select: Select<E>,
    by: impl ColumnTrait,
) -> Result<Vec<(Uuid, i64)>, Error> {
    Ok(select
        .select_only()
        .column(by)
        .column_as(Expr::cust("count(*)"), "count")
        .filter(by.is_not_null())
        .group_by(by)
        .into_tuple()
        .all(db)
        .await?)
}

/// The manufacturers' deadlines that end on the day.
async fn due(db: &impl ConnectionTrait, today: NaiveDate) -> Result<Vec<(Uuid, i64)>, Error> {
    let owed = [DeadlineKind::Reply, DeadlineKind::Resolve, DeadlineKind::Promise];
    let select = deadline::Entity::find()
        .filter(deadline::Column::DueOn.eq(today))
        .filter(deadline::Column::Status.eq(word(&DeadlineStatus::Running)))
        .filter(deadline::Column::Kind.is_in(owed.iter().map(word)));
    let select = with_ticket(select, (deadline::Entity, deadline::Column::TicketId));
    counted(db, select, ticket::Column::ManufacturerId).await
}

fn with_ticket<E: EntityTrait>(mut select: Select<E>, key: (E, E::Column)) -> Select<E> {
    let on = Expr::col(key).equals((ticket::Entity, ticket::Column::Id));
    sea_orm::QueryTrait::query(&mut select).join(JoinType::InnerJoin, ticket::Entity, on);
    select
}

async fn unacknowledged(db: &impl ConnectionTrait) -> Result<Vec<(Uuid, i64)>, Error> {
    let select = escalation::Entity::find()
        .filter(escalation::Column::ClosedAt.is_null())
        .filter(escalation::Column::AcknowledgedAt.is_null());
    counted(db, select, escalation::Column::BureauId).await
}

async fn undecided(db: &impl ConnectionTrait) -> Result<Vec<(Uuid, i64)>, Error> {
    let going_on = StateName::ALL.iter().filter(|state| !state.is_final());
    let select = request::Entity::find()
        .filter(request::Column::DecidedAt.is_null())
        .filter(ticket::Column::State.is_in(going_on.map(|state| state.as_str())));
    let select = with_ticket(select, (request::Entity, request::Column::TicketId));
    counted(db, select, request::Column::BureauId).await
}

/// Messages and files are told in the app only: the digest reminds of them.
async fn unread(db: &impl ConnectionTrait) -> Result<Vec<(Uuid, i64)>, Error> {
    let kinds = [Kind::Message, Kind::Attached].map(Kind::name);
    let select = notice::Entity::find()
        .filter(notice::Column::ReadAt.is_null())
        .filter(notice::Column::Kind.is_in(kinds));
    counted(db, select, notice::Column::RecipientId).await
}
