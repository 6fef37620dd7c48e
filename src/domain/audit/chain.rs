//! The chain of the audit log: what makes any later change of an entry show.
//!
//! ```text
//! entry ──▶ mac = HMAC(key, its canonical bytes)           written with the entry
//! link(n) = HMAC(key, link(n-1), n, mac(n))                written by the sealer, without gaps
//! anchor     = where the chain begins, or what was removed from its front; signed
//! checkpoint = number and link of the head at some instant; signed, kept outside the database
//! ```
//!
//! An entry is signed in its own transaction and linked afterwards, so that no two of them wait
//! for each other. Each signature names its key, so that a chain goes on under another one.
//!
//! **Never** trusts what a row says of itself: everything is reckoned anew.

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use uuid::Uuid;

use super::canonical::Canonical;

/// What signs entries, links, anchors and checkpoints. Its `Debug` shows its name alone.
pub struct Key {
    id: String,
    bytes: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Key").field(&self.id).finish()
    }
}

/// What a signature is of: one of a kind never passes for one of another.
#[derive(Debug, Clone, Copy)]
enum Of {
    Key,
    Entry,
    Link,
    Anchor,
    Checkpoint,
}

impl Of {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Key => b"supplyline audit 1 key",
            Self::Entry => b"supplyline audit 1 entry",
            Self::Link => b"supplyline audit 1 link",
            Self::Anchor => b"supplyline audit 1 anchor",
            Self::Checkpoint => b"supplyline audit 1 checkpoint",
        }
    }
}

impl Key {
    /// The key of these bytes.
    #[must_use]
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        let mut key = Self { id: String::new(), bytes };
        key.id = key.hex(Of::Key, &[]).chars().take(16).collect();
        key
    }

    /// Its short name, which tells nothing about it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    fn hex(&self, of: Of, message: &[u8]) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.bytes.as_slice()) else {
            // A key of any length is one.
            return String::new();
        };
        mac.update(of.label());
        mac.update(message);
        mac.finalize().into_bytes().iter().fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            write!(hex, "{byte:02x}").ok();
            hex
        })
    }

    /// `<key's name>:<HMAC in hex>`.
    fn sign(&self, of: Of, message: &[u8]) -> String {
        format!("{}:{}", self.id, self.hex(of, message))
    }
}

/// The keys that are known: the one in use, and those of earlier times.
#[derive(Debug, Clone, Default)]
pub struct Keyring(Vec<Arc<Key>>);

impl Keyring {
    /// A ring of these keys.
    #[must_use]
    pub fn of(keys: impl IntoIterator<Item = Arc<Key>>) -> Self {
        Self(keys.into_iter().collect())
    }

    fn check(&self, of: Of, message: &[u8], signature: &str) -> Signature {
        let id = signature.split(':').next().unwrap_or_default();
        match self.0.iter().find(|key| key.id == id) {
            None => Signature::Strange(id.chars().take(32).collect()),
            Some(key) if key.sign(of, message) == signature => Signature::Right,
            Some(_) => Signature::Wrong,
        }
    }
}

/// What a signature is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    /// Of this content, with a known key.
    Right,
    /// Of another content, or none at all.
    Wrong,
    /// With a key of this name, which is not known.
    Strange(String),
}

/// An entry as it lies in the database, whatever became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number in the chain, from 1; none before it is linked.
    pub seq: Option<i64>,
    /// Its id.
    pub id: Uuid,
    /// When, by the clock on the wall.
    pub at: DateTime<Utc>,
    /// Who.
    #[serde(rename = "user_id")]
    pub user: Option<Uuid>,
    /// What they typed to sign in.
    pub username: Option<String>,
    /// For whom.
    #[serde(rename = "organisation_id")]
    pub organisation: Option<Uuid>,
    /// As what.
    pub role: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: Option<String>,
    /// What else matters of it.
    pub detail: Value,
    /// The signature of all that; entries from before the chain have none until it begins.
    pub mac: Option<String>,
    /// The signature of its number, its `mac` and the link before.
    pub link: Option<String>,
}

impl Record {
    fn message(&self) -> Vec<u8> {
        let mut bytes = Canonical::new();
        bytes.put(self.id.as_bytes());
        bytes.put(&self.at.timestamp().to_be_bytes());
        bytes.put(&self.at.timestamp_subsec_nanos().to_be_bytes());
        bytes.maybe(self.user.as_ref().map(|id| &id.as_bytes()[..]));
        bytes.text(self.username.as_deref());
        bytes.maybe(self.organisation.as_ref().map(|id| &id.as_bytes()[..]));
        bytes.text(self.role.as_deref());
        bytes.text(self.address.as_deref());
        bytes.text(Some(&self.action));
        bytes.text(self.subject.as_deref());
        bytes.json(&self.detail);
        bytes.finish()
    }

    /// Its signature.
    #[must_use]
    pub fn signature(&self, key: &Key) -> String {
        key.sign(Of::Entry, &self.message())
    }

    pub(super) fn content(&self, ring: &Keyring) -> Signature {
        let mac = self.mac.as_deref();
        mac.map_or(Signature::Wrong, |mac| ring.check(Of::Entry, &self.message(), mac))
    }

    pub(super) fn linked(&self, ring: &Keyring, before: &str) -> Signature {
        let (Some(seq), Some(mac), Some(link)) = (self.seq, &self.mac, &self.link) else {
            return Signature::Wrong;
        };
        ring.check(Of::Link, &link_message(before, seq, mac), link)
    }
}

fn link_message(before: &str, seq: i64, mac: &str) -> Vec<u8> {
    let mut bytes = Canonical::new();
    bytes.text(Some(before));
    bytes.put(&seq.to_be_bytes());
    bytes.text(Some(mac));
    bytes.finish()
}

/// The link of the entry with this number and signature, after the link `before`.
#[must_use]
pub fn link(key: &Key, before: &str, seq: i64, mac: &str) -> String {
    key.sign(Of::Link, &link_message(before, seq, mac))
}

/// Why a chain begins where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beginning {
    /// The log was put into a chain here.
    Begun,
    /// Entries up to here were kept long enough, and removed.
    Trimmed,
}

/// Where a chain begins, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The last number before the first entry that is there.
    pub seq: i64,
    /// The link that the first entry follows.
    pub link: String,
    /// Entries that stood here: found when the chain began, or removed.
    pub entries: i64,
    /// When, by the clock on the wall.
    pub at: DateTime<Utc>,
    /// Why.
    pub kind: Beginning,
    /// The signature of all that.
    pub mac: String,
}

impl Anchor {
    /// The beginning of a new chain, unlike that of any other.
    #[must_use]
    pub fn begun(key: &Key, chain: Uuid, entries: i64, at: DateTime<Utc>) -> Self {
        let link = key.sign(Of::Link, chain.as_bytes());
        Self { seq: 0, link, entries, at, kind: Beginning::Begun, mac: String::new() }.signed(key)
    }

    /// The place of an entry that was removed with all before it.
    #[must_use]
    pub fn trimmed(key: &Key, head: &Head, entries: i64, at: DateTime<Utc>) -> Self {
        let (seq, link) = (head.seq, head.link.clone());
        Self { seq, link, entries, at, kind: Beginning::Trimmed, mac: String::new() }.signed(key)
    }

    fn message(&self) -> Vec<u8> {
        let mut bytes = Canonical::new();
        bytes.put(&self.seq.to_be_bytes());
        bytes.text(Some(&self.link));
        bytes.put(&self.entries.to_be_bytes());
        bytes.put(&self.at.timestamp_micros().to_be_bytes());
        bytes.text(Some(match self.kind {
            Beginning::Begun => "begun",
            Beginning::Trimmed => "trimmed",
        }));
        bytes.finish()
    }

    fn signed(self, key: &Key) -> Self {
        Self { mac: key.sign(Of::Anchor, &self.message()), ..self }
    }

    /// What its signature is worth.
    #[must_use]
    pub fn check(&self, ring: &Keyring) -> Signature {
        ring.check(Of::Anchor, &self.message(), &self.mac)
    }

    /// Where the chain stands before its first entry.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { seq: self.seq, link: self.link.clone() }
    }
}

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The last entry's number.
    pub seq: i64,
    /// Its link.
    pub link: String,
}

/// Why a checkpoint was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// As time goes on, and at the end.
    Head,
    /// The database was restored from a backup to this head, by whoever operates the service:
    /// what earlier checkpoints say of entries after it is of a past that was given up.
    Restored,
}

/// Where the chain's head stood, signed; a line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Why.
    pub kind: Occasion,
    /// When, RFC 3339, by the clock on the wall.
    pub at: String,
    /// The head's number.
    pub seq: i64,
    /// The head's link.
    pub link: String,
    /// The signature of all that.
    pub mac: String,
}

impl Checkpoint {
    /// A checkpoint of a head.
    #[must_use]
    pub fn of(key: &Key, head: &Head, kind: Occasion, at: DateTime<Utc>) -> Self {
        let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let (seq, link) = (head.seq, head.link.clone());
        let taken = Self { kind, at, seq, link, mac: String::new() };
        Self { mac: key.sign(Of::Checkpoint, &taken.message()), ..taken }
    }

    fn message(&self) -> Vec<u8> {
        let mut bytes = Canonical::new();
        bytes.text(Some(match self.kind {
            Occasion::Head => "head",
            Occasion::Restored => "restored",
        }));
        bytes.text(Some(&self.at));
        bytes.put(&self.seq.to_be_bytes());
        bytes.text(Some(&self.link));
        bytes.finish()
    }

    /// Reads a line; `None` for what is none.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }

    /// The line.
    #[must_use]
    pub fn line(&self) -> String {
        // Numbers and texts are always JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn check(&self, ring: &Keyring) -> Signature {
        ring.check(Of::Checkpoint, &self.message(), &self.mac)
    }
}
