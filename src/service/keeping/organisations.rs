//! Organisations, kept by the system administrator.
//!
//! **Never** removes one: it is suspended, or becomes a part of another.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Read, Reasoned, acts_on, known_division, replaces, unless};
use crate::domain::access::Scope;
use crate::domain::bulletin::{Bulletin, BulletinKind};
use crate::domain::id::OrganisationId;
use crate::domain::keeping::{self, Refusal};
use crate::domain::party::{Division, Organisation, OrganisationKind};
use crate::service::audit::{self, Action, Entry};
use crate::service::directory::{self, OrganisationView};
use crate::service::once::once;
use crate::service::recurring::addressee;
use crate::service::{Answered, App, Error, FieldError, Once};
use crate::store::accounts::{self, ListedOrganisation};
use crate::store::outbox::{self, NewBulletin};
use crate::store::{self, counterparts};

/// What an organisation is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What it is; never changed afterwards.
    pub kind: OrganisationKind,
    /// Its name.
    pub name: String,
    /// Where it lies.
    pub division: Division,
    /// Its unified social credit code.
    pub credit_code: Option<String>,
    /// A medical institution's national code.
    pub institution_code: Option<String>,
}

/// One organisation, for those who keep them.
///
/// # Errors
/// [`Error::Forbidden`] for everybody else, [`Error::NotFound`].
pub async fn show(app: &App, scope: &Scope, id: OrganisationId) -> Result<OrganisationView, Error> {
    keeping::organisations(scope.actor().role)?;
    let db = &app.store.read_as(scope).await?;
    let found = accounts::kept(db, id).await?.ok_or(Error::NotFound)?;
    directory::kept_view(db, found).await
}

/// Adds an organisation.
///
/// # Errors
/// [`Error::Forbidden`] unless the system administrator asks, and [`Error::Invalid`].
pub async fn create(
    app: &App,
    scope: &Scope,
    read: Read<Wanted>,
    request: Once<OrganisationView>,
) -> Result<Answered, Error> {
    keeping::organisations(scope.actor().role)?;
    let at = app.clock.now();
    let entry = Entry::by(scope, Action::OrganisationCreated, app.clock.wall());
    once(app, request, move |tx| {
        let (read, entry) = (Arc::clone(&read), entry.clone());
        Box::pin(async move {
            let id = OrganisationId(Uuid::now_v7());
            let new = judged(tx, id, None, read()?).await?;
            accounts::insert_kept(tx, &new, at).await.map_err(look_again)?;
            let entry = entry.about(id.0).with(json!({ "after": told(&new) }));
            audit::record(tx, entry).await?;
            directory::kept_view(tx, new).await
        })
    })
    .await
}

/// Replaces what is kept of an organisation.
///
/// # Errors
/// [`Error::Forbidden`] unless the system administrator asks, [`Error::NotFound`],
/// [`Error::Unconditional`], [`Error::Outdated`], [`Error::Conflict`] and [`Error::Invalid`].
pub async fn replace(
    app: &App,
    scope: &Scope,
    id: OrganisationId,
    read: Read<Wanted>,
    request: Once<OrganisationView>,
) -> Result<Answered, Error> {
    keeping::organisations(scope.actor().role)?;
    let entry = Entry::by(scope, Action::OrganisationChanged, app.clock.wall()).about(id.0);
    let expected = request.expected_version;
    once(app, request, move |tx| {
        let (read, entry) = (Arc::clone(&read), entry.clone());
        Box::pin(async move {
            let before = accounts::held(tx, id).await?.ok_or(Error::NotFound)?;
            replaces(expected, before.version)?;
            let after = judged(tx, id, Some(&before), read()?).await?;
            accounts::replace_kept(tx, &after).await.map_err(look_again)?;
            let detail = json!({ "before": told(&before), "after": told(&after) });
            audit::record(tx, entry.with(detail)).await?;
            shown(tx, id).await
        })
    })
    .await
}

/// What the organisation would be, judged by what else there is.
async fn judged(
    tx: &impl ConnectionTrait,
    id: OrganisationId,
    before: Option<&ListedOrganisation>,
    wanted: Wanted,
) -> Result<ListedOrganisation, Error> {
    let Wanted { kind, name, division, credit_code, institution_code } = wanted;
    let mut refused = Vec::new();
    let mut refuse = |field: &str, code: &str, message: &str| {
        refused.push(FieldError::new(field, code, message));
    };
    if before.is_some_and(|before| before.merged_into.is_some()) {
        return Err(Refusal::MergedAlready.into());
    }
    if before.is_some_and(|before| before.organisation.kind != kind) {
        refuse("kind", "unchangeable", "what an organisation is never changes");
    }
    let same = accounts::find_organisation(tx, kind, division, &name).await?;
    if same.is_some_and(|same| same.id != id) {
        refuse("name", "taken", "an organisation of this kind and division has this name");
    }
    if let Some(code) = &institution_code {
        if kind != OrganisationKind::Hospital {
            refuse("institution_code", "not_applicable", "only medical institutions have one");
        } else if accounts::of_institution_code(tx, code).await?.is_some_and(|same| same != id) {
            refuse("institution_code", "taken", "another organisation has this code");
        }
    }
    known_division(tx, "division", division, &mut refused).await?;
    unless(refused)?;
    Ok(ListedOrganisation {
        organisation: Organisation { id, kind, name, division },
        disabled_at: before.and_then(|before| before.disabled_at),
        credit_code,
        institution_code,
        merged_into: None,
        version: before.map_or(1, |before| before.version),
    })
}

/// Somebody else took the name or the code at the same time: with the next attempt it is known.
pub(super) fn look_again(error: store::Error) -> store::Error {
    if error.is_duplicate() { store::Error::Stale } else { error }
}

/// What the audit log says of an organisation.
pub(super) fn told(one: &ListedOrganisation) -> Value {
    json!({
        "kind": one.organisation.kind,
        "name": one.organisation.name,
        "division": one.organisation.division,
        "credit_code": one.credit_code,
        "institution_code": one.institution_code,
        "suspended": one.disabled_at.is_some(),
    })
}

pub(super) async fn shown(
    tx: &impl ConnectionTrait,
    id: OrganisationId,
) -> Result<OrganisationView, Error> {
    let kept = accounts::kept(tx, id).await?.ok_or(Error::NotFound)?;
    directory::kept_view(tx, kept).await
}

/// Suspends an organisation: nobody of it may sign in, and their sessions end. Its open tickets
/// stay as they are, and those on the other side of them are told.
///
/// # Errors
/// [`Error::Forbidden`] unless the system administrator asks, [`Error::NotFound`],
/// [`Error::Conflict`] when it is suspended already, the caller's own, or the last with an
/// administrator of a kind, and [`Error::Invalid`].
pub async fn suspend(
    app: &App,
    scope: &Scope,
    id: OrganisationId,
    read: Read<Reasoned>,
    request: Once<OrganisationView>,
) -> Result<Answered, Error> {
    keeping::organisations(scope.actor().role)?;
    let own = scope.actor().organisation.id;
    let entry = Entry::by(scope, Action::OrganisationSuspended, app.clock.wall()).about(id.0);
    let (app_, expected) = (app.clone(), request.expected_version);
    once(app, request, move |tx| {
        let (read, entry, app) = (Arc::clone(&read), entry.clone(), app_.clone());
        Box::pin(async move {
            let before = standing(tx, id, expected).await?;
            if before.disabled_at.is_some() {
                return Err(Refusal::SuspendedAlready.into());
            }
            if own == id {
                return Err(Refusal::OwnAccount.into());
            }
            let administrators = accounts::administrators(tx).await?;
            keeping::remain(&administrators, |one| one.organisation == id)?;
            let Reasoned { reason } = read()?;
            let at = app.clock.now();
            let after = ListedOrganisation { disabled_at: Some(at), ..before.clone() };
            accounts::replace_kept(tx, &after).await?;
            let sessions = accounts::end_sessions_of(tx, id).await?;
            let houses = tell(tx, &app, &after).await?;
            let detail = json!({
                "before": told(&before), "after": told(&after),
                "reason": reason, "sessions": sessions, "told": houses,
            });
            audit::record(tx, entry.with(detail)).await?;
            shown(tx, id).await
        })
    })
    .await
}

/// The organisation as it stands, held, unless it was merged.
async fn standing(
    tx: &DatabaseTransaction,
    id: OrganisationId,
    expected: Option<i64>,
) -> Result<ListedOrganisation, Error> {
    let before = accounts::held(tx, id).await?.ok_or(Error::NotFound)?;
    acts_on(expected, before.version)?;
    if before.merged_into.is_some() { Err(Refusal::MergedAlready.into()) } else { Ok(before) }
}

/// Tells whoever has open tickets with a suspended organisation; gives how many organisations
/// those were.
async fn tell(
    tx: &DatabaseTransaction,
    app: &App,
    suspended: &ListedOrganisation,
) -> Result<usize, Error> {
    let at = app.clock.now();
    let (id, version) = (suspended.organisation.id, suspended.version);
    let counted = counterparts::open(tx, id).await?;
    let ids: Vec<OrganisationId> = counted.iter().map(|(house, _)| *house).collect();
    let people = accounts::recipients(tx, &ids).await?;
    let bulletin = |(house, tickets): &(OrganisationId, u32)| {
        let theirs = people.iter().filter(|person| person.organisation == *house);
        let kind = BulletinKind::HouseSuspended;
        let addressee = |person: &accounts::Recipient| addressee(app, person, kind, at);
        NewBulletin {
            key: format!("house_suspended:{id}:{version}:{house}"),
            bulletin: Bulletin::HouseSuspended {
                name: suspended.organisation.name.clone(),
                tickets: *tickets,
            },
            at,
            to: theirs.map(addressee).collect(),
        }
    };
    let bulletins = counted.iter().map(bulletin).collect();
    outbox::insert_bulletins(tx, bulletins).await?;
    Ok(counted.len())
}

/// Lets the people of a suspended organisation sign in again.
///
/// # Errors
/// As [`suspend`]; [`Error::Conflict`] when it is not suspended.
pub async fn resume(
    app: &App,
    scope: &Scope,
    id: OrganisationId,
    read: Read<Reasoned>,
    request: Once<OrganisationView>,
) -> Result<Answered, Error> {
    keeping::organisations(scope.actor().role)?;
    let entry = Entry::by(scope, Action::OrganisationResumed, app.clock.wall()).about(id.0);
    let expected = request.expected_version;
    once(app, request, move |tx| {
        let (read, entry) = (Arc::clone(&read), entry.clone());
        Box::pin(async move {
            let before = standing(tx, id, expected).await?;
            if before.disabled_at.is_none() {
                return Err(Refusal::NotSuspended.into());
            }
            let Reasoned { reason } = read()?;
            let after = ListedOrganisation { disabled_at: None, ..before.clone() };
            accounts::replace_kept(tx, &after).await?;
            let detail =
                json!({ "before": told(&before), "after": told(&after), "reason": reason });
            audit::record(tx, entry.with(detail)).await?;
            shown(tx, id).await
        })
    })
    .await
}
