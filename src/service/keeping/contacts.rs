//! Whom to ask in an organisation: kept by its own people and by the system administrator,
//! verified by a code that is sent to the address.
//!
//! **Never** shows an address of another's in full, nor tells what the code was.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DatabaseTransaction;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Read, acts_on, known_division, replaces, unless};
use crate::domain::access::{Scope, masked, masked_mail};
use crate::domain::bulletin::Bulletin;
use crate::domain::contact::{self, Card, DAYS, MINUTES, Refusal, Standing};
use crate::domain::id::OrganisationId;
use crate::domain::notice::Channel;
use crate::domain::party::Role;
use crate::seal::sha256;
use crate::service::audit::{self, Action, Entry};
use crate::service::once::once;
use crate::service::{Answered, App, Error, Once};
use crate::store::contacts::{self, Contact};
use crate::store::outbox::{self, Addressee, NewBulletin};
use crate::store::{accounts, setting};

/// The setting that says how many days a verified address counts.
const SETTING: &str = "contact_days";

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::TooSoon(seconds) => Self::Throttled(seconds),
            Refusal::Over => Self::invalid("code", "code_over", message),
            Refusal::Wrong => Self::invalid("code", "code_wrong", message),
        }
    }
}

/// A contact as its reader sees it.
#[derive(Debug, Clone)]
pub struct ContactView {
    /// The contact; for administrators the address is masked.
    pub contact: Contact,
    /// How the address stands.
    pub standing: Standing,
}

/// How many days a verified address counts here.
pub(in crate::service) async fn days(db: &impl sea_orm::ConnectionTrait) -> Result<i64, Error> {
    let kept = setting::find(db, SETTING).await?;
    let days = kept.and_then(|kept| kept.parse().ok()).filter(|days| (1..=3_650).contains(days));
    Ok(days.unwrap_or(DAYS))
}

fn view(scope: &Scope, mut contact: Contact, days: i64, now: DateTime<Utc>) -> ContactView {
    let standing = Standing::of(contact.verified_at, days, now);
    if scope.actor().role == Role::Admin {
        contact.card.address = veiled(&contact.card);
    }
    ContactView { contact, standing }
}

fn veiled(card: &Card) -> String {
    match card.channel {
        Channel::Mail => masked_mail(&card.address),
        Channel::Sms | Channel::Robot => masked(&card.address),
    }
}

/// Who may not keep an organisation's contacts does not know that it has any.
fn admit(scope: &Scope, of: OrganisationId) -> Result<(), Error> {
    let actor = scope.actor();
    let may = contact::may_keep((actor.role, actor.organisation.id), of);
    if may { Ok(()) } else { Err(Error::NotFound) }
}

/// The contacts of an organisation.
///
/// # Errors
/// [`Error::NotFound`] unless its own people or the system administrator ask.
pub async fn list(app: &App, scope: &Scope, of: OrganisationId) -> Result<Vec<ContactView>, Error> {
    admit(scope, of)?;
    let (days, now) = (days(app.store.read_unscoped()).await?, app.clock.now());
    let db = &app.store.read_as(scope).await?;
    accounts::kept(db, of).await?.ok_or(Error::NotFound)?;
    let found = contacts::of(db, of).await?;
    Ok(found.into_iter().map(|contact| view(scope, contact, days, now)).collect())
}

fn told(card: &Card) -> Value {
    json!({
        "function": card.function,
        "channel": card.channel,
        "address": veiled(card),
        "territory": card.territory,
    })
}

/// Adds a contact, which nobody has verified yet.
///
/// # Errors
/// As [`list`], and [`Error::Invalid`].
pub async fn create(
    app: &App,
    scope: &Scope,
    of: OrganisationId,
    read: Read<Card>,
    request: Once<ContactView>,
) -> Result<Answered, Error> {
    admit(scope, of)?;
    let entry = Entry::by(scope, Action::ContactCreated, app.clock.wall()).about(of.0);
    let (scope, at) = (scope.clone(), app.clock.now());
    once(app, request, move |tx| {
        let (read, entry, scope) = (Arc::clone(&read), entry.clone(), scope.clone());
        Box::pin(async move {
            accounts::kept(tx, of).await?.ok_or(Error::NotFound)?;
            let card = read()?;
            judged(tx, &card).await?;
            let id = Uuid::now_v7();
            let new = Contact { id, organisation: of, card, verified_at: None, version: 1 };
            contacts::insert(tx, &new, at).await?;
            audit::record(tx, entry.with(json!({ "after": told(&new.card) }))).await?;
            Ok(view(&scope, new, days(tx).await?, at))
        })
    })
    .await
}

async fn judged(tx: &DatabaseTransaction, card: &Card) -> Result<(), Error> {
    let mut refused = Vec::new();
    if let Some(territory) = card.territory {
        known_division(tx, "territory", territory, &mut refused).await?;
    }
    unless(refused)
}

async fn held(
    tx: &DatabaseTransaction,
    scope: &Scope,
    id: Uuid,
    expected: Option<i64>,
) -> Result<Contact, Error> {
    let found = contacts::held(tx, id).await?.ok_or(Error::NotFound)?;
    admit(scope, found.organisation)?;
    acts_on(expected, found.version)?;
    Ok(found)
}

/// What a contact is to be. An address that is left out stays, and so does its verification.
#[derive(Debug, Clone)]
pub struct Change {
    /// Everything but the address, which is empty where it stays.
    pub card: Card,
}

/// Replaces what a contact says. Another address is unverified.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unconditional`], [`Error::Outdated`] and [`Error::Invalid`].
pub async fn replace(
    app: &App,
    scope: &Scope,
    id: Uuid,
    read: Read<Change>,
    request: Once<ContactView>,
) -> Result<Answered, Error> {
    let entry = Entry::by(scope, Action::ContactChanged, app.clock.wall());
    let (scope, now, expected) = (scope.clone(), app.clock.now(), request.expected_version);
    once(app, request, move |tx| {
        let (read, entry, scope) = (Arc::clone(&read), entry.clone(), scope.clone());
        Box::pin(async move {
            let before = held(tx, &scope, id, None).await?;
            replaces(expected, before.version)?;
            let Change { mut card } = read()?;
            judged(tx, &card).await?;
            let stays = card.address.is_empty() && card.channel == before.card.channel;
            if card.address.is_empty() && !stays {
                let message = "another way needs another address";
                return Err(Error::invalid("address", "required", message));
            }
            if stays {
                card.address.clone_from(&before.card.address);
            }
            let is_same =
                card.address == before.card.address && card.channel == before.card.channel;
            let verified_at = before.verified_at.filter(|_| is_same);
            let after = Contact { card, verified_at, ..before.clone() };
            contacts::replace(tx, &after).await?;
            let detail = json!({ "before": told(&before.card), "after": told(&after.card) });
            audit::record(tx, entry.about(before.organisation.0).with(detail)).await?;
            let after = Contact { version: before.version + 1, ..after };
            Ok(view(&scope, after, days(tx).await?, now))
        })
    })
    .await
}

/// Removes a contact.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Outdated`].
pub async fn remove(
    app: &App,
    scope: &Scope,
    id: Uuid,
    request: Once<ContactView>,
) -> Result<Answered, Error> {
    let entry = Entry::by(scope, Action::ContactRemoved, app.clock.wall());
    let (scope, now, expected) = (scope.clone(), app.clock.now(), request.expected_version);
    once(app, request, move |tx| {
        let (entry, scope) = (entry.clone(), scope.clone());
        Box::pin(async move {
            let before = held(tx, &scope, id, expected).await?;
            contacts::remove(tx, id).await?;
            let detail = json!({ "before": told(&before.card) });
            audit::record(tx, entry.about(before.organisation.0).with(detail)).await?;
            Ok(view(&scope, before, days(tx).await?, now))
        })
    })
    .await
}

/// Sends a code to a contact's address; the one before is over.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Throttled`], [`Error::Unavailable`].
pub async fn send_code(
    app: &App,
    scope: &Scope,
    id: Uuid,
    request: Once<ContactView>,
) -> Result<Answered, Error> {
    let wall = app.clock.wall();
    let entry = Entry::by(scope, Action::ContactCodeSent, wall);
    let (scope, app_, expected) = (scope.clone(), app.clone(), request.expected_version);
    once(app, request, move |tx| {
        let (entry, scope, app) = (entry.clone(), scope.clone(), app_.clone());
        Box::pin(async move {
            let found = held(tx, &scope, id, expected).await?;
            let last = contacts::last_code(tx, id).await?.map(|(_, _, asked_at, _)| asked_at);
            let today = contacts::codes_since(tx, id, wall - TimeDelta::days(1)).await?;
            contact::another(last, today, wall)?;
            let code_id = Uuid::now_v7();
            let code = app.signer()?.tokens().code(&code_id.to_string());
            let hash = hash_of(code_id, &code);
            let expires_at = wall + TimeDelta::minutes(MINUTES);
            contacts::insert_code(tx, (code_id, id), hash, (wall, expires_at)).await?;
            let at = app.clock.now();
            let ways = vec![(found.card.channel, found.card.address.clone())];
            let bulletin = NewBulletin {
                key: format!("contact_code:{code_id}"),
                bulletin: Bulletin::ContactCode { id: code_id, secret: None },
                at,
                to: vec![Addressee { user: scope.actor().user, ways, leaves_at: at }],
            };
            outbox::insert_bulletins(tx, vec![bulletin]).await?;
            let detail = json!({ "channel": found.card.channel });
            audit::record(tx, entry.about(found.organisation.0).with(detail)).await?;
            Ok(view(&scope, found, days(tx).await?, at))
        })
    })
    .await
}

fn hash_of(id: Uuid, code: &str) -> String {
    sha256(format!("{id}:{code}").as_bytes())
}

/// Verifies a contact's address by the code that was sent there.
///
/// # Errors
/// [`Error::NotFound`], and [`Error::Invalid`] naming `code`: `code_wrong`, and `code_over` when
/// there is none any more.
pub async fn verify(
    app: &App,
    scope: &Scope,
    id: Uuid,
    code: String,
) -> Result<ContactView, Error> {
    let (wall, now) = (app.clock.wall(), app.clock.now());
    let entry = Entry::by(scope, Action::ContactVerified, wall);
    let scope = scope.clone();
    let judged = app
        .store
        .write(move |tx| {
            let (entry, scope, code) = (entry.clone(), scope.clone(), code.clone());
            Box::pin(async move {
                let found = held(tx, &scope, id, None).await?;
                let last = contacts::last_code(tx, id).await?;
                let Some((code_id, hash, _, challenge)) = last else {
                    return Ok(Err(Refusal::Over));
                };
                let is_right = hash == hash_of(code_id, &code);
                if let Err(refusal) = challenge.judge(is_right, wall) {
                    // Kept, though it is refused: guesses are counted.
                    contacts::count_try(tx, code_id).await?;
                    return Ok(Err(refusal));
                }
                contacts::mark_used(tx, code_id, wall).await?;
                let before = found.verified_at.is_some();
                let after = Contact { verified_at: Some(now), ..found };
                contacts::replace(tx, &after).await?;
                let detail = json!({
                    "channel": after.card.channel,
                    "before": { "verified": before }, "after": { "verified": true },
                });
                audit::record(tx, entry.about(after.organisation.0).with(detail)).await?;
                let after = Contact { version: after.version + 1, ..after };
                Ok::<_, Error>(Ok(view(&scope, after, days(tx).await?, now)))
            })
        })
        .await?;
    Ok(judged?)
}
