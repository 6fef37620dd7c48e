//! The editor of a text: what may stand in it, how it comes out, and what it said before.
//!
//! **Never** loses what was typed, also when somebody else was first.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use url::form_urlencoded;

use super::super::fields::{Fields, Need};
use super::super::shell::{Shell, page, see};
use super::address;
use super::difference::Difference;
use crate::domain::notice::Channel;
use crate::domain::template::{Length, Slot, Variable, Wording};
use crate::notify::render::{Size, sample, shipped, variable};
use crate::service::templates::{self, TemplateView};
use crate::service::{Error, FieldError, Rendered};
use crate::web::api::templates::{Look, Replacing, Restoring, look as preview, said, slot};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::{Post, Typed};
use crate::web::query::Query;
use crate::web::site::Site;

/// Longer addresses are refused by what may stand in front of the service.
const LONGEST_ADDRESS: usize = 6_000;

/// A variable that may be used, with what it shows in the sample.
struct Possible {
    name: String,
    meaning: String,
    sample: String,
}

/// A version in the history.
struct Version {
    number: i32,
    is_shipped: bool,
    is_current: bool,
    at: String,
    by: String,
    reason: String,
    /// By part: its name, and what changed in it.
    changes: Vec<(String, Difference)>,
}

#[derive(Template)]
#[template(path = "pages/template.html")]
struct Page {
    shell: Shell,
    f: Fields,
    kind: String,
    party: String,
    channel: String,
    language: String,
    address: String,
    is_mail: bool,
    is_edited: bool,
    version: i32,
    variables: Vec<Possible>,
    look: Option<Look>,
    warnings: Vec<String>,
    frame: Option<String>,
    history: Vec<Version>,
    conflict: Option<String>,
}

impl Page {
    /// How long a text message is, in words.
    fn told(&self, length: &Length) -> String {
        let (units, parts) = (length.units.to_string(), length.parts.to_string());
        self.shell.words().with_all("sms-length", &[("units", units), ("n", parts)])
    }
}

/// What is drawn, besides the text itself.
struct Draft {
    typed: Option<Typed>,
    errors: Vec<FieldError>,
    conflict: bool,
}

impl Draft {
    fn fresh() -> Self {
        Self { typed: None, errors: Vec::new(), conflict: false }
    }
}

/// Shows the editor.
pub(in crate::web::ui) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    templates::admit(&signed.scope)?;
    draw(&site, &signed, &request, Draft::fresh()).await
}

/// Shows the editor with what was typed, and how that comes out.
pub(in crate::web::ui) async fn look(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    templates::admit(&post.signed().scope)?;
    let errors = match templates::checked(slot(&request)?, &typed_wording(&post.typed)) {
        Ok(_) => Vec::new(),
        Err(Error::Invalid(errors)) => errors,
        Err(error) => return Err(error.into()),
    };
    let draft = Draft { typed: Some(post.typed.clone()), errors, conflict: false };
    draw(&site, post.signed(), &request, draft).await
}

/// Keeps what was typed.
pub(in crate::web::ui) async fn save(
    site: web::Data<Site>,
    mut post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    templates::admit(&post.signed().scope)?;
    let slot = slot(&request)?;
    post.write.form = post.write.form.about(post.typed.get("_version").parse().unwrap_or(-1));
    let once = post.write.once(move |_: &TemplateView| onward(slot, "template"));
    let outcome = match post.read(Replacing::read) {
        Ok(draft) => templates::replace(&site.app, &post.signed().scope, slot, draft, once).await,
        // The text is judged with the rest: every mistake is marked at once.
        Err(Error::Invalid(mut errors)) => {
            if let Err(Error::Invalid(more)) = templates::checked(slot, &typed_wording(&post.typed))
            {
                errors.extend(more);
            }
            Err(Error::Invalid(errors))
        }
        Err(error) => Err(error),
    };
    finish(&site, &post, &request, outcome).await
}

/// Uses an earlier version again.
pub(in crate::web::ui) async fn restore(
    site: web::Data<Site>,
    mut post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    templates::admit(&post.signed().scope)?;
    let slot = slot(&request)?;
    post.write.form = post.write.form.about(post.typed.get("_version").parse().unwrap_or(-1));
    let once = post.write.once(move |_: &TemplateView| onward(slot, "restored"));
    let outcome = match post.read(Restoring::read) {
        Ok(which) => templates::restore(&site.app, &post.signed().scope, slot, which, once).await,
        Err(error) => Err(error),
    };
    finish(&site, &post, &request, outcome).await
}

fn onward(slot: Slot, done: &str) -> Rendered {
    Rendered { status: 303, etag: None, body: format!("{}?done={done}", address(slot)) }
}

async fn finish(
    site: &Site,
    post: &Post,
    request: &HttpRequest,
    outcome: Result<crate::service::Answered, Error>,
) -> Result<HttpResponse, Problem> {
    let (errors, conflict) = match outcome {
        Ok(answered) => return Ok(see(&answered.answer.body)),
        Err(Error::Invalid(errors)) => (errors, false),
        Err(Error::Outdated) => (Vec::new(), true),
        Err(error) => return Err(error.into()),
    };
    let typed = Some(post.typed.clone());
    draw(site, post.signed(), request, Draft { typed, errors, conflict }).await
}

/// A mail's own page, to be framed: it has the style that mail programs need.
pub(in crate::web::ui) async fn html(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    templates::admit(&signed.scope)?;
    let slot = slot(&request)?;
    let query = Query::read(request.query_string(), &["subject", "text", "next"])?;
    let text = |name: &str| query.text(name).map(str::to_owned);
    let wording = match text("text") {
        Some(typed) => Wording { subject: text("subject"), text: typed, next: text("next") },
        None => {
            let view = templates::show(&site.app, &signed.scope, slot).await?;
            said(slot, &view.stored)
        }
    };
    query.done(())?;
    let html = preview(&site, slot, &wording).await?.html.ok_or(Error::NotFound)?;
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html))
}

fn typed_wording(typed: &Typed) -> Wording {
    let text = |name: &str| typed.find(name).map(str::to_owned);
    Wording { subject: text("subject"), text: text("text").unwrap_or_default(), next: text("next") }
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    draft: Draft,
) -> Result<HttpResponse, Problem> {
    let slot = slot(request)?;
    let versions = templates::versions(&site.app, &signed.scope, slot).await?;
    let newest = versions.first();
    let current = newest.map_or_else(|| shipped(slot), |view| said(slot, &view.stored));
    let shell = Shell::of(site, request, signed).await?;
    let status = match (draft.conflict, draft.errors.is_empty()) {
        (true, _) => StatusCode::PRECONDITION_FAILED,
        (false, true) => StatusCode::OK,
        (false, false) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    // Restoring types no text.
    let typed = draft.typed.clone().filter(|typed| typed.find("text").is_some());
    let wording = typed.as_ref().map_or(current.clone(), typed_wording);
    let shown = typed.unwrap_or_else(|| Typed::of(pairs(&current)));
    let look = preview(site, slot, &wording).await.ok();
    let told = |look: &Look| -> Vec<String> {
        let warnings = look.warnings.iter();
        warnings.map(|warning| shell.error(warning.code(), warning.code())).collect()
    };
    let drawn = Page {
        kind: shell.named("told", slot.kind.name()),
        party: shell.name("party", &slot.party),
        channel: shell.name("channel", &slot.channel),
        language: shell.name("language", &slot.language),
        address: address(slot),
        is_mail: slot.channel == Channel::Mail,
        is_edited: newest.is_some_and(TemplateView::is_edited),
        version: newest.map_or(0, |view| view.version),
        variables: variables(&shell, slot),
        warnings: look.as_ref().map(told).unwrap_or_default(),
        frame: look.as_ref().and_then(|_| frame(slot, &wording)),
        look,
        history: history(&shell, &versions),
        conflict: draft.conflict.then(|| shell.t("template-conflict")),
        f: Fields::refused("template", shell.words(), shown, &draft.errors),
        shell,
    };
    page(status, &drawn)
}

fn pairs(wording: &Wording) -> Vec<(String, String)> {
    wording.parts().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// Where the framed mail is; `None` for a text message, and where the address grows too long.
fn frame(slot: Slot, wording: &Wording) -> Option<String> {
    if slot.channel != Channel::Mail {
        return None;
    }
    let query =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs(wording)).finish();
    let address = format!("{}/html?{query}", address(slot));
    (address.len() <= LONGEST_ADDRESS).then_some(address)
}

fn variables(shell: &Shell, slot: Slot) -> Vec<Possible> {
    let letter = sample(slot, None, Size::Usual);
    let possible = |one: Variable| Possible {
        name: format!("{{{}}}", one.name()),
        meaning: shell.named("variable", &one.name().replace('.', "-")),
        sample: variable(&letter, one),
    };
    Variable::of(slot).map(possible).collect()
}

fn history(shell: &Shell, versions: &[TemplateView]) -> Vec<Version> {
    let earlier = versions.iter().skip(1).map(Some).chain([None]);
    let version = |(index, (view, before)): (usize, (&TemplateView, Option<&TemplateView>))| {
        let edit = view.edit.as_ref();
        Version {
            number: view.version,
            is_shipped: !view.is_edited(),
            is_current: index == 0,
            at: edit.map(|edit| shell.minute(&edit.at)).unwrap_or_default(),
            by: edit.map(|edit| edit.by.clone()).unwrap_or_default(),
            reason: edit.map(|edit| edit.reason.clone()).unwrap_or_default(),
            changes: before.map(|before| changes(shell, before, view)).unwrap_or_default(),
        }
    };
    versions.iter().zip(earlier).enumerate().map(version).collect()
}

/// What a version changed, part by part.
fn changes(
    shell: &Shell,
    before: &TemplateView,
    after: &TemplateView,
) -> Vec<(String, Difference)> {
    let (old, new) = (said(before.slot, &before.stored), said(after.slot, &after.stored));
    let part = |wording: &Wording, name: &str| {
        let found = wording.parts().find(|(known, _)| *known == name);
        found.map(|(_, text)| text.to_owned()).unwrap_or_default()
    };
    ["subject", "text", "next"]
        .into_iter()
        .map(|name| (name, Difference::between(&part(&old, name), &part(&new, name))))
        .filter(|(_, change)| !(change.gone.is_empty() && change.come.is_empty()))
        .map(|(name, change)| (shell.named("label-template", name), change))
        .collect()
}
