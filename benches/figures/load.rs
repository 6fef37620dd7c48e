//! The load driver: plain HTTP/1.1 over kept-alive connections, so that it costs little itself.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use sea_orm::sqlx::{self, SqliteConnection};
use secrecy::SecretString;
use supplyline::config::Config;
use supplyline::service::App;
use supplyline::startup::{Service, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// No ways out, and any free port.
pub(crate) fn config() -> Config {
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        database_url: SecretString::from("sqlite://unused"),
        database_role: None,
        smtp_url: None,
        smtp_roots: None,
        mail_from: "Supplyline <supplyline@localhost>".to_owned(),
        sms_webhook_url: None,
        sms_webhook_secret: None,
        public_url: "http://localhost/".parse().expect("a URL"),
        attachments_url: "file:///unused/".parse().expect("a URL"),
        key_file: None,
        audit_checkpoints: None,
        audit_days: 1_095,
        local_channels: false,
        allow_loss: false,
        log: "error".to_owned(),
    }
}

/// Starts the service on a free port, as `supplyline serve` would.
pub(crate) fn start(app: App) -> SocketAddr {
    let service = Service::start(&config(), app).expect("started");
    let address = service.address().expect("bound");
    tokio::spawn(serve(service));
    address
}

pub(crate) async fn sign_in(address: SocketAddr) -> String {
    sign_in_as(address, "hospital").await
}

pub(crate) async fn sign_in_as(address: SocketAddr, username: &str) -> String {
    let mut client = Client::connect(address).await;
    let body =
        format!(r#"{{"username":"{username}","password":"{}"}}"#, supplyline::demo::PASSWORD);
    let answer = client.post("/api/v1/session", "", &body).await;
    let (_, rest) = answer.split_once("\"token\":\"").expect("a token");
    rest.split('"').next().expect("a token").to_owned()
}

pub(crate) struct Done {
    pub(crate) count: f64,
    pub(crate) seconds: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) slowest: f64,
}

/// Files tickets from `clients` connections for `time`.
pub(crate) async fn file(address: SocketAddr, token: &str, clients: usize, time: Duration) -> Done {
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..clients {
        let token = token.to_owned();
        tasks.spawn(async move {
            let mut client = Client::connect(address).await;
            let mut times = Vec::new();
            while begun.elapsed() < time {
                let sent = Instant::now();
                let answer = client.post("/api/v1/tickets", &token, TICKET).await;
                assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
                times.push(sent.elapsed().as_secs_f64() * 1e3);
            }
            times
        });
    }
    done(tasks, begun).await
}

/// Asks for a page from `clients` connections for `time`.
pub(crate) async fn read(
    address: SocketAddr,
    (path, token): (&str, &str),
    clients: usize,
    time: Duration,
) -> Done {
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..clients {
        let (path, token) = (path.to_owned(), token.to_owned());
        tasks.spawn(async move {
            let mut client = Client::connect(address).await;
            let mut times = Vec::new();
            while begun.elapsed() < time {
                let sent = Instant::now();
                client.page(&path, &token, Coding::Gzip).await;
                times.push(sent.elapsed().as_secs_f64() * 1e3);
            }
            times
        });
    }
    done(tasks, begun).await
}

async fn done(mut tasks: tokio::task::JoinSet<Vec<f64>>, begun: Instant) -> Done {
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done.expect("a client ended"));
    }
    let seconds = begun.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    let at =
        |permille: usize| times.get(times.len() * permille / 1000).copied().unwrap_or(f64::NAN);
    let count = f64::from(u32::try_from(times.len()).expect("few"));
    Done {
        count,
        seconds,
        p50: at(500),
        p99: at(990),
        slowest: times.last().copied().unwrap_or(f64::NAN),
    }
}

pub(crate) const TICKET: &str = r#"{"product_code":"XA01ABD075A002010100594","category":"supply_stop","urgency":"ordinary","summary":"地喹氯铵含片断供","description":"连续三周下单均未配送，库存仅够两天，请尽快安排供货。","quantity_short":500,"unit":"盒","days_of_stock":2,"order_refs":["DD-0001"],"contact":{"name":"张心晴","phone":"13900000001"}}"#;

/// How an answer is asked to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Plain,
    Gzip,
}

pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("connected");
        stream.set_nodelay(true).expect("set");
        Self { stream, buffer: vec![0; 64 * 1024] }
    }

    pub(crate) async fn post(&mut self, path: &str, token: &str, body: &str) -> String {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await.expect("sent");
        self.answer(|bytes| {
            whole(bytes)
                .map(|(head, body)| format!("{head}\r\n\r\n{}", String::from_utf8_lossy(&body)))
        })
        .await
    }

    /// Asks for a page with a session's cookie; gives the length of what arrived.
    pub(crate) async fn page(&mut self, path: &str, token: &str, coding: Coding) -> usize {
        let accepted = match coding {
            Coding::Plain => "identity",
            Coding::Gzip => "gzip",
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: supplyline={token}\r\nAccept-Encoding: {accepted}\r\n\r\n"
        );
        self.stream.write_all(request.as_bytes()).await.expect("sent");
        let length = |bytes: &[u8]| {
            let (head, body) = whole(bytes)?;
            assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
            assert_eq!(head.contains("content-encoding: gzip"), coding == Coding::Gzip);
            Some(body.len())
        };
        self.answer(length).await
    }

    /// Reads until `whole` makes something of it.
    async fn answer<T>(&mut self, whole: impl Fn(&[u8]) -> Option<T>) -> T {
        let mut filled = 0;
        loop {
            if filled == self.buffer.len() {
                self.buffer.resize(filled * 2, 0);
            }
            let free = self.buffer.get_mut(filled..).expect("room");
            let read = self.stream.read(free).await.expect("answered");
            assert!(read > 0, "the connection was closed");
            filled += read;
            let so_far = self.buffer.get(..filled).expect("filled");
            if let Some(answer) = whole(so_far) {
                return answer;
            }
        }
    }
}

/// Head and body, once all of it has arrived.
fn whole(bytes: &[u8]) -> Option<(&str, Cow<'_, [u8]>)> {
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = str::from_utf8(bytes.get(..at)?).expect("ASCII");
    let rest = bytes.get(at + 4..)?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    match length {
        Some(length) => Some((head, rest.get(..length)?.into())),
        None => Some((head, unchunked(rest)?.into())),
    }
}

/// What came in chunks, once the last of them has.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    if !rest.ends_with(b"0\r\n\r\n") {
        return None;
    }
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let length = str::from_utf8(rest.get(..line)?).ok()?;
        let length = usize::from_str_radix(length, 16).expect("a length");
        if length == 0 {
            return Some(body);
        }
        body.extend(rest.get(line + 2..line + 2 + length)?);
        rest = rest.get(line + length + 4..)?;
    }
}

/// `insert … select` that copies a ticket's rows of a table with some columns changed.
pub(crate) async fn copy_statement(
    db: &mut SqliteConnection,
    table: &str,
    changed: &[(&str, &str)],
) -> sqlx::AssertSqlSafe<String> {
    static KNOWN: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Mutex::default);
    let known = KNOWN.lock().expect("one at a time").get(table).cloned();
    if let Some(known) = known {
        return sqlx::AssertSqlSafe(known);
    }
    let columns: Vec<String> = sqlx::query_scalar("select name from pragma_table_info(?1)")
        .bind(table)
        .fetch_all(db)
        .await
        .expect("a table");
    let value = |column: &String| {
        let found = changed.iter().find(|(name, _)| name == column);
        found.map_or_else(|| format!("\"{column}\""), |(_, value)| (*value).to_owned())
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let names: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
    let key = if table == "ticket" { "id" } else { "ticket_id" };
    let statement = format!(
        "insert into {table} ({}) select {} from {table} where {key} = ?2",
        names.join(", "),
        values.join(", ")
    );
    KNOWN.lock().expect("one at a time").insert(table.to_owned(), statement.clone());
    sqlx::AssertSqlSafe(statement)
}
