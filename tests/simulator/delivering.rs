//! Letters on their way: claimed, sent, and what became of them written down.
//!
//! **Never** counts a letter as taken that no receiver took.

use rand::Rng as _;
use supplyline::domain::notice::Channel;
use supplyline::domain::retry;

use super::fault::Fault;
use super::sim::{Sim, Then, Work};
use super::store::Fate;
use super::world::{Ms, SECOND, instant, not_before};

/// Deliveries taken at once.
const BATCH: usize = 32;
/// Deliveries under way at once.
const AT_ONCE: usize = 8;
/// How long a claim lasts by the wall clock.
const LEASE: Ms = 120 * SECOND;

/// What a receiver does, and what is seen of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Taken,
    /// It took the letter, and the connection broke before it could say so.
    TakenUnseen,
    /// It did not, and may later, after so many seconds if it said.
    Refused(Option<u64>),
    /// It never will.
    Never,
}

pub(crate) struct Deliver {
    pub(crate) channel: Channel,
    lease: Ms,
    left: Vec<usize>,
    /// Sent, and not written down.
    under_way: Vec<(usize, Outcome)>,
    planned: Ms,
    phase: Phase,
}

enum Phase {
    Claim,
    Send,
    Finish,
}

impl Deliver {
    pub(crate) fn on(channel: Channel) -> Self {
        let (left, under_way) = (Vec::new(), Vec::new());
        Self { channel, lease: 0, left, under_way, planned: 0, phase: Phase::Claim }
    }
}

impl Sim {
    pub(crate) fn deliver(&mut self, replica: usize, mut one: Deliver) -> Then {
        match one.phase {
            Phase::Claim => {
                if self.store.hold.is_some() && self.store.fault != Some(Fault::HoldIgnored) {
                    return Then::Rest;
                }
                let (at, wall) = (self.at(replica), self.clock(replica));
                one.lease = wall + LEASE;
                let who = (self.worker(replica), one.channel);
                one.left = self.store.claim(who, at, (wall, one.lease), BATCH);
                if one.left.is_empty() {
                    return Then::Rest;
                }
                for id in one.left.clone() {
                    self.claimed(id);
                }
                one.planned = self.now;
                one.phase = Phase::Send;
                let delay = self.latency();
                one.planned += delay;
                Then::After(Work::Deliver(one), delay)
            }
            Phase::Send => {
                let rest = one.left.split_off(one.left.len().min(AT_ONCE));
                let mut longest = 1;
                for id in std::mem::replace(&mut one.left, rest) {
                    let (outcome, took) = self.receiver(id);
                    longest = longest.max(took);
                    self.send(id, outcome, replica);
                    one.under_way.push((id, outcome));
                }
                one.phase = Phase::Finish;
                one.planned += longest;
                Then::After(Work::Deliver(one), longest)
            }
            Phase::Finish => {
                for (id, outcome) in std::mem::take(&mut one.under_way) {
                    self.finish(replica, (id, outcome), &one);
                }
                if one.left.is_empty() {
                    return Then::Again;
                }
                one.phase = Phase::Send;
                let delay = self.latency();
                one.planned += delay;
                Then::After(Work::Deliver(one), delay)
            }
        }
    }

    /// A process is another one after each start.
    fn worker(&self, replica: usize) -> usize {
        let epoch = usize::try_from(self.replicas[replica].epoch).expect("few");
        epoch * 16 + replica
    }

    fn claimed(&mut self, id: usize) {
        let letter = &self.store.letters[id];
        let (ticket, due, is_first) =
            (letter.ticket, not_before(letter.due_at), letter.attempt == 1);
        self.fires(ticket, Ms::MAX);
        let row_written = self.store.row(ticket).written;
        if is_first {
            let seen = due
                .max(self.store.letters[id].told.at.timestamp_millis())
                .max(row_written.min(self.now));
            let late = self.health.between(seen.min(self.now), self.now);
            self.figures.leaving.add(late);
        }
    }

    /// Draws what the receiver does and how long it takes.
    fn receiver(&mut self, id: usize) -> (Outcome, Ms) {
        let longest = if self.store.letters[id].channel == Channel::Mail { 20 } else { 10 };
        if self.rng.random_range(0..100) >= self.setting.trouble_percent {
            return (Outcome::Taken, self.rng.random_range(5..200));
        }
        match self.rng.random_range(0..12) {
            0 => (Outcome::Never, self.rng.random_range(5..100)),
            1 | 2 => (Outcome::TakenUnseen, self.rng.random_range(5..longest * SECOND)),
            3 => (Outcome::Refused(None), longest * SECOND),
            4 => (Outcome::Refused(Some(self.rng.random_range(1..100_000))), 20),
            5 => (Outcome::Taken, self.rng.random_range(SECOND..longest * SECOND)),
            _ => (Outcome::Refused(None), self.rng.random_range(5..500)),
        }
    }

    fn send(&mut self, id: usize, outcome: Outcome, replica: usize) {
        self.figures.sends += 1;
        let ticket = self.store.letters[id].ticket;
        if self.store.fault == Some(Fault::MarkedBeforeSent) {
            let worker = self.worker(replica);
            self.store.finish(worker, id, Fate::Sent, None);
            return;
        }
        if matches!(outcome, Outcome::Taken | Outcome::TakenUnseen) {
            self.store.letters[id].taken += 1;
        }
        let attempt = self.store.letters[id].attempt;
        self.tell(ticket, || {
            format!("letter {id} sent by replica {replica}, attempt {attempt}: {outcome:?}")
        });
    }

    fn finish(&mut self, replica: usize, (id, outcome): (usize, Outcome), job: &Deliver) {
        if self.store.fault == Some(Fault::MarkedBeforeSent) {
            if matches!(outcome, Outcome::Taken | Outcome::TakenUnseen) {
                self.store.letters[id].taken += 1;
            }
            return;
        }
        let (fate, due_at) = self.fate(replica, id, outcome);
        let worker = self.worker(replica);
        let ticket = self.store.letters[id].ticket;
        let is_taken = matches!(outcome, Outcome::Taken | Outcome::TakenUnseen);
        if !self.store.finish(worker, id, fate, due_at) {
            // Somebody else has it: only because the lease ran out, and that only in a pause.
            if self.clock(replica) + 4 * SECOND < job.lease {
                self.violated(ticket, format!("letter {id} was taken from its holder"));
            }
            if self.now <= job.planned {
                self.violated(ticket, format!("letter {id} outlasted its lease without a pause"));
            }
            self.store.letters[id].excused += u32::from(is_taken);
            self.figures.overtaken += u64::from(is_taken);
            return;
        }
        self.store.letters[id].excused += u32::from(outcome == Outcome::TakenUnseen);
        self.figures.unseen += u64::from(outcome == Outcome::TakenUnseen);
    }

    fn fate(
        &mut self,
        replica: usize,
        id: usize,
        outcome: Outcome,
    ) -> (Fate, Option<chrono::DateTime<chrono::Utc>>) {
        let wish = match outcome {
            Outcome::Taken => return (Fate::Sent, None),
            Outcome::Never => return (Fate::Dead, None),
            Outcome::TakenUnseen => None,
            Outcome::Refused(wish) => wish.map(std::time::Duration::from_secs),
        };
        if self.store.fault == Some(Fault::NoRetry) {
            return (Fate::Sent, None);
        }
        let jitter = self.rng.random_range(0..1_000);
        let letter = &self.store.letters[id];
        match retry::pause(letter.attempt, wish, jitter) {
            Some(pause) => {
                let pause = chrono::TimeDelta::from_std(pause).expect("short");
                let at = instant(self.clock(replica));
                (Fate::Queued, Some(self.world.leaves_again(&letter.told, at, pause)))
            }
            None => (Fate::Dead, None),
        }
    }

    /// The sender died with letters under way.
    pub(crate) fn lose_delivery(&mut self, job: &Deliver) {
        for (id, outcome) in &job.under_way {
            if matches!(outcome, Outcome::Taken | Outcome::TakenUnseen) {
                self.store.letters[*id].excused += 1;
                self.figures.cut_off += 1;
            }
        }
    }
}
