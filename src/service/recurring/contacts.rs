//! The alarm about manufacturers that no message reaches.
//!
//! An address counts as proven while a message to it was taken by the receiving side not long
//! ago.
//!
//! **Never** shows an address.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};

use super::{tell, tell_administrators};
use crate::domain::alarm::Alarm;
use crate::domain::bulletin::Bulletin;
use crate::domain::contact::{Standing, WARNED_DAYS};
use crate::domain::id::OrganisationId;
use crate::service::keeping::contacts::days;
use crate::service::{App, Error};
use crate::store::{accounts, contacts};

/// A message proves an address for so many days.
const PROVEN_DAYS: i64 = 180;
/// Names that are listed.
const LISTED: usize = 20;

pub(super) async fn run(app: &App, today: NaiveDate) -> Result<(), Error> {
    remind(app, today).await?;
    let since = app.clock.now() - TimeDelta::days(PROVEN_DAYS);
    let mut names = accounts::unproven_manufacturers(app.store.read_unscoped(), since).await?;
    if names.is_empty() {
        return Ok(());
    }
    let count = u32::try_from(names.len()).unwrap_or(u32::MAX);
    names.truncate(LISTED);
    let key = format!("contacts_unproven:{}", today.format("%Y-%m"));
    let bulletin = Bulletin::ContactsUnproven { count, names };
    tell_administrators(app, vec![Alarm { key, bulletin }]).await
}

/// Tells the people of organisations, once a month, which of their contacts run out soon or have
/// run out.
async fn remind(app: &App, today: NaiveDate) -> Result<(), Error> {
    let (db, now) = (app.store.read_unscoped(), app.clock.now());
    let days = days(db).await?;
    let verified = contacts::verified_before(db, now - TimeDelta::days(days - WARNED_DAYS)).await?;
    let mut by_house: BTreeMap<OrganisationId, Vec<String>> = BTreeMap::new();
    for contact in verified {
        if Standing::of(contact.verified_at, days, now).is_running_out(now) {
            by_house.entry(contact.organisation).or_default().push(contact.card.name);
        }
    }
    let houses: Vec<OrganisationId> = by_house.keys().copied().collect();
    let people = accounts::recipients(db, &houses).await?;
    for (house, mut names) in by_house {
        let theirs: Vec<_> =
            people.iter().filter(|person| person.organisation == house).cloned().collect();
        let count = u32::try_from(names.len()).unwrap_or(u32::MAX);
        names.truncate(LISTED);
        let key = format!("contacts_expiring:{house}:{}", today.format("%Y-%m"));
        let bulletin = Bulletin::ContactsExpiring { count, names };
        tell(app, vec![Alarm { key, bulletin }], &theirs).await?;
    }
    Ok(())
}
