//! Tickets with their deadlines, promises, escalations and timeline.
//!
//! The ticket's row is the lock: whoever changes anything of a ticket holds it first, so two
//! changes never cross and no two rows are locked in opposite orders.
//!
//! **Never** saves a ticket that somebody else changed since it was read.

mod attachments;
mod duplicates;
mod filter;
mod ledger;
mod list;
mod load;
mod requests;
mod save;
mod shortage;
mod standing;
mod timeline;

pub use attachments::{AttachmentRow, Usage, attachment, attachments, known_attachments, usage};
pub use duplicates::likely_duplicates;
pub use filter::Filter;
pub(super) use filter::visible_condition;
pub use ledger::{LedgerPlace, Period, ledger_lines};
pub use list::{
    Climbed, Order, count, count_escalations, count_up_to, escalations, list, ticket_of_escalation,
};
pub use load::{find, find_all_locked, find_locked, load};
pub use save::{insert, insert_all, message_id, update};
pub use shortage::{shortage_lines, widespread_lines};
pub use standing::{Standing, standing};
pub use timeline::{EventRow, MessageRow, events, messages, without_contact};
