//! Shortage events: the open tickets for one product of one manufacturer, seen together.
//!
//! **Never** shows what the reader would not find ticket by ticket.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::docs::Problems;
use super::id;
use super::lens::Lens;
use super::parties::Named;
use super::products::ProductBody;
use super::tickets::TicketAnswer;
use crate::domain::id::EventId;
use crate::service::shortage::{self, ShortageView};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::moment::shown;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;

/// The open tickets for one product of one manufacturer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ShortageBody {
    /// Stays the same while the product is short.
    id: Uuid,
    product: ProductBody,
    manufacturer: Named,
    /// How many tickets are open.
    tickets: usize,
    /// Of how many hospitals.
    hospitals: u32,
    /// In how many cities.
    cities: u32,
    /// How much is still missing; units are not converted.
    quantities: Vec<QuantityBody>,
    /// The fewest days that a hospital's stock lasted when it filed; null when none said.
    worst_days_of_stock: Option<i64>,
    /// How many tickets have something missed and not done.
    overdue: u32,
    /// How many are in a bureau's charge.
    escalated: u32,
    /// When the oldest was filed.
    since: DateTime<FixedOffset>,
}

/// How much of a unit.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct QuantityBody {
    unit: String,
    quantity_short: i64,
}

/// A shortage event with its tickets.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WholeShortageBody {
    #[serde(flatten)]
    event: ShortageBody,
    /// Oldest first.
    items: Vec<TicketAnswer>,
}

impl ShortageBody {
    fn shown(view: &ShortageView) -> Self {
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
pub(super) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::read(request.query_string(), &["page_size", "cursor"])?;
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
pub(super) async fn show(
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
