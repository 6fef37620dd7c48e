//! Filing tickets, acting on them, and reading them.
//!
//! **Never** lets an act past a deadline that has come: the ticket is brought up to the instant
//! first, so it makes no difference whether the sweep was there before.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rand::Rng as _;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use uuid::Uuid;

use super::once::once;
use super::{Answered, App, Error, Once, notices};
use crate::domain::access::{self, Scope};
use crate::domain::calendar::local_date;
use crate::domain::escalation::Desk;
use crate::domain::id::{OrganisationId, ProductId, TicketId, UserId};
use crate::domain::party::{Division, Organisation, Role};
use crate::domain::policy::Urgency;
use crate::domain::search;
use crate::domain::ticket::{
    self, Act, ActKind, Change, Command, NewTicket, Reachable, Report, Rules, Ticket,
};
use crate::store::catalogue::{self, Product};
use crate::store::tickets::{self as kept, EventRow, Filter, MessageRow, Order};
use crate::store::{accounts, outbox};

/// What a hospital fills in.
#[derive(Debug, Clone)]
pub struct Filing {
    /// The product's national code.
    pub product_code: String,
    /// How pressing it is.
    pub urgency: Urgency,
    /// The story.
    pub report: Report,
    /// The earlier ticket this one is a recurrence of.
    pub follows: Option<TicketId>,
}

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
    /// What the reader may do now.
    pub possible: Vec<ActKind>,
}

/// Reads an act from the request, after the checks that come before the input's.
pub type ReadAct = Arc<dyn Fn() -> Result<Act, Error> + Send + Sync>;
/// Reads a filing from the request, after the role was checked.
pub type ReadFiling = Arc<dyn Fn() -> Result<Filing, Error> + Send + Sync>;

/// Files a ticket. The manufacturer follows from the product and the distributor from the
/// hospital's agreement; neither is typed in (requirement C06).
///
/// # Errors
/// [`Error::Forbidden`] unless a hospital files, [`Error::Invalid`] naming the field.
pub async fn file(app: &App, scope: &Scope, read: ReadFiling, request: Once<TicketView>) -> Result<Answered, Error> {
    if scope.actor().role != Role::Hospital {
        return Err(Error::Forbidden("only a hospital may file a ticket".to_owned()));
    }
    let (at, app_, scope) = (app.clock.now(), app.clone(), scope.clone());
    once(app, request, move |tx| {
        let (app, scope, read) = (app_.clone(), scope.clone(), Arc::clone(&read));
        Box::pin(async move { file_in(tx, &app, &scope, read()?, at).await })
    })
    .await
}

async fn file_in(
    tx: &DatabaseTransaction,
    app: &App,
    scope: &Scope,
    filing: Filing,
    at: DateTime<Utc>,
) -> Result<TicketView, Error> {
    let hospital = &scope.actor().organisation;
    let province = hospital.division.province();
    let product = catalogue::find_by_code(tx, province, &filing.product_code).await?;
    let product = product.ok_or_else(|| {
        Error::invalid("product_code", "unknown", "this code is not in your province's catalogue")
    })?;
    if let Some(earlier) = filing.follows
        && kept::find(tx, scope.tickets(), earlier).await?.is_none()
    {
        return Err(Error::invalid("follows", "unknown", "there is no such ticket of yours"));
    }
    let agreement = catalogue::agreements(tx, hospital.id, &[product.id]).await?;
    let distributor = agreement.first().and_then(|agreement| agreement.distributor);
    let new = NewTicket {
        id: TicketId(Uuid::now_v7()),
        number: number(hospital.division, at),
        hospital: hospital.id,
        division: hospital.division,
        manufacturer: product.manufacturer,
        distributor,
        product: product.id,
        urgency: filing.urgency,
        report: filing.report,
        follows: filing.follows,
        by: scope.actor().clone(),
    };
    let named: Vec<_> = [Some(new.manufacturer), distributor].into_iter().flatten().collect();
    let people = accounts::recipients(tx, &named).await?;
    let is_reachable = people.iter().any(|person| {
        person.organisation == new.manufacturer && (person.email.is_some() || person.phone.is_some())
    });
    let reachable = if is_reachable { Reachable::Yes } else { Reachable::No };
    let desks = if is_reachable { Vec::new() } else { desks_of(tx, hospital.division).await? };
    let book = app.book();
    let calendar = book.calendar(hospital.division);
    let policy = book.policy(Some(hospital.division), at);
    let rules = Rules { calendar: &calendar, policy, desks: &desks };
    let mut change = ticket::file(new, at, reachable, &rules)?;
    change.ticket.version = 1;
    let mut organisations: HashMap<_, _> =
        accounts::organisations(tx, &named).await?.into_iter().map(|o| (o.id, o)).collect();
    organisations.insert(hospital.id, hospital.clone());
    let terms = search_terms(&change.ticket, &product, &organisations);
    kept::insert(tx, &change, terms).await?;
    let told = notices::expand(tx, &book, &[&change], people).await?;
    outbox::insert(tx, &told).await?;
    Ok(TicketView {
        product,
        organisations: Arc::new(organisations),
        no_contact: !is_reachable,
        possible: ticket::possible(&change.ticket, scope.actor()),
        ticket: change.ticket,
    })
}

/// What people may search a ticket by.
fn search_terms(
    ticket: &Ticket,
    product: &Product,
    organisations: &HashMap<OrganisationId, Organisation>,
) -> String {
    let name = |id: &OrganisationId| organisations.get(id).map_or("", |o| o.name.as_str());
    let report = &ticket.report;
    let texts = [
        ticket.number.as_str(),
        report.summary.as_str(),
        report.description.as_str(),
        product.name.as_str(),
        product.specification.as_str(),
        product.code.as_str(),
        name(&ticket.hospital),
        name(&ticket.manufacturer),
    ];
    // A term of its own keeps a phrase from reaching over the end of a text.
    texts.map(search::terms).join(" \u{b6} ")
}

/// `SQ-<division>-<filed date>-<4 random letters and digits>`, without those that look alike.
fn number(division: Division, at: DateTime<Utc>) -> String {
    const LETTERS: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut random = rand::rng();
    let tail: String = (0..4)
        .filter_map(|_| LETTERS.get(random.random_range(0..LETTERS.len())))
        .map(|letter| char::from(*letter))
        .collect();
    format!("SQ-{division}-{}-{tail}", local_date(at).format("%Y%m%d"))
}

/// Acts on a ticket.
///
/// # Errors
/// In the order of the checks: [`Error::NotFound`], [`Error::Forbidden`], [`Error::Conflict`],
/// [`Error::Outdated`], then [`Error::Invalid`].
pub async fn act(
    app: &App,
    scope: &Scope,
    id: TicketId,
    kind: ActKind,
    read: ReadAct,
    request: Once<TicketView>,
) -> Result<Answered, Error> {
    let (at, app_, scope) = (app.clock.now(), app.clone(), scope.clone());
    let expected = request.expected_version;
    once(app, request, move |tx| {
        let (app, scope, read) = (app_.clone(), scope.clone(), Arc::clone(&read));
        Box::pin(async move {
            let found = kept::find_locked(tx, scope.tickets(), id).await?;
            let before = found.filter(|_| scope.actor().role != Role::Admin);
            let before = before.ok_or(Error::NotFound)?;
            act_in(tx, &app, &scope, Acting { before, kind, read, expected, at }).await
        })
    })
    .await
}

struct Acting {
    before: Ticket,
    kind: ActKind,
    read: ReadAct,
    expected: Option<i64>,
    at: DateTime<Utc>,
}

async fn act_in(tx: &DatabaseTransaction, app: &App, scope: &Scope, acting: Acting) -> Result<TicketView, Error> {
    let Acting { before, kind, read, expected, at } = acting;
    let book = app.book();
    let calendar = book.calendar(before.division);
    let policy = book.policy_of(policy_version(&before));
    let desks = desks_of(tx, before.division).await?;
    let rules = Rules { calendar: &calendar, policy, desks: &desks };
    let mut change = ticket::advance(&before, at, &rules)?;
    ticket::admit(&change.ticket, scope.actor(), kind, at, &rules)?;
    if expected.is_some_and(|version| version != before.version) {
        return Err(Error::Outdated);
    }
    let act = read()?;
    let decided = ticket::decide(&change.ticket, Command::Act(scope.actor(), act), at, &rules)?;
    change.ticket = decided.ticket;
    change.events.extend(decided.events);
    change.written.extend(decided.written);
    kept::update(tx, &[(&before, &change)]).await?;
    let people = accounts::recipients(tx, &notices::told(&change)).await?;
    let told = notices::expand(tx, &book, &[&change], people).await?;
    outbox::insert(tx, &told).await?;
    change.ticket.version = before.version + 1;
    view(tx, scope, change.ticket).await
}

/// The policy a ticket is judged by: that of its first deadline.
pub(super) fn policy_version(ticket: &Ticket) -> &str {
    ticket.deadlines.first().map_or("", |deadline| deadline.policy_version.as_str())
}

/// The bureaus that may step in for a hospital in `division`.
pub(super) async fn desks_of(db: &impl ConnectionTrait, division: Division) -> Result<Vec<Desk>, Error> {
    let mut units = vec![division, division.city(), division.province()];
    units.dedup();
    Ok(accounts::desks(db, &units).await?)
}

/// A ticket of the caller's.
///
/// # Errors
/// [`Error::NotFound`] when it is unknown or not theirs.
pub async fn get(app: &App, scope: &Scope, id: TicketId) -> Result<TicketView, Error> {
    let found = kept::find(app.store.read(), scope.tickets(), id).await?;
    view(app.store.read(), scope, found.ok_or(Error::NotFound)?).await
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
    let db = app.store.read();
    let tickets = kept::list(db, scope.tickets(), filter, order, page).await?;
    views(db, scope, tickets).await
}

async fn view(db: &impl ConnectionTrait, scope: &Scope, ticket: Ticket) -> Result<TicketView, Error> {
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
    Ok(tickets
        .into_iter()
        .filter_map(|ticket| {
            Some(TicketView {
                product: named.products.get(&ticket.product)?.clone(),
                organisations: Arc::clone(&organisations),
                no_contact: false,
                possible: ticket::possible(&ticket, scope.actor()),
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
    [ticket.hospital, ticket.manufacturer].into_iter().chain(ticket.distributor).chain(bureaus).collect()
}

/// An entry of the timeline with its actor's names.
#[derive(Debug, Clone)]
pub struct EventView {
    /// The entry.
    pub event: EventRow,
    /// The actor's name, and their organisation's.
    pub by: Option<(String, String)>,
}

/// The timeline of a ticket of the caller's, after `after`, oldest first. What a message's
/// reader may not read is left out.
///
/// # Errors
/// [`Error::NotFound`] when the ticket is unknown or not theirs.
pub async fn events(app: &App, scope: &Scope, id: TicketId, after: u32, limit: u64) -> Result<Vec<EventView>, Error> {
    let db = app.store.read();
    readable(app, scope, id).await?;
    let rows = kept::events(db, id, after, limit).await?;
    let people: Vec<UserId> = rows.iter().filter_map(|row| row.by.map(|(user, _)| user)).collect();
    let houses: Vec<_> = rows.iter().filter_map(|row| row.by.map(|(_, house)| house)).collect();
    let people: HashMap<_, _> = accounts::user_names(db, &people).await?.into_iter().collect();
    let houses: HashMap<_, _> =
        accounts::organisations(db, &houses).await?.into_iter().map(|o| (o.id, o.name)).collect();
    let name = |(user, house): (UserId, OrganisationId)| {
        let name = people.get(&user).cloned().unwrap_or_default();
        (name, houses.get(&house).cloned().unwrap_or_default())
    };
    let may_read = |row: &EventRow| match (&row.data, row.by) {
        (ticket::EventData::Message { audience }, Some((_, house))) => {
            access::may_read(scope.actor(), *audience, house)
        }
        _ => true,
    };
    let readable = rows.into_iter().filter(may_read);
    Ok(readable.map(|event| EventView { by: event.by.map(name), event }).collect())
}

/// A ticket whose text the caller may read.
pub(super) async fn readable(app: &App, scope: &Scope, id: TicketId) -> Result<Ticket, Error> {
    let found = kept::find(app.store.read(), scope.tickets(), id).await?;
    found.filter(|_| scope.actor().role != Role::Admin).ok_or(Error::NotFound)
}

/// A message with its writer's names.
#[derive(Debug, Clone)]
pub struct MessageView {
    /// The message.
    pub message: MessageRow,
    /// The writer's name.
    pub by: String,
    /// Their organisation's.
    pub organisation: String,
}

/// The conversation of a ticket of the caller's, as far as they may read it.
///
/// # Errors
/// [`Error::NotFound`] when the ticket is unknown or not theirs.
pub async fn messages(app: &App, scope: &Scope, id: TicketId) -> Result<Vec<MessageView>, Error> {
    let db = app.store.read();
    readable(app, scope, id).await?;
    let rows = kept::messages(db, id).await?;
    let people: Vec<UserId> = rows.iter().map(|row| row.by).collect();
    let houses: Vec<_> = rows.iter().map(|row| row.organisation).collect();
    let people: HashMap<_, _> = accounts::user_names(db, &people).await?.into_iter().collect();
    let houses: HashMap<_, _> =
        accounts::organisations(db, &houses).await?.into_iter().map(|o| (o.id, o.name)).collect();
    let readable = rows
        .into_iter()
        .filter(|row| access::may_read(scope.actor(), row.audience, row.organisation));
    Ok(readable
        .map(|message| MessageView {
            by: people.get(&message.by).cloned().unwrap_or_default(),
            organisation: houses.get(&message.organisation).cloned().unwrap_or_default(),
            message,
        })
        .collect())
}

/// Joins a later change to an earlier one.
pub(super) fn changed(before: &Ticket, change: &Change) -> bool {
    *before != change.ticket || !change.events.is_empty()
}
