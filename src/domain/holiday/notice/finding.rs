//! Where a notice contradicts itself or the calendar.
//!
//! **Never** decides anything: somebody looks at it.

use chrono::{NaiveDate, Weekday};

/// Something that a reviewer should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Finding {
    /// The weekday in brackets is not the day's.
    Weekday {
        /// The day.
        date: NaiveDate,
        /// What the notice calls it, counted from Monday as 1.
        said: u32,
    },
    /// 共N天 is not how many days there are.
    Count {
        /// What the notice says.
        said: u32,
        /// How many there are.
        counted: u32,
    },
    /// One sentence opens a day that another closes; the first counts.
    Conflict {
        /// The day.
        date: NaiveDate,
    },
    /// The notice gives no year for a day of the December before or the January after.
    YearAssumed {
        /// The day as it was understood.
        date: NaiveDate,
    },
    /// A day from Monday to Friday is said to be worked, which it is anyway.
    WorkOnWeekday {
        /// The day.
        date: NaiveDate,
    },
    /// The text is about another year than was asked for.
    TitleYear {
        /// The year in the text.
        said: i32,
    },
}

impl Finding {
    /// The stable name.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Weekday { .. } => "weekday",
            Self::Count { .. } => "count",
            Self::Conflict { .. } => "conflict",
            Self::YearAssumed { .. } => "year_assumed",
            Self::WorkOnWeekday { .. } => "work_on_weekday",
            Self::TitleYear { .. } => "title_year",
        }
    }

    /// For people.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Weekday { date, said } => {
                let said = i64::from(*said).checked_sub(1).and_then(|said| u8::try_from(said).ok());
                let said = said.and_then(|said| Weekday::try_from(said).ok());
                let said = said.map(|said| said.to_string()).unwrap_or_default();
                format!("{date} is a {}, and the notice says {said}", date.format("%a"))
            }
            Self::Count { said, counted } => {
                format!("the notice says {said} days and names {counted}")
            }
            Self::Conflict { date } => format!("{date} is both worked and free"),
            Self::YearAssumed { date } => format!("the year of {date} is not written"),
            Self::WorkOnWeekday { date } => {
                format!("{date} is a {}, a working day anyway", date.format("%A"))
            }
            Self::TitleYear { said } => format!("the text is about {said}"),
        }
    }
}
