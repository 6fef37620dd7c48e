//! Tickets that people have begun to fill in.
//!
//! **Never** gives anybody another person's.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::draft;
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, Select,
};
use uuid::Uuid;

use super::row::Place;
use super::{Batch, Error};
use crate::domain::id::{DraftId, UserId};

/// The fields of a form by name, as they were typed.
pub type Fields = BTreeMap<String, String>;

/// A ticket that somebody has begun to fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its id.
    pub id: DraftId,
    /// The product's code, as far as it was chosen: somebody has one draft for it.
    pub product_code: String,
    /// What was filled in.
    pub fields: Fields,
    /// When it was saved last.
    pub saved_at: DateTime<Utc>,
}

fn of(user: UserId) -> Select<draft::Entity> {
    draft::Entity::find().filter(draft::Column::UserId.eq(user.0))
}

fn draft_of(row: draft::Model) -> Result<Draft, Error> {
    let place = Place { table: "draft", id: &row.id };
    let fields = serde_json::from_str(&row.document);
    Ok(Draft {
        id: DraftId(row.id),
        fields: fields.map_err(|error| place.corrupt("document", &error))?,
        product_code: row.product_code,
        saved_at: row.saved_at,
    })
}

/// Somebody's drafts, the last saved first.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn list(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<Draft>, Error> {
    let rows = of(user).order_by_desc(draft::Column::SavedAt).order_by_desc(draft::Column::Id);
    rows.all(db).await?.into_iter().map(draft_of).collect()
}

/// One of somebody's drafts.
///
/// # Errors
/// As [`list`].
pub async fn find(
    db: &impl ConnectionTrait,
    user: UserId,
    id: DraftId,
) -> Result<Option<Draft>, Error> {
    of(user).filter(draft::Column::Id.eq(id.0)).one(db).await?.map(draft_of).transpose()
}

/// How many drafts somebody has for other products than this.
///
/// # Errors
/// [`Error::Driver`].
pub async fn count_others(
    db: &impl ConnectionTrait,
    user: UserId,
    product_code: &str,
) -> Result<u64, Error> {
    Ok(of(user).filter(draft::Column::ProductCode.ne(product_code)).count(db).await?)
}

/// Saves somebody's draft for a product, in the place of the one there was; gives its id.
///
/// # Errors
/// As [`list`].
pub async fn save(
    db: &impl ConnectionTrait,
    user: UserId,
    (product_code, document): (&str, String),
    at: DateTime<Utc>,
) -> Result<DraftId, Error> {
    let row = draft::Model {
        id: Uuid::now_v7(),
        user_id: user.0,
        product_code: product_code.to_owned(),
        document,
        saved_at: at,
    };
    let key = [draft::Column::UserId, draft::Column::ProductCode];
    let mut replace = OnConflict::columns(key);
    replace.update_columns([draft::Column::Document, draft::Column::SavedAt]);
    let insert = draft::Entity::insert(row.into_active_model()).on_conflict(replace);
    insert.exec_without_returning(db).await?;
    let saved = of(user).filter(draft::Column::ProductCode.eq(product_code)).one(db).await?;
    saved.map(|row| DraftId(row.id)).ok_or(Error::Stale)
}

/// Deletes one of somebody's drafts; false when there was none.
///
/// # Errors
/// [`Error::Driver`].
pub async fn delete(db: &impl ConnectionTrait, user: UserId, id: DraftId) -> Result<bool, Error> {
    let own = draft::Column::UserId.eq(user.0).and(draft::Column::Id.eq(id.0));
    Ok(draft::Entity::delete_many().filter(own).exec(db).await?.rows_affected > 0)
}

/// Deletes somebody's draft for a product with the batch.
pub fn delete_for(batch: &mut Batch, user: UserId, product_code: &str) {
    let own = draft::Column::UserId.eq(user.0).and(draft::Column::ProductCode.eq(product_code));
    batch.push(&draft::Entity::delete_many().filter(own));
}

/// Deletes the drafts saved before an instant; gives how many there were.
///
/// # Errors
/// [`Error::Driver`].
pub async fn delete_before(db: &impl ConnectionTrait, at: DateTime<Utc>) -> Result<u64, Error> {
    let old = draft::Column::SavedAt.lt(at);
    Ok(draft::Entity::delete_many().filter(old).exec(db).await?.rows_affected)
}
