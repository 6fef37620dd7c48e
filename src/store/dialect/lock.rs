//! One process per SQLite file: its write-ahead log and our queue of writers expect it.
//!
//! The lock is the operating system's and ends with the process, however that ends; the file
//! `….lock` beside the database stays and says who had it last.
//!
//! **Never** breaks somebody else's.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::{file_of, resolved};
use crate::store::Error;

/// A database that this process has to itself, until it is dropped. PostgreSQL's is shared.
#[derive(Debug)]
#[must_use = "the lock ends when it is dropped"]
pub struct Lock {
    _file: Option<File>,
}

impl Lock {
    /// Takes the lock of the database of a URL.
    ///
    /// # Errors
    /// [`Error::Unusable`] with the holder's process id when another process has it.
    pub fn take(url: &str) -> Result<Self, Error> {
        let Some(database) = file_of(url)? else { return Ok(Self { _file: None }) };
        let path = beside(&resolved(&database));
        let mut file = open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Unusable(format!(
                    "SUPPLYLINE_DATABASE_URL: {} is in use by {}; a SQLite database serves one \
                     process at a time",
                    database.display(),
                    holder(&mut file)
                )));
            }
            Err(TryLockError::Error(error)) => return Err(unusable(&path, &error)),
        }
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(|error| unusable(&path, &error))?;
        Ok(Self { _file: Some(file) })
    }
}

fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn open(path: &Path) -> Result<File, Error> {
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    opened.map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> Error {
    Error::Unusable(format!(
        "SUPPLYLINE_DATABASE_URL: the lock {} cannot be taken: {error}",
        path.display()
    ))
}

/// Who has it, as they wrote; they may be about to.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    match read.ok().and_then(|_| text.trim().parse::<u32>().ok()) {
        Some(process) => format!("process {process}"),
        None => "another process".to_owned(),
    }
}
