//! The words of both languages: the same keys with the same variables, and every word that the
//! pages, the refusals and the acts ask for.
//!
//! Reads the sources as text; needs nothing but the standard library.
//!
//! **Never** asks the reader of the words: what it makes of a file is not what a person sees in it.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LANGUAGES: [&str; 2] = ["zh-CN", "en"];
/// Prefixes of keys that stand in tables of the pages before they are looked up.
const LISTED: [&str; 8] =
    ["nav-", "card-", "home-", "tab-", "login-", "section-", "step-", "empty-"];
/// What an import tells of its rows, which no form shows; what only the API's calls are told.
const NOT_OF_FORMS: [&str; 3] = ["event_id", "invalid", "more"];
/// What the demo alone or the operator alone is refused.
const NOT_OF_PAGES: [&str; 1] = ["taken"];

/// Key → the variables of its text.
type Entries = BTreeMap<String, BTreeSet<String>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|known| known == extension) {
                let name = path.strip_prefix(root()).expect("ours").display().to_string();
                found.push((name, fs::read_to_string(&path).expect("text")));
            }
        }
    }
    found.sort();
    found
}

/// The code of a source file, without its tests.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut all = files(folder, "rs");
    all.retain(|(path, _)| !path.ends_with("tests.rs"));
    for (_, text) in &mut all {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        *text = lines.collect::<Vec<_>>().join("\n");
    }
    all
}

fn entries(language: &str) -> Entries {
    let mut entries = Entries::new();
    for (path, text) in files(&format!("templates/locales/{language}"), "ftl") {
        let mut key = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            let is_more = line.starts_with([' ', '}', '\t']);
            let text = if is_more {
                line
            } else {
                let (name, text) =
                    line.split_once(" = ").unwrap_or_else(|| panic!("{path}: {line}"));
                name.clone_into(&mut key);
                let earlier = entries.insert(key.clone(), BTreeSet::new());
                assert!(earlier.is_none(), "{path}: {key} stands there twice");
                assert!(!text.trim().is_empty(), "{path}: {key} is empty");
                text
            };
            let names = text.split('$').skip(1).map(word);
            entries.get_mut(&key).expect("a key").extend(names);
        }
    }
    entries
}

/// The name at the beginning of a text.
fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect()
}

/// What follows each occurrence of a call up to the end of its arguments, cut at the commas.
fn calls(code: &str, call: &str) -> Vec<Vec<String>> {
    code.split(call).skip(1).map(arguments).collect()
}

fn arguments(code: &str) -> Vec<String> {
    let (mut all, mut depth, mut quoted, mut escaped) = (vec![String::new()], 0_u32, false, false);
    for c in code.chars() {
        match c {
            _ if quoted => {
                if !escaped && c == '"' {
                    quoted = false;
                }
                escaped = !escaped && c == '\\';
            }
            '"' => quoted = true,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                all.push(String::new());
                continue;
            }
            _ => {}
        }
        all.last_mut().expect("one").push(c);
    }
    let all = all.iter().map(|argument| argument.trim().to_owned());
    // A comma may stand at the end.
    all.filter(|argument| !argument.is_empty()).collect()
}

/// The text of a literal.
fn literal(argument: &str) -> Option<&str> {
    let text = argument.strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains('"')).then_some(text)
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

fn report(missing: &BTreeSet<String>, what: &str) {
    assert!(
        missing.is_empty(),
        "{what}:\n  {}",
        missing.iter().cloned().collect::<Vec<_>>().join("\n  ")
    );
}

#[test]
fn both_languages_have_the_same_keys_and_variables() {
    let [chinese, english] = LANGUAGES.map(entries);
    let mut missing = BTreeSet::new();
    for (key, variables) in chinese.iter().chain(&english) {
        for (language, entries) in LANGUAGES.iter().zip([&chinese, &english]) {
            match entries.get(key) {
                None => missing.insert(format!("{key} is not in {language}")),
                Some(known) if known != variables => {
                    missing.insert(format!("{key} has other variables in {language}"))
                }
                Some(_) => false,
            };
        }
    }
    report(&missing, "the languages differ");
}

/// Texts that ask for words, with their paths.
fn askers() -> Vec<(String, String)> {
    let mut all = files("templates", "html");
    all.extend(sources("src/web/ui"));
    all.extend(sources("src/web/evidence"));
    all
}

#[test]
fn every_key_that_is_asked_for_exists() {
    let known = entries("zh-CN");
    let mut missing = BTreeSet::new();
    let mut seen = 0;
    for (path, text) in askers() {
        let is_pack = path.contains("src/web/evidence");
        for call in [".t(", if is_pack { ".word(" } else { ".t(" }] {
            for arguments in calls(&text, call) {
                let Some(key) = arguments.first().and_then(|key| literal(key)) else { continue };
                seen += 1;
                match known.get(key) {
                    None => drop(missing.insert(format!("{path}: {key}"))),
                    Some(variables) if !variables.is_empty() => {
                        missing.insert(format!("{path}: {key} wants {variables:?}"));
                    }
                    Some(_) => {}
                }
            }
        }
        for arguments in calls(&text, ".with(") {
            let [key, variable, ..] = arguments.as_slice() else { continue };
            let (Some(key), Some(variable)) = (literal(key), literal(variable)) else { continue };
            // An address changes its parameters by the same word.
            if path.contains("src/web/ui") && !known.contains_key(key) && is_code(key) {
                continue;
            }
            seen += 1;
            let given = BTreeSet::from([variable.to_owned()]);
            if known.get(key) != Some(&given) {
                missing.insert(format!("{path}: {key} with {variable}: {:?}", known.get(key)));
            }
        }
        for arguments in calls(&text, ".with_all(") {
            let Some(key) = arguments.first().and_then(|key| literal(key)) else { continue };
            if !known.contains_key(key) {
                missing.insert(format!("{path}: {key}"));
            }
        }
    }
    report(&missing, "words that nobody wrote");
    assert!(seen > 200, "{seen} keys: the pages ask for more than that");
}

#[test]
fn every_group_of_words_exists() {
    let known = entries("zh-CN");
    let begins = |prefix: &str| known.keys().any(|key| key.starts_with(prefix));
    let mut missing = BTreeSet::new();
    for (path, text) in askers() {
        for call in [".name(", ".named("] {
            for arguments in calls(&text, call) {
                let Some(group) = arguments.first().and_then(|group| literal(group)) else {
                    continue;
                };
                if arguments.len() > 1 && !begins(&format!("{group}-")) {
                    missing.insert(format!("{path}: {group}-…"));
                }
            }
        }
        for piece in text.split("format!(\"").skip(1) {
            let prefix = piece.split(['{', '"']).next().unwrap_or_default();
            let is_prefix = LISTED.iter().any(|listed| prefix.starts_with(listed));
            if is_prefix && !begins(prefix) {
                missing.insert(format!("{path}: {prefix}…"));
            }
        }
        let quoted = text.split('"').skip(1).step_by(2);
        let is_listed = |text: &&str| LISTED.iter().any(|prefix| text.starts_with(prefix));
        for key in quoted.filter(is_listed).filter(|_| path.ends_with(".rs")) {
            if word(key) == key && !key.ends_with('-') && !known.contains_key(key) {
                missing.insert(format!("{path}: {key}"));
            }
        }
    }
    report(&missing, "groups that nobody wrote");
}

/// Every code that a field of a form can be refused with.
fn codes() -> BTreeMap<String, String> {
    let mut codes = BTreeMap::new();
    for (path, text) in sources("src") {
        if ["/import/", "src/sheet", "web/api/imports.rs", "src/commands"]
            .iter()
            .any(|other| path.contains(other))
        {
            continue;
        }
        let mut note = |code: &str| {
            if is_code(code) {
                codes.insert(code.to_owned(), path.clone());
            }
        };
        for call in ["refuse(", "FieldError::new(", "Fault::new(", "invalid("] {
            for arguments in calls(&text, call) {
                // A closure for one field takes code and message, everything else the field first.
                let code = arguments.get(usize::from(arguments.len() > 2));
                if let Some(code) = code.and_then(|code| literal(code)) {
                    note(code);
                }
            }
        }
        for piece in text.split("Refusal::Invalid {").skip(1) {
            let fields = arguments(piece);
            let code = fields.iter().find_map(|field| literal(field.strip_prefix("code: ")?));
            if let Some(code) = code {
                note(code);
            }
        }
        for piece in text.split("(\"").skip(1) {
            let (code, rest) = piece.split_once('"').unwrap_or((piece, ""));
            let message = rest.trim_start_matches([',', ' ', '\n']).split('"').nth(1);
            let is_reader =
                ["check.rs", "query.rs", "moment.rs"].iter().any(|name| path.ends_with(name));
            if is_reader && message.is_some_and(|message| message.contains(' ')) {
                note(code);
            }
        }
        for piece in text.split("fn code(").skip(1) {
            let body = piece.split("\n    }").next().unwrap_or_default();
            body.split("=> \"").skip(1).for_each(|code| note(&word(code)));
        }
        for piece in text.split("let code = match ").skip(1) {
            let body = piece.split("};").next().unwrap_or_default();
            body.split("=> \"").skip(1).for_each(|code| note(&word(code)));
        }
        if path.ends_with("web/json.rs") {
            for pair in text.split("(\"").skip(1).filter_map(|piece| piece.split_once("\", \"")) {
                note(&word(pair.1));
            }
        }
    }
    codes
}

#[test]
fn every_refusal_has_words() {
    let known = entries("zh-CN");
    let mut missing = BTreeSet::new();
    let codes = codes();
    for code in ["required", "too_long", "control_characters", "phone", "beyond_limit", "macros"] {
        assert!(codes.contains_key(code), "{code} is not found: {:?}", codes.keys());
    }
    for (code, path) in codes {
        let is_ours =
            !NOT_OF_FORMS.contains(&code.as_str()) && !NOT_OF_PAGES.contains(&code.as_str());
        if is_ours && !known.contains_key(&format!("error-{code}")) {
            missing.insert(format!("{path}: error-{code}"));
        }
    }
    let error = fs::read_to_string(root().join("src/web/error.rs")).expect("text");
    let table = error.split("const CODES").nth(1).and_then(|rest| rest.split("];").next());
    let rows = table.expect("a table").split("    (\"").skip(1).map(word);
    let rows: Vec<_> = rows.collect();
    assert!(rows.len() > 30, "{rows:?}");
    for code in rows.iter().filter(|code| *code != "unauthenticated") {
        if !known.contains_key(&format!("problem-{code}")) {
            missing.insert(format!("src/web/error.rs: problem-{code}"));
        }
    }
    // Refusals give their words a day or the place in a code, if they name one, and nothing else.
    for (key, variables) in known.iter().filter(|(key, _)| key.starts_with("error-")) {
        if variables.iter().any(|name| !["date", "place"].contains(&name.as_str())) {
            missing.insert(format!("{key} wants {variables:?}"));
        }
    }
    report(&missing, "refusals without words");
}

/// The words of a list in the code.
fn list(code: &str, name: &str) -> Vec<String> {
    let list =
        code.split(&format!("const {name}: ")).nth(1).and_then(|rest| rest.split("];").next());
    let list = list.and_then(|list| list.split_once('=')).expect(name).1;
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_act_has_its_words() {
    let known = entries("zh-CN");
    let forms = fs::read_to_string(root().join("src/web/ui/ticket/forms.rs")).expect("text");
    let (all, asks) = (list(&forms, "ORDER"), list(&forms, "ASKS"));
    assert!(all.len() > 10 && asks.len() > 4, "{all:?} {asks:?}");
    let mut missing = BTreeSet::new();
    for (prefix, names) in [("act-", &all), ("do-", &all), ("confirm-", &asks)] {
        let keys = names.iter().map(|name| format!("{prefix}{name}"));
        missing.extend(keys.filter(|key| !known.contains_key(key)));
    }
    for name in ["messages", "attachments"] {
        missing.extend([format!("do-{name}")].into_iter().filter(|key| !known.contains_key(key)));
    }
    missing.extend(asks.into_iter().filter(|name| !all.contains(name)));
    report(&missing, "acts without words");
}
