//! Escalations as bureaus see them.
//!
//! **Never** acts on a ticket by itself: a bureau's act is a ticket's act.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::tickets::{ReadAct, TicketView, Upon, act, views};
use super::{Answered, App, Error, Once};
use crate::domain::access::Scope;
use crate::domain::id::{EscalationId, TicketId};
use crate::domain::party::Role;
use crate::domain::ticket::ActKind;
use crate::store::tickets as kept;
pub use crate::store::tickets::Climbed;

/// Admits bureaus.
///
/// # Errors
/// [`Error::Forbidden`] for everybody else.
pub fn admit(scope: &Scope) -> Result<(), Error> {
    if scope.actor().role == Role::Bureau {
        return Ok(());
    }
    Err(Error::Forbidden("escalations are the bureaus'".to_owned()))
}

/// One page of the escalations in the caller's division, newest first, each with its ticket.
///
/// # Errors
/// As [`admit`].
pub async fn list(
    app: &App,
    scope: &Scope,
    climbed: Climbed,
    page: (Option<(DateTime<Utc>, Uuid)>, u64),
) -> Result<Vec<(EscalationId, TicketView)>, Error> {
    admit(scope)?;
    let db = &app.store.read_as(scope).await?;
    let found = kept::escalations(db, scope.tickets(), climbed, page).await?;
    let ids: Vec<_> = found.iter().map(|(_, ticket)| *ticket).collect();
    let views = views(db, scope, kept::load(db, &ids).await?).await?;
    let view_of = |ticket| views.iter().find(|view| view.ticket.id == ticket).cloned();
    Ok(found.into_iter().filter_map(|(id, ticket)| Some((id, view_of(ticket)?))).collect())
}

/// How many there are, but `cap` at most.
///
/// # Errors
/// As [`admit`].
pub async fn count_up_to(
    app: &App,
    scope: &Scope,
    climbed: Climbed,
    cap: u64,
) -> Result<u64, Error> {
    admit(scope)?;
    Ok(kept::count_escalations(&app.store.read_as(scope).await?, scope.tickets(), climbed, cap)
        .await?)
}

/// The ticket of an escalation in the caller's reach.
///
/// # Errors
/// [`Error::NotFound`] when the escalation is unknown or not theirs.
pub async fn ticket(app: &App, scope: &Scope, id: EscalationId) -> Result<TicketId, Error> {
    let db = &app.store.read_as(scope).await?;
    let ticket = kept::ticket_of_escalation(db, id).await?.ok_or(Error::NotFound)?;
    kept::find(db, scope.tickets(), ticket).await?.ok_or(Error::NotFound)?;
    Ok(ticket)
}

/// Acts on an escalation of the caller's bureau.
///
/// # Errors
/// As [`act`]; [`Error::NotFound`] when the escalation is unknown or outside the division.
#[expect(clippy::too_many_arguments, reason = "who, what, how and once are four things")]
pub async fn act_on(
    app: &App,
    scope: &Scope,
    id: EscalationId,
    kind: ActKind,
    read: ReadAct,
    request: Once<TicketView>,
) -> Result<Answered, Error> {
    let ticket = kept::ticket_of_escalation(&app.store.read_as(scope).await?, id)
        .await?
        .ok_or(Error::NotFound)?;
    let upon = Upon { ticket, escalation: Some(id) };
    act(app, scope, upon, kind, read, request).await
}
