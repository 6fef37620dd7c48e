//! Whom to ask in an organisation: kept by its own people, verified by a code.

use std::time::Duration;

use mail_parser::MessageParser;
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::refused;
use crate::support::app::{Answer, As, TestApp};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::form::Form;
use crate::support::smtp::Taken;
use crate::support::world::{START, house, person};

both!(
    a_contact_is_verified_by_the_code_that_was_mailed,
    a_code_is_guessed_five_times_at_most,
    what_is_exported_is_imported_unchanged,
);
sqlite_only!(contacts_are_kept_by_their_own_people_alone, a_page_invites_and_the_link_is_opened);

fn card(address: &str) -> Value {
    json!({"function": "night_duty", "name": "值班室", "channel": "mail", "address": address,
        "territory": "370000"})
}

/// The codes that were mailed to an address, once there are so many.
pub(super) async fn codes(app: &TestApp, address: &str, count: usize) -> Vec<String> {
    let code = |mail: Taken| {
        let mail = MessageParser::default().parse(&mail.raw).expect("a mail").into_owned();
        let text = mail.body_text(0).expect("text").into_owned();
        let after = text.split("验证码：").nth(1)?.to_owned();
        Some(after.chars().take_while(char::is_ascii_digit).collect::<String>())
    };
    for _ in 0..100 {
        let mails = app.mail.messages().into_iter();
        let theirs = mails.filter(|mail| mail.to.iter().any(|to| to == address));
        let found: Vec<_> = theirs.filter_map(code).collect();
        if found.len() >= count {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{count} codes to {address} were not mailed");
}

async fn add(who: &As<'_>, name: &str, card: &Value) -> Value {
    let path = format!("/organisations/{}/contacts", house(name));
    who.post(&path, card).await.expect(201).json()
}

async fn a_contact_is_verified_by_the_code_that_was_mailed(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let maker = app.sign_in("maker").await;
    let made = add(&maker, "maker", &card("duty@maker.example")).await;
    assert_eq!((&made["standing"], &made["version"]), (&json!("unverified"), &json!(1)));
    let path = format!("/contacts/{}", made["id"].as_str().expect("an id"));
    let early = maker.post(&format!("{path}/verify"), &json!({"code": "000000"})).await;
    assert_eq!(early.fields(), [("code".to_owned(), "code_over".to_owned())], "none was sent");
    maker.post(&format!("{path}/code"), &json!({})).await.expect(200);
    let code = codes(&app, "duty@maker.example", 1).await[0].clone();
    assert_eq!(code.len(), 6);
    let again = maker.post(&format!("{path}/code"), &json!({})).await;
    refused(&again, (429, "throttled"), "at once again");
    // Full width is what an input method types.
    let wide: String =
        code.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).expect("wide")).collect();
    let verified = maker.post(&format!("{path}/verify"), &json!({"code": wide})).await.expect(200);
    assert_eq!(verified.json()["standing"], "verified");
    let twice = maker.post(&format!("{path}/verify"), &json!({"code": code})).await;
    assert_eq!(twice.fields(), [("code".to_owned(), "code_over".to_owned())], "it opens once");
    let stored = app.sign_in("auditor").await.get("/audit?action=contact_verified").await;
    assert!(!stored.expect(200).text.contains(&code));
    // Another name keeps the verification, another address does not.
    let change = |address: Option<&str>| {
        let mut body = card("x@maker.example");
        body["name"] = json!("新值班室");
        match address {
            Some(address) => body["address"] = json!(address),
            None => drop(body.as_object_mut().expect("members").remove("address")),
        }
        body
    };
    let put = |seen: &'static str, body: Value| {
        maker.send(maker.request(Method::PUT, &path).header("If-Match", seen).json(&body))
    };
    let renamed = put("\"2\"", change(None)).await.expect(200).json();
    assert_eq!((&renamed["standing"], &renamed["name"]), (&json!("verified"), &json!("新值班室")));
    let moved = put("\"3\"", change(Some("other@maker.example"))).await.expect(200).json();
    assert_eq!(moved["standing"], "unverified");
    refused(&put("\"3\"", change(None)).await, (412, "outdated"), "stale");
    db.execute("update contact set verified_at = '2025-08-01T00:00:00+00:00'").await;
    let listed = maker.get(&format!("/organisations/{}/contacts", house("maker"))).await;
    assert_eq!(listed.expect(200).json()["items"][0]["standing"], "expired", "since {START}");
    maker.send(maker.request(Method::DELETE, &path)).await.expect(200);
    refused(&maker.send(maker.request(Method::DELETE, &path)).await, (404, "not_found"), "gone");
    app.stop().await;
}

async fn a_code_is_guessed_five_times_at_most(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let maker = app.sign_in("maker").await;
    let made = add(&maker, "maker", &card("duty@maker.example")).await;
    let path = format!("/contacts/{}", made["id"].as_str().expect("an id"));
    maker.post(&format!("{path}/code"), &json!({})).await.expect(200);
    let code = codes(&app, "duty@maker.example", 1).await[0].clone();
    let other = if code == "123456" { "654321" } else { "123456" };
    for _ in 0..5 {
        let wrong = maker.post(&format!("{path}/verify"), &json!({"code": other})).await;
        assert_eq!(wrong.fields(), [("code".to_owned(), "code_wrong".to_owned())]);
    }
    let right = maker.post(&format!("{path}/verify"), &json!({"code": code})).await;
    assert_eq!(right.fields(), [("code".to_owned(), "code_over".to_owned())]);
    app.stop().await;
}

async fn contacts_are_kept_by_their_own_people_alone(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (maker, admin) = (app.sign_in("maker").await, app.sign_in("admin").await);
    let made = add(&maker, "maker", &card("duty@maker.example")).await;
    let own = format!("/organisations/{}/contacts", house("maker"));
    let seen = admin.get(&own).await.expect(200);
    assert_eq!(seen.json()["items"][0]["address"], "d***@maker.example");
    assert!(!seen.text.contains("duty@maker"));
    let path = format!("/contacts/{}", made["id"].as_str().expect("an id"));
    for name in ["maker2", "hospital", "city", "security", "auditor"] {
        let who = app.sign_in(name).await;
        refused(&who.get(&own).await, (404, "not_found"), name);
        refused(&who.post(&own, &card("a@b.example")).await, (404, "not_found"), name);
        for (act, body) in [("code", json!({})), ("verify", json!({"code": "1"}))] {
            let answer = who.post(&format!("{path}/{act}"), &body).await;
            refused(&answer, (404, "not_found"), name);
        }
        let gone = who.send(who.request(Method::DELETE, &path)).await;
        refused(&gone, (404, "not_found"), name);
    }
    for (change, field, code) in [
        (json!({"function": "tea"}), "function", "unknown"),
        (json!({"channel": "fax"}), "channel", "unknown"),
        (json!({"address": "12"}), "address", "email"),
        (json!({"channel": "sms", "address": "12"}), "address", "phone"),
        (json!({"territory": "999999"}), "territory", "unknown"),
        (json!({"name": ""}), "name", "required"),
    ] {
        let mut body = card("a@b.example");
        for (name, value) in change.as_object().expect("members") {
            body[name] = value.clone();
        }
        let answer = maker.post(&own, &body).await;
        refused(&answer, (422, "invalid"), &change.to_string());
        assert_eq!(answer.fields(), [(field.to_owned(), code.to_owned())], "{change}");
    }
    app.stop().await;
}

async fn what_is_exported_is_imported_unchanged(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let coded = json!({"kind": "hospital", "name": "环翠区中医院", "division": "371002",
        "credit_code": "91350100M000100Y43", "institution_code": "H37100200001"});
    admin.post("/organisations", &coded).await.expect(201);
    for (kind, rows) in [("organisations", 13), ("users", 14), ("products", 2), ("agreements", 3)] {
        for format in ["csv", "xlsx"] {
            let request = admin.request(Method::GET, &format!("/exports/{kind}?format={format}"));
            let answer = request.send().await.expect("answered");
            assert_eq!(answer.status().as_u16(), 200, "{kind}");
            let bytes = answer.bytes().await.expect("read").to_vec();
            let plain = String::from_utf8_lossy(&bytes).into_owned();
            assert!(!plain.contains("@supply.example") && !plain.contains("13800000000"));
            let form = Form::file(&format!("a.{format}"), bytes);
            let report = admin.upload(&format!("/imports/{kind}"), form).await.expect(200).json();
            let counts = ["rows", "created", "updated", "unchanged"].map(|name| &report[name]);
            assert_eq!(
                counts,
                [&json!(rows), &json!(0), &json!(0), &json!(rows)],
                "{kind} {format}"
            );
        }
    }
    let person = admin.get(&format!("/users/{}", person("maker"))).await.expect(200).json();
    assert_eq!(person["email"], "m***@supply.example", "what was left out stays");
    for name in ["hospital", "security", "auditor"] {
        let who = app.sign_in(name).await;
        for kind in ["organisations", "users", "agreements"] {
            let answer = who.get(&format!("/exports/{kind}")).await;
            refused(&answer, (403, "forbidden"), &format!("{name} {kind}"));
        }
    }
    app.stop().await;
}

async fn page(
    app: &TestApp,
    who: Option<&As<'_>>,
    (method, path): (Method, &str),
    form: &str,
) -> Answer {
    let request = app.request(method.clone(), path).header("Accept", "text/html");
    let mut request = request.header("Sec-Fetch-Site", "same-origin");
    if let Some(who) = who {
        request = request.header("Cookie", format!("supplyline={}", who.token));
    }
    if method == Method::POST {
        request = request.header("Content-Type", "application/x-www-form-urlencoded");
        request = request.body(form.to_owned());
    }
    app.send(request).await
}

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn a_page_invites_and_the_link_is_opened(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let get = |path: String| {
        let (app, admin) = (&app, &admin);
        async move { page(app, Some(admin), (Method::GET, &path), "").await }
    };
    let post = |path: String, form: String| {
        let (app, admin) = (&app, &admin);
        async move { page(app, Some(admin), (Method::POST, &path), &form).await }
    };
    assert!(get("/organisations/new".to_owned()).await.expect(200).text.contains("form-house"));
    let bad = "kind=hospital&name=&division=37100&credit_code=91350100M000100Y44";
    let bad = post("/organisations".to_owned(), bad.to_owned()).await.expect(422).text;
    for told in ["请填写此项", "六位行政区划代码", "第 18 位校验码", "91350100M000100Y44"]
    {
        assert!(bad.contains(told), "{told}");
    }
    let good = "kind=hospital&name=%E6%96%B0%E5%8C%BB%E9%99%A2&division=371002&_key=k1";
    let made = post("/organisations".to_owned(), good.to_owned()).await.expect(303);
    let house_page = made.header("location");
    let shown = get(house_page.clone()).await.expect(200).text;
    assert!(shown.contains("新医院") && shown.contains("机构已新增"), "{shown}");
    let path = house_page.split('?').next().expect("a path").to_owned();
    let id = path.rsplit('/').next().expect("an id").to_owned();
    let stale = "kind=hospital&name=%E7%94%B2&division=371002&_version=9";
    let stale = post(path.clone(), stale.to_owned()).await.expect(412).text;
    assert!(stale.contains("value=\"甲\""), "what was typed stays");
    let user = format!(
        "organisation_id={id}&role=hospital&username=neu&name=Neu&language=zh-CN\
        &email=neu%40hospital.example&phone=&territory=&by=link"
    );
    let made = post("/users".to_owned(), user).await.expect(303).header("location");
    assert!(get(made.clone()).await.expect(200).text.contains("n***@hospital.example"));
    let link = {
        let mut found = None;
        for _ in 0..100 {
            let mut mails = app.mail.messages().into_iter();
            let mail = mails.rfind(|mail| mail.to.iter().any(|to| to == "neu@hospital.example"));
            if let Some(mail) = mail {
                let mail = MessageParser::default().parse(&mail.raw).expect("a mail").into_owned();
                let text = mail.body_text(0).expect("text").into_owned();
                let rest = text.split("http://supply.example").nth(1).expect("a link").to_owned();
                found = rest.split_whitespace().next().map(str::to_owned);
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        found.expect("an invitation")
    };
    // Mail servers look at links, as often as they like.
    for _ in 0..3 {
        let shown = page(&app, None, (Method::GET, &link), "").await.expect(200).text;
        assert!(shown.contains("neu") && shown.contains("form-invitation"));
    }
    let differs = "new_password=a+good+long+word&_again=another+long+word";
    let again = page(&app, None, (Method::POST, &link), differs).await.expect(422);
    assert!(again.text.contains("两次输入不一致") && !again.text.contains("a good long word"));
    let chosen = "new_password=a+good+long+word&_again=a+good+long+word";
    page(&app, None, (Method::POST, &link), chosen).await.expect(303);
    let over = page(&app, None, (Method::GET, &link), "").await.expect(409).text;
    assert!(over.contains("该链接已使用过") && !over.contains("neu"), "{over}");
    page(&app, None, (Method::GET, "/invitations/nonsense"), "").await.expect(404);
    let login = "username=neu&password=a+good+long+word";
    page(&app, None, (Method::POST, "/login"), login).await.expect(303);
    let contacts = get(format!("{path}/contacts")).await.expect(200).text;
    assert!(contacts.contains("还没有登记联系方式"));
    let why = "reason=%E5%81%9C%E7%94%A8&_version=1";
    post(format!("{path}/suspend"), why.to_owned()).await.expect(303);
    let twice = post(format!("{path}/suspend"), "reason=x".to_owned()).await.expect(409).text;
    assert!(twice.contains("已经停用"), "{twice}");
    app.stop().await;
}
