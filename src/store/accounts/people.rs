//! People, one at a time, for those who keep them.
//!
//! **Never** reads a password's hash.

use entity::{app_user, organisation, session};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::directory::{ListedUser, listed};
use crate::domain::id::{OrganisationId, UserId};
use crate::domain::keeping::Administrator;
use crate::domain::party::Role;
use crate::store::row::{Place, division, word};
use crate::store::{Error, dialect};

/// A person with what is kept of them.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn person(db: &impl ConnectionTrait, id: UserId) -> Result<Option<ListedUser>, Error> {
    let found = app_user::Entity::find_by_id(id.0);
    let found = found.find_also_related(organisation::Entity).one(db).await?;
    found.map(|(user, organisation)| listed(user, organisation)).transpose()
}

/// The same, held until the end of the transaction.
///
/// # Errors
/// As [`person`].
pub async fn held_person(
    db: &impl ConnectionTrait,
    id: UserId,
) -> Result<Option<ListedUser>, Error> {
    // The row alone is held: what it names is not changed with it.
    let held = dialect::locked(app_user::Entity::find_by_id(id.0)).one(db).await?;
    match held {
        Some(_) => person(db, id).await,
        None => Ok(None),
    }
}

/// Writes everything of a person but their user name, and counts their version.
///
/// # Errors
/// [`Error::Driver`].
pub async fn replace_person(db: &impl ConnectionTrait, person: &ListedUser) -> Result<(), Error> {
    use app_user::Column;
    app_user::Entity::update_many()
        .col_expr(Column::OrganisationId, Expr::value(person.organisation.id.0))
        .col_expr(Column::Name, Expr::value(person.name.clone()))
        .col_expr(Column::Role, Expr::value(word(&person.role)))
        .col_expr(Column::Email, Expr::value(person.email.clone()))
        .col_expr(Column::Phone, Expr::value(person.phone.clone()))
        .col_expr(Column::Language, Expr::value(word(&person.language)))
        .col_expr(Column::Territory, Expr::value(person.territory.map(division)))
        .col_expr(Column::DisabledAt, Expr::value(person.disabled_at))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(person.id.0))
        .exec(db)
        .await?;
    Ok(())
}

/// Gives somebody another password, whatever theirs was.
///
/// # Errors
/// [`Error::Driver`].
pub async fn set_password(
    db: &impl ConnectionTrait,
    user: UserId,
    hash: &str,
) -> Result<(), Error> {
    app_user::Entity::update_many()
        .col_expr(app_user::Column::PasswordHash, Expr::value(hash))
        .filter(app_user::Column::Id.eq(user.0))
        .exec(db)
        .await?;
    Ok(())
}

/// Ends every session of somebody.
///
/// # Errors
/// [`Error::Driver`].
pub async fn end_sessions(db: &impl ConnectionTrait, user: UserId) -> Result<u64, Error> {
    let theirs = session::Column::UserId.eq(user.0);
    Ok(session::Entity::delete_many().filter(theirs).exec(db).await?.rows_affected)
}

/// Everybody who holds one of the three administrator roles and may sign in, held until the end of
/// the transaction: whoever takes one of them away waits for whoever takes another.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn administrators(db: &impl ConnectionTrait) -> Result<Vec<Administrator>, Error> {
    let roles = Role::ADMINISTRATORS.iter().map(word);
    let select = app_user::Entity::find()
        .filter(app_user::Column::Role.is_in(roles))
        .filter(app_user::Column::DisabledAt.is_null())
        .order_by_asc(app_user::Column::Id);
    let rows = dialect::locked(select).all(db).await?;
    let houses = rows.iter().map(|row| OrganisationId(row.organisation_id)).collect::<Vec<_>>();
    let disabled = super::disabled(db, &houses).await?;
    let administrator = |row: app_user::Model| {
        let place = Place { table: "app_user", id: &row.id };
        Ok(Administrator {
            user: UserId(row.id),
            organisation: OrganisationId(row.organisation_id),
            role: place.word("role", &row.role)?,
            email: row.email,
        })
    };
    let enabled = |row: &app_user::Model| !disabled.contains(&OrganisationId(row.organisation_id));
    rows.into_iter().filter(enabled).map(administrator).collect()
}
