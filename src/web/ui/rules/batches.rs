//! The batches: what changed the rules, who approved it, and what it did.
//!
//! **Never** offers the approval to whoever proposed it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::super::address::Address;
use super::super::fields::{Fields, Need};
use super::super::shell::{Shell, page, see};
use super::edit::impact::{self, Drawn};
use super::sealed::{self, Frame, Wanted, reason, told};
use crate::domain::calendar::{Day, Edit};
use crate::service::replan::{self, BatchView, Outcome, Proposal, admit};
use crate::service::{Error, Rendered};
use crate::web::api::batch_acts::ALL_DOUBTS;
use crate::web::api::batches::{BatchBody, BatchPage};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::Post;
use crate::web::paging::List;
use crate::web::query::{self, Query};
use crate::web::site::Site;

/// A batch in the list.
struct Line {
    body: BatchBody,
    state: String,
    tone: &'static str,
    at: String,
}

#[derive(Template)]
#[template(path = "pages/batches.html")]
struct Batches {
    shell: Shell,
    lines: Vec<Line>,
    first: Option<String>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/batch.html")]
struct Batch {
    shell: Shell,
    line: Line,
    decided: Option<String>,
    /// The days it sets: date, kind, name, document.
    days: Vec<(String, String, String, String)>,
    /// The version of the rules that it judges by: address, name.
    policy: Option<(String, String)>,
    impact: Drawn,
    may_approve: bool,
    is_pending: bool,
    may_undo: bool,
    f: Fields,
    conflict: Option<String>,
}

impl Line {
    fn of(shell: &Shell, body: BatchBody) -> Self {
        let word = serde_json::to_value(body.state).unwrap_or_default();
        let tone = match word.as_str() {
            Some("pending") => "amber",
            Some("applied") => "green",
            Some(_) | None => "",
        };
        let (state, at) = (shell.name("batch", &body.state), shell.minute(&body.made_at));
        Self { body, state, tone, at }
    }

    fn is(&self, state: &str) -> bool {
        serde_json::to_value(self.body.state).is_ok_and(|word| word.as_str() == Some(state))
    }
}

/// Lists the batches, newest first.
pub(in crate::web::ui) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    admit(&signed.scope)?;
    let address = Address::of("/batches", request.query_string());
    let mut query = Query::of_list(&address.query(), &[])?;
    let size = query.page_size();
    let cursor = query.text("cursor").map(str::to_owned);
    query.done(())?;
    let list = List { name: "batches", reader: signed.user() };
    let before: Option<u32> = list.after(cursor.as_deref())?;
    let rows = replan::batches(&site.app, &signed.scope, before, size + 1).await?;
    let found = list.page(rows, size, |view: &BatchView| view.batch.number);
    let shell = Shell::of(&site, &request, &signed).await?;
    let line = |view: BatchView| Line::of(&shell, BatchBody::shown(&view));
    let drawn = Batches {
        lines: found.items.into_iter().map(line).collect(),
        first: cursor.map(|_| address.with("cursor", "")),
        next: found.next_cursor.map(|cursor| address.with("cursor", &cursor)),
        shell,
    };
    page(StatusCode::OK, &drawn)
}

/// Shows a batch.
pub(in crate::web::ui) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    admit(&signed.scope)?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let f = Fields::fresh("batch", shell.words(), &[]);
    draw(&site, &signed, &request, (shell, f), None).await
}

fn id(request: &HttpRequest) -> Result<Uuid, Error> {
    request.match_info().get("id").and_then(query::uuid).ok_or(Error::NotFound)
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    (shell, f): (Shell, Fields),
    conflict: Option<String>,
) -> Result<HttpResponse, Problem> {
    let (view, tickets) = replan::show(&site.app, &signed.scope, id(request)?).await?;
    let (days, policy) = (days(&shell, &view), policy(site, &view));
    let may_undo = matches!(view.proposal, Some(Proposal::Calendar { .. }));
    let body = BatchPage::shown(&view, &tickets);
    let line = Line::of(&shell, body.batch);
    let is_pending = line.is("pending");
    let impact = match is_pending {
        // What it would do may have changed since.
        true => match replan::preview_batch(&site.app, &signed.scope, id(request)?).await {
            Ok(outcome) => impact::outcome(&shell, &outcome),
            Err(_) => impact::batch(&shell, &line.body, &body.deadlines),
        },
        false => impact::batch(&shell, &line.body, &body.deadlines),
    };
    let decided = line.body.decided_at.map(|at| {
        let name = line.body.decided_by.as_ref().map(|person| person.name.clone());
        format!("{} {}", name.unwrap_or_default(), shell.minute(&at))
    });
    let status = sealed::status(conflict.as_deref(), &f);
    let drawn = Batch {
        may_approve: is_pending && line.body.made_by.id != signed.user().0,
        may_undo: may_undo && line.is("applied"),
        is_pending,
        decided,
        days,
        policy,
        impact,
        line,
        f,
        conflict,
        shell,
    };
    page(status, &drawn)
}

/// The days that a batch sets.
fn days(shell: &Shell, view: &BatchView) -> Vec<(String, String, String, String)> {
    let line = |day: &Day| {
        let date = impact::dated(shell, day.date);
        (date, shell.name("day", &day.kind), day.name.clone(), day.source.clone())
    };
    let cleared =
        |date| (impact::dated(shell, date), shell.t("day-cleared"), String::new(), String::new());
    match &view.proposal {
        Some(Proposal::Calendar { edit: Edit::Day(day), .. }) => vec![line(day)],
        Some(Proposal::Calendar { edit: Edit::Clear(date), .. }) => vec![cleared(*date)],
        Some(Proposal::Calendar { edit: Edit::Learn(material), .. }) => {
            material.days().map(line).collect()
        }
        Some(Proposal::Calendar { edit: Edit::Undo(change), .. }) => {
            let day = |day: &crate::domain::calendar::DayChange| match &day.before {
                Some(before) => line(before),
                None => cleared(day.date),
            };
            change.days.iter().map(day).collect()
        }
        Some(Proposal::Policy { .. }) | None => Vec::new(),
    }
}

/// The version of the rules that a batch judges by.
fn policy(site: &Site, view: &BatchView) -> Option<(String, String)> {
    let Some(Proposal::Policy { policy }) = &view.proposal else { return None };
    let book = site.app.book();
    let found = book.policies().iter().find(|known| known.id == *policy)?;
    Some((format!("/policies/{policy}"), format!("{} {}", found.name, found.version)))
}

/// Where a batch is shown after something was done.
fn done(word: &'static str, id: Uuid) -> Rendered {
    Rendered { status: 303, etag: None, body: format!("/batches/{id}?done={word}") }
}

/// Approves or refuses a batch that waits.
pub(in crate::web::ui) async fn decide(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let scope = &post.signed().scope;
    admit(scope)?;
    let id = id(&request)?;
    let outcome = if request.match_info().get("act") == Some("approve") {
        let once = post.write.once(move |_: &Outcome| done("replanned", id));
        match post.typed.only(&[]) {
            Ok(()) => replan::approve(&site.app, scope, id, once).await,
            Err(error) => Err(error),
        }
    } else {
        let once = post.write.once(move |_: &BatchView| done("rejected", id));
        match reason(&post, &["reason"]) {
            Ok(reason) => replan::reject(&site.app, scope, id, reason, once).await,
            Err(error) => Err(error),
        }
    };
    let (errors, conflict) = match outcome {
        Ok(answered) => return Ok(see(&answered.answer.body)),
        Err(error) => told(&post, error)?,
    };
    let mut shell = Shell::of(&site, &request, post.signed()).await?;
    shell.here = format!("/batches/{id}");
    let f = Fields::refused("batch", shell.words(), post.typed.clone(), &errors);
    draw(&site, post.signed(), &request, (shell, f), conflict).await
}

async fn undoing(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    shell: &Shell,
) -> Result<Wanted, Problem> {
    let id = id(request)?;
    let (proposal, number) = replan::undoing(&site.app, &signed.scope, id).await?;
    let batch = (format!("/batches/{id}"), shell.with("batch-title", "number", &number));
    let frame = Frame {
        above: vec![("/batches".to_owned(), shell.t("nav-batches")), batch],
        title: shell.t("do-undo"),
        lead: shell.with("undo-lead", "number", &number),
        action: format!("/batches/{id}/undo"),
    };
    // What stood there before was confirmed then.
    let confirmed = ALL_DOUBTS.map(str::to_owned).to_vec();
    let undoes = Some(number);
    Ok(Wanted { proposal, undoes, confirmed, form: "undo", done: "undone", frame })
}

/// Shows what taking a batch back would do.
pub(in crate::web::ui) async fn undo_form(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    admit(&signed.scope)?;
    let shell = Shell::of(&site, &request, &signed).await?;
    let wanted = undoing(&site, &signed, &request, &shell).await?;
    sealed::look(&site, &signed, shell, wanted).await
}

/// Takes a batch back by another one.
pub(in crate::web::ui) async fn undo(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    admit(&post.signed().scope)?;
    let shell = Shell::of(&site, &request, post.signed()).await?;
    let wanted = undoing(&site, post.signed(), &request, &shell).await?;
    sealed::confirm(&site, &post, shell, wanted).await
}
