//! Text messages, handed to a gateway as signed webhooks (Standard Webhooks 1.0.0).
//!
//! **Never** follows a redirect, uses a proxy, reads an answer without end or shows the secret.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde_json::{Map, Value, json};

use super::Outcome;
use super::bulletin::variables;
use super::gateway::{Dress, Verdict};
use super::post::{self, LONGEST_REASON, TIMEOUT, beginning, broken, client, retry_after};
use super::reach::Reach;
use super::render::{single_line, sms};
use super::signature::{SigningSecret, fingerprint};
use crate::domain::bulletin::Bulletin;
use crate::domain::channel::{Settings, Step};
use crate::domain::explanation::local_due;
use crate::domain::notice::{Facts, Letter, Matter};
use crate::domain::party::Level;
use crate::domain::ticket::DeadlineKind;

/// E.164: at most 15 digits; service numbers have at least 3.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 3..=15;

/// A gateway setting that cannot be used; the message names the setting.
#[derive(Debug, thiserror::Error)]
pub enum SmsError {
    /// Not an absolute http or https URL.
    #[error("SUPPLYLINE_SMS_WEBHOOK_URL must be like https://gateway.example.cn/sms: {0}")]
    Url(String),
    /// Not `whsec_` with base64 behind it, or no bytes at all.
    #[error("SUPPLYLINE_SMS_WEBHOOK_SECRET must be whsec_ followed by base64")]
    Secret,
    /// The HTTP client cannot be made, for example without any trusted certificates.
    #[error("the client for SUPPLYLINE_SMS_WEBHOOK_URL cannot be made: {0}")]
    Client(reqwest::Error),
}

/// Sends text messages, or nothing when no gateway is configured.
#[derive(Debug)]
pub struct Sms {
    gateway: Option<Gateway>,
}

#[derive(Debug)]
struct Gateway {
    client: Client,
    url: Url,
    secret: SigningSecret,
    dress: Dress,
    timeout: Duration,
}

impl Sms {
    /// No gateway: every text message counts as sent, to the in-app mailbox.
    #[must_use]
    pub fn in_app() -> Self {
        Self { gateway: None }
    }

    /// Reads `SUPPLYLINE_SMS_WEBHOOK_URL`; `http` is allowed, the operator may have the gateway
    /// on the same host.
    ///
    /// # Errors
    /// [`SmsError`], naming the setting at fault.
    pub fn new(url: &str, secret: SigningSecret) -> Result<Self, SmsError> {
        let url = Url::parse(url.trim()).map_err(|error| SmsError::Url(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(SmsError::Url(format!("{} is not http or https", url.scheme())));
        }
        let client = client(Reach::Anywhere).map_err(SmsError::Client)?;
        let dress = Dress::standard();
        Ok(Self { gateway: Some(Gateway { client, url, secret, dress, timeout: TIMEOUT }) })
    }

    /// A gateway that an administrator has set.
    pub(super) fn of(
        url: Url,
        secret: SigningSecret,
        dress: Dress,
        reach: Reach,
    ) -> Result<Self, SmsError> {
        let client = client(reach).map_err(SmsError::Client)?;
        Ok(Self { gateway: Some(Gateway { client, url, secret, dress, timeout: TIMEOUT }) })
    }

    /// What may be shown of the gateway; `None` where there is none.
    pub(super) fn shown(&self) -> Option<Settings> {
        let gateway = self.gateway.as_ref()?;
        let port = gateway.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let host = gateway.url.host_str().unwrap_or_default();
        let Dress { shape, signature, app, templates } = gateway.dress.clone();
        let host = format!("{}://{host}{port}", gateway.url.scheme());
        Some(Settings::Sms { host, shape, signature, app, templates })
    }

    /// Hands a test message over and says how far it came.
    pub(super) async fn test(
        &self,
        letter: &Letter,
        text: &str,
        link: &str,
        at: DateTime<Utc>,
    ) -> Vec<Step> {
        let Some(gateway) = &self.gateway else {
            return vec![Step::failed("address", "no gateway is set")];
        };
        let Some(to) = phone(&letter.address) else {
            return vec![Step::failed("address", "your number is none that can be texted")];
        };
        let mut own = body(letter, &to, link);
        if let Some(own) = own.as_object_mut() {
            own.insert("text".to_owned(), Value::from(text));
            own.insert("template".to_owned(), Value::from("test"));
        }
        let request = match gateway.request(letter, own, at) {
            Ok(request) => request,
            Err(reason) => return vec![Step::failed("address", reason)],
        };
        let signed = Step::done("signature", "signed by Standard Webhooks");
        post::test(request, vec![signed], |answer| match gateway.dress.verdict(answer) {
            Verdict::Taken => None,
            Verdict::Busy | Verdict::Refused => Some("the gateway refused it".to_owned()),
        })
        .await
    }

    /// Another limit for a whole attempt than 10 seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        if let Some(gateway) = &mut self.gateway {
            gateway.timeout = timeout;
        }
        self
    }

    /// One attempt. 2xx is sent, whatever the body says or becomes of it; 408, 425, 429, 5xx and
    /// a broken connection are tried again; every other answer (also 3xx and 410) gives up.
    pub async fn send(&self, letter: &Letter, link: &str, at: DateTime<Utc>) -> Outcome {
        let Some(gateway) = &self.gateway else {
            let response = "in-app mailbox: no SMS gateway is configured".to_owned();
            return Outcome::Sent { response };
        };
        let Some(to) = phone(&letter.address) else {
            let address = single_line(&letter.address, LONGEST_REASON);
            return Outcome::GiveUp { reason: format!("{address} is no phone number") };
        };
        let request = match gateway.request(letter, body(letter, &to, link), at) {
            Ok(request) => request,
            Err(reason) => return Outcome::GiveUp { reason },
        };
        match request.send().await {
            Ok(response) => outcome(response, &gateway.dress, at).await,
            Err(error) => Outcome::Retry { reason: broken(error), after: None },
        }
    }
}

impl Gateway {
    /// A signed request with a body as this gateway takes it.
    fn request(
        &self,
        letter: &Letter,
        own: Value,
        at: DateTime<Utc>,
    ) -> Result<RequestBuilder, String> {
        let id = format!("msg_{}", fingerprint(&letter.key));
        let body = self.dress.body(letter, own, &id)?.to_string();
        let timestamp = at.timestamp();
        Ok(self
            .client
            .post(self.url.clone())
            .timeout(self.timeout)
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", self.secret.sign(&id, timestamp, body.as_bytes()))
            .body(body))
    }
}

/// Digits, perhaps with a `+` in front; spaces, hyphens and brackets are taken out.
fn phone(text: &str) -> Option<String> {
    let text: String = text.trim().chars().filter(|c| !" -()".contains(*c)).collect();
    let digits = text.strip_prefix('+').unwrap_or(&text);
    let good = PHONE_DIGITS.contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    good.then_some(text)
}

fn body(letter: &Letter, to: &str, link: &str) -> Value {
    json!({
        "to": to,
        "template": letter.matter.name(),
        "params": params(&letter.matter, link),
        "text": sms(letter),
        "ticket": match &letter.matter {
            Matter::Ticket { ticket, .. } => Value::String(ticket.to_string()),
            Matter::Bulletin(_) => Value::Null,
        },
    })
}

/// Flat, all values text: gateways fill templates with it. What is not known is left out.
fn params(matter: &Matter, link: &str) -> Map<String, Value> {
    let link = ("link", Some(link.to_owned()));
    let values = match matter {
        Matter::Ticket { facts, .. } => ticket_params(facts),
        Matter::Bulletin(bulletin) => bulletin_params(bulletin),
    };
    let known =
        |(name, value): (&str, Option<String>)| Some((name.to_owned(), Value::String(value?)));
    values.into_iter().chain([link]).filter_map(known).collect()
}

fn bulletin_params(bulletin: &Bulletin) -> Vec<(&'static str, Option<String>)> {
    variables(bulletin).into_iter().map(|(name, value)| (name, Some(value))).collect()
}

fn ticket_params(facts: &Facts) -> Vec<(&'static str, Option<String>)> {
    let nearest = facts.deadlines.first();
    vec![
        ("number", Some(single_line(&facts.number, LONGEST_REASON))),
        ("product", Some(single_line(&facts.product, LONGEST_REASON))),
        ("deadline", nearest.map(|line| local_due(line.due_at))),
        ("deadline_kind", nearest.map(|line| deadline_name(line.kind).to_owned())),
        ("provisional", nearest.filter(|line| line.provisional).map(|_line| "true".to_owned())),
        ("urgency", Some(if facts.emergency { "emergency" } else { "ordinary" }.to_owned())),
        ("promised_on", facts.promised_on.map(|date| date.to_string())),
        ("level", facts.level.map(|level| level_name(level).to_owned())),
        ("bureau", facts.bureau.as_ref().map(|name| single_line(name, LONGEST_REASON))),
    ]
}

fn deadline_name(kind: DeadlineKind) -> &'static str {
    match kind {
        DeadlineKind::Reply => "reply",
        DeadlineKind::Resolve => "resolve",
        DeadlineKind::Promise => "promise",
        DeadlineKind::Confirm => "confirm",
        DeadlineKind::Acknowledge => "acknowledge",
        DeadlineKind::Measure => "measure",
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::County => "county",
        Level::City => "city",
        Level::Province => "province",
    }
}

async fn outcome(response: Response, dress: &Dress, at: DateTime<Utc>) -> Outcome {
    let status = response.status();
    let after = retry_after(response.headers(), at);
    let answer = beginning(response).await;
    let said = single_line(&format!("{} {answer}", status.as_u16()), LONGEST_REASON);
    let again = status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        );
    if status.is_success() {
        match dress.verdict(&answer) {
            Verdict::Taken => Outcome::Sent { response: said },
            Verdict::Busy => Outcome::Retry { reason: said, after },
            Verdict::Refused => Outcome::GiveUp { reason: said },
        }
    } else if again {
        Outcome::Retry { reason: said, after }
    } else if status.is_redirection() {
        Outcome::GiveUp { reason: format!("{said} (redirects are not followed)") }
    } else {
        Outcome::GiveUp { reason: said }
    }
}

#[cfg(test)]
#[path = "webhook/tests.rs"]
mod tests;
