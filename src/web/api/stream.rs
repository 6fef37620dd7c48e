//! Live updates as server-sent events (WHATWG HTML, 9.2).
//!
//! **Never** sends a text or a name: an event says that there is something new to be read.

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use chrono::{DateTime, FixedOffset};
use futures::{Stream, StreamExt as _, stream};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::docs::Problems;
use super::escalations::TicketRef;
use super::words;
use crate::domain::feed::{Bookmark, Seen, SeenChange, SeenEntry, Told};
use crate::domain::ticket::StateName;
use crate::live::{Begun, Full, Heard, Listener};
use crate::service::Error;
use crate::service::accounts::SessionKey;
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::moment::shown;
use crate::web::query::Query;
use crate::web::site::Site;

/// A reader whose connection breaks comes back after so many milliseconds.
const RETRY_MS: u32 = 3_000;
const HEADER: &str = "Last-Event-ID";
const PARAMETER: &str = "last_event_id";

/// The data of an event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(in crate::web) enum StreamEvent {
    /// Of a `ticket` event.
    Ticket(TicketEvent),
    /// Of a `notice` event.
    Notice(NoticeEvent),
}

/// The data of a `ticket` event: a ticket has changed.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct TicketEvent {
    pub(in crate::web) ticket: TicketRef,
    /// After the change.
    #[schema(schema_with = words::state)]
    pub(in crate::web) state: StateName,
    /// After the change.
    pub(in crate::web) version: i64,
    /// What happened, as far as the reader may read it; not for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) events: Option<Vec<Happened>>,
}

/// An entry of the ticket's timeline.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Happened {
    pub(in crate::web) sequence: u32,
    /// What happened, like `replied` or `missed`.
    pub(in crate::web) kind: &'static str,
    pub(in crate::web) at: DateTime<FixedOffset>,
}

/// The data of a `notice` event: the reader has a new notice.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct NoticeEvent {
    pub(in crate::web) id: Uuid,
    /// What happened, like `filed` or `missed`.
    pub(in crate::web) kind: &'static str,
    pub(in crate::web) ticket: TicketRef,
    pub(in crate::web) at: DateTime<FixedOffset>,
}

impl StreamEvent {
    /// The event without the blank line that ends it.
    fn text(&self) -> String {
        let name = match self {
            Self::Ticket(_) => "ticket",
            Self::Notice(_) => "notice",
        };
        let data = serde_json::to_string(self).unwrap_or_default();
        format!("event: {name}\ndata: {data}\n")
    }
}

impl TicketEvent {
    fn shown(ticket: TicketRef, change: &SeenChange) -> Self {
        let happened = |entry: &SeenEntry| Happened {
            sequence: entry.sequence,
            kind: entry.kind,
            at: shown(entry.at),
        };
        let entries = change.entries.as_ref();
        let events = entries.map(|entries| entries.iter().map(happened).collect());
        Self { ticket, state: change.state, version: change.version, events }
    }
}

impl NoticeEvent {
    fn shown(ticket: TicketRef, told: &Told) -> Self {
        Self { id: told.id.0, kind: told.kind.name(), ticket, at: shown(told.at) }
    }
}

/// Listen to what changes.
///
/// Events: `ticket`, for every change of a ticket that exists for the reader, with the data of
/// `TicketEvent`; `notice`, for every notice of the reader's, with the data of `NoticeEvent`;
/// `reset`, with `{}`, when the id that was sent is unknown or older than seven days: what
/// happened since is not known, so everything is to be read anew. The stream ends with its
/// session.
#[utoipa::path(
    get, path = "/api/v1/events/stream", operation_id = "events_stream", tag = "events",
    params(
        ("Last-Event-ID" = Option<String>, Header, description = "The last id received: what happened since is told first"),
        ("last_event_id" = Option<String>, Query, description = "The same, for clients that cannot set headers; the header comes first"),
    ),
    responses(
        (
            status = 200, description = "Server-sent events, until one side ends the stream",
            content_type = "text/event-stream", body = StreamEvent
        ),
        Problems
    )
)]
pub(in crate::web) async fn open(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let known = last_event_id(&request)?;
    if request.method() == Method::HEAD {
        return Ok(answer().finish());
    }
    let session = SessionKey::of(&signed.token);
    let full = |full: Full| Problem::new("too_many_streams", full.to_string());
    let mut listener = site.hub.listen(signed.scope, session).await.map_err(full)?;
    let begun = listener.begin(known).await?;
    Ok(answer().streaming(events(listener, begun)))
}

fn answer() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, "text/event-stream; charset=utf-8"))
        // A compressor would hold back what is not much.
        .insert_header((CONTENT_ENCODING, "identity"))
        .insert_header(("X-Accel-Buffering", "no"));
    response
}

/// Where the reader was. A browser that comes back by itself sends the header and keeps the
/// address it first used, so the header is newer.
fn last_event_id(request: &HttpRequest) -> Result<Option<Bookmark>, Error> {
    let mut query = Query::read(request.query_string(), &[PARAMETER])?;
    let told = query.text(PARAMETER).map(str::parse::<Bookmark>);
    if matches!(told, Some(Err(_))) {
        query.refuse(PARAMETER, "event_id", "an id of this stream, as it was sent");
    }
    let header = header(request.headers());
    if matches!(header, Some(None)) {
        query.refuse(HEADER, "event_id", "an id of this stream, as it was sent");
    }
    query.done(header.flatten().or(told.and_then(Result::ok)))
}

/// The id of the header; `Some(None)` when that is not one.
fn header(headers: &HeaderMap) -> Option<Option<Bookmark>> {
    let mut values = headers.get_all(HEADER);
    let value = values.next()?;
    let read = value.to_str().ok().and_then(|text| text.parse().ok());
    Some(read.filter(|_| values.next().is_none()))
}

fn events(listener: Listener, begun: Begun) -> impl Stream<Item = Result<Bytes, Error>> {
    let first = Bytes::from(beginning(begun));
    let rest = stream::unfold(listener, async |mut listener| {
        let heard = listener.next().await?;
        Some((Bytes::from(text(&heard)), listener))
    });
    stream::iter([first]).chain(rest).map(Ok)
}

fn beginning(begun: Begun) -> String {
    match begun {
        Begun::Here(bookmark) => format!("retry: {RETRY_MS}\nid: {bookmark}\n\n"),
        Begun::Reset(bookmark) => {
            format!("retry: {RETRY_MS}\n\nevent: reset\ndata: {{}}\nid: {bookmark}\n\n")
        }
    }
}

fn text(heard: &Heard) -> String {
    match heard {
        Heard::News(news) => news.iter().map(block).collect(),
        Heard::Silence(bookmark) => format!(":\nid: {bookmark}\n\n"),
    }
}

/// The events of one change. The id stands in the last of them: who has that has them all.
fn block(seen: &Seen) -> String {
    let ticket = || TicketRef { id: seen.ticket.0, number: seen.number.clone() };
    let change = seen.change.as_ref();
    let change = change.map(|change| StreamEvent::Ticket(TicketEvent::shown(ticket(), change)));
    let told = seen.notices.iter();
    let told = told.map(|told| StreamEvent::Notice(NoticeEvent::shown(ticket(), told)));
    let events: Vec<String> = change.into_iter().chain(told).map(|event| event.text()).collect();
    format!("{}id: {}\n\n", events.join("\n"), seen.position.bookmark())
}
