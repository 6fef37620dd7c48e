//! The audit log on the command line, from the first entry to a restored backup.
//!
//! **Never** needs a running service.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// Runs the program in a folder of its own; gives its exit code, and what it said.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let program = Command::new(env!("CARGO_BIN_EXE_supplyline"))
        .args(arguments)
        .current_dir(folder)
        .env("SUPPLYLINE_DATABASE_URL", "sqlite://own.db")
        .env("SUPPLYLINE_LOG", "warn")
        .env_remove("SUPPLYLINE_KEY_FILE")
        .output();
    let output = program.expect("it ran");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let (code, said) = run(folder, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {said}");
    said
}

fn found(folder: &Path, arguments: &[&str], what: &str) {
    let (code, said) = run(folder, arguments);
    assert!(code == Some(2) && said.contains(what), "{arguments:?}: {said}");
}

fn import(folder: &Path, name: &str) {
    let table = format!("机构类别,机构名称,行政区划代码\n医疗机构,{name},371002\n");
    std::fs::write(folder.join("a.csv"), table).expect("written");
    done(folder, &["import", "organisations", "a.csv"]);
}

#[test]
fn a_log_is_verified_exported_and_explained_after_a_restore() {
    let folder = TempDir::new().expect("a folder");
    let folder = folder.path();
    done(folder, &["migrate"]);
    import(folder, "示例县人民医院");
    import(folder, "示例县中医院");
    let exported = done(folder, &["audit", "export", "log.jsonl"]);
    assert!(exported.contains("2 entries"), "{exported}");
    assert!(done(folder, &["audit", "verify"]).contains("whole"));
    assert!(done(folder, &["audit", "verify", "--file", "log.jsonl"]).contains("whole"));
    let text = std::fs::read_to_string(folder.join("log.jsonl")).expect("text");
    for (from, to) in
        [("\"rows\":1", "\"rows\":9"), ("import_run", "export_made"), ("\"seq\":2", "\"seq\":3")]
    {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        std::fs::write(folder.join("changed.jsonl"), changed).expect("written");
        found(folder, &["audit", "verify", "--file", "changed.jsonl"], "FOUND");
    }
    let csv = done(folder, &["audit", "export", "log.csv", "--from", "2020-01-01"]);
    assert!(csv.contains("3 entries"), "the first export is an entry itself: {csv}");
    found(folder, &["audit", "export", "log.csv"], "log.csv");
    found(folder, &["audit", "export", "log.xml"], "jsonl");
    done(folder, &["backup", "saved"]);
    import(folder, "示例县妇幼保健院");
    done(folder, &["audit", "checkpoint"]);
    let report = done(folder, &["audit", "verify", "--json"]);
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!((&report["entries"], &report["checkpoints"]), (&5.into(), &1.into()), "{report}");
    rolled_back(folder);
}

fn rolled_back(folder: &Path) {
    let remove = |names: &[&str]| {
        for name in names {
            let path = folder.join(name);
            drop(std::fs::remove_file(&path));
            drop(std::fs::remove_dir_all(&path));
        }
    };
    let database = ["own.db", "own.db-wal", "own.db-shm", "attachments"];
    // With a copy that the program knows nothing of, the log is cut; restored by it, it is not.
    let copy = std::fs::read(folder.join("supplyline.checkpoints")).expect("there");
    remove(&database);
    done(folder, &["restore", "saved"]);
    assert!(done(folder, &["audit", "verify"]).contains("whole"), "a restore explains itself");
    std::fs::write(folder.join("supplyline.checkpoints"), copy).expect("written");
    found(folder, &["audit", "verify"], "cut_tail");
    done(folder, &["audit", "restored", "--from", "昨日的备份"]);
    assert!(done(folder, &["audit", "verify"]).contains("whole"));
    // A key that is lost is an alarm, and the log goes on.
    std::fs::rename(folder.join("supplyline.key"), folder.join("old.key")).expect("renamed");
    import(folder, "示例县结核病防治所");
    found(folder, &["audit", "verify"], "wrong_key");
    assert!(done(folder, &["audit", "verify", "--earlier-key", "old.key"]).contains("whole"));
}
