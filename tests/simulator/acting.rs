//! People and what they do: requests that are answered, repeated, or lost with a replica, and an
//! administrator who edits the calendar.
//!
//! **Never** knows whether a request was done before an answer says so.

use chrono::{DateTime, Days, TimeDelta, Utc};
use rand::Rng as _;
use rand::rngs::SmallRng;
use supplyline::domain::calendar::local_date;
use supplyline::domain::escalation::MeasureKind;
use supplyline::domain::id::UserId;
use supplyline::domain::policy::Urgency;
use supplyline::domain::ticket::{
    Act, ActKind, Audience, Cause, Change, Command, Confirm, Contact, Decision, Order, Reachable,
    Reply, TakeMeasure, Ticket, Verdict, advance, decide, file, possible, replan, wake_at,
};

use super::fault::Fault;
use super::setting::Setting;
use super::sim::{Sim, Then, Work};
use super::store::{Op, What, Write};
use super::sweeping::IDLE;
use super::world::{ACTORS, DAY, HOUR, MINUTE, Ms, SECOND, World, instant, not_before};

/// Those who act on one ticket, one request after the other.
pub(crate) struct Client {
    pub(crate) first: Ms,
    urgency: Urgency,
    /// The key of the request under way; 0 files the ticket.
    key: u32,
    most: u32,
    /// What is asked for, once it is decided on; a repeated request asks for the same.
    wants: Option<(usize, Act)>,
    /// The keys of the requests that were answered with success.
    pub(crate) acknowledged: Vec<u32>,
}

impl Client {
    pub(crate) fn drawn(rng: &mut SmallRng, index: usize, setting: &Setting) -> Self {
        let span = (setting.end - setting.begin) / 2;
        // Some are filed in the same second.
        let first = match index % 4 {
            0 => setting.begin + rng.random_range(0..span),
            1 => setting.begin + HOUR,
            _ => {
                setting.begin + rng.random_range(0..span / DAY + 1) * DAY + rng.random_range(0..DAY)
            }
        };
        let urgency = if rng.random_ratio(1, 4) { Urgency::Emergency } else { Urgency::Ordinary };
        let most = rng.random_range(1..=setting.most_acts);
        Self { first, urgency, key: 0, most, wants: None, acknowledged: Vec::new() }
    }
}

pub(crate) struct Request {
    client: usize,
    key: u32,
    at: DateTime<Utc>,
    phase: Phase,
}

enum Phase {
    Take,
    Write(Box<Write>),
    Answer(bool),
}

impl Sim {
    pub(crate) fn request(&mut self, client: usize) {
        let working =
            (0..self.replicas.len()).filter(|one| self.replicas[*one].up && self.is_sound(*one));
        let working: Vec<usize> = working.collect();
        if working.is_empty() {
            let at = self.now + self.rng.random_range(MINUTE..HOUR);
            self.again(client, at);
            return;
        }
        let replica = working[self.rng.random_range(0..working.len())];
        self.figures.requests += 1;
        let (key, at) = (self.clients[client].key, self.at(replica));
        self.begin(replica, Work::Request(Request { client, key, at, phase: Phase::Take }));
    }

    pub(crate) fn serve(&mut self, id: u64, replica: usize, request: Request) -> Then {
        let Request { client, key, at, phase } = request;
        let next = |phase| Work::Request(Request { client, key, at, phase });
        match phase {
            Phase::Take => {
                let is_known = self.store.answers.contains(&(client, key));
                let is_forgotten = self.store.fault == Some(Fault::NoIdempotency) && key > 0;
                if is_known && !is_forgotten {
                    self.figures.replayed += 1;
                    return Then::After(next(Phase::Answer(true)), self.latency());
                }
                if self.store.is_locked(client, self.now, id) {
                    return Then::After(next(Phase::Take), self.rng.random_range(3..20));
                }
                let Some(write) = self.judged(client, key, at) else {
                    self.figures.refused += 1;
                    return Then::After(next(Phase::Answer(false)), self.latency());
                };
                if self.store.fault != Some(Fault::NoLock) {
                    self.store.lock(client, id, self.now + IDLE);
                }
                if self.store.fault == Some(Fault::AnsweredBeforeCommit) {
                    self.clients[client].acknowledged.push(key);
                }
                Then::After(next(Phase::Write(Box::new(write))), self.latency())
            }
            Phase::Write(write) => self.write_act(id, replica, (client, key, at), *write),
            Phase::Answer(is_done) => {
                self.answered(client, key, is_done);
                Then::Rest
            }
        }
    }

    fn write_act(
        &mut self,
        id: u64,
        replica: usize,
        (client, key, at): (usize, u32, DateTime<Utc>),
        write: Write,
    ) -> Then {
        let is_locking = key > 0 && self.store.fault != Some(Fault::NoLock);
        let is_lost = is_locking && !self.store.holds(client, id, self.now);
        self.store.unlock(id);
        let is_outdated =
            write.op.book != self.store.book && self.store.fault != Some(Fault::NoRulebookGuard);
        if is_lost || is_outdated || self.commit(vec![write]).is_err() {
            // The service does it again, or says 503 and the person does.
            self.figures.beaten += 1;
            let at = self.now + self.rng.random_range(50..MINUTE);
            self.again(client, at);
            return Then::Rest;
        }
        self.store.answers.insert((client, key));
        self.figures.acts += 1;
        let row = self.store.row(client);
        let latest = row.events.last().map(|event| event.at);
        if latest.is_some_and(|latest| latest > at + TimeDelta::seconds(5)) {
            self.figures.raced += 1;
        }
        let phase = Phase::Answer(true);
        self.tell(client, || format!("request {key} is committed by replica {replica}"));
        Then::After(Work::Request(Request { client, key, at, phase }), self.latency())
    }

    /// What a request would change; nothing where it is refused.
    fn judged(&mut self, client: usize, key: u32, at: DateTime<Utc>) -> Option<Write> {
        let book = self.store.book;
        if key == 0 {
            let new = World::new_ticket(client, self.clients[client].urgency);
            let change = file(new, at, Reachable::Yes, &self.world.rules(book)).ok()?;
            return Some(self.written(client, change, Op { at, book, what: What::Filed }));
        }
        let kept = self.store.row(client).ticket.clone();
        let advanced = advance(&kept, at, &self.world.rules(book)).expect("in range");
        if self.clients[client].wants.is_none() {
            self.clients[client].wants = self.draw(&advanced.ticket, at);
        }
        let (actor, act) = self.clients[client].wants.clone()?;
        let command = Command::Act(&ACTORS[actor], act.clone());
        let change = decide(&advanced.ticket, command, at, &self.world.rules(book)).ok()?;
        let what = What::Acted { key, actor, act };
        Some(self.written(client, advanced.then(change), Op { at, book, what }))
    }

    fn written(&self, index: usize, change: Change, op: Op) -> Write {
        let told = self.world.told(&change, op.book);
        let read = self.store.rows.get(&index).map_or(0, |row| row.ticket.version);
        Write { index, read, change, told, op }
    }

    fn answered(&mut self, client: usize, key: u32, is_done: bool) {
        let aimed = self.setting.aimed_percent;
        let one = &mut self.clients[client];
        if one.key != key {
            return;
        }
        if is_done && self.store.fault != Some(Fault::AnsweredBeforeCommit) {
            one.acknowledged.push(key);
        }
        if key == 0 && !is_done {
            return;
        }
        one.key += 1;
        one.wants = None;
        if one.key > one.most {
            return;
        }
        let wake =
            self.store.rows.get(&client).and_then(|row| wake_at(&row.ticket)).map(not_before);
        let at = match wake.filter(|wake| *wake > self.now && *wake < self.setting.end) {
            Some(wake) if self.rng.random_range(0..100) < aimed => {
                wake + self.rng.random_range(-1_500..1_500)
            }
            Some(_) | None if self.rng.random_ratio(1, 6) => {
                self.now + self.rng.random_range(0..MINUTE)
            }
            Some(_) | None => self.now + self.rng.random_range(0..6 * DAY),
        };
        if at < self.setting.end {
            self.again(client, at);
        }
    }

    /// The replica died with the request: nobody knows whether it was done, and it is repeated.
    pub(crate) fn lose_request(&mut self, request: &Request) {
        let soon = self.rng.random_range(SECOND..10 * MINUTE);
        let client = &self.clients[request.client];
        if client.key == request.key && !client.acknowledged.contains(&request.key) {
            self.again(request.client, self.now + soon);
        }
    }

    /// Somebody who may do something does it, more or less sensibly.
    fn draw(&mut self, ticket: &Ticket, at: DateTime<Utc>) -> Option<(usize, Act)> {
        let rng = &mut self.rng;
        let actor = [0, 0, 0, 1, 1, 1, 1, 2, 3, 3, 3, 4][rng.random_range(0..12)];
        let mut kinds = possible(ticket, &ACTORS[actor]);
        if rng.random_ratio(1, 20) {
            kinds = ActKind::ALL.to_vec();
        }
        let is_sensible = |kind: &ActKind| match kind {
            // The bureau of the first rung decides, so that who else holds a rung by then does
            // not matter.
            ActKind::Decide => actor == self.world.decider(),
            ActKind::Attach | ActKind::Distributor => false,
            _ => true,
        };
        kinds.retain(is_sensible);
        let rare =
            |kind: &ActKind| matches!(kind, ActKind::Message | ActKind::Withdraw | ActKind::Return);
        if kinds.len() > 1 && rng.random_ratio(3, 4) {
            let rest: Vec<_> = kinds.iter().copied().filter(|kind| !rare(kind)).collect();
            kinds = if rest.is_empty() { kinds } else { rest };
        }
        let kind = *kinds.get(rng.random_range(0..kinds.len().max(1)))?;
        Some((actor, act(rng, kind, (ticket, actor), at)?))
    }

    /// An administrator puts the next edition of the calendar in force, and every open deadline is
    /// counted again, in one transaction that nobody else decides in.
    pub(crate) fn edit(&mut self) {
        if self.store.any_lock(self.now) {
            let at = self.now + self.rng.random_range(10..100);
            self.edit_again(at);
            return;
        }
        let (before, after) = (self.store.book, self.store.book + 1);
        let (at, batch) = (instant(self.now), u32::try_from(after).expect("few"));
        let by = (UserId(uuid::Uuid::from_u128(9)), ACTORS[4].organisation.id);
        let order = Order { batch, reason: "通知".to_owned(), by };
        let mut writes = Vec::new();
        let mut same = Vec::new();
        for (index, row) in &self.store.rows {
            let rules = (&self.world.rules(before), &self.world.rules(after));
            let op = |changed| Op { at, book: after, what: What::Replanned { before, changed } };
            match replan(&row.ticket, &order, at, rules).expect("in range") {
                Some(change) => writes.push(self.written(*index, change, op(true))),
                None => same.push((*index, op(false))),
            }
        }
        self.store.book = after;
        self.figures.replans += 1;
        self.figures.replanned += u64::try_from(writes.len()).expect("few");
        if self.commit(writes).is_err() {
            self.violated(0, "a re-plan was refused".to_owned());
        }
        same.into_iter().for_each(|(index, op)| self.store.note(index, op));
        self.stir();
    }
}

fn act(
    rng: &mut SmallRng,
    kind: ActKind,
    (ticket, actor): (&Ticket, usize),
    at: DateTime<Utc>,
) -> Option<Act> {
    let day = local_date(at) + Days::new(rng.random_range(0..9));
    let far = local_date(at) + Days::new(rng.random_range(0..30));
    let reason = "经核实".to_owned();
    let own = Some(ACTORS[actor].organisation.id);
    let mut held = ticket.escalations.iter().rev();
    let held = held.find(|e| e.bureau == own && (e.is_open() || actor == 4)).map(|e| e.id);
    Some(match kind {
        ActKind::Reply => Act::Reply(Reply {
            cause: Cause::Capacity,
            promised_on: day,
            promised_quantity: 100,
            message: String::new(),
            contact: Contact { name: "李".to_owned(), phone: "13900000000".to_owned() },
        }),
        ActKind::Promise => Act::Promise { promised_on: day, promised_quantity: 100, reason },
        ActKind::Solve => {
            Act::Solve { message: reason, delivered_quantity: 100, evidence: Vec::new() }
        }
        ActKind::Confirm => {
            let result = [Verdict::Solved, Verdict::Partly, Verdict::NotSolved, Verdict::NotSolved]
                [rng.random_range(0..4)];
            let remaining_quantity = (result == Verdict::Partly).then_some(40);
            Act::Confirm(Confirm { result, remaining_quantity, rating: None, comment: None })
        }
        ActKind::Withdraw => Act::Withdraw { reason },
        ActKind::Urge => Act::Urge { reason },
        ActKind::Escalate => Act::Escalate { reason },
        ActKind::Return => Act::Return { reason },
        ActKind::Extension => Act::Extension { until: far, reason, evidence: Vec::new() },
        ActKind::ForceMajeure => {
            Act::ForceMajeure { expected_end: far, reason, evidence: Vec::new() }
        }
        ActKind::Decide => {
            let topics = ticket.undecided();
            let on = *topics.get(rng.random_range(0..topics.len().max(1)))?;
            Act::Decide(Decision {
                on,
                granted: rng.random_ratio(2, 3),
                reason,
                manufacturer: None,
            })
        }
        ActKind::Message => Act::Message { body: reason, audience: Audience::All },
        ActKind::Acknowledge => Act::Acknowledge { escalation: held?, note: None },
        ActKind::Measure => {
            let due_on = rng.random_ratio(1, 2).then_some(day);
            let measure = TakeMeasure { kind: MeasureKind::Interview, text: reason, due_on };
            Act::Measure { escalation: held?, measure }
        }
        ActKind::CloseEscalation => Act::CloseEscalation { escalation: held?, conclusion: reason },
        ActKind::Attach | ActKind::Distributor => return None,
    })
}
