//! Group robots of WeCom, DingTalk and Feishu: an organisation's urgent notices in its own group.
//!
//! The three take a text each in their own body, sign it in their own way, and say what went
//! wrong inside an answer that is 200 all the same.
//!
//! **Never** shows an address or a secret of a robot, and never sends one more than its platform
//! takes: what is too much waits.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::Outcome;
use super::post::{self, LONGEST_REASON, TIMEOUT, beginning, broken, client, retry_after};
use super::reach::{Reach, web_address};
use super::words::single_line;
use crate::domain::channel::{RobotKind, Step};

/// Texts a minute that a robot is given; WeCom and DingTalk take 20.
const A_MINUTE: usize = 15;

/// A robot that cannot be used; nothing of its settings is repeated.
#[derive(Debug, thiserror::Error)]
pub enum RobotError {
    /// Its address is refused.
    #[error("{0}")]
    Url(&'static str),
    /// The HTTP client cannot be made.
    #[error("the client cannot be made: {0}")]
    Client(reqwest::Error),
}

/// A group robot.
pub struct Robot {
    kind: RobotKind,
    url: Url,
    secret: Option<SecretString>,
    client: Client,
    timeout: Duration,
    /// When it was given its last texts.
    sent: Mutex<VecDeque<DateTime<Utc>>>,
}

impl fmt::Debug for Robot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Robot({:?})", self.kind)
    }
}

impl Robot {
    /// A robot at an address, signing with a secret where it has one.
    ///
    /// # Errors
    /// [`RobotError`].
    pub fn new(
        kind: RobotKind,
        url: &str,
        secret: Option<&str>,
        reach: Reach,
    ) -> Result<Self, RobotError> {
        let url = web_address(url, reach).map_err(RobotError::Url)?;
        let client = client(reach).map_err(RobotError::Client)?;
        let secret = secret.filter(|secret| !secret.is_empty()).map(SecretString::from);
        Ok(Self { kind, url, secret, client, timeout: TIMEOUT, sent: Mutex::default() })
    }

    /// Another limit for a whole attempt than 10 seconds.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// One attempt; `at` is the wall time it is signed with. What the platform calls too much or
    /// busy is tried again; every other refusal is for good.
    pub async fn send(&self, text: &str, at: DateTime<Utc>) -> Outcome {
        if let Some(after) = self.is_too_much(at) {
            let reason = format!("more than {A_MINUTE} texts a minute: it waits");
            return Outcome::Retry { reason, after: Some(after) };
        }
        let (url, body) = self.signed(text, at);
        let request = self.client.post(url).timeout(self.timeout);
        let request = request.header("content-type", "application/json; charset=utf-8");
        match request.body(body.to_string()).send().await {
            Ok(response) => {
                let (status, wish) = (response.status(), retry_after(response.headers(), at));
                judge(self.kind, status, &beginning(response).await, wish)
            }
            Err(error) => Outcome::Retry { reason: broken(error), after: None },
        }
    }

    /// Puts a test text into the group and says how far it came.
    pub(super) async fn test(&self, text: &str, at: DateTime<Utc>) -> Vec<Step> {
        let (url, body) = self.signed(text, at);
        let request = self.client.post(url).timeout(self.timeout).body(body.to_string());
        let request = request.header("content-type", "application/json; charset=utf-8");
        let signed = if self.secret.is_some() { "signed" } else { "no secret is set" };
        post::test(request, vec![Step::done("signature", signed)], |answer| {
            let code = serde_json::from_str::<Value>(answer).ok();
            match code.and_then(|answer| code_of(self.kind, &answer)) {
                Some(0) => None,
                Some(code) => Some(format!("the platform answered {code}")),
                None => Some("this is no answer of the platform".to_owned()),
            }
        })
        .await
    }

    /// How long it must wait before it is given another text; otherwise this one is counted.
    fn is_too_much(&self, at: DateTime<Utc>) -> Option<Duration> {
        let minute = TimeDelta::minutes(1);
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        while sent.front().is_some_and(|first| *first + minute <= at) {
            sent.pop_front();
        }
        match sent.front() {
            Some(first) if sent.len() >= A_MINUTE => {
                Some((*first + minute - at).to_std().unwrap_or(Duration::from_secs(60)))
            }
            Some(_) | None => {
                sent.push_back(at);
                None
            }
        }
    }

    /// Address and body, signed as the platform wants it.
    fn signed(&self, text: &str, at: DateTime<Utc>) -> (Url, Value) {
        let text = cut(text, most_bytes(self.kind));
        let mut url = self.url.clone();
        let secret = self.secret.as_ref().map(SecretString::expose_secret);
        match (self.kind, secret) {
            (RobotKind::Wecom, _) | (RobotKind::Dingtalk, None) => {
                (url, json!({ "msgtype": "text", "text": { "content": text } }))
            }
            (RobotKind::Dingtalk, Some(secret)) => {
                let timestamp = at.timestamp_millis();
                url.query_pairs_mut()
                    .append_pair("timestamp", &timestamp.to_string())
                    .append_pair("sign", &dingtalk_sign(secret, timestamp));
                (url, json!({ "msgtype": "text", "text": { "content": text } }))
            }
            (RobotKind::Feishu, None) => {
                (url, json!({ "msg_type": "text", "content": { "text": text } }))
            }
            (RobotKind::Feishu, Some(secret)) => {
                let timestamp = at.timestamp();
                let sign = feishu_sign(secret, timestamp);
                let content = json!({ "text": text });
                let body = json!({
                    "timestamp": timestamp.to_string(), "sign": sign,
                    "msg_type": "text", "content": content,
                });
                (url, body)
            }
        }
    }
}

/// DingTalk: the secret is the key, milliseconds and the secret the message.
fn dingtalk_sign(secret: &str, timestamp_millis: i64) -> String {
    mac(secret, &format!("{timestamp_millis}\n{secret}"))
}

/// Feishu: seconds and the secret are the key, and the message is empty.
fn feishu_sign(secret: &str, timestamp: i64) -> String {
    mac(&format!("{timestamp}\n{secret}"), "")
}

fn mac(key: &str, message: &str) -> String {
    // HMAC takes keys of any length: there is no error to lose here.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(message.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// What a platform takes, in bytes of UTF-8.
fn most_bytes(kind: RobotKind) -> usize {
    match kind {
        RobotKind::Wecom => 2_048,
        RobotKind::Dingtalk => 4_096,
        // 20 KB with everything around it.
        RobotKind::Feishu => 16_384,
    }
}

/// The beginning of a text, cut between characters.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if kept.len() + c.len_utf8() + '…'.len_utf8() > most {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

/// What an answer means.
fn judge(kind: RobotKind, status: StatusCode, body: &str, wish: Option<Duration>) -> Outcome {
    let said = single_line(&format!("{} {body}", status.as_u16()), LONGEST_REASON);
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        return Outcome::Retry { reason: said, after: wish };
    }
    let code = serde_json::from_str::<Value>(body).ok().and_then(|answer| code_of(kind, &answer));
    match code {
        Some(0) if status.is_success() => Outcome::Sent { response: said },
        Some(code) if is_busy(kind, code) => Outcome::Retry { reason: said, after: pause(kind) },
        // An answer that says nothing is no promise that the group has it.
        Some(_) => Outcome::GiveUp { reason: said },
        None if status.is_success() => Outcome::Retry { reason: said, after: None },
        None => Outcome::GiveUp { reason: said },
    }
}

/// The code inside an answer; 0 is success.
fn code_of(kind: RobotKind, answer: &Value) -> Option<i64> {
    match kind {
        RobotKind::Wecom | RobotKind::Dingtalk => answer.get("errcode")?.as_i64(),
        // The older form of the answer has the other name.
        RobotKind::Feishu => answer.get("code").or_else(|| answer.get("StatusCode"))?.as_i64(),
    }
}

/// Codes that say "too many" or "busy": the same text may be taken later.
fn is_busy(kind: RobotKind, code: i64) -> bool {
    match kind {
        RobotKind::Wecom => matches!(code, -1 | 45_009 | 45_033),
        RobotKind::Dingtalk => matches!(code, -1 | 90_018 | 90_030 | 130_101 | 410_100),
        RobotKind::Feishu => matches!(code, 9_499 | 11_232 | 99_991_400),
    }
}

/// How long a platform blocks a robot that was given too much.
fn pause(kind: RobotKind) -> Option<Duration> {
    Some(Duration::from_secs(if kind == RobotKind::Dingtalk { 600 } else { 60 }))
}

#[cfg(test)]
mod tests;
