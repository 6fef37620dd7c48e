//! Escalations: what bureaus hold and do.
//!
//! **Never** shows an escalation without its ticket being visible.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::docs::Problems;
use super::filing::{LONGEST_REASON, LONGEST_TEXT};
use super::id;
use super::lens::localised;
use super::parties::Named;
use super::words;
use crate::domain::escalation::{Escalation, MeasureKind};
use crate::domain::id::{EscalationId, TicketId};
use crate::domain::party::Level;
use crate::domain::ticket::{Act, ActKind, TakeMeasure};
use crate::service::escalations::Climbed;
use crate::service::tickets::TicketView;
use crate::service::{Error, escalations};
use crate::web::auth::SignedIn;
use crate::web::check::Check;
use crate::web::error::Problem;
use crate::web::extract::{Form, Write, answer, rendered};
use crate::web::moment::shown;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;

/// One rung entered by a ticket in one round.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct EscalationBody {
    pub(in crate::web) id: Uuid,
    pub(in crate::web) ticket: TicketRef,
    #[schema(schema_with = words::level)]
    pub(in crate::web) level: Level,
    pub(in crate::web) round: u16,
    /// The bureau that owns it; null when the province has none registered.
    pub(in crate::web) bureau: Option<Named>,
    /// Why, oldest first: `{kind, deadline?, level?, missed_at?, reason?}`.
    #[schema(value_type = Vec<Object>)]
    pub(in crate::web) reasons: Value,
    pub(in crate::web) opened_at: DateTime<FixedOffset>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) acknowledged_at: Option<DateTime<FixedOffset>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) closed_at: Option<DateTime<FixedOffset>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) conclusion: Option<String>,
    /// What the bureau did, oldest first.
    pub(in crate::web) measures: Vec<MeasureBody>,
}

/// A ticket's id and number.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct TicketRef {
    pub(in crate::web) id: Uuid,
    pub(in crate::web) number: String,
}

impl TicketRef {
    /// A ticket by its id and number.
    pub(in crate::web) fn of((id, number): &(TicketId, String)) -> Self {
        Self { id: id.0, number: number.clone() }
    }
}

/// A measure taken.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct MeasureBody {
    /// Counts up per ticket, from 1.
    pub(in crate::web) ordinal: u16,
    #[schema(schema_with = words::measure)]
    pub(in crate::web) kind: MeasureKind,
    pub(in crate::web) text: String,
    /// The day by which the manufacturer must comply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) due_on: Option<NaiveDate>,
    pub(in crate::web) at: DateTime<FixedOffset>,
}

impl EscalationBody {
    /// An escalation of a ticket.
    pub(in crate::web) fn shown(escalation: &Escalation, view: &TicketView) -> Self {
        let bureau = escalation.bureau.and_then(|id| view.organisations.get(&id));
        let measures = escalation.measures.iter().map(|measure| MeasureBody {
            ordinal: measure.ordinal,
            kind: measure.kind,
            text: measure.text.clone(),
            due_on: measure.due_on,
            at: shown(measure.at),
        });
        Self {
            id: escalation.id.0,
            ticket: TicketRef { id: view.ticket.id.0, number: view.ticket.number.clone() },
            level: escalation.level,
            round: escalation.round,
            bureau: bureau.map(Named::from),
            reasons: localised(&escalation.reasons),
            opened_at: shown(escalation.opened_at),
            acknowledged_at: escalation.acknowledged_at.map(shown),
            closed_at: escalation.closed_at.map(shown),
            conclusion: escalation.conclusion.clone(),
            measures: measures.collect(),
        }
    }
}

/// The list's filters.
pub(in crate::web) const FILTERS: [&str; 3] = ["open", "acknowledged", "own"];

/// Reads which are asked for.
pub(in crate::web) fn asked(query: &mut Query, signed: &SignedIn) -> Climbed {
    let own = signed.scope.actor().organisation.id;
    Climbed {
        open: query.flag("open"),
        acknowledged: query.flag("acknowledged"),
        held_by: query.flag("own").filter(|own| *own).map(|_| own),
    }
}

/// An escalation out of the list, with where it stands there.
pub(in crate::web) fn found(
    row: &(EscalationId, TicketView),
) -> Option<((DateTime<Utc>, Uuid), EscalationBody)> {
    let (id, view) = row;
    let escalation = view.ticket.escalations.iter().find(|escalation| escalation.id == *id)?;
    Some(((escalation.opened_at, id.0), EscalationBody::shown(escalation, view)))
}

/// List the escalations of the bureau's division.
#[utoipa::path(
    get, path = "/api/v1/escalations", operation_id = "escalations_list", tag = "escalations",
    params(
        ("open" = Option<bool>, Query, description = "Only open, or only closed, ones"),
        ("acknowledged" = Option<bool>, Query, description = "Only those that somebody took on, or only the others"),
        ("own" = Option<bool>, Query, description = "`true`: only those that the caller's own bureau holds"),
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of escalations, newest first", body = Page<EscalationBody>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of_list(request.query_string(), &FILTERS)?;
    let (climbed, size) = (asked(&mut query, &signed), query.page_size());
    let list = List { name: "escalations", reader: signed.user() };
    let after: Option<(DateTime<Utc>, Uuid)> = list.after(query.text("cursor"))?;
    query.done(())?;
    let rows = escalations::list(&site.app, &signed.scope, climbed, (after, size + 1)).await?;
    let rows = rows.iter().filter_map(found).collect();
    let page = list.page(rows, size, |(position, _)| *position);
    Ok(HttpResponse::Ok().json(page.map(|(_, body)| body)))
}

/// A word with the acknowledgement.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Acknowledgement {
    note: Option<String>,
}

impl Acknowledgement {
    fn read(form: &Form, escalation: EscalationId) -> Result<Act, Error> {
        let body: Self = form.read_or_default()?;
        let mut check = Check::default();
        let note = check.optional_block("note", body.note.as_deref(), LONGEST_REASON);
        check.done(Act::Acknowledge { escalation, note })
    }
}

/// A measure to be taken.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewMeasure {
    #[schema(schema_with = words::measure)]
    kind: String,
    text: String,
    /// The day by which the manufacturer must comply.
    #[schema(value_type = Option<NaiveDate>)]
    due_on: Option<String>,
}

impl NewMeasure {
    fn read(form: &Form, escalation: EscalationId) -> Result<Act, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let kind = check.word("kind", &body.kind);
        let measure = TakeMeasure {
            kind: kind.unwrap_or(MeasureKind::Remind),
            text: check.block("text", &body.text, LONGEST_TEXT),
            due_on: body.due_on.map(|date| check.date("due_on", &date)),
        };
        check.done(Act::Measure { escalation, measure })
    }
}

/// What the bureau found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Conclusion {
    conclusion: String,
}

impl Conclusion {
    fn read(form: &Form, escalation: EscalationId) -> Result<Act, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let conclusion = check.block("conclusion", &body.conclusion, LONGEST_TEXT);
        check.done(Act::CloseEscalation { escalation, conclusion })
    }
}

/// Take an escalation on.
#[utoipa::path(
    post, path = "/api/v1/escalations/{id}/acknowledge", operation_id = "escalations_acknowledge", tag = "escalations",
    params(("id" = String, Path, description = "The escalation's id")),
    request_body = Option<Acknowledgement>,
    responses((status = 200, description = "The escalation", body = EscalationBody), Problems)
)]
pub(in crate::web) async fn acknowledge(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    act(&site, &write, &request, (ActKind::Acknowledge, 200), Acknowledgement::read).await
}

/// Take a measure.
#[utoipa::path(
    post, path = "/api/v1/escalations/{id}/measures", operation_id = "escalations_measure", tag = "escalations",
    params(("id" = String, Path, description = "The escalation's id")),
    request_body = NewMeasure,
    responses((status = 201, description = "The escalation", body = EscalationBody), Problems)
)]
pub(in crate::web) async fn measure(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    act(&site, &write, &request, (ActKind::Measure, 201), NewMeasure::read).await
}

/// Close an escalation; the ticket goes on.
#[utoipa::path(
    post, path = "/api/v1/escalations/{id}/close", operation_id = "escalations_close", tag = "escalations",
    params(("id" = String, Path, description = "The escalation's id")),
    request_body = Conclusion,
    responses((status = 200, description = "The escalation", body = EscalationBody), Problems)
)]
pub(in crate::web) async fn close(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    act(&site, &write, &request, (ActKind::CloseEscalation, 200), Conclusion::read).await
}

async fn act(
    site: &Site,
    write: &Write,
    request: &HttpRequest,
    (kind, status): (ActKind, u16),
    read: impl Fn(&Form, EscalationId) -> Result<Act, Error> + Send + Sync + 'static,
) -> Result<HttpResponse, Problem> {
    let id = EscalationId(id(request)?);
    let form = write.form.clone();
    let read = Arc::new(move || read(&form, id));
    let once = write.once(move |view: &TicketView| {
        let own = view.ticket.escalations.iter().find(|escalation| escalation.id == id);
        let body = own.map(|escalation| EscalationBody::shown(escalation, view));
        rendered(status, Some(view.ticket.version), &body)
    });
    let scope = &write.signed.scope;
    let answered = escalations::act_on(&site.app, scope, id, kind, read, once).await?;
    Ok(answer(answered))
}

/// Reads what an act on an escalation says.
pub(in crate::web) type ReadBody = fn(&Form, EscalationId) -> Result<Act, Error>;

/// The acts on escalations by the last word of their addresses.
pub(in crate::web) fn reader(word: &str) -> Option<(&'static str, ActKind, ReadBody)> {
    let all: [(&str, ActKind, ReadBody); 3] = [
        ("acknowledge", ActKind::Acknowledge, Acknowledgement::read),
        ("measures", ActKind::Measure, NewMeasure::read),
        ("close", ActKind::CloseEscalation, Conclusion::read),
    ];
    all.into_iter().find(|(known, ..)| *known == word)
}
