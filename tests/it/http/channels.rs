//! The channels, as administrators set and try them.

use reqwest::Method;
use serde_json::{Value, json};
use supplyline::domain::channel::ChannelName;
use supplyline::store::channels;

use super::stage::{refused, sound};
use crate::support::app::{Answer, As, TestApp};
use crate::support::browser::Browser;
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::smtp::Script;
use crate::support::webhook::{Answer as Reply, SECRET};
use crate::support::world;

both!(
    what_an_administrator_sets_is_used_at_once,
    a_robot_tells_its_group_what_presses,
    secrets_are_kept_and_never_shown,
    another_replica_uses_what_is_set_here,
);
sqlite_only!(
    only_administrators_set_channels,
    what_the_operator_has_set_is_read_only,
    a_test_says_how_far_it_came,
    a_test_says_where_it_goes_and_whether_that_was_verified,
    tests_are_few,
    what_cannot_be_used_is_refused,
    what_is_set_leads_out_of_the_house_b080,
    the_pages_work_without_script,
);

async fn put(who: &As<'_>, name: &str, version: u32, body: &Value) -> Answer {
    let request = who.request(Method::PUT, &format!("/channels/{name}"));
    who.send(request.header("If-Match", format!("\"{version}\"")).json(body)).await
}

fn mail(app: &TestApp) -> Value {
    let port: u16 = app.mail.url.rsplit(':').next().expect("a port").parse().expect("a number");
    json!({
        "enabled": true, "host": "127.0.0.1", "port": port, "security": "offered",
        "from": "供应保障 <noreply@supply.example>", "reason": "启用邮件。",
    })
}

fn sms(app: &TestApp) -> Value {
    json!({
        "enabled": true, "url": app.sms.url, "secret": SECRET, "shape": "standard",
        "signature": "某省医保局", "reason": "启用短信。",
    })
}

fn robot(app: &TestApp, kind: &str) -> Value {
    json!({
        "enabled": true, "kind": kind, "url": format!("{}?key=hunter2", app.sms.url),
        "secret": "SEChunter2", "reason": "群内提醒。",
    })
}

fn robot_of(house: &str) -> String {
    format!("robot-{}", world::house(house))
}

/// The steps of a test with whether each went well.
pub(super) fn steps(answer: &Answer) -> Vec<(String, bool)> {
    let steps = answer.json()["steps"].as_array().expect("steps").clone();
    let step = |one: &Value| {
        (one["step"].as_str().expect("a step").to_owned(), one["ok"].as_bool().expect("a word"))
    };
    steps.iter().map(step).collect()
}

/// The step that a test ended with, and what was said.
pub(super) fn last(answer: &Answer) -> (String, bool, String) {
    let steps = answer.json()["steps"].as_array().expect("steps").clone();
    let one = steps.last().expect("a step");
    let text = |name: &str| one[name].as_str().expect(name).to_owned();
    (text("step"), one["ok"].as_bool().expect("a word"), text("detail"))
}

async fn what_an_administrator_sets_is_used_at_once(db: TestDb) {
    let app = TestApp::spawn_unset(&db).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    let seen = admin.get("/channels").await.expect(200).json();
    let told: Vec<_> = seen["items"].as_array().expect("channels").iter().collect();
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|one| one["source"] == "unset" && one["version"] == 0), "{seen}");
    hospital.file().await;
    hospital.advance_to("2026-02-13T10:31:00+08:00").await;
    assert_eq!((app.mail.messages().len(), app.sms.requests().len()), (0, 0), "in-app alone");
    let unsure = admin.send(admin.request(Method::PUT, "/channels/mail").json(&mail(&app))).await;
    refused(&unsure, (428, "precondition_required"), "If-Match is missing");
    let set = put(&admin, "mail", 0, &mail(&app)).await.expect(200);
    assert_eq!(
        (set.header("etag"), set.json()["source"].clone()),
        ("\"1\"".to_owned(), json!("database"))
    );
    put(&admin, "sms", 0, &sms(&app)).await.expect(200);
    refused(&put(&admin, "sms", 0, &sms(&app)).await, (412, "outdated"), "stale");
    hospital.file().await;
    hospital.advance_to("2026-02-13T10:32:00+08:00").await;
    assert_eq!((app.mail.messages().len(), app.sms.requests().len()), (3, 2));
    assert!(app.sms.requests().iter().all(|one| one.signed));
    let mut aliyun = sms(&app);
    aliyun["shape"] = json!("aliyun");
    aliyun["templates"] = json!({"filed": "SMS_1:number,deadline", "*": "SMS_2"});
    put(&admin, "sms", 1, &aliyun).await.expect(200);
    hospital.file().await;
    hospital.advance_to("2026-02-13T10:33:00+08:00").await;
    let sent = app.sms.requests().last().expect("sent").json();
    assert_eq!((&sent["TemplateCode"], &sent["SignName"]), (&json!("SMS_1"), &json!("某省医保局")));
    assert!(sent["TemplateParam"].as_str().expect("text").contains("\"number\":\"SQ-371002"));
    let mut off = mail(&app);
    off["enabled"] = json!(false);
    put(&admin, "mail", 1, &off).await.expect(200);
    let before = app.mail.messages().len();
    hospital.file().await;
    hospital.advance_to("2026-02-13T10:34:00+08:00").await;
    assert_eq!(app.mail.messages().len(), before, "not in use");
    let counted = json!({"text": format!("{}{{ticket.number}}", "药".repeat(41))});
    let path = "/templates/filed/manufacturer/sms/zh-CN/preview";
    let look = admin.post(path, &counted).await.expect(200).json();
    assert_eq!(
        (&look["length"]["units"], &look["length"]["parts"]),
        (&json!(71), &json!(2)),
        "signed"
    );
    app.stop().await;
}

async fn a_robot_tells_its_group_what_presses(db: TestDb) {
    let app = TestApp::spawn_unset(&db).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    for name in [robot_of("hospital"), robot_of("distributor"), "robot-7".to_owned()] {
        let answer = put(&admin, &name, 0, &robot(&app, "wecom")).await;
        refused(&answer, (404, "not_found"), &name);
    }
    app.sms.set_answer(Reply::Status(200, r#"{"errcode":0,"errmsg":"ok"}"#.to_owned()));
    put(&admin, &robot_of("maker"), 0, &robot(&app, "dingtalk")).await.expect(200);
    put(&admin, &robot_of("city"), 0, &robot(&app, "wecom")).await.expect(200);
    hospital.file().await;
    hospital.advance_to("2026-02-14T10:00:00+08:00").await;
    assert_eq!(app.sms.requests().len(), 0, "nothing presses yet");
    hospital.advance_to("2026-02-25T00:01:00+08:00").await;
    let sent = app.sms.requests();
    let texts: Vec<_> = sent.iter().map(|one| one.json()["text"]["content"].to_string()).collect();
    assert_eq!(
        sent.len(),
        2,
        "the miss to the manufacturer, the escalation to the city: {texts:?}"
    );
    let signed = sent.iter().filter(|one| one.request.contains("&timestamp=")).count();
    assert_eq!(signed, 1, "DingTalk signs in the address, WeCom does not");
    assert!(texts.iter().all(|text| text.contains("SQ-371002") && text.contains("/tickets/")));
    app.sms.set_answer(Reply::Status(200, r#"{"errcode":130101,"errmsg":"too fast"}"#.to_owned()));
    let log = admin.get("/deliveries?channel=robot").await.expect(200).json();
    let states: Vec<_> =
        log["items"].as_array().expect("rows").iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, [json!("sent"), json!("sent")], "{log}");
    assert!(!log.to_string().contains("hunter2"), "{log}");
    app.stop().await;
}

async fn secrets_are_kept_and_never_shown(db: TestDb) {
    let app = TestApp::spawn_unset(&db).await;
    let admin = app.sign_in("admin").await;
    let mut body = mail(&app);
    body["username"] = json!("notice");
    refused(&put(&admin, "mail", 0, &body).await, (422, "invalid"), "a user without a password");
    body["password"] = json!("hunter2");
    put(&admin, "mail", 0, &body).await.expect(200);
    put(&admin, &robot_of("city"), 0, &robot(&app, "feishu")).await.expect(200);
    let auditor = app.sign_in("auditor").await;
    let browser = Browser::of(&app, &admin);
    for text in [
        admin.get("/channels").await.expect(200).text,
        admin.get("/channels/mail").await.expect(200).text,
        admin.get(&format!("/channels/{}", robot_of("city"))).await.expect(200).text,
        auditor.get("/audit").await.expect(200).text,
        browser.get("/channels/mail").await.expect(200).text,
        browser.get(&format!("/channels/{}", robot_of("city"))).await.expect(200).text,
    ] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert_eq!(admin.get("/channels/mail").await.json()["secrets"], json!(["password"]));
    let kept = channels::find(db.store.read_unscoped(), ChannelName::Mail).await.expect("read");
    let kept = kept.expect("it is set").secrets;
    assert!(kept.starts_with("locked-1:") && !kept.contains("hunter2"), "{kept}");
    // Left out, a secret stays; for another server it must be given again.
    let mut later = mail(&app);
    later["username"] = json!("notice");
    put(&admin, "mail", 1, &later).await.expect(200);
    assert_eq!(admin.get("/channels/mail").await.json()["secrets"], json!(["password"]));
    later["host"] = json!("evil.example");
    let moved = put(&admin, "mail", 2, &later).await.expect(422);
    assert_eq!(moved.fields(), [("password".to_owned(), "required_again".to_owned())]);
    let moved =
        json!({"enabled": true, "kind": "feishu", "url": "https://evil.example/x", "reason": "x"});
    let moved = put(&admin, &robot_of("city"), 1, &moved).await.expect(422);
    assert_eq!(moved.fields(), [("secret".to_owned(), "required_again".to_owned())]);
    // A secret that cannot be opened makes messages wait, and is no end.
    db.execute("update channel set secrets = 'locked-1:AAAA', version = 9 where name = 'mail'")
        .await;
    let hospital = app.sign_in("hospital").await;
    hospital.file().await;
    hospital.advance_to("2026-02-13T10:31:00+08:00").await;
    let log = admin.get("/deliveries?channel=mail&state=queued").await.expect(200).json();
    let response = log["items"][0]["response"].as_str().expect("a reason").to_owned();
    assert!(response.contains("cannot be opened"), "{log}");
    app.stop().await;
}

async fn only_administrators_set_channels(db: TestDb) {
    let app = TestApp::spawn_unset(&db).await;
    for who in ["hospital", "maker", "distributor", "city", "security", "auditor"] {
        let who = app.sign_in(who).await;
        for path in ["/channels", "/channels/mail", "/channels/nonsense"] {
            refused(&who.get(path).await, (403, "forbidden"), path);
        }
        refused(&put(&who, "mail", 0, &mail(&app)).await, (403, "forbidden"), "set");
        refused(&who.post_raw("/channels/mail/test", "").await, (403, "forbidden"), "test");
        assert_eq!(Browser::of(&app, &who).get("/channels/mail").await.status, 403);
    }
    let admin = app.sign_in("admin").await;
    for nowhere in ["nonsense", "robot-", "Mail", "%00"] {
        refused(&admin.get(&format!("/channels/{nowhere}")).await, (404, "not_found"), nowhere);
    }
    app.stop().await;
}

async fn what_the_operator_has_set_is_read_only(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let seen = admin.get("/channels/mail").await.expect(200);
    sound(&seen, "mail");
    let seen = seen.json();
    assert_eq!(
        (&seen["source"], &seen["settings"]["host"]),
        (&json!("environment"), &json!("127.0.0.1"))
    );
    let sms_seen = admin.get("/channels/sms").await.expect(200).json();
    assert!(
        sms_seen["settings"]["host"].as_str().expect("a host").starts_with("http://127.0.0.1:")
    );
    for (name, body) in [("mail", mail(&app)), ("sms", sms(&app))] {
        let answer = put(&admin, name, 0, &body).await;
        refused(&answer, (409, "fixed_by_environment"), name);
    }
    let answer = admin.post("/channels/mail/test", &json!({})).await.expect(200);
    assert_eq!(answer.json()["ok"], true, "{}", answer.text);
    let page = Browser::of(&app, &admin).get("/channels/mail").await.expect(200).text;
    assert!(page.contains("由运维设定") && !page.contains("name=\"host\""), "{page}");
    app.stop().await;
}

async fn a_test_says_where_it_goes_and_whether_that_was_verified(db: TestDb) {
    let app = TestApp::spawn_unset(&db).await;
    let admin = app.sign_in("admin").await;
    put(&admin, "mail", 0, &mail(&app)).await.expect(200);
    put(&admin, "sms", 0, &sms(&app)).await.expect(200);
    let sent = admin.post_raw("/channels/mail/test", "").await.expect(200).json();
    let to = json!({"address": "a***@supply.example", "standing": "unverified"});
    assert_eq!(sent["to"], to, "{sent}");
    let text = admin.post_raw("/channels/sms/test", "").await.expect(200).json();
    assert_eq!(text["to"], json!({"address": "138****0000", "standing": "unverified"}), "{text}");
    let browser = Browser::of(&app, &admin);
    let page = browser.get("/channels/mail").await.expect(200).text;
    assert!(page.contains("a***@supply.example（未核实）"), "{page}");
    assert!(!page.contains("admin@supply.example"), "{page}");
    // The same address as a contact of the administrator's organisation, shown to be theirs.
    let card = json!({"function": "other", "name": "管理员", "channel": "mail",
        "address": "admin@supply.example", "territory": null});
    let contacts = format!("/organisations/{}/contacts", world::house("platform"));
    admin.post(&contacts, &card).await.expect(201);
    db.execute("update contact set verified_at = '2026-02-01T00:00:00+00:00'").await;
    let sent = admin.post_raw("/channels/mail/test", "").await.expect(200).json();
    assert_eq!(sent["to"]["standing"], "verified", "{sent}");
    let page = browser.post("/channels/mail/test", &[]).await.expect(200).text;
    assert!(page.contains("a***@supply.example（已核实）"), "{page}");
    db.execute("update contact set verified_at = '2024-02-01T00:00:00+00:00'").await;
    let page = browser.get("/channels/mail").await.expect(200).text;
    assert!(page.contains("a***@supply.example（核实已过期）"), "{page}");
    // A number of the same digits on another channel is another address.
    let page = browser.get("/channels/sms").await.expect(200).text;
    assert!(page.contains("138****0000（未核实）"), "{page}");
    put(&admin, &robot_of("city"), 0, &robot(&app, "wecom")).await.expect(200);
    let put_there = admin.post_raw(&format!("/channels/{}/test", robot_of("city")), "").await;
    assert!(put_there.expect(200).json().get("to").is_none());
    db.execute("update app_user set email = null where username = 'admin'").await;
    let page = browser.get("/channels/mail").await.expect(200).text;
    assert!(page.contains("没有登记地址"), "{page}");
    app.stop().await;
}

async fn a_test_says_how_far_it_came(db: TestDb) {
    let app = TestApp::spawn_unset(&db).await;
    let admin = app.sign_in("admin").await;
    refused(&admin.post_raw("/channels/mail/test", "").await, (409, "channel_unset"), "unset");
    put(&admin, "mail", 0, &mail(&app)).await.expect(200);
    let fine = admin.post_raw("/channels/mail/test", "").await.expect(200);
    let walked = ["dns", "connect", "ehlo", "tls", "mail_from", "rcpt_to", "data"];
    assert_eq!(steps(&fine), walked.map(|step| (step.to_owned(), true)), "{}", fine.text);
    assert_eq!(app.mail.messages()[0].to, ["admin@supply.example"]);
    app.mail.set_script(Script::RejectRcpt(550));
    let refused_there = last(&admin.post_raw("/channels/mail/test", "").await.expect(200));
    assert_eq!((refused_there.0.as_str(), refused_there.1), ("rcpt_to", false));
    assert!(refused_there.2.contains("550") && refused_there.2.contains("no such mailbox here"));
    app.mail.set_script(Script::TempFail(452));
    assert_eq!(last(&admin.post_raw("/channels/mail/test", "").await).0, "mail_from");
    app.mail.set_script(Script::RejectData(554));
    assert_eq!(last(&admin.post_raw("/channels/mail/test", "").await).0, "data");
    let mut strict = mail(&app);
    strict["security"] = json!("required");
    put(&admin, "mail", 1, &strict).await.expect(200);
    assert_eq!(last(&admin.post_raw("/channels/mail/test", "").await).0, "tls");
    // Another administrator has their own count.
    db.execute("update audit set at = '2020-01-01T00:00:00+00:00' where action = 'channel_tested'")
        .await;
    let mut nowhere = mail(&app);
    nowhere["port"] = json!(1);
    put(&admin, "mail", 2, &nowhere).await.expect(200);
    assert_eq!(last(&admin.post_raw("/channels/mail/test", "").await).0, "connect");
    nowhere["host"] = json!("no.such.host.invalid");
    put(&admin, "mail", 3, &nowhere).await.expect(200);
    assert_eq!(last(&admin.post_raw("/channels/mail/test", "").await).0, "dns");
    put(&admin, "sms", 0, &sms(&app)).await.expect(200);
    let sent = admin.post_raw("/channels/sms/test", "").await.expect(200);
    assert_eq!(sent.json()["ok"], true, "{}", sent.text);
    assert_eq!(app.sms.requests()[0].json()["to"], "13800000000");
    app.sms.set_answer(Reply::Status(401, "bad signature".to_owned()));
    let told = last(&admin.post_raw("/channels/sms/test", "").await);
    assert!(told.0 == "status" && told.2.contains("401 bad signature"), "{told:?}");
    db.execute("update audit set at = '2020-01-01T00:00:00+00:00' where action = 'channel_tested'")
        .await;
    put(&admin, &robot_of("city"), 0, &robot(&app, "wecom")).await.expect(200);
    app.sms.set_answer(Reply::Status(200, r#"{"errcode":93000,"errmsg":"invalid"}"#.to_owned()));
    let robot = format!("/channels/{}/test", robot_of("city"));
    let told = last(&admin.post_raw(&robot, "").await);
    assert!(told.0 == "answer" && !told.1 && told.2.contains("93000"), "{told:?}");
    app.sms.set_answer(Reply::Cut);
    let told = admin.post_raw(&robot, "").await.expect(200);
    assert!(!last(&told).1 && !told.text.contains("hunter2"), "{}", told.text);
    app.stop().await;
}

async fn tests_are_few(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    for _ in 0..5 {
        admin.post_raw("/channels/mail/test", "").await.expect(200);
    }
    let answer = admin.post_raw("/channels/mail/test", "").await;
    refused(&answer, (429, "throttled"), "the sixth");
    let wait: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=600).contains(&wait), "{wait}");
    assert_eq!(app.mail.messages().len(), 5);
    let log = app.sign_in("auditor").await.get("/audit?action=channel_tested").await.expect(200);
    assert_eq!(log.json()["items"].as_array().map(Vec::len), Some(5));
    app.stop().await;
}

async fn what_cannot_be_used_is_refused(db: TestDb) {
    let app = TestApp::spawn_unset(&db).await;
    let admin = app.sign_in("admin").await;
    let with = |mut body: Value, field: &str, value: Value| {
        body[field] = value;
        body
    };
    for (name, body, expected) in [
        ("mail", with(mail(&app), "host", json!("a b")), "host"),
        ("mail", with(mail(&app), "host", json!("h\r\nx")), "host"),
        ("mail", with(mail(&app), "port", json!(0)), "port"),
        ("mail", with(mail(&app), "port", json!(70_000)), "port"),
        ("mail", with(mail(&app), "security", json!("none")), "security"),
        ("mail", with(mail(&app), "from", json!("nobody")), "from"),
        ("mail", with(mail(&app), "reason", json!(" ")), "reason"),
        ("sms", with(sms(&app), "url", json!("http://gateway.example/sms")), "url"),
        ("sms", with(sms(&app), "url", json!("https://u:p@gateway.example/")), "url"),
        ("sms", with(sms(&app), "url", json!("file:///etc/passwd")), "url"),
        ("sms", with(sms(&app), "secret", json!("hunter2")), "secret"),
        ("sms", with(sms(&app), "shape", json!("huawei")), "shape"),
        ("sms", with(sms(&app), "shape", json!("aliyun")), "templates"),
        ("sms", with(sms(&app), "templates", json!({"tea": "SMS_1"})), "templates"),
        ("sms", with(sms(&app), "templates", json!({"filed": "SMS_1:secret"})), "templates"),
        ("sms", with(sms(&app), "signature", json!("药".repeat(21))), "signature"),
    ] {
        let answer = put(&admin, name, 0, &body).await;
        refused(&answer, (422, "invalid"), expected);
        assert_eq!(answer.fields()[0].0, expected, "{}", answer.text);
        assert!(!answer.text.contains("hunter2"));
    }
    let answer = put(&admin, "mail", 0, &with(mail(&app), "role", json!("admin"))).await;
    assert_eq!(answer.fields()[0].1, "unknown_field", "{}", answer.text);
    let unused = with(with(mail(&app), "enabled", json!(false)), "port", json!(99));
    put(&admin, "mail", 0, &unused).await.expect(200);
    app.stop().await;
}

async fn what_is_set_leads_out_of_the_house_b080(db: TestDb) {
    let app = TestApp::spawn_guarded(&db).await;
    let admin = app.sign_in("admin").await;
    for host in ["127.0.0.1", "localhost", "169.254.169.254", "::1", "0.0.0.0"] {
        let mut body = mail(&app);
        (body["host"], body["port"]) = (json!(host), json!(25));
        let answer = put(&admin, "mail", 0, &body).await.expect(422);
        assert_eq!(answer.fields()[0].0, "host", "{}", answer.text);
    }
    let mut odd = mail(&app);
    (odd["host"], odd["port"]) = (json!("mail.example.cn"), json!(22));
    assert_eq!(put(&admin, "mail", 0, &odd).await.expect(422).fields()[0].0, "port");
    for url in [
        app.sms.url.as_str(),
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::ffff:127.0.0.1]/",
        "https://10.0.0.1/",
        "https://gateway.example.cn:22/",
        "https://localhost/",
    ] {
        for (name, body) in [("sms", sms(&app)), (&robot_of("city"), robot(&app, "wecom"))] {
            let mut body = body;
            body["url"] = json!(url);
            let answer = put(&admin, name, 0, &body).await.expect(422);
            assert_eq!(answer.fields()[0].0, "url", "{}", answer.text);
            assert!(!answer.text.contains("hunter2"));
        }
    }
    app.stop().await;
}

async fn another_replica_uses_what_is_set_here(db: TestDb) {
    let app = TestApp::spawn_unset(&db).await;
    let other = TestApp::replica_unset(&db).await;
    let (admin, there) = (app.sign_in("admin").await, other.sign_in("admin").await);
    put(&admin, "mail", 0, &mail(&app)).await.expect(200);
    let tested = there.post_raw("/channels/mail/test", "").await.expect(200);
    assert_eq!(tested.json()["ok"], true, "{}", tested.text);
    assert_eq!((app.mail.messages().len(), other.mail.messages().len()), (1, 0));
    put(&admin, "mail", 1, &mail(&other)).await.expect(200);
    there.post_raw("/channels/mail/test", "").await.expect(200);
    assert_eq!((app.mail.messages().len(), other.mail.messages().len()), (1, 1));
    other.stop().await;
    app.stop().await;
}

async fn the_pages_work_without_script(db: TestDb) {
    let app = TestApp::spawn_unset(&db).await;
    let admin = app.sign_in("admin").await;
    let browser = Browser::of(&app, &admin);
    let list = browser.get("/channels").await.expect(200).text;
    assert!(list.contains("href=\"/channels/mail\"") && list.contains("未设置"), "{list}");
    let port = mail(&app)["port"].to_string();
    let typed = |host: &str, version: &str| {
        [
            ("enabled", "true"),
            ("host", host),
            ("port", port.as_str()),
            ("security", "offered"),
            ("username", ""),
            ("password", ""),
            ("from", "noreply@supply.example"),
            ("reason", "启用"),
            ("_version", version),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let wrong = browser.post("/channels/mail", &typed("a b", "0")).await.expect(422).text;
    assert!(wrong.contains("value=\"a b\"") && wrong.contains("无法使用"), "{wrong}");
    let saved = browser.post("/channels/mail", &typed("127.0.0.1", "0")).await.expect(303);
    assert_eq!(saved.header("location"), "/channels/mail?done=channel");
    browser.post("/channels/mail", &typed("127.0.0.1", "0")).await.expect(412);
    let tested = browser.post("/channels/mail/test", &[]).await.expect(200).text;
    assert!(tested.contains("对方已接收") && tested.contains("收件人（RCPT TO）"), "{tested}");
    app.mail.set_script(Script::RejectRcpt(550));
    let tested = browser.post("/channels/mail/test", &[]).await.expect(200).text;
    assert!(tested.contains("未能送达") && tested.contains("550"), "{tested}");
    let found = browser.get("/channels?q=%E6%BB%A8%E6%B5%B7%E5%B8%82").await.expect(200).text;
    assert!(found.contains(&format!("href=\"/channels/{}\"", robot_of("city"))), "{found}");
    let page = browser.get(&format!("/channels/{}", robot_of("city"))).await.expect(200).text;
    assert!(page.contains("滨海市医保局") && page.contains("钉钉"), "{page}");
    let lines = [
        ("enabled", "true"),
        ("url", app.sms.url.as_str()),
        ("secret", SECRET),
        ("shape", "tencent"),
        ("signature", "某省医保局"),
        ("app", "1400006666"),
        ("templates", "filed=1001\r\n*=1002:number"),
        ("reason", "启用"),
        ("_version", "0"),
    ];
    let lines = lines.map(|(name, value)| (name.to_owned(), value.to_owned()));
    browser.post("/channels/sms", &lines).await.expect(303);
    let kept = admin.get("/channels/sms").await.expect(200).json();
    assert_eq!(kept["settings"]["templates"], json!({"filed": "1001", "*": "1002:number"}));
    app.stop().await;
}
