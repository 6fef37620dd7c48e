//! The life of a ticket, from filing to its end.
//!
//! **Never** takes an expected value from the code under test.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helper functions of a test may fail loudly; the tests-may switch does not reach them"
)]

#[path = "ticket/clocks.rs"]
mod clocks;
#[path = "ticket/endings.rs"]
mod endings;
#[path = "ticket/ladder.rs"]
mod ladder;
#[path = "ticket/life.rs"]
mod life;
#[path = "ticket/matrix.rs"]
mod matrix;
#[path = "ticket/notices.rs"]
mod notices;
#[path = "ticket/promises.rs"]
mod promises;
#[path = "ticket/random.rs"]
mod random;
#[path = "ticket/rehearsal.rs"]
mod rehearsal;
#[path = "ticket/replans.rs"]
mod replans;
#[path = "ticket/requests.rs"]
mod requests;
#[path = "ticket/rungs.rs"]
mod rungs;
#[path = "ticket/scenario.rs"]
mod scenario;
#[path = "ticket/settings.rs"]
mod settings;
