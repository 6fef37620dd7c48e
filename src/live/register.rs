//! Who listens, and by which session.
//!
//! **Never** lets one person hold more streams than the limit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::domain::id::UserId;
use crate::domain::party::Actor;
use crate::service::accounts::SessionKey;

/// Streams that one person may hold open at once, in this process.
pub const MOST_STREAMS: usize = 8;

/// The person holds as many streams as they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at most {MOST_STREAMS} streams at once; close one first")]
pub struct Full;

/// A listener as the register knows it.
#[derive(Debug, Clone)]
struct Entry {
    actor: Arc<Actor>,
    session: SessionKey,
    ended: CancellationToken,
    beat: Arc<Notify>,
}

/// Everybody who listens.
#[derive(Debug, Default)]
pub(super) struct Register {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    next: u64,
    by_place: HashMap<u64, Entry>,
}

/// A place in the register, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    register: Arc<Register>,
    place: u64,
    /// The session has ended.
    pub(super) ended: CancellationToken,
    /// Something must be written now, to see whether somebody is still there.
    pub(super) beat: Arc<Notify>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.register.entries().by_place.remove(&self.place);
    }
}

impl Register {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True when nobody listens.
    pub(super) fn is_empty(&self) -> bool {
        self.entries().by_place.is_empty()
    }

    /// Takes a place.
    ///
    /// # Errors
    /// [`Full`].
    pub(super) fn join(self: &Arc<Self>, actor: &Actor, session: SessionKey) -> Result<Seat, Full> {
        let mut entries = self.entries();
        if of(&entries, actor.user).count() >= MOST_STREAMS {
            return Err(Full);
        }
        let (ended, beat) = (CancellationToken::new(), Arc::new(Notify::new()));
        let place = entries.next;
        entries.next += 1;
        let entry = Entry {
            actor: Arc::new(actor.clone()),
            session,
            ended: ended.clone(),
            beat: Arc::clone(&beat),
        };
        entries.by_place.insert(place, entry);
        Ok(Seat { register: Arc::clone(self), place, ended, beat })
    }

    /// Has something written to all of a person's streams: those whose reader is gone end by it.
    pub(super) fn probe(&self, person: UserId) {
        of(&self.entries(), person).for_each(|entry| entry.beat.notify_one());
    }

    /// The sessions that somebody listens by, each once.
    pub(super) fn sessions(&self) -> Vec<SessionKey> {
        let entries = self.entries();
        let sessions = entries.by_place.values().map(|entry| (&entry.session, ()));
        let once: HashMap<_, ()> = sessions.collect();
        once.into_keys().cloned().collect()
    }

    /// Ends the streams whose session no longer lives, or is no longer what it was when the
    /// stream began. `asked` are the sessions that `live` is about.
    pub(super) fn end_all_but(&self, asked: &[SessionKey], live: &HashMap<SessionKey, Actor>) {
        let asked: HashMap<_, ()> = asked.iter().map(|session| (session, ())).collect();
        let entries = self.entries();
        let dead = entries.by_place.values().filter(|entry| {
            asked.contains_key(&entry.session)
                && live.get(&entry.session) != Some(entry.actor.as_ref())
        });
        dead.for_each(|entry| entry.ended.cancel());
    }
}

fn of(entries: &Entries, person: UserId) -> impl Iterator<Item = &Entry> {
    entries.by_place.values().filter(move |entry| entry.actor.user == person)
}
