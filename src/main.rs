//! Arguments to a command, an outcome to an exit code.
//!
//! **Never** does anything itself.

use std::process::ExitCode;

use clap::Parser as _;
use supplyline::commands::{Arguments, run};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::debug!(?error, "the command failed");
            supplyline::commands::complain(&format!("supplyline: {error:#}"));
            ExitCode::from(2)
        }
    }
}
