//! Several servers in one URL: the one that can be written to, also after it has changed.

use std::time::{Duration, Instant};

use supplyline::store::{Error, Store, setting};

use crate::support::db::{execute, prepared};
use crate::support::postgres;

async fn put(store: &Store, name: &'static str) -> Result<(), Error> {
    store
        .write(move |tx| Box::pin(async move { setting::set(tx, name, "yes".to_owned()).await }))
        .await
}

#[test]
fn b115_a_promotion_is_followed_without_a_restart() {
    let Some(primary) = postgres::own("-c fsync=off -c synchronous_commit=on") else { return };
    let standby = primary.standby(postgres::FAST);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let synchronous = "alter system set synchronous_standby_names = 'ANY 1 (*)'";
        execute(&primary.url("postgres"), synchronous).await;
        execute(&primary.url("postgres"), "select pg_reload_conf()").await;
        let hosts = format!("{},{}", standby.host(), primary.host());
        let url = format!("postgres://postgres@{hosts}/postgres");
        let store = prepared(&url).await;
        put(&store, "before").await.expect("the standby, named first, is passed over");

        let alone = Store::connect(&standby.url("postgres")).await.map(|_| ());
        let refused = alone.expect_err("a standby alone is not used").to_string();
        assert!(refused.contains("standby"), "{refused}");

        primary.crash();
        let gone = put(&store, "lost").await.expect_err("nobody can be written to");
        assert!(gone.is_unavailable(), "{gone}");
        execute(&standby.url("postgres"), "select pg_promote()").await;
        let unsynchronous = "alter system reset synchronous_standby_names";
        execute(&standby.url("postgres"), unsynchronous).await;
        execute(&standby.url("postgres"), "select pg_reload_conf()").await;
        let promoted = Instant::now();
        while let Err(error) = put(&store, "after").await {
            assert!(error.is_unavailable(), "{error}");
            assert!(promoted.elapsed() < Duration::from_secs(20), "{error}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        for name in ["before", "after"] {
            let kept = setting::find(store.read_unscoped(), name).await.expect("answered");
            assert_eq!(kept.as_deref(), Some("yes"), "{name}");
        }
    });
}
