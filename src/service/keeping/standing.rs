//! Suspending people, and letting them go on.
//!
//! **Never** leaves somebody who is suspended a session, or a link that opens.

use std::sync::Arc;

use serde_json::json;

use super::people::{held, shown, told};
use super::{Read, Reasoned};
use crate::domain::access::Scope;
use crate::domain::id::UserId;
use crate::domain::keeping::{self, Refusal};
use crate::service::audit::{self, Action, Entry};
use crate::service::directory::UserView;
use crate::service::once::once;
use crate::service::{Answered, App, Error, Once};
use crate::store::accounts::{self, ListedUser};
use crate::store::invitations;

/// Suspends a person: they may not sign in, and are signed out.
///
/// # Errors
/// [`Error::Forbidden`] unless an administrator asks who may keep them, [`Error::NotFound`],
/// [`Error::Conflict`] for oneself, the last of the three administrators, or somebody who is
/// suspended already, and [`Error::Invalid`].
pub async fn suspend(
    app: &App,
    scope: &Scope,
    id: UserId,
    read: Read<Reasoned>,
    request: Once<UserView>,
) -> Result<Answered, Error> {
    let (own, keeper) = (scope.actor().user, scope.actor().role);
    keeping::people(keeper)?;
    let entry = Entry::by(scope, Action::UserSuspended, app.clock.wall());
    let (at, wall, expected) = (app.clock.now(), app.clock.wall(), request.expected_version);
    once(app, request, move |tx| {
        let (read, entry) = (Arc::clone(&read), entry.clone());
        Box::pin(async move {
            let administrators = accounts::administrators(tx).await?;
            // Their own account is theirs to see, if not to keep.
            if own == id {
                return Err(Refusal::OwnAccount.into());
            }
            let before = held(tx, keeper, id, expected).await?;
            if before.disabled_at.is_some() {
                return Err(Refusal::SuspendedAlready.into());
            }
            keeping::remain(&administrators, |one| one.user == id)?;
            let Reasoned { reason } = read()?;
            let after = ListedUser { disabled_at: Some(at), ..before.clone() };
            accounts::replace_person(tx, &after).await?;
            let sessions = accounts::end_sessions(tx, id).await?;
            let links = invitations::revoke(tx, id, wall).await?;
            let detail = json!({
                "before": told(&before), "after": told(&after),
                "reason": reason, "sessions": sessions, "links": links,
            });
            audit::record(tx, entry.about(&before.username).with(detail)).await?;
            shown(tx, id).await
        })
    })
    .await
}

/// Lets a suspended person sign in again.
///
/// # Errors
/// As [`suspend`]; [`Error::Conflict`] when they are not suspended, or would hold two of the three
/// administrator roles.
pub async fn resume(
    app: &App,
    scope: &Scope,
    id: UserId,
    read: Read<Reasoned>,
    request: Once<UserView>,
) -> Result<Answered, Error> {
    let keeper = scope.actor().role;
    keeping::people(keeper)?;
    let entry = Entry::by(scope, Action::UserResumed, app.clock.wall());
    let expected = request.expected_version;
    once(app, request, move |tx| {
        let (read, entry) = (Arc::clone(&read), entry.clone());
        Box::pin(async move {
            let administrators = accounts::administrators(tx).await?;
            let before = held(tx, keeper, id, expected).await?;
            if before.disabled_at.is_none() {
                return Err(Refusal::NotSuspended.into());
            }
            keeping::separated(id, before.role, before.email.as_deref(), &administrators)?;
            let Reasoned { reason } = read()?;
            let after = ListedUser { disabled_at: None, ..before.clone() };
            accounts::replace_person(tx, &after).await?;
            let detail =
                json!({ "before": told(&before), "after": told(&after), "reason": reason });
            audit::record(tx, entry.about(&before.username).with(detail)).await?;
            shown(tx, id).await
        })
    })
    .await
}
