//! Databases that proofs fill, break and read beside the service.
//!
//! **Never** a database that somebody else uses, and **never** one in haste: what reaches the disk
//! is the point.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use tempfile::TempDir;

use super::server::{self, Server};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// As on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// For people.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

impl FromStr for Engine {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "sqlite" => Ok(Self::Sqlite),
            "postgres" => Ok(Self::Postgres),
            _ => Err(()),
        }
    }
}

/// As a careful operator has it.
pub(crate) const DURABLE: &str =
    "-c fsync=on -c synchronous_commit=on -c full_page_writes=on -c wal_level=replica";

/// Long enough that replies are overdue over a weekend, too, and not so long that the clock is in
/// doubt.
const AGO_DAYS: i64 = 5;

/// True where PostgreSQL's programs are.
///
/// # Panics
/// When they are not and `SUPPLYLINE_TESTS_REQUIRE_POSTGRES` wants them.
pub(crate) fn has_postgres() -> bool {
    let is_there = server::programs().is_some();
    let required = std::env::var("SUPPLYLINE_TESTS_REQUIRE_POSTGRES").is_ok_and(|yes| yes == "1");
    assert!(
        is_there || !required,
        "SUPPLYLINE_TESTS_REQUIRE_POSTGRES=1, and PostgreSQL was not found"
    );
    is_there
}

/// The server of this process, started when first asked for.
pub(crate) fn cluster() -> &'static Server {
    static CLUSTER: OnceLock<Server> = OnceLock::new();
    CLUSTER.get_or_init(|| server::start(&server::programs().expect("PostgreSQL"), DURABLE, None))
}

/// A database with what lies beside it: attachments, keys, checkpoints, logs.
pub(crate) struct Database {
    pub(crate) engine: Engine,
    url: String,
    folder: TempDir,
}

impl Database {
    /// One without any table.
    pub(crate) async fn empty(engine: Engine) -> Self {
        let folder = TempDir::new().expect("a folder");
        let url = match engine {
            Engine::Sqlite => format!("sqlite://{}", folder.path().join("own.db").display()),
            Engine::Postgres => {
                let name = next_name();
                create(&name, "").await;
                cluster().url(&name)
            }
        };
        Self { engine, url, folder }
    }

    /// One on a server of somebody's own.
    pub(crate) fn on(url: String) -> Self {
        Self { engine: Engine::Postgres, url, folder: TempDir::new().expect("a folder") }
    }

    /// The same, found elsewhere.
    pub(crate) fn at(self, url: String) -> Self {
        Self { url, ..self }
    }

    /// One with the demo's organisations, people, products and tickets in it.
    pub(crate) async fn filled(engine: Engine) -> Self {
        static SQLITE: OnceLock<TempDir> = OnceLock::new();
        static POSTGRES: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
        match engine {
            Engine::Sqlite => Self::copied(SQLITE.get_or_init(|| sqlite_template(0))).await,
            Engine::Postgres => {
                POSTGRES.get_or_init(|| postgres_template("filled", 0)).await;
                Self::created("filled").await
            }
        }
    }

    /// The same as it was some days ago: whoever starts on it finds deadlines passed and notices
    /// to be sent.
    pub(crate) async fn overdue(engine: Engine) -> Self {
        static SQLITE: OnceLock<TempDir> = OnceLock::new();
        static POSTGRES: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
        match engine {
            Engine::Sqlite => Self::copied(SQLITE.get_or_init(|| sqlite_template(AGO_DAYS))).await,
            Engine::Postgres => {
                POSTGRES.get_or_init(|| postgres_template("overdue", AGO_DAYS)).await;
                Self::created("overdue").await
            }
        }
    }

    async fn copied(template: &TempDir) -> Self {
        let own = Self::empty(Engine::Sqlite).await;
        for file in std::fs::read_dir(template.path()).expect("the template").flatten() {
            let to = own.folder().join(file.file_name());
            std::fs::copy(file.path(), to).expect("the template is copied");
        }
        own
    }

    async fn created(template: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let name = next_name();
        create(&name, &format!("template {template}")).await;
        Self { engine: Engine::Postgres, url: cluster().url(&name), folder }
    }

    /// As in `SUPPLYLINE_DATABASE_URL`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What lies beside it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the service keeps attachments.
    pub(crate) fn attachments(&self) -> PathBuf {
        self.folder().join("attachments")
    }

    /// The settings of a service on it.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let beside = |name: &str| self.folder().join(name).display().to_string();
        vec![
            ("SUPPLYLINE_DATABASE_URL", self.url.clone()),
            ("SUPPLYLINE_ATTACHMENTS_URL", format!("file://{}/", beside("attachments"))),
            ("SUPPLYLINE_AUDIT_CHECKPOINTS", beside("supplyline.checkpoints")),
            ("SUPPLYLINE_LISTEN", "127.0.0.1:0".to_owned()),
            ("SUPPLYLINE_LOCAL_CHANNELS", "true".to_owned()),
        ]
    }

    /// A connection beside the service's.
    pub(crate) async fn connect(&self) -> Reader {
        Reader::on(&self.url).await
    }

    /// One of the program's other commands, begun on it.
    pub(crate) fn spawn(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Spawned {
        let log = self.folder().join(format!("{}.log", next_name()));
        let file = std::fs::File::create(&log).expect("a log");
        let mut program = program();
        program.args(arguments).current_dir(self.folder()).envs(self.settings());
        program.envs(settings.iter().copied()).env("SUPPLYLINE_LOG", "warn");
        program.stdout(file.try_clone().expect("a log")).stderr(file);
        Spawned { child: program.spawn().expect("it starts"), log }
    }

    /// Runs the program's other commands on it; gives its exit code and what it said.
    pub(crate) fn command(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut program = program();
        program.args(arguments).current_dir(self.folder()).envs(self.settings());
        let output = program.env("SUPPLYLINE_LOG", "warn").output().expect("it ran");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    }
}

/// A command under way; dropped, it is killed.
pub(crate) struct Spawned {
    child: std::process::Child,
    log: PathBuf,
}

impl Spawned {
    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The real program, with no setting of this process's environment.
pub(crate) fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_supplyline"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SUPPLYLINE_") {
            program.env_remove(name);
        }
    }
    program
}

/// Reads a database beside the service.
pub(crate) struct Reader {
    engine: Engine,
    connection: DatabaseConnection,
}

impl Reader {
    /// One of the database of a URL.
    pub(crate) async fn on(url: &str) -> Self {
        let mut options = ConnectOptions::new(url.to_owned());
        options.max_connections(1).sqlx_logging(false);
        let connection = sea_orm::Database::connect(options).await.expect("the database opens");
        let engine = if url.starts_with("sqlite") { Engine::Sqlite } else { Engine::Postgres };
        Self { engine, connection }
    }

    /// Which database it is.
    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    fn statement(&self, sql: &str) -> Statement {
        let backend = match self.engine {
            Engine::Sqlite => DbBackend::Sqlite,
            Engine::Postgres => DbBackend::Postgres,
        };
        Statement::from_string(backend, sql)
    }

    /// The rows of a query whose columns are all text; null is the empty text.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let rows = self.connection.query_all_raw(self.statement(sql)).await;
        let texts = |row: &sea_orm::QueryResult| {
            let width = row.column_names().len();
            let text = |at| row.try_get_by_index::<Option<String>>(at).expect(sql);
            (0..width).map(|at| text(at).unwrap_or_default()).collect()
        };
        rows.unwrap_or_else(|error| panic!("{sql}: {error}")).iter().map(texts).collect()
    }

    /// The only number of a query.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let row = self.connection.query_one_raw(self.statement(sql)).await;
        let row = row.unwrap_or_else(|error| panic!("{sql}: {error}")).expect(sql);
        row.try_get_by_index::<Option<i64>>(0).expect(sql).unwrap_or_default()
    }

    /// Runs statements.
    pub(crate) async fn execute(&self, sql: &str) {
        self.connection.execute_unprepared(sql).await.expect(sql);
    }

    /// What SQL makes of a column with an id: its text, without hyphens, in small letters.
    pub(crate) fn id(&self, column: &str) -> String {
        match self.engine {
            Engine::Sqlite => format!("lower(hex({column}))"),
            Engine::Postgres => format!("replace({column}::text, '-', '')"),
        }
    }

    /// The id of a text as SQL, as it stands in a column.
    pub(crate) fn literal(&self, id: &str) -> String {
        let plain = id.replace('-', "");
        match self.engine {
            Engine::Sqlite => format!("x'{plain}'"),
            Engine::Postgres => format!("'{plain}'::uuid"),
        }
    }

    /// The database's own version.
    pub(crate) async fn version(&self) -> String {
        let sql = match self.engine {
            Engine::Sqlite => "select 'SQLite ' || sqlite_version()",
            Engine::Postgres => "select 'PostgreSQL ' || current_setting('server_version')",
        };
        self.rows(sql).await.remove(0).remove(0)
    }
}

fn next_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    format!("p_{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

async fn create(name: &str, template: &str) {
    let admin = sea_orm::Database::connect(cluster().url("postgres")).await.expect("it runs");
    let create = format!("create database {name} {template}");
    admin.execute_unprepared(&create).await.expect("the database is made");
    admin.close().await.expect("closed");
}

pub(crate) fn load(url: &str, folder: &Path, ago_days: i64) {
    let mut program = program();
    let then = chrono::Utc::now() - chrono::TimeDelta::days(ago_days);
    let then = then.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    program.args(["demo", "--load-only", "--now", &then]).current_dir(folder);
    program.env("SUPPLYLINE_DATABASE_URL", url);
    let output = program.env("SUPPLYLINE_LOG", "error").output().expect("it ran");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn sqlite_template(ago_days: i64) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("own.db").display());
    load(&url, folder.path(), ago_days);
    // Made anew by whoever opens the database next.
    drop(std::fs::remove_file(folder.path().join("own.db-shm")));
    folder
}

async fn postgres_template(name: &str, ago_days: i64) {
    create(name, "").await;
    let folder = TempDir::new().expect("a folder");
    load(&cluster().url(name), folder.path(), ago_days);
}
