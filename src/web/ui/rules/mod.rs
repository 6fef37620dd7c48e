//! What everybody is judged by: the working calendars and the time-limit rules, to read.
//!
//! **Never** interprets them: the domain does.

mod calendars;
mod policies;
mod year;

pub(super) use calendars::{list as calendars, show as calendar};
pub(super) use policies::{list as policies, show as policy};
