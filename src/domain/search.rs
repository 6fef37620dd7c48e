//! How text is cut for searching, alike on every database.
//!
//! Chinese has no spaces, so runs of it become overlapping pairs of characters; Latin words and
//! numbers stay whole, in lower case, full-width forms folded. A query is cut the same way and
//! must occur as a phrase.
//!
//! **Never** depends on a database's language support or locale.

use unicode_normalization::UnicodeNormalization;

/// The terms of a text, in order, separated by blanks.
#[must_use]
pub fn terms(text: &str) -> String {
    cut(text).join(" ")
}

/// A query's terms in order, to be found as a phrase. A single Chinese character is a prefix of
/// the pairs that begin with it: [`Query::One`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Nothing searchable in it: matches nothing.
    Nothing,
    /// One character: matches where it occurs at all.
    One(char),
    /// Terms that follow each other.
    Phrase(Vec<String>),
}

/// Cuts a query.
#[must_use]
pub fn query(text: &str) -> Query {
    let terms = cut(text);
    let mut only = terms.first().map(|term| term.chars()).into_iter().flatten();
    match (terms.len(), only.next(), only.next()) {
        (0, ..) => Query::Nothing,
        (1, Some(c), None) if is_ideograph(c) => Query::One(c),
        _ => Query::Phrase(terms),
    }
}

fn cut(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let mut word = String::new();
    let mut run: Vec<char> = Vec::new();
    for c in text.nfkc().flat_map(char::to_lowercase) {
        if is_ideograph(c) {
            flush_word(&mut word, &mut terms);
            run.push(c);
        } else if c.is_alphanumeric() {
            flush_run(&mut run, &mut terms);
            word.push(c);
        } else {
            flush_word(&mut word, &mut terms);
            flush_run(&mut run, &mut terms);
        }
    }
    flush_word(&mut word, &mut terms);
    flush_run(&mut run, &mut terms);
    terms
}

fn flush_word(word: &mut String, terms: &mut Vec<String>) {
    if !word.is_empty() {
        terms.push(std::mem::take(word));
    }
}

fn flush_run(run: &mut Vec<char>, terms: &mut Vec<String>) {
    match run.as_slice() {
        [] => {}
        [one] => terms.push(one.to_string()),
        many => terms.extend(many.windows(2).map(|pair| pair.iter().collect::<String>())),
    }
    run.clear();
}

fn is_ideograph(c: char) -> bool {
    matches!(c,
        '\u{3007}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_cut_into_pairs_and_latin_into_words() {
        assert_eq!(terms("胰岛素注射液 300U"), "胰岛 岛素 素注 注射 射液 300u");
        assert_eq!(terms("ＡＢＣ１２３，阿"), "abc123 阿");
        assert_eq!(terms("SQ-371002-20260213-7K2M"), "sq 371002 20260213 7k2m");
        assert_eq!(terms("  %_'\"\\ "), "");
    }

    #[test]
    fn a_query_is_a_phrase_a_character_or_nothing() {
        assert_eq!(query("短缺"), Query::Phrase(vec!["短缺".to_owned()]));
        assert_eq!(query("胰岛素"), Query::Phrase(vec!["胰岛".to_owned(), "岛素".to_owned()]));
        assert_eq!(query("缺"), Query::One('缺'));
        assert_eq!(query("%"), Query::Nothing);
        assert_eq!(query("A"), Query::Phrase(vec!["a".to_owned()]));
    }
}
