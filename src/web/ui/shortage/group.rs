//! One reply for the tickets that are ticked.
//!
//! **Never** answers a ticket that was not on the page: nothing ticked is an error, not all.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;

use super::super::choice::{Choice, words};
use super::super::fields::Fields;
use super::super::shell::{Shell, see};
use super::super::ticket::promise_limit;
use super::{draw, id};
use crate::domain::party::Role;
use crate::domain::ticket::StateName;
use crate::service::shortage::{self, MOST_AT_ONCE};
use crate::service::tickets::TicketView;
use crate::service::{Error, FieldError, Rendered};
use crate::web::api::lens::Lens;
use crate::web::api::shortage::NewGroupReply;
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::{Post, Typed};
use crate::web::site::Site;

/// The form's name.
const FORM: &str = "group-reply";
/// Tickets that an error names.
const MOST_NAMED: usize = 5;

/// A ticket that can be ticked.
pub(super) struct Target {
    pub(super) id: String,
    pub(super) number: String,
    pub(super) hospital: String,
    pub(super) quantity: String,
    /// The latest day that can be promised for it.
    pub(super) limit: Option<NaiveDate>,
}

/// The form.
pub(super) struct GroupForm {
    pub(super) fields: Fields,
    pub(super) targets: Vec<Target>,
    pub(super) causes: Vec<Choice>,
    /// Until when all of them can be promised.
    pub(super) hint: String,
    /// Said when more wait than one reply answers.
    pub(super) cut: Option<String>,
}

/// A form that comes back.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    typed: Typed,
    errors: Vec<FieldError>,
    conflict: Option<(&'static str, String)>,
}

impl Refusal {
    /// Why the tickets' state does not allow it.
    pub(super) fn conflict(&self, shell: &Shell, tickets: &[TicketView]) -> Option<String> {
        let (code, message) = self.conflict.as_ref()?;
        let text = shell.words().problem(code, message);
        Some(match about(message, tickets) {
            Some((number, _)) => format!("{number}{}{text}", shell.t("page-colon")),
            None => text,
        })
    }
}

impl GroupForm {
    /// The form for who can reply to something.
    pub(super) fn of(
        shell: &Shell,
        lens: &Lens,
        signed: &SignedIn,
        tickets: &[TicketView],
        refusal: Option<Refusal>,
    ) -> Option<Self> {
        let waits = |view: &&TicketView| view.ticket.state.name() == StateName::Open;
        let waiting: Vec<&TicketView> = tickets.iter().filter(waits).collect();
        if signed.role() != Role::Manufacturer || waiting.is_empty() {
            return None;
        }
        let target = |view: &&TicketView| target(shell, lens, view);
        let targets: Vec<Target> = waiting.iter().take(MOST_AT_ONCE).map(target).collect();
        let earliest = targets.iter().filter_map(|target| target.limit).min();
        let fields = match refusal {
            Some(refusal) => {
                let errors = worded(shell, &refusal.errors, tickets);
                Fields::refused(FORM, shell.words(), refusal.typed, &errors)
            }
            None => {
                let name = signed.scope.actor().name.as_str();
                let ids = targets.iter().map(|target| ("tickets", target.id.as_str()));
                let known: Vec<_> = std::iter::once(("contact.name", name)).chain(ids).collect();
                Fields::fresh(FORM, shell.words(), &known)
            }
        };
        Some(Self {
            fields,
            causes: words(shell, "cause"),
            hint: earliest
                .map(|day| shell.with("hint-group-promise", "date", &day))
                .unwrap_or_default(),
            cut: (waiting.len() > MOST_AT_ONCE)
                .then(|| shell.with("group-cut", "n", &waiting.len())),
            targets,
        })
    }
}

fn target(shell: &Shell, lens: &Lens, view: &TicketView) -> Target {
    let (ticket, report) = (&view.ticket, &view.ticket.report);
    let hospital = view.organisations.get(&ticket.hospital);
    let missing = ticket.remaining_quantity.unwrap_or(report.quantity_short);
    Target {
        id: ticket.id.to_string(),
        number: ticket.number.clone(),
        hospital: hospital.map(|house| house.name.clone()).unwrap_or_default(),
        quantity: format!("{missing} {}", report.unit),
        limit: promise_limit(shell, lens, ticket),
    }
}

/// The ticket that a message begins with, and the rest of it.
fn about<'a>(message: &'a str, tickets: &[TicketView]) -> Option<(&'a str, &'a str)> {
    let (number, rest) = message.split_once(": ")?;
    tickets.iter().any(|view| view.ticket.number == number).then_some((number, rest))
}

/// The errors in the reader's words, each once, with the tickets it is about.
fn worded(shell: &Shell, errors: &[FieldError], tickets: &[TicketView]) -> Vec<FieldError> {
    let mut all: Vec<(FieldError, Vec<&str>)> = Vec::new();
    for error in errors {
        let Some((number, rest)) = about(&error.message, tickets) else {
            all.push((error.clone(), Vec::new()));
            continue;
        };
        let text = shell.error(&error.code, rest);
        match all.iter_mut().find(|(one, _)| one.field == error.field && one.message == text) {
            Some((_, numbers)) => numbers.push(number),
            // Without a code: it is worded already.
            None => all.push((FieldError::new(error.field.clone(), "", text), vec![number])),
        }
    }
    let told = |(error, numbers): (FieldError, Vec<&str>)| {
        let named: Vec<&str> = numbers.iter().copied().take(MOST_NAMED).collect();
        let mut named = named.join(&shell.t("page-and"));
        if numbers.len() > MOST_NAMED {
            named.push_str(&shell.with("group-and-more", "n", &numbers.len()));
        }
        if named.is_empty() {
            return error;
        }
        let message = format!("{named}{}{}", shell.t("page-colon"), error.message);
        FieldError { message, ..error }
    };
    all.into_iter().map(told).collect()
}

/// Replies to the tickets that are ticked: all of them or none.
pub(in crate::web::ui) async fn reply(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let event = id(&request)?;
    let reading = post.clone();
    let read = Arc::new(move || {
        let nothing = reading.typed.find("tickets").is_none();
        let nothing = nothing.then(|| FieldError::new("tickets", "required", "tick a ticket"));
        match (reading.read(NewGroupReply::read), nothing) {
            (Ok(_), Some(error)) => Err(Error::Invalid(vec![error])),
            (Err(Error::Invalid(errors)), Some(error)) => {
                Err(Error::Invalid(std::iter::once(error).chain(errors).collect()))
            }
            (outcome, _) => outcome,
        }
    });
    let once = post.write.once(move |_views: &Vec<TicketView>| Rendered {
        status: 303,
        etag: None,
        body: format!("/shortage-events/{}?done=group-reply", event.0),
    });
    let signed = post.signed();
    let (status, errors, conflict) =
        match shortage::reply(&site.app, &signed.scope, event, read, once).await {
            Ok(answered) => return Ok(see(&answered.answer.body)),
            Err(Error::Invalid(errors)) => (StatusCode::UNPROCESSABLE_ENTITY, errors, None),
            Err(Error::Conflict { code, message, .. }) => {
                (StatusCode::CONFLICT, Vec::new(), Some((code, message)))
            }
            Err(error) => return Err(error.into()),
        };
    let refusal = Refusal { status, typed: post.typed.clone(), errors, conflict };
    draw(&site, signed, &request, Some(refusal)).await
}
