//! Every form of the pages, rightly filled in: it does what the API's call does, once, and sends
//! the browser to the right place.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{Call, HEADERS, Place, Stage, call, calls, id};
use crate::support::app::{Answer, TestApp, filing};
use crate::support::browser::{Browser, FORM, Typed, kept, masked, typed};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::form::{BOUNDARY, Form};
use crate::support::world;

both!(
    every_form_does_what_its_call_does,
    a_form_sent_twice_is_done_once,
    drafts_are_kept_and_thrown_away,
    a_file_is_added_by_form,
    a_notice_is_opened_by_form,
);
sqlite_only!(people_come_in_and_go_by_form, the_demos_forms_do_what_they_say);

/// What every page carries, whatever it says.
pub(crate) fn sound_page(answer: &Answer, asked: &str) {
    assert!(answer.status < 500, "{asked}: {}", answer.text);
    for (name, value) in HEADERS {
        let value =
            if name == "referrer-policy" && is_html(answer) { "same-origin" } else { value };
        assert_eq!(answer.header(name), value, "{asked}: {name}");
    }
    assert!(answer.status == 303 || is_html(answer), "{asked}: {}", answer.text);
    let policy = answer.header("content-security-policy");
    for part in ["default-src 'none'", "base-uri 'none'", "form-action 'self'"] {
        assert!(policy.contains(part), "{asked}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{asked}: {policy}");
    assert_eq!(answer.header("cache-control"), "no-store", "{asked}");
    for inside in ["sqlx", "sea_orm", "SELECT", "panicked", "_hash", "constraint"] {
        assert!(!answer.text.contains(inside), "{asked}: {}", answer.text);
    }
}

fn is_html(answer: &Answer) -> bool {
    answer.header("content-type") == "text/html; charset=utf-8"
}

/// The forms that act on a ticket, by the calls that they stand for.
pub(crate) fn acts() -> Vec<Call> {
    calls().into_iter().filter(|call| call.is_act() || call.name == "tickets").collect()
}

/// A key of a form.
pub(crate) fn key(key: &str) -> (String, String) {
    ("_key".to_owned(), key.to_owned())
}

/// Pairs as they are typed.
pub(crate) fn pairs(pairs: &[(&str, &str)]) -> Typed {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Where a browser belongs after a form, up to what only the outcome can tell.
fn destination(name: &str, ticket: &str) -> String {
    match name {
        "tickets" => format!("/tickets/{ticket}?done=filed"),
        "messages" => format!("/tickets/{ticket}?done=messages#conversation"),
        name => format!("/tickets/{ticket}?done={name}"),
    }
}

/// The ticket that an address is about.
fn ticket_of(location: &str) -> String {
    location.split(['/', '?']).nth(2).unwrap_or_default().to_owned()
}

/// A ticket as it stands, without what differs between two of a kind.
async fn outcome(stage: &Stage<'_>, ticket: &str) -> String {
    let path = format!("/tickets/{ticket}");
    let mut shown = stage.hospital.get(&path).await.expect(200).json();
    let number = shown["number"].as_str().expect("a number").to_owned();
    shown["likely_duplicates"] = json!([]);
    let mut all = shown.to_string();
    for more in ["events", "messages", "attachments"] {
        all += &stage.hospital.get(&format!("{path}/{more}")).await.expect(200).text;
    }
    masked(&all.replace(&number, "<number>"))
}

async fn every_form_does_what_its_call_does(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for call in acts() {
        let (by_call, by_form) = (stage.place(call.name).await, stage.place(call.name).await);
        let who = stage.who(call.name);
        let answer = who.post(&by_call.path, &call.body).await.expect(call.status);
        let called = by_call.ticket.unwrap_or_else(|| id(&answer.json()));
        let browser = Browser::of(&app, who);
        let mut fields = typed(&call.body);
        fields.push(key(&format!("form-{}", call.name)));
        let answer = browser.post(&by_form.path, &fields).await;
        sound_page(&answer, call.name);
        assert_eq!(answer.status, 303, "{}: {}", call.name, answer.text);
        let location = answer.header("location");
        let formed = by_form.ticket.unwrap_or_else(|| ticket_of(&location));
        assert_eq!(location, destination(call.name, &formed), "{}", call.name);
        let page = browser.get(&location).await;
        sound_page(&page, call.name);
        assert!(page.status == 200 && page.text.contains("good-message"), "{}", call.name);
        assert_eq!(outcome(&stage, &formed).await, outcome(&stage, &called).await, "{}", call.name);
    }
    app.stop().await;
}

async fn a_form_sent_twice_is_done_once(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for call in acts() {
        let place = stage.place(call.name).await;
        let browser = Browser::of(&app, stage.who(call.name));
        let mut fields = typed(&call.body);
        fields.push(key("twice"));
        let (one, two) =
            tokio::join!(browser.post(&place.path, &fields), browser.post(&place.path, &fields));
        assert_eq!((one.status, two.status), (303, 303), "{}: {}", call.name, two.text);
        let location = one.header("location");
        assert_eq!(two.header("location"), location, "{}", call.name);
        let ticket = place.ticket.unwrap_or_else(|| ticket_of(&location));
        let place = Place { path: place.path, ticket: Some(ticket), file: None };
        let before = stage.memory(&place).await;
        let third = browser.post(&place.path, &fields).await;
        assert_eq!((third.status, third.header("location")), (303, location), "{}", call.name);
        let (name, value) = fields.first_mut().expect("a field");
        let is_word = matches!(name.as_str(), "on" | "organisation_id");
        *value = format!("{value}{}", if is_word { "" } else { "1" });
        if !is_word {
            let other = browser.post(&place.path, &fields).await;
            sound_page(&other, call.name);
            assert!(matches!(other.status, 409 | 422), "{}: {}", call.name, other.text);
        }
        assert_eq!(stage.memory(&place).await, before, "{}", call.name);
    }
    app.stop().await;
}

async fn drafts_are_kept_and_thrown_away(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let browser = Browser::of(&app, &hospital);
    let form = format!("/tickets/new?product={}", world::INSULIN);
    let mut fields = typed(&filing());
    for (name, value) in &mut fields {
        match name.as_str() {
            "summary" => "写到一半\"><b>".clone_into(value),
            "quantity_short" => "很多".clone_into(value),
            _ => {}
        }
    }
    for _ in 0..2 {
        let answer = browser.post("/drafts", &fields).await;
        sound_page(&answer, "a draft");
        assert_eq!(answer.header("location"), format!("{form}&done=draft"), "{}", answer.text);
    }
    let page = browser.get(&form).await.expect(200).text;
    assert_eq!(kept(&page, "file-summary").as_deref(), Some("写到一半\"><b>"));
    assert_eq!(kept(&page, "file-quantity_short").as_deref(), Some("很多"));
    let colleague = app.sign_in("hospital2").await;
    let other = Browser::of(&app, &colleague).get(&form).await.expect(200).text;
    assert!(!other.contains("写到一半"), "a draft is its author's");
    let code = pairs(&[("product_code", world::INSULIN)]);
    let stolen = Browser::of(&app, &colleague).post("/drafts/discard", &code).await;
    assert_eq!(stolen.status, 303, "{}", stolen.text);
    assert!(browser.get(&form).await.text.contains("写到一半"), "nobody else throws it away");
    let answer = browser.post("/drafts/discard", &code).await;
    assert_eq!(answer.header("location"), "/?done=draft-discarded", "{}", answer.text);
    assert!(!browser.get(&form).await.expect(200).text.contains("写到一半"));
    app.stop().await;
}

async fn a_file_is_added_by_form(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let browser = Browser::of(&app, &stage.hospital);
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let place = stage.place("messages").await;
    let ticket = place.ticket.expect("a ticket");
    let path = format!("/tickets/{ticket}/attachments");
    let form = || {
        let form = Form::file("断供说明.txt", "甲").text("kind", "other");
        form.text("audience", "all").text("_key", "once").ended()
    };
    for _ in 0..2 {
        let answer = browser.post_raw(&path, &kind, form()).await;
        sound_page(&answer, "a file");
        assert_eq!(answer.status, 303, "{}", answer.text);
        assert_eq!(
            answer.header("location"),
            format!("{path}?done=attachments#files").replace("/attachments?", "?")
        );
    }
    let files = stage.hospital.get(&path).await.expect(200).json();
    assert_eq!(files["items"].as_array().map(Vec::len), Some(1), "once");
    assert_eq!(files["items"][0]["name"], "断供说明.txt");
    app.stop().await;
}

async fn a_notice_is_opened_by_form(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let ticket = id(&stage.hospital.file().await);
    let notices = stage.maker.get("/notices").await.expect(200).json();
    let notice = id(&notices["items"][0]);
    let browser = Browser::of(&app, &stage.maker);
    let path = format!("/notices/{notice}/read");
    for (back, expected) in [
        (ticket.clone(), format!("/tickets/{ticket}")),
        ("//evil.example".to_owned(), "/notices".to_owned()),
        (String::new(), "/notices".to_owned()),
    ] {
        let answer = browser.post(&path, &pairs(&[("_ticket", &back)])).await;
        assert_eq!((answer.status, answer.header("location")), (303, expected), "{back}");
    }
    let notices = stage.maker.get("/notices").await.expect(200).json();
    assert!(notices["items"][0]["read_at"].is_string(), "{notices}");
    app.stop().await;
}

/// The session of a cookie, asked for.
async fn session(app: &TestApp, cookie: &str) -> Value {
    let request = app.request(Method::GET, "/api/v1/session").header("Cookie", cookie);
    app.send(request).await.json()
}

fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

async fn people_come_in_and_go_by_form(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stranger = Browser::stranger(&app);
    let login = |next: &str| {
        pairs(&[("username", " Hospital "), ("password", world::PASSWORD), ("next", next)])
    };
    let answer = stranger.post("/login", &login("/tickets?state=open")).await;
    sound_page(&answer, "in");
    assert_eq!(answer.header("location"), "/tickets?state=open", "{}", answer.text);
    assert_eq!(session(&app, &cookie(&answer)).await["user"]["username"], "hospital");
    let hospital = app.sign_in("hospital").await;
    let browser = Browser::of(&app, &hospital);
    for (language, word) in [("en", "Sign out"), ("zh-CN", "退出")] {
        let form = pairs(&[("language", language), ("_back", "/account?x=1")]);
        let answer = browser.post("/language", &form).await;
        sound_page(&answer, language);
        assert_eq!(answer.header("location"), "/account?x=1", "{}", answer.text);
        assert_eq!(cookie(&answer), format!("supplyline-language={language}"));
        assert!(browser.get("/account").await.expect(200).text.contains(word), "{language}");
    }
    let other = app.sign_in("hospital").await;
    let change =
        pairs(&[("current_password", world::PASSWORD), ("new_password", "长一点的新口令-2026")]);
    let answer = browser.post("/account/password", &change).await;
    assert_eq!(answer.header("location"), "/account?done=password", "{}", answer.text);
    other.get("/session").await.expect(401);
    hospital.get("/session").await.expect(200);
    assert_eq!(stranger.post("/login", &login("/")).await.status, 401, "the old one");
    let answer = browser.post("/logout", &[]).await;
    assert_eq!(
        (answer.status, answer.header("location").as_str()),
        (303, "/login?done=signed-out")
    );
    hospital.get("/session").await.expect(401);
    app.stop().await;
}

async fn the_demos_forms_do_what_they_say(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stranger = Browser::stranger(&app);
    let answer = stranger.post("/demo/sign-in", &pairs(&[("role", "maker")])).await;
    assert_eq!((answer.status, answer.header("location").as_str()), (303, "/"), "{}", answer.text);
    assert_eq!(session(&app, &cookie(&answer)).await["user"]["username"], "maker");
    let stage = Stage::set(&app).await;
    stage.hospital.file().await;
    let browser = Browser::of(&app, &stage.hospital);
    for (step, now) in [
        ("hour", "2026-02-13T11:30:00+08:00"),
        ("day", "2026-02-14T11:30:00+08:00"),
        ("next", world::REPLY_DUE),
    ] {
        let form = pairs(&[("step", step), ("_back", "/tickets?state=open")]);
        let answer = browser.post("/demo/clock", &form).await;
        assert_eq!(answer.header("location"), "/tickets?state=open&done=clock", "{}", answer.text);
        let clock = stage.hospital.get("/demo/clock").await.expect(200).json();
        let shown = world::at(clock["now"].as_str().expect("an instant"));
        assert!(step == "next" || shown == world::at(now), "{step}: {clock}");
        assert!(step != "next" || shown <= world::at(now), "{step}: {clock}");
    }
    let raw = browser.post_raw("/demo/clock", FORM, b"step=hour".to_vec()).await;
    assert_eq!(raw.header("location"), "/?done=clock", "{}", raw.text);
    let call = call("urge");
    assert_eq!(call.status, 200);
    app.stop().await;
}
