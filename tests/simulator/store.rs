//! A model of the durable store: what is committed, with the guards that the real one has.
//!
//! **Never** forgets what was committed, and never holds what was not.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use supplyline::domain::hold::Hold;
use supplyline::domain::notice::{Channel, Kind};
use supplyline::domain::party::Level;
use supplyline::domain::ticket::{Act, Change, Event, Ticket, wake_at};

use super::fault::Fault;
use super::world::{Ms, Person};

/// A notice as it goes into the outbox.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) event: u32,
    pub(crate) kind: Kind,
    pub(crate) to: Person,
    pub(crate) at: DateTime<Utc>,
    pub(crate) ways: Vec<Channel>,
    pub(crate) leaves_at: DateTime<Utc>,
    pub(crate) emergency: bool,
}

/// The key that the outbox holds once.
pub(crate) type NoticeKey = (usize, u32, Kind, Person);

/// What changed a ticket.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Filed,
    Swept,
    Acted {
        key: u32,
        actor: usize,
        act: Act,
    },
    /// From the rules before to those of the operation; true where it changed the ticket.
    Replanned {
        before: usize,
        changed: bool,
    },
}

/// One committed change of a ticket, in the order of commits.
#[derive(Debug, Clone)]
pub(crate) struct Op {
    /// The instant it was decided for, by the clock of the replica.
    pub(crate) at: DateTime<Utc>,
    /// The version of the rules it was decided by.
    pub(crate) book: usize,
    pub(crate) what: What,
}

/// A ticket with everything that was committed about it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) ticket: Ticket,
    pub(crate) events: Vec<Event>,
    pub(crate) log: Vec<Op>,
    pub(crate) written: Ms,
    lock: Option<(u64, Ms)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Queued,
    Sent,
    Dead,
}

/// A letter on a channel.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) ticket: usize,
    pub(crate) told: Told,
    pub(crate) channel: Channel,
    pub(crate) fate: Fate,
    pub(crate) due_at: DateTime<Utc>,
    pub(crate) attempt: u16,
    claimed: Option<(usize, Ms)>,
    /// How often a receiver has taken it.
    pub(crate) taken: u32,
    /// How often that is explained: the sender died or was paused before it could be written
    /// down, or the receiver took it and did not say so.
    pub(crate) excused: u32,
}

/// A change about to be committed.
pub(crate) struct Write {
    pub(crate) index: usize,
    /// The version that was read.
    pub(crate) read: i64,
    pub(crate) change: Change,
    pub(crate) told: Vec<Told>,
    pub(crate) op: Op,
}

/// Why a commit was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Stale,
    Key,
}

#[derive(Default)]
pub(crate) struct Store {
    pub(crate) rows: BTreeMap<usize, Row>,
    pub(crate) timers: BTreeSet<(DateTime<Utc>, usize)>,
    notices: BTreeSet<NoticeKey>,
    rungs: BTreeSet<(usize, u16, Level)>,
    pub(crate) letters: Vec<Letter>,
    free: BTreeMap<Channel, BTreeSet<(DateTime<Utc>, usize)>>,
    held: BTreeMap<Channel, BTreeSet<(Ms, usize)>>,
    pub(crate) answers: BTreeSet<(usize, u32)>,
    pub(crate) hold: Option<Hold>,
    pub(crate) tick: Option<DateTime<Utc>>,
    pub(crate) book: usize,
    pub(crate) fault: Option<Fault>,
}

impl Store {
    pub(crate) fn with(fault: Option<Fault>) -> Self {
        Self { fault, ..Self::default() }
    }

    pub(crate) fn row(&self, index: usize) -> &Row {
        self.rows.get(&index).expect("a ticket")
    }

    pub(crate) fn is_locked(&self, index: usize, now: Ms, by: u64) -> bool {
        let lock = self.rows.get(&index).and_then(|row| row.lock);
        lock.is_some_and(|(holder, until)| holder != by && now < until)
    }

    /// Locks a ticket until the database ends the transaction for standing idle.
    pub(crate) fn lock(&mut self, index: usize, by: u64, until: Ms) {
        if let Some(row) = self.rows.get_mut(&index) {
            row.lock = Some((by, until));
        }
    }

    pub(crate) fn holds(&self, index: usize, by: u64, now: Ms) -> bool {
        let lock = self.rows.get(&index).and_then(|row| row.lock);
        lock.is_some_and(|(holder, until)| holder == by && now < until)
    }

    pub(crate) fn unlock(&mut self, by: u64) {
        for row in self.rows.values_mut().filter(|row| row.lock.is_some_and(|(one, _)| one == by)) {
            row.lock = None;
        }
    }

    pub(crate) fn any_lock(&self, now: Ms) -> bool {
        self.rows.values().any(|row| row.lock.is_some_and(|(_, until)| now < until))
    }

    /// Commits changes, all or none.
    pub(crate) fn commit(&mut self, writes: Vec<Write>, now: Ms) -> Result<(), Refused> {
        let unguarded = [Fault::NoVersionGuard, Fault::NoLock, Fault::NoReread];
        let is_guarded = !self.fault.is_some_and(|fault| unguarded.contains(&fault));
        for write in writes.iter().filter(|_| is_guarded) {
            self.check(write)?;
        }
        for write in writes {
            self.apply(write, now);
        }
        Ok(())
    }

    fn check(&self, write: &Write) -> Result<(), Refused> {
        let row = self.rows.get(&write.index);
        if row.map_or(0, |row| row.ticket.version) != write.read {
            return Err(Refused::Stale);
        }
        let known = row.map_or(0, |row| row.ticket.events);
        let is_new =
            |told: &&Told| !self.notices.contains(&(write.index, told.event, told.kind, told.to));
        let rungs = row.map_or(0, |row| row.ticket.escalations.len());
        let mut entered = write.change.ticket.escalations.iter().skip(rungs);
        let is_twice = entered.any(|e| self.rungs.contains(&(write.index, e.round, e.level)));
        if is_twice
            || write.change.events.iter().any(|event| event.sequence <= known)
            || !write.told.iter().all(|told| is_new(&told))
        {
            return Err(Refused::Key);
        }
        Ok(())
    }

    fn apply(&mut self, write: Write, now: Ms) {
        let Write { index, read, change, told, op } = write;
        let mut ticket = change.ticket;
        ticket.version = read + 1;
        for escalation in &ticket.escalations {
            self.rungs.insert((index, escalation.round, escalation.level));
        }
        let before = self.rows.remove(&index);
        if let Some(due) = before.as_ref().and_then(|row| wake_at(&row.ticket)) {
            self.timers.remove(&(due, index));
        }
        if let Some(due) = wake_at(&ticket) {
            self.timers.insert((due, index));
        }
        let (mut events, mut log, lock) =
            before.map_or((Vec::new(), Vec::new(), None), |row| (row.events, row.log, row.lock));
        events.extend(change.events);
        log.push(op);
        self.rows.insert(index, Row { ticket, events, log, written: now, lock });
        self.tell(index, told);
    }

    pub(crate) fn tell(&mut self, ticket: usize, told: Vec<Told>) {
        for one in told {
            if !self.notices.insert((ticket, one.event, one.kind, one.to)) {
                continue;
            }
            for channel in one.ways.clone() {
                let (due_at, id) = (one.leaves_at, self.letters.len());
                self.free.entry(channel).or_default().insert((due_at, id));
                let (told, fate, claimed) = (one.clone(), Fate::Queued, None);
                let letter = Letter {
                    ticket,
                    told,
                    channel,
                    fate,
                    due_at,
                    attempt: 0,
                    claimed,
                    taken: 0,
                    excused: 0,
                };
                self.letters.push(letter);
            }
        }
    }

    pub(crate) fn note(&mut self, index: usize, op: Op) {
        if let Some(row) = self.rows.get_mut(&index) {
            row.log.push(op);
        }
    }

    pub(crate) fn notices(&self) -> impl Iterator<Item = &NoticeKey> {
        self.notices.iter()
    }

    /// Takes letters that are due and in nobody's hands, or whose lease ran out.
    pub(crate) fn claim(
        &mut self,
        (worker, channel): (usize, Channel),
        at: DateTime<Utc>,
        (wall, lease): (Ms, Ms),
        limit: usize,
    ) -> Vec<usize> {
        let free = self.free.entry(channel).or_default();
        let mut ids: Vec<_> =
            free.iter().take_while(|(due, _)| *due <= at).map(|(_, id)| *id).take(limit).collect();
        if self.fault != Some(Fault::LeaseWithoutEnd) {
            let ignored = self.fault == Some(Fault::LeaseIgnored);
            let held = self.held.entry(channel).or_default().iter();
            let over = held.take_while(|(until, _)| ignored || *until <= wall).map(|(_, id)| *id);
            ids.extend(over.take(limit.saturating_sub(ids.len())));
        }
        for id in &ids {
            self.release(*id);
            let letter = self.letters.get_mut(*id).expect("a letter");
            letter.attempt += 1;
            letter.claimed = Some((worker, lease));
            self.held.entry(channel).or_default().insert((lease, *id));
        }
        ids
    }

    fn release(&mut self, id: usize) {
        let letter = self.letters.get_mut(id).expect("a letter");
        match letter.claimed.take() {
            Some((_, lease)) => {
                self.held.entry(letter.channel).or_default().remove(&(lease, id));
            }
            None => {
                self.free.entry(letter.channel).or_default().remove(&(letter.due_at, id));
            }
        }
    }

    /// Writes down what became of an attempt, if the worker still holds the letter.
    pub(crate) fn finish(
        &mut self,
        worker: usize,
        id: usize,
        fate: Fate,
        due_at: Option<DateTime<Utc>>,
    ) -> bool {
        let holder = self.letters.get(id).and_then(|letter| letter.claimed).map(|(one, _)| one);
        if holder != Some(worker) && self.fault != Some(Fault::FinishedByAnybody) {
            return false;
        }
        self.release(id);
        let letter = self.letters.get_mut(id).expect("a letter");
        letter.fate = fate;
        if let Some(due_at) = due_at {
            letter.due_at = due_at;
        }
        if fate == Fate::Queued {
            self.free.entry(letter.channel).or_default().insert((letter.due_at, id));
        }
        true
    }

    /// Makes dead letters of those that were caused before the hold and are in nobody's hands.
    pub(crate) fn bury(&mut self, before: DateTime<Utc>, wall: Ms) -> u64 {
        let is_meant = |letter: &Letter| {
            letter.fate == Fate::Queued
                && letter.told.at < before
                && letter.claimed.is_none_or(|(_, until)| until <= wall)
        };
        let ids = self.letters.iter().enumerate().filter(|(_, one)| is_meant(one));
        let ids: Vec<_> = ids.map(|(id, _)| id).collect();
        for id in &ids {
            self.release(*id);
            self.letters.get_mut(*id).expect("a letter").fate = Fate::Dead;
        }
        u64::try_from(ids.len()).expect("few")
    }

    /// When the first letter of a channel can be taken: by business time, or by the end of a lease.
    pub(crate) fn next_letter(&self, channel: Channel) -> (Option<DateTime<Utc>>, Option<Ms>) {
        let free = self.free.get(&channel).and_then(|free| free.first()).map(|(due, _)| *due);
        let held = self.held.get(&channel).and_then(|held| held.first()).map(|(until, _)| *until);
        (free, held.filter(|_| self.fault != Some(Fault::LeaseWithoutEnd)))
    }
}
