//! What is in a backup, written in it.
//!
//! **Never** believed before the file's digest was checked, and then only within bounds.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::id::AttachmentId;
use crate::store::KeptFile;

/// What the file calls itself.
const FORMAT: &str = "supplyline-backup";
/// Counts the changes of the format that an older program cannot read.
const FORMAT_VERSION: u32 = 1;
/// The entry with the manifest.
pub(super) const MANIFEST: &str = "manifest.json";
/// The entry with the database.
pub(super) const DATABASE: &str = "database.sqlite";
/// No manifest is longer: it has a line per attachment.
pub(super) const MOST_MANIFEST: u64 = 256 * 1024 * 1024;

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always `supplyline-backup`.
    pub format: String,
    /// The version of this format.
    pub format_version: u32,
    /// The program that made it.
    pub program_version: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// The steps by which the tables came to be.
    pub schema: Vec<String>,
    /// The database.
    pub database: Part,
    /// How many rows each table has.
    pub tables: BTreeMap<String, u64>,
    /// The attachments.
    pub attachments: Vec<Attached>,
    /// Attachments that rows name and that could not be read when the backup was made.
    pub missing: Vec<Uuid>,
}

/// An entry's size and hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in lower-case hex.
    pub sha256: String,
}

/// An attachment in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attached {
    /// Its id.
    pub id: Uuid,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in lower-case hex.
    pub sha256: String,
}

impl Attached {
    pub(super) fn of(file: &KeptFile) -> Self {
        Self { id: file.id.0, bytes: file.bytes, sha256: file.hash.clone() }
    }

    /// The entry with its bytes.
    pub(super) fn entry(&self) -> String {
        format!("attachments/{}", self.id)
    }

    pub(super) fn is(&self, file: &KeptFile) -> bool {
        AttachmentId(self.id) == file.id && self.bytes == file.bytes && self.sha256 == file.hash
    }
}

impl Manifest {
    /// A manifest of this program's.
    pub(super) fn new(made_at: DateTime<Utc>, database: Part) -> Self {
        Self {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            made_at,
            schema: Vec::new(),
            database,
            tables: BTreeMap::new(),
            attachments: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// Says why it is not one that this program can use.
    pub(super) fn read(bytes: &[u8]) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            format_version: u32,
        }
        let head: Head = serde_json::from_slice(bytes).context("its manifest cannot be read")?;
        if head.format != FORMAT {
            bail!("it is no backup: its manifest says {:?}", head.format);
        }
        if head.format_version != FORMAT_VERSION {
            bail!("it has format {}, and this program reads {FORMAT_VERSION}", head.format_version);
        }
        serde_json::from_slice(bytes).context("its manifest cannot be read")
    }

    /// Every entry but the manifest, with its size.
    pub(super) fn entries(&self) -> BTreeMap<String, u64> {
        let attached = self.attachments.iter().map(|file| (file.entry(), file.bytes));
        attached.chain([(DATABASE.to_owned(), self.database.bytes)]).collect()
    }

    /// All bytes that come out of it.
    pub(super) fn bytes(&self) -> u64 {
        let attached = self.attachments.iter().map(|file| file.bytes);
        attached.fold(self.database.bytes, u64::saturating_add)
    }
}
