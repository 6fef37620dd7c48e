//! What a run is like, drawn from its seed.
//!
//! **Never** the same for long: quiet runs, rough ones, one replica or five.

use rand::Rng as _;
use rand::rngs::SmallRng;

use super::fault::Fault;
use super::world::{DAY, HOUR, MINUTE, Ms, SECOND};

/// 2026-01-05 00:00 in Shanghai.
const FIRST: Ms = 1_767_542_400_000;

pub(crate) struct Setting {
    pub(crate) begin: Ms,
    pub(crate) end: Ms,
    pub(crate) tickets: usize,
    /// Batches are taken in one transaction, as on a shared database; otherwise they are looked
    /// up, decided, and written under the guard of their versions.
    pub(crate) is_taken: bool,
    /// How far each replica's clock is ahead.
    pub(crate) offsets: Vec<Ms>,
    pub(crate) crash_per_10_000: u32,
    pub(crate) pause_per_10_000: u32,
    pub(crate) mean_uptime: Option<Ms>,
    pub(crate) outages: Vec<Ms>,
    pub(crate) edits: usize,
    pub(crate) holds: usize,
    /// Of a hundred letters, so many meet a receiver's trouble.
    pub(crate) trouble_percent: u32,
    /// Of a hundred acts, so many are aimed at the instant when something is due.
    pub(crate) aimed_percent: u32,
    pub(crate) most_acts: u32,
}

impl Setting {
    pub(crate) fn drawn(rng: &mut SmallRng, fault: Option<Fault>) -> Self {
        let begin = FIRST + rng.random_range(0..200) * DAY + rng.random_range(0..DAY);
        let span = rng.random_range(20..60) * DAY;
        let end = begin + span;
        let replicas = [1, 1, 2, 3, 3, 5][rng.random_range(0..6)];
        let is_rough = fault.is_some() || rng.random_ratio(2, 3);
        let rates = if is_rough { [5, 50, 300] } else { [0, 0, 1] };
        let outages = if rng.random_ratio(1, 3) { rng.random_range(1..3) } else { 0 };
        let uptimes = [10 * MINUTE, HOUR, DAY, 10 * DAY];
        let is_killed = is_rough && rng.random_ratio(1, 2);
        Self {
            begin,
            end,
            tickets: rng.random_range(10..60),
            is_taken: rng.random(),
            offsets: (0..replicas).map(|replica| offset(rng, replica)).collect(),
            crash_per_10_000: rates[rng.random_range(0..3)],
            pause_per_10_000: rates[rng.random_range(0..3)],
            mean_uptime: is_killed.then(|| uptimes[rng.random_range(0..4)]),
            outages: (0..outages).map(|_| rng.random_range(begin..end)).collect(),
            edits: if rng.random_ratio(1, 2) { rng.random_range(1..4) } else { 0 },
            holds: usize::from(rng.random_ratio(1, 6)),
            trouble_percent: [0, 5, 30, 80][rng.random_range(0..4)],
            aimed_percent: [5, 30, 60][rng.random_range(0..3)],
            most_acts: rng.random_range(2..14),
        }
    }
}

/// The first replica's clock is never off by more than is allowed.
fn offset(rng: &mut SmallRng, replica: usize) -> Ms {
    match rng.random_range(0..8) {
        0..4 => 0,
        4 | 5 => rng.random_range(-1_900..1_900),
        _ if replica == 0 => rng.random_range(-500..500),
        6 => [-DAY, -90 * SECOND, 90 * SECOND][rng.random_range(0..3)],
        _ => [365 * DAY, 40 * DAY, HOUR][rng.random_range(0..3)],
    }
}
