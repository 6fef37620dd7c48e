//! Ed25519 signatures (RFC 8032) and the public keys that check them.
//!
//! **Never** signs with a key that also does something else.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use super::secret::{InstanceSecret, KeyError, Purpose};
use super::token::Tokens;
use super::{hex, sha256};

/// The algorithm's name, as the manifest says it.
pub(super) const ALGORITHM: &str = "Ed25519";
/// What the DER of an Ed25519 `SubjectPublicKeyInfo` begins with (RFC 8410).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const PEM_BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const PEM_END: &str = "-----END PUBLIC KEY-----";

/// A public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// Not a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an Ed25519 public key: PEM, or the base64 of its DER or of its 32 bytes")]
pub struct NotAKey;

impl PublicKey {
    /// Reads PEM, or the base64 of the DER or of the bare 32 bytes.
    ///
    /// # Errors
    /// [`NotAKey`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        // As in OpenSSL, what stands around PEM is for people.
        let inside = match text.split_once(PEM_BEGIN) {
            Some((_, rest)) => rest.split_once(PEM_END).ok_or(NotAKey)?.0,
            None => text,
        };
        let encoded: String = inside.split_whitespace().collect();
        let bytes = STANDARD.decode(encoded).map_err(|_error| NotAKey)?;
        let key = bytes.strip_prefix(&SPKI).unwrap_or(&bytes);
        key.try_into().map(Self).map_err(|_length| NotAKey)
    }

    /// The base64 of its DER, on one line: what stands between the lines of PEM.
    #[must_use]
    pub fn text(&self) -> String {
        STANDARD.encode([&SPKI[..], &self.0].concat())
    }

    /// PEM, as OpenSSL reads it.
    #[must_use]
    pub fn pem(&self) -> String {
        format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", self.text())
    }

    /// A short name for people to compare: the first 64 bits of the key's SHA-256, in hex.
    #[must_use]
    pub fn id(&self) -> String {
        sha256(&self.0).chars().take(16).collect()
    }

    /// True when the signature was made over these bytes with this key's other half.
    #[must_use]
    pub fn signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(bytes, signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// Signs evidence packs. Its `Debug` shows the public half.
#[derive(Debug)]
pub struct Signer {
    pair: Ed25519KeyPair,
    public: PublicKey,
    tokens: Tokens,
}

impl Signer {
    /// The signer of an instance.
    ///
    /// # Errors
    /// [`KeyError::Making`]; every derived seed is a key.
    pub fn of(secret: &InstanceSecret) -> Result<Self, KeyError> {
        let unfit = || KeyError::Making("the seed is unfit");
        let seed = secret.derive(Purpose::Evidence)?;
        let pair =
            Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(|_error| unfit())?;
        let public = pair.public_key().as_ref().try_into().map_err(|_length| unfit())?;
        let tokens = Tokens::of(secret)?;
        Ok(Self { pair, public: PublicKey(public), tokens })
    }

    /// What makes the secrets that are sent to people, with a key of its own.
    #[must_use]
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The key that checks its signatures.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// The 64 bytes of a signature.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.pair.sign(bytes).as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(text: &str) -> Signer {
        Signer::of(&InstanceSecret::parse(text).expect("a secret")).expect("a signer")
    }

    const ONE: &str = "supplyline-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const OTHER: &str = "supplyline-key-1:AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn a_signature_holds_for_its_bytes_and_its_key_alone() {
        let (one, other) = (signer(ONE), signer(OTHER));
        let signature = one.sign("岱海".as_bytes());
        assert_eq!(signature.len(), 64);
        assert!(one.public().signed("岱海".as_bytes(), &signature));
        assert!(!one.public().signed("岱山".as_bytes(), &signature));
        assert!(!other.public().signed("岱海".as_bytes(), &signature));
        for position in 0..64 {
            let mut changed = signature.clone();
            changed[position] ^= 1;
            assert!(!one.public().signed("岱海".as_bytes(), &changed), "{position}");
        }
        assert!(!one.public().signed("岱海".as_bytes(), &[]));
    }

    #[test]
    fn a_public_key_is_read_as_it_is_written() {
        let key = signer(ONE).public();
        let bare = STANDARD.encode(key.0);
        let around = format!("key {}\n{}\n", key.id(), key.pem());
        for text in [key.pem(), key.text(), bare, key.pem().replace('\n', "\r\n"), around] {
            assert_eq!(PublicKey::parse(&text), Ok(key), "{text}");
        }
        assert!(key.text().starts_with("MCowBQYDK2VwAyEA"), "{}", key.text());
        assert_eq!(key.id().len(), 16);
        for bad in ["", "x", "AAAA", "-----BEGIN PUBLIC KEY-----", ONE] {
            assert_eq!(PublicKey::parse(bad), Err(NotAKey), "{bad}");
        }
    }
}
