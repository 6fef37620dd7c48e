//! What is no JSON document, or says to be none, is never read: of every call by which something
//! is kept.
//!
//! **Never** sends a right body.

use super::keepers::noun;
use crate::http::desk::Desk;
use crate::http::stage::refused;
use crate::http::stage_keeping::kept_calls;
use crate::support::app::TestApp;
use crate::support::db::{TestDb, sqlite_only};

sqlite_only!(
    a_body_must_be_one_document_b022_b028,
    a_channel_s_body_must_be_one_document_b022_b028,
);

async fn try_calls(db: &TestDb, app: &TestApp, is_tried: impl Fn(&str) -> bool) {
    let desk = Desk::set(db, app).await;
    let calls = kept_calls().into_iter().filter(|call| call.only.is_empty());
    for call in calls.filter(|call| is_tried(noun(call))) {
        let spot = desk.place(&call).await;
        let told = format!("{} {}", call.method, call.template);
        let right = call.body.to_string();
        let twice = right.replacen('{', "{\"reason\":\"x\",\"reason\":\"x\",", 1);
        let deep = "[".repeat(10_000);
        for unreadable in ["", "{", &twice, "\u{feff}{}", &deep] {
            if unreadable.is_empty() && call.method == "delete" {
                continue; // Its body may be left out.
            }
            let answer = desk.send(&call, &spot, unreadable).await;
            refused(&answer, (400, "unreadable"), &format!("{told} {unreadable:.40}"));
        }
        let plain = desk.request(&call, &spot);
        let plain = match call.method {
            "put" => plain.header("If-Match", "\"1\""),
            _ => plain,
        };
        let plain = plain.header("Content-Type", "text/plain").body(right.clone());
        refused(&app.send(plain).await, (415, "unsupported_type"), &told);
        let weak = desk.request(&call, &spot).header("If-Match", "W/\"1\"");
        let weak = weak.header("Content-Type", "application/json").body(right);
        refused(&app.send(weak).await, (400, "unreadable"), &told);
    }
}

async fn a_body_must_be_one_document_b022_b028(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    try_calls(&db, &app, |noun| noun != "channels").await;
    app.stop().await;
}

async fn a_channel_s_body_must_be_one_document_b022_b028(db: TestDb) {
    let app = TestApp::spawn_unset(&db).await;
    try_calls(&db, &app, |noun| noun == "channels").await;
    app.stop().await;
}
