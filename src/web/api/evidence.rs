//! The evidence pack of a ticket: what the API says of it, in one signed archive.
//!
//! **Never** says anything of its own: every part is the answer of another call, written by the
//! same types.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;

use super::attachments::AttachmentBody;
use super::calendars::{CalendarBody, CalendarDay};
use super::deliveries::DeliveryBody;
use super::docs::Problems;
use super::id;
use super::lens::Lens;
use super::messages::MessageBody;
use super::parties::OrganisationBody;
use super::tickets::TicketAnswer;
use super::timeline::EventBody;
use crate::domain::id::TicketId;
use crate::domain::party::{Language, Role};
use crate::domain::policy::Policy;
use crate::service::App;
use crate::service::dossier::Record;
use crate::service::evidence::{self, Contents, Evidence, JSON_SCHEMA, MadeFor, MadeOf};
use crate::service::replan::layers::LayerView;
use crate::web::auth::SignedIn;
use crate::web::download::attachment;
use crate::web::error::Problem;
use crate::web::evidence::page;
use crate::web::moment::shown;
use crate::web::site::Site;

/// `evidence.json`, its members in this order.
#[derive(Serialize)]
struct EvidenceBody {
    schema: &'static str,
    made_at: DateTime<FixedOffset>,
    made_for: OrganisationBody,
    role: Role,
    language: Language,
    ticket: TicketAnswer,
    timeline: Vec<EventBody>,
    messages: Vec<MessageBody>,
    attachments: Vec<AttachmentBody>,
    deliveries: Vec<DeliveryBody>,
    policies: Vec<Policy>,
    calendar: CalendarText,
}

/// The calendar that the explanations are told by.
#[derive(Serialize)]
struct CalendarText {
    version: String,
    layers: Vec<CalendarBody>,
    /// The days that the explanations touch, each with its document.
    days: Vec<CalendarDay>,
}

/// The key that evidence packs are signed with.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct EvidenceKey {
    /// `Ed25519`.
    #[schema(example = "Ed25519")]
    pub(in crate::web) algorithm: &'static str,
    /// A short name to compare: 64 bits of the key's SHA-256.
    pub(in crate::web) id: String,
    /// The base64 of its DER, as in the manifest.
    pub(in crate::web) public_key: String,
    /// PEM, as OpenSSL reads it.
    pub(in crate::web) pem: String,
}

impl EvidenceBody {
    fn of(evidence: Evidence, signed: &SignedIn, lens: &Lens, at: DateTime<FixedOffset>) -> Self {
        let Evidence { view, record, permit: _ } = evidence;
        let Record { events, messages, attachments, deliveries } = record;
        let actor = signed.scope.actor();
        let ticket = TicketAnswer::shown(&view, lens);
        let mut versions: Vec<&str> =
            view.ticket.deadlines.iter().map(|due| due.policy_version.as_str()).collect();
        versions.sort_unstable();
        versions.dedup();
        let calendar = lens.book.calendar_of(&view.ticket);
        let layers = lens.book.layers_of(&view.ticket).into_iter().map(|kept| LayerView {
            organisation: kept
                .of
                .organisation()
                .and_then(|own| view.organisations.get(&own).cloned()),
            kept: kept.clone(),
        });
        let dates = ticket.explained_dates();
        Self {
            schema: JSON_SCHEMA,
            made_at: at,
            made_for: OrganisationBody::from(&actor.organisation),
            role: actor.role,
            language: lens.language,
            timeline: events.into_iter().map(EventBody::shown).collect(),
            messages: messages.into_iter().map(MessageBody::shown).collect(),
            attachments: attachments.iter().map(AttachmentBody::shown).collect(),
            deliveries: deliveries.into_iter().map(DeliveryBody::shown).collect(),
            policies: versions.iter().map(|v| lens.book.policy_of(v).clone()).collect(),
            calendar: CalendarText {
                version: calendar.version().to_owned(),
                layers: layers.map(|layer| CalendarBody::shown(&layer)).collect(),
                days: dates.iter().map(|date| CalendarDay::of(&calendar, *date)).collect(),
            },
            ticket,
        }
    }
}

/// Download the evidence of a ticket, as far as the caller may see it, in one signed archive.
#[utoipa::path(
    get, path = "/api/v1/tickets/{id}/evidence-pack", operation_id = "evidence_pack", tag = "tickets",
    params(("id" = String, Path, description = "The ticket's id")),
    responses(
        (status = 200, description = "`evidence.html`, `evidence.json`, `manifest.json` and `manifest.sig` in a ZIP archive", content_type = "application/zip"),
        Problems
    )
)]
pub(in crate::web) async fn pack(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = TicketId(id(&request)?);
    let found = evidence::gather(&site.app, &signed.scope, id).await?;
    let name = format!("{}.zip", found.view.ticket.number);
    let (app, lens) = (site.app.clone(), Lens::of(&site.app, &signed));
    let scope = signed.scope.clone();
    let failed = |error| {
        tracing::error!(%error, "a pack could not be made");
        Problem::new("internal", "the pack could not be made")
    };
    // Rendering and hashing take a core for a while.
    let made = web::block(move || made(&app, found, &signed, &lens)).await;
    let Made { of, bytes, hash } = made.map_err(|error| failed(error.to_string()))??;
    evidence::note_made(&site.app, &scope, &of, &hash).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/zip"))
        .insert_header((CONTENT_DISPOSITION, attachment(&name)))
        .insert_header(("content-encoding", "identity"))
        .body(bytes))
}

/// A pack.
struct Made {
    of: MadeOf,
    bytes: Vec<u8>,
    hash: String,
}

fn made(app: &App, found: Evidence, signed: &SignedIn, lens: &Lens) -> Result<Made, Problem> {
    let at = shown(app.clock.now());
    let ticket =
        MadeOf { id: found.view.ticket.id.to_string(), number: found.view.ticket.number.clone() };
    let house = &signed.scope.actor().organisation;
    let made_for = MadeFor { id: house.id.to_string(), name: house.name.clone() };
    let made_at = serde_json::to_value(at).ok().and_then(|at| at.as_str().map(str::to_owned));
    let unwritten = || Problem::new("internal", "the pack could not be made");
    let body = EvidenceBody::of(found, signed, lens, at);
    let mut json = serde_json::to_vec_pretty(&body).map_err(|_error| unwritten())?;
    drop(body);
    json.push(b'\n');
    evidence::within_limit(&json)?;
    let key = app.signer()?.public();
    let html = page(&json, &key, lens.language)?;
    let made_at = made_at.ok_or_else(unwritten)?;
    let contents = Contents { ticket, made_at, made_for, json, html };
    let bytes = evidence::sealed(app, &contents)?;
    let hash = evidence::sha256(&bytes);
    Ok(Made { of: contents.ticket, bytes, hash })
}

/// Read the public key that evidence packs are verified with.
#[utoipa::path(
    get, path = "/api/v1/evidence-key", operation_id = "evidence_key", tag = "tickets",
    responses((status = 200, description = "The public key", body = EvidenceKey), Problems)
)]
pub(in crate::web) async fn key(
    site: web::Data<Site>,
    _signed: SignedIn,
) -> Result<HttpResponse, Problem> {
    let public = site.app.signer()?.public();
    Ok(HttpResponse::Ok().json(EvidenceKey {
        algorithm: "Ed25519",
        id: public.id(),
        public_key: public.text(),
        pem: public.pem(),
    }))
}
