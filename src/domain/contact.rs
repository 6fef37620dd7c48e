//! Whom to ask in an organisation, for what and where (联系方式), and whether that was verified.
//!
//! An address is verified by a code of six digits that is sent there; after some months it counts
//! as unverified again, because people leave and numbers change.
//!
//! **Never** takes an address for verified that somebody has only typed.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::id::OrganisationId;
use super::notice::Channel;
use super::party::{Division, Role};

/// A verified address counts for so many days, unless a setting says otherwise.
pub const DAYS: i64 = 180;
/// Before it runs out, its organisation is told for so many days.
pub const WARNED_DAYS: i64 = 30;
/// A code can be typed for so many minutes.
pub const MINUTES: i64 = 10;
/// So many wrong codes, and it is over.
pub const TRIES: i16 = 5;
/// A contact gets so many codes within a day.
pub const CODES_A_DAY: u64 = 5;
/// Between two codes lie so many seconds.
pub const SECONDS_BETWEEN: i64 = 60;

/// What somebody can be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// 供应保障
    Supply,
    /// 质量
    Quality,
    /// 夜间值守
    NightDuty,
    /// 配送
    Delivery,
    /// 负责人
    Management,
    /// 其他
    Other,
}

/// How an address stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has shown that it is theirs.
    Unverified,
    /// Somebody has.
    Verified {
        /// Until when that counts.
        until: DateTime<Utc>,
    },
    /// Somebody had, too long ago.
    Expired {
        /// Since when it does not count any more.
        since: DateTime<Utc>,
    },
}

impl Standing {
    /// How an address stands that was verified then, if it was.
    #[must_use]
    pub fn of(verified_at: Option<DateTime<Utc>>, days: i64, now: DateTime<Utc>) -> Self {
        match verified_at.map(|at| at + TimeDelta::days(days)) {
            None => Self::Unverified,
            Some(until) if now < until => Self::Verified { until },
            Some(since) => Self::Expired { since },
        }
    }

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Verified { .. } => "verified",
            Self::Expired { .. } => "expired",
        }
    }

    /// True when somebody should verify it again soon.
    #[must_use]
    pub fn is_running_out(self, now: DateTime<Utc>) -> bool {
        match self {
            Self::Unverified => false,
            Self::Verified { until } => until - now <= TimeDelta::days(WARNED_DAYS),
            Self::Expired { .. } => true,
        }
    }
}

/// What an address is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What somebody can be asked about there.
    pub function: Function,
    /// Who answers.
    pub name: String,
    /// Mail or telephone.
    pub channel: Channel,
    /// The address or the number.
    pub address: String,
    /// The place it is for; `None` = everywhere.
    pub territory: Option<Division>,
}

/// Whether somebody may keep the contacts of an organisation: the system administrator everybody's,
/// the people of a party their own.
#[must_use]
pub fn may_keep((role, own): (Role, OrganisationId), of: OrganisationId) -> bool {
    match role {
        Role::Admin => true,
        Role::Hospital | Role::Manufacturer | Role::Distributor | Role::Bureau => own == of,
        Role::Security | Role::Auditor => false,
    }
}

/// A code on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    /// Until when it can be typed, wall time.
    pub expires_at: DateTime<Utc>,
    /// How often a wrong one was typed.
    pub tries: i16,
    /// True once it was typed rightly.
    pub is_used: bool,
}

/// Why a code is not asked for, or not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// One was sent a moment ago, or too many today.
    #[error("too many codes; try again in {0} seconds")]
    TooSoon(u64),
    /// There is none, or not any more.
    #[error("the code has run out; ask for a new one")]
    Over,
    /// Another one was typed.
    #[error("this is not the code that was sent")]
    Wrong,
}

/// Whether another code may be sent, after so many within a day.
///
/// # Errors
/// [`Refusal::TooSoon`] with the seconds to wait.
pub fn another(
    last: Option<DateTime<Utc>>,
    within_a_day: u64,
    wall: DateTime<Utc>,
) -> Result<(), Refusal> {
    if within_a_day >= CODES_A_DAY {
        return Err(Refusal::TooSoon(24 * 60 * 60));
    }
    let waited = last.map(|last| (wall - last).num_seconds());
    match waited {
        Some(waited) if waited < SECONDS_BETWEEN => {
            Err(Refusal::TooSoon(u64::try_from(SECONDS_BETWEEN - waited).unwrap_or(60)))
        }
        Some(_) | None => Ok(()),
    }
}

impl Challenge {
    /// Whether a code is taken.
    ///
    /// # Errors
    /// [`Refusal::Over`] and [`Refusal::Wrong`].
    pub fn judge(&self, is_right: bool, wall: DateTime<Utc>) -> Result<(), Refusal> {
        if self.is_used || self.tries >= TRIES || wall >= self.expires_at {
            return Err(Refusal::Over);
        }
        if is_right { Ok(()) } else { Err(Refusal::Wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect(text)
    }

    #[test]
    fn a_verified_address_runs_out() {
        let verified = Some(at("2026-02-13T00:00:00Z"));
        let standing = |now: &str| Standing::of(verified, 180, at(now));
        let until = at("2026-08-12T00:00:00Z");
        assert_eq!(standing("2026-08-11T23:59:59Z"), Standing::Verified { until });
        assert_eq!(standing("2026-08-12T00:00:00Z"), Standing::Expired { since: until });
        assert!(!standing("2026-07-01T00:00:00Z").is_running_out(at("2026-07-01T00:00:00Z")));
        assert!(standing("2026-07-14T00:00:00Z").is_running_out(at("2026-07-14T00:00:00Z")));
        assert_eq!(Standing::of(None, 180, until), Standing::Unverified);
    }

    #[test]
    fn a_code_is_taken_for_ten_minutes_and_five_tries() {
        let wall = at("2026-02-13T00:00:00Z");
        let expires_at = wall + TimeDelta::minutes(MINUTES);
        let fresh = Challenge { expires_at, tries: 0, is_used: false };
        assert_eq!(fresh.judge(true, wall), Ok(()));
        assert_eq!(fresh.judge(false, wall), Err(Refusal::Wrong));
        assert_eq!(fresh.judge(true, expires_at), Err(Refusal::Over));
        let tried = Challenge { tries: TRIES, ..fresh };
        assert_eq!(tried.judge(true, wall), Err(Refusal::Over), "guessing ends");
        let used = Challenge { is_used: true, ..fresh };
        assert_eq!(used.judge(true, wall), Err(Refusal::Over));
    }

    #[test]
    fn codes_are_not_sent_as_fast_as_they_are_asked_for() {
        let wall = at("2026-02-13T00:01:00Z");
        assert_eq!(another(None, 0, wall), Ok(()));
        assert_eq!(another(Some(at("2026-02-13T00:00:00Z")), 1, wall), Ok(()));
        let soon = another(Some(at("2026-02-13T00:00:20Z")), 1, wall);
        assert_eq!(soon, Err(Refusal::TooSoon(20)));
        assert!(another(Some(at("2026-02-12T12:00:00Z")), CODES_A_DAY, wall).is_err());
    }
}
