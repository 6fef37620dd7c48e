//! What everybody is judged by: the working calendars and the time-limit rules, to read, and for
//! administrators to keep.
//!
//! **Never** interprets them: the domain does.

mod batches;
mod calendars;
mod edit;
mod ending;
mod judging;
mod listing;
mod making;
mod policies;
mod review;
mod sealed;
mod sentences;
mod simulation;
mod typed;
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
pub(super) use ending::{decide, withdraw};
pub(super) use judging::{form as judging, judge};
pub(super) use listing::list as policies;
pub(super) use making::{change as change_policy, form as new_policy, save as save_policy};
pub(super) use policies::show as policy;
pub(super) use simulation::{draft as simulate_draft, show as simulation};
