//! A database that goes away under a running service.

use reqwest::Method;
use sea_orm::ConnectionTrait as _;
use supplyline::store::Store;

use crate::support::app::{TestApp, filing};
use crate::support::db::{TestDb, execute, postgres_only, prepared};
use crate::support::postgres;

postgres_only! {
    b115_a_read_only_database_is_503,
    b115_a_lost_connection_is_503_and_the_key_settles_it,
}

async fn b115_a_read_only_database_is_503(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    hospital.file().await;
    let name = db.url.split('/').nth(3).and_then(|tail| tail.split('?').next()).expect("a name");
    let alter = format!("alter database {name} set default_transaction_read_only = on");
    execute(&db.owner, &alter).await;
    // Sessions that are there go on as they were begun; new ones are not taken.
    let refused = Store::connect(&db.url).await.map(|_| ()).expect_err("read-only");
    assert!(refused.to_string().contains("cannot be written to"), "{refused}");
    app.stop().await;
}

/// Ends every connection of the database but the one that asks.
async fn end_connections(db: &TestDb) {
    let raw = TestDb::raw(&db.url).await;
    let end = "select pg_terminate_backend(pid) from pg_stat_activity \
               where datname = current_database() and pid <> pg_backend_pid()";
    raw.execute_unprepared(end).await.expect("ended");
    raw.close().await.expect("closed");
}

async fn b115_a_lost_connection_is_503_and_the_key_settles_it(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let file = async |key: &str| {
        let request = hospital.request(Method::POST, "/tickets").header("Idempotency-Key", key);
        hospital.send(request.json(&filing())).await
    };
    for round in 0..12 {
        let key = format!("b115-lost-connection-{round:04}");
        let first = async {
            let ending = async {
                tokio::time::sleep(std::time::Duration::from_millis(2 + round)).await;
                end_connections(&db).await;
            };
            futures::join!(file(&key), ending).0
        };
        let first = first.await;
        match first.status {
            201 => {}
            503 => {
                assert_eq!(first.code(), "unavailable");
                assert_eq!(first.header("retry-after"), "5");
            }
            status => panic!("{status}: {}", first.text),
        }
        let mut again = file(&key).await;
        while again.status == 503 {
            again = file(&key).await;
        }
        again.expect(201);
    }
    let listed = hospital.get("/tickets?page_size=100").await.expect(200).json();
    assert_eq!(listed["items"].as_array().expect("tickets").len(), 12, "each filed once");
    app.stop().await;
}

#[test]
fn b115_a_server_that_is_gone_is_503_until_it_is_back() {
    let Some(own) = postgres::own("-c fsync=off") else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let url = own.url("postgres");
        let app = TestApp::on(prepared(&url).await).await;
        let hospital = app.sign_in("hospital").await;
        own.crash();
        let answer = hospital.post("/tickets", &filing()).await.expect(503);
        assert_eq!(
            (answer.code(), answer.header("retry-after")),
            ("unavailable".into(), "5".into())
        );
        let answer = hospital.get("/tickets").await.expect(503);
        assert_eq!(answer.code(), "unavailable");
    });
    drop(own);
}
