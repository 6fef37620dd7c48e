//! Proof of service: what was sent to whom, and what became of it.
//!
//! **Never** shows an address in full, nor a notice's text.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::docs::Problems;
use super::{id, words};
use crate::domain::access::{masked, masked_mail};
use crate::domain::bulletin::BulletinKind;
use crate::domain::id::{DeliveryId, TicketId};
use crate::domain::notice::{Channel, Kind};
use crate::service::notices::{self, About, DeliveryState, DeliveryView, LogFilter};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::extract::{Write, answer, rendered};
use crate::web::moment::shown;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;

/// A delivery: one notice on one channel.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct DeliveryBody {
    pub(in crate::web) id: Uuid,
    /// Left out where it is about no single ticket, like a `digest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) ticket: Option<DeliveredTicket>,
    /// The event of the timeline that caused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) event: Option<u32>,
    /// What was told.
    pub(in crate::web) kind: &'static str,
    #[schema(schema_with = words::channel)]
    pub(in crate::web) channel: Channel,
    /// The recipient's name.
    pub(in crate::web) recipient: String,
    /// Masked.
    pub(in crate::web) address: String,
    #[schema(schema_with = words::delivery)]
    pub(in crate::web) state: DeliveryState,
    pub(in crate::web) due_at: DateTime<FixedOffset>,
    pub(in crate::web) attempts: u16,
    pub(in crate::web) finished_at: Option<DateTime<FixedOffset>>,
    /// What the receiver said to the last attempt.
    pub(in crate::web) response: Option<String>,
}

/// The ticket of a delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct DeliveredTicket {
    pub(in crate::web) id: Uuid,
}

impl DeliveryBody {
    /// A delivery as it is shown: the address masked.
    pub(in crate::web) fn shown(view: DeliveryView) -> Self {
        let delivery = view.delivery;
        let address = masked_address(delivery.channel, &delivery.address);
        let response = delivery.response.map(|text| text.replace(&delivery.address, &address));
        Self {
            id: delivery.id.0,
            ticket: delivery.about.ticket().map(|id| DeliveredTicket { id: id.0 }),
            event: match delivery.about {
                About::Ticket { event, .. } => Some(event),
                About::Bulletin { .. } => None,
            },
            kind: delivery.about.name(),
            channel: delivery.channel,
            recipient: view.recipient,
            address,
            state: delivery.state,
            due_at: shown(delivery.due_at),
            attempts: delivery.attempts,
            finished_at: delivery.finished_at.map(shown),
            response,
        }
    }
}

fn masked_address(channel: Channel, address: &str) -> String {
    match channel {
        Channel::Mail => masked_mail(address),
        Channel::Sms => masked(address),
        // An organisation, and no secret.
        Channel::Robot => address.to_owned(),
    }
}

/// List what was sent about a ticket.
#[utoipa::path(
    get, path = "/api/v1/tickets/{id}/deliveries", operation_id = "deliveries_of_ticket", tag = "deliveries",
    params(
        ("id" = String, Path, description = "The ticket's id"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of deliveries, oldest first", body = Page<DeliveryBody>), Problems)
)]
pub(in crate::web) async fn of_ticket(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = TicketId(id(&request)?);
    let rows = notices::of_ticket(&site.app, &signed.scope, id).await?;
    let mut query = Query::read(request.query_string(), &["page_size", "cursor"])?;
    let size = query.page_size();
    let list = List { name: "ticket deliveries", reader: signed.user() };
    let after: Option<Uuid> = list.after(query.text("cursor"))?;
    query.done(())?;
    let last = after.and_then(|after| rows.iter().position(|row| row.delivery.id.0 == after));
    let rest: Vec<_> = rows.into_iter().skip(last.map_or(0, |last| last + 1)).collect();
    let page = list.page(rest, size, |row: &DeliveryView| row.delivery.id.0);
    Ok(HttpResponse::Ok().json(page.map(DeliveryBody::shown)))
}

/// The log's filters.
pub(in crate::web) const FILTERS: [&str; 3] = ["state", "channel", "kind"];

/// Reads which deliveries are asked for.
pub(in crate::web) fn asked(query: &mut Query) -> LogFilter {
    let (state, channel) = (query.word("state"), query.word("channel"));
    LogFilter { state, channel, kind: kind(query) }
}

/// Everything that is told, of tickets or of none, by its name.
pub(in crate::web) fn kinds() -> impl Iterator<Item = &'static str> {
    Kind::ALL.map(Kind::name).into_iter().chain(BulletinKind::ALL.map(BulletinKind::name))
}

fn kind(query: &mut Query) -> Option<&'static str> {
    let asked = query.text("kind")?;
    let found = kinds().find(|name| *name == asked);
    if found.is_none() {
        query.refuse("kind", "unknown", "this is not one of the possible values");
    }
    found
}

/// Read the delivery log, for administrators.
#[utoipa::path(
    get, path = "/api/v1/deliveries", operation_id = "deliveries_log", tag = "deliveries",
    params(
        ("state" = Option<String>, Query, description = "Only in this state; `failed` = dead letters"),
        ("channel" = Option<String>, Query, description = "Only on this channel: mail or sms"),
        ("kind" = Option<String>, Query, description = "Only what tells this, like `missed` or `digest`"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of deliveries, newest first", body = Page<DeliveryBody>), Problems)
)]
pub(in crate::web) async fn log(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of_list(request.query_string(), &FILTERS)?;
    let (filter, size) = (asked(&mut query), query.page_size());
    let list = List { name: "deliveries", reader: signed.user() };
    let after: Option<Uuid> = list.after(query.text("cursor"))?;
    query.done(())?;
    let rows = notices::log(&site.app, &signed.scope, filter, after, size + 1).await?;
    let page = list.page(rows, size, |row: &DeliveryView| row.delivery.id.0);
    Ok(HttpResponse::Ok().json(page.map(DeliveryBody::shown)))
}

/// Send a dead letter again, for administrators.
#[utoipa::path(
    post, path = "/api/v1/deliveries/{id}/replay", operation_id = "deliveries_replay", tag = "deliveries",
    params(("id" = String, Path, description = "The delivery's id")),
    responses((status = 200, description = "The delivery, queued", body = DeliveryBody), Problems)
)]
pub(in crate::web) async fn replay(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = id(&request)?;
    write.form.read_nothing()?;
    let once =
        write.once(|view: &DeliveryView| rendered(200, None, &DeliveryBody::shown(view.clone())));
    let answered = notices::replay(&site.app, &write.signed.scope, DeliveryId(id), once).await?;
    Ok(answer(answered))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_masked() {
        assert_eq!(masked_address(Channel::Mail, "li@example.com"), "l***@example.com");
        assert_eq!(masked_address(Channel::Mail, "nonsense"), "***");
        assert_eq!(masked_address(Channel::Sms, "13812345678"), "138****5678");
    }
}
