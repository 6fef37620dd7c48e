//! Plain HTTP/1.1 over a kept-alive connection that may break at any time.
//!
//! **Never** panics when the service goes away: that is what it is there for.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer takes at most so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Nobody knows what became of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lost;

/// What the service said.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// True for 2xx.
    pub(crate) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// True when it is the answer to an earlier request with the same key.
    pub(crate) fn is_replayed(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    /// The value of a header, its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text, for messages.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A request, to be sent as often as need be.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) token: String,
    /// The `Idempotency-Key`.
    pub(crate) key: Option<String>,
    pub(crate) media_type: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A post of JSON with a key.
    pub(crate) fn post(path: String, token: &str, key: String, body: &Value) -> Self {
        Self {
            method: "POST",
            path,
            token: token.to_owned(),
            key: Some(key),
            media_type: "application/json".to_owned(),
            body: body.to_string().into_bytes(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { method, path, token, key, media_type, body } = self;
        let key = key.as_ref().map(|key| format!("Idempotency-Key: {key}\r\n"));
        let token = Some(token).filter(|token| !token.is_empty());
        let token = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{}{}Content-Type: {media_type}\r\n\
             Content-Length: {}\r\n\r\n",
            token.unwrap_or_default(),
            key.unwrap_or_default(),
            body.len()
        );
        [head.into_bytes(), body.clone()].concat()
    }
}

/// One client of one replica.
pub(crate) struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    patience: Duration,
}

impl Client {
    /// Of the service at this address; it connects with its first request.
    pub(crate) fn to(address: SocketAddr) -> Self {
        Self { address, stream: None, patience: PATIENCE }
    }

    /// The same, waiting for an answer no longer than this.
    pub(crate) fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Asks for something.
    pub(crate) async fn get(&mut self, path: &str, token: &str) -> Result<Answer, Lost> {
        let request = Request {
            method: "GET",
            path: path.to_owned(),
            token: token.to_owned(),
            key: None,
            media_type: "application/json".to_owned(),
            body: Vec::new(),
        };
        self.send(&request).await
    }

    /// Sends a request once; after a loss the next one connects anew.
    pub(crate) async fn send(&mut self, request: &Request) -> Result<Answer, Lost> {
        let answered = tokio::time::timeout(self.patience, self.exchange(&request.bytes())).await;
        let answer = answered.ok().flatten();
        if answer.is_none() {
            self.stream = None;
        }
        answer.ok_or(Lost)
    }

    async fn exchange(&mut self, request: &[u8]) -> Option<Answer> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(self.address).await.ok()?;
                stream.set_nodelay(true).ok()?;
                none.insert(stream)
            }
        };
        stream.write_all(request).await.ok()?;
        let mut arrived = Vec::with_capacity(4096);
        loop {
            if stream.read_buf(&mut arrived).await.ok()? == 0 {
                return None;
            }
            if let Some(answer) = whole(&arrived) {
                return Some(answer);
            }
        }
    }
}

/// The answer, once all of it has arrived.
fn whole(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let rest = bytes.get(end + 4..)?;
    let mut answer = Answer { status, head, body: Vec::new() };
    let length = answer.header("content-length").and_then(|length| length.parse::<usize>().ok());
    answer.body = match length {
        Some(length) => rest.get(..length)?.to_vec(),
        None if answer.header("transfer-encoding").is_some() => unchunked(rest)?,
        None => Vec::new(),
    };
    Some(answer)
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let length = usize::from_str_radix(str::from_utf8(rest.get(..line)?).ok()?, 16).ok()?;
        if length == 0 {
            return rest.get(line + 2..line + 4).map(|_| body);
        }
        body.extend(rest.get(line + 2..line + 2 + length)?);
        rest = rest.get(line + 4 + length..)?;
    }
}
