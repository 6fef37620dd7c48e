//! The settings of the ways out.
//!
//! **Never** sees a secret: they are locked before they come here.

use chrono::{DateTime, Utc};
use entity::channel;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::Error;
use super::row::Place;
use crate::domain::channel::{ChannelName, Settings};
use crate::domain::id::{OrganisationId, UserId};

/// A channel's settings.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Which channel.
    pub name: ChannelName,
    /// Counts from 1.
    pub version: i32,
    /// False while it is not used.
    pub enabled: bool,
    /// What may be shown.
    pub settings: Settings,
    /// Locked.
    pub secrets: String,
    /// When they were set.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: UserId,
}

/// Every channel that has settings, by name.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Kept>, Error> {
    let rows = channel::Entity::find().order_by_asc(channel::Column::Name).all(db).await?;
    rows.iter().map(kept).collect()
}

/// A channel's settings.
///
/// # Errors
/// As [`all`].
pub async fn find(db: &impl ConnectionTrait, name: ChannelName) -> Result<Option<Kept>, Error> {
    let row = channel::Entity::find_by_id(name.to_string()).one(db).await?;
    row.as_ref().map(kept).transpose()
}

/// What changes with every edit, on whichever replica: names and versions.
///
/// # Errors
/// [`Error::Driver`].
pub async fn stamp(db: &impl ConnectionTrait) -> Result<Vec<(String, i32)>, Error> {
    let rows = channel::Entity::find()
        .select_only()
        .column(channel::Column::Name)
        .column(channel::Column::Version)
        .order_by_asc(channel::Column::Name)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows)
}

/// Those of the organisations that have a robot in use.
///
/// # Errors
/// [`Error::Driver`].
pub async fn with_robots(
    db: &impl ConnectionTrait,
    houses: &[OrganisationId],
) -> Result<Vec<OrganisationId>, Error> {
    if houses.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Option<Uuid>> = channel::Entity::find()
        .select_only()
        .column(channel::Column::OrganisationId)
        .filter(channel::Column::OrganisationId.is_in(houses.iter().map(|house| house.0)))
        .filter(channel::Column::Enabled.eq(true))
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().flatten().map(OrganisationId).collect())
}

/// Writes a channel's settings in the place of those of the version before.
///
/// # Errors
/// [`Error::Stale`] when somebody else has just written them.
pub async fn save(db: &impl ConnectionTrait, new: &Kept) -> Result<(), Error> {
    let row = channel::ActiveModel {
        name: Set(new.name.to_string()),
        organisation_id: Set(match new.name {
            ChannelName::Robot(organisation) => Some(organisation.0),
            ChannelName::Mail | ChannelName::Sms => None,
        }),
        version: Set(new.version),
        enabled: Set(new.enabled),
        settings: Set(serde_json::to_string(&new.settings).unwrap_or_default()),
        secrets: Set(new.secrets.clone()),
        at: Set(new.at),
        user_id: Set(new.by.0),
    };
    let written = if new.version == 1 {
        let conflict = OnConflict::column(channel::Column::Name).do_nothing().to_owned();
        let insert = channel::Entity::insert(row).on_conflict(conflict).try_insert();
        match insert.exec_without_returning(db).await? {
            sea_orm::TryInsertResult::Inserted(written) => written,
            sea_orm::TryInsertResult::Empty | sea_orm::TryInsertResult::Conflicted => 0,
        }
    } else {
        let update = channel::Entity::update_many()
            .set(row)
            .filter(channel::Column::Name.eq(new.name.to_string()))
            .filter(channel::Column::Version.eq(new.version - 1));
        update.exec(db).await?.rows_affected
    };
    if written == 1 { Ok(()) } else { Err(Error::Stale) }
}

fn kept(row: &channel::Model) -> Result<Kept, Error> {
    let place = Place { table: "channel", id: &row.name };
    let settings = serde_json::from_str(&row.settings);
    Ok(Kept {
        name: row.name.parse().map_err(|error| place.corrupt("name", &error))?,
        version: row.version,
        enabled: row.enabled,
        settings: settings.map_err(|error| place.corrupt("settings", &error))?,
        secrets: row.secrets.clone(),
        at: row.at,
        by: UserId(row.user_id),
    })
}
