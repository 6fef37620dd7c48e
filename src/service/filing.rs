//! Filing tickets.
//!
//! **Never** takes a party's word for who the manufacturer or the distributor is.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rand::Rng as _;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use uuid::Uuid;

use super::audit;
use super::once::{answered, once};
use super::tickets::{TicketView, desks_of};
use super::{Answered, App, Error, Once, notices};
use crate::crash::{self, Point};
use crate::domain::access::Scope;
use crate::domain::calendar::local_date;
use crate::domain::id::{OrganisationId, TicketId};
use crate::domain::party::{Actor, Division, Organisation, Role};
use crate::domain::policy::Urgency;
use crate::domain::search;
use crate::domain::ticket::{self, Change, NewTicket, Reachable, Report, Rules, Ticket};
use crate::store::accounts::{self, Recipient};
use crate::store::catalogue::{self, Product};
use crate::store::tickets as kept;
use crate::store::{self, Batch, drafts, outbox};

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

/// Reads a filing from the request, after the role was checked.
pub type ReadFiling = Arc<dyn Fn() -> Result<Filing, Error> + Send + Sync>;

/// Files a ticket. The manufacturer follows from the product and the distributor from the
/// hospital's agreement; neither is typed in.
///
/// # Errors
/// [`Error::Forbidden`] unless a hospital files, [`Error::Invalid`] naming the field.
pub async fn file(
    app: &App,
    scope: &Scope,
    read: ReadFiling,
    request: Once<TicketView>,
) -> Result<Answered, Error> {
    if scope.actor().role != Role::Hospital {
        return Err(Error::Forbidden("only a hospital may file a ticket".to_owned()));
    }
    if let Some(answered) = answered(app, &request).await? {
        return Ok(answered);
    }
    let at = app.clock.now();
    // Looked up before the transaction, so that nobody waits for it in the write queue.
    let known = Arc::new(look_up(app.store.read_unscoped(), scope, read()?).await?);
    let (app_, scope) = (app.clone(), scope.clone());
    crash::point(Point::FilingKnown);
    let filed = once(app, request, move |tx| {
        let (app, scope, known) = (app_.clone(), scope.clone(), Arc::clone(&known));
        Box::pin(async move {
            crash::point(Point::FilingBegun);
            let view = file_in(tx, &app, &scope, &known, at).await?;
            crash::point(Point::FilingWritten);
            audit::record(tx, audit::filed(&app, &scope, &view.ticket)).await?;
            crash::point(Point::FilingLogged);
            Ok(view)
        })
    })
    .await;
    crash::point(Point::FilingCommitted);
    filed
}

/// Files a ticket out of a table, in the table's transaction; `None` when it was only rehearsed.
///
/// # Errors
/// As [`file`], but for the role: whoever files must be of a hospital.
pub(super) async fn file_row(
    tx: &DatabaseTransaction,
    app: &App,
    scope: &Scope,
    filing: Filing,
    at: Option<DateTime<Utc>>,
) -> Result<Option<TicketView>, Error> {
    let known = look_up(tx, scope, filing).await?;
    match at {
        Some(at) => file_in(tx, app, scope, &known, at).await.map(Some),
        None => Ok(None),
    }
}

/// What a filing means: its product and everybody it concerns.
struct Known {
    filing: Filing,
    product: Product,
    distributor: Option<OrganisationId>,
    organisations: Arc<HashMap<OrganisationId, Organisation>>,
    people: Vec<Recipient>,
    reachable: Reachable,
}

async fn look_up(db: &impl ConnectionTrait, scope: &Scope, filing: Filing) -> Result<Known, Error> {
    let hospital = &scope.actor().organisation;
    let province = hospital.division.province();
    let product = catalogue::find_by_code(db, province, &filing.product_code).await?;
    let product = product.ok_or_else(|| {
        Error::invalid("product_code", "unknown", "this code is not in your province's catalogue")
    })?;
    if let Some(earlier) = filing.follows
        && kept::find(db, scope.tickets(), earlier).await?.is_none()
    {
        return Err(Error::invalid("follows", "unknown", "there is no such ticket of yours"));
    }
    let agreement = catalogue::agreements_in_force(db, hospital.id, &[product.id]).await?;
    let distributor = agreement.first().and_then(|agreement| agreement.distributor);
    let named: Vec<_> = [Some(product.manufacturer), distributor].into_iter().flatten().collect();
    let suspended = accounts::disabled(db, &named).await?;
    if suspended.contains(&product.manufacturer) {
        let message = "its manufacturer is suspended here; turn to your bureau";
        return Err(Error::invalid("product_code", "manufacturer_suspended", message));
    }
    let distributor = distributor.filter(|id| !suspended.contains(id));
    let (houses, people) = accounts::parties(db, &named).await?;
    let is_reachable = people
        .iter()
        .any(|person| person.organisation == product.manufacturer && person.is_reachable());
    let houses = houses.into_iter().chain([hospital.clone()]);
    Ok(Known {
        filing,
        product,
        distributor,
        organisations: Arc::new(houses.map(|house| (house.id, house)).collect()),
        people,
        reachable: if is_reachable { Reachable::Yes } else { Reachable::No },
    })
}

async fn file_in(
    tx: &DatabaseTransaction,
    app: &App,
    scope: &Scope,
    known: &Known,
    at: DateTime<Utc>,
) -> Result<TicketView, Error> {
    let hospital = &scope.actor().organisation;
    let desks = match known.reachable {
        Reachable::Yes => Vec::new(),
        Reachable::No => desks_of(tx, hospital.division).await?,
    };
    let book = app.book_in(tx).await?;
    let policy = book.policy(Some(hospital.division), Some(known.filing.report.category), at);
    let calendar = book.calendar_for(policy, hospital.division, Some(known.product.manufacturer));
    let rules = Rules { calendar: &calendar, policy, desks: &desks };
    let new = NewTicket {
        id: TicketId(Uuid::now_v7()),
        number: number(hospital.division, at),
        hospital: hospital.id,
        division: hospital.division,
        manufacturer: known.product.manufacturer,
        distributor: known.distributor,
        product: known.product.id,
        urgency: known.filing.urgency,
        report: known.filing.report.clone(),
        follows: known.filing.follows,
        by: scope.actor().clone(),
    };
    let mut change = ticket::file(new, at, known.reachable, &rules)?;
    change.ticket.version = 1;
    let terms = search_terms(&change.ticket, &known.product, &known.organisations);
    let told = notices::expand(tx, &book, &[&change], known.people.clone()).await?;
    let mut batch = Batch::on(tx);
    kept::insert(&mut batch, &change, terms);
    outbox::insert(&mut batch, &told);
    drafts::delete_for(&mut batch, scope.actor().user, &known.product.code);
    // A taken number is drawn again with the next attempt.
    let written = batch.run(tx).await;
    written.map_err(|error| if error.is_duplicate() { store::Error::Stale } else { error })?;
    let filed = std::slice::from_ref(&change.ticket);
    let mut duplicates = kept::likely_duplicates(tx, scope.tickets(), filed).await?;
    Ok(TicketView {
        product: known.product.clone(),
        organisations: Arc::clone(&known.organisations),
        no_contact: known.reachable == Reachable::No,
        likely_duplicates: duplicates.remove(&change.ticket.id).unwrap_or_default(),
        possible: ticket::possible(&change.ticket, scope.actor()),
        acted_at: Some(at),
        ticket: change.ticket,
    })
}

/// A returned ticket that goes on with another manufacturer.
pub(super) struct Following<'a> {
    /// The returned ticket.
    pub(super) returned: &'a Ticket,
    /// The right manufacturer.
    pub(super) manufacturer: OrganisationId,
    /// The new clock starts here.
    pub(super) at: DateTime<Utc>,
}

/// Files the hospital's trouble anew, for the right manufacturer; its rows go into the batch.
///
/// # Errors
/// [`Error::Internal`], or [`Error::Conflict`] when a deadline leaves the calendar.
pub(super) async fn follow(
    tx: &DatabaseTransaction,
    batch: &mut Batch,
    following: Following<'_>,
    officer: &Actor,
    rules: &Rules<'_>,
) -> Result<Change, Error> {
    let Following { returned, manufacturer, at } = following;
    let people = accounts::recipients(tx, &[manufacturer]).await?;
    let is_reachable = people.iter().any(Recipient::is_reachable);
    let new = NewTicket {
        id: TicketId(Uuid::now_v7()),
        number: number(returned.division, at),
        hospital: returned.hospital,
        division: returned.division,
        manufacturer,
        // The agreement's distributor belongs to the manufacturer that returned the ticket.
        distributor: None,
        product: returned.product,
        urgency: returned.urgency,
        report: returned.report.clone(),
        follows: Some(returned.id),
        by: officer.clone(),
    };
    let reachable = if is_reachable { Reachable::Yes } else { Reachable::No };
    let mut change = ticket::file(new, at, reachable, rules)?;
    change.ticket.version = 1;
    let products = catalogue::products(tx, &[returned.product]).await?;
    let houses = accounts::organisations(tx, &[returned.hospital, manufacturer]).await?;
    let houses = houses.into_iter().map(|house| (house.id, house)).collect();
    let terms = products.first().map(|product| search_terms(&change.ticket, product, &houses));
    kept::insert(batch, &change, terms.unwrap_or_default());
    Ok(change)
}

/// What people may search a ticket by.
pub(super) fn search_terms(
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
    // A term of its own keeps a phrase from reaching over the end of a text. Both databases take
    // this ligature for a letter, and no query holds it: cutting folds it away.
    texts.map(search::terms).join(" \u{fb01} ")
}

/// `SQ-<division>-<filed date>-<4 random letters and digits>`, without those that look alike.
pub(super) fn number(division: Division, at: DateTime<Utc>) -> String {
    const LETTERS: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut random = rand::rng();
    let tail: String = (0..4)
        .filter_map(|_| LETTERS.get(random.random_range(0..LETTERS.len())))
        .map(|letter| char::from(*letter))
        .collect();
    format!("SQ-{division}-{}-{tail}", local_date(at).format("%Y%m%d"))
}
