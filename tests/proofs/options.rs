//! What was asked for on the command line.
//!
//! **Never** refuses what `cargo test` passes to every test target.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::cluster::Engine;

/// How long a proof takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// Some seconds, for the test command.
    Short,
    /// Minutes to hours, for the figures that are published.
    Long,
}

/// What to do.
pub(crate) enum Asked {
    Help,
    List,
    Run(Options),
}

/// How to do it.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    names: Vec<String>,
    database: Option<Engine>,
    /// Everything random follows from it.
    pub(crate) seed: u64,
    pub(crate) length: Length,
    is_short: bool,
    given: BTreeMap<String, String>,
}

/// Flags of test binaries that take a value after them, and those that do not.
const WITH_VALUE: [&str; 6] =
    ["--test-threads", "--format", "--color", "--skip", "--logfile", "--shuffle-seed"];
const ALONE: [&str; 9] = [
    "--nocapture",
    "--no-capture",
    "--quiet",
    "-q",
    "--exact",
    "--include-ignored",
    "--show-output",
    "--test",
    "--bench",
];

/// Reads the arguments behind the program's name.
pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut options = Options {
        names: Vec::new(),
        database: None,
        seed: rand::random_range(1..1_000_000),
        length: Length::Short,
        is_short: false,
        given: BTreeMap::new(),
    };
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (argument.clone(), None),
        };
        match name.as_str() {
            "--help" | "-h" => return Ok(Asked::Help),
            "--list" => return Ok(Asked::List),
            "--short" => options.is_short = true,
            // There are no ignored ones.
            "--ignored" => options.names = vec!["-".to_owned()],
            flag if ALONE.contains(&flag) => {}
            flag if flag.starts_with('-') => {
                let value = value.or_else(|| arguments.next());
                let value = value.ok_or_else(|| format!("{flag} needs a value"))?;
                if !WITH_VALUE.contains(&flag) {
                    options.take(flag.trim_start_matches('-'), value)?;
                }
            }
            name => options.names.push(name.to_owned()),
        }
    }
    Ok(Asked::Run(options))
}

fn parsed<T: FromStr>(name: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_unfit| format!("--{name}: {value:?} is of no use"))
}

impl Options {
    fn take(&mut self, name: &str, value: String) -> Result<(), String> {
        match name {
            "seed" => self.seed = parsed(name, &value)?,
            "database" => self.database = Some(parsed(name, &value)?),
            _ => drop(self.given.insert(name.to_owned(), value)),
        }
        Ok(())
    }

    /// The same, long when a proof was asked for by its name.
    pub(crate) fn lengthened(self, is_name: impl Fn(&str) -> bool) -> Self {
        let is_long = !self.is_short && self.names.iter().any(|name| is_name(name));
        Self { length: if is_long { Length::Long } else { Length::Short }, ..self }
    }

    /// True when the proof was asked for, by its name or by a filter that it matches.
    pub(crate) fn wants(&self, proof: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| proof.contains(name.as_str()))
    }

    /// True when the database was asked for.
    pub(crate) fn is_on(&self, engine: Engine) -> bool {
        self.database.is_none_or(|asked| asked == engine)
    }

    /// The value of an option of a proof's own.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str)
    }

    /// How many processes share the database: SQLite's belongs to one.
    pub(crate) fn replicas(&self, engine: Engine, usual: usize) -> usize {
        match engine {
            Engine::Sqlite => 1,
            Engine::Postgres => self.number("replicas", usual, usual),
        }
    }

    /// A number: the one that was given, or else the one for the short or the long version.
    pub(crate) fn number<T: FromStr + Copy>(&self, name: &str, short: T, long: T) -> T {
        match self.text(name) {
            Some(text) => text.parse().ok().unwrap_or_else(|| panic!("--{name}: {text:?}")),
            None if self.length == Length::Long => long,
            None => short,
        }
    }
}
