//! The program told to end: what it finishes, what it gives back, and how long it takes.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait as _, Statement};
use supplyline::clock::Clock;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;

use crate::support::db::{Engine, TestDb, both, postgres_only};
use crate::support::smtp::{Script, SmtpSink};
use crate::support::world::{self, World};

both! {
    told_to_end_it_answers_gives_back_and_ends_within_20_s,
}
postgres_only! {
    told_to_end_while_the_database_hangs_it_ends_within_20_s,
}

/// The program, killed when the test ends before it does.
struct Program {
    child: Child,
    address: String,
    _folder: TempDir,
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Program {
    fn serve(url: &str, mail: &SmtpSink) -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_supplyline"))
            .arg("serve")
            .current_dir(folder.path())
            .env("SUPPLYLINE_DATABASE_URL", url)
            .env("SUPPLYLINE_LISTEN", "127.0.0.1:0")
            .env("SUPPLYLINE_SMTP_URL", &mail.url)
            // The server of the tests keeps nothing beyond its end.
            .env("SUPPLYLINE_ALLOW_LOSS", "true")
            .env("SUPPLYLINE_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let said =
            lines.find_map(|line| line.ok()?.strip_prefix("serving on http://").map(str::to_owned));
        Self { child, address: said.expect("it serves"), _folder: folder }
    }

    fn terminate(&self) -> Instant {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.expect("kill runs").success());
        Instant::now()
    }

    /// How long after the signal it ended, cleanly.
    async fn ended(&mut self, since: Instant) -> Duration {
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                assert_eq!(status.code(), Some(0));
                return since.elapsed();
            }
            assert!(since.elapsed() < Duration::from_secs(30), "it does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A request whose last byte is held back.
    async fn half(&self, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).await.expect("connected");
        let (begun, _) = body.split_at(body.len() - 1);
        let request = format!(
            "POST /api/v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{begun}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        stream
    }

    async fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).await.expect("connected");
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("read");
        answer
    }
}

/// Twelve mails that may leave at once, in a database whose service last ran just now.
async fn with_mails(db: &TestDb) {
    world::fill(&db.store).await;
    let world = World::over(db.store.clone(), Clock::system()).await;
    for _ in 0..12 {
        world.file().await;
    }
    db.execute("delete from delivery where channel <> 'mail'").await;
    db.execute("update delivery set due_at = '2026-01-01T00:00:00+00:00'").await;
}

/// How many mails are in nobody's hands, and were tried so often.
async fn mails(db: &TestDb, attempts: i32) -> i64 {
    let read = db.store.read_unscoped();
    let sql = format!(
        "select count(*) from delivery where state = 'queued' and claimed_by is null \
         and claimed_until is null and attempt = {attempts}"
    );
    let row = read.query_one_raw(Statement::from_string(read.get_database_backend(), sql)).await;
    row.expect("answers").expect("a row").try_get_by_index(0).expect("a number")
}

async fn told_to_end_it_answers_gives_back_and_ends_within_20_s(db: TestDb) {
    with_mails(&db).await;
    let all = mails(&db, 0).await;
    assert!(all > 8, "{all} mails are more than are sent at once");
    let mail = SmtpSink::spawn().await;
    mail.set_script(Script::Stall);
    let mut program = Program::serve(&db.url, &mail);
    while mail.connections() < 8 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut slow = program.half(r#"{"username":"nobody","password":"12345678"}"#).await;
    assert!(program.get("/health/ready").await.starts_with("HTTP/1.1 200 "));

    let since = program.terminate();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let ready = program.get("/health/ready").await;
    assert!(ready.starts_with("HTTP/1.1 503 ") && ready.contains("about to end"), "{ready}");
    let live = program.get("/health/live").await;
    assert!(live.starts_with("HTTP/1.1 200 ") && live.contains("connection: close"), "{live}");
    tokio::time::sleep(Duration::from_secs(3)).await;
    slow.write_all(b"}").await.expect("sent");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.expect("read");
    assert!(answer.starts_with("HTTP/1.1 401 "), "what was under way is answered: {answer}");
    let took = program.ended(since).await;
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert_eq!(mail.connections(), 8, "nothing more was begun");
    assert_eq!((mails(&db, 0).await, mails(&db, 1).await), (all - 8, 8));
}

/// What stands between the program and its database, until it lets nothing more through.
fn between(folder: &Path, server: &Path) -> watch::Sender<bool> {
    let (hang, hangs) = watch::channel(false);
    let listener = UnixListener::bind(folder.join(".s.PGSQL.5432")).expect("bound");
    let server = server.join(".s.PGSQL.5432");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = UnixStream::connect(&server).await.expect("connected");
            let (client, server) = (client.into_split(), server.into_split());
            tokio::spawn(forward(client.0, server.1, hangs.clone()));
            tokio::spawn(forward(server.0, client.1, hangs.clone()));
        }
    });
    hang
}

async fn forward(
    mut from: tokio::net::unix::OwnedReadHalf,
    mut to: tokio::net::unix::OwnedWriteHalf,
    mut hangs: watch::Receiver<bool>,
) {
    let mut bytes = [0; 8192];
    while let Ok(read) = from.read(&mut bytes).await {
        if *hangs.borrow() {
            // For as long as the test lasts, without closing anything.
            while hangs.changed().await.is_ok() {}
            return;
        }
        if read == 0 || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}

async fn told_to_end_while_the_database_hangs_it_ends_within_20_s(db: TestDb) {
    assert_eq!(db.engine, Engine::Postgres);
    with_mails(&db).await;
    let mail = SmtpSink::spawn().await;
    mail.set_script(Script::Stall);
    let folder = tempfile::Builder::new().prefix("between-").tempdir_in("/tmp").expect("a folder");
    let (url, server) = db.url.rsplit_once("?host=").expect("a socket");
    let hang = between(folder.path(), Path::new(server));
    let mut program = Program::serve(&format!("{url}?host={}", folder.path().display()), &mail);
    while mail.connections() < 8 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    hang.send(true).expect("heard");
    tokio::time::sleep(Duration::from_millis(700)).await;
    let begun = Instant::now();
    let ready = program.get("/health/ready").await;
    assert!(ready.starts_with("HTTP/1.1 503 "), "{ready}");
    assert!(begun.elapsed() < Duration::from_secs(5), "it is said soon: {:?}", begun.elapsed());
    let since = program.terminate();
    let took = program.ended(since).await;
    assert!(took < Duration::from_secs(20), "{took:?}");
    // Their leases run out: nothing is lost, and nobody could be told.
    assert_eq!(mails(&db, 1).await, 0);
}
