//! A copy of a SQLite database, at rest in a file of its own: made of one in use, looked
//! through, made ready to take its place.
//!
//! **Never** the database that is in use: nobody else has the file open.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, EntityTrait,
    QueryResult, Statement,
};

use super::file_of;
use crate::domain::hold::Hold;
use crate::domain::id::AttachmentId;
use crate::store::row::Place;
use crate::store::{Error, hold};

/// The full-text index and its insides: they hold nothing that the tickets do not.
const INDEX: &str = "ticket_search";

/// A file that a row of a copy names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// Its id, which is its name.
    pub id: AttachmentId,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in lower-case hex.
    pub hash: String,
}

/// A copy of a SQLite database.
pub struct Copy {
    connection: DatabaseConnection,
}

impl Copy {
    /// Copies the database of a URL, which may be in use, into a new file: one moment of it, as
    /// its readers see it.
    ///
    /// # Errors
    /// [`Error::Unusable`] where there is no SQLite database, [`Error::Driver`].
    pub async fn of(url: &str, into: &Path) -> Result<Self, Error> {
        let source = file_of(url)?.ok_or_else(no_file)?;
        if !source.is_file() {
            let source = source.display();
            return Err(Error::Unusable(format!(
                "SUPPLYLINE_DATABASE_URL: there is no database {source}"
            )));
        }
        let reader = connect(&source, None).await?;
        let target = into.to_string_lossy().into_owned();
        let copied =
            Statement::from_sql_and_values(DbBackend::Sqlite, "vacuum into ?", [target.into()]);
        reader.execute_raw(copied).await?;
        reader.close().await?;
        let copy = Self::open(into).await?;
        copy.rebuild_index().await?;
        Ok(copy)
    }

    /// Opens a copy.
    ///
    /// # Errors
    /// [`Error::Driver`].
    pub async fn open(file: &Path) -> Result<Self, Error> {
        Ok(Self { connection: connect(file, Some(SqliteJournalMode::Delete)).await? })
    }

    /// Closes the file, which then stands alone.
    ///
    /// # Errors
    /// [`Error::Driver`].
    pub async fn close(self) -> Result<(), Error> {
        Ok(self.connection.close().await?)
    }

    /// The index names tickets by the number of their row, and copying may number rows anew.
    async fn rebuild_index(&self) -> Result<(), Error> {
        if self.tables().await?.contains(INDEX) {
            self.run("insert into ticket_search(ticket_search) values ('rebuild')").await?;
        }
        Ok(())
    }

    /// Looks through every page, every reference between tables and the full-text index.
    ///
    /// # Errors
    /// [`Error::Unusable`] saying what is damaged.
    pub async fn check(&self) -> Result<(), Error> {
        let damaged = |what: &str| Error::Unusable(format!("the database is damaged: {what}"));
        let pages = self.texts("select integrity_check from pragma_integrity_check").await;
        let pages = pages.map_err(|error| damaged(&error.to_string()))?;
        if pages != ["ok"] {
            return Err(damaged(&pages.join("; ")));
        }
        let lost = self.texts("select distinct \"table\" from pragma_foreign_key_check").await?;
        if !lost.is_empty() {
            return Err(damaged(&format!(
                "rows of {} name rows that are not there",
                lost.join(", ")
            )));
        }
        if self.tables().await?.contains(INDEX) {
            let check =
                "insert into ticket_search(ticket_search, rank) values ('integrity-check', 1)";
            self.run(check).await.map_err(|error| damaged(&format!("its index: {error}")))?;
        }
        Ok(())
    }

    /// How many rows each table has.
    ///
    /// # Errors
    /// [`Error::Driver`].
    pub async fn counts(&self) -> Result<BTreeMap<String, u64>, Error> {
        let mut counts = BTreeMap::new();
        for table in self.tables().await?.into_iter().filter(|table| !table.starts_with(INDEX)) {
            let name = table.replace('"', "\"\"");
            let count = format!("select cast(count(*) as text) from \"{name}\"");
            let count = self.texts(&count).await?.pop().unwrap_or_default();
            let place = Place { table: "sqlite_schema", id: &table };
            let count = count.parse().map_err(|error| place.corrupt("rows", &error))?;
            counts.insert(table, count);
        }
        Ok(counts)
    }

    /// The steps by which its tables came to be, oldest first.
    ///
    /// # Errors
    /// [`Error::Driver`].
    pub async fn schema(&self) -> Result<Vec<String>, Error> {
        if !self.tables().await?.contains("seaql_migrations") {
            return Ok(Vec::new());
        }
        self.texts("select version from seaql_migrations order by version").await
    }

    /// The files that its rows name.
    ///
    /// # Errors
    /// [`Error`] when the database fails or a row is corrupt.
    pub async fn files(&self) -> Result<Vec<KeptFile>, Error> {
        if !self.tables().await?.contains("attachment") {
            return Ok(Vec::new());
        }
        let rows = entity::attachment::Entity::find().all(&self.connection).await?;
        let file = |row: entity::attachment::Model| {
            let place = Place { table: "attachment", id: &row.id };
            let bytes = place.number("bytes", row.bytes)?;
            Ok(KeptFile { id: AttachmentId(row.id), bytes, hash: row.hash })
        };
        rows.into_iter().map(file).collect()
    }

    /// Brings the copy up to date, and makes sure that it holds our tables and nothing that
    /// would run by itself but what is ours.
    ///
    /// # Errors
    /// [`Error::Unusable`] when it is newer than this program, or holds something foreign.
    pub async fn migrate(&self) -> Result<(), Error> {
        let known: BTreeSet<String> =
            Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
        let newer = self.schema().await?.into_iter().find(|step| !known.contains(step));
        if let Some(step) = newer {
            return Err(Error::Unusable(format!(
                "it was made by a newer version: this program does not know the step {step}"
            )));
        }
        Migrator::up(&self.connection, None).await?;
        let folder = tempfile::tempdir().map_err(|error| Error::Unusable(error.to_string()))?;
        let fresh = folder.path().join("fresh.db");
        std::fs::File::create_new(&fresh).map_err(|error| Error::Unusable(error.to_string()))?;
        let fresh = Self::open(&fresh).await?;
        Migrator::up(&fresh.connection, None).await?;
        let (own, wanted) = (self.objects().await?, fresh.objects().await?);
        fresh.close().await?;
        match own.symmetric_difference(&wanted).next() {
            None => Ok(()),
            Some(other) => {
                Err(Error::Unusable(format!("its tables are not this program's: {other}")))
            }
        }
    }

    /// Every object of the schema by kind and name; what runs by itself with its text.
    async fn objects(&self) -> Result<BTreeSet<String>, Error> {
        let all = "select type || ' ' || name || case when type in ('trigger', 'view') \
             then ' ' || sql else '' end from sqlite_schema where name not like 'sqlite_%'";
        Ok(self.texts(all).await?.into_iter().collect())
    }

    /// Makes the copy ready to be used: on hold, with nobody signed in, because who signed out
    /// since is signed in again in it, and with no delivery in the hands of a process that is
    /// gone.
    ///
    /// # Errors
    /// [`Error::Driver`].
    pub async fn prepare(&self, on: &Hold) -> Result<(), Error> {
        self.rebuild_index().await?;
        hold::end(&self.connection).await?;
        hold::begin(&self.connection, on).await?;
        self.run("delete from session").await?;
        self.run("update delivery set claimed_by = null, claimed_until = null").await
    }

    async fn tables(&self) -> Result<BTreeSet<String>, Error> {
        let names =
            "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'";
        Ok(self.texts(names).await?.into_iter().collect())
    }

    async fn run(&self, sql: &str) -> Result<(), Error> {
        self.connection.execute_unprepared(sql).await?;
        Ok(())
    }

    async fn texts(&self, sql: &str) -> Result<Vec<String>, Error> {
        let rows = Statement::from_string(DbBackend::Sqlite, sql);
        let rows: Vec<QueryResult> = self.connection.query_all_raw(rows).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }
}

/// True when the database of a URL is not there, or holds nobody and nothing.
///
/// # Errors
/// [`Error::Unusable`] for a file that is no database.
pub async fn is_vacant(url: &str) -> Result<bool, Error> {
    let file = file_of(url)?.ok_or_else(no_file)?;
    match std::fs::metadata(&file) {
        Ok(found) if found.is_file() && found.len() == 0 => return Ok(true),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(Error::Unusable(format!("{}: {error}", file.display()))),
    }
    let copy = Copy { connection: connect(&file, None).await? };
    let counts = copy.counts().await;
    copy.close().await?;
    let counts = counts.map_err(|error| {
        Error::Unusable(format!("{} is no database of this program: {error}", file.display()))
    })?;
    Ok(counts.iter().all(|(table, rows)| *rows == 0 || SEEDED.contains(&table.as_str())))
}

fn no_file() -> Error {
    Error::Unusable("SUPPLYLINE_DATABASE_URL: this is not a SQLite database".to_owned())
}

async fn connect(
    file: &Path,
    journal: Option<SqliteJournalMode>,
) -> Result<DatabaseConnection, Error> {
    let mut options = ConnectOptions::new("sqlite://");
    options.max_connections(1).min_connections(1).sqlx_logging(false);
    let file = file.to_owned();
    options.map_sqlx_sqlite_opts(move |options| {
        let options = options
            .filename(&file)
            .create_if_missing(false)
            .busy_timeout(std::time::Duration::from_secs(10))
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON")
            .pragma("mmap_size", "0");
        match journal {
            Some(mode) => options.journal_mode(mode),
            None => options,
        }
    });
    Ok(Database::connect(options).await?)
}

/// What is there after a start, before anybody came.
const SEEDED: [&str; 8] = [
    "seaql_migrations",
    "setting",
    "calendar",
    "calendar_year",
    "calendar_day",
    "division",
    "policy",
    "tick",
];
