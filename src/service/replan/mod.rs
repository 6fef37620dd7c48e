//! Changing the rules, and counting every open deadline again that the change touches.
//!
//! A change is proposed, seen before it is made, and confirmed; confirmed, the new rules and
//! every moved deadline are one transaction, in which nobody else decides by the old ones. A
//! change that moves many deadlines waits for a second administrator.
//!
//! **Never** edits a batch that took effect: taking one back is another batch.

mod apply;
pub mod layers;
mod plan;
mod view;

pub use crate::store::replan::BatchState;
pub use apply::{approve, confirm, reject};
pub use plan::{Proposal, Wish};
pub use view::{
    BatchView, MovedTicket, Outcome, Seen, batches, judging, preview, preview_batch, show, undoing,
};

use super::Error;
use crate::domain::access::Scope;
use crate::domain::party::Role;

/// Refuses whoever may not change the rules.
///
/// # Errors
/// [`Error::Forbidden`].
pub fn admit(scope: &Scope) -> Result<(), Error> {
    match scope.actor().role {
        Role::Admin => Ok(()),
        Role::Hospital
        | Role::Manufacturer
        | Role::Distributor
        | Role::Bureau
        | Role::Security
        | Role::Auditor => Err(Error::Forbidden(
            "only an administrator may change calendars and time limits".to_owned(),
        )),
    }
}
