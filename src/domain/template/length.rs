//! How long a text message comes out: what people pay for, part by part.
//!
//! A message within the GSM alphabet (3GPP TS 23.038) has 160 units in one part and 153 in each
//! of several; any other is UCS-2 with 70 and 67. A character that takes two units is never cut.
//!
//! **Never** guesses by the number of characters: an emoji or a `€` takes two units.

use serde::Serialize;

/// How a message is written on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// Seven bits a unit.
    Gsm7,
    /// Sixteen bits a unit: Chinese, and everything else.
    Ucs2,
}

impl Alphabet {
    /// Units of a message that fits into one part, and of each part of a longer one.
    fn room(self) -> (usize, usize) {
        match self {
            Self::Gsm7 => (160, 153),
            Self::Ucs2 => (70, 67),
        }
    }

    fn units(self, c: char) -> usize {
        match self {
            Self::Gsm7 if GSM_ESCAPED.contains(c) => 2,
            Self::Gsm7 => 1,
            Self::Ucs2 => c.len_utf16(),
        }
    }
}

/// A message's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Length {
    /// How it is written.
    pub alphabet: Alphabet,
    /// How many units it takes, its signature included.
    pub units: usize,
    /// In how many parts it is sent and paid for.
    pub parts: usize,
}

const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_ESCAPED: &str = "\u{c}^{}\\[~]|€";

/// Measures a message with its signature, which the gateway puts in front between 【 and 】.
#[must_use]
pub fn measure(text: &str, signature: &str) -> Length {
    let signature = if signature.is_empty() { String::new() } else { format!("【{signature}】") };
    let all = || signature.chars().chain(text.chars());
    let is_gsm = all().all(|c| GSM.contains(c) || GSM_ESCAPED.contains(c));
    let alphabet = if is_gsm { Alphabet::Gsm7 } else { Alphabet::Ucs2 };
    let units = all().map(|c| alphabet.units(c)).sum();
    let (alone, each) = alphabet.room();
    let parts = if units <= alone { 1 } else { parts(all().map(|c| alphabet.units(c)), each) };
    Length { alphabet, units, parts }
}

/// How many parts of `room` units characters of these sizes fill, none cut in two.
fn parts(sizes: impl Iterator<Item = usize>, room: usize) -> usize {
    let (mut parts, mut filled) = (1, 0);
    for size in sizes {
        if filled + size > room {
            parts += 1;
            filled = 0;
        }
        filled += size;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, signature: &str, expected: (Alphabet, usize, usize)) {
        let Length { alphabet, units, parts } = measure(text, signature);
        assert_eq!((alphabet, units, parts), expected, "{text:.20}");
    }

    #[test]
    fn chinese_has_70_and_then_67() {
        use Alphabet::Ucs2;
        check(&"药".repeat(70), "", (Ucs2, 70, 1));
        check(&"药".repeat(71), "", (Ucs2, 71, 2));
        check(&"药".repeat(134), "", (Ucs2, 134, 2));
        check(&"药".repeat(135), "", (Ucs2, 135, 3));
        // The case that gateways document.
        check(&"药".repeat(160), "", (Ucs2, 160, 3));
        // One sign outside the alphabet makes all of it UCS-2.
        check(&format!("{}”", "a".repeat(70)), "", (Ucs2, 71, 2));
    }

    #[test]
    fn the_signature_is_paid_for() {
        use Alphabet::{Gsm7, Ucs2};
        check(&"药".repeat(64), "供应保障", (Ucs2, 70, 1));
        check(&"药".repeat(65), "供应保障", (Ucs2, 71, 2));
        check("hello", "", (Gsm7, 5, 1));
        check("hello", "Supplyline", (Ucs2, 17, 1));
    }

    #[test]
    fn plain_english_has_160_and_then_153() {
        use Alphabet::Gsm7;
        check(&"a".repeat(160), "", (Gsm7, 160, 1));
        check(&"a".repeat(161), "", (Gsm7, 161, 2));
        check(&"a".repeat(306), "", (Gsm7, 306, 2));
        check(&"a".repeat(307), "", (Gsm7, 307, 3));
        check(&"€".repeat(80), "", (Gsm7, 160, 1));
        check(&"€".repeat(81), "", (Gsm7, 162, 2));
        // 153 is odd: the escaped character goes to the next part whole.
        check(&"€".repeat(153), "", (Gsm7, 306, 3));
    }

    #[test]
    fn a_pair_of_surrogates_is_never_cut_b096() {
        use Alphabet::Ucs2;
        check(&"💊".repeat(35), "", (Ucs2, 70, 1));
        // 67 is odd: 33 pairs a part.
        check(&"💊".repeat(67), "", (Ucs2, 134, 3));
    }

    #[test]
    fn nothing_is_one_part() {
        check("", "", (Alphabet::Gsm7, 0, 1));
    }
}
