//! National codes: of products (国家医保编码), of organisations (统一社会信用代码) and of medical
//! institutions (医保机构编码).
//!
//! What a code must look like is decided here alone, for imports, the API and the pages. Signs of
//! full width, which input methods type, are folded; nothing else is repaired.
//!
//! **Never** looks a code up: a well-formed one may still be nobody's.

use unicode_normalization::UnicodeNormalization as _;

/// 西药: `X`, ATC group, name, form, specification and package, company.
const DRUG: &str = "XA99AAA999A999999999999";
/// 中成药: only the length is certain.
const PATENT: &str = "Z*******************";
/// 医用耗材: class, generic name, feature, company.
const CONSUMABLE: &str = "C9999999999999999999";
/// The same with seven digits of the very article.
const ARTICLE: &str = "C99999999999999999999999999";
/// 中药饮片 have codes of several lengths.
const SLICES: [usize; 2] = [10, 20];
/// `H` for hospitals and `P` for pharmacies, division, serial number.
const INSTITUTION: usize = 12;
/// GB 32100: without I, O, S, V and Z, which look like others.
const CREDIT: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
/// The last sign is reckoned from the others.
const CREDIT_LENGTH: usize = 18;

/// Why a code was refused. Places count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// It begins like no code of its kind.
    #[error("a code of this kind begins with {0}")]
    Beginning(&'static str),
    /// Another length.
    #[error("this code has {found} characters instead of {expected}")]
    Length {
        /// What it should have.
        expected: &'static str,
        /// What it has.
        found: usize,
    },
    /// A sign that cannot stand where it does.
    #[error("character {place} must be {expected}")]
    Sign {
        /// Where.
        place: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// The last sign does not belong to the others: something was mistyped.
    #[error("character {place}, the check character, does not belong to the others")]
    Check {
        /// Where.
        place: usize,
    },
}

impl CodeError {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Beginning(_) => "code_beginning",
            Self::Length { .. } => "code_length",
            Self::Sign { .. } => "code_sign",
            Self::Check { .. } => "code_check",
        }
    }
}

/// A code as it was typed, without surrounding blanks and with signs of full width folded.
#[must_use]
pub fn folded(text: &str) -> String {
    text.trim().nfkc().collect::<String>().trim().to_owned()
}

/// A product's national code: a western drug's of 23 characters, a Chinese patent medicine's of
/// 20, a consumable's of 20 or 27, or one of herbal slices.
///
/// # Errors
/// [`CodeError`], the first that is wrong.
pub fn product(text: &str) -> Result<String, CodeError> {
    let code = folded(text);
    let length = code.chars().count();
    match code.chars().next() {
        Some('X') => shaped(&code, DRUG, "23")?,
        Some('Z') => shaped(&code, PATENT, "20")?,
        Some('C') if length == ARTICLE.len() => shaped(&code, ARTICLE, "20 or 27")?,
        Some('C') => shaped(&code, CONSUMABLE, "20 or 27")?,
        Some('T') => {
            let [least, most] = SLICES;
            if !(least..=most).contains(&length) {
                return Err(CodeError::Length { expected: "10 to 20", found: length });
            }
            every(&code, "a capital letter or a digit", |c| {
                c.is_ascii_uppercase() || c.is_ascii_digit()
            })?;
        }
        Some(_) | None => return Err(CodeError::Beginning("X, Z, T or C")),
    }
    Ok(code)
}

/// A code against a shape, where `A` is a capital letter, `9` a digit and `*` either; another
/// sign is itself.
fn shaped(code: &str, shape: &str, expected: &'static str) -> Result<(), CodeError> {
    let found = code.chars().count();
    if found != shape.len() {
        return Err(CodeError::Length { expected, found });
    }
    for (at, (sign, wanted)) in code.chars().zip(shape.chars()).enumerate() {
        let place = at + 1;
        let (is_right, expected) = match wanted {
            '9' => (sign.is_ascii_digit(), "a digit"),
            // The first sign was read before it came here.
            'A' if at > 0 => (sign.is_ascii_uppercase(), "a capital letter"),
            '*' => {
                (sign.is_ascii_uppercase() || sign.is_ascii_digit(), "a capital letter or a digit")
            }
            _ => (true, ""),
        };
        if !is_right {
            return Err(CodeError::Sign { place, expected });
        }
    }
    Ok(())
}

fn every(
    code: &str,
    expected: &'static str,
    is_right: impl Fn(char) -> bool,
) -> Result<(), CodeError> {
    match code.chars().position(|sign| !is_right(sign)) {
        Some(at) => Err(CodeError::Sign { place: at + 1, expected }),
        None => Ok(()),
    }
}

/// A unified social credit code (GB 32100): 18 characters, the last of which is reckoned from the
/// others.
///
/// # Errors
/// [`CodeError`], the first that is wrong.
pub fn credit(text: &str) -> Result<String, CodeError> {
    let code = folded(text);
    let found = code.chars().count();
    if found != CREDIT_LENGTH {
        return Err(CodeError::Length { expected: "18", found });
    }
    let expected = "a digit or a capital letter, but not I, O, S, V or Z";
    every(&code, expected, |sign| CREDIT.contains(sign))?;
    let values: Vec<usize> = code.chars().filter_map(|sign| CREDIT.find(sign)).collect();
    let Some((last, others)) = values.split_last() else {
        return Err(CodeError::Length { expected: "18", found });
    };
    let base = CREDIT.len();
    let weights = std::iter::successors(Some(1), |weight| Some(weight * 3 % base));
    let sum: usize = others.iter().zip(weights).map(|(value, weight)| value * weight).sum();
    let wanted = (base - sum % base) % base;
    if *last == wanted { Ok(code) } else { Err(CodeError::Check { place: CREDIT_LENGTH }) }
}

/// A medical institution's code: `H` or `P`, six digits of division, five of a serial number.
///
/// # Errors
/// [`CodeError`], the first that is wrong.
pub fn institution(text: &str) -> Result<String, CodeError> {
    let code = folded(text);
    let found = code.chars().count();
    let mut signs = code.chars();
    if !matches!(signs.next(), Some('H' | 'P')) {
        return Err(CodeError::Beginning("H or P"));
    }
    if found != INSTITUTION {
        return Err(CodeError::Length { expected: "12", found });
    }
    if signs.next() == Some('0') {
        return Err(CodeError::Sign { place: 2, expected: "a digit from 1 to 9" });
    }
    match code.chars().skip(1).position(|sign| !sign.is_ascii_digit()) {
        Some(at) => Err(CodeError::Sign { place: at + 2, expected: "a digit" }),
        None => Ok(code),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn real_codes_are_well_formed() {
        for code in [
            "XA01ABD075A002010100594",
            "XA01ABF440M001010104828",
            "ZA04BAG0096010100235",
            "C0344051070500007551",
            "C15011121200000107660000016",
            "T001700004",
        ] {
            assert_eq!(product(code).as_deref(), Ok(code));
        }
        for code in
            ["91350100M000100Y43", "9144030071526726XG", "914403001922038216", "91330100799655058B"]
        {
            assert_eq!(credit(code).as_deref(), Ok(code));
        }
        assert_eq!(institution("H37010203715").as_deref(), Ok("H37010203715"));
    }

    #[test]
    fn every_product_that_ships_has_a_code() {
        let table = include_str!("../../data/demo/products.csv");
        let mut count = 0;
        for code in table.lines().skip(1).filter_map(|line| line.split(',').next()) {
            assert_eq!(product(code).as_deref(), Ok(code));
            count += 1;
        }
        assert!(count > 20, "{count}");
    }

    #[test]
    fn signs_of_full_width_are_folded() {
        let typed = "　ＸＡ０１ＡＢＤ０７５Ａ００２０１０１００５９４ ";
        assert_eq!(product(typed).as_deref(), Ok("XA01ABD075A002010100594"));
        assert_eq!(credit("９１３５0100M000100Y43").as_deref(), Ok("91350100M000100Y43"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let sign = |place, expected| CodeError::Sign { place, expected };
        for (code, expected) in [
            ("", CodeError::Beginning("X, Z, T or C")),
            ("YA01ABD075A002010100594", CodeError::Beginning("X, Z, T or C")),
            ("xa01abd075a002010100594", CodeError::Beginning("X, Z, T or C")),
            ("2.3E+19", CodeError::Beginning("X, Z, T or C")),
            ("XA01ABD075A00201010059", CodeError::Length { expected: "23", found: 22 }),
            ("XAO1ABD075A002010100594", sign(3, "a digit")),
            ("XA01abD075A002010100594", sign(5, "a capital letter")),
            ("XA01ABD075A00201010059l", sign(23, "a digit")),
            ("C034405107050000755", CodeError::Length { expected: "20 or 27", found: 19 }),
            ("C034405107050000755A", sign(20, "a digit")),
            ("ZA04BAG009601010023 ", CodeError::Length { expected: "20", found: 19 }),
        ] {
            assert_eq!(product(code), Err(expected), "{code}");
        }
        let letters = "a digit or a capital letter, but not I, O, S, V or Z";
        for (code, expected) in [
            ("91350100M000100Y44", CodeError::Check { place: 18 }),
            ("9144030071526726XO", sign(18, letters)),
            ("91350100M000100Y4", CodeError::Length { expected: "18", found: 17 }),
            ("91350100m000100Y43", sign(9, letters)),
        ] {
            assert_eq!(credit(code), Err(expected), "{code}");
        }
        for (code, expected) in [
            ("37010203715", CodeError::Beginning("H or P")),
            ("H3701020371", CodeError::Length { expected: "12", found: 11 }),
            ("H07010203715", sign(2, "a digit from 1 to 9")),
            ("H3701O203715", sign(6, "a digit")),
        ] {
            assert_eq!(institution(code), Err(expected), "{code}");
        }
        assert_eq!(
            sign(3, "a digit").to_string(),
            "character 3 must be a digit",
            "pages find the place in it"
        );
    }

    proptest! {
        #[test]
        fn one_mistyped_sign_of_a_credit_code_is_found(at in 0_usize..18, other in 0_usize..31) {
            let code: Vec<char> = "91350100M000100Y43".chars().collect();
            let other = CREDIT.chars().nth(other).expect("a sign");
            prop_assume!(code[at] != other);
            let mut mistyped = code;
            mistyped[at] = other;
            let mistyped: String = mistyped.into_iter().collect();
            prop_assert!(credit(&mistyped).is_err());
        }

        #[test]
        fn whatever_is_typed_is_judged(text in "\\PC{0,40}") {
            let judged = [product(&text), credit(&text), institution(&text)];
            for code in judged.into_iter().flatten() {
                prop_assert_eq!(folded(&code), code);
            }
        }
    }
}
