//! The conversation of a ticket.
//!
//! **Never** shows a message beyond its audience; the use case sees to it.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::docs::Problems;
use super::filing::LONGEST_TEXT;
use super::timeline::ByBody;
use super::{id, words};
use crate::domain::id::TicketId;
use crate::domain::ticket::{Act, ActKind, Audience};
use crate::service::Error;
use crate::service::tickets::{self, MessageView, TicketView};
use crate::web::auth::SignedIn;
use crate::web::check::Check;
use crate::web::error::Problem;
use crate::web::extract::{Form, Write, answer, rendered};
use crate::web::moment::shown;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;

/// A message about to be written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewMessage {
    /// At most 10,000 characters.
    body: String,
    #[schema(schema_with = words::audience)]
    audience: String,
}

impl NewMessage {
    /// Reads it off a body.
    pub(in crate::web) fn act(form: &Form) -> Result<Act, Error> {
        let (body, audience) = Self::read(form)?;
        Ok(Act::Message { body, audience })
    }

    fn read(form: &Form) -> Result<(String, Audience), Error> {
        let new: Self = form.read()?;
        let mut check = Check::default();
        let audience = check.word("audience", &new.audience);
        let body = check.block("body", &new.body, LONGEST_TEXT);
        check.done((body, audience.unwrap_or(Audience::Own)))
    }
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct MessageBody {
    pub(in crate::web) id: Uuid,
    /// Its place in the timeline.
    pub(in crate::web) sequence: u32,
    pub(in crate::web) at: DateTime<FixedOffset>,
    pub(in crate::web) by: ByBody,
    #[schema(schema_with = words::audience)]
    pub(in crate::web) audience: Audience,
    pub(in crate::web) body: String,
}

impl MessageBody {
    /// A message as it is shown.
    pub(in crate::web) fn shown(view: MessageView) -> Self {
        Self {
            id: view.message.id.0,
            sequence: view.message.sequence,
            at: shown(view.message.at),
            by: ByBody { name: view.by, organisation: view.organisation },
            audience: view.message.audience,
            body: view.message.body,
        }
    }
}

/// Read the conversation, as far as the caller may.
#[utoipa::path(
    get, path = "/api/v1/tickets/{id}/messages", operation_id = "messages_list", tag = "tickets",
    params(
        ("id" = String, Path, description = "The ticket's id"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of messages, oldest first", body = Page<MessageBody>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = TicketId(id(&request)?);
    let rows = tickets::messages(&site.app, &signed.scope, id).await?;
    let mut query = Query::read(request.query_string(), &["page_size", "cursor"])?;
    let size = query.page_size();
    let list = List { name: "messages", reader: signed.user() };
    let after = list.after(query.text("cursor"))?;
    query.done(())?;
    let page = list.page_after(rows, after, size, |row: &MessageView| row.message.sequence);
    Ok(HttpResponse::Ok().json(page.map(MessageBody::shown)))
}

/// Write a message.
#[utoipa::path(
    post, path = "/api/v1/tickets/{id}/messages", operation_id = "messages_write", tag = "tickets", request_body = NewMessage,
    params(("id" = String, Path, description = "The ticket's id")),
    responses((status = 201, description = "The message", body = MessageBody), Problems)
)]
pub(in crate::web) async fn write(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = TicketId(id(&request)?);
    let form = write.form.clone();
    let read = Arc::new(move || NewMessage::act(&form));
    let (form, actor) = (write.form.clone(), write.signed.scope.actor().clone());
    let once = write.once(move |view: &TicketView| {
        // The use case has just read the same bytes; they cannot be wrong now.
        let (body, audience) = NewMessage::read(&form).unwrap_or((String::new(), Audience::Own));
        let sequence = view.ticket.events;
        let message = MessageBody {
            id: tickets::message_id(view.ticket.id, sequence).0,
            sequence,
            at: shown(view.acted_at.unwrap_or(view.ticket.filed_at)),
            by: ByBody { name: actor.name.clone(), organisation: actor.organisation.name.clone() },
            audience,
            body,
        };
        rendered(201, Some(view.ticket.version), &message)
    });
    let scope = &write.signed.scope;
    let answered = tickets::act(&site.app, scope, id, ActKind::Message, read, once).await?;
    Ok(answer(answered))
}
