//! The clock's work on a replica: what is due is read, decided, and written, with a step's
//! boundary between each two.
//!
//! **Never** decides by itself: the domain's own functions do.

use chrono::{DateTime, Utc};
use rand::Rng as _;
use supplyline::domain::ticket::{Ticket, advance, wake_at};

use super::fault::Fault;
use super::sim::{MOST_SKEW, Sim, Then, Work};
use super::store::{Op, Told, What, Write};
use super::world::{Ms, SECOND, not_before};

/// Tickets per transaction.
const BATCH: usize = 8;
/// Tickets looked up at once.
const ROUND: usize = 4 * BATCH;
/// The database ends a transaction that stands idle for so long.
pub(crate) const IDLE: Ms = 10 * SECOND;

pub(crate) struct Sweep {
    begun: Ms,
    at: DateTime<Utc>,
    phase: Phase,
    /// What a fault reads too early.
    early: Vec<(usize, Ticket)>,
}

enum Phase {
    Look,
    Decide(Vec<usize>),
    Take,
    Write { writes: Vec<Write>, left: Vec<usize> },
    Tell { later: Vec<(usize, Vec<Told>)>, left: Vec<usize> },
}

impl Sweep {
    pub(crate) fn begun(now: Ms) -> Self {
        Self { begun: now, at: DateTime::UNIX_EPOCH, phase: Phase::Look, early: Vec::new() }
    }
}

impl Sim {
    pub(crate) fn sweep(&mut self, id: u64, replica: usize, sweep: Sweep) -> Then {
        let Sweep { begun, at, phase, early } = sweep;
        let next = |at, phase, early| Work::Sweep(Sweep { begun, at, phase, early });
        match phase {
            Phase::Look => {
                let at = self.at(replica);
                let due: Vec<usize> = self.due_by(at, ROUND);
                if due.is_empty() {
                    return Then::Rest;
                }
                let mut delay = self.latency();
                if self.setting.is_taken {
                    let early =
                        due.iter().map(|index| (*index, self.store.row(*index).ticket.clone()));
                    let is_early = self.store.fault == Some(Fault::NoReread);
                    let early = early.filter(|_| is_early).collect();
                    if is_early {
                        delay = self.rng.random_range(200..SECOND);
                    }
                    return Then::After(next(at, Phase::Take, early), delay);
                }
                Then::After(next(at, Phase::Decide(due), early), delay)
            }
            Phase::Decide(mut due) => {
                let left = due.split_off(due.len().min(BATCH));
                let writes = due.into_iter().map(|index| self.decided(index, at, None)).collect();
                let is_slow = self.store.fault == Some(Fault::NoRulebookGuard);
                let delay = if is_slow { SECOND } else { self.latency() };
                Then::After(next(at, Phase::Write { writes, left }, early), delay)
            }
            Phase::Take => self.take(id, (begun, at), early),
            Phase::Write { writes, left } => self.write((id, replica), (begun, at), writes, left),
            Phase::Tell { later, left } => {
                later.into_iter().for_each(|(index, told)| self.store.tell(index, told));
                self.after_batch((begun, at), left)
            }
        }
    }

    /// Takes what is due and in nobody's hands, and decides it.
    fn take(
        &mut self,
        id: u64,
        (begun, at): (Ms, DateTime<Utc>),
        early: Vec<(usize, Ticket)>,
    ) -> Then {
        let due = if early.is_empty() {
            self.due_by(at, self.store.timers.len())
        } else {
            early.iter().map(|(index, _)| *index).collect()
        };
        let is_locking = self.store.fault != Some(Fault::NoLock);
        let free = due.into_iter().filter(|index| !self.store.is_locked(*index, self.now, id));
        let taken: Vec<_> = free.take(BATCH).collect();
        if taken.is_empty() {
            return Then::Rest;
        }
        for index in taken.iter().filter(|_| is_locking) {
            self.store.lock(*index, id, self.now + IDLE);
        }
        let read = |index: usize| early.iter().find(|(one, _)| *one == index).map(|(_, t)| t);
        let writes = taken.iter().map(|index| self.decided(*index, at, read(*index))).collect();
        let phase = Phase::Write { writes, left: Vec::new() };
        Then::After(Work::Sweep(Sweep { begun, at, phase, early }), self.latency())
    }

    fn due_by(&self, at: DateTime<Utc>, limit: usize) -> Vec<usize> {
        let late = if self.store.fault == Some(Fault::LateLook) { 1 } else { 0 };
        let at = at - chrono::TimeDelta::days(late);
        let due = self.store.timers.iter().take_while(|(due, _)| *due <= at);
        due.map(|(_, index)| *index).take(limit).collect()
    }

    fn decided(&self, index: usize, at: DateTime<Utc>, early: Option<&Ticket>) -> Write {
        let kept = &self.store.row(index).ticket;
        let book = self.store.book;
        let change = advance(early.unwrap_or(kept), at, &self.world.rules(book)).expect("in range");
        let told = self.world.told(&change, book);
        let op = Op { at, book, what: What::Swept };
        Write { index, read: kept.version, change, told, op }
    }

    fn write(
        &mut self,
        (id, replica): (u64, usize),
        (begun, at): (Ms, DateTime<Utc>),
        mut writes: Vec<Write>,
        left: Vec<usize>,
    ) -> Then {
        let now = self.now;
        if self.setting.is_taken {
            let is_locking = self.store.fault != Some(Fault::NoLock);
            let is_held = writes.iter().all(|write| self.store.holds(write.index, id, now));
            if is_locking && !is_held {
                // The database has ended the transaction meanwhile.
                self.store.unlock(id);
                return Then::Rest;
            }
        } else if writes.iter().any(|write| self.store.is_locked(write.index, now, id)) {
            let phase = Phase::Write { writes, left };
            return Then::After(Work::Sweep(Sweep { begun, at, phase, early: Vec::new() }), 20);
        }
        let book = writes.first().map(|write| write.op.book);
        if book != Some(self.store.book) && self.store.fault != Some(Fault::NoRulebookGuard) {
            self.store.unlock(id);
            return Then::Again;
        }
        let is_late_telling = self.store.fault == Some(Fault::NoticesAfterCommit);
        let late = writes.iter_mut().filter(|_| is_late_telling);
        let later: Vec<_> =
            late.map(|write| (write.index, std::mem::take(&mut write.told))).collect();
        // Somebody may have done it since it was looked up: then nothing is left to do.
        let fired = writes.iter().filter(|write| !write.change.events.is_empty());
        let fired: Vec<_> = fired.map(|write| (write.index, self.lateness(write.index))).collect();
        if self.commit(writes).is_ok() {
            for (index, late) in fired {
                self.swept(index, replica, begun, late);
            }
        } else {
            self.figures.beaten += 1;
        }
        self.store.unlock(id);
        if is_late_telling {
            let phase = Phase::Tell { later, left };
            return Then::After(
                Work::Sweep(Sweep { begun, at, phase, early: Vec::new() }),
                self.latency(),
            );
        }
        self.after_batch((begun, at), left)
    }

    fn after_batch(&mut self, (begun, at): (Ms, DateTime<Utc>), left: Vec<usize>) -> Then {
        if left.is_empty() {
            return Then::Again;
        }
        let phase = Phase::Decide(left);
        Then::After(Work::Sweep(Sweep { begun, at, phase, early: Vec::new() }), self.latency())
    }

    /// When the ticket's next step was due, and since when it could be seen to be.
    fn lateness(&self, index: usize) -> Option<(Ms, Ms)> {
        let row = self.store.row(index);
        let due = not_before(wake_at(&row.ticket)?);
        Some((due, due.max(row.written)))
    }

    fn swept(&mut self, index: usize, replica: usize, begun: Ms, due: Option<(Ms, Ms)>) {
        self.fires(index, begun);
        let Some((due, seen)) = due else { return };
        self.figures.fired += 1;
        if self.now < due {
            self.figures.earliest = self.figures.earliest.max(due - self.now);
        }
        if self.now + MOST_SKEW < due || self.clock(replica) < due {
            self.figures.early += 1;
            self.violated(index, format!("fired {} ms early", due - self.now));
        }
        let late = self.health.between(seen, self.now);
        self.figures.lateness.add(late);
        if late > self.figures.bound {
            self.violated(index, format!("fired after {late} ms in which somebody could have"));
        }
    }
}
