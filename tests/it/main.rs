//! Tests of the parts together, in one binary: both databases, and servers that misbehave.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by panicking; clippy.toml reaches test functions only"
)]

mod notify;
mod store;
mod support;
mod sweep;
