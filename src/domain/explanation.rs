//! A deadline's day-by-day count as one sentence people can check with a wall calendar.
//!
//! **Never** counts: it words the days it is given and cannot disagree with them.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc, Weekday};

use super::calendar::{DayKind, ExplainedDay, SHANGHAI};
use super::party::Language;
use super::ticket::DeadlineKind;

/// Runs of at least this many consecutive plain counted days are written as one range.
const RANGE_FROM: usize = 3;

/// The sentence for the deadlines that run from filing (reply and resolve):
/// "filed Fri 2026-02-13; day 1 = Sat 02-14 make-up working day; 02-15…02-23 rest; day 2 = Tue
/// 02-24; due 24:00".
///
/// `days` begins with the day that is counted from, which is itself not counted. Where it is,
/// the limit is in elapsed hours, every touched day counts, and the sentence says that much. Where
/// office hours count, each day tells how much of it does. An empty slice gives only the due time.
#[must_use]
pub fn sentence(days: &[ExplainedDay], due_at: DateTime<Utc>, language: Language) -> String {
    sentence_for(DeadlineKind::Reply, days, due_at, language)
}

/// [`sentence`] with the opening that fits the deadline: a bureau's clock starts when it was
/// told, a confirmation's when the problem was reported solved.
#[must_use]
pub fn sentence_for(
    kind: DeadlineKind,
    days: &[ExplainedDay],
    due_at: DateTime<Utc>,
    language: Language,
) -> String {
    let mut wording = Wording { language, year: None, last: None };
    let mut parts = Vec::new();
    let mut number = 0_usize;
    let mut rest = days;
    if let Some((first, tail)) = days.split_first() {
        parts.push(wording.start(kind, first));
        rest = tail;
        match first.minutes {
            Some(0) => {}
            Some(minutes) => parts.push(worked(minutes, language)),
            None if first.counted => {
                parts.push(elapsed(language).to_owned());
                rest = &[];
            }
            None => {}
        }
    }
    while let Some(first) = rest.first() {
        if let Some(minutes) = first.minutes.filter(|minutes| *minutes > 0) {
            parts.push(format!("{} {}", wording.dated(first), worked(minutes, language)));
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let length = run_length(rest);
        let (run, tail) = rest.split_at(length);
        let last = run.last().unwrap_or(first);
        if first.counted {
            parts.push(wording.counted(first, last, number + 1, number + length));
            number += length;
        } else {
            parts.push(wording.skipped(first, last));
        }
        rest = tail;
    }
    parts.push(wording.due(due_at));
    match language {
        Language::Chinese => parts.join("；"),
        Language::English => parts.join("; "),
    }
}

/// A due instant in Shanghai time, `YYYY-MM-DD HH:MM`. Midnight belongs to the day before, as
/// 24:00: a deadline "on the 24th" must not read as the 25th (Civil Code art. 203).
#[must_use]
pub fn local_due(due_at: DateTime<Utc>) -> String {
    let (date, time) = local(due_at);
    format!("{date} {time}")
}

/// The date and the clock time of an instant by the 24:00 convention.
fn local(due_at: DateTime<Utc>) -> (NaiveDate, String) {
    let there = due_at.with_timezone(&SHANGHAI).naive_local();
    match there.date().checked_sub_days(Days::new(1)) {
        Some(before) if there.time() == NaiveTime::MIN => (before, "24:00".to_owned()),
        Some(_) | None => (there.date(), there.format("%H:%M").to_string()),
    }
}

/// How many days at the front are told together; at least 1 for a non-empty slice.
fn run_length(days: &[ExplainedDay]) -> usize {
    let Some(first) = days.first() else { return 0 };
    let mut before = first.date;
    let mut length = 1;
    for day in days.iter().skip(1) {
        let alike = (day.counted, day.kind, day.minutes, day.own)
            == (first.counted, first.kind, first.minutes, first.own);
        if !alike || before.succ_opt() != Some(day.date) {
            break;
        }
        before = day.date;
        length += 1;
    }
    let is_plain = first.kind == DayKind::Working && !first.own;
    let single = first.counted && (length < RANGE_FROM || !is_plain);
    if single { 1 } else { length }
}

/// The words, and what has been said already: a year is repeated only when it changes.
struct Wording {
    language: Language,
    year: Option<i32>,
    last: Option<NaiveDate>,
}

impl Wording {
    fn start(&mut self, kind: DeadlineKind, day: &ExplainedDay) -> String {
        let date = self.date(day.date);
        let weekday = weekday(day.date, self.language);
        let verb = start_verb(kind, self.language);
        match (self.language, special(day, self.language)) {
            (Language::Chinese, None) => format!("{date}（{weekday}）{verb}"),
            (Language::Chinese, Some(what)) => format!("{date}（{weekday}，{what}）{verb}"),
            (Language::English, None) => format!("{verb} {weekday} {date}"),
            (Language::English, Some(what)) => format!("{verb} {weekday} {date} {what}"),
        }
    }

    fn counted(
        &mut self,
        first: &ExplainedDay,
        last: &ExplainedDay,
        from: usize,
        to: usize,
    ) -> String {
        let one = self.dated(first);
        let several = (from != to).then(|| self.dated(last));
        match (self.language, several) {
            (Language::Chinese, None) => format!("第{from}日 {one}"),
            (Language::Chinese, Some(end)) => format!("第{from}–{to}日 {one}至 {end}"),
            (Language::English, None) => format!("day {from} = {one}"),
            (Language::English, Some(end)) => format!("days {from}–{to} = {one}…{end}"),
        }
    }

    fn dated(&mut self, day: &ExplainedDay) -> String {
        let date = self.date(day.date);
        let weekday = weekday(day.date, self.language);
        match (self.language, special(day, self.language)) {
            (Language::Chinese, None) => format!("{date}（{weekday}）"),
            (Language::Chinese, Some(what)) => format!("{date}（{weekday}，{what}）"),
            (Language::English, None) => format!("{weekday} {date}"),
            (Language::English, Some(what)) => format!("{weekday} {date} {what}"),
        }
    }

    fn skipped(&mut self, first: &ExplainedDay, last: &ExplainedDay) -> String {
        let one = self.date(first.date);
        let several = (first.date != last.date).then(|| self.date(last.date));
        let what = match (self.language, first.kind) {
            (_, DayKind::Rest) => special(first, self.language).unwrap_or_default(),
            (Language::Chinese, DayKind::Working | DayKind::Makeup) => "不计",
            (Language::English, DayKind::Working | DayKind::Makeup) => "not counted",
        };
        match (self.language, several) {
            (Language::Chinese | Language::English, None) => format!("{one} {what}"),
            (Language::Chinese, Some(end)) => format!("{one} 至 {end} {what}"),
            (Language::English, Some(end)) => format!("{one}…{end} {what}"),
        }
    }

    fn due(&mut self, due_at: DateTime<Utc>) -> String {
        let (date, time) = local(due_at);
        let when =
            if self.last == Some(date) { time } else { format!("{} {time}", self.date(date)) };
        match self.language {
            Language::Chinese => format!("{when} 截止"),
            Language::English => format!("due {when}"),
        }
    }

    /// `MM-DD`, with the year in front the first time and whenever it changes.
    fn date(&mut self, date: NaiveDate) -> String {
        self.last = Some(date);
        if self.year.replace(date.year()) == Some(date.year()) {
            date.format("%m-%d").to_string()
        } else {
            date.format("%Y-%m-%d").to_string()
        }
    }
}

/// What is special about a day: that it is no plain working day, or by whose calendar it is one.
fn special(day: &ExplainedDay, language: Language) -> Option<&'static str> {
    match (language, day.kind, day.own) {
        (_, DayKind::Working, false) => None,
        (Language::Chinese, DayKind::Rest, false) => Some("休"),
        (Language::Chinese, DayKind::Makeup, false) => Some("调休上班"),
        (Language::Chinese, DayKind::Rest, true) => Some("企业休息"),
        (Language::Chinese, DayKind::Working | DayKind::Makeup, true) => Some("企业上班"),
        (Language::English, DayKind::Rest, false) => Some("rest"),
        (Language::English, DayKind::Makeup, false) => Some("make-up working day"),
        (Language::English, DayKind::Rest, true) => Some("rest at the manufacturer"),
        (Language::English, DayKind::Working | DayKind::Makeup, true) => {
            Some("worked at the manufacturer")
        }
    }
}

/// How much of a day's office hours counts.
fn worked(minutes: u32, language: Language) -> String {
    let (hours, rest) = (minutes / 60, minutes % 60);
    match (language, hours, rest) {
        (Language::Chinese, 0, rest) => format!("计 {rest} 分钟"),
        (Language::Chinese, hours, 0) => format!("计 {hours} 小时"),
        (Language::Chinese, hours, rest) => format!("计 {hours} 小时 {rest} 分钟"),
        (Language::English, 0, rest) => format!("{rest} min count"),
        (Language::English, hours, 0) => format!("{hours} h count"),
        (Language::English, hours, rest) => format!("{hours} h {rest} min count"),
    }
}

/// What stands in place of the days when hours are counted.
fn elapsed(language: Language) -> &'static str {
    match language {
        Language::Chinese => "按小时连续计算，节假日不顺延",
        Language::English => "hours count without a break, rest days included",
    }
}

fn start_verb(kind: DeadlineKind, language: Language) -> &'static str {
    match (kind, language) {
        (DeadlineKind::Reply | DeadlineKind::Resolve, Language::Chinese) => "提交",
        (DeadlineKind::Promise, Language::Chinese) => "承诺",
        (DeadlineKind::Confirm, Language::Chinese) => "反馈已解决",
        (DeadlineKind::Acknowledge, Language::Chinese) => "通知",
        (DeadlineKind::Measure, Language::Chinese) => "下达",
        (DeadlineKind::Reply | DeadlineKind::Resolve, Language::English) => "filed",
        (DeadlineKind::Promise, Language::English) => "promised",
        (DeadlineKind::Confirm, Language::English) => "reported solved",
        (DeadlineKind::Acknowledge, Language::English) => "told",
        (DeadlineKind::Measure, Language::English) => "ordered",
    }
}

fn weekday(date: NaiveDate, language: Language) -> &'static str {
    let (chinese, english) = match date.weekday() {
        Weekday::Mon => ("周一", "Mon"),
        Weekday::Tue => ("周二", "Tue"),
        Weekday::Wed => ("周三", "Wed"),
        Weekday::Thu => ("周四", "Thu"),
        Weekday::Fri => ("周五", "Fri"),
        Weekday::Sat => ("周六", "Sat"),
        Weekday::Sun => ("周日", "Sun"),
    };
    match language {
        Language::Chinese => chinese,
        Language::English => english,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `"02-13/wo+"`: a date of 2026 (or a full date), w/r/m for the kind, o where it is the
    /// manufacturer's own, + when counted.
    fn days(text: &str) -> Vec<ExplainedDay> {
        let day = |word: &str| {
            let (date, marks) = word.split_once('/').expect(word);
            let date = if date.len() == 5 { format!("2026-{date}") } else { date.to_owned() };
            ExplainedDay {
                date: date.parse().expect(word),
                kind: match marks.chars().next() {
                    Some('w') => DayKind::Working,
                    Some('r') => DayKind::Rest,
                    Some('m') => DayKind::Makeup,
                    other => panic!("{other:?}"),
                },
                counted: marks.ends_with('+'),
                minutes: None,
                own: marks.contains('o'),
            }
        };
        text.split_whitespace().map(day).collect()
    }

    fn check(list: &str, due: &str, chinese: &str, english: &str) {
        let due_at = due.parse().expect(due);
        assert_eq!(sentence(&days(list), due_at, Language::Chinese), chinese);
        assert_eq!(sentence(&days(list), due_at, Language::English), english);
    }

    const SPRING: &str = "02-13/w 02-14/m+ 02-15/r 02-16/r 02-17/r 02-18/r 02-19/r 02-20/r \
                          02-21/r 02-22/r 02-23/r 02-24/w+";

    #[test]
    fn the_spring_festival_is_one_range() {
        check(
            SPRING,
            "2026-02-25T00:00:00+08:00",
            "2026-02-13（周五）提交；第1日 02-14（周六，调休上班）；02-15 至 02-23 休；\
             第2日 02-24（周二）；24:00 截止",
            "filed Fri 2026-02-13; day 1 = Sat 02-14 make-up working day; 02-15…02-23 rest; \
             day 2 = Tue 02-24; due 24:00",
        );
    }

    #[test]
    fn long_runs_of_counted_days_are_one_range() {
        check(
            "03-01/r 03-02/w+ 03-03/w+ 03-04/w+ 03-05/w+ 03-06/w+",
            "2026-03-06T17:30:00+08:00",
            "2026-03-01（周日，休）提交；第1–5日 03-02（周一）至 03-06（周五）；17:30 截止",
            "filed Sun 2026-03-01 rest; days 1–5 = Mon 03-02…Fri 03-06; due 17:30",
        );
    }

    #[test]
    fn the_manufacturers_own_days_are_told_as_such() {
        check(
            "03-02/w 03-03/ro 03-04/ro 03-05/w+ 03-06/r 03-07/mo+",
            "2026-03-08T00:00:00+08:00",
            "2026-03-02（周一）提交；03-03 至 03-04 企业休息；第1日 03-05（周四）；03-06 休；\
             第2日 03-07（周六，企业上班）；24:00 截止",
            "filed Mon 2026-03-02; 03-03…03-04 rest at the manufacturer; day 1 = Thu 03-05; \
             03-06 rest; day 2 = Sat 03-07 worked at the manufacturer; due 24:00",
        );
    }

    #[test]
    fn a_new_year_is_named() {
        check(
            "2025-12-31/w 01-01/r 01-02/r 01-03/r 01-04/m+ 01-05/w+",
            "2026-01-06T00:00:00+08:00",
            "2025-12-31（周三）提交；2026-01-01 至 01-03 休；第1日 01-04（周日，调休上班）；\
             第2日 01-05（周一）；24:00 截止",
            "filed Wed 2025-12-31; 2026-01-01…01-03 rest; day 1 = Sun 01-04 make-up working day; \
             day 2 = Mon 01-05; due 24:00",
        );
    }

    #[test]
    fn elapsed_limits_are_not_counted_in_days() {
        check(
            "02-13/w+",
            "2026-02-13T18:05:00+08:00",
            "2026-02-13（周五）提交；按小时连续计算，节假日不顺延；18:05 截止",
            "filed Fri 2026-02-13; hours count without a break, rest days included; due 18:05",
        );
        check(
            "02-13/w+ 02-14/m+ 02-15/r+ 02-16/r+",
            "2026-02-16T14:05:00+08:00",
            "2026-02-13（周五）提交；按小时连续计算，节假日不顺延；02-16 14:05 截止",
            "filed Fri 2026-02-13; hours count without a break, rest days included; \
             due 02-16 14:05",
        );
        check("", "2026-02-13T18:05:00+08:00", "2026-02-13 18:05 截止", "due 2026-02-13 18:05");
    }

    #[test]
    fn a_due_date_after_the_last_counted_day_is_named() {
        check(
            "02-24/w 02-25/w 02-26/w+",
            "2026-02-28T00:00:00+08:00",
            "2026-02-24（周二）提交；02-25 不计；第1日 02-26（周四）；02-27 24:00 截止",
            "filed Tue 2026-02-24; 02-25 not counted; day 1 = Thu 02-26; due 02-27 24:00",
        );
    }

    #[test]
    fn each_deadline_opens_with_what_started_it() {
        let due_at = "2026-02-25T00:00:00+08:00".parse().expect("instant");
        let told = |language| {
            sentence_for(DeadlineKind::Acknowledge, &days("02-23/r 02-24/w+"), due_at, language)
        };
        assert_eq!(
            told(Language::English),
            "told Mon 2026-02-23 rest; day 1 = Tue 02-24; due 24:00"
        );
        assert_eq!(
            told(Language::Chinese),
            "2026-02-23（周一，休）通知；第1日 02-24（周二）；24:00 截止"
        );
    }

    #[test]
    fn midnight_is_the_end_of_the_day_before() {
        let at = |text: &str| local_due(text.parse().expect(text));
        assert_eq!(at("2026-02-24T16:00:00Z"), "2026-02-24 24:00");
        assert_eq!(at("2026-02-24T16:01:00Z"), "2026-02-25 00:01");
        assert_eq!(at("2025-12-31T16:00:00Z"), "2025-12-31 24:00");
    }
}
