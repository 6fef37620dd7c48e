//! The audit log.
//!
//! **Never** changes what an entry says; [`chain`] links entries, and removes what was kept long
//! enough.

pub mod chain;
pub(super) mod unit;

use chrono::{DateTime, SubsecRound as _, Utc};
use entity::audit::{self, Column};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::row::{Place, word};
use super::{Batch, Error, dialect};
use crate::domain::audit::{Action, Entry, Origin};
use crate::domain::id::{OrganisationId, UserId};
pub use unit::written;

/// Writes an entry, in the transaction of what it is about where there is one.
///
/// # Errors
/// [`Error::Driver`].
pub async fn insert(db: &impl ConnectionTrait, entry: Entry) -> Result<(), Error> {
    let row = row(entry);
    audit::Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// Writes an entry with the batch of what it is about.
pub fn add(batch: &mut Batch, entry: Entry) {
    batch.add([row(entry)]);
}

fn row(entry: Entry) -> audit::Model {
    let key = unit::count();
    let mut row = audit::Model {
        id: Uuid::now_v7(),
        // Both databases keep so much of it.
        at: entry.at.trunc_subsecs(6),
        user_id: entry.user.map(|user| user.0),
        username: entry.username,
        organisation_id: entry.organisation.map(|organisation| organisation.0),
        role: entry.role.as_ref().map(word),
        address: entry.origin.address,
        action: word(&entry.action),
        subject: entry.subject,
        detail: entry.detail,
        mac: None,
        seq: None,
        link: None,
    };
    row.mac = key.map(|key| chain::record(&row).signature(&key));
    row
}

/// Which entries are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this action.
    pub action: Option<Action>,
    /// Only of this user name.
    pub username: Option<String>,
    /// Only written at or after.
    pub from: Option<DateTime<Utc>>,
    /// Only written before.
    pub before: Option<DateTime<Utc>>,
    /// Only whose user name, subject or address contains this.
    pub part: Option<String>,
}

/// An entry with its id.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its id.
    pub id: Uuid,
    /// Its number in the chain, once it is linked.
    pub seq: Option<i64>,
    /// Its link.
    pub link: Option<String>,
    /// What it says.
    pub entry: Entry,
}

/// Where in the log an entry stands.
pub type Position = (DateTime<Utc>, Uuid);

/// One page of entries, newest first.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    after: Option<Position>,
    limit: u64,
) -> Result<Vec<Kept>, Error> {
    let mut select = audit::Entity::find();
    if let Some(action) = &filter.action {
        select = select.filter(Column::Action.eq(word(action)));
    }
    if let Some(username) = &filter.username {
        select = select.filter(Column::Username.eq(username.as_str()));
    }
    if let Some(from) = filter.from {
        select = select.filter(Column::At.gte(from));
    }
    if let Some(before) = filter.before {
        select = select.filter(Column::At.lt(before));
    }
    if let Some(part) = &filter.part {
        let backend = db.get_database_backend();
        let columns = ["audit.username", "audit.subject", "audit.address"];
        let found = columns.map(|column| dialect::contains(backend, column, part));
        select = select.filter(found.into_iter().fold(Condition::any(), Condition::add));
    }
    if let Some((at, id)) = after {
        let same = Condition::all().add(Column::At.eq(at)).add(Column::Id.lt(id));
        select = select.filter(Condition::any().add(Column::At.lt(at)).add(same));
    }
    let select = select.order_by_desc(Column::At).order_by_desc(Column::Id).limit(limit);
    select.all(db).await?.into_iter().map(kept).collect()
}

/// One entry.
///
/// # Errors
/// As [`list`].
pub async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Kept>, Error> {
    audit::Entity::find_by_id(id).one(db).await?.map(kept).transpose()
}

fn kept(row: audit::Model) -> Result<Kept, Error> {
    let id = row.id;
    let place = Place { table: "audit", id: &id };
    let entry = Entry {
        at: row.at,
        user: row.user_id.map(UserId),
        organisation: row.organisation_id.map(OrganisationId),
        role: place.maybe_word("role", row.role.as_ref())?,
        action: place.word("action", &row.action)?,
        username: row.username,
        origin: Origin { address: row.address },
        subject: row.subject,
        detail: row.detail,
    };
    Ok(Kept { id, seq: row.seq, link: row.link, entry })
}
