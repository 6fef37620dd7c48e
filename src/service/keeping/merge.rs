//! Making one organisation a part of another, in one transaction.
//!
//! The one that was merged stays as another name: tables and searches still find it, and tickets
//! say which of their parties it was.
//!
//! **Never** merges what a rehearsal was only to count.

use std::sync::Arc;

use sea_orm::ConnectionTrait;
use serde_json::json;

use super::Read;
use super::organisations::{shown, told};
use crate::domain::access::Scope;
use crate::domain::id::{OrganisationId, TicketId};
use crate::domain::keeping::{self, Mergeable};
use crate::service::audit::{self, Action, Entry};
use crate::service::directory::OrganisationView;
use crate::service::once::once;
use crate::service::rulebook::KeptLayer;
use crate::service::{Answered, App, Error, Once};
use crate::store::accounts::{self, ListedOrganisation};
use crate::store::merging;
pub use crate::store::merging::Moved;
use crate::store::rulebook;

/// What is to become of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merging {
    /// The one that it becomes a part of.
    pub into: OrganisationId,
    /// Why.
    pub reason: String,
}

/// What became of it, or would.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The one that was merged.
    pub from: OrganisationView,
    /// The one that goes on.
    pub into: OrganisationView,
    /// How much changed hands.
    pub moved: Moved,
}

/// How much would change hands, without changing anything.
///
/// # Errors
/// As [`merge`].
pub async fn rehearse(
    app: &App,
    scope: &Scope,
    id: OrganisationId,
    read: &Read<Merging>,
) -> Result<Merged, Error> {
    keeping::organisations(scope.actor().role)?;
    let db = &app.store.read_as(scope).await?;
    let from = accounts::kept(db, id).await?.ok_or(Error::NotFound)?;
    let Merging { into, .. } = read()?;
    let into = accounts::kept(db, into).await?.ok_or_else(unknown)?;
    judged(&from, &into)?;
    keep_their_days(db, id, into.organisation.id).await?;
    let moved = merging::count(db, id).await?;
    merged(db, (id, into.organisation.id), moved).await
}

fn unknown() -> Error {
    Error::invalid("into", "unknown_organisation", "there is no such organisation")
}

fn judged(from: &ListedOrganisation, into: &ListedOrganisation) -> Result<(), Error> {
    fn asked(one: &ListedOrganisation) -> Mergeable<'_> {
        Mergeable {
            organisation: &one.organisation,
            is_suspended: one.disabled_at.is_some(),
            is_merged: one.merged_into.is_some(),
        }
    }
    Ok(keeping::merge(asked(from), asked(into))?)
}

/// Tickets that change hands would be counted with the other's days from then on, and no batch
/// would say so: the days are cleared first, as a batch that is seen before it is made.
async fn keep_their_days(
    db: &impl ConnectionTrait,
    from: OrganisationId,
    into: OrganisationId,
) -> Result<(), Error> {
    let layers = rulebook::layers(db).await?;
    let named = |kept: &&KeptLayer| {
        let own = kept.of.organisation();
        (own == Some(from) || own == Some(into)) && !kept.layer.days.is_empty()
    };
    let Some(kept) = layers.iter().find(named) else { return Ok(()) };
    Err(Error::Conflict {
        code: "own_calendar",
        message: format!(
            "deadlines are counted with the calendar {}; clear its days, merge, and set them again",
            kept.name
        ),
        possible: Vec::new(),
    })
}

async fn merged(
    db: &impl ConnectionTrait,
    (from, into): (OrganisationId, OrganisationId),
    moved: Moved,
) -> Result<Merged, Error> {
    Ok(Merged { from: shown(db, from).await?, into: shown(db, into).await?, moved })
}

/// Makes an organisation a part of another of its kind: its people, tickets, desks, products and
/// agreements become the other's, and its people are signed out.
///
/// # Errors
/// [`Error::Forbidden`] unless the system administrator asks, [`Error::NotFound`],
/// [`Error::Outdated`], [`Error::Conflict`] when it was merged before, and [`Error::Invalid`].
pub async fn merge(
    app: &App,
    scope: &Scope,
    id: OrganisationId,
    read: Read<Merging>,
    request: Once<Merged>,
) -> Result<Answered, Error> {
    keeping::organisations(scope.actor().role)?;
    let entry = Entry::by(scope, Action::OrganisationMerged, app.clock.wall()).about(id.0);
    let (at, expected) = (app.clock.now(), request.expected_version);
    once(app, request, move |tx| {
        let (read, entry) = (Arc::clone(&read), entry.clone());
        Box::pin(async move {
            // Nobody edits a calendar meanwhile.
            rulebook::shared(tx).await?;
            let from = accounts::held(tx, id).await?.ok_or(Error::NotFound)?;
            super::acts_on(expected, from.version)?;
            let Merging { into, reason } = read()?;
            let into = accounts::held(tx, into).await?.ok_or_else(unknown)?;
            judged(&from, &into)?;
            keep_their_days(tx, id, into.organisation.id).await?;
            let target = into.organisation.id;
            let moved = merging::count(tx, id).await?;
            accounts::end_sessions_of(tx, id).await?;
            merging::merge(tx, (id, target), &into.organisation.name, at).await?;
            let alias = ListedOrganisation {
                disabled_at: from.disabled_at.or(Some(at)),
                merged_into: Some(target),
                ..from.clone()
            };
            accounts::replace_kept(tx, &alias).await?;
            let detail = json!({
                "before": told(&from),
                "after": told(&into),
                "reason": reason,
                "people": moved.people,
                "tickets": moved.open_tickets + moved.closed_tickets,
            });
            audit::record(tx, entry.with(detail)).await?;
            merged(tx, (id, target), moved).await
        })
    })
    .await
}

/// Who the parties of a ticket were before they were merged, with the party they were. For whoever
/// has read the ticket.
///
/// # Errors
/// [`Error::Internal`].
pub async fn former(
    app: &App,
    scope: &Scope,
    ticket: TicketId,
) -> Result<Vec<(String, String)>, Error> {
    Ok(merging::former(&app.store.read_as(scope).await?, ticket).await?)
}
