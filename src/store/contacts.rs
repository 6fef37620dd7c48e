//! Whom to ask in organisations, and the codes that verify their addresses.
//!
//! **Never** stores a code: only its hash.

use chrono::{DateTime, Utc};
use entity::{contact, contact_code};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder,
};
use uuid::Uuid;

use super::row::{Place, division, word};
use super::{Error, dialect};
use crate::domain::contact::{Card, Challenge};
use crate::domain::id::OrganisationId;

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Its id.
    pub id: Uuid,
    /// Of which organisation.
    pub organisation: OrganisationId,
    /// What it says.
    pub card: Card,
    /// When somebody showed that the address is theirs.
    pub verified_at: Option<DateTime<Utc>>,
    /// Counts its changes.
    pub version: i64,
}

fn contact_of(row: contact::Model) -> Result<Contact, Error> {
    let place = Place { table: "contact", id: &row.id };
    Ok(Contact {
        id: row.id,
        organisation: OrganisationId(row.organisation_id),
        card: Card {
            function: place.word("function", &row.function)?,
            channel: place.word("channel", &row.channel)?,
            territory: row.territory.map(|code| place.division("territory", code)).transpose()?,
            name: row.name,
            address: row.address,
        },
        verified_at: row.verified_at,
        version: row.version,
    })
}

/// The contacts of an organisation, those for a function together.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn of(db: &impl ConnectionTrait, id: OrganisationId) -> Result<Vec<Contact>, Error> {
    let rows = contact::Entity::find()
        .filter(contact::Column::OrganisationId.eq(id.0))
        .order_by_asc(contact::Column::Function)
        .order_by_asc(contact::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(contact_of).collect()
}

/// The contacts that were verified before an instant, by organisation.
///
/// # Errors
/// As [`of`].
pub async fn verified_before(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
) -> Result<Vec<Contact>, Error> {
    let rows = contact::Entity::find()
        .filter(contact::Column::VerifiedAt.lt(before))
        .order_by_asc(contact::Column::OrganisationId)
        .order_by_asc(contact::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(contact_of).collect()
}

/// A contact.
///
/// # Errors
/// As [`of`].
pub async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Contact>, Error> {
    contact::Entity::find_by_id(id).one(db).await?.map(contact_of).transpose()
}

/// A contact, held until the end of the transaction.
///
/// # Errors
/// As [`of`].
pub async fn held(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Contact>, Error> {
    let select = dialect::locked(contact::Entity::find_by_id(id));
    select.one(db).await?.map(contact_of).transpose()
}

/// Adds a contact.
///
/// # Errors
/// [`Error::Driver`].
pub async fn insert(
    db: &impl ConnectionTrait,
    new: &Contact,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let row = contact::Model {
        id: new.id,
        organisation_id: new.organisation.0,
        function: word(&new.card.function),
        name: new.card.name.clone(),
        channel: word(&new.card.channel),
        address: new.card.address.clone(),
        territory: new.card.territory.map(division),
        created_at: at,
        verified_at: None,
        version: 1,
    };
    contact::Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// Writes what a contact says, and counts its version.
///
/// # Errors
/// [`Error::Driver`].
pub async fn replace(db: &impl ConnectionTrait, kept: &Contact) -> Result<(), Error> {
    use contact::Column;
    contact::Entity::update_many()
        .col_expr(Column::Function, Expr::value(word(&kept.card.function)))
        .col_expr(Column::Name, Expr::value(kept.card.name.clone()))
        .col_expr(Column::Channel, Expr::value(word(&kept.card.channel)))
        .col_expr(Column::Address, Expr::value(kept.card.address.clone()))
        .col_expr(Column::Territory, Expr::value(kept.card.territory.map(division)))
        .col_expr(Column::VerifiedAt, Expr::value(kept.verified_at))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(kept.id))
        .exec(db)
        .await?;
    Ok(())
}

/// Removes a contact with its codes.
///
/// # Errors
/// [`Error::Driver`].
pub async fn remove(db: &impl ConnectionTrait, id: Uuid) -> Result<(), Error> {
    let codes = contact_code::Column::ContactId.eq(id);
    contact_code::Entity::delete_many().filter(codes).exec(db).await?;
    contact::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// Remembers a code that is sent.
///
/// # Errors
/// [`Error::Driver`].
pub async fn insert_code(
    db: &impl ConnectionTrait,
    (id, contact): (Uuid, Uuid),
    code_hash: String,
    (asked_at, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    let row = contact_code::Model {
        id,
        contact_id: contact,
        code_hash,
        asked_at,
        expires_at,
        tries: 0,
        used_at: None,
    };
    contact_code::Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// The last code that was sent to a contact: its id, its hash, when it was asked for, and how it
/// stands.
///
/// # Errors
/// [`Error::Driver`].
pub async fn last_code(
    db: &impl ConnectionTrait,
    contact: Uuid,
) -> Result<Option<(Uuid, String, DateTime<Utc>, Challenge)>, Error> {
    let found = contact_code::Entity::find()
        .filter(contact_code::Column::ContactId.eq(contact))
        .order_by_desc(contact_code::Column::AskedAt)
        .order_by_desc(contact_code::Column::Id);
    let read = |row: contact_code::Model| {
        let is_used = row.used_at.is_some();
        let challenge = Challenge { expires_at: row.expires_at, tries: row.tries, is_used };
        (row.id, row.code_hash, row.asked_at, challenge)
    };
    Ok(found.one(db).await?.map(read))
}

/// How many codes were sent to a contact since an instant.
///
/// # Errors
/// [`Error::Driver`].
pub async fn codes_since(
    db: &impl ConnectionTrait,
    contact: Uuid,
    since: DateTime<Utc>,
) -> Result<u64, Error> {
    let sent = contact_code::Entity::find()
        .filter(contact_code::Column::ContactId.eq(contact))
        .filter(contact_code::Column::AskedAt.gt(since));
    Ok(sent.count(db).await?)
}

/// Counts a wrong code.
///
/// # Errors
/// [`Error::Driver`].
pub async fn count_try(db: &impl ConnectionTrait, id: Uuid) -> Result<(), Error> {
    use contact_code::Column;
    let more = Expr::col(Column::Tries).add(1);
    let update = contact_code::Entity::update_many().col_expr(Column::Tries, more);
    update.filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// Marks a code as used.
///
/// # Errors
/// [`Error::Driver`].
pub async fn mark_used(
    db: &impl ConnectionTrait,
    id: Uuid,
    wall: DateTime<Utc>,
) -> Result<(), Error> {
    use contact_code::Column;
    let update = contact_code::Entity::update_many().col_expr(Column::UsedAt, Expr::value(wall));
    update.filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}
