//! The names of acts.
//!
//! **Never** says who may do one, or when.

use serde::{Deserialize, Serialize};

/// The name of an act, for permissions and the matrix of what is possible when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActKind {
    /// See [`super::Act::Reply`].
    Reply,
    /// See [`super::Act::Promise`].
    Promise,
    /// See [`super::Act::Solve`].
    Solve,
    /// See [`super::Act::Confirm`].
    Confirm,
    /// See [`super::Act::Withdraw`].
    Withdraw,
    /// See [`super::Act::Urge`].
    Urge,
    /// See [`super::Act::Escalate`].
    Escalate,
    /// See [`super::Act::Return`].
    Return,
    /// See [`super::Act::Extension`].
    Extension,
    /// See [`super::Act::ForceMajeure`].
    ForceMajeure,
    /// See [`super::Act::Distributor`].
    Distributor,
    /// See [`super::Act::Decide`].
    Decide,
    /// See [`super::Act::Message`].
    Message,
    /// See [`super::Act::Attach`].
    Attach,
    /// See [`super::Act::Acknowledge`].
    Acknowledge,
    /// See [`super::Act::Measure`].
    Measure,
    /// See [`super::Act::CloseEscalation`].
    CloseEscalation,
}

impl ActKind {
    /// Every act, for tables and tests.
    pub const ALL: [Self; 17] = [
        Self::Reply,
        Self::Promise,
        Self::Solve,
        Self::Confirm,
        Self::Withdraw,
        Self::Urge,
        Self::Escalate,
        Self::Return,
        Self::Extension,
        Self::ForceMajeure,
        Self::Distributor,
        Self::Decide,
        Self::Message,
        Self::Attach,
        Self::Acknowledge,
        Self::Measure,
        Self::CloseEscalation,
    ];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Promise => "promise",
            Self::Solve => "solve",
            Self::Confirm => "confirm",
            Self::Withdraw => "withdraw",
            Self::Urge => "urge",
            Self::Escalate => "escalate",
            Self::Return => "return",
            Self::Extension => "extension",
            Self::ForceMajeure => "force_majeure",
            Self::Distributor => "distributor",
            Self::Decide => "decide",
            Self::Message => "message",
            Self::Attach => "attach",
            Self::Acknowledge => "acknowledge",
            Self::Measure => "measure",
            Self::CloseEscalation => "close_escalation",
        }
    }
}
