//! The second net: what PostgreSQL itself shows and lets be done, whatever a statement says.
//!
//! The statements here have no condition of ours, and run as the role that serves.

use std::collections::BTreeSet;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, Statement,
    TransactionTrait,
};
use supplyline::store::{Error, Store};

use crate::support::db::{Engine, SERVING, TestDb, both, postgres_only};
use crate::support::world::{CEFTRIAXONE, INSULIN, World};

postgres_only! {
    each_sees_their_tickets_and_no_others,
    what_hangs_off_a_ticket_is_seen_with_it,
    what_is_an_organisations_is_seen_by_it,
    a_stranger_with_the_roles_password_sees_nothing,
    every_table_has_a_policy,
    the_audit_log_is_not_the_roles_to_change,
    a_reader_writes_nothing,
    a_reach_ends_with_its_reader,
    the_serving_role_does_not_migrate,
}
both! {
    a_linked_entry_is_not_changed,
}

fn postgres(sql: &str) -> Statement {
    Statement::from_string(DbBackend::Postgres, sql)
}

async fn texts(db: &impl ConnectionTrait, sql: &str) -> BTreeSet<String> {
    let rows = db.query_all_raw(postgres(sql)).await.expect(sql);
    rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}

async fn number(db: &impl ConnectionTrait, sql: &str) -> i64 {
    let row = db.query_one_raw(postgres(sql)).await.expect(sql).expect("a row");
    row.try_get_by_index(0).expect("a number")
}

/// A world with three tickets: insulin and ceftriaxone of `hospital`, insulin of `hospital2`.
async fn three(db: &TestDb) -> (World, [String; 3]) {
    let world = World::on(db).await;
    let tickets = [
        world.file().await,
        world.file_for("hospital", CEFTRIAXONE, "头孢短缺").await,
        world.file_for("hospital2", INSULIN, "胰岛素短缺").await,
    ];
    (world, tickets.map(|id| id.to_string()))
}

/// Who sees which of the three.
const SEEN: [(&str, &[usize]); 14] = [
    ("hospital", &[0, 1]),
    ("hospital2", &[2]),
    ("maker", &[0, 2]),
    ("maker-en", &[0, 2]),
    ("maker2", &[1]),
    ("distributor", &[0]),
    ("county", &[0, 1]),
    ("city", &[0, 1]),
    ("county2", &[2]),
    ("city2", &[2]),
    ("province", &[0, 1, 2]),
    ("admin", &[0, 1, 2]),
    ("security", &[]),
    ("auditor", &[]),
];

async fn each_sees_their_tickets_and_no_others(db: TestDb) {
    let (world, tickets) = three(&db).await;
    for (username, seen) in SEEN {
        let wanted: BTreeSet<String> = seen.iter().map(|at| tickets[*at].clone()).collect();
        let reader = db.store.read_as(&world.scope(username).await).await.expect("begun");
        assert_eq!(texts(&reader, "select id::text from ticket").await, wanted, "{username}");
        let found = texts(&reader, "select tickets_with('胰岛 岛素', 9)::text").await;
        let insulin: BTreeSet<String> =
            wanted.iter().filter(|id| **id != tickets[1]).cloned().collect();
        assert_eq!(found, insulin, "{username} searches");
    }
    assert_eq!(number(db.store.read_unscoped(), "select count(*) from ticket").await, 3);
}

async fn what_hangs_off_a_ticket_is_seen_with_it(db: TestDb) {
    let (world, tickets) = three(&db).await;
    world.advance_to("2026-03-12T04:00:00Z").await;
    let hanging = texts(
        db.store.read_unscoped(),
        "select table_name::text from information_schema.columns \
         where table_schema = current_schema() and column_name = 'ticket_id'",
    );
    let hanging = hanging.await;
    assert!(hanging.len() >= 14, "{hanging:?}");
    let mut compared = 0;
    for (username, seen) in SEEN {
        let reader = db.store.read_as(&world.scope(username).await).await.expect("begun");
        let own: BTreeSet<String> = seen.iter().map(|at| tickets[*at].clone()).collect();
        for table in &hanging {
            let sql =
                format!("select distinct ticket_id::text from {table} where ticket_id is not null");
            let all = texts(db.store.read_unscoped(), &sql).await;
            let mut wanted: BTreeSet<String> = all.intersection(&own).cloned().collect();
            if table == "timer" {
                wanted.clear();
            }
            let shown = texts(&reader, &sql).await;
            if table == "notice" {
                assert!(shown.is_subset(&wanted), "{username} sees {shown:?} of {table}");
            } else {
                assert_eq!(shown, wanted, "{username} in {table}");
            }
            compared += all.len();
        }
    }
    assert!(compared > 100, "the tables are empty: {compared}");
}

async fn what_is_an_organisations_is_seen_by_it(db: TestDb) {
    let (world, _) = three(&db).await;
    for (username, agreements, people) in [
        ("hospital", 2, 1),
        ("hospital2", 1, 1),
        ("maker", 2, 2),
        ("maker2", 1, 1),
        ("distributor", 1, 1),
        ("city", 2, 1),
        ("city2", 1, 1),
        ("province", 3, 1),
        ("admin", 3, 14),
        ("auditor", 0, 3),
    ] {
        let reader = db.store.read_as(&world.scope(username).await).await.expect("begun");
        let shown = number(&reader, "select count(*) from agreement").await;
        assert_eq!(shown, agreements, "agreements of {username}");
        let shown = number(&reader, "select count(*) from app_user").await;
        assert_eq!(shown, people, "people of {username}");
        assert_eq!(number(&reader, "select count(*) from person_name").await, 14, "{username}");
        for secret in ["session", "setting", "invitation", "idempotency", "sign_in_failure"] {
            assert_eq!(number(&reader, &format!("select count(*) from {secret}")).await, 0);
        }
        let entries = number(&reader, "select count(*) from audit").await;
        assert_eq!(entries > 0, username == "auditor", "the audit log for {username}");
    }
}

async fn tables(db: &impl ConnectionTrait) -> BTreeSet<String> {
    let sql = "select relname::text from pg_class where relkind in ('r', 'p') \
        and relnamespace = current_schema()::regnamespace and relname <> 'seaql_migrations'";
    texts(db, sql).await
}

async fn a_stranger_with_the_roles_password_sees_nothing(db: TestDb) {
    let (_world, _) = three(&db).await;
    let stranger = TestDb::raw(&db.url).await;
    for reach in ["", "nonsense"] {
        let tx = stranger.begin().await.expect("begun");
        tx.execute_unprepared(&format!("set local supplyline.reach = '{reach}'"))
            .await
            .expect("set");
        for table in tables(&tx).await {
            let rows = number(&tx, &format!("select count(*) from {table}")).await;
            assert_eq!(rows, 0, "{table} under {reach:?}");
        }
        assert!(texts(&tx, "select tickets_with('胰岛 岛素', 9)::text").await.is_empty());
    }
    for table in tables(&stranger).await {
        let sql = format!("select count(*) from {table}");
        assert_eq!(number(&stranger, &sql).await, 0, "{table} without a reach");
    }
}

async fn every_table_has_a_policy(db: TestDb) {
    let all = tables(db.store.read_unscoped()).await;
    assert!(all.len() > 40, "{all:?}");
    let secured = texts(
        db.store.read_unscoped(),
        "select relname::text from pg_class where relrowsecurity \
         and exists (select 1 from pg_policy where polrelid = pg_class.oid)",
    );
    assert_eq!(secured.await, all);
}

async fn refused(db: &DatabaseConnection, sql: &str) -> String {
    db.execute_unprepared(sql).await.expect_err(sql).to_string()
}

async fn the_audit_log_is_not_the_roles_to_change(db: TestDb) {
    let (_world, _) = three(&db).await;
    let role = db.store.role().await.expect("asked").expect("PostgreSQL has roles");
    assert!(role.name == SERVING && role.is_bound(), "{role:?}");
    let serving = db.store.read_unscoped();
    for sql in [
        "update audit set detail = '{}'",
        "update audit set at = now()",
        "update audit set username = 'maker'",
        "truncate audit",
        "truncate audit_anchor",
        "delete from audit_anchor",
        "update audit_anchor set entries = 0",
        "drop table audit",
        "alter table audit disable row level security",
        "alter table ticket disable row level security",
        "create trigger t before insert on audit execute function feed_note_transaction()",
        "delete from seaql_migrations",
        "update person_name set name = ''",
    ] {
        let error = refused(serving, sql).await;
        let is_refused = error.contains("permission denied") || error.contains("must be owner");
        assert!(is_refused, "{sql}: {error}");
    }
    let deleted = serving.execute_unprepared("delete from audit").await.expect("nothing");
    assert_eq!(deleted.rows_affected(), 0, "none is old enough");
}

async fn a_reader_writes_nothing(db: TestDb) {
    let (world, _) = three(&db).await;
    for username in ["hospital", "maker", "province", "admin", "auditor"] {
        for sql in ["delete from ticket", "update ticket set summary = ''", "delete from draft"] {
            let reader = db.store.read_as(&world.scope(username).await).await.expect("begun");
            let error = reader.execute_unprepared(sql).await.expect_err(sql).to_string();
            assert!(error.contains("read-only transaction"), "{username}: {sql}: {error}");
        }
    }
    // Not only because it says so: under a person's reach there is nothing to write.
    let stranger = TestDb::raw(&db.url).await;
    let tx = stranger.begin().await.expect("begun");
    tx.execute_unprepared("set local supplyline.reach = 'admin'").await.expect("set");
    for sql in ["delete from delivery", "update ticket set summary = ''"] {
        assert_eq!(tx.execute_unprepared(sql).await.expect(sql).rows_affected(), 0, "{sql}");
    }
}

async fn reach(db: &impl ConnectionTrait) -> String {
    let sql = "select concat(current_setting('supplyline.reach', true), '|', \
        current_setting('supplyline.organisation', true), '|', \
        current_setting('transaction_read_only'))";
    texts(db, sql).await.pop_first().expect("one")
}

async fn a_reach_ends_with_its_reader(db: TestDb) {
    let world = World::on(&db).await;
    let (hospital, maker) = (world.scope("hospital").await, world.scope("maker").await);
    for round in 0..40 {
        let scope = if round % 2 == 0 { &hospital } else { &maker };
        let reader = db.store.read_as(scope).await.expect("begun");
        assert!(!reach(&reader).await.starts_with("service"));
        drop(reader);
        let snapshot: DatabaseTransaction = db.store.snapshot_as(scope).await.expect("begun");
        assert!(!reach(&snapshot).await.starts_with("service"));
        drop(snapshot);
        // As many as the pool has, so that each connection is asked.
        let asked = (0..16).map(|_| reach(db.store.read_unscoped()));
        for answer in futures::future::join_all(asked).await {
            assert_eq!(answer, "service||off", "in round {round}");
        }
    }
}

async fn the_serving_role_does_not_migrate(db: TestDb) {
    Store::migrate(&db.url).await.expect("nothing is to be done");
    db.execute("delete from seaql_migrations where version like 'm20261128%'").await;
    assert_eq!(db.store.pending_migrations().await.expect("asked"), 1);
    let error = Store::migrate(&db.url).await.expect_err("it may not").to_string();
    assert!(error.contains("supplyline migrate as the owner"), "{error}");
}

async fn a_linked_entry_is_not_changed(db: TestDb) {
    let world = World::on(&db).await;
    world.file().await;
    let write = async |sql: &'static str| {
        let done = db.store.write(move |tx| {
            Box::pin(async move { Ok::<_, Error>(tx.execute_unprepared(sql).await?) })
        });
        done.await.map(|done| done.rows_affected())
    };
    write("update audit set seq = 1, link = 'a:b', mac = 'c'").await.expect("it is linked");
    for sql in [
        "update audit set seq = 2",
        "update audit set link = null, seq = null",
        "update audit set detail = '{}'",
        "update audit set mac = null where seq = 1",
        "delete from audit",
    ] {
        let done = write(sql).await;
        let is_kept = match (&done, db.engine) {
            (Err(_), _) => true,
            // Row-level security passes over what it does not let be touched.
            (Ok(rows), Engine::Postgres) => *rows == 0,
            (Ok(_), Engine::Sqlite) => false,
        };
        assert!(is_kept, "{sql}: {done:?}");
    }
}
