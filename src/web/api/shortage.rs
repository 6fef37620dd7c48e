//! Shortage events: the open tickets for one product of one manufacturer, seen together.
//!
//! **Never** shows what the reader would not find ticket by ticket.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::docs::Problems;
use super::filing::{ContactForm, LONGEST_TEXT};
use super::lens::Lens;
use super::parties::Named;
use super::products::ProductBody;
use super::tickets::TicketAnswer;
use super::{id, words};
use crate::domain::id::{EventId, TicketId};
use crate::domain::ticket::Cause;
use crate::service::Error;
use crate::service::shortage::{self, GroupReply, ShortageView};
use crate::service::tickets::TicketView;
use crate::web::auth::SignedIn;
use crate::web::check::{Check, QUANTITY};
use crate::web::error::Problem;
use crate::web::extract::{Form, Write, answer, rendered};
use crate::web::json::Object;
use crate::web::moment::shown;
use crate::web::paging::{List, Page};
use crate::web::query::{self, Query};
use crate::web::site::Site;

/// The open tickets for one product of one manufacturer.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ShortageBody {
    /// Stays the same while the product is short.
    pub(in crate::web) id: Uuid,
    pub(in crate::web) product: ProductBody,
    pub(in crate::web) manufacturer: Named,
    /// How many tickets are open.
    pub(in crate::web) tickets: usize,
    /// Of how many hospitals.
    pub(in crate::web) hospitals: u32,
    /// In how many cities.
    pub(in crate::web) cities: u32,
    /// How much is still missing; units are not converted.
    pub(in crate::web) quantities: Vec<QuantityBody>,
    /// The fewest days that a hospital's stock lasted when it filed; null when none said.
    pub(in crate::web) worst_days_of_stock: Option<i64>,
    /// How many tickets wait for a reply.
    pub(in crate::web) unanswered: usize,
    /// How many tickets have something missed and not done.
    pub(in crate::web) overdue: u32,
    /// How many are in a bureau's charge.
    pub(in crate::web) escalated: u32,
    /// When the oldest was filed.
    pub(in crate::web) since: DateTime<FixedOffset>,
}

/// How much of a unit.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct QuantityBody {
    pub(in crate::web) unit: String,
    pub(in crate::web) quantity_short: i64,
}

/// A shortage event with its tickets.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct WholeShortageBody {
    #[serde(flatten)]
    pub(in crate::web) event: ShortageBody,
    /// Oldest first.
    pub(in crate::web) items: Vec<TicketAnswer>,
}

/// One reply for many tickets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewGroupReply {
    #[schema(schema_with = words::cause)]
    cause: String,
    #[schema(value_type = NaiveDate)]
    promised_on: String,
    /// For each ticket; left out, each is promised what it lacks.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    promised_quantity: Option<i64>,
    message: String,
    #[schema(value_type = ContactForm)]
    contact: Object<ContactForm>,
    /// The tickets that are answered, at most 500; left out, all that wait for a reply.
    #[schema(value_type = Option<Vec<Uuid>>)]
    tickets: Option<Vec<String>>,
}

/// The tickets that were answered.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct AnsweredBody {
    /// Oldest first.
    pub(in crate::web) items: Vec<TicketAnswer>,
}

impl NewGroupReply {
    /// Reads it off a body.
    pub(in crate::web) fn read(form: &Form) -> Result<GroupReply, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let cause = check.word("cause", &body.cause);
        let reply = GroupReply {
            cause: cause.unwrap_or(Cause::Other),
            promised_on: check.date("promised_on", &body.promised_on),
            promised_quantity: body
                .promised_quantity
                .map(|quantity| check.number("promised_quantity", quantity, QUANTITY)),
            message: check.block("message", &body.message, LONGEST_TEXT),
            contact: body.contact.0.checked(&mut check),
            tickets: body.tickets.map(|ids| tickets(&mut check, &ids)),
        };
        check.done(reply)
    }
}

fn tickets(check: &mut Check, given: &[String]) -> Vec<TicketId> {
    if given.is_empty() {
        check.refuse("tickets", "required", "name a ticket, or leave the field out for all");
    }
    if given.len() > shortage::MOST_AT_ONCE {
        let message = format!("at most {} tickets", shortage::MOST_AT_ONCE);
        check.refuse("tickets", "too_many", message);
        return Vec::new();
    }
    let mut ids = Vec::with_capacity(given.len());
    for (at, text) in given.iter().enumerate() {
        match query::uuid(text).map(TicketId) {
            Some(id) if ids.contains(&id) => {
                check.refuse(&format!("tickets[{at}]"), "duplicate", "this ticket is named twice");
            }
            Some(id) => ids.push(id),
            None => {
                let message = "there is no such open ticket in this event";
                check.refuse(&format!("tickets[{at}]"), "unknown", message);
            }
        }
    }
    ids
}

impl ShortageBody {
    /// An event as it is shown.
    pub(in crate::web) fn shown(view: &ShortageView) -> Self {
        let event = &view.event;
        let quantity = |(unit, quantity): (&String, &i64)| QuantityBody {
            unit: unit.clone(),
            quantity_short: *quantity,
        };
        Self {
            id: event.id.0,
            product: ProductBody::of(&view.product, None),
            manufacturer: Named::from(&view.manufacturer),
            tickets: event.tickets.len(),
            hospitals: event.hospitals,
            cities: event.cities,
            quantities: event.quantities.iter().map(quantity).collect(),
            worst_days_of_stock: event.worst_days_of_stock,
            unanswered: event.unanswered.len(),
            overdue: event.overdue,
            escalated: event.escalated,
            since: shown(event.since),
        }
    }
}

/// List the shortage events, those of most hospitals first.
#[utoipa::path(
    get, path = "/api/v1/shortage-events", operation_id = "shortage_events_list", tag = "shortage events",
    params(
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of shortage events", body = Page<ShortageBody>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of_list(request.query_string(), &[])?;
    let size = query.page_size();
    let list = List { name: "shortage events", reader: signed.user() };
    let after: Option<(u32, Uuid)> = list.after(query.text("cursor"))?;
    query.done(())?;
    let after = after.map(|(hospitals, id)| (hospitals, EventId(id)));
    let limit = usize::try_from(size).unwrap_or(usize::MAX).saturating_add(1);
    let rows = shortage::list(&site.app, &signed.scope, after, limit).await?;
    let page = list.page(rows, size, |view| (view.event.hospitals, view.event.id.0));
    Ok(HttpResponse::Ok().json(page.map(|view| ShortageBody::shown(&view))))
}

/// Read a shortage event with its tickets.
#[utoipa::path(
    get, path = "/api/v1/shortage-events/{id}", operation_id = "shortage_events_show", tag = "shortage events",
    params(("id" = String, Path, description = "The event's id")),
    responses((status = 200, description = "The event and its tickets", body = WholeShortageBody), Problems)
)]
pub(in crate::web) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = EventId(id(&request)?);
    let (view, tickets) = shortage::get(&site.app, &signed.scope, id).await?;
    let lens = Lens::of(&site.app, &signed);
    let items = tickets.iter().map(|view| TicketAnswer::shown(view, &lens)).collect();
    Ok(HttpResponse::Ok().json(WholeShortageBody { event: ShortageBody::shown(&view), items }))
}

/// Reply to all or some of a shortage event's tickets at once.
///
/// Every ticket is answered, or none: a promised day beyond the limit of one is refused with that
/// ticket's number.
#[utoipa::path(
    post, path = "/api/v1/shortage-events/{id}/reply", operation_id = "shortage_events_reply", tag = "shortage events",
    request_body = NewGroupReply,
    params(
        ("id" = String, Path, description = "The event's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition harmless"),
    ),
    responses((status = 200, description = "The tickets that were answered", body = AnsweredBody), Problems)
)]
pub(in crate::web) async fn reply(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = EventId(id(&request)?);
    let (lens, form) = (Lens::of(&site.app, &write.signed), write.form.clone());
    let read = Arc::new(move || NewGroupReply::read(&form));
    let once = write.once(move |views: &Vec<TicketView>| {
        let items = views.iter().map(|view| TicketAnswer::shown(view, &lens)).collect();
        rendered(200, None, &AnsweredBody { items })
    });
    Ok(answer(shortage::reply(&site.app, &write.signed.scope, id, read, once).await?))
}
