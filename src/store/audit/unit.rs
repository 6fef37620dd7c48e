//! What a unit of work knows while it is done: how many entries it has written.
//!
//! So a use case that forgets its entry is found by whoever runs it, wherever it may be.
//!
//! **Never** outlives an attempt: work that is done again begins anew.

use std::sync::atomic::{AtomicU32, Ordering};

tokio::task_local! {
    static UNIT: Unit;
}

#[derive(Debug, Default)]
struct Unit {
    entries: AtomicU32,
}

/// Does an attempt at a unit of work.
pub(in crate::store) async fn of<F: Future>(work: F) -> F::Output {
    UNIT.scope(Unit::default(), work).await
}

/// Counts an entry.
pub(super) fn count() {
    // Outside of a unit nobody asks.
    UNIT.try_with(|unit| unit.entries.fetch_add(1, Ordering::Relaxed)).ok();
}

/// The entries that this unit of work has written so far.
#[must_use]
pub fn written() -> u32 {
    UNIT.try_with(|unit| unit.entries.load(Ordering::Relaxed)).unwrap_or(0)
}
