//! Lists of organisations and of people.
//!
//! **Never** reads a password's hash.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{app_user, organisation};
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::organisation_of;
use crate::domain::id::{OrganisationId, UserId};
use crate::domain::party::{Division, Language, Organisation, OrganisationKind, Role};
use crate::store::row::{Place, division, word};
use crate::store::{Error, dialect};

/// Where in a list by name a row stands.
pub type NamePosition = (String, Uuid);

/// Which organisations are listed.
#[derive(Debug, Clone, Default)]
pub struct OrganisationFilter {
    /// Only names that contain this.
    pub part: Option<String>,
    /// Only of this kind.
    pub kind: Option<OrganisationKind>,
    /// Only what lies in this division.
    pub within: Option<Division>,
    /// Whether the disabled ones are left out.
    pub standing: Standing,
}

/// Whether the disabled ones are listed, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// They are.
    #[default]
    Any,
    /// They are not.
    Enabled,
}

/// An organisation in the list.
#[derive(Debug, Clone)]
pub struct ListedOrganisation {
    /// The organisation.
    pub organisation: Organisation,
    /// Since when nobody of it may sign in.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Its unified social credit code.
    pub credit_code: Option<String>,
    /// A medical institution's national code.
    pub institution_code: Option<String>,
    /// The organisation that it is now a part of.
    pub merged_into: Option<OrganisationId>,
    /// Counts its changes.
    pub version: i64,
}

/// One page of organisations, by name.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn list_organisations(
    db: &impl ConnectionTrait,
    filter: &OrganisationFilter,
    after: Option<&NamePosition>,
    limit: u64,
) -> Result<Vec<ListedOrganisation>, Error> {
    use organisation::Column;
    let mut select = organisation::Entity::find();
    if let Some(kind) = &filter.kind {
        select = select.filter(Column::Kind.eq(word(kind)));
    }
    if let Some(region) = filter.within {
        let end = i32::try_from(region.range().1).unwrap_or(i32::MAX);
        select = select.filter(Column::Division.gte(division(region)));
        select = select.filter(Column::Division.lt(end));
    }
    if let Some(part) = &filter.part {
        let name = dialect::contains(db.get_database_backend(), "organisation.name", part);
        select = select.filter(name);
    }
    select = match filter.standing {
        Standing::Any => select,
        Standing::Enabled => select.filter(Column::DisabledAt.is_null()),
    };
    if let Some(after) = after {
        select = select.filter(comes_after((Column::Name, Column::Id), after));
    }
    let select = select.order_by_asc(Column::Name).order_by_asc(Column::Id).limit(limit);
    select.all(db).await?.into_iter().map(listed_organisation).collect()
}

pub(in crate::store) fn listed_organisation(
    row: organisation::Model,
) -> Result<ListedOrganisation, Error> {
    Ok(ListedOrganisation {
        disabled_at: row.disabled_at,
        credit_code: row.credit_code.clone(),
        institution_code: row.institution_code.clone(),
        merged_into: row.merged_into.map(OrganisationId),
        version: row.version,
        organisation: organisation_of(row)?,
    })
}

fn comes_after<C: ColumnTrait>((name, id): (C, C), after: &NamePosition) -> Condition {
    let same = Condition::all().add(name.eq(after.0.as_str())).add(id.gt(after.1));
    Condition::any().add(name.gt(after.0.as_str())).add(same)
}

/// How many people of these organisations may sign in; those without anybody are left out.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn head_counts(
    db: &impl ConnectionTrait,
    ids: &[OrganisationId],
) -> Result<HashMap<OrganisationId, u32>, Error> {
    let rows: Vec<(Uuid, i64)> = app_user::Entity::find()
        .select_only()
        .column(app_user::Column::OrganisationId)
        .column_as(app_user::Column::Id.count(), "people")
        .filter(app_user::Column::OrganisationId.is_in(ids.iter().map(|id| id.0)))
        .filter(app_user::Column::DisabledAt.is_null())
        .group_by(app_user::Column::OrganisationId)
        .into_tuple()
        .all(db)
        .await?;
    let count = |(id, people): (Uuid, i64)| {
        let place = Place { table: "app_user", id: &id };
        Ok((OrganisationId(id), place.number("id", people)?))
    };
    rows.into_iter().map(count).collect()
}

/// Which people are listed.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Only whose name or user name contains this.
    pub part: Option<String>,
    /// Only of this role.
    pub role: Option<Role>,
    /// Only of this organisation.
    pub organisation: Option<OrganisationId>,
}

/// A person in the list.
#[derive(Debug, Clone)]
pub struct ListedUser {
    /// Their id.
    pub id: UserId,
    /// What they type to sign in.
    pub username: String,
    /// Their name.
    pub name: String,
    /// What they may be.
    pub role: Role,
    /// Their organisation.
    pub organisation: Organisation,
    /// Mail address, in full.
    pub email: Option<String>,
    /// Phone number, in full.
    pub phone: Option<String>,
    /// The language they are told things in.
    pub language: Language,
    /// The place a manufacturer's person is responsible for.
    pub territory: Option<Division>,
    /// Since when they may not sign in.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Since when they are known.
    pub created_at: DateTime<Utc>,
    /// Counts what is changed of them.
    pub version: i64,
}

/// One page of people, by user name.
///
/// # Errors
/// [`Error`] when the database fails or a row is corrupt.
pub async fn list_users(
    db: &impl ConnectionTrait,
    filter: &UserFilter,
    after: Option<&NamePosition>,
    limit: u64,
) -> Result<Vec<ListedUser>, Error> {
    use app_user::Column;
    let mut select = app_user::Entity::find().find_also_related(organisation::Entity);
    if let Some(part) = &filter.part {
        let backend = db.get_database_backend();
        let contains = |column| -> SimpleExpr { dialect::contains(backend, column, part) };
        let either =
            Condition::any().add(contains("app_user.username")).add(contains("app_user.name"));
        select = select.filter(either);
    }
    if let Some(role) = &filter.role {
        select = select.filter(Column::Role.eq(word(role)));
    }
    if let Some(id) = filter.organisation {
        select = select.filter(Column::OrganisationId.eq(id.0));
    }
    if let Some(after) = after {
        select = select.filter(comes_after((Column::Username, Column::Id), after));
    }
    let select = select.order_by_asc(Column::Username).order_by_asc(Column::Id).limit(limit);
    let rows = select.all(db).await?;
    rows.into_iter().map(|(user, organisation)| listed(user, organisation)).collect()
}

pub(super) fn listed(
    row: app_user::Model,
    organisation: Option<organisation::Model>,
) -> Result<ListedUser, Error> {
    let id = row.id;
    let place = Place { table: "app_user", id: &id };
    let organisation = organisation.ok_or_else(|| place.corrupt("organisation_id", &"missing"))?;
    Ok(ListedUser {
        id: UserId(id),
        role: place.word("role", &row.role)?,
        organisation: organisation_of(organisation)?,
        language: place.word("language", &row.language)?,
        territory: row.territory.map(|code| place.division("territory", code)).transpose()?,
        username: row.username,
        name: row.name,
        email: row.email,
        phone: row.phone,
        disabled_at: row.disabled_at,
        created_at: row.created_at,
        version: row.version,
    })
}
