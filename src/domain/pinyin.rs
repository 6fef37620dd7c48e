//! How the Chinese in a name is typed in Latin letters: whole (`asipilin`) and by its initials
//! (`aspl`), as people type it who search for 阿司匹林.
//!
//! **Never** guesses by context: a character that is read in several ways is kept in each, as far
//! as names of drugs have them.

use pinyin::ToPinyin as _;
use unicode_normalization::UnicodeNormalization;

/// So many characters of a name are spelt; names are shorter.
const MOST_CHARACTERS: usize = 64;
/// So many spellings of a name are kept.
const MOST_SPELLINGS: usize = 8;

/// Characters that names of drugs have in other readings than the most common one, or in several.
const READINGS: [(char, &[&str]); 24] = [
    ('参', &["shen", "can"]),
    ('长', &["chang", "zhang"]),
    ('重', &["zhong", "chong"]),
    ('血', &["xue", "xie"]),
    ('柏', &["bai", "bo"]),
    ('降', &["jiang", "xiang"]),
    ('单', &["dan", "shan"]),
    ('术', &["shu", "zhu"]),
    ('藏', &["zang", "cang"]),
    ('调', &["tiao", "diao"]),
    ('行', &["xing", "hang"]),
    ('乐', &["le", "yue"]),
    ('薄', &["bo", "bao"]),
    ('阿', &["a", "e"]),
    ('咯', &["luo", "ge", "ka"]),
    ('壳', &["ke", "qiao"]),
    ('茜', &["qian", "xi"]),
    ('芎', &["xiong", "qiong"]),
    ('大', &["da", "dai"]),
    ('还', &["huan", "hai"]),
    ('脉', &["mai", "mo"]),
    ('朴', &["po", "pu"]),
    ('吡', &["bi", "pi"]),
    ('率', &["lv", "shuai"]),
];

/// Every spelling of a name, its initials first, each once and separated by blanks; Latin letters
/// and digits stand in them as they are, in lower case. Empty where there is nothing to spell.
#[must_use]
pub fn spellings(name: &str) -> String {
    let mut known = vec![(String::new(), String::new())];
    let letters = name.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric());
    for c in letters.take(MOST_CHARACTERS) {
        let readings = readings(c);
        let next = known.iter().flat_map(|(initials, whole)| {
            readings.iter().map(move |reading| {
                let initial = reading.chars().take(1);
                (initials.chars().chain(initial).collect(), format!("{whole}{reading}"))
            })
        });
        known = next.take(MOST_SPELLINGS).collect();
    }
    let (initials, wholes): (Vec<_>, Vec<_>) = known.into_iter().unzip();
    let mut all: Vec<String> = Vec::new();
    for spelling in initials.into_iter().chain(wholes) {
        if !spelling.is_empty() && !all.contains(&spelling) {
            all.push(spelling);
        }
    }
    all.join(" ")
}

/// The ways a character is read; none for what is neither Chinese nor a letter to be typed.
fn readings(c: char) -> Vec<String> {
    if c.is_ascii() {
        return vec![c.to_string()];
    }
    if let Some((_, readings)) = READINGS.iter().find(|(known, _)| *known == c) {
        return readings.iter().map(|reading| (*reading).to_owned()).collect();
    }
    // Keyboards have no ü: it is typed as v. What cannot be spelt is left out.
    vec![c.to_pinyin().map(|pinyin| pinyin.plain().replace('ü', "v")).unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_spelt_whole_and_by_its_initials() {
        for (name, expected) in [
            ("胰岛素", "yds yidaosu"),
            ("注射用A型肉毒毒素", "zsyaxrdds zhusheyongaxingroududusu"),
            ("二甲双胍（Ⅱ）0.5g", "ejsgii05g erjiashuangguaii05g"),
            ("氯化钠", "lhn lvhuana"),
            ("（）", ""),
            ("", ""),
        ] {
            assert_eq!(spellings(name), expected, "{name}");
        }
    }

    #[test]
    fn a_character_of_several_readings_is_kept_in_each() {
        assert_eq!(spellings("阿司匹林"), "aspl espl asipilin esipilin");
        assert_eq!(spellings("人参"), "rs rc renshen rencan");
        assert_eq!(spellings("厚朴"), "hp houpo houpu", "the same initials once");
        let many = spellings(&"长".repeat(100));
        assert!(many.split(' ').count() <= 2 * MOST_SPELLINGS && many.len() < 8_000, "{many}");
        assert!(many.starts_with("cccc"));
    }

    #[test]
    fn the_table_names_a_character_once_and_in_letters() {
        for (index, (c, readings)) in READINGS.iter().enumerate() {
            assert!(READINGS.iter().skip(index + 1).all(|(other, _)| other != c), "{c}");
            assert!(readings.iter().all(|r| r.bytes().all(|b| b.is_ascii_lowercase())), "{c}");
        }
    }
}
