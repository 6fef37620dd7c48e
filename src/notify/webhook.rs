//! Text messages, handed to a gateway as signed webhooks (Standard Webhooks 1.0.0).
//!
//! **Never** follows a redirect, uses a proxy, reads an answer without end or shows the secret.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use serde_json::{Map, Value, json};

use super::Outcome;
use super::bulletin::variables;
use super::render::{single_line, sms};
use super::signature::{SigningSecret, fingerprint};
use crate::domain::bulletin::Bulletin;
use crate::domain::explanation::local_due;
use crate::domain::notice::{Facts, Letter, Matter};
use crate::domain::party::Level;
use crate::domain::ticket::DeadlineKind;

/// All of one attempt, the answer's body included.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Of that, at most this for the connection and TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// An answer's body is read up to here and then cut, in bytes.
const REPLY_CAP: usize = 64 * 1024;
/// Longest wait a gateway may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 60 * 60);
/// Longest part of an answer kept for the delivery log, in characters.
const LONGEST_REASON: usize = 200;
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
        super::install_crypto();
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(0)
            .user_agent("supplyline")
            .build()
            .map_err(SmsError::Client)?;
        Ok(Self { gateway: Some(Gateway { client, url, secret, timeout: TIMEOUT }) })
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
        let body = body(letter, &to, link).to_string();
        let id = format!("msg_{}", fingerprint(&letter.key));
        let timestamp = at.timestamp();
        let request = gateway
            .client
            .post(gateway.url.clone())
            .timeout(gateway.timeout)
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", gateway.secret.sign(&id, timestamp, body.as_bytes()))
            .body(body);
        match request.send().await {
            Ok(response) => outcome(response, at).await,
            Err(error) => Outcome::Retry { reason: broken(error), after: None },
        }
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

async fn outcome(response: Response, at: DateTime<Utc>) -> Outcome {
    let status = response.status();
    let after = retry_after(response.headers(), at);
    let said =
        single_line(&format!("{} {}", status.as_u16(), beginning(response).await), LONGEST_REASON);
    let again = status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        );
    if status.is_success() {
        Outcome::Sent { response: said }
    } else if again {
        Outcome::Retry { reason: said, after }
    } else if status.is_redirection() {
        Outcome::GiveUp { reason: format!("{said} (redirects are not followed)") }
    } else {
        Outcome::GiveUp { reason: said }
    }
}

/// The beginning of a body as text. It only goes to the log, so a body that breaks off or never
/// ends changes nothing.
async fn beginning(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend(chunk.iter().take(REPLY_CAP - bytes.len()));
        if bytes.len() >= REPLY_CAP {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `Retry-After` (RFC 9110, 10.2.3) in seconds or as a date, at most 6 hours. A date in the past
/// means at once; what cannot be read is no wish.
fn retry_after(headers: &HeaderMap, at: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let wait = text.parse().map_or(LONGEST_WAIT, Duration::from_secs);
        return Some(wait.min(LONGEST_WAIT));
    }
    let until = NaiveDateTime::parse_from_str(text, "%a, %d %b %Y %H:%M:%S GMT").ok()?.and_utc();
    Some(until.signed_duration_since(at).to_std().unwrap_or_default().min(LONGEST_WAIT))
}

/// What went wrong, with the causes, without the URL: it may hold a key of the gateway's.
fn broken(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        reason = format!("{reason}: {inner}");
        cause = inner.source();
    }
    single_line(&reason, LONGEST_REASON)
}

#[cfg(test)]
#[path = "webhook/tests.rs"]
mod tests;
