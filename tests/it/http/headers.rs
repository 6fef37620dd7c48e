//! What every address answers, whoever asks and however.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use super::stage::{HEADERS, Stage, id, refused, sound};
use crate::support::app::{Answer, TestApp};
use crate::support::db::{TestDb, sqlite_only};

sqlite_only!(
    every_address_carries_the_headers,
    every_method_is_answered,
    head_is_get_without_the_body,
    odd_headers_change_nothing,
    refusals_are_never_compressed,
);

const OPEN: [&str; 9] = [
    "/",
    "/login",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/api/openapi.json",
    "/api/docs/",
    "/tickets/0190aaaa-0000-7000-8000-000000000000",
    "/api/docs",
];
const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"];

/// The addresses of the description, with ids that lead somewhere, and their methods.
async fn addresses(stage: &Stage<'_>) -> Vec<(String, BTreeSet<String>)> {
    let place = stage.place("acknowledge").await;
    let ticket = place.ticket.clone().expect("a ticket");
    let rung = place.path.split('/').nth(2).expect("an id").to_owned();
    let calendar = id(&stage.hospital.get("/calendars").await.json()["items"][0]);
    let notice = id(&stage.hospital.get("/notices").await.json()["items"][0]);
    let request = stage.app.request(Method::GET, "/api/openapi.json");
    let description: Value = stage.app.send(request).await.json();
    let paths = description["paths"].as_object().expect("paths");
    let address = |(template, operations): (&String, &Value)| {
        let own = match template {
            path if path.contains("/escalations/") => &rung,
            path if path.contains("/calendars/") => &calendar,
            path if path.contains("/notices/") => &notice,
            _ => &ticket,
        };
        let methods = operations.as_object().expect("operations").keys();
        let mut methods: BTreeSet<String> = methods.map(|method| method.to_uppercase()).collect();
        if methods.contains("GET") {
            methods.insert("HEAD".to_owned());
        }
        (template.replace("{id}", own), methods)
    };
    // A stream is read for ever: its tests look at what it answers.
    let ends = |(template, _): &(&String, &Value)| !template.ends_with("/stream");
    paths.iter().filter(ends).map(address).collect()
}

fn carries_the_headers(answer: &Answer, asked: &str) {
    assert!(answer.status < 500, "{asked}: {}", answer.text);
    let is_page = answer.header("content-type").starts_with("text/html");
    for (name, value) in HEADERS {
        // A page tells its own forms' origin, and nobody else's.
        let own = name == "referrer-policy" && is_page && !asked.contains("/api/docs");
        assert_eq!(answer.header(name), if own { "same-origin" } else { value }, "{asked}: {name}");
    }
    let policy = answer.header("content-security-policy");
    for part in
        ["default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"]
    {
        assert!(policy.contains(part), "{asked}: {policy}");
    }
    assert!(!policy.contains("unsafe-eval") && !policy.contains('*'), "{asked}: {policy}");
    assert_eq!(policy.contains("unsafe-inline"), asked.contains("/api/docs"), "{asked}: {policy}");
    if !asked.contains("/api/docs") {
        assert_eq!(answer.header("cache-control"), "no-store", "{asked}");
    }
    assert_eq!(answer.header("strict-transport-security"), "", "{asked}: not over plain HTTP");
}

async fn every_address_carries_the_headers(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let mut all: Vec<String> = OPEN.map(str::to_owned).into();
    all.extend(addresses(&stage).await.into_iter().map(|(path, _)| path));
    all.extend(
        ["/nowhere", "/api", "/api/v1", "/api/v1/nowhere", "/api/v2/tickets"].map(str::to_owned),
    );
    for path in all {
        for token in [None, Some(&stage.hospital.token), Some(&stage.city.token)] {
            let mut request = app.request(Method::GET, &path);
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let answer = app.send(request).await;
            let asked = format!("GET {path}");
            carries_the_headers(&answer, &asked);
            if answer.status >= 400 {
                sound(&answer, &asked);
            }
            let origin = app.request(Method::GET, &path).header("Origin", "http://evil.example");
            let shared = app.send(origin).await;
            assert!(!shared.headers.contains_key("access-control-allow-origin"), "{path}");
        }
    }
    app.stop().await;
}

async fn every_method_is_answered(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let mut all = addresses(&stage).await;
    let read: BTreeSet<String> = ["GET", "HEAD"].map(str::to_owned).into();
    let open = ["/", "/health/live", "/health/ready", "/metrics", "/api/openapi.json"];
    all.extend(open.map(|path| (path.to_owned(), read.clone())));
    for (path, methods) in all {
        for method in METHODS {
            if methods.contains(method) {
                continue;
            }
            let asked = format!("{method} {path}");
            let request = app.request(method.parse().expect("a method"), &path);
            let answer = app.send(request.bearer_auth(&stage.hospital.token)).await;
            carries_the_headers(&answer, &asked);
            if method != "HEAD" {
                refused(&answer, (405, "method_not_allowed"), &asked);
            }
            let allow = answer.header("allow");
            let allowed: BTreeSet<String> =
                allow.split(',').map(|word| word.trim().to_owned()).collect();
            assert_eq!((answer.status, allowed), (405, methods.clone()), "{asked}");
        }
    }
    for method in METHODS {
        for path in ["/nowhere", "/api/v1/nowhere", "/api/v1/tickets/x/y/z"] {
            let request = app.request(method.parse().expect("a method"), path);
            let answer = app.send(request.bearer_auth(&stage.hospital.token)).await;
            carries_the_headers(&answer, path);
            assert_eq!(answer.status, 404, "{method} {path}");
            assert_eq!(
                answer.header("content-type"),
                "application/problem+json",
                "{method} {path}"
            );
        }
    }
    app.stop().await;
}

async fn head_is_get_without_the_body(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let mut all: Vec<String> = OPEN.map(str::to_owned).into();
    let readable =
        addresses(&stage).await.into_iter().filter(|(_, methods)| methods.contains("GET"));
    all.extend(readable.map(|(path, _)| path));
    for path in all.iter().filter(|path| !path.starts_with("/api/docs")) {
        let ask =
            async |method| app.send(app.request(method, path).bearer_auth(&stage.city.token)).await;
        let (get, head) = (ask(Method::GET).await, ask(Method::HEAD).await);
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        for name in ["content-type", "etag", "cache-control", "content-security-policy"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
    }
    app.stop().await;
}

async fn odd_headers_change_nothing(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    stage.hospital.file().await;
    let plain = stage.hospital.get("/tickets").await.expect(200);
    for (name, value) in [
        ("X-HTTP-Method-Override", "DELETE".to_owned()),
        ("X-HTTP-Method", "DELETE".to_owned()),
        ("X-Original-URL", "/metrics".to_owned()),
        ("X-Rewrite-URL", "/metrics".to_owned()),
        ("X-Forwarded-For", "1.1.1.1, <script>, 999.999.999.999".to_owned()),
        ("X-Forwarded-For", "a, ".repeat(1_000)),
        ("X-Forwarded-Proto", "https".to_owned()),
        ("X-Forwarded-Host", "evil.example".to_owned()),
        ("Forwarded", "for=\"_x\";host=evil.example".to_owned()),
        ("Host", "evil.example".to_owned()),
        ("Accept", "image/png".to_owned()),
        ("Accept-Language", "x-\u{7f}".replace('\u{7f}', "y")),
        ("Accept-Language", "zz-".repeat(1_000)),
        ("Accept-Charset", "utf-7".to_owned()),
        ("Accept-Encoding", "identity".to_owned()),
        ("Range", "bytes=0-1".to_owned()),
        ("Range", format!("bytes={}", "0-1,".repeat(1_000))),
        ("Range", "bytes=9-1".to_owned()),
        ("User-Agent", "a\tb ${jndi:ldap://x} <b>".to_owned()),
        ("Date", "Thu, 01 Jan 1970 00:00:00 GMT".to_owned()),
        ("Expect", "nonsense".to_owned()),
        ("Referer", "http://evil.example".to_owned()),
        ("X-Request-Id", "forged\u{1}".replace('\u{1}', "-")),
        ("traceparent", "nonsense".to_owned()),
    ] {
        let request = stage.hospital.request(Method::GET, "/tickets").header(name, &value);
        let answer = stage.hospital.send(request).await;
        sound(&answer, name);
        assert_eq!(
            (answer.status, answer.text == plain.text),
            (200, true),
            "{name}: {}",
            answer.text
        );
        assert_ne!(answer.header("x-request-id"), "forged-");
    }
    let none = stage
        .hospital
        .request(Method::GET, "/tickets")
        .header("Accept-Encoding", "identity;q=0, *;q=0");
    let answer = stage.hospital.send(none).await;
    sound(&answer, "no encoding will do");
    assert_eq!((answer.status, answer.code().as_str()), (406, "not_acceptable"));
    app.stop().await;
}

async fn refusals_are_never_compressed(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let get = async |path: &str| {
        let request = stage.hospital.request(Method::GET, path).header("Accept-Encoding", "gzip");
        stage.hospital.send(request).await
    };
    assert_eq!(get("/products").await.expect(200).header("content-encoding"), "gzip");
    for (path, status) in [("/nowhere", 404), ("/tickets?state=x", 422), ("/escalations", 403)] {
        let answer = get(path).await;
        sound(&answer, path);
        assert_eq!(
            (answer.status, answer.header("content-encoding").as_str()),
            (status, ""),
            "{path}"
        );
    }
    let anonymous =
        app.request(Method::GET, "/api/v1/tickets").header("Accept-Encoding", "gzip, br");
    refused(&app.send(anonymous).await, (401, "unauthenticated"), "gzip");
    app.stop().await;
}
