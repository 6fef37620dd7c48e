//! Making a backup while the service runs.
//!
//! **Never** writes over a file, and never gives a backup its name before it was read again.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use tempfile::{NamedTempFile, TempDir};

use super::ON_POSTGRES;
use super::archive::Archive;
use super::manifest::{Attached, DATABASE, MANIFEST, Manifest, Part};
use super::sealed::{Hashing, Packing, Sealing};
use crate::crash::{self, Point};
use crate::files::Vault;
use crate::store::{Copy, KeptFile, Store};

/// A backup that was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// What is in it.
    pub manifest: Manifest,
    /// The size of the file.
    pub bytes: u64,
}

/// What to do about an attachment that a row names and that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Make no backup.
    Refuse,
    /// Write down which ones are missing, and keep the rest.
    Note,
}

/// Makes a backup of the SQLite database of `url` and its attachments in `vault`, as `target`.
///
/// # Errors
/// Says what is in the way; then there is no new file.
pub async fn make(
    (url, vault): (&str, &Vault),
    target: &Path,
    missing: Missing,
    at: DateTime<Utc>,
) -> anyhow::Result<Made> {
    if Store::file(url)?.is_none() {
        bail!(ON_POSTGRES);
    }
    if fs::symlink_metadata(target).is_ok() {
        bail!("{} is there already; a backup is never written over a file", target.display());
    }
    let folder = beside(target)?;
    let work = TempDir::with_prefix_in(".supplyline-backup-", &folder)
        .with_context(|| format!("no file can be made in {}", folder.display()))?;
    let database = work.path().join(DATABASE);
    let (mut manifest, files) = copy(url, &database, at).await?;
    let (present, lost) = survey(vault, files).await?;
    if missing == Missing::Refuse && !lost.is_empty() {
        bail!(
            "{} attachments that tickets name are missing or damaged: {}; restore them, or make \
             the backup without them with --allow-missing",
            lost.len(),
            lost.iter().map(|file| file.id.to_string()).collect::<Vec<_>>().join(", ")
        );
    }
    manifest.attachments = present.iter().map(Attached::of).collect();
    manifest.missing = lost.iter().map(|file| file.id.0).collect();
    let file = NamedTempFile::with_prefix_in(".supplyline-backup-", &folder)?;
    write(file.reopen()?, &manifest, &database, vault).await?;
    verify(file.path(), &manifest, &work.path().join("again.sqlite")).await?;
    crash::point(Point::BackupUnnamed);
    let named = file.persist_noclobber(target);
    let file = named.with_context(|| format!("{} cannot be named", target.display()))?;
    File::open(&folder).and_then(|folder| folder.sync_all()).context("the folder of the backup")?;
    crash::point(Point::BackupNamed);
    Ok(Made { manifest, bytes: file.metadata()?.len() })
}

/// The folder a file lies in.
pub(super) fn beside(file: &Path) -> anyhow::Result<PathBuf> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    folder.canonicalize().with_context(|| format!("the folder {} is not there", folder.display()))
}

/// Copies the database, looks through the copy, and reads off it what else belongs to it.
async fn copy(
    url: &str,
    into: &Path,
    at: DateTime<Utc>,
) -> anyhow::Result<(Manifest, Vec<KeptFile>)> {
    let copy = Copy::of(url, into).await.context("the database cannot be copied")?;
    copy.check().await?;
    let (schema, tables, files) = (copy.schema().await?, copy.counts().await?, copy.files().await?);
    copy.close().await?;
    let mut hashing = Hashing::new(io::sink());
    io::copy(&mut File::open(into)?, &mut hashing)?;
    let (sha256, bytes) = hashing.finish();
    let manifest = Manifest::new(at, Part { bytes, sha256 });
    Ok((Manifest { schema, tables, ..manifest }, files))
}

/// Reads every file once: those that are what their rows say, and the others.
async fn survey(
    vault: &Vault,
    files: Vec<KeptFile>,
) -> anyhow::Result<(Vec<KeptFile>, Vec<KeptFile>)> {
    let (mut present, mut lost) = (Vec::new(), Vec::new());
    for file in files {
        if pass_on(vault, &file, &mut io::sink()).await.is_ok() {
            present.push(file);
        } else {
            lost.push(file);
        }
    }
    Ok((present, lost))
}

/// Copies a file's bytes; fails unless they are what its row says.
async fn pass_on(vault: &Vault, file: &KeptFile, to: &mut impl io::Write) -> anyhow::Result<()> {
    let mut hashing = Hashing::new(to);
    let mut bytes = vault.get(file.id).await?;
    while let Some(chunk) = bytes.try_next().await? {
        hashing.write_all(&chunk)?;
    }
    if hashing.finish() != (file.hash.clone(), file.bytes) {
        bail!("the attachment {} has changed", file.id);
    }
    Ok(())
}

async fn write(
    file: File,
    manifest: &Manifest,
    database: &Path,
    vault: &Vault,
) -> anyhow::Result<()> {
    let mut sealing = Sealing::begin(file);
    let head = serde_json::to_vec_pretty(manifest)?;
    let length = u64::try_from(head.len())?;
    sealing.entry(MANIFEST, length, Packing::Deflated)?.write_all(&head)?;
    let entry = sealing.entry(DATABASE, manifest.database.bytes, Packing::Deflated)?;
    io::copy(&mut File::open(database)?, entry)?;
    for attached in &manifest.attachments {
        let id = crate::domain::id::AttachmentId(attached.id);
        let kept = KeptFile { id, bytes: attached.bytes, hash: attached.sha256.clone() };
        // What people attach is packed already.
        let entry = sealing.entry(&attached.entry(), attached.bytes, Packing::Stored)?;
        pass_on(vault, &kept, entry).await?;
    }
    sealing.finish()?.sync_all().context("the backup cannot be brought to the disk")
}

/// Reads the backup as a restore would.
async fn verify(file: &Path, manifest: &Manifest, unpacked: &Path) -> anyhow::Result<()> {
    let mut archive = Archive::open(file).context("the backup was written and is not sound")?;
    if archive.manifest() != manifest {
        bail!("the backup was written and has another manifest");
    }
    for attached in &manifest.attachments {
        archive.attachment(attached)?;
    }
    archive.database(unpacked)?;
    let copy = Copy::open(unpacked).await?;
    copy.check().await?;
    let counts = copy.counts().await?;
    copy.close().await?;
    if counts != manifest.tables {
        bail!("the backup was written and has other rows");
    }
    Ok(())
}
