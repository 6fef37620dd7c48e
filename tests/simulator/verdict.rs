//! What must be true at the end of a run.
//!
//! **Never** trusts a count that the run kept of itself where what is stored can be counted.

use std::collections::{BTreeMap, BTreeSet};

use supplyline::domain::ticket::{DeadlineKind, DeadlineStatus, EventData};

use super::oracle;
use super::replay;
use super::sim::Sim;
use super::store::{Fate, NoticeKey, Row, What};
use super::world::not_before;

impl Sim {
    /// Looks at everything that is stored; what must not be becomes a violation.
    pub(crate) fn judge(&mut self) {
        self.figures.runs += 1;
        self.figures.tickets += u64::try_from(self.store.rows.len()).expect("few");
        let mut found = Vec::new();
        let mut caused = BTreeSet::new();
        for (index, row) in &self.store.rows {
            let mut wrong = |what: String| found.push((*index, what));
            timeline(row).into_iter().for_each(&mut wrong);
            deadlines(row).into_iter().for_each(&mut wrong);
            match replay::serially(*index, row, &self.world) {
                Ok(keys) => caused.extend(keys),
                Err(what) => wrong(what),
            }
            if let Some(opinion) = oracle::opinion(row, &self.world) {
                self.figures.by_oracle += 1;
                let record = oracle::on_record(&row.ticket);
                if opinion != record {
                    wrong(format!("the naive oracle says {opinion:?}, on record is {record:?}"));
                }
            }
            match replay::undisturbed(*index, row, &self.world) {
                Ok(Some(is_whole)) => {
                    self.figures.like_ideal += 1;
                    self.figures.like_ideal_in_all += u64::from(is_whole);
                }
                Ok(None) => {}
                Err(what) => wrong(what),
            }
            let is_missed =
                |d: &&supplyline::domain::ticket::Deadline| d.status == DeadlineStatus::Missed;
            let missed = row.ticket.deadlines.iter().filter(is_missed).count();
            self.figures.missed += u64::try_from(missed).expect("few");
            self.figures.rungs += u64::try_from(row.ticket.escalations.len()).expect("few");
        }
        self.violations.append(&mut found);
        self.judge_notices(&caused);
        self.judge_letters();
        self.judge_requests();
        self.judge_timers();
    }

    /// Every notice that was caused is in the outbox, and no other.
    fn judge_notices(&mut self, caused: &BTreeSet<NoticeKey>) {
        let kept: BTreeSet<NoticeKey> = self.store.notices().copied().collect();
        self.figures.notices += u64::try_from(kept.len()).expect("few");
        if let Some(lost) = caused.difference(&kept).next() {
            self.violated(
                lost.0,
                format!("a notice was caused and is not in the outbox: {lost:?}"),
            );
        }
        if let Some(surplus) = kept.difference(caused).next() {
            self.violated(surplus.0, format!("nothing caused this notice: {surplus:?}"));
        }
    }

    fn judge_letters(&mut self) {
        let mut found = Vec::new();
        for (id, letter) in self.store.letters.iter().enumerate() {
            let is_sent = letter.fate == Fate::Sent;
            self.figures.letters += 1;
            self.figures.taken += u64::from(letter.taken > 0);
            self.figures.dead += u64::from(letter.fate == Fate::Dead);
            self.figures.repeats += u64::from(letter.taken.saturating_sub(1));
            if letter.taken != letter.excused + u32::from(is_sent) {
                found.push((letter.ticket, format!(
                    "letter {id} was taken {} times: {} of them are explained, and it is marked {:?}",
                    letter.taken, letter.excused, letter.fate
                )));
            }
            if letter.fate == Fate::Queued {
                let waited = self.health.between(not_before(letter.due_at), self.now);
                // A lease, and what was under way before it.
                if waited > 10 * self.figures.bound {
                    found.push((
                        letter.ticket,
                        format!("letter {id} waits, due at {}", letter.due_at),
                    ));
                }
            }
        }
        self.violations.append(&mut found);
    }

    /// What was acknowledged is there, once.
    fn judge_requests(&mut self) {
        let mut found = Vec::new();
        for (index, client) in self.clients.iter().enumerate() {
            let mut done: BTreeMap<u32, u32> = BTreeMap::new();
            for op in self.store.rows.get(&index).map_or(&[][..], |row| &row.log) {
                match op.what {
                    What::Filed => *done.entry(0).or_default() += 1,
                    What::Acted { key, .. } => *done.entry(key).or_default() += 1,
                    What::Swept | What::Replanned { .. } => {}
                }
            }
            let lost = client.acknowledged.iter().find(|key| !done.contains_key(key));
            found.extend(
                lost.map(|key| (index, format!("request {key} was acknowledged and is lost"))),
            );
            let twice = done.iter().find(|(_, count)| **count > 1);
            found.extend(twice.map(|(key, _)| (index, format!("request {key} was done twice"))));
        }
        self.violations.append(&mut found);
    }

    /// Nothing that is due was left.
    fn judge_timers(&mut self) {
        let Some((due, index)) = self.store.timers.first().copied() else { return };
        let seen = not_before(due).max(self.store.row(index).written);
        if self.health.between(seen, self.now) > self.figures.bound {
            self.violated(index, format!("what was due at {due} never fired"));
        }
    }
}

fn timeline(row: &Row) -> Option<String> {
    let sequence: Vec<u32> = row.events.iter().map(|event| event.sequence).collect();
    let expected: Vec<u32> = (1..=row.ticket.events).collect();
    if sequence != expected {
        return Some(format!("the timeline has gaps or repeats: {sequence:?}"));
    }
    let rungs: BTreeSet<_> = row.ticket.escalations.iter().map(|e| (e.round, e.level)).collect();
    let entered =
        row.events.iter().filter(|e| matches!(e.data, EventData::Escalated { .. })).count();
    if rungs.len() != row.ticket.escalations.len() || entered != rungs.len() {
        return Some(format!("{entered} rungs were entered, and these are different: {rungs:?}"));
    }
    for event in &row.events {
        match &event.data {
            EventData::Missed { missed_at, .. } if event.at < *missed_at => {
                return Some(format!("missed at {} what was due at {missed_at}", event.at));
            }
            EventData::Warned { due_at, .. } if event.at >= *due_at => {
                return Some(format!("warned at {} of what was due at {due_at}", event.at));
            }
            _ => {}
        }
    }
    None
}

/// Each deadline is missed once or not at all, at the instant when it was due.
fn deadlines(row: &Row) -> Option<String> {
    let is_replanned =
        row.log.iter().any(|op| matches!(op.what, What::Replanned { changed: true, .. }));
    let told = |kind: DeadlineKind| kind != DeadlineKind::Confirm;
    let mut fired = Vec::new();
    for event in &row.events {
        if let EventData::Missed { deadlines, missed_at, .. } = &event.data {
            let missed_at = (!is_replanned).then_some(*missed_at);
            fired.extend(deadlines.iter().map(|kind| (*kind, missed_at)));
        }
    }
    let is_missed = |status| matches!(status, DeadlineStatus::Missed | DeadlineStatus::Waived);
    let missed = row.ticket.deadlines.iter().filter(|d| is_missed(d.status) && told(d.kind));
    let mut missed: Vec<_> =
        missed.map(|d| (d.kind, (!is_replanned).then_some(d.due_at))).collect();
    fired.sort_unstable();
    missed.sort_unstable();
    (fired != missed).then(|| format!("missed are {missed:?}, and told of were {fired:?}"))
}
