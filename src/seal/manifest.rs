//! What a pack says of itself, and the sealing of one.
//!
//! The manifest names the two documents by their SHA-256; the signature is over the manifest's
//! bytes. Each document says again whose it is, so that none can be put into another pack.
//!
//! **Never** changes a document: what is sealed is what was given.

use serde::{Deserialize, Serialize};

use super::archive;
use super::secret::KeyError;
use super::sha256;
use super::signature::{ALGORITHM, Signer};

/// The form of `manifest.json`.
pub(super) const SCHEMA: &str = "supplyline-manifest/1";
/// The form of `evidence.json`.
pub const JSON_SCHEMA: &str = "supplyline-evidence/1";

/// The ticket a pack is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeOf {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: String,
}

/// The organisation a pack is made for: what it may see is what the pack shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeFor {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The program that made a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Program {
    fn this() -> Self {
        let (name, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        Self { name: name.to_owned(), version: version.to_owned() }
    }
}

/// A document of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its name in the archive.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Of its bytes, in lower-case hex.
    pub sha256: String,
}

impl Document {
    /// A document as it stands.
    pub(super) fn of(name: &str, bytes: &[u8]) -> Self {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self { name: name.to_owned(), bytes: length, sha256: sha256(bytes) }
    }
}

/// The key a pack is signed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// `Ed25519`.
    pub algorithm: String,
    /// Its short name.
    pub id: String,
    /// The base64 of its DER.
    pub public: String,
}

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `supplyline-manifest/1`.
    pub schema: String,
    /// Of which ticket.
    pub ticket: MadeOf,
    /// When, RFC 3339.
    pub made_at: String,
    /// For which organisation.
    pub made_for: MadeFor,
    /// By which program.
    pub program: Program,
    /// The two documents.
    pub documents: Vec<Document>,
    /// Signed with which key.
    pub key: Key,
}

/// What is sealed.
#[derive(Debug)]
pub struct Contents {
    /// Of which ticket.
    pub ticket: MadeOf,
    /// When, RFC 3339.
    pub made_at: String,
    /// For which organisation.
    pub made_for: MadeFor,
    /// `evidence.json`.
    pub json: Vec<u8>,
    /// `evidence.html`, with the [`mark`] of the JSON in it.
    pub html: Vec<u8>,
}

/// Why a pack cannot be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// There is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The archive cannot be written.
    #[error("the archive cannot be written: {0}")]
    Archive(#[from] zip::result::ZipError),
    /// The manifest cannot be written.
    #[error("the manifest cannot be written: {0}")]
    Manifest(#[from] serde_json::Error),
}

/// What a page says of the document it shows: of which ticket, and the SHA-256 of its JSON.
#[must_use]
pub fn mark(number: &str, json_sha256: &str) -> String {
    format!("{number} {json_sha256}")
}

/// The pack of these contents.
///
/// # Errors
/// [`SealError`], which only a lack of memory could cause.
pub fn seal(contents: &Contents, signer: &Signer) -> Result<Vec<u8>, SealError> {
    let public = signer.public();
    let manifest = Manifest {
        schema: SCHEMA.to_owned(),
        ticket: contents.ticket.clone(),
        made_at: contents.made_at.clone(),
        made_for: contents.made_for.clone(),
        program: Program::this(),
        documents: vec![
            Document::of("evidence.html", &contents.html),
            Document::of("evidence.json", &contents.json),
        ],
        key: Key { algorithm: ALGORITHM.to_owned(), id: public.id(), public: public.text() },
    };
    let mut manifest = serde_json::to_vec_pretty(&manifest)?;
    manifest.push(b'\n');
    let signature = signer.sign(&manifest);
    Ok(archive::written([&contents.html, &contents.json, &manifest, &signature])?)
}
