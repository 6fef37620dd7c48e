//! Deadlines as the API shows them, and the reckoning of those to come.
//!
//! **Never** shows a deadline without its explanation.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;

use super::docs::Problems;
use super::words;
use crate::domain::calendar::{Calendar, DayKind, ExplainedDay};
use crate::domain::explanation::sentence_for;
use crate::domain::id::OrganisationId;
use crate::domain::notice::DeadlineLine;
use crate::domain::party::{Division, Language};
use crate::domain::policy::{Policy, Urgency};
use crate::domain::ticket::{Category, Deadline, DeadlineKind, DeadlineStatus};
use crate::service::{Error, catalogue};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::moment::shown;
use crate::web::query::Query;
use crate::web::site::Site;

/// A deadline.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct DeadlineBody {
    #[schema(schema_with = words::deadline)]
    pub(in crate::web) kind: DeadlineKind,
    /// Exclusive: what happens then is late.
    pub(in crate::web) due_at: DateTime<FixedOffset>,
    #[schema(schema_with = words::status)]
    pub(in crate::web) status: DeadlineStatus,
    /// When the thing was done, in time or late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) met_at: Option<DateTime<FixedOffset>>,
    /// By how much it was late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) late_working_days: Option<u32>,
    /// True while a year it touches has no published calendar.
    pub(in crate::web) provisional: bool,
    pub(in crate::web) calendar_version: String,
    pub(in crate::web) policy_version: String,
    /// Day by day, from the day it is counted from.
    pub(in crate::web) explanation: Vec<DayBody>,
    /// The explanation in words, in the reader's language.
    pub(in crate::web) sentence: String,
}

/// A day of an explanation.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct DayBody {
    pub(in crate::web) date: NaiveDate,
    #[schema(schema_with = words::day)]
    pub(in crate::web) kind: DayKind,
    /// True where it is one of the days that count.
    pub(in crate::web) counted: bool,
    /// The minutes of it that count, where office hours do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) minutes: Option<u32>,
    /// True where the manufacturer's own calendar says what the day is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::web) own: bool,
}

impl DeadlineBody {
    /// The dates that its explanation touches.
    pub(in crate::web) fn dates(&self) -> impl Iterator<Item = NaiveDate> {
        self.explanation.iter().map(|day| day.date)
    }
}

fn days(explanation: &[ExplainedDay]) -> Vec<DayBody> {
    let body = |day: &ExplainedDay| DayBody {
        date: day.date,
        kind: day.kind,
        counted: day.counted,
        minutes: day.minutes,
        own: day.own,
    };
    explanation.iter().map(body).collect()
}

impl DeadlineBody {
    /// A deadline as it is explained by the calendar and policy it was set by.
    pub(in crate::web) fn explained(
        deadline: &Deadline,
        calendar: &Calendar,
        policy: &Policy,
        language: Language,
    ) -> Self {
        // Only days outside the calendar cannot be explained, and nothing is due there.
        let explanation = deadline.explain(calendar, policy).unwrap_or_default();
        Self {
            kind: deadline.kind,
            due_at: shown(deadline.due_at),
            status: deadline.status,
            met_at: deadline.met_at.map(shown),
            late_working_days: deadline.late_working_days,
            provisional: deadline.provisional,
            calendar_version: deadline.calendar_version.clone(),
            policy_version: deadline.policy_version.clone(),
            sentence: sentence_for(deadline.kind, &explanation, deadline.due_at, language),
            explanation: days(&explanation),
        }
    }
}

/// A deadline as a notice shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct LineBody {
    #[schema(schema_with = words::deadline)]
    pub(in crate::web) kind: DeadlineKind,
    pub(in crate::web) due_at: DateTime<FixedOffset>,
    pub(in crate::web) provisional: bool,
    pub(in crate::web) explanation: Vec<DayBody>,
    pub(in crate::web) sentence: String,
}

impl LineBody {
    /// A deadline of a notice.
    pub(in crate::web) fn of(line: &DeadlineLine, language: Language) -> Self {
        Self {
            kind: line.kind,
            due_at: shown(line.due_at),
            provisional: line.provisional,
            explanation: days(&line.explanation),
            sentence: sentence_for(line.kind, &line.explanation, line.due_at, language),
        }
    }
}

/// What a ticket filed then and there would owe.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Reckoning {
    pub(in crate::web) policy: PolicyBody,
    pub(in crate::web) deadlines: Vec<DeadlineBody>,
}

/// The time-limit rules that decide.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct PolicyBody {
    pub(in crate::web) id: uuid::Uuid,
    pub(in crate::web) version: String,
    pub(in crate::web) name: String,
    /// Where it rules; null = the whole nation.
    pub(in crate::web) division: Option<String>,
    /// The document it comes from.
    pub(in crate::web) source: String,
}

/// Reckon the deadlines of a ticket.
#[utoipa::path(
    get, path = "/api/v1/deadline", operation_id = "deadline_reckon", tag = "deadlines",
    params(
        ("filed_at" = String, Query, description = "When it would be filed, RFC 3339"),
        ("urgency" = Option<String>, Query, description = "`ordinary` (default) or `emergency`"),
        ("division" = Option<String>, Query, description = "The hospital's division; without it the nation's rules"),
        ("category" = Option<String>, Query, description = "What kind of problem it is; without it the rules for whatever none names"),
        ("manufacturer" = Option<String>, Query, description = "Whose product it is, by its id: its own days count where the policy says so"),
    ),
    responses((status = 200, description = "The policy and the deadlines", body = Reckoning), Problems)
)]
pub(in crate::web) async fn reckon(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let known = ["filed_at", "urgency", "division", "category", "manufacturer"];
    let mut query = Query::read(request.query_string(), &known)?;
    if query.text("filed_at").is_none() {
        query.refuse("filed_at", "required", "say when the ticket would be filed");
    }
    let filed_at = query.instant("filed_at");
    let urgency = query.word("urgency").unwrap_or(Urgency::Ordinary);
    let division: Option<Division> = query.word("division");
    let category: Option<Category> = query.word("category");
    let manufacturer = query.id("manufacturer").map(OrganisationId);
    let filed_at = query.done(filed_at)?;
    let filed_at = filed_at.ok_or_else(|| Error::invalid("filed_at", "required", "say when"))?;
    if let Some(id) = manufacturer {
        catalogue::may_reckon_for(&site.app, &signed.scope, id).await?;
    }
    let of = catalogue::Reckoning { division, category, manufacturer };
    let reckoned = catalogue::reckon(&site.app, filed_at, urgency, of)?;
    let explained = |deadline| {
        DeadlineBody::explained(deadline, &reckoned.calendar, &reckoned.policy, signed.language)
    };
    Ok(HttpResponse::Ok().json(Reckoning {
        deadlines: reckoned.deadlines.iter().map(explained).collect(),
        policy: PolicyBody {
            id: reckoned.policy.id.0,
            version: reckoned.policy.version.clone(),
            name: reckoned.policy.name.clone(),
            division: reckoned.policy.division.map(|division| division.to_string()),
            source: reckoned.policy.source.clone(),
        },
    }))
}
