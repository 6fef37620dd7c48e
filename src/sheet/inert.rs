//! Text that no spreadsheet program takes for a formula.
//!
//! A CSV file has no types: a program that opens it calculates whatever looks like a formula, so
//! a word that somebody typed into a ticket could run on the desk of whoever opens the export.
//! A quote mark before it makes it text.
//!
//! **Never** changes a text that cannot be taken for a formula.

use std::borrow::Cow;

/// The text as it may stand in a CSV file.
///
/// A formula may begin the text, also behind blanks and signs that nobody sees; and it may begin
/// any part of it that a program takes for a cell of its own: where semicolons or tabs separate,
/// the quotes of this file protect nothing.
#[must_use]
pub fn inert(text: &str) -> Cow<'_, str> {
    let begins_badly = begins_formula(text);
    let is_apart = |(at, c): (usize, char)| separates(c).then_some(at + c.len_utf8());
    let parts = text.char_indices().filter_map(is_apart);
    let bad: Vec<usize> = parts.filter(|at| text.get(*at..).is_some_and(begins_formula)).collect();
    if !begins_badly && bad.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + bad.len() + 1);
    if begins_badly {
        safe.push('\'');
    }
    let mut bad = bad.into_iter().peekable();
    for (at, c) in text.char_indices() {
        if bad.next_if_eq(&at).is_some() {
            safe.push('\'');
        }
        safe.push(c);
    }
    Cow::Owned(safe)
}

/// Where a program may begin another cell or row.
fn separates(c: char) -> bool {
    matches!(c, ';' | ',' | '|' | '\t' | '\r' | '\n')
}

fn begins_formula(text: &str) -> bool {
    let mut seen = text.chars().skip_while(|c| is_passed_over(*c));
    seen.next().is_some_and(is_formula) || text.starts_with(['\t', '\r'])
}

fn is_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
}

/// What may stand before a formula: blanks, quotes, and signs without a width.
fn is_passed_over(c: char) -> bool {
    let is_unseen = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}');
    // Other separators begin a part of their own.
    is_unseen || c == '"' || ((c.is_whitespace() || c.is_control()) && !separates(c))
}

#[cfg(test)]
mod tests {
    use super::inert;

    #[test]
    fn a_formula_becomes_text_b058() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+8613800000001", "'+8613800000001"),
            ("-5", "'-5"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("\tx", "'\tx"),
            ("＝1", "'＝1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠A", "'＠A"),
            (" =1", "' =1"),
            ("\u{3000}=1", "'\u{3000}=1"),
            ("\u{200b}\u{feff}=1", "'\u{200b}\u{feff}=1"),
            ("\"=1", "'\"=1"),
            ("x;=1", "x;'=1"),
            ("x; \u{200b}=1;@y", "x;' \u{200b}=1;'@y"),
            ("x\n=1", "x\n'=1"),
            ("x,+1|-2", "x,'+1|'-2"),
            ("=1;=2", "'=1;'=2"),
        ] {
            assert_eq!(inert(text), expected, "{text:?}");
        }
    }

    #[test]
    fn other_text_stays_as_it_is() {
        for text in [
            "",
            " ",
            "断供",
            "a=b",
            "3-5 天",
            "x;y",
            "一；=二",
            "1,000",
            "'=1",
            "SQ-371002-20260213-7K2M",
            "x\ny",
            "a@b.example",
        ] {
            assert_eq!(inert(text), text);
        }
    }
}
