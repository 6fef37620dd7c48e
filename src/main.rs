//! Arguments to a command, an outcome to an exit code.
//!
//! **Never** does anything itself.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use supplyline::commands::{Arguments, run};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What still runs on threads of its own when the command is done, such as the check of a
/// password, is not waited for longer than this.
const LEFT_BEHIND: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let done = runtime.block_on(run(arguments));
    runtime.shutdown_timeout(LEFT_BEHIND);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    tracing::debug!(?error, "the command failed");
    supplyline::commands::complain(&format!("supplyline: {error:#}"));
    ExitCode::from(2)
}
