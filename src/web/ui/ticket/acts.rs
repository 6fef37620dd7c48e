//! Acts by forms: sent on when they are done, drawn again when they are refused.
//!
//! **Never** judges an act: the API's readers and the domain do.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::super::fields::Fields;
use super::super::shell::{Medium, see};
use super::forms::decision;
use super::{Refusal, draw, id};
use crate::domain::id::{EscalationId, TicketId};
use crate::domain::ticket::ActKind;
use crate::service::tickets::{self, TicketView};
use crate::service::{Answered, Error, Rendered, escalations};
use crate::web::api::acts::reader;
use crate::web::api::escalations as of_escalations;
use crate::web::error::Problem;
use crate::web::form::Post;
use crate::web::query;
use crate::web::site::Site;
use crate::web::words::Words;

/// The acts on a ticket by the last word of their addresses, with the names of their forms.
const ACTS: [(&str, ActKind); 13] = [
    ("reply", ActKind::Reply),
    ("promise", ActKind::Promise),
    ("solve", ActKind::Solve),
    ("confirm", ActKind::Confirm),
    ("withdraw", ActKind::Withdraw),
    ("urge", ActKind::Urge),
    ("escalate", ActKind::Escalate),
    ("return", ActKind::Return),
    ("extensions", ActKind::Extension),
    ("force-majeure", ActKind::ForceMajeure),
    ("distributor", ActKind::Distributor),
    ("decisions", ActKind::Decide),
    ("messages", ActKind::Message),
];

/// The addresses of acts on a ticket; any other word is no address at all.
pub(in crate::web::ui) fn act_addresses() -> String {
    let words: Vec<_> = ACTS.iter().map(|(word, _)| *word).collect();
    format!("/tickets/{{id}}/{{act:{}}}", words.join("|"))
}

/// Acts on a ticket.
pub(in crate::web::ui) async fn act(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let ticket = id(&request)?;
    let word = request.match_info().get("act").unwrap_or_default();
    let found = ACTS.iter().find(|(known, _)| *known == word);
    let (word, kind) = found.ok_or(Error::NotFound)?;
    let read = reader(*kind).ok_or(Error::NotFound)?;
    let is_decision = *kind == ActKind::Decide;
    let form = if is_decision { decision(post.typed.get("on")) } else { word };
    let reading = post.clone();
    let read = Arc::new(move || reading.read(read));
    let once = post.write.once(done(word));
    let scope = &post.signed().scope;
    let outcome = tickets::act(&site.app, scope, ticket, *kind, read, once).await;
    answered(&site, &request, (ticket, form), post, outcome).await
}

/// Acts on an escalation.
pub(in crate::web::ui) async fn act_on_escalation(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let escalation = request.match_info().get("id").and_then(query::uuid);
    let escalation = EscalationId(escalation.ok_or(Error::NotFound)?);
    let word = request.match_info().get("act").unwrap_or_default();
    let (form, kind, read) = of_escalations::reader(word).ok_or(Error::NotFound)?;
    let scope = &post.signed().scope;
    // Where to come back to, whatever happens.
    let ticket = escalations::ticket(&site.app, scope, escalation).await?;
    let reading = post.clone();
    let read = Arc::new(move || reading.read(|form| read(form, escalation)));
    let once = post.write.once(done(form));
    let outcome = escalations::act_on(&site.app, scope, escalation, kind, read, once).await;
    answered(&site, &request, (ticket, form), post, outcome).await
}

/// Where a browser goes when an act is done.
fn done(word: &'static str) -> impl Fn(&TicketView) -> Rendered + Send + Sync {
    move |view| {
        let place = if word == "messages" { "#conversation" } else { "" };
        let body = format!("/tickets/{}?done={word}{place}", view.ticket.id);
        Rendered { status: 303, etag: None, body }
    }
}

/// Sends the browser on, or draws the ticket with what was typed and why it was refused.
async fn answered(
    site: &Site,
    request: &HttpRequest,
    (ticket, form): (TicketId, &'static str),
    post: Post,
    outcome: Result<Answered, Error>,
) -> Result<HttpResponse, Problem> {
    let signed = post.signed();
    let words = Words(signed.language);
    let refusal = match outcome {
        Ok(answered) => return Ok(see(&answered.answer.body)),
        Err(Error::Invalid(errors)) => Refusal {
            form: Some(Fields::refused(form, words, post.typed.clone(), &errors)),
            conflict: None,
            status: StatusCode::UNPROCESSABLE_ENTITY,
        },
        Err(Error::Conflict { code, message, .. }) => Refusal {
            form: Some(Fields::kept(form, words, post.typed.clone())),
            conflict: Some(words.problem(code, &message)),
            status: StatusCode::CONFLICT,
        },
        Err(error) => return Err(error.into()),
    };
    draw(site, signed, request, (ticket, Medium::Screen), Some(refusal)).await
}
