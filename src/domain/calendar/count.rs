//! A calendar resolved from its layers, and the counting in it.
//!
//! **Never** walks day by day to find a deadline: the tables are made at construction.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};

use super::day::{CalendarError, Counting, Day, DayKind, Due, ExplainedDay, Layer, Target};
use super::zone::{SHANGHAI, at_time, local_date, local_time, midnight_after};

/// The first date a deadline may be counted from.
const FIRST: NaiveDate = first_of(2000);
/// The first date after those a deadline may be counted from (the last is 2100-12-31).
const END: NaiveDate = first_of(2101);
/// The first date after the horizon: a deadline counted from 2100 may fall in 2101.
const HORIZON: NaiveDate = first_of(2102);

/// 1 January of the year; the first date there is where the year does not exist.
const fn first_of(year: i32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, 1, 1) {
        Some(date) => date,
        None => NaiveDate::MIN,
    }
}

/// The calendar of one place, resolved from its layers. Days are known to the end of 2101.
pub struct Calendar {
    version: String,
    /// The years the nation published.
    published: BTreeSet<i32>,
    /// The named days; the nearest layer's where several name one.
    days: BTreeMap<NaiveDate, Day>,
    /// The days that an organisation's own layer names.
    own: BTreeSet<NaiveDate>,
    /// Every day since [`FIRST`].
    entries: Vec<Entry>,
    /// The working days since [`FIRST`], ascending.
    working: Vec<NaiveDate>,
}

/// What the tables hold of one day.
#[derive(Clone, Copy)]
struct Entry {
    kind: DayKind,
    /// How many working days there are since [`FIRST`], up to and with this day.
    working: u32,
    /// How many days in years without a notice there are since [`FIRST`], likewise.
    unpublished: u32,
}

impl std::fmt::Debug for Calendar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Calendar")
            .field("version", &self.version)
            .field("published", &self.published)
            .field("named_days", &self.days.len())
            .finish_non_exhaustive()
    }
}

impl Calendar {
    /// Resolves the layers, the nation first; a later layer wins day by day. Without layers,
    /// every year is unpublished. Costs milliseconds: build once and share.
    #[must_use]
    pub fn layered(version: impl Into<String>, layers: &[&Layer]) -> Self {
        Self::layered_for(version, layers, None)
    }

    /// The same with an organisation's own days, which win over every other layer's.
    #[must_use]
    pub fn layered_for(version: impl Into<String>, layers: &[&Layer], own: Option<&Layer>) -> Self {
        let published = layers.first().map(|nation| nation.published.clone()).unwrap_or_default();
        let mut days = BTreeMap::new();
        for layer in layers.iter().copied().chain(own) {
            days.extend(layer.days.iter().map(|(date, day)| (*date, day.clone())));
        }
        let mut calendar = Self {
            version: version.into(),
            published,
            days,
            own: own.iter().flat_map(|own| own.days.keys().copied()).collect(),
            entries: Vec::new(),
            working: Vec::new(),
        };
        calendar.tabulate();
        calendar
    }

    /// Fills the tables from the named days and the published years.
    fn tabulate(&mut self) {
        let (mut working, mut unpublished) = (0, 0);
        for date in FIRST.iter_days().take_while(|date| *date < HORIZON) {
            let kind = self.resolve(date);
            if kind.is_working() {
                working += 1;
                self.working.push(date);
            }
            if !self.is_published(date.year()) {
                unpublished += 1;
            }
            self.entries.push(Entry { kind, working, unpublished });
        }
    }

    /// What a day is, from the named days and, failing them, the plain week.
    fn resolve(&self, date: NaiveDate) -> DayKind {
        match self.days.get(&date) {
            Some(day) => day.kind,
            None if is_weekend(date) => DayKind::Rest,
            None if is_fixed_holiday(date) && !self.is_published(date.year()) => DayKind::Rest,
            None => DayKind::Working,
        }
    }

    /// The version the caller gave it, to be remembered with each deadline.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What the day is. In a year without a notice weekends rest, and of the public holidays
    /// only those with a fixed date (1-1; 5-1, 5-2; 10-1, 10-2, 10-3); a day that a layer
    /// names is what the layer says. Answers for any date, also outside 2000 to 2100.
    #[must_use]
    pub fn kind(&self, date: NaiveDate) -> DayKind {
        match index(date).and_then(|at| self.entries.get(at)) {
            Some(entry) => entry.kind,
            None => self.resolve(date),
        }
    }

    /// True for days that count. Answers for any date, like [`Calendar::kind`].
    #[must_use]
    pub fn is_working(&self, date: NaiveDate) -> bool {
        self.kind(date).is_working()
    }

    /// True where the year's State Council notice is loaded.
    #[must_use]
    pub fn is_published(&self, year: i32) -> bool {
        self.published.contains(&year)
    }

    /// The day as the nearest layer names it, with its source; `None` for days of the plain week.
    #[must_use]
    pub fn day(&self, date: NaiveDate) -> Option<&Day> {
        self.days.get(&date)
    }

    /// True where an organisation's own layer says what the day is.
    #[must_use]
    pub fn is_own(&self, date: NaiveDate) -> bool {
        self.own.contains(&date)
    }

    /// The n-th working day strictly after `start`, whatever day that is; 0 gives `start` itself.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] for a start outside 2000-01-01 to 2100-12-31,
    /// [`CalendarError::NoWorkingTime`] where the days run out before the end of 2101.
    pub fn nth_working_day_after(
        &self,
        start: NaiveDate,
        n: u16,
    ) -> Result<NaiveDate, CalendarError> {
        self.nth_after(start, self.entry(start)?, n)
    }

    /// The n-th working day after a start whose entry is known.
    fn nth_after(
        &self,
        start: NaiveDate,
        entry: Entry,
        n: u16,
    ) -> Result<NaiveDate, CalendarError> {
        let Some(earlier) = n.checked_sub(1) else {
            return Ok(start);
        };
        usize::try_from(entry.working)
            .ok()
            .and_then(|passed| self.working.get(passed + usize::from(earlier)))
            .copied()
            .ok_or(CalendarError::NoWorkingTime)
    }

    /// The entry of a date that a deadline may be counted from.
    fn entry(&self, date: NaiveDate) -> Result<Entry, CalendarError> {
        index(date)
            .filter(|_| date < END)
            .and_then(|at| self.entries.get(at))
            .copied()
            .ok_or(CalendarError::OutOfRange)
    }

    /// How many working days d there are with `after` < d <= `through`; 0 where `through` is
    /// not later. Days before 2000 and after 2101 are not counted.
    #[must_use]
    pub fn working_days_between(&self, after: NaiveDate, through: NaiveDate) -> u32 {
        self.count_through(through).saturating_sub(self.count_through(after))
    }

    /// How many known working days there are up to and with the date.
    fn count_through(&self, date: NaiveDate) -> u32 {
        let entry = match index(date) {
            Some(at) => self.entries.get(at).or(self.entries.last()),
            None => None,
        };
        entry.map_or(0, |entry| entry.working)
    }

    /// When the time granted at `from` ends.
    ///
    /// Working days: the filing day never counts; the deadline is the due time, or else 24:00,
    /// of the n-th working day after it. Elapsed hours run by the wall clock; an end exactly at
    /// midnight falls on the day that ends.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] where `from`, or the day it counts as, is not in 2000 to
    /// 2100 in Shanghai, or where elapsed hours end after 2101; [`CalendarError::NoWorkingTime`]
    /// where the working days run out before the end of 2101.
    pub fn due(
        &self,
        from: DateTime<Utc>,
        target: Target,
        rules: Counting,
    ) -> Result<Due, CalendarError> {
        let filed = from.naive_utc().checked_add_offset(SHANGHAI);
        let filed = filed.ok_or(CalendarError::OutOfRange)?;
        if !(FIRST..END).contains(&filed.date()) {
            return Err(CalendarError::OutOfRange);
        }
        match target {
            Target::WorkingDays(n) => self.due_by_days(filed, n, rules),
            Target::ElapsedHours(hours) => due_by_hours(from, filed.date(), hours),
            Target::WorkingHours(hours) => {
                self.due_by_office(from, TimeDelta::hours(i64::from(hours)), rules.office)
            }
        }
    }

    /// True where a year from the one of `first` through that of `last` has no notice.
    pub(super) fn reaches_unpublished(&self, first: NaiveDate, last: NaiveDate) -> bool {
        (first.year()..=last.year()).any(|year| !self.is_published(year))
    }

    /// The deadline of something filed at that time in Shanghai, counted in working days.
    fn due_by_days(
        &self,
        filed: NaiveDateTime,
        n: u16,
        rules: Counting,
    ) -> Result<Due, CalendarError> {
        let counted_from = match rules.cutoff_time {
            Some(cutoff) if filed.time() > cutoff => {
                filed.date().succ_opt().ok_or(CalendarError::OutOfRange)?
            }
            Some(_) | None => filed.date(),
        };
        let start = self.entry(counted_from)?;
        let on = self.nth_after(counted_from, start, n)?;
        let at = match rules.due_time {
            Some(time) => at_time(on, time),
            None => midnight_after(on),
        };
        let end = index(on).and_then(|at| self.entries.get(at));
        let provisional = end.is_some_and(|end| end.unpublished > start.unpublished);
        Ok(Due { at, on, counted_from, provisional })
    }

    /// The same deadline day by day: one row for each day from that of `from` in Shanghai
    /// through the due day. Of working days the counted ones are marked (exactly n of them);
    /// of elapsed hours, every touched day; of office hours, those with minutes that count.
    ///
    /// # Errors
    /// As [`Calendar::due`].
    pub fn explain(
        &self,
        from: DateTime<Utc>,
        target: Target,
        rules: Counting,
    ) -> Result<Vec<ExplainedDay>, CalendarError> {
        let due = self.due(from, target, rules)?;
        let row = |date| {
            let kind = self.kind(date);
            let minutes = match target {
                Target::WorkingHours(_) => {
                    Some(self.office_minutes(date, (from, due.at), rules.office))
                }
                Target::WorkingDays(_) | Target::ElapsedHours(_) => None,
            };
            let counted = match target {
                Target::WorkingDays(_) => date > due.counted_from && kind.is_working(),
                Target::ElapsedHours(_) => true,
                Target::WorkingHours(_) => minutes.is_some_and(|minutes| minutes > 0),
            };
            ExplainedDay { date, kind, counted, minutes, own: self.is_own(date) }
        };
        let days = local_date(from).iter_days().take_while(|date| *date <= due.on);
        Ok(days.map(row).collect())
    }
}

/// The deadline of something filed at that instant, on that date, counted in hours.
fn due_by_hours(
    from: DateTime<Utc>,
    filed_on: NaiveDate,
    hours: u16,
) -> Result<Due, CalendarError> {
    let at = from.checked_add_signed(TimeDelta::hours(i64::from(hours)));
    let at = at.ok_or(CalendarError::OutOfRange)?;
    let date = local_date(at);
    let on = match date.pred_opt() {
        Some(ended) if hours > 0 && local_time(at) == NaiveTime::MIN => ended,
        Some(_) | None => date,
    };
    if on >= HORIZON {
        return Err(CalendarError::OutOfRange);
    }
    Ok(Due { at, on, counted_from: filed_on, provisional: false })
}

/// Where the date stands in the tables, if it is not before [`FIRST`]; it may be past their end.
fn index(date: NaiveDate) -> Option<usize> {
    usize::try_from(date.num_days_from_ce() - FIRST.num_days_from_ce()).ok()
}

/// Saturday or Sunday.
fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

/// A public holiday whose date is the same every year, known before any notice.
fn is_fixed_holiday(date: NaiveDate) -> bool {
    matches!((date.month(), date.day()), (1, 1) | (5, 1 | 2) | (10, 1..=3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::{Layer, local_date};

    /// 2026 around the Spring Festival, and the days around 1 October.
    fn nation() -> Layer {
        let mut layer = Layer::default();
        layer.published.insert(2026);
        for day in 15..=23 {
            name(&mut layer, &format!("2026-02-{day}"), DayKind::Rest);
        }
        name(&mut layer, "2026-02-14", DayKind::Makeup);
        name(&mut layer, "2026-02-28", DayKind::Makeup);
        layer
    }

    fn name(layer: &mut Layer, date: &str, kind: DayKind) {
        let date = day(date);
        let named = Day { date, kind, name: "节".to_owned(), source: "test".to_owned() };
        layer.days.insert(date, named);
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect(text)
    }

    /// An instant, from date and time in Shanghai.
    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}+08:00").parse().expect(text)
    }

    fn rules(due: &str, cutoff: &str) -> Counting {
        let (due_time, cutoff_time) = (due.parse().ok(), cutoff.parse().ok());
        Counting { due_time, cutoff_time, ..Counting::default() }
    }

    /// "from" → "deadline, day, counted from, provisional?" with Shanghai's times.
    fn check(from: &str, target: Target, rules: Counting, expected: &str) {
        let calendar = Calendar::layered("v1", &[&nation()]);
        let due = calendar.due(at(from), target, rules).expect(from);
        let said = format!(
            "{} on {} from {}{}",
            due.at.with_timezone(&SHANGHAI).format("%F %T"),
            due.on,
            due.counted_from,
            if due.provisional { " provisional" } else { "" }
        );
        assert_eq!(said, expected, "{from} {target:?} {rules:?}");
        let explained = calendar.explain(at(from), target, rules).expect(from);
        assert_eq!(explained.first().map(|row| row.date), Some(local_date(at(from))));
        assert_eq!(explained.last().map(|row| row.date), Some(due.on));
    }

    #[test]
    fn the_filing_day_is_never_counted_and_the_last_day_ends_at_24() {
        let table = [
            ("2026-02-13T00:00:00", 2, "2026-02-25 00:00:00 on 2026-02-24 from 2026-02-13"),
            ("2026-02-13T23:59:59.999", 2, "2026-02-25 00:00:00 on 2026-02-24 from 2026-02-13"),
            ("2026-02-14T00:00:00", 2, "2026-02-26 00:00:00 on 2026-02-25 from 2026-02-14"),
            ("2026-02-16T12:00:00", 2, "2026-02-26 00:00:00 on 2026-02-25 from 2026-02-16"),
            ("2026-02-27T12:00:00", 1, "2026-03-01 00:00:00 on 2026-02-28 from 2026-02-27"),
            ("2026-02-13T12:00:00", 0, "2026-02-14 00:00:00 on 2026-02-13 from 2026-02-13"),
        ];
        for (from, n, expected) in table {
            check(from, Target::WorkingDays(n), Counting::default(), expected);
        }
    }

    #[test]
    fn due_time_and_cutoff_are_kept_to_the_nanosecond() {
        let (both, late) = (rules("17:30:00", "16:00:00"), rules("", "16:00:00"));
        let table = [
            ("2026-03-02T15:59:59", both, "2026-03-03 17:30:00 on 2026-03-03 from 2026-03-02"),
            ("2026-03-02T16:00:00", both, "2026-03-03 17:30:00 on 2026-03-03 from 2026-03-02"),
            (
                "2026-03-02T16:00:00.000000001",
                both,
                "2026-03-04 17:30:00 on 2026-03-04 from 2026-03-03",
            ),
            ("2026-03-02T16:00:01", late, "2026-03-05 00:00:00 on 2026-03-04 from 2026-03-03"),
            ("2026-03-06T17:00:00", late, "2026-03-10 00:00:00 on 2026-03-09 from 2026-03-07"),
        ];
        for (from, rules, expected) in table {
            check(from, Target::WorkingDays(1), rules, expected);
        }
    }

    #[test]
    fn hours_run_through_holidays_and_ignore_the_settings() {
        let table = [
            ("2026-02-14T10:00:00", 72, "2026-02-17 10:00:00 on 2026-02-17 from 2026-02-14"),
            ("2026-02-14T20:00:00", 4, "2026-02-15 00:00:00 on 2026-02-14 from 2026-02-14"),
            ("2026-02-14T00:00:00", 24, "2026-02-15 00:00:00 on 2026-02-14 from 2026-02-14"),
            ("2026-02-14T00:00:00", 0, "2026-02-14 00:00:00 on 2026-02-14 from 2026-02-14"),
            ("2026-12-31T22:00:00", 4, "2027-01-01 02:00:00 on 2027-01-01 from 2026-12-31"),
        ];
        for (from, hours, expected) in table {
            check(from, Target::ElapsedHours(hours), rules("17:30:00", "16:00:00"), expected);
        }
    }

    #[test]
    fn a_deadline_that_reaches_an_unpublished_year_is_provisional() {
        let table = [
            ("2026-12-30T09:00:00", 1, "2027-01-01 00:00:00 on 2026-12-31 from 2026-12-30"),
            (
                "2026-12-31T09:00:00",
                1,
                "2027-01-05 00:00:00 on 2027-01-04 from 2026-12-31 provisional",
            ),
            ("2025-12-31T09:00:00", 1, "2026-01-02 00:00:00 on 2026-01-01 from 2025-12-31"),
            (
                "2025-12-30T09:00:00",
                1,
                "2026-01-01 00:00:00 on 2025-12-31 from 2025-12-30 provisional",
            ),
            ("2027-10-01T09:00:00", 0, "2027-10-02 00:00:00 on 2027-10-01 from 2027-10-01"),
        ];
        for (from, n, expected) in table {
            check(from, Target::WorkingDays(n), Counting::default(), expected);
        }
    }

    #[test]
    fn an_explanation_tells_the_day_kinds_and_marks_the_counted_ones() {
        let calendar = Calendar::layered("v1", &[&nation()]);
        let told = |from, target, rules| {
            let rows = calendar.explain(at(from), target, rules).expect(from);
            let line = |row: &ExplainedDay| {
                let mark = if row.counted { "*" } else { "" };
                format!("{:?}{mark} {}", row.kind, row.date.format("%m-%d"))
            };
            rows.iter().map(line).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(
            told("2026-02-13T09:00:00", Target::WorkingDays(2), Counting::default()),
            "Working 02-13, Makeup* 02-14, Rest 02-15, Rest 02-16, Rest 02-17, Rest 02-18, \
             Rest 02-19, Rest 02-20, Rest 02-21, Rest 02-22, Rest 02-23, Working* 02-24"
        );
        assert_eq!(
            told("2026-03-02T18:00:00", Target::WorkingDays(1), rules("", "16:00:00")),
            "Working 03-02, Working 03-03, Working* 03-04"
        );
        assert_eq!(
            told("2026-02-14T22:00:00", Target::ElapsedHours(4), Counting::default()),
            "Makeup* 02-14, Rest* 02-15"
        );
        assert_eq!(
            told("2026-02-14T22:00:00", Target::WorkingDays(0), Counting::default()),
            "Makeup 02-14"
        );
    }

    #[test]
    fn the_nearest_layer_wins_day_by_day_and_only_the_nation_publishes() {
        let (mut province, mut city) = (Layer::default(), Layer::default());
        province.published.insert(2027);
        name(&mut province, "2026-02-14", DayKind::Rest);
        name(&mut province, "2027-03-03", DayKind::Rest);
        name(&mut province, "2027-10-01", DayKind::Working);
        name(&mut city, "2026-02-14", DayKind::Working);
        let calendar = Calendar::layered("v2", &[&nation(), &province, &city]);
        let kinds = [
            ("2026-02-14", DayKind::Working),
            ("2026-02-15", DayKind::Rest),
            ("2026-10-01", DayKind::Working),
            ("2027-03-03", DayKind::Rest),
            ("2027-10-01", DayKind::Working),
            ("2027-10-02", DayKind::Rest),
            ("2027-10-04", DayKind::Working),
            ("2027-05-01", DayKind::Rest),
            ("2027-02-09", DayKind::Working),
            ("2029-01-01", DayKind::Rest),
            ("2029-01-02", DayKind::Working),
            ("2028-05-01", DayKind::Rest),
            ("2028-05-02", DayKind::Rest),
            ("2028-05-03", DayKind::Working),
            ("2029-10-01", DayKind::Rest),
            ("2029-10-02", DayKind::Rest),
            ("2029-10-03", DayKind::Rest),
            ("2029-10-04", DayKind::Working),
            ("1999-10-01", DayKind::Rest),
            ("2150-05-04", DayKind::Working),
        ];
        for (date, kind) in kinds {
            assert_eq!(calendar.kind(day(date)), kind, "{date}");
            assert_eq!(calendar.is_working(day(date)), kind.is_working(), "{date}");
        }
        assert!(calendar.is_published(2026) && !calendar.is_published(2027));
        assert!(calendar.day(day("2026-02-14")).is_some());
        assert_eq!(calendar.day(day("2026-10-01")), None);
        assert_eq!(calendar.version(), "v2");
        assert!(format!("{calendar:?}").len() < 200, "tables are not printed");
    }

    #[test]
    fn what_lies_outside_the_known_years_is_refused() {
        let calendar = Calendar::layered("v1", &[]);
        let refused = Err(CalendarError::OutOfRange);
        for date in [day("1999-12-31"), day("2101-01-01"), NaiveDate::MIN, NaiveDate::MAX] {
            assert_eq!(calendar.nth_working_day_after(date, 1), refused, "{date}");
            assert_eq!(calendar.nth_working_day_after(date, 0), refused, "{date}");
        }
        let due = |from, target, rules| calendar.due(from, target, rules).map(|due| due.on);
        let plain = Counting::default();
        let ends = ["1999-12-31T23:59:59", "2101-01-01T00:00:00"].map(at);
        for from in ends.into_iter().chain([DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC]) {
            for target in [Target::WorkingDays(1), Target::ElapsedHours(1)] {
                assert_eq!(due(from, target, plain), refused, "{from}");
                assert_eq!(calendar.explain(from, target, plain), Err(CalendarError::OutOfRange));
            }
        }
    }

    #[test]
    fn the_first_and_the_last_known_day_can_be_counted_from() {
        let calendar = Calendar::layered("v1", &[]);
        let due = |from, target, rules| calendar.due(from, target, rules).map(|due| due.on);
        let (plain, refused) = (Counting::default(), Err(CalendarError::OutOfRange));
        let last = at("2100-12-31T17:00:00");
        assert_eq!(due(last, Target::WorkingDays(1), plain), Ok(day("2101-01-03")));
        assert_eq!(due(last, Target::WorkingDays(1), rules("", "16:00:00")), refused);
        assert_eq!(due(last, Target::ElapsedHours(7), plain), Ok(day("2100-12-31")));
        assert_eq!(due(last, Target::ElapsedHours(u16::MAX), plain), refused);
        let many = due(last, Target::WorkingDays(u16::MAX), plain);
        assert_eq!(many, Err(CalendarError::NoWorkingTime));
        let first = at("2000-01-01T00:00:00");
        assert_eq!(due(first, Target::WorkingDays(1), plain), Ok(day("2000-01-03")));
        assert_eq!(calendar.working_days_between(NaiveDate::MIN, day("2000-01-03")), 1);
        assert_eq!(calendar.working_days_between(NaiveDate::MAX, NaiveDate::MIN), 0);
        assert_eq!(calendar.working_days_between(day("2101-12-30"), NaiveDate::MAX), 0);
    }

    #[test]
    fn a_calendar_without_working_days_says_so() {
        let mut layer = Layer::default();
        for date in FIRST.iter_days().take_while(|date| *date < HORIZON) {
            name(&mut layer, &date.to_string(), DayKind::Rest);
        }
        let calendar = Calendar::layered("v1", &[&layer]);
        let due = |target| {
            calendar.due(at("2026-02-13T09:00:00"), target, Counting::default()).map(|due| due.on)
        };
        assert_eq!(due(Target::WorkingDays(1)), Err(CalendarError::NoWorkingTime));
        assert_eq!(due(Target::WorkingDays(0)), Ok(day("2026-02-13")));
        assert_eq!(due(Target::ElapsedHours(4)), Ok(day("2026-02-13")));
        assert_eq!(calendar.working_days_between(FIRST, END), 0);
    }

    #[test]
    fn the_wire_names_are_stable() {
        let explained = ExplainedDay {
            date: FIRST,
            kind: DayKind::Makeup,
            counted: true,
            minutes: None,
            own: false,
        };
        let json = serde_json::to_string(&explained).expect("serialises");
        assert_eq!(json, r#"{"date":"2000-01-01","kind":"makeup","counted":true}"#);
        let target = serde_json::to_string(&Target::ElapsedHours(72)).expect("serialises");
        assert_eq!(target, r#"{"elapsed_hours":72}"#);
        let rules: Counting =
            serde_json::from_str(r#"{"due_time":"17:30:00","cutoff_time":null}"#).expect("reads");
        assert_eq!(rules.due_time, NaiveTime::from_hms_opt(17, 30, 0));
    }
}
