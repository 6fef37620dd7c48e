//! When a stream ends, and how many there may be.

use std::time::{Duration, Instant};

use reqwest::Method;

use super::{change, id};
use crate::http::stage::refused;
use crate::support::app::TestApp;
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::sse::Stream;

both!(
    a_stream_ends_with_its_session,
    a_stream_ends_when_its_person_changes,
    eight_streams_are_enough,
);
sqlite_only!(a_service_that_stops_ends_its_streams);

/// Longer than the check of sessions takes, also on a busy machine.
const SOON: Duration = Duration::from_secs(6);

async fn ends_soon(stream: &mut Stream) {
    let begun = Instant::now();
    stream.ended().await;
    assert!(begun.elapsed() < SOON, "it took {:?}", begun.elapsed());
}

async fn a_stream_ends_with_its_session(db: TestDb) {
    let (app, replica) = (TestApp::spawn(&db).await, TestApp::replica(&db).await);
    let (one, two) = (app.sign_in("hospital").await, app.sign_in("hospital").await);
    let elsewhere = replica.request(Method::GET, "/api/v1/events/stream").bearer_auth(&one.token);
    let (mut here, mut there) = (one.listen().await, Stream::open(elsewhere).await);
    let mut others = two.listen().await;
    one.send(one.request(Method::DELETE, "/session")).await.expect(204);
    ends_soon(&mut here).await;
    ends_soon(&mut there).await;
    let ticket = two.file().await;
    assert_eq!(change(&mut others).await.ticket(), id(&ticket), "another session goes on");
    assert!(!here.received().contains(&id(&ticket)));
    db.execute("update session set expires_at = created_at").await;
    ends_soon(&mut others).await;
    app.stop().await;
    replica.stop().await;
}

async fn a_stream_ends_when_its_person_changes(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let change_person = async |username: &str, sql: &'static str| {
        let who = app.sign_in(username).await;
        let mut stream = who.listen().await;
        db.execute(sql).await;
        ends_soon(&mut stream).await;
    };
    change_person("maker", "update app_user set disabled_at = created_at where username = 'maker'")
        .await;
    change_person(
        "city",
        "update organisation set disabled_at = created_at where name = '滨海市医保局'",
    )
    .await;
    // To another hospital: what they reach is another thing now.
    change_person(
        "hospital",
        "update app_user set organisation_id = \
         (select id from organisation where name = '岛城中心医院') where username = 'hospital'",
    )
    .await;
    change_person("province", "update organisation set division = 371000 where name = '省医保局'")
        .await;
    let moved = app.sign_in("hospital").await;
    let mut stream = moved.listen().await;
    let own = app.sign_in("hospital2").await.file().await;
    assert_eq!(change(&mut stream).await.ticket(), id(&own), "and a new one tells that");
    app.stop().await;
}

async fn eight_streams_are_enough(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (one, two) = (app.sign_in("hospital").await, app.sign_in("hospital").await);
    let mut streams = Vec::new();
    for number in 0..8 {
        streams.push(if number % 2 == 0 { one.listen().await } else { two.listen().await });
    }
    for who in [&one, &two] {
        refused(&who.get("/events/stream").await, (429, "too_many_streams"), "the ninth");
    }
    let mut others = app.sign_in("hospital2").await.listen().await;
    // A page that was left is noticed when somebody needs its place.
    drop(streams.pop());
    let mut last = one.listen().await;
    refused(&two.get("/events/stream").await, (429, "too_many_streams"), "the ninth again");
    let ticket = one.file().await;
    for stream in streams.iter_mut().chain([&mut last]) {
        assert_eq!(change(stream).await.ticket(), id(&ticket), "the others go on");
    }
    let own = app.sign_in("hospital2").await.file().await;
    assert_eq!(change(&mut others).await.ticket(), id(&own));
    app.stop().await;
}

async fn a_service_that_stops_ends_its_streams(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let mut streams = Vec::new();
    for who in ["hospital", "maker", "city", "security"] {
        streams.push(app.sign_in(who).await.listen().await);
    }
    let begun = Instant::now();
    app.stop().await;
    assert!(begun.elapsed() < SOON, "it took {:?}", begun.elapsed());
    for stream in &mut streams {
        stream.ended().await;
    }
}
