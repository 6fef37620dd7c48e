//! Trying a channel: a test message to whoever asks.
//!
//! **Never** sends it to anybody else, nor too often.

use chrono::TimeDelta;

use super::{Reader, admit, show};
use crate::domain::access::{Scope, masked, masked_mail};
use crate::domain::channel::{ChannelName, Step};
use crate::domain::contact::Standing;
use crate::domain::notice::Channel;
use crate::service::audit::{self, Action, Entry, Filter};
use crate::service::keeping::contacts::days as contact_days;
use crate::service::{App, Error};
use crate::store::{accounts, contacts};

/// A test is sent so often within [`TEST_MINUTES`].
const MOST_TESTS: usize = 5;
const TEST_MINUTES: i64 = 10;

/// Where a test message goes.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The caller's own address, masked.
    pub address: String,
    /// Whether it was verified as a contact of the caller's organisation.
    pub standing: Standing,
}

/// How far a test message came.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Where it went; `None` = into a robot's group.
    pub to: Option<Destination>,
    /// The steps in their order.
    pub steps: Vec<Step>,
}

/// Where a test message would go; `None` = into a robot's group, or the caller has no address.
///
/// # Errors
/// As [`show`].
pub async fn destination(
    app: &App,
    scope: &Scope,
    name: ChannelName,
) -> Result<Option<Destination>, Error> {
    admit(scope)?;
    let Some(reader) = reader(app, scope, name).await? else { return Ok(None) };
    towards(app, scope, name, &reader).await
}

/// Sends a test message to the caller's own address, or into the robot's group, and says how far
/// it came.
///
/// # Errors
/// As [`show`]; [`Error::NotFound`] for a robot that nobody has set; [`Error::Conflict`] where the
/// channel is not set or the caller has no address on it; [`Error::Throttled`].
pub async fn test(app: &App, scope: &Scope, name: ChannelName) -> Result<Trial, Error> {
    let channel = show(app, scope, name).await?;
    let conflict = |code, message: &str| Error::Conflict {
        code,
        message: message.to_owned(),
        possible: Vec::new(),
    };
    if !channel.enabled {
        return Err(conflict("channel_unset", "this channel is not set, or not in use"));
    }
    let reader = reader(app, scope, name).await?;
    let reader = reader.ok_or_else(|| conflict("no_address", "you have no address there"))?;
    throttle(app, scope).await?;
    let entry = Entry::by(scope, Action::ChannelTested, app.clock.wall()).about(name);
    audit::record_alone(app, entry).await?;
    let to = towards(app, scope, name, &reader).await?;
    Ok(Trial { to, steps: app.outlet()?.test(app, name, &reader).await })
}

/// The address of a reader, masked, and whether anybody ever showed that it is theirs: people are
/// registered with an address, but only those of contacts are verified.
async fn towards(
    app: &App,
    scope: &Scope,
    name: ChannelName,
    reader: &Reader,
) -> Result<Option<Destination>, Error> {
    let (channel, address) = match name {
        ChannelName::Mail => (Channel::Mail, masked_mail(&reader.address)),
        ChannelName::Sms => (Channel::Sms, masked(&reader.address)),
        ChannelName::Robot(_) => return Ok(None),
    };
    let db = app.store.read_unscoped();
    let (days, now) = (contact_days(db).await?, app.clock.now());
    let known = contacts::of(db, scope.actor().organisation.id).await?.into_iter();
    let same =
        known.filter(|one| one.card.channel == channel && one.card.address == reader.address);
    let verified_at = same.filter_map(|one| one.verified_at).max();
    Ok(Some(Destination { address, standing: Standing::of(verified_at, days, now) }))
}

/// The caller as the reader of a test message.
async fn reader(app: &App, scope: &Scope, name: ChannelName) -> Result<Option<Reader>, Error> {
    let username = scope.username().unwrap_or_default();
    let db = app.store.read_unscoped();
    let account = accounts::find_by_username(db, username).await?.ok_or(Error::NotFound)?;
    let people = accounts::recipients(db, &[scope.actor().organisation.id]).await?;
    let own = people.into_iter().find(|person| person.user == scope.actor().user);
    let address = match name {
        ChannelName::Mail => own.and_then(|own| own.email),
        ChannelName::Sms => own.and_then(|own| own.phone),
        ChannelName::Robot(organisation) => Some(organisation.to_string()),
    };
    let (name, language) = (account.actor.name, account.language);
    Ok(address.map(|address| Reader { name, address, language }))
}

/// A test is a message to the outside: not too many of them.
async fn throttle(app: &App, scope: &Scope) -> Result<(), Error> {
    let since = app.clock.wall() - TimeDelta::minutes(TEST_MINUTES);
    let filter = Filter {
        action: Some(Action::ChannelTested),
        username: scope.username().map(str::to_owned),
        from: Some(since),
        ..Filter::default()
    };
    let limit = u64::try_from(MOST_TESTS).unwrap_or(u64::MAX);
    let tests = crate::store::audit::list(app.store.read_unscoped(), &filter, None, limit).await?;
    match tests.last() {
        Some(oldest) if tests.len() >= MOST_TESTS => {
            let wait = oldest.entry.at + TimeDelta::minutes(TEST_MINUTES) - app.clock.wall();
            Err(Error::Throttled(u64::try_from(wait.num_seconds()).unwrap_or(0).max(1)))
        }
        Some(_) | None => Ok(()),
    }
}
