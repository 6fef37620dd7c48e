//! What must still be believed when the service is gone: keys, signatures, and sealed archives.
//!
//! ```text
//! instance secret ──HKDF──▶ seed per purpose ──▶ Signer ──▶ manifest.sig
//!                                                  └─ public key ──▶ manifest.json, `supplyline key`
//! ```
//!
//! **Never** asks a database or a network: a pack is verified with nothing but its bytes and,
//! better, a public key that came another way.

mod archive;
mod checkpoints;
mod locker;
mod manifest;
mod secret;
mod signature;
mod token;
mod verify;

pub use checkpoints::Checkpoints;
pub use locker::{Locked, Locker};
pub use manifest::{
    Contents, Document, JSON_SCHEMA, Key, MadeFor, MadeOf, Manifest, Program, SealError, mark, seal,
};
pub use secret::{InstanceSecret, KeyError, Purpose};
pub use signature::{NotAKey, PublicKey, Signer};
pub use token::Tokens;
pub use verify::{Fault, Trust, Verified, verify};

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// SHA-256 in lower-case hex.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        write!(hex, "{byte:02x}").ok();
        hex
    })
}
