//! Every route that changes something leaves exactly one entry in the audit log.
//!
//! The routes are those that the API's description and the pages' own tables of routes name; each
//! has a recipe here that calls it so that it succeeds. A route without one fails the test, so
//! nobody can add a route and forget its entry.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use supplyline::domain::impact::Impact;
use supplyline::store::audit::chain;
use supplyline::store::replan::{self, BatchState, KeptBatch};
use uuid::Uuid;

use super::stage::{Place, Stage, calls, id};
use crate::support::app::{As, TestApp};
use crate::support::browser::{Browser, FORM, encoded, typed};
use crate::support::db::{TestDb, both};
use crate::support::form::{BOUNDARY, Form};
use crate::support::smtp::Script;
use crate::support::world;

both!(every_call_of_the_api_that_changes_something, every_form_of_the_pages_that_is_posted);

/// Addresses whose use cases are tried in files of their own (`keeping`, `merging`, `contacts`,
/// `policies_keeping`, `templates`, `channels` and their pages): they all go through `once`, which
/// undoes what leaves no entry.
const ELSEWHERE: [&str; 9] = [
    "/organisations",
    "/contacts",
    "/users",
    "/invitations",
    "/products",
    "/agreements",
    "/policies",
    "/templates",
    "/channels",
];

const CHANGING: [&str; 4] = ["post", "put", "patch", "delete"];

async fn count(db: &TestDb) -> u64 {
    chain::count(db.store.read()).await.expect("counted")
}

/// Sends, and checks that it left one entry; a repetition by its key leaves none.
async fn leaves_one(db: &TestDb, app: &TestApp, route: &str, request: RequestBuilder) {
    let request =
        request.header("Idempotency-Key", format!("\"{route}\"").replace([' ', '"'], "-"));
    let again = request.try_clone().expect("a body at rest");
    let before = count(db).await;
    let answer = app.send(request).await;
    assert!(answer.status < 400, "{route}: {} {}", answer.status, answer.text);
    assert_eq!(count(db).await, before + 1, "{route}: one entry");
    let answer = app.send(again).await;
    if !answer.header("idempotent-replayed").is_empty() {
        assert_eq!(count(db).await, before + 1, "{route}: a repetition leaves none");
    }
}

/// What the description of the API says can be changed, like `post /api/v1/tickets`.
async fn described(app: &TestApp) -> BTreeSet<String> {
    let description = app.send(app.request(Method::GET, "/api/openapi.json")).await.json();
    let mut routes = BTreeSet::new();
    for (path, operations) in description["paths"].as_object().expect("paths") {
        for method in operations.as_object().expect("operations").keys() {
            if CHANGING.contains(&method.as_str()) {
                routes.insert(format!("{method} {path}"));
            }
        }
    }
    assert!(routes.len() > 20, "{routes:?}");
    routes
}

/// The files of a folder of the sources.
fn sources(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            texts.extend(sources(&path));
        } else {
            texts.push(std::fs::read_to_string(&path).expect("text"));
        }
    }
    texts
}

/// The routes that a folder's tables of routes name: of each resource its address, and what
/// changes it.
fn routed(folder: &str) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut routes = BTreeSet::new();
    for text in sources(&root) {
        for rest in text.split("resource(").skip(1) {
            let name = rest.split(')').next().unwrap_or_default();
            // Put together from parts: these are among those tried elsewhere.
            if name.starts_with("below(") || name.starts_with("format!") {
                continue;
            }
            let address = match name.split('"').nth(1) {
                Some(address) => address.to_owned(),
                None if name.contains("act_addresses") => act_addresses(),
                None => continue,
            };
            for method in CHANGING {
                if rest.contains(&format!("{method}()")) {
                    routes.extend(spelt_out(&address).iter().map(|one| format!("{method} {one}")));
                }
            }
        }
    }
    routes
}

/// As the pages put their acts' addresses together.
fn act_addresses() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/ui/ticket/acts.rs");
    let text = std::fs::read_to_string(path).expect("text");
    let table = text.split("const ACTS").nth(1).and_then(|rest| rest.split("];").next());
    let words: Vec<_> = table.expect("a table").split('"').skip(1).step_by(2).collect();
    assert!(words.contains(&"reply"), "{words:?}");
    format!("/tickets/{{id}}/{{act:{}}}", words.join("|"))
}

/// `/x/{act:a|b}` as `/x/a` and `/x/b`.
fn spelt_out(address: &str) -> Vec<String> {
    let Some((before, rest)) = address.split_once("{act:") else { return vec![address.to_owned()] };
    let (words, after) = rest.split_once('}').expect("an end");
    words.split('|').map(|word| format!("{before}{word}{after}")).collect()
}

/// What was tried, and whether that was everything.
fn all_tried(mut routes: BTreeSet<String>, tried: &[String]) {
    let is_elsewhere = |route: &str| {
        let address = route.split_once(' ').map_or(route, |(_, address)| address);
        let address = address.trim_start_matches("/api/v1");
        ELSEWHERE.iter().any(|prefix| address.starts_with(prefix))
    };
    routes.retain(|route| !is_elsewhere(route));
    for route in tried {
        assert!(routes.remove(route), "{route} is no route");
    }
    assert!(routes.is_empty(), "these routes have no recipe here: {routes:#?}");
}

fn uploaded(request: RequestBuilder, form: Form) -> RequestBuilder {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    request.header("Content-Type", kind).body(form.ended())
}

fn table() -> Form {
    Form::file("a.csv", "机构类别,机构名称,行政区划代码\n医疗机构,示例县人民医院,371002\n")
}

fn file() -> Form {
    Form::file("a.txt", "甲").text("kind", "other").text("audience", "all")
}

/// A notice that somebody has not opened.
async fn unread(who: &As<'_>) -> String {
    let notices = who.get("/notices?unread=true").await.expect(200).json();
    id(&notices["items"][0])
}

/// Where the nation's calendar is.
async fn nation(who: &As<'_>) -> String {
    let calendars = who.get("/calendars").await.expect(200).json();
    format!("/calendars/{}", id(&calendars["items"][0]))
}

/// The seal of a preview.
async fn sealed(who: &As<'_>, method: Method, path: &str, body: &Value) -> String {
    let seen = who.send(who.request(method, path).json(body)).await.expect(200).json();
    seen["seal"].as_str().expect("a seal").to_owned()
}

/// A batch of somebody else's that waits for approval.
async fn waiting(db: &TestDb, number: u32, calendar: &str) -> String {
    let calendar = calendar.rsplit('/').next().expect("an id");
    let date = format!("2026-12-{:02}", number % 10);
    let day = json!({"date": date, "kind": "rest", "name": "", "source": "甲"});
    let batch = KeptBatch {
        id: Uuid::now_v7(),
        number,
        state: BatchState::Pending,
        reason: "甲".to_owned(),
        edit: json!({"calendar": {"calendar": calendar, "edit": {"day": day}}}),
        impact: Impact::default(),
        undoes: None,
        made_version: None,
        made: (world::person("admin2"), world::at(world::START)),
        decided: None,
    };
    let kept = batch.clone();
    let written = db.store.write(move |tx| {
        let kept = kept.clone();
        Box::pin(async move { replan::insert(tx, &kept).await })
    });
    written.await.expect("the batch is kept");
    batch.id.to_string()
}

/// A delivery that failed for good.
async fn dead_letter(stage: &Stage<'_>, admin: &As<'_>) -> String {
    stage.app.mail.set_script(Script::RejectRcpt(550));
    stage.hospital.file().await;
    let body = json!({"advance_working_days": 1});
    stage.hospital.post("/demo/clock", &body).await.expect(200);
    stage.app.mail.set_script(Script::Accept);
    let dead = admin.get("/deliveries?state=failed").await.expect(200).json();
    id(&dead["items"][0])
}

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn every_call_of_the_api_that_changes_something(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (stage, admin) = (Stage::set(&app).await, app.sign_in("admin").await);
    let mut tried = Vec::new();
    let mut leaves = async |route: &str, request: RequestBuilder| {
        leaves_one(&db, &app, route, request).await;
        tried.push(route.to_owned());
    };
    let mut seen = BTreeSet::new();
    for call in calls() {
        if call.name == "clock" || !seen.insert(call.template) {
            continue;
        }
        let (place, who) = (stage.place(call.name).await, stage.who(call.name));
        let request = who.request(Method::POST, &place.path).json(&call.body);
        leaves(&format!("post {}", call.template), request).await;
    }
    let ticket = id(&stage.hospital.file().await);
    let path = format!("/tickets/{ticket}/attachments");
    let request = uploaded(stage.hospital.request(Method::POST, &path), file());
    leaves("post /api/v1/tickets/{id}/attachments", request).await;
    let path = format!("/notices/{}/read", unread(&stage.maker).await);
    leaves("post /api/v1/notices/{id}/read", stage.maker.request(Method::POST, &path)).await;
    let request = uploaded(admin.request(Method::POST, "/imports/organisations"), table());
    leaves("post /api/v1/imports/{kind}", request).await;
    let path = format!("/deliveries/{}/replay", dead_letter(&stage, &admin).await);
    leaves("post /api/v1/deliveries/{id}/replay", admin.request(Method::POST, &path)).await;
    let clock = json!({"advance_working_days": 1});
    let request = stage.hospital.request(Method::POST, "/demo/clock").json(&clock);
    leaves("post /api/v1/demo/clock", request).await;
    world::second_administrator(&db.store).await;
    let layer = json!({"name": "威海工作日历", "division": "371000"});
    let request = admin.request(Method::POST, "/calendars").json(&layer);
    leaves("post /api/v1/calendars", request).await;
    let layers = admin.get("/calendars").await.expect(200).json();
    let path = format!("/calendars/{}", id(&layers["items"][1]));
    leaves("delete /api/v1/calendars/{id}", admin.request(Method::DELETE, &path)).await;
    let nation = nation(&admin).await;
    let path = format!("{nation}/days/2026-12-24");
    let day = json!({"kind": "rest", "source": "甲", "reason": "乙"});
    let request = admin.request(Method::PUT, &path).json(&day);
    leaves("put /api/v1/calendars/{id}/days/{date}", request).await;
    let why = json!({"reason": "乙"});
    let request = admin.request(Method::DELETE, &path).json(&why);
    leaves("delete /api/v1/calendars/{id}/days/{date}", request).await;
    let days = "日期,类型,名称,依据\n2026-12-23,休息日,节,甲\n";
    let request = admin.request(Method::POST, &format!("{nation}/import?reason=x"));
    let request = request.header("Content-Type", "text/csv").body(days);
    leaves("post /api/v1/calendars/{id}/import", request).await;
    let batch = id(&admin.get("/batches").await.expect(200).json()["items"][0]);
    let request = admin.request(Method::POST, &format!("/batches/{batch}/undo")).json(&why);
    leaves("post /api/v1/batches/{id}/undo", request).await;
    let path = format!("/batches/{}/approve", waiting(&db, 91, &nation).await);
    leaves("post /api/v1/batches/{id}/approve", admin.request(Method::POST, &path)).await;
    let path = format!("/batches/{}/reject", waiting(&db, 92, &nation).await);
    leaves("post /api/v1/batches/{id}/reject", admin.request(Method::POST, &path).json(&why)).await;
    let leaving = app.sign_in("city2").await;
    leaves("delete /api/v1/session", leaving.request(Method::DELETE, "/session")).await;
    let described = described(&app).await;
    let routed = routed("src/web/api").into_iter();
    let hidden: Vec<_> = routed
        .map(|route| route.replacen(' ', " /api/v1", 1))
        .filter(|route| !described.contains(route))
        .collect();
    assert!(hidden.is_empty(), "the description leaves out {hidden:?}");
    all_tried(described, &tried);
    app.stop().await;
}

/// A form as a browser sends it.
fn form(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    form_of(browser, path, &fields)
}

fn form_of(browser: &Browser<'_>, path: &str, fields: &[(String, String)]) -> RequestBuilder {
    let request = browser.bare(Method::POST, path).header("Sec-Fetch-Site", "same-origin");
    request.header("Content-Type", FORM).body(encoded(fields))
}

/// The calls that are forms of pages, too, with their routes.
fn forms_of_calls() -> Vec<(String, &'static str, Value)> {
    let is_form = |name: &str| !matches!(name, "session" | "clock");
    let forms = calls().into_iter().filter(|call| is_form(call.name));
    let route = |template: &str| format!("post {}", template.replacen("/api/v1", "", 1));
    forms.map(|call| (route(call.template), call.name, call.body)).collect()
}

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn every_form_of_the_pages_that_is_posted(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (stage, admin) = (Stage::set(&app).await, app.sign_in("admin").await);
    let mut tried = Vec::new();
    let mut leaves = async |route: &str, request: RequestBuilder| {
        leaves_one(&db, &app, route, request).await;
        tried.push(route.to_owned());
    };
    for (route, name, body) in forms_of_calls() {
        let (place, who): (Place, _) = (stage.place(name).await, stage.who(name));
        let mut fields = typed(&body);
        if let Some(ticket) = place.ticket.filter(|_| name == "group-reply") {
            fields.retain(|(name, _)| name != "promised_quantity");
            fields.push(("tickets".to_owned(), ticket));
        }
        leaves(&route, form_of(&Browser::of(&app, who), &place.path, &fields)).await;
    }
    let (hospital, maker) = (Browser::of(&app, &stage.hospital), Browser::of(&app, &stage.maker));
    let path = format!("/tickets/{}/attachments", id(&stage.hospital.file().await));
    let request = hospital.bare(Method::POST, &path).header("Sec-Fetch-Site", "same-origin");
    leaves("post /tickets/{id}/attachments", uploaded(request, file())).await;
    let path = format!("/notices/{}/read", unread(&stage.maker).await);
    leaves("post /notices/{id}/read", form(&maker, &path, &[])).await;
    let draft = [("product_code", world::INSULIN), ("summary", "缺货")];
    leaves("post /drafts", form(&hospital, "/drafts", &draft)).await;
    leaves("post /drafts/discard", form(&hospital, "/drafts/discard", &draft[..1])).await;
    let path = format!("/deliveries/{}/replay", dead_letter(&stage, &admin).await);
    leaves("post /deliveries/{id}/replay", form(&Browser::of(&app, &admin), &path, &[])).await;
    leaves("post /demo/clock", form(&hospital, "/demo/clock", &[("step", "hour")])).await;
    leaves("post /language", form(&hospital, "/language", &[("language", "en")])).await;
    let words = [("current_password", world::PASSWORD), ("new_password", "长一点的新口令-2026")];
    leaves("post /account/password", form(&hospital, "/account/password", &words)).await;
    let stranger = Browser::stranger(&app);
    leaves("post /demo/sign-in", form(&stranger, "/demo/sign-in", &[("role", "city")])).await;
    let known = [("username", "maker"), ("password", world::PASSWORD)];
    leaves("post /login", form(&stranger, "/login", &known)).await;
    world::second_administrator(&db.store).await;
    let (desk, nation) = (Browser::of(&app, &admin), nation(&admin).await);
    let layer = [("name", "威海工作日历"), ("division", "371000")];
    leaves("post /calendars", form(&desk, "/calendars", &layer)).await;
    let day = json!({"kind": "rest", "source": "甲"});
    let path = format!("{nation}/days/2026-11-02?dry_run=true");
    let seal = sealed(&admin, Method::PUT, &path, &day).await;
    let day = [("date", "2026-11-02"), ("kind", "rest"), ("name", ""), ("source", "甲")];
    let sure = [("reason", "乙"), ("seal", seal.as_str()), ("_step", "confirm")];
    let path = format!("{nation}/edit");
    leaves("post /calendars/{id}/edit", form(&desk, &path, &[&day[..], &sure].concat())).await;
    let batch = id(&admin.get("/batches").await.expect(200).json()["items"][0]);
    let undo = format!("/batches/{batch}/undo");
    let reason = json!({"reason": "丙"});
    let seal = sealed(&admin, Method::POST, &format!("{undo}?dry_run=true"), &reason).await;
    let sure = [("reason", "丙"), ("seal", seal.as_str())];
    leaves("post /batches/{id}/undo", form(&desk, &undo, &sure)).await;
    let path = format!("/batches/{}/approve", waiting(&db, 91, &nation).await);
    leaves("post /batches/{id}/approve", form(&desk, &path, &[])).await;
    let path = format!("/batches/{}/reject", waiting(&db, 92, &nation).await);
    leaves("post /batches/{id}/reject", form(&desk, &path, &[("reason", "丁")])).await;
    let leaving = app.sign_in("city2").await;
    leaves("post /logout", form(&Browser::of(&app, &leaving), "/logout", &[])).await;
    all_tried(routed("src/web/ui"), &tried);
    app.stop().await;
}
