//! Posting to web hooks: one client for gateways and robots, and what is read of their answers.
//!
//! **Never** follows a redirect, uses a proxy, or reads an answer without end.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response};

use super::reach::{Reach, resolver};
use super::words::single_line;
use crate::domain::channel::Step;

/// All of one attempt, the answer's body included.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// Of that, at most this for the connection and TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// An answer's body is read up to here and then cut, in bytes.
const REPLY_CAP: usize = 64 * 1024;
/// Longest wait a receiver may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 60 * 60);
/// Longest part of an answer kept for the delivery log, in characters.
pub(super) const LONGEST_REASON: usize = 200;

/// A client for web hooks. Where only public addresses may be reached, its look-ups see to it.
pub(super) fn client(reach: Reach) -> Result<Client, reqwest::Error> {
    super::install_crypto();
    let builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(0)
        .user_agent("supplyline");
    match reach {
        Reach::Public => builder.dns_resolver(resolver()).build(),
        Reach::Anywhere => builder.build(),
    }
}

/// The beginning of a body as text; a body that breaks off or never ends is cut.
pub(super) async fn beginning(mut response: Response) -> String {
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
pub(super) fn retry_after(headers: &HeaderMap, at: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let wait = text.parse().map_or(LONGEST_WAIT, Duration::from_secs);
        return Some(wait.min(LONGEST_WAIT));
    }
    let until = NaiveDateTime::parse_from_str(text, "%a, %d %b %Y %H:%M:%S GMT").ok()?.and_utc();
    Some(until.signed_duration_since(at).to_std().unwrap_or_default().min(LONGEST_WAIT))
}

/// What went wrong, with the causes, without the URL: it may hold a key of the receiver's.
pub(super) fn broken(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        reason = format!("{reason}: {inner}");
        cause = inner.source();
    }
    single_line(&reason, LONGEST_REASON)
}

/// Sends a test request and says how far it came; `judge` says what is wrong with an answer of
/// 2xx, if anything is.
pub(super) async fn test(
    request: RequestBuilder,
    mut steps: Vec<Step>,
    judge: impl Fn(&str) -> Option<String>,
) -> Vec<Step> {
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => {
            steps.push(Step::failed(failed_step(&error), broken(error)));
            return steps;
        }
    };
    steps.push(Step::done("connect", "connected"));
    let (status, answer) = (response.status(), beginning(response).await);
    let excerpt = single_line(&answer, LONGEST_REASON);
    let told = format!("{} {excerpt}", status.as_u16());
    if !status.is_success() {
        let hint = match status.as_u16() {
            300..=399 => " (redirects are not followed)",
            401 | 403 => " (is the secret the right one?)",
            _ => "",
        };
        steps.push(Step::failed("status", format!("{told}{hint}")));
        return steps;
    }
    steps.push(Step::done("status", status.as_u16().to_string()));
    steps.push(match judge(&answer) {
        None => Step::done("answer", excerpt),
        Some(problem) => Step::failed("answer", format!("{problem}: {excerpt}")),
    });
    steps
}

/// Where an attempt broke off, as far as its causes tell.
fn failed_step(error: &reqwest::Error) -> &'static str {
    let mut causes = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        causes.push_str(&inner.to_string().to_lowercase());
        cause = inner.source();
    }
    let says = |words: &[&str]| words.iter().any(|word| causes.contains(word));
    if says(&["dns", "public address", "lookup"]) {
        "dns"
    } else if says(&["certificate", "tls", "handshake", "invalidcontenttype"]) {
        "tls"
    } else if error.is_connect() {
        "connect"
    } else {
        "status"
    }
}
