//! Keeping the time-limit rules: new versions, withdrawals, decisions on those that lapse.
//!
//! **Never** edits a version that tickets may have been judged by: another one takes its place.

use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde_json::json;
use uuid::Uuid;

use super::audit::{self, Action, Entry};
use super::once::{Once, once};
use super::rulebook::PolicyView;
use super::{Answered, App, Error, FieldError};
use crate::domain::access::Scope;
use crate::domain::calendar::local_date;
use crate::domain::id::PolicyId;
use crate::domain::party::{Division, Role};
use crate::domain::policy::judge::{Against, Fault, check};
use crate::domain::policy::{self, Decision, Policy, Withdrawal};
use crate::store::{self, divisions, rulebook};

/// What somebody proposes.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The rules. Id and version are given here.
    pub policy: Policy,
    /// Why they are made.
    pub reason: Option<String>,
    /// What was wrong with the input already; those values are stand-ins.
    pub refused: Vec<FieldError>,
}

/// Reads a proposal from the request, after the checks that come before the input's.
pub type ReadProposal = Arc<dyn Fn() -> Result<Proposal, Error> + Send + Sync>;
/// Reads a reason likewise.
pub type ReadReason = Arc<dyn Fn() -> Result<String, Error> + Send + Sync>;
/// Reads a decision likewise.
pub type ReadEnd = Arc<dyn Fn() -> Result<End, Error> + Send + Sync>;

/// What is to become of a policy that ends.
#[derive(Debug, Clone)]
pub enum End {
    /// It goes on.
    Continue {
        /// Until then; `None` = without end.
        until: Option<NaiveDate>,
        /// The document that says so.
        source: String,
        /// Why.
        reason: String,
    },
    /// The rules of the region above apply.
    National {
        /// Why.
        reason: String,
    },
}

/// A policy among all the others, after a change.
#[derive(Debug, Clone)]
pub struct Changed {
    /// Every version.
    policies: Vec<Policy>,
    /// The one that was changed or made.
    policy: Policy,
    today: NaiveDate,
}

impl Changed {
    /// The policy as it stands.
    #[must_use]
    pub fn view(&self) -> PolicyView<'_> {
        PolicyView::of(&self.policies, &self.policy, self.today)
    }
}

/// Refuses whoever may not keep policies.
///
/// # Errors
/// [`Error::Forbidden`].
pub fn admit(scope: &Scope) -> Result<(), Error> {
    match scope.actor().role {
        Role::Admin => Ok(()),
        Role::Hospital
        | Role::Manufacturer
        | Role::Distributor
        | Role::Bureau
        | Role::Security
        | Role::Auditor => {
            Err(Error::Forbidden("only an administrator may keep time-limit rules".to_owned()))
        }
    }
}

/// Makes a version of the rules for a region; it rules what is filed from its first day on.
///
/// # Errors
/// [`Error::Forbidden`], [`Error::Invalid`] naming every field.
pub async fn create(
    app: &App,
    scope: &Scope,
    read: ReadProposal,
    request: Once<Changed>,
) -> Result<Answered, Error> {
    make(app, scope, None, read, request).await
}

/// Makes the next version of rules that are there.
///
/// # Errors
/// As [`create`]; [`Error::NotFound`], [`Error::Conflict`] when the version is not the newest,
/// [`Error::Unconditional`] and [`Error::Outdated`] by the version that was read.
pub async fn replace(
    app: &App,
    scope: &Scope,
    id: PolicyId,
    read: ReadProposal,
    request: Once<Changed>,
) -> Result<Answered, Error> {
    make(app, scope, Some(id), read, request).await
}

async fn make(
    app: &App,
    scope: &Scope,
    replaces: Option<PolicyId>,
    read: ReadProposal,
    request: Once<Changed>,
) -> Result<Answered, Error> {
    admit(scope)?;
    let today = local_date(app.clock.now());
    let action = if replaces.is_some() { Action::PolicyReplaced } else { Action::PolicyCreated };
    let entry = Entry::by(scope, action, app.clock.wall());
    let expected = request.expected_version;
    let answered = once(app, request, move |tx| {
        let (read, entry) = (Arc::clone(&read), entry.clone());
        Box::pin(async move {
            let policies = rulebook::policies(tx).await?;
            let before = replaces.map(|id| replaceable(&policies, id, expected)).transpose()?;
            let proposal = read()?;
            let reason = proposal.reason.clone();
            let policy = judged(tx, &policies, (proposal, before), today).await?;
            let detail = json!({ "before": before, "after": policy, "reason": reason });
            insert(tx, &policy).await?;
            audit::record(tx, entry.about(&policy.version).with(detail)).await?;
            Ok(Changed { policies: with(policies, &policy), policy, today })
        })
    })
    .await?;
    app.reload().await?;
    Ok(answered)
}

/// Judges a proposal without making anything: what [`create`] or [`replace`] would say of it.
///
/// # Errors
/// As those.
pub async fn review(
    app: &App,
    scope: &Scope,
    replaces: Option<(PolicyId, Option<i64>)>,
    proposal: Proposal,
) -> Result<Policy, Error> {
    admit(scope)?;
    let db = &app.store.read_as(scope).await?;
    let policies = rulebook::policies(db).await?;
    let before = match replaces {
        Some((id, expected)) => Some(replaceable(&policies, id, expected)?),
        None => None,
    };
    let today = local_date(app.clock.now());
    judged(db, &policies, (proposal, before), today).await
}

/// The newest version of its rules, if the caller has read what is there.
fn replaceable(policies: &[Policy], id: PolicyId, expected: Option<i64>) -> Result<&Policy, Error> {
    let before = find(policies, id)?;
    let expected = expected.ok_or(Error::Unconditional)?;
    if expected != i64::from(policy::edition(policies, before.division)) {
        return Err(Error::Outdated);
    }
    match policy::newest(policies, before) {
        Some(newest) if newest.id == id => Ok(before),
        Some(newest) => Err(conflict(
            "policy_replaced",
            format!("{} has been replaced; the newest is {}", before.version, newest.version),
        )),
        None => Err(conflict("policy_withdrawn", "this version was withdrawn".to_owned())),
    }
}

fn find(policies: &[Policy], id: PolicyId) -> Result<&Policy, Error> {
    policies.iter().find(|policy| policy.id == id).ok_or(Error::NotFound)
}

fn conflict(code: &'static str, message: String) -> Error {
    Error::Conflict { code, message, possible: Vec::new() }
}

/// The proposed policy with id and version, when nothing is wrong with it.
async fn judged(
    tx: &impl ConnectionTrait,
    policies: &[Policy],
    (proposal, replaces): (Proposal, Option<&Policy>),
    today: NaiveDate,
) -> Result<Policy, Error> {
    let Proposal { policy, reason, refused } = proposal;
    let against = Against {
        others: policies,
        replaces,
        today,
        reason: reason.as_deref(),
        is_known_division: is_known(tx, policy.division).await?,
    };
    let all = all_faults(&policy, &against, refused);
    if all.is_empty() { Ok(numbered(policies, policy)) } else { Err(Error::Invalid(all)) }
}

/// What was refused already, and what makes no sense besides.
pub(super) fn all_faults(
    policy: &Policy,
    against: &Against<'_>,
    mut refused: Vec<FieldError>,
) -> Vec<FieldError> {
    let is_about = |field: &str, known: &str| known.starts_with(field) || field.starts_with(known);
    let is_new = |fault: &Fault| {
        let mut fields = leans_on(fault);
        fields.push(&fault.field);
        !refused.iter().any(|known| fields.iter().any(|field| is_about(field, &known.field)))
    };
    let faults: Vec<_> = check(policy, against).into_iter().filter(is_new).collect();
    let told = faults.into_iter();
    refused.extend(told.map(|fault| FieldError::new(fault.field, fault.code, fault.message)));
    refused
}

/// The other fields that a fault compares with: where one of those was refused, only a stand-in
/// was compared with.
fn leans_on(fault: &Fault) -> Vec<&str> {
    let within = |end: char| fault.field.split(end).next().unwrap_or_default();
    match fault.code {
        "shorter_than_reply" => vec![within('.'), "counting.office_hours", "resolve_from"],
        "before_office" => vec!["counting"],
        "after_due" => vec!["counting.due_time"],
        "never_comes" => vec!["ordinary", "emergency", "late_promise_within"],
        "swallowed_by_quiet_hours" => vec!["quiet_hours"],
        "not_before_decision" => vec!["decide_silence_after"],
        "more_than_hospitals" => vec!["shortage_alarm"],
        "not_above" => vec!["ladder"],
        "no_such_level" => vec!["division"],
        "shorter_than_acknowledge" => vec![within('.')],
        "before_start" | "retroactive" => vec!["effective_from"],
        "overlap" | "another_scope" => vec!["division", "effective_to", "categories"],
        _ => Vec::new(),
    }
}

/// True for a division that there is, and for the nation.
pub(super) async fn is_known(
    tx: &impl ConnectionTrait,
    division: Option<Division>,
) -> Result<bool, Error> {
    let Some(division) = division else { return Ok(true) };
    Ok(divisions::names(tx, &[division]).await?.contains_key(&division))
}

/// The same with an id, and the next number of its region.
fn numbered(policies: &[Policy], policy: Policy) -> Policy {
    let number = policy::edition(policies, policy.division) + 1;
    let version = format!("{}-{number}", policy::prefix(policy.division));
    Policy { id: PolicyId(Uuid::now_v7()), version, withdrawn: None, decision: None, ..policy }
}

async fn insert(tx: &DatabaseTransaction, policy: &Policy) -> Result<(), Error> {
    // Somebody else was faster: the next attempt finds their version.
    let inserted = rulebook::insert_policy(tx, policy).await;
    Ok(inserted.map_err(|e| if e.is_duplicate() { store::Error::Stale } else { e })?)
}

/// The versions with one more, or with one changed.
fn with(mut policies: Vec<Policy>, policy: &Policy) -> Vec<Policy> {
    policies.retain(|other| other.id != policy.id);
    policies.push(policy.clone());
    policies
}

/// Takes back a version that does not rule yet and that no ticket was judged by.
///
/// # Errors
/// [`Error::Forbidden`], [`Error::NotFound`], [`Error::Conflict`] when it is too late,
/// [`Error::Invalid`] without a reason.
pub async fn withdraw(
    app: &App,
    scope: &Scope,
    id: PolicyId,
    read: ReadReason,
    request: Once<Changed>,
) -> Result<Answered, Error> {
    admit(scope)?;
    let today = local_date(app.clock.now());
    let entry = Entry::by(scope, Action::PolicyWithdrawn, app.clock.wall());
    let answered = once(app, request, move |tx| {
        let (read, entry) = (Arc::clone(&read), entry.clone());
        Box::pin(async move {
            let policies = rulebook::policies(tx).await?;
            let before = find(&policies, id)?.clone();
            if before.withdrawn.is_some() {
                return Err(conflict("policy_withdrawn", "it was withdrawn already".to_owned()));
            }
            if before.effective_from <= today || rulebook::is_used(tx, &before.version).await? {
                let message = "it rules, or has ruled, tickets: make another version instead";
                return Err(conflict("policy_in_use", message.to_owned()));
            }
            let reason = read()?;
            let withdrawn = Some(Withdrawal { on: today, reason });
            let policy = Policy { withdrawn, ..before.clone() };
            rulebook::annotate_policy(tx, &policy).await?;
            let detail = json!({ "before": before, "after": policy });
            audit::record(tx, entry.about(&policy.version).with(detail)).await?;
            Ok(Changed { policies: with(policies, &policy), policy, today })
        })
    })
    .await?;
    app.reload().await?;
    Ok(answered)
}

/// Decides what becomes of a policy that ends or has ended; gives the version that goes on, or
/// the one that ended.
///
/// # Errors
/// [`Error::Forbidden`], [`Error::NotFound`], [`Error::Conflict`] when nothing is to be decided,
/// [`Error::Invalid`] naming the field.
pub async fn decide(
    app: &App,
    scope: &Scope,
    id: PolicyId,
    read: ReadEnd,
    request: Once<Changed>,
) -> Result<Answered, Error> {
    admit(scope)?;
    let today = local_date(app.clock.now());
    let entry = Entry::by(scope, Action::PolicyDecided, app.clock.wall());
    let answered = once(app, request, move |tx| {
        let (read, entry) = (Arc::clone(&read), entry.clone());
        Box::pin(async move {
            let policies = rulebook::policies(tx).await?;
            let before = find(&policies, id)?.clone();
            if !policy::awaits_decision(&policies, &before, today) {
                let message = "nothing about its end is to be decided".to_owned();
                return Err(conflict("nothing_to_decide", message));
            }
            let (decision, next) = ruled(tx, &policies, (&before, read()?), today).await?;
            let policy = Policy { decision: Some(decision), ..before.clone() };
            rulebook::annotate_policy(tx, &policy).await?;
            if let Some(next) = &next {
                insert(tx, next).await?;
            }
            let detail = json!({ "before": before, "after": policy, "next": next });
            audit::record(tx, entry.about(&policy.version).with(detail)).await?;
            let policies = with(policies, &policy);
            let shown = next.unwrap_or(policy);
            Ok(Changed { policies: with(policies, &shown), policy: shown, today })
        })
    })
    .await?;
    app.reload().await?;
    Ok(answered)
}

/// What a decision means: what is kept with the policy that ends, and the version that goes on.
async fn ruled(
    tx: &DatabaseTransaction,
    policies: &[Policy],
    (before, end): (&Policy, End),
    today: NaiveDate,
) -> Result<(Decision, Option<Policy>), Error> {
    let (until, source, reason) = match end {
        End::National { reason } => return Ok((Decision::National { on: today, reason }, None)),
        End::Continue { until, source, reason } => (until, source, reason),
    };
    let next = policy::continued(before, until, source)
        .ok_or_else(|| conflict("nothing_to_decide", "it has no end".to_owned()))?;
    if let Some(until) = until.filter(|until| *until < next.effective_from) {
        let message = format!("{until} lies before the first day, {}", next.effective_from);
        return Err(Error::invalid("until", "before_start", message));
    }
    let reason_given = Some(reason.clone());
    let proposal = Proposal { policy: next, reason: reason_given, refused: Vec::new() };
    let next = judged(tx, policies, (proposal, None), today).await?;
    let decision = Decision::Continued { on: today, reason, version: next.version.clone() };
    Ok((decision, Some(next)))
}
