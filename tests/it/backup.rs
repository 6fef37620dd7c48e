//! Backups: made while people work, restored whole or not at all, and silent afterwards.

use std::fs::{self, File};
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::TryStreamExt as _;
use migration::{Migrator, MigratorTrait};
use serde_json::{Value, json};
use supplyline::backup::sealed::{self, Packing, Sealing, sha256};
use supplyline::backup::{Missing, make, restore};
use supplyline::clock::Clock;
use supplyline::domain::attachment::Evidence;
use supplyline::domain::id::TicketId;
use supplyline::domain::search;
use supplyline::domain::ticket::Audience;
use supplyline::files::Vault;
use supplyline::service::attachments::{self, NewFile};
use supplyline::service::hold::{self, Backlog, HoldCause};
use supplyline::service::tickets::{Filter, Order};
use supplyline::service::{Once, Rendered, tickets};
use supplyline::store::{Lock, Store};
use tempfile::TempDir;
use url::Url;

use crate::support::db::{TestDb, sqlite_only};
use crate::support::station::{Outside, Station};
use crate::support::world::{INSULIN, REPLY_DUE, START, World, at};

sqlite_only! {
    a_backup_under_load_restores_to_one_moment,
    a_restored_service_repeats_nothing_b118,
    search_finds_the_same_after_a_restore,
    every_changed_byte_is_refused,
    nothing_is_written_over,
    what_is_foreign_or_hostile_is_refused,
    a_newer_schema_is_refused_and_an_older_one_migrated,
    a_missing_attachment_is_named,
    one_process_has_the_file_to_itself_b116,
}

/// A place for a database and its attachments.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.path("supplyline.db").display())
    }

    fn attachments(&self) -> Url {
        Url::from_directory_path(self.path("attachments")).expect("absolute")
    }

    fn vault(&self) -> Vault {
        Vault::at(&self.attachments()).expect("a folder")
    }

    async fn take(&self, backup: &Path) -> anyhow::Result<supplyline::backup::Restored> {
        let to = self.attachments();
        restore(backup, (&self.url(), &to), at("2026-02-13T03:00:00Z")).await
    }

    /// What lies in it, but for the lock.
    fn names(&self) -> Vec<String> {
        let inside = fs::read_dir(self.folder.path()).expect("readable").flatten();
        let mut names: Vec<_> =
            inside.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| !name.ends_with(".lock"));
        names.sort();
        names
    }
}

/// Adds a small file to a ticket.
async fn attach(world: &World, id: TicketId, text: &str) {
    let bytes = format!("%PDF-1.7\n{text}\n").into_bytes();
    let new = NewFile {
        hash: sha256(&bytes),
        bytes: bytes.into(),
        name: "停供函.pdf".to_owned(),
        evidence: Evidence::SupplyStopStatement,
        audience: Audience::All,
    };
    let render = |_: &(tickets::TicketView, attachments::AttachmentView)| Rendered {
        status: 201,
        etag: None,
        body: String::new(),
    };
    let once = Once { key: None, expected_version: None, render: Arc::new(render) };
    let scope = world.scope("maker").await;
    attachments::attach(&world.app, &scope, id, new, once).await.expect("it is kept");
}

async fn world(db: &TestDb, home: &Home) -> World {
    let world = World::on(db).await;
    World { app: world.app.clone().with_files(home.vault()) }
}

/// A ticket with a file, and a backup of it.
async fn backed_up(db: &TestDb, home: &Home) -> PathBuf {
    let world = world(db, home).await;
    let id = world.file().await;
    attach(&world, id, "x").await;
    let target = home.path("one.backup");
    let made = make((&db.url, &home.vault()), &target, Missing::Refuse, at(START)).await;
    let made = made.expect("a backup");
    assert_eq!((made.manifest.tables["ticket"], made.manifest.attachments.len()), (1, 1));
    target
}

fn refused(outcome: anyhow::Result<supplyline::backup::Restored>, home: &Home) -> String {
    let before = home.names();
    assert!(before.is_empty(), "something was left: {before:?}");
    format!("{:#}", outcome.expect_err("it must be refused"))
}

async fn a_backup_under_load_restores_to_one_moment(db: TestDb) {
    let home = Home::new();
    let world = world(&db, &home).await;
    let busy = Arc::new(AtomicBool::new(true));
    let (writer, app) = (Arc::clone(&busy), world.app.clone());
    let writing = tokio::spawn(async move {
        let world = World { app };
        let mut filed = 0;
        while writer.load(Ordering::Relaxed) || filed < 60 {
            let id = world.file().await;
            attach(&world, id, &filed.to_string()).await;
            world.reply(id, "2026-02-26").await;
            filed += 1;
        }
        filed
    });
    let mut backups = Vec::new();
    for number in 0..3 {
        let target = home.path(&format!("{number}.backup"));
        let made = make((&db.url, &home.vault()), &target, Missing::Refuse, at(START)).await;
        backups.push((target, made.expect("a backup").manifest));
    }
    busy.store(false, Ordering::Relaxed);
    let filed = writing.await.expect("the writer ends");
    assert!(filed >= 60);
    for (backup, manifest) in backups {
        let target = Home::new();
        let restored = target.take(&backup).await.expect("restored");
        assert_eq!(restored.manifest, manifest);
        assert_eq!(whole(&target).await, manifest.tables["ticket"]);
        let files = u64::try_from(manifest.attachments.len()).expect("few");
        assert!(files <= manifest.tables["ticket"]);
    }
}

/// Reads everything that was restored; gives how many tickets there are.
async fn whole(home: &Home) -> u64 {
    let store = Store::connect(&home.url()).await.expect("opened");
    let all = Filter::default();
    let world = World::over(store, Clock::still_at(at(START))).await;
    let scope = world.scope("hospital").await;
    let (mut seen, mut after, vault) = (0, None, home.vault());
    loop {
        let page = (after, 100);
        let page = tickets::list(&world.app, &scope, &all, Order::NewestFirst, page).await;
        let page = page.expect("listed");
        let Some(last) = page.last() else { return seen };
        after = Some((last.ticket.filed_at, last.ticket.id.0));
        for view in &page {
            let id = view.ticket.id;
            let events = world.events(id).await.len();
            assert_eq!(u32::try_from(events).expect("few"), view.ticket.events);
            for file in attachments::list(&world.app, &scope, id).await.expect("listed") {
                let bytes = vault.get(file.row.file.id).await.expect("it is there");
                let bytes: Vec<_> = bytes.try_collect().await.expect("read");
                assert_eq!(sha256(&bytes.concat()), file.row.file.hash);
            }
            seen += 1;
        }
    }
}

async fn a_restored_service_repeats_nothing_b118(db: TestDb) {
    let (home, target, outside) = (Home::new(), Home::new(), Outside::spawn().await);
    let world = world(&db, &home).await;
    let id = world.file().await;
    attach(&world, id, "x").await;
    let backup = home.path("one.backup");
    let made = make((&db.url, &home.vault()), &backup, Missing::Refuse, at(START)).await;
    made.expect("a backup");
    // After the backup the filing is told; then the machine dies.
    let clock = Clock::still_at(at(START));
    let lost = Station::over(db.store.clone(), clock, &outside).await;
    lost.tick().await;
    let told = outside.arrived();
    assert!(told.0 > 0 && told.1 > 0);

    target.take(&backup).await.expect("restored");
    let store = Store::connect(&target.url()).await.expect("opened");
    let clock = Clock::still_at(at("2026-02-13T04:00:00Z"));
    let again = Station::over(store, clock, &outside).await;
    again.tick().await;
    let on = hold::current(&again.world.app).await.expect("answers").expect("on hold");
    assert_eq!((on.cause, on.since), (HoldCause::Restore, at("2026-02-13T03:00:00Z")));
    assert_eq!(outside.arrived(), told, "nothing fires after a restore");
    let shown = hold::preview(&again.world.app).await.expect("answers").expect("on hold");
    assert!(shown.steps.is_empty() && shown.since.is_empty(), "{shown:?}");
    let queued: u64 = shown.before.iter().map(|one| one.deliveries).sum();
    assert_eq!(queued, u64::try_from(told.0 + told.1).expect("few"));

    let skipped = hold::release(&again.world.app, Backlog::Skip).await.expect("released");
    assert_eq!(skipped, Some(queued));
    again.tick().await;
    assert_eq!(outside.arrived(), told, "surplus notices: none");
    again.world.jump_to(REPLY_DUE);
    again.tick().await;
    assert!(again.world.story(id).await.contains(&"escalated"), "and life goes on");
    assert!(outside.arrived().0 > told.0);
}

async fn search_finds_the_same_after_a_restore(db: TestDb) {
    let (home, target) = (Home::new(), Home::new());
    let world = world(&db, &home).await;
    for summary in ["头孢短缺", "胰岛素断供", "配送迟延"] {
        world.file_for("hospital", INSULIN, summary).await;
    }
    // Copying may number rows anew, and the index names them by number: as here.
    db.execute("update ticket set rowid = 1000 - rowid").await;
    let backup = home.path("one.backup");
    make((&db.url, &home.vault()), &backup, Missing::Refuse, at(START)).await.expect("a backup");
    target.take(&backup).await.expect("restored");
    let store = Store::connect(&target.url()).await.expect("opened");
    let world = World::over(store, Clock::still_at(at(START))).await;
    let scope = world.scope("hospital").await;
    for summary in ["头孢短缺", "胰岛素断供", "配送迟延"] {
        let filter = Filter { query: Some(search::query(summary)), ..Filter::default() };
        let found =
            tickets::list(&world.app, &scope, &filter, Order::NewestFirst, (None, 10)).await;
        let found = found.expect("searched");
        let found: Vec<_> = found.iter().map(|view| view.ticket.report.summary.as_str()).collect();
        assert_eq!(found, [summary]);
    }
    world.file_for("hospital", INSULIN, "新的诉求").await;
    let filter = Filter { query: Some(search::query("新的诉求")), ..Filter::default() };
    let found = tickets::list(&world.app, &scope, &filter, Order::NewestFirst, (None, 10)).await;
    assert_eq!(found.expect("searched").len(), 1);
}

async fn every_changed_byte_is_refused(db: TestDb) {
    let (home, target) = (Home::new(), Home::new());
    let backup = backed_up(&db, &home).await;
    let whole = fs::read(&backup).expect("read");
    let damaged = home.path("damaged.backup");
    // `sealed` tries every byte of a small file; here some of each part, and both ends.
    let ends = (0..40).chain(whole.len() - 80..whole.len());
    for index in ends.chain((0..whole.len()).step_by(whole.len() / 60)) {
        let mut bytes = whole.clone();
        bytes[index] ^= 1;
        fs::write(&damaged, bytes).expect("written");
        let problem = refused(target.take(&damaged).await, &target);
        assert!(problem.contains("damaged.backup") && problem.contains("digest"), "{problem}");
    }
    fs::write(&damaged, &whole[..whole.len() - 1]).expect("written");
    refused(target.take(&damaged).await, &target);
    target.take(&backup).await.expect("the whole one is restored");
}

async fn nothing_is_written_over(db: TestDb) {
    let (home, target) = (Home::new(), Home::new());
    let backup = backed_up(&db, &home).await;
    let again = make((&db.url, &home.vault()), &backup, Missing::Refuse, at(START)).await;
    let problem = format!("{:#}", again.expect_err("the file is there"));
    assert!(problem.contains("is there already"), "{problem}");

    let taken = target.path("attachments");
    fs::create_dir(&taken).expect("made");
    fs::write(taken.join("somebody's"), "x").expect("written");
    let problem = format!("{:#}", target.take(&backup).await.expect_err("in the way"));
    assert!(problem.contains("SUPPLYLINE_ATTACHMENTS_URL"), "{problem}");
    fs::remove_dir_all(&taken).expect("removed");

    // A log without its database is stale; a database that nobody used yet is empty.
    fs::write(target.path("supplyline.db-wal"), "stale").expect("written");
    fs::write(target.path("supplyline.db-shm"), "stale").expect("written");
    target.take(&backup).await.expect("restored");
    assert_eq!(target.names(), ["attachments", "supplyline.db"]);
    let problem = format!("{:#}", target.take(&backup).await.expect_err("in the way"));
    assert!(problem.contains("SUPPLYLINE_DATABASE_URL"), "{problem}");

    let seeded = Home::new();
    Store::migrate(&seeded.url()).await.expect("migrated");
    seeded.take(&backup).await.expect("an empty database is replaced");
    let locked = Home::new();
    let lock = Lock::take(&locked.url()).expect("free");
    let problem = refused(locked.take(&backup).await, &locked);
    assert!(problem.contains(&std::process::id().to_string()), "{problem}");
    drop(lock);
}

/// A backup written anew with another manifest and other entries, and sealed like a real one.
fn forged(whole: &Path, change: impl FnOnce(&mut Value), extra: Option<&str>) -> Vec<u8> {
    let mut zip = sealed::open(File::open(whole).expect("there")).expect("sound");
    let mut entries = Vec::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).expect("an entry");
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).expect("read");
        entries.push((entry.name().expect("UTF-8").into_owned(), bytes));
    }
    let mut manifest: Value = serde_json::from_slice(&entries[0].1).expect("JSON");
    change(&mut manifest);
    entries[0].1 = serde_json::to_vec(&manifest).expect("JSON");
    entries.extend(extra.map(|name| (name.to_owned(), b"x".to_vec())));
    let mut sealing = Sealing::begin(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let entry = sealing.entry(&name, 1, Packing::Deflated).expect("an entry");
        entry.write_all(&bytes).expect("written");
    }
    sealing.finish().expect("sealed").into_inner()
}

async fn what_is_foreign_or_hostile_is_refused(db: TestDb) {
    let (home, target) = (Home::new(), Home::new());
    let backup = backed_up(&db, &home).await;
    let forgery = home.path("forged.backup");
    let check = async |bytes: Vec<u8>, expected: &str| {
        fs::write(&forgery, bytes).expect("written");
        let problem = refused(target.take(&forgery).await, &target);
        assert!(problem.contains(expected), "{expected}: {problem}");
    };
    check(b"not a backup".to_vec(), "does not end with a digest").await;
    check(Vec::new(), "does not end with a digest").await;
    for name in ["../evil", "/etc/evil", "attachments/../../evil", "attachments/x", "C:\\evil"] {
        check(forged(&backup, |_| {}, Some(name)), "is not in its manifest").await;
    }
    let set = |pointer: &'static str, value: Value| {
        move |manifest: &mut Value| *manifest.pointer_mut(pointer).expect(pointer) = value
    };
    check(forged(&backup, set("/format", json!("other")), None), "no backup").await;
    check(forged(&backup, set("/format_version", json!(2)), None), "format 2").await;
    check(forged(&backup, set("/attachments/0/id", json!("../../x")), None), "manifest").await;
    check(forged(&backup, set("/database/bytes", json!(1_u64 << 40)), None), "is no backup").await;
    check(forged(&backup, set("/database/sha256", json!("00")), None), "is damaged").await;
    check(forged(&backup, set("/attachments/0/sha256", json!("00")), None), "is damaged").await;
    check(forged(&backup, set("/attachments", json!([])), None), "is not in its manifest").await;
    check(forged(&backup, set("/tables/ticket", json!(7)), None), "its manifest describes").await;
    // A program's worth of SQL that would run by itself.
    db.execute("create trigger evil after insert on ticket begin delete from event; end").await;
    let hostile = home.path("hostile.backup");
    make((&db.url, &home.vault()), &hostile, Missing::Refuse, at(START)).await.expect("a backup");
    let problem = refused(target.take(&hostile).await, &target);
    assert!(problem.contains("evil"), "{problem}");
}

async fn a_newer_schema_is_refused_and_an_older_one_migrated(db: TestDb) {
    let (home, target) = (Home::new(), Home::new());
    let old = Home::new();
    let connection = TestDb::raw(&old.url()).await;
    Migrator::up(&connection, Some(1)).await.expect("up");
    connection.close().await.expect("closed");
    let backup = home.path("old.backup");
    let made = make((&old.url(), &home.vault()), &backup, Missing::Refuse, at(START)).await;
    assert_eq!(made.expect("a backup").manifest.schema.len(), 1);
    target.take(&backup).await.expect("restored");
    let store = Store::connect(&target.url()).await.expect("opened");
    assert_eq!(store.pending_migrations().await.expect("asked"), 0);

    let step = "insert into seaql_migrations values ('m20991231_000001_future', 0)";
    db.execute(step).await;
    let (newer, target) = (home.path("new.backup"), Home::new());
    make((&db.url, &home.vault()), &newer, Missing::Refuse, at(START)).await.expect("a backup");
    let problem = refused(target.take(&newer).await, &target);
    assert!(problem.contains("newer version") && problem.contains("000001_future"), "{problem}");
}

async fn a_missing_attachment_is_named(db: TestDb) {
    let (home, target) = (Home::new(), Home::new());
    let world = world(&db, &home).await;
    let id = world.file().await;
    attach(&world, id, "kept").await;
    attach(&world, id, "lost").await;
    let scope = world.scope("maker").await;
    let files = attachments::list(&world.app, &scope, id).await.expect("listed");
    let lost = files[1].row.file.id;
    home.vault().delete(lost).await.expect("deleted");
    let backup = home.path("one.backup");
    let made = make((&db.url, &home.vault()), &backup, Missing::Refuse, at(START)).await;
    let problem = format!("{:#}", made.expect_err("a file is missing"));
    assert!(problem.contains(&lost.to_string()), "{problem}");
    assert!(!backup.exists());
    let made = make((&db.url, &home.vault()), &backup, Missing::Note, at(START)).await;
    assert_eq!(made.expect("a backup").manifest.missing, [lost.0]);
    let names: Vec<_> = home.names().into_iter().filter(|name| name.starts_with('.')).collect();
    assert!(names.is_empty(), "work is cleared away: {names:?}");
    target.take(&backup).await.expect("the rest is restored");
}

/// The program itself.
fn program(home: &Path, url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_supplyline"));
    command
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .env("SUPPLYLINE_DATABASE_URL", url)
        .env("SUPPLYLINE_LISTEN", "127.0.0.1:0")
        .stdin(Stdio::null());
    command
}

fn ended(mut command: Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (status.code(), text(stdout), text(stderr))
}

async fn one_process_has_the_file_to_itself_b116(_: TestDb) {
    let home = Home::new();
    let url = home.url();
    let run = |arguments: &[&str]| ended(program(home.folder.path(), &url, arguments));
    let mut service = program(home.folder.path(), &url, &["serve"]);
    let mut service = service.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("runs");
    let mut said = String::new();
    let mut reader = std::io::BufReader::new(service.stdout.take().expect("piped"));
    while !said.contains("serving on") {
        said.clear();
        assert!(std::io::BufRead::read_line(&mut reader, &mut said).expect("read") > 0, "it ended");
    }
    let (code, _, problem) = run(&["serve"]);
    let holder = format!("process {}", service.id());
    assert!(code == Some(2) && problem.contains(&holder), "{code:?} {problem}");
    // What reads or adds a little need not have it to itself.
    let (code, said, problem) = run(&["backup", "one.backup"]);
    assert!(code == Some(0) && said.contains("found sound"), "{said} {problem}");
    let (code, said, problem) = run(&["hold", "--reason", "演练"]);
    assert!(code == Some(0) && said.contains("ON HOLD"), "{said} {problem}");
    let (code, said, problem) = run(&["check"]);
    assert!(code == Some(0) && said.contains("warning: ON HOLD"), "{said} {problem}");
    let (code, said, problem) = run(&["release", "--dry-run"]);
    assert!(code == Some(0) && said.contains("dry run: the hold goes on"), "{said} {problem}");
    let (code, said, problem) = run(&["release", "--skip-deliveries"]);
    assert!(code == Some(0) && said.contains("released"), "{said} {problem}");
    let (code, said, _) = run(&["release"]);
    assert!(code == Some(0) && said.contains("nothing is on hold"), "{said}");
    let (code, _, problem) = run(&["restore", "one.backup"]);
    assert!(code == Some(2) && problem.contains(&holder), "{code:?} {problem}");
    service.kill().expect("killed");
    service.wait().expect("ended");
    // The lock ends with its process; that somebody released a hold is on record and not replaced.
    let (code, _, problem) = run(&["restore", "one.backup"]);
    assert!(code == Some(2) && problem.contains("is not empty"), "{code:?} {problem}");
    for ending in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(home.path(&format!("supplyline.db{ending}"))));
    }
    let (code, _, problem) = run(&["restore", "one.backup"]);
    assert!(code == Some(0), "{problem}");
    let (_, said, _) = run(&["check"]);
    assert!(said.contains("restored from the backup"), "{said}");

    let postgres = "postgres://nobody@localhost/none";
    let (code, _, problem) = ended(program(home.folder.path(), postgres, &["backup", "x"]));
    assert!(
        code == Some(2) && problem.contains("pg_basebackup") && problem.contains("supplyline hold")
    );
    let (code, ..) = ended(program(home.folder.path(), postgres, &["restore", "one.backup"]));
    assert_eq!(code, Some(2));
}
