//! What a proposed version of the rules would have done to past tickets.
//!
//! **Never** changes anything; it is a question that needs a body.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::proposal::NewPolicy;
use crate::domain::party::Level;
use crate::domain::ticket::rehearsal::Outcome;
use crate::service::rehearsal::{self, Rehearsal, Tally, Turned};
use crate::service::{Error, FieldError};
use crate::web::api::docs::Problems;
use crate::web::api::words;
use crate::web::check::Check;
use crate::web::error::Problem;
use crate::web::extract::{Form, Write};
use crate::web::json::Object;
use crate::web::moment::shown;
use crate::web::site::Site;

/// A policy and the filing dates to try it on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewSimulation {
    #[schema(value_type = NewPolicy)]
    policy: Object<NewPolicy>,
    #[schema(value_type = chrono::NaiveDate)]
    from: String,
    /// The last day.
    #[schema(value_type = chrono::NaiveDate)]
    to: String,
}

/// What it would have done.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct SimulationBody {
    /// Tickets that it would have ruled.
    pub(in crate::web) tickets: u64,
    /// What became of them.
    pub(in crate::web) actual: TallyBody,
    /// What would have.
    pub(in crate::web) draft: TallyBody,
    /// Tickets that would have gone another way.
    pub(in crate::web) changed: u64,
    /// The first hundred of them.
    pub(in crate::web) first_changed: Vec<ChangedBody>,
}

/// What became of tickets.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct TallyBody {
    pub(in crate::web) replies_missed: u64,
    pub(in crate::web) resolves_missed: u64,
    /// Tickets that reached the level.
    pub(in crate::web) escalated: LevelsBody,
}

/// By level.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct LevelsBody {
    pub(in crate::web) county: u64,
    pub(in crate::web) city: u64,
    pub(in crate::web) province: u64,
}

/// A ticket that would have gone another way.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ChangedBody {
    pub(in crate::web) id: Uuid,
    pub(in crate::web) number: String,
    pub(in crate::web) filed_at: DateTime<FixedOffset>,
    pub(in crate::web) actual: OutcomeBody,
    pub(in crate::web) draft: OutcomeBody,
}

/// What became of a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct OutcomeBody {
    pub(in crate::web) reply_missed: bool,
    pub(in crate::web) resolve_missed: bool,
    /// The levels that stepped in.
    #[schema(schema_with = words::levels)]
    pub(in crate::web) levels: Vec<Level>,
}

impl SimulationBody {
    /// The outcome as it is shown.
    pub(in crate::web) fn shown(found: &Rehearsal) -> Self {
        Self {
            tickets: found.tickets,
            actual: TallyBody::from(&found.on_record),
            draft: TallyBody::from(&found.under_draft),
            changed: found.turned,
            first_changed: found.first.iter().map(ChangedBody::from).collect(),
        }
    }
}

impl From<&Tally> for TallyBody {
    fn from(tally: &Tally) -> Self {
        let of = |level| tally.escalated.get(&level).copied().unwrap_or_default();
        Self {
            replies_missed: tally.replies_missed,
            resolves_missed: tally.resolves_missed,
            escalated: LevelsBody {
                county: of(Level::County),
                city: of(Level::City),
                province: of(Level::Province),
            },
        }
    }
}

impl From<&Turned> for ChangedBody {
    fn from(turned: &Turned) -> Self {
        Self {
            id: turned.id.0,
            number: turned.number.clone(),
            filed_at: shown(turned.filed_at),
            actual: OutcomeBody::from(&turned.on_record),
            draft: OutcomeBody::from(&turned.under_draft),
        }
    }
}

impl From<&Outcome> for OutcomeBody {
    fn from(outcome: &Outcome) -> Self {
        Self {
            reply_missed: outcome.reply_missed,
            resolve_missed: outcome.resolve_missed,
            levels: outcome.levels.clone(),
        }
    }
}

impl NewSimulation {
    fn read(
        form: &Form,
    ) -> Result<(crate::service::policies::Proposal, chrono::NaiveDate, chrono::NaiveDate), Error>
    {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let (from, to) = (check.date("from", &body.from), check.date("to", &body.to));
        let mut proposal = body.policy.0.checked();
        if let Err(Error::Invalid(fields)) = check.done(()) {
            proposal.refused.extend(fields);
        }
        Ok((proposal, from, to))
    }
}

/// A policy's fields stand inside the body.
pub(in crate::web) fn inside(error: Error) -> Error {
    let Error::Invalid(fields) = error else { return error };
    let moved = |field: FieldError| match field.field.as_str() {
        "from" | "to" | "body" => field,
        name if name.starts_with("policy") => field,
        name => FieldError { field: format!("policy.{name}"), ..field },
    };
    Error::Invalid(fields.into_iter().map(moved).collect())
}

/// Ask what a version of the rules would have done.
///
/// It is tried on the tickets of its region that were filed in the period, at most 20,000, from
/// what is on record of them: when the parties acted is taken as it was.
#[utoipa::path(
    post, path = "/api/v1/policies/simulate", operation_id = "policies_simulate", tag = "policies", request_body = NewSimulation,
    responses((status = 200, description = "What it would have done", body = SimulationBody), Problems)
)]
pub(in crate::web) async fn simulate(
    site: web::Data<Site>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let read = || NewSimulation::read(&write.form);
    let found = rehearsal::run(&site.app, &write.signed.scope, read).await.map_err(inside)?;
    Ok(HttpResponse::Ok().json(SimulationBody::shown(&found)))
}
