//! Which passwords people may choose.
//!
//! Length makes a password strong, not a mixture of signs: any signs are fine, Chinese ones too.
//!
//! **Never** keeps or shows a password.

/// Fewer characters are guessed.
const FEWEST: usize = 10;
/// More are not typed.
const MOST: usize = 128;
/// A user name shorter than this is in too many words by chance.
const SHORTEST_NAME: usize = 3;

/// Why a password was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too few characters.
    #[error("at least {FEWEST} characters")]
    TooShort,
    /// Too many characters.
    #[error("at most {MOST} characters")]
    TooLong,
    /// Control characters.
    #[error("control characters are not allowed")]
    Control,
    /// The user name is part of it.
    #[error("the user name must not be part of it")]
    HoldsUsername,
    /// It is the one in use.
    #[error("this is the password you have already")]
    Unchanged,
}

impl PasswordError {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Control => "control_characters",
            Self::HoldsUsername => "contains_username",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Judges a password that somebody wants instead of the current one. The first thing that is
/// wrong is told.
///
/// # Errors
/// [`PasswordError`], saying what is wrong.
pub fn judge(new: &str, current: &str, username: &str) -> Result<(), PasswordError> {
    let username = username.to_lowercase();
    let is_name = username.chars().count() >= SHORTEST_NAME;
    match new.chars().count() {
        count if count < FEWEST => Err(PasswordError::TooShort),
        count if count > MOST => Err(PasswordError::TooLong),
        _ if new.chars().any(char::is_control) => Err(PasswordError::Control),
        _ if is_name && new.to_lowercase().contains(&username) => Err(PasswordError::HoldsUsername),
        _ if new == current => Err(PasswordError::Unchanged),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_in_characters_and_any_sign_is_fine() {
        let longest = "长".repeat(128);
        let cases = [
            ("123456789", Err(PasswordError::TooShort)),
            ("1234567890", Ok(())),
            ("供应保障平台很重要", Err(PasswordError::TooShort)),
            ("供应保障平台非常重要", Ok(())),
            ("  blanks everywhere  ", Ok(())),
            ("emoji 😀 too!", Ok(())),
            (longest.as_str(), Ok(())),
            ("a tab\tin it", Err(PasswordError::Control)),
            ("a nul\0 in it", Err(PasswordError::Control)),
            ("an old\u{7f} sign", Err(PasswordError::Control)),
            ("my-Hospital-2026", Err(PasswordError::HoldsUsername)),
            ("the current one", Err(PasswordError::Unchanged)),
            ("The current one", Ok(())),
        ];
        for (new, expected) in cases {
            assert_eq!(judge(new, "the current one", "hospital"), expected, "{new}");
        }
        let longer = judge(&"长".repeat(129), "", "hospital");
        assert_eq!(longer, Err(PasswordError::TooLong));
        assert_eq!(judge("a long password", "", "a"), Ok(()), "a short name is in many words");
        assert_eq!(judge("a long password", "", "LONG"), Err(PasswordError::HoldsUsername));
    }
}
