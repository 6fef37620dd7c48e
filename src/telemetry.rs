//! Logs: readable sentences with fields, on standard error.
//!
//! **Never** holds a person's text, address or number.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

/// Begins logging with a filter like `info`.
///
/// # Errors
/// When the filter cannot be read.
pub fn begin(filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).context("SUPPLYLINE_LOG cannot be read")?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A second start in one process, as tests do, keeps the first one's logs.
    logs.try_init().or_else(|_already| Ok(()))
}
