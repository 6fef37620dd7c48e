//! The working calendar: which days are worked, when a deadline falls, and why.
//!
//! Layers of dated days (nation, province, city, county, organisation) are resolved once into a [`Calendar`] of
//! plain tables, so that a deadline costs two look-ups. Civil days and times are Shanghai's.
//!
//! **Never** reads a clock, a file or a database, and never takes a year without a State
//! Council notice for a year without holidays.

mod count;
mod day;
mod edit;
mod hours;
mod zone;

pub use count::Calendar;
pub use day::{CalendarError, Counting, Day, DayKind, Due, ExplainedDay, Layer, LayerOf, Target};
pub use edit::{DayChange, Edit, LayerChange};
pub use hours::{MOST_WINDOWS, NotOfficeHours, Office, Window};
pub use zone::{
    SHANGHAI, ZONE_RULES, at_time, first_other_day, local_date, local_time, midnight_after,
};
