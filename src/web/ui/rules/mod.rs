//! What everybody is judged by: the working calendars and the time-limit rules, to read.
//!
//! **Never** interprets them: the domain does.

mod batches;
mod calendars;
mod edit;
mod policies;
mod year;

pub(super) use batches::{
    decide as decide_batch, list as batches, show as batch, undo as undo_batch,
    undo_form as undo_batch_form,
};
pub(super) use calendars::{list as calendars, show as calendar};
pub(super) use edit::{
    add as add_days, create_layer, day as calendar_day, edit as edit_calendar,
    file as calendar_file, new_layer,
};
pub(super) use policies::{list as policies, show as policy};
