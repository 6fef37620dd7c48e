//! Filing tickets, acting on them, and reading them.
//!
//! **Never** lets an act past a deadline that has come: the ticket is brought up to the instant
//! first, so it makes no difference whether the sweep was there before.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use uuid::Uuid;

use super::audit::{self, Acted};
use super::filing::{self, Following};
pub use super::filing::{Filing, ReadFiling, file};
use super::once::once;
pub use super::timeline::{EventView, MessageView, events, message_id, messages};
use super::{Answered, App, Error, Once, attachments, notices};
use crate::crash::{self, Point};
use crate::domain::access::Scope;
use crate::domain::escalation::Desk;
use crate::domain::id::{EscalationId, OrganisationId, ProductId, TicketId};
use crate::domain::party::{Division, Organisation, OrganisationKind};
use crate::domain::ticket::{self, Act, ActKind, Command, Decision, Rules, Ticket};
use crate::store::catalogue::{self, Product};
use crate::store::tickets as kept;
pub use crate::store::tickets::{Filter, Order};
use crate::store::{self, Batch, accounts, outbox};

/// A ticket with the names that go with it.
#[derive(Debug, Clone)]
pub struct TicketView {
    /// The ticket.
    pub ticket: Ticket,
    /// Its product.
    pub product: Product,
    /// The names of every organisation it mentions.
    pub organisations: Arc<HashMap<OrganisationId, Organisation>>,
    /// Nobody of the manufacturer could be told when it was filed.
    pub no_contact: bool,
    /// Tickets that may be the same trouble filed twice, with their numbers.
    pub likely_duplicates: Vec<(TicketId, String)>,
    /// What the reader may do now.
    pub possible: Vec<ActKind>,
    /// When the act happened whose outcome this is; `None` when it was only read.
    pub acted_at: Option<DateTime<Utc>>,
}

/// Reads an act from the request, after the checks that come before the input's.
pub type ReadAct = Arc<dyn Fn() -> Result<Act, Error> + Send + Sync>;

/// What is acted on: a ticket, or one of its escalations.
#[derive(Debug, Clone, Copy)]
pub struct Upon {
    /// The ticket.
    pub ticket: TicketId,
    /// The escalation, for a bureau's acts.
    pub escalation: Option<EscalationId>,
}

impl From<TicketId> for Upon {
    fn from(ticket: TicketId) -> Self {
        Self { ticket, escalation: None }
    }
}

/// Acts on a ticket.
///
/// # Errors
/// In the order of the checks: [`Error::NotFound`], [`Error::Forbidden`], [`Error::Conflict`],
/// [`Error::Outdated`], then [`Error::Invalid`].
#[expect(clippy::too_many_arguments, reason = "who, what, how and once are four things")]
pub async fn act(
    app: &App,
    scope: &Scope,
    upon: impl Into<Upon>,
    kind: ActKind,
    read: ReadAct,
    request: Once<TicketView>,
) -> Result<Answered, Error> {
    let Upon { ticket, escalation } = upon.into();
    let (at, app_, scope) = (app.clock.now(), app.clone(), scope.clone());
    let expected = request.expected_version;
    let acted = once(app, request, move |tx| {
        let (app, scope, read) = (app_.clone(), scope.clone(), Arc::clone(&read));
        Box::pin(async move {
            let found = kept::find_locked(tx, scope.tickets(), ticket).await?;
            let before = found.ok_or(Error::NotFound)?;
            crash::point(Point::ActBegun);
            act_in(tx, &app, &scope, Acting { before, escalation, kind, read, expected, at }).await
        })
    })
    .await;
    crash::point(Point::ActCommitted);
    acted
}

pub(super) struct Acting {
    pub(super) before: Ticket,
    pub(super) escalation: Option<EscalationId>,
    pub(super) kind: ActKind,
    pub(super) read: ReadAct,
    pub(super) expected: Option<i64>,
    pub(super) at: DateTime<Utc>,
}

pub(super) async fn act_in(
    tx: &DatabaseTransaction,
    app: &App,
    scope: &Scope,
    acting: Acting,
) -> Result<TicketView, Error> {
    let Acting { before, escalation, kind, read, expected, at } = acting;
    let book = app.book_in(tx).await?;
    let policy = book.policy_of(policy_version(&before));
    let calendar = book.calendar_for(policy, before.division, Some(before.manufacturer));
    let desks = desks_of(tx, before.division).await?;
    let rules = Rules { calendar: &calendar, policy, desks: &desks };
    let mut change = ticket::advance(&before, at, &rules)?;
    ticket::admit(&change.ticket, scope.actor(), kind, at, &rules)?;
    if let Some(escalation) = escalation {
        ticket::admit_holder(&change.ticket, scope.actor(), kind, escalation)?;
    }
    if expected.is_some_and(|version| version != before.version) {
        return Err(Error::Outdated);
    }
    let act = read()?;
    attachments::known_evidence(tx, &change.ticket, scope.actor(), act.evidence()).await?;
    let successor = named(tx, &change.ticket, &act).await?;
    let decided = ticket::decide(&change.ticket, Command::Act(scope.actor(), act), at, &rules)?;
    change = change.then(decided);
    let mut batch = Batch::on(tx);
    kept::update(&mut batch, &[(&before, &change)]);
    let followed = match successor {
        Some(manufacturer) => {
            let following = Following { returned: &change.ticket, manufacturer, at };
            // A ticket of its own: the rules of today judge it.
            let (place, category) = (before.division, before.report.category);
            let policy = book.policy(Some(place), Some(category), at);
            let calendar = book.calendar_for(policy, place, Some(manufacturer));
            let rules = Rules { calendar: &calendar, policy, ..rules };
            Some(filing::follow(tx, &mut batch, following, scope.actor(), &rules).await?)
        }
        None => None,
    };
    let changes: Vec<_> = std::iter::once(&change).chain(&followed).collect();
    let told = notices::expand(tx, &book, &changes, Vec::new()).await?;
    outbox::insert(&mut batch, &told);
    let acted = Acted { kind, escalation, before: &before, after: &change.ticket };
    audit::add(&mut batch, acted.entry(app, scope, followed.as_ref()));
    crash::point(Point::ActDecided);
    let written = batch.run(tx).await;
    crash::point(Point::ActWritten);
    // The number of the ticket that follows may be taken: the next attempt draws another.
    written.map_err(|error| if error.is_duplicate() { store::Error::Stale } else { error })?;
    change.ticket.version = before.version + 1;
    let view = view(tx, scope, change.ticket).await?;
    Ok(TicketView { acted_at: Some(at), ..view })
}

/// Checks the organisations an act names; gives the manufacturer a new ticket goes to.
async fn named(
    tx: &DatabaseTransaction,
    ticket: &Ticket,
    act: &Act,
) -> Result<Option<OrganisationId>, Error> {
    let (field, id, kind) = match act {
        Act::Distributor { distributor } => {
            ("organisation_id", *distributor, OrganisationKind::Distributor)
        }
        Act::Decide(Decision { manufacturer: Some(id), .. }) => {
            ("manufacturer_id", *id, OrganisationKind::Manufacturer)
        }
        Act::Decide(_)
        | Act::Reply(_)
        | Act::Promise { .. }
        | Act::Solve { .. }
        | Act::Confirm(_)
        | Act::Withdraw { .. }
        | Act::Urge { .. }
        | Act::Escalate { .. }
        | Act::Return { .. }
        | Act::Extension { .. }
        | Act::ForceMajeure { .. }
        | Act::Message { .. }
        | Act::Attach(_)
        | Act::Acknowledge { .. }
        | Act::Measure { .. }
        | Act::CloseEscalation { .. } => return Ok(None),
    };
    let found = accounts::organisations(tx, &[id]).await?;
    if !found.iter().any(|organisation| organisation.kind == kind) {
        return Err(Error::invalid(field, "unknown", "there is no such organisation of this kind"));
    }
    if kind == OrganisationKind::Distributor {
        return Ok(None);
    }
    if id == ticket.manufacturer {
        return Err(Error::invalid(field, "unchanged", "this manufacturer returned the ticket"));
    }
    Ok(Some(id))
}

/// The policy a ticket is judged by: that of its first deadline.
pub(super) fn policy_version(ticket: &Ticket) -> &str {
    ticket.deadlines.first().map_or("", |deadline| deadline.policy_version.as_str())
}

/// The bureaus that may step in for a hospital in `division`.
pub(super) async fn desks_of(
    db: &impl ConnectionTrait,
    division: Division,
) -> Result<Vec<Desk>, Error> {
    let mut units = vec![division, division.city(), division.province()];
    units.dedup();
    Ok(accounts::desks(db, &units).await?)
}

/// The bureaus of every division among the tickets, asked for once.
pub(super) async fn desks_of_all(
    db: &impl ConnectionTrait,
    tickets: &[Ticket],
) -> Result<HashMap<Division, Vec<Desk>>, Error> {
    let mut divisions: Vec<Division> = tickets.iter().map(|ticket| ticket.division).collect();
    divisions.sort_unstable();
    divisions.dedup();
    let mut units: Vec<_> = divisions.iter().flat_map(|d| [*d, d.city(), d.province()]).collect();
    units.sort_unstable();
    units.dedup();
    let all = accounts::desks(db, &units).await?;
    let serves = |division: Division| {
        let own = |desk: &&Desk| division.is_within(desk.division);
        all.iter().filter(own).cloned().collect::<Vec<_>>()
    };
    Ok(divisions.into_iter().map(|division| (division, serves(division))).collect())
}

/// A ticket of the caller's.
///
/// # Errors
/// [`Error::NotFound`] when it is unknown or not theirs.
pub async fn get(app: &App, scope: &Scope, id: TicketId) -> Result<TicketView, Error> {
    let db = &app.store.read_as(scope).await?;
    let found = kept::find(db, scope.tickets(), id).await?;
    view(db, scope, found.ok_or(Error::NotFound)?).await
}

/// One page of the caller's tickets.
///
/// # Errors
/// [`Error::Internal`].
pub async fn list(
    app: &App,
    scope: &Scope,
    filter: &Filter,
    order: Order,
    page: (Option<(DateTime<Utc>, Uuid)>, u64),
) -> Result<Vec<TicketView>, Error> {
    match order {
        Order::NewestFirst | Order::OldestFirst => {
            list_on(&app.store.read_as(scope).await?, scope, filter, order, page).await
        }
        // What is due next changes: the page is read as it was at one instant.
        Order::DueFirst => {
            list_on(&app.store.snapshot_as(scope).await?, scope, filter, order, page).await
        }
    }
}

async fn list_on(
    db: &impl ConnectionTrait,
    scope: &Scope,
    filter: &Filter,
    order: Order,
    page: (Option<(DateTime<Utc>, Uuid)>, u64),
) -> Result<Vec<TicketView>, Error> {
    let tickets = kept::list(db, scope.tickets(), filter, order, page).await?;
    views(db, scope, tickets).await
}

/// How many tickets the whole list has.
///
/// # Errors
/// [`Error::Internal`].
pub async fn count(app: &App, scope: &Scope, filter: &Filter) -> Result<u64, Error> {
    Ok(kept::count(&app.store.read_as(scope).await?, scope.tickets(), filter).await?)
}

/// How many tickets the whole list has, but `cap` at most: fast over however many.
///
/// # Errors
/// [`Error::Internal`].
pub async fn count_up_to(
    app: &App,
    scope: &Scope,
    filter: &Filter,
    cap: u64,
) -> Result<u64, Error> {
    Ok(kept::count_up_to(&app.store.read_as(scope).await?, scope.tickets(), filter, cap).await?)
}

pub(super) async fn view(
    db: &impl ConnectionTrait,
    scope: &Scope,
    ticket: Ticket,
) -> Result<TicketView, Error> {
    views(db, scope, vec![ticket]).await?.pop().ok_or(Error::NotFound)
}

/// Adds the names to tickets.
pub(super) async fn views(
    db: &impl ConnectionTrait,
    scope: &Scope,
    tickets: Vec<Ticket>,
) -> Result<Vec<TicketView>, Error> {
    let named = names(db, &tickets).await?;
    let organisations = Arc::new(named.organisations);
    let ids: Vec<TicketId> = tickets.iter().map(|ticket| ticket.id).collect();
    let untold = kept::without_contact(db, &ids).await?;
    let mut duplicates = kept::likely_duplicates(db, scope.tickets(), &tickets).await?;
    Ok(tickets
        .into_iter()
        .filter_map(|ticket| {
            Some(TicketView {
                product: named.products.get(&ticket.product)?.clone(),
                organisations: Arc::clone(&organisations),
                no_contact: untold.contains(&ticket.id),
                likely_duplicates: duplicates.remove(&ticket.id).unwrap_or_default(),
                possible: ticket::possible(&ticket, scope.actor()),
                acted_at: None,
                ticket,
            })
        })
        .collect())
}

/// The products and organisations that tickets mention.
pub(super) struct Named {
    pub(super) products: HashMap<ProductId, Product>,
    pub(super) organisations: HashMap<OrganisationId, Organisation>,
}

/// Reads the names that tickets mention, each once.
pub(super) async fn names(db: &impl ConnectionTrait, tickets: &[Ticket]) -> Result<Named, Error> {
    let mut products: Vec<ProductId> = tickets.iter().map(|ticket| ticket.product).collect();
    products.sort_unstable();
    products.dedup();
    let products = catalogue::products(db, &products).await?;
    let mut houses: Vec<OrganisationId> = tickets.iter().flat_map(mentioned).collect();
    houses.sort_unstable();
    houses.dedup();
    let houses = accounts::organisations(db, &houses).await?;
    Ok(Named {
        products: products.into_iter().map(|product| (product.id, product)).collect(),
        organisations: houses.into_iter().map(|house| (house.id, house)).collect(),
    })
}

fn mentioned(ticket: &Ticket) -> Vec<OrganisationId> {
    let bureaus = ticket.escalations.iter().filter_map(|escalation| escalation.bureau);
    let asked = ticket.requests.iter().filter_map(|request| request.bureau);
    [ticket.hospital, ticket.manufacturer]
        .into_iter()
        .chain(ticket.distributor)
        .chain(bureaus)
        .chain(asked)
        .collect()
}
