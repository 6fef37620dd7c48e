//! Which user names are locked after too many failures to sign in, or soon will be.
//!
//! **Never** lets anybody but those who keep the sign-in rules see them.

use chrono::{DateTime, TimeDelta, Utc};

use super::accounts::{MOST_FAILURES, THROTTLE_MINUTES};
use super::{App, Error};
use crate::domain::access::Scope;
use crate::domain::party::Role;
use crate::store::accounts;

/// A user name by which signing in failed lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The name, as it was typed; nobody need have it.
    pub username: String,
    /// How often.
    pub failures: u64,
    /// True while nobody can sign in by it.
    pub is_locked: bool,
    /// When it failed last.
    pub last_at: DateTime<Utc>,
}

/// Refuses whoever may not see them.
///
/// # Errors
/// [`Error::Forbidden`].
pub fn admit(scope: &Scope) -> Result<(), Error> {
    match scope.actor().role {
        Role::Security => Ok(()),
        Role::Hospital
        | Role::Manufacturer
        | Role::Distributor
        | Role::Bureau
        | Role::Admin
        | Role::Auditor => {
            Err(Error::Forbidden("only a security administrator may see the locks".to_owned()))
        }
    }
}

/// One page of the user names by which signing in failed within the window that is counted.
///
/// # Errors
/// [`Error::Forbidden`] unless a security administrator asks.
pub async fn list(
    app: &App,
    scope: &Scope,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<Lock>, Error> {
    admit(scope)?;
    let since = app.clock.wall() - TimeDelta::minutes(THROTTLE_MINUTES);
    let rows = accounts::failures_by_name(app.store.read_unscoped(), since, after, limit).await?;
    let lock = |row: accounts::Failures| Lock {
        is_locked: row.count >= MOST_FAILURES,
        username: row.username,
        failures: row.count,
        last_at: row.last_at,
    };
    Ok(rows.into_iter().map(lock).collect())
}
