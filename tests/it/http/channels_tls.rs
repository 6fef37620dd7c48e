//! Mail servers that speak TLS and want to know who sends, as a test message finds them.
//!
//! **Never** lets a message or a password out where the certificate is not the server's.

use reqwest::Method;
use serde_json::{Value, json};

use super::channels::{last, steps};
use crate::support::app::{Answer, As, TestApp};
use crate::support::db::{TestDb, sqlite_only};
use crate::support::papers::{Authority, HOST, Paper};
use crate::support::smtp::{Begins, Manner, SmtpSink};

sqlite_only!(
    tls_from_the_first_byte_carries_a_message,
    tls_that_is_asked_for_carries_a_message,
    whoever_sends_is_known_by_plain_and_by_login,
    a_wrong_password_is_told_and_not_repeated,
    a_certificate_that_is_wrong_is_told_and_nothing_is_sent,
    tls_that_is_refused_is_told_and_nothing_is_sent,
    notices_wait_for_a_right_certificate,
    an_authority_is_known_only_where_it_was_named,
);

const PASSWORD: &str = "hunter2 药";

/// A channel's settings for a server.
fn settings(sink: &SmtpSink, security: &str) -> Value {
    json!({
        "enabled": true, "host": HOST, "port": sink.port(), "security": security,
        "from": "供应保障 <noreply@supply.example>", "reason": "启用邮件。",
    })
}

fn signing_in(mut settings: Value) -> Value {
    settings["username"] = json!("supply");
    settings["password"] = json!(PASSWORD);
    settings
}

/// Sets the channel, whatever it was, and sends a test message over it.
async fn tried(db: &TestDb, admin: &As<'_>, settings: &Value) -> Answer {
    // Tests are few in ten minutes.
    db.execute("update audit set at = '2020-01-01T00:00:00+00:00' where action = 'channel_tested'")
        .await;
    let version = admin.get("/channels/mail").await.expect(200).header("etag");
    let request = admin.request(Method::PUT, "/channels/mail").header("If-Match", version);
    admin.send(request.json(settings)).await.expect(200);
    admin.post_raw("/channels/mail/test", "").await.expect(200)
}

fn walked(names: &[&str]) -> Vec<(String, bool)> {
    names.iter().map(|name| ((*name).to_owned(), true)).collect()
}

async fn sink(tls: Begins) -> SmtpSink {
    SmtpSink::spawn_as(Manner { tls, login: None }).await
}

async fn tls_from_the_first_byte_carries_a_message(db: TestDb) {
    let authority = Authority::new();
    let app = TestApp::spawn_trusting(&db, &authority.pem).await;
    let admin = app.sign_in("admin").await;
    let sink = sink(Begins::AtOnce(authority.acceptor(Paper::Good))).await;
    let answer = tried(&db, &admin, &settings(&sink, "implicit")).await;
    let way = ["dns", "connect", "tls", "ehlo", "mail_from", "rcpt_to", "data"];
    assert_eq!(steps(&answer), walked(&way), "{}", answer.text);
    assert_eq!(sink.messages()[0].to, ["admin@supply.example"]);
    assert_eq!(sink.commands_in_clear(), Vec::<String>::new());
    app.stop().await;
}

async fn tls_that_is_asked_for_carries_a_message(db: TestDb) {
    let authority = Authority::new();
    let app = TestApp::spawn_trusting(&db, &authority.pem).await;
    let admin = app.sign_in("admin").await;
    for security in ["required", "offered"] {
        let sink = sink(Begins::WhenAsked(authority.acceptor(Paper::Good))).await;
        let answer = tried(&db, &admin, &settings(&sink, security)).await;
        let way = ["dns", "connect", "ehlo", "tls", "mail_from", "rcpt_to", "data"];
        assert_eq!(steps(&answer), walked(&way), "{security}: {}", answer.text);
        assert!(answer.text.contains("encrypted by STARTTLS"), "{}", answer.text);
        assert_eq!(sink.messages().len(), 1, "{security}");
        let clear = sink.commands_in_clear();
        assert_eq!(clear.len(), 2, "{security}: {clear:?}");
        assert!(clear[0].starts_with("EHLO ") && clear[1] == "STARTTLS", "{clear:?}");
    }
    app.stop().await;
}

async fn whoever_sends_is_known_by_plain_and_by_login(db: TestDb) {
    let authority = Authority::new();
    let app = TestApp::spawn_trusting(&db, &authority.pem).await;
    let admin = app.sign_in("admin").await;
    for (mechanism, security) in
        [("PLAIN", "required"), ("LOGIN", "required"), ("LOGIN", "implicit")]
    {
        let acceptor = authority.acceptor(Paper::Good);
        let tls = match security {
            "implicit" => Begins::AtOnce(acceptor),
            _ => Begins::WhenAsked(acceptor),
        };
        let login = Some((mechanism, "supply", PASSWORD));
        let sink = SmtpSink::spawn_as(Manner { tls, login }).await;
        let stranger = tried(&db, &admin, &settings(&sink, security)).await;
        let told = last(&stranger);
        assert!(told.0 == "mail_from" && told.2.contains("530"), "{mechanism}: {told:?}");
        let answer = tried(&db, &admin, &signing_in(settings(&sink, security))).await;
        assert_eq!(answer.json()["ok"], true, "{mechanism}: {}", answer.text);
        assert!(steps(&answer).contains(&("auth".to_owned(), true)), "{}", answer.text);
        assert_eq!(sink.messages().len(), 1, "{mechanism}");
        let clear = sink.commands_in_clear();
        assert!(!clear.iter().any(|line| line.starts_with("AUTH")), "{mechanism}: {clear:?}");
        // The next server wants another user: nobody is there to begin with.
        let none = json!({"username": null, "password": ""});
        let mut off = settings(&sink, security);
        off["password"] = none["password"].clone();
        tried(&db, &admin, &off).await;
    }
    app.stop().await;
}

async fn a_wrong_password_is_told_and_not_repeated(db: TestDb) {
    let authority = Authority::new();
    let app = TestApp::spawn_trusting(&db, &authority.pem).await;
    let admin = app.sign_in("admin").await;
    for mechanism in ["PLAIN", "LOGIN"] {
        let tls = Begins::WhenAsked(authority.acceptor(Paper::Good));
        let login = Some((mechanism, "supply", "another"));
        let sink = SmtpSink::spawn_as(Manner { tls, login }).await;
        let answer = tried(&db, &admin, &signing_in(settings(&sink, "required"))).await;
        let told = last(&answer);
        assert!(told.0 == "auth" && !told.1 && told.2.contains("535"), "{mechanism}: {told:?}");
        assert!(told.2.contains("who are you?"), "{told:?}");
        assert!(!answer.text.contains("hunter2"), "{}", answer.text);
        assert_eq!(sink.messages().len(), 0);
    }
    // A server that asks for neither of what we know.
    let tls = Begins::WhenAsked(authority.acceptor(Paper::Good));
    let sink = SmtpSink::spawn_as(Manner { tls, login: Some(("XOAUTH2", "supply", "x")) }).await;
    let answer = tried(&db, &admin, &signing_in(settings(&sink, "required"))).await;
    assert_eq!(last(&answer).0, "auth", "{}", answer.text);
    assert_eq!(sink.messages().len(), 0);
    app.stop().await;
}

/// What is said of a certificate.
fn said(paper: Paper) -> &'static str {
    match paper {
        Paper::Good => "",
        Paper::SelfSigned => "UnknownIssuer",
        Paper::OtherName => "not valid for name",
        Paper::Expired => "expired",
    }
}

async fn a_certificate_that_is_wrong_is_told_and_nothing_is_sent(db: TestDb) {
    let authority = Authority::new();
    let app = TestApp::spawn_trusting(&db, &authority.pem).await;
    let admin = app.sign_in("admin").await;
    for paper in [Paper::SelfSigned, Paper::OtherName, Paper::Expired] {
        for security in ["implicit", "required", "offered"] {
            let acceptor = authority.acceptor(paper);
            let tls = match security {
                "implicit" => Begins::AtOnce(acceptor),
                _ => Begins::WhenAsked(acceptor),
            };
            let login = Some(("PLAIN", "supply", PASSWORD));
            let sink = SmtpSink::spawn_as(Manner { tls, login }).await;
            let answer = tried(&db, &admin, &signing_in(settings(&sink, security))).await;
            let told = last(&answer);
            let asked = format!("{paper:?} {security}: {told:?}");
            assert!(told.0 == "tls" && !told.1, "{asked}");
            assert!(told.2.contains(said(paper)), "{asked}");
            assert_eq!(sink.messages().len(), 0, "{asked}");
            let clear = sink.commands_in_clear();
            let harmless = |line: &String| line.starts_with("EHLO ") || line == "STARTTLS";
            assert!(clear.iter().all(harmless), "{asked}: {clear:?}");
        }
    }
    app.stop().await;
}

async fn tls_that_is_refused_is_told_and_nothing_is_sent(db: TestDb) {
    let app = TestApp::spawn_unset(&db).await;
    let admin = app.sign_in("admin").await;
    for (tls, securities) in [
        (Begins::Refuses, &["required", "offered"][..]),
        (Begins::Never, &["required", "implicit"]),
    ] {
        for security in securities {
            let login = Some(("PLAIN", "supply", PASSWORD));
            let sink = SmtpSink::spawn_as(Manner { tls: tls.clone(), login }).await;
            let answer = tried(&db, &admin, &signing_in(settings(&sink, security))).await;
            let told = last(&answer);
            assert!(told.0 == "tls" && !told.1 && !told.2.is_empty(), "{security}: {told:?}");
            let all = sink.commands();
            let spoken = |line: &String| line.starts_with("AUTH") || line.starts_with("MAIL");
            assert!(!all.iter().any(spoken), "{security}: {all:?}");
        }
    }
    app.stop().await;
}

async fn notices_wait_for_a_right_certificate(db: TestDb) {
    let authority = Authority::new();
    let app = TestApp::spawn_trusting(&db, &authority.pem).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    let bad = sink(Begins::WhenAsked(authority.acceptor(Paper::Expired))).await;
    tried(&db, &admin, &settings(&bad, "offered")).await;
    hospital.file().await;
    hospital.advance_to("2026-02-13T10:31:00+08:00").await;
    assert_eq!(bad.messages().len(), 0);
    assert!(bad.connections() > 1, "it was tried");
    let log = admin.get("/deliveries?channel=mail").await.expect(200).json();
    let items = log["items"].as_array().expect("deliveries");
    assert!(!items.is_empty() && items.iter().all(|one| one["state"] != "sent"), "{log}");
    let good = sink(Begins::WhenAsked(authority.acceptor(Paper::Good))).await;
    tried(&db, &admin, &settings(&good, "required")).await;
    let before = good.messages().len();
    hospital.advance_to("2026-02-13T16:00:00+08:00").await;
    assert!(good.messages().len() > before, "what waited has left");
    app.stop().await;
}

async fn an_authority_is_known_only_where_it_was_named(db: TestDb) {
    let authority = Authority::new();
    let app = TestApp::spawn_unset(&db).await;
    let admin = app.sign_in("admin").await;
    let sink = sink(Begins::AtOnce(authority.acceptor(Paper::Good))).await;
    let told = last(&tried(&db, &admin, &settings(&sink, "implicit")).await);
    assert!(told.0 == "tls" && told.2.contains("UnknownIssuer"), "{told:?}");
    app.stop().await;
}
