//! Secrets that are sent to people and never stored: links of one use, and codes of six digits.
//!
//! Each is reckoned from a key of the instance and the id of what it is for, when a letter is
//! written and when it comes back. So a copy of the database opens nothing.
//!
//! **Never** the same for two ids.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;

use super::secret::{InstanceSecret, KeyError, Purpose};

/// Makes secrets for ids. Its `Debug` shows nothing.
pub struct Tokens(Zeroizing<[u8; 32]>);

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens([REDACTED])")
    }
}

impl Tokens {
    pub(super) fn of(secret: &InstanceSecret) -> Result<Self, KeyError> {
        secret.derive(Purpose::Tokens).map(Self)
    }

    fn bytes(&self, label: &str, id: &str) -> Vec<u8> {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else {
            // Every length of key is one that HMAC takes.
            return Vec::new();
        };
        mac.update(format!("{label}:{id}").as_bytes());
        mac.finalize().into_bytes().to_vec()
    }

    /// The secret part of a link: 256 bits, fit for an address.
    #[must_use]
    pub fn link(&self, id: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes("link", id))
    }

    /// A code that somebody types: six digits.
    #[must_use]
    pub fn code(&self, id: &str) -> String {
        let bytes = self.bytes("code", id);
        let number =
            bytes.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        format!("{:06}", number % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Tokens {
        Tokens::of(&InstanceSecret::parse(text).expect("a secret")).expect("tokens")
    }

    #[test]
    fn a_secret_belongs_to_its_id_its_use_and_its_instance() {
        let one = tokens("supplyline-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        let other = tokens("supplyline-key-1:AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        assert_eq!(one.link("a"), one.link("a"));
        assert_ne!(one.link("a"), one.link("b"));
        assert_ne!(one.link("a"), other.link("a"));
        assert_eq!(one.link("a").len(), 43);
        let codes: std::collections::BTreeSet<_> =
            (0..1_000).map(|id| one.code(&id.to_string())).collect();
        assert!(codes.len() > 990, "{}", codes.len());
        assert!(
            codes.iter().all(|code| code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()))
        );
        assert!(!format!("{one:?}").contains("0x") && format!("{one:?}").contains("REDACTED"));
    }
}
