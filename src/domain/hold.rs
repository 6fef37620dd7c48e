//! Firing on hold: when the clock, or the age of the database, is in doubt, nothing is sent and
//! nobody is warned or escalated until a person says so.
//!
//! Product §4: a forward jump of more than 14 days since the last recorded tick, or a restored
//! backup, puts firing on hold. A tick that lies in the future is as doubtful: the clock went
//! back, or another replica's runs ahead.
//!
//! **Never** ends by itself: only a person knows whether the clock was right.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A longer silence than this between two ticks is a jump, in days.
const LONGEST_SILENCE_DAYS: i64 = 14;
/// A tick this far in the future may be another replica's clock, in minutes.
const MOST_AHEAD_MINUTES: i64 = 5;
/// A tick is recorded once in so many seconds.
const TICK_SECONDS: i64 = 60;

/// What put firing on hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldCause {
    /// The clock jumped, or the service stood still for long.
    Jump,
    /// The database came out of a backup.
    Restore,
    /// A person said so.
    Command,
    /// The database's file is damaged.
    Damage,
}

impl HoldCause {
    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Jump => "a jump of the clock",
            Self::Restore => "a restored backup",
            Self::Command => "a command",
            Self::Damage => "a damaged database",
        }
    }
}

/// A hold that is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What began it.
    pub cause: HoldCause,
    /// In words, for whoever has to release it.
    pub reason: String,
    /// Since when, in business time.
    pub since: DateTime<Utc>,
    /// Deliveries caused before this instant were queued before the hold.
    pub queued_before: DateTime<Utc>,
}

impl Hold {
    /// A hold that begins at `at`.
    #[must_use]
    pub fn begun(cause: HoldCause, reason: String, at: DateTime<Utc>) -> Self {
        Self { cause, reason, since: at, queued_before: at }
    }

    /// One line that says it loudly.
    #[must_use]
    pub fn announcement(&self) -> String {
        let since = written(self.since);
        format!(
            "ON HOLD since {since}: {}. People can go on working, but nothing falls due and no \
             mail or text message leaves until `supplyline release`",
            self.reason
        )
    }
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What the clock's last recorded tick says about now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tick {
    /// All is well, and the last tick is recent.
    Recent,
    /// All is well, and it is time to record a tick.
    Record,
    /// The clock cannot be trusted.
    Doubtful(Hold),
}

/// Judges the instant `at` by the last recorded tick; a fresh database has none.
#[must_use]
pub fn judge(last: Option<DateTime<Utc>>, at: DateTime<Utc>) -> Tick {
    let Some(last) = last else { return Tick::Record };
    let silence = at - last;
    if silence > TimeDelta::days(LONGEST_SILENCE_DAYS) {
        let days = silence.num_days();
        let reason = format!(
            "the last tick was recorded {days} days ago, at {}: either the service stood still, \
             or the clock is wrong",
            written(last)
        );
        return Tick::Doubtful(Hold::begun(HoldCause::Jump, reason, at));
    }
    if -silence > TimeDelta::minutes(MOST_AHEAD_MINUTES) {
        let reason = format!(
            "the last tick was recorded at {}, which lies in the future: the clock went back, or \
             was ahead then",
            written(last)
        );
        let hold = Hold::begun(HoldCause::Jump, reason, at);
        // What was queued by the clock that ran ahead bears its times.
        return Tick::Doubtful(Hold { queued_before: last, ..hold });
    }
    if silence >= TimeDelta::seconds(TICK_SECONDS) { Tick::Record } else { Tick::Recent }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(last: Option<&str>, at: &str, expected: &str) {
        let instant = |text: &str| text.parse().expect("an instant");
        let tick = match judge(last.map(instant), instant(at)) {
            Tick::Recent => "recent",
            Tick::Record => "record",
            Tick::Doubtful(_) => "doubtful",
        };
        assert_eq!(tick, expected, "{last:?} {at}");
    }

    #[test]
    fn a_fresh_database_has_no_jump() {
        check(None, "2026-02-13T02:30:00Z", "record");
    }

    #[test]
    fn fourteen_days_are_downtime_and_a_millisecond_more_is_a_jump() {
        let last = Some("2026-02-13T02:30:00Z");
        check(last, "2026-02-13T02:30:59.999Z", "recent");
        check(last, "2026-02-13T02:31:00Z", "record");
        check(last, "2026-02-26T02:30:00Z", "record");
        check(last, "2026-02-27T02:30:00Z", "record");
        check(last, "2026-02-27T02:30:00.001Z", "doubtful");
        check(last, "2027-02-13T02:30:00Z", "doubtful");
    }

    #[test]
    fn a_tick_may_lie_minutes_ahead_and_no_more() {
        let last = Some("2026-02-13T02:30:00Z");
        check(last, "2026-02-13T02:25:00Z", "recent");
        check(last, "2026-02-13T02:24:59.999Z", "doubtful");
        check(last, "2025-02-13T02:30:00Z", "doubtful");
    }

    #[test]
    fn what_a_clock_ahead_queued_counts_as_queued_before() {
        let (last, at) = ("2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z");
        let (last, at) = (last.parse().expect("an instant"), at.parse().expect("an instant"));
        let Tick::Doubtful(hold) = judge(Some(last), at) else { panic!("a hold is expected") };
        assert_eq!((hold.since, hold.queued_before), (at, last));
        assert!(hold.announcement().contains("supplyline release"), "{}", hold.announcement());
    }
}
