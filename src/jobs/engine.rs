//! The engine: sweeps and delivers what is due, by itself or step by step for a moved clock.
//!
//! **Never** sweeps or delivers twice at once in one process: each has a gate. Never fires
//! anything on hold.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::ways::Ways;
use super::{clear, deliver, did, failed, schedule, seal};
use crate::domain::notice::Channel;
use crate::notify::Channels;
use crate::service::audit::chain::Taken;
use crate::service::vitals::Round;
use crate::service::{App, Error, hold, letters, recurring, sweep};

/// Whether jobs recur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recurring {
    /// As they should.
    On,
    /// While a past is made up, of which nobody was told every morning.
    Off,
}

/// What the loops share.
pub struct Engine {
    app: App,
    ways: Arc<Ways>,
    /// This process, as the claimant of deliveries.
    worker: Uuid,
    recurring: Recurring,
    moving: Mutex<()>,
    ticking: Mutex<()>,
    sweeping: Mutex<()>,
    mailing: Mutex<()>,
    texting: Mutex<()>,
    posting: Mutex<()>,
}

impl Engine {
    /// An engine over an application and the ways out that its operator has set; what
    /// administrators set comes from the database. The engine's application knows of both.
    #[must_use]
    pub fn new(app: App, channels: Channels) -> Self {
        let worker = Uuid::new_v4();
        let ways = Arc::new(Ways::over(channels));
        let app = app.with_outlet(ways.clone());
        let gate = || Mutex::new(());
        Self {
            app,
            ways,
            worker,
            recurring: Recurring::On,
            moving: gate(),
            ticking: gate(),
            sweeping: gate(),
            mailing: gate(),
            texting: gate(),
            posting: gate(),
        }
    }

    /// The same without digests and alarms, for making up a past.
    #[must_use]
    pub fn without_recurring(self) -> Self {
        Self { recurring: Recurring::Off, ..self }
    }

    /// The application.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Brings every due ticket up to now.
    pub async fn sweep(&self) {
        let round = || sweep::run_once(&self.app, self.app.clock.now());
        self.fire(Round::Sweep, "sweeping due tickets", round).await;
    }

    /// Does the recurring jobs that are due.
    pub async fn tick(&self) {
        if self.recurring == Recurring::Off {
            return;
        }
        self.fire(Round::Jobs, "recurring jobs", || self.jobs()).await;
    }

    /// Does each job that is due once; one that fails does not keep the others from their turn.
    async fn jobs(&self) -> Result<usize, Error> {
        let done = recurring::done(&self.app).await?;
        let mut count = 0;
        for (job, due_at) in schedule::due(&done, self.app.clock.now()) {
            let outcome = if done.contains_key(&job) {
                recurring::run(&self.app, job, due_at, self.worker).await
            } else {
                recurring::begin(&self.app, job, due_at, self.worker).await.map(|()| true)
            };
            match outcome {
                Ok(is_done) => count += usize::from(is_done),
                Err(error) => failed(job.name(), &error),
            }
        }
        Ok(count)
    }

    /// Sends everything that is due on a channel, each once.
    pub async fn deliver(&self, channel: Channel) {
        let round = || deliver::batch(&self.app, &self.ways, channel, self.worker);
        self.fire(Round::Deliver(channel), "delivering", round).await;
    }

    /// Does rounds of work until one finds nothing to do. Whatever falls due, leaves or recurs
    /// goes through here, so that a hold stops all of it, between two rounds at the latest.
    async fn fire<R>(&self, which: Round, what: &'static str, round: impl Fn() -> R)
    where
        R: Future<Output = Result<usize, Error>>,
    {
        let _alone = self.gate(which).lock().await;
        while self.may_fire().await {
            let outcome = round().await;
            self.app.vitals.beat(which);
            match outcome {
                Ok(0) => return,
                Ok(count) => did(what, count),
                Err(error) => return failed(what, &error),
            }
        }
    }

    /// False on hold, while this process's clock is off or it is about to end, and while nobody
    /// can say.
    pub(super) async fn may_fire(&self) -> bool {
        if self.app.vitals.is_draining() {
            return false;
        }
        match hold::may_fire(&self.app).await {
            Ok(may) => may,
            Err(error) => {
                failed("asking whether firing is on hold", &error);
                false
            }
        }
    }

    fn gate(&self, which: Round) -> &Mutex<()> {
        match which {
            Round::Deliver(Channel::Mail) => &self.mailing,
            Round::Deliver(Channel::Sms) => &self.texting,
            Round::Deliver(Channel::Robot) => &self.posting,
            Round::Jobs => &self.ticking,
            Round::Sweep | Round::Seal | Round::Clear => &self.sweeping,
        }
    }

    /// One round of a loop. A panic in it is the end of that round and not of the loop.
    pub(super) async fn turn(&self, round: Round) {
        let turn = async {
            match round {
                Round::Sweep => self.sweep().await,
                Round::Deliver(channel) => self.deliver(channel).await,
                Round::Jobs => self.tick().await,
                Round::Seal => seal::run_once(&self.app, Taken::WhenDue).await,
                Round::Clear => clear::run_once(self).await,
            }
        };
        if AssertUnwindSafe(turn).catch_unwind().await.is_err() {
            tracing::error!(name = round.name(), "a loop panicked; its next round goes on");
        }
        self.app.vitals.beat(round);
    }

    /// Moves business time forward to `to` through every due instant in order; comes back when
    /// all due steps and notices have run.
    ///
    /// # Errors
    /// [`Error::Internal`] when the database fails.
    pub async fn advance_to(&self, to: DateTime<Utc>) -> Result<(), Error> {
        let _gate = self.moving.lock().await;
        loop {
            self.catch_up().await;
            let now = self.app.clock.now();
            let ticket = sweep::next_due(&self.app, now).await?;
            let delivery = letters::next_due(&self.app, now).await?;
            let job = match self.recurring {
                Recurring::On => schedule::next_due(now),
                Recurring::Off => None,
            };
            match [ticket, delivery, job].into_iter().flatten().min() {
                Some(next) if next <= to => self.app.clock.move_to(next),
                Some(_) | None => break,
            }
        }
        self.app.clock.move_to(to);
        self.catch_up().await;
        Ok(())
    }

    async fn catch_up(&self) {
        self.sweep().await;
        self.tick().await;
        self.deliver(Channel::Mail).await;
        self.deliver(Channel::Sms).await;
        self.deliver(Channel::Robot).await;
    }
}
