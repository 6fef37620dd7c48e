//! Tests of the parts together, in one binary: both databases, and servers that misbehave.

#![expect(
    clippy::cognitive_complexity,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test says what it expects by panicking, tells a story at length and owns its tasks"
)]

mod audit;
mod audit_chain;
mod audit_command;
mod backup;
mod crowd;
mod drafts;
mod drain;
mod files;
mod hold;
mod http;
mod import;
mod notify;
mod people;
mod poison;
mod production;
mod products;
mod recurring;
mod robots;
mod seam;
mod skew;
mod store;
mod support;
mod sweep;
