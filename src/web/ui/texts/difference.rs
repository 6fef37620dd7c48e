//! What changed between two versions of a text: the middle that is not common to both.
//!
//! **Never** cuts inside a variable: its braces stay together.

/// A text against an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// What both begin with.
    pub(super) before: String,
    /// What went.
    pub(super) gone: String,
    /// What came.
    pub(super) come: String,
    /// What both end with.
    pub(super) after: String,
}

impl Difference {
    /// Compares two texts.
    pub(super) fn between(old: &str, new: &str) -> Self {
        let (old, new) = (pieces(old), pieces(new));
        let head = common(old.iter(), new.iter());
        let (old, new) = (old.get(head..).unwrap_or_default(), new.split_at(head.min(new.len())));
        let (both, new) = new;
        let tail = common(old.iter().rev(), new.iter().rev());
        let middle =
            |all: &[String]| all.get(..all.len().saturating_sub(tail)).unwrap_or_default().concat();
        Self {
            before: both.concat(),
            gone: middle(old),
            come: middle(new),
            after: new.get(new.len().saturating_sub(tail)..).unwrap_or_default().concat(),
        }
    }
}

fn common<'a>(
    one: impl Iterator<Item = &'a String>,
    other: impl Iterator<Item = &'a String>,
) -> usize {
    one.zip(other).take_while(|(one, other)| one == other).count()
}

/// Variables, Latin words and single characters.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut is_open = false;
    for c in text.chars() {
        let goes_on =
            pieces.last().and_then(|piece| piece.chars().next_back()).is_some_and(|last| {
                is_open || (last.is_ascii_alphanumeric() && c.is_ascii_alphanumeric())
            });
        match pieces.last_mut() {
            Some(piece) if goes_on => piece.push(c),
            Some(_) | None => pieces.push(c.to_string()),
        }
        is_open = (is_open || c == '{') && c != '}';
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(old: &str, new: &str, expected: [&str; 4]) {
        let Difference { before, gone, come, after } = Difference::between(old, new);
        assert_eq!([before, gone, come, after], expected, "{old} → {new}");
    }

    #[test]
    fn only_the_middle_differs() {
        check(
            "请于{due_at}前回复",
            "请于{due_at}前书面回复",
            ["请于{due_at}前", "", "书面", "回复"],
        );
        check("a {product} b", "a {hospital} b", ["a ", "{product}", "{hospital}", " b"]);
        check("sign in", "signed in", ["", "sign", "signed", " in"]);
        check("同", "同", ["同", "", "", ""]);
        check("", "新", ["", "", "新", ""]);
        check("药药", "药", ["药", "药", "", ""]);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_off_it(old in "[a-c药{} ]{0,20}", new in "[a-c药{} ]{0,20}") {
            let Difference { before, gone, come, after } = Difference::between(&old, &new);
            prop_assert_eq!(format!("{before}{gone}{after}"), old);
            prop_assert_eq!(format!("{before}{come}{after}"), new);
        }
    }
}
