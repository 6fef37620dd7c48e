//! Where a ticket stands.
//!
//! **Never** holds what is true in another state.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The state with what is true only in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// 待回复: nobody has answered.
    Open,
    /// 处理中: the manufacturer has promised a date.
    Promised {
        /// True after a disputed solution: the manufacturer owes a new promise.
        owes_promise: bool,
    },
    /// 待确认: the manufacturer reports it solved, the hospital has not answered.
    Solved {
        /// When it was reported; a confirmed solution counts as of then.
        at: DateTime<Utc>,
    },
    /// 已办结: the hospital confirmed.
    Closed {
        /// When.
        at: DateTime<Utc>,
    },
    /// 已撤回: the hospital took it back.
    Withdrawn {
        /// When.
        at: DateTime<Utc>,
    },
    /// 已退单: a bureau accepted that it is not this manufacturer's.
    Returned {
        /// When.
        at: DateTime<Utc>,
    },
}

/// The state's name alone: the wire's, the table's and the matrix's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateName {
    /// See [`State::Open`].
    Open,
    /// See [`State::Promised`].
    Promised,
    /// See [`State::Solved`].
    Solved,
    /// See [`State::Closed`].
    Closed,
    /// See [`State::Withdrawn`].
    Withdrawn,
    /// See [`State::Returned`].
    Returned,
}

impl StateName {
    /// Every state, for tables and tests.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Promised, Self::Solved, Self::Closed, Self::Withdrawn, Self::Returned];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Promised => "promised",
            Self::Solved => "solved",
            Self::Closed => "closed",
            Self::Withdrawn => "withdrawn",
            Self::Returned => "returned",
        }
    }

    /// True when nothing more happens to the ticket.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Open | Self::Promised | Self::Solved => false,
            Self::Closed | Self::Withdrawn | Self::Returned => true,
        }
    }
}

impl State {
    /// The name of the state.
    #[must_use]
    pub fn name(&self) -> StateName {
        match self {
            Self::Open => StateName::Open,
            Self::Promised { .. } => StateName::Promised,
            Self::Solved { .. } => StateName::Solved,
            Self::Closed { .. } => StateName::Closed,
            Self::Withdrawn { .. } => StateName::Withdrawn,
            Self::Returned { .. } => StateName::Returned,
        }
    }

    /// True when nothing more happens to the ticket.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.name().is_final()
    }

    /// When the ticket ended, if it did.
    #[must_use]
    pub fn ended_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Open | Self::Promised { .. } | Self::Solved { .. } => None,
            Self::Closed { at } | Self::Withdrawn { at } | Self::Returned { at } => Some(*at),
        }
    }
}
