//! A pasted text to its sentences, however it was broken into lines.
//!
//! **Never** loses the line a sentence begins in.

use unicode_normalization::UnicodeNormalization as _;

/// What the points of a list are marked with.
const NUMERALS: &str = "一二三四五六七八九十";
/// What sentences end with.
const ENDS: [char; 3] = ['。', ';', '!'];

/// A sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sentence {
    /// The line it begins in, from 1.
    pub(super) row: u32,
    /// True where a point of the list begins with it.
    pub(super) is_point: bool,
    /// Without spaces, its mark and its end.
    pub(super) text: String,
}

/// Letters, digits and signs of one width each, without anything that nobody sees.
pub(super) fn folded(line: &str) -> String {
    let is_seen = |c: &char| {
        !(c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{00AD}'))
    };
    line.nfkc().filter(is_seen).collect()
}

/// The sentences of a text. A line that goes on in the next one is one sentence with it: pages
/// break lines anywhere.
pub(super) fn sentences(text: &str) -> Vec<Sentence> {
    let mut found: Vec<Sentence> = Vec::new();
    let mut open: Option<Sentence> = None;
    for (row, line) in (1_u32..).zip(text.lines()) {
        let line = folded(line);
        // What names no day goes on in the next line as little as a title does.
        let goes_on = |open: &Sentence| open.is_point || open.text.contains('月');
        let is_over = |open: &mut Sentence| unmarked(&line).is_some() || !goes_on(open);
        if !line.is_empty() {
            found.extend(open.take_if(is_over));
        }
        for piece in line.split_inclusive(ENDS) {
            let body = piece.strip_suffix(ENDS).unwrap_or(piece);
            match &mut open {
                Some(open) => open.text.push_str(body),
                None => open = Some(begun(row, body)),
            }
            if body.len() < piece.len() {
                found.extend(open.take());
            }
        }
    }
    found.extend(open);
    found.retain(|sentence| !sentence.text.is_empty());
    found
}

fn begun(row: u32, text: &str) -> Sentence {
    let unmarked = unmarked(text);
    let is_point = unmarked.is_some();
    Sentence { row, is_point, text: unmarked.unwrap_or(text).to_owned() }
}

/// What follows the mark of a point, like 一、 or (一) or 1.; `None` where there is none.
fn unmarked(text: &str) -> Option<&str> {
    let bare = text.trim_start_matches('(');
    let end = bare.find(|c: char| !(NUMERALS.contains(c) || c.is_ascii_digit()))?;
    let (mark, rest) = bare.split_at_checked(end)?;
    let rest = rest.strip_prefix(['、', '.', ')'])?;
    let is_mark = (1..=3).contains(&mark.chars().count());
    // 1.5 is a number, and (周日) no mark.
    (is_mark && !rest.starts_with(|c: char| c.is_ascii_digit() && mark.is_ascii())).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(u32, bool, &str)]) {
        let found = sentences(text);
        let found: Vec<_> = found.iter().map(|s| (s.row, s.is_point, s.text.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn points_and_sentences_are_told_apart() {
        check(
            "关于２０２６年部分节假日安排的通知\n\n 一、元旦：1月1日（周四）\u{3000}放假。1月4日上班。\n二、春节：",
            &[
                (1, false, "关于2026年部分节假日安排的通知"),
                (3, true, "元旦:1月1日(周四)放假"),
                (3, false, "1月4日上班"),
                (4, true, "春节:"),
            ],
        );
    }

    #[test]
    fn lines_that_are_broken_anywhere_are_joined() {
        check(
            "一、元旦：\n1⽉1⽇至\r\n3日放假，\n共3天。\n(二) 春节",
            &[(1, true, "元旦:1月1日至3日放假,共3天"), (5, true, "春节")],
        );
        check(
            "国务院办公厅\n2025年11月4日",
            &[(1, false, "国务院办公厅"), (2, false, "2025年11月4日")],
        );
    }
}
