//! What the stream looks like from outside.

use reqwest::Method;

use super::change;
use crate::http::stage::{HEADERS, refused};
use crate::support::app::TestApp;
use crate::support::db::{TestDb, sqlite_only};
use crate::support::sse::Stream;

sqlite_only!(
    a_stream_looks_as_the_standard_says,
    a_browser_listens_by_its_cookie,
    a_wrong_id_is_refused,
    other_methods_are_answered,
    a_quiet_stream_shows_that_it_lives,
);

const STREAM: &str = "/api/v1/events/stream";
const OWN: [(&str, &str); 3] = [
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-store"),
    ("x-accel-buffering", "no"),
];

async fn a_stream_looks_as_the_standard_says(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    for encodings in ["", "gzip", "gzip, deflate, br", "*"] {
        let request = hospital.request(Method::GET, "/events/stream");
        let request = request.header("Accept-Encoding", encodings);
        let mut stream = Stream::open(request.header("Accept", "text/event-stream")).await;
        for (name, value) in OWN.into_iter().chain(HEADERS) {
            assert_eq!(stream.header(name), value, "{name}");
        }
        assert_eq!(stream.header("content-encoding"), "identity", "{encodings}");
        assert!(stream.header("content-security-policy").contains("default-src 'none'"));
        assert!(!stream.header("x-request-id").is_empty());
        assert_eq!(
            (stream.header("content-length"), stream.retry.as_str()),
            (String::new(), "3000")
        );
        assert!(stream.received().starts_with("retry: 3000\n"));
        hospital.file().await;
        change(&mut stream).await;
        assert!(stream.received().contains("\n\nevent: ticket\ndata: {\"ticket\":{\"id\":\""));
    }
    app.stop().await;
}

async fn a_browser_listens_by_its_cookie(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let cookie = format!("supplyline={}", hospital.token);
    let request = app.request(Method::GET, STREAM).header("Cookie", cookie);
    let mut stream = Stream::open(request.header("Sec-Fetch-Site", "same-origin")).await;
    let ticket = hospital.file().await;
    assert_eq!(change(&mut stream).await.ticket(), ticket["id"]);
    let anonymous = app.request(Method::GET, &format!("{STREAM}?last_event_id=x"));
    refused(&app.send(anonymous).await, (401, "unauthenticated"), "nobody is told what is wrong");
    app.stop().await;
}

async fn a_wrong_id_is_refused(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let field = |name: &str, code: &str| vec![(name.to_owned(), code.to_owned())];
    for wrong in ["", "x", "1", "1-", "-1", "1-0A1B2C3D", "1-0a1b2c3d ", "0x1-0a1b2c3d", "短-短"]
    {
        let path = format!("/events/stream?last_event_id={}", wrong.replace(' ', "%20"));
        let answer = hospital.get(&path).await;
        refused(&answer, (422, "invalid"), wrong);
        assert_eq!(answer.fields(), field("last_event_id", "event_id"), "{wrong}");
        if wrong != wrong.trim() {
            continue; // no header has it
        }
        let request = hospital.request(Method::GET, "/events/stream");
        let answer = hospital.send(request.header("Last-Event-ID", wrong)).await;
        refused(&answer, (422, "invalid"), wrong);
        assert_eq!(answer.fields(), field("Last-Event-ID", "event_id"), "{wrong}");
    }
    let twice = hospital.request(Method::GET, "/events/stream");
    let twice = twice.header("Last-Event-ID", "0-00000000").header("Last-Event-ID", "0-00000000");
    refused(&hospital.send(twice).await, (422, "invalid"), "two headers");
    for (query, code) in [
        ("last_event_id=0-00000000&last_event_id=0-00000000", ("last_event_id", "repeated")),
        ("lastEventId=0-00000000", ("lastEventId", "unknown_parameter")),
    ] {
        let answer = hospital.get(&format!("/events/stream?{query}")).await;
        assert_eq!((answer.status, answer.fields()), (422, field(code.0, code.1)));
    }
    app.stop().await;
}

async fn other_methods_are_answered(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    // However often: nothing stays open after it.
    for _ in 0..20 {
        let head =
            hospital.send(hospital.request(Method::HEAD, "/events/stream")).await.expect(200);
        for (name, value) in OWN.into_iter().chain(HEADERS) {
            assert_eq!(head.header(name), value, "{name}");
        }
        assert_eq!(head.text, "");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let request = hospital.request(method.parse().expect("a method"), "/events/stream");
        let answer = hospital.send(request).await;
        refused(&answer, (405, "method_not_allowed"), method);
        assert_eq!(answer.header("allow"), "GET, HEAD");
    }
    app.stop().await;
}

async fn a_quiet_stream_shows_that_it_lives(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, other) = (app.sign_in("hospital").await, app.sign_in("hospital2").await);
    let mut stream = hospital.listen().await;
    let begun = stream.last_id.clone();
    other.file().await;
    stream.comment().await;
    assert!(!stream.received().contains("event:"), "{}", stream.received());
    assert_ne!(stream.last_id, begun, "its place moves on with what is not for it");
    hospital.file().await;
    let heard = change(&mut stream).await;
    let mut back = hospital.listen_after(&begun).await;
    assert_eq!(change(&mut back).await, heard);
    app.stop().await;
}
