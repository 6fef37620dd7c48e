//! The same of what is kept: organisations, people, the catalogue, rules, calendars, texts and
//! channels.
//!
//! **Never** sends a right body before every wrong one was refused.

use std::collections::BTreeSet;

use supplyline::store::audit::chain;

use super::bodies::wrong_bodies;
use crate::http::desk::Desk;
use crate::http::stage::sound;
use crate::http::stage_keeping::{KeptCall, kept_calls};
use crate::http::values_keeping::kept_kind;
use crate::support::app::TestApp;
use crate::support::db::{TestDb, both, sqlite_only};

both!(
    houses_b021_b023,
    people_b021_b023,
    shelves_b021_b023,
    calendars_b021_b023,
    texts_b021_b023,
    channels_b021_b023,
);
sqlite_only!(policies_b021_b023, every_call_has_a_test);

/// Sends everything wrong, looks that nothing was written, and then that the right body passes.
/// Gives what went otherwise.
async fn try_everything(db: &TestDb, desk: &Desk<'_>, call: &KeptCall) -> Vec<String> {
    let place = desk.place(call).await;
    let entries = async || chain::count(db.store.read_unscoped()).await.expect("counted");
    let before = entries().await;
    let wrong = wrong_bodies(&call.body, |path| kept_kind(call.name, path));
    // Where a call has several bodies, the later ones are for the fields that the first has not.
    let is_tried =
        |field: &str| call.only.is_empty() || call.only.iter().any(|part| field.starts_with(part));
    let mut faults = Vec::new();
    for (field, body) in wrong.into_iter().filter(|(field, _)| is_tried(field)) {
        let short: String = body.chars().take(300).collect();
        let asked = format!("{} {} {field}: {short}", call.method, call.template);
        let answer = desk.send(call, &place, &body).await;
        sound(&answer, &asked);
        let named: BTreeSet<String> = answer.fields().into_iter().map(|(field, _)| field).collect();
        if answer.status != 422 || named != BTreeSet::from([field]) {
            faults.push(format!("{asked}: {} {named:?} {}", answer.status, answer.text));
        }
    }
    if entries().await != before {
        faults.push(format!("{} {}: a refusal wrote something", call.method, call.template));
    }
    // Guesses are counted: a code is given away by too many.
    let place = if call.name == "verify" { desk.place(call).await } else { place };
    let answer = desk.send(call, &place, &call.body.to_string()).await;
    sound(&answer, call.name);
    if answer.status != call.status {
        faults.push(format!("{} {}: {}", call.method, call.template, answer.text));
    }
    faults
}

/// What a call's address begins with, like `users`.
pub(super) fn noun(call: &KeptCall) -> &'static str {
    call.template.split('/').nth(3).unwrap_or_default()
}

async fn try_calls(db: TestDb, names: &[&str]) {
    // Channels that the operator has set can only be looked at.
    let is_unset = names.contains(&"channels");
    let app = if is_unset { TestApp::spawn_unset(&db).await } else { TestApp::spawn(&db).await };
    let desk = Desk::set(&db, &app).await;
    let calls = kept_calls();
    let is_here = |call: &&KeptCall| names.contains(&noun(call));
    let mut faults = Vec::new();
    for call in calls.iter().filter(is_here) {
        faults.extend(try_everything(&db, &desk, call).await);
    }
    assert!(
        faults.is_empty(),
        "{} of them: {:#?}",
        faults.len(),
        faults.get(..40).unwrap_or(&faults)
    );
    app.stop().await;
}

async fn houses_b021_b023(db: TestDb) {
    try_calls(db, &["organisations", "contacts"]).await;
}

async fn people_b021_b023(db: TestDb) {
    try_calls(db, &["users", "invitations"]).await;
}

async fn shelves_b021_b023(db: TestDb) {
    try_calls(db, &["products", "agreements"]).await;
}

async fn policies_b021_b023(db: TestDb) {
    try_calls(db, &["policies"]).await;
}

async fn calendars_b021_b023(db: TestDb) {
    try_calls(db, &["calendars", "batches"]).await;
}

async fn texts_b021_b023(db: TestDb) {
    try_calls(db, &["templates"]).await;
}

async fn channels_b021_b023(db: TestDb) {
    try_calls(db, &["channels"]).await;
}

async fn every_call_has_a_test(_: TestDb) {
    let tried = [
        "organisations",
        "contacts",
        "users",
        "invitations",
        "products",
        "agreements",
        "policies",
        "calendars",
        "batches",
        "templates",
        "channels",
    ];
    for call in kept_calls() {
        assert!(tried.contains(&noun(&call)), "{}", call.template);
    }
}
