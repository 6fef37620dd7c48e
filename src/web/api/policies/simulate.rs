//! What a proposed version of the rules would have done to past tickets.
//!
//! **Never** changes anything; it is a question that needs a body.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Datelike as _, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::proposal::NewPolicy;
use crate::domain::calendar::local_date;
use crate::domain::id::PolicyId;
use crate::domain::party::Level;
use crate::domain::ticket::rehearsal::Outcome;
use crate::service::policies::{self, Proposal};
use crate::service::rehearsal::{self, Naming, Rehearsal, Sample, Tally, Turned};
use crate::service::{Error, FieldError};
use crate::web::api::docs::Problems;
use crate::web::api::{id, words};
use crate::web::auth::SignedIn;
use crate::web::check::Check;
use crate::web::error::Problem;
use crate::web::extract::{Form, Write};
use crate::web::json::Object;
use crate::web::moment::shown;
use crate::web::paging::List;
use crate::web::query::Query;
use crate::web::site::Site;

/// The list of tickets that would have gone another way.
pub(in crate::web) const LIST: &str = "simulation";
/// So many of them are named where nobody pages through them.
const MOST_NAMED: usize = 100;

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
    /// Only in this region; null = wherever the policy rules.
    #[schema(value_type = Option<String>)]
    division: Option<String>,
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
    /// Replies and solutions that were in time and would not have been.
    pub(in crate::web) breaches_appear: u64,
    /// Replies and solutions that were missed and would not have been.
    pub(in crate::web) breaches_vanish: u64,
    /// Tickets that would have gone another way.
    pub(in crate::web) changed: u64,
    /// Those that differ most, the most different first; a hundred at most.
    pub(in crate::web) first_changed: Vec<ChangedBody>,
}

/// What a version would have done, page by page.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct VersionSimulationBody {
    #[serde(flatten)]
    pub(in crate::web) found: SimulationBody,
    /// Where `first_changed` goes on; null at the end.
    pub(in crate::web) next_cursor: Option<String>,
}

/// What became of tickets.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct TallyBody {
    pub(in crate::web) replies_missed: u64,
    pub(in crate::web) resolves_missed: u64,
    /// The rungs that rang, of all tickets together.
    pub(in crate::web) rungs: u64,
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
            breaches_appear: found.appear,
            breaches_vanish: found.vanish,
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
            rungs: tally.rungs(),
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
    fn read(form: &Form) -> Result<(Proposal, Sample), Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let from = check.date("sample.from", &body.from);
        let to = check.date("sample.to", &body.to);
        let division = body.division.and_then(|text| check.word("sample.division", &text));
        let mut proposal = body.policy.0.checked();
        if let Err(Error::Invalid(fields)) = check.done(()) {
            proposal.refused.extend(fields);
        }
        Ok((proposal, Sample { from, to, division }))
    }
}

/// Errors of a sample's fields by the names that they have in a body or a query; a policy's fields
/// stand inside the body.
pub(in crate::web) fn named(error: Error) -> Error {
    let Error::Invalid(fields) = error else { return error };
    let moved = |field: FieldError| {
        let name = match rehearsal::of_sample(&field.field) {
            Some(name) => name.to_owned(),
            None => format!("policy.{}", field.field),
        };
        FieldError { field: name, ..field }
    };
    Error::Invalid(fields.into_iter().map(moved).collect())
}

/// Ask what a version of the rules would have done.
///
/// It is tried on the tickets of its region that were filed in the period, at most 50,000, from
/// what is on record of them: when the parties acted is taken as it was.
#[utoipa::path(
    post, path = "/api/v1/policies/simulate", operation_id = "policies_simulate", tag = "policies", request_body = NewSimulation,
    responses((status = 200, description = "What it would have done", body = SimulationBody), Problems)
)]
pub(in crate::web) async fn simulate(
    site: web::Data<Site>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    // What could not be read at all names its place in the body already.
    let mut is_read = false;
    let read = || NewSimulation::read(&write.form).inspect(|_| is_read = true);
    let naming = Naming { after: None, most: MOST_NAMED };
    let found = rehearsal::run(&site.app, &write.signed.scope, read, naming).await;
    let found = found.map_err(|error| if is_read { named(error) } else { error })?;
    Ok(HttpResponse::Ok().json(SimulationBody::shown(&found)))
}

/// The period and the region that a query asks for.
pub(in crate::web) fn period(query: &mut Query, (from, to): (NaiveDate, NaiveDate)) -> Sample {
    Sample {
        from: query.date("from").unwrap_or(from),
        to: query.date("to").unwrap_or(to),
        division: query.word("division"),
    }
}

/// Ask what a version that is there would have done.
///
/// As with a proposed one; `from` and `to` are the last full quarter unless they are given.
#[utoipa::path(
    get, path = "/api/v1/policies/{id}/simulation", operation_id = "policies_simulation", tag = "policies",
    params(
        ("id" = String, Path, description = "The version's id"),
        ("from" = Option<chrono::NaiveDate>, Query, description = "First filing date"),
        ("to" = Option<chrono::NaiveDate>, Query, description = "Last filing date"),
        ("division" = Option<String>, Query, description = "Only in this region"),
        ("page_size" = Option<u64>, Query, description = "1–100, otherwise 20"),
        ("cursor" = Option<String>, Query, description = "From the page before"),
    ),
    responses((status = 200, description = "What it would have done", body = VersionSimulationBody), Problems)
)]
pub(in crate::web) async fn of_version(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    policies::admit(&signed.scope)?;
    let id = PolicyId(id(&request)?);
    let mut query = Query::of_list(request.query_string(), &["from", "to", "division"])?;
    let sample = period(&mut query, last_quarter(local_date(site.app.clock.now())));
    let size = query.page_size();
    let list = List { name: LIST, reader: signed.user() };
    let after = list.after(query.text("cursor"))?;
    let most = usize::try_from(size).unwrap_or(usize::MAX).saturating_add(1);
    query.done(())?;
    let naming = Naming { after, most };
    let found = rehearsal::of_version(&site.app, &signed.scope, id, sample, naming).await;
    let mut found = found.map_err(named)?;
    let page = list.page(std::mem::take(&mut found.first), size, Turned::place);
    found.first = page.items;
    let body = SimulationBody::shown(&found);
    Ok(HttpResponse::Ok()
        .json(VersionSimulationBody { found: body, next_cursor: page.next_cursor }))
}

/// The last full quarter.
pub(in crate::web) fn last_quarter(today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let quarter = (today.month() - 1) / 3;
    let first = |year: i32, quarter: u32| NaiveDate::from_ymd_opt(year, quarter * 3 + 1, 1);
    let from = match quarter {
        0 => first(today.year() - 1, 3),
        later => first(today.year(), later - 1),
    };
    let to = first(today.year(), quarter).and_then(|day| day.pred_opt());
    (from.unwrap_or(today), to.unwrap_or(today))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_quarter_ends_before_this_one() {
        let date = |text: &str| text.parse::<NaiveDate>().expect(text);
        for (today, from, to) in [
            ("2026-01-01", "2025-10-01", "2025-12-31"),
            ("2026-03-31", "2025-10-01", "2025-12-31"),
            ("2026-04-01", "2026-01-01", "2026-03-31"),
            ("2026-12-31", "2026-07-01", "2026-09-30"),
        ] {
            assert_eq!(last_quarter(date(today)), (date(from), date(to)), "{today}");
        }
    }
}
