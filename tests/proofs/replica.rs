//! The service as a process of its own, to be killed, paused and started again.
//!
//! **Never** left running: dropped, it is killed.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::client::Client;
use super::cluster::{Database, program};

/// A start takes at most so long, in a debug build on a busy machine, too.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// One `supplyline serve`.
pub(crate) struct Replica {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From its start until it was ready.
    pub(crate) took: Duration,
    log: PathBuf,
}

impl Replica {
    /// Starts the service on a database, on a free port, and waits until it is ready.
    pub(crate) async fn start(database: &Database) -> Self {
        Self::start_with(database, &[]).await.unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// Starts so many, one after another.
    pub(crate) async fn start_all(database: &Database, count: usize) -> Vec<Self> {
        let mut started = Vec::with_capacity(count);
        for _ in 0..count {
            started.push(Self::start(database).await);
        }
        started
    }

    /// As [`Replica::start`] with further settings; says how it ended when it does not start.
    pub(crate) async fn start_with(
        database: &Database,
        settings: &[(&str, &str)],
    ) -> Result<Self, String> {
        let mut begun = Self::spawn(database, settings);
        begun.ready().await?;
        Ok(begun)
    }

    /// Starts the service and does not wait for anything.
    pub(crate) fn spawn(database: &Database, settings: &[(&str, &str)]) -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let log = database.folder().join(format!("serve-{number}.log"));
        let file = File::create(&log).expect("a log");
        let mut program = program();
        program.arg("serve").current_dir(database.folder()).envs(database.settings());
        program.env("SUPPLYLINE_LOG", "info,sea_orm_migration=warn,actix_server=warn");
        program.envs(settings.iter().copied());
        program.stdout(file.try_clone().expect("a log")).stderr(file);
        let child = program.spawn().expect("it starts");
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { child, address, took: Duration::ZERO, log }
    }

    /// Waits until `/health/ready` says yes.
    pub(crate) async fn ready(&mut self) -> Result<(), String> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if self.address.port() == 0 {
                let log = self.log();
                let said = log.lines().find_map(|line| line.strip_prefix("serving on http://"));
                if let Some(address) = said.and_then(|address| address.trim().parse().ok()) {
                    self.address = address;
                }
            } else if Client::to(self.address)
                .get("/health/ready", "")
                .await
                .is_ok_and(|a| a.is_ok())
            {
                self.took = begun.elapsed();
                return Ok(());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("the service ended with {status}: {}", self.log()));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Err(format!("the service was not ready after {PATIENCE:?}: {}", self.log()))
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// SIGKILL: it has no say in it. Comes back when the process is gone.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        self.child.wait().expect("it was ours");
    }

    /// SIGTERM, which asks it to end.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// SIGSTOP: it stands still until it is resumed, and does not notice.
    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT.
    pub(crate) fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Waits for its end; `None` when it goes on.
    pub(crate) async fn ended(&mut self, patience: Duration) -> Option<std::process::ExitStatus> {
        let begun = Instant::now();
        loop {
            match self.child.try_wait().expect("it was ours") {
                Some(status) => return Some(status),
                None if begun.elapsed() > patience => return None,
                None => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process"), signal).expect("it runs");
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        // A paused process is killed just so.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
