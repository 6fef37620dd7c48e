//! The pages of those who keep the service, and the rules that everybody may read.

use reqwest::Method;
use reqwest::header::{ACCEPT, COOKIE};
use supplyline::service::hold::{self, HoldCause};
use supplyline::service::{App, Limits};

use crate::support::app::{Answer, As, TestApp, filing};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::smtp::Script;
use crate::support::world;

both!(
    a_dead_letter_is_sent_again_by_a_form,
    what_is_searched_is_literal_and_inert,
    administrators_see_no_partys_text,
);
sqlite_only!(
    every_role_sees_its_own_pages_alone,
    a_year_names_its_holidays_and_make_up_days,
    a_policy_is_told_in_sentences,
    the_workbench_leads_to_what_waits,
    locks_and_the_audit_log_are_told_in_words,
    wrong_addresses_are_refused_as_pages,
);

const EVERYBODY: [&str; 7] =
    ["hospital", "maker", "distributor", "city", "admin", "security", "auditor"];
const FORBIDDEN: &str = "您没有此项权限";

/// A page as a browser gets it.
async fn page(app: &TestApp, who: &As<'_>, path: &str) -> Answer {
    let request = app.request(Method::GET, path).header(ACCEPT, "text/html");
    let answer = app.send(request.header(COOKIE, cookie(who))).await;
    assert!(answer.status < 500, "{path}: {}", answer.text);
    assert!(!answer.text.contains("onclick") && !answer.text.contains("style="), "{path}");
    answer
}

async fn send(app: &TestApp, who: &As<'_>, (path, form): (&str, &str)) -> Answer {
    let request = app.request(Method::POST, path).header(ACCEPT, "text/html");
    let request = request.header(COOKIE, cookie(who)).header("Sec-Fetch-Site", "same-origin");
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    app.send(request.body(form.to_owned())).await
}

fn cookie(who: &As<'_>) -> String {
    format!("supplyline={}", who.token)
}

/// The address behind the first link that begins so.
fn link(page: &str, start: &str) -> String {
    let mut links = page.split("href=\"").filter_map(|part| part.split('"').next());
    links.find(|address| address.starts_with(start)).expect(start).to_owned()
}

/// The table cell of a day.
fn cell(page: &str, date: &str) -> String {
    let is_it = |cell: &&str| cell.contains(&format!("datetime=\"{date}\""));
    page.split("<td").find(is_it).expect(date).to_owned()
}

async fn every_role_sees_its_own_pages_alone(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let calendar = link(&page(&app, &admin, "/calendars").await.text, "/calendars/0");
    let policy = link(&page(&app, &admin, "/policies").await.text, "/policies/0");
    for name in EVERYBODY {
        let who = app.sign_in(name).await;
        for path in ["/calendars", &calendar, "/policies", &policy, "/"] {
            page(&app, &who, path).await.expect(200);
        }
        for (path, owner) in [
            ("/organisations", "admin"),
            ("/users", "admin"),
            ("/deliveries", "admin"),
            ("/locks", "security"),
            ("/audit", "auditor"),
        ] {
            let answer = page(&app, &who, path).await;
            let keeps_people = path == "/users" && name == "security";
            if name == owner || keeps_people {
                let menu = format!("<a href=\"{path}\" aria-current=\"page\">");
                assert!(answer.expect(200).text.contains(&menu), "{name} {path}");
            } else {
                assert!(answer.expect(403).text.contains(FORBIDDEN), "{name} {path}");
            }
        }
    }
    for path in ["/calendars", "/organisations", "/audit"] {
        let request = app.request(Method::GET, path).header(ACCEPT, "text/html");
        let answer = app.send(request).await.expect(303);
        assert_eq!(answer.header("location"), format!("/login?next={path}"));
    }
    app.stop().await;
}

async fn a_year_names_its_holidays_and_make_up_days(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let address = link(&page(&app, &hospital, "/calendars").await.text, "/calendars/0");
    let year = page(&app, &hospital, &address).await.expect(200).text;
    let makeup = cell(&year, "2026-02-14");
    assert!(makeup.contains("day-makeup") && makeup.contains("班"), "{makeup}");
    assert!(makeup.contains("春节 调休上班"), "{makeup}");
    let holiday = cell(&year, "2026-02-17");
    assert!(holiday.contains("day-holiday") && holiday.contains("休"), "{holiday}");
    assert!(holiday.contains("春节 休息日"), "{holiday}");
    assert!(cell(&year, "2026-03-01").contains("day-rest"));
    assert!(!cell(&year, "2026-02-13").contains("day-"), "a plain working day");
    assert!(cell(&year, "2026-02-13").contains("aria-current=\"date\""), "today");
    assert_eq!(year.matches("aria-current=\"date\"").count(), 1);
    assert_eq!(year.matches("<time ").count(), 365);
    for told in [
        "工作日 248 天（含调休上班 6 天），休息日 117 天",
        "工作日 16 天",
        "2026-02-15 周日 – 2026-02-23 周一",
        "2026-02-28 周六",
        "https://www.gov.cn/zhengce/zhengceku/202511/content_7047091.htm",
        "year=2025",
        "year=2027",
    ] {
        assert!(year.contains(told), "{told}");
    }
    assert!(!year.contains("暂定"));
    let unknown = page(&app, &hospital, &format!("{address}?year=2027")).await.expect(200).text;
    assert!(unknown.contains("暂定") && unknown.contains("2027 年放假安排尚未公布"));
    assert!(cell(&unknown, "2027-01-01").contains("休"));
    assert!(!unknown.contains("aria-current=\"date\""));
    let last = page(&app, &hospital, &format!("{address}?year=2100")).await.expect(200).text;
    assert!(last.contains("year=2099") && !last.contains("year=2101"));
    app.stop().await;
}

async fn a_policy_is_told_in_sentences(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (city, english) = (app.sign_in("city").await, app.sign_in("maker-en").await);
    let list = page(&app, &city, "/policies").await.expect(200).text;
    assert!(list.contains("CN-1") && list.contains("施行中") && list.contains("全国"), "{list}");
    let address = link(&list, "/policies/");
    let policy = page(&app, &city, &address).await.expect(200).text;
    for told in [
        "2 个工作日内",
        "5 个工作日内",
        "4 小时内，节假日照常计时",
        "72 小时内",
        "回复和办结时限都从提交时起算",
        "24:00 届满",
        "可延期至原时限后第 20 个工作日以内",
        "满 10 个工作日仍未确认的",
        "5 家医疗机构、2 个市",
        "1. 市级医保局",
        "2. 省级医保局",
        "鲁医保发〔2023〕14号",
    ] {
        assert!(policy.contains(told), "{told}");
    }
    let translated = page(&app, &english, &address).await.expect(200).text;
    assert!(translated.contains("within 72 hours, holidays included"), "{translated}");
    app.stop().await;
}

async fn a_dead_letter_is_sent_again_by_a_form(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    app.mail.set_script(Script::RejectRcpt(550));
    hospital.file().await;
    hospital.advance_to("2026-02-13T10:31:00+08:00").await;
    let dead = page(&app, &admin, "/deliveries?state=failed").await.expect(200).text;
    assert_eq!(dead.matches("/replay\"").count(), 3, "{dead}");
    assert!(dead.contains("550") && dead.contains("m***@supply.example"), "{dead}");
    assert!(!dead.contains("maker@supply.example"));
    let action = dead.split("action=\"").find(|part| part.starts_with("/deliveries/"));
    let action = action.and_then(|part| part.split('"').next()).expect("a form").to_owned();
    let texts = page(&app, &admin, "/deliveries?state=failed&channel=sms").await.expect(200).text;
    assert!(texts.contains("没有符合条件的内容") && !texts.contains("/replay\""), "{texts}");
    let filed = "/deliveries?state=failed&channel=mail&kind=filed";
    let filed = page(&app, &admin, filed).await.expect(200).text;
    assert!(
        filed.contains("/replay\"") && filed.contains("href=\"/deliveries?state=failed\">清除")
    );
    app.mail.set_script(Script::Accept);
    send(&app, &hospital, (&action, "_key=a-key-of-this-form")).await.expect(403);
    for _ in 0..2 {
        let sent = send(&app, &admin, (&action, "_key=a-key-of-this-form")).await.expect(303);
        assert_eq!(sent.header("location"), "/deliveries?state=failed&done=replayed");
    }
    let after = page(&app, &admin, "/deliveries?state=failed&done=replayed").await.expect(200).text;
    assert!(after.contains("已重新排队发送") && after.matches("/replay\"").count() == 2, "{after}");
    let twice = send(&app, &admin, (&action, "_key=another-key-of-it")).await.expect(409).text;
    assert!(
        twice.contains("仅能重发未能送达的通知") && twice.contains("role=\"alert\""),
        "{twice}"
    );
    hospital.advance_to("2026-02-13T10:32:00+08:00").await;
    assert_eq!(app.mail.messages().len(), 1);
    let sent = page(&app, &admin, "/deliveries?state=sent").await.expect(200).text;
    assert!(!sent.contains("/replay\"") && sent.contains("已发出"));
    app.stop().await;
}

async fn what_is_searched_is_literal_and_inert(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, auditor) = (app.sign_in("admin").await, app.sign_in("auditor").await);
    let evil = "%3Cscript%3Ealert(1)%3C/script%3E%22%20onfocus=";
    for (who, path) in [(&admin, "/organisations"), (&admin, "/users"), (&auditor, "/audit")] {
        for typed in ["%25", "_", "%5C", "%27%20or%201=1%20--", evil] {
            let found = page(&app, who, &format!("{path}?q={typed}")).await.expect(200).text;
            assert!(found.contains("没有符合条件的内容"), "{path} {typed}");
            assert!(!found.contains("<script>") && !found.contains("\" onfocus"), "{path}");
        }
    }
    let name = "update organisation set name = '<script>100%_</script>' where kind = 'platform'";
    db.execute(name).await;
    let found = page(&app, &admin, "/organisations?q=0%25_").await.expect(200).text;
    assert!(found.contains("&#60;script&#62;100%_&#60;/script&#62;"), "{found}");
    assert!(!found.contains("<script>100"));
    let people = page(&app, &admin, "/users?role=admin&q=").await.expect(200).text;
    assert!(people.contains("a***@supply.example") && people.contains("138****"), "{people}");
    assert!(!people.contains("admin@supply.example") && !people.contains("<script>100"));
    db.execute("update app_user set disabled_at = created_at where username = 'maker'").await;
    let house = world::house("maker");
    let people = page(&app, &admin, &format!("/users?organisation={house}")).await.expect(200).text;
    assert!(people.contains("已停用") && people.contains("岱海制药有限公司"));
    assert!(people.contains("maker-en") && !people.contains("maker2"));
    app.stop().await;
}

async fn administrators_see_no_partys_text(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    app.mail.set_script(Script::RejectRcpt(550));
    let ticket = hospital.file().await;
    hospital.advance_to("2026-02-13T10:31:00+08:00").await;
    let ticket = format!("/tickets/{}", ticket["id"].as_str().expect("an id"));
    let written = filing();
    let texts = ["summary", "description"].map(|name| written[name].as_str().expect(name));
    for path in [
        "/",
        "/deliveries",
        "/deliveries?state=failed",
        "/organisations",
        "/users",
        "/notices",
        "/tickets",
        &ticket,
    ] {
        let shown = page(&app, &admin, path).await.expect(200).text;
        for text in texts.iter().chain(&["DD-0001", "张心晴", "13812345678"]) {
            assert!(!shown.contains(text), "{path}: {text}");
        }
    }
    app.stop().await;
}

async fn the_workbench_leads_to_what_waits(db: TestDb) {
    let mut kept = None;
    let keep = |app: App| {
        kept = Some(app.clone());
        app
    };
    let app = TestApp::spawn_with(&db, "http://supply.example/", keep).await;
    let admin = app.sign_in("admin").await;
    let desk = page(&app, &admin, "/").await.expect(200).text;
    for (address, count) in
        [("/organisations", "12"), ("/users", "14"), ("/calendars", "1"), ("/policies", "2")]
    {
        assert!(desk.contains(&format!("href=\"{address}\"><b>{count}</b>")), "{address}: {desk}");
    }
    assert!(desk.contains("/deliveries?state=failed") && !desk.contains("已暂停触发"));
    let kept = kept.expect("the application");
    hold::begin(&kept, HoldCause::Command, "维护".to_owned()).await.expect("on hold");
    let desk = page(&app, &admin, "/").await.expect(200).text;
    assert!(desk.contains("已暂停触发") && desk.contains("2026-02-13 10:30"), "{desk}");
    let hospital = page(&app, &app.sign_in("hospital").await, "/").await.expect(200).text;
    assert!(!hospital.contains("已暂停触发"));
    app.stop().await;
}

async fn locks_and_the_audit_log_are_told_in_words(db: TestDb) {
    let limits = |mut app: App| {
        app.limits = Limits::On;
        app
    };
    let app = TestApp::spawn_with(&db, "http://supply.example/", limits).await;
    let (security, auditor) = (app.sign_in("security").await, app.sign_in("auditor").await);
    for (username, times) in [("city", 10), ("<b>张", 1)] {
        for _ in 0..times {
            let body = serde_json::json!({"username": username, "password": "wrong"});
            let request = app.request(Method::POST, "/api/v1/session").json(&body);
            app.send(request).await.expect(401);
        }
    }
    let locks = page(&app, &security, "/locks").await.expect(200).text;
    assert!(locks.contains("已锁定") && locks.contains("未锁定"), "{locks}");
    assert!(locks.contains("&#60;b&#62;张") && !locks.contains("<b>张"));
    let desk = page(&app, &security, "/").await.expect(200).text;
    assert!(desk.contains("href=\"/locks\"><b>1</b>锁定中的用户名"), "{desk}");
    let hospital = app.sign_in("hospital").await;
    hospital.get("/exports/tickets?format=csv").await.expect(200);
    let log = page(&app, &auditor, "/audit").await.expect(200).text;
    assert!(log.contains("登录失败") && log.contains("审计员") && log.contains("127.0.0.1"));
    let told = page(&app, &auditor, "/audit?action=export_made").await.expect(200).text;
    for word in ["导出数据", "诉求单", "格式", "csv", "行数", "hospital"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    for raw in ["export_made</", "format <bdi>", "rows <bdi>", "detail-", "audit-"] {
        assert!(!told.contains(raw), "{raw}");
    }
    let desk = page(&app, &auditor, "/").await.expect(200).text;
    assert!(desk.contains("最新审计记录") && desk.contains("导出数据"), "{desk}");
    let first = page(&app, &auditor, "/audit?page_size=1").await.expect(200).text;
    let next = link(&first, "/audit?page_size=1&#38;cursor").replace("&#38;", "&");
    page(&app, &auditor, &next).await.expect(200);
    app.stop().await;
}

async fn wrong_addresses_are_refused_as_pages(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, auditor) = (app.sign_in("admin").await, app.sign_in("auditor").await);
    let address = link(&page(&app, &admin, "/calendars").await.text, "/calendars/0");
    let unknown = "0190b5a0-0000-7000-8000-00000000000a";
    for (who, path, status) in [
        (&admin, format!("/calendars/{unknown}"), 404),
        (&admin, "/calendars/1".to_owned(), 404),
        (&admin, format!("{address}?year=1999"), 422),
        (&admin, format!("{address}?year=%E4%BA%8C"), 422),
        (&admin, format!("/policies/{unknown}"), 404),
        (&admin, "/organisations?kind=x".to_owned(), 422),
        (&admin, "/organisations?division=37".to_owned(), 422),
        (&admin, "/users?role=root".to_owned(), 422),
        (&admin, "/users?cursor=x".to_owned(), 400),
        (&admin, "/deliveries?state=dead".to_owned(), 422),
        (&auditor, "/audit?action=x".to_owned(), 422),
        (&auditor, "/audit?from=yesterday".to_owned(), 422),
    ] {
        let answer = page(&app, who, &path).await.expect(status);
        assert!(answer.text.contains("<main"), "{path}");
    }
    // What a browser sends for fields left empty is no filter.
    page(&app, &admin, "/organisations?q=&kind=&division=").await.expect(200);
    page(&app, &auditor, "/audit?q=&username=&action=&from=&to=").await.expect(200);
    let path = format!("/deliveries/{unknown}/replay");
    send(&app, &admin, (&path, "_key=a-key-of-this-form")).await.expect(404);
    app.stop().await;
}
