//! The one secret of an instance, and the file it lies in.
//!
//! Every key the instance needs is derived from it for its purpose alone, so that there is one
//! thing to keep and to back up, and a key that leaks tells nothing about the others.
//!
//! **Never** shown, logged, or read from a file that others could read.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretSlice};
use sha2::Sha256;

use crate::crash::{self, Point};

/// What the text of a secret begins with: says what it is, and in which form.
const PREFIX: &str = "supplyline-key-1:";
/// 256 bits, as many as the keys that are derived from it.
const LENGTH: usize = 32;
/// A key file is shorter, in bytes.
const MOST_BYTES: u64 = 4 * 1024;

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be used.
    #[error("SUPPLYLINE_KEY_FILE: {}: {problem}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The text is no secret; it is not repeated.
    #[error("this is not a key of this program: {PREFIX}… with 32 bytes in base64")]
    Text,
    /// The system gives no randomness, or the derivation failed.
    #[error("no key can be made: {0}")]
    Making(&'static str),
}

/// What a key is for. The label is part of the key: it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signing evidence packs.
    Evidence,
    /// Signing the audit log.
    Audit,
    /// Secrets that are sent to people.
    Tokens,
    /// Keeping the secrets of channels in the database.
    Channels,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Evidence => b"supplyline 1 evidence ed25519",
            Self::Audit => b"supplyline 1 audit hmac-sha256",
            Self::Tokens => b"supplyline 1 tokens hmac-sha256",
            Self::Channels => b"supplyline 1 channels aes-256-gcm",
        }
    }
}

/// The secret of an instance. Its `Debug` shows nothing, and it is wiped when dropped.
pub struct InstanceSecret(SecretSlice<u8>);

impl fmt::Debug for InstanceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InstanceSecret([REDACTED])")
    }
}

impl InstanceSecret {
    /// A new one.
    ///
    /// # Errors
    /// [`KeyError::Making`] when the system gives no randomness.
    pub fn random() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0_u8; LENGTH]);
        let dry = |_error| KeyError::Making("the system gives no randomness");
        OsRng.try_fill_bytes(bytes.as_mut_slice()).map_err(dry)?;
        Ok(Self(SecretSlice::from(bytes.to_vec())))
    }

    /// Reads the text that [`InstanceSecret::text`] wrote.
    ///
    /// # Errors
    /// [`KeyError::Text`] for anything else.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(KeyError::Text)?;
        let bytes = STANDARD.decode(encoded).map_err(|_error| KeyError::Text)?;
        if bytes.len() == LENGTH { Ok(Self(SecretSlice::from(bytes))) } else { Err(KeyError::Text) }
    }

    /// The secret as it is kept.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}", STANDARD.encode(self.0.expose_secret())))
    }

    /// The key for a purpose: HKDF-SHA256 (RFC 5869) without salt, the purpose's label as info.
    ///
    /// # Errors
    /// [`KeyError::Making`]; the length asked for is always one that HKDF gives.
    pub fn derive(&self, purpose: Purpose) -> Result<Zeroizing<[u8; LENGTH]>, KeyError> {
        let mut key = Zeroizing::new([0_u8; LENGTH]);
        Hkdf::<Sha256>::new(None, self.0.expose_secret())
            .expand(purpose.label(), key.as_mut_slice())
            .map_err(|_length| KeyError::Making("the key is too long"))?;
        Ok(key)
    }

    /// The secret in a file; `None` when there is no such file.
    ///
    /// # Errors
    /// [`KeyError::File`] for a file that others may read, that cannot be read, or that holds
    /// something else.
    pub fn in_file(path: &Path) -> Result<Option<Self>, KeyError> {
        let unusable = |problem: String| KeyError::File { path: path.to_owned(), problem };
        match std::fs::metadata(path) {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err(unusable("this is not a file".to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(error.to_string())),
        }
        let file = File::open(path).map_err(|error| unusable(error.to_string()))?;
        private(&file).map_err(unusable)?;
        let mut text = Zeroizing::new(String::new());
        let read = file.take(MOST_BYTES).read_to_string(&mut text);
        read.map_err(|error| unusable(error.to_string()))?;
        Self::parse(&text).map(Some).map_err(|error| unusable(error.to_string()))
    }

    /// The secret in a file, which is made when it is not there: with mode 0600, whole or not
    /// at all, and never over one that somebody else has just made.
    ///
    /// # Errors
    /// As [`InstanceSecret::in_file`], and when the file cannot be made.
    pub fn in_file_or_new(path: &Path) -> Result<Self, KeyError> {
        if let Some(found) = Self::in_file(path)? {
            return Ok(found);
        }
        let made = Self::random()?;
        let unusable = |problem: String| KeyError::File { path: path.to_owned(), problem };
        match write(path, &made.text()) {
            Ok(()) => {
                crash::point(Point::KeyFileMade);
                tracing::info!(path = %path.display(), "a key was made; keep a copy of it");
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(unusable(format!("a key cannot be made there: {error}"))),
        }
        Self::in_file(path)?.ok_or_else(|| unusable("it vanished".to_owned()))
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // Temporary files are made with mode 0600.
    let mut file = tempfile::Builder::new().prefix(".supplyline-key-").tempfile_in(folder)?;
    writeln!(file, "{text}")?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    File::open(folder)?.sync_all()
}

/// Refuses a file that anybody but its owner may touch.
#[cfg(unix)]
fn private(file: &File) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata().map_err(|error| error.to_string())?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(format!("others may use it (mode {mode:04o}): chmod 600 it, or make a new key"))
}

/// Elsewhere the folder's rights decide.
#[cfg(not(unix))]
fn private(_: &File) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &Path, expected: &str) {
        for error in [
            InstanceSecret::in_file(path).expect_err(expected),
            InstanceSecret::in_file_or_new(path).expect_err(expected),
        ] {
            let text = error.to_string();
            assert!(text.starts_with("SUPPLYLINE_KEY_FILE: ") && text.contains(expected), "{text}");
        }
    }

    #[test]
    fn a_key_is_made_once_and_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("supplyline.key");
        assert!(InstanceSecret::in_file(&path).expect("readable").is_none());
        let made = InstanceSecret::in_file_or_new(&path).expect("made");
        let bytes = std::fs::read(&path).expect("there");
        let found = InstanceSecret::in_file_or_new(&path).expect("found");
        assert_eq!(*made.text(), *found.text());
        assert_eq!(std::fs::read(&path).expect("there"), bytes, "written once");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "no leftovers");
    }

    #[test]
    fn starts_at_the_same_time_agree() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("supplyline.key");
        let texts: Vec<String> = std::thread::scope(|scope| {
            let start = || InstanceSecret::in_file_or_new(&path).expect("a key").text().to_string();
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            starts.into_iter().map(|start| start.join().expect("ended")).collect()
        });
        assert!(texts.windows(2).all(|pair| pair[0] == pair[1]), "one key");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_use_is_refused_b117() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("supplyline.key");
        InstanceSecret::in_file_or_new(&path).expect("made");
        let mode = || std::fs::metadata(&path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        for wide in [0o644, 0o640, 0o604, 0o660, 0o620, 0o601] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(wide)).expect("set");
            refused(&path, "others may use it");
            assert_eq!(mode(), wide, "left as it was");
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).expect("set");
        InstanceSecret::in_file(&path).expect("readable").expect("there");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_key_is_named_and_not_repeated() {
        use std::os::unix::fs::OpenOptionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        for (index, garbage) in [
            &b""[..],
            b"hunter2",
            b"supplyline-key-1:",
            b"supplyline-key-1:aHVudGVyMg==",
            b"supplyline-key-2:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            b"\xff\xfe\x00",
            &[b'A'; 100_000],
        ]
        .into_iter()
        .enumerate()
        {
            let path = folder.path().join(index.to_string());
            let mut options = File::options();
            let mut file =
                options.write(true).create_new(true).mode(0o600).open(&path).expect("made");
            file.write_all(garbage).expect("written");
            refused(&path, "");
            let error = InstanceSecret::in_file(&path).expect_err("garbage").to_string();
            assert!(!error.contains("hunter2") && !error.contains("aHVudGVyMg"), "{error}");
            assert_eq!(std::fs::read(&path).expect("there"), garbage, "left as it was");
        }
        refused(folder.path(), "this is not a file");
        let nowhere = folder.path().join("no/such/folder/supplyline.key");
        let error = InstanceSecret::in_file_or_new(&nowhere).expect_err("no folder").to_string();
        assert!(error.starts_with("SUPPLYLINE_KEY_FILE: "), "{error}");
    }

    #[test]
    fn a_secret_gives_the_same_keys_for_ever() {
        let text = "supplyline-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let secret = InstanceSecret::parse(text).expect("a key");
        assert_eq!(*secret.text(), text);
        assert_eq!(format!("{secret:?}"), "InstanceSecret([REDACTED])");
        let key = secret.derive(Purpose::Evidence).expect("derived");
        // Packs that were signed long ago are verified with what was derived then.
        assert_eq!(
            super::super::hex(key.as_slice()),
            "41c1e644de99ffb1cc5af490fd29cc830e170cb95639ee0ec1a68b85159d2089"
        );
        let key = secret.derive(Purpose::Audit).expect("derived");
        assert_eq!(
            super::super::hex(key.as_slice()),
            "d4d48496e8d4632a36f5f2cfa68336efe43c30adbe8697b649450765ce460d6b"
        );
    }
}
