//! Calendars and policies as they are kept.
//!
//! **Never** interprets them; that is the domain's.

use std::collections::HashMap;

use entity::{calendar, calendar_day, calendar_edit, calendar_year, deadline, policy};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::row::{Place, division, document, word};
use super::{Error, dialect, setting};
use crate::domain::calendar::{Day, Layer, LayerChange, LayerOf};
use crate::domain::id::{CalendarId, OrganisationId};
use crate::domain::policy::Policy;

/// A layer of the working calendar with its name.
#[derive(Debug, Clone)]
pub struct KeptLayer {
    /// Its id.
    pub id: CalendarId,
    /// Its name.
    pub name: String,
    /// Whose days it names.
    pub of: LayerOf,
    /// Counts its edits.
    pub version: i32,
    /// Its days.
    pub layer: Layer,
}

/// The fact that counts the edits of everything in the rulebook.
const VERSION: &str = "rulebook";

/// Counts the edits of the rulebook.
///
/// # Errors
/// [`Error::Driver`].
pub async fn version(db: &impl ConnectionTrait) -> Result<i64, Error> {
    let version = setting::find(db, VERSION).await?;
    Ok(version.and_then(|version| version.parse().ok()).unwrap_or(0))
}

/// The version of the rulebook, which nobody can change until the end of the transaction.
///
/// # Errors
/// [`Error::Driver`], also after waiting in vain for an edit to end.
pub async fn shared(tx: &DatabaseTransaction) -> Result<i64, Error> {
    dialect::share_rulebook(tx).await?;
    version(tx).await
}

/// As [`shared`], for whoever changes the rulebook: until the end of the transaction nobody
/// decides by it.
///
/// # Errors
/// [`Error::Driver`], also after waiting in vain for others to end.
pub async fn claimed(tx: &DatabaseTransaction) -> Result<i64, Error> {
    dialect::claim_rulebook(tx).await?;
    version(tx).await
}

/// Everybody has to read the rulebook again.
async fn changed(db: &impl ConnectionTrait) -> Result<(), Error> {
    let next = version(db).await? + 1;
    setting::set(db, VERSION, next.to_string()).await
}

/// What edits changed in the layers, the oldest first.
///
/// # Errors
/// As [`layers`].
pub async fn edits(db: &impl ConnectionTrait) -> Result<Vec<KeptEdit>, Error> {
    let rows = calendar_edit::Entity::find()
        .order_by_asc(calendar_edit::Column::CalendarId)
        .order_by_asc(calendar_edit::Column::Version)
        .all(db)
        .await?;
    let edit = |row: calendar_edit::Model| {
        let place = Place { table: "calendar_edit", id: &row.calendar_id };
        let change = place.document("change", &row.change)?;
        Ok(KeptEdit { calendar: CalendarId(row.calendar_id), version: row.version, change })
    };
    rows.into_iter().map(edit).collect()
}

/// What made a version of a layer of the one before it.
#[derive(Debug, Clone)]
pub struct KeptEdit {
    /// The layer.
    pub calendar: CalendarId,
    /// The version that it made.
    pub version: i32,
    /// What it changed.
    pub change: LayerChange,
}

/// Every layer, the nation's first.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn layers(db: &impl ConnectionTrait) -> Result<Vec<KeptLayer>, Error> {
    let rows = calendar::Entity::find().order_by_asc(calendar::Column::Id).all(db).await?;
    let mut layers: HashMap<_, Layer> = HashMap::new();
    for year in calendar_year::Entity::find().all(db).await? {
        layers.entry(year.calendar_id).or_default().published.insert(year.year);
    }
    for day in calendar_day::Entity::find().all(db).await? {
        let place = Place { table: "calendar_day", id: &day.date };
        let kind = place.word("kind", &day.kind)?;
        let kept = Day { date: day.date, kind, name: day.name.clone(), source: day.source.clone() };
        layers.entry(day.calendar_id).or_default().days.insert(day.date, kept);
    }
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows {
        let place = Place { table: "calendar", id: &row.id };
        kept.push(KeptLayer {
            id: CalendarId(row.id),
            of: match (row.division, row.organisation_id) {
                (_, Some(organisation)) => LayerOf::Organisation(OrganisationId(organisation)),
                (Some(code), None) => LayerOf::Region(place.division("division", code)?),
                (None, None) => LayerOf::Nation,
            },
            version: row.version,
            layer: layers.remove(&row.id).unwrap_or_default(),
            name: row.name.clone(),
        });
    }
    kept.sort_by_key(|layer| layer.of);
    Ok(kept)
}

/// Adds a layer.
///
/// # Errors
/// [`Error::Driver`]; a second one of an organisation is a duplicate.
pub async fn insert_layer(db: &impl ConnectionTrait, kept: &KeptLayer) -> Result<(), Error> {
    let row = calendar::Model {
        id: kept.id.0,
        name: kept.name.clone(),
        division: kept.of.region().map(division),
        organisation_id: kept.of.organisation().map(|organisation| organisation.0),
        version: kept.version,
    };
    calendar::Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
    insert_days(db, kept).await?;
    changed(db).await
}

/// Takes a layer away that has no days.
///
/// # Errors
/// [`Error::Driver`].
pub async fn delete_layer(db: &impl ConnectionTrait, id: CalendarId) -> Result<(), Error> {
    calendar::Entity::delete_by_id(id.0).exec(db).await?;
    changed(db).await
}

/// Replaces a layer's years and days by those of its next version, and remembers the `change`.
///
/// # Errors
/// [`Error::Stale`] when somebody else changed it first.
pub async fn replace_layer(
    db: &impl ConnectionTrait,
    kept: &KeptLayer,
    change: &LayerChange,
) -> Result<(), Error> {
    let next = calendar::Entity::update_many()
        .col_expr(calendar::Column::Version, Expr::val(kept.version))
        .filter(calendar::Column::Id.eq(kept.id.0))
        .filter(calendar::Column::Version.eq(kept.version - 1));
    if next.exec(db).await?.rows_affected != 1 {
        return Err(Error::Stale);
    }
    let days = calendar_day::Column::CalendarId.eq(kept.id.0);
    calendar_day::Entity::delete_many().filter(days).exec(db).await?;
    let years = calendar_year::Column::CalendarId.eq(kept.id.0);
    calendar_year::Entity::delete_many().filter(years).exec(db).await?;
    insert_days(db, kept).await?;
    let edit = calendar_edit::Model {
        calendar_id: kept.id.0,
        version: kept.version,
        change: document(change),
    };
    calendar_edit::Entity::insert(edit.into_active_model()).exec_without_returning(db).await?;
    changed(db).await
}

async fn insert_days(db: &impl ConnectionTrait, kept: &KeptLayer) -> Result<(), Error> {
    let year = |year: &i32| calendar_year::Model { calendar_id: kept.id.0, year: *year };
    super::batch::add(db, kept.layer.published.iter().map(year)).await?;
    let day = |day: &Day| calendar_day::Model {
        calendar_id: kept.id.0,
        date: day.date,
        kind: word(&day.kind),
        name: day.name.clone(),
        source: day.source.clone(),
    };
    super::batch::add(db, kept.layer.days.values().map(day)).await
}

/// Every policy.
///
/// # Errors
/// As [`layers`].
pub async fn policies(db: &impl ConnectionTrait) -> Result<Vec<Policy>, Error> {
    let rows = policy::Entity::find().order_by_asc(policy::Column::Version).all(db).await?;
    let policy_of = |row: policy::Model| {
        Place { table: "policy", id: &row.id }.document("document", &row.document)
    };
    rows.into_iter().map(policy_of).collect()
}

/// Adds a policy.
///
/// # Errors
/// [`Error::Driver`]; a taken version is a duplicate.
pub async fn insert_policy(db: &impl ConnectionTrait, added: &Policy) -> Result<(), Error> {
    let row = policy::Model {
        id: added.id.0,
        version: added.version.clone(),
        division: added.division.map(division),
        effective_from: added.effective_from,
        document: document(added),
    };
    policy::Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
    changed(db).await
}

/// Writes what was decided about a policy; its rules stay as they are.
///
/// # Errors
/// [`Error::Stale`] when it is not there any more.
pub async fn annotate_policy(db: &impl ConnectionTrait, kept: &Policy) -> Result<(), Error> {
    let next = policy::Entity::update_many()
        .col_expr(policy::Column::Document, Expr::val(document(kept)))
        .filter(policy::Column::Id.eq(kept.id.0));
    if next.exec(db).await?.rows_affected != 1 {
        return Err(Error::Stale);
    }
    changed(db).await
}

/// True when a ticket was judged by this version.
///
/// # Errors
/// [`Error::Driver`].
pub async fn is_used(db: &impl ConnectionTrait, version: &str) -> Result<bool, Error> {
    let of_version = deadline::Column::PolicyVersion.eq(version);
    Ok(deadline::Entity::find().filter(of_version).limit(1).one(db).await?.is_some())
}
