//! Whether a chain is whole: every signature reckoned anew, and what was written down elsewhere
//! held against it.
//!
//! Entries come one by one, in the order of their numbers, so that a chain of any length is
//! verified in little memory.
//!
//! **Never** stops at the first finding, and never keeps more than was asked for.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::chain::{Anchor, Beginning, Checkpoint, Head, Keyring, Occasion, Record, Signature};

/// An id tells when it was made; an entry that says something else by more than this was moved
/// in time.
const ADRIFT: TimeDelta = TimeDelta::minutes(10);

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// An entry does not say what was signed.
    Edited,
    /// The same, and it is its time that was changed.
    Restamped,
    /// Entries are gone from the middle, or from the front.
    Missing,
    /// An entry was not written by the service.
    Inserted,
    /// An entry does not stand where it was linked.
    Swapped,
    /// Entries are gone from the end.
    CutTail,
    /// The chain is another one than the one of which checkpoints were taken.
    RolledBack,
    /// Something was signed with a key that is not known.
    WrongKey,
    /// The place where the chain begins was not signed by the service.
    Beginning,
    /// A line of the checkpoints was not written by the service.
    Checkpoint,
    /// A row cannot even be read.
    Unreadable,
}

impl Fault {
    /// Every fault, for tables and tests.
    pub const ALL: [Self; 11] = [
        Self::Edited,
        Self::Restamped,
        Self::Missing,
        Self::Inserted,
        Self::Swapped,
        Self::CutTail,
        Self::RolledBack,
        Self::WrongKey,
        Self::Beginning,
        Self::Checkpoint,
        Self::Unreadable,
    ];

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Restamped => "restamped",
            Self::Missing => "missing",
            Self::Inserted => "inserted",
            Self::Swapped => "swapped",
            Self::CutTail => "cut_tail",
            Self::RolledBack => "rolled_back",
            Self::WrongKey => "wrong_key",
            Self::Beginning => "beginning",
            Self::Checkpoint => "checkpoint",
            Self::Unreadable => "unreadable",
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What.
    pub fault: Fault,
    /// From which number of the chain, or line of the checkpoints; none for what has no number.
    pub from: Option<i64>,
    /// To which number.
    pub to: Option<i64>,
    /// The entry, where it is one.
    pub entry: Option<Uuid>,
    /// The key's name, where it is about one.
    pub key: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Entries in the chain that were looked at.
    pub entries: u64,
    /// Entries that are signed and wait to be linked.
    pub pending: u64,
    /// Entries that were kept long enough, and removed.
    pub removed: i64,
    /// The last number; 0 for an empty chain.
    pub head: i64,
    /// The head's link.
    pub link: String,
    /// Checkpoints that were held against the chain.
    pub checkpoints: u64,
    /// Checkpoints of a past that a restore has given up.
    pub given_up: u64,
    /// The number and time of the last checkpoint.
    pub last_checkpoint: Option<(i64, String)>,
    /// The first findings.
    pub findings: Vec<Finding>,
    /// Findings that are not listed.
    pub more: u64,
}

impl Report {
    /// True when nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty() && self.more == 0
    }
}

/// A verification under way.
#[derive(Debug)]
pub struct Verifier {
    ring: Keyring,
    most: usize,
    /// Where the chain begins; none where nothing says so.
    start: Option<Head>,
    /// The last entry looked at.
    last: Option<Head>,
    /// What checkpoints say of numbers that were not looked at yet.
    expected: BTreeMap<i64, String>,
    strange: BTreeMap<String, Option<i64>>,
    report: Report,
}

impl Verifier {
    /// Begins: with the keys, the anchors, the lines of the checkpoints in their order, and how
    /// many findings are to be listed.
    #[must_use]
    pub fn new(
        ring: Keyring,
        anchors: &[Anchor],
        lines: impl IntoIterator<Item = String>,
        most: usize,
    ) -> Self {
        let mut verifier = Self {
            ring,
            most,
            start: None,
            last: None,
            expected: BTreeMap::new(),
            strange: BTreeMap::new(),
            report: Report::default(),
        };
        verifier.anchors(anchors);
        verifier.checkpoints(lines);
        verifier
    }

    /// Begins with a part of a chain, which follows this link: as it was exported.
    #[must_use]
    pub fn of_part(ring: Keyring, before: Head, most: usize) -> Self {
        let verifier = Self::new(ring, &[], [], most);
        Self { last: Some(before.clone()), start: Some(before), ..verifier }
    }

    fn found(&mut self, fault: Fault, span: (Option<i64>, Option<i64>), entry: Option<Uuid>) {
        self.list(Finding { fault, from: span.0, to: span.1, entry, key: None });
    }

    fn list(&mut self, finding: Finding) {
        if self.report.findings.len() < self.most {
            self.report.findings.push(finding);
        } else {
            self.report.more += 1;
        }
    }

    fn anchors(&mut self, anchors: &[Anchor]) {
        for anchor in anchors {
            match anchor.check(&self.ring) {
                Signature::Right => {
                    if self.start.as_ref().is_none_or(|start| anchor.seq >= start.seq) {
                        self.start = Some(anchor.head());
                    }
                    if anchor.kind == Beginning::Trimmed {
                        self.report.removed += anchor.entries;
                    }
                }
                Signature::Wrong => {
                    self.found(Fault::Beginning, (Some(anchor.seq), None), None);
                }
                Signature::Strange(key) => self.is_strange(key, anchor.seq),
            }
        }
        self.last.clone_from(&self.start);
    }

    fn is_strange(&mut self, key: String, seq: i64) {
        self.strange.entry(key).or_insert(Some(seq));
    }

    fn checkpoints(&mut self, lines: impl IntoIterator<Item = String>) {
        let mut taken = Vec::new();
        for (number, line) in (1_i64..).zip(lines) {
            let Some(checkpoint) = Checkpoint::parse(&line) else {
                self.found(Fault::Checkpoint, (Some(number), None), None);
                continue;
            };
            match checkpoint.check(&self.ring) {
                Signature::Right => taken.push(checkpoint),
                Signature::Wrong => self.found(Fault::Checkpoint, (Some(number), None), None),
                Signature::Strange(key) => self.is_strange(key, checkpoint.seq),
            }
        }
        let last = taken.last().map(|last| (last.seq, last.at.clone()));
        self.report.last_checkpoint = last;
        // From the last to the first: a restore gives up what was ahead of it before.
        let mut ahead = i64::MAX;
        for checkpoint in taken.into_iter().rev() {
            let seq = checkpoint.seq;
            if seq > ahead {
                self.report.given_up += 1;
                continue;
            }
            self.report.checkpoints += 1;
            match self.expected.get(&seq) {
                Some(link) if *link != checkpoint.link => {
                    self.found(Fault::RolledBack, (Some(seq), None), None);
                }
                Some(_) => {}
                None => drop(self.expected.insert(seq, checkpoint.link)),
            }
            if checkpoint.kind == Occasion::Restored {
                ahead = seq;
            }
        }
        self.removed_ones();
    }

    /// Of what was removed nothing is left to be held against, but for its end.
    fn removed_ones(&mut self) {
        let Some(start) = self.start.clone() else { return };
        let kept = self.expected.split_off(&start.seq);
        self.expected = kept;
        if self.expected.remove(&start.seq).is_some_and(|link| link != start.link) {
            self.found(Fault::RolledBack, (Some(start.seq), None), None);
        }
    }

    /// Looks at the next entry of the chain.
    pub fn entry(&mut self, record: &Record) {
        let Some(seq) = record.seq else { return self.pending(record) };
        self.report.entries += 1;
        let id = Some(record.id);
        let first = self.last.as_ref().map_or(1, |last| last.seq.saturating_add(1));
        if seq < first {
            return self.found(Fault::Inserted, (Some(seq), None), id);
        }
        if seq > first {
            self.found(Fault::Missing, (Some(first), Some(seq - 1)), None);
        }
        let before = self.last.take().filter(|_| seq == first).map(|last| last.link);
        let content = record.content(&self.ring);
        // After a gap nobody knows what it was linked to.
        let linked = before.map(|before| record.linked(&self.ring, &before));
        self.judge(record, seq, content, linked);
        let link = record.link.clone().unwrap_or_default();
        let other = |expected: String| expected != link;
        if self.expected.remove(&seq).is_some_and(other) {
            self.found(Fault::RolledBack, (Some(seq), None), id);
        }
        self.last = Some(Head { seq, link });
    }

    fn judge(&mut self, record: &Record, seq: i64, content: Signature, linked: Option<Signature>) {
        let is_linked = match linked {
            None | Some(Signature::Right) => true,
            Some(Signature::Wrong) => false,
            Some(Signature::Strange(key)) => {
                self.is_strange(key, seq);
                true
            }
        };
        let fault = match content {
            Signature::Right if is_linked => return,
            Signature::Right => Fault::Swapped,
            Signature::Wrong if !is_linked || record.mac.is_none() => Fault::Inserted,
            Signature::Wrong => edited(record),
            Signature::Strange(key) => return self.is_strange(key, seq),
        };
        self.found(fault, (Some(seq), None), Some(record.id));
    }

    /// Looks at an entry that is not linked yet.
    pub fn pending(&mut self, record: &Record) {
        self.report.pending += 1;
        match record.content(&self.ring) {
            Signature::Right => {}
            Signature::Wrong if record.mac.is_none() => {
                self.found(Fault::Inserted, (None, None), Some(record.id));
            }
            Signature::Wrong => self.found(edited(record), (None, None), Some(record.id)),
            Signature::Strange(key) => drop(self.strange.entry(key).or_insert(None)),
        }
    }

    /// Notes a row that cannot be read, after the last one that was.
    pub fn unreadable(&mut self) {
        let next = self.last.as_ref().map(|last| last.seq.saturating_add(1));
        self.found(Fault::Unreadable, (next, None), None);
    }

    /// Ends: what is left must be explained.
    #[must_use]
    pub fn finish(mut self) -> Report {
        let head = self.last.take().unwrap_or(Head { seq: 0, link: String::new() });
        if self.start.is_none() && self.report.entries > 0 && self.strange.is_empty() {
            self.found(Fault::Beginning, (None, None), None);
        }
        let ahead = self.expected.split_off(&head.seq.saturating_add(1));
        if let Some((last, _)) = ahead.last_key_value() {
            self.found(Fault::CutTail, (Some(head.seq + 1), Some(*last)), None);
        }
        for (key, seq) in std::mem::take(&mut self.strange) {
            let fault = Fault::WrongKey;
            self.list(Finding { fault, from: seq, to: None, entry: None, key: Some(key) });
        }
        self.report.head = head.seq;
        self.report.link = head.link;
        self.report
    }
}

/// How many of these entries, the first after `start`, were written before an instant and are
/// what they were: those may be removed. Gives the last of them, too.
#[must_use]
pub fn removable(
    ring: &Keyring,
    start: &Head,
    records: &[Record],
    before: DateTime<Utc>,
) -> (Head, usize) {
    let mut head = start.clone();
    for (count, record) in records.iter().enumerate() {
        let is_whole = record.seq == Some(head.seq + 1)
            && record.content(ring) == Signature::Right
            && record.linked(ring, &head.link) == Signature::Right;
        match (&record.link, record.seq) {
            (Some(link), Some(seq)) if is_whole && record.at < before => {
                head = Head { seq, link: link.clone() };
            }
            (_, _) => return (head, count),
        }
    }
    (head, records.len())
}

/// Whether it was the time that was changed.
fn edited(record: &Record) -> Fault {
    let made = record.id.get_timestamp().map(|made| made.to_unix().0);
    let made = made.and_then(|seconds| i64::try_from(seconds).ok());
    let made = made.and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
    match made {
        Some(made) if (record.at - made).abs() > ADRIFT => Fault::Restamped,
        Some(_) | None => Fault::Edited,
    }
}

#[cfg(test)]
mod tests;
