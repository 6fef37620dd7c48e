//! Whether this machine's clock agrees with the database's.
//!
//! Business time is the application's. Replicas share one book of deadlines, so a replica whose
//! clock is off would fire what is not due yet, or late, while the others are right. The
//! database's clock is the one that all of them can ask.
//!
//! **Never** guesses: an answer that took long proves little, and changes nothing.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// A clock further off than this fires nothing, in milliseconds.
pub const MOST_MILLISECONDS: i64 = 2_000;

/// The database was asked for its clock.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// When it was asked, by our clock.
    pub asked: DateTime<Utc>,
    /// How long the answer took.
    pub took: Duration,
    /// What it said.
    pub answer: DateTime<Utc>,
}

/// What a reading proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The clocks agree.
    Agrees,
    /// They do not.
    Differs,
    /// Neither: the answer took too long to tell.
    Nothing,
}

impl Reading {
    /// How far our clock is ahead of the database's, most likely: it looked at its own half way.
    #[must_use]
    pub fn ahead(&self) -> TimeDelta {
        self.asked + self.doubt() - self.answer
    }

    /// The most that [`Reading::ahead`] can be wrong by, either way.
    fn doubt(&self) -> TimeDelta {
        TimeDelta::from_std(self.took / 2).unwrap_or(TimeDelta::MAX)
    }

    /// What it proves, whenever the database looked at its clock.
    #[must_use]
    pub fn proof(&self) -> Proof {
        let (ahead, most) = (self.ahead().abs(), TimeDelta::milliseconds(MOST_MILLISECONDS));
        if ahead - self.doubt() > most {
            Proof::Differs
        } else if ahead + self.doubt() <= most {
            Proof::Agrees
        } else {
            Proof::Nothing
        }
    }
}

/// In words, like `90.0 s ahead of the database's`.
#[must_use]
pub fn words(ahead: TimeDelta) -> String {
    let tenths = ahead.num_milliseconds().unsigned_abs() / 100;
    let side = if ahead < TimeDelta::zero() { "behind" } else { "ahead of" };
    format!("{}.{} s {side} the database's", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reading(ahead: i64, took: u64, looked_after: u64) -> Reading {
        let asked = DateTime::from_timestamp_millis(1_771_000_000_000).expect("an instant");
        let looked = i64::try_from(looked_after).expect("small");
        let answer = asked + TimeDelta::milliseconds(looked - ahead);
        Reading { asked, took: Duration::from_millis(took), answer }
    }

    fn check(ahead: i64, took: u64, expected: Proof) {
        assert_eq!(reading(ahead, took, took / 2).proof(), expected, "{ahead} ms in {took} ms");
    }

    #[test]
    fn two_seconds_are_let_pass() {
        check(0, 10, Proof::Agrees);
        check(1_995, 10, Proof::Agrees);
        check(2_000, 0, Proof::Agrees);
        check(2_001, 0, Proof::Differs);
        check(2_006, 10, Proof::Differs);
        check(-2_006, 10, Proof::Differs);
        check(90_000, 10, Proof::Differs);
        check(-90_000, 10, Proof::Differs);
    }

    #[test]
    fn a_slow_answer_proves_nothing_but_what_is_certain() {
        check(0, 3_000, Proof::Agrees);
        check(0, 5_000, Proof::Nothing);
        check(1_500, 5_000, Proof::Nothing);
        check(90_000, 5_000, Proof::Differs);
    }

    proptest! {
        #[test]
        fn whenever_the_database_looked_the_proof_holds(
            ahead in -10_000_i64..10_000, took in 0_u64..20_000, part in 0_u64..=100,
        ) {
            // Even milliseconds: half of them is what was measured.
            let took = took / 2 * 2;
            match reading(ahead, took, took * part / 100).proof() {
                Proof::Agrees => prop_assert!(ahead.abs() <= MOST_MILLISECONDS),
                Proof::Differs => prop_assert!(ahead.abs() > MOST_MILLISECONDS),
                Proof::Nothing => {}
            }
        }
    }

    #[test]
    fn it_is_said_which_way_and_how_far() {
        assert_eq!(words(TimeDelta::milliseconds(90_049)), "90.0 s ahead of the database's");
        assert_eq!(words(TimeDelta::milliseconds(-2_150)), "2.1 s behind the database's");
    }
}
