//! How wide a text will be, roughly, and how it is cut to a width.
//!
//! Rather too wide than too narrow: a gap does less harm than two labels on one another.
//!
//! **Never** asks a font.

/// The letters' height, in the drawing's units.
pub(super) const EM: u32 = 12;

/// What a text takes across, in the drawing's units.
pub(super) fn width(text: &str) -> u32 {
    text.chars().map(hundredths).sum::<u32>().saturating_mul(EM).div_ceil(100)
}

/// A character's share of an em: Chinese, Japanese, Korean and symbols take all of it.
fn hundredths(letter: char) -> u32 {
    match letter {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | ' ' | '.' | ',' | ':' | ';' | '|' | '\'' | '!' => 38,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 92,
        'A'..='Z' | '&' => 72,
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{0}'..='\u{10ff}' => 60,
        _ => 100,
    }
}

/// The text in one line without control characters, which no page needs.
pub(super) fn plain(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}

/// The text, or as much of its beginning as fits with an ellipsis behind it.
pub(super) fn cut(text: &str, most: u32) -> String {
    let text = plain(text);
    if width(&text) <= most {
        return text;
    }
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        if width(&kept) + EM > most {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

/// A percentage with one decimal where it has one.
pub(super) fn percent(value: f64) -> String {
    let text = format!("{value:.1}");
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_label_is_cut_between_characters() {
        for (text, most, expected) in [
            ("山东", 60, "山东"),
            ("济南市第一人民医院", 60, "济南市第…"),
            ("Qilu Hospital of Shandong", 80, "Qilu Hospi…"),
            ("一\n二", 60, "一 二"),
            ("山东", 0, "…"),
            ("", 10, ""),
        ] {
            assert_eq!(cut(text, most), expected);
            assert!(most < EM || width(&cut(text, most)) <= most, "{text}");
        }
    }

    #[test]
    fn chinese_is_as_wide_as_it_is_high() {
        assert_eq!((width("供应保障"), width("")), (4 * EM, 0));
        assert!(width("supply") < 6 * EM && width("supply") > 3 * EM);
    }

    #[test]
    fn a_rate_is_not_rounded_up_to_perfect() {
        let shown: Vec<String> = [100.0, 99.6, 0.0, 33.333].into_iter().map(percent).collect();
        assert_eq!(shown, ["100%", "99.6%", "0%", "33.3%"]);
    }
}
