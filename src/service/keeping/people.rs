//! People, kept by the system administrator, and administrators by the security administrator.
//!
//! **Never** keeps a password that was made for somebody: it is handed out once.

use std::sync::Arc;

use sea_orm::DatabaseTransaction;
use serde_json::{Value, json};
use uuid::Uuid;

use super::invitations::issue;
use super::organisations::look_again;
use super::{Read, acts_on, known_division, replaces, unless, veiled};
use crate::domain::access::Scope;
use crate::domain::id::{OrganisationId, UserId};
use crate::domain::invitation::Purpose;
use crate::domain::keeping;
use crate::domain::party::{Division, Language, Role};
use crate::service::accounts::{hash_password, off_the_async_threads, random_password};
use crate::service::audit::{self, Action, Entry};
use crate::service::directory::UserView;
use crate::service::once::once;
use crate::service::{Answered, App, Error, FieldError, Once};
use crate::store;
use crate::store::accounts::{self, ListedOrganisation, ListedUser, NewUser};

/// How somebody gets a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By a link that is mailed to them.
    Link,
    /// One is made, and handed to whoever asks for it.
    Made,
}

/// A person who is to be added.
#[derive(Debug, Clone)]
pub struct Newcomer {
    /// For whom.
    pub organisation: OrganisationId,
    /// What they type to sign in, in lower case.
    pub username: String,
    /// As what.
    pub role: Role,
    /// What else is kept of them.
    pub details: Details,
    /// How they get a password.
    pub way: Way,
}

/// What is kept of a person beside role and organisation.
#[derive(Debug, Clone)]
pub struct Details {
    /// Their name.
    pub name: String,
    /// Mail address: `None` leaves the one that is known, `Some(None)` takes it away.
    pub email: Option<Option<String>>,
    /// Phone number, likewise.
    pub phone: Option<Option<String>>,
    /// The language they are told things in.
    pub language: Language,
    /// The place a manufacturer's person is responsible for.
    pub territory: Option<Division>,
}

/// What a person is to be.
#[derive(Debug, Clone)]
pub struct Change {
    /// Another organisation of the same kind; `None` = theirs.
    pub organisation: Option<OrganisationId>,
    /// What else is kept of them.
    pub details: Details,
}

/// Another role.
#[derive(Debug, Clone)]
pub struct NewRole {
    /// Which.
    pub role: Role,
    /// The organisation where it is held; `None` = theirs.
    pub organisation: Option<OrganisationId>,
    /// Why.
    pub reason: String,
}

/// What was done, with the password that was made, if one was: its only copy.
#[derive(Debug)]
pub struct Handed {
    /// What is answered.
    pub answered: Answered,
    /// Nobody can be shown it again.
    pub password: Option<String>,
}

/// One person, for those who keep them.
///
/// # Errors
/// [`Error::Forbidden`] for everybody else, [`Error::NotFound`].
pub async fn show(app: &App, scope: &Scope, id: UserId) -> Result<UserView, Error> {
    keeping::people(scope.actor().role)?;
    let found = accounts::person(&app.store.read_as(scope).await?, id).await?;
    found.map(UserView::from).ok_or(Error::NotFound)
}

/// A password and its hash.
pub(super) async fn made() -> Result<(String, String), Error> {
    let password = random_password();
    let hashed = password.clone();
    let hash = off_the_async_threads(move || hash_password(&hashed)).await?;
    let dry = |_error| store::Error::Abandoned("the system gives no randomness");
    Ok((password, hash.map_err(dry)?))
}

/// Adds a person. What is read is judged before anything is hashed.
///
/// # Errors
/// [`Error::Forbidden`] unless an administrator asks who may keep this role, [`Error::Conflict`]
/// when the person would hold two of the three administrator roles, and [`Error::Invalid`].
pub async fn create(
    app: &App,
    scope: &Scope,
    read: Read<Newcomer>,
    request: Once<UserView>,
) -> Result<Handed, Error> {
    keeping::people(scope.actor().role)?;
    let way = read()?.way;
    let (password, hash) = made().await?;
    let entry = Entry::by(scope, Action::UserCreated, app.clock.wall());
    let (app_, keeper) = (app.clone(), scope.actor().role);
    let answered = once(app, request, move |tx| {
        let (read, entry, app, hash) =
            (Arc::clone(&read), entry.clone(), app_.clone(), hash.clone());
        Box::pin(async move {
            let new = read()?;
            keeping::person(keeper, new.role)?;
            let added = add(tx, &app, new, hash).await?;
            let detail = json!({ "after": told(&added) });
            audit::record(tx, entry.about(&added.username).with(detail)).await?;
            Ok(UserView::from(added))
        })
    })
    .await?;
    let is_handed = way == Way::Made && !answered.replayed;
    Ok(Handed { answered, password: is_handed.then_some(password) })
}

async fn add(
    tx: &DatabaseTransaction,
    app: &App,
    new: Newcomer,
    password_hash: String,
) -> Result<ListedUser, Error> {
    let Newcomer { organisation, username, role, details, way } = new;
    let mut refused = Vec::new();
    house(tx, organisation, role, &mut refused).await?;
    if accounts::find_by_username(tx, &username).await?.is_some() {
        refused.push(FieldError::new("username", "taken", "this user name is taken"));
    }
    territory(tx, &details, role, &mut refused).await?;
    let email = details.email.flatten();
    if way == Way::Link && email.is_none() {
        let message = "a link is mailed: it needs an address";
        refused.push(FieldError::new("email", "required", message));
    }
    unless(refused)?;
    let id = UserId(Uuid::now_v7());
    keeping::separated(id, role, email.as_deref(), &accounts::administrators(tx).await?)?;
    let user = NewUser {
        id,
        organisation,
        username,
        name: details.name,
        role,
        email: email.clone(),
        phone: details.phone.flatten(),
        language: details.language,
        territory: details.territory,
        password_hash,
    };
    accounts::insert_users(tx, &[user], app.clock.now()).await.map_err(look_again)?;
    if let Some(email) = email.filter(|_| way == Way::Link) {
        issue(tx, app, (id, &email), Purpose::Invited).await?;
    }
    accounts::person(tx, id).await?.ok_or(Error::NotFound)
}

/// The organisation where somebody is to be, if it can be there.
async fn house(
    tx: &DatabaseTransaction,
    id: OrganisationId,
    role: Role,
    refused: &mut Vec<FieldError>,
) -> Result<Option<ListedOrganisation>, Error> {
    let mut refuse = |code: &str, message: &str| {
        refused.push(FieldError::new("organisation_id", code, message));
    };
    let found = accounts::kept(tx, id).await?;
    match &found {
        None => refuse("unknown_organisation", "there is no such organisation"),
        Some(found) if found.merged_into.is_some() || found.disabled_at.is_some() => {
            refuse("suspended", "this organisation is suspended or was merged");
        }
        Some(found) => {
            if let Err(refusal) = keeping::role_fits(role, found.organisation.kind) {
                refused.push(FieldError::new("role", refusal.name(), refusal.to_string()));
            }
        }
    }
    Ok(found)
}

/// Refuses a territory that is nobody's, or not a manufacturer's person's.
async fn territory(
    tx: &DatabaseTransaction,
    details: &Details,
    role: Role,
    refused: &mut Vec<FieldError>,
) -> Result<(), Error> {
    let Some(territory) = details.territory else { return Ok(()) };
    if role != Role::Manufacturer {
        let message = "only a manufacturer's people answer for a place";
        refused.push(FieldError::new("territory", "not_applicable", message));
        return Ok(());
    }
    known_division(tx, "territory", territory, refused).await
}

/// What the audit log says of a person; addresses are veiled there.
pub(super) fn told(person: &ListedUser) -> Value {
    json!({
        "name": person.name,
        "role": person.role,
        "organisation": person.organisation.id.0,
        "addresses": veiled(person.email.as_deref(), person.phone.as_deref()),
        "language": person.language,
        "territory": person.territory,
        "suspended": person.disabled_at.is_some(),
    })
}

/// A person who may be kept by the caller, held.
pub(super) async fn held(
    tx: &DatabaseTransaction,
    keeper: Role,
    id: UserId,
    expected: Option<i64>,
) -> Result<ListedUser, Error> {
    let before = accounts::held_person(tx, id).await?.ok_or(Error::NotFound)?;
    keeping::person(keeper, before.role)?;
    acts_on(expected, before.version)?;
    Ok(before)
}

pub(super) async fn shown(tx: &DatabaseTransaction, id: UserId) -> Result<UserView, Error> {
    accounts::person(tx, id).await?.map(UserView::from).ok_or(Error::NotFound)
}

/// Replaces what is kept of a person. Whoever is moved to another organisation is signed out.
///
/// # Errors
/// [`Error::Forbidden`] unless an administrator asks who may keep them, [`Error::NotFound`],
/// [`Error::Unconditional`], [`Error::Outdated`], [`Error::Conflict`] and [`Error::Invalid`].
pub async fn replace(
    app: &App,
    scope: &Scope,
    id: UserId,
    read: Read<Change>,
    request: Once<UserView>,
) -> Result<Answered, Error> {
    let keeper = scope.actor().role;
    keeping::people(keeper)?;
    let entry = Entry::by(scope, Action::UserChanged, app.clock.wall());
    let expected = request.expected_version;
    once(app, request, move |tx| {
        let (read, entry) = (Arc::clone(&read), entry.clone());
        Box::pin(async move {
            let before = held(tx, keeper, id, None).await?;
            replaces(expected, before.version)?;
            let after = changed(tx, &before, read()?).await?;
            accounts::replace_person(tx, &after).await?;
            if after.organisation.id != before.organisation.id {
                accounts::end_sessions(tx, id).await?;
            }
            let detail = json!({ "before": told(&before), "after": told(&after) });
            audit::record(tx, entry.about(&before.username).with(detail)).await?;
            shown(tx, id).await
        })
    })
    .await
}

async fn changed(
    tx: &DatabaseTransaction,
    before: &ListedUser,
    change: Change,
) -> Result<ListedUser, Error> {
    let Change { organisation, details } = change;
    let mut refused = Vec::new();
    let mut after = before.clone();
    if let Some(to) = organisation.filter(|to| *to != before.organisation.id) {
        let found = house(tx, to, before.role, &mut refused).await?;
        after.organisation = found.map_or(after.organisation, |found| found.organisation);
    }
    territory(tx, &details, before.role, &mut refused).await?;
    unless(refused)?;
    after.name = details.name;
    after.email = details.email.unwrap_or(after.email);
    after.phone = details.phone.unwrap_or(after.phone);
    after.language = details.language;
    after.territory = details.territory;
    let administrators = accounts::administrators(tx).await?;
    keeping::separated(before.id, before.role, after.email.as_deref(), &administrators)?;
    Ok(after)
}

/// Gives a person another role; they are signed out.
///
/// # Errors
/// [`Error::Forbidden`] unless the security administrator asks, [`Error::NotFound`],
/// [`Error::Conflict`] for one's own role, the last of the three, or a second of the three, and
/// [`Error::Invalid`].
pub async fn give_role(
    app: &App,
    scope: &Scope,
    id: UserId,
    read: Read<NewRole>,
    request: Once<UserView>,
) -> Result<Answered, Error> {
    let keeper = (scope.actor().user, scope.actor().role);
    // Whose role it is decides later; who may not at all learns nothing of anybody.
    keeping::role(keeper, UserId(Uuid::nil()))?;
    let entry = Entry::by(scope, Action::RoleChanged, app.clock.wall());
    let expected = request.expected_version;
    once(app, request, move |tx| {
        let (read, entry) = (Arc::clone(&read), entry.clone());
        Box::pin(async move {
            // First the administrators, always in this order: two that wait for each other end.
            let administrators = accounts::administrators(tx).await?;
            let before = held(tx, keeper.1, id, expected).await?;
            keeping::role(keeper, id)?;
            let NewRole { role, organisation, reason } = read()?;
            if role != before.role {
                keeping::remain(&administrators, |one| one.user == id)?;
            }
            keeping::separated(id, role, before.email.as_deref(), &administrators)?;
            let mut refused = Vec::new();
            let to = organisation.unwrap_or(before.organisation.id);
            let found = house(tx, to, role, &mut refused).await?;
            unless(refused)?;
            let found = found.ok_or(Error::NotFound)?.organisation;
            let territory = before.territory.filter(|_| role == Role::Manufacturer);
            let after = ListedUser { role, organisation: found, territory, ..before.clone() };
            accounts::replace_person(tx, &after).await?;
            accounts::end_sessions(tx, id).await?;
            let detail =
                json!({ "before": told(&before), "after": told(&after), "reason": reason });
            audit::record(tx, entry.about(&before.username).with(detail)).await?;
            shown(tx, id).await
        })
    })
    .await
}
