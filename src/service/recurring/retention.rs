//! Forgetting what nobody needs any more.
//!
//! **Never** forgets anything of a ticket: its timeline, its notices and its proof of service
//! stay.

use chrono::TimeDelta;

use crate::service::{App, Error};
use crate::store::{outbox, ticks};

/// Digests say what waited on a morning long past.
const DIGEST_DAYS: i64 = 90;
/// Ticks only keep a job from being done twice.
const TICK_DAYS: i64 = 90;
/// Digests per transaction.
const AT_ONCE: u64 = 500;

pub(super) async fn run(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    let before = now - TimeDelta::days(DIGEST_DAYS);
    loop {
        let forgotten = app.store.write(move |tx| {
            Box::pin(
                async move { Ok::<_, Error>(outbox::delete_digests(tx, before, AT_ONCE).await?) },
            )
        });
        if forgotten.await? == 0 {
            break;
        }
    }
    let before = now - TimeDelta::days(TICK_DAYS);
    let forgotten = app.store.write(move |tx| {
        Box::pin(async move { Ok::<_, Error>(ticks::delete_before(tx, before).await?) })
    });
    forgotten.await.map(drop)
}
