//! Every route that changes something leaves exactly one entry in the audit log, which says how
//! things stood before and after, and no secret.
//!
//! The routes are those that the API's description and the pages' own tables of routes name; each
//! has a recipe here that calls it so that it succeeds. A route without one fails the test, so
//! nobody can add a route and forget its entry.

mod acts;
mod calendars;
mod houses;
mod people;
mod routes;
mod rules;
mod shelves;
mod texts;
mod trial;

use self::trial::Trial;
use crate::support::app::TestApp;
use crate::support::db::{TestDb, both};

both!(every_call_of_the_api_that_changes_something, every_form_of_the_pages_that_is_posted);

async fn every_call_of_the_api_that_changes_something(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let mut trial = Trial::of(&db, &app).await;
    houses::by_api(&mut trial).await;
    people::by_api(&mut trial).await;
    shelves::by_api(&mut trial).await;
    texts::by_api(&mut trial).await;
    calendars::by_api(&mut trial).await;
    rules::by_api(&mut trial).await;
    acts::by_api(&mut trial).await;
    let described = routes::described(&app).await;
    let routed = routes::routed("src/web/api").into_iter();
    let hidden: Vec<_> = routed
        .map(|route| route.replacen(' ', " /api/v1", 1))
        .filter(|route| !described.contains(route))
        .collect();
    assert!(hidden.is_empty(), "the description leaves out {hidden:?}");
    trial.ends(described).await;
    app.stop().await;
}

async fn every_form_of_the_pages_that_is_posted(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let mut trial = Trial::of(&db, &app).await;
    houses::by_pages(&mut trial).await;
    people::by_pages(&mut trial).await;
    shelves::by_pages(&mut trial).await;
    texts::by_pages(&mut trial).await;
    calendars::by_pages(&mut trial).await;
    rules::by_pages(&mut trial).await;
    acts::by_pages(&mut trial).await;
    trial.ends(routes::routed("src/web/ui")).await;
    app.stop().await;
}
