//! The log as a file, with its signatures and links, so that whoever has the key can verify it
//! elsewhere.
//!
//! **Never** hands anything out before it is written down that it was.

use std::fs::File;
use std::io::{BufWriter, Seek as _, SeekFrom, Write as _};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Action, Entry, Origin, admit, chain as links, record_alone};
use crate::domain::access::Scope;
use crate::domain::audit::chain::{Anchor, Head, Record};
use crate::service::{App, Error};
use crate::sheet::inert::inert;
use crate::store;
use crate::store::audit::chain;

/// Entries read at once.
const PAGE: u64 = 1_000;
/// The form of the first line.
pub const SCHEMA: &str = "supplyline-audit/1";
const COLUMNS: [&str; 13] = [
    "seq",
    "id",
    "at",
    "action",
    "user_id",
    "username",
    "organisation_id",
    "role",
    "address",
    "subject",
    "detail",
    "mac",
    "link",
];

/// How the file is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A line of JSON per entry, after one that says what they follow: to be verified.
    Jsonl,
    /// CSV, to be read: a cell that a spreadsheet would reckon with is made harmless.
    Csv,
}

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Only from the first entry written at or after.
    pub from: Option<DateTime<Utc>>,
    /// Only to the last entry written before.
    pub before: Option<DateTime<Utc>>,
    /// In which form.
    pub form: Form,
}

/// What the entries of a file follow: its first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Heading {
    /// [`SCHEMA`].
    pub schema: String,
    /// When it was made, by the clock on the wall.
    pub made_at: DateTime<Utc>,
    /// The place that the first entry follows.
    pub before: Head,
    /// Where the chain begins.
    pub anchors: Vec<Anchor>,
}

/// A file that was made.
#[derive(Debug)]
pub struct Made {
    /// Gone with its handle: it has no name.
    pub file: File,
    /// Its length.
    pub bytes: u64,
    /// Its entries.
    pub rows: u64,
}

/// Writes a span of the log into a file, for an auditor, or without a scope for whoever operates
/// the service. The span is whole: nothing between its first and its last entry is left out.
///
/// # Errors
/// [`Error::Forbidden`] unless an auditor asks, [`Error::Internal`].
pub async fn export(app: &App, scope: Option<&Scope>, wanted: Wanted) -> Result<Made, Error> {
    let (action, wall) = (Action::ExportMade, app.clock.wall());
    let entry = match scope {
        Some(scope) => {
            admit(scope)?;
            Entry::by(scope, action, wall)
        }
        None => Entry::unnamed(Origin::command_line(), action, wall),
    };
    let _turn = app.long_read().await?;
    while links::link(app).await? > 0 {}
    let db = app.store.read_unscoped();
    let anchors = chain::anchors(db).await?;
    let span = chain::span(db, wanted.from, wanted.before).await?;
    let (mut after, last) = span.map_or((0, 0), |(first, last)| (first - 1, last));
    let before = place(app, &anchors, after).await?;
    let heading = Heading { schema: SCHEMA.to_owned(), made_at: wall, before, anchors };
    let mut paper = Paper::begin(wanted.form, &heading)?;
    let mut rows = 0;
    while after < last {
        let mut page = chain::linked(db, after, PAGE).await?;
        page.retain(|record| record.seq.is_some_and(|seq| seq <= last));
        let Some(end) = page.last().and_then(|record| record.seq) else { break };
        after = end;
        rows += u64::try_from(page.len()).unwrap_or(u64::MAX);
        let added = tokio::task::spawn_blocking(move || paper.add(&page).map(|()| paper));
        let stopped = |_panic| store::Error::Abandoned("the file's writer stopped");
        paper = added.await.map_err(stopped)??;
    }
    let (file, bytes) = paper.finish()?;
    let detail = json!({ "format": wanted.form, "rows": rows, "last": last });
    record_alone(app, entry.about("audit").with(detail)).await?;
    Ok(Made { file, bytes, rows })
}

/// The place with this number.
async fn place(app: &App, anchors: &[Anchor], seq: i64) -> Result<Head, Error> {
    if let Some(anchor) = anchors.iter().find(|anchor| anchor.seq == seq) {
        return Ok(anchor.head());
    }
    let found = chain::linked(app.store.read_unscoped(), seq - 1, 1).await?;
    let link = found.into_iter().find(|record| record.seq == Some(seq));
    let link = link.and_then(|record| record.link).unwrap_or_default();
    Ok(Head { seq, link })
}

/// A file that is being written.
struct Paper {
    form: Form,
    file: BufWriter<File>,
}

fn unwritten(error: &impl std::fmt::Display) -> store::Error {
    store::Error::Unusable(format!("the export cannot be written: {error}"))
}

impl Paper {
    fn begin(form: Form, heading: &Heading) -> Result<Self, store::Error> {
        let file = tempfile::tempfile().map_err(|error| unwritten(&error))?;
        let mut paper = Self { form, file: BufWriter::new(file) };
        match form {
            Form::Jsonl => paper.line(heading)?,
            Form::Csv => {
                // Spreadsheets take a table without it for one in another encoding.
                paper.file.write_all("\u{feff}".as_bytes()).map_err(|error| unwritten(&error))?;
                paper.cells(COLUMNS.map(str::to_owned))?;
            }
        }
        Ok(paper)
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), store::Error> {
        serde_json::to_writer(&mut self.file, line).map_err(|error| unwritten(&error))?;
        self.file.write_all(b"\n").map_err(|error| unwritten(&error))
    }

    fn cells(&mut self, cells: [String; 13]) -> Result<(), store::Error> {
        let mut writer = csv::Writer::from_writer(&mut self.file);
        writer.write_record(cells).map_err(|error| unwritten(&error))?;
        writer.flush().map_err(|error| unwritten(&error))
    }

    fn add(&mut self, records: &[Record]) -> Result<(), store::Error> {
        for record in records {
            match self.form {
                Form::Jsonl => self.line(record)?,
                Form::Csv => self.cells(cells(record))?,
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<(File, u64), store::Error> {
        let mut file = self.file.into_inner().map_err(|error| unwritten(error.error()))?;
        let bytes = file.seek(SeekFrom::End(0)).map_err(|error| unwritten(&error))?;
        file.seek(SeekFrom::Start(0)).map_err(|error| unwritten(&error))?;
        Ok((file, bytes))
    }
}

fn cells(record: &Record) -> [String; 13] {
    let text = |text: &Option<String>| inert(text.as_deref().unwrap_or_default()).into_owned();
    let id = |id: &Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    [
        record.seq.map(|seq| seq.to_string()).unwrap_or_default(),
        record.id.to_string(),
        record.at.to_rfc3339(),
        inert(&record.action).into_owned(),
        id(&record.user),
        text(&record.username),
        id(&record.organisation),
        text(&record.role),
        text(&record.address),
        text(&record.subject),
        record.detail.to_string(),
        text(&record.mac),
        text(&record.link),
    ]
}
