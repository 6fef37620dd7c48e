//! The demo loads at any time of the year, and no rule refuses any of its acts.

#![expect(clippy::expect_used, reason = "a test may stop at the first surprise")]

use supplyline::service::rulebook::Rulebook;
use supplyline::store::Store;
use supplyline::{demo, shipped};

async fn load(now: &str) -> demo::Loaded {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("demo.db").display());
    Store::migrate(&url).await.expect("migrated");
    let store = Store::connect(&url).await.expect("opened");
    Rulebook::seed(&store, shipped::nation().expect("shipped")).await.expect("seeded");
    let policies = shipped::policies().expect("shipped");
    Rulebook::seed_policies(&store, policies).await.expect("seeded");
    let now = now.parse().expect("an instant");
    let loaded = demo::load(&store, now).await.expect("loaded");
    assert_eq!(loaded.refused, 0, "at {now}");
    assert!(loaded.tickets >= 38, "at {now}: {}", loaded.tickets);
    assert!(demo::load(&store, now).await.is_err(), "a filled database is refused");
    loaded
}

#[tokio::test]
async fn on_an_ordinary_afternoon() {
    load("2026-11-20T16:30:00+08:00").await;
}

#[tokio::test]
async fn on_a_sunday_night() {
    load("2026-11-22T02:00:00+08:00").await;
}

#[tokio::test]
async fn in_the_middle_of_spring_festival() {
    load("2026-02-19T10:00:00+08:00").await;
}

#[tokio::test]
async fn after_a_holiday_in_an_unpublished_year() {
    load("2027-01-05T09:00:00+08:00").await;
}
