//! Importing people.
//!
//! The file holds no passwords. For everybody who is new one is made, handed out once before
//! the import takes effect, and forgotten; those who are known keep theirs.
//!
//! **Never** changes what somebody may be, nor for whom: that would follow them into their open
//! sessions.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::houses::Houses;
use super::ledger::Ledger;
use crate::domain::id::{OrganisationId, UserId};
use crate::domain::import::{Outcome, RowError, UserRow};
use crate::domain::party::OrganisationKind;
use crate::service::accounts::{hash_password, random_password};
use crate::service::{App, Error};
use crate::store::accounts::{self, NewUser};
use crate::store::imports::{self, KnownUser};
use crate::store::{self, Batch};

/// Rows per round of statements.
const ROWS: usize = 1_000;
/// New people of one file: each password costs tens of milliseconds.
const MOST_NEW: usize = 2_000;

/// A password that was made for somebody new: its only copy.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    /// What they type to sign in.
    pub username: String,
    /// The password.
    pub password: String,
    hash: String,
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Password").field("username", &self.username).finish_non_exhaustive()
    }
}

/// The people of a file, with passwords for those who are new.
pub(super) struct UserTable {
    rows: Vec<UserRow>,
    passwords: Vec<Password>,
    too_many: bool,
}

impl UserTable {
    pub(super) fn of(rows: Vec<UserRow>) -> Self {
        Self { rows, passwords: Vec::new(), too_many: false }
    }

    pub(super) fn passwords(&self) -> &[Password] {
        &self.passwords
    }
}

/// Makes passwords for everybody who is not known.
pub(super) async fn prepare(app: &App, table: &mut UserTable) -> Result<(), Error> {
    let names: Vec<String> = table.rows.iter().map(|row| row.username.clone()).collect();
    let known = imports::users_by_name(app.store.read_unscoped(), &names).await?;
    let mut known: HashSet<String> = known.into_iter().map(|user| user.username).collect();
    let new: Vec<String> = names.into_iter().filter(|name| known.insert(name.clone())).collect();
    if new.len() > MOST_NEW {
        table.too_many = true;
        return Ok(());
    }
    let made = tokio::task::spawn_blocking(move || {
        let password = |username: String| {
            let password = random_password();
            let hash = hash_password(&password)?;
            Ok(Password { username, password, hash })
        };
        new.into_iter().map(password).collect::<anyhow::Result<Vec<_>>>()
    });
    let stopped = |problem| store::Error::Abandoned(problem);
    let made = made.await.map_err(|_panic| stopped("the hashing stopped"))?;
    table.passwords = made.map_err(|_error| stopped("the system gives no randomness"))?;
    Ok(())
}

pub(super) async fn apply(
    tx: &DatabaseTransaction,
    table: &UserTable,
    at: DateTime<Utc>,
    ledger: &mut Ledger,
) -> Result<(), store::Error> {
    if table.too_many {
        let message = format!("at most {MOST_NEW} new people in one file");
        ledger.refuse(RowError::new(0, "username", "too_many", message));
        return Ok(());
    }
    let hashes: HashMap<&str, &str> =
        table.passwords.iter().map(|made| (made.username.as_str(), made.hash.as_str())).collect();
    let mut houses: HashMap<OrganisationKind, Houses> = HashMap::new();
    let mut seen = HashMap::new();
    for rows in table.rows.chunks(ROWS) {
        let names: Vec<String> = rows.iter().map(|row| row.username.clone()).collect();
        let known = imports::users_by_name(tx, &names).await?;
        let known: HashMap<&str, &KnownUser> =
            known.iter().map(|user| (user.username.as_str(), user)).collect();
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for row in rows {
            let kind = row.role.organisation_kind();
            if let Entry::Vacant(entry) = houses.entry(kind) {
                entry.insert(Houses::of(tx, kind).await?);
            }
            let house = houses.get(&kind).and_then(|h| h.find(&row.organisation, row.row, ledger));
            let key = (row.row, "username");
            let is_first = ledger.is_first(&mut seen, row.username.as_str(), key);
            let Some(house) = house.map(|house| house.id).filter(|_| is_first) else { continue };
            match known.get(row.username.as_str()) {
                Some(known) => changed.extend(update(row, known, house, ledger)),
                None => new.extend(create(row, house, &hashes, ledger)),
            }
        }
        if ledger.writes() {
            accounts::insert_users(tx, &new, at).await?;
            let mut batch = Batch::on(tx);
            imports::update_users(&mut batch, &changed);
            batch.run(tx).await?;
        }
    }
    Ok(())
}

/// Somebody new, with the password that was made for them.
fn create(
    row: &UserRow,
    organisation: OrganisationId,
    hashes: &HashMap<&str, &str>,
    ledger: &mut Ledger,
) -> Option<NewUser> {
    let hash = hashes.get(row.username.as_str());
    if hash.is_none() && ledger.writes() {
        let message = "this person was removed while the file was read: import it again";
        ledger.refuse(RowError::new(row.row, "username", "removed", message));
        return None;
    }
    ledger.done(row.row, Outcome::Created);
    Some(NewUser {
        id: UserId(Uuid::now_v7()),
        organisation,
        username: row.username.clone(),
        name: row.name.clone(),
        role: row.role,
        email: row.email.clone().flatten(),
        phone: row.phone.clone().flatten(),
        language: row.language.unwrap_or_default(),
        territory: row.territory.flatten(),
        password_hash: hash.copied().unwrap_or_default().to_owned(),
    })
}

/// Somebody known, if the row changes them.
fn update(
    row: &UserRow,
    known: &KnownUser,
    organisation: OrganisationId,
    ledger: &mut Ledger,
) -> Option<KnownUser> {
    if known.role != row.role || known.organisation != organisation {
        let message = "this person has another role or organisation; an import does not change it";
        ledger.refuse(RowError::new(row.row, "username", "taken", message));
        return None;
    }
    let after = KnownUser {
        name: row.name.clone(),
        email: row.email.clone().unwrap_or_else(|| known.email.clone()),
        phone: row.phone.clone().unwrap_or_else(|| known.phone.clone()),
        language: row.language.unwrap_or(known.language),
        territory: row.territory.unwrap_or(known.territory),
        ..known.clone()
    };
    let is_changed = after != *known;
    ledger.done(row.row, if is_changed { Outcome::Updated } else { Outcome::Unchanged });
    Some(after).filter(|_| is_changed)
}
