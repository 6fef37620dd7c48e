//! How much there is: counts for whoever watches the service.
//!
//! **Never** tells whose.

use entity::{app_user, delivery, organisation, ticket};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::Error;
use super::outbox::DeliveryState;
use super::row::word;

/// How many tickets were ever filed.
///
/// # Errors
/// [`Error::Driver`].
pub async fn tickets(db: &impl ConnectionTrait) -> Result<u64, Error> {
    Ok(ticket::Entity::find().count(db).await?)
}

/// How many organisations there are.
///
/// # Errors
/// [`Error::Driver`].
pub async fn organisations(db: &impl ConnectionTrait) -> Result<u64, Error> {
    Ok(organisation::Entity::find().count(db).await?)
}

/// How many people there are.
///
/// # Errors
/// [`Error::Driver`].
pub async fn people(db: &impl ConnectionTrait) -> Result<u64, Error> {
    Ok(app_user::Entity::find().count(db).await?)
}

/// How many deliveries stand so.
///
/// # Errors
/// [`Error::Driver`].
pub async fn deliveries(db: &impl ConnectionTrait, state: DeliveryState) -> Result<u64, Error> {
    let found = delivery::Entity::find().filter(delivery::Column::State.eq(word(&state)));
    Ok(found.count(db).await?)
}
