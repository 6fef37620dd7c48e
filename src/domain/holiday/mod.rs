//! What files and notices say about days: readers of every format, the year they make, and what
//! is odd about it.
//!
//! | it comes as | read by | is |
//! |---|---|---|
//! | holiday JSON | [`read_json`] | a year, which replaces what was known of it |
//! | iCalendar | [`read_ics`] | days, which join what is known |
//! | the pasted text of a notice | [`read_notice`] | days for review |
//! | a table | [`of_rows`] | days, which join what is known |
//!
//! **Never** opens a file, never guesses what a line means, and never takes an empty year for a
//! year without holidays.

mod doubt;
mod ics;
mod json;
mod meaning;
mod names;
mod notice;
mod reading;
mod rows;
mod year;

pub use doubt::{Doubt, doubts};
pub use ics::read_ics;
pub use json::{read_json, read_year};
pub use notice::{Finding, LONGEST_NOTICE, Notice, read_notice};
pub use reading::{Held, Material, Reading, Refused, Why};
pub use rows::of_rows;
pub use year::{Year, YearFile, is_beside, whole_years};
