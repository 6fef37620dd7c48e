//! The architecture as a test: who may import what, and how a file must look.
//!
//! Reads the sources as text; needs nothing but the standard library.
//!
//! **Never** knows an exception that is not written down here.

#![expect(clippy::expect_used, reason = "a test may stop at the first surprise")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// What one layer may import of the others, and what it may not even mention.
struct Layer {
    /// The module's name in `src`.
    name: &'static str,
    /// The modules of the crate it may import, itself left out. A path like `notify::render`
    /// allows that part alone.
    imports: &'static [&'static str],
    /// What its code must not mention.
    mentions: &'static [&'static str],
}

/// The rows of the house style's table. Modules that wire (`main`, `startup`, `demo`,
/// `commands`, `lib`) may import everything.
const LAYERS: [Layer; 15] = [
    Layer {
        name: "domain",
        imports: &[],
        mentions: &[
            "sea_orm",
            "actix_web",
            "tokio",
            "futures",
            "lettre",
            "reqwest",
            "askama",
            "entity",
            "std::fs",
            "std::env",
            "std::net",
            "async",
            "await",
            "now()",
        ],
    },
    Layer {
        name: "sheet",
        imports: &[],
        mentions: &["sea_orm", "actix_web", "tokio", "entity", "std::fs", "std::env", "async"],
    },
    Layer {
        name: "files",
        imports: &["domain"],
        mentions: &["sea_orm", "actix_web", "entity", "std::env"],
    },
    Layer {
        name: "seal",
        imports: &["crash"],
        mentions: &["sea_orm", "actix_web", "tokio", "entity", "std::env", "async"],
    },
    Layer {
        name: "backup",
        imports: &["domain", "store", "files", "crash"],
        mentions: &["sea_orm", "actix_web", "entity", "std::env"],
    },
    Layer { name: "clock", imports: &[], mentions: &["sea_orm", "actix_web", "tokio"] },
    Layer { name: "crash", imports: &[], mentions: &["sea_orm", "actix_web", "tokio", "std::env"] },
    Layer { name: "shipped", imports: &["domain"], mentions: &["sea_orm", "actix_web", "tokio"] },
    Layer {
        name: "config",
        imports: &["domain", "notify"],
        mentions: &["sea_orm", "actix_web", "entity"],
    },
    Layer {
        name: "store",
        imports: &["domain", "crash"],
        mentions: &["actix_web", "lettre", "reqwest", "askama"],
    },
    Layer {
        name: "service",
        imports: &["domain", "store", "clock", "shipped", "sheet", "files", "seal", "crash"],
        mentions: &["actix_web", "lettre", "reqwest", "askama", "entity"],
    },
    Layer { name: "notify", imports: &["domain"], mentions: &["sea_orm", "actix_web", "entity"] },
    Layer {
        name: "jobs",
        imports: &["domain", "service", "store::outbox", "notify", "clock", "crash"],
        mentions: &["sea_orm", "actix_web", "entity"],
    },
    Layer {
        name: "live",
        imports: &["domain", "service"],
        mentions: &["sea_orm", "actix_web", "entity"],
    },
    Layer {
        name: "web",
        imports: &["domain", "service", "live", "notify::render"],
        mentions: &["sea_orm", "entity", "lettre", "reqwest"],
    },
];

/// What `service` may name of the database crate: handles to pass on, nothing to ask with.
const HANDLES: [&str; 2] = ["ConnectionTrait", "DatabaseTransaction"];
const FORBIDDEN_NAMES: [&str; 8] =
    ["utils", "util", "common", "helpers", "core", "manager", "models", "types"];
const MOST_LINES: usize = 400;

/// A source file without its tests.
struct Source {
    /// From the repository's root.
    path: String,
    /// Its module path, like `["store", "tickets", "load"]`.
    module: Vec<String>,
    /// Its lines, numbered from 1.
    lines: Vec<(usize, String)>,
}

impl Source {
    fn is_test(&self) -> bool {
        self.module.last().is_some_and(|name| name == "tests")
    }

    fn layer(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    /// The lines of code: no comments, and nothing inside quotes.
    fn code(&self) -> impl Iterator<Item = (usize, String)> {
        let code = self.lines.iter().filter(|(_, line)| !line.trim_start().starts_with("//"));
        code.map(|(number, line)| (*number, unquoted(line)))
    }
}

fn unquoted(line: &str) -> String {
    let line = line.split(" // ").next().unwrap_or_default();
    line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn source(folder: &str, file: &Path) -> Source {
    let text = fs::read_to_string(file).expect("a source file is UTF-8");
    // Tests at the end are left out; `mod tests;` only names another file.
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let own = text.get(..end).unwrap_or_default().lines().enumerate();
    let lines = own.map(|(index, line)| (index + 1, line.to_owned())).collect();
    let inside = file.strip_prefix(root().join(folder)).expect("it lies there").with_extension("");
    let mut module: Vec<String> =
        inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if module.last().is_some_and(|name| name == "mod") {
        module.pop();
    }
    let path = file.strip_prefix(root()).expect("it lies there").display().to_string();
    Source { path, module, lines }
}

fn sources(folder: &str) -> Vec<Source> {
    files(folder, "rs").iter().map(|file| source(folder, file)).collect()
}

/// Everything that is wrong, one per line.
#[derive(Default)]
struct Report(String);

impl Report {
    fn add(&mut self, path: &str, line: usize, problem: impl std::fmt::Display) {
        writeln!(self.0, "  {path}:{line}: {problem}").expect("text can be written to");
    }

    fn finish(self, rule: &str) {
        assert!(self.0.is_empty(), "{rule}\n{}", self.0);
    }
}

/// True when `word` stands in `line` by itself.
fn mentions(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, _)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        let after = line.get(start + word.len()..).and_then(|text| text.chars().next());
        !(before.is_some_and(is_part) || word.ends_with(is_part) && after.is_some_and(is_part))
    })
}

/// The modules of the crate that a line names, as paths from the crate's root.
fn imported(source: &Source, line: &str) -> Vec<String> {
    let mut found: Vec<String> =
        line.match_indices("crate::").flat_map(|(at, _)| heads(tail(line, at + 7))).collect();
    for (at, _) in line.match_indices("super::") {
        if line.get(..at).is_some_and(|before| before.ends_with("super::")) {
            continue;
        }
        let (mut rest, mut module) = (tail(line, at), source.module.clone());
        while let Some(next) = rest.strip_prefix("super::") {
            module.pop();
            rest = next;
        }
        if module.is_empty() {
            found.extend(heads(rest));
        }
    }
    found
}

fn tail(line: &str, at: usize) -> &str {
    line.get(at..).unwrap_or_default()
}

/// The paths that `a::b::C`, `a` or `{a::b, c}` begin with, two steps deep.
fn heads(text: &str) -> Vec<String> {
    if text.trim_end() == "{" {
        // A list that goes on in the next line is not read: write one `use` per module.
        return vec!["{".to_owned()];
    }
    let list = text.strip_prefix('{').map(|inside| inside.split('}').next().unwrap_or_default());
    let items: Vec<&str> = list.map_or_else(|| vec![text], |list| list.split(',').collect());
    let path = |item: &str| {
        let end = item.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        let path = item.get(..end.unwrap_or(item.len())).unwrap_or_default();
        path.split("::").take(2).collect::<Vec<_>>().join("::")
    };
    items.into_iter().map(|item| path(item.trim())).filter(|path| !path.is_empty()).collect()
}

fn is_allowed(layer: &Layer, import: &str) -> bool {
    let head = import.split("::").next().unwrap_or_default();
    let is_type = head.starts_with(char::is_uppercase);
    is_type
        || head == layer.name
        || layer.imports.iter().any(|allowed| head == *allowed || import == *allowed)
}

#[test]
fn imports_point_one_way() {
    let mut report = Report::default();
    for source in sources("src").iter().filter(|source| !source.is_test()) {
        let Some(layer) = LAYERS.iter().find(|layer| layer.name == source.layer()) else {
            continue;
        };
        for (number, line) in source.code() {
            for import in imported(source, &line).iter().filter(|i| !is_allowed(layer, i)) {
                report.add(&source.path, number, format_args!("{} imports {import}", layer.name));
            }
            for word in layer.mentions.iter().filter(|word| mentions(&line, word)) {
                report.add(&source.path, number, format_args!("{} mentions {word}", layer.name));
            }
        }
    }
    report.finish("imports point one way: main → startup → web, jobs → service → store → domain");
}

/// What tells one database from the other: only the dialect knows.
const DATABASES: [&str; 6] =
    ["DbBackend", "DatabaseBackend", "Postgres", "Sqlite", "MySql", "sqlx"];

#[test]
fn only_the_dialect_knows_which_database_it_is() {
    let mut report = Report::default();
    let is_dialect =
        |source: &Source| source.module.starts_with(&["store".into(), "dialect".into()]);
    for source in sources("src").iter().filter(|source| !is_dialect(source)) {
        for (number, line) in source.code() {
            for word in DATABASES.iter().filter(|word| mentions(&line, word)) {
                report.add(&source.path, number, format_args!("mentions {word}"));
            }
        }
    }
    report.finish("every difference of the two databases stands in store::dialect");
}

#[test]
fn service_holds_the_database_and_does_not_speak_to_it() {
    let mut report = Report::default();
    for source in sources("src").iter().filter(|source| source.layer() == "service") {
        for (number, line) in source.code().filter(|(_, line)| mentions(line, "sea_orm")) {
            let named = tail(&line, line.find("sea_orm::").map_or(line.len(), |at| at + 9));
            let foreign = heads(named).into_iter().find(|name| !HANDLES.contains(&name.as_str()));
            if let Some(name) = foreign {
                report.add(&source.path, number, format_args!("service uses sea_orm::{name}"));
            }
        }
    }
    report.finish("service passes database handles on and asks nothing with them");
}

#[test]
fn workspace_members_do_not_know_the_service() {
    let mut report = Report::default();
    for source in sources("entity/src").iter().chain(&sources("migration/src")) {
        for (number, _) in source.code().filter(|(_, line)| mentions(line, "supplyline")) {
            report.add(&source.path, number, "knows the service");
        }
    }
    report.finish("entity and migration know the database alone");
}

#[test]
fn every_module_says_what_it_is_for_and_what_it_never_does() {
    let mut report = Report::default();
    for folder in ["src", "entity/src", "migration/src"] {
        for source in sources(folder) {
            let header: Vec<&str> = source
                .lines
                .iter()
                .map(|(_, line)| line.as_str())
                .take_while(|line| line.starts_with("//!"))
                .collect();
            if header.is_empty() {
                report.add(&source.path, 1, "does not begin with //!");
            }
            let is_root = matches!(source.layer(), "lib" | "main");
            let has_never = header.iter().any(|line| line.contains("**Never**"));
            if folder == "src" && !is_root && !source.is_test() && !has_never {
                report.add(&source.path, 1, "has no **Never** line in its header");
            }
        }
    }
    report.finish("every module says what it is for, and what it never does");
}

#[test]
fn no_file_exceeds_its_budget() {
    let mut report = Report::default();
    for folder in ["src", "entity/src"] {
        for source in sources(folder).iter().filter(|source| !source.is_test()) {
            let lines = source.lines.len();
            if lines > MOST_LINES {
                report.add(
                    &source.path,
                    lines,
                    format_args!("{lines} lines; {MOST_LINES} at most"),
                );
            }
        }
    }
    report.finish("a file has a budget, tests left out");
}

#[test]
fn no_module_is_a_drawer() {
    let mut report = Report::default();
    for source in sources("src") {
        for name in source.module.iter().filter(|name| FORBIDDEN_NAMES.contains(&name.as_str())) {
            report.add(&source.path, 1, format_args!("{name} says nothing"));
        }
    }
    report.finish("a module is named after the thing it knows");
}

/// Where a word may stand, and nowhere else.
fn only_in(words: &[&str], allowed: &[&str], rule: &str) {
    let mut report = Report::default();
    for source in sources("src").iter().filter(|source| !allowed.contains(&source.path.as_str())) {
        for (number, line) in source.code() {
            for word in words.iter().filter(|word| mentions(&line, word)) {
                report.add(&source.path, number, format_args!("mentions {word}"));
            }
        }
    }
    report.finish(rule);
}

#[test]
fn only_the_check_of_a_session_grants_a_scope() {
    let allowed = ["src/domain/access.rs", "src/service/accounts.rs"];
    only_in(&["Scope::granted"], &allowed, "a scope comes from the check of a session");
}

/// What reads everything: the service's own work, signing in, the rules, the directories that are
/// the same for everybody, and what decides about a write.
const READ_UNSCOPED: [&str; 30] = [
    "src/commands.rs",
    "src/demo/mod.rs",
    "src/service/accounts.rs",
    "src/service/attachments.rs",
    "src/service/audit/chain.rs",
    "src/service/audit/export.rs",
    "src/service/audit/verify.rs",
    "src/service/catalogue.rs",
    "src/service/channels.rs",
    "src/service/channels/trial.rs",
    "src/service/feed.rs",
    "src/service/filing.rs",
    "src/service/health.rs",
    "src/service/hold.rs",
    "src/service/import/users.rs",
    "src/service/keeping/contacts.rs",
    "src/service/keeping/invitations.rs",
    "src/service/letters.rs",
    "src/service/locks.rs",
    "src/service/mod.rs",
    "src/service/once.rs",
    "src/service/recurring/contacts.rs",
    "src/service/recurring/digest.rs",
    "src/service/recurring/mod.rs",
    "src/service/recurring/shortages.rs",
    "src/service/replan/apply.rs",
    "src/service/replan/layers.rs",
    "src/service/sweep.rs",
    "src/service/zone.rs",
    "src/store/mod.rs",
];

#[test]
fn what_answers_a_person_is_read_as_far_as_they_reach() {
    let words = ["read_unscoped", "snapshot_unscoped"];
    only_in(&words, &READ_UNSCOPED, "only these files may read beyond a person's reach");
}

#[test]
fn only_the_clock_reads_the_time() {
    let words = ["Utc::now", "Local::now", "SystemTime::now"];
    only_in(&words, &["src/clock.rs"], "time comes from the clock");
}

#[test]
fn only_the_configuration_reads_the_environment() {
    let allowed = ["src/config.rs", "src/main.rs"];
    only_in(&["std::env", "env::var"], &allowed, "config is the only reader of the environment");
}

#[test]
fn the_lock_file_holds_one_tls_stack_and_a_sound_sqlite() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    let value = |line: &str, key: &str| {
        line.strip_prefix(key).map(|rest| rest.trim_matches([' ', '=', '"']).to_owned())
    };
    let mut report = Report::default();
    let mut name = String::new();
    let mut has_sqlite = false;
    for (index, line) in lock.lines().enumerate() {
        name = value(line, "name").unwrap_or(name);
        let Some(version) = value(line, "version") else { continue };
        let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
        let problem = match name.as_str() {
            "aws-lc-sys" | "aws-lc-rs" | "openssl-sys" | "native-tls" => "another TLS stack",
            "h2" if version.starts_with("0.3.") => "an HTTP/2 with known holes",
            "libsqlite3-sys" if minor < Some(37) => "SQLite before 3.51.3 can corrupt a WAL",
            _ => "",
        };
        has_sqlite |= name == "libsqlite3-sys";
        if !problem.is_empty() {
            report.add("Cargo.lock", index + 1, format_args!("{name} {version}: {problem}"));
        }
    }
    assert!(has_sqlite, "Cargo.lock was not understood");
    report.finish("dependencies that must not come in by accident");
}

/// Hosts of package registries and mirrors: where packages come from is the machine's setting.
fn registry_hosts() -> Vec<String> {
    // In halves, because this file is read, too.
    [
        ("crates", ".io"),
        ("registry", ".npmjs"),
        ("pypi", ".org"),
        ("rsproxy", ".cn"),
        ("mirrors", "."),
    ]
    .map(|(head, tail)| format!("{head}{tail}"))
    .to_vec()
}

#[test]
fn no_file_names_a_registry() {
    let hosts = registry_hosts();
    let mut report = Report::default();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if path.is_dir() {
                if name != "target" && name != ".git" && name != "node_modules" {
                    folders.push(path);
                }
                continue;
            }
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let path = path.strip_prefix(root()).expect("it lies there").display().to_string();
            for (index, line) in text.lines().enumerate() {
                // The lock file names the index as Cargo's protocol, not as a host to go to.
                let is_index = path == "Cargo.lock" && line.starts_with("source = \"registry+");
                if !is_index && hosts.iter().any(|host| line.contains(host.as_str())) {
                    report.add(&path, index + 1, "names a registry");
                }
            }
        }
    }
    report.finish("where packages come from is the machine's setting, not the repository's");
}

#[test]
fn the_reader_of_sources_is_not_fooled() {
    let source = Source {
        path: String::new(),
        module: vec!["store".to_owned(), "tickets".to_owned(), "load".to_owned()],
        lines: Vec::new(),
    };
    let cases: [(&str, &[&str]); 7] = [
        ("use crate::{", &["{"]),
        ("use crate::domain::id::X;", &["domain::id"]),
        ("use crate::{web, service::App};", &["web", "service::App"]),
        ("use super::super::super::web::X;", &["web::X"]),
        ("use super::super::Error;", &[]),
        ("pub(in crate::store) fn f()", &["store"]),
        ("let x = crate::clock::y(crate::web::z());", &["clock::y", "web::z"]),
    ];
    for (line, expected) in cases {
        assert_eq!(imported(&source, line), expected, "{line}");
    }
    assert!(mentions("use entity::ticket;", "entity") && !mentions("my_entity::x", "entity"));
    assert!(mentions("Utc::now()", "now()") && !mentions("snow()", "now()"));
    assert_eq!(unquoted("let x = \"tokio\"; // tokio"), "let x = \"\";");
}
