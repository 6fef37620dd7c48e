//! The routes that change something: those that the API's description names, and those that the
//! sources' tables of routes name.
//!
//! **Never** leaves a route out: an address that cannot be read in the sources fails the test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Method;

use crate::support::app::TestApp;

const CHANGING: [&str; 4] = ["post", "put", "patch", "delete"];
/// Ways of naming a route that this file does not read.
const UNREAD: [&str; 8] = [
    ".route(\"",
    "#[post(",
    "#[put(",
    "#[patch(",
    "#[delete(",
    "#[route(",
    "patch()",
    "route(method(",
];

/// What the description of the API says can be changed, like `post /api/v1/tickets`.
pub(super) async fn described(app: &TestApp) -> BTreeSet<String> {
    let description = app.send(app.request(Method::GET, "/api/openapi.json")).await.json();
    let mut routes = BTreeSet::new();
    for (path, operations) in description["paths"].as_object().expect("paths") {
        for method in operations.as_object().expect("operations").keys() {
            if CHANGING.contains(&method.as_str()) {
                routes.insert(format!("{method} {path}"));
            }
        }
    }
    assert!(routes.len() > 20, "{routes:?}");
    routes
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder of the sources, with what stands in them.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            texts.extend(sources(&path));
        } else {
            let text = fs::read_to_string(&path).expect("text");
            texts.push((path, text));
        }
    }
    texts
}

/// The routes that a folder's tables of routes name: of each resource its address, and what
/// changes it.
pub(super) fn routed(folder: &str) -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for (path, text) in sources(&root().join(folder)) {
        for word in UNREAD {
            assert!(!text.contains(word), "{} names a route by {word}", path.display());
        }
        let code: Vec<_> =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for rest in
            code.join("\n").split(" resource(").flat_map(|part| part.split("(resource(")).skip(1)
        {
            routes.extend(changing(&path, rest));
        }
    }
    assert!(routes.len() > 20, "{routes:?}");
    routes
}

/// What changes a resource: what follows its beginning in a table of routes.
fn changing(path: &Path, rest: &str) -> Vec<String> {
    let place = rest.trim_start();
    let address = match place.strip_prefix('"').and_then(|rest| rest.split('"').next()) {
        Some(address) => address.to_owned(),
        None if place.starts_with("ticket::act_addresses()") => act_addresses(),
        None => panic!("{}: write the address out: {:.60}", path.display(), place),
    };
    let is_there = |method: &&&str| rest.contains(&format!("{method}()"));
    let methods = CHANGING.iter().filter(is_there);
    methods
        .flat_map(|method| {
            spelt_out(&address).into_iter().map(move |one| format!("{method} {one}"))
        })
        .collect()
}

/// As the pages put their acts' addresses together.
fn act_addresses() -> String {
    let text = fs::read_to_string(root().join("src/web/ui/ticket/acts.rs")).expect("text");
    let table = text.split("const ACTS").nth(1).and_then(|rest| rest.split("];").next());
    let words: Vec<_> = table.expect("a table").split('"').skip(1).step_by(2).collect();
    assert!(words.contains(&"reply"), "{words:?}");
    format!("/tickets/{{id}}/{{act:{}}}", words.join("|"))
}

/// `/x/{act:a|b}` as `/x/a` and `/x/b`.
fn spelt_out(address: &str) -> Vec<String> {
    let Some((before, rest)) = address.split_once("{act:") else { return vec![address.to_owned()] };
    let (words, after) = rest.split_once('}').expect("an end");
    words.split('|').map(|word| format!("{before}{word}{after}")).collect()
}
