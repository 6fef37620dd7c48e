//! A migrated and seeded database per test, on both engines.
//!
//! **Never** shared between tests; each starts as a copy of a template made once per process.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use supplyline::service::rulebook::Rulebook;
use supplyline::shipped;
use supplyline::store::{Error, Store};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::postgres;
use super::server::Server;

/// Runs each of the named functions, `async fn name(db: TestDb)`, as the tests `name::sqlite`
/// and `name::postgres`.
macro_rules! both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                $crate::support::db::on_sqlite(super::$name);
            }

            #[test]
            fn postgres() {
                $crate::support::db::on_postgres(super::$name);
            }
        }
    )+};
}
pub(crate) use both;

/// Like [`both`], for what only SQLite has.
macro_rules! sqlite_only {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                $crate::support::db::on_sqlite(super::$name);
            }
        }
    )+};
}
pub(crate) use sqlite_only;

/// Like [`both`], for what only PostgreSQL has.
macro_rules! postgres_only {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn postgres() {
                $crate::support::db::on_postgres(super::$name);
            }
        }
    )+};
}
pub(crate) use postgres_only;

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// A test's own database.
pub(crate) struct TestDb {
    /// As in `SUPPLYLINE_DATABASE_URL`: on PostgreSQL a role that owns nothing.
    pub(crate) url: String,
    /// The same database, for whoever owns it.
    pub(crate) owner: String,
    pub(crate) engine: Engine,
    pub(crate) store: Store,
}

impl TestDb {
    async fn open((url, owner): (String, String), engine: Engine) -> Self {
        let store = Store::connect(&url).await.expect("the database opens");
        Self { url, owner, engine, store }
    }

    /// The store as another replica has it: PostgreSQL's with connections of its own, SQLite's
    /// the same, because there can be only one process.
    pub(crate) async fn replica(&self) -> Store {
        match self.engine {
            Engine::Sqlite => self.store.clone(),
            Engine::Postgres => Store::connect(&self.url).await.expect("the database opens"),
        }
    }

    /// The URL of another database beside this one, without any table.
    pub(crate) async fn empty(&self) -> String {
        match self.engine {
            Engine::Sqlite => self.url.replace("test.db", "empty.db"),
            Engine::Postgres => {
                let cluster = postgres::cluster().expect("it runs");
                let name = next_name();
                execute(&cluster.url("postgres"), &format!("create database {name}")).await;
                cluster.url(&name)
            }
        }
    }

    /// A connection that is nobody's: no single writer, no settings.
    pub(crate) async fn raw(url: &str) -> DatabaseConnection {
        let url =
            if url.starts_with("sqlite") { format!("{url}?mode=rwc") } else { url.to_owned() };
        Database::connect(url).await.expect("the database opens")
    }

    /// Runs a statement that the store has no function for, by the hand of an operator, whom
    /// nothing binds.
    pub(crate) async fn execute(&self, sql: &'static str) {
        if self.engine == Engine::Postgres {
            return execute(&self.owner, sql).await;
        }
        let audit = if sql.contains("audit") { UNLOCK_AUDIT } else { "" };
        let sql = format!("{audit}{sql}");
        let done = self.store.write(move |tx| {
            let sql = sql.clone();
            Box::pin(async move { Ok::<_, Error>(tx.execute_unprepared(&sql).await?) })
        });
        done.await.expect("done");
    }
}

/// What keeps SQLite's audit log as it is, out of the way.
const UNLOCK_AUDIT: &str = "drop trigger if exists audit_is_kept; \
    drop trigger if exists audit_is_not_cut; drop trigger if exists audit_anchor_is_kept; \
    drop trigger if exists audit_anchor_is_not_cut; ";

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().expect("a runtime")
}

/// Runs a case on a SQLite file of its own.
pub(crate) fn on_sqlite<F: Future<Output = ()>>(case: impl FnOnce(TestDb) -> F) {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| runtime().block_on(sqlite_template()));
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("test.db");
    std::fs::write(&file, template).expect("the template is copied");
    let url = sqlite_url(&file);
    runtime()
        .block_on(async { case(TestDb::open((url.clone(), url), Engine::Sqlite).await).await });
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

async fn sqlite_template() -> Vec<u8> {
    let folder = TempDir::new().expect("a folder");
    let (file, copy) = (folder.path().join("base.db"), folder.path().join("copy.db"));
    let store = prepared(&sqlite_url(&file)).await;
    let into = format!("vacuum into '{}'", copy.display());
    execute(&sqlite_url(&file), &into).await;
    drop(store);
    std::fs::read(copy).expect("a database")
}

/// Runs a case on a PostgreSQL database of its own, where there is a server.
pub(crate) fn on_postgres<F: Future<Output = ()>>(case: impl FnOnce(TestDb) -> F) {
    static TEMPLATE: OnceLock<()> = OnceLock::new();
    let Some(cluster) = postgres::cluster() else { return };
    TEMPLATE.get_or_init(|| runtime().block_on(postgres_template(cluster)));
    let name = next_name();
    runtime().block_on(async {
        let admin = cluster.url("postgres");
        execute(&admin, &format!("create database {name} template base")).await;
        let urls = (cluster.url_as(SERVING, &name), cluster.url(&name));
        case(TestDb::open(urls, Engine::Postgres).await).await;
        execute(&admin, &format!("drop database {name} with (force)")).await;
    });
}

/// The role that the service connects as.
pub(crate) const SERVING: &str = "supplyline_serving";

async fn postgres_template(cluster: &Server) {
    execute(&cluster.url("postgres"), "create database base").await;
    execute(&cluster.url("postgres"), &format!("create role {SERVING} login")).await;
    let store = prepared(&cluster.url("base")).await;
    store.grant(SERVING).await.expect("the role may serve");
    store.read_unscoped().clone().close().await.expect("nobody stays in the template");
}

fn next_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    format!("t_{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Migrates and seeds a database, and opens it.
pub(crate) async fn prepared(url: &str) -> Store {
    Store::migrate(url).await.expect("the migrations run");
    let store = Store::connect(url).await.expect("the database opens");
    let nation = shipped::nation().expect("the shipped calendar");
    Rulebook::seed(&store, nation).await.expect("the rulebook is written");
    let policies = shipped::policies().expect("the shipped policies");
    Rulebook::seed_policies(&store, policies).await.expect("the policies are written");
    let divisions = shipped::divisions().expect("the shipped divisions");
    Rulebook::seed_divisions(&store, divisions).await.expect("the divisions are written");
    store
}

/// Runs a statement on a connection of its own.
pub(crate) async fn execute(url: &str, sql: &str) {
    let connection = Database::connect(url).await.expect("the database opens");
    connection.execute_unprepared(sql).await.expect(sql);
    connection.close().await.expect("the connection closes");
}
