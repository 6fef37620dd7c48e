//! One run: a virtual clock, replicas that come and go, and what they do step by step.
//!
//! **Never** asks anything but its seed: the same seed is the same run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use chrono::{DateTime, Utc};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use supplyline::domain::hold::{Hold, HoldCause, Tick, judge};
use supplyline::domain::notice::Channel;

use super::acting::{Client, Request};
use super::delivering::Deliver;
use super::fault::Fault;
use super::figures::{Figures, Health};
use super::setting::Setting;
use super::store::{Refused, Store, Write};
use super::sweeping::Sweep;
use super::world::{DAY, HOUR, MINUTE, Ms, SECOND, World, instant, not_before};

/// A task of a replica: the sweep, and one for each channel.
const TASKS: [Task; 3] = [Task::Sweep, Task::Deliver(Channel::Mail), Task::Deliver(Channel::Sms)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Sweep,
    Deliver(Channel),
}

/// A replica further off than this fires nothing.
pub(crate) const MOST_SKEW: Ms = 2 * SECOND;
/// A longer silence of everybody than this must be released by a person.
const LONGEST_SILENCE: Ms = 14 * DAY;

/// What happens at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Poll { replica: usize, task: usize, turn: u32 },
    Step(u64),
    Crash { replica: usize, epoch: u64 },
    Start { replica: usize },
    GoneOn,
    Outage,
    Request { client: usize },
    Edit,
    Hold,
    Release,
    Calm,
}

#[derive(Debug, Default)]
pub(crate) struct Replica {
    pub(crate) up: bool,
    pub(crate) epoch: u64,
    pub(crate) paused_until: Ms,
    /// How far its clock is ahead.
    pub(crate) offset: Ms,
    /// True once it has judged the last tick and records its own.
    ticking: bool,
    tasks: [Polling; 3],
}

#[derive(Debug, Clone, Copy, Default)]
struct Polling {
    busy: bool,
    next: Ms,
    turn: u32,
}

pub(crate) enum Work {
    Sweep(Sweep),
    Deliver(Deliver),
    Request(Request),
}

struct Job {
    replica: usize,
    work: Work,
}

/// What a step of a job leads to.
pub(crate) enum Then {
    /// Another step, so much later.
    After(Work, Ms),
    /// The round is done, and another one follows if firing is not on hold.
    Again,
    /// There is nothing to do, or it failed.
    Rest,
}

pub(crate) struct Sim {
    pub(crate) setting: Setting,
    pub(crate) rng: SmallRng,
    pub(crate) now: Ms,
    pub(crate) world: World,
    pub(crate) store: Store,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) clients: Vec<Client>,
    pub(crate) figures: Figures,
    pub(crate) health: Health,
    /// Everything seen that must not be, with the ticket it concerns.
    pub(crate) violations: Vec<(usize, String)>,
    /// The ticket that is followed, and what happened to it.
    pub(crate) followed: Option<usize>,
    pub(crate) trace: Vec<String>,
    pub(crate) is_calm: bool,
    pub(crate) hold_begun: Ms,
    /// Set after a silence that a person has to release.
    must_hold: bool,
    alive_last: Ms,
    was_alive: bool,
    heap: BinaryHeap<Reverse<(Ms, u64, Happening)>>,
    count: u64,
    jobs: BTreeMap<u64, Job>,
}

impl Sim {
    pub(crate) fn new(seed: u64, fault: Option<Fault>, followed: Option<usize>) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed);
        let setting = Setting::drawn(&mut rng, fault);
        let world = World::drawn(&mut rng);
        let replica = |offset: &Ms| Replica { offset: *offset, ..Replica::default() };
        let mut sim = Self {
            now: setting.begin,
            world,
            store: Store::with(fault),
            replicas: setting.offsets.iter().map(replica).collect(),
            clients: Vec::new(),
            figures: Figures::default(),
            health: Health::default(),
            violations: Vec::new(),
            followed,
            trace: Vec::new(),
            is_calm: false,
            hold_begun: 0,
            must_hold: false,
            alive_last: setting.begin,
            was_alive: false,
            heap: BinaryHeap::new(),
            count: 0,
            jobs: BTreeMap::new(),
            rng,
            setting,
        };
        sim.prepare();
        sim
    }

    fn prepare(&mut self) {
        for replica in 0..self.replicas.len() {
            self.push(self.now, Happening::Start { replica });
        }
        let (begin, end) = (self.setting.begin, self.setting.end);
        for at in self.setting.outages.clone() {
            self.push(at, Happening::Outage);
        }
        for _ in 0..self.setting.edits {
            let at = self.rng.random_range(begin..end);
            self.push(at, Happening::Edit);
        }
        for _ in 0..self.setting.holds {
            let at = self.rng.random_range(begin..end);
            self.push(at, Happening::Hold);
        }
        for index in 0..self.setting.tickets {
            let client = Client::drawn(&mut self.rng, index, &self.setting);
            self.push(client.first, Happening::Request { client: index });
            self.clients.push(client);
        }
        self.push(end, Happening::Calm);
    }

    /// Runs to the end; what is in flight then is as if its replica died.
    pub(crate) fn run(&mut self) {
        let end = self.setting.end + 3 * DAY;
        while let Some(Reverse((at, _, happening))) = self.heap.pop() {
            if at > end || !self.violations.is_empty() {
                break;
            }
            self.now = at;
            self.happen(happening);
        }
        let running: Vec<u64> = self.jobs.keys().copied().collect();
        for id in running {
            self.lose(id);
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Poll { replica, task, turn } => self.poll(replica, task, turn),
            Happening::Step(id) => self.step(id),
            Happening::Crash { replica, epoch } => {
                if self.replicas[replica].epoch == epoch && !self.is_calm {
                    self.crash(replica, None);
                }
            }
            Happening::Start { replica } => self.start(replica),
            Happening::GoneOn => self.account(),
            Happening::Outage => self.outage(),
            Happening::Request { client } => self.request(client),
            Happening::Edit => self.edit(),
            Happening::Hold => self.command_hold(),
            Happening::Release => self.release(),
            Happening::Calm => self.is_calm = true,
        }
    }

    fn push(&mut self, at: Ms, happening: Happening) {
        self.count += 1;
        self.heap.push(Reverse((at.max(self.now), self.count, happening)));
    }

    pub(crate) fn violated(&mut self, ticket: usize, what: String) {
        self.violations.push((ticket, what));
    }

    pub(crate) fn tell(&mut self, ticket: usize, what: impl FnOnce() -> String) {
        if self.followed == Some(ticket) {
            self.trace.push(format!(
                "{} {}",
                instant(self.now).format("%m-%d %H:%M:%S%.3fZ"),
                what()
            ));
        }
    }

    /// What the replica's clock says.
    pub(crate) fn clock(&self, replica: usize) -> Ms {
        self.now + self.replicas[replica].offset
    }

    pub(crate) fn at(&self, replica: usize) -> DateTime<Utc> {
        instant(self.clock(replica))
    }

    /// The time a step takes: mostly milliseconds, now and then much longer.
    pub(crate) fn latency(&mut self) -> Ms {
        match self.rng.random_range(0..100) {
            0 => self.rng.random_range(100..3_000),
            1..10 => self.rng.random_range(10..100),
            _ => self.rng.random_range(0..10),
        }
    }

    pub(crate) fn is_sound(&self, replica: usize) -> bool {
        self.replicas[replica].offset.abs() <= MOST_SKEW
    }

    fn works(&self, replica: usize) -> bool {
        let one = &self.replicas[replica];
        one.up && one.paused_until <= self.now && self.is_sound(replica)
    }

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
    fn settle_ticks(&mut self) {
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

    fn begin_hold(&mut self, hold: Hold) {
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

    fn command_hold(&mut self) {
        let hold = Hold::begun(HoldCause::Command, "simulated".to_owned(), instant(self.now));
        self.begin_hold(hold);
    }

    fn release(&mut self) {
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

    fn start(&mut self, replica: usize) {
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
    fn crash(&mut self, replica: usize, down: Option<Ms>) {
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

    fn pause(&mut self, replica: usize) {
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
    fn outage(&mut self) {
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

    fn wake(&mut self, replica: usize, task: usize, at: Ms) {
        let polling = &mut self.replicas[replica].tasks[task];
        polling.next = at;
        polling.turn += 1;
        let turn = polling.turn;
        self.push(at, Happening::Poll { replica, task, turn });
    }

    /// When there is something for a task, by the clock of the replica.
    fn due(&self, replica: usize, task: usize) -> Option<Ms> {
        let offset = self.replicas[replica].offset;
        let late = if self.store.fault == Some(Fault::LateLook) { DAY } else { 0 };
        match TASKS[task] {
            Task::Sweep => {
                self.store.timers.first().map(|(due, _)| not_before(*due) - offset + late)
            }
            Task::Deliver(channel) => {
                let (due, lease) = self.store.next_letter(channel);
                let due = due.map(|due| not_before(due) - offset);
                due.into_iter().chain(lease.map(|lease| lease - offset)).min()
            }
        }
    }

    /// Idle tasks look for work when there is some, at their next tick.
    pub(crate) fn stir(&mut self) {
        if self.store.hold.is_some() && self.store.fault != Some(Fault::HoldIgnored) {
            return;
        }
        for replica in 0..self.replicas.len() {
            for task in 0..TASKS.len() {
                let polling = self.replicas[replica].tasks[task];
                if !self.replicas[replica].up || polling.busy {
                    continue;
                }
                let Some(due) = self.due(replica, task) else { continue };
                let from = due.max(self.now);
                if from + 600 < polling.next || polling.next < self.now {
                    let at = from + self.rng.random_range(0..600);
                    self.wake(replica, task, at);
                }
            }
        }
    }

    fn poll(&mut self, replica: usize, task: usize, turn: u32) {
        let one = &self.replicas[replica];
        if !one.up || one.tasks[task].turn != turn || one.tasks[task].busy {
            return;
        }
        if one.paused_until > self.now {
            let at = one.paused_until;
            self.wake(replica, task, at);
            return;
        }
        self.account();
        if !self.may_fire(replica) {
            self.replicas[replica].tasks[task].next = Ms::MAX;
            return;
        }
        self.replicas[replica].tasks[task].busy = true;
        let work = match TASKS[task] {
            Task::Sweep => Work::Sweep(Sweep::begun(self.now)),
            Task::Deliver(channel) => Work::Deliver(Deliver::on(channel)),
        };
        self.begin(replica, work);
    }

    pub(crate) fn begin(&mut self, replica: usize, work: Work) {
        self.count += 1;
        let id = self.count;
        self.jobs.insert(id, Job { replica, work });
        let delay = self.latency();
        self.push(self.now + delay, Happening::Step(id));
    }

    fn step(&mut self, id: u64) {
        let Some(job) = self.jobs.get(&id) else { return };
        let replica = job.replica;
        let paused = self.replicas[replica].paused_until;
        if paused > self.now {
            self.push(paused, Happening::Step(id));
            return;
        }
        self.account();
        self.figures.steps += 1;
        let Some(Job { work, .. }) = self.jobs.remove(&id) else { return };
        let task = match &work {
            Work::Sweep(_) => Some(0),
            Work::Deliver(deliver) => Some(if deliver.channel == Channel::Mail { 1 } else { 2 }),
            Work::Request(_) => None,
        };
        let then = match work {
            Work::Sweep(sweep) => self.sweep(id, replica, sweep),
            Work::Deliver(deliver) => self.deliver(replica, deliver),
            Work::Request(request) => self.serve(id, replica, request),
        };
        match then {
            Then::After(work, delay) => {
                self.jobs.insert(id, Job { replica, work });
                self.push(self.now + delay, Happening::Step(id));
                self.misfortune(replica);
            }
            Then::Again => {
                self.end_round(replica, task, 0);
            }
            Then::Rest => {
                let tick = self.rng.random_range(400..600);
                self.end_round(replica, task, tick);
            }
        }
        self.stir();
    }

    /// A task's round is over; it looks again after `tick`, if there is anything.
    fn end_round(&mut self, replica: usize, task: Option<usize>, tick: Ms) {
        let Some(task) = task else { return };
        self.replicas[replica].tasks[task].busy = false;
        self.replicas[replica].tasks[task].next = Ms::MAX;
        if let Some(due) = self.due(replica, task) {
            self.wake(replica, task, due.max(self.now + tick));
        }
    }

    /// Between two steps a replica may die or stand still.
    fn misfortune(&mut self, replica: usize) {
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

    /// What a job held in memory is gone.
    fn lose(&mut self, id: u64) {
        let Some(job) = self.jobs.remove(&id) else { return };
        self.store.unlock(id);
        match job.work {
            Work::Sweep(_) => {}
            Work::Deliver(deliver) => self.lose_delivery(&deliver),
            Work::Request(request) => self.lose_request(&request),
        }
    }

    pub(crate) fn again(&mut self, client: usize, at: Ms) {
        self.push(at, Happening::Request { client });
    }

    pub(crate) fn edit_again(&mut self, at: Ms) {
        self.push(at, Happening::Edit);
    }

    /// Commits, and looks at what is committed with other eyes than the store's guards.
    pub(crate) fn commit(&mut self, writes: Vec<Write>) -> Result<(), Refused> {
        let book = self.store.book;
        let seen: Vec<_> = writes.iter().map(|write| (write.index, write.op.clone())).collect();
        self.store.commit(writes, self.now)?;
        for (index, op) in seen {
            if op.book != book {
                self.violated(
                    index,
                    format!("decided by rules {} while {book} were in force", op.book),
                );
            }
            self.figures.commits += 1;
            self.tell(index, || format!("{:?} at {} by rules {}", op.what, op.at, op.book));
        }
        Ok(())
    }
}
