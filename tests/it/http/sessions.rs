//! Signing in and out, by token and by cookie.

use reqwest::Method;
use serde_json::json;

use super::stage::{call, comparable, refused, sound};
use crate::support::app::{Answer, TestApp};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::world;

both!(a_refused_sign_in_tells_nothing_b109, a_session_ends, an_account_that_is_disabled_is_out,);
sqlite_only!(
    only_a_bearer_token_is_a_token,
    another_site_cannot_act_with_a_cookie,
    a_cookie_is_for_the_browser_alone,
    over_tls_the_cookie_is_the_hosts_own,
    the_form_signs_in_b111_b112,
);

async fn sign_in(app: &TestApp, username: &str, password: &str) -> Answer {
    let body = json!({"username": username, "password": password});
    app.send(app.request(Method::POST, "/api/v1/session").json(&body)).await
}

async fn a_refused_sign_in_tells_nothing_b109(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    db.execute("update app_user set disabled_at = created_at where username = 'maker'").await;
    let wrong = sign_in(&app, "hospital", "supplyline-Demo").await;
    refused(&wrong, (401, "wrong_password"), "a wrong password");
    for (username, password) in [
        ("nobody", world::PASSWORD),
        ("nobody", "x"),
        ("maker", world::PASSWORD),
        ("maker", "x"),
        ("hospital", "supplyline-demo "),
        ("hospital", "supplyline-demo\0"),
        ("hospital", "' or 1=1 --"),
        ("hospital' --", world::PASSWORD),
        ("hosp%tal", world::PASSWORD),
        ("hоspital", world::PASSWORD), // a Cyrillic о
        ("hospıtal", world::PASSWORD), // a Turkish dotless ı
        ("ho\u{200b}spital", world::PASSWORD),
        ("ｈospital", world::PASSWORD),
    ] {
        let answer = sign_in(&app, username, password).await;
        sound(&answer, username);
        assert_eq!(comparable(&answer), comparable(&wrong), "{username} {password}");
        assert_eq!(answer.header("set-cookie"), "");
    }
    for username in ["hospital", "HOSPITAL", " Hospital "] {
        sign_in(&app, username, world::PASSWORD).await.expect(200);
    }
    app.stop().await;
}

async fn a_session_ends(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (one, two) = (app.sign_in("hospital").await, app.sign_in("hospital").await);
    assert_ne!(one.token, two.token);
    let shown = one.get("/session").await.expect(200);
    assert_eq!(shown.json()["user"]["organisation"]["division"], "371002");
    assert!(!shown.text.contains(&one.token), "the token is told once");
    let answer = one.send(one.request(Method::DELETE, "/session")).await;
    sound(&answer, "sign out");
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    for path in ["/session", "/tickets", "/notices"] {
        refused(&one.get(path).await, (401, "unauthenticated"), path);
    }
    let again = one.send(one.request(Method::DELETE, "/session")).await;
    refused(&again, (401, "unauthenticated"), "sign out twice");
    refused(&one.post("/tickets", &call("tickets").body).await, (401, "unauthenticated"), "file");
    two.get("/session").await.expect(200);
    db.execute("update session set expires_at = created_at").await;
    refused(&two.get("/session").await, (401, "unauthenticated"), "a session that has run out");
    let write = two.post("/tickets", &call("tickets").body).await;
    refused(&write, (401, "unauthenticated"), "a session that has run out");
    app.stop().await;
}

async fn an_account_that_is_disabled_is_out(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let maker = app.sign_in("maker").await;
    maker.get("/session").await.expect(200);
    db.execute("update app_user set disabled_at = created_at where username = 'maker'").await;
    refused(&maker.get("/session").await, (401, "unauthenticated"), "disabled");
    refused(&maker.get("/tickets").await, (401, "unauthenticated"), "disabled");
    app.stop().await;
}

async fn only_a_bearer_token_is_a_token(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let token = app.sign_in("hospital").await.token;
    let get = |headers: Vec<(&'static str, String)>, query: &str| {
        let request = app.request(Method::GET, &format!("/api/v1/session{query}"));
        headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
    };
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let answer = app.send(get(vec![("Authorization", format!("{scheme} {token}"))], "")).await;
        sound(&answer, scheme);
        assert_eq!(answer.status, 200, "{scheme}");
    }
    for value in [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer x".to_owned(),
        token.clone(),
        format!("Basic {token}"),
        format!("Token {token}"),
        format!("Bearer{token}"),
        format!("Bearer {token}x"),
        format!("Bearer {token} {token}"),
        format!("Bearer {}", token.to_lowercase()),
        format!("Bearer {}", "A".repeat(4_000)),
        "Bearer null".to_owned(),
        "Bearer ' or 1=1 --".to_owned(),
        "Bearer 令牌".to_owned(),
    ] {
        let answer = app.send(get(vec![("Authorization", value.clone())], "")).await;
        refused(&answer, (401, "unauthenticated"), &value);
        let cookie = ("Cookie", format!("supplyline={token}"));
        let both = app.send(get(vec![("Authorization", value.clone()), cookie], "")).await;
        refused(&both, (401, "unauthenticated"), "a header decides alone");
    }
    for (name, value) in [
        ("Cookie", "supplyline=".to_owned()),
        ("Cookie", "supplyline=x; ;;=;".to_owned()),
        ("Cookie", format!("Supplyline={token}")),
        ("Cookie", format!("__Host-supplyline={token}")),
        ("Cookie", "a=b; ".repeat(500)),
        ("X-Auth-Token", token.clone()),
    ] {
        let answer = app.send(get(vec![(name, value.clone())], "")).await;
        refused(&answer, (401, "unauthenticated"), &value);
    }
    for query in [format!("?access_token={token}"), format!("?token={token}")] {
        refused(
            &app.send(get(Vec::new(), &query)).await,
            (401, "unauthenticated"),
            "not in the address",
        );
    }
    app.stop().await;
}

async fn another_site_cannot_act_with_a_cookie(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let token = app.sign_in("hospital").await.token;
    let host = app.base().trim_start_matches("http://").to_owned();
    let send = async |method: Method, headers: &[(&str, &str)]| {
        let mut request = app.request(method, "/api/v1/tickets").json(&call("tickets").body);
        request = request.header("Cookie", format!("theme=dark; supplyline={token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        app.send(request).await
    };
    let evil: [&[(&str, &str)]; 12] = [
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "nonsense")],
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", "http://supply.example")],
        &[("Origin", "http://evil.example")],
        &[("Origin", "null")],
        &[("Origin", "")],
        &[("Origin", "http://supply.example.evil.example")],
        &[("Origin", "http://evil.example/?http://supply.example")],
        &[("Origin", "https://supply.example")],
        &[("Origin", "http://supply.example:8080")],
        &[("Origin", "http://localhost")],
    ];
    for headers in evil {
        refused(&send(Method::POST, headers).await, (403, "cross_site"), &format!("{headers:?}"));
        let read = send(Method::GET, headers).await;
        sound(&read, "reading is harmless: nothing is shared with the other site");
        assert_eq!((read.status, &read.json()["items"]), (200, &json!([])));
    }
    let own = format!("http://{host}");
    let ours: [&[(&str, &str)]; 4] = [
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", &own)],
        &[("Origin", &own)],
        &[("Origin", "http://supply.example")],
        &[],
    ];
    for headers in ours {
        let answer = send(Method::POST, headers).await;
        assert_eq!(answer.status, 201, "{headers:?}: {}", answer.text);
    }
    let bearer = app.request(Method::POST, "/api/v1/tickets").bearer_auth(&token);
    let bearer = bearer.header("Origin", "http://evil.example").json(&call("tickets").body);
    app.send(bearer).await.expect(201);
    let mut end = app.request(Method::DELETE, "/api/v1/session");
    end =
        end.header("Cookie", format!("supplyline={token}")).header("Sec-Fetch-Site", "cross-site");
    refused(&app.send(end).await, (403, "cross_site"), "not even signing out");
    app.stop().await;
}

fn attributes(answer: &Answer) -> (String, Vec<String>) {
    let cookie = answer.header("set-cookie");
    let mut parts = cookie.split(';').map(|part| part.trim().to_owned());
    let pair = parts.next().unwrap_or_default();
    let mut rest: Vec<String> = parts.collect();
    rest.sort();
    (pair, rest)
}

async fn a_cookie_is_for_the_browser_alone(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let answer = sign_in(&app, "hospital", world::PASSWORD).await.expect(200);
    let token = answer.json()["token"].as_str().expect("a token").to_owned();
    let (pair, rest) = attributes(&answer);
    assert_eq!(pair, format!("supplyline={token}"));
    assert_eq!(rest, ["HttpOnly", "Path=/", "SameSite=Lax"]);
    let delete = app.request(Method::DELETE, "/api/v1/session").bearer_auth(&token);
    let gone = app.send(delete).await.expect(204);
    let (pair, rest) = attributes(&gone);
    assert_eq!(pair, "supplyline=");
    assert!(rest.contains(&"Max-Age=0".to_owned()), "{rest:?}");
    app.stop().await;
}

async fn over_tls_the_cookie_is_the_hosts_own(db: TestDb) {
    let app = TestApp::spawn_at(&db, "https://supply.example/").await;
    let answer = sign_in(&app, "hospital", world::PASSWORD).await.expect(200);
    let token = answer.json()["token"].as_str().expect("a token").to_owned();
    let (pair, rest) = attributes(&answer);
    assert_eq!(pair, format!("__Host-supplyline={token}"));
    assert_eq!(rest, ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]);
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
    for (name, status) in [("__Host-supplyline", 200), ("supplyline", 401)] {
        let request = app.request(Method::GET, "/api/v1/session");
        app.send(request.header("Cookie", format!("{name}={token}"))).await.expect(status);
    }
    app.stop().await;
}

async fn the_form_signs_in_b111_b112(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let form = "application/x-www-form-urlencoded";
    let post = async |kind: &str, body: &str, headers: &[(&str, &str)]| {
        let mut request = app.request(Method::POST, "/login").header("Content-Type", kind);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        app.send(request.body(body.to_owned())).await
    };
    let right = "username=hospital&password=supplyline-demo";
    let answer = post(form, right, &[]).await;
    sound(&answer, "the form");
    assert_eq!((answer.status, answer.header("location").as_str()), (303, "/"));
    let (pair, rest) = attributes(&answer);
    assert_eq!(rest, ["HttpOnly", "Path=/", "SameSite=Lax"]);
    let session = app.request(Method::GET, "/api/v1/session").header("Cookie", &pair);
    app.send(session).await.expect(200);
    let planted = post(form, right, &[("Cookie", "supplyline=planted")]).await;
    assert!(planted.header("set-cookie").starts_with("supplyline=") && planted.status == 303);
    assert_ne!(attributes(&planted).0, "supplyline=planted", "replaced at the sign-in");
    let evil = format!("{right}&next=//evil.example&role=admin");
    assert_eq!(post(form, &evil, &[]).await.header("location"), "/");
    for (body, status) in [
        ("username=hospital&password=x", 401),
        ("username=%3Cscript%3Ealert(1)%3C/script%3E&password=x", 401),
        ("username=&password=x", 422),
        ("username=hospital", 422),
        ("", 422),
        ("username=%00&password=x", 422),
        ("username=hospital&password=%ff", 400),
    ] {
        let answer = post(form, body, &[]).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        assert!(
            answer.status == 400 || answer.header("content-type").starts_with("text/html"),
            "{body}"
        );
        assert!(!answer.text.contains("<script>alert"), "{body}");
        assert_eq!(answer.header("set-cookie"), "", "{body}");
    }
    assert_eq!(post("application/json", right, &[]).await.status, 415);
    assert_eq!(post("text/plain", right, &[]).await.status, 415);
    let cross = post(form, right, &[("Sec-Fetch-Site", "cross-site")]).await;
    assert_eq!(cross.status, 403, "nobody is signed in by another site");
    assert_eq!(post(form, &"a".repeat(9_000), &[]).await.status, 413);
    assert_eq!(post(form, &"a".repeat(2_000_000), &[]).await.status, 413);
    app.stop().await;
}
