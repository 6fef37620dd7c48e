//! What is done at fixed times: the morning digest, the alarms, the retention.
//!
//! A tick is claimed, done in steps of which each can be repeated, and then marked as done; a
//! replica that dies in between leaves a lease that runs out, and another one does it again.
//!
//! **Never** tells a person the same thing twice: every bulletin has a key that says what it is.

mod contacts;
mod digest;
mod retention;
mod shortages;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{App, Error};
use crate::crash::{self, Point};
use crate::domain::alarm::{self, Alarm};
use crate::domain::bulletin::BulletinKind;
use crate::domain::calendar::local_date;
use crate::domain::notice::{Channel, by_day};
use crate::domain::party::Role;
use crate::store::accounts::{self, Recipient};
use crate::store::outbox::{self, Addressee, NewBulletin};
use crate::store::ticks;

/// Something that recurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Job {
    /// One mail a working day to everybody for whom something waits.
    Digest,
    /// An alarm to the province about shortage events that reach far.
    Shortages,
    /// An alarm to administrators about a year without a calendar.
    Calendar,
    /// An alarm to administrators about policies that end.
    Policies,
    /// An alarm to administrators about manufacturers nobody reaches.
    Contacts,
    /// Forgetting what nobody needs any more.
    Retention,
}

impl Job {
    /// Every job.
    pub const ALL: [Self; 6] = [
        Self::Digest,
        Self::Shortages,
        Self::Calendar,
        Self::Policies,
        Self::Contacts,
        Self::Retention,
    ];

    /// The stable name: the database's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::Shortages => "shortages",
            Self::Calendar => "calendar",
            Self::Policies => "policies",
            Self::Contacts => "contacts",
            Self::Retention => "retention",
        }
    }

    /// When it is due, in Shanghai time: second, minute, hour, day, month, day of the week. No
    /// two begin at the same minute.
    #[must_use]
    pub fn cron(self) -> &'static str {
        match self {
            Self::Digest => "0 30 8 * * *",
            Self::Shortages => "0 10 8-19 * * *",
            Self::Calendar => "0 0 9 * * *",
            Self::Policies => "0 5 9 * * *",
            Self::Contacts => "0 20 9 1 * *",
            Self::Retention => "0 40 3 * * *",
        }
    }

    /// How late it is still of use after the service was down; `None` = always.
    fn patience(self) -> Option<TimeDelta> {
        match self {
            Self::Digest => Some(TimeDelta::hours(4)),
            Self::Shortages
            | Self::Calendar
            | Self::Policies
            | Self::Contacts
            | Self::Retention => None,
        }
    }
}

/// A lease on a tick ends after so many seconds of wall time.
const LEASE_SECONDS: i64 = 600;

/// Up to which instant each job is done.
///
/// # Errors
/// [`Error::Internal`].
pub async fn done(app: &App) -> Result<HashMap<Job, DateTime<Utc>>, Error> {
    let rows = ticks::last_done(app.store.read_unscoped()).await?;
    let named = |name: &str| Job::ALL.into_iter().find(|job| job.name() == name);
    Ok(rows.into_iter().filter_map(|(name, at)| Some((named(&name)?, at))).collect())
}

/// Begins a job that was never done here: what was due before the service began is not made up
/// for.
///
/// # Errors
/// [`Error::Internal`].
pub async fn begin(app: &App, job: Job, before: DateTime<Utc>, worker: Uuid) -> Result<(), Error> {
    let (at, wall) = (app.clock.now(), app.clock.wall());
    let begun = app.store.write(move |tx| {
        Box::pin(async move {
            let tick = (job.name(), before);
            ticks::claim(tx, tick, worker, (wall, wall)).await?;
            ticks::finish(tx, tick, worker, at).await?;
            Ok::<_, Error>(())
        })
    });
    begun.await
}

/// Does a job that was due at an instant, unless it is done or somebody else is at it; true when
/// it was done here.
///
/// # Errors
/// [`Error::Internal`]; then it is done again when the lease has run out.
pub async fn run(app: &App, job: Job, due_at: DateTime<Utc>, worker: Uuid) -> Result<bool, Error> {
    let wall = app.clock.wall();
    let lease = wall + TimeDelta::seconds(LEASE_SECONDS);
    let claimed = app.store.write(move |tx| {
        Box::pin(async move {
            Ok::<_, Error>(ticks::claim(tx, (job.name(), due_at), worker, (wall, lease)).await?)
        })
    });
    if !claimed.await? {
        return Ok(false);
    }
    crash::point(Point::TickClaimed);
    let at = app.clock.now();
    if job.patience().is_none_or(|patience| at - due_at <= patience) {
        work(app, job, due_at).await?;
    }
    crash::point(Point::TickDone);
    let finished = app.store.write(move |tx| {
        Box::pin(async move {
            Ok::<_, Error>(ticks::finish(tx, (job.name(), due_at), worker, at).await?)
        })
    });
    finished.await
}

async fn work(app: &App, job: Job, due_at: DateTime<Utc>) -> Result<(), Error> {
    let (today, book) = (local_date(due_at), app.book());
    match job {
        Job::Digest => digest::run(app, today).await,
        Job::Shortages => shortages::run(app, due_at).await,
        Job::Calendar => {
            let alarm = alarm::calendar_missing(&book.nation(), today);
            tell_administrators(app, alarm.into_iter().collect()).await
        }
        Job::Policies => {
            tell_administrators(app, alarm::policies_lapsing(book.policies(), today)).await
        }
        Job::Contacts => contacts::run(app, today).await,
        Job::Retention => retention::run(app).await,
    }
}

pub(super) async fn tell_administrators(app: &App, alarms: Vec<Alarm>) -> Result<(), Error> {
    if alarms.is_empty() {
        return Ok(());
    }
    let people = accounts::of_role(app.store.read_unscoped(), Role::Admin).await?;
    tell(app, alarms, &people).await
}

/// Tells people alarms that they were not told before.
async fn tell(app: &App, alarms: Vec<Alarm>, people: &[Recipient]) -> Result<(), Error> {
    let at = app.clock.now();
    let bulletin = |alarm: Alarm| {
        let kind = alarm.bulletin.kind();
        let to = people.iter().map(|person| addressee(app, person, kind, at)).collect();
        NewBulletin { key: alarm.key, bulletin: alarm.bulletin, at, to }
    };
    let bulletins: Vec<_> = alarms.into_iter().map(bulletin).collect();
    write(app, bulletins).await
}

pub(super) fn addressee(
    app: &App,
    person: &Recipient,
    kind: BulletinKind,
    at: DateTime<Utc>,
) -> Addressee {
    let address = |channel: &Channel| match channel {
        Channel::Mail => person.email.clone(),
        Channel::Sms => person.phone.clone(),
        // Bulletins go to people.
        Channel::Robot => None,
    };
    let ways = kind.channels().iter();
    let book = app.book();
    let quiet = book.policy(Some(person.division), None, at).quiet_hours;
    Addressee {
        user: person.user,
        ways: ways.filter_map(|channel| Some((*channel, address(channel)?))).collect(),
        leaves_at: by_day(at, &book.calendar(person.division), quiet),
    }
}

async fn write(app: &App, bulletins: Vec<NewBulletin>) -> Result<(), Error> {
    let written = app.store.write(move |tx| {
        let bulletins = bulletins.clone();
        Box::pin(async move { Ok::<_, Error>(outbox::insert_bulletins(tx, bulletins).await?) })
    });
    written.await.map(drop)
}
