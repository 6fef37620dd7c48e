//! The page of a ticket: how it stands, why, what was said and done, and what can be done now.
//!
//! **Never** shows more than the API would: it draws the API's own answers.

mod acts;
mod attach;
pub(super) mod deadlines;
mod forms;
mod steps;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

pub(super) use acts::{act, act_addresses, act_on_escalation};
pub(super) use attach::attach;
use deadlines::DeadlineRow;
pub(super) use forms::promise_limit;
use forms::{ActForm, Control, Desk};
use steps::{Entry, Step};

use super::choice::{Choice, words};
use super::fields::{Fields, Need};
use super::shell::{Medium, Shell, page};
use crate::domain::id::TicketId;
use crate::domain::party::{OrganisationKind, Role};
use crate::domain::ticket::ActKind;
use crate::service::Error;
use crate::service::directory::{self, OrganisationFilter};
use crate::service::dossier::{self, Record};
use crate::web::api::attachments::AttachmentBody;
use crate::web::api::deliveries::DeliveryBody;
use crate::web::api::lens::Lens;
use crate::web::api::merging::formerly;
use crate::web::api::messages::MessageBody;
use crate::web::api::tickets::{BareTicket, TicketAnswer, TicketBody};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::query;
use crate::web::site::Site;

/// Entries of the timeline on the page.
const MOST_EVENTS: usize = 1_000;

/// Organisations that can be chosen from.
const MOST_HOUSES: u64 = 500;

/// The forms of the conversation and the files.
struct Desks {
    acts: Vec<ActForm>,
    /// `None` for who may not write.
    message: Option<Fields>,
    audiences: Vec<Choice>,
    file: Option<Fields>,
    evidence: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "pages/ticket.html")]
struct Page {
    shell: Shell,
    ticket: Box<TicketBody>,
    deadlines: Vec<DeadlineRow>,
    steps: Vec<Step>,
    messages: Vec<MessageBody>,
    files: Vec<AttachmentBody>,
    timeline: Vec<Entry>,
    deliveries: Vec<DeliveryBody>,
    desks: Desks,
    /// What came back refused, whether its form can still be drawn or not.
    refused: Option<Fields>,
    own: String,
    conflict: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/ticket_bare.html")]
struct BarePage {
    shell: Shell,
    ticket: BareTicket,
    deadlines: Vec<DeadlineRow>,
}

impl Page {
    /// How much proof of service there is.
    fn proof(&self) -> String {
        self.shell.with("proof-count", "n", &self.deliveries.len())
    }
}

/// A form that comes back: what was typed, and why.
pub(super) struct Refusal {
    pub(super) form: Option<Fields>,
    pub(super) conflict: Option<String>,
    pub(super) status: StatusCode,
}

/// Shows a ticket.
pub(super) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = id(&request)?;
    draw(&site, &signed, &request, (id, Medium::Screen), None).await
}

/// Shows a ticket for printing: everything open, nothing to be done.
pub(super) async fn print(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = id(&request)?;
    draw(&site, &signed, &request, (id, Medium::Paper), None).await
}

fn id(request: &HttpRequest) -> Result<TicketId, Error> {
    request.match_info().get("id").and_then(query::uuid).map(TicketId).ok_or(Error::NotFound)
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    (id, medium): (TicketId, Medium),
    refusal: Option<Refusal>,
) -> Result<HttpResponse, Problem> {
    let (app, scope) = (&site.app, &signed.scope);
    let (view, record) = dossier::read(app, scope, id).await?;
    let shell = Shell::of(site, request, signed).await?.on(medium);
    let lens = Lens::of(app, signed);
    let calendar = lens.book.calendar_of(&view.ticket);
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.status);
    let rows =
        |bare: &BareTicket| deadlines::rows(&shell, &view.ticket, &calendar, &bare.deadlines);
    let mut ticket = match TicketAnswer::shown(&view, &lens) {
        TicketAnswer::Whole(whole) => whole,
        TicketAnswer::Bare(ticket) => {
            let deadlines = rows(&ticket);
            return page(status, &BarePage { shell, ticket, deadlines });
        }
    };
    ticket.formerly = formerly(app, scope, view.ticket.id).await?;
    let Record { events, messages, attachments, deliveries } = record.ok_or(Error::NotFound)?;
    let files: Vec<_> = attachments.iter().map(AttachmentBody::shown).collect();
    let houses = houses(site, signed, &view.possible).await?;
    let desk = Desk { shell: &shell, signed, lens: &lens, view: &view, files: &files, houses };
    let (conflict, form) = refusal.map_or((None, None), |refusal| (refusal.conflict, refusal.form));
    let refused = form.clone();
    let desks = desks(&desk, form);
    let drawn = Page {
        deadlines: rows(&ticket.bare),
        steps: steps::all(&shell, &lens, &view, &ticket),
        timeline: steps::timeline(&shell, &ticket, &files, events),
        messages: messages.into_iter().map(MessageBody::shown).collect(),
        deliveries: deliveries.into_iter().map(DeliveryBody::shown).collect(),
        own: scope.actor().organisation.name.clone(),
        desks,
        refused,
        ticket,
        files,
        conflict,
        shell,
    };
    page(status, &drawn)
}

/// The organisations that an act may name: distributors to bring in, or manufacturers whose a
/// returned ticket may be.
async fn houses(
    site: &Site,
    signed: &SignedIn,
    possible: &[ActKind],
) -> Result<Vec<Choice>, Error> {
    let kind = match signed.role() {
        Role::Manufacturer if possible.contains(&ActKind::Distributor) => {
            OrganisationKind::Distributor
        }
        Role::Bureau if possible.contains(&ActKind::Decide) => OrganisationKind::Manufacturer,
        Role::Hospital
        | Role::Manufacturer
        | Role::Distributor
        | Role::Bureau
        | Role::Admin
        | Role::Security
        | Role::Auditor => return Ok(Vec::new()),
    };
    let filter = OrganisationFilter { kind: Some(kind), ..OrganisationFilter::default() };
    let found = directory::organisations(&site.app, &signed.scope, &filter, (None, MOST_HOUSES));
    let choice = |view: directory::OrganisationView| {
        Choice::new(view.organisation.id.to_string(), view.organisation.name)
    };
    Ok(found.await?.into_iter().map(choice).collect())
}

fn desks(desk: &Desk<'_>, refused: Option<Fields>) -> Desks {
    let may = |act| desk.view.possible.contains(&act);
    let back = |name: &str| refused.clone().filter(|fields| fields.form() == name);
    let fresh = |name: &'static str| {
        back(name)
            .unwrap_or_else(|| Fields::fresh(name, desk.shell.words(), &[("audience", "all")]))
    };
    let (message, file) = (may(ActKind::Message), may(ActKind::Attach));
    let reader = desk.signed.role();
    // To the bureau alone only a bureau writes what it can read again.
    let audiences = words(desk.shell, "audience").into_iter().filter(|one| {
        match (one.value.as_str(), reader) {
            ("hospital_bureau", role) => matches!(role, Role::Hospital | Role::Bureau),
            _ => true,
        }
    });
    Desks {
        message: message.then(|| fresh("messages")),
        file: file.then(|| fresh("attachments")),
        audiences: audiences.collect(),
        evidence: words(desk.shell, "evidence"),
        acts: desk.forms(refused),
    }
}
