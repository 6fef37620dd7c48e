//! A route that is tried: what was sent, and what the audit log says of it.
//!
//! **Never** calls a use case.

use std::collections::BTreeSet;

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use supplyline::domain::audit::Action;
use supplyline::store::audit::chain;
use uuid::Uuid;

use super::super::stage::Stage;
use crate::support::app::{Answer, As, TestApp};
use crate::support::browser::{Browser, FORM, Typed, encoded};
use crate::support::db::TestDb;
use crate::support::world;

/// Everybody who acts, and what was tried.
pub(super) struct Trial<'a> {
    pub(super) db: &'a TestDb,
    pub(super) app: &'a TestApp,
    pub(super) stage: Stage<'a>,
    pub(super) admin: As<'a>,
    pub(super) security: As<'a>,
    auditor: As<'a>,
    tried: BTreeSet<String>,
    /// What no entry may say.
    secrets: Vec<String>,
    faults: Vec<String>,
}

impl<'a> Trial<'a> {
    /// Everybody signs in.
    pub(super) async fn of(db: &'a TestDb, app: &'a TestApp) -> Self {
        world::second_administrator(&db.store).await;
        let secrets = [world::PASSWORD, "13800000000", "@supply.example/"].map(str::to_owned);
        Self {
            db,
            app,
            stage: Stage::set(app).await,
            admin: app.sign_in("admin").await,
            security: app.sign_in("security").await,
            auditor: app.sign_in("auditor").await,
            tried: BTreeSet::new(),
            secrets: secrets.to_vec(),
            faults: Vec::new(),
        }
    }

    /// Remembers what no entry may say.
    pub(super) fn secret(&mut self, text: &str) {
        assert!(text.len() > 5, "{text}");
        self.secrets.push(text.to_owned());
    }

    async fn count(&self) -> u64 {
        chain::count(self.db.store.read_unscoped()).await.expect("counted")
    }

    /// Sends what changes something: it leaves one entry that shows how things stood, and a
    /// repetition by its key leaves none.
    pub(super) async fn one(&mut self, route: &str, request: RequestBuilder) -> Answer {
        let again = request.try_clone().expect("a body at rest");
        let answer = self.each(route, request).await;
        let before = self.count().await;
        let repeated = self.app.send(again).await;
        let more = self.count().await - before;
        self.expect(more == 0, || format!("{route}: repeated: {more} more: {}", repeated.text));
        // What was not replayed by its key did nothing, and says so: it is over, or gone.
        let is_replayed = repeated.header("idempotent-replayed") == "true";
        let is_told = is_replayed || repeated.status >= 400 || repeated.text.is_empty();
        let is_page = !route.contains(" /api/");
        self.expect(is_page || is_told, || format!("{route}: repeated: {}", repeated.text));
        answer
    }

    /// Sends what is done as often as it is asked for, by its nature or because a key would keep
    /// something of a password: each time leaves one entry.
    pub(super) async fn each(&mut self, route: &str, request: RequestBuilder) -> Answer {
        let (answer, entries) = self.send(route, request).await;
        self.expect(entries == 1, || format!("{route}: {entries} entries instead of one"));
        self.shows(route).await;
        answer
    }

    /// Sends a question that needs a body: it leaves no entry.
    pub(super) async fn none(&mut self, route: &str, request: RequestBuilder) -> Answer {
        let (answer, entries) = self.send(route, request).await;
        self.expect(entries == 0, || format!("{route}: {entries} entries for a question"));
        answer
    }

    async fn send(&mut self, route: &str, request: RequestBuilder) -> (Answer, u64) {
        self.tried.insert(route.to_owned());
        let before = self.count().await;
        let answer = self.app.send(request).await;
        let (status, text) = (answer.status, &answer.text);
        self.expect(status < 400, || format!("{route}: {status} {text}"));
        (answer, self.count().await - before)
    }

    /// The newest entry says how things stood.
    async fn shows(&mut self, route: &str) {
        let log = self.auditor.get("/audit?page_size=1").await.expect(200).json();
        let entry = &log["items"][0];
        let action: Action = serde_json::from_value(entry["action"].clone()).expect("an action");
        let (detail, shown) = (&entry["detail"], sides(action));
        let are_there = shown.iter().all(|side| detail[side].is_object());
        self.expect(are_there, || format!("{route}: {shown:?} are not shown: {entry}"));
        let is_change = shown.len() < 2 || detail["before"] != detail["after"];
        self.expect(is_change, || format!("{route}: nothing has changed: {entry}"));
    }

    /// Remembers what is wrong: all of it is told at the end.
    fn expect(&mut self, is_right: bool, fault: impl FnOnce() -> String) {
        if !is_right {
            self.faults.push(fault());
        }
    }

    /// All of these routes were tried, and no entry says what none may say.
    pub(super) async fn ends(mut self, mut routes: BTreeSet<String>) {
        for route in std::mem::take(&mut self.tried) {
            let is_route = routes.remove(&route);
            self.expect(is_route, || format!("{route} is no route"));
        }
        self.faults.extend(routes.iter().map(|route| format!("{route} has no recipe here")));
        assert!(self.faults.is_empty(), "{:#?}", self.faults);
        let mut path = "/audit?page_size=100".to_owned();
        loop {
            let log = self.auditor.get(&path).await.expect(200);
            for secret in &self.secrets {
                assert!(!log.text.contains(secret), "{secret} stands in the log");
            }
            let Some(next) = log.json()["next_cursor"].as_str().map(str::to_owned) else { return };
            path = format!("/audit?page_size=100&cursor={next}");
        }
    }
}

/// What an entry shows of how things stood. Where nothing but the deed itself is to be told, it
/// shows none of the two.
#[expect(clippy::too_many_lines, reason = "a table, one line for each")]
fn sides(action: Action) -> &'static [&'static str] {
    match action {
        Action::DeliveryReplayed
        | Action::ReplanApproved
        | Action::ReplanRejected
        | Action::TicketActed
        | Action::NoticeRead
        | Action::LanguageChanged
        | Action::DemoClockMoved
        | Action::OrganisationChanged
        | Action::OrganisationSuspended
        | Action::OrganisationResumed
        | Action::OrganisationMerged
        | Action::UserChanged
        | Action::UserSuspended
        | Action::UserResumed
        | Action::RoleChanged
        | Action::ContactChanged
        | Action::ContactVerified
        | Action::ProductChanged
        | Action::ProductSuspended
        | Action::ProductResumed
        | Action::AgreementChanged
        | Action::AgreementSuspended
        | Action::AgreementResumed
        | Action::TemplateReplaced
        | Action::TemplateRestored
        | Action::PolicyReplaced
        | Action::PolicyWithdrawn
        | Action::PolicyDecided
        | Action::ZoneRulesChanged => &["before", "after"],
        Action::UserCreated
        | Action::CalendarAdded
        | Action::ReplanProposed
        | Action::ReplanApplied
        | Action::TicketFiled
        | Action::OrganisationCreated
        | Action::ContactCreated
        | Action::ProductCreated
        | Action::AgreementCreated
        | Action::PolicyCreated
        | Action::ChannelSet => &["after"],
        Action::CalendarRemoved | Action::ContactRemoved => &["before"],
        // Passwords, links and codes are never told; the rest is no change of what is kept.
        Action::SignedIn
        | Action::SignInRefused
        | Action::SignedOut
        | Action::PasswordChanged
        | Action::PasswordReset
        | Action::LinkSent
        | Action::LinkRevoked
        | Action::LinkOpened
        | Action::ContactCodeSent
        | Action::ImportRun
        | Action::EvidencePackMade
        | Action::ExportMade
        | Action::HoldBegun
        | Action::HoldReleased
        | Action::ShortageReplied
        | Action::DraftKept
        | Action::DraftDiscarded
        | Action::BackupRestored
        | Action::AuditTrimmed
        | Action::AuditKeyChanged
        | Action::ChannelTested => &[],
    }
}

/// A call with a key of its own and a body.
pub(super) fn call(who: &As<'_>, method: Method, path: &str, body: &Value) -> RequestBuilder {
    keyed(who.request(method, path)).json(body)
}

/// A call with a key of its own and no body.
pub(super) fn bare(who: &As<'_>, method: Method, path: &str) -> RequestBuilder {
    keyed(who.request(method, path))
}

/// With a key of its own.
pub(super) fn keyed(request: RequestBuilder) -> RequestBuilder {
    request.header("Idempotency-Key", Uuid::now_v7().to_string())
}

/// A form as a browser sends it.
pub(super) fn form(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    form_of(browser, path, fields.iter().map(owned).collect())
}

/// The same of fields that are made as it runs.
pub(super) fn form_of(browser: &Browser<'_>, path: &str, mut fields: Typed) -> RequestBuilder {
    fields.retain(|(name, _)| name != "_key");
    fields.push(("_key".to_owned(), Uuid::now_v7().to_string()));
    let request = browser.bare(Method::POST, path).header("Sec-Fetch-Site", "same-origin");
    request.header("Content-Type", FORM).body(encoded(&fields))
}
