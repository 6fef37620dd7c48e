//! What counts as text: names and titles on one line, long text on many.
//!
//! **Never** repairs what could mean something else: a control character, a direction override
//! or an invisible value is refused with its reason; only the harmless is normalised (NFC, line
//! ends, surrounding blanks).

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing visible in it.
    #[error("this field is required")]
    Required,
    /// Longer than allowed, in characters.
    #[error("at most {0} characters")]
    TooLong(usize),
    /// Control characters, direction overrides or line ends where none may be.
    #[error("control characters are not allowed")]
    Control,
    /// A pile of combining marks.
    #[error("too many combining marks on one letter")]
    Marks,
}

impl TextError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong(_) => "too_long",
            Self::Control => "control_characters",
            Self::Marks => "combining_marks",
        }
    }
}

/// More marks than any script stacks on a letter.
const MOST_MARKS: usize = 8;

/// One line: a name, a title, a unit. At most `longest` characters, after normalisation.
///
/// # Errors
/// [`TextError`], saying what is wrong.
pub fn line(text: &str, longest: usize) -> Result<String, TextError> {
    accept(text, longest, |_| false)
}

/// Many lines: line feeds and tabs stay, CR LF becomes LF.
///
/// # Errors
/// [`TextError`], saying what is wrong.
pub fn block(text: &str, longest: usize) -> Result<String, TextError> {
    accept(&text.replace("\r\n", "\n"), longest, |c| matches!(c, '\n' | '\t'))
}

fn accept(text: &str, longest: usize, is_allowed: fn(char) -> bool) -> Result<String, TextError> {
    let refused = |c: char| (c.is_control() || is_directional(c)) && !is_allowed(c);
    if text.chars().any(refused) {
        return Err(TextError::Control);
    }
    if has_pile_of_marks(text) {
        return Err(TextError::Marks);
    }
    let text: String = text.nfc().collect();
    let text = text.trim();
    if text.chars().all(|c| is_invisible(c) || c.is_whitespace()) {
        return Err(TextError::Required);
    }
    if text.chars().count() > longest {
        return Err(TextError::TooLong(longest));
    }
    Ok(text.to_owned())
}

/// What of a text may be shown where nobody can be asked to correct it: the first `longest`
/// characters without those that [`line()`] refuses and those that cannot be seen.
#[must_use]
pub fn cleaned(text: &str, longest: usize) -> String {
    let is_shown = |c: &char| !(c.is_control() || is_directional(*c) || is_invisible(*c));
    let mut marks = 0;
    let stacks = |c: &char| {
        marks = if is_combining_mark(*c) { marks + 1 } else { 0 };
        marks <= MOST_MARKS
    };
    let shown = text.chars().filter(is_shown).filter(stacks);
    shown.skip_while(|c| c.is_whitespace()).take(longest).collect()
}

/// Direction overrides, embeddings and isolates, and the line and paragraph separators.
fn is_directional(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{00AD}' | '\u{3164}')
}

fn has_pile_of_marks(text: &str) -> bool {
    let mut marks = 0;
    text.chars().any(|c| {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        marks > MOST_MARKS
    })
}

/// A telephone number: a Chinese mobile like 13800000000, or a landline like 0531-88888888.
#[must_use]
pub fn is_phone(value: &str) -> bool {
    let bare = value.strip_prefix("+86").map_or(value, str::trim_start);
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    let looks_mobile = bare.len() == 11 && digits == 11 && bare.starts_with('1');
    if looks_mobile {
        return matches!(bare.as_bytes().get(1), Some(b'3'..=b'9'));
    }
    let allowed = |b: u8| b.is_ascii_digit() || matches!(b, b'-' | b' ');
    (7..=20).contains(&value.len()) && digits >= 7 && bare.bytes().all(allowed)
}

/// What looks like a mail address: one name at one host, without blanks.
#[must_use]
pub fn is_email(value: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | ',' | ';');
    match value.split_once('@') {
        Some((name, host)) => {
            let labels = || host.split('.');
            value.len() <= 254
                && value.chars().all(is_plain)
                && (1..=64).contains(&name.len())
                && !host.contains('@')
                && labels().count() >= 2
                && labels().all(|label| !label.is_empty())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_a_mobile_or_a_landline() {
        for good in ["13812345678", "+8613812345678", "0531-88888888", "8888 8888", "4001234567"] {
            assert!(is_phone(good), "{good}");
        }
        for bad in [
            "12812345678",
            "123456",
            "abc1234567",
            "1381234567a",
            "+1 555 123 4567",
            "-------",
            "０５３１８８８８",
        ] {
            assert!(!is_phone(bad), "{bad}");
        }
    }

    #[test]
    fn a_mail_address_is_one_name_at_one_host() {
        for good in ["a@b.cn", "zhang.min+x@mail.example.com"] {
            assert!(is_email(good), "{good}");
        }
        for bad in
            ["", "a", "a@b", "@b.cn", "a@b@c.cn", "a b@c.cn", "a@b..cn", "A <a@b.cn>", "张@b.cn"]
        {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn a_line_is_normalised_and_counted_in_characters() {
        assert_eq!(line("  阿莫西林  ", 4), Ok("阿莫西林".to_owned()));
        assert_eq!(line("阿莫西林胶囊", 5), Err(TextError::TooLong(5)));
        assert_eq!(line("e\u{301}", 1), Ok("é".to_owned()));
        assert_eq!(line("𠮷野家 💊", 6), Ok("𠮷野家 💊".to_owned()));
    }

    #[test]
    fn what_cannot_be_seen_is_not_a_text() {
        for text in ["", " ", "\u{3000}", "\u{200B}\u{200D}"] {
            assert_eq!(line(text, 10), Err(TextError::Required), "{text:?}");
        }
    }

    #[test]
    fn what_could_deceive_is_refused() {
        for text in [
            "a\0b",
            "a\nb",
            "a\rb",
            "a\u{1b}[31mb",
            "a\u{7f}b",
            "a\u{85}b",
            "a\u{202e}b",
            "a\u{2066}b",
        ] {
            assert_eq!(line(text, 10), Err(TextError::Control), "{text:?}");
        }
        assert_eq!(line(&format!("e{}", "\u{301}".repeat(10_000)), 20_000), Err(TextError::Marks));
    }

    #[test]
    fn a_block_keeps_its_lines() {
        assert_eq!(block("甲\r\n乙\t丙\n", 10), Ok("甲\n乙\t丙".to_owned()));
        assert_eq!(block("甲\r乙", 10), Err(TextError::Control));
        assert_eq!(block("甲\0乙", 10), Err(TextError::Control));
    }
}
