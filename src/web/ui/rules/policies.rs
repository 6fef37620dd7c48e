//! The time-limit rules in words.
//!
//! **Never** interprets them: a sentence says what stands in the policy, number by number.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveTime;
use uuid::Uuid;

use super::super::address::Address;
use super::super::places::Places;
use super::super::shell::{Shell, page};
use crate::domain::calendar::local_date;
use crate::domain::id::PolicyId;
use crate::service::Error;
use crate::web::api::policies::{PolicyDocument, RungBody, TargetBody, TargetsBody};
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

/// A step of the ladder.
struct Step {
    level: String,
    enters: String,
    has: String,
}

#[derive(Template)]
#[template(path = "pages/policies.html")]
struct Policies {
    shell: Shell,
    rows: Vec<Row>,
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
    let id = request.match_info().get("id").and_then(query::uuid).ok_or(Error::NotFound)?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let book = site.app.book();
    let policy = PolicyDocument::shown(book.policy_view(PolicyId(id), shell.now)?);
    let places = Places::of(&site, policy.division).await?;
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
        counting: counting(&shell, &policy),
        promises: vec![
            shell.t("rule-promise"),
            shell.with("rule-late-promise", "n", &policy.late_promise_within),
            shell.with("rule-extension", "n", &policy.extension_within),
        ],
        reminders: vec![
            shell.t("rule-warning"),
            shell.with("rule-remind", "n", &policy.remind_hospital_after),
            shell.with("rule-silence", "n", &policy.decide_silence_after),
            alarm(&shell, &policy),
        ],
        ladder: ladder(&shell, &policy.ladder),
        shell,
    };
    page(StatusCode::OK, &drawn)
}

fn row(shell: &Shell, places: &Places, policy: &PolicyDocument) -> Row {
    let (key, tone) = if policy.withdrawn.is_some() {
        ("policy-withdrawn", "")
    } else if policy.in_force {
        ("policy-in_force", "green")
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

fn target(shell: &Shell, target: &TargetBody) -> String {
    match (target.working_days, target.elapsed_hours) {
        (Some(days), _) => shell.with("within-days", "n", &days),
        (None, Some(hours)) => shell.with("within-hours", "n", &hours),
        (None, None) => String::new(),
    }
}

fn counting(shell: &Shell, policy: &PolicyDocument) -> Vec<String> {
    let time = |time: NaiveTime| time.format("%H:%M").to_string();
    let due = policy.counting.due_time.map_or_else(|| "24:00".to_owned(), time);
    let cutoff = policy.counting.cutoff_time.map(time);
    vec![
        shell.named("rule-from", &word(&policy.resolve_from)),
        shell.with("rule-due", "time", &due),
        match cutoff {
            Some(cutoff) => shell.with("rule-cutoff", "time", &cutoff),
            None => shell.t("rule-no-cutoff"),
        },
        shell.t("rule-hours"),
    ]
}

fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn ladder(shell: &Shell, ladder: &[RungBody]) -> Vec<Step> {
    let before = std::iter::once(None).chain(ladder.iter().map(Some));
    let step = |(rung, before): (&RungBody, Option<&RungBody>)| Step {
        level: shell.name("level", &rung.level),
        enters: match before {
            None => shell.t("rung-first"),
            Some(before) => limits(shell, "rung-next", before),
        },
        has: limits(shell, "rung-has", rung),
    };
    ladder.iter().zip(before).map(step).collect()
}

fn limits(shell: &Shell, key: &str, rung: &RungBody) -> String {
    let values = [
        ("acknowledge", rung.acknowledge_within.to_string()),
        ("close", rung.close_within.to_string()),
    ];
    shell.words().with_all(key, &values)
}

fn alarm(shell: &Shell, policy: &PolicyDocument) -> String {
    let Some(alarm) = &policy.shortage_alarm else { return shell.t("rule-no-alarm") };
    let values = [("hospitals", alarm.hospitals.to_string()), ("cities", alarm.cities.to_string())];
    shell.words().with_all("rule-alarm", &values)
}
