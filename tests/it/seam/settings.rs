//! What a server is set to, as the service sees it.

use sea_orm::{ConnectionTrait as _, Statement};
use supplyline::store::{Error, Store};
use tempfile::TempDir;

use super::{Serving, ended, program, refused};
use crate::support::db::{TestDb, execute, postgres_only};
use crate::support::postgres;

postgres_only! {
    settings_that_may_lose_what_is_acknowledged_stop_the_service,
    a_session_commits_to_disk_whatever_the_server_is_set_to,
    what_a_role_drops_is_warned_of,
    another_encoding_is_refused,
}

async fn settings_that_may_lose_what_is_acknowledged_stop_the_service(db: TestDb) {
    let home = TempDir::new().expect("a folder");
    let with = |allow: bool, command: &str| {
        let mut command = program(home.path(), &db.owner, &[command]);
        command.env("SUPPLYLINE_KEY_FILE", "own.key");
        if allow {
            command.env("SUPPLYLINE_ALLOW_LOSS", "true");
        }
        command
    };
    for command in ["serve", "check"] {
        let named = ["SUPPLYLINE_DATABASE_URL", "fsync is off", "full_page_writes is off"];
        refused(with(false, command), &named);
    }
    let (code, said) = ended(with(true, "check"));
    assert_eq!(code, Some(0), "{said}");
    for warned in ["fsync is off", "synchronous_standby_names is empty", "superuser", "owns"] {
        assert!(said.contains(&format!("warning: {warned}")) || said.contains(warned), "{said}");
    }
    Serving::start(with(true, "serve")).stop();
}

async fn setting(store: &Store, name: &str) -> String {
    let db = store.read_unscoped();
    let query = Statement::from_string(db.get_database_backend(), format!("show {name}"));
    let row = db.query_one_raw(query).await.expect("answered").expect("a row");
    row.try_get_by_index(0).expect("text")
}

async fn a_session_commits_to_disk_whatever_the_server_is_set_to(db: TestDb) {
    assert_eq!(setting(&db.store, "synchronous_commit").await, "on", "the server's is off");
    let name = db.url.split('/').nth(3).and_then(|tail| tail.split('?').next()).expect("a name");
    let alter = |value: &str| format!("alter database {name} set synchronous_commit = {value}");
    for (set, seen) in [("local", "on"), ("remote_write", "on"), ("remote_apply", "remote_apply")] {
        execute(&db.owner, &alter(set)).await;
        assert_eq!(setting(&db.replica().await, "synchronous_commit").await, seen, "{set}");
    }
    for (name, value) in [
        ("statement_timeout", "15s"),
        ("lock_timeout", "3s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ] {
        assert_eq!(setting(&db.store, name).await, value);
    }
}

async fn what_a_role_drops_is_warned_of(db: TestDb) {
    let doubts = db.store.doubts(true).await.expect("only doubts");
    assert!(!doubts.iter().any(|doubt| doubt.contains("lock_timeout")), "{doubts:?}");
    assert!(!doubts.iter().any(|doubt| doubt.contains("owns")), "it owns nothing: {doubts:?}");
    let refused = db.store.doubts(false).await.expect_err("fsync is off");
    assert!(matches!(&refused, Error::Unusable(text) if text.contains("fsync")), "{refused}");
}

async fn another_encoding_is_refused(db: TestDb) {
    let bytes = "create database bytes template template0 encoding 'SQL_ASCII' locale 'C'";
    execute(&db.owner, bytes).await;
    let url = db.owner.replace(&format!("/{}?", name_of(&db.owner)), "/bytes?");
    let store = Store::connect(&url).await.expect("opened");
    let refused = store.doubts(true).await.expect_err("names would not be kept");
    assert!(refused.to_string().contains("SQL_ASCII"), "{refused}");
}

fn name_of(url: &str) -> &str {
    url.split('/').nth(3).and_then(|tail| tail.split('?').next()).expect("a name")
}

#[test]
fn a_server_that_keeps_what_it_acknowledges_is_served() {
    let Some(own) = postgres::own("-c fsync=on") else { return };
    let home = TempDir::new().expect("a folder");
    let mut serve = program(home.path(), &own.url("postgres"), &["serve"]);
    serve.env("SUPPLYLINE_KEY_FILE", "own.key");
    Serving::start(serve).stop();
}
