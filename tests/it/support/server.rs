//! A PostgreSQL server of this process's own, on a Unix socket in a folder of its own.
//!
//! A small shell supervises it: when this process ends, however it ends, the shell's input
//! closes, and it stops the server and removes the folder.
//!
//! **Never** touches a server that somebody else runs.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const SUPERVISE: &str = r#"
bin=$1 folder=$2 settings=$3 primary=$4 owner=
if [ "$(id -u)" = 0 ]; then
    owner=postgres
    id -u "$owner" >/dev/null 2>&1 || owner=nobody
    chown "$owner" "$folder"
fi
as_owner() {
    if [ -z "$owner" ]; then "$@"
    elif command -v setpriv >/dev/null; then
        setpriv --reuid="$(id -u "$owner")" --regid="$(id -g "$owner")" --clear-groups -- "$@"
    else runuser -u "$owner" -- "$@"
    fi
}
cd "$folder" || exit 1
trap 'as_owner "$bin/pg_ctl" -D data -m immediate -w stop >/dev/null 2>&1; rm -rf "$folder"' EXIT
{
    if [ -z "$primary" ]; then
        as_owner "$bin/initdb" -D data -U postgres -A trust -E UTF8 --locale=C --no-sync
    else
        as_owner "$bin/pg_basebackup" -D data -U postgres -h "$primary" -R -c fast --no-sync
    fi &&
    as_owner "$bin/pg_ctl" -D data -l server.log -w -o "-p 5432 -k $folder \
        -c listen_addresses= -c max_connections=400 -c shared_buffers=64MB \
        -c timezone=Asia/Shanghai $settings" start
} >setup.log 2>&1 || { cat setup.log server.log 2>/dev/null; exit 1; }
echo ready
exec >/dev/null
cat
"#;

/// The server.
pub(crate) struct Server {
    /// Of its socket, and of its log, `server.log`.
    pub(crate) folder: PathBuf,
    /// Its input is held open for as long as this lives.
    shell: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        drop(self.shell.wait());
    }
}

impl Server {
    /// The URL of a database on the server.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost:5432/{database}?host={}", self.folder.display())
    }
}

/// The folder with `initdb` and `pg_ctl`: Debian's newest, then the first in `PATH`.
pub(crate) fn programs() -> Option<PathBuf> {
    let is_complete =
        |bin: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|p| bin.join(p).is_file());
    let mut debian: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    debian.sort();
    let path = std::env::var("PATH").unwrap_or_default();
    let path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    debian.into_iter().rev().map(|(_, bin)| bin).chain(path).find(is_complete)
}

/// A server with these settings; with `primary`, the folder of another, one that follows it.
pub(crate) fn start(bin: &Path, settings: &str, primary: Option<&Path>) -> Server {
    // Short, because the path of a socket may not be longer than a hundred bytes.
    let folder = tempfile::Builder::new().prefix("supplyline-pg-").tempdir_in("/tmp");
    let folder = folder.expect("a folder in /tmp").keep();
    let mut shell = Command::new("sh")
        .args(["-c", SUPERVISE, "supervise"])
        .args([bin, &folder, Path::new(settings), primary.unwrap_or(Path::new(""))])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Ctrl-C is for this process; the shell cleans up after it.
        .process_group(0)
        .spawn()
        .expect("sh starts");
    let mut said = String::new();
    let mut stdout = shell.stdout.take().expect("piped");
    stdout.read_to_string(&mut said).expect("the shell says how it went");
    assert_eq!(said, "ready\n", "PostgreSQL in {} does not start", bin.display());
    Server { folder, shell }
}
