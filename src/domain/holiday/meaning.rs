//! What words say of a day: that it is worked, or that it is free.
//!
//! **Never** decides where the words could mean either.

use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization as _;

use super::reading::worked;
use crate::domain::calendar::DayKind;

/// What is meant of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Worked,
    Free,
}

impl Meaning {
    /// What such a day is.
    pub(super) fn kind(self, date: NaiveDate) -> DayKind {
        match self {
            Self::Worked => worked(date),
            Self::Free => DayKind::Rest,
        }
    }
}

/// What a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Saying {
    /// Nothing about work and rest.
    Silent,
    Clear(Meaning),
    /// Both, or neither for certain.
    Unclear,
}

/// Words with which a day may be worked by some, be free in part, or not be what it sounds like.
const UNCLEAR: [&str; 23] = [
    "不上班",
    "无需上班",
    "不用上班",
    "不必上班",
    "停班",
    "不放假",
    "不休",
    "不补班",
    "取消",
    "值班",
    "加班",
    "轮班",
    "轮休",
    "请假",
    "年假",
    "寒假",
    "暑假",
    "半天",
    "半日",
    "上午",
    "下午",
    "not ",
    "no ",
];
const WORKED: [&str; 8] =
    ["上班", "补班", "工作日", "workday", "working day", "work day", "make-up day", "makeup day"];
const FREE: [&str; 13] = [
    "放假", "假期", "休假", "休息", "连休", "公休", "补休", "假日", "休市", "day off", "days off",
    "holiday", "rest day",
];

/// What a text says of the days it is about. 调休 alone says neither: a day moved in, or out.
pub(super) fn said(text: &str) -> Saying {
    let text: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let text = text.replace("调休", " ");
    if UNCLEAR.iter().any(|word| text.contains(word)) {
        return Saying::Unclear;
    }
    let has = |words: &[&str], marks: &[char]| {
        words.iter().any(|word| text.contains(word))
            || marks.iter().any(|mark| stands(&text, *mark))
    };
    match (has(&WORKED, &['班']), has(&FREE, &['休', '假'])) {
        (true, true) => Saying::Unclear,
        (true, false) => Saying::Clear(Meaning::Worked),
        (false, true) => Saying::Clear(Meaning::Free),
        (false, false) => Saying::Silent,
    }
}

/// True where the character is a mark: by itself, as in “春节（休）”, or at the end of a
/// holiday's name, as in “春节休”. In 航班 or 休闲 it is a part of another word.
fn stands(text: &str, mark: char) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let is_apart = |at: Option<usize>| {
        let character = at.and_then(|at| characters.get(at));
        character.is_none_or(|character| !character.is_alphabetic())
    };
    let ends_name = |at: Option<usize>| {
        matches!(at.and_then(|at| characters.get(at)), Some('节' | '旦' | '夕' | '午' | '秋'))
    };
    characters.iter().enumerate().any(|(at, character)| {
        let before = at.checked_sub(1);
        let begins = before.is_none() || is_apart(before) || ends_name(before);
        *character == mark && begins && is_apart(Some(at + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: Saying, texts: &[&str]) {
        for text in texts {
            assert_eq!(said(text), expected, "{text}");
        }
    }

    #[test]
    fn words_and_marks_say_what_a_day_is() {
        check(
            Saying::Clear(Meaning::Worked),
            &[
                "春节（班）",
                "春节调休上班",
                "补班",
                "国庆节 补班 第1天",
                "班",
                "春节班",
                "Special Working Day",
                "［班］元旦",
                "元旦（调休）补班",
            ],
        );
        check(
            Saying::Clear(Meaning::Free),
            &[
                "春节（休）",
                "春节放假调休",
                "国庆节假期",
                "休",
                "元旦休",
                "端午节 放假 第1天/共3天",
                "National Day Holiday",
                "清明节 假",
                "1月1日放假，不调休",
            ],
        );
    }

    #[test]
    fn other_words_say_nothing() {
        check(
            Saying::Silent,
            &["", "春节", "调休", "航班", "培训班结业", "休闲", "假如", "除夕", "班会", "植树节"],
        );
    }

    #[test]
    fn what_could_be_either_is_unclear() {
        check(
            Saying::Unclear,
            &[
                "春节放假，2月14日上班",
                "除夕不放假",
                "元旦不上班",
                "国庆假期值班",
                "三八妇女节放假半天",
                "Not a holiday",
            ],
        );
    }
}
