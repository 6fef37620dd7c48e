//! One run: a virtual clock, replicas that come and go, and what they do step by step.
//!
//! **Never** asks anything but its seed: the same seed is the same run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use chrono::{DateTime, Utc};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use supplyline::domain::notice::Channel;

use super::acting::{Client, Request};
use super::delivering::Deliver;
use super::fault::Fault;
use super::figures::{Figures, Health};
use super::setting::Setting;
use super::store::{Refused, Store, Write};
use super::sweeping::Sweep;
use super::world::{DAY, HOUR, Ms, SECOND, World, instant, not_before};

/// A task of a replica: the sweep, and one for each channel.
pub(crate) const TASKS: [Task; 3] =
    [Task::Sweep, Task::Deliver(Channel::Mail), Task::Deliver(Channel::Sms)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Sweep,
    Deliver(Channel),
}

/// A replica further off than this fires nothing.
pub(crate) const MOST_SKEW: Ms = 2 * SECOND;
/// What happens at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Happening {
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
    pub(crate) ticking: bool,
    pub(crate) tasks: [Polling; 3],
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Polling {
    pub(crate) busy: bool,
    pub(crate) next: Ms,
    pub(crate) turn: u32,
}

pub(crate) enum Work {
    Sweep(Sweep),
    Deliver(Deliver),
    Request(Request),
}

pub(crate) struct Job {
    pub(crate) replica: usize,
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
    pub(crate) must_hold: bool,
    pub(crate) alive_last: Ms,
    pub(crate) was_alive: bool,
    heap: BinaryHeap<Reverse<(Ms, u64, Happening)>>,
    count: u64,
    pub(crate) jobs: BTreeMap<u64, Job>,
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
            let mut at = self.rng.random_range(begin..end);
            if self.rng.random_ratio(2, 3) {
                // In the second in which most falls due.
                at = at / DAY * DAY + 16 * HOUR + self.rng.random_range(0..2 * SECOND);
            }
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

    pub(crate) fn push(&mut self, at: Ms, happening: Happening) {
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

    pub(crate) fn works(&self, replica: usize) -> bool {
        let one = &self.replicas[replica];
        one.up && one.paused_until <= self.now && self.is_sound(replica)
    }

    pub(crate) fn wake(&mut self, replica: usize, task: usize, at: Ms) {
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

    /// What a job held in memory is gone.
    pub(crate) fn lose(&mut self, id: u64) {
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
