//! Single facts about a database.
//!
//! **Never** holds what belongs to a tenant.

use entity::setting;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};

use super::Error;

/// A fact by its name.
///
/// # Errors
/// [`Error::Driver`].
pub async fn find(db: &impl ConnectionTrait, name: &str) -> Result<Option<String>, Error> {
    Ok(setting::Entity::find_by_id(name.to_owned()).one(db).await?.map(|row| row.value))
}

/// Sets a fact.
///
/// # Errors
/// [`Error::Driver`].
pub async fn set(db: &impl ConnectionTrait, name: &str, value: String) -> Result<(), Error> {
    let row = setting::Model { name: name.to_owned(), value }.into_active_model();
    let conflict =
        OnConflict::column(setting::Column::Name).update_column(setting::Column::Value).to_owned();
    setting::Entity::insert(row).on_conflict(conflict).exec_without_returning(db).await?;
    Ok(())
}

/// Sets a fact unless it is known; gives what is known then.
///
/// # Errors
/// [`Error::Driver`].
pub async fn keep(db: &impl ConnectionTrait, name: &str, value: String) -> Result<String, Error> {
    let row = setting::Model { name: name.to_owned(), value: value.clone() }.into_active_model();
    let conflict = OnConflict::column(setting::Column::Name).do_nothing().to_owned();
    setting::Entity::insert(row)
        .on_conflict(conflict)
        .try_insert()
        .exec_without_returning(db)
        .await?;
    Ok(find(db, name).await?.unwrap_or(value))
}

/// Forgets a fact.
///
/// # Errors
/// [`Error::Driver`].
pub async fn forget(db: &impl ConnectionTrait, name: &str) -> Result<(), Error> {
    setting::Entity::delete_by_id(name.to_owned()).exec(db).await?;
    Ok(())
}
