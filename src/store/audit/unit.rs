//! What a unit of work knows while it is done: with what its entries are signed, and how many it
//! has written.
//!
//! So no use case can write an entry that is not signed, and one that forgets its entry is found
//! by whoever runs it, wherever it may be.
//!
//! **Never** outlives an attempt: work that is done again begins anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::domain::audit::chain::Key;

tokio::task_local! {
    static UNIT: Unit;
}

#[derive(Debug, Default)]
struct Unit {
    key: Option<Arc<Key>>,
    entries: AtomicU32,
}

/// Does an attempt at a unit of work.
pub(in crate::store) async fn of<F: Future>(key: Option<Arc<Key>>, work: F) -> F::Output {
    UNIT.scope(Unit { key, ..Unit::default() }, work).await
}

/// Counts an entry; gives what it is signed with.
pub(super) fn count() -> Option<Arc<Key>> {
    let counted = UNIT.try_with(|unit| {
        unit.entries.fetch_add(1, Ordering::Relaxed);
        unit.key.clone()
    });
    // Outside of a unit nobody asks.
    counted.ok().flatten()
}

/// The entries that this unit of work has written so far.
#[must_use]
pub fn written() -> u32 {
    UNIT.try_with(|unit| unit.entries.load(Ordering::Relaxed)).unwrap_or(0)
}
