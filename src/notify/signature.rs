//! Signatures by Standard Webhooks 1.0.0, and the ids both channels make of a key.
//!
//! **Never** shows a secret: not in `Debug`, not in an error.

use std::fmt::{self, Write};

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::{Digest, Sha256};

use super::webhook::SmsError;

/// Padding may be there or not; people paste secrets in both forms.
const SECRET_BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The key webhooks are signed with; two or more while one replaces the other. Its `Debug` shows
/// nothing, and it is wiped when dropped.
pub struct SigningSecret(Vec<SecretSlice<u8>>);

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret([REDACTED])")
    }
}

impl SigningSecret {
    /// Reads `whsec_<base64>`. Several, with spaces between them, all sign: a gateway that knows
    /// one of them is content, so that a secret can be changed without a moment's failure.
    ///
    /// # Errors
    /// [`SmsError::Secret`] for anything else; the text is not repeated.
    pub fn parse(text: &str) -> Result<Self, SmsError> {
        let one = |word: &str| {
            let encoded = word.strip_prefix("whsec_").ok_or(SmsError::Secret)?;
            let bytes = SECRET_BASE64.decode(encoded).map_err(|_error| SmsError::Secret)?;
            if bytes.is_empty() { Err(SmsError::Secret) } else { Ok(SecretSlice::from(bytes)) }
        };
        let secrets = text.split_whitespace().map(one).collect::<Result<Vec<_>, _>>()?;
        if secrets.is_empty() { Err(SmsError::Secret) } else { Ok(Self(secrets)) }
    }

    /// The `webhook-signature` of a body: per secret `v1,` and the base64 HMAC-SHA256 of
    /// `id.timestamp.body`, the timestamp in Unix seconds; spaces between them.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let head = format!("{id}.{timestamp}.");
        let one = |secret: &SecretSlice<u8>| {
            // HMAC takes keys of any length: there is no error to lose here.
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret()).ok()?;
            mac.update(head.as_bytes());
            mac.update(body);
            Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
        };
        self.0.iter().filter_map(one).collect::<Vec<_>>().join(" ")
    }
}

/// 128 bits of SHA-256 in hex: an id that is stable for a key and tells nothing about it.
pub(super) fn fingerprint(key: &str) -> String {
    Sha256::digest(key).iter().take(16).fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        write!(hex, "{byte:02x}").ok();
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_is_reproduced() {
        let secret =
            SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("secret");
        assert_eq!(
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b"{\"test\": 2432232314}"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn two_secrets_both_sign() {
        let sign = |text: &str| SigningSecret::parse(text).expect(text).sign("id", 1, b"{}");
        let both = sign("whsec_bmV3 whsec_b2xk");
        assert_eq!(both, format!("{} {}", sign("whsec_bmV3"), sign("whsec_b2xk")));
    }

    #[test]
    fn secrets_are_read_and_never_shown() {
        let secret = SigningSecret::parse(" whsec_c2VjcmV0 ").expect("padding is optional");
        assert_eq!(format!("{secret:?}"), "SigningSecret([REDACTED])");
        let sms = super::super::Sms::new("https://gateway.example.cn/sms", secret).expect("sms");
        assert!(!format!("{sms:?}").contains("secret\""), "{sms:?}");
        for bad in ["", "whsec_", "whsec_***", "c2VjcmV0", "sec_c2VjcmV0", "whsec_b2xk x"] {
            let error = SigningSecret::parse(bad).expect_err(bad).to_string();
            assert!(error.starts_with("SUPPLYLINE_SMS_WEBHOOK_SECRET"), "{error}");
        }
    }
}
