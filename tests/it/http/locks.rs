//! Locked user names, and who sees them.

use reqwest::Method;
use serde_json::{Value, json};
use supplyline::service::{App, Limits};

use super::stage::{refused, sound};
use crate::support::app::{As, TestApp};
use crate::support::db::{TestDb, both, sqlite_only};

both!(names_that_fail_are_listed_until_they_are_forgotten);
sqlite_only!(only_security_administrators_see_locks);

async fn locks(who: &As<'_>) -> Value {
    let answer = who.get("/locks").await;
    sound(&answer, "/locks");
    answer.expect(200).json()
}

async fn names_that_fail_are_listed_until_they_are_forgotten(db: TestDb) {
    let limits = |mut app: App| {
        app.limits = Limits::On;
        app
    };
    let app = TestApp::spawn_with(&db, "http://supply.example/", limits).await;
    let security = app.sign_in("security").await;
    assert_eq!(locks(&security).await, json!({"items": [], "next_cursor": null}));
    for (username, times) in [("City", 10), ("hospital", 1), ("张 三", 2)] {
        for _ in 0..times {
            let body = json!({"username": username, "password": "wrong"});
            let request = app.request(Method::POST, "/api/v1/session").json(&body);
            app.send(request).await.expect(401);
        }
    }
    let seen = locks(&security).await;
    let items = seen["items"].as_array().expect("names");
    let told = items.iter().map(|one| json!([one["username"], one["failures"], one["locked"]]));
    let expected = json!([["city", 10, true], ["hospital", 1, false], ["张 三", 2, false]]);
    assert_eq!(told.collect::<Value>(), expected);
    for one in items {
        let last: chrono::DateTime<chrono::Utc> =
            one["last_at"].as_str().expect("an instant").parse().expect("an instant");
        let age = wall() - last;
        assert!((0..60).contains(&age.num_seconds()), "{one}");
    }
    let (mut path, mut walked) = ("/locks?page_size=1".to_owned(), Vec::new());
    loop {
        let page = security.get(&path).await.expect(200).json();
        walked.extend(page["items"].as_array().expect("names").clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/locks?page_size=1&cursor={cursor}");
    }
    assert_eq!(&walked, items, "page by page");
    db.execute("update sign_in_failure set at = '2026-02-13T02:30:00+00:00'").await;
    assert_eq!(locks(&security).await["items"], json!([]));
    for query in ["page_size=0", "locked=true", "q=city"] {
        let answer = security.get(&format!("/locks?{query}")).await;
        refused(&answer, (422, "invalid"), query);
    }
    app.stop().await;
}

fn wall() -> chrono::DateTime<chrono::Utc> {
    supplyline::clock::Clock::system().wall()
}

async fn only_security_administrators_see_locks(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    for who in ["hospital", "maker", "distributor", "city", "admin", "auditor"] {
        let somebody = app.sign_in(who).await;
        refused(&somebody.get("/locks").await, (403, "forbidden"), who);
    }
    let answer = app.send(app.request(Method::GET, "/api/v1/locks")).await;
    refused(&answer, (401, "unauthenticated"), "nobody");
    app.stop().await;
}
