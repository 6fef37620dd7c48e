//! What a proof has found: printed, and kept as JSON.
//!
//! **Never** calls a run good in which anything was violated.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::cluster::Engine;
use super::options::{Length, Options};

/// Violations that are printed; the rest is in the file.
const SHOWN: usize = 12;

/// The findings of one run of a proof on one database.
pub(crate) struct Report {
    proof: &'static str,
    engine: Engine,
    seed: u64,
    is_long: bool,
    version: String,
    figures: Map<String, Value>,
    violations: Vec<String>,
}

impl Report {
    pub(crate) fn new(proof: &'static str, engine: Engine, options: &Options) -> Self {
        Self {
            proof,
            engine,
            seed: options.seed,
            is_long: options.length == Length::Long,
            version: String::new(),
            figures: Map::new(),
            violations: Vec::new(),
        }
    }

    /// The database's own version, for the file.
    pub(crate) fn engine_version(&mut self, version: String) {
        self.version = version;
    }

    /// A figure; the name says the unit.
    pub(crate) fn figure(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        println!("  {name}: {value}");
        self.figures.insert(name.to_owned(), value);
    }

    /// Half, 99 of a hundred and all of these are not above so many milliseconds.
    pub(crate) fn milliseconds(&mut self, name: &str, times: &[Duration]) {
        let mut sorted: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |permille: usize| {
            let index = (sorted.len() * permille).div_ceil(1000).saturating_sub(1);
            sorted.get(index).map(|time| (time * 10.0).round() / 10.0)
        };
        self.figure(name, json!({ "p50": at(500), "p99": at(990), "max": at(1000) }));
    }

    /// A promise that was not kept. Say what to look at.
    pub(crate) fn violated(&mut self, what: String) {
        if self.violations.len() < SHOWN {
            println!("  VIOLATED: {what}");
        }
        self.violations.push(what);
    }

    /// Several of them.
    pub(crate) fn violated_all(&mut self, what: Vec<String>) {
        what.into_iter().for_each(|what| self.violated(what));
    }

    /// True while every promise was kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.violations.is_empty()
    }

    /// Prints the verdict and writes the file; gives whether every promise was kept.
    pub(crate) fn finish(self, took: Duration) -> bool {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let name = format!("{}-{}.json", self.proof, self.engine.word());
        let content = json!({
            "name": self.proof,
            "database": self.engine.word(),
            "engine_version": self.version,
            "version": if self.is_long { "long" } else { "short" },
            "build": if cfg!(debug_assertions) { "debug" } else { "release" },
            "seed": self.seed,
            "seconds": (took.as_secs_f64() * 10.0).round() / 10.0,
            "commit": commit(root),
            "cores": std::thread::available_parallelism().map_or(0, usize::from),
            "figures": self.figures,
            "violations": self.violations,
        });
        let folder = root.join("target/proofs");
        std::fs::create_dir_all(&folder).expect("target/proofs");
        let text = serde_json::to_string_pretty(&content).expect("JSON");
        std::fs::write(folder.join(&name), text + "\n").expect("the report is written");
        let is_kept = self.is_kept();
        if is_kept {
            println!("  kept, in {:.1} s; target/proofs/{name}", took.as_secs_f64());
        } else {
            println!(
                "  NOT KEPT: {} violations, all of them in target/proofs/{name}; again with: \
                 cargo test --test proofs -- {} --database {} --seed {}{}",
                self.violations.len(),
                self.proof,
                self.engine.word(),
                self.seed,
                if self.is_long { "" } else { " --short" }
            );
        }
        is_kept
    }
}

fn commit(root: &Path) -> String {
    let mut git = Command::new("git");
    git.args(["describe", "--always", "--dirty"]).current_dir(root).stderr(Stdio::null());
    let said = git.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).trim().to_owned()
}
