//! Tickets: listing and reading.
//!
//! **Never** shows an administrator more of a ticket than number, state and deadlines.

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::deadline::DeadlineBody;
use super::docs::Problems;
use super::escalations::{EscalationBody, TicketRef};
use super::id;
use super::lens::Lens;
use super::merging::{FormerParty, formerly};
use super::parties::{ContactBody, OrganisationBody};
use super::products::ProductBody;
use super::requests::{RequestBody, StoppedBody};
use super::words;
use crate::domain::id::{OrganisationId, TicketId};
use crate::domain::policy::Urgency;
use crate::domain::search;
use crate::domain::ticket::{Category, Cause, Deadline, Promise, Rating, State, StateName};
use crate::service::Rendered;
use crate::service::tickets::{self, Filter, Order, TicketView};
use crate::web::auth::SignedIn;
use crate::web::condition;
use crate::web::error::Problem;
use crate::web::extract::rendered;
use crate::web::moment::shown;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;

/// A ticket. What an administrator does not see is left out: see `BareTicket`.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct TicketBody {
    #[serde(flatten)]
    pub(in crate::web) bare: BareTicket,
    pub(in crate::web) summary: String,
    pub(in crate::web) description: String,
    #[schema(schema_with = words::category)]
    pub(in crate::web) category: Category,
    #[schema(schema_with = words::urgency)]
    pub(in crate::web) urgency: Urgency,
    pub(in crate::web) quantity_short: i64,
    /// Who its parties were before they were merged; only where one ticket is read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::web) formerly: Vec<FormerParty>,
    /// How much is still missing after a partial solution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) remaining_quantity: Option<i64>,
    pub(in crate::web) unit: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) days_of_stock: Option<i64>,
    pub(in crate::web) order_refs: Vec<String>,
    pub(in crate::web) contact: ContactBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) follows: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = words::rating)]
    pub(in crate::web) rating: Option<Rating>,
    /// Nobody of the manufacturer could be told when it was filed.
    pub(in crate::web) no_contact: bool,
    /// Tickets of the hospital for the same product filed within a day: perhaps the same trouble.
    pub(in crate::web) likely_duplicates: Vec<TicketRef>,
    /// After a disputed solution: the manufacturer owes a new promise.
    pub(in crate::web) owes_promise: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) hospital: Option<OrganisationBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) manufacturer: Option<OrganisationBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) distributor: Option<OrganisationBody>,
    pub(in crate::web) product: ProductBody,
    /// Every version, oldest first.
    pub(in crate::web) promises: Vec<PromiseBody>,
    /// Every rung entered, oldest first.
    pub(in crate::web) escalations: Vec<EscalationBody>,
    /// Everything a bureau was asked to decide, oldest first.
    pub(in crate::web) requests: Vec<RequestBody>,
    /// Set while the clocks stand still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) stopped: Option<StoppedBody>,
    /// What the reader may do now.
    #[schema(value_type = Vec<String>)]
    pub(in crate::web) possible: Vec<&'static str>,
}

/// What an administrator sees of a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct BareTicket {
    pub(in crate::web) id: Uuid,
    #[schema(example = "SQ-371002-20260213-7K2M")]
    pub(in crate::web) number: String,
    #[schema(schema_with = words::state)]
    pub(in crate::web) state: StateName,
    pub(in crate::web) filed_at: DateTime<FixedOffset>,
    /// It was over before the service began, and was imported: no clock ran, no notice went out.
    pub(in crate::web) historic: bool,
    /// Every deadline, in the order they were set.
    pub(in crate::web) deadlines: Vec<DeadlineBody>,
    /// Counts every change; the entity tag.
    pub(in crate::web) version: i64,
}

/// A ticket as its reader may see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(in crate::web) enum TicketAnswer {
    /// For the parties and bureaus.
    Whole(Box<TicketBody>),
    /// For administrators.
    Bare(BareTicket),
}

/// A version of the promise.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct PromiseBody {
    pub(in crate::web) version: u16,
    pub(in crate::web) promised_on: NaiveDate,
    pub(in crate::web) promised_quantity: i64,
    #[schema(schema_with = words::cause)]
    pub(in crate::web) cause: Option<Cause>,
    /// The reply's message, or the reason for the new date.
    pub(in crate::web) note: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) contact: Option<ContactBody>,
    /// True when the promised day lies beyond the resolve limit.
    pub(in crate::web) late: bool,
    pub(in crate::web) at: DateTime<FixedOffset>,
    /// The name of who made it.
    pub(in crate::web) by: String,
}

impl PromiseBody {
    fn shown(promise: &Promise, lens: &Lens) -> Self {
        let contact = promise.contact.as_ref();
        Self {
            version: promise.version,
            promised_on: promise.promised_on,
            promised_quantity: promise.promised_quantity,
            cause: promise.cause,
            note: promise.note.clone(),
            contact: contact.map(|contact| ContactBody::shown(contact, lens.role)),
            late: promise.late,
            at: shown(promise.at),
            by: promise.by.clone(),
        }
    }
}

impl BareTicket {
    fn shown(view: &TicketView, lens: &Lens) -> Self {
        let ticket = &view.ticket;
        let explained = |deadline: &Deadline| {
            let calendar = lens.book.calendar_then(&deadline.calendar_version, ticket);
            let policy = lens.book.policy_of(&deadline.policy_version);
            DeadlineBody::explained(deadline, &calendar, policy, lens.language)
        };
        Self {
            id: ticket.id.0,
            number: ticket.number.clone(),
            state: ticket.state.name(),
            filed_at: shown(ticket.filed_at),
            historic: ticket.historic,
            deadlines: ticket.deadlines.iter().map(explained).collect(),
            version: ticket.version,
        }
    }
}

impl TicketAnswer {
    /// A ticket as its reader may see it.
    pub(in crate::web) fn shown(view: &TicketView, lens: &Lens) -> Self {
        let bare = BareTicket::shown(view, lens);
        if lens.is_bare() {
            return Self::Bare(bare);
        }
        let (ticket, report) = (&view.ticket, &view.ticket.report);
        let house = |id: OrganisationId| view.organisations.get(&id);
        let party = |id: OrganisationId| house(id).map(OrganisationBody::from);
        let escalation = |escalation| EscalationBody::shown(escalation, view);
        Self::Whole(Box::new(TicketBody {
            bare,
            summary: report.summary.clone(),
            description: report.description.clone(),
            category: report.category,
            urgency: ticket.urgency,
            quantity_short: report.quantity_short,
            formerly: Vec::new(),
            remaining_quantity: ticket.remaining_quantity,
            unit: report.unit.clone(),
            days_of_stock: report.days_of_stock,
            order_refs: report.order_refs.clone(),
            contact: ContactBody::shown(&report.contact, lens.role),
            follows: ticket.follows.filter(|_| lens.sees_follows()).map(|id| id.0),
            rating: ticket.rating,
            no_contact: view.no_contact,
            likely_duplicates: view.likely_duplicates.iter().map(TicketRef::of).collect(),
            owes_promise: ticket.state == State::Promised { owes_promise: true },
            hospital: party(ticket.hospital),
            manufacturer: party(ticket.manufacturer),
            distributor: ticket.distributor.and_then(party),
            product: ProductBody::of(&view.product, house(view.product.manufacturer)),
            promises: ticket.promises.iter().map(|p| PromiseBody::shown(p, lens)).collect(),
            escalations: ticket.escalations.iter().map(escalation).collect(),
            requests: ticket.requests.iter().map(|r| RequestBody::shown(r, view)).collect(),
            stopped: ticket.stopped.map(StoppedBody::from),
            possible: view.possible.iter().map(|act| act.as_str()).collect(),
        }))
    }
}

impl TicketAnswer {
    /// The dates that the explanations of its deadlines touch.
    pub(in crate::web) fn explained_dates(&self) -> std::collections::BTreeSet<NaiveDate> {
        let deadlines = match self {
            Self::Whole(whole) => &whole.bare.deadlines,
            Self::Bare(bare) => &bare.deadlines,
        };
        deadlines.iter().flat_map(DeadlineBody::dates).collect()
    }
}

/// Renders a ticket with its tag.
pub(in crate::web) fn render(
    lens: Lens,
    status: u16,
) -> impl Fn(&TicketView) -> Rendered + Send + Sync {
    move |view| rendered(status, Some(view.ticket.version), &TicketAnswer::shown(view, &lens))
}

/// Read a ticket.
#[utoipa::path(
    get, path = "/api/v1/tickets/{id}", operation_id = "tickets_show", tag = "tickets",
    params(("id" = String, Path, description = "The ticket's id")),
    responses(
        (status = 200, description = "The ticket, with its version as the entity tag", body = TicketAnswer),
        (status = 304, description = "Not changed since `If-None-Match`"),
        Problems
    )
)]
pub(in crate::web) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let view = tickets::get(&site.app, &signed.scope, TicketId(id(&request)?)).await?;
    let version = view.ticket.version;
    let tag = (ETAG, condition::tag(version));
    if condition::none_match(request.headers(), version) {
        return Ok(HttpResponse::NotModified().insert_header(tag).finish());
    }
    let mut body = TicketAnswer::shown(&view, &Lens::of(&site.app, &signed));
    if let TicketAnswer::Whole(whole) = &mut body {
        whole.formerly = formerly(&site.app, &signed.scope, view.ticket.id).await?;
    }
    Ok(HttpResponse::Ok().insert_header(tag).json(body))
}

const FILTERS: [&str; 11] = [
    "state",
    "over",
    "escalated",
    "overdue",
    "filed_from",
    "filed_to",
    "ended_from",
    "sort",
    // An administrator does not see these, so may not search by them either.
    "q",
    "manufacturer",
    "division",
];
const BARE_FILTERS: usize = 8;

/// The filters that a reader may use.
pub(in crate::web) fn filters(lens: &Lens) -> Vec<&'static str> {
    let count = if lens.is_bare() { BARE_FILTERS } else { FILTERS.len() };
    FILTERS.iter().take(count).copied().collect()
}

/// Which tickets are asked for, and in which order.
pub(in crate::web) struct Asked {
    pub(in crate::web) filter: Filter,
    pub(in crate::web) order: Order,
}

/// Reads which tickets are asked for.
pub(in crate::web) fn asked(query: &mut Query) -> Asked {
    let mut filter = filter(query);
    let order = match query.text("sort") {
        None | Some("-filed_at") => Order::NewestFirst,
        Some("filed_at") => Order::OldestFirst,
        Some("due_at") => Order::DueFirst,
        Some(_) => {
            query.refuse("sort", "unknown", "`-filed_at`, `filed_at` or `due_at`");
            Order::NewestFirst
        }
    };
    if order == Order::DueFirst {
        // Nothing is due of a ticket that is over: said for those who count what is asked for.
        filter.over = filter.over.or(Some(false));
    }
    Asked { filter, order }
}

/// Where a ticket stands in a list of that order.
pub(in crate::web) fn position(order: Order) -> impl Fn(&TicketView) -> (DateTime<Utc>, Uuid) {
    move |view| {
        let ticket = &view.ticket;
        let at = match order {
            Order::NewestFirst | Order::OldestFirst => None,
            Order::DueFirst => ticket.next_due(),
        };
        (at.unwrap_or(ticket.filed_at), ticket.id.0)
    }
}

/// The list's name in that order.
pub(in crate::web) fn list_name(order: Order) -> &'static str {
    match order {
        Order::NewestFirst => "tickets newest",
        Order::OldestFirst => "tickets oldest",
        Order::DueFirst => "tickets due",
    }
}

/// List tickets.
#[utoipa::path(
    get, path = "/api/v1/tickets", operation_id = "tickets_list", tag = "tickets",
    params(
        ("state" = Option<String>, Query, description = "Only in this state"),
        ("over" = Option<bool>, Query, description = "Only closed, withdrawn and returned ones, or only the others"),
        ("escalated" = Option<bool>, Query, description = "Only with, or without, an open escalation"),
        ("overdue" = Option<bool>, Query, description = "Only with, or without, something missed and not done"),
        ("q" = Option<String>, Query, description = "Words to be found, as a phrase"),
        ("manufacturer" = Option<String>, Query, description = "Only of this manufacturer, by id"),
        ("division" = Option<String>, Query, description = "Only in this division and below"),
        ("filed_from" = Option<String>, Query, description = "A local date or an instant, inclusive"),
        ("filed_to" = Option<String>, Query, description = "A local date or an instant, inclusive"),
        ("ended_from" = Option<String>, Query, description = "Closed, withdrawn or returned since: a local date or an instant, inclusive"),
        ("sort" = Option<String>, Query, description = "`-filed_at` (default), `filed_at`, or `due_at`: what the manufacturer owes next first, and only where it owes something"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of tickets", body = Page<TicketAnswer>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let lens = Lens::of(&site.app, &signed);
    let mut query = Query::of_list(request.query_string(), &filters(&lens))?;
    let Asked { filter, order } = asked(&mut query);
    let size = query.page_size();
    let cursor = query.text("cursor").map(str::to_owned);
    query.done(())?;
    let list = List { name: list_name(order), reader: signed.user() };
    let after: Option<(DateTime<Utc>, Uuid)> = list.after(cursor.as_deref())?;
    let page = (after, size + 1);
    let rows = tickets::list(&site.app, &signed.scope, &filter, order, page).await?;
    let page = list.page(rows, size, position(order));
    Ok(HttpResponse::Ok().json(page.map(|view| TicketAnswer::shown(&view, &lens))))
}

fn filter(query: &mut Query) -> Filter {
    Filter {
        state: query.word("state"),
        over: query.flag("over"),
        escalated: query.flag("escalated"),
        overdue: query.flag("overdue"),
        query: query.search("q").map(|text| search::query(&text)),
        manufacturer: query.id("manufacturer").map(OrganisationId),
        division: query.word("division"),
        filed_from: query.from("filed_from"),
        filed_before: query.to("filed_to"),
        ended_from: query.from("ended_from"),
        held_by: None,
        unacknowledged_by: None,
        asks: None,
    }
}
