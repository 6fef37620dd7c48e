//! The place the simulated tickets live in: calendars, the policy, bureaus and people.
//!
//! **Never** changes while a run lasts, but for which calendar is in force.

use std::sync::LazyLock;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use rand::Rng as _;
use rand::rngs::SmallRng;
use supplyline::domain::calendar::{Calendar, Day, DayKind, Layer};
use supplyline::domain::escalation::Desk;
use supplyline::domain::holiday::read_year;
use supplyline::domain::id::{OrganisationId, ProductId, TicketId, UserId};
use supplyline::domain::notice::{Channel, channels, leaves_at};
use supplyline::domain::party::{Actor, Division, Level, Organisation, Role};
use supplyline::domain::policy::{Policy, ResolveFrom, Urgency};
use supplyline::domain::ticket::{
    Category, Change, Contact, NewTicket, Party, Report, Rules, Ticket,
};
use uuid::Uuid;

use super::store::Told;

/// Milliseconds since 1970, in true time.
pub(crate) type Ms = i64;

pub(crate) const SECOND: Ms = 1_000;
pub(crate) const MINUTE: Ms = 60 * SECOND;
pub(crate) const HOUR: Ms = 60 * MINUTE;
pub(crate) const DAY: Ms = 24 * HOUR;

/// Calendars that an administrator may put in force, one after the other.
pub(crate) const CALENDARS: usize = 6;

pub(crate) fn instant(ms: Ms) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).expect("an instant")
}

/// The first whole millisecond that is not before the instant.
pub(crate) fn not_before(at: DateTime<Utc>) -> Ms {
    let ms = at.timestamp_millis();
    if instant(ms) < at { ms + 1 } else { ms }
}

/// The State Council's days, and five editions of them with single days changed.
static EDITIONS: LazyLock<Vec<Calendar>> = LazyLock::new(|| {
    let mut nation = Layer::default();
    for year in [
        include_str!("../../data/calendars/2025.json"),
        include_str!("../../data/calendars/2026.json"),
    ] {
        nation.publish(read_year(year).expect("a shipped year"));
    }
    (0..CALENDARS)
        .map(|edition| Calendar::layered(format!("CN-{edition}"), &[&edited(&nation, edition)]))
        .collect()
});

fn edited(nation: &Layer, edition: usize) -> Layer {
    let mut layer = nation.clone();
    let first = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date");
    let stride = 11 + u64::try_from(edition).expect("small") * 4;
    for step in 0..(if edition == 0 { 0 } else { 360 / stride }) {
        let date = first + Days::new(step * stride + u64::try_from(edition).expect("small"));
        let kind = if step % 3 == 2 { DayKind::Makeup } else { DayKind::Rest };
        let day = Day { date, kind, name: "临时".to_owned(), source: "simulated".to_owned() };
        layer.days.insert(date, day);
    }
    layer
}

/// Everything that a decision depends on besides the ticket.
pub(crate) struct World {
    policy: Policy,
    desks: Vec<Desk>,
}

/// Somebody who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Person(u8);

fn organisation(number: u128) -> OrganisationId {
    OrganisationId(Uuid::from_u128(number))
}

const HOSPITAL: u128 = 1;
const MANUFACTURER: u128 = 2;
const DISTRIBUTOR: u128 = 3;

/// Those who act: the hospital, the manufacturer, the distributor, the city and the province.
pub(crate) static ACTORS: LazyLock<[Actor; 5]> = LazyLock::new(|| {
    [
        actor(Role::Hospital, HOSPITAL, "371002"),
        actor(Role::Manufacturer, MANUFACTURER, "320000"),
        actor(Role::Distributor, DISTRIBUTOR, "370000"),
        actor(Role::Bureau, 371_000, "371000"),
        actor(Role::Bureau, 370_000, "370000"),
    ]
});

fn actor(role: Role, number: u128, division: &str) -> Actor {
    Actor {
        user: UserId(Uuid::from_u128(number + 1_000_000_000)),
        name: format!("{role:?}"),
        role,
        organisation: Organisation {
            id: organisation(number),
            kind: role.organisation_kind(),
            name: format!("{role:?} {number}"),
            division: Division::parse(division).expect(division),
        },
    }
}

impl World {
    pub(crate) fn drawn(rng: &mut SmallRng) -> Self {
        let mut policy = Policy::national();
        if rng.random_ratio(1, 4) {
            policy.resolve_from = ResolveFrom::Reply;
        }
        if rng.random_ratio(1, 4) {
            policy.counting.due_time = chrono::NaiveTime::from_hms_opt(17, 30, 0);
        }
        if rng.random_ratio(1, 4) {
            policy.counting.cutoff_time = chrono::NaiveTime::from_hms_opt(16, 0, 0);
        }
        // Sometimes nobody works at the city's desk, and the province is the first rung.
        let city_is_staffed = !rng.random_ratio(1, 6);
        let desk = |code: &str, staffed| Desk {
            bureau: organisation(code.parse().expect(code)),
            name: code.to_owned(),
            division: Division::parse(code).expect(code),
            staffed,
        };
        let desks =
            vec![desk("371002", true), desk("371000", city_is_staffed), desk("370000", true)];
        Self { policy, desks }
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(crate) fn calendar(book: usize) -> &'static Calendar {
        EDITIONS.get(book % CALENDARS).expect("an edition")
    }

    pub(crate) fn rules(&self, book: usize) -> Rules<'_> {
        Rules { calendar: Self::calendar(book), policy: &self.policy, desks: &self.desks }
    }

    /// The bureau that decides what is asked, as its place among [`ACTORS`].
    pub(crate) fn decider(&self) -> usize {
        let city =
            self.desks.iter().any(|desk| desk.division.level() == Level::City && desk.staffed);
        if city { 3 } else { 4 }
    }

    pub(crate) fn new_ticket(index: usize, urgency: Urgency) -> NewTicket {
        let contact = Contact { name: "王".to_owned(), phone: "13800000000".to_owned() };
        NewTicket {
            id: TicketId(Uuid::from_u128(u128::try_from(index).expect("small") + 1)),
            number: format!("SQ-371002-20260105-{index:04}"),
            hospital: organisation(HOSPITAL),
            division: Division::parse("371002").expect("a division"),
            manufacturer: organisation(MANUFACTURER),
            distributor: Some(organisation(DISTRIBUTOR)),
            product: ProductId(Uuid::from_u128(8)),
            urgency,
            report: Report {
                category: Category::SupplyStop,
                summary: String::new(),
                description: String::new(),
                quantity_short: 100,
                unit: "盒".to_owned(),
                days_of_stock: None,
                order_refs: Vec::new(),
                contact,
            },
            follows: None,
            by: ACTORS[0].clone(),
        }
    }

    /// Who is told what by a change, on which channels and when: what the service writes into the
    /// outbox with it.
    pub(crate) fn told(&self, change: &Change, book: usize) -> Vec<Told> {
        let quiet = (Self::calendar(book), self.policy.quiet_hours);
        let ticket = &change.ticket;
        let mut told: Vec<Told> = Vec::new();
        for event in &change.events {
            for tell in &event.tells {
                for &(person, has_phone) in people(ticket, tell.to) {
                    let key = (event.sequence, tell.kind, person);
                    if told.iter().any(|one| (one.event, one.kind, one.to) == key) {
                        continue;
                    }
                    let ways = channels(tell.kind, tell.to).iter().copied();
                    let ways = ways.filter(|way| *way == Channel::Mail || has_phone).collect();
                    let leaves_at = leaves_at(tell.kind, ticket.urgency, event.at, quiet);
                    let (event, kind, at) = (event.sequence, tell.kind, event.at);
                    let emergency = ticket.urgency == Urgency::Emergency;
                    told.push(Told { event, kind, to: person, at, ways, leaves_at, emergency });
                }
            }
        }
        told
    }

    /// When a letter that failed at `at` may leave again after a pause.
    pub(crate) fn leaves_again(
        &self,
        told: &Told,
        at: DateTime<Utc>,
        pause: TimeDelta,
    ) -> DateTime<Utc> {
        let urgency = if told.emergency { Urgency::Emergency } else { Urgency::Ordinary };
        let quiet = (Self::calendar(0), self.policy.quiet_hours);
        leaves_at(told.kind, urgency, at + pause, quiet)
    }
}

/// The people of a party, and whether they have a phone.
fn people(ticket: &Ticket, party: Party) -> &'static [(Person, bool)] {
    match party {
        Party::Hospital => &[(Person(0), true)],
        Party::Manufacturer => &[(Person(1), true), (Person(2), false)],
        Party::Distributor if ticket.distributor.is_some() => &[(Person(3), false)],
        Party::Distributor => &[],
        Party::Bureau(bureau) if bureau == organisation(371_000) => &[(Person(4), true)],
        Party::Bureau(_) => &[(Person(5), true)],
    }
}
