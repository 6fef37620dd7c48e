//! Versions of the texts of notices.
//!
//! **Never** changes one: an edit and a restoration are new versions.

use chrono::{DateTime, Utc};
use entity::template;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::Error;
use super::row::{Place, word};
use crate::domain::id::UserId;
use crate::domain::template::{Slot, Topic, Wording};

/// A version of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it is for.
    pub slot: Slot,
    /// Counts from 1; 0 is the text that ships with the service.
    pub version: i32,
    /// What it says; `None` = what ships with the service. A text that cannot be read is kept
    /// as [`Stored::Unreadable`], so that it stops nobody.
    pub stored: Stored,
    /// Why it was worded so.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: UserId,
}

/// What a version says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// What ships with the service.
    Shipped,
    /// This.
    Own(Wording),
    /// Nobody knows any more.
    Unreadable(String),
}

/// Every version of the texts of some kinds, the newest of each text first. A row that cannot be
/// read is left out: notices depend on the others.
///
/// # Errors
/// [`Error::Driver`].
pub async fn of_kinds(db: &impl ConnectionTrait, kinds: &[Topic]) -> Result<Vec<Kept>, Error> {
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let rows = template::Entity::find()
        .filter(template::Column::Kind.is_in(kinds.iter().map(|kind| kind.name())))
        .order_by_desc(template::Column::Version)
        .all(db)
        .await?;
    let readable = |row| match kept(row) {
        Ok(kept) => Some(kept),
        Err(problem) => {
            tracing::error!(%problem, "a version of a text cannot be read");
            None
        }
    };
    Ok(rows.iter().filter_map(readable).collect())
}

/// Every version of a text, newest first.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn versions(db: &impl ConnectionTrait, slot: Slot) -> Result<Vec<Kept>, Error> {
    let rows = template::Entity::find()
        .filter(template::Column::Kind.eq(slot.kind.name()))
        .filter(template::Column::Party.eq(slot.party.name()))
        .filter(template::Column::Channel.eq(word(&slot.channel)))
        .filter(template::Column::Language.eq(word(&slot.language)))
        .order_by_desc(template::Column::Version)
        .all(db)
        .await?;
    rows.iter().map(kept).collect()
}

/// Writes a version.
///
/// # Errors
/// [`Error::Stale`] when somebody else has just written it.
pub async fn insert(db: &impl ConnectionTrait, new: &Kept) -> Result<(), Error> {
    let wording = match &new.stored {
        Stored::Own(wording) => Some(serde_json::to_string(wording).unwrap_or_default()),
        Stored::Shipped | Stored::Unreadable(_) => None,
    };
    let row = template::ActiveModel {
        id: Set(Uuid::now_v7()),
        kind: Set(new.slot.kind.name().to_owned()),
        party: Set(new.slot.party.name().to_owned()),
        channel: Set(word(&new.slot.channel)),
        language: Set(word(&new.slot.language)),
        version: Set(new.version),
        wording: Set(wording),
        reason: Set(new.reason.clone()),
        at: Set(new.at),
        user_id: Set(new.by.0),
    };
    let written = template::Entity::insert(row).exec_without_returning(db).await;
    written.map(drop).map_err(|error| {
        let error = Error::from(error);
        if error.is_duplicate() { Error::Stale } else { error }
    })
}

fn kept(row: &template::Model) -> Result<Kept, Error> {
    let place = Place { table: "template", id: &row.id };
    let stored = match &row.wording {
        None => Stored::Shipped,
        Some(text) => match serde_json::from_str(text) {
            Ok(wording) => Stored::Own(wording),
            Err(error) => Stored::Unreadable(error.to_string()),
        },
    };
    Ok(Kept {
        slot: Slot {
            kind: place.word("kind", &row.kind)?,
            party: place.word("party", &row.party)?,
            channel: place.word("channel", &row.channel)?,
            language: place.word("language", &row.language)?,
        },
        version: row.version,
        stored,
        reason: row.reason.clone(),
        at: row.at,
        by: UserId(row.user_id),
    })
}
