//! Where the service meets its database: the file, the server, its settings and its steps.

mod absence;
mod files;
mod promotion;
mod settings;
mod starting;
mod steps;

use std::io::BufRead as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// The program itself, in a folder of its own.
fn program(home: &Path, url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_supplyline"));
    command
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .env("SUPPLYLINE_DATABASE_URL", url)
        .env("SUPPLYLINE_LISTEN", "127.0.0.1:0")
        .env("SUPPLYLINE_LOG", "info")
        .stdin(Stdio::null());
    command
}

/// Its exit code, and what it said to its end.
fn ended(mut command: Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().expect("it runs");
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

/// Ends with 2, naming this.
#[track_caller]
fn refused(command: Command, named: &[&str]) {
    let (code, said) = ended(command);
    assert_eq!(code, Some(2), "{said}");
    for name in named {
        assert!(said.contains(name), "{name} is expected: {said}");
    }
}

/// A service that serves, with all that it says.
struct Serving {
    process: Child,
    said: std::io::Lines<std::io::BufReader<std::io::PipeReader>>,
    /// What was read of it.
    heard: Vec<String>,
}

impl Serving {
    fn start(mut command: Command) -> Self {
        let (said, mouth) = std::io::pipe().expect("a pipe");
        command.stdout(mouth.try_clone().expect("another")).stderr(mouth);
        let process = command.spawn().expect("it runs");
        // Its end of the pipe is its own, so that its end is seen.
        drop(command);
        let said = std::io::BufReader::new(said).lines();
        let mut serving = Self { process, said, heard: Vec::new() };
        serving.wait_for("serving on");
        serving
    }

    /// The first line that has this.
    fn wait_for(&mut self, part: &str) -> String {
        if let Some(line) = self.heard.iter().find(|line| line.contains(part)) {
            return line.clone();
        }
        for line in self.said.by_ref() {
            let line = line.expect("read");
            self.heard.push(line.clone());
            if line.contains(part) {
                return line;
            }
        }
        panic!("{part} is not said: {:?}", self.heard)
    }

    fn kill(mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("ended");
    }

    /// Ends it as a supervisor does.
    fn stop(mut self) {
        // By then it listens for signals.
        self.wait_for("starting service");
        std::thread::sleep(std::time::Duration::from_millis(300));
        let process = self.process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &process]).status().expect("kill runs");
        assert!(told.success());
        assert_eq!(self.process.wait().expect("ended").code(), Some(0));
    }
}
