//! Giving somebody a new way in: a link to choose a password, or a password that is made.
//!
//! **Never** tells whoever asks what the old password was, and never keeps the new one.

use std::sync::Arc;

use serde_json::json;

use super::Read;
use super::invitations::issue;
use super::people::{Handed, Way, held, made, shown};
use crate::domain::access::Scope;
use crate::domain::id::UserId;
use crate::domain::invitation::Purpose;
use crate::domain::keeping;
use crate::service::audit::{self, Action, Entry};
use crate::service::directory::UserView;
use crate::service::once::once;
use crate::service::{Answered, App, Error, Once};
use crate::store::{accounts, invitations};

/// How somebody is to get a new password.
#[derive(Debug, Clone)]
pub struct Reset {
    /// By a link or a password that is made.
    pub way: Way,
    /// Why.
    pub reason: String,
}

/// Takes somebody's password from them: they are signed out, and get a link, or whoever asks gets
/// a password that was made.
///
/// # Errors
/// [`Error::Forbidden`] unless an administrator asks who may keep them, [`Error::NotFound`],
/// and [`Error::Invalid`], for a link without an address to mail it to, too.
pub async fn reset(
    app: &App,
    scope: &Scope,
    id: UserId,
    read: Read<Reset>,
    request: Once<UserView>,
) -> Result<Handed, Error> {
    let keeper = scope.actor().role;
    keeping::people(keeper)?;
    let (password, hash) = made().await?;
    let entry = Entry::by(scope, Action::PasswordReset, app.clock.wall());
    let (app_, expected) = (app.clone(), request.expected_version);
    let way = read().map(|reset| reset.way);
    let answered = once(app, request, move |tx| {
        let (read, entry, app, hash) =
            (Arc::clone(&read), entry.clone(), app_.clone(), hash.clone());
        Box::pin(async move {
            let person = held(tx, keeper, id, expected).await?;
            let Reset { way, reason } = read()?;
            accounts::set_password(tx, id, &hash).await?;
            let sessions = accounts::end_sessions(tx, id).await?;
            match (way, person.email.as_deref()) {
                (Way::Link, None) => return Err(needs_an_address()),
                (Way::Link, Some(email)) => issue(tx, &app, (id, email), Purpose::Reset).await?,
                (Way::Made, _) => drop(invitations::revoke(tx, id, app.clock.wall()).await?),
            }
            let by = if way == Way::Link { "link" } else { "made" };
            let detail = json!({ "reason": reason, "by": by, "sessions": sessions });
            audit::record(tx, entry.about(&person.username).with(detail)).await?;
            shown(tx, id).await
        })
    })
    .await?;
    let is_handed = way.is_ok_and(|way| way == Way::Made) && !answered.replayed;
    Ok(Handed { answered, password: is_handed.then_some(password) })
}

fn needs_an_address() -> Error {
    Error::invalid("by", "no_address", "a link is mailed, and no address is known")
}

/// Sends somebody another link, in the place of the one before.
///
/// # Errors
/// As [`reset`].
pub async fn invite_again(
    app: &App,
    scope: &Scope,
    id: UserId,
    request: Once<UserView>,
) -> Result<Answered, Error> {
    let keeper = scope.actor().role;
    keeping::people(keeper)?;
    let entry = Entry::by(scope, Action::LinkSent, app.clock.wall());
    let (app_, expected) = (app.clone(), request.expected_version);
    once(app, request, move |tx| {
        let (entry, app) = (entry.clone(), app_.clone());
        Box::pin(async move {
            let person = held(tx, keeper, id, expected).await?;
            let email = person.email.as_deref().ok_or_else(needs_an_address)?;
            let last = invitations::newest(tx, id).await?;
            let purpose = last.map_or(Purpose::Reset, |last| last.purpose);
            issue(tx, &app, (id, email), purpose).await?;
            let detail = json!({ "purpose": purpose });
            audit::record(tx, entry.about(&person.username).with(detail)).await?;
            shown(tx, id).await
        })
    })
    .await
}

/// Takes back the link that somebody could still use.
///
/// # Errors
/// [`Error::Forbidden`] unless an administrator asks who may keep them, [`Error::NotFound`], and
/// [`Error::Conflict`] when there is none.
pub async fn revoke(
    app: &App,
    scope: &Scope,
    id: UserId,
    request: Once<UserView>,
) -> Result<Answered, Error> {
    let keeper = scope.actor().role;
    keeping::people(keeper)?;
    let wall = app.clock.wall();
    let entry = Entry::by(scope, Action::LinkRevoked, wall);
    let expected = request.expected_version;
    once(app, request, move |tx| {
        let entry = entry.clone();
        Box::pin(async move {
            let person = held(tx, keeper, id, expected).await?;
            if invitations::revoke(tx, id, wall).await? == 0 {
                return Err(Error::Conflict {
                    code: "no_link",
                    message: "there is no link that could still be used".to_owned(),
                    possible: Vec::new(),
                });
            }
            audit::record(tx, entry.about(&person.username)).await?;
            shown(tx, id).await
        })
    })
    .await
}
