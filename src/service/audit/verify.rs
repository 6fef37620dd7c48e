//! Verifying the log as it lies in the database.
//!
//! **Never** holds more of it than a page.

use super::admit;
use crate::domain::access::Scope;
use crate::domain::audit::verify::Verifier;
pub use crate::domain::audit::verify::{Fault, Finding, Report};
use crate::service::{App, Error};
use crate::store;
use crate::store::audit::chain;

/// Entries read at once.
const PAGE: u64 = 1_000;
/// Findings that are listed.
pub const MOST_FINDINGS: usize = 50;

/// Verifies the log, for an auditor.
///
/// # Errors
/// [`Error::Forbidden`] unless an auditor asks, and as [`verify`].
pub async fn verify_for(app: &App, scope: &Scope) -> Result<Report, Error> {
    admit(scope)?;
    verify(app).await
}

/// Verifies the log: every entry, and what checkpoints say of it.
///
/// # Errors
/// [`Error::Unavailable`] where there is no key, [`Error::Internal`].
pub async fn verify(app: &App) -> Result<Report, Error> {
    let none = || Error::Unavailable("there is no key to verify with".to_owned());
    let notary = app.notary().ok_or_else(none)?;
    let _turn = app.long_read().await?;
    // Before the snapshot: a checkpoint of what is written meanwhile would look like a cut.
    let lines = notary.lines().await?;
    let db = app.store.snapshot_unscoped().await?;
    let anchors = chain::anchors(&db).await?;
    let mut verifier = Verifier::new(notary.ring().clone(), &anchors, lines, MOST_FINDINGS);
    let mut after = i64::MIN;
    loop {
        match chain::linked(&db, after, PAGE).await {
            Ok(page) => {
                let Some(last) = page.last() else { break };
                after = last.seq.unwrap_or(i64::MAX);
                page.iter().for_each(|record| verifier.entry(record));
            }
            Err(error) if is_garbage(&error) => {
                verifier.unreadable();
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let mut after = None;
    loop {
        match chain::unlinked(&db, after, PAGE).await {
            Ok(page) => {
                let Some(last) = page.last() else { break };
                after = Some((last.at, last.id));
                page.iter().for_each(|record| verifier.pending(record));
            }
            Err(error) if is_garbage(&error) => {
                verifier.unreadable();
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(verifier.finish())
}

/// True when a row holds what no column of its kind can.
fn is_garbage(error: &store::Error) -> bool {
    error.is_undecodable()
}
