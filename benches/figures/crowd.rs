//! A year of a province's tickets, decided by the rules and written as the service writes them.

use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use supplyline::domain::calendar::{Calendar, local_date};
use supplyline::domain::id::{OrganisationId, ProductId, TicketId, UserId};
use supplyline::domain::party::{Actor, Division, Organisation, OrganisationKind, Role};
use supplyline::domain::policy::{Policy, Urgency};
use supplyline::domain::search;
use supplyline::domain::ticket::{
    self, Act, Category, Cause, Change, Command, Confirm, Contact, Historic, NewTicket, Rating,
    Reachable, Reply, Report, Rules, Verdict,
};
use supplyline::shipped;
use supplyline::store::catalogue::{self, Agreement, Product};
use supplyline::store::{self, Batch, Store, tickets};
use uuid::Uuid;

const HOSPITALS: u32 = 400;
const MAKERS: u32 = 80;
const PRODUCTS: u32 = 600;
/// When the first ticket's id was drawn, in milliseconds of Unix time.
const FIRST: u64 = 1_762_131_600_000;
const PER_TRANSACTION: u32 = 5_000;

/// The parties, by number.
struct Crowd {
    hospitals: Vec<Organisation>,
    makers: Vec<Organisation>,
    calendar: Calendar,
    policy: Policy,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
}

/// Adds the tickets of these numbers, and their parties with the first of them; gives the instant at
/// which they stand as they do.
pub(crate) async fn fill(store: &Store, numbers: Range<u32>) -> DateTime<Utc> {
    let crowd = Arc::new(Crowd::new());
    if numbers.start == 0 {
        let crowd = Arc::clone(&crowd);
        let added = store.write(move |tx| {
            let crowd = Arc::clone(&crowd);
            Box::pin(async move { crowd.settle(tx).await })
        });
        added.await.expect("the parties are written");
    }
    let last = numbers.end;
    for first in numbers.step_by(usize::try_from(PER_TRANSACTION).expect("small")) {
        let last = last.min(first + PER_TRANSACTION);
        let crowd = Arc::clone(&crowd);
        let filed = store.write(move |tx| {
            let changes: Vec<_> = (first..last).map(|number| crowd.ticket(number)).collect();
            Box::pin(async move {
                let mut batch = Batch::on(tx);
                tickets::insert_all(&mut batch, &changes);
                batch.run(tx).await
            })
        });
        filed.await.expect("tickets are written");
    }
    crowd.now
}

/// Adds so many open tickets of this morning, and their parties; gives the present instant.
pub(crate) async fn fill_open(store: &Store, count: u32) -> DateTime<Utc> {
    let crowd = Arc::new(Crowd::new());
    let settled = Arc::clone(&crowd);
    let added = store.write(move |tx| {
        let crowd = Arc::clone(&settled);
        Box::pin(async move { crowd.settle(tx).await })
    });
    added.await.expect("the parties are written");
    for first in (0..count).step_by(usize::try_from(PER_TRANSACTION).expect("small")) {
        let (crowd, last) = (Arc::clone(&crowd), count.min(first + PER_TRANSACTION));
        let filed = store.write(move |tx| {
            let changes: Vec<_> = (first..last).map(|number| crowd.open(number)).collect();
            Box::pin(async move {
                let mut batch = Batch::on(tx);
                tickets::insert_all(&mut batch, &changes);
                batch.run(tx).await
            })
        });
        filed.await.expect("tickets are written");
    }
    crowd.now
}

/// The id of a ticket of the crowd. As everywhere, those filed later come later.
pub(crate) fn ticket(number: u32) -> TicketId {
    let mut rest = [0; 10];
    rest.iter_mut().rev().zip(number.to_le_bytes()).for_each(|(to, byte)| *to = byte);
    TicketId(
        uuid::Builder::from_unix_timestamp_millis(FIRST + u64::from(number), &rest).into_uuid(),
    )
}

/// A hospital of the crowd whose county, city and province have bureaus in the demo.
pub(crate) fn hospital() -> OrganisationId {
    OrganisationId(id("医院", 41))
}

/// The manufacturer of the crowd's first product.
pub(crate) fn maker() -> OrganisationId {
    OrganisationId(id("制药", 0))
}

/// The code of the crowd's first product.
pub(crate) fn product() -> String {
    code(0)
}

fn code(number: u32) -> String {
    format!("XB{number:021}")
}

fn id(kind: &str, number: u32) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{kind} {number}").as_bytes())
}

fn pick(from: &[Organisation], number: u32) -> &Organisation {
    let at = usize::try_from(number).expect("small") % from.len();
    from.get(at).expect("within")
}

impl Crowd {
    fn new() -> Self {
        let house = |kind, word: &str, number, place: u32| Organisation {
            id: OrganisationId(id(word, number)),
            kind,
            name: format!("示例{word}{number:04}"),
            division: Division::parse(&place.to_string()).expect("a division"),
        };
        // Sixteen cities of ten counties each.
        let county = |number: u32| 370_101 + number % 16 * 100 + number % 10;
        let hospitals = (0..HOSPITALS)
            .map(|number| house(OrganisationKind::Hospital, "医院", number, county(number)));
        let makers = (0..MAKERS)
            .map(|number| house(OrganisationKind::Manufacturer, "制药", number, 320_500));
        Self {
            hospitals: hospitals.collect(),
            makers: makers.collect(),
            calendar: Calendar::layered("CN-1", &[&shipped::nation().expect("shipped")]),
            policy: Policy::national(),
            from: "2025-11-03T01:00:00Z".parse().expect("an instant"),
            now: "2026-11-16T01:00:00Z".parse().expect("an instant"),
        }
    }

    async fn settle(&self, tx: &sea_orm::DatabaseTransaction) -> Result<(), store::Error> {
        let houses: Vec<_> = self.hospitals.iter().chain(&self.makers).cloned().collect();
        store::accounts::insert_organisations(tx, &houses, self.from).await?;
        let product = |number| Product {
            id: ProductId(id("product", number)),
            code: code(number),
            name: format!("示例药品{number:04}"),
            form: "片剂".to_owned(),
            specification: "10mg×28".to_owned(),
            unit: "盒".to_owned(),
            manufacturer: pick(&self.makers, number).id,
        };
        let products: Vec<_> = (0..PRODUCTS).map(product).collect();
        let province = Division::parse("370000").expect("a division");
        catalogue::insert(tx, province, &products).await?;
        // Four hospitals of five have an agreed quantity.
        let agreed = |number: u32| {
            let hospital = pick(&self.hospitals, number).id;
            let own = (0..PRODUCTS).filter(move |product| !(product + number).is_multiple_of(5));
            own.map(move |product| {
                let product = ProductId(id("product", product));
                (hospital, Agreement { product, distributor: None, agreed_quantity: 9_000 })
            })
        };
        let agreements: Vec<_> = (0..HOSPITALS).flat_map(agreed).collect();
        catalogue::insert_agreements(tx, &agreements).await
    }

    /// A ticket and what became of it: of twenty, two each are silent, promised, withdrawn and
    /// historic; of the others most are solved in time.
    fn ticket(&self, number: u32) -> (Change, String) {
        let spread = i64::from(number) * 5_407 % (340 * 24 * 60);
        let filed_at = self.from + TimeDelta::minutes(spread);
        let change = match number % 20 {
            0 | 1 => self.over(number, filed_at),
            kind => self.lived(number, filed_at, kind),
        };
        let report = &change.ticket.report;
        let terms = search::terms(&format!(
            "{} {} {}",
            change.ticket.number, report.summary, report.description
        ));
        (change, terms)
    }

    /// A ticket of this morning that nobody has answered.
    fn open(&self, number: u32) -> (Change, String) {
        let change = self.lived(number, self.now - TimeDelta::minutes(i64::from(number % 480)), 2);
        let terms = search::terms(&change.ticket.number);
        (change, terms)
    }

    fn lived(&self, number: u32, filed_at: DateTime<Utc>, kind: u32) -> Change {
        let rules = Rules { calendar: &self.calendar, policy: &self.policy, desks: &[] };
        let (hospital, maker) = (self.hospital(number), self.maker(number));
        let new = NewTicket {
            id: ticket(number),
            number: self.number(number, filed_at),
            hospital: hospital.organisation.id,
            division: hospital.organisation.division,
            manufacturer: maker.organisation.id,
            distributor: None,
            product: ProductId(id("product", number % PRODUCTS)),
            urgency: Urgency::Ordinary,
            report: report(number),
            follows: None,
            by: hospital.clone(),
        };
        let mut change = ticket::file(new, filed_at, Reachable::Yes, &rules).expect("filed");
        let hours = |hours: u32| filed_at + TimeDelta::hours(i64::from(hours));
        let acts: Vec<(DateTime<Utc>, &Actor, Act)> = match kind {
            2 | 3 => Vec::new(),
            4 | 5 => vec![(hours(20), &maker, reply(hours(20)))],
            6 | 7 => vec![(hours(9), &hospital, Act::Withdraw { reason: "重复".to_owned() })],
            8..=11 => vec![
                (hours(16 * 24), &maker, reply(hours(16 * 24))),
                (hours(17 * 24), &maker, solve()),
                (hours(18 * 24), &hospital, confirm(Rating::Dissatisfied)),
            ],
            _ => vec![
                (hours(5), &maker, reply(hours(5))),
                (hours(22), &maker, solve()),
                (hours(40), &hospital, confirm(Rating::Satisfied)),
            ],
        };
        for (at, actor, act) in acts.into_iter().filter(|(at, ..)| *at <= self.now) {
            let here = ticket::advance(&change.ticket, at, &rules).expect("advanced");
            change = change.then(here);
            let done = ticket::decide(&change.ticket, Command::Act(actor, act), at, &rules);
            change = change.then(done.expect("allowed"));
        }
        let here = ticket::advance(&change.ticket, self.now, &rules).expect("advanced");
        change.then(here)
    }

    fn over(&self, number: u32, filed_at: DateTime<Utc>) -> Change {
        let hospital = self.hospital(number).organisation;
        ticket::over(Historic {
            id: ticket(number),
            number: self.number(number, filed_at),
            hospital: hospital.id,
            division: hospital.division,
            manufacturer: self.maker(number).organisation.id,
            distributor: None,
            product: ProductId(id("product", number % PRODUCTS)),
            urgency: Urgency::Ordinary,
            report: report(number),
            filed_at,
            ended_at: filed_at + TimeDelta::days(i64::from(number % 30)),
            withdrawn: None,
        })
    }

    fn hospital(&self, number: u32) -> Actor {
        actor(Role::Hospital, pick(&self.hospitals, number / 7))
    }

    fn maker(&self, number: u32) -> Actor {
        actor(Role::Manufacturer, pick(&self.makers, number % PRODUCTS))
    }

    fn number(&self, number: u32, filed_at: DateTime<Utc>) -> String {
        let division = self.hospital(number).organisation.division;
        format!("SQ-{division}-{}-{number:06}", local_date(filed_at).format("%Y%m%d"))
    }
}

fn actor(role: Role, organisation: &Organisation) -> Actor {
    let user = UserId(organisation.id.0);
    Actor { user, name: "经办人".to_owned(), role, organisation: organisation.clone() }
}

fn report(number: u32) -> Report {
    Report {
        category: Category::SupplyStop,
        summary: format!("示例药品断供第{number}次"),
        description: "连续三周下单均未配送，库存仅够两天，临床已停用，请尽快安排供货。".to_owned(),
        quantity_short: 500,
        unit: "盒".to_owned(),
        days_of_stock: Some(2),
        order_refs: vec!["DD-0001".to_owned()],
        contact: contact(),
    }
}

fn contact() -> Contact {
    Contact { name: "张心晴".to_owned(), phone: "13900000001".to_owned() }
}

fn reply(at: DateTime<Utc>) -> Act {
    Act::Reply(Reply {
        cause: Cause::Logistics,
        promised_on: local_date(at) + TimeDelta::days(1),
        promised_quantity: 500,
        message: "已安排加急配送。".to_owned(),
        contact: contact(),
    })
}

fn solve() -> Act {
    Act::Solve { message: "已送达。".to_owned(), delivered_quantity: 500, evidence: Vec::new() }
}

fn confirm(rating: Rating) -> Act {
    Act::Confirm(Confirm {
        result: Verdict::Solved,
        remaining_quantity: None,
        rating: Some(rating),
        comment: None,
    })
}
