//! Who is told: from parties to people, and people's own notices.
//!
//! **Never** tells somebody of an organisation that is not the party.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use serde_json::json;
use uuid::Uuid;

use super::audit::{self, Action, Entry};
use super::letters::Matters;
use super::names::Names;
use super::once::once;
use super::rulebook::Rulebook;
use super::tickets::policy_version;
use super::timeline::readable;
use super::{Answered, App, Error, Once};
use crate::domain::access::Scope;
use crate::domain::id::{DeliveryId, NoticeId, OrganisationId, TicketId, UserId};
use crate::domain::notice::{Channel, Kind, Matter, channels, is_for_robots, leaves_at};
use crate::domain::party::{Division, Role};
use crate::domain::policy::Policy;
use crate::domain::territory::{self, Nearness};
use crate::domain::ticket::{Change, Event, EventData, Party, Tell, Ticket};
use crate::store::accounts::{self, Recipient};
use crate::store::figures;
use crate::store::outbox::{self, InApp, Logged, NewNotice};
pub use crate::store::outbox::{About, DeliveryState, LogFilter};

/// The organisations a change tells something.
pub(super) fn told(change: &Change) -> Vec<OrganisationId> {
    let tells = change.events.iter().flat_map(|event| &event.tells);
    let mut told: Vec<_> = tells.filter_map(|tell| house(&change.ticket, tell.to)).collect();
    told.sort_unstable();
    told.dedup();
    told
}

fn house(ticket: &Ticket, party: Party) -> Option<OrganisationId> {
    match party {
        Party::Hospital => Some(ticket.hospital),
        Party::Manufacturer => Some(ticket.manufacturer),
        Party::Distributor => ticket.distributor,
        Party::Bureau(bureau) => Some(bureau),
    }
}

/// The notices of changes, one per person and event. `people` are those already read; the rest
/// is read here.
pub(super) async fn expand(
    db: &impl ConnectionTrait,
    book: &Rulebook,
    changes: &[&Change],
    mut people: Vec<Recipient>,
) -> Result<Vec<NewNotice>, Error> {
    let mut missing: Vec<_> = changes.iter().flat_map(|change| told(change)).collect();
    missing.retain(|id| !people.iter().any(|person| person.organisation == *id));
    missing.sort_unstable();
    missing.dedup();
    people.extend(accounts::recipients(db, &missing).await?);
    let mut by_house: HashMap<OrganisationId, Vec<&Recipient>> = HashMap::new();
    for person in &people {
        by_house.entry(person.organisation).or_default().push(person);
    }
    let robots = robots_of(db, changes).await?;
    let mut notices = Vec::new();
    let (mut told, mut posted) = (HashSet::new(), HashSet::new());
    for change in changes {
        let policy = book.policy_of(policy_version(&change.ticket));
        for event in &change.events {
            for tell in &event.tells {
                let Some(house) = house(&change.ticket, tell.to) else { continue };
                let staff = by_house.get(&house).map(Vec::as_slice).unwrap_or_default();
                for person in responsible(staff, tell.to, change.ticket.division) {
                    if is_own_word(event, tell.kind, person.user) {
                        continue;
                    }
                    // One organisation may be two parties; a person is told once.
                    if !told.insert((change.ticket.id, event.sequence, tell.kind, person.user)) {
                        continue;
                    }
                    let calendar = book.calendar(person.division);
                    let urgency = change.ticket.urgency;
                    let when = (&*calendar, policy.quiet_hours);
                    let mut ways = ways(person, ways_of(policy, event, tell));
                    let group = (change.ticket.id, event.sequence, tell.kind, house);
                    // A group is told once, with the first of its people.
                    if robots.contains(&house)
                        && is_for_robots(tell.kind, change.ticket.urgency, tell.to)
                        && posted.insert(group)
                    {
                        ways.push((Channel::Robot, house.to_string()));
                    }
                    notices.push(NewNotice {
                        ticket: change.ticket.id,
                        event: event.sequence,
                        kind: tell.kind,
                        recipient: person.user,
                        at: event.at,
                        ways,
                        leaves_at: leaves_at(tell.kind, urgency, event.at, when),
                    });
                }
            }
        }
    }
    Ok(notices)
}

/// The channels of a notice: those that its rung names, if it is a rung's and that names any.
fn ways_of<'a>(policy: &'a Policy, event: &Event, tell: &Tell) -> &'a [Channel] {
    let rung = match (&event.data, tell.to) {
        (EventData::Escalated { level, .. }, _)
        | (EventData::Missed { joined: Some(level), .. }, Party::Bureau(_)) => policy.rung(*level),
        _ => None,
    };
    let own = rung.and_then(|rung| rung.channels.as_deref());
    own.unwrap_or_else(|| channels(tell.kind, tell.to))
}

/// Those of the organisations concerned that have a robot, where anything is for robots.
async fn robots_of(
    db: &impl ConnectionTrait,
    changes: &[&Change],
) -> Result<Vec<OrganisationId>, Error> {
    let mut houses = Vec::new();
    for change in changes {
        let (ticket, tells) = (&change.ticket, change.events.iter().flat_map(|event| &event.tells));
        let pressing = tells.filter(|tell| is_for_robots(tell.kind, ticket.urgency, tell.to));
        houses.extend(pressing.filter_map(|tell| house(ticket, tell.to)));
    }
    houses.sort_unstable();
    houses.dedup();
    Ok(crate::store::channels::with_robots(db, &houses).await?)
}

/// True for what a person has just written or added themselves.
fn is_own_word(event: &Event, kind: Kind, person: UserId) -> bool {
    let is_by_them = event.by.is_some_and(|(user, _)| user == person);
    is_by_them && matches!(kind, Kind::Message | Kind::Attached)
}

/// The people of a party who are told: of a manufacturer, those whose territory it is.
fn responsible<'a>(
    staff: &[&'a Recipient],
    party: Party,
    division: Division,
) -> impl Iterator<Item = &'a Recipient> {
    let near = move |person: &Recipient| territory::nearness(person.territory, division);
    let reach = match party {
        Party::Manufacturer => {
            territory::reach(staff.iter().map(|person| (near(person), person.is_reachable())))
        }
        Party::Hospital | Party::Distributor | Party::Bureau(_) => Nearness::Elsewhere,
    };
    staff.iter().copied().filter(move |person| near(person) <= reach)
}

fn ways(person: &Recipient, channels: &[Channel]) -> Vec<(Channel, String)> {
    let address = |channel: &Channel| match channel {
        Channel::Mail => person.email.clone(),
        Channel::Sms => person.phone.clone(),
        Channel::Robot => None,
    };
    channels.iter().filter_map(|channel| address(channel).map(|to| (*channel, to))).collect()
}

/// A notice with what its headline needs.
#[derive(Debug, Clone)]
pub struct NoticeView {
    /// The notice.
    pub notice: InApp,
    /// What it tells.
    pub matter: Matter,
}

/// One page of the caller's notices, newest first.
///
/// # Errors
/// [`Error::Internal`].
pub async fn list(
    app: &App,
    scope: &Scope,
    unread_only: bool,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<NoticeView>, Error> {
    let db = &app.store.read_as(scope).await?;
    let reader = (scope.actor().user, scope.tickets());
    let rows = outbox::notices(db, reader, unread_only, after, limit).await?;
    let matters = Matters::of(db, rows.iter().map(|row| &row.cause)).await?;
    let view = |notice: InApp| {
        let matter = matters.matter(&notice.cause)?;
        Some(NoticeView { notice, matter })
    };
    Ok(rows.into_iter().filter_map(view).collect())
}

/// How many notices of the caller's are not opened, `most` at most.
///
/// # Errors
/// [`Error::Internal`].
pub async fn unread(app: &App, scope: &Scope, most: u64) -> Result<u64, Error> {
    let reader = (scope.actor().user, scope.tickets());
    Ok(outbox::unread(&app.store.read_as(scope).await?, reader, most).await?)
}

/// Marks a notice of the caller's as opened.
///
/// # Errors
/// [`Error::NotFound`] when it is not theirs.
pub async fn read(app: &App, scope: &Scope, id: NoticeId) -> Result<(), Error> {
    let (at, person) = (app.clock.now(), scope.actor().user);
    let entry = Entry::by(scope, Action::NoticeRead, app.clock.wall()).about(id);
    app.store
        .write(move |tx| {
            let entry = entry.clone();
            Box::pin(async move {
                if outbox::read(tx, person, id, at).await?.ok_or(Error::NotFound)? {
                    let detail =
                        json!({ "before": { "opened": false }, "after": { "opened": true } });
                    audit::record(tx, entry.with(detail)).await?;
                }
                Ok(())
            })
        })
        .await
}

/// A delivery with its recipient's names.
#[derive(Debug, Clone)]
pub struct DeliveryView {
    /// The delivery.
    pub delivery: Logged,
    /// The recipient's name.
    pub recipient: String,
}

/// Proof of service: every delivery of a ticket of the caller's.
///
/// # Errors
/// [`Error::NotFound`] when the ticket is unknown or not theirs.
pub async fn of_ticket(app: &App, scope: &Scope, id: TicketId) -> Result<Vec<DeliveryView>, Error> {
    let db = &app.store.read_as(scope).await?;
    readable(db, scope, id).await?;
    let rows = outbox::of_ticket(db, id).await?;
    with_names(db, rows).await
}

/// One page of the delivery log, for administrators.
///
/// # Errors
/// [`Error::Forbidden`] for everybody else.
pub async fn log(
    app: &App,
    scope: &Scope,
    filter: LogFilter,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<DeliveryView>, Error> {
    administrators_only(scope)?;
    let db = &app.store.read_as(scope).await?;
    let rows = outbox::log(db, filter, after, limit).await?;
    with_names(db, rows).await
}

/// How many deliveries stand so, for administrators.
///
/// # Errors
/// [`Error::Forbidden`] for everybody else.
pub async fn count(app: &App, scope: &Scope, state: DeliveryState) -> Result<u64, Error> {
    administrators_only(scope)?;
    Ok(figures::deliveries(&app.store.read_as(scope).await?, state).await?)
}

async fn with_names(
    db: &impl ConnectionTrait,
    rows: Vec<Logged>,
) -> Result<Vec<DeliveryView>, Error> {
    let names = Names::read(db, rows.iter().map(|row| row.recipient), []).await?;
    Ok(delivery_views(rows, &names))
}

/// Deliveries with their recipients' names.
pub(super) fn delivery_views(rows: Vec<Logged>, names: &Names) -> Vec<DeliveryView> {
    let named =
        |delivery: Logged| DeliveryView { recipient: names.person(delivery.recipient), delivery };
    rows.into_iter().map(named).collect()
}

/// Queues a dead letter again.
///
/// # Errors
/// [`Error::Forbidden`] unless an administrator asks, [`Error::NotFound`], and
/// [`Error::Conflict`] when the delivery is not a dead letter.
pub async fn replay(
    app: &App,
    scope: &Scope,
    id: DeliveryId,
    request: Once<DeliveryView>,
) -> Result<Answered, Error> {
    administrators_only(scope)?;
    let at: DateTime<Utc> = app.clock.now();
    let entry = Entry::by(scope, Action::DeliveryReplayed, app.clock.wall()).about(id);
    once(app, request, move |tx| {
        let entry = entry.clone();
        Box::pin(async move {
            let dead = outbox::find(tx, id).await?.ok_or(Error::NotFound)?;
            if !outbox::replay(tx, id, at).await? {
                return Err(Error::Conflict {
                    code: "not_a_dead_letter",
                    message: "only a failed delivery can be sent again".to_owned(),
                    possible: Vec::new(),
                });
            }
            let ticket = dead.about.ticket();
            let detail = json!({
                "channel": dead.channel, "kind": dead.about.name(), "ticket": ticket,
                "before": { "delivery": "failed" }, "after": { "delivery": "queued" },
            });
            audit::record(tx, entry.with(detail)).await?;
            let queued = outbox::find(tx, id).await?.into_iter().collect();
            with_names(tx, queued).await?.pop().ok_or(Error::NotFound)
        })
    })
    .await
}

fn administrators_only(scope: &Scope) -> Result<(), Error> {
    match scope.actor().role {
        Role::Admin => Ok(()),
        Role::Hospital
        | Role::Manufacturer
        | Role::Distributor
        | Role::Bureau
        | Role::Security
        | Role::Auditor => {
            Err(Error::Forbidden("only an administrator may see the delivery log".to_owned()))
        }
    }
}
