//! The two clocks: business time, which deadlines are judged by, and wall time.
//!
//! Business time is wall time in production. The demo moves it forward, and tests hold it
//! still; sessions, leases and signatures go by wall time whatever happens.
//!
//! **Never** read twice in one use case: it is asked once and passed down as `at`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// A clock that can be asked for both times, in milliseconds: finer than that the databases
/// differ.
#[derive(Debug, Clone)]
pub struct Clock {
    business: Business,
    /// How far this machine's clock is ahead of what it should say, in milliseconds: another
    /// machine's, badly set, played on this one.
    wrong_by: Arc<AtomicI64>,
}

#[derive(Debug, Clone)]
enum Business {
    /// As on the wall.
    Wall,
    /// Ahead of the wall by so many milliseconds, and ticking.
    Ahead(Arc<AtomicI64>),
    /// Standing at so many milliseconds since 1970.
    Still(Arc<AtomicI64>),
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::over(Business::Wall)
    }

    /// A clock that ticks on from `now` and can be moved forward.
    #[must_use]
    pub fn ticking_from(now: DateTime<Utc>) -> Self {
        let ahead = now.timestamp_millis() - wall().timestamp_millis();
        Self::over(Business::Ahead(Arc::new(AtomicI64::new(ahead))))
    }

    /// A clock that stands at `now` until it is moved.
    #[must_use]
    pub fn still_at(now: DateTime<Utc>) -> Self {
        Self::over(Business::Still(Arc::new(AtomicI64::new(now.timestamp_millis()))))
    }

    fn over(business: Business) -> Self {
        Self { business, wrong_by: Arc::default() }
    }

    /// Sets this clock and its copies wrong by so much, for tests of what depends on it.
    pub fn set_wrong_by(&self, ahead: TimeDelta) {
        self.wrong_by.store(ahead.num_milliseconds(), Ordering::SeqCst);
    }

    /// Business time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let millis = match &self.business {
            Business::Wall => return self.wall(),
            Business::Ahead(ahead) => {
                self.wall().timestamp_millis().saturating_add(ahead.load(Ordering::SeqCst))
            }
            Business::Still(at) => at.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_millis(millis).unwrap_or_else(wall)
    }

    /// Wall time, as this machine's clock says.
    #[must_use]
    pub fn wall(&self) -> DateTime<Utc> {
        wall() + TimeDelta::milliseconds(self.wrong_by.load(Ordering::SeqCst))
    }

    /// Moves business time forward to `to`; never back, and never on the system's clock.
    pub fn move_to(&self, to: DateTime<Utc>) {
        match &self.business {
            Business::Wall => {}
            Business::Ahead(ahead) => {
                let by = to.timestamp_millis().saturating_sub(self.wall().timestamp_millis());
                ahead.fetch_max(by, Ordering::SeqCst);
            }
            Business::Still(at) => {
                at.fetch_max(to.timestamp_millis(), Ordering::SeqCst);
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn wall() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}
