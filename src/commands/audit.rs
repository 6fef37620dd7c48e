//! Verifying, exporting and explaining the audit log, on the command line.
//!
//! **Never** changes an entry, and never says that all is well when something was not looked at.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use clap::{Args, Subcommand};

use super::{hold, key, say};
use crate::config::Config;
use crate::domain::audit::chain::{Key, Keyring, Record};
use crate::domain::audit::verify::{Report, Verifier};
use crate::domain::calendar::at_time;
use crate::domain::text;
use crate::notify::render::single_line;
use crate::seal::InstanceSecret;
use crate::service::audit::chain::{self, Taken};
use crate::service::audit::export::{Form, Heading, SCHEMA, Wanted, export};
use crate::service::audit::verify;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Verify every entry, and that none is missing; exit code 2 where something is wrong.
    Verify(Verify),
    /// Take a checkpoint now, which the running service does every few minutes.
    Checkpoint,
    /// Write the log into a new file, with its signatures and links.
    Export(Export),
    /// Say that the database was restored by its own tools, so that a verification knows why it
    /// is behind its checkpoints. `supplyline restore` says so by itself.
    Restored(Restored),
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// A key file of earlier times, for what was signed with it.
    #[arg(long, value_name = "KEY_FILE")]
    earlier_key: Vec<PathBuf>,
    /// Verify an export in JSON lines instead of the database.
    #[arg(long, value_name = "EXPORT")]
    file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The new file: .jsonl to be verified, .csv to be read.
    file: PathBuf,
    /// From this day on, Shanghai time.
    #[arg(long)]
    from: Option<NaiveDate>,
    /// Up to this day, itself included.
    #[arg(long)]
    to: Option<NaiveDate>,
}

#[derive(Debug, Args)]
pub(super) struct Restored {
    /// From what, for whoever verifies the log.
    #[arg(long)]
    from: String,
}

pub(super) async fn run(config: &Config, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Verify(asked) => verify(config, asked).await,
        Command::Checkpoint => {
            let app = hold::open(config, Vec::new()).await?;
            while chain::link(&app).await? > 0 {}
            chain::checkpoint(&app, Taken::Now).await?;
            say("taken")
        }
        Command::Export(asked) => write(config, &asked).await,
        Command::Restored(asked) => {
            let from = text::line(&asked.from, 200).context("--from")?;
            let app = hold::open(config, Vec::new()).await?;
            chain::note_restored(&app, &from).await?;
            say("written down in the audit log and as a checkpoint")
        }
    }
}

async fn verify(config: &Config, asked: Verify) -> anyhow::Result<()> {
    let earlier = asked.earlier_key.iter().map(|path| key_in(path));
    let earlier = earlier.collect::<anyhow::Result<Vec<_>>>()?;
    let report = match &asked.file {
        Some(file) => {
            let own = config.key_file.as_deref().map(key_in).transpose()?;
            in_file(file, Keyring::of(own.into_iter().chain(earlier)))?
        }
        None => verify::verify(&hold::open(config, earlier).await?).await?,
    };
    if asked.json {
        say(&serde_json::to_string_pretty(&report)?)?;
    } else {
        tell(&report)?;
    }
    if report.is_whole() {
        return Ok(());
    }
    bail!("the audit log is NOT what was written: see the findings");
}

fn key_in(path: &Path) -> anyhow::Result<Arc<Key>> {
    let secret = InstanceSecret::in_file(path)?;
    key::of_audit(&secret.with_context(|| format!("there is no key file {}", path.display()))?)
}

fn in_file(path: &Path, ring: Keyring) -> anyhow::Result<Report> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    let mut lines = BufReader::new(file).lines();
    let head = lines.next().transpose()?.unwrap_or_default();
    let heading = serde_json::from_str::<Heading>(&head).ok().filter(|head| head.schema == SCHEMA);
    let heading = heading.with_context(|| format!("{shown} is no export of the audit log"))?;
    let mut verifier = Verifier::of_part(ring, heading.before, verify::MOST_FINDINGS);
    for line in lines {
        match serde_json::from_str::<Record>(&line?) {
            Ok(record) => verifier.entry(&record),
            Err(_) => verifier.unreadable(),
        }
    }
    Ok(verifier.finish())
}

fn tell(report: &Report) -> anyhow::Result<()> {
    let fact = |name: &str, value: &dyn std::fmt::Display| {
        say(&format!("{name:<16} {}", single_line(&value.to_string(), 200)))
    };
    fact("entries", &report.entries)?;
    fact("not linked yet", &report.pending)?;
    fact("removed by age", &report.removed)?;
    fact("head", &format!("{} {}", report.head, report.link))?;
    fact("checkpoints", &report.checkpoints)?;
    fact("given up", &report.given_up)?;
    match &report.last_checkpoint {
        Some((seq, at)) => fact("last checkpoint", &format!("{seq}, {at}"))?,
        None => fact("last checkpoint", &"none: a cut end would not be seen")?,
    }
    for found in &report.findings {
        let number = |number: Option<i64>| number.map(|number| number.to_string());
        let span = [number(found.from), number(found.to)];
        let span = span.into_iter().flatten().collect::<Vec<_>>().join(" to ");
        let entry = found.entry.map(|id| format!(" entry {id}")).unwrap_or_default();
        let key = found.key.as_ref().map(|key| format!(" key {key}")).unwrap_or_default();
        fact("FOUND", &format!("{} {span}{entry}{key}", found.fault.name()))?;
    }
    if report.more > 0 {
        fact("FOUND", &format!("{} more", report.more))?;
    }
    if report.is_whole() {
        say("whole: every entry is what was written, and none is missing")
    } else {
        Ok(())
    }
}

async fn write(config: &Config, asked: &Export) -> anyhow::Result<()> {
    let form = match asked.file.extension().and_then(|ending| ending.to_str()) {
        Some("jsonl") => Form::Jsonl,
        Some("csv") => Form::Csv,
        Some(_) | None => bail!("FILE must end in .jsonl or .csv"),
    };
    let midnight = |day: NaiveDate| -> DateTime<Utc> { at_time(day, NaiveTime::MIN) };
    let before = asked.to.and_then(|day| day.checked_add_days(Days::new(1))).map(midnight);
    let wanted = Wanted { from: asked.from.map(midnight), before, form };
    let shown = asked.file.display();
    let mut options = File::options();
    options.write(true).create_new(true);
    let target = options.open(&asked.file).with_context(|| format!("{shown} cannot be made"));
    let mut target = target?;
    let app = hold::open(config, Vec::new()).await?;
    let mut made = export(&app, None, wanted).await?;
    io::copy(&mut made.file, &mut target).with_context(|| format!("{shown}"))?;
    target.sync_all().with_context(|| format!("{shown}"))?;
    say(&format!("wrote {shown}: {} entries, {} bytes", made.rows, made.bytes))
}
