//! One sentence of a notice: which days it closes, and which it opens.
//!
//! **Never** understands half of a sentence: every word of it is known, or it is held.

use chrono::Weekday;

use super::cursor::Cursor;
use crate::domain::holiday::meaning::Meaning;

/// A day as it is written: what is left out is what was said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) year: Option<u32>,
    pub(super) month: Option<u32>,
    pub(super) day: u32,
    /// The weekday in the brackets behind it.
    pub(super) weekday: Option<Weekday>,
}

/// A day, or the first and the last of several.
pub(super) type Span = (Written, Option<Written>);

/// What a clause says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause {
    pub(super) spans: Vec<Span>,
    pub(super) meaning: Meaning,
    /// True where work begins again that day (…起): no day is made up.
    pub(super) resumes: bool,
}

/// A sentence that was understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Understood {
    pub(super) clauses: Vec<Clause>,
    /// How many days of rest it says there are.
    pub(super) count: Option<u32>,
}

const TO: [&str; 8] = ["至", "到", "--", "-", "~", "—", "–", "−"];
const AND: [&str; 5] = ["、", "和", "及", "与", "以及"];
const FREE: [&str; 6] = ["放假", "休息", "补休", "公休", "休假", "连休"];
const WORKED: [&str; 3] = ["上班", "补班", "工作"];
/// What may stand beside those and changes nothing.
const BESIDE: [&str; 7] = ["调休", "不调休", "正常", "照常", "恢复", "、", "均"];

/// Understands a sentence without its name; `None` where a word of it is not known.
pub(super) fn understand(text: &str) -> Option<Understood> {
    let mut understood = Understood::default();
    for clause in clauses(text) {
        let mut cursor = Cursor::of(clause);
        let spans = spans(&mut cursor)?;
        let predicate = predicate(&mut cursor)?;
        if let Some(count) = predicate.count {
            if understood.count.is_some_and(|known| known != count) {
                return None;
            }
            understood.count = Some(count);
        }
        match (spans.is_empty(), predicate.meaning) {
            (false, Some(meaning)) => {
                understood.clauses.push(Clause { spans, meaning, resumes: predicate.resumes });
            }
            // “…，共3天”, “…，与周末连休”: about the days before it.
            (true, None) if !understood.clauses.is_empty() => {}
            (true, Some(Meaning::Free)) if !understood.clauses.is_empty() => {}
            (true | false, _) => return None,
        }
    }
    (!understood.clauses.is_empty()).then_some(understood)
}

/// The parts between commas; those in brackets do not part anything.
fn clauses(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    text.split(move |character| {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    })
    .filter(|clause| !clause.is_empty())
}

/// The days at the beginning of a clause; `None` where a list of them breaks off.
fn spans(cursor: &mut Cursor<'_>) -> Option<Vec<Span>> {
    let mut spans = Vec::new();
    let Some(mut first) = written(cursor) else { return Some(spans) };
    loop {
        let last = if cursor.take_any(&TO) { Some(written(cursor)?) } else { None };
        spans.push((first, last));
        let mut ahead = cursor.clone();
        if !ahead.take_any(&AND) {
            return Some(spans);
        }
        // “1月1日放假、…”: what follows the sign need not be a day.
        let Some(next) = written(&mut ahead) else { return Some(spans) };
        *cursor = ahead;
        first = next;
    }
}

fn written(cursor: &mut Cursor<'_>) -> Option<Written> {
    let mut ahead = cursor.clone();
    let year = ahead.number_before(4, &["年"]);
    let month = ahead.number_before(2, &["月"]);
    let day = ahead.number_before(2, &["日", "号"])?;
    if year.is_some_and(|year| year < 1_000) || (year.is_some() && month.is_none()) {
        return None;
    }
    let mut weekday = None;
    while let Some(inside) = ahead.bracketed() {
        weekday = weekday.or_else(|| weekday_in(inside));
    }
    *cursor = ahead;
    Some(Written { year, month, day, weekday })
}

/// The weekday that the words in brackets name, like 农历除夕、周二.
fn weekday_in(text: &str) -> Option<Weekday> {
    let mut cursor = Cursor::of(text);
    let after = ["星期", "周", "礼拜"].iter().find_map(|word| {
        cursor = Cursor::of(text);
        cursor.until(word)?;
        cursor.rest().chars().next()
    });
    match after? {
        '一' => Some(Weekday::Mon),
        '二' => Some(Weekday::Tue),
        '三' => Some(Weekday::Wed),
        '四' => Some(Weekday::Thu),
        '五' => Some(Weekday::Fri),
        '六' => Some(Weekday::Sat),
        '日' | '天' => Some(Weekday::Sun),
        _ => None,
    }
}

#[derive(Default)]
struct Predicate {
    meaning: Option<Meaning>,
    count: Option<u32>,
    resumes: bool,
}

/// What is said of the days; `None` where a word is not known or two contradict each other.
fn predicate(cursor: &mut Cursor<'_>) -> Option<Predicate> {
    let mut said = Predicate::default();
    while !cursor.is_done() {
        if cursor.take_any(&BESIDE) {
            continue;
        }
        if cursor.take("起") {
            said.resumes = true;
        } else if cursor.take_any(&FREE) {
            said.meaning = Some(agreed(said.meaning, Meaning::Free)?);
        } else if cursor.take_any(&WORKED) {
            said.meaning = Some(agreed(said.meaning, Meaning::Worked)?);
        } else if cursor.take_any(&["与周末", "和周末", "同周末"]) {
            if !cursor.take("连休") {
                return None;
            }
        } else {
            said.count = Some(count(cursor)?);
        }
    }
    // Who rests “from” a day on rests until nobody knows when.
    let is_endless = said.resumes && said.meaning != Some(Meaning::Worked);
    (!is_endless).then_some(said)
}

fn agreed(known: Option<Meaning>, said: Meaning) -> Option<Meaning> {
    known.is_none_or(|known| known == said).then_some(said)
}

/// A number of days, like 共3天 or 三天.
fn count(cursor: &mut Cursor<'_>) -> Option<u32> {
    cursor.take_any(&["共计", "总共", "共"]);
    let days = ["天", "日"];
    if let Some(number) = cursor.number_before(2, &days) {
        return Some(number);
    }
    let numerals = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
    let (number, _) = (1..).zip(numerals).find(|(_, numeral)| cursor.take(numeral))?;
    cursor.take_any(&days).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let written = |day: Written| {
            let part = |number: Option<u32>| number.map(|n| format!("{n}-")).unwrap_or_default();
            let weekday = day.weekday.map(|day| format!("({day})")).unwrap_or_default();
            format!("{}{}{}{weekday}", part(day.year), part(day.month), day.day)
        };
        let clause = |clause: Clause| {
            let span = |(first, last): Span| {
                let last = last.map(|last| format!("..{}", written(last))).unwrap_or_default();
                format!("{}{last}", written(first))
            };
            let days: Vec<_> = clause.spans.into_iter().map(span).collect();
            let from = if clause.resumes { " on" } else { "" };
            format!("{:?} {}{from}", clause.meaning, days.join(" "))
        };
        let found = understand(text).map(|understood| {
            let count = understood.count.map(|count| format!(" = {count}")).unwrap_or_default();
            let clauses: Vec<_> = understood.clauses.into_iter().map(clause).collect();
            format!("{}{count}", clauses.join("; "))
        });
        assert_eq!(found.as_deref().unwrap_or("held"), expected, "{text}");
    }

    #[test]
    fn what_notices_say_is_understood() {
        check("1月1日(周四)至3日(周六)放假调休,共3天", "Free 1-1(Thu)..3(Sat) = 3");
        check("1月4日(周日)上班", "Worked 1-4(Sun)");
        check("2月14日(星期六)、28日(星期六)上班", "Worked 2-14(Sat) 28(Sat)");
        check(
            "1月28日(农历除夕、周二)至2月4日(农历正月初七、周二)放假调休,共8天",
            "Free 1-28(Tue)..2-4(Tue) = 8",
        );
        check("1月1日(周三)放假1天,不调休", "Free 1-1(Wed) = 1");
        check("1月1日放假,与周末连休", "Free 1-1");
        check("4月5日放假,共一天", "Free 4-5 = 1");
        check("2022年12月31日至2023年1月2日放假调休,共3天", "Free 2022-12-31..2023-1-2 = 3");
        check("2月3日(星期一)起正常上班", "Worked 2-3(Mon) on");
        check("9月29日-10月6日放假,10月7日和8日上班", "Free 9-29..10-6; Worked 10-7 8");
        check("5月1日到5日休息5天", "Free 5-1..5-5 = 5".replace("5-1..5-5", "5-1..5").as_str());
    }

    #[test]
    fn what_is_not_said_in_known_words_is_held() {
        for text in [
            "",
            "鼓励各单位结合带薪年休假等制度落实,安排职工在除夕(2月9日)休息",
            "延长2020年春节假期至2月2日(农历正月初九,星期日)",
            "1月1日不放假",
            "1月4日不上班",
            "1月1日放假半天",
            "1月1日至放假",
            "1月1日放假上班",
            "1月1日",
            "1月1日起放假",
            "1月1日下午上班",
            "放假3天",
            "共3天",
            "1月1日放假2天,共3天",
            "2026年1日放假",
            "26年1月1日放假",
            "1月111日放假",
            "各地1月1日放假",
            "1月2日调休",
        ] {
            check(text, "held");
        }
    }
}
