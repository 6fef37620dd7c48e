//! How long pages take with ten thousand tickets and with a hundred thousand, and what they weigh.
//!
//! Every page comes as browsers ask for it: with the session's cookie, compressed, over a connection
//! that is kept, and read to its end.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sqlx::{self, Connection as _};
use supplyline::clock::Clock;
use supplyline::domain::id::{OrganisationId, UserId};
use supplyline::domain::party::{Language, Role};
use supplyline::service::accounts::hash_password;
use supplyline::service::{App, Limits, sweep};
use supplyline::store::{Store, accounts};
use uuid::Uuid;

use super::load::{self, Client, Coding};
use super::{World, crowd, row, world};

const SIZES: [u32; 2] = [10_000, 100_000];
const CLIENTS: [usize; 2] = [1, 8];
const SECONDS: Duration = Duration::from_secs(1);

/// What is looked at, by a name and an address.
const PAGES: [(&str, &str); 7] = [
    ("list", "/tickets"),
    ("list, due first", "/tickets?sort=due_at"),
    ("list, open ones", "/tickets?state=open"),
    // 断供, which every ticket says, and 断供第77次, which few do.
    ("search that finds all", "/tickets?q=%E6%96%AD%E4%BE%9B"),
    ("search that finds few", "/tickets?q=%E7%AC%AC77%E6%AC%A1"),
    ("workbench", "/"),
    ("ticket", "/tickets/{ticket}"),
];

/// Somebody who looks.
struct Reader {
    username: &'static str,
    role: Role,
    user: UserId,
    /// `None` for the demo's own.
    organisation: Option<OrganisationId>,
}

fn readers() -> [Reader; 3] {
    let reader = |username, role, organisation| Reader {
        username,
        role,
        user: UserId(Uuid::now_v7()),
        organisation,
    };
    [
        reader("crowd-hospital", Role::Hospital, Some(crowd::hospital())),
        reader("crowd-maker", Role::Manufacturer, Some(crowd::maker())),
        reader("province", Role::Bureau, None),
    ]
}

pub(crate) async fn figures() {
    let world = world().await;
    let mut readers = readers();
    let (mut began, mut taken, mut filled) = (None, Vec::new(), 0);
    for size in SIZES {
        let now = fill(&world, filled..size).await;
        filled = size;
        if began.is_none() {
            began = Some(begin(&world, &mut readers, now).await);
        }
        let Some(begun) = &began else { continue };
        told_of_all(&world, &readers).await;
        let at = begun.app.clock.now();
        while sweep::run_once(&begun.app, at).await.expect("swept") > 0 {}
        taken.push(begun.times().await);
    }
    show(&readers, &taken);
    if let Some(begun) = began {
        begun.weights().await;
    }
}

async fn fill(world: &World, numbers: std::ops::Range<u32>) -> DateTime<Utc> {
    // On connections of its own, which take what they remember with them.
    let url = format!("sqlite://{}", world.path.display());
    let filling = Store::connect(&url).await.expect("opened");
    let now = crowd::fill(&filling, numbers).await;
    filling.read_unscoped().clone().close().await.expect("closed");
    now
}

/// The service, and what is asked of it.
struct Begun {
    app: App,
    service: SocketAddr,
    /// One for every reader.
    tokens: Vec<String>,
    ticket: String,
}

/// Starts the service, signs everybody in, and lets them deal with one ticket.
async fn begin(world: &World, readers: &mut [Reader], now: DateTime<Utc>) -> Begun {
    people(&world.store, readers, now).await;
    let clock = Clock::still_at(now);
    let app = App::open(world.store.clone(), clock.clone(), Limits::Off).await.expect("opened");
    let service = load::start(app.clone());
    let mut tokens = Vec::new();
    for reader in readers {
        tokens.push(load::sign_in_as(service, reader.username).await);
    }
    let ticket = dealt_with(service, &tokens, &clock).await;
    Begun { app, service, tokens, ticket }
}

async fn people(store: &Store, readers: &mut [Reader], at: DateTime<Utc>) {
    let password_hash = hash_password(supplyline::demo::PASSWORD).expect("randomness");
    let mut new = Vec::new();
    for reader in readers {
        let Some(organisation) = reader.organisation else {
            let found = accounts::find_by_username(store.read_unscoped(), reader.username).await;
            reader.user = found.expect("read").expect("of the demo").actor.user;
            continue;
        };
        new.push(accounts::NewUser {
            id: reader.user,
            organisation,
            username: reader.username.to_owned(),
            name: "经办人".to_owned(),
            role: reader.role,
            email: Some(format!("{}@example.com", reader.username)),
            phone: Some("13900000001".to_owned()),
            language: Language::Chinese,
            territory: None,
            password_hash: password_hash.clone(),
        });
    }
    let written = store.write(move |tx| {
        let new = new.clone();
        Box::pin(async move { accounts::insert_users(tx, &new, at).await })
    });
    written.await.expect("written");
}

/// A ticket that was talked about, answered late and escalated.
async fn dealt_with(service: SocketAddr, tokens: &[String], clock: &Clock) -> String {
    let mut tokens = tokens.iter();
    let mut next = || tokens.next().expect("three look");
    let (hospital, maker, bureau) = (next(), next(), next());
    let mut client = Client::connect(service).await;
    let filing = load::TICKET.replace("XA01ABD075A002010100594", &crowd::product());
    let answer = client.post("/api/v1/tickets", hospital, &filing).await;
    let (_, id) = answer.split_once("{\"id\":\"").expect("a ticket");
    let id = id.split('"').next().expect("an id").to_owned();
    let act = async |client: &mut Client, by: &str, act: &str, body: &str| {
        let answer = client.post(&format!("/api/v1/tickets/{id}/{act}"), by, body).await;
        assert!(answer.starts_with("HTTP/1.1 20"), "{act}: {answer}");
    };
    let say = |text: &str| format!(r#"{{"body":"{text}","audience":"all"}}"#);
    act(&mut client, hospital, "messages", &say("临床今日已停用，请告知最早到货时间。")).await;
    act(&mut client, maker, "messages", &say("已联系配送企业，稍后回复。")).await;
    clock.move_to(clock.now() + TimeDelta::days(4));
    let reply = format!(
        r#"{{"cause":"raw_material","promised_on":"{}","promised_quantity":500,"message":"原料药到货延迟，已安排加急生产。","contact":{{"name":"李想","phone":"13900000003"}}}}"#,
        supplyline::domain::calendar::local_date(clock.now())
    );
    act(&mut client, maker, "reply", &reply).await;
    act(&mut client, hospital, "messages", &say("收到，请按时送达。")).await;
    act(&mut client, bureau, "messages", &say("请企业确保今日送达，并上传随货同行单。")).await;
    id
}

/// A notice of every ticket to everybody who sees it, all but a few of them opened.
async fn told_of_all(world: &World, readers: &[Reader]) {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&world.path)
        .busy_timeout(Duration::from_secs(30));
    let mut db = sqlx::SqliteConnection::connect_with(&options).await.expect("opened");
    for reader in readers {
        let theirs = match reader.role {
            Role::Hospital => "hospital_id = ?2",
            Role::Manufacturer => "manufacturer_id = ?2",
            Role::Bureau | Role::Distributor | Role::Admin | Role::Security | Role::Auditor => {
                "?2 is null"
            }
        };
        let told = format!(
            "insert or ignore into notice \
             (id, ticket_id, event, kind, batch, recipient_id, created_at, read_at) \
             select randomblob(16), id, 1, 'filed', 0, ?1, filed_at, filed_at from ticket where {theirs}"
        );
        let told = sqlx::query(sqlx::AssertSqlSafe(told)).bind(reader.user.0);
        let told = told.bind(reader.organisation.map(|house| house.0));
        told.execute(&mut db).await.expect("told");
        let unread = "update notice set read_at = null where id in \
                      (select id from notice where recipient_id = ?1 order by id limit 12)";
        sqlx::query(unread).bind(reader.user.0).execute(&mut db).await.expect("not opened");
    }
}

/// Of a page for a reader: the median and the 99th percentile, by number of clients.
type Times = Vec<[(f64, f64); CLIENTS.len()]>;

impl Begun {
    fn address(&self, path: &str) -> String {
        path.replace("{ticket}", &self.ticket)
    }

    /// Every page for every reader.
    async fn times(&self) -> Times {
        let mut times = Vec::new();
        for (_, path) in PAGES {
            let path = self.address(path);
            for token in &self.tokens {
                let mut own = [(f64::NAN, f64::NAN); CLIENTS.len()];
                // Once for what is remembered.
                Client::connect(self.service).await.page(&path, token, Coding::Gzip).await;
                for (own, clients) in own.iter_mut().zip(CLIENTS) {
                    let done = load::read(self.service, (&path, token), clients, SECONDS).await;
                    *own = (done.p50, done.p99);
                }
                times.push(own);
            }
        }
        times
    }

    /// The bytes of the pages that are opened most, and of what comes with them.
    async fn weights(&self) {
        let form = format!("/tickets/new?product={}", crowd::product());
        let mut together = 0;
        let pages =
            ["/tickets", "/", "/tickets/{ticket}", &form, "/assets/app.css", "/assets/app.js"];
        for path in pages {
            let mut weights = Vec::new();
            let is_page = !path.starts_with("/assets/");
            // The filing form is a hospital's.
            let readers = if is_page && path != form { self.tokens.len() } else { 1 };
            for token in self.tokens.iter().take(readers) {
                let mut client = Client::connect(self.service).await;
                let path = self.address(path);
                let plain = client.page(&path, token, Coding::Plain).await;
                weights.push((client.page(&path, token, Coding::Gzip).await, plain));
            }
            let (gzip, plain) = weights.into_iter().max().expect("somebody looks");
            if !is_page {
                together += gzip;
            }
            let name = if path == form { "/tickets/new?product=…" } else { path };
            row(
                &format!("weight of `{name}`, of the heaviest reader"),
                &format!("{} kB, compressed {} kB", kilo(plain), kilo(gzip)),
            );
        }
        row("weight of style sheet and script together, once", &format!("{} kB", kilo(together)));
    }
}

fn kilo(bytes: usize) -> String {
    format!("{:.1}", f64::from(u32::try_from(bytes).expect("small")) / 1e3)
}

fn show(readers: &[Reader], taken: &[Times]) {
    let whose = PAGES.iter().flat_map(|page| readers.iter().map(move |reader| (page, reader)));
    for (at, ((name, _), reader)) in whose.enumerate() {
        let mut shown = Vec::new();
        for (size, times) in SIZES.iter().zip(taken) {
            let own = times.get(at).expect("measured");
            let by = CLIENTS.iter().zip(own).map(|(clients, (p50, p99))| {
                format!(
                    "{clients} client{}: {p50:.1} / {p99:.1} ms",
                    if *clients == 1 { "" } else { "s" }
                )
            });
            shown.push(format!("{size} tickets: {}", by.collect::<Vec<_>>().join(", ")));
        }
        row(&format!("{name}, {}: p50 / p99", reader.username), &shown.join("; "));
    }
}
