//! Settings that cannot be used: exit code 2, and the setting by its name.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::{program, refused};

const URL: &str = "sqlite://own.db";

#[test]
fn b117_a_setting_that_cannot_be_used_is_named() {
    let home = TempDir::new().expect("a folder");
    for (name, value) in [
        ("SUPPLYLINE_DATABSE_URL", "sqlite://a.db"),
        ("SUPPLYLINE_DATABASE_URL", "mysql://a/b"),
        ("SUPPLYLINE_DATABASE_URL", "sqlite://:memory:"),
        ("SUPPLYLINE_AUDIT_DAYS", "7d"),
        ("SUPPLYLINE_AUDIT_DAYS", "-1"),
        ("SUPPLYLINE_LISTEN", "8080"),
        ("SUPPLYLINE_LISTEN", "192.0.2.1:80"),
        ("SUPPLYLINE_SMTP_ROOTS", "no-such.pem"),
        ("SUPPLYLINE_SMS_WEBHOOK_SECRET", "short"),
    ] {
        let mut command = program(home.path(), URL, &["serve"]);
        command.env(name, value);
        if name == "SUPPLYLINE_SMS_WEBHOOK_SECRET" {
            command.env("SUPPLYLINE_SMS_WEBHOOK_URL", "https://sms.example/");
        }
        if name == "SUPPLYLINE_SMTP_ROOTS" {
            command.env("SUPPLYLINE_SMTP_URL", "smtp://mail.example/");
        }
        refused(command, &[name]);
    }
}

#[test]
fn a_number_may_stand_as_one() {
    let home = TempDir::new().expect("a folder");
    super::ended(program(home.path(), URL, &["migrate"]));
    let days = || program(home.path(), URL, &["check"]);
    let mut by_variable = days();
    by_variable.env("SUPPLYLINE_AUDIT_DAYS", "730");
    std::fs::write(home.path().join("supplyline.toml"), "audit_days = 800\n").expect("written");
    for (command, expected) in [(by_variable, "730"), (days(), "800")] {
        let (code, said) = super::ended(command);
        let line = format!("SUPPLYLINE_AUDIT_DAYS = {expected}");
        assert!(code == Some(0) && said.contains(&line), "{said}");
    }
}

#[test]
fn b117_a_secret_that_is_missing_is_named() {
    let home = TempDir::new().expect("a folder");
    let mut command = program(home.path(), URL, &["serve"]);
    command.env("SUPPLYLINE_SMS_WEBHOOK_URL", "https://sms.example/");
    refused(command, &["SUPPLYLINE_SMS_WEBHOOK_SECRET"]);
}

#[test]
fn b117_a_key_of_the_file_that_is_no_setting_is_named() {
    let home = TempDir::new().expect("a folder");
    for (text, named) in [
        ("databse_url = \"sqlite://a.db\"\n", "databse_url"),
        ("local_channels = \"perhaps\"\n", "local_channels"),
        ("listen = 8080\n", "SUPPLYLINE_LISTEN"),
        ("listen = \n", "supplyline.toml"),
    ] {
        fs::write(home.path().join("supplyline.toml"), text).expect("written");
        let mut command = program(home.path(), URL, &["check"]);
        command.env_remove("SUPPLYLINE_LISTEN");
        refused(command, &[named]);
    }
}

#[test]
fn b117_a_key_file_that_others_may_read_is_named() {
    let home = TempDir::new().expect("a folder");
    super::ended(program(home.path(), URL, &["migrate"]));
    let path = home.path().join("supplyline.key");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
    for command in ["serve", "check"] {
        refused(program(home.path(), URL, &[command]), &["SUPPLYLINE_KEY_FILE", "chmod 600"]);
    }
}

#[test]
fn b117_a_port_in_use_is_named() {
    let home = TempDir::new().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = taken.local_addr().expect("bound").to_string();
    let mut command = program(home.path(), URL, &["serve"]);
    command.env("SUPPLYLINE_LISTEN", &address);
    refused(command, &["SUPPLYLINE_LISTEN", &address]);
}

#[test]
fn b115_a_server_that_is_not_there_is_named() {
    let home = TempDir::new().expect("a folder");
    let url = "postgres://nobody@127.0.0.1:1/none";
    let mut command = program(home.path(), url, &["serve"]);
    command.env("SUPPLYLINE_KEY_FILE", "own.key");
    refused(command, &["SUPPLYLINE_DATABASE_URL", "127.0.0.1:1"]);
}
