//! A small world: two hospitals, two manufacturers, a distributor and the bureaus above them,
//! with sentences for what happens in it.
//!
//! Everybody is known by the name they sign in with; the password is [`PASSWORD`].
//!
//! **Never** goes around the service: what a sentence does, a person could do.

use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, NaiveDate, Utc};
use supplyline::clock::Clock;
use supplyline::domain::access::{Scope, Visible};
use supplyline::domain::id::{OrganisationId, ProductId, TicketId, UserId};
use supplyline::domain::party::{Division, Language, Organisation, OrganisationKind, Role};
use supplyline::domain::policy::Urgency;
use supplyline::domain::ticket::{
    Act, Category, Cause, Contact, EventData, Reply, Report, Ticket, wake_at,
};
use supplyline::service::tickets::{Filing, TicketView};
use supplyline::service::{App, Error, Limits, Once, Rendered, accounts, sweep, tickets};
use supplyline::store::accounts::NewUser;
use supplyline::store::catalogue::{Agreement, Product};
use supplyline::store::outbox::Logged;
use supplyline::store::{self, Store, outbox};
use uuid::Uuid;

use super::db::TestDb;

/// Friday, 13 February 2026, 10:30 in Shanghai. Saturday the 14th is a make-up working day, the
/// Spring Festival lasts from the 15th to the 23rd.
pub(crate) const START: &str = "2026-02-13T02:30:00Z";
/// The second working day after [`START`] ends: 24:00 of Tuesday the 24th.
pub(crate) const REPLY_DUE: &str = "2026-02-24T16:00:00Z";
/// The fifth working day after [`START`] ends: 24:00 of Friday the 27th.
pub(crate) const RESOLVE_DUE: &str = "2026-02-27T16:00:00Z";
/// Everybody's.
pub(crate) const PASSWORD: &str = "supplyline-demo";
/// `maker`'s product, delivered to `hospital` by `distributor`.
pub(crate) const INSULIN: &str = "XS01AAA001B002010100001";
/// `maker2`'s product.
pub(crate) const CEFTRIAXONE: &str = "XJ01DDT067B001010200002";

/// `(sign-in name, organisation, language)`
type Person = (&'static str, &'static str, Role, Language);
/// `(short name, kind, division, name)`
const HOUSES: [(&str, OrganisationKind, &str, &str); 12] = [
    ("hospital", OrganisationKind::Hospital, "371002", "滨海市第一人民医院"),
    ("hospital2", OrganisationKind::Hospital, "370202", "岛城中心医院"),
    ("maker", OrganisationKind::Manufacturer, "320500", "岱海制药有限公司"),
    ("maker2", OrganisationKind::Manufacturer, "330100", "钱江药业股份有限公司"),
    ("distributor", OrganisationKind::Distributor, "371000", "滨海医药配送有限公司"),
    ("distributor2", OrganisationKind::Distributor, "370200", "岛城医药物流有限公司"),
    ("county", OrganisationKind::Bureau, "371002", "滨海区医保局"),
    ("city", OrganisationKind::Bureau, "371000", "滨海市医保局"),
    ("county2", OrganisationKind::Bureau, "370202", "岛城市南区医保局"),
    ("city2", OrganisationKind::Bureau, "370200", "岛城市医保局"),
    ("province", OrganisationKind::Bureau, "370000", "省医保局"),
    ("platform", OrganisationKind::Platform, "370000", "平台"),
];
const PEOPLE: [Person; 14] = [
    ("hospital", "hospital", Role::Hospital, Language::Chinese),
    ("hospital2", "hospital2", Role::Hospital, Language::Chinese),
    ("maker", "maker", Role::Manufacturer, Language::Chinese),
    ("maker-en", "maker", Role::Manufacturer, Language::English),
    ("maker2", "maker2", Role::Manufacturer, Language::Chinese),
    ("distributor", "distributor", Role::Distributor, Language::Chinese),
    ("county", "county", Role::Bureau, Language::Chinese),
    ("city", "city", Role::Bureau, Language::Chinese),
    ("county2", "county2", Role::Bureau, Language::Chinese),
    ("city2", "city2", Role::Bureau, Language::Chinese),
    ("province", "province", Role::Bureau, Language::Chinese),
    ("admin", "platform", Role::Admin, Language::Chinese),
    ("security", "platform", Role::Security, Language::Chinese),
    ("auditor", "platform", Role::Auditor, Language::Chinese),
];

/// An instant.
pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect(text)
}

/// A date.
pub(crate) fn on(text: &str) -> NaiveDate {
    NaiveDate::from_str(text).expect(text)
}

/// A division.
pub(crate) fn division(text: &str) -> Division {
    Division::parse(text).expect(text)
}

/// An organisation's id, by its short name.
pub(crate) fn house(name: &str) -> OrganisationId {
    OrganisationId(id("house", name))
}

/// A person's id, by their sign-in name.
pub(crate) fn person(username: &str) -> UserId {
    UserId(id("person", username))
}

/// A product's id, by its code.
pub(crate) fn product(code: &str) -> ProductId {
    ProductId(id("product", code))
}

fn id(kind: &str, name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_DNS, format!("{kind}:{name}").as_bytes())
}

/// Fills a migrated and seeded database with the world.
pub(crate) async fn fill(store: &Store) {
    let filled = store.write(|tx| {
        Box::pin(async move {
            let at = at("2026-01-01T00:00:00Z");
            store::accounts::insert_organisations(tx, &houses(), at).await?;
            store::accounts::insert_users(tx, &people(), at).await?;
            store::catalogue::insert(tx, division("370000"), &products()).await?;
            store::catalogue::insert_agreements(tx, &agreements()).await
        })
    });
    filled.await.expect("the world is written");
}

/// Adds somebody to the world: a manufacturer's person, for a territory or for none.
pub(crate) async fn add_colleague(
    store: &Store,
    username: &'static str,
    (organisation, territory): (&'static str, Option<&'static str>),
    is_reachable: bool,
) {
    let somebody = people().into_iter().find(|user| user.organisation == house(organisation));
    let somebody = somebody.expect("an organisation of the world");
    let address = Some(format!("{username}@supply.example")).filter(|_| is_reachable);
    let colleague = NewUser {
        id: person(username),
        username: username.to_owned(),
        name: format!("{username} 先生"),
        email: address,
        phone: None,
        territory: territory.map(division),
        ..somebody
    };
    let added = store.write(move |tx| {
        let colleague = colleague.clone();
        Box::pin(async move {
            store::accounts::insert_users(tx, &[colleague], at("2026-01-01T00:00:00Z")).await
        })
    });
    added.await.expect("the colleague is written");
}

fn houses() -> Vec<Organisation> {
    let house_of = |(short, kind, place, name): (&str, OrganisationKind, &str, &str)| {
        Organisation { id: house(short), kind, name: name.to_owned(), division: division(place) }
    };
    HOUSES.map(house_of).to_vec()
}

/// Another administrator, who may approve what the first proposes.
pub(crate) async fn second_administrator(store: &Store) {
    let second = new_user(("admin2", "platform", Role::Admin, Language::Chinese));
    let added = store.write(move |tx| {
        let second = vec![second.clone()];
        Box::pin(async move { store::accounts::insert_users(tx, &second, at(START)).await })
    });
    added.await.expect("the administrator is written");
}

fn new_user((username, organisation, role, language): Person) -> NewUser {
    static HASH: OnceLock<String> = OnceLock::new();
    let hash = HASH.get_or_init(|| accounts::hash_password(PASSWORD).expect("randomness"));
    NewUser {
        id: person(username),
        organisation: house(organisation),
        username: username.to_owned(),
        name: format!("{username} 女士"),
        role,
        email: Some(format!("{username}@supply.example")),
        phone: Some("13800000000".to_owned()),
        language,
        territory: None,
        password_hash: hash.clone(),
    }
}

fn people() -> Vec<NewUser> {
    PEOPLE.map(new_user).to_vec()
}

fn products() -> Vec<Product> {
    let product_of = |code: &str, name: &str, manufacturer| Product {
        id: product(code),
        code: code.to_owned(),
        name: name.to_owned(),
        form: "注射剂".to_owned(),
        specification: "3ml:300U".to_owned(),
        unit: "支".to_owned(),
        manufacturer,
    };
    vec![
        product_of(INSULIN, "甘精胰岛素注射液", house("maker")),
        product_of(CEFTRIAXONE, "注射用头孢曲松钠", house("maker2")),
    ]
}

fn agreements() -> Vec<(OrganisationId, Agreement)> {
    let agreed = |code, distributor| Agreement {
        product: product(code),
        distributor,
        agreed_quantity: 12_000,
    };
    vec![
        (house("hospital"), agreed(INSULIN, Some(house("distributor")))),
        (house("hospital"), agreed(CEFTRIAXONE, None)),
        (house("hospital2"), agreed(INSULIN, None)),
    ]
}

/// What a hospital writes, where the test does not care.
pub(crate) fn report(summary: &str) -> Report {
    Report {
        category: Category::ShortDelivery,
        summary: summary.to_owned(),
        description: "连续两周未到货，病区已停用。".to_owned(),
        quantity_short: 300,
        unit: "支".to_owned(),
        days_of_stock: Some(4),
        order_refs: vec!["DD-20260201-01".to_owned()],
        contact: Contact { name: "张敏".to_owned(), phone: "13800000001".to_owned() },
    }
}

/// A manufacturer's reply that promises a day.
pub(crate) fn reply(promised_on: &str) -> Act {
    Act::Reply(Reply {
        cause: Cause::Logistics,
        promised_on: on(promised_on),
        promised_quantity: 300,
        message: "已安排加急配送。".to_owned(),
        contact: Contact { name: "李强".to_owned(), phone: "13800000002".to_owned() },
    })
}

/// The world at work.
pub(crate) struct World {
    pub(crate) app: App,
}

impl World {
    /// The world in a test's database, its clock standing at [`START`].
    pub(crate) async fn on(db: &TestDb) -> Self {
        fill(&db.store).await;
        Self::over(db.store.clone(), Clock::still_at(at(START))).await
    }

    /// The world of a filled database; a replica has the same clock and a store of its own.
    pub(crate) async fn over(store: Store, clock: Clock) -> Self {
        let app = App::open(store, clock, Limits::Off).await.expect("the rulebook");
        Self { app }
    }

    /// What somebody can reach.
    pub(crate) async fn scope(&self, username: &str) -> Scope {
        let found =
            store::accounts::find_by_username(self.app.store.read_unscoped(), username).await;
        Scope::granted(found.expect("the database answers").expect(username).actor)
    }

    /// `hospital` reports that insulin runs short.
    pub(crate) async fn file(&self) -> TicketId {
        self.file_for("hospital", INSULIN, "胰岛素短缺").await
    }

    /// A hospital reports a product.
    pub(crate) async fn file_for(&self, hospital: &str, code: &str, summary: &str) -> TicketId {
        let filing = Filing {
            product_code: code.to_owned(),
            urgency: Urgency::Ordinary,
            report: report(summary),
            follows: None,
        };
        let scope = self.scope(hospital).await;
        let read = Arc::new(move || Ok(filing.clone()));
        let answered = tickets::file(&self.app, &scope, read, once()).await.expect("it is filed");
        answered.answer.body.parse().expect("the ticket's id")
    }

    /// Somebody acts on a ticket.
    pub(crate) async fn act(&self, username: &str, id: TicketId, act: Act) -> Result<(), Error> {
        let (scope, kind) = (self.scope(username).await, act.kind());
        let read = Arc::new(move || Ok(act.clone()));
        tickets::act(&self.app, &scope, id, kind, read, once()).await.map(drop)
    }

    /// `maker` replies.
    pub(crate) async fn reply(&self, id: TicketId, promised_on: &str) {
        self.act("maker", id, reply(promised_on)).await.expect("the reply is accepted");
    }

    /// Time passes while the service runs: every due instant up to `to` is swept when it comes.
    pub(crate) async fn advance_to(&self, to: &str) {
        let next = || store::sweep::next_due(self.app.store.read_unscoped(), self.app.clock.now());
        self.sweep().await;
        while let Some(due_at) =
            next().await.expect("the database answers").filter(|d| *d <= at(to))
        {
            self.app.clock.move_to(due_at);
            self.sweep().await;
        }
        self.app.clock.move_to(at(to));
    }

    /// Time passes while the service stands still.
    pub(crate) fn jump_to(&self, to: &str) {
        self.app.clock.move_to(at(to));
    }

    /// Sweeps until nothing is due; gives how many tickets were handled.
    pub(crate) async fn sweep(&self) -> usize {
        let mut all = 0;
        loop {
            let handled = sweep::run_once(&self.app, self.app.clock.now()).await;
            match handled.expect("the sweep runs") {
                0 => return all,
                handled => all += handled,
            }
        }
    }

    /// The ticket as it is kept.
    pub(crate) async fn ticket(&self, id: TicketId) -> Ticket {
        let found = store::tickets::find(self.app.store.read_unscoped(), Visible::Bare, id).await;
        found.expect("the database answers").expect("the ticket exists")
    }

    /// Its timeline.
    pub(crate) async fn events(&self, id: TicketId) -> Vec<EventData> {
        let rows = store::tickets::events(self.app.store.read_unscoped(), id, 0, 1_000).await;
        rows.expect("the database answers").into_iter().map(|row| row.data).collect()
    }

    /// The names of the events in its timeline.
    pub(crate) async fn story(&self, id: TicketId) -> Vec<&'static str> {
        self.events(id).await.iter().map(EventData::name).collect()
    }

    /// What leaves the service about it.
    pub(crate) async fn deliveries(&self, id: TicketId) -> Vec<Logged> {
        outbox::of_ticket(self.app.store.read_unscoped(), id).await.expect("the database answers")
    }

    /// When the clock will look at it next, which must be what its timer says.
    pub(crate) async fn wakes_at(&self, id: TicketId) -> Option<DateTime<Utc>> {
        wake_at(&self.ticket(id).await)
    }
}

/// A request without a key, whose answer is the ticket's id.
fn once() -> Once<TicketView> {
    Once {
        key: None,
        expected_version: None,
        render: Arc::new(|view: &TicketView| Rendered {
            status: 200,
            etag: None,
            body: view.ticket.id.to_string(),
        }),
    }
}
