//! Organisations, people and their sessions.
//!
//! **Never** stores a token or a password: only their hashes.

pub(super) mod directory;
mod houses;
mod lock;
mod people;
mod recipients;

pub use directory::{
    ListedOrganisation, ListedUser, NamePosition, OrganisationFilter, Standing, UserFilter,
    head_counts, list_organisations, list_users,
};
pub use houses::{
    end_sessions_of, held, insert_all_kept, insert_kept, kept, merged, of_institution_code,
    replace_kept,
};
pub use lock::{Failures, failures_by_name};
pub use people::{administrators, end_sessions, held_person, person, replace_person, set_password};
pub use recipients::{Recipient, desks, of_role, parties, recipients, unproven_manufacturers};

use chrono::{DateTime, Utc};
use entity::{app_user, organisation, session, sign_in_failure};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryResult,
};
use uuid::Uuid;

use super::row::{Place, division, word};
use super::{Error, dialect};
use crate::domain::id::{OrganisationId, UserId};
use crate::domain::party::{Actor, Division, Language, Organisation, OrganisationKind, Role};

/// A person with what signing in needs.
#[derive(Debug, Clone)]
pub struct Account {
    /// Who, and for whom.
    pub actor: Actor,
    /// What they type to sign in.
    pub username: String,
    /// The language they are told things in.
    pub language: Language,
    /// Their password's hash.
    pub password_hash: String,
    /// True when the person or the organisation may not sign in.
    pub disabled: bool,
}

/// A person about to be created.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Their id.
    pub id: UserId,
    /// Their organisation.
    pub organisation: OrganisationId,
    /// What they type to sign in.
    pub username: String,
    /// Their name.
    pub name: String,
    /// What they may be.
    pub role: Role,
    /// Mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// The language they are told things in.
    pub language: Language,
    /// The place a manufacturer's person is responsible for; `None` = no place in particular.
    pub territory: Option<Division>,
    /// Their password's hash.
    pub password_hash: String,
}

/// The account of a user name.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn find_by_username(
    db: &impl ConnectionTrait,
    username: &str,
) -> Result<Option<Account>, Error> {
    let found = app_user::Entity::find()
        .filter(app_user::Column::Username.eq(username))
        .find_also_related(organisation::Entity)
        .one(db)
        .await?;
    let Some((user, Some(organisation))) = found else { return Ok(None) };
    account_of(user, organisation).map(Some)
}

/// The account that a live session belongs to.
///
/// # Errors
/// As [`find_by_username`].
pub async fn find_by_session(
    db: &impl ConnectionTrait,
    token_hash: &str,
    wall: DateTime<Utc>,
) -> Result<Option<(Account, DateTime<Utc>)>, Error> {
    let found = session::Entity::find_by_id(token_hash.to_owned())
        .filter(session::Column::ExpiresAt.gt(wall))
        .find_also_related(app_user::Entity)
        .and_also_related(organisation::Entity)
        .one(db)
        .await?;
    let Some((session, Some(user), Some(organisation))) = found else { return Ok(None) };
    let account = account_of(user, organisation)?;
    Ok(Some((account, session.expires_at)).filter(|(account, _)| !account.disabled))
}

pub(super) fn account_of(
    user: app_user::Model,
    organisation: organisation::Model,
) -> Result<Account, Error> {
    let id = user.id;
    let place = Place { table: "app_user", id: &id };
    Ok(Account {
        disabled: user.disabled_at.is_some() || organisation.disabled_at.is_some(),
        actor: Actor {
            user: UserId(id),
            role: place.word("role", &user.role)?,
            name: user.name,
            organisation: organisation_of(organisation)?,
        },
        username: user.username,
        language: place.word("language", &user.language)?,
        password_hash: user.password_hash,
    })
}

fn organisation_of(row: organisation::Model) -> Result<Organisation, Error> {
    let id = row.id;
    let place = Place { table: "organisation", id: &id };
    Ok(Organisation {
        id: OrganisationId(id),
        kind: place.word("kind", &row.kind)?,
        division: place.division("division", row.division)?,
        name: row.name,
    })
}

/// Begins a session.
///
/// # Errors
/// [`Error::Driver`].
pub async fn insert_session(
    db: &impl ConnectionTrait,
    token_hash: String,
    user: UserId,
    wall: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), Error> {
    let row = session::Model { token_hash, user_id: user.0, created_at: wall, expires_at };
    session::Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// Ends a session; false when there is none.
///
/// # Errors
/// [`Error::Driver`].
pub async fn delete_session(db: &impl ConnectionTrait, token_hash: &str) -> Result<bool, Error> {
    let deleted = session::Entity::delete_by_id(token_hash.to_owned()).exec(db).await?;
    Ok(deleted.rows_affected == 1)
}

/// Ends every session of somebody but one.
///
/// # Errors
/// [`Error::Driver`].
pub async fn delete_other_sessions(
    db: &impl ConnectionTrait,
    user: UserId,
    token_hash: &str,
) -> Result<(), Error> {
    session::Entity::delete_many()
        .filter(session::Column::UserId.eq(user.0))
        .filter(session::Column::TokenHash.ne(token_hash))
        .exec(db)
        .await?;
    Ok(())
}

/// Ends the sessions that have run out; gives how many there were.
///
/// # Errors
/// [`Error::Driver`].
pub async fn delete_expired(db: &impl ConnectionTrait, wall: DateTime<Utc>) -> Result<u64, Error> {
    let expired = session::Column::ExpiresAt.lte(wall);
    Ok(session::Entity::delete_many().filter(expired).exec(db).await?.rows_affected)
}

/// How often signing in failed for a user name since an instant.
///
/// # Errors
/// [`Error::Driver`].
pub async fn failures_since(
    db: &impl ConnectionTrait,
    username: &str,
    since: DateTime<Utc>,
) -> Result<u64, Error> {
    let failures = sign_in_failure::Entity::find()
        .filter(sign_in_failure::Column::Username.eq(username))
        .filter(sign_in_failure::Column::At.gt(since));
    Ok(failures.count(db).await?)
}

/// Remembers a failed sign-in, and forgets those before `since`.
///
/// # Errors
/// [`Error::Driver`].
pub async fn insert_failure(
    db: &impl ConnectionTrait,
    username: &str,
    wall: DateTime<Utc>,
    since: DateTime<Utc>,
) -> Result<(), Error> {
    let old = sign_in_failure::Column::At.lt(since);
    sign_in_failure::Entity::delete_many().filter(old).exec(db).await?;
    let row =
        sign_in_failure::Model { id: Uuid::now_v7(), username: username.to_owned(), at: wall };
    sign_in_failure::Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// Changes the language that somebody is told things in; gives the one before.
///
/// # Errors
/// [`Error`] when the database fails or the row is corrupt.
pub async fn set_language(
    db: &impl ConnectionTrait,
    user: UserId,
    language: Language,
) -> Result<Option<Language>, Error> {
    let row = dialect::locked(app_user::Entity::find_by_id(user.0)).one(db).await?;
    let Some(row) = row else { return Ok(None) };
    let before = Place { table: "app_user", id: &row.id }.word("language", &row.language)?;
    app_user::Entity::update_many()
        .col_expr(app_user::Column::Language, Expr::value(word(&language)))
        .filter(app_user::Column::Id.eq(user.0))
        .exec(db)
        .await?;
    Ok(Some(before))
}

/// Puts a hash in the place of the one that was checked; false when that is not there any more.
///
/// # Errors
/// [`Error::Driver`].
pub async fn replace_password(
    db: &impl ConnectionTrait,
    user: UserId,
    (checked, new): (&str, &str),
) -> Result<bool, Error> {
    let done = app_user::Entity::update_many()
        .col_expr(app_user::Column::PasswordHash, Expr::value(new))
        .filter(app_user::Column::Id.eq(user.0))
        .filter(app_user::Column::PasswordHash.eq(checked))
        .exec(db)
        .await?;
    Ok(done.rows_affected > 0)
}

/// Creates an organisation.
///
/// # Errors
/// [`Error::Driver`]; the same kind, division and name again is a duplicate.
pub async fn insert_organisations(
    db: &impl ConnectionTrait,
    organisations: &[Organisation],
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let rows = organisations.iter().map(|organisation| organisation::Model {
        id: organisation.id.0,
        kind: word(&organisation.kind),
        name: organisation.name.clone(),
        division: division(organisation.division),
        disabled_at: None,
        created_at: at,
        version: 1,
        credit_code: None,
        institution_code: None,
        merged_into: None,
    });
    super::batch::add(db, rows).await
}

/// Creates people.
///
/// # Errors
/// [`Error::Driver`]; a taken user name is a duplicate.
pub async fn insert_users(
    db: &impl ConnectionTrait,
    users: &[NewUser],
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let rows = users.iter().cloned().map(|user| app_user::Model {
        id: user.id.0,
        organisation_id: user.organisation.0,
        username: user.username,
        name: user.name,
        role: word(&user.role),
        email: user.email,
        phone: user.phone,
        language: word(&user.language),
        password_hash: user.password_hash,
        territory: user.territory.map(division),
        disabled_at: None,
        created_at: at,
        version: 1,
    });
    super::batch::add(db, rows).await
}

/// An organisation by kind, division and name.
///
/// # Errors
/// As [`find_by_username`].
pub async fn find_organisation(
    db: &impl ConnectionTrait,
    kind: OrganisationKind,
    region: Division,
    name: &str,
) -> Result<Option<Organisation>, Error> {
    let found = organisation::Entity::find()
        .filter(organisation::Column::Kind.eq(word(&kind)))
        .filter(organisation::Column::Division.eq(division(region)))
        .filter(organisation::Column::Name.eq(name))
        .one(db)
        .await?;
    found.map(organisation_of).transpose()
}

/// Organisations by id, in no order.
///
/// # Errors
/// As [`find_by_username`].
pub async fn organisations(
    db: &impl ConnectionTrait,
    ids: &[OrganisationId],
) -> Result<Vec<Organisation>, Error> {
    let ids = ids.iter().map(|id| id.0);
    let rows =
        organisation::Entity::find().filter(organisation::Column::Id.is_in(ids)).all(db).await?;
    rows.into_iter().map(organisation_of).collect()
}

/// Those of the organisations that are disabled.
///
/// # Errors
/// [`Error::Driver`].
pub async fn disabled(
    db: &impl ConnectionTrait,
    ids: &[OrganisationId],
) -> Result<Vec<OrganisationId>, Error> {
    let rows = organisation::Entity::find()
        .filter(organisation::Column::Id.is_in(ids.iter().map(|id| id.0)))
        .filter(organisation::Column::DisabledAt.is_not_null())
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| OrganisationId(row.id)).collect())
}

/// The names of people, for timelines.
///
/// # Errors
/// As [`find_by_username`].
pub async fn user_names(
    db: &impl ConnectionTrait,
    ids: &[UserId],
) -> Result<Vec<(UserId, String)>, Error> {
    // The view shows what anybody may know of anybody, where the table shows its own alone.
    let mut select = Query::select();
    let id = Expr::col("id").is_in(ids.iter().map(|id| id.0));
    select.columns(["id", "name"]).from("person_name").and_where(id);
    let rows = db.query_all(&select).await?;
    let name = |row: QueryResult| Ok((UserId(row.try_get("", "id")?), row.try_get("", "name")?));
    rows.into_iter().map(name).collect()
}

/// True when nobody is registered yet.
///
/// # Errors
/// [`Error::Driver`].
pub async fn is_empty(db: &impl ConnectionTrait) -> Result<bool, Error> {
    Ok(organisation::Entity::find().one(db).await?.is_none())
}
