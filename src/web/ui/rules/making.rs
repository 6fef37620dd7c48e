//! Making a version of the time-limit rules: fill in, look at what changes, save.
//!
//! **Never** saves what was not looked at first, and works without script.

use std::sync::Arc;

use super::super::choice::{Choice, words};
use super::super::fields::{Fields, Need};
use super::super::shell::{Shell, page, see};
use super::review::{Difference, Figures, differences};
use super::simulation::{sample, sent_on};
use super::typed::{self, RungChange, UNITS};
use crate::domain::calendar::local_date;
use crate::domain::id::PolicyId;
use crate::service::policies::{self, Changed, Proposal};
use crate::service::rehearsal::{self, Naming};
use crate::service::{Error, FieldError, Once, Rendered};
use crate::web::api::policies::PolicyDocument;
use crate::web::api::policies::proposal::NewPolicy;
use crate::web::api::policies::simulate::last_quarter;
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::extract::{Form, Write, is_key};
use crate::web::form::{Post, Typed};
use crate::web::query::{self, Query};
use crate::web::site::Site;
use crate::web::words::Words;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

/// Tickets that a review names.
const MOST_NAMED: usize = 20;

/// How a rung's notices go out.
const CHANNELS: [&str; 5] = ["default", "in_app", "mail", "sms", "mail_sms"];

/// The names of a rung's fields.
struct RungNames {
    number: usize,
    remove: String,
    level: String,
    acknowledge: String,
    close: String,
    told: String,
    channels: String,
}

#[derive(Template)]
#[template(path = "pages/policy_new.html")]
struct Page {
    shell: Shell,
    f: Fields,
    rungs: Vec<RungNames>,
    units: Vec<Choice>,
    yes: Vec<Choice>,
    channels: Vec<Choice>,
    categories: Vec<Choice>,
    froms: Vec<Choice>,
    layers: Vec<Choice>,
    levels: Vec<Choice>,
    told: Vec<Choice>,
    /// The version that it replaces.
    replaces: Option<String>,
    id: String,
    edition: String,
}

#[derive(Template)]
#[template(path = "pages/policy_review.html")]
struct Review {
    shell: Shell,
    /// Everything that was typed, to be sent on.
    hidden: Vec<(String, String)>,
    before: Option<String>,
    differences: Vec<Difference>,
    figures: Option<Figures>,
    refusal: Option<String>,
    from: String,
    to: String,
}

/// The form: filled in from the version that it replaces, or from the nation's.
pub(in crate::web::ui) async fn form(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    policies::admit(&signed.scope)?;
    let mut query = Query::read(request.query_string(), &["from", "done"])?;
    let from = query.id("from");
    query.done(())?;
    let (now, book) = (site.app.clock.now(), site.app.book());
    let today = local_date(now);
    let base = match from {
        Some(id) => Some(book.policy_view(PolicyId(id), now)?),
        None => book.policy_views(now).into_iter().find(|view| {
            view.policy.division.is_none() && view.in_force && view.policy.categories.is_empty()
        }),
    };
    let mut all = Vec::new();
    if let Some(view) = base {
        let first = view.policy.effective_from.max(today);
        all.push(("p.effective_from".to_owned(), first.to_string()));
        all.push(("p.effective_to".to_owned(), String::new()));
        if from.is_some() {
            all.push(("_replaces".to_owned(), view.policy.id.to_string()));
            all.push(("_edition".to_owned(), view.edition.to_string()));
        }
        let is_own = |name: &str| matches!(name, "p.name" | "p.source" | "p.division");
        let fields = typed::fields(&PolicyDocument::shown(view)).into_iter();
        all.extend(fields.filter(|(name, _)| from.is_some() || !is_own(name)));
    }
    let fields = Fields::kept("rules", Words(signed.language), Typed::of(all.clone()));
    draw(&site, &signed, &request, (Typed::of(all), fields, StatusCode::OK)).await
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    (typed, f, status): (Typed, Fields, StatusCode),
) -> Result<HttpResponse, Problem> {
    let shell = Shell::of(site, request, signed).await?;
    let named = |group: &str, words: &[&str]| -> Vec<Choice> {
        words.iter().map(|word| Choice::new(*word, shell.named(group, word))).collect()
    };
    let drawn = Page {
        rungs: (0..typed::rungs(&typed)).map(rung_names).collect(),
        units: named("unit", &UNITS),
        yes: vec![Choice::new("true", shell.t("page-yes"))],
        channels: named("rung_channels", &CHANNELS),
        categories: words(&shell, "category"),
        froms: words(&shell, "resolve_from"),
        layers: words(&shell, "calendar_layer"),
        levels: words(&shell, "level"),
        told: words(&shell, "told_party"),
        replaces: replaced(site, &typed).map(|policy| policy.version),
        id: typed.get("_replaces").to_owned(),
        edition: typed.get("_edition").to_owned(),
        f,
        shell,
    };
    page(status, &drawn)
}

fn rung_names(at: usize) -> RungNames {
    let name = |field: &str| format!("p.rung.{at}.{field}");
    RungNames {
        number: at + 1,
        remove: format!("remove-{at}"),
        level: name("level"),
        acknowledge: name("acknowledge_within"),
        close: name("close_within"),
        told: name("told"),
        channels: name("channels"),
    }
}

fn replaced_id(typed: &Typed) -> Option<PolicyId> {
    query::uuid(typed.get("_replaces")).map(PolicyId)
}

/// The version that the form replaces.
fn replaced(site: &Site, typed: &Typed) -> Option<PolicyDocument> {
    let (book, now) = (site.app.book(), site.app.clock.now());
    book.policy_view(replaced_id(typed)?, now).ok().map(PolicyDocument::shown)
}

/// What a button of the form does: a rung more or less, back to the form, or on to the review.
pub(in crate::web::ui) async fn change(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let signed = post.signed();
    policies::admit(&signed.scope)?;
    let typed = &post.typed;
    let removed = typed.get("_do").strip_prefix("remove-").and_then(|at| at.parse().ok());
    let changed = match (typed.get("_do"), removed) {
        ("add", _) => typed::with_rungs(typed, RungChange::Add),
        (_, Some(at)) => typed::with_rungs(typed, RungChange::Remove(at)),
        ("edit", None) => typed.clone(),
        (_, None) => return review(&site, &post, &request).await,
    };
    let fields = Fields::kept("rules", Words(signed.language), changed.clone());
    draw(&site, signed, &request, (changed, fields, StatusCode::OK)).await
}

/// The body that the API would get, read by its reader.
pub(super) fn read(
    request: &HttpRequest,
    typed: &Typed,
    key: Option<String>,
) -> (Form, Vec<FieldError>) {
    let (body, refused) = typed::body(typed);
    (Form::of_page(request, &body, key), refused)
}

/// The draft of a form, with what was wrong before its reader saw it.
pub(super) fn proposal(form: &Form, refused: &[FieldError]) -> Result<Proposal, Error> {
    let mut proposal = NewPolicy::read(form)?;
    let is_new = |error: &FieldError| !refused.iter().any(|own| own.field == error.field);
    proposal.refused.retain(is_new);
    proposal.refused.splice(0..0, refused.iter().cloned());
    Ok(proposal)
}

/// Shows the form again with what is wrong.
pub(super) async fn refuse(
    site: &Site,
    post: &Post,
    request: &HttpRequest,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Problem> {
    let moved = |error: FieldError| FieldError { field: typed::shown_at(&error.field), ..error };
    let errors: Vec<_> = errors.into_iter().map(moved).collect();
    let words = Words(post.signed().language);
    let fields = Fields::refused("rules", words, post.typed.clone(), &errors);
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    draw(site, post.signed(), request, (post.typed.clone(), fields, status)).await
}

async fn review(site: &Site, post: &Post, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let (signed, typed) = (post.signed(), &post.typed);
    let (form, refused) = read(request, typed, None);
    let replaces = replaced_id(typed).map(|id| (id, typed.get("_edition").parse().ok()));
    let outcome = match proposal(&form, &refused) {
        Ok(one) => policies::review(&site.app, &signed.scope, replaces, one.clone())
            .await
            .map(|_policy| one),
        Err(error) => Err(error),
    };
    let proposal = match outcome {
        Ok(proposal) => proposal,
        Err(Error::Invalid(errors)) => return refuse(site, post, request, errors).await,
        Err(error) => return Err(error.into()),
    };
    let shell = Shell::of(site, request, signed).await?;
    let (sample, _) = sample(typed, last_quarter(local_date(shell.now)));
    let read = || Ok((proposal, sample));
    let naming = Naming { after: None, most: MOST_NAMED };
    let (figures, refusal) = match rehearsal::run(&site.app, &signed.scope, read, naming).await {
        Ok(found) => (Some(Figures::of(&shell, &found)), None),
        Err(Error::Invalid(errors)) => {
            (None, errors.first().map(|error| shell.error(&error.code, &error.message)))
        }
        Err(error) => return Err(error.into()),
    };
    let before = replaced(site, typed);
    let drawn = Review {
        hidden: sent_on(typed),
        differences: differences(&shell, before.as_ref(), typed),
        before: before.map(|policy| policy.version),
        figures,
        refusal,
        from: sample.from.to_string(),
        to: sample.to.to_string(),
        shell,
    };
    page(StatusCode::OK, &drawn)
}

/// Saves the version, or shows the form again.
pub(in crate::web::ui) async fn save(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (signed, typed) = (post.signed(), &post.typed);
    let key = Some(typed.get("_key")).filter(|key| is_key(key)).map(str::to_owned);
    let (form, refused) = read(&request, typed, key);
    let write = Write { signed: signed.clone(), form: form.clone() };
    let once = Once {
        expected_version: typed.get("_edition").parse().ok(),
        ..write.once(|made: &Changed| Rendered {
            status: 303,
            etag: None,
            body: format!("/policies/{}?done=policy-made", made.view().policy.id),
        })
    };
    let read = Arc::new(move || proposal(&form, &refused));
    let (app, scope) = (&site.app, &signed.scope);
    let outcome = match replaced_id(typed) {
        Some(id) => policies::replace(app, scope, id, read, once).await,
        None => policies::create(app, scope, read, once).await,
    };
    match outcome {
        Ok(answered) => Ok(see(&answered.answer.body)),
        Err(Error::Invalid(errors)) => refuse(&site, &post, &request, errors).await,
        Err(error) => Err(error.into()),
    }
}
