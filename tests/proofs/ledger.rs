//! What the service has acknowledged, written down outside of it.
//!
//! **Never** counts an acknowledgement before it is on the disk here, too.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;

use super::people::Deed;

/// One acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) deed: Deed,
    /// The ticket's id.
    pub(crate) ticket: String,
    /// The mark of the request, which is its key, too.
    pub(crate) mark: String,
}

/// The acknowledgements of a run.
pub(crate) struct Ledger {
    file: Mutex<File>,
    entries: Mutex<Vec<Entry>>,
}

impl Ledger {
    /// An empty one in a folder.
    pub(crate) fn new(folder: &Path) -> Self {
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).open(folder.join("acknowledged.txt"));
        Self { file: Mutex::new(file.expect("a ledger")), entries: Mutex::default() }
    }

    /// Writes down what was acknowledged.
    pub(crate) fn write(&self, entry: Entry) {
        let line = format!("{} {} {}\n", entry.deed.event(), entry.ticket, entry.mark);
        {
            let mut file = self.file.lock().expect("one at a time");
            file.write_all(line.as_bytes()).expect("written");
            file.sync_data().expect("on disk");
        }
        self.entries.lock().expect("one at a time").push(entry);
    }

    /// Everything from a place on.
    pub(crate) fn since(&self, place: usize) -> Vec<Entry> {
        self.entries.lock().expect("one at a time").get(place..).unwrap_or_default().to_vec()
    }

    /// How much there is.
    pub(crate) fn len(&self) -> usize {
        self.entries.lock().expect("one at a time").len()
    }
}
