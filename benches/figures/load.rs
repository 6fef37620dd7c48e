//! The load driver: plain HTTP/1.1 over kept-alive connections, so that it costs little itself.

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

/// Starts the service on a free port, as `supplyline serve` would.
#[expect(clippy::disallowed_methods, reason = "it serves until the process ends")]
pub(crate) fn start(app: App) -> SocketAddr {
    let config = Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        database_url: SecretString::from("sqlite://unused"),
        smtp_url: None,
        mail_from: "Supplyline <supplyline@localhost>".to_owned(),
        sms_webhook_url: None,
        sms_webhook_secret: None,
        public_url: "http://localhost/".parse().expect("a URL"),
        attachments_url: "file:///unused/".parse().expect("a URL"),
        key_file: None,
        log: "error".to_owned(),
    };
    let service = Service::start(&config, app).expect("started");
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
        let mut filled = 0;
        loop {
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

/// The answer, once all of it has arrived.
fn whole(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    })?;
    (body.len() >= length).then(|| text.clone().into_owned())
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
