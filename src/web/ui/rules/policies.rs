//! The time-limit rules in words.
//!
//! **Never** interprets them: a sentence says what stands in the policy, number by number.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;
use uuid::Uuid;

use super::super::choice::{Choice, words};
use super::super::fields::{Fields, Need};
use super::super::places::Places;
use super::super::shell::{Shell, page};
use super::sentences::{Step, counting, ladder, reminders, standing, target};
use crate::domain::calendar::local_date;
use crate::domain::id::PolicyId;
use crate::domain::party::Role;
use crate::service::Error;
use crate::web::api::policies::{PolicyDocument, TargetsBody};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::query;
use crate::web::site::Site;

/// A policy in the list.
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) region: String,
    pub(super) standing: Standing,
    pub(super) from: String,
    pub(super) to: Option<String>,
}

/// How a policy stands: a word and its colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) word: String,
    pub(super) tone: &'static str,
}

#[derive(Template)]
#[template(path = "pages/policy.html")]
struct Page {
    shell: Shell,
    head: Row,
    source: String,
    /// By urgency: its name, reply, solution.
    targets: Vec<(String, String, String)>,
    counting: Vec<String>,
    promises: Vec<String>,
    reminders: Vec<String>,
    ladder: Vec<Step>,
    categories: Vec<String>,
    /// What was decided about it.
    standing: Vec<String>,
    /// What can be done with it: address, name.
    acts: Vec<(String, String)>,
    withdraw: Option<Fields>,
    decide: Option<Fields>,
    ends: Vec<Choice>,
}

/// From so many days before its last one, an administrator decides what follows a version.
pub(super) const SOON_DAYS: i64 = 90;

/// Forms of a policy's page that were refused.
#[derive(Default)]
pub(super) struct Forms {
    pub(super) withdraw: Option<Fields>,
    pub(super) decide: Option<Fields>,
}

/// Shows a policy.
pub(in crate::web::ui) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    shown(&site, &signed, &request, Forms::default()).await
}

/// The same with forms that were refused.
pub(super) async fn shown(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    forms: Forms,
) -> Result<HttpResponse, Problem> {
    let id = request.match_info().get("id").and_then(query::uuid).ok_or(Error::NotFound)?;
    let shell = Shell::of(site, request, signed).await?;
    let book = site.app.book();
    let policy = PolicyDocument::shown(book.policy_view(PolicyId(id), shell.now)?);
    let places = Places::of(site, policy.division).await?;
    let is_refused = forms.withdraw.is_some() || forms.decide.is_some();
    let status = if is_refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let is_keeper = signed.role() == Role::Admin;
    let today = local_date(shell.now);
    let is_ahead = policy.effective_from > today && policy.withdrawn.is_none();
    let blank = |form, known: &[(&str, &str)]| Fields::fresh(form, shell.words(), known);
    let ends_soon = days_left(&policy, today).is_some_and(|days| days <= SOON_DAYS);
    let withdraw = forms.withdraw.or_else(|| Some(blank("withdraw", &[])));
    let decide = forms.decide.or_else(|| Some(blank("decide", &[("decision", "continued")])));
    let line = |key: &str, targets: &TargetsBody| {
        (shell.t(key), target(&shell, &targets.reply), target(&shell, &targets.resolve))
    };
    let drawn = Page {
        head: row(&shell, &places, &policy),
        source: policy.source.clone(),
        targets: vec![
            line("urgency-ordinary", &policy.ordinary),
            line("urgency-emergency", &policy.emergency),
        ],
        categories: policy.categories.iter().map(|one| shell.name("category", one)).collect(),
        counting: counting(&shell, &policy),
        promises: vec![
            shell.t("rule-promise"),
            shell.with("rule-late-promise", "n", &policy.late_promise_within),
            shell.with("rule-extension", "n", &policy.extension_within),
        ],
        reminders: reminders(&shell, &policy),
        ladder: ladder(&shell, &policy.ladder),
        standing: standing(&shell, &policy),
        acts: acts(&shell, &policy, is_keeper),
        withdraw: withdraw.filter(|_| is_keeper && is_ahead),
        decide: decide.filter(|_| is_keeper && policy.undecided && ends_soon),
        ends: words(&shell, "end"),
        shell,
    };
    page(status, &drawn)
}

/// What a keeper can do with a version beside deciding about it.
fn acts(shell: &Shell, policy: &PolicyDocument, is_keeper: bool) -> Vec<(String, String)> {
    if !is_keeper || policy.withdrawn.is_some() {
        return Vec::new();
    }
    let id = policy.id;
    vec![
        (format!("/policies/new?from={id}"), shell.t("policy-next")),
        (format!("/policies/simulation?policy={id}"), shell.t("simulation-title")),
        (format!("/policies/{id}/replan"), shell.t("judge-title")),
    ]
}

/// Days until the last one that a version rules; negative when that has passed.
pub(super) fn days_left(policy: &PolicyDocument, today: NaiveDate) -> Option<i64> {
    policy.effective_to.map(|end| (end - today).num_days())
}

pub(super) fn row(shell: &Shell, places: &Places, policy: &PolicyDocument) -> Row {
    Row {
        id: policy.id,
        name: policy.name.clone(),
        version: policy.version.clone(),
        region: places.region(shell, policy.division),
        standing: how(shell, policy),
        from: policy.effective_from.to_string(),
        to: policy.effective_to.map(|date| date.to_string()),
    }
}

/// How a version stands today.
pub(super) fn how(shell: &Shell, policy: &PolicyDocument) -> Standing {
    let (key, tone) = if policy.withdrawn.is_some() {
        ("policy-withdrawn", "")
    } else if policy.in_force {
        ("policy-in_force", "green")
    } else if policy.lapsed && policy.undecided {
        ("policy-undecided", "red")
    } else if policy.lapsed {
        ("policy-lapsed", "")
    } else if policy.effective_from > local_date(shell.now) {
        ("policy-coming", "blue")
    } else {
        ("policy-replaced", "")
    };
    Standing { word: shell.t(key), tone }
}
