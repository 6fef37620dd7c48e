//! The audit log: written by the use cases, read by auditors.
//!
//! A use case that writes passes its entry to [`record`] in its own transaction; one that only
//! reads has it written by [`record_alone`] before anybody gets what was read.
//!
//! **Never** lets anybody but an auditor read it, administrators included.

pub mod chain;
mod deeds;
pub mod export;
pub mod verify;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use serde_json::json;
use uuid::Uuid;

use super::{App, Error};
use crate::domain::access::Scope;
pub(in crate::service) use deeds::{Acted, filed, replied};

pub use crate::domain::audit::{Action, Entry, Origin};
use crate::domain::party::{Organisation, Role};
use crate::store::audit::Kept;
pub use crate::store::audit::{Filter, Position};
use crate::store::{Batch, accounts, audit};

/// Writes an entry in the transaction of what it is about.
///
/// # Errors
/// [`Error::Internal`]; then what it is about must not take effect either.
pub async fn record(tx: &impl ConnectionTrait, entry: Entry) -> Result<(), Error> {
    Ok(audit::insert(tx, entry).await?)
}

/// Writes an entry with a batch, in the transaction of what it is about.
pub(in crate::service) fn add(batch: &mut Batch, entry: Entry) {
    audit::add(batch, entry);
}

/// Writes an entry about what writes nothing itself.
///
/// # Errors
/// [`Error::Internal`]; then what it is about must not be handed out either.
pub async fn record_alone(app: &App, entry: Entry) -> Result<(), Error> {
    app.store
        .write(move |tx| {
            let entry = entry.clone();
            Box::pin(async move { record(tx, entry).await })
        })
        .await
}

/// Writes down that the demo's clock is moved; to be done before it moves.
///
/// # Errors
/// [`Error::Internal`].
pub async fn note_clock(app: &App, scope: &Scope, to: DateTime<Utc>) -> Result<(), Error> {
    let entry = Entry::by(scope, Action::DemoClockMoved, app.clock.wall());
    let detail = json!({ "before": { "now": app.clock.now() }, "after": { "now": to } });
    record_alone(app, entry.with(detail)).await
}

/// An entry as auditors see it.
#[derive(Debug, Clone)]
pub struct EntryView {
    /// The entry with its id.
    pub kept: Kept,
    /// The organisation it names, while it is known.
    pub organisation: Option<Organisation>,
}

/// Refuses whoever may not read the log.
///
/// # Errors
/// [`Error::Forbidden`].
pub fn admit(scope: &Scope) -> Result<(), Error> {
    match scope.actor().role {
        Role::Auditor => Ok(()),
        Role::Hospital
        | Role::Manufacturer
        | Role::Distributor
        | Role::Bureau
        | Role::Admin
        | Role::Security => {
            Err(Error::Forbidden("only an auditor may read the audit log".to_owned()))
        }
    }
}

/// One entry.
///
/// # Errors
/// [`Error::Forbidden`] unless an auditor asks, [`Error::NotFound`].
pub async fn find(app: &App, scope: &Scope, id: Uuid) -> Result<EntryView, Error> {
    admit(scope)?;
    let db = &app.store.read_as(scope).await?;
    let kept = audit::find(db, id).await?.ok_or(Error::NotFound)?;
    let named: Vec<_> = kept.entry.organisation.into_iter().collect();
    let organisation = accounts::organisations(db, &named).await?.pop();
    Ok(EntryView { kept, organisation })
}

/// One page of the log, newest first.
///
/// # Errors
/// [`Error::Forbidden`] unless an auditor asks.
pub async fn list(
    app: &App,
    scope: &Scope,
    filter: &Filter,
    (after, limit): (Option<Position>, u64),
) -> Result<Vec<EntryView>, Error> {
    admit(scope)?;
    let db = &app.store.read_as(scope).await?;
    let rows = audit::list(db, filter, after, limit).await?;
    let mut ids: Vec<_> = rows.iter().filter_map(|kept| kept.entry.organisation).collect();
    ids.sort_unstable();
    ids.dedup();
    let houses = accounts::organisations(db, &ids).await?;
    let houses: HashMap<_, _> = houses.into_iter().map(|house| (house.id, house)).collect();
    let view = |kept: Kept| {
        let organisation = kept.entry.organisation.and_then(|id| houses.get(&id).cloned());
        EntryView { kept, organisation }
    };
    Ok(rows.into_iter().map(view).collect())
}
