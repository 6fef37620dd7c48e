//! A text-message gateway on a port of its own: records requests, checks their signatures with
//! its own code, and answers by script.
//!
//! **Never** uses the product's code to check the product's signatures.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The secret the gateway shares with the service, for `SUPPLYLINE_SMS_WEBHOOK_SECRET`.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What a request is answered with. One per request; the last one set stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// This status and body.
    Status(u16, String),
    /// This status with `Retry-After`.
    RetryAfter(u16, String),
    /// A redirect to this address.
    Redirect(String),
    /// Nothing for a minute.
    Stall,
    /// Half a status line, then the end.
    Cut,
    /// 200 and a body without end.
    Huge,
    /// 200, and the connection breaks inside the body.
    CutBody,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// For example `POST /sms HTTP/1.1`.
    pub(crate) request: String,
    /// By name in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// The bytes that were signed.
    pub(crate) body: Vec<u8>,
    /// Whether the signature is right, by this file's own code.
    pub(crate) signed: bool,
}

impl Received {
    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

#[derive(Debug, Default)]
struct State {
    received: Vec<Received>,
    answers: VecDeque<Answer>,
    huge_sent: usize,
}

/// The gateway; it ends when dropped.
#[derive(Debug)]
pub(crate) struct WebhookSink {
    /// `http://127.0.0.1:port/sms`, for `SUPPLYLINE_SMS_WEBHOOK_URL`.
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for WebhookSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl WebhookSink {
    /// Starts one on a free port; it answers 200 until told otherwise.
    pub(crate) async fn spawn() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let url = format!("http://{}/sms", listener.local_addr().expect("address"));
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    // A connection that breaks is the client's business.
                    serve(stream, &state).await.ok();
                });
            }
        });
        Self { url, state, task }
    }

    /// What every later request is answered with.
    pub(crate) fn set_answer(&self, answer: Answer) {
        self.set_answers(&[answer]);
    }

    /// What the next requests are answered with, one each; the last one stays.
    pub(crate) fn set_answers(&self, answers: &[Answer]) {
        self.state.lock().expect("state").answers = answers.iter().cloned().collect();
    }

    /// Everything received so far.
    pub(crate) fn requests(&self) -> Vec<Received> {
        self.state.lock().expect("state").received.clone()
    }

    /// How many bytes of endless bodies were written.
    pub(crate) fn huge_sent(&self) -> usize {
        self.state.lock().expect("state").huge_sent
    }
}

/// HMAC by its definition (RFC 2104): `H(key ^ opad, H(key ^ ipad, text))`.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(block.map(|b| b ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

fn is_signed(headers: &BTreeMap<String, String>, body: &[u8]) -> bool {
    let part = |name: &str| headers.get(name).cloned().unwrap_or_default();
    let base64 = base64::engine::general_purpose::STANDARD;
    let key = base64.decode(SECRET.trim_start_matches("whsec_")).expect("secret");
    let mut text = format!("{}.{}.", part("webhook-id"), part("webhook-timestamp")).into_bytes();
    text.extend_from_slice(body);
    let expected = format!("v1,{}", base64.encode(hmac(&key, &text)));
    !part("webhook-id").is_empty()
        && part("webhook-timestamp").parse::<i64>().is_ok()
        && part("webhook-signature").split(' ').any(|signature| signature == expected)
}

async fn serve(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut wire = BufReader::new(stream);
    let mut request = String::new();
    wire.read_line(&mut request).await?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        wire.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    wire.read_exact(&mut body).await?;
    let signed = is_signed(&headers, &body);
    let request = request.trim_end().to_owned();
    let answer = {
        let mut state = state.lock().expect("state");
        state.received.push(Received { request, headers, body, signed });
        if state.answers.len() > 1 {
            state.answers.pop_front()
        } else {
            state.answers.front().cloned()
        }
    };
    reply(&mut wire, answer.unwrap_or_else(|| Answer::Status(200, "ok".to_owned())), state).await
}

async fn reply(
    wire: &mut BufReader<TcpStream>,
    answer: Answer,
    state: &Mutex<State>,
) -> std::io::Result<()> {
    let head = |status: u16, extra: &str, length: usize| {
        format!("HTTP/1.1 {status} Scripted\r\n{extra}content-length: {length}\r\n\r\n")
    };
    let text = match answer {
        Answer::Status(204, _) => "HTTP/1.1 204 Scripted\r\n\r\n".to_owned(),
        Answer::Status(status, body) => head(status, "", body.len()) + &body,
        Answer::RetryAfter(status, wait) => head(status, &format!("retry-after: {wait}\r\n"), 0),
        Answer::Redirect(to) => head(302, &format!("location: {to}\r\n"), 0),
        Answer::Cut => "HTTP/1.1 20".to_owned(),
        Answer::CutBody => head(200, "", 1_000) + "half",
        Answer::Stall => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            String::new()
        }
        Answer::Huge => {
            wire.write_all(head(200, "", 10_000_000_000).as_bytes()).await?;
            loop {
                wire.write_all(&[b'x'; 16_384]).await?;
                state.lock().expect("state").huge_sent += 16_384;
            }
        }
    };
    wire.write_all(text.as_bytes()).await?;
    wire.shutdown().await
}
