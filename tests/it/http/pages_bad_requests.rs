//! Forms that no browser would send, and odd addresses, cookies and languages for the pages.

use reqwest::Method;

use super::pages::{acts, pairs, sound_page};
use super::stage::{HEADERS, Stage, id};
use super::wire::{exchange, status};
use crate::support::app::{Answer, TestApp, filing};
use crate::support::browser::{Browser, FORM, encoded, kept, typed};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::world;

both!(odd_words_to_search_for);
sqlite_only!(
    another_type_is_no_form,
    what_is_not_utf_8_is_unreadable,
    a_form_has_a_limit,
    lists_take_what_their_reader_may_ask,
    a_cursor_is_its_readers_own,
    addresses_have_one_spelling,
    odd_cookies_are_nobodys,
    odd_languages_are_chinese,
);

/// A field and its value in GB18030: 供货.
const GB18030: &[u8] = b"reason=%B9%A9%BB%F5&x=\xb9\xa9\xbb\xf5";
const MOST_BYTES: usize = 1024 * 1024;
/// Filters of the list of tickets that are wrong.
const NO_FILTERS: [&str; 12] = [
    "state=nonsense",
    "state=open%00",
    "overdue=yes",
    "escalated=1",
    "filed_from=2026-02-30",
    "filed_to=9999-12-31",
    "sort=id",
    "sort=-due_at",
    "manufacturer=1",
    "division=x",
    "division=%E5%B1%B1",
    "state=open&state=closed",
];
/// What the calculator cannot reckon from.
const NO_QUESTIONS: [&str; 8] = [
    "filed_at=x",
    "filed_at=2026-02-30T10:00",
    "filed_at=9999-12-31T00:00",
    "urgency=later",
    "division=37",
    "division=%00",
    "filed_at=2026-02-13T25:00",
    "filed_at=%3Cscript%3E",
];
/// Addresses that would lead somewhere if spelling did not matter.
const NO_ADDRESSES: [&str; 34] = [
    "/tickets/",
    "/tickets.",
    "//tickets",
    "/Tickets",
    "/tickets%00",
    "/tickets/%00",
    "/tickets;jsessionid=1",
    "/./tickets",
    "/notices/../tickets",
    "/%2e%2e/tickets",
    "/tickets/..%2f..%2fdemo",
    "/tickets/%252e%252e%252f",
    "/tickets/..%5c",
    "/tickets%20",
    "/tickets/%ff",
    "/tickets/%",
    "/tickets/new/",
    "/notices/",
    "/account/",
    "/demo/",
    "/demo/mailbox/",
    "/demo/mailbox/x",
    "/demo/mailbox/%00/html",
    "/assets/",
    "/assets/../app.css",
    "/assets/..%2fapp.css",
    "/assets/app.css%00",
    "/assets/app.js.map",
    "/escalations/x",
    "/calculator/",
    "/login/",
    "/language/x",
    "/index.html",
    "/favicon.ico/",
];

fn is(answer: &Answer, status: u16, asked: &str) {
    sound_page(answer, asked);
    assert_eq!(answer.status, status, "{asked}: {}", answer.text);
    assert!(answer.text.contains("<html lang=\"zh-CN\">"), "{asked}: a page");
}

async fn another_type_is_no_form(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for call in acts() {
        let place = stage.place(call.name).await;
        let browser = Browser::of(&app, stage.who(call.name));
        let before = stage.memory(&place).await;
        let body = encoded(&typed(&call.body)).into_bytes();
        for kind in [
            "",
            "text/plain",
            "application/json",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded; charset=gb18030",
            "application/x-www-form-urlencoded;charset=\"utf-16\"",
            "text/plain; application/x-www-form-urlencoded",
        ] {
            let answer = browser.post_raw(&place.path, kind, body.clone()).await;
            is(&answer, 415, &format!("{} {kind}", call.name));
        }
        let gb = "application/x-www-form-urlencoded; charset=GB18030";
        is(&browser.post_raw(&place.path, gb, GB18030.to_vec()).await, 415, call.name);
        let bare = browser.bare(Method::POST, &place.path).header("Origin", app.base());
        is(&browser.send(bare.body(body.clone())).await, 415, "no type at all");
        assert_eq!(stage.memory(&place).await, before, "{}", call.name);
        let kind = "Application/X-WWW-Form-Urlencoded ; charset=\"UTF-8\"";
        let answer = browser.post_raw(&place.path, kind, body).await;
        assert_eq!(answer.status, 303, "{}: {}", call.name, answer.text);
    }
    app.stop().await;
}

async fn what_is_not_utf_8_is_unreadable(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let place = stage.place("tickets").await;
    let before = stage.memory(&place).await;
    let browser = Browser::of(&app, &stage.hospital);
    let right = encoded(&typed(&filing()));
    for bytes in ["%ff", "%c0%af", "%ED%A0%80", "%E4%BE", "%F5%80%80%80", "%B9%A9%BB%F5"] {
        for path in ["/tickets", "/drafts", "/login", "/language", "/demo/clock"] {
            let body = format!("{right}&summary={bytes}").into_bytes();
            is(&browser.post_raw(path, FORM, body).await, 400, &format!("{path} {bytes}"));
            let body = format!("{bytes}=x&{right}").into_bytes();
            is(&browser.post_raw(path, FORM, body).await, 400, &format!("{path} {bytes}"));
        }
        for path in ["/tickets?q=", "/tickets/new?q=", "/calculator?division=", "/login?next="] {
            is(&browser.get(&format!("{path}{bytes}")).await, 400, &format!("{path}{bytes}"));
        }
    }
    is(&browser.post_raw("/tickets", FORM, GB18030.to_vec()).await, 400, "raw");
    // A sign without two digits after it stands for itself.
    let body = right.replacen("summary=", "summary=%25%zz%", 1).into_bytes();
    assert_eq!(stage.memory(&place).await, before);
    let answer = browser.post_raw("/tickets", FORM, body).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let ticket = stage.hospital.get("/tickets").await.json()["items"][0].clone();
    assert!(ticket["summary"].as_str().expect("text").starts_with("%%zz%"), "{ticket}");
    app.stop().await;
}

async fn a_form_has_a_limit(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for call in acts() {
        let place = stage.place(call.name).await;
        let browser = Browser::of(&app, stage.who(call.name));
        let before = stage.memory(&place).await;
        let right = encoded(&typed(&call.body));
        let many = format!("{right}{}", "&_=".repeat(2_001));
        is(&browser.post_raw(&place.path, FORM, many.into()).await, 413, "2,001 fields");
        let long = format!("{right}&_={}", "x".repeat(MOST_BYTES));
        is(&browser.post_raw(&place.path, FORM, long.into()).await, 413, "too long");
        assert_eq!(stage.memory(&place).await, before, "{}", call.name);
        let within = right.matches('&').count() + 1;
        let many = format!("{right}{}", "&_=".repeat(2_000 - within));
        let answer = browser.post_raw(&place.path, FORM, many.into()).await;
        assert_eq!(answer.status, 303, "{}: {}", call.name, answer.text);
    }
    for path in ["/login", "/language", "/demo/sign-in"] {
        let form = pairs(&[("username", &"x".repeat(9_000))]);
        let answer = Browser::stranger(&app).post(path, &form).await;
        is(&answer, 413, path);
    }
    app.stop().await;
}

async fn lists_take_what_their_reader_may_ask(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    stage.hospital.file().await;
    let browser = Browser::of(&app, &stage.hospital);
    for path in ["/tickets", "/notices"] {
        for size in ["-1", "0", "101", "1e9", "x", "%00", "5.5", "18446744073709551616"] {
            let asked = format!("{path}?page_size={size}");
            is(&browser.get(&asked).await, 422, &asked);
        }
    }
    for path in ["/tickets", "/notices", "/demo/mailbox"] {
        for cursor in ["x", "AAAA", "%00", "..%2f", "%3Cscript%3E", "MTIzNDU2Nzg5MDEyLjI"] {
            let asked = format!("{path}?cursor={cursor}");
            let answer = browser.get(&asked).await;
            is(&answer, 400, &asked);
            assert!(!answer.text.contains(world::INSULIN), "{asked}: no data");
        }
        for other in ["role=admin", "tenant_id=1", "%00=1", "%3Cscript%3E=1", "cursor=a&cursor=b"] {
            let asked = format!("{path}?{other}");
            let answer = browser.get(&asked).await;
            is(&answer, 422, &asked);
            assert!(!answer.text.contains("<script>="), "{asked}");
        }
        is(&browser.get(&format!("{path}?cursor=&page_size=&q=&done=x")).await, 200, path);
    }
    for filter in NO_FILTERS {
        is(&browser.get(&format!("/tickets?{filter}")).await, 422, filter);
    }
    let admin = app.sign_in("admin").await;
    let admin = Browser::of(&app, &admin);
    for filter in ["q=x", "manufacturer=0190aaaa-0000-7000-8000-000000000000"] {
        let refused = admin.get(&format!("/tickets?{filter}")).await;
        let unknown = admin.get("/tickets?nonsense=x").await;
        is(&refused, 422, filter);
        assert_eq!(refused.status, unknown.status, "{filter} is unknown to administrators");
    }
    for asked in NO_QUESTIONS {
        let answer = browser.get(&format!("/calculator?{asked}")).await;
        is(&answer, 422, asked);
        assert!(answer.text.contains("message error-summary"), "{asked}: {}", answer.text);
        assert!(answer.text.contains("class=\"field-error\""), "{asked}");
    }
    app.stop().await;
}

async fn a_cursor_is_its_readers_own(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for _ in 0..3 {
        stage.hospital.file().await;
    }
    let next = async |browser: &Browser<'_>, path: &str| {
        let page = browser.get(path).await.expect(200).text;
        let link = page.split("rel=\"next\" href=\"").nth(1).expect("a next page");
        link.split('"').next().unwrap_or_default().replace("&#38;", "&")
    };
    let (hospital, maker) = (Browser::of(&app, &stage.hospital), Browser::of(&app, &stage.maker));
    let own = next(&hospital, "/tickets?page_size=1&state=open").await;
    assert!(own.contains("state=open") && own.contains("page_size=1"), "{own}");
    is(&hospital.get(&own).await, 200, &own);
    is(&maker.get(&own).await, 400, "another's cursor");
    is(
        &hospital.get(&own.replace("/tickets", "/notices").replace("state=open&", "")).await,
        400,
        "another list's",
    );
    let sorted = format!("{own}&sort=due_at");
    is(&hospital.get(&sorted).await, 400, "another order's");
    let notices = next(&maker, "/notices?page_size=1").await;
    is(&maker.get(&notices).await, 200, &notices);
    is(&hospital.get(&notices).await, 400, "another's notices");
    app.stop().await;
}

async fn odd_words_to_search_for(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    stage.hospital.file().await;
    let browser = Browser::of(&app, &stage.hospital);
    let words = "%E7%94%B2+a+".repeat(600);
    for (text, is_fine) in [
        ("%00", true),
        ("%25", true),
        ("_", true),
        ("%27%20or%201=1--", true),
        ("%5C", true),
        ("%22%3E%3Cscript%3Ealert(1)%3C/script%3E", true),
        ("%E2%80%AE", true),
        ("%F0%A0%AE%B7%F0%9F%92%8A", true),
        ("e%CC%81", true),
        (words.as_str(), false),
    ] {
        for path in ["/tickets?q=", "/tickets/new?q=", "/tickets/new?product="] {
            let asked = format!("{path}{text}");
            let answer = browser.get(&asked).await;
            sound_page(&answer, &asked);
            let expected = match (path, is_fine) {
                ("/tickets/new?product=", _) => 404,
                (_, true) => 200,
                (_, false) => 422,
            };
            assert_eq!(answer.status, expected, "{asked:.200}: {}", answer.text);
            assert!(!answer.text.contains("<script>alert"), "{asked}");
        }
        for path in ["/demo/mailbox?to=", "/calculator?division=", "/login?next="] {
            let answer = browser.get(&format!("{path}{text}")).await;
            sound_page(&answer, path);
            assert!(!answer.text.contains("<script>alert"), "{path}");
        }
    }
    let found = browser.get("/tickets?q=%22%3E%3Cb%3E").await.expect(200).text;
    assert_eq!(kept(&found, "filter-q").as_deref(), Some("\"><b>"));
    app.stop().await;
}

async fn addresses_have_one_spelling(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let ticket = id(&stage.hospital.file().await);
    let mut paths: Vec<String> = NO_ADDRESSES.map(str::to_owned).into();
    for tail in ["/", ".", "%00", ";a=b", "/.", "/..", "/print/", "/Print", "/nowhere/x", "%3Fa"] {
        paths.push(format!("/tickets/{ticket}{tail}"));
    }
    paths.push(format!("/tickets/{}", ticket.to_uppercase()));
    paths.push(format!("/tickets/{}", ticket.replace('-', "")));
    paths.push(format!("/tickets/%7b{ticket}%7d"));
    for path in paths {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nCookie: supplyline={}\r\nConnection: close\r\n\r\n",
            stage.hospital.token
        );
        let answer = exchange(&app, request.as_bytes()).await;
        assert_eq!(status(&answer), 404, "{path}: {answer}");
        assert!(answer.contains("text/html"), "{path}: {answer}");
        for (name, _) in HEADERS {
            assert!(answer.contains(&format!("{name}: ")), "{path}: {answer}");
        }
    }
    let browser = Browser::of(&app, &stage.hospital);
    for (method, path) in [
        (Method::GET, "/logout"),
        (Method::GET, "/language"),
        (Method::GET, "/demo/clock"),
        (Method::GET, "/drafts"),
        (Method::PUT, "/tickets"),
        (Method::DELETE, "/account"),
        (Method::PATCH, "/login"),
        (Method::POST, "/notices"),
        (Method::POST, "/"),
    ] {
        let answer = browser.send(browser.bare(method.clone(), path)).await;
        is(&answer, 405, &format!("{method} {path}"));
    }
    let reply = format!("/tickets/{ticket}/reply");
    is(&browser.get(&reply).await, 405, "an act is a form");
    for path in [format!("/tickets/{ticket}/nonsense"), format!("/escalations/{ticket}/nonsense")] {
        is(&browser.post(&path, &pairs(&[("reason", "x")])).await, 404, &path);
    }
    app.stop().await;
}

async fn odd_cookies_are_nobodys(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let maker = app.sign_in("maker").await;
    let get = async |cookies: &[String]| {
        let mut request = app.request(Method::GET, "/account").header("Accept", "text/html");
        for cookie in cookies {
            request = request.header("Cookie", cookie);
        }
        app.send(request).await
    };
    let own = format!("supplyline={}", hospital.token);
    for cookies in [
        vec![String::new()],
        vec!["supplyline=".to_owned()],
        vec!["supplyline=%00%ff".to_owned()],
        vec![format!("Supplyline={}", hospital.token)],
        vec![format!("__Host-supplyline={}", hospital.token)],
        vec![format!("supplyline=x; {own}")],
        vec!["a=b; ".repeat(1_000)],
        vec!["=;;=;\"".to_owned()],
    ] {
        let answer = get(&cookies).await;
        let asked = format!("{cookies:?}");
        sound_page(&answer, &asked);
        assert_eq!(answer.header("location"), "/login?next=/account", "{asked:.200}");
    }
    for cookies in [
        vec![format!("theme=dark; {own}; lang=%E4%B8%AD")],
        vec![format!("{own}; supplyline={}", maker.token)],
        vec![own.clone(), format!("supplyline={}", maker.token)],
        vec![format!("{own}; supplyline-language=nonsense")],
        vec![format!("{own}; supplyline-language=%00")],
    ] {
        let answer = get(&cookies).await;
        is(&answer, 200, "the first session counts");
        assert!(answer.text.contains("滨海市第一人民医院"), "{cookies:?}");
    }
    let bomb = get(&[format!("{own}; x={}", "y".repeat(200_000))]).await;
    assert!(matches!(bomb.status, 400 | 431), "{}", bomb.status);
    app.stop().await;
}

async fn odd_languages_are_chinese(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let get = async |language: &[u8], accept: &str| {
        let request = app.request(Method::GET, "/login").header("Accept", accept);
        app.send(request.header("Accept-Language", language)).await
    };
    for odd in [
        &b""[..],
        b"*",
        b"fr",
        b"en;q=nan",
        b"en;q=-1",
        b"zh;q=1e400,en;q=0.1",
        b";;;,,,",
        b"../../etc/passwd",
        b"en\xff",
        "中文".as_bytes(),
        b"x-y-z",
        b"EN;q=0",
    ] {
        is(&get(odd, "text/html").await, 200, &format!("{odd:?}"));
    }
    is(&get("zz-".repeat(2_000).as_bytes(), "text/html").await, 200, "a long one");
    for english in [&b"en"[..], b"EN-gb,zh;q=0.5", b"fr, en;q=0.2"] {
        let answer = get(english, "text/html").await;
        sound_page(&answer, "English");
        assert!(answer.text.contains("<html lang=\"en\">"), "{english:?}");
    }
    // A program that gets a page gets the page; what is refused is told as it can read it.
    for accept in
        ["*/*", "image/png", "text/html;q=0", "application/json", "\u{1}".trim_matches('\u{1}')]
    {
        assert_eq!(get(b"zh", accept).await.status, 200, "{accept}");
    }
    let request = app.request(Method::GET, "/account").header("Accept", "application/json");
    let answer = app.send(request).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"));
    app.stop().await;
}
