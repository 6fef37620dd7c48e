//! What becomes of each row.
//!
//! **Never** lets anything be written once a row was refused.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::Mode;
use crate::domain::holiday::Held;
use crate::domain::import::{Outcome, RowError};

/// So many refusals are told; a file with more is not read to its end.
const MOST_ERRORS: usize = 50_000;
/// Progress is told once in so many rows.
const EVERY: u32 = 1_000;

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many rows of the file are read.
    Read(u32),
    /// So many of so many rows are judged and, unless one was refused, written.
    Done(u32, u32),
}

/// Told how far an import is.
pub type Progress = Arc<dyn Fn(Step) + Send + Sync>;

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many rows were new.
    pub created: u32,
    /// How many changed something.
    pub updated: u32,
    /// How many changed nothing.
    pub unchanged: u32,
    /// What became, or would have become, of each good row, in the file's order.
    pub outcomes: Vec<(u32, Outcome)>,
    /// What is wrong with each bad row, in the file's order.
    pub errors: Vec<RowError>,
    /// What was not clear enough to be taken; the rest was.
    pub held: Vec<Held>,
    /// Rows below the heading.
    read: u32,
}

impl Report {
    /// True when nothing was imported because of bad rows.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Rows below the heading.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.read
    }
}

/// A report in the making.
#[derive(Clone)]
pub(super) struct Ledger {
    progress: Progress,
    mode: Mode,
    read: u32,
    outcomes: Vec<(u32, Outcome)>,
    errors: Vec<RowError>,
    held: Vec<Held>,
}

impl Ledger {
    pub(super) fn of(progress: Progress) -> Self {
        let (outcomes, errors, held) = (Vec::new(), Vec::new(), Vec::new());
        Self { progress, mode: Mode::Rehearse, read: 0, outcomes, errors, held }
    }

    /// The rows are read; now they are judged.
    pub(super) fn begin(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// True while there is something to write.
    pub(super) fn writes(&self) -> bool {
        self.mode == Mode::Apply && self.is_clean()
    }

    /// True while no row was refused.
    pub(super) fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// True when so much is wrong that the rest does not matter.
    pub(super) fn is_full(&self) -> bool {
        self.errors.len() >= MOST_ERRORS
    }

    /// A row was read.
    pub(super) fn read(&mut self) {
        self.read = self.read.saturating_add(1);
        if self.read.is_multiple_of(EVERY) {
            (self.progress)(Step::Read(self.read));
        }
    }

    /// A row is good.
    pub(super) fn done(&mut self, row: u32, outcome: Outcome) {
        self.outcomes.push((row, outcome));
        let done = u32::try_from(self.outcomes.len()).unwrap_or(u32::MAX);
        if done.is_multiple_of(EVERY) {
            (self.progress)(Step::Done(done, self.read));
        }
    }

    /// Somebody has to judge these.
    pub(super) fn hold(&mut self, held: &[Held]) {
        self.held.extend_from_slice(held);
    }

    /// A row is bad.
    pub(super) fn refuse(&mut self, error: RowError) {
        match self.errors.len() {
            MOST_ERRORS => {}
            last if last + 1 == MOST_ERRORS => {
                let message = "too much is wrong: the rest was not judged";
                self.errors.push(RowError::new(error.row, "", "too_many_errors", message));
            }
            _ => self.errors.push(error),
        }
    }

    /// Refuses a row whose key stands in an earlier row of the file; true when it is the first.
    pub(super) fn is_first<K: Eq + Hash>(
        &mut self,
        seen: &mut HashMap<K, u32>,
        key: K,
        row: (u32, &str),
    ) -> bool {
        let (number, column) = row;
        match seen.get(&key) {
            Some(first) => {
                let message = format!("this stands in row {first} already");
                self.refuse(RowError::new(number, column, "duplicate", message));
                false
            }
            None => {
                seen.insert(key, number);
                true
            }
        }
    }

    pub(super) fn report(mut self) -> Report {
        self.errors.sort_by_key(|error| error.row);
        self.outcomes.sort_by_key(|(row, _)| *row);
        let count = |wanted: Outcome| {
            let found = self.outcomes.iter().filter(|(_, outcome)| *outcome == wanted).count();
            u32::try_from(found).unwrap_or(u32::MAX)
        };
        let (mut created, mut updated) = (count(Outcome::Created), count(Outcome::Updated));
        let mut unchanged = count(Outcome::Unchanged);
        if !self.errors.is_empty() {
            (created, updated, unchanged) = (0, 0, 0);
        }
        let (outcomes, errors, held) = (self.outcomes, self.errors, self.held);
        Report { created, updated, unchanged, outcomes, errors, held, read: self.read }
    }
}
