//! The mail server: how to reach it, and one conversation with it.
//!
//! **Never** reuses a connection, and never shows the password.

use std::fmt;
use std::time::Duration;

use lettre::Message;
use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use url::{Host, Url};

use super::email::MailError;

/// How long a server may take to say goodbye after it took the message.
const GOODBYE: Duration = Duration::from_millis(500);

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
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({}:{})", self.host, self.port)
    }
}

impl Server {
    /// Reads the setting; see [`super::Mail::new`].
    pub(super) fn parse(text: &str) -> Result<Self, MailError> {
        super::install_crypto();
        let url = Url::parse(text.trim()).map_err(|error| MailError::Url(error.to_string()))?;
        let host = match url.host() {
            Some(Host::Ipv6(ip)) => ip.to_string(),
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Domain(_)) | None => return Err(MailError::Url("no host".to_owned())),
        };
        let parameters = || TlsParameters::new(host.clone()).map_err(MailError::Tls);
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
            host,
            tls,
        })
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
        let address = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            address,
            Some(timeout),
            &self.hello,
            implicit,
            None,
        )
        .await?;
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
    fn ports_follow_the_scheme() {
        let server = |url: &str| format!("{:?}", Server::parse(url).expect(url));
        assert_eq!(server("smtp://h"), "Server(h:25)");
        assert_eq!(server("smtp://h?tls=required"), "Server(h:587)");
        assert_eq!(server("smtps://h"), "Server(h:465)");
        assert_eq!(server("smtps://u:p@h:1465"), "Server(h:1465)");
        assert_eq!(server("smtp://[::1]:2525"), "Server(::1:2525)");
    }
}
