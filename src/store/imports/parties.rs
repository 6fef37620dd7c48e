//! Organisations and people, many at a time.
//!
//! **Never** reads or writes a password's hash of somebody who is known.

use entity::{app_user, organisation};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use super::super::Error;
use super::super::accounts::ListedOrganisation;
use super::super::accounts::directory::listed_organisation;
use super::super::batch::Batch;
use super::super::row::{Place, division, word};
use super::MANY;
use crate::domain::id::{OrganisationId, UserId};
use crate::domain::party::{Division, Language, Organisation, OrganisationKind, Role};

/// A person as far as an import may change them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownUser {
    /// Their id.
    pub id: UserId,
    /// What they type to sign in.
    pub username: String,
    /// Their organisation.
    pub organisation: OrganisationId,
    /// What they may be.
    pub role: Role,
    /// Their name.
    pub name: String,
    /// Mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// The language they are told things in.
    pub language: Language,
    /// The place a manufacturer's person answers for; `None` = everywhere.
    pub territory: Option<Division>,
}

/// Every organisation of a kind, by each of its names.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn houses(
    db: &impl ConnectionTrait,
    kind: OrganisationKind,
) -> Result<Vec<Organisation>, Error> {
    let rows = organisation::Entity::find()
        .filter(organisation::Column::Kind.eq(word(&kind)))
        .all(db)
        .await?;
    let house = |row: organisation::Model| {
        let place = Place { table: "organisation", id: &row.id };
        let division = place.division("division", row.division)?;
        // By the name of one that was merged, the other one is meant.
        let id = OrganisationId(row.merged_into.unwrap_or(row.id));
        Ok(Organisation { id, kind, name: row.name, division })
    };
    rows.into_iter().map(house).collect()
}

/// Every organisation of a kind with what is kept of it.
///
/// # Errors
/// As [`houses`].
pub async fn kept_houses(
    db: &impl ConnectionTrait,
    kind: OrganisationKind,
) -> Result<Vec<ListedOrganisation>, Error> {
    let select = organisation::Entity::find();
    let rows = select.filter(organisation::Column::Kind.eq(word(&kind))).all(db).await?;
    rows.into_iter().map(listed_organisation).collect()
}

/// The people of these user names, in no order.
///
/// # Errors
/// As [`houses`].
pub async fn users_by_name(
    db: &impl ConnectionTrait,
    usernames: &[String],
) -> Result<Vec<KnownUser>, Error> {
    let mut known = Vec::new();
    for usernames in usernames.chunks(MANY) {
        let rows = app_user::Entity::find()
            .filter(app_user::Column::Username.is_in(usernames))
            .all(db)
            .await?;
        for row in rows {
            known.push(user_of(row)?);
        }
    }
    Ok(known)
}

fn user_of(row: app_user::Model) -> Result<KnownUser, Error> {
    let id: Uuid = row.id;
    let place = Place { table: "app_user", id: &id };
    Ok(KnownUser {
        id: UserId(id),
        organisation: OrganisationId(row.organisation_id),
        role: place.word("role", &row.role)?,
        language: place.word("language", &row.language)?,
        territory: row.territory.map(|code| place.division("territory", code)).transpose()?,
        username: row.username,
        name: row.name,
        email: row.email,
        phone: row.phone,
    })
}

/// Writes the names, addresses and languages of people.
pub fn update_users(batch: &mut Batch, users: &[KnownUser]) {
    for user in users {
        let values = app_user::ActiveModel {
            name: Set(user.name.clone()),
            email: Set(user.email.clone()),
            phone: Set(user.phone.clone()),
            language: Set(word(&user.language)),
            territory: Set(user.territory.map(division)),
            ..Default::default()
        };
        let update = app_user::Entity::update_many().set(values);
        let next = Expr::col(app_user::Column::Version).add(1);
        let update = update.col_expr(app_user::Column::Version, next);
        batch.push(&update.filter(app_user::Column::Id.eq(user.id.0)));
    }
}
