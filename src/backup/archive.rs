//! A backup as it is read: first all of it once for its digest, then entry by entry, each held
//! against the manifest.
//!
//! **Never** writes where an entry's name says: names are compared with those expected.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use zip::ZipArchive;

use super::manifest::{Attached, DATABASE, MANIFEST, MOST_MANIFEST, Manifest, Part};
use super::sealed::{self, Hashing};

/// What comes out is at most so many times the file, beyond [`FREE_BYTES`]: a database of real
/// tickets packs to a fifth.
const MOST_RATIO: u64 = 200;
/// Small backups may pack as well as they like.
const FREE_BYTES: u64 = 64 * 1024 * 1024;
/// More than any attachment has.
const MOST_ATTACHMENT: u64 = 256 * 1024 * 1024;

/// A backup whose entries are those its manifest names.
pub(super) struct Archive {
    zip: ZipArchive<File>,
    manifest: Manifest,
}

impl Archive {
    /// Opens a backup.
    ///
    /// # Errors
    /// Says why it is not a whole one.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).context("it cannot be opened")?;
        let length = file.metadata().context("it cannot be opened")?.len();
        let mut zip = sealed::open(file)?;
        let mut bytes = Vec::new();
        let head = zip.by_name(MANIFEST).context("it has no manifest")?;
        head.take(MOST_MANIFEST).read_to_end(&mut bytes).context("its manifest cannot be read")?;
        let manifest = Manifest::read(&bytes)?;
        if manifest.bytes() > FREE_BYTES.max(length.saturating_mul(MOST_RATIO)) {
            bail!(
                "it says that {} bytes come out of {length}: that is no backup",
                manifest.bytes()
            );
        }
        let mut archive = Self { zip, manifest };
        archive.check_entries()?;
        Ok(archive)
    }

    /// Every entry is a file that the manifest names, with its size, and none is missing.
    fn check_entries(&mut self) -> anyhow::Result<()> {
        let mut expected = self.manifest.entries();
        if expected.len() != self.manifest.attachments.len() + 1 {
            bail!("its manifest names an attachment twice");
        }
        for index in 0..self.zip.len() {
            let entry = self.zip.by_index_raw(index).context("an entry cannot be read")?;
            let name = entry.name().context("an entry's name cannot be read")?.into_owned();
            if name == MANIFEST {
                continue;
            }
            if !entry.is_file() || entry.is_symlink() || entry.encrypted() {
                bail!("the entry {name:?} is no plain file");
            }
            match expected.remove(&name) {
                None => bail!("the entry {name:?} is not in its manifest"),
                Some(bytes) if bytes != entry.size() => {
                    bail!("the entry {name:?} has {} bytes and not {bytes}", entry.size());
                }
                Some(_) => {}
            }
        }
        match expected.keys().next() {
            Some(name) => bail!("the entry {name:?} is missing"),
            None => Ok(()),
        }
    }

    /// What is in it.
    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Unpacks the database into a new file, and brings it to the disk.
    ///
    /// # Errors
    /// When its bytes are not those that the manifest names.
    pub(super) fn database(&mut self, into: &Path) -> anyhow::Result<()> {
        let mut file = File::create_new(into).context("the database cannot be unpacked")?;
        let part = self.manifest.database.clone();
        self.unpack(DATABASE, &part, &mut file)?;
        file.sync_all().context("the database cannot be unpacked")
    }

    /// The bytes of an attachment.
    ///
    /// # Errors
    /// When they are not those that the manifest names.
    pub(super) fn attachment(&mut self, file: &Attached) -> anyhow::Result<Vec<u8>> {
        if file.bytes > MOST_ATTACHMENT {
            bail!("the attachment {} has {} bytes: no attachment has", file.id, file.bytes);
        }
        let part = Part { bytes: file.bytes, sha256: file.sha256.clone() };
        let mut bytes = Vec::new();
        self.unpack(&file.entry(), &part, &mut bytes)?;
        Ok(bytes)
    }

    fn unpack(&mut self, name: &str, part: &Part, to: &mut impl Write) -> anyhow::Result<()> {
        let entry = self.zip.by_name(name).with_context(|| format!("{name} is missing"))?;
        let mut hashing = Hashing::new(to);
        let limit = part.bytes.saturating_add(1);
        io::copy(&mut entry.take(limit), &mut hashing)
            .with_context(|| format!("{name} cannot be unpacked"))?;
        let (sha256, bytes) = hashing.finish();
        if (bytes, &sha256) != (part.bytes, &part.sha256) {
            bail!("{name} is damaged: its SHA-256 is {sha256} and not {}", part.sha256);
        }
        Ok(())
    }
}
