//! Backing up and restoring, on the command line.
//!
//! **Never** prints what is in a backup, but for counts.

use std::path::PathBuf;

use clap::Args;
use secrecy::ExposeSecret as _;

use super::{hold, say};
use crate::backup::{self, Manifest, Missing};
use crate::clock::Clock;
use crate::config::Config;
use crate::files::Vault;
use crate::service::audit::chain;

/// The command's help.
pub(super) const ABOUT: &str = "\
Copy the SQLite database and every attachment that its tickets name into one new file.

The service may run meanwhile. The file is written beside its place, brought to the disk, read
again, checked and only then given its name; an existing file is never written over. It holds
everything that the service knows, with password hashes: keep it where only you can read it. The
key of SUPPLYLINE_KEY_FILE is not in it and has to be kept beside.

A PostgreSQL database is refused (exit code 2): use pg_basebackup or pg_dump, copy the folder or
bucket of attachments after it, and after restoring run `supplyline hold --reason 'restored'`
before any replica is started.";

/// The command's help.
pub(super) const ABOUT_RESTORE: &str = "\
Restore a backup into the SQLite database and the attachments folder of the settings.

Both must be absent or empty, and no service may run on them. Everything is unpacked and checked
beside its place and renamed at the end: all of it, or nothing. A backup of an older version is
brought up to date, one of a newer version is refused. The restored database starts on hold:
`supplyline release --dry-run` shows what it would send and whom it would escalate.

A PostgreSQL database is refused (exit code 2): restore it with its own tools.";

#[derive(Debug, Args)]
pub(super) struct Target {
    /// The new file.
    file: PathBuf,
    /// Make the backup even when attachments that tickets name are missing or damaged; they are
    /// listed in it.
    #[arg(long)]
    allow_missing: bool,
}

#[derive(Debug, Args)]
pub(super) struct Source {
    /// A file that `supplyline backup` made.
    file: PathBuf,
}

pub(super) async fn make(config: &Config, target: &Target) -> anyhow::Result<()> {
    let vault = Vault::at(&config.attachments_url)
        .map_err(|error| anyhow::anyhow!("SUPPLYLINE_ATTACHMENTS_URL: {error}"))?;
    let missing = if target.allow_missing { Missing::Note } else { Missing::Refuse };
    let from = (config.database_url.expose_secret(), &vault);
    let made = backup::make(from, &target.file, missing, Clock::system().now()).await?;
    for id in &made.manifest.missing {
        say(&format!("warning: the attachment {id} is missing or damaged, and not in the backup"))?;
    }
    let (file, bytes) = (target.file.display(), made.bytes);
    say(&format!(
        "wrote {file}, {bytes} bytes: {}; read again and found sound",
        inside(&made.manifest)
    ))
}

pub(super) async fn restore(config: &Config, source: &Source) -> anyhow::Result<()> {
    let to = (config.database_url.expose_secret(), &config.attachments_url);
    let restored = backup::restore(&source.file, to, Clock::system().now()).await?;
    let Manifest { made_at, program_version, .. } = &restored.manifest;
    explain(config, &format!("the backup of {made_at}")).await?;
    say(&format!(
        "restored {}, made {made_at} by version {program_version}\n{}",
        inside(&restored.manifest),
        restored.hold.announcement()
    ))
}

/// Writes down in the audit log why it is behind its checkpoints, where the key is at hand.
async fn explain(config: &Config, from: &str) -> anyhow::Result<()> {
    let has_key = config.key_file.as_ref().is_some_and(|path| path.is_file());
    if !has_key {
        return say(
            "warning: there is no key file here, so the restore is not in the audit log; put the \
             key file back before the service starts, and run supplyline audit restored",
        );
    }
    let app = hold::open(config, Vec::new()).await?;
    Ok(chain::note_restored(&app, from).await?)
}

fn inside(manifest: &Manifest) -> String {
    let rows: u64 = manifest.tables.values().sum();
    let tickets = manifest.tables.get("ticket").copied().unwrap_or_default();
    let files = manifest.attachments.len();
    format!("{rows} rows, {tickets} tickets, {files} attachments")
}
