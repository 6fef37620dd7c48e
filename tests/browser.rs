//! People in browsers: starts the demo and lets `tests/browser/` walk through it.
//!
//! Left out, and said to be, where Node, Chromium or the packages are missing; `tests/run`
//! installs them.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at the first surprise, and is told by its environment what it must not leave out"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The Thursday before a make-up working day and Spring Festival.
const NOW: &str = "2026-02-12T09:00:00+08:00";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser")
}

/// What is not there of what a browser needs; empty when all is.
fn missing() -> String {
    match Command::new("node").arg(folder().join("needs.mjs")).output() {
        Ok(answer) if answer.status.success() => String::new(),
        Ok(answer) if answer.status.code() == Some(3) => {
            String::from_utf8_lossy(&answer.stdout).into_owned()
        }
        Ok(answer) => panic!("needs.mjs: {}", String::from_utf8_lossy(&answer.stderr)),
        Err(_no_node) => "node".to_owned(),
    }
}

/// The demo; it ends with the test, and its folder too.
struct Demo {
    process: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Demo {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Free now; whoever takes it before the demo does makes the test say so.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
        let mut command = Command::new(env!("CARGO_BIN_EXE_supplyline"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SUPPLYLINE_")) {
            command.env_remove(name);
        }
        command
            .args(["demo", "--now", NOW])
            .current_dir(folder.path())
            .env("SUPPLYLINE_LISTEN", port.to_string())
            .env("SUPPLYLINE_LOG", "warn")
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = command.spawn().expect("the demo starts");
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let is_up = lines.by_ref().map_while(Result::ok).any(|line| line.contains("address"));
        // Whatever else it says is passed on, so that it never waits for a reader.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok).skip_while(|line| !line.contains("WARN")) {
                say(&format!("{line}\n"));
            }
        });
        let demo = Self { process, address: format!("http://{port}"), _folder: folder };
        assert!(is_up, "the demo ended before it was up");
        demo
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Not `eprintln!`: that is shown for failing tests only.
fn say(text: &str) {
    drop(std::io::stderr().write_all(text.as_bytes()));
}

#[test]
fn people_use_it_in_a_browser() {
    let missing = missing();
    if !missing.is_empty() {
        let required =
            std::env::var("SUPPLYLINE_TESTS_REQUIRE_BROWSER").is_ok_and(|yes| yes == "1");
        assert!(!required, "SUPPLYLINE_TESTS_REQUIRE_BROWSER=1, and these are missing: {missing}");
        say(&format!(
            "\nleft out: the browser tests, for want of {missing}; tests/run installs them\n"
        ));
        return;
    }
    let demo = Demo::start();
    let run = Command::new("node").arg(folder().join("run.mjs")).arg(&demo.address).status();
    assert!(
        run.expect("node runs").success(),
        "what failed stands above; pictures are in target/browser"
    );
}
