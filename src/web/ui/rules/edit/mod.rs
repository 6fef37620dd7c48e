//! Editing a calendar: a day, a file or a pasted notice becomes a table of days, the table a
//! preview of what it does, and the preview a batch.
//!
//! **Never** changes anything before its effect was shown.

mod add;
mod day;
mod decide;
pub(super) mod impact;
mod layer;
mod review;
mod table;

pub(in crate::web::ui) use add::{file, form as add};
pub(in crate::web::ui) use day::show as day;
pub(in crate::web::ui) use decide::edit;
pub(in crate::web::ui) use layer::{create as create_layer, form as new_layer};
