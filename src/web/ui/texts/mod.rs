//! The texts of notices, for administrators: which there are, and an editor for each.
//!
//! **Never** keeps what was only looked at.

mod difference;
mod editor;
mod list;

pub(super) use editor::{html, look, restore, save, show};
pub(super) use list::list;

use crate::domain::template::Slot;
use crate::service::templates::name;

/// The address of a text's page.
fn address(slot: Slot) -> String {
    format!("/templates/{}", name(slot))
}
