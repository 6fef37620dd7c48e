//! Who takes part: organisations and people, looked up.
//!
//! Administrators see all of them. A manufacturer may look up the distributors that it can bring
//! in, and a bureau the manufacturers of which it can name the right one: nothing but what that
//! needs.
//!
//! **Never** gives out an address in full.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;

use super::{App, Error};
use crate::domain::access::{Scope, masked, masked_mail};
use crate::domain::id::{OrganisationId, UserId};
use crate::domain::keeping;
use crate::domain::party::{Division, Language, Organisation, OrganisationKind, Role};
use crate::store::accounts::{self, ListedOrganisation, ListedUser, Standing};
pub use crate::store::accounts::{NamePosition, OrganisationFilter, UserFilter};
use crate::store::figures;

/// An organisation as the caller may see it.
#[derive(Debug, Clone)]
pub struct OrganisationView {
    /// The organisation.
    pub organisation: Organisation,
    /// For administrators.
    pub keeping: Option<Keeping>,
}

/// What administrators keep of an organisation.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// Since when nobody of it may sign in.
    pub disabled_at: Option<DateTime<Utc>>,
    /// How many people of it may sign in.
    pub people: u32,
    /// Its unified social credit code.
    pub credit_code: Option<String>,
    /// A medical institution's national code.
    pub institution_code: Option<String>,
    /// The organisation that it is now a part of.
    pub merged_into: Option<Organisation>,
    /// The names of those that are now parts of it.
    pub formerly: Vec<String>,
    /// Counts its changes.
    pub version: i64,
}

/// Refuses whoever may not list organisations of this kind.
///
/// # Errors
/// [`Error::Forbidden`].
pub fn admit(scope: &Scope, kind: Option<OrganisationKind>) -> Result<(), Error> {
    let refused = |message: &str| Err(Error::Forbidden(message.to_owned()));
    match scope.actor().role {
        Role::Admin => Ok(()),
        Role::Manufacturer if kind == Some(OrganisationKind::Distributor) => Ok(()),
        Role::Manufacturer => refused("a manufacturer may list distributors: kind=distributor"),
        Role::Bureau if kind == Some(OrganisationKind::Manufacturer) => Ok(()),
        Role::Bureau => refused("a bureau may list manufacturers: kind=manufacturer"),
        Role::Security if kind == Some(OrganisationKind::Platform) => Ok(()),
        Role::Security => refused("security may list the platform's own: kind=platform"),
        Role::Hospital | Role::Distributor | Role::Auditor => {
            refused("only administrators may list organisations")
        }
    }
}

/// One page of organisations, by name.
///
/// # Errors
/// [`Error::Forbidden`], as [`admit`] says.
pub async fn organisations(
    app: &App,
    scope: &Scope,
    filter: &OrganisationFilter,
    (after, limit): (Option<&NamePosition>, u64),
) -> Result<Vec<OrganisationView>, Error> {
    admit(scope, filter.kind)?;
    let db = &app.store.read_as(scope).await?;
    if scope.actor().role != Role::Admin {
        let enabled = OrganisationFilter { standing: Standing::Enabled, ..filter.clone() };
        let rows = accounts::list_organisations(db, &enabled, after, limit).await?;
        let bare = |row: ListedOrganisation| OrganisationView {
            organisation: row.organisation,
            keeping: None,
        };
        return Ok(rows.into_iter().map(bare).collect());
    }
    let rows = accounts::list_organisations(db, filter, after, limit).await?;
    kept_views(db, rows).await
}

/// Organisations as administrators see them.
async fn kept_views(
    db: &impl ConnectionTrait,
    rows: Vec<ListedOrganisation>,
) -> Result<Vec<OrganisationView>, Error> {
    let ids: Vec<OrganisationId> = rows.iter().map(|row| row.organisation.id).collect();
    let people = accounts::head_counts(db, &ids).await?;
    let into: Vec<OrganisationId> = rows.iter().filter_map(|row| row.merged_into).collect();
    let into =
        if into.is_empty() { Vec::new() } else { accounts::organisations(db, &into).await? };
    let merged = accounts::merged(db, &ids).await?;
    let kept = |row: ListedOrganisation| {
        let people = people.get(&row.organisation.id).copied().unwrap_or_default();
        let keeping = Keeping {
            disabled_at: row.disabled_at,
            people,
            credit_code: row.credit_code,
            institution_code: row.institution_code,
            merged_into: into.iter().find(|one| Some(one.id) == row.merged_into).cloned(),
            formerly: merged
                .iter()
                .filter(|one| one.merged_into == Some(row.organisation.id))
                .map(|one| one.organisation.name.clone())
                .collect(),
            version: row.version,
        };
        OrganisationView { organisation: row.organisation, keeping: Some(keeping) }
    };
    Ok(rows.into_iter().map(kept).collect())
}

/// One organisation as administrators see it.
pub(super) async fn kept_view(
    db: &impl ConnectionTrait,
    row: ListedOrganisation,
) -> Result<OrganisationView, Error> {
    kept_views(db, vec![row]).await?.pop().ok_or(Error::NotFound)
}

/// How many take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Organisations, disabled ones included.
    pub organisations: u64,
    /// People, likewise.
    pub people: u64,
}

/// Counts who takes part, for administrators.
///
/// # Errors
/// [`Error::Forbidden`] for everybody else.
pub async fn size(app: &App, scope: &Scope) -> Result<Size, Error> {
    keeping::organisations(scope.actor().role)?;
    let db = &app.store.read_as(scope).await?;
    Ok(Size {
        organisations: figures::organisations(db).await?,
        people: figures::people(db).await?,
    })
}

/// A person as administrators see them.
#[derive(Debug, Clone)]
pub struct UserView {
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
    /// Mail address, masked.
    pub email: Option<String>,
    /// Phone number, masked.
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

impl From<ListedUser> for UserView {
    fn from(user: ListedUser) -> Self {
        Self {
            id: user.id,
            username: user.username,
            name: user.name,
            role: user.role,
            organisation: user.organisation,
            email: user.email.as_deref().map(masked_mail),
            phone: user.phone.as_deref().map(masked),
            language: user.language,
            territory: user.territory,
            disabled_at: user.disabled_at,
            created_at: user.created_at,
            version: user.version,
        }
    }
}

/// One page of people, by user name.
///
/// # Errors
/// [`Error::Forbidden`] unless an administrator asks.
pub async fn users(
    app: &App,
    scope: &Scope,
    filter: &UserFilter,
    (after, limit): (Option<&NamePosition>, u64),
) -> Result<Vec<UserView>, Error> {
    admit_to_users(scope)?;
    let rows = accounts::list_users(&app.store.read_as(scope).await?, filter, after, limit).await?;
    Ok(rows.into_iter().map(UserView::from).collect())
}

/// Refuses whoever may not list people.
///
/// # Errors
/// [`Error::Forbidden`].
pub fn admit_to_users(scope: &Scope) -> Result<(), Error> {
    Ok(keeping::people(scope.actor().role)?)
}
