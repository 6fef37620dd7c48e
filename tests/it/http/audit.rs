//! The audit log: every act that it keeps, and who may read it.

use reqwest::Method;
use serde_json::{Value, json};
use supplyline::service::{App, Limits};

use super::stage::{id, refused, sound};
use crate::support::app::{Answer, As, TestApp, reply};
use crate::support::browser::Browser;
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::form::Form;
use crate::support::smtp::Script;
use crate::support::world;

both!(
    every_act_writes_one_entry,
    a_refused_sign_in_writes_one_entry,
    filters_pick_what_they_say,
    a_search_takes_every_sign_literally,
    the_log_is_verified_and_taken_away,
);
sqlite_only!(
    only_auditors_read_it,
    the_pages_show_the_chain,
    what_is_asked_of_the_chain_is_read_strictly,
    the_form_leaves_entries_too,
    entries_name_no_text_address_or_secret,
    parameters_are_read_strictly,
);

/// The log as an auditor reads it, its newest entry last.
struct Log<'a> {
    auditor: As<'a>,
    read: usize,
}

impl<'a> Log<'a> {
    async fn of(app: &'a TestApp) -> Self {
        let auditor = app.sign_in("auditor").await;
        let read = entries(&auditor, "").await.len();
        Self { auditor, read }
    }

    /// What was written since the last look, which must be one entry.
    async fn news(&mut self) -> Value {
        let all = entries(&self.auditor, "").await;
        assert_eq!(all.len(), self.read + 1, "one entry: {:?}", all.first());
        self.read += 1;
        all[0].clone()
    }

    async fn has_no_news(&self) {
        assert_eq!(entries(&self.auditor, "").await.len(), self.read);
    }
}

async fn entries(who: &As<'_>, query: &str) -> Vec<Value> {
    let path = format!("/audit?page_size=100&{query}");
    let answer = who.get(&path).await;
    sound(&answer, &path);
    answer.expect(200).json()["items"].as_array().expect("entries").clone()
}

async fn sign_in(app: &TestApp, username: &str, password: &str) -> Answer {
    let body = json!({"username": username, "password": password});
    app.send(app.request(Method::POST, "/api/v1/session").json(&body)).await
}

/// An entry without what no test knows beforehand.
fn comparable(mut entry: Value) -> Value {
    let members = entry.as_object_mut().expect("an entry");
    assert!(members.remove("id").is_some() && members.remove("at").is_some());
    entry
}

fn expected(who: &str, house: (&str, &str), action: &str, rest: &[Value; 2]) -> Value {
    let role = match who {
        "admin" => "admin",
        _ => "hospital",
    };
    json!({"action": action, "user_id": world::person(who).to_string(), "username": who,
        "organisation": {"id": world::house(house.0).to_string(), "name": house.1},
        "role": role, "address": "127.0.0.1", "subject": rest[0], "detail": rest[1]})
}

const HOSPITAL: (&str, &str) = ("hospital", "滨海市第一人民医院");
const PLATFORM: (&str, &str) = ("platform", "平台");

async fn every_act_writes_one_entry(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let mut log = Log::of(&app).await;
    let hospital = app.sign_in("hospital").await;
    let plain = [Value::Null, json!({})];
    let by_hospital = |action, rest: &[Value; 2]| expected("hospital", HOSPITAL, action, rest);
    assert_eq!(comparable(log.news().await), by_hospital("signed_in", &plain));
    let ticket = hospital.file().await;
    let after = json!({"state": "open", "version": 1, "events": 1});
    let detail = json!({"ticket": ticket["id"], "before": null, "after": after});
    let filed = by_hospital("ticket_filed", &[ticket["number"].clone(), detail]);
    assert_eq!(comparable(log.news().await), filed);
    let path = format!("/tickets/{}/evidence-pack", id(&ticket));
    hospital.get(&path).await.expect(200);
    let entry = log.news().await;
    assert_eq!(entry["detail"]["sha256"].as_str().map(str::len), Some(64));
    let detail = json!({"ticket": ticket["id"], "sha256": entry["detail"]["sha256"]});
    let pack = by_hospital("evidence_pack_made", &[ticket["number"].clone(), detail]);
    assert_eq!(comparable(entry), pack);
    hospital.get("/exports/tickets?format=csv&q=胰岛素").await.expect(200);
    let export = [json!("tickets"), json!({"format": "csv", "rows": 1})];
    assert_eq!(comparable(log.news().await), by_hospital("export_made", &export));
    hospital.send(hospital.request(Method::DELETE, "/session")).await.expect(204);
    assert_eq!(comparable(log.news().await), by_hospital("signed_out", &plain));
    hospital.send(hospital.request(Method::DELETE, "/session")).await.expect(401);
    hospital.get("/exports/tickets").await.expect(401);
    log.has_no_news().await;
    imports_are_kept(&app, &mut log).await;
    replays_are_kept(&app, &mut log).await;
    app.stop().await;
}

async fn imports_are_kept(app: &TestApp, log: &mut Log<'_>) {
    let admin = app.sign_in("admin").await;
    log.news().await;
    let head = "机构类别,机构名称,行政区划代码\n";
    let good = format!("{head}医疗机构,示例县人民医院,371002\n");
    let bad = format!("{good}无此类,甲,371002\n");
    let counted = |dry_run: bool, refused: bool, rows: u32, created: u32, unchanged: u32| {
        json!({"dry_run": dry_run, "refused": refused, "rows": rows, "created": created,
            "updated": 0, "unchanged": unchanged})
    };
    for (query, table, status, detail) in [
        ("?dry_run=true", &good, 200, counted(true, false, 1, 1, 0)),
        ("", &bad, 422, counted(false, true, 2, 0, 0)),
        ("", &good, 200, counted(false, false, 1, 1, 0)),
        ("", &good, 200, counted(false, false, 1, 0, 1)),
    ] {
        let path = format!("/imports/organisations{query}");
        admin.upload(&path, Form::file("a.csv", table)).await.expect(status);
        let mut entry = comparable(log.news().await);
        let hash = entry["detail"].as_object_mut().expect("an object").remove("file_hash");
        assert_eq!(hash.and_then(|hash| hash.as_str().map(str::len)), Some(64));
        let rest = [json!("organisations"), detail];
        assert_eq!(entry, expected("admin", PLATFORM, "import_run", &rest));
    }
    admin.upload("/imports/organisations", Form::file("a.csv", b"\xff\xff\x00")).await;
    log.has_no_news().await;
}

async fn replays_are_kept(app: &TestApp, log: &mut Log<'_>) {
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    log.read += 2;
    app.mail.set_script(Script::RejectRcpt(550));
    hospital.file().await;
    assert_eq!(log.news().await["action"], "ticket_filed");
    hospital.advance_to("2026-02-13T10:31:00+08:00").await;
    let moved = log.news().await;
    assert_eq!(moved["action"], "demo_clock_moved");
    assert_eq!(moved["detail"]["after"]["now"], "2026-02-13T02:31:00Z");
    let dead = admin.get("/deliveries?state=failed").await.expect(200).json()["items"][0].clone();
    let path = format!("/deliveries/{}/replay", id(&dead));
    hospital.post(&path, &json!({})).await.expect(403);
    log.has_no_news().await;
    for _ in 0..2 {
        let keyed = admin.request(Method::POST, &path).header("Idempotency-Key", "once");
        admin.send(keyed).await.expect(200);
    }
    let detail = json!({"channel": "mail", "kind": "filed", "ticket": dead["ticket"]["id"],
        "before": {"delivery": "failed"}, "after": {"delivery": "queued"}});
    let replayed = expected("admin", PLATFORM, "delivery_replayed", &[dead["id"].clone(), detail]);
    assert_eq!(comparable(log.news().await), replayed, "a repetition is no second act");
    admin.post(&path, &json!({})).await.expect(409);
    log.has_no_news().await;
}

async fn a_refused_sign_in_writes_one_entry(db: TestDb) {
    let limits = |mut app: App| {
        app.limits = Limits::On;
        app
    };
    let app = TestApp::spawn_with(&db, "http://supply.example/", limits).await;
    db.execute("update app_user set disabled_at = created_at where username = 'maker'").await;
    let mut log = Log::of(&app).await;
    let long = "长".repeat(100);
    for (username, password, kept) in [
        ("hospital", "wrong", "hospital"),
        ("HOSPITAL", "wrong", "hospital"),
        ("nobody", world::PASSWORD, "nobody"),
        ("maker", world::PASSWORD, "maker"),
        ("' or 1=1 --", "x", "' or 1=1 --"),
        ("ho\u{200b}spi\u{ad}tal", "x", "hospital"),
        (long.as_str(), "x", "长".repeat(64).as_str()),
    ] {
        sign_in(&app, username, password).await.expect(401);
        let expected = json!({"action": "sign_in_refused", "user_id": null, "username": kept,
            "organisation": null, "role": null, "address": "127.0.0.1", "subject": null,
            "detail": {"locked": false}});
        assert_eq!(comparable(log.news().await), expected, "{username}");
    }
    sign_in(&app, "ho\u{202e}spital", "x").await.expect(422);
    sign_in(&app, "hospital", "").await.expect(422);
    log.has_no_news().await;
    for at in 1..=10 {
        sign_in(&app, "city", "wrong").await.expect(401);
        assert_eq!(log.news().await["detail"]["locked"], at == 10, "{at}");
    }
    refused(&sign_in(&app, "city", world::PASSWORD).await, (429, "throttled"), "locked");
    log.has_no_news().await;
    app.stop().await;
}

async fn the_form_leaves_entries_too(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let mut log = Log::of(&app).await;
    let post = async |body: &'static str| {
        let request = app.request(Method::POST, "/login");
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        app.send(request.header("X-Forwarded-For", "203.0.113.9").body(body)).await
    };
    post("username=hospital&password=supplyline-demo").await.expect(303);
    let entry = log.news().await;
    assert_eq!((&entry["action"], &entry["address"]), (&json!("signed_in"), &json!("127.0.0.1")));
    post("username=hospital&password=x").await.expect(401);
    assert_eq!(log.news().await["action"], "sign_in_refused");
    app.stop().await;
}

async fn only_auditors_read_it(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    for who in ["hospital", "maker", "distributor", "city", "admin", "security"] {
        let somebody = app.sign_in(who).await;
        for query in ["", "?q=x", "?nonsense=1"] {
            let answer = somebody.get(&format!("/audit{query}")).await;
            refused(&answer, (403, "forbidden"), &format!("{who} {query}"));
        }
    }
    let answer = app.send(app.request(Method::GET, "/api/v1/audit")).await;
    refused(&answer, (401, "unauthenticated"), "nobody");
    app.stop().await;
}

async fn entries_name_no_text_address_or_secret(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    let ticket = id(&hospital.file().await);
    let message = json!({"body": "鹮鸶请尽快。", "audience": "all"});
    hospital.post(&format!("/tickets/{ticket}/messages"), &message).await.expect(201);
    let form = Form::file("鹮鸶.txt", "甲").text("kind", "other").text("audience", "all");
    hospital.upload(&format!("/tickets/{ticket}/attachments"), form).await.expect(201);
    let maker = app.sign_in("maker").await;
    let path = format!("/tickets/{ticket}/reply");
    maker.post(&path, &reply("2026-02-27")).await.expect(200);
    let draft = [("product_code", world::INSULIN), ("summary", "鹮鸶缺货")];
    let draft: Vec<_> = draft.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    Browser::of(&app, &hospital).post("/drafts", &draft).await.expect(303);
    hospital.get(&format!("/tickets/{ticket}/evidence-pack")).await.expect(200);
    hospital.get("/exports/tickets?q=胰岛素&format=csv").await.expect(200);
    let table =
        "用户名,姓名,角色,机构名称,手机\nli.na,李娜,医疗机构,滨海市第一人民医院,13800000009\n";
    let made = admin.upload("/imports/users", Form::file("a.csv", table)).await.expect(200).json();
    let password = made["passwords"][0]["password"].as_str().expect("a password").to_owned();
    sign_in(&app, "li.na", &format!("{password}x")).await.expect(401);
    sign_in(&app, "li.na", &password).await.expect(200);
    let auditor = app.sign_in("auditor").await;
    let log = auditor.get("/audit?page_size=100").await.expect(200).text;
    assert!(log.contains("ticket_acted") && log.contains("draft_kept") && log.contains("attach"));
    assert!(log.contains("export_made") && log.contains("import_run") && log.contains("li.na"));
    for text in [
        "鹮鸶",
        "胰岛素",
        "张心晴",
        "李娜",
        "13800000009",
        "13900000003",
        "13800000000",
        "原料药到货延迟",
        "李想",
        "supply.example",
        world::PASSWORD,
        &password,
        &hospital.token,
        &auditor.token,
        "argon2",
    ] {
        assert!(!log.contains(text), "{text}");
    }
    app.stop().await;
}

async fn filters_pick_what_they_say(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let auditor = app.sign_in("auditor").await;
    app.sign_in("hospital").await;
    sign_in(&app, "hospital", "wrong").await.expect(401);
    let hospital = app.sign_in("hospital").await;
    hospital.get("/exports/products").await.expect(200);
    let day = "update audit set at = '2026-03-01T15:59:59.999+00:00' where action = 'export_made'";
    db.execute(day).await;
    let all = entries(&auditor, "").await;
    assert_eq!(all.len(), 5);
    assert_eq!(all[4]["action"], "export_made", "the oldest comes last");
    assert_eq!(all[4]["at"], "2026-03-01T23:59:59.999+08:00");
    for (query, expected) in [
        ("action=signed_in", 3),
        ("action=sign_in_refused", 1),
        ("action=hold_released", 0),
        ("username=hospital", 4),
        ("username=HOSPITAL", 4),
        ("username=hosp", 0),
        ("username=hospital&action=signed_in", 2),
        ("from=2026-03-01&to=2026-03-01", 1),
        ("to=2026-02-28", 0),
        ("from=2026-03-02", 4),
        ("from=2026-03-01T23:59:59.999%2B08:00&to=2026-03-01T15:59:59.999Z", 1),
        ("q=products", 1),
        ("q=127.0.0", 5),
        ("q=OSPIT", 4),
        ("q=maker", 0),
    ] {
        assert_eq!(entries(&auditor, query).await.len(), expected, "{query}");
    }
    app.stop().await;
}

async fn a_search_takes_every_sign_literally(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    for username in ["100%_a", "C:\\dir", "o'neil", "张三"] {
        sign_in(&app, username, "x").await.expect(401);
    }
    let auditor = app.sign_in("auditor").await;
    for (query, expected) in [
        ("%25", 1),
        ("_", 1),
        ("0%25_A", 1),
        ("%25a", 0),
        ("\\", 1),
        (":\\D", 1),
        ("'", 1),
        ("三", 1),
        ("1__%25", 0),
        ("*", 0),
        ("' or 1=1 --", 0),
    ] {
        let found = entries(&auditor, &format!("q={query}")).await;
        assert_eq!(found.len(), expected, "{query}");
    }
    app.stop().await;
}

async fn parameters_are_read_strictly(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let auditor = app.sign_in("auditor").await;
    for (query, field) in [
        ("action=signed", "action"),
        ("action=", "action"),
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("role=admin", "role"),
        ("user=1", "user"),
    ] {
        let answer = auditor.get(&format!("/audit?{query}")).await;
        refused(&answer, (422, "invalid"), query);
        assert_eq!(answer.fields()[0].0, field, "{query}");
    }
    app.stop().await;
}

/// What a verification finds once everything is linked, which takes a second or two.
async fn linked(auditor: &As<'_>) -> Value {
    for _ in 0..200 {
        let report = auditor.get("/audit/verify").await.expect(200).json();
        if report["pending"] == 0 {
            return report;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("what was written is not linked");
}

async fn the_log_is_verified_and_taken_away(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let auditor = app.sign_in("auditor").await;
    app.sign_in("hospital").await.file().await;
    let report = linked(&auditor).await;
    assert_eq!(report["whole"], true, "{report}");
    assert_eq!((&report["entries"], &report["head"]), (&json!(3), &json!(3)));
    let newest = entries(&auditor, "").await[0].clone();
    let path = format!("/audit/{}", id(&newest));
    let entry = auditor.get(&path).await.expect(200).json();
    assert_eq!((&entry["seq"], &entry["action"]), (&json!(3), &newest["action"]));
    assert!(entry["link"].as_str().is_some_and(|link| link.len() > 64), "{entry}");
    let file = auditor.get("/audit/export").await.expect(200);
    assert!(file.header("content-disposition").contains("audit-"), "{:?}", file.headers);
    let lines: Vec<Value> =
        file.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((lines.len(), &lines[0]["schema"]), (4, &json!("supplyline-audit/1")));
    let numbers: Vec<_> = lines[1..].iter().map(|line| line["seq"].clone()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let newest = entries(&auditor, "").await[0].clone();
    assert_eq!((&newest["action"], &newest["subject"]), (&json!("export_made"), &json!("audit")));
    let table = auditor.get("/audit/export?format=csv&from=2020-01-01&to=2099-12-31").await;
    let table = table.expect(200).text;
    assert!(table.starts_with("\u{feff}seq,id,at,action,"), "{table}");
    assert_eq!(table.lines().count(), 5, "{table}");
    assert_eq!(
        auditor.get("/audit/export?to=2020-01-01").await.expect(200).text.lines().count(),
        1
    );
    db.execute("update audit set username = 'maker' where seq = 2").await;
    let report = auditor.get("/audit/verify").await.expect(200).json();
    assert_eq!(report["whole"], false, "{report}");
    let finding = &report["findings"][0];
    assert_eq!((&finding["fault"], &finding["from"]), (&json!("edited"), &json!(2)));
    app.stop().await;
}

async fn the_pages_show_the_chain(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (auditor, hospital) = (app.sign_in("auditor").await, app.sign_in("hospital").await);
    hospital.file().await;
    linked(&auditor).await;
    let browser = Browser::of(&app, &auditor);
    let filed = entries(&auditor, "action=ticket_filed").await[0].clone();
    let path = format!("/audit/{}", id(&filed));
    let list = browser.get("/audit").await.expect(200).text;
    assert!(list.contains(&format!("href=\"{path}\"")), "{list}");
    assert!(list.contains("href=\"/audit/verify\""), "{list}");
    let page = browser.get(&path).await.expect(200).text;
    for told in ["提交诉求单", "变更前后", "<td data-label=\"之后\"><bdi>1</bdi></td>"] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let page = browser.get("/audit/verify").await.expect(200).text;
    assert!(page.contains("<span class=\"tag green\">完整</span>"), "{page}");
    db.execute("delete from audit where seq = 2").await;
    let page = browser.get("/audit/verify").await.expect(200).text;
    assert!(page.contains("已被改动") && page.contains("中间记录缺失"), "{page}");
    for path in [path.as_str(), "/audit/verify"] {
        assert_eq!(Browser::of(&app, &hospital).get(path).await.status, 403, "{path}");
    }
    app.stop().await;
}

async fn what_is_asked_of_the_chain_is_read_strictly(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (auditor, admin) = (app.sign_in("auditor").await, app.sign_in("admin").await);
    let nobody = uuid::Uuid::nil();
    for path in [
        "/audit/verify".to_owned(),
        "/audit/export".to_owned(),
        "/audit/export?format=x".to_owned(),
        format!("/audit/{nobody}"),
    ] {
        refused(&admin.get(&path).await, (403, "forbidden"), &path);
    }
    for (query, field) in [
        ("export?format=xlsx", "format"),
        ("export?from=yesterday", "from"),
        ("export?to=2026-02-30", "to"),
        ("export?page_size=3", "page_size"),
        ("verify?from=2026-01-01", "from"),
    ] {
        let answer = auditor.get(&format!("/audit/{query}")).await;
        refused(&answer, (422, "invalid"), query);
        assert_eq!(answer.fields()[0].0, field, "{query}");
    }
    for path in [format!("/audit/{nobody}"), "/audit/x".to_owned(), "/audit/1".to_owned()] {
        refused(&auditor.get(&path).await, (404, "not_found"), &path);
    }
    app.stop().await;
}
