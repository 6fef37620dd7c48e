//! The time-limit rules, for everybody: they explain the deadlines.
//!
//! **Never** interprets them.

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{NaiveDate, NaiveTime};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub(in crate::web) mod ending;
pub(in crate::web) mod keeping;
pub(in crate::web) mod proposal;
pub(in crate::web) mod settings;
pub(in crate::web) mod simulate;

use super::docs::Problems;
use super::{id, words};
use crate::domain::calendar::Target;
use crate::domain::id::PolicyId;
use crate::domain::notice::Channel;
use crate::domain::party::{Division, Level};
use crate::domain::policy::{
    CalendarLayer, Decision, Policy, ResolveFrom, Rung, ShortageThreshold, Targets, Told,
    Withdrawal,
};
use crate::domain::ticket::Category;
use crate::service::rulebook::PolicyView;
use crate::web::auth::SignedIn;
use crate::web::condition;
use crate::web::error::Problem;
use crate::web::paging::{List, Page};
use crate::web::query::Query;
use crate::web::site::Site;
use settings::{QuietBody, WarningsBody, WindowBody, office_shown};

/// A version of the rules for a region and a time.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct PolicyDocument {
    pub(in crate::web) id: Uuid,
    /// What tickets remember having been judged by.
    #[schema(example = "CN-1")]
    pub(in crate::web) version: String,
    pub(in crate::web) name: String,
    /// Where it rules; null = the whole nation, wherever no regional policy does.
    #[schema(value_type = Option<String>, example = "370000")]
    pub(in crate::web) division: Option<Division>,
    /// First filing date it rules.
    pub(in crate::web) effective_from: NaiveDate,
    /// Last filing date it rules; null = no end.
    pub(in crate::web) effective_to: Option<NaiveDate>,
    /// True when it rules what is filed in its region today.
    pub(in crate::web) in_force: bool,
    /// True when its last filing date has passed.
    pub(in crate::web) lapsed: bool,
    /// True when it ends, or has ended, and somebody must decide what applies then.
    pub(in crate::web) undecided: bool,
    /// The document it comes from.
    pub(in crate::web) source: String,
    /// The kinds of problem it rules; none = all.
    #[schema(schema_with = words::categories)]
    pub(in crate::web) categories: Vec<Category>,
    /// Targets of ordinary tickets.
    pub(in crate::web) ordinary: TargetsBody,
    /// Targets of emergency tickets.
    pub(in crate::web) emergency: TargetsBody,
    /// When the clock of the solution starts.
    #[schema(schema_with = words::resolve_from)]
    pub(in crate::web) resolve_from: ResolveFrom,
    pub(in crate::web) counting: CountingBody,
    /// Working days a promise may reach from the act once the resolve limit has passed.
    pub(in crate::web) late_promise_within: u16,
    /// Working days beyond the due day that an extension may reach.
    pub(in crate::web) extension_within: u16,
    /// Working days after a reported solution until a silent hospital is reminded.
    pub(in crate::web) remind_hospital_after: u16,
    /// Working days after a reported solution until a bureau decides for a silent hospital.
    pub(in crate::web) decide_silence_after: u16,
    /// When a shortage event is the province's affair; null = never.
    pub(in crate::web) shortage_alarm: Option<ThresholdBody>,
    /// When somebody is warned.
    pub(in crate::web) warnings: WarningsBody,
    /// When nothing leaves that is not urgent; null = it leaves at any time.
    pub(in crate::web) quiet_hours: Option<QuietBody>,
    /// Down to which layer of the calendar days are taken from.
    #[schema(schema_with = words::calendar_layer)]
    pub(in crate::web) calendar_layer: CalendarLayer,
    /// First rung first.
    pub(in crate::web) ladder: Vec<RungBody>,
    /// It was taken back before it ruled anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) withdrawn: Option<WithdrawalBody>,
    /// What was decided about its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) decision: Option<DecisionBody>,
}

/// A version that was taken back.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct WithdrawalBody {
    pub(in crate::web) on: NaiveDate,
    pub(in crate::web) reason: String,
}

/// What was decided about the end of a version.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct DecisionBody {
    /// `continued` or `national`.
    #[schema(schema_with = words::end)]
    pub(in crate::web) kind: &'static str,
    pub(in crate::web) on: NaiveDate,
    pub(in crate::web) reason: String,
    /// The version that goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) version: Option<String>,
}

/// The two targets a ticket is judged by.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct TargetsBody {
    /// Until the manufacturer's reply.
    pub(in crate::web) reply: TargetBody,
    /// Until the problem is solved.
    pub(in crate::web) resolve: TargetBody,
}

/// How long a party has: one of the two.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(in crate::web) struct TargetBody {
    /// So many working days after the filing day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) working_days: Option<u16>,
    /// So many hours, which no holiday stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) elapsed_hours: Option<u16>,
    /// So many office hours of working days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) working_hours: Option<u16>,
}

/// How working days are counted.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct CountingBody {
    /// When the last day ends; null = 24:00.
    #[schema(value_type = Option<String>, example = "17:30:00")]
    pub(in crate::web) due_time: Option<NaiveTime>,
    /// A filing after it counts as the next day's; null = none does.
    #[schema(value_type = Option<String>, example = "16:00:00")]
    pub(in crate::web) cutoff_time: Option<NaiveTime>,
    /// The stretches of a working day in which office hours count.
    pub(in crate::web) office_hours: Vec<WindowBody>,
}

/// How far a shortage event must reach.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ThresholdBody {
    pub(in crate::web) hospitals: u32,
    pub(in crate::web) cities: u32,
}

/// Who steps in, and when the next rung is entered.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct RungBody {
    /// The level of bureau that steps in.
    #[schema(schema_with = words::level)]
    pub(in crate::web) level: Level,
    /// Working days for the bureau to acknowledge or act.
    pub(in crate::web) acknowledge_within: u16,
    /// Working days after entry by which the ticket must be closed.
    pub(in crate::web) close_within: u16,
    /// Who is told beside the bureau.
    #[schema(schema_with = words::told_all)]
    pub(in crate::web) told: Vec<Told>,
    /// On which channels beside the in-app mailbox; null = as each party is told of an escalation.
    #[schema(schema_with = words::channels)]
    pub(in crate::web) channels: Option<Vec<Channel>>,
}

impl PolicyDocument {
    /// A policy as it is shown.
    pub(in crate::web) fn shown(view: PolicyView<'_>) -> Self {
        let PolicyView { policy, in_force, lapsed, undecided, edition: _ } = view;
        let Policy {
            id,
            version,
            name,
            division,
            effective_from,
            effective_to,
            source,
            ordinary,
            emergency,
            resolve_from,
            counting,
            late_promise_within,
            extension_within,
            remind_hospital_after,
            decide_silence_after,
            shortage_alarm,
            ladder,
            categories,
            warnings,
            quiet_hours,
            calendar_layer,
            withdrawn,
            decision,
        } = policy;
        Self {
            id: id.0,
            version: version.clone(),
            name: name.clone(),
            division: *division,
            effective_from: *effective_from,
            effective_to: *effective_to,
            in_force,
            lapsed,
            undecided,
            source: source.clone(),
            categories: categories.clone(),
            ordinary: TargetsBody::from(*ordinary),
            emergency: TargetsBody::from(*emergency),
            resolve_from: *resolve_from,
            counting: CountingBody {
                due_time: counting.due_time,
                cutoff_time: counting.cutoff_time,
                office_hours: office_shown(counting.office),
            },
            late_promise_within: *late_promise_within,
            extension_within: *extension_within,
            remind_hospital_after: *remind_hospital_after,
            decide_silence_after: *decide_silence_after,
            shortage_alarm: shortage_alarm.map(ThresholdBody::from),
            warnings: WarningsBody::from(warnings),
            quiet_hours: quiet_hours.map(QuietBody::from),
            calendar_layer: *calendar_layer,
            ladder: ladder.iter().map(RungBody::from).collect(),
            withdrawn: withdrawn.as_ref().map(WithdrawalBody::from),
            decision: decision.as_ref().map(DecisionBody::from),
        }
    }
}

impl From<&Withdrawal> for WithdrawalBody {
    fn from(withdrawn: &Withdrawal) -> Self {
        Self { on: withdrawn.on, reason: withdrawn.reason.clone() }
    }
}

impl From<&Decision> for DecisionBody {
    fn from(decision: &Decision) -> Self {
        match decision {
            Decision::Continued { on, reason, version } => Self {
                kind: "continued",
                on: *on,
                reason: reason.clone(),
                version: Some(version.clone()),
            },
            Decision::National { on, reason } => {
                Self { kind: "national", on: *on, reason: reason.clone(), version: None }
            }
        }
    }
}

impl From<Targets> for TargetsBody {
    fn from(targets: Targets) -> Self {
        Self { reply: targets.reply.into(), resolve: targets.resolve.into() }
    }
}

impl From<Target> for TargetBody {
    fn from(target: Target) -> Self {
        match target {
            Target::WorkingDays(days) => Self { working_days: Some(days), ..Self::default() },
            Target::ElapsedHours(hours) => Self { elapsed_hours: Some(hours), ..Self::default() },
            Target::WorkingHours(hours) => Self { working_hours: Some(hours), ..Self::default() },
        }
    }
}

impl From<ShortageThreshold> for ThresholdBody {
    fn from(threshold: ShortageThreshold) -> Self {
        Self { hospitals: threshold.hospitals, cities: threshold.cities }
    }
}

impl From<&Rung> for RungBody {
    fn from(rung: &Rung) -> Self {
        Self {
            level: rung.level,
            acknowledge_within: rung.acknowledge_within,
            close_within: rung.close_within,
            told: rung.told.clone(),
            channels: rung.channels.clone(),
        }
    }
}

/// List the policies: what rules now, what did and what will.
#[utoipa::path(
    get, path = "/api/v1/policies", operation_id = "policies_list", tag = "policies",
    params(
        ("page_size" = Option<u32>, Query, description = "1 to 100, 20 by default"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
    ),
    responses((status = 200, description = "A page of policies, by version", body = Page<PolicyDocument>), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of_list(request.query_string(), &[])?;
    let size = query.page_size();
    let list = List { name: "policies", reader: signed.user() };
    let after: Option<Uuid> = list.after(query.text("cursor"))?;
    query.done(())?;
    let book = site.app.book();
    let views = book.policy_views(site.app.clock.now());
    let last = after.and_then(|after| views.iter().position(|view| view.policy.id.0 == after));
    let rest: Vec<_> = views.into_iter().skip(last.map_or(0, |last| last + 1)).collect();
    let page = list.page(rest, size, |view| view.policy.id.0);
    Ok(HttpResponse::Ok().json(page.map(PolicyDocument::shown)))
}

/// Read a policy. The tag is what `PUT` wants as `If-Match`; it changes with every version of the
/// region.
#[utoipa::path(
    get, path = "/api/v1/policies/{id}", operation_id = "policies_show", tag = "policies",
    params(("id" = String, Path, description = "The policy's id")),
    responses((status = 200, description = "The policy", body = PolicyDocument), Problems)
)]
pub(in crate::web) async fn show(
    site: web::Data<Site>,
    _signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let book = site.app.book();
    let view = book.policy_view(PolicyId(id(&request)?), site.app.clock.now())?;
    Query::read(request.query_string(), &[])?.done(())?;
    let tag = condition::tag(i64::from(view.edition));
    Ok(HttpResponse::Ok().insert_header((ETAG, tag)).json(PolicyDocument::shown(view)))
}
