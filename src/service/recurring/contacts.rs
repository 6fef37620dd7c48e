//! The alarm about manufacturers that no message reaches.
//!
//! An address counts as proven while a message to it was taken by the receiving side not long
//! ago.
//!
//! **Never** shows an address.

use chrono::{NaiveDate, TimeDelta};

use super::tell_administrators;
use crate::domain::alarm::Alarm;
use crate::domain::bulletin::Bulletin;
use crate::service::{App, Error};
use crate::store::accounts;

/// A message proves an address for so many days.
const PROVEN_DAYS: i64 = 180;
/// Names that are listed.
const LISTED: usize = 20;

pub(super) async fn run(app: &App, today: NaiveDate) -> Result<(), Error> {
    let since = app.clock.now() - TimeDelta::days(PROVEN_DAYS);
    let mut names = accounts::unproven_manufacturers(app.store.read(), since).await?;
    if names.is_empty() {
        return Ok(());
    }
    let count = u32::try_from(names.len()).unwrap_or(u32::MAX);
    names.truncate(LISTED);
    let key = format!("contacts_unproven:{}", today.format("%Y-%m"));
    let bulletin = Bulletin::ContactsUnproven { count, names };
    tell_administrators(app, vec![Alarm { key, bulletin }]).await
}
