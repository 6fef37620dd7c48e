//! Open tickets are judged by another version on a page: looked at, confirmed, approved.

use reqwest::Method;
use serde_json::{Value, json};

use super::pages_policies::{filled, page, send, set};
use super::policies_keeping::draft;
use super::stage::{id, refused};
use crate::support::app::{As, TestApp};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::world::second_administrator;

both!(tickets_are_judged_by_another_version_on_a_page);
sqlite_only!(
    a_judging_that_was_refused_is_shown_again,
    a_large_judging_is_proposed_to_a_second_administrator,
    nothing_is_judged_by_a_version_that_was_withdrawn,
    versions_stand_by_region_and_ends_are_told,
);

const SHANDONG: &str = "01900000-0000-7000-8000-000000000037";

/// A stricter version of the rules that judge Shandong's tickets; its id.
async fn stricter(admin: &As<'_>) -> String {
    let path = format!("/policies/{SHANDONG}");
    let read = admin.get(&path).await.expect(200);
    let own = read.json();
    let mut next = draft();
    for (name, value) in [
        ("name", own["name"].clone()),
        ("division", json!("370000")),
        ("effective_from", json!("2026-02-14")),
        ("reason", json!("收紧时限")),
        ("calendar_layer", json!("county")),
        ("counting", json!({})),
    ] {
        next[name] = value;
    }
    let request = admin.request(Method::PUT, &path).header("If-Match", read.header("etag"));
    let made = admin.send(request.json(&next)).await.expect(201).json();
    id(&made)
}

fn due(ticket: &Value, kind: &str) -> Value {
    let deadlines = ticket["deadlines"].as_array().expect("deadlines").iter();
    let last = deadlines.rev().find(|deadline| deadline["kind"] == kind);
    last.map_or(Value::Null, |deadline| deadline["due_at"].clone())
}

async fn tickets_are_judged_by_another_version_on_a_page(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    let ticket = hospital.file().await;
    let version = stricter(&admin).await;
    let address = format!("/policies/{version}/replan");
    let shown = page(&app, &admin, &format!("/policies/{version}")).await.expect(200).text;
    assert!(shown.contains(&format!("href=\"{address}\"")), "{shown}");
    let look = page(&app, &admin, &address).await.expect(200).text;
    let number = ticket["number"].as_str().expect("a number");
    for told in [
        "37-2",
        "山东省",
        number,
        "2026-02-24 24:00",
        "2026-02-14 24:00",
        &format!("href=\"/tickets/{}\"", id(&ticket)),
    ] {
        assert!(look.contains(told), "{told}: {look}");
    }
    let path = format!("/tickets/{}", id(&ticket));
    let same = hospital.get(&path).await.json();
    assert_eq!(due(&same, "reply"), "2026-02-25T00:00:00+08:00", "looking changes nothing");
    let mut pairs = filled(&look, &address);
    set(&mut pairs, "reason", "按新规重算");
    let answer = send(&app, &admin, &address, &pairs).await.expect(303);
    let again = send(&app, &admin, &address, &pairs).await.expect(303);
    assert_eq!(again.header("location"), answer.header("location"), "once");
    let done = page(&app, &admin, &answer.header("location")).await.expect(200).text;
    for told in ["已生效，未办结诉求单改按此版本计算", "按新规重算", "37-2", number]
    {
        assert!(done.contains(told), "{told}: {done}");
    }
    assert!(done.contains(&format!("href=\"/policies/{version}\"")), "{done}");
    let after = hospital.get(&path).await.json();
    assert_eq!(due(&after, "reply"), "2026-02-15T00:00:00+08:00");
    let log = app.sign_in("auditor").await.get("/audit?action=replan_applied").await.json();
    assert_eq!(log["items"].as_array().map(Vec::len), Some(1), "{log}");
    app.stop().await;
}

async fn a_judging_that_was_refused_is_shown_again(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    hospital.file().await;
    let address = format!("/policies/{}/replan", stricter(&admin).await);
    let look = page(&app, &admin, &address).await.expect(200).text;
    let mut pairs = filled(&look, &address);
    let back = send(&app, &admin, &address, &pairs).await.expect(422).text;
    assert!(
        back.contains("id=\"judge-reason-error\"") && back.contains("role=\"alert\""),
        "{back}"
    );
    // Another ticket came between looking and confirming.
    hospital.file().await;
    set(&mut pairs, "reason", "按新规重算");
    let back = send(&app, &admin, &address, &pairs).await.expect(409).text;
    assert!(back.contains("按新规重算") && back.contains("role=\"alert\""), "{back}");
    let mut pairs = filled(&back, &address);
    set(&mut pairs, "reason", "按新规重算");
    send(&app, &admin, &address, &pairs).await.expect(303);
    let odd = [pairs.clone(), vec![("more".to_owned(), "1".to_owned())]].concat();
    let mut odd = odd;
    set(&mut odd, "_key", "another-key-of-this-form");
    send(&app, &admin, &address, &odd).await.expect(422);
    page(&app, &admin, "/policies/01900000-0000-7000-8000-000000000009/replan").await.expect(404);
    page(&app, &admin, &format!("{address}?x=1")).await.expect(422);
    for name in ["hospital", "province", "security", "auditor"] {
        let who = app.sign_in(name).await;
        page(&app, &who, &address).await.expect(403);
        send(&app, &who, &address, &pairs).await.expect(403);
    }
    app.stop().await;
}

async fn a_large_judging_is_proposed_to_a_second_administrator(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    second_administrator(&db.store).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    for _ in 0..251 {
        hospital.file().await;
    }
    let address = format!("/policies/{}/replan", stricter(&admin).await);
    let look = page(&app, &admin, &address).await.expect(200).text;
    assert!(look.contains("提交另一名管理员批准"), "{look}");
    let mut pairs = filled(&look, &address);
    set(&mut pairs, "reason", "按新规重算");
    let answer = send(&app, &admin, &address, &pairs).await.expect(303);
    let location = answer.header("location");
    assert!(location.ends_with("?done=proposed"), "{location}");
    let batch = location.trim_end_matches("?done=proposed").to_owned();
    let waits = page(&app, &admin, &batch).await.expect(200).text;
    assert!(!waits.contains(&format!("action=\"{batch}/approve\"")), "not their own: {waits}");
    let second = app.sign_in("admin2").await;
    let waits = page(&app, &second, &batch).await.expect(200).text;
    let approve = format!("{batch}/approve");
    send(&app, &second, &approve, &filled(&waits, &approve)).await.expect(303);
    let tickets = hospital.get("/tickets?page_size=1").await.expect(200).json();
    assert_eq!(due(&tickets["items"][0], "reply"), "2026-02-15T00:00:00+08:00");
    app.stop().await;
}

async fn nothing_is_judged_by_a_version_that_was_withdrawn(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let version = stricter(&admin).await;
    let path = format!("/policies/{version}");
    admin.act(&format!("{path}/withdraw"), json!({"reason": "有误"})).await;
    let replan = format!("{path}/replan");
    for asked in [format!("{replan}?dry_run=true"), replan.clone()] {
        let answer = admin.post(&asked, &json!({"reason": "按新规"})).await;
        refused(&answer, (409, "policy_withdrawn"), &asked);
    }
    page(&app, &admin, &replan).await.expect(409);
    let shown = page(&app, &admin, &path).await.expect(200).text;
    assert!(!shown.contains(&replan), "{shown}");
    app.stop().await;
}

async fn versions_stand_by_region_and_ends_are_told(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, city) = (app.sign_in("admin").await, app.sign_in("city").await);
    let mut jiangsu = draft();
    admin.act("/policies", jiangsu.clone()).await;
    jiangsu["division"] = json!("320100");
    jiangsu["name"] = json!("南京市时限规则");
    jiangsu["effective_from"] = json!("2026-03-01");
    let nanjing = admin.act("/policies", jiangsu).await;
    let gone = format!("/policies/{}/withdraw", id(&nanjing));
    admin.act(&gone, json!({"reason": "有误"})).await;
    let list = page(&app, &admin, "/policies").await.expect(200).text;
    let at = |text: &str| list.find(text).unwrap_or_else(|| panic!("{text}: {list}"));
    let order = [">全国</h2>", "江苏省 320000</h2>", "南京市 320100</h2>", "山东省 370000</h2>"];
    let places = order.map(at);
    assert!(places.is_sorted(), "{places:?}: {list}");
    for told in ["施行中 2", "待施行 1", "已撤回 1", "将于 2026-04-09 失效（还有 55 天）"]
    {
        assert!(list.contains(told), "{told}: {list}");
    }
    let decide = format!("href=\"/policies/{SHANDONG}#form-decide\"");
    assert!(list.contains(&decide), "{list}");
    let seen = page(&app, &city, "/policies").await.expect(200).text;
    assert!(seen.contains("还有 55 天") && !seen.contains("#form-decide"), "{seen}");
    let first = page(&app, &admin, "/policies?page_size=2").await.expect(200).text;
    assert!(first.contains("江苏省 320000</h2>") && !first.contains("南京市 320100</h2>"));
    assert!(first.contains("还有 55 天"), "an alarm stands on every page");
    let next = first.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let next = next.expect("a next page").replace("&#38;", "&");
    let second = page(&app, &admin, &next).await.expect(200).text;
    assert!(second.contains("南京市 320100</h2>") && second.contains("山东省 370000</h2>"));
    city.advance_to("2026-04-10T09:00:00+08:00").await;
    let list = page(&app, &app.sign_in("admin").await, "/policies").await.expect(200).text;
    assert!(list.contains("已于 2026-04-09 失效") && list.contains("已失效，待决定 1"), "{list}");
    app.stop().await;
}
