//! Organisations, one at a time, for those who keep them.
//!
//! **Never** removes one: what was, names it.

use chrono::{DateTime, Utc};
use entity::{app_user, organisation, session};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait as _, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};

use super::directory::{ListedOrganisation, listed_organisation};
use crate::domain::id::OrganisationId;
use crate::store::row::{division, word};
use crate::store::{Error, dialect};

/// An organisation with what is kept of it.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn kept(
    db: &impl ConnectionTrait,
    id: OrganisationId,
) -> Result<Option<ListedOrganisation>, Error> {
    organisation::Entity::find_by_id(id.0).one(db).await?.map(listed_organisation).transpose()
}

/// The same, held until the end of the transaction.
///
/// # Errors
/// As [`kept`].
pub async fn held(
    db: &impl ConnectionTrait,
    id: OrganisationId,
) -> Result<Option<ListedOrganisation>, Error> {
    let select = dialect::locked(organisation::Entity::find_by_id(id.0));
    select.one(db).await?.map(listed_organisation).transpose()
}

/// Adds an organisation.
///
/// # Errors
/// [`Error::Driver`]; its kind, division and name again, or its institution code, is a duplicate.
pub async fn insert_kept(
    db: &impl ConnectionTrait,
    new: &ListedOrganisation,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    insert_all_kept(db, std::slice::from_ref(new), at).await
}

/// Adds organisations.
///
/// # Errors
/// As [`insert_kept`].
pub async fn insert_all_kept(
    db: &impl ConnectionTrait,
    new: &[ListedOrganisation],
    at: DateTime<Utc>,
) -> Result<(), Error> {
    crate::store::batch::add(db, new.iter().map(|new| row_of(new, at))).await
}

fn row_of(new: &ListedOrganisation, at: DateTime<Utc>) -> organisation::Model {
    organisation::Model {
        id: new.organisation.id.0,
        kind: word(&new.organisation.kind),
        name: new.organisation.name.clone(),
        division: division(new.organisation.division),
        disabled_at: new.disabled_at,
        created_at: at,
        version: 1,
        credit_code: new.credit_code.clone(),
        institution_code: new.institution_code.clone(),
        merged_into: None,
    }
}

/// Writes everything of an organisation but its kind, and counts its version.
///
/// # Errors
/// As [`insert_kept`].
pub async fn replace_kept(
    db: &impl ConnectionTrait,
    kept: &ListedOrganisation,
) -> Result<(), Error> {
    use organisation::Column;
    organisation::Entity::update_many()
        .col_expr(Column::Name, Expr::value(kept.organisation.name.clone()))
        .col_expr(Column::Division, Expr::value(division(kept.organisation.division)))
        .col_expr(Column::DisabledAt, Expr::value(kept.disabled_at))
        .col_expr(Column::CreditCode, Expr::value(kept.credit_code.clone()))
        .col_expr(Column::InstitutionCode, Expr::value(kept.institution_code.clone()))
        .col_expr(Column::MergedInto, Expr::value(kept.merged_into.map(|id| id.0)))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(kept.organisation.id.0))
        .exec(db)
        .await?;
    Ok(())
}

/// The organisation that has an institution code, those that were merged left out.
///
/// # Errors
/// [`Error::Driver`].
pub async fn of_institution_code(
    db: &impl ConnectionTrait,
    code: &str,
) -> Result<Option<OrganisationId>, Error> {
    let found = organisation::Entity::find()
        .filter(organisation::Column::InstitutionCode.eq(code))
        .filter(organisation::Column::MergedInto.is_null())
        .one(db)
        .await?;
    Ok(found.map(|row| OrganisationId(row.id)))
}

/// The organisations that are now parts of these, by name.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn merged(
    db: &impl ConnectionTrait,
    into: &[OrganisationId],
) -> Result<Vec<ListedOrganisation>, Error> {
    let rows = organisation::Entity::find()
        .filter(organisation::Column::MergedInto.is_in(into.iter().map(|id| id.0)))
        .order_by_asc(organisation::Column::Name)
        .all(db)
        .await?;
    rows.into_iter().map(listed_organisation).collect()
}

/// Ends the sessions of everybody of an organisation.
///
/// # Errors
/// [`Error::Driver`].
pub async fn end_sessions_of(db: &impl ConnectionTrait, id: OrganisationId) -> Result<u64, Error> {
    let people = app_user::Entity::find()
        .select_only()
        .column(app_user::Column::Id)
        .filter(app_user::Column::OrganisationId.eq(id.0));
    let theirs = session::Column::UserId.in_subquery(people.into_query());
    Ok(session::Entity::delete_many().filter(theirs).exec(db).await?.rows_affected)
}
