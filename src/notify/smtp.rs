//! The mail server: how to reach it, and one conversation with it.
//!
//! **Never** reuses a connection, and never shows the password.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use lettre::Message;
use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use url::{Host, Url};

use super::email::MailError;
use super::reach::{Reach, may_be_mail_server};
use super::words::single_line;
use crate::domain::channel::{Security, Step};

/// How long a server may take to say goodbye after it took the message.
const GOODBYE: Duration = Duration::from_millis(500);
/// How long a server may take to connect and greet, in a test.
const GREETING: Duration = Duration::from_secs(10);
/// Longest answer shown of a test, in characters.
const LONGEST_ANSWER: usize = 300;
/// Where mail servers listen.
const MAIL_PORTS: [u16; 4] = [25, 465, 587, 2525];

/// Whose signatures make a server's certificate true.
#[derive(Clone, Default)]
pub struct Trust(Vec<Certificate>);

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trust({} further)", self.0.len())
    }
}

impl Trust {
    /// The authorities that browsers know, and no other.
    #[must_use]
    pub fn public() -> Self {
        Self::default()
    }

    /// Those, and the authorities of a file with their certificates (PEM).
    ///
    /// # Errors
    /// [`MailError::Roots`] where it holds none, or one that cannot be read.
    pub fn with(pem: &[u8]) -> Result<Self, MailError> {
        super::install_crypto();
        let none = || MailError::Roots("it holds no certificate".to_owned());
        if !pem.windows(11).any(|part| part == b"-----BEGIN ") {
            return Err(none());
        }
        let read = Certificate::from_pem(pem).map_err(|e| MailError::Roots(e.to_string()))?;
        let trust = Self(vec![read]);
        // A certificate that is none is found out when it is used.
        trust.parameters("localhost").map_err(|e| MailError::Roots(e.to_string()))?;
        Ok(trust)
    }

    fn parameters(&self, host: &str) -> Result<TlsParameters, SmtpError> {
        let builder = TlsParameters::builder(host.to_owned());
        let known = self.0.iter().cloned();
        known.fold(builder, TlsParametersBuilder::add_root_certificate).build_rustls()
    }
}

/// When TLS begins.
enum Tls {
    /// STARTTLS if the server offers it.
    Offered(TlsParameters),
    /// STARTTLS, or no mail: a server (or somebody between) that does not offer it gets none.
    Required(TlsParameters),
    /// From the first byte (RFC 8314).
    Implicit(TlsParameters),
}

/// What `SUPPLYLINE_SMTP_URL` says.
pub(super) struct Server {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    hello: ClientId,
    /// Typed by an administrator: it must not lead to this machine.
    guarded: bool,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({}:{})", self.host, self.port)
    }
}

impl Server {
    /// Reads the setting; see [`super::Mail::new`].
    pub(super) fn parse(text: &str, trust: &Trust) -> Result<Self, MailError> {
        super::install_crypto();
        let url = Url::parse(text.trim()).map_err(|error| MailError::Url(error.to_string()))?;
        let host = match url.host() {
            Some(Host::Ipv6(ip)) => ip.to_string(),
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Domain(_)) | None => return Err(MailError::Url("no host".to_owned())),
        };
        let parameters = || trust.parameters(&host).map_err(MailError::Tls);
        let (tls, port) = match (url.scheme(), url.query()) {
            ("smtp", None | Some("tls=opportunistic")) => (Tls::Offered(parameters()?), 25),
            ("smtp", Some("tls=required")) => (Tls::Required(parameters()?), 587),
            ("smtps", None | Some("tls=required")) => (Tls::Implicit(parameters()?), 465),
            ("smtp" | "smtps", Some(query)) => return Err(MailError::Query(query.to_owned())),
            (scheme, _) => return Err(MailError::Scheme(scheme.to_owned())),
        };
        Ok(Self {
            port: url.port().unwrap_or(port),
            credentials: credentials(&url)?,
            hello: ClientId::default(),
            guarded: false,
            host,
            tls,
        })
    }

    /// A server that an administrator has set.
    pub(super) fn of(
        (host, port, security): (&str, u16, Security),
        credentials: Option<(&str, &str)>,
        (reach, trust): (Reach, &Trust),
    ) -> Result<Self, MailError> {
        super::install_crypto();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
        if host.is_empty() || !host.chars().all(is_name) {
            return Err(MailError::Host);
        }
        let guarded = reach == Reach::Public;
        let bare = host.trim_end_matches('.').to_ascii_lowercase();
        let leads_here = bare == "localhost"
            || bare.ends_with(".localhost")
            || bare.parse().is_ok_and(|ip| !may_be_mail_server(ip));
        if guarded && leads_here {
            return Err(MailError::Host);
        }
        if guarded && !MAIL_PORTS.contains(&port) {
            return Err(MailError::Port);
        }
        let parameters = trust.parameters(host).map_err(MailError::Tls)?;
        Ok(Self {
            host: host.to_owned(),
            port,
            tls: match security {
                Security::Offered => Tls::Offered(parameters),
                Security::Required => Tls::Required(parameters),
                Security::Implicit => Tls::Implicit(parameters),
            },
            credentials: credentials
                .map(|(user, password)| Credentials::new(user.to_owned(), password.to_owned())),
            hello: ClientId::default(),
            guarded,
        })
    }

    /// What may be shown of it.
    pub(super) fn shown(&self) -> (String, u16, Security) {
        let security = match self.tls {
            Tls::Offered(_) => Security::Offered,
            Tls::Required(_) => Security::Required,
            Tls::Implicit(_) => Security::Implicit,
        };
        (self.host.clone(), self.port, security)
    }

    /// Where it may be connected to.
    pub(super) async fn addresses(&self) -> Result<Vec<SocketAddr>, std::io::Error> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await?;
        let is_fit = |address: &SocketAddr| !self.guarded || may_be_mail_server(address.ip());
        let fit: Vec<_> = found.filter(is_fit).collect();
        if fit.is_empty() {
            return Err(std::io::Error::other("the name leads to no address that may be used"));
        }
        Ok(fit)
    }

    /// Hands one message over and returns the server's answer to it. Dropping the future closes
    /// the connection; the message may then have been taken or not.
    pub(super) async fn deliver(
        &self,
        envelope: &Envelope,
        message: &Message,
        timeout: Duration,
    ) -> Result<String, SmtpError> {
        let mut connection = self.connect(timeout).await?;
        let response = connection.send(envelope, &message.formatted()).await?;
        // The message is theirs now: whatever happens to QUIT is no failure.
        tokio::time::timeout(GOODBYE, connection.quit()).await.ok();
        let lines = response.message().collect::<Vec<_>>().join(" ");
        Ok(format!("{} {lines}", response.code()))
    }

    async fn connect(&self, timeout: Duration) -> Result<AsyncSmtpConnection, SmtpError> {
        let implicit = match &self.tls {
            Tls::Implicit(parameters) => Some(parameters.clone()),
            Tls::Offered(_) | Tls::Required(_) => None,
        };
        // No address that may be used: connecting to none fails as a server that is not there.
        let addresses =
            if self.guarded { self.addresses().await.unwrap_or_default() } else { Vec::new() };
        let mut connection = self.open(&addresses, timeout, implicit).await?;
        match &self.tls {
            Tls::Offered(parameters) if connection.can_starttls() => {
                connection.starttls(parameters.clone(), &self.hello).await?;
            }
            Tls::Required(parameters) => {
                connection.starttls(parameters.clone(), &self.hello).await?;
            }
            Tls::Offered(_) | Tls::Implicit(_) => {}
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    /// Connects, by name or to one of the addresses that its name may have, and says EHLO.
    async fn open(
        &self,
        addresses: &[SocketAddr],
        timeout: Duration,
        implicit: Option<TlsParameters>,
    ) -> Result<AsyncSmtpConnection, SmtpError> {
        let (limit, hello) = (Some(timeout), &self.hello);
        if self.guarded {
            return AsyncSmtpConnection::connect_tokio1(addresses, limit, hello, implicit, None)
                .await;
        }
        let name = (self.host.as_str(), self.port);
        AsyncSmtpConnection::connect_tokio1(name, limit, hello, implicit, None).await
    }

    /// Hands a message over step by step, writing down how far it comes.
    pub(super) async fn walk(
        &self,
        envelope: &Envelope,
        message: &Message,
        steps: &mut Vec<Step>,
    ) -> Result<(), (&'static str, String)> {
        let addresses = self.addresses().await.map_err(|error| ("dns", error.to_string()))?;
        let first = addresses.first().map(ToString::to_string).unwrap_or_default();
        steps.push(Step::done("dns", first.clone()));
        let reached = tokio::net::TcpStream::connect(addresses.as_slice()).await;
        let reached = reached.map_err(|error| ("connect", error.to_string()))?;
        steps.push(Step::done("connect", first));
        let mut connection = self.greet(reached, &addresses, steps).await?;
        if let Some(credentials) = &self.credentials {
            let answer = connection.auth(DEFAULT_MECHANISMS, credentials).await;
            steps.push(Step::done("auth", said(&answer.map_err(|error| ("auth", told(&error)))?)));
        }
        let (from, to) = (envelope.from().cloned(), envelope.to().first().cloned());
        let answer = connection.command(Mail::new(from, Vec::new())).await;
        steps.push(Step::done("mail_from", said(&answer.map_err(|e| ("mail_from", told(&e)))?)));
        let to = to.ok_or(("rcpt_to", "there is no recipient".to_owned()))?;
        let answer = connection.command(Rcpt::new(to, Vec::new())).await;
        steps.push(Step::done("rcpt_to", said(&answer.map_err(|e| ("rcpt_to", told(&e)))?)));
        connection.command(Data).await.map_err(|error| ("data", told(&error)))?;
        let answer = connection.message(&message.formatted()).await;
        steps.push(Step::done("data", said(&answer.map_err(|error| ("data", told(&error)))?)));
        tokio::time::timeout(GOODBYE, connection.quit()).await.ok();
        Ok(())
    }

    /// TLS and EHLO, in the order that the settings want.
    async fn greet(
        &self,
        reached: tokio::net::TcpStream,
        addresses: &[SocketAddr],
        steps: &mut Vec<Step>,
    ) -> Result<AsyncSmtpConnection, (&'static str, String)> {
        if let Tls::Implicit(parameters) = &self.tls {
            drop(reached);
            let tls = Some(parameters.clone());
            let limit = Some(GREETING);
            let opened =
                AsyncSmtpConnection::connect_tokio1(addresses, limit, &self.hello, tls, None).await;
            let opened = opened.map_err(|error| {
                (if error.status().is_some() { "ehlo" } else { "tls" }, told(&error))
            })?;
            steps.push(Step::done("tls", "encrypted from the first byte"));
            steps.push(Step::done("ehlo", "greeted"));
            return Ok(opened);
        }
        let stream = Box::new(reached);
        let opened = AsyncSmtpConnection::connect_with_transport(stream, &self.hello).await;
        let mut connection = opened.map_err(|error| ("ehlo", told(&error)))?;
        steps.push(Step::done("ehlo", "greeted"));
        match &self.tls {
            Tls::Offered(_) if !connection.can_starttls() => {
                steps.push(Step::done("tls", "not offered: the message travels unencrypted"));
            }
            Tls::Offered(parameters) | Tls::Required(parameters) | Tls::Implicit(parameters) => {
                let begun = connection.starttls(parameters.clone(), &self.hello).await;
                begun.map_err(|error| ("tls", told(&error)))?;
                steps.push(Step::done("tls", "encrypted by STARTTLS"));
            }
        }
        Ok(connection)
    }
}

/// What a server answered.
fn said(response: &Response) -> String {
    let lines = response.message().collect::<Vec<_>>().join(" ");
    single_line(&format!("{} {lines}", response.code()), LONGEST_ANSWER)
}

/// What went wrong, with the causes.
fn told(error: &SmtpError) -> String {
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !reason.contains(&inner_text) {
            reason = format!("{reason}: {inner_text}");
        }
        cause = inner.source();
    }
    single_line(&reason, LONGEST_ANSWER)
}

fn credentials(url: &Url) -> Result<Option<Credentials>, MailError> {
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(MailError::Credentials),
        (user, Some(password)) => {
            let user = decoded(user).ok_or(MailError::Credentials)?;
            let password = decoded(password).ok_or(MailError::Credentials)?;
            Ok(Some(Credentials::new(user, password)))
        }
    }
}

/// Percent-decoding (RFC 3986, 2.1); `None` when the bytes are no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let byte = match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high * 16 + low
                }
                (_, _) => b'%',
            },
            (byte, _) => *byte,
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_may_have_any_character() {
        assert_eq!(decoded("p%3A%2F%40%25%E8%8D%AF+x").as_deref(), Some("p:/@%药+x"));
        assert_eq!(decoded("100%").as_deref(), Some("100%"));
        assert_eq!(decoded("%zz%4").as_deref(), Some("%zz%4"));
        assert_eq!(decoded("%ff"), None);
    }

    #[test]
    fn a_file_of_authorities_holds_certificates() {
        assert!(Trust::with(b"").is_err());
        assert!(Trust::with("药".as_bytes()).is_err());
        let none = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(Trust::with(none.as_bytes()).is_err(), "it is no certificate");
        assert!(Trust::with(b"-----BEGIN CERTIFICATE-----\n%\n").is_err());
    }

    #[test]
    fn ports_follow_the_scheme() {
        let parse = |url: &str| Server::parse(url, &Trust::public());
        let server = |url: &str| format!("{:?}", parse(url).expect(url));
        assert_eq!(server("smtp://h"), "Server(h:25)");
        assert_eq!(server("smtp://h?tls=required"), "Server(h:587)");
        assert_eq!(server("smtps://h"), "Server(h:465)");
        assert_eq!(server("smtps://u:p@h:1465"), "Server(h:1465)");
        assert_eq!(server("smtp://[::1]:2525"), "Server(::1:2525)");
    }
}
