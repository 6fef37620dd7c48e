//! A SQLite file that is not as it should be, and one whose last end was not clean.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;

use tempfile::TempDir;

use super::{Serving, ended, program, refused};

const URL: &str = "sqlite://own.db";
const SETTING: &str = "SUPPLYLINE_DATABASE_URL";

#[test]
fn b116_a_missing_file_is_made() {
    let home = TempDir::new().expect("a folder");
    Serving::start(program(home.path(), URL, &["serve"])).stop();
    let lock = fs::read_to_string(home.path().join("own.db.lock")).expect("it stays");
    assert_eq!(lock, "", "a clean end leaves no name");
    refused(program(home.path(), "sqlite://no/own.db", &["serve"]), &[SETTING, "own.db"]);
}

#[test]
fn b116_what_is_no_database_stops_the_start() {
    let home = TempDir::new().expect("a folder");
    fs::write(home.path().join("own.db"), "not a database, but a text ".repeat(1_000))
        .expect("written");
    for command in ["serve", "check", "migrate"] {
        refused(program(home.path(), URL, &[command]), &[SETTING, "own.db"]);
    }
    let text = fs::read_to_string(home.path().join("own.db")).expect("it stays as it was");
    assert!(text.starts_with("not a database"));
}

/// The program as somebody without rights, where the test has all of them.
fn as_nobody(command: &Command) -> Option<Command> {
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return Some(copy(command, Command::new(command.get_program())));
    }
    let mut other = Command::new("setpriv");
    other.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
    other.arg(command.get_program());
    let other = copy(command, other);
    // Where the program cannot be reached by others, nothing can be seen.
    let mut version = Command::new("setpriv");
    version.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
    version.arg(command.get_program()).arg("--version");
    version.output().is_ok_and(|output| output.status.success()).then_some(other)
}

fn copy(from: &Command, mut to: Command) -> Command {
    to.args(from.get_args()).env_clear();
    to.envs(from.get_envs().filter_map(|(name, value)| Some((name, value?))));
    to.current_dir(from.get_current_dir().expect("set"));
    to
}

#[test]
fn b116_a_file_that_cannot_be_written_stops_the_start() {
    let home = TempDir::new().expect("a folder");
    ended(program(home.path(), URL, &["migrate"]));
    let path = |name: &str| home.path().join(name);
    let allow = |name: &str, mode: u32| {
        fs::set_permissions(path(name), Permissions::from_mode(mode)).expect("set");
    };
    allow("", 0o777);
    for name in ["own.db", "supplyline.key"] {
        allow(name, 0o444);
    }
    let Some(read_only) = as_nobody(&program(home.path(), URL, &["serve"])) else { return };
    refused(read_only, &[SETTING, "own.db"]);
    allow("own.db", 0o600);
    let someone_elses = as_nobody(&program(home.path(), URL, &["check"])).expect("as before");
    if fs::metadata("/proc/self").expect("there").uid() == 0 {
        refused(someone_elses, &[SETTING, "own.db"]);
    }
    allow("own.db", 0o666);
    fs::remove_file(path("own.db.lock")).ok();
    allow("", 0o555);
    let in_read_only = as_nobody(&program(home.path(), URL, &["serve"])).expect("as before");
    refused(in_read_only, &[SETTING, "own.db"]);
    allow("", 0o755);
}

#[test]
fn after_an_unclean_end_the_file_is_looked_through() {
    let home = TempDir::new().expect("a folder");
    let serve = || program(home.path(), URL, &["serve"]);
    let said = |serving: &mut Serving| serving.wait_for("sound");
    Serving::start(serve()).kill();
    let mut second = Serving::start(serve());
    assert!(said(&mut second).contains("looked through"));
    second.stop();
    // The look settled it.
    let (_, checked) = ended(program(home.path(), URL, &["check"]));
    assert!(!checked.contains("ON HOLD"), "{checked}");
    let lock = fs::read_to_string(home.path().join("own.db.lock")).expect("there");
    assert_eq!(lock, "");
}

#[test]
fn after_an_unclean_end_a_damaged_file_keeps_everything_on_hold() {
    let home = TempDir::new().expect("a folder");
    Serving::start(program(home.path(), URL, &["serve"])).kill();
    // Into the file and out of the write-ahead log, so that what is damaged here is read.
    ended(program(home.path(), URL, &["migrate"]));
    let path = home.path().join("own.db");
    damage_an_index(&path);
    let mut again = Serving::start(program(home.path(), URL, &["serve"]));
    let line = again.wait_for("is damaged");
    assert!(line.contains("restore a backup"), "{line}");
    again.stop();
    let (_, checked) = ended(program(home.path(), URL, &["check"]));
    assert!(checked.contains("ON HOLD") && checked.contains("damaged"), "{checked}");
    let lock = fs::read_to_string(home.path().join("own.db.lock")).expect("there");
    assert_ne!(lock, "", "the next start looks again");
}

/// Overwrites a page that an index of a table without rows begins with.
fn damage_an_index(path: &std::path::Path) {
    let url = format!("sqlite://{}", path.display());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (page, size) = runtime.block_on(async {
        use sea_orm::{ConnectionTrait as _, Database, Statement};
        let db = Database::connect(url).await.expect("opened");
        let number = async |sql: &str| -> i64 {
            let query = Statement::from_string(db.get_database_backend(), sql);
            let row = db.query_one_raw(query).await.expect("answered").expect("a row");
            row.try_get_by_index(0).expect("a number")
        };
        let page =
            number("select rootpage from sqlite_schema where name = 'ix_notice_recipient_id_id'");
        let found = (page.await, number("select page_size from pragma_page_size").await);
        db.execute_unprepared("pragma wal_checkpoint(truncate)").await.expect("done");
        db.close().await.expect("closed");
        found
    });
    let mut bytes = fs::read(path).expect("read");
    let (page, size) =
        (usize::try_from(page).expect("small"), usize::try_from(size).expect("small"));
    bytes[(page - 1) * size..page * size].fill(0x5a);
    fs::write(path, bytes).expect("written");
}
