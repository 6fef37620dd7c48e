//! People who are told something, and the desks they sit at.
//!
//! **Never** gives out somebody who is disabled.

use chrono::{DateTime, Utc};
use entity::{app_user, delivery, organisation, product};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use super::{organisation_of, organisations};
use crate::domain::escalation::Desk;
use crate::domain::id::{OrganisationId, UserId};
use crate::domain::party::{Division, Organisation, OrganisationKind, Role};
use crate::store::Error;
use crate::store::outbox::DeliveryState;
use crate::store::row::{Place, division, word};

/// A person to be told something.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// Who.
    pub user: UserId,
    /// For which organisation.
    pub organisation: OrganisationId,
    /// Where that lies: its calendar decides the quiet hours.
    pub division: Division,
    /// Mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// The place a manufacturer's person is responsible for.
    pub territory: Option<Division>,
}

impl Recipient {
    /// True when they have an address of any kind.
    #[must_use]
    pub fn is_reachable(&self) -> bool {
        self.email.is_some() || self.phone.is_some()
    }
}

/// The bureaus of divisions, with whether anybody works there.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn desks(db: &impl ConnectionTrait, divisions: &[Division]) -> Result<Vec<Desk>, Error> {
    let rows = organisation::Entity::find()
        .filter(organisation::Column::Kind.eq(word(&OrganisationKind::Bureau)))
        .filter(organisation::Column::Division.is_in(divisions.iter().map(|d| division(*d))))
        .filter(organisation::Column::DisabledAt.is_null())
        .order_by_asc(organisation::Column::Id)
        .all(db)
        .await?;
    let ids: Vec<_> = rows.iter().map(|row| OrganisationId(row.id)).collect();
    let staff = recipients(db, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let organisation = organisation_of(row)?;
            Ok(Desk {
                bureau: organisation.id,
                staffed: staff.iter().any(|person| person.organisation == organisation.id),
                name: organisation.name,
                division: organisation.division,
            })
        })
        .collect()
}

/// The active people of organisations.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn recipients(
    db: &impl ConnectionTrait,
    ids: &[OrganisationId],
) -> Result<Vec<Recipient>, Error> {
    Ok(parties(db, ids).await?.1)
}

/// Organisations with their active people.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn parties(
    db: &impl ConnectionTrait,
    ids: &[OrganisationId],
) -> Result<(Vec<Organisation>, Vec<Recipient>), Error> {
    if ids.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let rows = app_user::Entity::find()
        .filter(app_user::Column::OrganisationId.is_in(ids.iter().map(|id| id.0)))
        .filter(app_user::Column::DisabledAt.is_null())
        .order_by_asc(app_user::Column::Id)
        .all(db)
        .await?;
    let organisations = organisations(db, ids).await?;
    let place_of = |id| organisations.iter().find(|organisation| organisation.id == id);
    let mut people = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(house) = place_of(OrganisationId(row.organisation_id)) else { continue };
        people.push(recipient_of(row, house.id, house.division)?);
    }
    Ok((organisations, people))
}

fn recipient_of(
    row: app_user::Model,
    organisation: OrganisationId,
    division: Division,
) -> Result<Recipient, Error> {
    let place = Place { table: "app_user", id: &row.id };
    Ok(Recipient {
        user: UserId(row.id),
        organisation,
        division,
        territory: row.territory.map(|code| place.division("territory", code)).transpose()?,
        email: row.email,
        phone: row.phone,
    })
}

/// The active people of a role whose organisation is active.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn of_role(db: &impl ConnectionTrait, role: Role) -> Result<Vec<Recipient>, Error> {
    let rows = app_user::Entity::find()
        .filter(app_user::Column::Role.eq(word(&role)))
        .filter(app_user::Column::DisabledAt.is_null())
        .find_also_related(organisation::Entity)
        .filter(organisation::Column::DisabledAt.is_null())
        .order_by_asc(app_user::Column::Id)
        .all(db)
        .await?;
    rows.into_iter()
        .filter_map(|(row, house)| Some((row, house?)))
        .map(|(row, house)| {
            let place = Place { table: "organisation", id: &house.id };
            let division = place.division("division", house.division)?;
            recipient_of(row, OrganisationId(house.id), division)
        })
        .collect()
}

/// The names of active manufacturers with products, none of whose people took a message since an
/// instant, by name.
///
/// # Errors
/// [`Error::Driver`].
pub async fn unproven_manufacturers(
    db: &impl ConnectionTrait,
    since: DateTime<Utc>,
) -> Result<Vec<String>, Error> {
    let taken = [DeliveryState::Sent, DeliveryState::Delivered, DeliveryState::Read];
    let reached = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::RecipientId)
        .filter(delivery::Column::State.is_in(taken.iter().map(word)))
        .filter(delivery::Column::FinishedAt.gte(since));
    let proven = app_user::Entity::find()
        .select_only()
        .column(app_user::Column::OrganisationId)
        .filter(app_user::Column::DisabledAt.is_null())
        .filter(app_user::Column::Id.in_subquery(reached.into_query()));
    let suppliers = product::Entity::find().select_only().column(product::Column::ManufacturerId);
    Ok(organisation::Entity::find()
        .select_only()
        .column(organisation::Column::Name)
        .filter(organisation::Column::Kind.eq(word(&OrganisationKind::Manufacturer)))
        .filter(organisation::Column::DisabledAt.is_null())
        .filter(organisation::Column::Id.in_subquery(suppliers.into_query()))
        .filter(organisation::Column::Id.not_in_subquery(proven.into_query()))
        .order_by_asc(organisation::Column::Name)
        .into_tuple()
        .all(db)
        .await?)
}
