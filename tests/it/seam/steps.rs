//! The steps of the schema: up, down and up again, half done, and taken by a later version.

use migration::{Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};
use supplyline::store::{Error, Store};

use crate::support::app::TestApp;
use crate::support::db::{Engine, TestDb, both, sqlite_only};

both! {
    up_down_and_up_again_gives_the_same_schema,
    b115_a_step_of_a_later_version_is_gone_on_beside_or_refused,
    b115_replicas_that_start_at_once_take_each_step_once,
    b115_an_older_schema_is_brought_up_to_date,
}
sqlite_only!(b115_steps_that_are_interrupted_leave_nothing_half_done);

/// Every table, column and index, by what they are.
async fn schema(db: &DatabaseConnection, engine: Engine) -> Vec<String> {
    let queries: &[&str] = match engine {
        Engine::Sqlite => &[
            "select type || ' ' || name || ' on ' || tbl_name from sqlite_schema \
             where name not like 'sqlite_%' and name not like 'ticket_search_%' order by 1",
            "select 'column ' || m.name || '.' || c.name || ' ' || c.type || ' ' || c.pk || ' ' || \
             coalesce(c.dflt_value, '') from sqlite_schema m, pragma_table_info(m.name) c \
             where m.type = 'table' order by 1",
            "select 'index ' || name || ': ' || sql from sqlite_schema \
             where type = 'index' and sql is not null order by 1",
        ],
        Engine::Postgres => &[
            "select 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || \
             is_nullable || ' ' || coalesce(column_default, '') || ' ' || is_identity \
             from information_schema.columns where table_schema = 'public' order by 1",
            "select 'index ' || indexdef from pg_indexes where schemaname = 'public' order by 1",
            "select 'constraint ' || conrelid::regclass::text || ' ' || contype::text || ' ' || \
             pg_get_constraintdef(oid) from pg_constraint \
             where connamespace = 'public'::regnamespace order by 1",
            "select 'trigger ' || tgrelid::regclass::text || ' ' || pg_get_triggerdef(oid) \
             from pg_trigger where not tgisinternal order by 1",
            "select 'policy ' || tablename || ' ' || policyname || ' ' || coalesce(qual, '') \
             from pg_policies order by 1",
        ],
    };
    let mut found = Vec::new();
    for query in queries {
        let query = Statement::from_string(db.get_database_backend(), *query);
        for row in db.query_all_raw(query).await.expect("answered") {
            found.push(row.try_get_by_index::<String>(0).expect("text"));
        }
    }
    found
}

async fn count(db: &DatabaseConnection, table: &str) -> i64 {
    let query = format!("select count(*) from {table}");
    let query = Statement::from_string(db.get_database_backend(), query);
    let row = db.query_one_raw(query).await.expect("answered").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

async fn up_down_and_up_again_gives_the_same_schema(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    for _ in 0..3 {
        hospital.file().await;
    }
    app.stop().await;
    let raw = TestDb::raw(&db.owner).await;
    let before = schema(&raw, db.engine).await;
    let (tickets, people) = (count(&raw, "ticket").await, count(&raw, "app_user").await);
    assert!(tickets == 3 && before.len() > 200, "{} of a schema", before.len());
    let steps = Migrator::migrations().len();
    for steps in [1, 2, steps / 2, steps - 1] {
        let steps = u32::try_from(steps).expect("few");
        Migrator::down(&raw, Some(steps)).await.expect("down");
        Migrator::up(&raw, None).await.expect("up");
        let after = schema(&raw, db.engine).await;
        let differs = |a: &[String], b: &[String]| -> Vec<String> {
            a.iter().filter(|one| !b.contains(one)).cloned().collect()
        };
        let (lost, new) = (differs(&before, &after), differs(&after, &before));
        assert!(lost.is_empty() && new.is_empty(), "{steps}: lost {lost:?}, new {new:?}");
        assert_eq!(count(&raw, "ticket").await, tickets, "{steps}");
        assert_eq!(count(&raw, "app_user").await, people, "{steps}");
    }
    Migrator::down(&raw, None).await.expect("down to nothing");
    let left = schema(&raw, db.engine).await;
    let foreign = left.iter().filter(|one| !one.contains("seaql_migrations"));
    assert_eq!(foreign.count(), 0, "{left:?}");
    Migrator::up(&raw, None).await.expect("up from nothing");
    assert_eq!(schema(&raw, db.engine).await, before);
    raw.close().await.expect("closed");
}

async fn take(db: &TestDb, step: &str) {
    let raw = TestDb::raw(&db.owner).await;
    let insert = format!("insert into seaql_migrations (version, applied_at) values ('{step}', 0)");
    raw.execute_unprepared(&insert).await.expect("written");
    raw.close().await.expect("closed");
}

async fn b115_a_step_of_a_later_version_is_gone_on_beside_or_refused(db: TestDb) {
    take(&db, "m29990101_000001_add_something").await;
    take(&db, "m29990102_000001_drop_something_needs_m20261122_000001").await;
    Store::migrate(&db.owner).await.expect("this version can work with both");
    assert_eq!(db.store.pending_migrations().await.expect("fit"), 0);
    let unfit = "m29990103_000001_drop_more_needs_m29990101_000001";
    take(&db, unfit).await;
    for refused in
        [Store::migrate(&db.owner).await, db.store.pending_migrations().await.map(|_| ())]
    {
        let Err(Error::Unusable(problem)) = refused else { panic!("{refused:?}") };
        assert!(
            problem.contains(unfit) && problem.contains("SUPPLYLINE_DATABASE_URL"),
            "{problem}"
        );
    }
}

async fn b115_an_older_schema_is_brought_up_to_date(db: TestDb) {
    let raw = TestDb::raw(&db.owner).await;
    let before = schema(&raw, db.engine).await;
    Migrator::down(&raw, Some(3)).await.expect("down");
    assert_eq!(db.store.pending_migrations().await.expect("fit"), 3);
    Store::migrate(&db.owner).await.expect("up to date");
    assert_eq!(db.store.pending_migrations().await.expect("fit"), 0);
    assert_eq!(schema(&raw, db.engine).await, before);
    raw.close().await.expect("closed");
}

async fn b115_replicas_that_start_at_once_take_each_step_once(db: TestDb) {
    let url = db.empty().await;
    // SQLite's file belongs to one process, which takes its steps once.
    let replicas = if db.engine == Engine::Postgres { 4 } else { 1 };
    for outcome in futures::future::join_all((0..replicas).map(|_| Store::migrate(&url))).await {
        outcome.expect("each is content");
    }
    let raw = TestDb::raw(&url).await;
    let steps = i64::try_from(Migrator::migrations().len()).expect("few");
    assert_eq!(count(&raw, "seaql_migrations").await, steps);
    raw.close().await.expect("closed");
}

async fn b115_steps_that_are_interrupted_leave_nothing_half_done(db: TestDb) {
    let url = db.empty().await;
    let raw = TestDb::raw(&url).await;
    // In the way of a step in the middle.
    raw.execute_unprepared("create table draft (id integer)").await.expect("made");
    Store::migrate(&url).await.expect_err("the table is there");
    let left = schema(&raw, db.engine).await;
    assert!(left.iter().all(|one| one.contains("draft")), "{left:?}");
    raw.execute_unprepared("drop table draft").await.expect("gone");
    Store::migrate(&url).await.expect("taken from the beginning");
    let steps = i64::try_from(Migrator::migrations().len()).expect("few");
    assert_eq!(count(&raw, "seaql_migrations").await, steps);
    raw.close().await.expect("closed");
}
