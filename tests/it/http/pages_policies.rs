//! Administrators keep the time-limit rules on pages, without script.

use reqwest::Method;
use reqwest::header::{ACCEPT, COOKIE};

use crate::support::app::{Answer, As, TestApp};
use crate::support::db::{TestDb, both, sqlite_only};

both!(a_version_is_made_by_forms);
sqlite_only!(
    a_form_that_was_refused_comes_back_filled_in,
    rungs_come_and_go_by_buttons,
    the_end_of_a_rule_is_decided_on_its_page,
    a_version_is_withdrawn_on_its_page,
    only_administrators_find_the_forms,
);

const SHANDONG: &str = "/policies/01900000-0000-7000-8000-000000000037";

fn cookie(who: &As<'_>) -> String {
    format!("supplyline={}", who.token)
}

pub(super) async fn page(app: &TestApp, who: &As<'_>, path: &str) -> Answer {
    let request = app.request(Method::GET, path).header(ACCEPT, "text/html");
    app.send(request.header(COOKIE, cookie(who))).await
}

pub(super) async fn send(
    app: &TestApp,
    who: &As<'_>,
    path: &str,
    pairs: &[(String, String)],
) -> Answer {
    let request = app.request(Method::POST, path).header(ACCEPT, "text/html");
    let request = request.header(COOKIE, cookie(who)).header("Sec-Fetch-Site", "same-origin");
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    let pair = |(name, value): &(String, String)| format!("{}={}", encoded(name), encoded(value));
    let body = pairs.iter().map(pair).collect::<Vec<_>>().join("&");
    app.send(request.body(body)).await
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn unescaped(text: &str) -> String {
    let signs = [("&#34;", "\""), ("&#60;", "<"), ("&#62;", ">"), ("&#39;", "'"), ("&#38;", "&")];
    signs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split(&format!(" {name}=\"")).nth(1)?;
    rest.split('"').next().map(unescaped)
}

/// What a browser would send of a page's form: by the action that it has.
pub(super) fn filled(page: &str, action: &str) -> Vec<(String, String)> {
    let form = page.split("<form").find(|form| form.contains(&format!("action=\"{action}\"")));
    let form = form.expect(action).split("</form>").next().unwrap_or_default();
    let mut all = Vec::new();
    for tag in form.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').unwrap_or((tag, ""));
        let tag = format!(" {tag} ");
        let Some(name) = attribute(&tag, "name") else { continue };
        let kind = attribute(&tag, "type").unwrap_or_default();
        let is_left_out =
            matches!(kind.as_str(), "checkbox" | "radio") && !tag.contains(" checked");
        if tag.starts_with(" input") && !is_left_out {
            all.push((name, attribute(&tag, "value").unwrap_or_default()));
        } else if tag.starts_with(" textarea") {
            all.push((name, unescaped(text.trim_start_matches('\n'))));
        } else if tag.starts_with(" select") {
            let options = form.split(&format!("name=\"{name}\"")).nth(1).unwrap_or_default();
            let options = options.split("</select>").next().unwrap_or_default();
            let chosen = options.split("<option").find(|option| option.contains(" selected"));
            all.push((name, chosen.and_then(|one| attribute(one, "value")).unwrap_or_default()));
        }
    }
    all
}

pub(super) fn set(pairs: &mut Vec<(String, String)>, name: &str, value: &str) {
    pairs.retain(|(known, _)| known != name);
    pairs.push((name.to_owned(), value.to_owned()));
}

async fn a_version_is_made_by_forms(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    hospital.file().await;
    let shown = page(&app, &admin, SHANDONG).await.expect(200).text;
    let address = format!("/policies/new?from={}", SHANDONG.trim_start_matches("/policies/"));
    assert!(shown.contains(&format!("href=\"{address}\"")), "{shown}");
    let form = page(&app, &admin, &address).await.expect(200).text;
    let mut pairs = filled(&form, "/policies/new");
    let has = |pairs: &[(String, String)], name: &str, value: &str| {
        pairs.contains(&(name.to_owned(), value.to_owned()))
    };
    assert!(has(&pairs, "p.ordinary.reply", "2") && has(&pairs, "p.division", "370000"));
    assert!(has(&pairs, "p.rung.1.level", "province") && has(&pairs, "_edition", "1"));
    assert!(has(&pairs, "p.warnings.days.on_due_day", "09:00"), "{pairs:?}");
    set(&mut pairs, "p.name", "山东省时限规则（<b>2026</b>）");
    set(&mut pairs, "p.effective_from", "2026-02-14");
    set(&mut pairs, "p.ordinary.reply", "１");
    set(&mut pairs, "p.quiet_hours.begins", "21:00");
    set(&mut pairs, "_from", "2026-01-01");
    set(&mut pairs, "_to", "2026-02-28");
    set(&mut pairs, "_do", "review");
    hospital.advance_to("2026-02-13T20:00:00+08:00").await;
    let review = send(&app, &admin, "/policies/new", &pairs).await.expect(200).text;
    for told in ["与 37-1 相比的变化", "21:00", "共试算 1 张诉求单", "普通诉求：回复", "其中 0 张"]
    {
        assert!(review.contains(told), "{told}: {review}");
    }
    assert!(!review.contains("<b>2026</b>") && review.contains("&#60;b&#62;2026"));
    assert!(!review.contains("延期最长"), "what stays is not told");
    let saved = filled(&review, "/policies");
    let answer = send(&app, &admin, "/policies", &saved).await.expect(303);
    let location = answer.header("location");
    assert!(location.ends_with("?done=policy-made"), "{location}");
    let again = send(&app, &admin, "/policies", &saved).await.expect(303);
    assert_eq!(again.header("location"), location, "once");
    let made = page(&app, &admin, &location).await.expect(200).text;
    for told in ["新版本已保存", "37-2", "1 个工作日内", "21:00 至次一工作日 08:00", "待施行"]
    {
        assert!(made.contains(told), "{told}: {made}");
    }
    let mut stale = saved.clone();
    set(&mut stale, "_key", "another-key-of-this-form");
    send(&app, &admin, "/policies", &stale).await.expect(412);
    app.stop().await;
}

async fn a_form_that_was_refused_comes_back_filled_in(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let form = page(&app, &admin, "/policies/new").await.expect(200).text;
    let mut pairs = filled(&form, "/policies/new");
    set(&mut pairs, "p.name", "某省规则");
    set(&mut pairs, "p.division", "999999");
    set(&mut pairs, "p.ordinary.reply", "六");
    set(&mut pairs, "p.rung.0.close_within", "1");
    set(&mut pairs, "p.counting.office_hours", "09:00-12:00, 11:00-17:00");
    set(&mut pairs, "_do", "review");
    let back = send(&app, &admin, "/policies/new", &pairs).await.expect(422).text;
    for told in ["某省规则", "六", "id=\"rules-p-ordinary-reply-error\"", "role=\"alert\""] {
        assert!(back.contains(told), "{told}");
    }
    for id in ["p-division", "p-source", "p-rung-0-close_within", "p-counting-office_hours"] {
        assert!(back.contains(&format!("id=\"rules-{id}-error\"")), "{id}: {back}");
    }
    let listed = page(&app, &admin, "/policies").await.expect(200).text;
    assert!(!listed.contains("某省规则"));
    send(&app, &admin, "/policies", &pairs).await.expect(422);
    app.stop().await;
}

async fn rungs_come_and_go_by_buttons(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let form = page(&app, &admin, "/policies/new").await.expect(200).text;
    let mut pairs = filled(&form, "/policies/new");
    let rungs = |pairs: &[(String, String)]| {
        let levels = pairs.iter().filter(|(name, _)| name.starts_with("p.rung."));
        levels
            .filter(|(name, _)| name.ends_with(".level"))
            .map(|(_, value)| value.clone())
            .collect()
    };
    let levels: Vec<String> = rungs(&pairs);
    assert_eq!(levels, ["city", "province"]);
    set(&mut pairs, "_do", "add");
    let more = send(&app, &admin, "/policies/new", &pairs).await.expect(200).text;
    let mut pairs = filled(&more, "/policies/new");
    let levels: Vec<String> = rungs(&pairs);
    assert_eq!(levels, ["city", "province", ""]);
    set(&mut pairs, "_do", "remove-0");
    let less = send(&app, &admin, "/policies/new", &pairs).await.expect(200).text;
    let levels: Vec<String> = rungs(&filled(&less, "/policies/new"));
    assert_eq!(levels, ["province", ""]);
    app.stop().await;
}

async fn the_end_of_a_rule_is_decided_on_its_page(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let desk = page(&app, &admin, "/").await.expect(200).text;
    assert!(desk.contains("将于 2026-04-09 失效"), "{desk}");
    admin.advance_to("2026-04-20T10:00:00+08:00").await;
    let desk = page(&app, &admin, "/").await.expect(200).text;
    assert!(desk.contains("已于 2026-04-09 失效") && desk.contains(SHANDONG), "{desk}");
    let list = page(&app, &admin, "/policies").await.expect(200).text;
    assert!(list.contains("已失效，待决定"));
    let shown = page(&app, &admin, SHANDONG).await.expect(200).text;
    let action = format!("{SHANDONG}/decision");
    let mut pairs = filled(&shown, &action);
    let back = send(&app, &admin, &action, &pairs).await.expect(422).text;
    for id in ["decide-reason-error", "decide-source-error"] {
        assert!(back.contains(&format!("id=\"{id}\"")), "{id}: {back}");
    }
    set(&mut pairs, "reason", "地方决定继续执行");
    set(&mut pairs, "source", "鲁医保函〔2026〕9号");
    let answer = send(&app, &admin, &action, &pairs).await.expect(303);
    let next = page(&app, &admin, &answer.header("location")).await.expect(200).text;
    for told in ["决定已登记", "37-2", "2026-04-10", "鲁医保函〔2026〕9号", "施行中"]
    {
        assert!(next.contains(told), "{told}: {next}");
    }
    let before = page(&app, &admin, SHANDONG).await.expect(200).text;
    assert!(before.contains("地方决定继续执行 37-2") && !before.contains(&action), "{before}");
    let desk = page(&app, &admin, "/").await.expect(200).text;
    assert!(!desk.contains("时限规则需要决定"));
    app.stop().await;
}

async fn a_version_is_withdrawn_on_its_page(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let mut draft = super::policies_keeping::draft();
    draft["effective_from"] = serde_json::json!("2026-03-01");
    let made = admin.act("/policies", draft).await;
    let path = format!("/policies/{}", made["id"].as_str().expect("an id"));
    let shown = page(&app, &admin, &path).await.expect(200).text;
    for told in ["邮件", "医疗机构", "08:30–12:00, 13:30–18:00", "至省级", "到期前第 1 个工作日"]
    {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    let action = format!("{path}/withdraw");
    let mut pairs = filled(&shown, &action);
    let back = send(&app, &admin, &action, &pairs).await.expect(422).text;
    assert!(back.contains("id=\"withdraw-reason-error\""), "{back}");
    set(&mut pairs, "reason", "文件撤销");
    let answer = send(&app, &admin, &action, &pairs).await.expect(303);
    let gone = page(&app, &admin, &answer.header("location")).await.expect(200).text;
    assert!(gone.contains("已撤回") && gone.contains("文件撤销") && !gone.contains(&action));
    app.stop().await;
}

async fn only_administrators_find_the_forms(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    for name in ["hospital", "province", "security", "auditor"] {
        let who = app.sign_in(name).await;
        page(&app, &who, "/policies/new").await.expect(403);
        send(&app, &who, "/policies/new", &[]).await.expect(403);
        send(&app, &who, "/policies", &[]).await.expect(403);
        let shown = page(&app, &who, SHANDONG).await.expect(200).text;
        assert!(!shown.contains("<form method=\"post\" action=\"/policies"), "{name}");
        assert!(!shown.contains("/policies/new"), "{name}");
        let action = format!("{SHANDONG}/decision");
        send(&app, &who, &action, &[]).await.expect(403);
    }
    let admin = app.sign_in("admin").await;
    let unknown = "/policies/new?from=01900000-0000-7000-8000-000000000009";
    page(&app, &admin, unknown).await.expect(404);
    page(&app, &admin, "/policies/new?from=x").await.expect(422);
    app.stop().await;
}
