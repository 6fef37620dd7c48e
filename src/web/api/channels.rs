//! The settings of the ways out, for administrators: looked at, set, tried.
//!
//! **Never** gives a secret out; only says which there are.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::docs::Problems;
use super::words;
use crate::domain::channel::{
    ChannelName, RobotKind, Secrets, Security, Settings, Shape, Step, template,
};
use crate::domain::notice::Kind;
use crate::service::channels::{self, ChannelView, Destination, Draft, Source, Trial};
use crate::service::{Error, Rendered};
use crate::web::auth::SignedIn;
use crate::web::check::Check;
use crate::web::condition;
use crate::web::error::Problem;
use crate::web::extract::{Form, Write, answer, rendered};
use crate::web::moment::shown;
use crate::web::query::Query;
use crate::web::site::Site;

/// Longest reason, in characters.
const LONGEST_REASON: usize = 500;
/// Longest name, signature or user name.
const LONGEST_LINE: usize = 200;
/// Longest address or secret.
const LONGEST_SECRET: usize = 2_000;
/// Longest signature: what is registered with gateways.
const LONGEST_SIGNATURE: usize = 20;

/// A mail server.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewMail {
    enabled: bool,
    host: String,
    #[schema(minimum = 1, maximum = 65_535)]
    port: i64,
    #[schema(schema_with = words::security)]
    security: String,
    username: Option<String>,
    /// Left out, the one that is kept stays; an empty one goes.
    password: Option<String>,
    /// Like `Name <name@example.cn>`.
    from: String,
    reason: String,
}

/// A gateway of text messages.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewSms {
    enabled: bool,
    /// Left out, the one that is kept stays.
    url: Option<String>,
    /// `whsec_…`; left out, the one that is kept stays.
    secret: Option<String>,
    #[schema(schema_with = words::shape)]
    shape: String,
    /// What stands between 【 and 】.
    signature: Option<String>,
    /// `SmsSdkAppId`, where the shape has one.
    app: Option<String>,
    /// The gateway's template for an event, `*` for every other: `{"filed": "SMS_1"}`, or with its
    /// parameters in order `{"*": "449739:number,deadline"}`.
    templates: Option<BTreeMap<String, String>>,
    reason: String,
}

/// A group robot.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewRobot {
    enabled: bool,
    #[schema(schema_with = words::robot)]
    kind: String,
    /// Its whole address, with its key; left out, the one that is kept stays.
    url: Option<String>,
    /// What it signs with; left out, the one that is kept stays; an empty one goes.
    secret: Option<String>,
    reason: String,
}

/// What a channel is set to, by its name; only described.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "each is read by itself")]
enum NewChannel {
    Mail(NewMail),
    Sms(NewSms),
    Robot(NewRobot),
}

/// Reads what a channel is set to.
pub(in crate::web) fn read(name: ChannelName, form: &Form) -> Result<Draft, Error> {
    match name {
        ChannelName::Mail => NewMail::read(form),
        ChannelName::Sms => NewSms::read(form),
        ChannelName::Robot(_) => NewRobot::read(form),
    }
}

/// A line that may be left out; an empty one is none.
fn optional_line(check: &mut Check, field: &str, value: Option<&str>) -> Option<String> {
    let value = value.filter(|value| !value.trim().is_empty())?;
    Some(check.line(field, value, LONGEST_LINE))
}

/// A secret as it was typed; an empty one says that it goes.
fn secret(check: &mut Check, field: &str, value: Option<String>) -> Option<String> {
    let value = value?;
    if value.trim().is_empty() {
        return Some(String::new());
    }
    if value.chars().any(char::is_control) {
        check.refuse(field, "control_characters", "control characters are not allowed");
    }
    if value.chars().count() > LONGEST_SECRET {
        check.refuse(field, "too_long", format!("at most {LONGEST_SECRET} characters"));
    }
    Some(value)
}

impl NewMail {
    fn read(form: &Form) -> Result<Draft, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let port = check.number("port", body.port, 1..=65_535);
        let settings = Settings::Mail {
            host: check.line("host", &body.host, LONGEST_LINE),
            port: u16::try_from(port).unwrap_or_default(),
            security: check.word("security", &body.security).unwrap_or(Security::Required),
            username: optional_line(&mut check, "username", body.username.as_deref()),
            from: check.line("from", &body.from, LONGEST_LINE),
        };
        let password = secret(&mut check, "password", body.password);
        let secrets = Secrets { password, ..Secrets::default() };
        let reason = check.block("reason", &body.reason, LONGEST_REASON);
        check.done(Draft { enabled: body.enabled, settings, secrets, reason })
    }
}

impl NewSms {
    fn read(form: &Form) -> Result<Draft, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let signature = optional_line(&mut check, "signature", body.signature.as_deref());
        let signature = signature.unwrap_or_default();
        if signature.chars().count() > LONGEST_SIGNATURE {
            check.refuse(
                "signature",
                "too_long",
                format!("at most {LONGEST_SIGNATURE} characters"),
            );
        }
        let templates = body.templates.unwrap_or_default();
        let is_kind =
            |kind: &str| kind == "*" || Kind::ALL.iter().any(|known| known.name() == kind);
        if let Some((kind, _)) =
            templates.iter().find(|(kind, code)| !is_kind(kind) || template(code).is_none())
        {
            let shown: String = kind.chars().take(40).collect();
            let message = format!("{shown:?} is no event, or what it has is no template");
            check.refuse("templates", "gateway_template", message);
        }
        let settings = Settings::Sms {
            host: String::new(),
            shape: check.word("shape", &body.shape).unwrap_or(Shape::Standard),
            signature,
            app: optional_line(&mut check, "app", body.app.as_deref()),
            templates,
        };
        let url = secret(&mut check, "url", body.url);
        let secret = secret(&mut check, "secret", body.secret);
        let secrets = Secrets { url, secret, password: None };
        let reason = check.block("reason", &body.reason, LONGEST_REASON);
        check.done(Draft { enabled: body.enabled, settings, secrets, reason })
    }
}

impl NewRobot {
    fn read(form: &Form) -> Result<Draft, Error> {
        let body: Self = form.read()?;
        let mut check = Check::default();
        let kind = check.word("kind", &body.kind).unwrap_or(RobotKind::Wecom);
        let settings = Settings::Robot { kind, host: String::new() };
        let url = secret(&mut check, "url", body.url);
        let secret = secret(&mut check, "secret", body.secret);
        let secrets = Secrets { url, secret, password: None };
        let reason = check.block("reason", &body.reason, LONGEST_REASON);
        check.done(Draft { enabled: body.enabled, settings, secrets, reason })
    }
}

/// A channel.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ChannelBody {
    /// `mail`, `sms`, or `robot-` with an organisation's id.
    pub(in crate::web) name: String,
    /// Whose robot it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) organisation: Option<String>,
    /// `environment` = the operator has set it, and it can only be looked at; `database`; `unset`.
    pub(in crate::web) source: &'static str,
    pub(in crate::web) enabled: bool,
    pub(in crate::web) version: i32,
    /// What may be shown of its settings.
    #[schema(value_type = Option<Object>)]
    pub(in crate::web) settings: Option<Settings>,
    /// Which secrets are kept: `password`, `url`, `secret`.
    pub(in crate::web) secrets: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) changed_at: Option<DateTime<FixedOffset>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) changed_by: Option<String>,
}

impl ChannelBody {
    /// A channel as it is shown.
    pub(in crate::web) fn shown(view: &ChannelView) -> Self {
        Self {
            name: view.name.to_string(),
            organisation: view.organisation.clone(),
            source: match view.source {
                Source::Environment => "environment",
                Source::Database => "database",
                Source::Unset => "unset",
            },
            enabled: view.enabled,
            version: view.version,
            settings: view.settings.clone(),
            secrets: view.secrets.clone(),
            changed_at: view.edit.as_ref().map(|(at, _)| shown(*at)),
            changed_by: view.edit.as_ref().map(|(_, by)| by.clone()),
        }
    }
}

/// The channels.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ChannelList {
    items: Vec<ChannelBody>,
}

/// How far a test message came.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct TestBody {
    /// True when every step went well.
    pub(in crate::web) ok: bool,
    /// Where it went: your own address; left out for a robot, which puts it into its group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) to: Option<DestinationBody>,
    /// The steps in their order; the last one is the one that failed, if any did.
    pub(in crate::web) steps: Vec<StepBody>,
}

/// Where a test message goes.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct DestinationBody {
    /// Your own address as it is registered, masked.
    #[schema(example = "l***@example.cn")]
    pub(in crate::web) address: String,
    /// `verified`, `unverified` or `expired`: whether a code was sent back from it, as a contact of
    /// your organisation.
    pub(in crate::web) standing: &'static str,
}

impl From<&Destination> for DestinationBody {
    fn from(to: &Destination) -> Self {
        Self { address: to.address.clone(), standing: to.standing.name() }
    }
}

/// A step of a test message on its way.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct StepBody {
    /// `address dns connect tls ehlo auth mail_from rcpt_to data signature status answer`.
    pub(in crate::web) step: &'static str,
    pub(in crate::web) ok: bool,
    /// What the other side said, or what went wrong.
    pub(in crate::web) detail: String,
}

impl From<Trial> for TestBody {
    fn from(Trial { to, steps }: Trial) -> Self {
        let body = |Step { step, ok, detail }: Step| StepBody { step, ok, detail };
        let ok = steps.iter().all(|step| step.ok);
        let to = to.as_ref().map(DestinationBody::from);
        Self { ok, to, steps: steps.into_iter().map(body).collect() }
    }
}

/// What a path names.
pub(in crate::web) fn name(request: &HttpRequest) -> Result<ChannelName, Error> {
    let name = request.match_info().get("name").unwrap_or_default();
    name.parse().map_err(|_none| Error::NotFound)
}

/// List the channels: mail, text messages, and every robot.
#[utoipa::path(
    get, path = "/api/v1/channels", operation_id = "channels_list", tag = "administration",
    responses((status = 200, description = "The channels", body = ChannelList), Problems)
)]
pub(in crate::web) async fn list(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    channels::admit(&signed.scope)?;
    Query::read(request.query_string(), &[])?.done(())?;
    let views = channels::list(&site.app, &signed.scope).await?;
    Ok(HttpResponse::Ok()
        .json(ChannelList { items: views.iter().map(ChannelBody::shown).collect() }))
}

/// Read a channel's settings, without its secrets.
#[utoipa::path(
    get, path = "/api/v1/channels/{name}", operation_id = "channels_show", tag = "administration",
    params(("name" = String, Path, description = "mail, sms, or robot- with an organisation's id")),
    responses((status = 200, description = "The channel", body = ChannelBody), Problems)
)]
pub(in crate::web) async fn show(
    site: web::Data<Site>,
    signed: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    channels::admit(&signed.scope)?;
    let view = channels::show(&site.app, &signed.scope, name(&request)?).await?;
    Query::read(request.query_string(), &[])?.done(())?;
    let tag = condition::tag(i64::from(view.version));
    Ok(HttpResponse::Ok().insert_header(("ETag", tag)).json(ChannelBody::shown(&view)))
}

/// Set a channel.
///
/// Needs `If-Match`. The body is `NewMail` for mail, `NewSms` for text messages, `NewRobot` for a
/// robot. Every replica uses it with its next message.
#[utoipa::path(
    put, path = "/api/v1/channels/{name}", operation_id = "channels_replace", tag = "administration",
    params(
        ("name" = String, Path, description = "mail, sms, or robot- with an organisation's id"),
        ("If-Match" = String, Header, description = "The version that was read; \"0\" for the first time"),
    ),
    request_body = NewChannel,
    responses(
        (status = 200, description = "The channel", body = ChannelBody),
        (status = 428, description = "`If-Match` is missing"), Problems,
    )
)]
pub(in crate::web) async fn replace(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    channels::admit(&write.signed.scope)?;
    let name = name(&request)?;
    channels::show(&site.app, &write.signed.scope, name).await?;
    write.form.must_be_conditional()?;
    let draft = read(name, &write.form)?;
    let once = write.once(render);
    Ok(answer(channels::replace(&site.app, &write.signed.scope, name, draft, once).await?))
}

fn render(view: &ChannelView) -> Rendered {
    rendered(200, Some(i64::from(view.version)), &ChannelBody::shown(view))
}

/// Send yourself a test message, or put one into a robot's group.
///
/// Answers 200 with how far it came, also where it failed. Five times in ten minutes.
#[utoipa::path(
    post, path = "/api/v1/channels/{name}/test", operation_id = "channels_test", tag = "administration",
    params(("name" = String, Path, description = "mail, sms, or robot- with an organisation's id")),
    responses((status = 200, description = "How far it came", body = TestBody), Problems)
)]
pub(in crate::web) async fn test(
    site: web::Data<Site>,
    write: Write,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    channels::admit(&write.signed.scope)?;
    let name = name(&request)?;
    write.form.read_nothing()?;
    let trial = channels::test(&site.app, &write.signed.scope, name).await?;
    Ok(HttpResponse::Ok().json(TestBody::from(trial)))
}
