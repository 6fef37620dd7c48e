//! Changes of the rules: what they do, and the batches that made them.
//!
//! **Never** tells more of a ticket than its number and its deadlines.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::docs::Problems;
use super::imports::HeldBody;
use super::lens::localised;
use super::{id, words};
use crate::domain::calendar::DayKind;
use crate::domain::holiday::Doubt;
use crate::domain::impact::Impact;
use crate::domain::ticket::{DeadlineKind, Moved};
use crate::service::replan::{self, BatchState, BatchView, Outcome};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::moment::shown;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;

/// The longest reason, in characters.
pub(in crate::web) const LONGEST_REASON: usize = 500;

/// What a change does, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct OutcomeBody {
    pub(in crate::web) days: Vec<DayChangeBody>,
    /// Years among them whose notice is not loaded: deadlines in them stay provisional.
    pub(in crate::web) provisional_years: Vec<i32>,
    /// What is odd about the calendar afterwards; to go on, name the codes in `confirm`.
    pub(in crate::web) doubts: Vec<DoubtBody>,
    /// What a file says and nobody could judge; it changes nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::web) held: Vec<HeldBody>,
    /// The first 1,000 deadlines that move; `impact` counts all.
    pub(in crate::web) deadlines: Vec<MovedBody>,
    pub(in crate::web) impact: ImpactBody,
    /// Sent with the confirmation, it is refused if its impact is not this one any more.
    pub(in crate::web) seal: String,
    /// Once it is confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) batch: Option<BatchBody>,
}

/// A day before and after.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct DayChangeBody {
    pub(in crate::web) date: NaiveDate,
    #[schema(schema_with = words::day)]
    pub(in crate::web) before: DayKind,
    #[schema(schema_with = words::day)]
    pub(in crate::web) after: DayKind,
    /// The holiday it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) name: Option<String>,
    /// The document that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) source: Option<String>,
}

/// Something odd.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct DoubtBody {
    pub(in crate::web) code: &'static str,
    pub(in crate::web) message: String,
}

/// A deadline before and after.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::web) struct MovedBody {
    pub(in crate::web) ticket: TicketRef,
    #[schema(schema_with = words::deadline)]
    pub(in crate::web) kind: DeadlineKind,
    pub(in crate::web) ordinal: u16,
    pub(in crate::web) before: DateTime<FixedOffset>,
    pub(in crate::web) after: DateTime<FixedOffset>,
    /// It had been missed, and is not by the new rules.
    pub(in crate::web) waived: bool,
    /// It was provisional, and is not any more.
    pub(in crate::web) settled: bool,
    /// The calendar's version before and after.
    pub(in crate::web) calendar_versions: [String; 2],
}

/// A ticket by its number.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::web) struct TicketRef {
    pub(in crate::web) id: Uuid,
    pub(in crate::web) number: String,
}

/// The counts of an impact.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::web) struct ImpactBody {
    /// Tickets with a deadline that moves, settles or is waived.
    pub(in crate::web) tickets: u32,
    /// Deadlines that are due at another time.
    pub(in crate::web) moved: u32,
    /// Provisional deadlines that become final.
    pub(in crate::web) settled: u32,
    /// In seconds; negative where that deadline is due earlier.
    pub(in crate::web) largest_shift: i64,
    /// Breaches that are waived.
    pub(in crate::web) breaches_vanish: u32,
    /// Deadlines that are missed at once.
    pub(in crate::web) breaches_appear: u32,
    /// What happens at once, by the kind of event.
    pub(in crate::web) fires: BTreeMap<String, u32>,
    /// Beyond 500 moved deadlines a second administrator approves.
    pub(in crate::web) needs_approval: bool,
}

/// A confirmed change.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::web) struct BatchBody {
    pub(in crate::web) id: Uuid,
    pub(in crate::web) number: u32,
    /// `pending`, `applied` or `rejected`.
    #[schema(value_type = String)]
    pub(in crate::web) state: BatchState,
    pub(in crate::web) reason: String,
    /// What it changes.
    #[schema(value_type = Object)]
    pub(in crate::web) edit: Value,
    pub(in crate::web) impact: ImpactBody,
    /// The number of the batch that it takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) undoes: Option<u32>,
    pub(in crate::web) made_by: PersonRef,
    pub(in crate::web) made_at: DateTime<FixedOffset>,
    /// The second administrator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) decided_by: Option<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) decided_at: Option<DateTime<FixedOffset>>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) decision: Option<String>,
}

/// A person by name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::web) struct PersonRef {
    pub(in crate::web) id: Uuid,
    pub(in crate::web) name: String,
}

/// A batch with the first deadlines that it moved.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct BatchPage {
    #[serde(flatten)]
    pub(in crate::web) batch: BatchBody,
    /// Those of the first 500 tickets.
    pub(in crate::web) deadlines: Vec<MovedBody>,
}

impl BatchPage {
    /// A batch as it is shown, with what it moved.
    pub(in crate::web) fn shown(view: &BatchView, tickets: &[replan::MovedTicket]) -> Self {
        Self { batch: BatchBody::shown(view), deadlines: moved(tickets) }
    }
}

impl OutcomeBody {
    /// An outcome as it is shown.
    pub(in crate::web) fn shown(outcome: &Outcome) -> Self {
        let day = |seen: &replan::Seen| DayChangeBody {
            date: seen.date,
            before: seen.before,
            after: seen.after,
            name: seen.day.as_ref().map(|day| day.name.clone()).filter(|name| !name.is_empty()),
            source: seen.day.as_ref().map(|day| day.source.clone()).filter(|text| !text.is_empty()),
        };
        let doubt = |doubt: &Doubt| DoubtBody { code: doubt.as_str(), message: doubt.message() };
        Self {
            days: outcome.days.iter().map(day).collect(),
            provisional_years: outcome.provisional.clone(),
            doubts: outcome.doubts.iter().map(doubt).collect(),
            held: Vec::new(),
            deadlines: moved(&outcome.deadlines),
            impact: ImpactBody::shown(&outcome.impact),
            seal: outcome.seal.clone(),
            batch: outcome.batch.as_ref().map(BatchBody::shown),
        }
    }
}

fn moved(tickets: &[replan::MovedTicket]) -> Vec<MovedBody> {
    let of_ticket = |(id, number, moved): &replan::MovedTicket| {
        let ticket = TicketRef { id: id.0, number: number.clone() };
        moved.iter().map(|one| MovedBody::shown(&ticket, one)).collect::<Vec<_>>()
    };
    tickets.iter().flat_map(of_ticket).collect()
}

impl MovedBody {
    fn shown(ticket: &TicketRef, one: &Moved) -> Self {
        Self {
            ticket: ticket.clone(),
            kind: one.deadline,
            ordinal: one.ordinal,
            before: shown(one.before_at),
            after: shown(one.after_at),
            waived: one.waived,
            settled: one.settled,
            calendar_versions: [one.before.calendar.clone(), one.after.calendar.clone()],
        }
    }
}

impl ImpactBody {
    /// An impact as it is shown.
    pub(in crate::web) fn shown(impact: &Impact) -> Self {
        Self {
            tickets: impact.tickets,
            moved: impact.moved,
            settled: impact.settled,
            largest_shift: impact.largest_shift,
            breaches_vanish: impact.waived,
            breaches_appear: impact.missed,
            fires: impact.fires.clone(),
            needs_approval: impact.needs_approval(),
        }
    }
}

impl BatchBody {
    /// A batch as it is shown.
    pub(in crate::web) fn shown(view: &BatchView) -> Self {
        let batch = &view.batch;
        let decided = batch.decided.as_ref();
        let person = |id: Uuid, name: &str| PersonRef { id, name: name.to_owned() };
        Self {
            id: batch.id,
            number: batch.number,
            state: batch.state,
            reason: batch.reason.clone(),
            edit: localised(&batch.edit),
            impact: ImpactBody::shown(&batch.impact),
            undoes: batch.undoes,
            made_by: person(batch.made.0.0, &view.made_by),
            made_at: shown(batch.made.1),
            decided_by: decided.map(|decided| {
                person(decided.by.0, view.decided_by.as_deref().unwrap_or_default())
            }),
            decided_at: decided.map(|decided| shown(decided.at)),
            decision: decided.and_then(|decided| decided.words.clone()),
        }
    }
}

/// List the batches, newest first.
#[utoipa::path(
    get, path = "/api/v1/batches", operation_id = "batches_list", tag = "calendars",
    params(
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of batches", body = Page<BatchBody>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    replan::admit(&signed.scope)?;
    let mut query = Query::of_list(request.query_string(), &[])?;
    let size = query.page_size();
    let list = List { name: "batches", reader: signed.user() };
    let before: Option<u32> = list.after(query.text("cursor"))?;
    query.done(())?;
    let rows = replan::batches(&site.app, &signed.scope, before, size + 1).await?;
    let page = list.page(rows, size, |view: &BatchView| view.batch.number);
    Ok(HttpResponse::Ok().json(page.map(|view| BatchBody::shown(&view))))
}

/// Read a batch with what it moved.
#[utoipa::path(
    get, path = "/api/v1/batches/{id}", operation_id = "batches_show", tag = "calendars",
    params(("id" = String, Path, description = "The batch's id")),
    responses((status = 200, description = "The batch", body = BatchPage), Problems)
)]
pub(in crate::web) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    replan::admit(&signed.scope)?;
    let (view, tickets) = replan::show(&site.app, &signed.scope, id(&request)?).await?;
    Ok(HttpResponse::Ok().json(BatchPage::shown(&view, &tickets)))
}

/// See what a batch that waits would do now.
#[utoipa::path(
    get, path = "/api/v1/batches/{id}/preview", operation_id = "batches_preview", tag = "calendars",
    params(("id" = String, Path, description = "The batch's id")),
    responses((status = 200, description = "What it would do", body = OutcomeBody), Problems)
)]
pub(in crate::web) async fn preview(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    replan::admit(&signed.scope)?;
    let outcome = replan::preview_batch(&site.app, &signed.scope, id(&request)?).await?;
    Ok(HttpResponse::Ok().json(OutcomeBody::shown(&outcome)))
}
