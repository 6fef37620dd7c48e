//! One process per SQLite file: its write-ahead log and our queue of writers expect it.
//!
//! The lock is the operating system's and ends with the process, however that ends; the file
//! `….lock` beside the database stays. It names the process that has it. A clean end takes the name
//! away, so that a name whose process is gone says that the last end was not clean.
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
    file: Option<File>,
    /// The last end was not clean, and the database was not found sound since.
    is_doubtful: bool,
}

impl Lock {
    /// Takes the lock of the database of a URL.
    ///
    /// # Errors
    /// [`Error::Unusable`] with the holder's process id when another process has it.
    pub fn take(url: &str) -> Result<Self, Error> {
        let Some(database) = file_of(url)? else {
            return Ok(Self { file: None, is_doubtful: false });
        };
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
        let is_doubtful = file.metadata().is_ok_and(|about| about.len() > 0);
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(|error| unusable(&path, &error))?;
        Ok(Self { file: Some(file), is_doubtful })
    }

    /// True when whoever had it last did not end cleanly, as when it was killed or the machine
    /// stopped.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// The database was found sound.
    pub fn settle(&mut self) {
        self.is_doubtful = false;
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Where it fails, the next start only looks once more.
        if let Some(file) = self.file.as_ref().filter(|_| !self.is_doubtful) {
            drop(file.set_len(0));
        }
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
