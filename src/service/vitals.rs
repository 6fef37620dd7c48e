//! What this process notices of itself: what its loops did and when, how late it was, what it
//! answered, and whether it is about to end.
//!
//! **Never** outlives the process: other replicas have their own, and a restart begins at zero.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use crate::domain::notice::Channel;

/// What repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Due tickets.
    Sweep,
    /// Deliveries on a channel.
    Deliver(Channel),
    /// Recurring jobs.
    Jobs,
    /// The chain of the audit log.
    Seal,
    /// Clearing up.
    Clear,
}

impl Round {
    /// Every one, in the order of their places.
    pub const ALL: [Self; 7] = [
        Self::Sweep,
        Self::Deliver(Channel::Mail),
        Self::Deliver(Channel::Sms),
        Self::Deliver(Channel::Robot),
        Self::Jobs,
        Self::Seal,
        Self::Clear,
    ];

    /// For monitoring.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sweep => "sweep",
            Self::Deliver(channel) => channel_name(channel),
            Self::Jobs => "jobs",
            Self::Seal => "seal",
            Self::Clear => "clear",
        }
    }

    /// Without a finished round for longer than this, the loop is stuck. A round of deliveries may
    /// wait for four servers one after another.
    const fn patience(self) -> Duration {
        match self {
            Self::Sweep | Self::Seal => Duration::from_secs(60),
            Self::Deliver(_) | Self::Jobs => Duration::from_secs(180),
            Self::Clear => Duration::from_secs(600),
        }
    }

    const fn place(self) -> usize {
        match self {
            Self::Sweep => 0,
            Self::Deliver(Channel::Mail) => 1,
            Self::Deliver(Channel::Sms) => 2,
            Self::Deliver(Channel::Robot) => 3,
            Self::Jobs => 4,
            Self::Seal => 5,
            Self::Clear => 6,
        }
    }
}

/// A channel for monitoring.
#[must_use]
pub const fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Mail => "mail",
        Channel::Sms => "sms",
        Channel::Robot => "robot",
    }
}

/// The upper ends of what is counted of lateness, in seconds: steady work, a catch-up, an outage.
const LATE: &[f64] = &[0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 3_600.0, 86_400.0];
/// The upper ends of what is counted of requests, in seconds.
const QUICK: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How often something took how long.
#[derive(Debug)]
pub struct Histogram {
    ends: &'static [f64],
    /// One for each end, and one for what is beyond.
    counts: Vec<AtomicU64>,
    millis: AtomicU64,
}

/// A histogram at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// How many took at most so many seconds, for each end.
    pub up_to: Vec<(f64, u64)>,
    /// How many there were.
    pub count: u64,
    /// How long all of them took, in seconds.
    pub sum: f64,
}

impl Histogram {
    fn new(ends: &'static [f64]) -> Self {
        let counts = (0..=ends.len()).map(|_| AtomicU64::new(0)).collect();
        Self { ends, counts, millis: AtomicU64::new(0) }
    }

    /// Counts one; what came before its time took no time.
    pub fn count(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let place = self.ends.partition_point(|end| *end < seconds);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// As it stands.
    #[must_use]
    pub fn counted(&self) -> Counted {
        let mut count = 0;
        let mut counts = self.counts.iter().map(|one| one.load(Ordering::Relaxed));
        let mut up_to = Vec::with_capacity(self.ends.len());
        for (end, one) in self.ends.iter().zip(counts.by_ref()) {
            count += one;
            up_to.push((*end, count));
        }
        count += counts.sum::<u64>();
        let sum = Duration::from_millis(self.millis.load(Ordering::Relaxed)).as_secs_f64();
        Counted { up_to, count, sum }
    }
}

/// What this process notices of itself.
#[derive(Debug)]
pub struct Vitals {
    begun: Instant,
    /// Milliseconds after the beginning at which each loop's last round ended; 0 = it never ran.
    rounds: [AtomicU64; Round::ALL.len()],
    lateness: Histogram,
    delays: [Histogram; 3],
    requests: Histogram,
    /// By the first digit of the status, from 1.
    answers: [AtomicU64; 5],
    draining: CancellationToken,
}

impl Default for Vitals {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            rounds: Default::default(),
            lateness: Histogram::new(LATE),
            delays: [(); 3].map(|()| Histogram::new(LATE)),
            requests: Histogram::new(QUICK),
            answers: Default::default(),
            draining: CancellationToken::new(),
        }
    }
}

impl Vitals {
    /// A loop begins, or one of its rounds has ended.
    pub fn beat(&self, round: Round) {
        let millis = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        if let Some(last) = self.rounds.get(round.place()) {
            last.store(millis.max(1), Ordering::Relaxed);
        }
    }

    /// How long ago each loop that runs ended a round.
    pub fn rounds(&self) -> impl Iterator<Item = (Round, Duration)> {
        let now = self.begun.elapsed();
        Round::ALL.into_iter().filter_map(move |round| {
            let last = self.rounds.get(round.place())?.load(Ordering::Relaxed);
            (last > 0).then(|| (round, now.saturating_sub(Duration::from_millis(last))))
        })
    }

    /// The loops that have not ended a round for too long.
    #[must_use]
    pub fn stuck(&self) -> Vec<(Round, Duration)> {
        self.rounds().filter(|(round, since)| *since > round.patience()).collect()
    }

    /// A ticket was handled so long after it was due.
    pub(super) fn fired(&self, late: TimeDelta) {
        self.lateness.count(late.to_std().unwrap_or_default());
    }

    /// A delivery was sent so long after it could leave.
    pub fn sent(&self, channel: Channel, late: TimeDelta) {
        self.delay(channel).count(late.to_std().unwrap_or_default());
    }

    /// A request was answered.
    pub fn answered(&self, status: u16, took: Duration) {
        self.requests.count(took);
        let class = usize::from(status / 100).saturating_sub(1);
        if let Some(answers) = self.answers.get(class) {
            answers.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How long after they were due tickets were handled.
    #[must_use]
    pub fn lateness(&self) -> &Histogram {
        &self.lateness
    }

    /// How long after they could leave deliveries were sent.
    #[must_use]
    pub fn delay(&self, channel: Channel) -> &Histogram {
        let [mail, sms, robot] = &self.delays;
        match channel {
            Channel::Mail => mail,
            Channel::Sms => sms,
            Channel::Robot => robot,
        }
    }

    /// How long requests took to be answered.
    #[must_use]
    pub fn requests(&self) -> &Histogram {
        &self.requests
    }

    /// How many answers of each class of statuses, 1xx first.
    #[must_use]
    pub fn answers(&self) -> [u64; 5] {
        self.answers.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    /// The process is about to end: no new work is begun.
    pub fn drain(&self) {
        self.draining.cancel();
    }

    /// Cancelled when the process is about to end.
    #[must_use]
    pub fn draining(&self) -> &CancellationToken {
        &self.draining
    }

    /// True when the process is about to end.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_up_to_each_end_and_beyond() {
        let histogram = Histogram::new(&[1.0, 2.0]);
        for millis in [0, 1_000, 1_001, 2_000, 9_500] {
            histogram.count(Duration::from_millis(millis));
        }
        let counted = histogram.counted();
        assert_eq!((counted.up_to, counted.count), (vec![(1.0, 2), (2.0, 4)], 5));
        assert!((counted.sum - 13.501).abs() < 1e-9, "{}", counted.sum);
    }

    #[test]
    fn every_round_has_a_place_of_its_own() {
        let places: Vec<_> = Round::ALL.into_iter().map(Round::place).collect();
        assert_eq!(places, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_loop_that_never_ran_is_not_stuck() {
        let vitals = Vitals::default();
        assert_eq!(vitals.rounds().count(), 0);
        vitals.beat(Round::Seal);
        let rounds: Vec<_> = vitals.rounds().map(|(round, _)| round).collect();
        assert_eq!(rounds, [Round::Seal]);
        assert!(vitals.stuck().is_empty());
    }

    #[test]
    fn what_came_early_took_no_time_and_every_status_has_its_class() {
        let vitals = Vitals::default();
        vitals.fired(TimeDelta::seconds(-3));
        assert_eq!(vitals.lateness().counted().up_to.first(), Some(&(0.5, 1)));
        for status in [100, 200, 204, 304, 404, 503, 599, 0, 999] {
            vitals.answered(status, Duration::ZERO);
        }
        // 0 is no status; it is counted somewhere rather than nowhere.
        assert_eq!(vitals.answers(), [2, 2, 1, 1, 2]);
    }
}
