//! A thousand people listen, and somebody files: what listening costs, and how soon they hear.
//!
//! The service is a process of its own here, so that its memory is its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use supplyline::domain::id::UserId;
use supplyline::domain::party::{Language, Role};
use supplyline::service::accounts::hash_password;
use supplyline::store::{Store, accounts};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::load::{Client, TICKET, sign_in, sign_in_as};
use super::{World, resident_kb, row, world};

/// Each holds as many streams as one person may.
const PEOPLE: usize = 125;
const STREAMS: usize = supplyline::live::MOST_STREAMS;
const CHANGES: usize = 200;

/// What a listener heard, and when.
type Heard = (String, Instant);

pub(crate) async fn on_the_stream() {
    let world = world().await;
    colleagues(&world.store).await;
    let (mut service, mut address) = start(&world);
    let mut tokens = Vec::new();
    let token = sign_in(address).await;
    for number in 0..PEOPLE {
        tokens.push(sign_in_as(address, &username(number)).await);
    }
    // Checking passwords took memory, too; sessions outlive the process.
    end(service);
    (service, address) = start(&world);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = resident_kb(service.id());
    let (sender, mut heard) = mpsc::unbounded_channel();
    let mut listeners = tokio::task::JoinSet::new();
    for token in tokens.iter().flat_map(|token| std::iter::repeat_n(token, STREAMS)) {
        let stream = open(address, token).await;
        listeners.spawn(listen(stream, sender.clone()));
    }
    let count = listeners.len();
    let delays = file_and_wait(address, &token, &mut heard, count).await;
    let with = resident_kb(service.id());
    row(
        &format!("memory before and with {count} listeners on the stream"),
        &format!(
            "{before} kB and {with} kB, {:.0} kB each",
            f64::from(with.saturating_sub(before)) / float(count)
        ),
    );
    let at = |permille: usize| delays.get(delays.len() * permille / 1000).copied();
    let shown = |delay: Option<f64>| format!("{:.0} ms", delay.unwrap_or(f64::NAN));
    row(
        &format!("from a filing's answer to each of {count} listeners, {CHANGES} filings"),
        &format!(
            "p50 {}, p99 {}, slowest {}",
            shown(at(500)),
            shown(at(990)),
            shown(delays.last().copied())
        ),
    );
    listeners.abort_all();
    end(service);
}

fn end(mut service: Child) {
    service.kill().expect("stopped");
    service.wait().expect("ended");
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("few"))
}

fn username(number: usize) -> String {
    format!("listener-{number}")
}

/// Colleagues of the hospital that files: they all hear of it.
async fn colleagues(store: &Store) {
    let hospital =
        accounts::find_by_username(store.read_unscoped(), "hospital").await.expect("read");
    let organisation = hospital.expect("of the demo").actor.organisation.id;
    let password_hash = hash_password(supplyline::demo::PASSWORD).expect("randomness");
    let person = |number| accounts::NewUser {
        id: UserId(Uuid::now_v7()),
        organisation,
        username: username(number),
        name: "听众".to_owned(),
        role: Role::Hospital,
        email: None,
        phone: None,
        language: Language::Chinese,
        territory: None,
        password_hash: password_hash.clone(),
    };
    let people: Vec<_> = (0..PEOPLE).map(person).collect();
    let at = "2026-11-16T01:00:00Z".parse().expect("an instant");
    let written = store.write(move |tx| {
        let people = people.clone();
        Box::pin(async move { accounts::insert_users(tx, &people, at).await })
    });
    written.await.expect("written");
}

/// Starts the service on a free port, which it says.
fn start(world: &World) -> (Child, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_supplyline"))
        .arg("serve")
        .current_dir(world.path.parent().expect("a folder"))
        .env("SUPPLYLINE_LISTEN", "127.0.0.1:0")
        .env("SUPPLYLINE_DATABASE_URL", format!("sqlite://{}", world.path.display()))
        .env("SUPPLYLINE_LOG", "error")
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let said = BufReader::new(child.stdout.take().expect("piped")).lines().next();
    let said = said.expect("a line").expect("UTF-8");
    let (_, address) = said.split_once("http://").expect("an address");
    (child, address.parse().expect("an address"))
}

/// Opens a stream and waits until it has begun.
async fn open(address: SocketAddr, token: &str) -> tokio::io::BufReader<TcpStream> {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    let request = format!(
        "GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut stream = tokio::io::BufReader::with_capacity(1024, stream);
    let mut line = String::new();
    while !line.starts_with("id: ") {
        line.clear();
        let read = stream.read_line(&mut line).await.expect("read");
        assert!(read > 0, "the stream ended at once");
    }
    stream
}

/// Tells the ticket of every change, and when it was heard.
async fn listen(mut stream: tokio::io::BufReader<TcpStream>, heard: mpsc::UnboundedSender<Heard>) {
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
        let at = Instant::now();
        let ticket = line.strip_prefix("data: {\"ticket\":{\"id\":\"");
        if let Some(ticket) = ticket.and_then(|rest| rest.split('"').next()) {
            heard.send((ticket.to_owned(), at)).expect("somebody asks");
        }
        line.clear();
    }
}

/// The delays of every listener and filing, in milliseconds, shortest first.
async fn file_and_wait(
    address: SocketAddr,
    token: &str,
    heard: &mut mpsc::UnboundedReceiver<Heard>,
    count: usize,
) -> Vec<f64> {
    let mut client = Client::connect(address).await;
    let mut delays = Vec::with_capacity(CHANGES * count);
    for _ in 0..CHANGES {
        // Filings come when they come, and not right after the poll that told of the last.
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..500))).await;
        let answer = client.post("/api/v1/tickets", token, TICKET).await;
        let answered = Instant::now();
        let (_, ticket) = answer.split_once("{\"id\":\"").expect("a ticket");
        let ticket = ticket.split('"').next().expect("an id");
        for _ in 0..count {
            let (of, at) = heard.recv().await.expect("every listener hears");
            assert_eq!(of, ticket);
            delays.push(at.saturating_duration_since(answered).as_secs_f64() * 1e3);
        }
    }
    delays.sort_by(f64::total_cmp);
    delays
}
