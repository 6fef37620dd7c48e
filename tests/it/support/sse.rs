//! A reader of server-sent events: bytes in, events out, as the standard says.
//!
//! **Never** waits for ever: what does not come within some seconds fails the test.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::time::timeout;

use super::app::As;

/// Far longer than anything here should take, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(20);

/// An event as the page would get it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pushed {
    pub(crate) name: String,
    pub(crate) data: Value,
    /// The last id when it was dispatched.
    pub(crate) id: String,
}

impl Pushed {
    /// The id of its ticket.
    pub(crate) fn ticket(&self) -> &str {
        self.data["ticket"]["id"].as_str().unwrap_or_default()
    }

    /// The kinds of what happened.
    pub(crate) fn kinds(&self) -> Vec<&str> {
        let events = self.data["events"].as_array().into_iter().flatten();
        events.map(|event| event["kind"].as_str().expect("a kind")).collect()
    }
}

/// An open stream.
pub(crate) struct Stream {
    response: Response,
    received: Vec<u8>,
    /// How much of it was read as lines.
    read: usize,
    block: Vec<String>,
    pushed: VecDeque<Pushed>,
    comments: usize,
    /// The last id that came, with or without an event.
    pub(crate) last_id: String,
    /// What the server asks to wait before coming back.
    pub(crate) retry: String,
}

impl Stream {
    /// Opens a stream and reads until its first id.
    pub(crate) async fn open(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("answered");
        assert_eq!(response.status(), 200);
        let mut stream = Self {
            response,
            received: Vec::new(),
            read: 0,
            block: Vec::new(),
            pushed: VecDeque::new(),
            comments: 0,
            last_id: String::new(),
            retry: String::new(),
        };
        while stream.last_id.is_empty() {
            assert!(stream.more().await, "the stream ended at once");
        }
        stream
    }

    /// The answer's header.
    pub(crate) fn header(&self, name: &str) -> String {
        let value = self.response.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    }

    /// Everything that came, byte for byte.
    pub(crate) fn received(&self) -> String {
        String::from_utf8(self.received.clone()).expect("UTF-8")
    }

    /// The next event; `None` when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Pushed> {
        let begun = Instant::now();
        loop {
            if let Some(pushed) = self.pushed.pop_front() {
                return Some(pushed);
            }
            assert!(begun.elapsed() < PATIENCE, "only comments came; before: {}", self.received());
            if !self.more().await {
                return None;
            }
        }
    }

    /// The next event of a name; others are passed over.
    pub(crate) async fn next_of(&mut self, name: &str) -> Pushed {
        loop {
            let pushed = self.next().await.expect("the stream goes on");
            if pushed.name == name {
                return pushed;
            }
        }
    }

    /// The events until the one that this is true of, itself included.
    pub(crate) async fn until(&mut self, is_last: impl Fn(&Pushed) -> bool) -> Vec<Pushed> {
        let mut all = Vec::new();
        loop {
            let pushed = self.next().await.expect("the stream goes on");
            let was_last = is_last(&pushed);
            all.push(pushed);
            if was_last {
                return all;
            }
        }
    }

    /// Waits for the end, whatever comes before it.
    pub(crate) async fn ended(&mut self) {
        while self.next().await.is_some() {}
    }

    /// Waits for a comment.
    pub(crate) async fn comment(&mut self) {
        let before = self.comments;
        while self.comments == before {
            assert!(self.more().await, "the stream ended");
        }
    }

    async fn more(&mut self) -> bool {
        let chunk = timeout(PATIENCE, self.response.chunk()).await;
        let chunk = chunk.unwrap_or_else(|_| panic!("nothing came; before: {}", self.received()));
        match chunk {
            Ok(Some(bytes)) => {
                self.received.extend_from_slice(&bytes);
                self.lines();
                true
            }
            Ok(None) | Err(_) => false,
        }
    }

    fn lines(&mut self) {
        while let Some(end) = self.received[self.read..].iter().position(|byte| *byte == b'\n') {
            let line = self.received[self.read..self.read + end].to_vec();
            self.read += end + 1;
            let line = String::from_utf8(line).expect("UTF-8");
            if line.is_empty() { self.dispatch() } else { self.block.push(line) }
        }
    }

    fn dispatch(&mut self) {
        let (mut name, mut data) = ("message".to_owned(), Vec::new());
        for line in std::mem::take(&mut self.block) {
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
            match field {
                "" => self.comments += 1,
                "event" => name = value,
                "data" => data.push(value),
                "id" => self.last_id = value,
                "retry" => self.retry = value,
                other => panic!("a field that nobody knows: {other}"),
            }
        }
        if !data.is_empty() {
            let data = serde_json::from_str(&data.join("\n")).expect("JSON");
            self.pushed.push_back(Pushed { name, data, id: self.last_id.clone() });
        }
    }
}

impl As<'_> {
    /// Listens from now on.
    pub(crate) async fn listen(&self) -> Stream {
        Stream::open(self.request(Method::GET, "/events/stream")).await
    }

    /// Listens from where a stream was.
    pub(crate) async fn listen_after(&self, id: &str) -> Stream {
        let request = self.request(Method::GET, "/events/stream").header("Last-Event-ID", id);
        Stream::open(request).await
    }
}
