//! Keeping secrets in the database: AES-256-GCM under a key derived from the instance's secret.
//!
//! **Never** opens what was locked for something else: its name is part of the seal, so that a
//! row copied over another is found out.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::zeroize::Zeroizing;

use super::{InstanceSecret, KeyError, Purpose};

/// What a locked text begins with: says in which form it is.
const PREFIX: &str = "locked-1:";

/// The text cannot be opened with this key, for this name; it is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret in the database cannot be opened with this instance's key")]
pub struct Locked;

/// Locks and opens secrets.
pub struct Locker(LessSafeKey);

impl fmt::Debug for Locker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Locker([REDACTED])")
    }
}

impl Locker {
    /// The locker of an instance.
    ///
    /// # Errors
    /// [`KeyError::Making`]; the key has the length that the cipher wants.
    pub fn of(secret: &InstanceSecret) -> Result<Self, KeyError> {
        let key = secret.derive(Purpose::Channels)?;
        let made = UnboundKey::new(&AES_256_GCM, key.as_slice());
        made.map(|key| Self(LessSafeKey::new(key))).map_err(|_error| KeyError::Making("no cipher"))
    }

    /// Locks a text for a name.
    ///
    /// # Errors
    /// [`KeyError::Making`] when the system gives no randomness.
    pub fn lock(&self, name: &str, text: &str) -> Result<String, KeyError> {
        let mut nonce = [0_u8; NONCE_LEN];
        let dry = |_error| KeyError::Making("the system gives no randomness");
        SystemRandom::new().fill(&mut nonce).map_err(dry)?;
        let mut bytes = text.as_bytes().to_vec();
        let long = |_error| KeyError::Making("the text is too long");
        let sealed = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(sealed, Aad::from(name), &mut bytes).map_err(long)?;
        Ok(format!("{PREFIX}{}", STANDARD.encode([nonce.as_slice(), &bytes].concat())))
    }

    /// Opens what was locked for a name.
    ///
    /// # Errors
    /// [`Locked`] for anything else.
    pub fn open(&self, name: &str, locked: &str) -> Result<Zeroizing<String>, Locked> {
        let encoded = locked.strip_prefix(PREFIX).ok_or(Locked)?;
        let bytes = STANDARD.decode(encoded).map_err(|_error| Locked)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN).ok_or(Locked)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_error| Locked)?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let opened = self.0.open_in_place(nonce, Aad::from(name), &mut sealed);
        let opened = opened.map_err(|_error| Locked)?;
        Ok(Zeroizing::new(std::str::from_utf8(opened).map_err(|_error| Locked)?.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locker() -> Locker {
        Locker::of(&InstanceSecret::random().expect("randomness")).expect("a locker")
    }

    #[test]
    fn what_is_locked_is_opened_for_its_name_alone() {
        let (locker, other) = (locker(), locker());
        let locked = locker.lock("mail", "p:/@%药").expect("locked");
        assert!(locked.starts_with(PREFIX) && !locked.contains("p:/"));
        assert_eq!(locker.open("mail", &locked).expect("opened").as_str(), "p:/@%药");
        assert_eq!(locker.open("sms", &locked), Err(Locked), "another name");
        assert_eq!(other.open("mail", &locked), Err(Locked), "another key");
        assert_ne!(locker.lock("mail", "p:/@%药").expect("locked"), locked, "no two are the same");
        for bad in ["", "p", "locked-1:", "locked-1:AAAA", "locked-2:AAAA", "locked-1:***"] {
            assert_eq!(locker.open("mail", bad), Err(Locked), "{bad}");
        }
        let mut tampered = locked.clone().into_bytes();
        tampered[PREFIX.len() + 20] ^= 1;
        let tampered = String::from_utf8(tampered).expect("ASCII");
        assert_eq!(locker.open("mail", &tampered), Err(Locked));
    }

    #[test]
    fn nothing_of_it_is_shown() {
        assert_eq!(format!("{:?}", locker()), "Locker([REDACTED])");
    }
}
