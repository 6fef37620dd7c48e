//! The way back: into a place where nothing is, or not at all.
//!
//! **Never** writes over anything, and starts nothing: the restored database is on hold.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use tempfile::TempDir;
use url::Url;

use super::ON_POSTGRES;
use super::archive::Archive;
use super::make::beside;
use super::manifest::Manifest;
use crate::crash::{self, Point};
use crate::domain::hold::{Hold, HoldCause};
use crate::domain::id::AttachmentId;
use crate::files::Vault;
use crate::store::{Copy, KeptFile, Lock, Store, is_vacant};

/// A backup that was restored.
#[derive(Debug, Clone)]
pub struct Restored {
    /// What was in it.
    pub manifest: Manifest,
    /// The hold that the database is on.
    pub hold: Hold,
}

/// Restores the backup `source` into the SQLite database of `url` and the folder of
/// attachments, both of which must be absent or empty.
///
/// # Errors
/// Says what is in the way or what is wrong with the backup; then nothing has changed.
pub async fn restore(
    source: &Path,
    (url, attachments): (&str, &Url),
    at: DateTime<Utc>,
) -> anyhow::Result<Restored> {
    let Some(database) = Store::file(url)? else { bail!(ON_POSTGRES) };
    let folder = folder_of(attachments)?;
    let _alone = Lock::take(url)?;
    if !is_vacant(url).await? {
        bail!(
            "SUPPLYLINE_DATABASE_URL: {} is not empty; a backup is restored into an absent or \
             empty database only",
            database.display()
        );
    }
    if fs::read_dir(&folder).is_ok_and(|mut inside| inside.next().is_some()) {
        bail!(
            "SUPPLYLINE_ATTACHMENTS_URL: {} is not empty; a backup is restored into an absent or \
             empty folder only",
            folder.display()
        );
    }
    let refused = || format!("{} cannot be restored", source.display());
    let mut archive = Archive::open(source).with_context(refused)?;
    let place = Place { database, folder };
    let staged = place.stage(&mut archive).await.with_context(refused)?;
    let manifest = archive.manifest().clone();
    let hold = hold_of(&manifest, at);
    check(&staged.database(), &manifest, &hold).await.with_context(refused)?;
    crash::point(Point::RestoreStaged);
    place.take(&staged)?;
    Ok(Restored { manifest, hold })
}

fn folder_of(attachments: &Url) -> anyhow::Result<PathBuf> {
    let path = attachments.to_file_path().ok().filter(|_| attachments.scheme() == "file");
    path.context(
        "SUPPLYLINE_ATTACHMENTS_URL: attachments are restored into a folder; name one with \
         file:// now, and copy it into the bucket afterwards",
    )
}

fn hold_of(manifest: &Manifest, at: DateTime<Utc>) -> Hold {
    let made = manifest.made_at.format("%Y-%m-%d %H:%M UTC");
    let reason = format!(
        "restored from the backup of {made}: what was queued then may have been sent since, and \
         what happened since is not known here"
    );
    let hold = Hold::begun(HoldCause::Restore, reason, at);
    // The clock of now may be behind the one of then.
    Hold { queued_before: at.max(manifest.made_at), ..hold }
}

/// Looks through the unpacked database, brings it up to date and puts it on hold.
async fn check(database: &Path, manifest: &Manifest, hold: &Hold) -> anyhow::Result<()> {
    let copy = Copy::open(database).await.context("its database cannot be opened")?;
    copy.check().await?;
    let (counts, schema) = (copy.counts().await?, copy.schema().await?);
    if (&counts, &schema) != (&manifest.tables, &manifest.schema) {
        bail!("its database is not the one that its manifest describes");
    }
    let attached: HashMap<_, _> = manifest.attachments.iter().map(|a| (a.id, a)).collect();
    let missing: HashSet<_> = manifest.missing.iter().collect();
    let known = |file: &KeptFile| {
        attached.get(&file.id.0).is_some_and(|attached| attached.is(file))
            || missing.contains(&file.id.0)
    };
    let files = copy.files().await?;
    if let Some(file) = files.iter().find(|file| !known(file)) {
        bail!("the attachment {} that its database names is not in it", file.id);
    }
    copy.migrate().await?;
    copy.prepare(hold).await?;
    copy.check().await?;
    copy.close().await?;
    File::open(database)?.sync_all().context("the database cannot be brought to the disk")
}

/// Where a backup is restored to.
struct Place {
    database: PathBuf,
    folder: PathBuf,
}

/// Everything unpacked beside its place; gone when it is dropped.
struct Staged {
    beside_database: TempDir,
    beside_folder: TempDir,
}

impl Staged {
    fn database(&self) -> PathBuf {
        self.beside_database.path().join("database.sqlite")
    }

    fn attachments(&self) -> PathBuf {
        self.beside_folder.path().join("attachments")
    }
}

impl Place {
    /// Unpacks everything on the file systems where it will lie.
    async fn stage(&self, archive: &mut Archive) -> anyhow::Result<Staged> {
        let parent = self.folder.parent().context("SUPPLYLINE_ATTACHMENTS_URL")?;
        fs::create_dir_all(parent).with_context(|| format!("{}", parent.display()))?;
        let staged = Staged {
            beside_database: TempDir::with_prefix_in(
                ".supplyline-restore-",
                beside(&self.database)?,
            )?,
            beside_folder: TempDir::with_prefix_in(".supplyline-restore-", parent)?,
        };
        archive.database(&staged.database())?;
        let vault = Vault::folder(&staged.attachments())?;
        for attached in archive.manifest().attachments.clone() {
            let bytes = archive.attachment(&attached)?;
            vault.put(AttachmentId(attached.id), bytes.into()).await?;
        }
        Ok(staged)
    }

    /// Puts what is staged in its place: the attachments first, because without the database
    /// they are nothing.
    fn take(&self, staged: &Staged) -> anyhow::Result<()> {
        let in_the_way = |path: &Path| format!("{} cannot be replaced", path.display());
        match fs::remove_dir(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| in_the_way(&self.folder));
            }
            Ok(()) | Err(_) => {}
        }
        fs::rename(staged.attachments(), &self.folder).with_context(|| in_the_way(&self.folder))?;
        crash::point(Point::RestoreHalf);
        let placed = self.remove_stale().and_then(|()| {
            let renamed = fs::rename(staged.database(), &self.database);
            renamed.with_context(|| in_the_way(&self.database))
        });
        if placed.is_err() {
            // Back out of sight, to be removed with the rest of what is staged.
            fs::rename(&self.folder, staged.attachments()).ok();
        }
        placed?;
        for folder in [self.database.parent(), self.folder.parent()].into_iter().flatten() {
            File::open(folder).and_then(|folder| folder.sync_all()).context("the new names")?;
        }
        Ok(())
    }

    /// A log of an earlier database would be played into this one.
    fn remove_stale(&self) -> anyhow::Result<()> {
        for ending in ["-wal", "-shm", "-journal"] {
            let mut path = self.database.clone().into_os_string();
            path.push(ending);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    let path = PathBuf::from(path);
                    return Err(error).with_context(|| format!("{} is stale", path.display()));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}
