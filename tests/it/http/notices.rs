//! What leaves the service: mail and text messages, on time, once, and provably.

use mail_parser::MessageParser;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::db::{TestDb, both};
use crate::support::smtp::{Script, Taken};
use crate::support::webhook::Answer;
use crate::support::world::add_colleague;

both!(
    a_filing_is_told_in_working_hours_in_the_recipients_language,
    a_rejected_address_is_a_dead_letter_that_can_be_sent_again,
    the_log_is_filtered,
    a_failing_gateway_is_tried_again,
    a_notice_that_was_read_says_so,
    the_persons_of_the_territory_are_told_before_the_general_ones,
    a_manufacturer_nobody_can_reach_is_the_provinces_affair,
);

async fn a_filing_is_told_in_working_hours_in_the_recipients_language(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    // Saturday night before the festival: a make-up working day, after 20:00.
    hospital.advance_to("2026-02-14T21:00:00+08:00").await;
    let ticket = hospital.file().await;
    hospital.advance_to("2026-02-24T07:59:59+08:00").await;
    let is_alarm = |mail: &Taken| mail.to.iter().all(|to| to.starts_with("admin"));
    let mails = app.mail.messages();
    assert!(mails.iter().all(is_alarm), "it waits for the first working morning");
    hospital.advance_to("2026-02-24T08:00:00+08:00").await;
    let mails = app.mail.messages();
    let to = |name: &str| {
        let mail = mails.iter().find(|mail| mail.to.iter().any(|to| to.starts_with(name)));
        MessageParser::default().parse(&mail.expect(name).raw).expect("a mail").into_owned()
    };
    let number = ticket["number"].as_str().expect("a number");
    let (chinese, english) = (to("maker@"), to("maker-en@"));
    for mail in [&chinese, &english] {
        assert!(mail.subject().expect("a subject").contains(number));
        for body in [mail.body_text(0).expect("text"), mail.body_html(0).expect("HTML")] {
            assert!(
                body.contains(number) && body.contains("http://supply.example/tickets/"),
                "{body}"
            );
            assert!(!body.contains("连续三周"), "no conversation text");
        }
    }
    assert!(chinese.body_text(0).expect("text").contains("2026-02-25"), "the deadline and why");
    assert!(
        english.body_text(0).expect("text").contains("working day")
            || english.body_text(0).expect("text").contains("day 1")
    );
    assert!(to("distributor@").subject().is_some());
    let texts = app.sms.requests();
    assert_eq!(texts.len(), 2, "one per person of the manufacturer");
    assert!(texts.iter().all(|text| text.signed));
    let path = format!("/tickets/{}/deliveries", ticket["id"].as_str().expect("an id"));
    let items = hospital.get(&path).await.expect(200).json()["items"].clone();
    assert!(items.as_array().expect("deliveries").iter().all(|d| d["state"] == "sent"), "{items}");
    app.stop().await;
}

async fn a_rejected_address_is_a_dead_letter_that_can_be_sent_again(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    app.mail.set_script(Script::RejectRcpt(550));
    hospital.file().await;
    hospital.advance_to("2026-02-13T10:31:00+08:00").await;
    let admin = app.sign_in("admin").await;
    let dead = admin.get("/deliveries?state=failed").await.expect(200).json()["items"].clone();
    assert_eq!(dead.as_array().expect("dead letters").len(), 3, "{dead}");
    assert!(dead[0]["response"].as_str().expect("why").contains("550"), "{dead}");
    app.mail.set_script(Script::Accept);
    let path = format!("/deliveries/{}/replay", dead[0]["id"].as_str().expect("an id"));
    hospital.post(&path, &json!({})).await.expect(403);
    let replayed = admin.post(&path, &json!({})).await;
    assert!(replayed.status < 300, "{}", replayed.text);
    hospital.advance_to("2026-02-13T10:32:00+08:00").await;
    assert_eq!(app.mail.messages().len(), 1);
    admin.post(&path, &json!({})).await.expect(409);
    app.stop().await;
}

async fn the_log_is_filtered(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    app.sign_in("hospital").await.file().await;
    let admin = app.sign_in("admin").await;
    let shown = async |query: &str| {
        let path = format!("/deliveries?page_size=100&{query}");
        let page = admin.get(&path).await.expect(200).json();
        page["items"].as_array().expect("deliveries").clone()
    };
    let all = shown("").await;
    let by_sms = shown("channel=sms").await;
    assert!(!by_sms.is_empty() && by_sms.iter().all(|one| one["channel"] == "sms"));
    assert_eq!(shown("channel=mail").await.len() + by_sms.len(), all.len());
    // They leave meanwhile: only which ones they are stays the same.
    let ids = |rows: &[Value]| rows.iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&shown("kind=filed").await), ids(&all));
    assert_eq!(ids(&shown("kind=filed&channel=sms").await), ids(&by_sms));
    assert!(shown("kind=missed").await.is_empty() && shown("kind=digest").await.is_empty());
    for (query, field) in [("channel=fax", "channel"), ("kind=Filed", "kind"), ("kind=", "kind")] {
        let answer = admin.get(&format!("/deliveries?{query}")).await.expect(422);
        assert_eq!(answer.fields()[0].0, field, "{query}");
    }
    app.stop().await;
}

async fn a_failing_gateway_is_tried_again(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    app.sms.set_answer(Answer::Status(503, String::new()));
    let ticket = hospital.file().await;
    hospital.advance_to("2026-02-13T10:31:00+08:00").await;
    let tried = app.sms.requests().len();
    assert!(tried >= 2, "both people of the manufacturer were tried");
    app.sms.set_answer(Answer::Status(200, String::new()));
    hospital.advance_to("2026-02-13T12:00:00+08:00").await;
    let requests = app.sms.requests();
    let ids: std::collections::BTreeSet<_> =
        requests.iter().map(|request| request.headers["webhook-id"].clone()).collect();
    assert_eq!(ids.len(), 2, "a repetition has the id of the first attempt");
    let path = format!("/tickets/{}/deliveries", ticket["id"].as_str().expect("an id"));
    let items = hospital.get(&path).await.expect(200).json()["items"].clone();
    let texts: Vec<_> =
        items.as_array().expect("deliveries").iter().filter(|d| d["channel"] == "sms").collect();
    assert!(texts.iter().all(|text| text["state"] == "sent"), "{items}");
    assert!(texts.iter().all(|text| text["attempts"].as_i64() > Some(1)), "{items}");
    app.stop().await;
}

async fn a_notice_that_was_read_says_so(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let ticket = hospital.file().await;
    hospital.advance_to("2026-02-13T10:31:00+08:00").await;
    let notices = maker.get("/notices").await.expect(200).json()["items"].clone();
    assert_eq!(notices[0]["ticket"]["id"], ticket["id"]);
    let path = format!("/notices/{}/read", notices[0]["id"].as_str().expect("an id"));
    hospital.post(&path, &json!({})).await.expect(404);
    let read = maker.post(&path, &json!({})).await;
    assert!(read.status < 300, "{}", read.text);
    let deliveries = format!("/tickets/{}/deliveries", ticket["id"].as_str().expect("an id"));
    let items = hospital.get(&deliveries).await.expect(200).json()["items"].clone();
    assert!(items.as_array().expect("deliveries").iter().any(|d| d["state"] == "read"), "{items}");
    app.stop().await;
}

/// The mailboxes that something new came to, in order.
fn mailboxes(app: &TestApp, seen: usize) -> Vec<String> {
    let mails = app.mail.messages();
    let names = mails.iter().skip(seen).flat_map(|mail| &mail.to);
    let mut names: Vec<_> =
        names.filter_map(|to| to.split('@').next()).map(str::to_owned).collect();
    names.sort();
    names
}

async fn the_persons_of_the_territory_are_told_before_the_general_ones(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    add_colleague(&db.store, "maker-sd", ("maker", Some("370000")), true).await;
    add_colleague(&db.store, "maker-city", ("maker", Some("371000")), true).await;
    add_colleague(&db.store, "maker-county", ("maker", Some("371002")), false).await;
    add_colleague(&db.store, "maker-zj", ("maker", Some("330000")), true).await;
    let hospital = app.sign_in("hospital").await;
    hospital.file().await;
    hospital.advance_to("2026-02-13T10:31:00+08:00").await;
    // The county's person has no address: their city colleague is told too.
    assert_eq!(mailboxes(&app, 0), ["distributor", "maker-city"]);
    for (username, count) in [("maker-county", 1), ("maker-city", 1), ("maker", 0), ("maker-zj", 0)]
    {
        let told = app.sign_in(username).await.get("/notices").await.expect(200).json();
        assert_eq!(told["items"].as_array().map(Vec::len), Some(count), "{username}");
    }
    // In another city the province's person is the nearest.
    let seen = app.mail.messages().len();
    let elsewhere = app.sign_in("hospital2").await;
    elsewhere.file().await;
    elsewhere.advance_to("2026-02-13T10:32:00+08:00").await;
    let told = mailboxes(&app, seen);
    assert!(told.contains(&"maker-sd".to_owned()), "{told:?}");
    assert!(!told.iter().any(|name| name == "maker" || name == "maker-city"), "{told:?}");
    app.stop().await;
}

async fn a_manufacturer_nobody_can_reach_is_the_provinces_affair(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let silence = "UPDATE app_user SET email = NULL, phone = NULL WHERE username LIKE 'maker%'";
    db.execute(silence).await;
    let hospital = app.sign_in("hospital").await;
    let ticket = hospital.file().await;
    assert_eq!(ticket["no_contact"], true);
    hospital.advance_to("2026-02-13T10:31:00+08:00").await;
    assert_eq!(mailboxes(&app, 0), ["distributor", "province"]);
    // A person for another place is better than nobody.
    add_colleague(&db.store, "maker-zj", ("maker", Some("330000")), true).await;
    let seen = app.mail.messages().len();
    let reachable = hospital.file().await;
    assert_eq!(reachable["no_contact"], false);
    hospital.advance_to("2026-02-13T10:32:00+08:00").await;
    assert_eq!(mailboxes(&app, seen), ["distributor", "maker-zj"]);
    app.stop().await;
}
