//! The database itself: its migrations, its settings, its seed.

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, Statement};
use supplyline::service::rulebook::Rulebook;
use supplyline::shipped;
use supplyline::store::{Error, Store, setting};

use crate::support::db::{Engine, TestDb, both, sqlite_only};

both! {
    migrations_go_up_and_down_and_up_again,
    migrations_of_replicas_wait_for_each_other,
    seeding_twice_is_harmless,
}
sqlite_only! {
    the_settings_that_keep_data_are_on,
    readers_cannot_write,
    sqlite_is_new_enough,
    a_url_that_cannot_be_used_is_named,
}

async fn migrations_go_up_and_down_and_up_again(db: TestDb) {
    let url = db.empty().await;
    let connection = TestDb::raw(&url).await;
    for _ in 0..2 {
        Migrator::up(&connection, None).await.expect("up");
        Migrator::down(&connection, None).await.expect("down");
    }
    connection.close().await.expect("closed");
    Store::migrate(&url).await.expect("up");
    let store = Store::connect(&url).await.expect("open");
    assert_eq!(store.pending_migrations().await.expect("asked"), 0);
    store.ping().await.expect("alive");
}

async fn migrations_of_replicas_wait_for_each_other(db: TestDb) {
    let url = db.empty().await;
    if db.engine == Engine::Postgres {
        let store = Store::connect(&url).await.expect("open");
        assert_eq!(store.pending_migrations().await.expect("asked"), Migrator::migrations().len());
        let replicas = (0..4).map(|_| Store::migrate(&url));
        for replica in futures::future::join_all(replicas).await {
            replica.expect("migrated");
        }
    }
    Store::migrate(&url).await.expect("migrated");
    Store::migrate(&url).await.expect("nothing to do");
    let store = Store::connect(&url).await.expect("open");
    assert_eq!(store.pending_migrations().await.expect("asked"), 0);
}

async fn seeding_twice_is_harmless(db: TestDb) {
    let count = async || {
        let read = db.store.read_unscoped();
        let days = entity::calendar_day::Entity::find().count(read).await.expect("counted");
        (days, entity::policy::Entity::find().count(read).await.expect("counted"))
    };
    let before = count().await;
    assert!(before.0 > 100, "the shipped calendar has {} days", before.0);
    for _ in 0..2 {
        let nation = shipped::nation().expect("the shipped calendar");
        Rulebook::seed(&db.store, nation).await.expect("seeded");
        let policies = shipped::policies().expect("the shipped policies");
        Rulebook::seed_policies(&db.store, policies).await.expect("seeded");
    }
    assert_eq!(count().await, before);
    let book = Rulebook::load(db.store.read_unscoped()).await.expect("loaded");
    assert_eq!(book.layers()[0].layer, shipped::nation().expect("the shipped calendar"));
}

const PRAGMAS: [(&str, &str); 4] =
    [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1"), ("trusted_schema", "0")];

async fn pragma(db: &impl ConnectionTrait, name: &str) -> String {
    let query = Statement::from_string(
        DbBackend::Sqlite,
        format!("select cast({name} as text) from pragma_{name}"),
    );
    let row = db.query_one_raw(query).await.expect("asked").expect("answered");
    row.try_get_by_index(0).expect("a text")
}

async fn the_settings_that_keep_data_are_on(db: TestDb) {
    for (name, wanted) in PRAGMAS {
        assert_eq!(pragma(db.store.read_unscoped(), name).await, wanted, "{name} of the readers");
        let of_writer = db
            .store
            .write(move |tx| Box::pin(async move { Ok::<_, Error>(pragma(tx, name).await) }))
            .await;
        assert_eq!(of_writer.expect("asked"), wanted, "{name} of the writer");
    }
    assert_eq!(pragma(db.store.read_unscoped(), "query_only").await, "1");
}

async fn readers_cannot_write(db: TestDb) {
    let refused = setting::set(db.store.read_unscoped(), "name", "value".to_owned()).await;
    let error = refused.expect_err("a reader must not write").to_string();
    assert!(error.contains("readonly"), "{error}");
}

async fn sqlite_is_new_enough(db: TestDb) {
    let query = Statement::from_string(DbBackend::Sqlite, "select sqlite_version()");
    let row =
        db.store.read_unscoped().query_one_raw(query).await.expect("asked").expect("answered");
    let version: String = row.try_get_by_index(0).expect("a text");
    let parts: Vec<u32> = version.split('.').map(|part| part.parse().expect("a number")).collect();
    assert!(parts >= vec![3, 51, 3], "SQLite {version} can corrupt a WAL database");
}

async fn a_url_that_cannot_be_used_is_named(_: TestDb) {
    for url in ["", "mysql://x", "sqlite:", "sqlite://:memory:", "sqlite:///no/such/folder/x.db"] {
        match Store::connect(url).await {
            Err(Error::Unusable(text)) => {
                assert!(text.contains("SUPPLYLINE_DATABASE_URL"), "{url}: {text}");
            }
            Err(error) => panic!("{url}: {error}"),
            Ok(_) => panic!("{url} was opened"),
        }
    }
}
