//! System calls as `strace` tells them.
//!
//! **Never** takes a call for done before it has come back.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::super::cluster::Engine;

/// Of every thread, with times, with the paths of files, and what is written as far as it says
/// what it is.
pub(super) const ARGUMENTS: [&str; 8] = [
    "-f",
    "-qq",
    "-ttt",
    "-y",
    "-s",
    "48",
    "-e",
    "trace=fsync,fdatasync,sync_file_range,write,writev,sendto,sendmsg,rename,renameat,renameat2",
];
const PATIENCE: Duration = Duration::from_secs(10);

/// What matters of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    /// A file or folder was brought to the disk.
    Sync(String),
    /// A file was given its name.
    Rename,
    /// An acknowledgement is sent.
    Answer,
}

/// Calls of processes that are being written down.
pub(super) struct Trace {
    strace: Child,
    process: u32,
    pub(super) log: PathBuf,
}

impl Trace {
    /// Begins to trace a process and its children to come; `None` when that is not allowed.
    pub(super) async fn of(process: u32, log: PathBuf) -> Option<Self> {
        let mut strace = Command::new("strace");
        strace.args(ARGUMENTS).arg("-o").arg(&log).args(["-p", &process.to_string()]);
        strace.stdout(Stdio::null()).stderr(Stdio::null());
        let strace = strace.spawn().ok()?;
        let mut begun = Self { strace, process, log };
        let since = Instant::now();
        while !begun.is_on() {
            if since.elapsed() > PATIENCE || begun.strace.try_wait().is_ok_and(|end| end.is_some())
            {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Some(begun)
    }

    /// True once every thread is traced.
    fn is_on(&self) -> bool {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.process));
        let status =
            |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("status"));
        let is_traced =
            |thread| status(thread).is_ok_and(|status| !status.contains("TracerPid:\t0\n"));
        threads.is_ok_and(|threads| threads.flatten().all(is_traced))
    }

    /// Lets the processes go on untraced; gives the log.
    pub(super) fn end(mut self) -> PathBuf {
        let pid = i32::try_from(self.strace.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process"), Signal::INT).expect("it runs");
        self.strace.wait().expect("it was ours");
        self.log.clone()
    }
}

/// Why nothing can be traced here, if so.
pub(super) async fn obstacle() -> Option<&'static str> {
    if Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_err() {
        return Some("strace is not installed; tests/run installs it");
    }
    let mut sleeper = Command::new("sleep").arg("30").spawn().expect("sleep");
    let trace = Trace::of(sleeper.id(), PathBuf::from("/dev/null")).await;
    let is_allowed = trace.map(Trace::end).is_some();
    drop(sleeper.kill());
    drop(sleeper.wait());
    (!is_allowed).then_some("processes may not be traced on this machine")
}

/// The calls of several logs, in the order in which they came back, or in which answers were sent.
pub(super) fn read(logs: &[&Path]) -> Vec<Call> {
    let mut calls = Vec::new();
    for log in logs {
        let bytes = std::fs::read(log).expect("the trace");
        calls.extend(calls_of(&String::from_utf8_lossy(&bytes)));
    }
    // A call is written down before its process goes on: what follows from it is later.
    calls.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    calls.into_iter().map(|(_, call)| call).collect()
}

fn calls_of(text: &str) -> Vec<(f64, Call)> {
    let mut under_way = HashMap::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let mut words = line.splitn(3, ' ').map(str::trim);
        let (Some(thread), Some(time), Some(call)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let Ok(time) = time.parse::<f64>() else { continue };
        if call.starts_with("<...") {
            if let Some(call) = under_way.remove(thread).filter(|_| call.ends_with("= 0")) {
                calls.push((time, call));
            }
        } else if let Some(what) = meaning(call) {
            match what {
                Call::Answer => calls.push((time, what)),
                _ if call.ends_with("<unfinished ...>") => {
                    under_way.insert(thread.to_owned(), what);
                }
                _ if call.ends_with("= 0") => calls.push((time, what)),
                _ => {}
            }
        }
    }
    calls
}

fn meaning(call: &str) -> Option<Call> {
    let (name, arguments) = call.split_once('(')?;
    match name {
        "fsync" | "fdatasync" => {
            let path = arguments.split_once('<')?.1.split_once('>')?.0;
            Some(Call::Sync(path.to_owned()))
        }
        "rename" | "renameat" | "renameat2" => Some(Call::Rename),
        "write" | "writev" | "sendto" | "sendmsg" => {
            arguments.contains("\"HTTP/1.1 2").then_some(Call::Answer)
        }
        _ => None,
    }
}

fn is_log(call: &Call, engine: Engine) -> bool {
    match (call, engine) {
        (Call::Sync(path), Engine::Sqlite) => path.ends_with("-wal"),
        (Call::Sync(path), Engine::Postgres) => path.contains("/pg_wal/"),
        _ => false,
    }
}

/// Answers before which, since the answer before, no write-ahead log was synced.
pub(super) fn unsynced(calls: &[Call], engine: Engine) -> usize {
    segments(calls).iter().filter(|calls| !calls.iter().any(|call| is_log(call, engine))).count()
}

/// The calls before each answer, since the answer before.
fn segments(calls: &[Call]) -> Vec<&[Call]> {
    let mut segments: Vec<_> = calls.split(|call| *call == Call::Answer).collect();
    segments.pop();
    segments
}

/// Of the last so many answers, those before which a file was not synced, given its name, its
/// folder synced and then its row, in this order.
pub(super) fn unsafe_files(calls: &[Call], files: usize, engine: Engine) -> usize {
    let is_file = |call: &Call| matches!(call, Call::Sync(path) if path.contains("/attachments"));
    let is_safe = |calls: &&[Call]| {
        let mut calls = calls.iter();
        calls.any(is_file)
            && calls.any(|call| *call == Call::Rename)
            && calls.any(is_file)
            && calls.any(|call| is_log(call, engine))
    };
    let segments = segments(calls);
    let last = segments.get(segments.len().saturating_sub(files)..).unwrap_or_default();
    files - last.iter().filter(|calls| is_safe(calls)).count()
}
