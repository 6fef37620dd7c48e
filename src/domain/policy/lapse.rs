//! What becomes of a policy that ends: continued by local decision, or the nation's rule applies.
//!
//! **Never** continues one silently: until somebody has decided, the end is told of.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Policy;

/// What was decided about the end of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Decision {
    /// It goes on by local decision, as another version from the day after.
    Continued {
        /// The day of the decision.
        on: NaiveDate,
        /// Why.
        reason: String,
        /// The version that goes on.
        version: String,
    },
    /// The rules of the region above apply.
    National {
        /// The day of the decision.
        on: NaiveDate,
        /// Why.
        reason: String,
    },
}

/// True for a policy with an end about which nothing was decided, and whose place no other
/// version of its region takes: on the day after it, or on `today` when that is later.
#[must_use]
pub fn awaits_decision(policies: &[Policy], policy: &Policy, today: NaiveDate) -> bool {
    let Some(after) = policy.effective_to.and_then(|last_on| last_on.succ_opt()) else {
        return false;
    };
    let day = after.max(today);
    let follows = |other: &Policy| {
        other.version != policy.version && other.is_of_scope(policy) && other.is_effective(day)
    };
    policy.withdrawn.is_none() && policy.decision.is_none() && !policies.iter().any(follows)
}

/// The policy that goes on from the day after, until `until` or without end; `None` when it has
/// no end. Its id and version are the caller's to give.
#[must_use]
pub fn continued(policy: &Policy, until: Option<NaiveDate>, source: String) -> Option<Policy> {
    Some(Policy {
        effective_from: policy.effective_to?.succ_opt()?,
        effective_to: until,
        source,
        decision: None,
        ..policy.clone()
    })
}
