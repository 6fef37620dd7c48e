//! Days as they are written, to dates: what is left out is what was said last.
//!
//! **Never** takes a December for the wrong year's without telling.

use chrono::{Datelike as _, NaiveDate};

use super::sentence::Written;

/// What the days of a sentence are read by.
#[derive(Debug, Clone)]
pub(super) struct Anchor {
    /// The year of the notice.
    year: i32,
    /// True in the point about New Year's Day: its December is the year before.
    is_new_year: bool,
    /// The day that was said last, and whether its year was written or followed from one.
    last: Option<(NaiveDate, bool)>,
}

/// A date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dated {
    pub(super) date: NaiveDate,
    /// True where it lies in another year than the notice and that is not written.
    pub(super) is_assumed: bool,
}

/// True for the years that a calendar knows.
pub(super) fn is_year(year: i32) -> bool {
    (2000..=2100).contains(&year)
}

impl Anchor {
    pub(super) fn of(year: i32, is_new_year: bool) -> Self {
        Self { year, is_new_year, last: None }
    }

    /// The date of a day; `None` where there is no such day.
    pub(super) fn date(&mut self, written: &Written) -> Option<Dated> {
        let month = match (written.month, self.last) {
            (Some(month), _) => month,
            (None, Some((last, _))) => last.month(),
            (None, None) => return None,
        };
        let (year, is_written) = match written.year {
            Some(year) => (i32::try_from(year).ok().filter(|year| is_year(*year))?, true),
            None => self.year_of(month),
        };
        let date = NaiveDate::from_ymd_opt(year, month, written.day)?;
        self.last = Some((date, is_written));
        Some(Dated { date, is_assumed: !is_written && year != self.year })
    }

    /// The year of a month without one: the last day's, where no year's end lies between.
    fn year_of(&self, month: u32) -> (i32, bool) {
        match self.last {
            Some((last, is_written)) if (last.month(), month) == (12, 1) => {
                (last.year() + 1, is_written)
            }
            Some((last, _)) if self.is_new_year && (last.month(), month) == (1, 12) => {
                (last.year() - 1, false)
            }
            Some((last, is_written)) => (last.year(), is_written),
            None if self.is_new_year && month == 12 => (self.year - 1, false),
            None => (self.year, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(is_new_year: bool, days: &[(Option<u32>, Option<u32>, u32)], expected: &[&str]) {
        let mut anchor = Anchor::of(2023, is_new_year);
        let found: Vec<_> = days
            .iter()
            .map(|(year, month, day)| {
                let written = Written { year: *year, month: *month, day: *day, weekday: None };
                anchor.date(&written).map_or("none".to_owned(), |dated| {
                    format!("{}{}", dated.date, if dated.is_assumed { "?" } else { "" })
                })
            })
            .collect();
        assert_eq!(found, expected, "{days:?}");
    }

    #[test]
    fn what_is_left_out_was_said_before() {
        check(false, &[(None, Some(9), 29), (None, Some(10), 6)], &["2023-09-29", "2023-10-06"]);
        check(false, &[(None, Some(1), 1), (None, None, 3)], &["2023-01-01", "2023-01-03"]);
        check(false, &[(None, Some(10), 1), (None, Some(9), 27)], &["2023-10-01", "2023-09-27"]);
        check(false, &[(None, None, 3)], &["none"]);
        check(false, &[(None, Some(2), 29)], &["none"]);
        check(false, &[(Some(1023), Some(2), 1)], &["none"]);
    }

    #[test]
    fn new_year_begins_in_december() {
        let written = [(Some(2022), Some(12), 31), (Some(2023), Some(1), 2)];
        check(true, &written, &["2022-12-31", "2023-01-02"]);
        check(
            true,
            &[(Some(2022), Some(12), 31), (None, Some(1), 2)],
            &["2022-12-31", "2023-01-02"],
        );
        check(true, &[(None, Some(12), 31), (None, Some(1), 2)], &["2022-12-31?", "2023-01-02"]);
        check(true, &[(None, Some(1), 1), (None, Some(12), 31)], &["2023-01-01", "2022-12-31?"]);
        check(false, &[(None, Some(12), 31), (None, Some(1), 2)], &["2023-12-31", "2024-01-02?"]);
    }
}
