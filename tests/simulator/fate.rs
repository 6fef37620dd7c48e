//! What befalls replicas: they start, die, stand still, and firing goes on hold.
//!
//! **Never** lets anything of a dead process survive but what was committed.

use rand::Rng as _;
use supplyline::domain::hold::{Hold, HoldCause, Tick, judge};

use super::fault::Fault;
use super::sim::{Happening, Polling, Sim, TASKS};
use super::world::{DAY, HOUR, MINUTE, Ms, SECOND, instant};

/// A longer silence of everybody than this must be released by a person.
const LONGEST_SILENCE: Ms = 14 * DAY;

impl Sim {
    /// Keeps account of whether anybody could fire; call it before and after any change.
    pub(crate) fn account(&mut self) {
        let works = (0..self.replicas.len()).any(|replica| self.works(replica));
        if self.was_alive {
            self.alive_last = self.now;
        }
        self.was_alive = works;
        if works {
            if self.now - self.alive_last > LONGEST_SILENCE + MINUTE {
                self.must_hold = true;
            }
            self.alive_last = self.now;
        }
        self.health.set(self.now, works && self.store.hold.is_none());
    }

    /// Replicas record that the clock ticks while they live.
    pub(crate) fn settle_ticks(&mut self) {
        if self.store.hold.is_some() {
            return;
        }
        for replica in 0..self.replicas.len() {
            if self.works(replica) && self.replicas[replica].ticking {
                self.store.tick = self.store.tick.max(Some(self.at(replica)));
            }
        }
    }

    /// The gate before everything that fires.
    pub(crate) fn may_fire(&mut self, replica: usize) -> bool {
        if self.store.hold.is_some() && self.store.fault != Some(Fault::HoldIgnored) {
            return false;
        }
        if !self.is_sound(replica) && self.store.fault != Some(Fault::NoSkewGuard) {
            return false;
        }
        if self.store.fault == Some(Fault::NoJumpGuard) {
            return true;
        }
        self.settle_ticks();
        match judge(self.store.tick, self.at(replica)) {
            Tick::Recent | Tick::Record => {
                self.store.tick = self.store.tick.max(Some(self.at(replica)));
                self.replicas[replica].ticking = true;
                true
            }
            Tick::Doubtful(hold) => {
                self.begin_hold(hold);
                self.store.fault == Some(Fault::HoldIgnored)
            }
        }
    }

    pub(crate) fn begin_hold(&mut self, hold: Hold) {
        if self.store.hold.is_some() {
            return;
        }
        self.account();
        self.settle_ticks();
        self.store.hold = Some(hold);
        self.hold_begun = self.now;
        self.figures.holds += 1;
        self.account();
        let longest = if self.is_calm { 10 * MINUTE } else { 2 * DAY };
        let pause = self.rng.random_range(MINUTE..longest);
        self.push(self.now + pause, Happening::Release);
    }

    pub(crate) fn command_hold(&mut self) {
        let hold = Hold::begun(HoldCause::Command, "simulated".to_owned(), instant(self.now));
        self.begin_hold(hold);
    }

    pub(crate) fn release(&mut self) {
        self.account();
        let Some(hold) = self.store.hold.take() else { return };
        if self.rng.random_ratio(1, 2) {
            self.figures.skipped += self.store.bury(hold.queued_before, self.now);
        }
        self.store.tick = Some(instant(self.now));
        // The silence until now has been accepted by a person.
        self.alive_last = self.now;
        self.must_hold = false;
        self.account();
        self.stir();
    }

    /// Something fires: nothing may, on hold or after a long silence.
    pub(crate) fn fires(&mut self, ticket: usize, since: Ms) {
        if self.store.hold.is_some() && since > self.hold_begun {
            self.violated(ticket, "something fired while on hold".to_owned());
        }
        if self.must_hold {
            self.violated(
                ticket,
                "something fired after a long silence, before a release".to_owned(),
            );
        }
    }

    pub(crate) fn start(&mut self, replica: usize) {
        self.account();
        let one = &mut self.replicas[replica];
        one.up = true;
        one.paused_until = 0;
        let epoch = one.epoch;
        self.account();
        for task in 0..TASKS.len() {
            let at = self.now + self.rng.random_range(0..600);
            self.wake(replica, task, at);
        }
        if let Some(mean) = self.setting.mean_uptime.filter(|_| !self.is_calm) {
            let at = self.now + self.rng.random_range(SECOND..2 * mean);
            self.push(at, Happening::Crash { replica, epoch });
        }
    }

    /// The process dies; it is started again after `down`, or when it comes to that.
    pub(crate) fn crash(&mut self, replica: usize, down: Option<Ms>) {
        if !self.replicas[replica].up {
            return;
        }
        self.account();
        self.settle_ticks();
        let one = &mut self.replicas[replica];
        one.up = false;
        one.ticking = false;
        one.epoch += 1;
        one.tasks
            .iter_mut()
            .for_each(|task| *task = Polling { busy: false, next: Ms::MAX, turn: task.turn + 1 });
        self.figures.crashes += 1;
        let own = self.jobs.iter().filter(|(_, job)| job.replica == replica);
        let own: Vec<u64> = own.map(|(id, _)| *id).collect();
        own.into_iter().for_each(|id| self.lose(id));
        let down = down.unwrap_or_else(|| match self.rng.random_range(0..10) {
            0 => self.rng.random_range(HOUR..DAY),
            1..4 => self.rng.random_range(MINUTE..HOUR),
            _ => self.rng.random_range(SECOND..MINUTE),
        });
        self.push(self.now + down, Happening::Start { replica });
        self.account();
    }

    pub(crate) fn pause(&mut self, replica: usize) {
        self.account();
        self.settle_ticks();
        let pause = match self.rng.random_range(0..4) {
            0 => self.rng.random_range(MINUTE..HOUR),
            1 => self.rng.random_range(10 * SECOND..3 * MINUTE),
            _ => self.rng.random_range(SECOND..10 * SECOND),
        };
        let one = &mut self.replicas[replica];
        one.paused_until = self.now + pause;
        one.ticking = false;
        self.figures.pauses += 1;
        self.push(self.now + pause, Happening::GoneOn);
        self.account();
    }

    /// All of it stands still, for minutes to 30 days.
    pub(crate) fn outage(&mut self) {
        let down = match self.rng.random_range(0..4) {
            0 => self.rng.random_range(DAY..30 * DAY),
            1 => self.rng.random_range(HOUR..DAY),
            _ => self.rng.random_range(MINUTE..HOUR),
        };
        let down = down.min((self.setting.end - self.now).max(MINUTE));
        self.figures.outages += 1;
        for replica in 0..self.replicas.len() {
            let later = self.rng.random_range(0..10 * SECOND);
            self.crash(replica, Some(down + later));
        }
    }

    /// Between two steps a replica may die or stand still.
    pub(crate) fn misfortune(&mut self, replica: usize) {
        if self.is_calm {
            return;
        }
        let (crash, pause) = (self.setting.crash_per_10_000, self.setting.pause_per_10_000);
        let drawn = self.rng.random_range(0..10_000);
        if drawn < crash {
            self.crash(replica, None);
        } else if drawn < crash + pause {
            self.pause(replica);
        }
    }
}
