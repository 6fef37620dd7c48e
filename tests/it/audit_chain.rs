//! The chain of the audit log in a database: every change of it is found, and nothing else.

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use secrecy::zeroize::Zeroizing;
use serde_json::json;
use supplyline::clock::Clock;
use supplyline::domain::audit::chain::{Anchor, Key};
use supplyline::domain::audit::verify::{Fault, Report};
use supplyline::domain::audit::{Action, Entry, Origin};
use supplyline::seal::Checkpoints;
use supplyline::service::audit::chain::{self, Notary, Taken};
use supplyline::service::audit::{record_alone, verify};
use supplyline::service::{App, Limits};
use supplyline::store::audit::chain as kept;
use tempfile::TempDir;

use crate::support::db::{Engine, TestDb, both, sqlite_only};

both!(
    every_tampering_with_the_database_is_found,
    many_write_at_once_and_the_chain_has_no_gap,
    entries_from_before_are_linked_from_the_beginning,
    old_entries_are_removed_and_the_rest_is_whole,
    a_restore_explains_itself,
    the_log_goes_on_under_another_key_b120,
);
sqlite_only!(what_cannot_be_read_is_found);

fn key(of: u8) -> Arc<Key> {
    Arc::new(Key::new(Zeroizing::new([of; 32])))
}

/// An application that vouches for its log, with a file for checkpoints.
async fn vouching(db: &TestDb, folder: &TempDir, of: u8, earlier: &[u8]) -> App {
    let file = Checkpoints::at(folder.path().join("checkpoints"));
    let store = db.replica().await.signing(key(of));
    let app = App::open(store, Clock::system(), Limits::Off).await.expect("opened");
    let earlier = earlier.iter().map(|of| key(*of)).collect();
    let app = app.with_notary(Notary::new(key(of), earlier, Some(file)).keeping(365));
    chain::begin(&app).await.expect("begun");
    app
}

fn entry(number: u32) -> Entry {
    let entry = Entry::unnamed(Origin::command_line(), Action::ImportRun, Utc::now());
    entry
        .about(format!("table {number}"))
        .with(json!({"rows": number, "before": {"b": 1, "a": [null, "岱"]}}))
}

async fn write(app: &App, numbers: std::ops::Range<u32>) {
    for number in numbers {
        record_alone(app, entry(number)).await.expect("written");
    }
}

async fn link(app: &App) {
    while chain::link(app).await.expect("linked") > 0 {}
}

async fn verified(app: &App) -> Report {
    verify::verify(app).await.expect("verified")
}

async fn is_whole(app: &App, entries: u64) {
    let report = verified(app).await;
    assert!(report.is_whole(), "{report:?}");
    assert_eq!((report.entries, report.pending), (entries, 0), "{report:?}");
}

const FORGED_SQLITE: &str = "insert into audit (id, at, action, detail, mac) values \
     (x'0193e3f0000070008000000000000001', '2026-02-13T02:30:00+00:00', 'import_run', '{}', null)";
const FORGED_POSTGRES: &str = "insert into audit (id, at, action, detail, mac) values \
     ('0193e3f0-0000-7000-8000-000000000001', '2026-02-13T02:30:00+00:00', 'import_run', '{}', null)";

#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn every_tampering_with_the_database_is_found(db: TestDb) {
    let folder = TempDir::new().expect("a folder");
    let app = vouching(&db, &folder, 1, &[]).await;
    write(&app, 0..12).await;
    is_pending(&app, 12).await;
    link(&app).await;
    is_whole(&app, 12).await;
    chain::checkpoint(&app, Taken::Now).await.expect("taken");
    is_whole(&app, 12).await;
    db.execute(
        "create table was as select * from audit; create table begun as select * from audit_anchor",
    )
    .await;
    let forged = if db.engine == Engine::Sqlite { FORGED_SQLITE } else { FORGED_POSTGRES };
    for (sql, fault) in [
        ("update audit set detail = '{\"rows\": 3}' where seq = 3", Fault::Edited),
        ("update audit set subject = 'table 99' where seq = 12", Fault::Edited),
        ("update audit set address = null where seq = 1", Fault::Edited),
        ("update audit set username = 'admin' where seq = 2", Fault::Edited),
        ("update audit set at = '2020-01-01T00:00:00+00:00' where seq = 4", Fault::Restamped),
        ("delete from audit where seq = 5", Fault::Missing),
        ("delete from audit where seq = 1", Fault::Missing),
        ("delete from audit where seq > 9", Fault::CutTail),
        ("delete from audit where seq = 12", Fault::CutTail),
        ("delete from audit", Fault::CutTail),
        ("delete from audit; delete from audit_anchor", Fault::CutTail),
        (
            "update audit set seq = -1 where seq = 6; update audit set seq = 6 where seq = 7; \
             update audit set seq = 7 where seq = -1",
            Fault::Swapped,
        ),
        (
            "delete from audit where seq = 4; update audit set seq = -seq where seq > 4; \
             update audit set seq = -seq - 1 where seq < 0",
            Fault::Swapped,
        ),
        ("update audit set seq = null, link = null where seq = 8", Fault::Missing),
        ("update audit set link = 'x:y' where seq = 8", Fault::Swapped),
        ("update audit set mac = null where seq = 8", Fault::Inserted),
        ("update audit_anchor set entries = 5", Fault::Beginning),
        ("delete from audit_anchor", Fault::Inserted),
        (forged, Fault::Inserted),
    ] {
        db.execute(sql).await;
        let report = verified(&app).await;
        assert!(!report.is_whole(), "{sql} was not found");
        let faults: Vec<_> = report.findings.iter().map(|found| found.fault).collect();
        let is_named = faults.contains(&fault)
            || fault == Fault::Inserted && faults.contains(&Fault::Beginning);
        assert!(is_named || sql.contains("'x:y'"), "{sql}: {faults:?}");
        db.execute("delete from audit; delete from audit_anchor").await;
        db.execute(
            "insert into audit select * from was; insert into audit_anchor select * from begun",
        )
        .await;
        is_whole(&app, 12).await;
    }
    // Cut, and grown again by the service itself.
    db.execute("delete from audit where seq > 9").await;
    write(&app, 20..30).await;
    link(&app).await;
    assert_eq!(verified(&app).await.findings[0].fault, Fault::RolledBack);
}

async fn is_pending(app: &App, entries: u64) {
    let report = verified(app).await;
    assert!(report.is_whole(), "{report:?}");
    assert_eq!((report.entries, report.pending), (0, entries));
}

async fn many_write_at_once_and_the_chain_has_no_gap(db: TestDb) {
    let folder = TempDir::new().expect("a folder");
    let one = vouching(&db, &folder, 1, &[]).await;
    let other = vouching(&db, &folder, 1, &[]).await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8_u32 {
        let app = if writer % 2 == 0 { one.clone() } else { other.clone() };
        writers.spawn(async move { write(&app, writer * 40..writer * 40 + 40).await });
    }
    for app in [one.clone(), other.clone()] {
        writers.spawn(async move {
            for _ in 0..20 {
                chain::link(&app).await.expect("linked");
                chain::checkpoint(&app, Taken::Now).await.expect("taken");
                tokio::task::yield_now().await;
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.expect("done");
    }
    link(&one).await;
    is_whole(&other, 320).await;
    let head = kept::head(db.store.read_unscoped()).await.expect("read").expect("a head");
    assert_eq!(head.seq, 320);
}

async fn entries_from_before_are_linked_from_the_beginning(db: TestDb) {
    let old = App::open(db.store.clone(), Clock::system(), Limits::Off).await.expect("opened");
    write(&old, 0..7).await;
    let folder = TempDir::new().expect("a folder");
    let app = vouching(&db, &folder, 1, &[]).await;
    write(&app, 7..9).await;
    link(&app).await;
    is_whole(&app, 9).await;
    let anchors = kept::anchors(db.store.read_unscoped()).await.expect("read");
    assert_eq!((anchors.len(), anchors[0].entries), (1, 7));
    // A second start begins nothing anew, and what was never signed is no entry any more.
    let again = vouching(&db, &folder, 1, &[]).await;
    is_whole(&again, 9).await;
    write(&old, 9..10).await;
    link(&again).await;
    let report = verified(&again).await;
    assert_eq!(report.findings[0].fault, Fault::Inserted, "{report:?}");
    // Replicas roll one by one: what an older one wrote within the hour is taken in.
    chain::adopt(&again).await.expect("adopted");
    link(&again).await;
    is_whole(&again, 10).await;
    let mut grown = kept::anchors(db.store.read_unscoped()).await.expect("read").remove(0);
    grown =
        Anchor::begun(&key(1), uuid::Uuid::nil(), grown.entries, grown.at - TimeDelta::hours(1));
    db.execute("delete from audit; delete from audit_anchor").await;
    let aged = db.store.write(move |tx| {
        let grown = grown.clone();
        Box::pin(async move { kept::insert_anchor(tx, &grown).await })
    });
    aged.await.expect("written");
    write(&old, 10..11).await;
    let later = vouching(&db, &folder, 1, &[]).await;
    chain::adopt(&later).await.expect("nothing to adopt");
    assert_eq!(verified(&later).await.findings[0].fault, Fault::Inserted, "later it is nobody's");
}

async fn old_entries_are_removed_and_the_rest_is_whole(db: TestDb) {
    let folder = TempDir::new().expect("a folder");
    let app = vouching(&db, &folder, 1, &[]).await;
    let aged = |number, days| Entry { at: Utc::now() - TimeDelta::days(days), ..entry(number) };
    for number in 0..6 {
        record_alone(&app, aged(number, 400)).await.expect("written");
        link(&app).await;
    }
    record_alone(&app, aged(6, 364)).await.expect("written");
    write(&app, 7..9).await;
    link(&app).await;
    chain::checkpoint(&app, Taken::Now).await.expect("taken");
    assert_eq!(chain::trim(&app).await.expect("trimmed"), 6, "a year is a year");
    assert_eq!(chain::trim(&app).await.expect("trimmed"), 0);
    link(&app).await;
    is_whole(&app, 4).await;
    assert_eq!(verified(&app).await.removed, 6);
    // Made old afterwards, it is not removed but found.
    db.execute("update audit set at = '2020-01-01T00:00:00+00:00' where seq = 7").await;
    assert_eq!(chain::trim(&app).await.expect("refused"), 0);
    assert_eq!(verified(&app).await.findings[0].fault, Fault::Restamped);
}

async fn a_restore_explains_itself(db: TestDb) {
    let folder = TempDir::new().expect("a folder");
    let app = vouching(&db, &folder, 1, &[]).await;
    write(&app, 0..5).await;
    link(&app).await;
    db.execute("create table was as select * from audit").await;
    write(&app, 5..9).await;
    link(&app).await;
    chain::checkpoint(&app, Taken::Now).await.expect("taken");
    db.execute("delete from audit; insert into audit select * from was").await;
    assert_eq!(verified(&app).await.findings[0].fault, Fault::CutTail);
    let restored = vouching(&db, &folder, 1, &[]).await;
    chain::note_restored(&restored, "the backup of yesterday").await.expect("noted");
    link(&restored).await;
    chain::checkpoint(&restored, Taken::Now).await.expect("taken");
    write(&restored, 9..20).await;
    link(&restored).await;
    let report = verified(&restored).await;
    assert!(report.is_whole() && report.given_up == 1, "{report:?}");
    db.execute("delete from audit where seq > 5").await;
    assert_eq!(verified(&restored).await.findings[0].fault, Fault::CutTail, "only that once");
}

async fn the_log_goes_on_under_another_key_b120(db: TestDb) {
    let folder = TempDir::new().expect("a folder");
    let lost = vouching(&db, &folder, 1, &[]).await;
    write(&lost, 0..5).await;
    link(&lost).await;
    chain::checkpoint(&lost, Taken::Now).await.expect("taken");
    let app = vouching(&db, &folder, 2, &[]).await;
    link(&app).await;
    chain::checkpoint(&app, Taken::Now).await.expect("taken");
    let report = verified(&app).await;
    let strange: Vec<_> =
        report.findings.iter().map(|found| (found.fault, found.key.as_deref())).collect();
    assert_eq!(strange, [(Fault::WrongKey, Some(key(1).id()))], "{report:?}");
    let both = vouching(&db, &folder, 2, &[1]).await;
    is_whole(&both, 6).await;
    db.execute("update audit set subject = 'x' where seq = 6").await;
    assert!(!verified(&both).await.is_whole());
}

async fn what_cannot_be_read_is_found(db: TestDb) {
    let folder = TempDir::new().expect("a folder");
    let app = vouching(&db, &folder, 1, &[]).await;
    write(&app, 0..5).await;
    link(&app).await;
    for sql in [
        "update audit set at = 'yesterday' where seq = 3",
        "update audit set at = '2026-02-13T02:30:00+00:00', detail = '{' where seq = 3",
    ] {
        db.execute(sql).await;
        let faults: Vec<_> =
            verified(&app).await.findings.iter().map(|found| found.fault).collect();
        assert!(faults.contains(&Fault::Unreadable), "{sql}: {faults:?}");
    }
}
