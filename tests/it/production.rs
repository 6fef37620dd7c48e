//! The files of the page on production: as far as this machine can judge them.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/production")
}

/// Runs a program; `None` where there is none.
fn run(program: &str, arguments: &[&Path]) -> Option<(bool, String)> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

#[test]
fn systemd_takes_the_units() {
    let copies = TempDir::new().expect("a folder");
    let mut units = Vec::new();
    for name in ["supplyline", "supplyline-migrate", "supplyline-backup"] {
        units.push(format!("{name}.service"));
    }
    units.push("supplyline-backup.timer".to_owned());
    for unit in &units {
        let text = std::fs::read_to_string(folder().join(unit)).expect("there");
        // The programs are not installed here; it is their lines that are judged.
        let text = text.replace("/usr/local/bin/supplyline", "/bin/true");
        let text = text.replace("/usr/local/libexec/supplyline-backup", "/bin/true");
        std::fs::write(copies.path().join(unit), text).expect("written");
    }
    let paths: Vec<PathBuf> = units.iter().map(|unit| copies.path().join(unit)).collect();
    let mut arguments = vec![Path::new("verify")];
    arguments.extend(paths.iter().map(PathBuf::as_path));
    let Some((is_good, said)) = run("systemd-analyze", &arguments) else { return };
    assert!(is_good && !said.contains("Unknown"), "{said}");
}

#[test]
fn the_yaml_files_are_yaml() {
    let script = TempDir::new().expect("a folder");
    let file = script.path().join("read.py");
    let text = "import sys\ntry:\n    import yaml\nexcept ImportError:\n    sys.exit(0)\n\
                for path in sys.argv[1:]:\n    assert isinstance(yaml.safe_load(open(path)), dict)\n";
    std::fs::write(&file, text).expect("written");
    let (compose, alerts) = (folder().join("compose.yaml"), folder().join("alerts.yaml"));
    let Some((is_good, said)) = run("python3", &[&file, &compose, &alerts]) else { return };
    assert!(is_good, "{said}");
}

#[test]
fn the_backup_script_is_one() {
    let Some((is_good, said)) = run("sh", &[Path::new("-n"), &folder().join("backup.sh")]) else {
        return;
    };
    assert!(is_good, "{said}");
}

#[test]
fn the_supervisors_wait_longer_than_the_service_takes_to_end() {
    let read = |name: &str| std::fs::read_to_string(folder().join(name)).expect("there");
    assert!(read("supplyline.service").contains("\nTimeoutStopSec=25\n"));
    assert!(read("compose.yaml").contains("\n  stop_grace_period: 25s\n"));
}
