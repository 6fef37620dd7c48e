//! Linking what the audit log was told, and taking checkpoints of it.
//!
//! On hold, too: people go on working, and what they do is written down.
//!
//! **Never** waits for the end of the service to do it, nor misses it.

use super::{did, failed};
use crate::service::App;
use crate::service::audit::chain::{self, Taken};

/// Links everything that waits, and takes a checkpoint when it is time.
pub(super) async fn run_once(app: &App, when: Taken) {
    if let Err(error) = chain::begin(app).await {
        return failed("beginning the chain of the audit log", &error);
    }
    if let Err(error) = chain::adopt(app).await {
        return failed("signing entries of older replicas", &error);
    }
    loop {
        match chain::link(app).await {
            Ok(0) => break,
            Ok(count) => did("linking the audit log", count),
            Err(error) => return failed("linking the audit log", &error),
        }
    }
    if let Err(error) = chain::checkpoint(app, when).await {
        failed("taking a checkpoint of the audit log", &error);
    }
}
