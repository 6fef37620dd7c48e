//! A small world to tell tickets' lives in: a sample province, its people, and a clock.
//!
//! **Never** judges: it advances the ticket to the instant of an act, decides the act, and
//! keeps what came of it.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use supplyline::domain::attachment::{Attachment, Evidence, FileType};
use supplyline::domain::calendar::{
    Calendar, Layer, at_time, local_date, local_time, midnight_after,
};
use supplyline::domain::escalation::{Desk, Escalation, MeasureKind, Reason};
use supplyline::domain::holiday::read_year;
use supplyline::domain::id::{
    AttachmentId, EscalationId, OrganisationId, ProductId, TicketId, UserId,
};
use supplyline::domain::party::{Actor, Division, Level, Organisation, Role};
use supplyline::domain::policy::{Policy, Urgency};
use supplyline::domain::ticket::{
    Act, Audience, Category, Cause, Command, Confirm, Contact, Deadline, DeadlineKind,
    DeadlineStatus, Decision, Event, NewTicket, Reachable, Refusal, Reply, Report, Rules,
    StateName, TakeMeasure, Ticket, Topic, Verdict, advance, decide, file, wake_at,
};
use uuid::Uuid;

/// 2025 and 2026 are published; 2027 is not.
static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| {
    let mut nation = Layer::default();
    for year in [
        include_str!("../../data/calendars/2025.json"),
        include_str!("../../data/calendars/2026.json"),
    ] {
        nation.publish(read_year(year).expect("a shipped year"));
    }
    Calendar::layered("2026", &[&nation])
});

pub(crate) fn calendar() -> &'static Calendar {
    &CALENDAR
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().expect(text)
}

/// `2026-03-02 10:00` in Shanghai; `24:00` is the end of the day.
pub(crate) fn t(text: &str) -> DateTime<Utc> {
    let (day, time) = text.split_once(' ').expect(text);
    match time {
        "24:00" => midnight_after(date(day)),
        time => at_time(date(day), time.parse().expect(text)),
    }
}

/// The same, back.
pub(crate) fn shown(at: DateTime<Utc>) -> String {
    match (local_date(at), local_time(at)) {
        (day, NaiveTime::MIN) => format!("{} 24:00", day.pred_opt().expect("a day before")),
        (day, time) => format!("{day} {}", time.format("%H:%M")),
    }
}

pub(crate) fn organisation(number: u128) -> OrganisationId {
    OrganisationId(Uuid::from_u128(number))
}

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

/// Somebody of the role; the bureau is the city's.
pub(crate) fn person(role: Role) -> Actor {
    match role {
        Role::Hospital => actor(role, 1, "371002"),
        Role::Manufacturer => actor(role, 2, "320000"),
        Role::Distributor => actor(role, 3, "370000"),
        Role::Bureau => bureau("371000"),
        Role::Admin => actor(role, 4, "370000"),
        Role::Security => actor(role, 5, "370000"),
        Role::Auditor => actor(role, 6, "370000"),
    }
}

/// An officer of the bureau of a division.
pub(crate) fn bureau(division: &str) -> Actor {
    actor(Role::Bureau, division.parse().expect(division), division)
}

pub(crate) struct World {
    pub(crate) calendar: &'static Calendar,
    pub(crate) policy: Policy,
    pub(crate) desks: Vec<Desk>,
    pub(crate) urgency: Urgency,
    pub(crate) division: &'static str,
    pub(crate) reachable: Reachable,
}

/// The national policy in a county of Shandong where every desk is staffed.
pub(crate) fn world() -> World {
    let world = World {
        calendar: calendar(),
        policy: Policy::national(),
        desks: Vec::new(),
        urgency: Urgency::Ordinary,
        division: "371002",
        reachable: Reachable::Yes,
    };
    world.at("371002", &[("371002", true), ("371000", true), ("370000", true)])
}

impl World {
    pub(crate) fn at(mut self, division: &'static str, desks: &[(&str, bool)]) -> Self {
        self.division = division;
        let desk = |(code, staffed): &(&str, bool)| Desk {
            bureau: bureau(code).organisation.id,
            name: (*code).to_owned(),
            division: Division::parse(code).expect(code),
            staffed: *staffed,
        };
        self.desks = desks.iter().map(desk).collect();
        self
    }

    pub(crate) fn emergency(mut self) -> Self {
        self.urgency = Urgency::Emergency;
        self
    }

    pub(crate) fn policy(mut self, edit: impl FnOnce(&mut Policy)) -> Self {
        edit(&mut self.policy);
        self
    }

    pub(crate) fn rules(&self) -> Rules<'_> {
        Rules { calendar: self.calendar, policy: &self.policy, desks: &self.desks }
    }

    pub(crate) fn file(self, at: &str) -> Life {
        let contact = Contact { name: "王".to_owned(), phone: "13800000000".to_owned() };
        let new = NewTicket {
            id: TicketId(Uuid::from_u128(7)),
            number: "SQ-371002-20260302-AB12".to_owned(),
            hospital: organisation(1),
            division: Division::parse(self.division).expect(self.division),
            manufacturer: organisation(2),
            distributor: Some(organisation(3)),
            product: ProductId(Uuid::from_u128(8)),
            urgency: self.urgency,
            report: Report {
                category: Category::SupplyStop,
                summary: "断供".to_owned(),
                description: "三周未到货".to_owned(),
                quantity_short: 100,
                unit: "盒".to_owned(),
                days_of_stock: None,
                order_refs: Vec::new(),
                contact,
            },
            follows: None,
            by: person(Role::Hospital),
        };
        let change = file(new, t(at), self.reachable, &self.rules()).expect("filed");
        Life { world: self, ticket: change.ticket, events: change.events, now: t(at) }
    }
}

pub(crate) struct Life {
    pub(crate) world: World,
    pub(crate) ticket: Ticket,
    pub(crate) events: Vec<Event>,
    pub(crate) now: DateTime<Utc>,
}

impl Life {
    /// The clock moves, in one jump.
    pub(crate) fn until(&mut self, at: DateTime<Utc>) -> &mut Self {
        self.now = at;
        let change = advance(&self.ticket, at, &self.world.rules()).expect("advanced");
        self.ticket = change.ticket;
        self.events.extend(change.events);
        self
    }

    /// The clock moves and stops wherever something is due.
    pub(crate) fn to(&mut self, at: &str) -> &mut Self {
        while let Some(due) = wake_at(&self.ticket).filter(|due| *due <= t(at)) {
            self.until(due);
        }
        self.until(t(at))
    }

    /// After a standstill, the clock moves in one jump.
    pub(crate) fn jump(&mut self, at: &str) -> &mut Self {
        self.until(t(at))
    }

    /// The act, at the present instant.
    pub(crate) fn attempt(&mut self, actor: &Actor, act: Act) -> Result<(), Refusal> {
        let command = Command::Act(actor, act);
        let change = decide(&self.ticket, command, self.now, &self.world.rules())?;
        self.ticket = change.ticket;
        self.events.extend(change.events);
        Ok(())
    }

    fn act(&mut self, actor: &Actor, act: Act) -> &mut Self {
        let name = act.kind();
        self.attempt(actor, act).unwrap_or_else(|refusal| panic!("{name:?}: {refusal}"));
        self
    }

    pub(crate) fn reply(&mut self, promised_on: &str) -> &mut Self {
        self.act(&person(Role::Manufacturer), reply(promised_on))
    }

    pub(crate) fn promise(&mut self, promised_on: &str) -> &mut Self {
        self.act(&person(Role::Manufacturer), promise(promised_on))
    }

    pub(crate) fn solve(&mut self) -> &mut Self {
        self.act(&person(Role::Manufacturer), solve())
    }

    pub(crate) fn confirm(&mut self, result: Verdict) -> &mut Self {
        self.act(&person(Role::Hospital), confirm(result))
    }

    pub(crate) fn withdraw(&mut self) -> &mut Self {
        self.act(&person(Role::Hospital), Act::Withdraw { reason: "已到货".to_owned() })
    }

    pub(crate) fn urge(&mut self) -> &mut Self {
        self.act(&person(Role::Hospital), urge())
    }

    pub(crate) fn escalate(&mut self) -> &mut Self {
        self.act(&person(Role::Hospital), escalate())
    }

    pub(crate) fn message(&mut self, role: Role, audience: Audience) -> &mut Self {
        self.act(&person(role), Act::Message { body: "在吗".to_owned(), audience })
    }

    pub(crate) fn attach(&mut self, role: Role, audience: Audience) -> &mut Self {
        self.act(&person(role), attach(audience))
    }

    pub(crate) fn give_back(&mut self) -> &mut Self {
        self.act(&person(Role::Manufacturer), ask_return())
    }

    pub(crate) fn extend(&mut self, until: &str) -> &mut Self {
        self.act(&person(Role::Manufacturer), extension(until))
    }

    pub(crate) fn stop(&mut self, expected_end: &str) -> &mut Self {
        self.act(&person(Role::Distributor), force_majeure(expected_end))
    }

    /// The city decides.
    pub(crate) fn rule(&mut self, on: Topic, granted: bool) -> &mut Self {
        self.act(&bureau("371000"), ruling(on, granted))
    }

    pub(crate) fn acknowledge(&mut self, division: &str) -> &mut Self {
        let act = acknowledge(self.held(division));
        self.act(&bureau(division), act)
    }

    pub(crate) fn measure(&mut self, division: &str, due_on: Option<&str>) -> &mut Self {
        let act = measure(self.held(division), due_on);
        self.act(&bureau(division), act)
    }

    pub(crate) fn conclude(&mut self, division: &str) -> &mut Self {
        let act = conclude(self.held(division));
        self.act(&bureau(division), act)
    }

    /// The escalation the bureau of the division holds, the newest.
    pub(crate) fn held(&self, division: &str) -> EscalationId {
        let holder = Some(bureau(division).organisation.id);
        let held = self.ticket.escalations.iter().rev().find(|e| e.bureau == holder);
        held.expect("an escalation").id
    }

    pub(crate) fn deadline(&self, kind: DeadlineKind) -> &Deadline {
        self.ticket.deadline(kind).expect("a deadline")
    }

    pub(crate) fn status(&self, kind: DeadlineKind) -> DeadlineStatus {
        self.deadline(kind).status
    }

    pub(crate) fn due(&self, kind: DeadlineKind) -> String {
        shown(self.deadline(kind).due_at)
    }

    pub(crate) fn state(&self) -> StateName {
        self.ticket.state.name()
    }

    /// Every rung entered, like `1 city reply+resolve`, with ` closed` once it is.
    pub(crate) fn rungs(&self) -> Vec<String> {
        self.ticket.escalations.iter().map(rung).collect()
    }

    /// The names of the events so far.
    pub(crate) fn timeline(&self) -> Vec<&'static str> {
        self.events.iter().map(|event| event.data.name()).collect()
    }
}

fn rung(escalation: &Escalation) -> String {
    let level = match escalation.level {
        Level::County => "county",
        Level::City => "city",
        Level::Province => "province",
    };
    let reasons: Vec<_> = escalation.reasons.iter().map(reason).collect();
    let closed = if escalation.is_open() { "" } else { " closed" };
    format!("{} {level} {}{closed}", escalation.round, reasons.join("+"))
}

fn reason(reason: &Reason) -> &'static str {
    match reason {
        Reason::Missed { deadline, .. } => match deadline {
            DeadlineKind::Reply => "reply",
            DeadlineKind::Resolve => "resolve",
            DeadlineKind::Promise => "promise",
            DeadlineKind::Confirm => "confirm",
            DeadlineKind::Acknowledge => "acknowledge",
            DeadlineKind::Measure => "measure",
        },
        Reason::Unacknowledged { .. } => "unacknowledged",
        Reason::Unresolved { .. } => "unresolved",
        Reason::ByRequest { .. } => "request",
    }
}

pub(crate) fn reply(promised_on: &str) -> Act {
    Act::Reply(Reply {
        cause: Cause::Capacity,
        promised_on: date(promised_on),
        promised_quantity: 100,
        message: "加紧生产".to_owned(),
        contact: Contact { name: "李".to_owned(), phone: "13900000000".to_owned() },
    })
}

/// A file; always the same one.
pub(crate) fn attach(audience: Audience) -> Act {
    Act::Attach(Attachment {
        id: AttachmentId(Uuid::from_u128(77)),
        evidence: Evidence::SupplyStopStatement,
        audience,
        name: "停供函.pdf".to_owned(),
        file_type: FileType::Pdf,
        bytes: 9,
        hash: "0".repeat(64),
    })
}

pub(crate) fn promise(promised_on: &str) -> Act {
    let promised_on = date(promised_on);
    Act::Promise { promised_on, promised_quantity: 100, reason: "延迟".to_owned() }
}

pub(crate) fn solve() -> Act {
    Act::Solve { message: "已配送".to_owned(), delivered_quantity: 100, evidence: Vec::new() }
}

pub(crate) fn confirm(result: Verdict) -> Act {
    let remaining_quantity = (result == Verdict::Partly).then_some(40);
    Act::Confirm(Confirm { result, remaining_quantity, rating: None, comment: None })
}

pub(crate) fn urge() -> Act {
    Act::Urge { reason: "急".to_owned() }
}

pub(crate) fn escalate() -> Act {
    Act::Escalate { reason: "库存告急".to_owned() }
}

pub(crate) fn ask_return() -> Act {
    Act::Return { reason: "非本企业中选品种".to_owned() }
}

pub(crate) fn extension(until: &str) -> Act {
    Act::Extension { until: date(until), reason: "原料延迟".to_owned(), evidence: Vec::new() }
}

pub(crate) fn force_majeure(expected_end: &str) -> Act {
    Act::ForceMajeure {
        expected_end: date(expected_end),
        reason: "洪水".to_owned(),
        evidence: Vec::new(),
    }
}

pub(crate) fn ruling(on: Topic, granted: bool) -> Act {
    let reason = "经核实".to_owned();
    Act::Decide(Decision { on, granted, reason, manufacturer: None })
}

pub(crate) fn acknowledge(escalation: EscalationId) -> Act {
    Act::Acknowledge { escalation, note: None }
}

pub(crate) fn measure(escalation: EscalationId, due_on: Option<&str>) -> Act {
    let due_on = due_on.map(date);
    let measure = TakeMeasure { kind: MeasureKind::Interview, text: "约谈".to_owned(), due_on };
    Act::Measure { escalation, measure }
}

pub(crate) fn conclude(escalation: EscalationId) -> Act {
    Act::CloseEscalation { escalation, conclusion: "已约谈".to_owned() }
}
