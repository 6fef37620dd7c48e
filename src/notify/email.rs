//! Mail: one message to one recipient over SMTP.
//!
//! **Never** sends a body that is not base64, and never keeps a connection after an attempt:
//! lettre's pool takes back a connection whose attempt was cancelled half way, and the next
//! message would read the last one's replies. So each attempt has its own connection, and
//! dropping it closes it.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};
use lettre::transport::smtp::Error as SmtpError;

use super::Outcome;
use super::reach::Reach;
use super::render::{Rendered, single_line};
use super::signature::fingerprint;
use super::smtp::{Server, Trust};
use crate::domain::channel::{Security, Settings, Step};
use crate::domain::notice::{Letter, Matter};
use crate::domain::party::Language;

/// All of one attempt: name look-up, connection, TLS and the whole conversation.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Longest display name, in characters.
const LONGEST_NAME: usize = 64;
/// Longest subject, in characters.
const LONGEST_SUBJECT: usize = 160;
/// Longest answer kept for the delivery log, in characters.
const LONGEST_REASON: usize = 300;
/// RFC 5321 4.5.3.1.3: a path has 256 octets with its angle brackets.
const LONGEST_ADDRESS: usize = 254;
/// Bytes per encoded word: 45 become 60 characters, and a word may have 75 (RFC 2047, 2).
const WORD_BYTES: usize = 45;

/// A mail setting that cannot be used; the message names the setting and shows no password.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Not a URL, or one without a host.
    #[error("SUPPLYLINE_SMTP_URL is not like smtp://host:25 or smtps://user:password@host: {0}")]
    Url(String),
    /// A scheme besides `smtp` and `smtps`.
    #[error("SUPPLYLINE_SMTP_URL must begin with smtp:// or smtps://, not {0}://")]
    Scheme(String),
    /// A query besides `tls=required` and `tls=opportunistic`.
    #[error("SUPPLYLINE_SMTP_URL knows only ?tls=required and ?tls=opportunistic, not ?{0}")]
    Query(String),
    /// A user without a password, or percent signs that decode to no text.
    #[error("SUPPLYLINE_SMTP_URL: user and password must both be there, percent-encoded UTF-8")]
    Credentials,
    /// An administrator's server without a usable name.
    #[error("the mail server's name is like mail.example.cn, and not this machine")]
    Host,
    /// An administrator's server at a port where no mail server listens.
    #[error("mail servers are reached at the ports 25, 465, 587 and 2525")]
    Port,
    /// The file of authorities cannot be used.
    #[error("SUPPLYLINE_SMTP_ROOTS must be a file with certificates (PEM): {0}")]
    Roots(String),
    /// TLS cannot be set up for this host name.
    #[error("SUPPLYLINE_SMTP_URL: TLS for its host cannot be set up: {0}")]
    Tls(SmtpError),
    /// The sender is missing or no address.
    #[error("SUPPLYLINE_MAIL_FROM must be an address like Name <name@example.cn>: {0}")]
    From(String),
}

impl MailError {
    /// The field of an administrator's settings that is at fault.
    pub(super) fn field(&self) -> &'static str {
        match self {
            Self::From(_) => "from",
            Self::Port => "port",
            Self::Credentials => "password",
            Self::Url(_)
            | Self::Scheme(_)
            | Self::Query(_)
            | Self::Host
            | Self::Roots(_)
            | Self::Tls(_) => "host",
        }
    }

    /// What is wrong, without the operator's name of the setting.
    pub(super) fn reason(&self) -> String {
        let text = self.to_string();
        let own = text
            .strip_prefix("SUPPLYLINE_MAIL_FROM ")
            .or(text.strip_prefix("SUPPLYLINE_SMTP_URL: "));
        own.unwrap_or(&text).to_owned()
    }
}

/// Sends mail, or nothing when no server is configured.
#[derive(Debug)]
pub struct Mail {
    relay: Option<Relay>,
}

#[derive(Debug)]
struct Relay {
    server: Server,
    from: Mailbox,
    timeout: Duration,
}

impl Mail {
    /// No server: every mail counts as sent, to the in-app mailbox.
    #[must_use]
    pub fn in_app() -> Self {
        Self { relay: None }
    }

    /// Reads `SUPPLYLINE_SMTP_URL` and `SUPPLYLINE_MAIL_FROM`. `smtp://` uses STARTTLS when
    /// offered (port 25), `smtp://…?tls=required` always (port 587), `smtps://` is TLS from the
    /// first byte (port 465). User and password are percent-decoded.
    ///
    /// # Errors
    /// [`MailError`], naming the setting at fault.
    pub fn new(url: &str, from: &str, trust: &Trust) -> Result<Self, MailError> {
        let server = Server::parse(url, trust)?;
        let from = sender(from)?;
        Ok(Self { relay: Some(Relay { server, from, timeout: TIMEOUT }) })
    }

    /// A server that an administrator has set.
    ///
    /// # Errors
    /// [`MailError`]; no password is repeated.
    pub(super) fn of(
        server: (&str, u16, Security),
        credentials: Option<(&str, &str)>,
        from: &str,
        bounds: (Reach, &Trust),
    ) -> Result<Self, MailError> {
        let server = Server::of(server, credentials, bounds)?;
        Ok(Self { relay: Some(Relay { server, from: sender(from)?, timeout: TIMEOUT }) })
    }

    /// What may be shown of the server; `None` where there is none.
    pub(super) fn shown(&self) -> Option<Settings> {
        let relay = self.relay.as_ref()?;
        let (host, port, security) = relay.server.shown();
        let from = relay.from.to_string();
        Some(Settings::Mail { host, port, security, username: None, from })
    }

    /// Hands a test message over and says how far it came.
    pub(super) async fn test(
        &self,
        letter: &Letter,
        rendered: &Rendered,
        at: DateTime<Utc>,
    ) -> Vec<Step> {
        let Some(relay) = &self.relay else {
            return vec![Step::failed("address", "no mail server is set")];
        };
        let message = match compose(&relay.from, letter, rendered, at) {
            Ok(message) => message,
            Err(reason) => return vec![Step::failed("address", reason)],
        };
        let mut steps = Vec::new();
        let walk = relay.server.walk(message.envelope(), &message, &mut steps);
        let failed = match tokio::time::timeout(relay.timeout, walk).await {
            Ok(Ok(())) => return steps,
            Ok(Err((step, reason))) => Step::failed(step, reason),
            Err(_elapsed) => {
                let reached = steps.last().map_or("dns", |step| after(step.step));
                Step::failed(reached, format!("no answer within {:?}", relay.timeout))
            }
        };
        steps.push(failed);
        steps
    }

    /// Another limit for a whole attempt than 20 seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        if let Some(relay) = &mut self.relay {
            relay.timeout = timeout;
        }
        self
    }

    /// One attempt. A message that cannot be built gives up, for it never can be; a server that
    /// cannot be reached, is too slow or answers 4yz is tried again; 5yz gives up (RFC 5321,
    /// 4.2.1), except for refused credentials: those are ours to mend, not the recipient's.
    pub async fn send(&self, letter: &Letter, rendered: &Rendered, at: DateTime<Utc>) -> Outcome {
        let Some(relay) = &self.relay else {
            let response = "in-app mailbox: no SMTP server is configured".to_owned();
            return Outcome::Sent { response };
        };
        let message = match compose(&relay.from, letter, rendered, at) {
            Ok(message) => message,
            Err(reason) => return Outcome::GiveUp { reason },
        };
        let attempt = relay.server.deliver(message.envelope(), &message, relay.timeout);
        match tokio::time::timeout(relay.timeout, attempt).await {
            Ok(Ok(response)) => Outcome::Sent { response: single_line(&response, LONGEST_REASON) },
            Ok(Err(error)) => classify(&error, message.envelope()),
            Err(_elapsed) => Outcome::Retry {
                reason: format!("the mail server took longer than {:?}", relay.timeout),
                after: None,
            },
        }
    }
}

/// The step that follows a step, for a server that stops answering.
fn after(step: &str) -> &'static str {
    match step {
        "dns" => "connect",
        "connect" => "ehlo",
        "ehlo" => "tls",
        "tls" | "auth" => "mail_from",
        "mail_from" => "rcpt_to",
        _ => "data",
    }
}

/// `Name <a@b>`, `"Name" <a@b>` or `a@b`.
fn sender(text: &str) -> Result<Mailbox, MailError> {
    let bad = || MailError::From(single_line(text, LONGEST_REASON));
    let text = text.trim();
    let (name, inside) = match text.strip_suffix('>').map(|front| front.rsplit_once('<')) {
        Some(Some((name, inside))) => (name, inside),
        Some(None) => return Err(bad()),
        None => ("", text),
    };
    let address = address(inside).map_err(|_reason| bad())?;
    Ok(Mailbox::new(display_name(name.trim().trim_matches('"')), address))
}

/// A display name fit for a header; `None` when nothing is left. A `=?` would be decoded by
/// many readers even inside quotes (RFC 2047, 5), so it is taken apart.
fn display_name(name: &str) -> Option<String> {
    let name = single_line(name, LONGEST_NAME).replace("=?", "= ?");
    (!name.is_empty()).then_some(name)
}

/// One address; an international domain becomes its ASCII form (RFC 5890).
fn address(text: &str) -> Result<Address, String> {
    let text = text.trim();
    let bad = |why: &str| format!("{} is no mail address: {why}", single_line(text, LONGEST_NAME));
    if text.len() > LONGEST_ADDRESS || text.chars().any(char::is_control) {
        return Err(bad("it is too long or has control characters"));
    }
    let parsed: Address =
        text.parse().map_err(|error: lettre::address::AddressError| bad(&error.to_string()))?;
    if parsed.domain().is_ascii() {
        return Ok(parsed);
    }
    let domain = url::Host::parse(parsed.domain()).map_err(|error| bad(&error.to_string()))?;
    Address::new(parsed.user(), domain.to_string()).map_err(|error| bad(&error.to_string()))
}

/// Builds the message, or says why it can never be built.
fn compose(
    from: &Mailbox,
    letter: &Letter,
    rendered: &Rendered,
    at: DateTime<Utc>,
) -> Result<Message, String> {
    let to = Mailbox::new(display_name(&letter.name), address(&letter.address)?);
    let domain = from.email.domain();
    let thread = thread(letter, domain);
    // Given here, or lettre reads it back from the headers and fails on names it cannot read.
    let envelope = Envelope::new(Some(from.email.clone()), vec![to.email.clone()]);
    let envelope = envelope.map_err(|error| format!("the mail has no envelope: {error}"))?;
    let language = match letter.language {
        Language::Chinese => "zh-CN",
        Language::English => "en",
    };
    Message::builder()
        .envelope(envelope)
        .date(SystemTime::from(at))
        .from(from.clone())
        .to(to)
        .raw_header(subject(&rendered.subject))
        .message_id(Some(format!("<{}@{domain}>", fingerprint(&letter.key))))
        .in_reply_to(thread.clone())
        .references(thread)
        // RFC 3834: no holiday reply comes back, and none is answered.
        .raw_header(plain_header("Auto-Submitted", "auto-generated"))
        .raw_header(plain_header("X-Auto-Response-Suppress", "All"))
        .raw_header(plain_header("Content-Language", language))
        .multipart(
            MultiPart::alternative()
                .singlepart(part(ContentType::TEXT_PLAIN, &rendered.text)?)
                .singlepart(part(ContentType::TEXT_HTML, &rendered.html)?),
        )
        .map_err(|error| format!("the mail cannot be built: {error}"))
}

/// The id every mail about a ticket refers to, or every bulletin of a kind, so that readers show
/// them together. No message bears it: the first mail need not reach everybody (RFC 5322, 3.6.4).
fn thread(letter: &Letter, domain: &str) -> String {
    match &letter.matter {
        Matter::Ticket { ticket, .. } => format!("<ticket-{ticket}@{domain}>"),
        Matter::Bulletin(bulletin) => format!("<{}@{domain}>", bulletin.kind().name()),
    }
}

fn plain_header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// The subject, always as base64 encoded words: lettre leaves ASCII words as they are, and one
/// that looks encoded (`=?…?=` in a product name) would be decoded by the reader.
fn subject(text: &str) -> HeaderValue {
    let text = single_line(text, LONGEST_SUBJECT);
    let mut words = vec![String::new()];
    for c in text.chars() {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= WORD_BYTES => word.push(c),
            Some(_) | None => words.push(c.to_string()),
        }
    }
    let encoded = words.iter().map(|word| format!("=?utf-8?b?{}?=", STANDARD.encode(word)));
    let encoded = encoded.collect::<Vec<_>>().join("\r\n ");
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str("Subject"), text, encoded)
}

/// A body in base64: the one encoding in which no byte of ours reaches the wire as it is, so
/// neither a lone CR nor a lone dot can end the message (RUSTSEC-2026-0561).
fn part(kind: ContentType, text: &str) -> Result<SinglePart, String> {
    // Text has CRLF line ends before it is encoded (RFC 2045, 6.8); a bare CR stays one.
    let text = text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes();
    let body = Body::new_with_encoding(text, ContentTransferEncoding::Base64)
        .map_err(|_body| "the mail's text cannot be encoded".to_owned())?;
    Ok(SinglePart::builder().header(kind).body(body))
}

fn classify(error: &SmtpError, envelope: &Envelope) -> Outcome {
    let reason = single_line(&error.to_string(), LONGEST_REASON);
    let code = error.status().map(u16::from);
    // RFC 4954: 530, 534, 535, 538 and 432 are about our credentials or TLS, not this message.
    let ours = matches!(code, Some(530 | 534 | 535 | 538));
    // RFC 6531: the server cannot take an address outside ASCII, and will not learn it.
    let untakable = error.is_client() && envelope.to().iter().any(|to| !to.to_string().is_ascii());
    if (error.is_permanent() && !ours) || untakable {
        Outcome::GiveUp { reason }
    } else {
        Outcome::Retry { reason, after: None }
    }
}

#[cfg(test)]
#[path = "email/tests.rs"]
mod tests;
