//! Connections to the database outlive the threads of the HTTP server.

use std::collections::BTreeSet;

use futures::future::join_all;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, Statement};
use supplyline::store::Store;

use crate::support::app::{As, TestApp, filing};
use crate::support::db::{TestDb, postgres_only};

postgres_only! {
    what_requests_opened_serves_after_the_server_stopped,
    what_requests_opened_again_serves_after_the_server_stopped,
}

/// As many as the pool has.
const CONNECTIONS: usize = 16;

async fn process(tx: &DatabaseTransaction) -> i32 {
    let query = Statement::from_string(tx.get_database_backend(), "select pg_backend_pid()");
    let row = tx.query_one_raw(query).await.expect("answered").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

/// The server's process of every connection of the pool, each in use at the same time.
async fn used_at_once(store: &Store) -> BTreeSet<i32> {
    let used = join_all((0..CONNECTIONS).map(|_| async {
        let tx = store.snapshot_unscoped().await.expect("begun");
        (process(&tx).await, tx)
    }));
    used.await.iter().map(|(process, _)| *process).collect()
}

/// The server's processes that serve this database but for the one that asks.
async fn serving(db: &TestDb) -> BTreeSet<i32> {
    let raw = TestDb::raw(&db.url).await;
    let query = "select pid from pg_stat_activity \
                 where datname = current_database() and pid <> pg_backend_pid()";
    let query = Statement::from_string(raw.get_database_backend(), query);
    let rows = raw.query_all_raw(query).await.expect("answered");
    let found = rows.iter().map(|row| row.try_get_by_index(0).expect("a number")).collect();
    raw.close().await.expect("closed");
    found
}

async fn file_at_once(who: &As<'_>) {
    let body = filing();
    for answer in join_all((0..3 * CONNECTIONS).map(|_| who.post("/tickets", &body))).await {
        answer.expect(201);
    }
}

async fn what_requests_opened_serves_after_the_server_stopped(db: TestDb) {
    let app = TestApp::sharing(&db).await;
    file_at_once(&app.sign_in("hospital").await).await;
    let opened = serving(&db).await;
    assert!(opened.len() > 4, "requests opened more than the loops need: {opened:?}");
    app.stop().await;
    let used = used_at_once(&db.store).await;
    assert!(used.is_superset(&opened), "{opened:?} were opened, {used:?} are used");
}

async fn what_requests_opened_again_serves_after_the_server_stopped(db: TestDb) {
    let app = TestApp::sharing(&db).await;
    let hospital = app.sign_in("hospital").await;
    file_at_once(&hospital).await;
    let opened = serving(&db).await;
    let raw = TestDb::raw(&db.url).await;
    let end = "select pg_terminate_backend(pid) from pg_stat_activity \
               where datname = current_database() and pid <> pg_backend_pid()";
    raw.execute_unprepared(end).await.expect("ended");
    raw.close().await.expect("closed");
    // By then the pool looks whether what lay idle still lives.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    file_at_once(&hospital).await;
    let again = serving(&db).await;
    assert!(again.len() > 4 && again.is_disjoint(&opened), "{opened:?}, then {again:?}");
    app.stop().await;
    let used = used_at_once(&db.store).await;
    assert!(used.is_superset(&again), "{again:?} were opened, {used:?} are used");
}
