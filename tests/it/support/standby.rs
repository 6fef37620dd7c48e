//! PostgreSQL servers that follow each other, and their end.
//!
//! **Never** a clean end: it stands for a machine that is gone.

use std::process::Command;

use super::server::{Server, programs, start};

impl Server {
    /// A server that follows this one.
    pub(crate) fn standby(&self, settings: &str) -> Self {
        start(&programs().expect("found before"), settings, Some(&self.folder))
    }

    /// Ends the server as a crash would.
    pub(crate) fn crash(&self) {
        let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid"));
        let file = file.expect("it runs");
        let process = file.lines().next().expect("a process");
        let ended = Command::new("kill").args(["-QUIT", process]).status().expect("kill runs");
        assert!(ended.success());
    }

    /// The server as the host of a URL.
    pub(crate) fn host(&self) -> String {
        self.folder.display().to_string().replace('/', "%2F")
    }
}
