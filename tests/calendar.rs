//! The calendar against the shipped years: acceptance values, a second implementation that
//! shares nothing with the first, and properties.
//!
//! **Never** takes an expected value from the code under test.

#![expect(
    clippy::expect_used,
    reason = "helper functions of a test may fail loudly; the tests-may switch does not reach them"
)]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
use proptest::prelude::*;
use serde_json::Value;
use supplyline::domain::calendar::{
    Calendar, CalendarError, Counting, Day, DayKind, Layer, Office, SHANGHAI, Target, Window,
    at_time, local_date, midnight_after,
};
use supplyline::domain::holiday::read_year;

const FILES: [&str; 8] = [
    include_str!("../data/calendars/2019.json"),
    include_str!("../data/calendars/2020.json"),
    include_str!("../data/calendars/2021.json"),
    include_str!("../data/calendars/2022.json"),
    include_str!("../data/calendars/2023.json"),
    include_str!("../data/calendars/2024.json"),
    include_str!("../data/calendars/2025.json"),
    include_str!("../data/calendars/2026.json"),
];

static NATION: LazyLock<Layer> = LazyLock::new(|| {
    let mut nation = Layer::default();
    for file in FILES {
        nation.publish(read_year(file).expect("a shipped year"));
    }
    nation
});

static SHIPPED: LazyLock<Calendar> = LazyLock::new(|| Calendar::layered("shipped", &[&NATION]));

static FIXTURES: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/fixtures/working-days.json")).expect("fixtures")
});

fn date(text: &str) -> NaiveDate {
    text.parse().expect(text)
}

fn time(text: &str) -> NaiveTime {
    text.parse().expect(text)
}

fn cases(name: &str) -> &'static Vec<Value> {
    FIXTURES.get(name).and_then(Value::as_array).expect(name)
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case.get(field).and_then(Value::as_str).expect(field)
}

fn number<T: TryFrom<u64>>(case: &Value, field: &str) -> T {
    let number = case.get(field).and_then(Value::as_u64).expect(field);
    T::try_from(number).ok().expect(field)
}

fn nth(start: NaiveDate, n: u16) -> NaiveDate {
    SHIPPED.nth_working_day_after(start, n).expect("in range")
}

// ---- the shipped files ----

#[test]
fn shipped_years_name_their_days_and_documents() {
    for (file, count) in FILES.iter().zip([28, 37, 38, 39, 33, 36, 33, 39]) {
        let year = read_year(file).expect("a shipped year");
        assert_eq!(year.days.len(), count, "{}", year.year);
        assert!(year.days.iter().all(|day| year.papers.contains(&day.source)), "{}", year.year);
        assert!(year.days.iter().all(|day| day.source.contains("www.gov.cn")));
        assert!(year.days.is_sorted_by_key(|day| day.date));
    }
    assert!((2019..=2026).all(|year| SHIPPED.is_published(year)));
    assert!(!SHIPPED.is_published(2018) && !SHIPPED.is_published(2027));
}

#[test]
fn the_emergency_extension_of_2020_is_its_own_source() {
    let source = |day| SHIPPED.day(date(day)).map(|day| day.source.as_str());
    let extension = "http://www.gov.cn/zhengce/zhengceku/2020-01/27/content_5472352.htm";
    for day in ["2020-01-31", "2020-02-01", "2020-02-02"] {
        assert_eq!(source(day), Some(extension), "{day}");
        assert_eq!(SHIPPED.kind(date(day)), DayKind::Rest, "{day}");
    }
    for day in ["2020-01-19", "2020-01-30", "2020-04-04", "2020-10-01"] {
        assert!(source(day).is_some_and(|source| source != extension), "{day}");
    }
}

#[test]
fn an_empty_file_does_not_publish_its_year() {
    let refused = read_year(r#"{"year": 2027, "papers": [], "days": []}"#);
    let refused = refused.expect_err("an empty year");
    let codes: Vec<_> = refused.0.iter().map(|error| error.code).collect();
    assert_eq!(codes, ["not_published"]);
}

#[test]
fn b067_deadlines_on_the_edges_of_months_and_years() {
    let due = |start: &str, n| {
        let on = nth(date(start), n);
        (on.to_string(), midnight_after(on).with_timezone(&SHANGHAI).to_rfc3339())
    };
    let table = [
        ("2024-02-27", 2, "2024-02-29", "2024-03-01T00:00:00+08:00"),
        ("2028-02-25", 2, "2028-02-29", "2028-03-01T00:00:00+08:00"),
        ("2026-12-29", 2, "2026-12-31", "2027-01-01T00:00:00+08:00"),
        // 1 January rests, published or not, and the days after it are a weekend.
        ("2026-12-30", 2, "2027-01-04", "2027-01-05T00:00:00+08:00"),
        ("2025-12-30", 2, "2026-01-04", "2026-01-05T00:00:00+08:00"),
    ];
    for (start, n, on, at) in table {
        assert_eq!(due(start, n), (on.to_owned(), at.to_owned()), "{start} +{n}");
    }
}

#[test]
fn b074_filed_around_the_end_of_office_hours_and_on_odd_days() {
    let at = |text: &str| {
        let at: DateTime<chrono::FixedOffset> = format!("{text}+08:00").parse().expect(text);
        at.to_utc()
    };
    let cutoff = Counting { cutoff_time: Some(time("18:00:00")), ..Counting::default() };
    // Filed → the second working day, by the whole day and with a cut-off at 18:00.
    let table = [
        ("2026-02-12T17:59:59.999", "2026-02-14", "2026-02-14"),
        ("2026-02-12T18:00:00.000", "2026-02-14", "2026-02-14"),
        ("2026-02-12T18:00:00.001", "2026-02-14", "2026-02-24"),
        ("2026-02-12T23:59:59.999", "2026-02-14", "2026-02-24"),
        // A make-up Saturday is worked; filed on it, it does not count.
        ("2026-02-14T00:00:00.000", "2026-02-25", "2026-02-25"),
        ("2026-02-14T18:00:00.001", "2026-02-25", "2026-02-25"),
        // Filed on a holiday: the first day after it is the first that counts.
        ("2026-02-17T10:00:00.000", "2026-02-25", "2026-02-25"),
        ("2026-02-23T23:59:59.999", "2026-02-25", "2026-02-26"),
        // An ordinary Sunday.
        ("2026-03-08T12:00:00.000", "2026-03-10", "2026-03-10"),
    ];
    for (filed, whole, cut) in table {
        for (rules, on) in [(Counting::default(), whole), (cutoff, cut)] {
            let due = SHIPPED.due(at(filed), Target::WorkingDays(2), rules).expect(filed);
            assert_eq!((due.on, due.at), (date(on), midnight_after(date(on))), "{filed} {rules:?}");
        }
    }
}

// ---- acceptance values ----

#[test]
fn every_fixture_start_day_has_its_deadlines() {
    for case in cases("add_working_days").iter().chain(cases("unpublished_year")) {
        let start = date(text(case, "start"));
        let working = case.get("start_is_working_day").and_then(Value::as_bool);
        assert_eq!(Some(SHIPPED.is_working(start)), working, "{start}");
        for (field, n) in [("plus_2", 2), ("plus_5", 5), ("plus_10", 10)] {
            assert_eq!(nth(start, n), date(text(case, field)), "{start} +{n}");
        }
    }
    assert_eq!(cases("add_working_days").len(), 25);
}

#[test]
fn unpublished_years_are_provisional_and_published_ones_are_not() {
    let provisional = |start: &str, n| {
        let from = at_time(date(start), time("09:00:00"));
        let due = SHIPPED.due(from, Target::WorkingDays(n), Counting::default());
        due.expect("in range").provisional
    };
    for case in cases("unpublished_year") {
        assert!([2, 5, 10].into_iter().all(|n| provisional(text(case, "start"), n)));
    }
    for case in cases("add_working_days") {
        assert!([2, 5, 10].into_iter().all(|n| !provisional(text(case, "start"), n)));
    }
    assert!(!provisional("2026-12-30", 1));
}

#[test]
fn every_fixture_month_and_period_has_its_working_days() {
    for case in cases("months") {
        let first = date(&format!("{}-01", text(case, "month")));
        let next = first.checked_add_months(chrono::Months::new(1)).expect("a month");
        let count = SHIPPED.working_days_between(before(first), before(next));
        assert_eq!(count, number::<u32>(case, "working_days"), "{first}");
    }
    for case in cases("count_inclusive") {
        let (from, to) = (date(text(case, "from")), date(text(case, "to")));
        let count = SHIPPED.working_days_between(before(from), to);
        assert_eq!(count, number::<u32>(case, "working_days"), "{from}");
    }
    for case in cases("nth_working_day") {
        let first = NaiveDate::from_ymd_opt(number(case, "year"), number(case, "month"), 1);
        let day = nth(before(first.expect("a month")), number(case, "n"));
        assert_eq!(day, date(text(case, "date")));
    }
}

fn before(date: NaiveDate) -> NaiveDate {
    date.pred_opt().expect("a day before")
}

#[test]
fn the_products_own_examples_hold() {
    let table = [
        ("2026-02-12", "2026-02-14", "2026-02-26"),
        ("2026-02-13", "2026-02-24", "2026-02-27"),
        ("2026-09-30", "2026-10-09", "2026-10-13"),
        ("2025-12-31", "2026-01-05", "2026-01-08"),
    ];
    for (start, second, fifth) in table {
        assert_eq!(nth(date(start), 2), date(second), "{start}");
        assert_eq!(nth(date(start), 5), date(fifth), "{start}");
    }
    let from = at_time(date("2026-02-13"), time("10:00:00"));
    let rows = SHIPPED.explain(from, Target::WorkingDays(2), Counting::default());
    let counted: Vec<_> = rows.expect("in range").into_iter().filter(|row| row.counted).collect();
    let kinds: Vec<_> = counted.iter().map(|row| (row.date, row.kind)).collect();
    let expected = [(date("2026-02-14"), DayKind::Makeup), (date("2026-02-24"), DayKind::Working)];
    assert_eq!(kinds, expected);
}

// ---- edges ----

#[test]
fn leap_days_and_year_ends_are_ordinary_days() {
    let table = [
        ("2024-02-28", 1, "2024-02-29"),
        ("2024-02-29", 1, "2024-03-01"),
        ("2023-02-28", 1, "2023-03-01"),
        ("2020-02-28", 1, "2020-03-02"),
        ("2019-12-31", 1, "2020-01-02"),
        ("2020-12-31", 1, "2021-01-04"),
        ("2022-12-30", 1, "2023-01-03"),
        ("2024-12-31", 1, "2025-01-02"),
        ("2028-02-28", 1, "2028-02-29"),
        ("2000-02-28", 1, "2000-02-29"),
        ("2100-02-26", 1, "2100-03-01"),
    ];
    for (start, n, expected) in table {
        assert_eq!(nth(date(start), n), date(expected), "{start}");
    }
}

#[test]
fn hours_cross_the_year_end_and_the_leap_day() {
    let table = [
        ("2026-12-31", "22:00:00", 4, "2027-01-01T02:00:00+08:00", "2027-01-01"),
        ("2024-02-28", "12:00:00", 72, "2024-03-02T12:00:00+08:00", "2024-03-02"),
        ("2023-02-28", "12:00:00", 72, "2023-03-03T12:00:00+08:00", "2023-03-03"),
        ("2025-10-01", "00:00:00", 72, "2025-10-04T00:00:00+08:00", "2025-10-03"),
    ];
    for (day, hour, hours, at, on) in table {
        let from = at_time(date(day), time(hour));
        let due = SHIPPED.due(from, Target::ElapsedHours(hours), Counting::default());
        let due = due.expect("in range");
        assert_eq!(due.at.with_timezone(&SHANGHAI).to_rfc3339(), at);
        assert_eq!((due.on, due.provisional), (date(on), false));
        let rows = SHIPPED.explain(from, Target::ElapsedHours(hours), Counting::default());
        assert!(rows.expect("in range").iter().all(|row| row.counted));
    }
}

#[test]
fn no_date_and_no_instant_panics() {
    let mut dates = vec![NaiveDate::MIN, NaiveDate::MAX, DateTime::<Utc>::MIN_UTC.date_naive()];
    for edge in ["1999-12-31", "2000-01-01", "2100-12-31", "2101-01-01", "2101-12-31", "2102-01-01"]
    {
        dates.push(date(edge));
    }
    let rules = Counting {
        due_time: Some(time("23:59:59.999999999")),
        cutoff_time: Some(time("00:00:00")),
        ..Counting::default()
    };
    for &day in &dates {
        let known = (2000..=2100).contains(&day.year());
        for n in [0, 1, 30, u16::MAX] {
            let nth = SHIPPED.nth_working_day_after(day, n);
            assert_eq!(nth == Err(CalendarError::OutOfRange), !known, "{day} {n}");
            for target in [Target::WorkingDays(n), Target::ElapsedHours(n), Target::WorkingHours(n)]
            {
                for from in [at_time(day, NaiveTime::MIN), midnight_after(day)] {
                    for rules in [rules, Counting::default()] {
                        let due = SHIPPED.due(from, target, rules);
                        let rows = SHIPPED.explain(from, target, rules);
                        assert_eq!(due.is_ok(), rows.is_ok());
                        assert!(due.is_err() || (2000..=2100).contains(&local_date(from).year()));
                    }
                }
            }
        }
        for &other in &dates {
            let between = SHIPPED.working_days_between(day, other);
            assert!(between == 0 || day < other);
        }
        assert_eq!(SHIPPED.is_working(day), SHIPPED.kind(day).is_working());
    }
}

// ---- the second implementation ----

/// A day by its own reckoning: no calendar library, no table of the code under test.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Slow {
    year: i32,
    month: u32,
    day: u32,
    /// Days since 1970-01-01, a Thursday.
    epoch: i64,
}

impl Slow {
    /// 2019-01-01: 49 years, 12 of them leap years, after 1970-01-01.
    const START: Self = Self { year: 2019, month: 1, day: 1, epoch: 49 * 365 + 12 };

    fn next(self) -> Self {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let length = match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let epoch = self.epoch + 1;
        if self.day < length {
            Self { day: self.day + 1, epoch, ..self }
        } else if self.month < 12 {
            Self { month: self.month + 1, day: 1, epoch, ..self }
        } else {
            Self { year: self.year + 1, month: 1, day: 1, epoch }
        }
    }

    fn rests(self, named: &BTreeMap<(i32, u32, u32), bool>) -> bool {
        if let Some(off) = named.get(&(self.year, self.month, self.day)) {
            return *off;
        }
        // 1970-01-01 was a Thursday: two days later a Saturday, three a Sunday.
        let weekend = self.epoch % 7 == 2 || self.epoch % 7 == 3;
        let fixed = [(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)];
        weekend || (self.year > 2026 && fixed.contains(&(self.month, self.day)))
    }
}

/// The files' days, read by hand: true where off.
fn slow_table() -> BTreeMap<(i32, u32, u32), bool> {
    let mut table = BTreeMap::new();
    for file in FILES {
        let file: Value = serde_json::from_str(file).expect("JSON");
        for row in file.get("days").and_then(Value::as_array).expect("days") {
            let mut parts = text(row, "date").split('-');
            let mut part = || parts.next().and_then(|p| p.parse::<u32>().ok()).expect("a part");
            let (year, month, day) = (part(), part(), part());
            let off = row.get("isOffDay").and_then(Value::as_bool).expect("isOffDay");
            table.insert((i32::try_from(year).expect("a year"), month, day), off);
        }
    }
    table
}

/// A setting and a filing time, in seconds after local midnight.
#[derive(Clone, Copy, Debug)]
struct Setting {
    filed: i64,
    due: Option<i64>,
    cutoff: Option<i64>,
}

const FOUR: i64 = 16 * 3600;
const HALF_PAST_FIVE: i64 = 17 * 3600 + 1800;

/// The deadlines of n = 1..=30, each with its instant, day and whether it is provisional.
fn slow_deadlines(
    start: Slow,
    setting: Setting,
    named: &BTreeMap<(i32, u32, u32), bool>,
) -> Vec<(i64, Slow, bool)> {
    let late = setting.cutoff.is_some_and(|cutoff| setting.filed > cutoff);
    let mut day = if late { start.next() } else { start };
    let mut deadlines = Vec::new();
    while deadlines.len() < 30 {
        day = day.next();
        if !day.rests(named) {
            let seconds = setting.due.unwrap_or(24 * 3600);
            deadlines.push((day.epoch * 86_400 + seconds - 8 * 3600, day, day.year > 2026));
        }
    }
    deadlines
}

fn clock(seconds: i64) -> NaiveTime {
    let seconds = u32::try_from(seconds).expect("a time");
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).expect("a time")
}

#[test]
fn every_day_of_eight_years_agrees_with_the_second_implementation() {
    let named = slow_table();
    let mut settings = Vec::new();
    for (due, cutoff) in [
        (None, None),
        (Some(HALF_PAST_FIVE), None),
        (None, Some(FOUR)),
        (Some(HALF_PAST_FIVE), Some(FOUR)),
    ] {
        let filings: &[i64] = match cutoff {
            Some(_) => &[FOUR - 1, FOUR, FOUR + 1],
            None => &[9 * 3600],
        };
        settings.extend(filings.iter().map(|&filed| Setting { filed, due, cutoff }));
    }
    let (mut day, mut compared) = (Slow::START, 0_u32);
    while day.year <= 2026 {
        for &setting in &settings {
            compared += compare(day, setting, &named);
        }
        day = day.next();
    }
    assert_eq!(compared, 2922 * 30 * 8);
}

/// Compares the thirty deadlines of one filing; says how many.
fn compare(day: Slow, setting: Setting, named: &BTreeMap<(i32, u32, u32), bool>) -> u32 {
    let (due_time, cutoff_time) = (setting.due.map(clock), setting.cutoff.map(clock));
    let rules = Counting { due_time, cutoff_time, ..Counting::default() };
    let instant = day.epoch * 86_400 + setting.filed - 8 * 3600;
    let from = DateTime::<Utc>::from_timestamp(instant, 0).expect("an instant");
    let mut compared = 0;
    for (n, (at, on, provisional)) in (1..).zip(slow_deadlines(day, setting, named)) {
        let due = SHIPPED.due(from, Target::WorkingDays(n), rules).expect("in range");
        let found = (due.at.timestamp(), due.on.year(), due.on.month(), due.on.day());
        let expected = (at, on.year, on.month, on.day);
        assert_eq!((found, due.provisional), (expected, provisional), "{day:?} {setting:?} {n}");
        compared += 1;
    }
    compared
}

// ---- properties ----

fn any_start() -> impl Strategy<Value = NaiveDate> {
    let base = date("2000-01-01");
    (0_u64..36_890).prop_map(move |days| base.checked_add_days(Days::new(days)).expect("a date"))
}

/// A day of 2025 or 2026, to be made a holiday.
fn any_holiday() -> impl Strategy<Value = NaiveDate> {
    let base = date("2025-01-01");
    (0_u64..730).prop_map(move |days| base.checked_add_days(Days::new(days)).expect("a date"))
}

fn any_rules() -> impl Strategy<Value = Counting> {
    let time = || prop::option::of((0_i64..86_400).prop_map(clock));
    let rules = |(due_time, cutoff_time)| {
        let office = Office::default();
        Counting { due_time, cutoff_time, office }
    };
    (time(), time()).prop_map(rules)
}

fn any_instant() -> impl Strategy<Value = DateTime<Utc>> {
    (any_start(), 0_i64..86_400).prop_map(|(day, seconds)| at_time(day, clock(seconds)))
}

fn rest(date: NaiveDate) -> Day {
    Day { date, kind: DayKind::Rest, name: "示例".to_owned(), source: "test".to_owned() }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_deadline_is_a_working_day_and_the_count_inverts_it(
        start in any_start(), n in 1_u16..200
    ) {
        let day = nth(start, n);
        prop_assert!(day > start && SHIPPED.is_working(day));
        prop_assert_eq!(SHIPPED.working_days_between(start, day), u32::from(n));
        prop_assert_eq!(SHIPPED.working_days_between(day, start), 0);
    }

    #[test]
    fn a_later_start_or_a_longer_limit_is_never_due_earlier(
        start in any_start(), later in 0_u64..40, n in 0_u16..200, more in 1_u16..20
    ) {
        let moved = start.checked_add_days(Days::new(later)).expect("a date");
        prop_assume!(moved.year() <= 2100);
        prop_assert!(nth(moved, n) >= nth(start, n));
        prop_assert!(nth(start, n + more) > nth(start, n));
    }

    #[test]
    fn a_limit_may_be_counted_in_two_parts(start in any_start(), n in 0_u16..60, m in 0_u16..60) {
        let middle = nth(start, n);
        prop_assume!(middle.year() <= 2100);
        prop_assert_eq!(nth(middle, m), nth(start, n + m));
    }

    #[test]
    fn counts_of_neighbouring_periods_add_up(
        a in any_start(), b in any_start(), c in any_start()
    ) {
        let mut days = [a, b, c];
        days.sort_unstable();
        let [a, b, c] = days;
        let parts = SHIPPED.working_days_between(a, b) + SHIPPED.working_days_between(b, c);
        prop_assert_eq!(parts, SHIPPED.working_days_between(a, c));
    }

    #[test]
    fn an_explanation_counts_exactly_n_and_ends_at_the_due_day(
        from in any_instant(), n in 0_u16..60, rules in any_rules()
    ) {
        let target = Target::WorkingDays(n);
        let Ok(due) = SHIPPED.due(from, target, rules) else {
            return Err(TestCaseError::reject("past the cut-off of the last day"));
        };
        let rows = SHIPPED.explain(from, target, rules).expect("in range");
        let counted: Vec<_> = rows.iter().filter(|row| row.counted).collect();
        prop_assert_eq!(counted.len(), usize::from(n));
        prop_assert!(counted.iter().all(|row| row.kind.is_working() && row.date > due.counted_from));
        prop_assert_eq!(rows.first().map(|row| row.date), Some(local_date(from)));
        prop_assert_eq!(rows.last().map(|row| row.date), Some(due.on));
        prop_assert!(rows.windows(2).all(|two| two[0].date.succ_opt() == Some(two[1].date)));
        prop_assert!(rows.iter().all(|row| row.kind == SHIPPED.kind(row.date)));
    }

    #[test]
    fn hours_end_when_they_have_run(from in any_instant(), hours in 0_u16..2000, rules in any_rules()) {
        let target = Target::ElapsedHours(hours);
        let due = SHIPPED.due(from, target, rules).expect("in range");
        prop_assert_eq!((due.at - from).num_hours(), i64::from(hours));
        prop_assert!(!due.provisional && due.on >= local_date(from));
        prop_assert!(due.at <= midnight_after(due.on));
        let rows = SHIPPED.explain(from, target, rules).expect("in range");
        prop_assert!(rows.iter().all(|row| row.counted));
        prop_assert_eq!(rows.last().map(|row| row.date), Some(due.on));
    }
}

proptest! {
    // Each case builds calendars of a century.
    #![proptest_config(ProptestConfig {
        cases: 48, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn a_new_holiday_is_never_earlier_and_taking_it_back_restores_all(
        holidays in prop::collection::btree_set(any_holiday(), 1..8),
        starts in prop::collection::vec((any_holiday(), 1_u16..40), 50),
    ) {
        let mut province = Layer::default();
        province.days.extend(holidays.iter().map(|&day| (day, rest(day))));
        let added = Calendar::layered("added", &[&NATION, &province]);
        for day in &holidays {
            province.days.remove(day);
        }
        let removed = Calendar::layered("removed", &[&NATION, &province]);
        for (start, n) in starts {
            let [before, with, after] = [&*SHIPPED, &added, &removed]
                .map(|calendar| calendar.nth_working_day_after(start, n).expect("in range"));
            prop_assert!(with >= before);
            prop_assert!(after <= with);
            prop_assert_eq!(after, before);
            prop_assert!(!holidays.contains(&with));
        }
    }

    #[test]
    fn without_one_of_the_nations_rest_days_nothing_is_later(
        at in 0_usize..200, starts in prop::collection::vec((any_holiday(), 1_u16..40), 50)
    ) {
        let mut fewer = NATION.clone();
        let rests: Vec<_> =
            fewer.days.values().filter(|day| !day.kind.is_working()).map(|day| day.date).collect();
        fewer.days.remove(&rests[at % rests.len()]);
        let fewer = Calendar::layered("fewer", &[&fewer]);
        for (start, n) in starts {
            prop_assert!(fewer.nth_working_day_after(start, n).expect("in range") <= nth(start, n));
        }
    }
}

// ---- office hours, minute by minute ----

/// Up to three stretches of whole minutes, in order.
fn any_office() -> impl Strategy<Value = Office> {
    let cuts = prop::collection::btree_set(0_i64..1_440, 2..=6);
    cuts.prop_filter_map("an even number of cuts", |cuts| {
        let times: Vec<NaiveTime> = cuts.iter().map(|minute| clock(minute * 60)).collect();
        let windows =
            times.as_chunks::<2>().0.iter().map(|[from, to]| Window { from: *from, to: *to });
        Office::of(&windows.collect::<Vec<_>>()).ok()
    })
}

/// The due instant by walking through the minutes, and what else a minute tells.
fn walked(
    from: DateTime<Utc>,
    hours: u16,
    office: Office,
) -> (DateTime<Utc>, Vec<(NaiveDate, u32)>) {
    let (mut at, mut left) = (from, u32::from(hours) * 60);
    let mut days: Vec<(NaiveDate, u32)> = Vec::new();
    while left > 0 {
        let there = at.with_timezone(&SHANGHAI);
        let (day, time) = (there.date_naive(), there.time());
        let is_open = office.windows().any(|window| window.from <= time && time < window.to);
        if is_open && SHIPPED.is_working(day) {
            left -= 1;
            match days.last_mut() {
                Some((last, minutes)) if *last == day => *minutes += 1,
                _ => days.push((day, 1)),
            }
        }
        at += chrono::TimeDelta::minutes(1);
    }
    (at, days)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn office_hours_equal_a_walk_through_the_minutes(
        minute in 0_i64..(2 * 365 * 1_440),
        hours in 1_u16..40,
        office in any_office(),
    ) {
        let start = at_time(date("2025-01-01"), NaiveTime::MIN);
        let from = start + chrono::TimeDelta::minutes(minute);
        // A day of a few minutes would be walked for years.
        prop_assume!(office.length() >= chrono::TimeDelta::hours(1));
        let rules = Counting { office, ..Counting::default() };
        let (at, days) = walked(from, hours, office);
        let due = SHIPPED.due(from, Target::WorkingHours(hours), rules).expect("in range");
        prop_assert_eq!(due.at, at);
        let work = SHIPPED.office_time(from, at, office);
        prop_assert_eq!(work, chrono::TimeDelta::hours(i64::from(hours)));
        let rows = SHIPPED.explain(from, Target::WorkingHours(hours), rules).expect("in range");
        let told: Vec<_> = rows
            .iter()
            .filter(|row| row.counted)
            .map(|row| (row.date, row.minutes.unwrap_or_default()))
            .collect();
        prop_assert_eq!(told, days);
    }

    #[test]
    fn a_limit_split_in_two_is_as_long(
        minute in 0_i64..(365 * 1_440),
        hours in 2_u16..60,
        part in 1_i64..120,
        office in any_office(),
    ) {
        let from = at_time(date("2025-06-01"), NaiveTime::MIN) + chrono::TimeDelta::minutes(minute);
        prop_assume!(office.length() >= chrono::TimeDelta::hours(1));
        let whole = chrono::TimeDelta::hours(i64::from(hours));
        let first = chrono::TimeDelta::minutes(part).min(whole);
        let between = SHIPPED.due_by_office(from, first, office).expect("in range").at;
        let end = SHIPPED.due_by_office(between, whole - first, office).expect("in range").at;
        prop_assert_eq!(end, SHIPPED.due_by_office(from, whole, office).expect("in range").at);
    }
}
