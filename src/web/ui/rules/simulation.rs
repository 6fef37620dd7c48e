//! What a version of the rules, or a draft of one, would have done to past tickets.
//!
//! **Never** keeps what it found: another page of it is reckoned anew.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;

use super::super::address::Address;
use super::super::choice::Choice;
use super::super::fields::{Fields, Need};
use super::super::shell::{Shell, page};
use super::making::{proposal, read, refuse};
use super::policies::how;
use super::review::Figures;
use crate::domain::calendar::local_date;
use crate::domain::id::PolicyId;
use crate::domain::party::Division;
use crate::service::rehearsal::{self, Naming, Rehearsal, Sample};
use crate::service::{Error, FieldError, policies};
use crate::web::api::policies::PolicyDocument;
use crate::web::api::policies::simulate::{LIST, last_quarter, period};
use crate::web::auth::SignedIn;
use crate::web::check::Check;
use crate::web::error::Problem;
use crate::web::form::{Post, Typed};
use crate::web::paging::List;
use crate::web::query::Query;
use crate::web::site::Site;

/// Tickets on a page.
const SHOWN: u64 = 50;

#[derive(Template)]
#[template(path = "pages/simulation.html")]
struct Page {
    shell: Shell,
    f: Fields,
    policies: Vec<Choice>,
    figures: Option<Figures>,
    /// The draft, to be sent again; empty where a version that is there is tried.
    hidden: Vec<(String, String)>,
    first: Option<String>,
    next: Option<String>,
    /// Where the next page of a draft begins.
    cursor: Option<String>,
}

/// What was asked, and what came of it.
#[derive(Default)]
struct Asked {
    typed: Vec<(String, String)>,
    found: Option<Rehearsal>,
    errors: Vec<FieldError>,
    hidden: Vec<(String, String)>,
    first: Option<String>,
    next: Option<String>,
    cursor: Option<String>,
}

/// Tries a version that is there.
pub(in crate::web::ui) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    policies::admit(&signed.scope)?;
    let address = Address::of("/policies/simulation", request.query_string());
    let known = ["policy", "from", "to", "division", "cursor"];
    let mut query = Query::read(&address.query(), &known)?;
    let today = local_date(site.app.clock.now());
    let (from, to) = last_quarter(today);
    let or =
        |name: &str, other: NaiveDate| query.text(name).unwrap_or(&other.to_string()).to_owned();
    let typed = vec![
        ("policy".to_owned(), query.text("policy").unwrap_or_default().to_owned()),
        ("from".to_owned(), or("from", from)),
        ("to".to_owned(), or("to", to)),
        ("division".to_owned(), query.text("division").unwrap_or_default().to_owned()),
    ];
    let cursor = query.text("cursor").map(str::to_owned);
    let (policy, sample) = (query.id("policy").map(PolicyId), period(&mut query, (from, to)));
    let list = List { name: LIST, reader: signed.user() };
    let naming = Naming { after: list.after(cursor.as_deref())?, most: most() };
    let outcome = match (query.done(()), policy) {
        (Ok(()), Some(policy)) => {
            let found = rehearsal::of_version(&site.app, &signed.scope, policy, sample, naming);
            Some(found.await)
        }
        (Ok(()), None) => None,
        (Err(error), _) => Some(Err(error)),
    };
    let mut asked = Asked { typed, ..Asked::default() };
    match outcome {
        Some(Ok(found)) => {
            let (found, next) = paged(list, found);
            asked.first = cursor.map(|_| address.with("cursor", ""));
            asked.next = next.map(|cursor| address.with("cursor", &cursor));
            asked.found = Some(found);
        }
        Some(Err(Error::Invalid(errors))) => asked.errors = asked_for(errors),
        Some(Err(error)) => return Err(error.into()),
        None => {}
    }
    draw(&site, &signed, &request, asked).await
}

/// Tries a draft, which its form sends along.
pub(in crate::web::ui) async fn draft(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (signed, typed) = (post.signed(), &post.typed);
    policies::admit(&signed.scope)?;
    let (form, refused) = read(&request, typed, None);
    let today = local_date(site.app.clock.now());
    let (sample, wrong) = sample(typed, last_quarter(today));
    let cursor = Some(typed.get("_cursor")).filter(|cursor| !cursor.is_empty());
    let list = List { name: LIST, reader: signed.user() };
    let naming = Naming { after: list.after(cursor)?, most: most() };
    let read = || Ok((proposal(&form, &refused)?, sample));
    let found = match wrong.is_empty() {
        true => rehearsal::run(&site.app, &signed.scope, read, naming).await,
        false => Err(Error::Invalid(wrong)),
    };
    let or = |name: &str, other: NaiveDate| match typed.get(name) {
        "" => other.to_string(),
        text => text.to_owned(),
    };
    let is_asked = |error: &FieldError| rehearsal::of_sample(&error.field).is_some();
    let mut asked = Asked {
        typed: vec![
            ("from".to_owned(), or("_from", sample.from)),
            ("to".to_owned(), or("_to", sample.to)),
            ("division".to_owned(), typed.get("_division").to_owned()),
        ],
        hidden: sent_on(typed),
        ..Asked::default()
    };
    match found {
        Ok(found) => {
            let (found, next) = paged(list, found);
            (asked.cursor, asked.found) = (next, Some(found));
        }
        Err(Error::Invalid(errors)) if errors.iter().all(is_asked) => {
            asked.errors = asked_for(errors);
        }
        // Something is wrong with the draft: its own form says what.
        Err(Error::Invalid(errors)) => return refuse(&site, &post, &request, errors).await,
        Err(error) => return Err(error.into()),
    }
    draw(&site, signed, &request, asked).await
}

/// Errors by the names of the form's fields.
fn asked_for(errors: Vec<FieldError>) -> Vec<FieldError> {
    let named = |error: FieldError| match rehearsal::of_sample(&error.field) {
        Some(name) => FieldError { field: name.to_owned(), ..error },
        None => error,
    };
    errors.into_iter().map(named).collect()
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    asked: Asked,
) -> Result<HttpResponse, Problem> {
    let mut shell = Shell::of(site, request, signed).await?;
    if !asked.hidden.is_empty() {
        // What was sent cannot be asked for again, as a change of the language would.
        shell.here = "/policies/simulation".to_owned();
    }
    let book = site.app.book();
    let mut views = book.policy_views(shell.now);
    views.sort_by_key(|view| (view.policy.division, std::cmp::Reverse(view.policy.number())));
    let choice = |policy: PolicyDocument| {
        let standing = how(&shell, &policy).word;
        let label = format!("{} {} ({standing})", policy.name, policy.version);
        Choice::new(policy.id.to_string(), label)
    };
    let policies = views.into_iter().map(PolicyDocument::shown).map(choice).collect();
    let status =
        if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let drawn = Page {
        f: Fields::refused("trial", shell.words(), Typed::of(asked.typed), &asked.errors),
        figures: asked.found.as_ref().map(|found| Figures::of(&shell, found)),
        hidden: asked.hidden,
        first: asked.first,
        next: asked.next,
        cursor: asked.cursor,
        policies,
        shell,
    };
    page(status, &drawn)
}

/// One more than a page shows, to know whether another follows.
fn most() -> usize {
    usize::try_from(SHOWN).unwrap_or(usize::MAX).saturating_add(1)
}

/// What was found with the tickets of one page, and where the next one begins.
fn paged(list: List, mut found: Rehearsal) -> (Rehearsal, Option<String>) {
    let page = list.page(std::mem::take(&mut found.first), SHOWN, rehearsal::Turned::place);
    found.first = page.items;
    (found, page.next_cursor)
}

/// The fields of a draft.
pub(super) fn sent_on(typed: &Typed) -> Vec<(String, String)> {
    let is_its = |name: &str| name.starts_with("p.") || matches!(name, "_replaces" | "_edition");
    let pairs = typed.pairs().filter(|(name, _)| is_its(name));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The sample that a draft's form asks for, and what is wrong with it.
pub(super) fn sample(
    typed: &Typed,
    (first, last): (NaiveDate, NaiveDate),
) -> (Sample, Vec<FieldError>) {
    let mut wrong = Check::default();
    let mut day = |name: &str, other: NaiveDate| {
        let text = typed.get(&format!("_{name}"));
        if text.is_empty() { other } else { wrong.date(&format!("sample.{name}"), text) }
    };
    let (from, to) = (day("from", first), day("to", last));
    let division: Option<Division> = match typed.get("_division").trim() {
        "" => None,
        text => wrong.word("sample.division", text),
    };
    let sample = Sample { from, to, division };
    match wrong.done(()) {
        Err(Error::Invalid(errors)) => (Sample { from: first, to: last, ..sample }, errors),
        Ok(()) | Err(_) => (sample, Vec::new()),
    }
}
