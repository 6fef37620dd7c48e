//! The feed: one row per saved change of a ticket, written with it, read in the order in which
//! changes became visible.
//!
//! A reader who has seen a place has seen everything before it: rows settle in order (see
//! `dialect::is_settled`), and the oldest are cleared first.
//!
//! **Never** holds what happened: the timeline does.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{event, feed, notice, ticket};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};
use serde_json::Value;
use uuid::Uuid;

use super::row::{Place, int};
use super::tickets::visible_condition;
use super::{Error, dialect};
use crate::domain::access::{Parties, Visible};
use crate::domain::feed::{Bookmark, Entry, News, Position, Told};
use crate::domain::id::{NoticeId, OrganisationId, TicketId, UserId};
use crate::domain::ticket::{Change, Ticket};

/// Rows cleared at once.
const STEP: u64 = 1_000;

/// The row that tells of a change; none for what was over before the service began.
pub(super) fn row_of(before: Option<&Ticket>, change: &Change) -> Option<feed::ActiveModel> {
    let ticket = &change.ticket;
    if before.is_none() && ticket.historic {
        return None;
    }
    let (first, last) = change.events.first().zip(change.events.last())?;
    Some(feed::ActiveModel {
        position: NotSet,
        xact: NotSet,
        id: Set(Uuid::now_v7()),
        ticket_id: Set(ticket.id.0),
        state: Set(ticket.state.name().as_str().to_owned()),
        version: Set(before.map_or(1, |before| before.version + 1)),
        first_event: Set(int(first.sequence)),
        last_event: Set(int(last.sequence)),
    })
}

fn position_of(row: &feed::Model) -> Position {
    let [.., a, b, c, d] = *row.id.as_bytes();
    let mark = u32::from_be_bytes([a, b, c, d]);
    Position { transaction: row.xact, number: row.position, mark }
}

fn settled(db: &impl ConnectionTrait, order: &Order) -> Select<feed::Entity> {
    let backend = db.get_database_backend();
    let select = feed::Entity::find().filter(dialect::is_settled(backend));
    let columns = dialect::feed_order(backend).iter();
    columns.fold(select, |select, column| select.order_by(*column, order.clone()))
}

/// The newest place that has settled.
///
/// # Errors
/// [`Error::Driver`].
pub async fn head(db: &impl ConnectionTrait) -> Result<Position, Error> {
    let newest = settled(db, &Order::Desc).limit(1).one(db).await?;
    Ok(newest.as_ref().map_or(Position::START, position_of))
}

/// When the first change after a place was written, if there is one: settled or not.
///
/// # Errors
/// [`Error::Driver`].
pub async fn oldest_after(
    db: &impl ConnectionTrait,
    after: Position,
) -> Result<Option<DateTime<Utc>>, Error> {
    let backend = db.get_database_backend();
    let select = feed::Entity::find().filter(dialect::comes_after(backend, after));
    let columns = dialect::feed_order(backend).iter();
    let select = columns.fold(select, |select, column| select.order_by_asc(*column));
    let row = select.limit(1).one(db).await?;
    let written = row.and_then(|row| row.id.get_timestamp());
    Ok(written.and_then(|written| {
        let (seconds, nanos) = written.to_unix();
        DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
    }))
}

/// The place of a bookmark, if nothing after it was cleared and it is this database's.
///
/// # Errors
/// [`Error::Driver`].
pub async fn find(
    db: &impl ConnectionTrait,
    bookmark: Bookmark,
) -> Result<Option<Position>, Error> {
    if bookmark == Position::START.bookmark() {
        let first = feed::Entity::find().order_by_asc(feed::Column::Position).limit(1).one(db);
        let is_whole = first.await?.is_none_or(|first| first.position == 1);
        return Ok(is_whole.then_some(Position::START));
    }
    let own = feed::Column::Position.eq(bookmark.number);
    let row = settled(db, &Order::Asc).filter(own).one(db).await?;
    Ok(row.as_ref().map(position_of).filter(|found| found.bookmark() == bookmark))
}

/// What of the feed is read.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Only after this place.
    pub after: Position,
    /// Only up to this place.
    pub until: Option<Position>,
    /// Only of tickets that exist for the holder; `None` = of every ticket.
    pub visible: Option<Visible>,
    /// At most so many.
    pub limit: u64,
}

/// Some of the feed, in order.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn news(db: &impl ConnectionTrait, span: Span) -> Result<Vec<News>, Error> {
    let backend = db.get_database_backend();
    let mut select = settled(db, &Order::Asc)
        .filter(dialect::comes_after(backend, span.after))
        .limit(span.limit);
    if let Some(until) = span.until {
        select = select.filter(Condition::all().not().add(dialect::comes_after(backend, until)));
    }
    if let Some(visible) = span.visible {
        let Some(condition) = visible_condition(visible) else { return Ok(Vec::new()) };
        let seen =
            ticket::Entity::find().select_only().column(ticket::Column::Id).filter(condition);
        select = select.filter(feed::Column::TicketId.in_subquery(seen.into_query()));
    }
    let rows = select.all(db).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut parts = Parts::of(db, &rows).await?;
    rows.iter().map(|row| parts.news_of(row)).collect()
}

/// What belongs to some rows: each table was asked once for all of them.
struct Parts {
    tickets: HashMap<Uuid, (String, Parties)>,
    entries: HashMap<Uuid, Vec<Entry>>,
    told: HashMap<Uuid, Vec<(u32, Told)>>,
}

impl Parts {
    async fn of(db: &impl ConnectionTrait, rows: &[feed::Model]) -> Result<Self, Error> {
        let mut ids: Vec<Uuid> = rows.iter().map(|row| row.ticket_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut numbers: Vec<i32> =
            rows.iter().flat_map(|row| row.first_event..=row.last_event).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let tickets = tickets(db, &ids).await?;
        let entries = entries(db, &ids, &numbers).await?;
        Ok(Self { tickets, entries, told: told(db, &ids, &numbers).await? })
    }

    fn news_of(&mut self, row: &feed::Model) -> Result<News, Error> {
        let place = Place { table: "feed", id: &row.position };
        let (number, parties) = self
            .tickets
            .get(&row.ticket_id)
            .cloned()
            .ok_or_else(|| place.corrupt("ticket_id", &"missing"))?;
        let first: u32 = place.number("first_event", row.first_event)?;
        let span = first..=place.number("last_event", row.last_event)?;
        let entries = self.entries.get(&row.ticket_id).into_iter().flatten();
        let told = self.told.get(&row.ticket_id).into_iter().flatten();
        Ok(News {
            position: position_of(row),
            ticket: TicketId(row.ticket_id),
            number,
            parties,
            state: place.word("state", &row.state)?,
            version: row.version,
            entries: entries.filter(|entry| span.contains(&entry.sequence)).cloned().collect(),
            told: told.filter(|(event, _)| span.contains(event)).map(|(_, told)| *told).collect(),
        })
    }
}

type Deciding = (Uuid, String, Uuid, Uuid, Option<Uuid>, i32);

async fn tickets(
    db: &impl ConnectionTrait,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, (String, Parties)>, Error> {
    let rows: Vec<Deciding> = ticket::Entity::find()
        .select_only()
        .columns([
            ticket::Column::Id,
            ticket::Column::Number,
            ticket::Column::HospitalId,
            ticket::Column::ManufacturerId,
            ticket::Column::DistributorId,
            ticket::Column::Division,
        ])
        .filter(ticket::Column::Id.is_in(ids.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for (id, number, hospital, manufacturer, distributor, division) in rows {
        let parties = Parties {
            hospital: OrganisationId(hospital),
            manufacturer: OrganisationId(manufacturer),
            distributor: distributor.map(OrganisationId),
            division: Place { table: "ticket", id: &id }.division("division", division)?,
        };
        found.insert(id, (number, parties));
    }
    Ok(found)
}

type Happened = (Uuid, i32, DateTime<Utc>, Option<Uuid>, Value);

async fn entries(
    db: &impl ConnectionTrait,
    ids: &[Uuid],
    numbers: &[i32],
) -> Result<HashMap<Uuid, Vec<Entry>>, Error> {
    let rows: Vec<Happened> = event::Entity::find()
        .select_only()
        .columns([
            event::Column::TicketId,
            event::Column::Sequence,
            event::Column::At,
            event::Column::ByOrganisation,
            event::Column::Data,
        ])
        .filter(event::Column::TicketId.is_in(ids.iter().copied()))
        .filter(event::Column::Sequence.is_in(numbers.iter().copied()))
        .order_by_asc(event::Column::Sequence)
        .into_tuple()
        .all(db)
        .await?;
    let mut found: HashMap<Uuid, Vec<Entry>> = HashMap::with_capacity(ids.len());
    for (id, sequence, at, by, data) in rows {
        let place = Place { table: "event", id: &id };
        let sequence = place.number("sequence", sequence)?;
        let (by, data) = (by.map(OrganisationId), place.document("data", &data)?);
        found.entry(id).or_default().push(Entry { sequence, at, by, data });
    }
    Ok(found)
}

async fn told(
    db: &impl ConnectionTrait,
    ids: &[Uuid],
    numbers: &[i32],
) -> Result<HashMap<Uuid, Vec<(u32, Told)>>, Error> {
    let rows = notice::Entity::find()
        .filter(notice::Column::TicketId.is_in(ids.iter().copied()))
        .filter(notice::Column::Event.is_in(numbers.iter().copied()))
        .order_by_asc(notice::Column::Id)
        .all(db)
        .await?;
    let mut found: HashMap<Uuid, Vec<(u32, Told)>> = HashMap::with_capacity(ids.len());
    for row in rows {
        let Some(ticket) = row.ticket_id else { continue };
        let place = Place { table: "notice", id: &row.id };
        let told = Told {
            id: NoticeId(row.id),
            kind: place.word("kind", &row.kind)?,
            at: row.created_at,
            recipient: UserId(row.recipient_id),
        };
        found.entry(ticket).or_default().push((place.number("event", row.event)?, told));
    }
    Ok(found)
}

/// Forgets the oldest rows that were written before `wall`, a bounded number of them; gives how
/// many. The newest place stays, so that whoever knows it can come back however late.
///
/// # Errors
/// [`Error::Driver`].
pub async fn clear(db: &impl ConnectionTrait, wall: DateTime<Utc>) -> Result<u64, Error> {
    let backend = db.get_database_backend();
    let mut cleared = 0;
    if let Some(foreign) = dialect::is_foreign(backend) {
        cleared += feed::Entity::delete_many().filter(foreign).exec(db).await?.rows_affected;
    }
    let newest = head(db).await?;
    let oldest = settled(db, &Order::Asc).limit(STEP).all(db).await?;
    // From the beginning without a gap: what a reader has not seen is there to its end.
    let old = oldest.iter().take_while(|row| is_older(row.id, wall) && position_of(row) != newest);
    let old: Vec<i64> = old.map(|row| row.position).collect();
    if !old.is_empty() {
        let old = feed::Column::Position.is_in(old);
        cleared += feed::Entity::delete_many().filter(old).exec(db).await?.rows_affected;
    }
    Ok(cleared)
}

fn is_older(id: Uuid, wall: DateTime<Utc>) -> bool {
    let written = id.get_timestamp().map(|written| written.to_unix().0);
    written.and_then(|seconds| i64::try_from(seconds).ok()).is_none_or(|at| at < wall.timestamp())
}
