//! The timeline of a ticket.
//!
//! **Never** edited: entries are shown as they were written.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::docs::Problems;
use super::id;
use super::lens::localised;
use crate::domain::id::TicketId;
use crate::service::tickets::{self, EventView};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::moment::shown;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;

/// An entry of the timeline.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct EventBody {
    /// From 1, without gaps; what the reader may not read is left out.
    pub(in crate::web) sequence: u32,
    pub(in crate::web) at: DateTime<FixedOffset>,
    /// What happened, like `replied` or `missed`.
    pub(in crate::web) kind: &'static str,
    /// Who did it; null = the clock.
    pub(in crate::web) by: Option<ByBody>,
    /// What it was about, by kind.
    #[schema(value_type = Object)]
    pub(in crate::web) data: Value,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ByBody {
    pub(in crate::web) name: String,
    pub(in crate::web) organisation: String,
}

impl EventBody {
    /// An entry as it is shown.
    pub(in crate::web) fn shown(view: EventView) -> Self {
        let mut data = localised(&view.event.data);
        if let Value::Object(members) = &mut data {
            members.remove("kind");
        }
        Self {
            sequence: view.event.sequence,
            at: shown(view.event.at),
            kind: view.event.data.name(),
            by: view.by.map(|(name, organisation)| ByBody { name, organisation }),
            data,
        }
    }
}

/// Read the timeline.
#[utoipa::path(
    get, path = "/api/v1/tickets/{id}/events", operation_id = "timeline_events", tag = "tickets",
    params(
        ("id" = String, Path, description = "The ticket's id"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of events, oldest first", body = Page<EventBody>), Problems)
)]
pub(in crate::web) async fn events(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = TicketId(id(&request)?);
    let mut query = Query::read(request.query_string(), &["page_size", "cursor"])?;
    let size = query.page_size();
    let list = List { name: "events", reader: signed.user() };
    let after: Option<u32> = list.after(query.text("cursor"))?;
    query.done(())?;
    let after = after.unwrap_or_default();
    let (events, next) = tickets::events(&site.app, &signed.scope, id, after, size).await?;
    let events = events.into_iter().map(EventBody::shown).collect();
    Ok(HttpResponse::Ok().json(list.page_until(events, next)))
}
