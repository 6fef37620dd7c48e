//! The time-limit rules in words.
//!
//! **Never** interprets them: a sentence says what stands in the policy, number by number.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::super::address::Address;
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
use crate::web::paging::List;
use crate::web::query::{self, Query};
use crate::web::site::Site;

/// A policy in the list.
struct Row {
    id: Uuid,
    name: String,
    version: String,
    region: String,
    standing: Standing,
    from: String,
    to: Option<String>,
}

/// How a policy stands: a word and its colour.
struct Standing {
    word: String,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "pages/policies.html")]
struct Policies {
    shell: Shell,
    rows: Vec<Row>,
    /// True for who may make a version.
    is_keeper: bool,
    first: Option<String>,
    next: Option<String>,
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
    /// Where the next version is made.
    next: Option<String>,
    withdraw: Option<Fields>,
    decide: Option<Fields>,
    ends: Vec<Choice>,
}

/// From so many days before its last one, an administrator decides what follows a version.
const SOON_DAYS: i64 = 90;

/// Forms of a policy's page that were refused.
#[derive(Default)]
pub(super) struct Forms {
    pub(super) withdraw: Option<Fields>,
    pub(super) decide: Option<Fields>,
}

/// Lists the policies.
pub(in crate::web::ui) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let address = Address::of("/policies", request.query_string());
    let mut query = Query::of_list(&address.query(), &[])?;
    let size = query.page_size();
    let cursor = query.text("cursor").map(str::to_owned);
    query.done(())?;
    let list = List { name: "policies", reader: signed.user() };
    let after: Option<Uuid> = list.after(cursor.as_deref())?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let book = site.app.book();
    let views = book.policy_views(shell.now);
    let last = after.and_then(|after| views.iter().position(|view| view.policy.id.0 == after));
    let rest: Vec<_> = views.into_iter().skip(last.map_or(0, |last| last + 1)).collect();
    let found = list.page(rest, size, |view| view.policy.id.0).map(PolicyDocument::shown);
    let places = Places::of(&site, found.items.iter().filter_map(|one| one.division)).await?;
    let drawn = Policies {
        is_keeper: signed.role() == Role::Admin,
        rows: found.items.iter().map(|policy| row(&shell, &places, policy)).collect(),
        first: cursor.map(|_| address.with("cursor", "")),
        next: found.next_cursor.map(|cursor| address.with("cursor", &cursor)),
        shell,
    };
    page(StatusCode::OK, &drawn)
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
    let ends_soon = policy.effective_to.is_some_and(|end| (end - today).num_days() <= SOON_DAYS);
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
        next: (is_keeper && policy.withdrawn.is_none())
            .then(|| format!("/policies/new?from={}", policy.id)),
        withdraw: withdraw.filter(|_| is_keeper && is_ahead),
        decide: decide.filter(|_| is_keeper && policy.undecided && ends_soon),
        ends: words(&shell, "end"),
        shell,
    };
    page(status, &drawn)
}

fn row(shell: &Shell, places: &Places, policy: &PolicyDocument) -> Row {
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
    Row {
        id: policy.id,
        name: policy.name.clone(),
        version: policy.version.clone(),
        region: places.region(shell, policy.division),
        standing: Standing { word: shell.t(key), tone },
        from: policy.effective_from.to_string(),
        to: policy.effective_to.map(|date| date.to_string()),
    }
}
