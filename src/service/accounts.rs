//! Signing in and out, and creating people.
//!
//! **Never** tells a wrong user name from a wrong password, by word or by time.

mod language;

use std::collections::HashMap;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng as _, RngCore as _};
use serde_json::json;
use sha2::{Digest, Sha256};

pub use language::set_language;

use super::audit::{self, Action, Entry, Origin};
use super::{App, Error, FieldError, Limits};
use crate::crash::{self, Point};
use crate::domain::access::Scope;
use crate::domain::party::{Actor, Language};
use crate::domain::{password, text};
use crate::store;
use crate::store::accounts::{self, Account, NewUser};
use crate::store::sessions;

/// A session ends this many hours after signing in.
const SESSION_HOURS: i64 = 12;
/// So many failures within [`THROTTLE_MINUTES`] lock a user name for the rest of them.
pub(super) const MOST_FAILURES: u64 = 10;
/// How long a failure counts.
pub(super) const THROTTLE_MINUTES: i64 = 15;
/// So many characters of a user name that was refused are kept.
const LONGEST_TYPED: usize = 64;

/// A session that has just begun.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The only copy of the token.
    pub token: String,
    /// When it ends, wall time.
    pub expires_at: DateTime<Utc>,
    /// Whose it is.
    pub scope: Scope,
    /// What they typed to sign in.
    pub username: String,
    /// The language they read.
    pub language: Language,
}

/// A session that was checked.
#[derive(Debug, Clone)]
pub struct Session {
    /// What its owner can reach.
    pub scope: Scope,
    /// What they typed to sign in.
    pub username: String,
    /// The language they are told things in.
    pub language: Language,
    /// When it ends, wall time.
    pub expires_at: DateTime<Utc>,
}

/// Signs in.
///
/// # Errors
/// [`Error::WrongPassword`] for everything that is wrong with the credentials,
/// [`Error::Throttled`] after too many failures.
pub async fn sign_in(
    app: &App,
    username: &str,
    password: String,
    origin: &Origin,
) -> Result<SignedIn, Error> {
    let wall = app.clock.wall();
    let since = wall - TimeDelta::minutes(THROTTLE_MINUTES);
    let username = username.to_lowercase();
    // Held until the outcome is written down, so that guesses at once cannot outrun the count.
    let _turn = app.signing_in.acquire().await;
    refuse_guessing(app, &username, since).await?;
    let account = accounts::find_by_username(app.store.read_unscoped(), &username).await?;
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let is_right = tokio::task::spawn_blocking(move || verify(hash.as_deref(), &password)).await;
    match account {
        Some(account) if matches!(is_right, Ok(true)) && !account.disabled => {
            begin(app, account, origin, wall).await
        }
        Some(_) | None => {
            remember_failure(app, username, origin, (wall, since)).await?;
            Err(Error::WrongPassword)
        }
    }
}

async fn refuse_guessing(app: &App, username: &str, since: DateTime<Utc>) -> Result<(), Error> {
    if app.limits == Limits::On
        && accounts::failures_since(app.store.read_unscoped(), username, since).await?
            >= MOST_FAILURES
    {
        return Err(Error::Throttled(u64::try_from(THROTTLE_MINUTES * 60).unwrap_or(u64::MAX)));
    }
    Ok(())
}

async fn begin(
    app: &App,
    account: Account,
    origin: &Origin,
    wall: DateTime<Utc>,
) -> Result<SignedIn, Error> {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let expires_at = wall + TimeDelta::hours(SESSION_HOURS);
    let (hashed, user) = (token_hash(&token), account.actor.user);
    let scope = Scope::granted(account.actor).named(account.username.clone());
    let scope = scope.reached_from(origin.clone());
    let entry = Entry::by(&scope, Action::SignedIn, wall);
    app.store
        .write(move |tx| {
            let (hashed, entry) = (hashed.clone(), entry.clone());
            Box::pin(async move {
                accounts::insert_session(tx, hashed, user, wall, expires_at).await?;
                audit::record(tx, entry).await
            })
        })
        .await?;
    crash::point(Point::SessionCommitted);
    let Account { username, language, .. } = account;
    Ok(SignedIn { token, expires_at, scope, username, language })
}

async fn remember_failure(
    app: &App,
    username: String,
    origin: &Origin,
    (wall, since): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    let typed = text::cleaned(&username, LONGEST_TYPED);
    let entry = Entry {
        username: Some(typed).filter(|typed| !typed.is_empty()),
        ..Entry::unnamed(origin.clone(), Action::SignInRefused, wall)
    };
    let limits = app.limits;
    app.store
        .write(move |tx| {
            let (username, entry) = (username.clone(), entry.clone());
            Box::pin(async move {
                if limits == Limits::Off {
                    return audit::record(tx, entry).await;
                }
                accounts::insert_failure(tx, &username, wall, since).await?;
                // Once locked, attempts are refused without a look, and not written down.
                let failures = accounts::failures_since(tx, &username, since).await?;
                let detail = json!({ "locked": failures >= MOST_FAILURES });
                audit::record(tx, entry.with(detail)).await
            })
        })
        .await
}

/// Checks a session: the only way to a [`Scope`].
///
/// # Errors
/// [`Error::Unauthenticated`] when the token is unknown, has run out, or its owner is disabled.
pub async fn authenticate(app: &App, token: &str) -> Result<Session, Error> {
    let (hashed, wall) = (token_hash(token), app.clock.wall());
    let found = accounts::find_by_session(app.store.read_unscoped(), &hashed, wall).await?;
    let (account, expires_at) = found.ok_or(Error::Unauthenticated)?;
    let Account { actor, username, language, .. } = account;
    let scope = Scope::granted(actor).named(username.clone());
    Ok(Session { scope, username, language, expires_at })
}

/// A session by what is kept of its token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionKey(String);

impl SessionKey {
    /// The key of a token's session.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(token_hash(token))
    }
}

/// Sessions asked about at once.
const SESSIONS_AT_ONCE: usize = 1_000;

/// Those of these sessions that live, with whose they are now: what [`authenticate`] would say,
/// for many at once.
///
/// # Errors
/// [`Error::Internal`].
pub async fn live(app: &App, keys: &[SessionKey]) -> Result<HashMap<SessionKey, Actor>, Error> {
    let wall = app.clock.wall();
    let mut live = HashMap::with_capacity(keys.len());
    for keys in keys.chunks(SESSIONS_AT_ONCE) {
        let hashes: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
        let found = sessions::live(app.store.read_unscoped(), &hashes, wall).await?;
        live.extend(found.into_iter().map(|(hash, actor)| (SessionKey(hash), actor)));
    }
    Ok(live)
}

/// Ends a session of the caller's; an unknown one is as good as ended.
///
/// # Errors
/// [`Error::Internal`].
pub async fn sign_out(app: &App, scope: &Scope, token: &str) -> Result<(), Error> {
    let hashed = token_hash(token);
    let entry = Entry::by(scope, Action::SignedOut, app.clock.wall());
    app.store
        .write(move |tx| {
            let (hashed, entry) = (hashed.clone(), entry.clone());
            Box::pin(async move {
                if accounts::delete_session(tx, &hashed).await? {
                    audit::record(tx, entry).await?;
                }
                Ok::<_, Error>(())
            })
        })
        .await
}

/// Ends the sessions that have run out.
///
/// # Errors
/// [`Error::Internal`].
pub async fn clear_sessions(app: &App) -> Result<u64, Error> {
    let wall = app.clock.wall();
    app.store
        .write(move |tx| {
            Box::pin(async move { Ok::<_, Error>(accounts::delete_expired(tx, wall).await?) })
        })
        .await
}

/// The reach of a user name, on the operator's authority: for loading samples and importing
/// tables, where nobody signs in.
///
/// # Errors
/// [`Error::NotFound`] when there is no such user name, or it may not sign in.
pub async fn on_behalf_of(app: &App, username: &str) -> Result<Scope, Error> {
    let account = accounts::find_by_username(app.store.read_unscoped(), username).await?;
    account
        .filter(|account| !account.disabled)
        .map(|account| Scope::granted(account.actor).named(account.username))
        .ok_or(Error::NotFound)
}

/// Creates a person, by whoever operates the service.
///
/// # Errors
/// [`Error::Invalid`] when the user name is taken.
pub async fn create(app: &App, user: NewUser) -> Result<(), Error> {
    let (at, wall) = (app.clock.now(), app.clock.wall());
    app.store
        .write(move |tx| {
            let user = user.clone();
            Box::pin(async move {
                if accounts::find_by_username(tx, &user.username).await?.is_some() {
                    return Err(Error::invalid("username", "taken", "this user name is taken"));
                }
                let entry = Entry::unnamed(Origin::command_line(), Action::UserCreated, wall);
                let detail = json!({ "role": user.role, "organisation": user.organisation });
                let entry = entry.about(&user.username).with(detail);
                accounts::insert_users(tx, &[user], at).await?;
                audit::record(tx, entry).await
            })
        })
        .await
}

/// Changes the caller's password, and ends every session of theirs but this token's.
///
/// # Errors
/// [`Error::Invalid`] naming `current_password` (`wrong`) and `new_password` (the codes of
/// [`PasswordError`](password::PasswordError)), [`Error::Throttled`] after too many wrong
/// current passwords, which count as failed sign-ins.
pub async fn change_password(
    app: &App,
    scope: &Scope,
    token: &str,
    current: String,
    new: String,
) -> Result<(), Error> {
    let (wall, hashed) = (app.clock.wall(), token_hash(token));
    let since = wall - TimeDelta::minutes(THROTTLE_MINUTES);
    let found = accounts::find_by_session(app.store.read_unscoped(), &hashed, wall).await?;
    let own = found.filter(|(account, _)| account.actor.user == scope.actor().user);
    let (account, _) = own.ok_or(Error::Unauthenticated)?;
    let _turn = app.signing_in.acquire().await;
    refuse_guessing(app, &account.username, since).await?;
    let judged = password::judge(&new, &current, &account.username);
    let mut refused: Vec<FieldError> = Vec::new();
    let checked = account.password_hash.clone();
    let is_right = move || verify(Some(&checked), &current);
    if !off_the_async_threads(is_right).await? {
        let username = account.username.clone();
        remember_failure(app, username, scope.origin(), (wall, since)).await?;
        refused.push(wrong_password());
    }
    if let Err(error) = judged {
        refused.push(FieldError::new("new_password", error.code(), error.to_string()));
    }
    if !refused.is_empty() {
        return Err(Error::Invalid(refused));
    }
    let made = off_the_async_threads(move || hash_password(&new)).await?;
    let made = made.map_err(|_error| store::Error::Abandoned("the system gives no randomness"))?;
    let entry = Entry::by(scope, Action::PasswordChanged, wall);
    replace_password(app, account, (made, hashed), entry).await
}

async fn replace_password(
    app: &App,
    account: Account,
    (made, own_session): (String, String),
    entry: Entry,
) -> Result<(), Error> {
    let (user, checked) = (account.actor.user, account.password_hash);
    app.store
        .write(move |tx| {
            let (checked, made, own) = (checked.clone(), made.clone(), own_session.clone());
            let entry = entry.clone();
            Box::pin(async move {
                if !accounts::replace_password(tx, user, (&checked, &made)).await? {
                    return Err(Error::Invalid(vec![wrong_password()]));
                }
                accounts::delete_other_sessions(tx, user, &own).await?;
                audit::record(tx, entry).await
            })
        })
        .await
}

fn wrong_password() -> FieldError {
    FieldError::new("current_password", "wrong", "this is not your password")
}

/// Does what keeps a core busy for tens of milliseconds.
pub(super) async fn off_the_async_threads<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let stopped = |_panic| store::Error::Abandoned("the hashing stopped");
    Ok(tokio::task::spawn_blocking(work).await.map_err(stopped)?)
}

/// A password that is hard to guess and easy to type.
#[must_use]
pub fn random_password() -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut random = rand::rng();
    let made = (0..20).filter_map(|_| LETTERS.get(random.random_range(0..LETTERS.len())));
    made.map(|letter| char::from(*letter)).collect()
}

/// A password's Argon2id hash with a salt of its own. Takes tens of milliseconds: call it off
/// the async threads.
///
/// # Errors
/// When the system gives no randomness.
pub fn hash_password(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash.map_err(|error| anyhow::anyhow!("the password cannot be hashed: {error}"))?.to_string())
}

/// Somebody's hash whose password nobody knows: checking it costs what a real one does.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c3VwcGx5bGluZS1ub2JvZHk$Jq3Z3m9l0Z8oZcG0c9mJ6T8p1o2dX7v5yKf4uWb3aQk";

fn verify(hash: Option<&str>, password: &str) -> bool {
    let checked = |hash: &str| {
        PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    };
    match hash {
        Some(hash) => checked(hash),
        None => {
            checked(NOBODY);
            false
        }
    }
}

fn token_hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_accepts_its_password_only() {
        let hash = hash_password("supplyline-demo").expect("randomness");
        assert!(verify(Some(&hash), "supplyline-demo"));
        assert!(!verify(Some(&hash), "supplyline-Demo"));
        assert!(!verify(None, "supplyline-demo"));
        assert!(PasswordHash::new(NOBODY).is_ok(), "the stand-in costs what a real hash does");
    }
}
