//! Links by which people choose a password: made, taken back, opened.
//!
//! The secret of a link is in the letter alone; the database knows its hash. Looking at a link
//! never uses it up: mail servers look at every link that they pass on.
//!
//! **Never** tells a stranger more than that a link opens nothing.

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use serde_json::json;
use uuid::Uuid;

use crate::domain::bulletin::Bulletin;
use crate::domain::id::UserId;
use crate::domain::invitation::{Over, Purpose, Standing};
use crate::domain::notice::Channel;
use crate::domain::password;
use crate::seal::sha256;
use crate::service::accounts::{hash_password, off_the_async_threads};
use crate::service::audit::{self, Action, Entry, Origin};
use crate::service::{App, Error};
use crate::store::accounts::{self, ListedUser};
use crate::store::invitations::{self, Invitation};
use crate::store::outbox::{self, Addressee, NewBulletin};
use crate::store::{self};

/// The longest secret that is looked up.
const LONGEST: usize = 64;

impl From<Over> for Error {
    fn from(over: Over) -> Self {
        Self::Conflict { code: over.name(), message: over.to_string(), possible: Vec::new() }
    }
}

/// Sends somebody a link; the ones before open nothing any more.
pub(super) async fn issue(
    tx: &DatabaseTransaction,
    app: &App,
    (user, address): (UserId, &str),
    purpose: Purpose,
) -> Result<(), Error> {
    let (at, wall) = (app.clock.now(), app.clock.wall());
    invitations::revoke(tx, user, wall).await?;
    let id = Uuid::now_v7();
    let token = app.signer()?.tokens().link(&id.to_string());
    let standing = Standing::begun(wall);
    let new = Invitation { id, user, purpose, created_at: wall, standing };
    invitations::insert(tx, &new, sha256(token.as_bytes())).await?;
    let ways = vec![(Channel::Mail, address.to_owned())];
    let bulletin = NewBulletin {
        key: format!("invitation:{id}"),
        bulletin: Bulletin::Invitation { id, purpose, secret: None },
        at,
        // Somebody waits for it: it leaves at night, too.
        to: vec![Addressee { user, ways, leaves_at: at }],
    };
    outbox::insert_bulletins(tx, vec![bulletin]).await?;
    Ok(())
}

/// Whom a link is for.
#[derive(Debug, Clone)]
pub struct Invited {
    /// What they type to sign in.
    pub username: String,
    /// Their name.
    pub name: String,
    /// What the link is for.
    pub purpose: Purpose,
    /// Until when it can be used.
    pub expires_at: DateTime<Utc>,
}

/// Whom a link is for, while it can be used. Changes nothing.
///
/// # Errors
/// [`Error::NotFound`] for an unknown one, or one whose owner may not sign in, and
/// [`Error::Conflict`] for one that is over.
pub async fn look(app: &App, token: &str) -> Result<Invited, Error> {
    let db = app.store.read_unscoped();
    let found = match hash_of(token) {
        Some(hash) => invitations::find(db, &hash).await?,
        None => None,
    };
    let found = found.ok_or(Error::NotFound)?;
    found.standing.opens(app.clock.wall())?;
    let person = accounts::person(db, found.user).await?.filter(is_welcome);
    let person = person.ok_or(Error::NotFound)?;
    let (purpose, expires_at) = (found.purpose, found.standing.expires_at);
    Ok(Invited { username: person.username, name: person.name, purpose, expires_at })
}

/// What is kept of a secret; `None` for what is none.
fn hash_of(token: &str) -> Option<String> {
    let is_one = token.len() <= LONGEST && token.bytes().all(|byte| byte.is_ascii_graphic());
    is_one.then(|| sha256(token.as_bytes()))
}

fn is_welcome(person: &ListedUser) -> bool {
    person.disabled_at.is_none()
}

/// Opens a link: its owner gets the password they chose, and every session of theirs ends.
///
/// # Errors
/// As [`look`], and [`Error::Invalid`] naming `new_password`.
pub async fn accept(
    app: &App,
    token: &str,
    new: String,
    origin: &Origin,
) -> Result<Invited, Error> {
    // Only who has a link that opens makes the service hash anything.
    let invited = look(app, token).await?;
    password::judge(&new, "", &invited.username)
        .map_err(|error| Error::invalid("new_password", error.code(), error.to_string()))?;
    let _turn = app.signing_in.acquire().await;
    let made = off_the_async_threads(move || hash_password(&new)).await?;
    let made = made.map_err(|_error| store::Error::Abandoned("the system gives no randomness"))?;
    let hash = hash_of(token).ok_or(Error::NotFound)?;
    let (wall, origin) = (app.clock.wall(), origin.clone());
    app.store
        .write(move |tx| {
            let (hash, made, origin) = (hash.clone(), made.clone(), origin.clone());
            Box::pin(async move {
                // Held: of two at once, one finds it used.
                let found = invitations::held(tx, &hash).await?.ok_or(Error::NotFound)?;
                found.standing.opens(wall)?;
                let person = accounts::held_person(tx, found.user).await?.filter(is_welcome);
                let person = person.ok_or(Error::NotFound)?;
                invitations::mark_used(tx, found.id, wall).await?;
                accounts::set_password(tx, person.id, &made).await?;
                accounts::end_sessions(tx, person.id).await?;
                let entry = Entry {
                    user: Some(person.id),
                    username: Some(person.username.clone()),
                    organisation: Some(person.organisation.id),
                    role: Some(person.role),
                    ..Entry::unnamed(origin, Action::LinkOpened, wall)
                };
                let entry = entry.about(&person.username);
                audit::record(tx, entry.with(json!({ "purpose": found.purpose }))).await
            })
        })
        .await?;
    Ok(invited)
}

/// A bulletin with the secret that its letter brings, if it brings one.
#[must_use]
pub(in crate::service) fn revealed(app: &App, bulletin: Bulletin) -> Bulletin {
    match bulletin {
        Bulletin::Invitation { id, purpose, secret: _ } => {
            let tokens = app.signer().ok();
            let secret = tokens.map(|signer| signer.tokens().link(&id.to_string()));
            Bulletin::Invitation { id, purpose, secret }
        }
        Bulletin::ContactCode { id, secret: _ } => {
            let tokens = app.signer().ok();
            let secret = tokens.map(|signer| signer.tokens().code(&id.to_string()));
            Bulletin::ContactCode { id, secret }
        }
        other @ (Bulletin::Digest { .. }
        | Bulletin::Shortage(_)
        | Bulletin::CalendarMissing { .. }
        | Bulletin::PolicyLapsing { .. }
        | Bulletin::ContactsUnproven { .. }
        | Bulletin::ContactsExpiring { .. }
        | Bulletin::DeadlinesMoved(_)
        | Bulletin::TemplateBroken { .. }
        | Bulletin::HouseSuspended { .. }) => other,
    }
}
