//! Importing tables on the command line.
//!
//! What became of each row goes to standard output and, on request, into a file. The passwords
//! of new people are written into that file before they take effect, because nobody can be told
//! them afterwards.
//!
//! **Never** prints a password.

use std::fs::{self, File, OpenOptions};
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use secrecy::ExposeSecret as _;

use super::{key, open, say};
use crate::config::Config;
use crate::service::Error;
use crate::service::import::{
    self, Kind, Mode, Outcome, Paper, Password, Progress, Report, Step, Upload,
};
use crate::sheet::MOST_BYTES;
use crate::sheet::inert::inert;

#[derive(Debug, Args)]
pub(super) struct Table {
    /// calendar, divisions, organisations, users, products, agreements or tickets.
    #[arg(value_parser = kind)]
    kind: Kind,
    /// The table, CSV or XLSX; for the calendar also a holiday file in JSON.
    #[arg(required_unless_present = "template")]
    file: Option<PathBuf>,
    /// Judge every row and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write what became of each row into a new CSV file, with the passwords of new people.
    #[arg(long, value_name = "NEW_FILE")]
    verdicts: Option<PathBuf>,
    /// Write an empty table to fill in, .csv or .xlsx, and import nothing.
    #[arg(long, value_name = "NEW_FILE", conflicts_with_all = ["file", "dry_run", "verdicts"])]
    template: Option<PathBuf>,
}

fn kind(word: &str) -> Result<Kind, String> {
    let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    Kind::named(word).ok_or_else(|| format!("one of {}", names.join(", ")))
}

pub(super) async fn run(config: &Config, table: Table) -> anyhow::Result<()> {
    if let Some(template) = &table.template {
        return write_template(table.kind, template);
    }
    let file = table.file.as_deref().context("FILE is missing")?;
    let bytes = read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let store = open(config.database_url.expose_secret()).await?;
    let app = key::app(config, store).await?;
    let mode = if table.dry_run { Mode::Rehearse } else { Mode::Apply };
    let upload =
        Upload { kind: table.kind, bytes: bytes.into(), by: None, mode, progress: progress() };
    let prepared = import::prepare(&app, upload).await.map_err(told)?;
    let passwords = prepared.passwords().to_vec();
    let verdicts = verdicts(table.verdicts.as_deref(), &passwords)?;
    let outcome = prepared.apply(&app).await.map_err(told);
    if let Some(path) = verdicts {
        let report = outcome.as_ref().ok();
        write_verdicts(path, report, &passwords)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    if std::io::stderr().is_terminal() {
        write!(std::io::stderr().lock(), "\r\x1b[K").ok();
    }
    tell(&outcome?, mode)
}

fn write_template(kind: Kind, path: &Path) -> anyhow::Result<()> {
    let is_workbook = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("xlsx"));
    let paper = if is_workbook { Paper::Workbook } else { Paper::Delimited };
    let bytes = import::template(kind, paper).map_err(told)?;
    let mut file = new_file(path)?;
    file.write_all(&bytes).with_context(|| format!("{} cannot be written", path.display()))?;
    say(&format!("wrote {}", path.display()))
}

/// At most one byte more than is allowed: the rest need not be read to be refused.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let limit = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file that nobody else can read: passwords may come to stand in it.
fn new_file(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let made = options.open(path);
    made.with_context(|| format!("{} cannot be made anew", path.display()))
}

/// Begins the file of verdicts: the passwords are in it before they take effect.
fn verdicts<'a>(
    path: Option<&'a Path>,
    passwords: &[Password],
) -> anyhow::Result<Option<&'a Path>> {
    let Some(path) = path else {
        if passwords.is_empty() {
            return Ok(None);
        }
        bail!(
            "{} people would be created, and their passwords must be handed out: name a new file \
             with --verdicts",
            passwords.len()
        );
    };
    let mut file = new_file(path)?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["username", "password"])?;
    for made in passwords {
        writer.write_record([made.username.as_str(), made.password.as_str()])?;
    }
    file.write_all(&writer.into_inner()?)?;
    file.sync_all()?;
    Ok(Some(path))
}

/// Writes what became of each row; of passwords only those that took effect. `None` = the
/// import failed, and whether it took effect is not known: the passwords stay.
fn write_verdicts(
    path: &Path,
    report: Option<&Report>,
    passwords: &[Password],
) -> anyhow::Result<()> {
    let Some(report) = report else { return Ok(()) };
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(["row", "outcome", "column", "code", "message", "username", "password"])?;
    let outcomes = report.outcomes.iter().filter(|_| !report.is_refused());
    for (row, outcome) in outcomes {
        writer.write_record([&row.to_string(), outcome.as_str(), "", "", "", "", ""])?;
    }
    for error in &report.errors {
        let (row, column) = (error.row.to_string(), inert(&error.column));
        let message = inert(&error.message);
        writer.write_record([&row, "refused", &*column, error.code, &message, "", ""])?;
    }
    for held in &report.held {
        let (row, said) = (held.row.to_string(), inert(&held.said));
        writer.write_record([&*row, "held", "", held.why.as_str(), &said, "", ""])?;
    }
    for made in passwords.iter().filter(|_| !report.is_refused()) {
        let (name, created) = (inert(&made.username), Outcome::Created.as_str());
        writer.write_record(["", created, "", "password", "", &*name, &made.password])?;
    }
    let beside = path.with_extension("part");
    let mut file = new_file(&beside)?;
    file.write_all(&writer.into_inner()?)?;
    file.sync_all()?;
    Ok(fs::rename(&beside, path)?)
}

fn tell(report: &Report, mode: Mode) -> anyhow::Result<()> {
    for error in &report.errors {
        let column = if error.column.is_empty() { "" } else { ", " };
        let place = format!("row {}{column}{}", error.row, error.column);
        say(&format!("{place}: {}: {}", error.code, error.message))?;
    }
    for held in &report.held {
        let (row, why) = (held.row, held.why);
        say(&format!("row {row}: held: {}: {}", why.message(), held.said))?;
    }
    if report.is_refused() {
        let mut rows: Vec<u32> = report.errors.iter().map(|error| error.row).collect();
        rows.dedup();
        bail!("nothing was imported: {} of {} rows are bad", rows.len(), report.rows());
    }
    let Report { created, updated, unchanged, .. } = report;
    let rows = report.rows();
    let counts =
        format!("{rows} rows: {created} created, {updated} updated, {unchanged} unchanged");
    match mode {
        Mode::Apply => say(&counts),
        Mode::Rehearse => say(&format!("{counts}; dry run: nothing was written")),
    }
}

/// A refusal of the whole file, in its own words.
fn told(error: Error) -> anyhow::Error {
    if let Error::Invalid(fields) = error {
        let messages: Vec<_> = fields.into_iter().map(|field| field.message).collect();
        return anyhow::anyhow!(messages.join("; "));
    }
    error.into()
}

/// Shows how far it is where a person watches.
fn progress() -> Progress {
    let is_watched = std::io::stderr().is_terminal();
    Arc::new(move |step| {
        if !is_watched {
            return;
        }
        let text = match step {
            Step::Read(rows) => format!("\r{rows} rows read"),
            Step::Done(done, rows) => format!("\r{done} of {rows} rows done"),
        };
        write!(std::io::stderr().lock(), "{text}\x1b[K").ok();
    })
}
