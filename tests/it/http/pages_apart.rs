//! Who may not: other sites, people who are not signed in, and other tenants.

use std::collections::BTreeMap;

use reqwest::Method;

use super::pages::{acts, key, pairs, sound_page};
use super::stage::{Place, Stage, calls, id};
use crate::support::app::{Answer, TestApp, filing};
use crate::support::browser::{Browser, FORM, encoded, kept, masked, typed};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::form::{BOUNDARY, Form};
use crate::support::world;

both!(another_tenants_pages_do_not_exist_b106, reading_changes_nothing);
sqlite_only!(
    another_site_cannot_send_a_form,
    who_is_not_signed_in_is_asked_to,
    nobody_is_sent_elsewhere_b111,
    a_role_reads_its_own_pages_only,
);

const NOBODYS: &str = "0190aaaa-0000-7000-8000-000000000000";
/// What another site's page would send along.
const EVIL: [&[(&str, &str)]; 6] = [
    &[("Sec-Fetch-Site", "cross-site")],
    &[("Sec-Fetch-Site", "same-site")],
    &[("Sec-Fetch-Site", "cross-site"), ("Origin", "http://supply.example")],
    &[("Origin", "http://evil.example")],
    &[("Origin", "null")],
    &[("Origin", "http://supply.example.evil.example")],
];

/// Forms of a person's own, with what would succeed.
fn small_forms(notice: &str) -> Vec<(String, Vec<u8>)> {
    let form = |path: &str, fields: &[(&str, &str)]| {
        (path.to_owned(), encoded(&pairs(fields)).into_bytes())
    };
    let password = [("current_password", world::PASSWORD), ("new_password", "长一点的新口令-2026")];
    vec![
        form("/login", &[("username", "hospital"), ("password", world::PASSWORD)]),
        form("/language", &[("language", "en")]),
        form("/account/password", &password),
        ("/drafts".to_owned(), encoded(&typed(&filing())).into_bytes()),
        form("/drafts/discard", &[("product_code", world::INSULIN)]),
        form("/demo/sign-in", &[("role", "hospital")]),
        form("/demo/clock", &[("step", "day")]),
        form(&format!("/notices/{notice}/read"), &[]),
        form("/logout", &[]),
    ]
}

async fn another_site_cannot_send_a_form(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let refused = async |browser: &Browser<'_>, path: &str, kind: &str, body: &[u8]| {
        for headers in EVIL {
            let mut request = browser.bare(Method::POST, path).header("Content-Type", kind);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = browser.send(request.body(body.to_vec())).await;
            sound_page(&answer, path);
            assert_eq!(answer.status, 403, "{path} {headers:?}: {}", answer.text);
            assert_eq!(answer.header("set-cookie"), "", "{path}");
        }
    };
    for call in acts() {
        let place = stage.place(call.name).await;
        let browser = Browser::of(&app, stage.who(call.name));
        let before = stage.memory(&place).await;
        let body = encoded(&typed(&call.body)).into_bytes();
        refused(&browser, &place.path, FORM, &body).await;
        assert_eq!(stage.memory(&place).await, before, "{}", call.name);
    }
    let notice = id(&stage.maker.get("/notices").await.expect(200).json()["items"][0]);
    let place = stage.place("messages").await;
    let (before, browser) = (stage.memory(&place).await, Browser::of(&app, &stage.maker));
    for (path, body) in small_forms(&notice) {
        refused(&browser, &path, FORM, &body).await;
    }
    let path = place.path.replace("messages", "attachments");
    let file = Form::file("a.txt", "甲").text("kind", "other").ended();
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    refused(&browser, &path, &kind, &file).await;
    assert_eq!(stage.memory(&place).await, before);
    let notices = stage.maker.get("/notices").await.expect(200).json();
    assert!(notices["items"][0]["read_at"].is_null(), "unread and still signed in");
    assert_eq!(app.sign_in("maker").await.get("/session").await.status, 200, "the old password");
    app.stop().await;
}

/// A page's path as it is asked for after signing in.
fn next_of(path: &str) -> String {
    let path = path.replace('%', "%25").replace('&', "%26").replace('+', "%2B");
    format!("/login?next={path}")
}

async fn who_is_not_signed_in_is_asked_to(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let ticket = id(&stage.hospital.file().await);
    let mut pages: BTreeMap<String, Answer> = BTreeMap::new();
    for name in ["hospital", "maker", "city", "admin", "security", "auditor"] {
        let who = app.sign_in(name).await;
        pages.extend(Browser::of(&app, &who).crawl(&["/".to_owned()]).await);
    }
    pages.retain(|_, answer| answer.status == 200);
    assert!(pages.len() > 20, "{:?}", pages.keys());
    let stranger = Browser::stranger(&app);
    for path in pages.keys().filter(|path| !matches!(path.as_str(), "/" | "/demo" | "/login")) {
        for method in [Method::GET, Method::HEAD] {
            let answer = stranger.send(stranger.bare(method, path)).await;
            assert_eq!((answer.status, answer.text.as_str()), (303, ""), "{path}");
            assert_eq!(answer.header("location"), next_of(path));
        }
        let login = stranger.get(&next_of(path)).await.expect(200);
        let next = login.text.split("name=\"next\" value=\"").nth(1).expect("a field");
        let next = next.split('"').next().unwrap_or_default().replace("&#38;", "&");
        assert_eq!(next, *path, "{path} comes back");
    }
    for (path, body) in small_forms(NOBODYS).into_iter().skip(2) {
        if path == "/demo/sign-in" {
            continue;
        }
        let answer = stranger.post_raw(&path, FORM, body).await;
        assert_eq!(
            (answer.status, answer.header("location").as_str()),
            (303, "/login?next=/"),
            "{path}"
        );
    }
    for call in calls().into_iter().filter(crate::http::stage::Call::is_act) {
        let path = format!("/tickets/{ticket}/{}", call.name);
        let path = match call.name {
            "acknowledge" | "measures" | "close" => format!("/escalations/{ticket}/{}", call.name),
            _ => path,
        };
        let answer = stranger.post(&path, &typed(&call.body)).await;
        assert_eq!(
            (answer.status, answer.header("location").as_str()),
            (303, "/login?next=/"),
            "{path}"
        );
    }
    app.stop().await;
}

async fn nobody_is_sent_elsewhere_b111(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let (stranger, browser) = (Browser::stranger(&app), Browser::of(&app, &hospital));
    let long = format!("/{}", "a".repeat(2_001));
    for evil in [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "/\t/evil.example",
        "/ok\r\nLocation: http://evil.example",
        "/ok\nSet-Cookie: a=b",
        " //evil.example",
        "/\u{3002}evil",
        "http://supply.example@evil.example",
        "",
        &long,
    ] {
        let form =
            pairs(&[("username", "hospital"), ("password", world::PASSWORD), ("next", evil)]);
        let answer = stranger.post("/login", &form).await;
        assert_eq!((answer.status, answer.header("location").as_str()), (303, "/"), "{evil:?}");
        let query = encoded(&pairs(&[("next", evil)]));
        let page = stranger.get(&format!("/login?{query}")).await;
        sound_page(&page, evil);
        assert!(page.text.contains("name=\"next\" value=\"/\""), "{evil:?}: {}", page.text);
        let back = pairs(&[("language", "zh-CN"), ("_back", evil)]);
        assert_eq!(browser.post("/language", &back).await.header("location"), "/", "{evil:?}");
        let back = pairs(&[("step", "hour"), ("_back", evil)]);
        assert_eq!(browser.post("/demo/clock", &back).await.header("location"), "/?done=clock");
    }
    for path in ["//evil.example", "//evil.example/..", "/%2f/evil.example"] {
        let answer = stranger.get(path).await;
        let location = answer.header("location");
        assert!(answer.status == 404 && location.is_empty(), "{path}: {location}");
    }
    app.stop().await;
}

/// What would differ between two refusals by nature alone.
fn comparable(answer: &Answer) -> (u16, String, String) {
    (answer.status, masked(&answer.text), answer.header("location"))
}

async fn another_tenants_pages_do_not_exist_b106(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let place = stage.place("acknowledge").await;
    let ticket = place.ticket.clone().expect("a ticket");
    let rung = place.path.split('/').nth(2).expect("an escalation").to_owned();
    let notice = id(&stage.maker.get("/notices").await.expect(200).json()["items"][0]);
    let before = stage.memory(&place).await;
    for name in ["hospital2", "maker2", "city2", "county2", "security", "auditor"] {
        let who = app.sign_in(name).await;
        let stranger = Browser::of(&app, &who);
        for path in ["", "/print"] {
            let theirs = stranger.get(&format!("/tickets/{ticket}{path}")).await;
            let nobodys = stranger.get(&format!("/tickets/{NOBODYS}{path}")).await;
            sound_page(&theirs, path);
            assert_eq!(theirs.status, 404, "{name} {path}");
            assert_eq!(comparable(&theirs), comparable(&nobodys), "{name} {path}");
        }
        for call in acts().into_iter().filter(super::stage::Call::is_act) {
            let (folder, known) = match call.name {
                "acknowledge" | "measures" | "close" => ("escalations", &rung),
                _ => ("tickets", &ticket),
            };
            for body in [typed(&call.body), pairs(&[("reason", ""), ("role", "admin")])] {
                let path = |id: &str| format!("/{folder}/{id}/{}", call.name);
                let theirs = stranger.post(&path(known), &body).await;
                let nobodys = stranger.post(&path(NOBODYS), &body).await;
                sound_page(&theirs, call.name);
                assert_eq!(theirs.status, 404, "{name} {}: {}", call.name, theirs.text);
                assert_eq!(comparable(&theirs), comparable(&nobodys), "{name} {}", call.name);
            }
        }
        let read = |id: &str| format!("/notices/{id}/read");
        let theirs = stranger.post(&read(&notice), &[]).await;
        let nobodys = stranger.post(&read(NOBODYS), &[]).await;
        assert_eq!(theirs.status, 404, "{name}: {}", theirs.text);
        assert_eq!(comparable(&theirs), comparable(&nobodys), "{name}");
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let file = || Form::file("a.txt", "甲").text("kind", "other").ended();
        let path = |id: &str| format!("/tickets/{id}/attachments");
        let theirs = stranger.post_raw(&path(&ticket), &kind, file()).await;
        let nobodys = stranger.post_raw(&path(NOBODYS), &kind, file()).await;
        assert_eq!(theirs.status, 404, "{name}: {}", theirs.text);
        assert_eq!(comparable(&theirs), comparable(&nobodys), "{name}");
    }
    assert_eq!(stage.memory(&place).await, before);
    // A recurrence of what is not theirs is as good as one of nothing.
    let who = app.sign_in("hospital2").await;
    let follower = Browser::of(&app, &who);
    let follow = async |earlier: &str| {
        let mut form = typed(&filing());
        form.push(("follows".to_owned(), earlier.to_owned()));
        follower.post("/tickets", &form).await
    };
    let (theirs, nobodys) = (follow(&ticket).await, follow(NOBODYS).await);
    assert_eq!((theirs.status, comparable(&theirs)), (422, comparable(&nobodys)));
    app.stop().await;
}

async fn reading_changes_nothing(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let place = stage.place("acknowledge").await;
    let draft = Browser::of(&app, &stage.hospital);
    draft.post("/drafts", &typed(&filing())).await.expect(303);
    let memory = async || {
        let mut memory = stage.memory(&place).await;
        for who in [&stage.hospital, &stage.maker, &stage.city] {
            memory += &who.get("/notices?page_size=100").await.expect(200).text;
        }
        let form = format!("/tickets/new?product={}", world::INSULIN);
        memory + &kept(&draft.get(&form).await.text, "file-summary").expect("a draft")
    };
    let before = memory().await;
    for name in
        ["hospital", "maker", "distributor", "city", "county", "province", "admin", "auditor"]
    {
        let who = app.sign_in(name).await;
        for (path, answer) in Browser::of(&app, &who).crawl(&["/".to_owned()]).await {
            assert!(answer.status < 500, "{name} {path}: {}", answer.text);
        }
    }
    for path in ["/logout", "/demo/clock?step=day", "/drafts/discard", "/language?language=en"] {
        assert_eq!(draft.get(path).await.status, 405, "{path}");
    }
    assert_eq!(memory().await, before);
    app.stop().await;
}

async fn a_role_reads_its_own_pages_only(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for name in
        ["maker", "distributor", "city", "county", "province", "admin", "security", "auditor"]
    {
        let who = app.sign_in(name).await;
        let browser = Browser::of(&app, &who);
        for path in ["/tickets/new".to_owned(), format!("/tickets/new?product={}", world::INSULIN)]
        {
            let answer = browser.get(&path).await;
            sound_page(&answer, name);
            assert_eq!(answer.status, 403, "{name}: only a hospital files");
        }
        let mut form = typed(&filing());
        form.push(key("x"));
        for path in ["/tickets", "/drafts", "/drafts/discard"] {
            let answer = browser.post(path, &form).await;
            sound_page(&answer, name);
            assert_eq!(answer.status, 403, "{name} {path}: {}", answer.text);
        }
    }
    let who = app.sign_in("distributor").await;
    let distributor = Browser::of(&app, &who);
    for call in acts().into_iter().filter(super::stage::Call::is_act) {
        let place = stage.place(call.name).await;
        if matches!(call.name, "messages" | "force-majeure") {
            continue;
        }
        let before = stage.memory(&place).await;
        let answer = distributor.post(&place.path, &typed(&call.body)).await;
        sound_page(&answer, call.name);
        assert_eq!(answer.status, 403, "{}: {}", call.name, answer.text);
        let place = Place { path: place.path, ticket: place.ticket, file: None };
        assert_eq!(stage.memory(&place).await, before, "{}", call.name);
    }
    app.stop().await;
}
