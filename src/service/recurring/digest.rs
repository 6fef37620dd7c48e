//! The morning digest: one mail to everybody for whom something waits.
//!
//! **Never** comes on a day of rest, twice a day, or with nothing in it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{addressee, write};
use crate::domain::bulletin::{Bulletin, BulletinKind, Waiting};
use crate::domain::party::Role;
use crate::service::{App, Error};
use crate::store::accounts::{self, Recipient};
use crate::store::outbox::NewBulletin;
use crate::store::waiting::{self, Counts};

/// Digests per transaction: bounds how long a filing waits for it.
const AT_ONCE: usize = 200;

pub(super) async fn run(app: &App, today: NaiveDate) -> Result<(), Error> {
    let db = app.store.read_unscoped();
    let counts = waiting::waiting(db, today).await?;
    let mut digests = Vec::new();
    for role in [Role::Hospital, Role::Manufacturer, Role::Distributor, Role::Bureau] {
        let people = accounts::of_role(db, role).await?;
        let own = people.iter().filter_map(|person| digest(app, &counts, role, person, today));
        digests.extend(own);
    }
    for some in digests.chunks(AT_ONCE) {
        write(app, some.to_vec()).await?;
    }
    Ok(())
}

fn digest(
    app: &App,
    counts: &Counts,
    role: Role,
    person: &Recipient,
    today: NaiveDate,
) -> Option<NewBulletin> {
    if !app.book().calendar(person.division).is_working(today) {
        return None;
    }
    let house = counts.houses.get(&person.organisation);
    let count = |what: Waiting| match what {
        Waiting::Messages => counts.unread.get(&person.user).copied(),
        Waiting::Reply
        | Waiting::Promise
        | Waiting::DueToday
        | Waiting::Overdue
        | Waiting::Confirm
        | Waiting::Acknowledge
        | Waiting::Decide => house.and_then(|house| house.get(&what).copied()),
    };
    let own = Waiting::ALL.into_iter().filter(|what| what.concerns(role));
    let waiting: BTreeMap<_, _> = own.filter_map(|what| Some((what, count(what)?))).collect();
    if waiting.is_empty() {
        return None;
    }
    let at = app.clock.now();
    Some(NewBulletin {
        key: format!("digest:{today}:{}", person.user),
        bulletin: Bulletin::Digest { on: today, waiting },
        at,
        to: vec![addressee(app, person, BulletinKind::Digest, at)],
    })
}
