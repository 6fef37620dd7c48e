//! When a failed delivery is tried again.
//!
//! **Never** retries for ever: after the last attempt a person sees a dead letter.

use std::time::Duration;

/// Pauses after the first, second, … failed attempt. Ten attempts over about 47 hours.
const PAUSES_SECONDS: [u64; 9] =
    [30, 2 * 60, 10 * 60, 30 * 60, 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600, 24 * 3_600];

/// How long a receiver's own wish (`Retry-After`) is followed at most.
const LONGEST_WISH: Duration = Duration::from_secs(6 * 3_600);

/// The pause after failed attempt number `attempt` (from 1), or `None` when it was the last.
///
/// `wish` is what the receiver asked for; it never shortens the schedule. `jitter` in 0…=999
/// spreads the pause over ±20 %, so that many receivers of one outage are not tried at once.
#[must_use]
pub fn pause(attempt: u16, wish: Option<Duration>, jitter: u16) -> Option<Duration> {
    let index = usize::from(attempt.checked_sub(1)?);
    let base = PAUSES_SECONDS.get(index)?;
    let permille = 800 + u64::from(jitter.min(999)) * 400 / 999;
    let scheduled = Duration::from_millis(base * permille);
    Some(wish.map_or(scheduled, |wish| scheduled.max(wish.min(LONGEST_WISH))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(attempt: u16, wish: Option<u64>, jitter: u16, expected: Option<u64>) {
        let pause = pause(attempt, wish.map(Duration::from_secs), jitter);
        assert_eq!(pause, expected.map(Duration::from_secs), "attempt {attempt}");
    }

    #[test]
    fn ten_attempts_then_a_dead_letter() {
        check(1, None, 0, Some(24));
        check(1, None, 999, Some(36));
        check(9, None, 999, Some(24 * 3_600 * 12 / 10));
        check(10, None, 0, None);
        check(0, None, 0, None);
    }

    #[test]
    fn a_receivers_wish_lengthens_the_pause_up_to_six_hours() {
        check(1, Some(5), 0, Some(24));
        check(1, Some(600), 0, Some(600));
        check(1, Some(1_000_000_000), 0, Some(6 * 3_600));
        check(10, Some(5), 0, None);
    }
}
