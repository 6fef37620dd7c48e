//! The texts of notices, as administrators word them: over the API and on their pages.

use std::time::Duration;

use mail_parser::MessageParser;
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{refused, sound};
use crate::support::app::{Answer, As, TestApp};
use crate::support::browser::{Browser, plain};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::smtp::Script;
use crate::support::world;

both!(
    a_text_is_worded_anew_used_and_restored,
    a_notice_that_was_rendered_is_sent_as_it_was,
    a_text_that_cannot_be_used_gives_way_to_the_shipped_one,
    a_letter_is_worded_anew_used_and_restored,
);
sqlite_only!(
    only_administrators_keep_texts,
    every_text_has_a_look,
    what_is_wrong_with_a_text_is_told_b017,
    the_editor_works_without_script,
    letters_that_nobody_may_word_are_not_there,
);

const FILED: &str = "/templates/filed/manufacturer/mail/zh-CN";
const FILED_SMS: &str = "/templates/filed/manufacturer/sms/zh-CN";
const SENT: &str = "2026-02-13T10:31:00+08:00";

fn worded(subject: &str, text: &str) -> Value {
    json!({"subject": subject, "text": text, "reason": "按新文件统一措辞。"})
}

async fn put(who: &As<'_>, path: &str, version: &str, body: &Value) -> Answer {
    let request = who.request(Method::PUT, path).header("If-Match", version).json(body);
    who.send(request).await
}

/// The subject and the text of the last mail to somebody.
fn mail(app: &TestApp, to: &str) -> (String, String) {
    let messages = app.mail.messages();
    let mut own = messages.iter().rev().filter(|taken| taken.to == [to]);
    let raw = &own.next().expect(to).raw;
    let message = MessageParser::default().parse(raw).expect("a mail");
    let text = message.body_text(0).expect("text").replace("\r\n", "\n");
    (message.subject().expect("a subject").to_owned(), text)
}

async fn a_text_is_worded_anew_used_and_restored(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    let before = admin.get(FILED).await.expect(200);
    assert_eq!(before.header("etag"), "\"0\"");
    let shown = before.json();
    assert_eq!(shown["subject"], "新诉求单待回复：{product}（{ticket.number}）");
    assert_eq!((&shown["edited"], &shown["version"]), (&json!(false), &json!(0)));
    let body = worded("请尽快回复{ticket.number}", "{recipient}：\n请于{due_at}前回复{hospital}。");
    let unsure = admin.send(admin.request(Method::PUT, FILED).json(&body)).await;
    refused(&unsure, (428, "precondition_required"), "If-Match is missing");
    let after = put(&admin, FILED, "\"0\"", &body).await.expect(200);
    assert_eq!(after.header("etag"), "\"1\"");
    refused(&put(&admin, FILED, "\"0\"", &body).await, (412, "outdated"), "stale");
    hospital.file().await;
    hospital.advance_to(SENT).await;
    let (subject, text) = mail(&app, "maker@supply.example");
    assert!(subject.starts_with("请尽快回复SQ-371002-20260213-"), "{subject}");
    let own = "maker 女士：\n请于2026-02-24 24:00前回复滨海市第一人民医院。";
    assert!(text.contains(own) && text.contains("计算过程"), "{text}");
    let (english, _) = mail(&app, "maker-en@supply.example");
    assert!(english.starts_with("New ticket to answer"), "another language: {english}");
    let restored = json!({"version": 0, "reason": "沿用原文。"});
    let again = admin.post(&format!("{FILED}/restore"), &restored).await.expect(200).json();
    assert_eq!((&again["version"], &again["edited"]), (&json!(2), &json!(false)));
    let versions = admin.get(&format!("{FILED}/versions?page_size=2")).await.expect(200).json();
    let told = versions["items"].as_array().expect("versions").iter();
    let told: Vec<_> = told.map(|one| (one["version"].clone(), one["shipped"].clone())).collect();
    assert_eq!(told, [(json!(2), json!(true)), (json!(1), json!(false))]);
    assert_eq!(versions["items"][1]["changed_by"], "admin 女士");
    let cursor = versions["next_cursor"].as_str().expect("more");
    let last = admin.get(&format!("{FILED}/versions?cursor={cursor}")).await.expect(200).json();
    assert_eq!(last["items"][0]["version"], 0);
    let bad = json!({"version": 7, "reason": "x"});
    let unknown = admin.post(&format!("{FILED}/restore"), &bad).await.expect(422);
    assert_eq!(unknown.fields(), [("version".to_owned(), "unknown".to_owned())]);
    let first = json!({"version": 1, "reason": "还是新的好。"});
    let third = admin.post(&format!("{FILED}/restore"), &first).await.expect(200).json();
    assert_eq!(third["subject"], body["subject"]);
    let edited = admin.get("/templates?edited=true").await.expect(200).json();
    assert_eq!(edited["items"].as_array().map(Vec::len), Some(1), "{edited}");
    let log = app.sign_in("auditor").await.get("/audit?action=template_restored").await.expect(200);
    let entry = &log.json()["items"][0];
    assert_eq!(entry["subject"], "filed/manufacturer/mail/zh-CN");
    assert_eq!(entry["detail"]["after"]["subject"], body["subject"]);
    app.stop().await;
}

async fn a_notice_that_was_rendered_is_sent_as_it_was(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    put(&admin, FILED, "\"0\"", &worded("第一稿{ticket.number}", "甲")).await.expect(200);
    app.mail.set_script(Script::RejectRcpt(451));
    hospital.file().await;
    hospital.advance_to("2026-02-13T10:30:00+08:00").await;
    assert_eq!(app.mail.messages().len(), 0);
    app.mail.set_script(Script::Accept);
    put(&admin, FILED, "\"1\"", &worded("第二稿{ticket.number}", "乙")).await.expect(200);
    hospital.advance_to("2026-02-13T10:40:00+08:00").await;
    assert!(mail(&app, "maker@supply.example").0.starts_with("第一稿"), "rendered before");
    hospital.file().await;
    hospital.advance_to("2026-02-13T10:41:00+08:00").await;
    assert!(mail(&app, "maker@supply.example").0.starts_with("第二稿"), "rendered after");
    app.stop().await;
}

async fn a_text_that_cannot_be_used_gives_way_to_the_shipped_one(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    put(&admin, FILED, "\"0\"", &worded("稿{ticket.number}", "甲")).await.expect(200);
    let sms = json!({"text": "诉求单{ticket.number}请回复", "reason": "x"});
    put(&admin, FILED_SMS, "\"0\"", &sms).await.expect(200);
    db.execute("update template set wording = '{\"subject\":\"a\",\"text\":\"{secret}\"}' where channel = 'mail'")
        .await;
    db.execute("update template set wording = 'nonsense' where channel = 'sms'").await;
    hospital.file().await;
    hospital.advance_to(SENT).await;
    assert!(mail(&app, "maker@supply.example").0.starts_with("新诉求单待回复"));
    let sent = app.sms.requests();
    let text = sent
        .iter()
        .map(|one| one.json()["text"].clone())
        .find(|text| text.as_str().is_some_and(|text| text.starts_with("诉求单SQ")));
    assert!(text.expect("sent").as_str().expect("text").contains("待回复，请于02-24 24:00前"));
    let notices = admin.get("/notices").await.expect(200).json();
    let told: Vec<_> = notices["items"].as_array().expect("notices").iter().collect();
    assert_eq!(told.len(), 2, "once per text: {notices}");
    assert!(told.iter().all(|one| one["kind"] == "template_broken"), "{notices}");
    hospital.file().await;
    hospital.advance_to("2026-02-13T10:35:00+08:00").await;
    let again = admin.get("/notices").await.expect(200).json();
    assert_eq!(again["items"].as_array().map(Vec::len), Some(2), "{again}");
    app.stop().await;
}

async fn only_administrators_keep_texts(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let body = worded("{ticket.number}", "x");
    for who in ["hospital", "maker", "distributor", "city", "security", "auditor"] {
        let who = app.sign_in(who).await;
        for path in ["/templates", FILED, "/templates/filed/hospital/mail/zh-CN"] {
            refused(&who.get(path).await, (403, "forbidden"), path);
        }
        refused(&put(&who, FILED, "\"0\"", &body).await, (403, "forbidden"), "replace");
        let preview = who.post_raw(&format!("{FILED}/preview"), "{").await;
        refused(&preview, (403, "forbidden"), "preview");
        let page = Browser::of(&app, &who).get(FILED).await;
        assert_eq!(page.status, 403);
    }
    let admin = app.sign_in("admin").await;
    for nowhere in [
        "/templates/filed/hospital/mail/zh-CN",
        "/templates/message/bureau/mail/zh-CN",
        "/templates/nonsense/bureau/mail/zh-CN",
        "/templates/filed/manufacturer/fax/zh-CN",
        "/templates/filed/manufacturer/mail/fr",
        "/templates/filed/manufacturer/mail/%00",
    ] {
        refused(&admin.get(nowhere).await, (404, "not_found"), nowhere);
        let answer = put(&admin, nowhere, "\"0\"", &body).await;
        refused(&answer, (404, "not_found"), nowhere);
    }
    app.stop().await;
}

async fn every_text_has_a_look(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let (mut path, mut seen) = ("/templates?page_size=100".to_owned(), 0);
    loop {
        let page = admin.get(&path).await.expect(200);
        sound(&page, &path);
        let page = page.json();
        for one in page["items"].as_array().expect("texts") {
            let part = |name: &str| one[name].as_str().expect(name).to_owned();
            let address = ["kind", "party", "channel", "language"].map(part).join("/");
            let body = json!({"subject": one["subject"], "text": one["text"], "next": one["next"]});
            let look = admin.post(&format!("/templates/{address}/preview"), &body).await;
            let look = look.expect(200).json();
            let text = look["text"].as_str().expect("text");
            let is_letter = one["party"] == "anybody";
            assert!(text.contains("SQ-371002-20260213-7K3Q") != is_letter, "{address}: {look}");
            assert!(!text.contains('{') && !look.to_string().contains("{ticket"), "{look}");
            if one["channel"] == "sms" {
                let parts = |which: &str| look[which]["parts"].as_u64().expect("parts");
                assert!(parts("longest") >= parts("length") && parts("longest") <= 2, "{look}");
            } else {
                assert!(look["html"].as_str().expect("html").starts_with("<!DOCTYPE html>"));
            }
            seen += 1;
        }
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/templates?page_size=100&cursor={cursor}");
    }
    assert!(seen > 100, "{seen}");
    app.stop().await;
}

async fn what_is_wrong_with_a_text_is_told_b017(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let preview = format!("{FILED}/preview");
    for (subject, text, expected) in [
        ("x", "{description}", ("text", "unknown_variable")),
        ("x", "{{ticket.number}", ("text", "unbalanced_braces")),
        ("{promised_on}", "x", ("subject", "unknown_variable")),
        ("a\nBcc: x@y.example", "x", ("subject", "control_characters")),
        ("a\u{202e}b", "x", ("subject", "control_characters")),
        ("x", "", ("text", "required")),
    ] {
        let body = json!({"subject": subject, "text": text});
        let answer = admin.post(&preview, &body).await.expect(422);
        assert_eq!(answer.fields(), [(expected.0.to_owned(), expected.1.to_owned())], "{text}");
        let answer = put(&admin, FILED, "\"0\"", &worded(subject, text)).await.expect(422);
        assert_eq!(answer.fields().len(), 1, "{}", answer.text);
    }
    let named = admin.post(&preview, &json!({"subject": "x", "text": "药品{secret}"})).await;
    let message = named.json()["errors"][0]["message"].as_str().expect("words").to_owned();
    for told in ["{secret}", "character 3", "{ticket.number} {product} {hospital}"] {
        assert!(message.contains(told), "{message}");
    }
    let sms = format!("{FILED_SMS}/preview");
    for (text, code) in [
        ("{ticket.number}{hospital}", "unknown_variable"),
        ("没有编号", "variable_required"),
        (&"药".repeat(501), "too_long"),
    ] {
        let answer = admin.post(&sms, &json!({"text": text})).await.expect(422);
        assert_eq!(answer.fields(), [("text".to_owned(), code.to_owned())], "{text}");
    }
    let evil = json!({"subject": "${{7*7}} <b>", "text": "<script>alert(1)</script>{product}"});
    let shown = admin.post(&preview, &evil).await;
    let shown = shown.expect(200).json();
    assert!(!shown["html"].as_str().expect("html").contains("<script"), "{shown}");
    assert_eq!(shown["subject"], "${7*7} <b>");
    let hundred = json!({"text": format!("{}{{ticket.number}}", "药".repeat(137))});
    let counted = admin.post(&sms, &hundred).await.expect(200).json();
    assert_eq!(
        (&counted["length"]["units"], &counted["length"]["parts"]),
        (&json!(160), &json!(3))
    );
    for body in ["[]", "{\"text\":\"x\",\"role\":\"admin\"}"] {
        let answer = admin.post_raw(&preview, body.to_owned()).await;
        refused(&answer, (422, "invalid"), body);
    }
    app.stop().await;
}

async fn the_editor_works_without_script(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let browser = Browser::of(&app, &admin);
    let list = browser.get("/templates").await.expect(200).text;
    assert!(list.contains(&format!("href=\"{FILED}\"")) && !list.contains("已修改</span>"));
    let page = browser.get(FILED).await.expect(200).text;
    for told in ["{ticket.number}", "新诉求单待回复：{product}", "系统自带", "下一步", "sandbox"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    let typed = |subject: &str, version: &str| {
        [
            ("subject", subject),
            ("text", "请于{due_at}前回复。\r\n<b>谢谢</b>"),
            ("next", ""),
            ("reason", "统一措辞"),
            ("_version", version),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let look = browser.post(&format!("{FILED}/preview"), &typed("{product}请回复", "0")).await;
    let look = look.expect(200).text;
    assert!(look.contains("甘精胰岛素注射液 3ml:300U请回复"), "{look}");
    assert!(look.contains("&#60;b&#62;谢谢") && !look.contains("<b>谢谢"));
    let framed = look.split("src=\"").find(|part| part.contains("/html?")).expect("a frame");
    let framed = plain(framed.split('"').next().expect("an address"));
    let html = browser.get(&framed).await.expect(200);
    assert!(html.header("content-security-policy").starts_with("sandbox;"));
    assert!(html.text.contains("前回复。<br>&#60;b&#62;谢谢"), "{}", html.text);
    let wrong = browser.post(FILED, &typed("{secret}", "0")).await.expect(422).text;
    assert!(wrong.contains("此处没有这个变量") && wrong.contains("value=\"{secret}\""), "{wrong}");
    let saved = browser.post(FILED, &typed("{product}请回复", "0")).await.expect(303);
    assert_eq!(saved.header("location"), format!("{FILED}?done=template"));
    let page = browser.get(&saved.header("location")).await.expect(200).text;
    assert!(page.contains("已保存为新版本") && page.contains("<del>") && page.contains("<ins>"));
    let late = browser.post(FILED, &typed("{product}另一稿", "0")).await.expect(412).text;
    assert!(late.contains("尚未保存") && late.contains("value=\"{product}另一稿\""), "{late}");
    let back = [("version", "0"), ("reason", "还原"), ("_version", "1")];
    let back = back.map(|(name, value)| (name.to_owned(), value.to_owned()));
    browser.post(&format!("{FILED}/restore"), &back).await.expect(303);
    let list = browser.get("/templates?edited=true").await.expect(200).text;
    assert!(list.contains("没有符合条件的内容"), "{list}");
    let sms = browser.get(FILED_SMS).await.expect(200).text;
    assert!(sms.contains("1 条") && sms.contains("最长取值时"), "{sms}");
    app.stop().await;
}

const CODE: &str = "/templates/contact_code/anybody/mail/zh-CN";

/// The subject and the text of the newest of so many mails to somebody, once they have arrived.
async fn arrived(app: &TestApp, to: &str, count: usize) -> (String, String) {
    for _ in 0..100 {
        let theirs = app.mail.messages().into_iter().filter(|taken| taken.to == [to]).count();
        if theirs >= count {
            return mail(app, to);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{count} mails to {to} did not arrive");
}

async fn a_letter_is_worded_anew_used_and_restored(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let seen = admin.get(CODE).await.expect(200);
    sound(&seen, CODE);
    let seen = seen.json();
    assert_eq!((&seen["kind"], &seen["party"]), (&json!("contact_code"), &json!("anybody")));
    assert_eq!(seen["variables"], json!(["recipient", "link", "code", "minutes"]), "{seen}");
    assert!(seen["text"].as_str().expect("text").contains("{code}"), "{seen}");
    for (text, code) in [
        ("请登录", "variable_required"),
        ("{code} {ticket.number}", "unknown_variable"),
        ("{code} {house}", "unknown_variable"),
    ] {
        let answer = put(&admin, CODE, "\"0\"", &worded("核实", text)).await.expect(422);
        assert_eq!(answer.fields(), [("text".to_owned(), code.to_owned())], "{text}");
    }
    let body = worded("核实地址", "您的验证码是{code}，{minutes}分钟内有效。");
    let draft = json!({"subject": "核实", "text": body["text"]});
    let look = admin.post(&format!("{CODE}/preview"), &draft).await.expect(200).json();
    assert!(look["text"].as_str().expect("text").contains("您的验证码是123456，"), "{look}");
    put(&admin, CODE, "\"0\"", &body).await.expect(200);
    let house = world::house("platform");
    let card = |address: &str| {
        json!({"function": "other", "name": "值班室", "channel": "mail", "address": address,
            "territory": null})
    };
    let contacts = format!("/organisations/{house}/contacts");
    let ask = async |address: &str| {
        let made = admin.post(&contacts, &card(address)).await.expect(201).json();
        let path = format!("/contacts/{}/code", made["id"].as_str().expect("an id"));
        admin.post(&path, &json!({})).await.expect(200);
        arrived(&app, address, 1).await
    };
    let (subject, text) = ask("one@supply.example").await;
    assert_eq!(subject, "核实地址");
    let code = text.split("您的验证码是").nth(1).and_then(|rest| rest.split('，').next());
    let code = code.expect("a code");
    assert!(code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()), "{text}");
    let again = json!({"version": 0, "reason": "沿用原文。"});
    admin.post(&format!("{CODE}/restore"), &again).await.expect(200);
    let (subject, text) = ask("two@supply.example").await;
    assert!(subject != "核实地址" && text.contains("验证码"), "{subject} {text}");
    let log = app.sign_in("auditor").await.get("/audit?action=template_replaced").await.expect(200);
    assert_eq!(log.json()["items"][0]["subject"], "contact_code/anybody/mail/zh-CN");
    app.stop().await;
}

async fn letters_that_nobody_may_word_are_not_there(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    for path in [
        "template_broken/anybody/mail/zh-CN",
        "digest/hospital/mail/zh-CN",
        "digest/anybody/sms/zh-CN",
        "filed/anybody/mail/zh-CN",
        "nonsense/anybody/mail/zh-CN",
    ] {
        refused(&admin.get(&format!("/templates/{path}")).await, (404, "not_found"), path);
    }
    let letters = admin.get("/templates?party=anybody&page_size=100").await.expect(200).json();
    let letters = letters["items"].as_array().expect("texts");
    // Twelve letters by mail and two of them as text messages, too, in two languages.
    assert_eq!(letters.len(), 28);
    let browser = Browser::of(&app, &admin);
    let list = browser.get("/templates?party=anybody").await.expect(200).text;
    for told in ["相应收件人", "每日汇总", "重设密码链接", &format!("href=\"{CODE}\"")]
    {
        assert!(list.contains(told), "{told}: {list}");
    }
    let editor = browser.get(CODE).await.expect(200).text;
    for told in ["{code}", "123456", "验证码有效分钟数"] {
        assert!(editor.contains(told), "{told}: {editor}");
    }
    app.stop().await;
}
