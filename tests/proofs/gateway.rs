//! A text-message gateway that misbehaves by the seed, and keeps what it was given and what it
//! said to it.
//!
//! **Never** says that it took what it did not take.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// For `SUPPLYLINE_SMS_WEBHOOK_SECRET`.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Taken, and said so.
    Taken,
    /// Taken, and the connection broke before that was said.
    TakenUnseen,
    /// Not taken.
    Refused,
}

struct State {
    random: StdRng,
    /// Of a hundred requests, so many are in trouble.
    trouble: u32,
    requests: Vec<(String, Fate)>,
}

/// The gateway; it ends when dropped.
pub(crate) struct Gateway {
    /// For `SUPPLYLINE_SMS_WEBHOOK_URL`.
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Gateway {
    pub(crate) async fn open(seed: u64, trouble: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/sms", listener.local_addr().expect("an address"));
        let random = StdRng::seed_from_u64(seed);
        let state = Arc::new(Mutex::new(State { random, trouble, requests: Vec::new() }));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                let state = Arc::clone(&shared);
                // A connection that breaks is the client's business.
                tokio::spawn(async move { serve(stream, &state).await.ok() });
            }
        });
        Self { url, state, task }
    }

    /// From now on, of a hundred requests so many are in trouble.
    pub(crate) fn set_trouble(&self, trouble: u32) {
        self.state.lock().expect("no panic").trouble = trouble;
    }

    /// Every request so far: its `webhook-id`, and what became of it.
    pub(crate) fn requests(&self) -> Vec<(String, Fate)> {
        self.state.lock().expect("no panic").requests.clone()
    }
}

async fn serve(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut wire = BufReader::new(stream);
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if wire.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("webhook-id") => id = value.to_owned(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().unwrap_or(0);
            }
            None if line == "\r\n" => break,
            Some(_) | None => {}
        }
    }
    let mut body = vec![0; length];
    wire.read_exact(&mut body).await?;
    let drawn = {
        let mut state = state.lock().expect("no panic");
        let is_trouble = state.random.random_range(0..100) < state.trouble;
        let drawn = if is_trouble { state.random.random_range(1..=14) } else { 0 };
        let fate = match drawn {
            0 | 13 => Fate::Taken,
            1 | 2 | 14 => Fate::TakenUnseen,
            _ => Fate::Refused,
        };
        state.requests.push((id, fate));
        drawn
    };
    misbehave(&mut wire, drawn).await
}

async fn misbehave(wire: &mut BufReader<TcpStream>, drawn: u32) -> std::io::Result<()> {
    let head = |status: &str, more: &str| {
        format!("HTTP/1.1 {status}\r\n{more}content-length: 2\r\nconnection: close\r\n\r\nok")
    };
    let text = match drawn {
        // It ends in the middle of saying yes, or before.
        1 => "HTTP/1.1 20".to_owned(),
        2 => String::new(),
        3..6 => head("500 Trouble", ""),
        6 | 7 => head("429 Too Many", "retry-after: 1\r\n"),
        8 => head("429 Too Many", "retry-after: 1000000000\r\n"),
        9 => head("302 Elsewhere", "location: http://10.0.0.1/sms\r\n"),
        10 => head("410 Gone", ""),
        11 => head("422 No Such Phone", ""),
        12 => {
            tokio::time::sleep(Duration::from_secs(15)).await;
            String::new()
        }
        // Slowly, and with more than anybody wants to read.
        13 => {
            tokio::time::sleep(Duration::from_secs(2)).await;
            head("200 OK", "")
        }
        14 => {
            wire.write_all(b"HTTP/1.1 200 OK\r\nx: ").await?;
            return wire.write_all(&vec![b'x'; 10_000_000]).await;
        }
        _ => head("200 OK", ""),
    };
    wire.write_all(text.as_bytes()).await?;
    wire.shutdown().await
}
