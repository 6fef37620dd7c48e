//! Lists as files: rows go into a temporary file as they are read, page by page.
//!
//! What a row shows is decided where the list is shown; here it is only written down.
//!
//! **Never** cuts a list silently: one with too many rows is refused, and no file comes of it.

mod cells;
mod kept;

pub use kept::kept;

use std::fs::File;
use std::io::{Seek as _, SeekFrom};

use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;

use crate::domain::calendar::{local_date, local_time};
pub use crate::domain::export::Table;
use crate::domain::export::{Column, Form, columns};
pub use crate::sheet::table::Paper;
use crate::sheet::{SheetError, table};

use super::audit::{self, Action, Entry};
use super::{App, Error};
use crate::domain::access::Scope;
use crate::store;

/// A file in the making.
pub struct Export {
    app: App,
    /// What the audit log will say of it.
    entry: Entry,
    paper: Paper,
    table: table::Table<File>,
    columns: Vec<Column>,
    rows: usize,
    /// The turn to read for long, kept until the file is written.
    turn: OwnedSemaphorePermit,
}

/// A file, to be read from its beginning.
#[derive(Debug)]
pub struct Exported {
    /// Gone with its handle: it has no name.
    pub file: File,
    /// Its length.
    pub bytes: u64,
    /// Rows below the heading.
    pub rows: usize,
}

impl Exported {
    /// A file that is written, from its beginning.
    fn of(mut file: File, rows: usize) -> Result<Self, Error> {
        let bytes = file.seek(SeekFrom::End(0)).map_err(|error| unwritten(&error))?;
        file.seek(SeekFrom::Start(0)).map_err(|error| unwritten(&error))?;
        Ok(Self { file, bytes, rows })
    }
}

impl Export {
    /// Begins a file with its heading, once it is this export's turn.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub async fn begin(
        app: &App,
        scope: &Scope,
        table: Table,
        paper: Paper,
    ) -> Result<Self, Error> {
        let turn = app.long_read().await?;
        let entry = Entry::by(scope, Action::ExportMade, app.clock.wall()).about(table.name());
        let (columns, now) = (columns(table), app.clock.now());
        let heading =
            |column: &Column| table::Heading { title: column.title(), width: width(column) };
        let headings: Vec<_> = columns.iter().map(heading).collect();
        let made_at = local_date(now).and_time(local_time(now));
        let begun = blocking(move || {
            let file = tempfile::tempfile().map_err(|error| unwritten(&error))?;
            let begun = table::Table::begin(paper, table.title(), &headings, made_at, file);
            begun.map_err(|error| unwritten(&error))
        });
        let table = begun.await?;
        Ok(Self { app: app.clone(), entry, paper, table, columns, rows: 0, turn })
    }

    /// Refuses at once a list that is known to have too many rows.
    ///
    /// # Errors
    /// As [`Export::add`].
    pub fn expect_rows(&self, count: u64) -> Result<(), Error> {
        let fits = usize::try_from(count).is_ok_and(|count| count <= self.app.most_rows);
        if fits { Ok(()) } else { Err(self.app.too_many_rows()) }
    }

    /// Adds rows as the API shows them.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there are too many.
    pub async fn add(mut self, rows: Vec<Value>) -> Result<Self, Error> {
        self.rows += rows.len();
        if self.rows > self.app.most_rows {
            return Err(self.app.too_many_rows());
        }
        blocking(move || {
            for row in &rows {
                let cells: Vec<_> =
                    self.columns.iter().map(|column| cells::cell(row, column)).collect();
                self.table.add(&cells).map_err(|error| unwritten(&error))?;
            }
            Ok(self)
        })
        .await
    }

    /// Ends the file, and has it written down.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub async fn finish(self) -> Result<Exported, Error> {
        let Self { app, entry, paper, table, rows, turn, .. } = self;
        let exported = blocking(move || {
            let file = table.finish().map_err(|error: SheetError| unwritten(&error))?;
            drop(turn);
            Exported::of(file, rows)
        })
        .await?;
        let detail = json!({ "format": ending(paper), "rows": rows });
        audit::record_alone(&app, entry.with(detail)).await?;
        Ok(exported)
    }
}

fn ending(paper: Paper) -> &'static str {
    match paper {
        Paper::Delimited => "csv",
        Paper::Workbook => "xlsx",
    }
}

/// Files are written beside the threads that answer.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let stopped = |_panic| store::Error::Abandoned("the file's writer stopped");
    tokio::task::spawn_blocking(work).await.map_err(stopped)?
}

fn unwritten(error: &dyn std::fmt::Display) -> Error {
    store::Error::Unusable(format!("an export cannot be written: {error}")).into()
}

/// How wide a column is, in characters.
fn width(column: &Column) -> u16 {
    match column.form {
        Form::Text | Form::Texts | Form::Entries(_) => 24,
        Form::Instant => 18,
        Form::Number | Form::Share | Form::Date | Form::YesNo | Form::Word(_) => 12,
    }
}
