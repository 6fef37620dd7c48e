//! Opening a SQLite file, and making sure that it can be trusted with what is written.
//!
//! **Never** opens a file on a network: its locks and its write-ahead log need one machine.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement,
};

use super::{Access, backend_of, mount};
use crate::store::Error;

/// Below this a WAL database can be corrupted by a checkpoint at the wrong instant.
const OLDEST: (u32, u32, u32) = (3, 51, 3);
/// Settings of every connection, as SQLite says them: without one of these, what is written could
/// be lost or damaged.
const NEEDED: [(&str, &str); 6] = [
    ("journal_mode", "wal"),
    ("synchronous", "2"),
    ("foreign_keys", "1"),
    ("trusted_schema", "0"),
    ("cell_size_check", "1"),
    ("mmap_size", "0"),
];
/// Problems that a check of the file names, at most.
const MOST_PROBLEMS: u32 = 5;

/// The file of a SQLite URL, as it is written; `None` for PostgreSQL.
pub(in crate::store) fn file_of(url: &str) -> Result<Option<PathBuf>, Error> {
    if backend_of(url)? == DbBackend::Postgres {
        return Ok(None);
    }
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let path = path.split('?').next().unwrap_or_default();
    if path.is_empty() || path.contains(":memory:") {
        return Err(Error::Unusable(
            "SUPPLYLINE_DATABASE_URL must name a file: sqlite://path/to/supplyline.db".to_owned(),
        ));
    }
    Ok(Some(PathBuf::from(path)))
}

/// The file itself, where a link names it; a file that is not there yet, in its folder.
pub(in crate::store) fn resolved(file: &Path) -> PathBuf {
    if let Ok(found) = file.canonicalize() {
        return found;
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    match (folder.unwrap_or(Path::new(".")).canonicalize(), file.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        (_, _) => file.to_owned(),
    }
}

/// Opens the file with as many connections as its use needs.
pub(super) async fn open(url: &str, access: Access) -> Result<DatabaseConnection, Error> {
    let path = file_of(url)?.unwrap_or_default();
    check_file(&path)?;
    let opened = match Database::connect(options(path.clone(), access)).await {
        Ok(connection) => check(&connection).await.map(|()| connection),
        Err(error) => Err(error.into()),
    };
    match opened {
        Err(Error::Driver(error)) => Err(unusable(&path, &error)),
        opened => opened,
    }
}

fn unusable(path: &Path, problem: &dyn std::fmt::Display) -> Error {
    Error::Unusable(format!(
        "SUPPLYLINE_DATABASE_URL: {} cannot be used: {problem}",
        path.display()
    ))
}

fn check_file(path: &Path) -> Result<(), Error> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
        && !folder.is_dir()
    {
        let folder = folder.display();
        return Err(Error::Unusable(format!(
            "SUPPLYLINE_DATABASE_URL: the folder {folder} does not exist"
        )));
    }
    // SQLite itself would open what it may not write for reading, and fail at the first write.
    let opened: Result<Option<File>, _> = match path.try_exists() {
        Ok(true) => OpenOptions::new().read(true).write(true).open(path).map(Some),
        Ok(false) => Ok(None),
        Err(error) => Err(error),
    };
    opened.map_err(|error| unusable(path, &format!("it cannot be written to: {error}")))?;
    match mount::network_of(&resolved(path)) {
        Some(kind) => Err(unusable(
            path,
            &format!("it lies on a network file system ({kind}), where SQLite loses data"),
        )),
        None => Ok(()),
    }
}

fn options(path: PathBuf, access: Access) -> ConnectOptions {
    let mut options = ConnectOptions::new("sqlite://");
    let connections = if access == Access::Write { 1 } else { 4 };
    options.max_connections(connections).min_connections(1).sqlx_logging(false);
    options.acquire_timeout(Duration::from_secs(15)).test_before_acquire(false);
    options.map_sqlx_sqlite_opts(move |options| settings(options.filename(&path), access));
    options
}

fn settings(options: SqliteConnectOptions, access: Access) -> SqliteConnectOptions {
    options
        .create_if_missing(access == Access::Write)
        .busy_timeout(Duration::from_secs(10))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("mmap_size", "0")
        // A large transaction of the only writer would otherwise write the same pages again and
        // again before its end.
        .pragma("cache_size", if access == Access::Read { "-16384" } else { "-65536" })
        .pragma("journal_size_limit", "67108864")
        .pragma("wal_autocheckpoint", "8000")
        // What a failed statement has to put back, which is little.
        .pragma("temp_store", if access == Access::Read { "DEFAULT" } else { "MEMORY" })
        .row_buffer_size(512)
        .pragma("query_only", if access == Access::Read { "ON" } else { "OFF" })
        .statement_cache_capacity(256)
}

/// The first column of what a statement gives, as text.
async fn told(connection: &DatabaseConnection, sql: &str) -> Result<Vec<String>, Error> {
    let query = Statement::from_string(DbBackend::Sqlite, sql);
    let rows = connection.query_all_raw(query).await?;
    let text = |row: &sea_orm::QueryResult| {
        let number = || row.try_get_by_index::<i64>(0).map(|number| number.to_string());
        row.try_get_by_index::<String>(0).or_else(|_not_text| number())
    };
    Ok(rows.iter().map(text).collect::<Result<_, _>>()?)
}

async fn check(connection: &DatabaseConnection) -> Result<(), Error> {
    let version = told(connection, "select sqlite_version()").await?.pop().unwrap_or_default();
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    if (part(), part(), part()) < OLDEST {
        return Err(Error::Unusable(format!(
            "SQLite {version} can corrupt its write-ahead log; 3.51.3 or later is needed"
        )));
    }
    for (name, needed) in NEEDED {
        // Compiled without mapped files, it has nothing to say about them.
        let found = told(connection, &format!("pragma {name}")).await?.pop();
        if found.as_ref().is_some_and(|found| found != needed)
            || found.is_none() && name != "mmap_size"
        {
            return Err(Error::Unusable(format!(
                "SUPPLYLINE_DATABASE_URL: SQLite cannot be set as data needs it: {name} is {}",
                found.as_deref().unwrap_or("unknown")
            )));
        }
    }
    Ok(())
}

/// What is wrong with the file, page by page; empty when it is sound.
pub(super) async fn problems(connection: &DatabaseConnection) -> Result<Vec<String>, Error> {
    let mut said = told(connection, &format!("pragma quick_check({MOST_PROBLEMS})")).await?;
    said.retain(|line| line != "ok");
    Ok(said)
}
