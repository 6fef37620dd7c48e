//! Links by which people choose a password: for an account that is new, or one whose password was
//! lost.
//!
//! **Never** opens twice, and not after three days.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A link lives so many hours.
pub const HOURS: i64 = 72;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// An account that is new.
    Invited,
    /// A password that was lost.
    Reset,
}

/// How a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Until when it can be used, wall time.
    pub expires_at: DateTime<Utc>,
    /// When it was used.
    pub used_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Why a link opens nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Over {
    /// It was used.
    #[error("this link was used already")]
    Used,
    /// It was taken back, or another one took its place.
    #[error("this link was taken back; ask for a new one")]
    Revoked,
    /// Its time is over.
    #[error("this link has run out; ask for a new one")]
    Expired,
}

impl Over {
    /// The stable code.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Used => "link_used",
            Self::Revoked => "link_revoked",
            Self::Expired => "link_expired",
        }
    }
}

impl Standing {
    /// How a new one stands.
    #[must_use]
    pub fn begun(at: DateTime<Utc>) -> Self {
        Self { expires_at: at + TimeDelta::hours(HOURS), used_at: None, revoked_at: None }
    }

    /// Whether it can be used now.
    ///
    /// # Errors
    /// [`Over`].
    pub fn opens(&self, at: DateTime<Utc>) -> Result<(), Over> {
        match self {
            Self { used_at: Some(_), .. } => Err(Over::Used),
            Self { revoked_at: Some(_), .. } => Err(Over::Revoked),
            Self { expires_at, .. } if at >= *expires_at => Err(Over::Expired),
            Self { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_once_and_for_three_days() {
        let begun: DateTime<Utc> = "2026-02-13T02:30:00Z".parse().expect("an instant");
        let fresh = Standing::begun(begun);
        let after = |hours| begun + TimeDelta::hours(hours);
        assert_eq!(fresh.opens(after(71)), Ok(()));
        assert_eq!(fresh.opens(after(72)), Err(Over::Expired));
        let used = Standing { used_at: Some(after(1)), ..fresh };
        assert_eq!(used.opens(after(2)), Err(Over::Used));
        let revoked = Standing { revoked_at: Some(after(1)), ..fresh };
        assert_eq!(revoked.opens(after(100)), Err(Over::Revoked));
    }
}
