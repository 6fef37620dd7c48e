//! The settings of the ways out, and trying them.
//!
//! **Never** shows a secret, nor loses what was typed for another reason than that.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::super::choice::{Choice, words};
use super::super::fields::{Fields, Need};
use super::super::shell::{Shell, page, see};
use crate::domain::channel::{ChannelName, Settings};
use crate::domain::party::OrganisationKind;
use crate::service::channels::{self, ChannelView, Destination, Source};
use crate::service::directory::{self, OrganisationFilter};
use crate::service::{Error, FieldError, Rendered};
use crate::web::api::channels::{ChannelBody, StepBody, TestBody, name, read};
use crate::web::auth::SignedIn;
use crate::web::error::Problem;
use crate::web::form::{Post, Typed};
use crate::web::query::Query;
use crate::web::site::Site;

/// Fields that never come back to the page.
const SECRET: [&str; 3] = ["password", "url", "secret"];

/// A channel in the list.
struct Row {
    body: ChannelBody,
    title: String,
    place: String,
    standing: (String, &'static str),
}

#[derive(Template)]
#[template(path = "pages/channels.html")]
struct List {
    shell: Shell,
    rows: Vec<Row>,
    q: String,
    /// Those who may have a robot, by what was searched for: name and id.
    houses: Vec<(String, Uuid)>,
}

/// Organisations of each kind that a search shows.
const FOUND: u64 = 10;

#[derive(Template)]
#[template(path = "pages/channel.html")]
struct One {
    shell: Shell,
    f: Fields,
    row: Row,
    is_fixed: bool,
    kind: &'static str,
    securities: Vec<Choice>,
    shapes: Vec<Choice>,
    robots: Vec<Choice>,
    uses: Vec<Choice>,
    conflict: Option<String>,
    tested: Option<Vec<StepBody>>,
    is_arrived: bool,
    /// Where a test message goes, in words.
    goes: String,
}

impl One {
    /// What stands beside the field of a secret.
    fn kept(&self, secret: &str) -> String {
        let key =
            if self.row.body.secrets.contains(&secret) { "secret-kept" } else { "secret-none" };
        self.shell.t(key)
    }
}

/// Lists the channels.
pub(in crate::web::ui) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let views = channels::list(&site.app, &signed.scope).await?;
    let mut query = Query::read(request.query_string(), &["q"])?;
    let part = query.search("q");
    query.done(())?;
    let mut houses = Vec::new();
    if part.is_some() {
        for kind in [OrganisationKind::Bureau, OrganisationKind::Manufacturer] {
            let filter = OrganisationFilter {
                part: part.clone(),
                kind: Some(kind),
                ..OrganisationFilter::default()
            };
            let found =
                directory::organisations(&site.app, &signed.scope, &filter, (None, FOUND)).await?;
            houses.extend(
                found.into_iter().map(|one| (one.organisation.name, one.organisation.id.0)),
            );
        }
    }
    let shell = Shell::of(&site, &request, &signed).await?;
    let rows = views.iter().map(|view| row(&shell, view)).collect();
    page(StatusCode::OK, &List { shell, rows, q: part.unwrap_or_default(), houses })
}

fn row(shell: &Shell, view: &ChannelView) -> Row {
    let title = match view.name {
        ChannelName::Mail => shell.t("channel-mail-title"),
        ChannelName::Sms => shell.t("channel-sms-title"),
        ChannelName::Robot(_) => shell.t("channel-robot-title"),
    };
    let place = match &view.settings {
        Some(Settings::Mail { host, port, .. }) => format!("{host}:{port}"),
        Some(Settings::Sms { host, .. }) => host.clone(),
        Some(Settings::Robot { kind, host }) => format!("{} {host}", shell.name("robot", kind)),
        None => String::new(),
    };
    let (key, tone) = match (view.source, view.enabled) {
        (Source::Environment, _) => ("channel-fixed", "blue"),
        (Source::Database, true) => ("channel-used", "green"),
        (Source::Database, false) => ("channel-unused", "amber"),
        (Source::Unset, _) => ("channel-unset", "amber"),
    };
    Row { body: ChannelBody::shown(view), title, place, standing: (shell.t(key), tone) }
}

/// What is drawn besides the settings.
#[derive(Default)]
struct Draft {
    typed: Option<Typed>,
    errors: Vec<FieldError>,
    conflict: Option<(StatusCode, String)>,
    tested: Option<TestBody>,
}

/// Shows a channel.
pub(in crate::web::ui) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    draw(&site, &signed, &request, Draft::default()).await
}

/// Sets a channel.
pub(in crate::web::ui) async fn save(
    site: web::Data<Site>,
    mut post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let scope = post.signed().scope.clone();
    channels::admit(&scope)?;
    let name = name(&request)?;
    post.write.form = post.write.form.about(post.typed.get("_version").parse().unwrap_or(-1));
    let once = post.write.once(move |_: &ChannelView| Rendered {
        status: 303,
        etag: None,
        body: format!("/channels/{name}?done=channel"),
    });
    let outcome = match post.read(|form| read(name, form)) {
        Ok(draft) => channels::replace(&site.app, &scope, name, draft, once).await,
        Err(error) => Err(error),
    };
    let typed = Some(post.typed.clone());
    let draft = match outcome {
        Ok(answered) => return Ok(see(&answered.answer.body)),
        Err(Error::Invalid(errors)) => Draft { typed, errors, ..Draft::default() },
        Err(Error::Outdated) => Draft {
            typed,
            conflict: Some((StatusCode::PRECONDITION_FAILED, "outdated".to_owned())),
            ..Draft::default()
        },
        Err(error) => refused(error, typed)?,
    };
    draw(&site, post.signed(), &request, draft).await
}

/// Sends a test message and shows how far it came.
pub(in crate::web::ui) async fn test(
    site: web::Data<Site>,
    post: Post,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let scope = &post.signed().scope;
    channels::admit(scope)?;
    let draft = match channels::test(&site.app, scope, name(&request)?).await {
        Ok(trial) => Draft { tested: Some(TestBody::from(trial)), ..Draft::default() },
        Err(error) => refused(error, None)?,
    };
    draw(&site, post.signed(), &request, draft).await
}

fn refused(error: Error, typed: Option<Typed>) -> Result<Draft, Error> {
    let (status, code) = if let Error::Conflict { code, .. } = &error {
        (StatusCode::CONFLICT, *code)
    } else if matches!(error, Error::Throttled(_)) {
        (StatusCode::TOO_MANY_REQUESTS, "throttled")
    } else {
        return Err(error);
    };
    Ok(Draft { typed, conflict: Some((status, code.to_owned())), ..Draft::default() })
}

async fn draw(
    site: &Site,
    signed: &SignedIn,
    request: &HttpRequest,
    draft: Draft,
) -> Result<HttpResponse, Problem> {
    channels::admit(&signed.scope)?;
    let name = name(request)?;
    let view = channels::show(&site.app, &signed.scope, name).await?;
    let shell = Shell::of(site, request, signed).await?;
    let status = match &draft.conflict {
        Some((status, _)) => *status,
        None if draft.errors.is_empty() => StatusCode::OK,
        None => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let typed = draft.typed.as_ref().map_or_else(|| Typed::of(known(&view)), without_secrets);
    let tested = draft.tested;
    let to = channels::destination(&site.app, &signed.scope, name).await?;
    let used = |value: &str, key: &str| Choice::new(value, shell.t(key));
    let drawn = One {
        row: row(&shell, &view),
        is_fixed: view.source == Source::Environment,
        goes: goes(&shell, name, to.as_ref()),
        kind: match name {
            ChannelName::Mail => "mail",
            ChannelName::Sms => "sms",
            ChannelName::Robot(_) => "robot",
        },
        securities: words(&shell, "security"),
        shapes: words(&shell, "shape"),
        robots: words(&shell, "robot"),
        uses: vec![used("true", "channel-used"), used("false", "channel-unused")],
        conflict: draft.conflict.map(|(_, code)| shell.words().problem(&code, &code)),
        is_arrived: tested.as_ref().is_some_and(|tested| tested.ok),
        tested: tested.map(|tested| tested.steps),
        f: Fields::refused("channel", shell.words(), typed, &draft.errors),
        shell,
    };
    page(status, &drawn)
}

/// Where a test message goes, and whether anybody showed that they read what comes there.
fn goes(shell: &Shell, name: ChannelName, to: Option<&Destination>) -> String {
    match (name, to) {
        (ChannelName::Robot(_), _) => shell.t("channel-try-robot"),
        (ChannelName::Mail | ChannelName::Sms, None) => shell.t("channel-try-nowhere"),
        (ChannelName::Mail | ChannelName::Sms, Some(to)) => {
            let standing = shell.named("address", to.standing.name());
            let values = [("address", to.address.clone()), ("standing", standing)];
            shell.words().with_all("channel-try-to", &values)
        }
    }
}

fn without_secrets(typed: &Typed) -> Typed {
    let pairs = typed.fields().filter(|(name, _)| !SECRET.contains(name));
    Typed::of(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>())
}

/// What stands in the form before anybody types.
fn known(view: &ChannelView) -> Vec<(String, String)> {
    let mut pairs = vec![("enabled".to_owned(), (view.enabled || view.version == 0).to_string())];
    let mut put = |name: &str, value: String| pairs.push((name.to_owned(), value));
    match &view.settings {
        Some(Settings::Mail { host, port, security, username, from }) => {
            put("host", host.clone());
            put("port", port.to_string());
            put("security", word(security));
            put("username", username.clone().unwrap_or_default());
            put("from", from.clone());
        }
        Some(Settings::Sms { shape, signature, app, templates, .. }) => {
            put("shape", word(shape));
            put("signature", signature.clone());
            put("app", app.clone().unwrap_or_default());
            let lines = templates.iter().map(|(kind, code)| format!("{kind}={code}"));
            put("templates", lines.collect::<Vec<_>>().join("\n"));
        }
        Some(Settings::Robot { kind, .. }) => put("kind", word(kind)),
        None => {
            put("port", "587".to_owned());
            put("security", "required".to_owned());
            put("shape", "standard".to_owned());
            put("kind", "wecom".to_owned());
        }
    }
    pairs
}

/// A word of the API as text.
fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}
