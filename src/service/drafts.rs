//! Tickets that a hospital's people have begun to fill in, kept until they file them.
//!
//! **Never** checks what was filled in: a draft may be wrong, only filing may not.

use chrono::TimeDelta;
use serde_json::json;

use super::audit::{self, Action, Entry};
use super::{App, Error};
use crate::domain::access::Scope;
use crate::domain::id::{DraftId, UserId};
use crate::domain::party::Role;
use crate::store::drafts;
pub use crate::store::drafts::{Draft, Fields};

/// The most drafts of a person.
const MOST: u64 = 20;
/// The most bytes of a draft.
const MOST_BYTES: usize = 64 * 1024;
/// The most characters of a product's code.
const LONGEST_CODE: usize = 64;
/// A draft is kept for so many days after it was saved last.
const KEPT_DAYS: i64 = 90;

/// Saves the caller's draft for a product, in the place of the one they had for it. Without a
/// code it is the draft for no product yet.
///
/// # Errors
/// [`Error::Forbidden`] unless they are of a hospital; [`Error::Invalid`] naming `product_code`
/// or `document`; [`Error::OverQuota`] when they have too many.
pub async fn save(
    app: &App,
    scope: &Scope,
    product_code: &str,
    fields: &Fields,
) -> Result<DraftId, Error> {
    let (user, at) = (author(scope)?, app.clock.now());
    let is_code = |c: char| !c.is_control() && !c.is_whitespace();
    if product_code.chars().count() > LONGEST_CODE || !product_code.chars().all(is_code) {
        return Err(Error::invalid("product_code", "unknown", "this is not a product's code"));
    }
    let document = serde_json::json!(fields).to_string();
    if document.len() > MOST_BYTES {
        let message = format!("at most {} kB", MOST_BYTES / 1024);
        return Err(Error::invalid("document", "too_long", message));
    }
    let code = product_code.to_owned();
    let entry = Entry::by(scope, Action::DraftKept, app.clock.wall());
    let entry = entry.with(json!({ "product": code, "fields": fields.keys().collect::<Vec<_>>() }));
    app.store
        .write(move |tx| {
            let (code, document, entry) = (code.clone(), document.clone(), entry.clone());
            Box::pin(async move {
                if drafts::count_others(tx, user, &code).await? >= MOST {
                    let message = format!("you have {MOST} drafts already: file or delete one");
                    return Err(Error::OverQuota(message));
                }
                let id = drafts::save(tx, user, (&code, document), at).await?;
                audit::record(tx, entry.about(id)).await?;
                Ok(id)
            })
        })
        .await
}

/// The caller's drafts, the last saved first.
///
/// # Errors
/// [`Error::Forbidden`] unless they are of a hospital.
pub async fn list(app: &App, scope: &Scope) -> Result<Vec<Draft>, Error> {
    Ok(drafts::list(&app.store.read_as(scope).await?, author(scope)?).await?)
}

/// One of the caller's drafts.
///
/// # Errors
/// [`Error::Forbidden`] unless they are of a hospital, [`Error::NotFound`].
pub async fn get(app: &App, scope: &Scope, id: DraftId) -> Result<Draft, Error> {
    drafts::find(&app.store.read_as(scope).await?, author(scope)?, id).await?.ok_or(Error::NotFound)
}

/// Deletes one of the caller's drafts.
///
/// # Errors
/// As [`get`].
pub async fn delete(app: &App, scope: &Scope, id: DraftId) -> Result<(), Error> {
    let user = author(scope)?;
    let entry = Entry::by(scope, Action::DraftDiscarded, app.clock.wall()).about(id);
    app.store
        .write(move |tx| {
            let entry = entry.clone();
            Box::pin(async move {
                if !drafts::delete(tx, user, id).await? {
                    return Err(Error::NotFound);
                }
                audit::record(tx, entry).await
            })
        })
        .await
}

/// Deletes the drafts that nobody has saved for long; gives how many.
///
/// # Errors
/// [`Error::Internal`].
pub async fn clear(app: &App) -> Result<u64, Error> {
    let before = app.clock.now() - TimeDelta::days(KEPT_DAYS);
    app.store
        .write(move |tx| {
            Box::pin(async move { Ok::<_, Error>(drafts::delete_before(tx, before).await?) })
        })
        .await
}

fn author(scope: &Scope) -> Result<UserId, Error> {
    match scope.actor().role {
        Role::Hospital => Ok(scope.actor().user),
        Role::Manufacturer
        | Role::Distributor
        | Role::Bureau
        | Role::Admin
        | Role::Security
        | Role::Auditor => Err(Error::Forbidden("only a hospital files tickets".to_owned())),
    }
}
