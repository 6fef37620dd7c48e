//! Imports: tables of every kind, and files that are none.

mod files;
mod kinds;
mod tickets;

use std::sync::Arc;

use supplyline::service::import::{self, Kind, Mode, Report, Upload};
use supplyline::service::{App, Error};

/// Imports a file.
pub(crate) async fn import(app: &App, kind: Kind, bytes: impl AsRef<[u8]>) -> Report {
    run(app, kind, bytes.as_ref(), Mode::Apply).await.expect("it is a table")
}

async fn run(app: &App, kind: Kind, bytes: &[u8], mode: Mode) -> Result<Report, Error> {
    let bytes = Arc::from(bytes);
    let upload = Upload { kind, bytes, by: None, mode, progress: Arc::new(|_| {}) };
    import::prepare(app, upload).await?.apply(app).await
}

/// Created, updated, unchanged.
fn counts(report: &Report) -> (u32, u32, u32) {
    assert_eq!(report.errors, [], "nothing is refused");
    (report.created, report.updated, report.unchanged)
}

/// Row, column and code of every refusal; nothing was imported then.
fn refusals(report: &Report) -> Vec<(u32, &str, &str)> {
    assert_eq!((report.created, report.updated, report.unchanged), (0, 0, 0));
    report.errors.iter().map(|e| (e.row, e.column.as_str(), e.code)).collect()
}
