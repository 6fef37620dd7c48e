//! Editing calendars in a browser: review, preview, confirm, and take back.
//!
//! **Never** uses a call of the API for what a page is there for.

use reqwest::Method;
use serde_json::Value;

use super::stage::id;
use crate::support::app::{Answer, As, TestApp};
use crate::support::browser::{Browser, plain};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::form::{BOUNDARY, Form};

both!(a_day_is_changed_and_changed_back, a_pasted_notice_is_reviewed_and_confirmed);
sqlite_only!(
    a_file_is_reviewed_before_anything_is_changed,
    a_region_gets_its_calendar,
    only_administrators_see_these_pages,
);

const NOTICE: &str = "国务院办公厅关于2027年部分节假日安排的通知
一、元旦：1月1日（周五）至3日（周日）放假，共3天。
二、春节：2月5日（周五）至11日（周四）放假调休，共8天。2月20日（周六）上班。
三、清明节：4月3日（周六）至5日（周一）放假，共3天。
四、劳动节：5月1日（周六）至5日（周二）放假调休，共5天。5月8日（周六）上班。
五、端午节：6月9日（周三）放假，共1天。
六、国庆节：10月1日（周五）至7日（周四）放假调休，共7天。鼓励错峰出行，10月8日可以休息。";

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What the form that is sent there would send without being touched, selects and areas included.
fn untouched(page: &str, action: &str) -> Vec<(String, String)> {
    let address = format!("action=\"{action}\"");
    let form = page.split("<form").find(|form| form.contains(&address)).expect(action);
    let form = form.split("</form>").next().unwrap_or_default();
    let mut sent = Vec::new();
    for tag in form.split('<').skip(1) {
        let get = |name: &str| {
            let rest = tag.split_once(&format!(" {name}=\""))?.1;
            rest.split_once('"').map(|(value, _)| plain(value))
        };
        let is_input = tag.starts_with("input") && !tag.contains("type=\"checkbox\"");
        match get("name") {
            Some(name) if is_input => sent.push((name, get("value").unwrap_or_default())),
            Some(name) if tag.starts_with("select") => sent.push((name, String::new())),
            Some(name) if tag.starts_with("textarea") => {
                sent.push((name, plain(tag.split_once('>').expect("its text").1.trim())));
            }
            Some(_) | None if tag.starts_with("option") && tag.contains(" selected") => {
                sent.last_mut().expect("a select").1 = get("value").unwrap_or_default();
            }
            Some(_) | None => {}
        }
    }
    sent
}

async fn nation(who: &As<'_>) -> String {
    let calendars = who.get("/calendars").await.expect(200).json();
    format!("/calendars/{}", id(&calendars["items"][0]))
}

fn due(ticket: &Value) -> String {
    ticket["deadlines"][0]["due_at"].as_str().expect("a deadline").to_owned()
}

/// Where an answer leads.
fn leads(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.header("location")
}

async fn a_day_is_changed_and_changed_back(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    let ticket = format!("/tickets/{}", id(&hospital.file().await));
    let (browser, path) = (Browser::of(&app, &admin), nation(&admin).await);
    let year = browser.get(&format!("{path}?year=2026")).await;
    assert!(year.text.contains(&format!("{path}/day?date=2026-02-24")), "each day can be chosen");
    let day = browser.get(&format!("{path}/day?date=2026-02-24")).await.expect(200);
    let edit = format!("{path}/edit");
    let mut form = untouched(&day.text, &edit);
    form.retain(|(name, _)| name == "date");
    let bad = browser.post(&edit, &[form.clone(), fields(&[("kind", "rest")])].concat()).await;
    assert_eq!(bad.status, 422);
    assert!(
        bad.text.contains("第 1 行，依据文件") || bad.text.contains("第 1 行, 依据文件"),
        "{}",
        bad.text
    );
    let more = fields(&[
        ("kind", "rest"),
        ("name", ""),
        ("source", "鲁政办字〔2026〕1号"),
        ("_step", "preview"),
    ]);
    let seen = browser.post(&edit, &[form, more].concat()).await.expect(200);
    assert!(seen.text.contains("02-25") && seen.text.contains("推迟 1 天 0 小时"), "{}", seen.text);
    assert_eq!(due(&hospital.get(&ticket).await.json()), "2026-02-25T00:00:00+08:00", "not yet");
    let mut form = untouched(&seen.text, &edit);
    form.push(("_step".to_owned(), "confirm".to_owned()));
    let refused = browser.post(&edit, &form).await;
    assert_eq!(refused.status, 422, "without a reason");
    form.iter_mut()
        .filter(|(name, _)| name == "reason")
        .for_each(|(_, value)| "省政府通知".clone_into(value));
    let batch = leads(&browser.post(&edit, &form).await);
    assert_eq!(leads(&browser.post(&edit, &form).await), batch, "the same form is one batch");
    assert_eq!(due(&hospital.get(&ticket).await.json()), "2026-02-26T00:00:00+08:00");
    let shown = browser.get(&batch).await.expect(200);
    assert!(shown.text.contains("已生效") && shown.text.contains("省政府通知"), "{}", shown.text);
    let list = browser.get("/batches").await.expect(200);
    let own = batch.split('?').next().expect("an address");
    assert!(list.text.contains(own));
    let undo = format!("{own}/undo");
    let seen = browser.get(&undo).await.expect(200);
    assert!(seen.text.contains("提前 1 天 0 小时"), "{}", seen.text);
    let mut form = untouched(&seen.text, &undo);
    form.iter_mut()
        .filter(|(name, _)| name == "reason")
        .for_each(|(_, value)| "写错了".clone_into(value));
    let undone = leads(&browser.post(&undo, &form).await);
    assert!(browser.get(&undone).await.text.contains("撤销的批次"));
    assert_eq!(due(&hospital.get(&ticket).await.json()), "2026-02-25T00:00:00+08:00");
    app.stop().await;
}

async fn a_pasted_notice_is_reviewed_and_confirmed(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let (browser, path) = (Browser::of(&app, &admin), nation(&admin).await);
    let edit = format!("{path}/edit");
    let empty = fields(&[("text", " "), ("year", ""), ("source", ""), ("_step", "notice")]);
    assert_eq!(browser.post(&edit, &empty).await.status, 422);
    let pasted = fields(&[("text", NOTICE), ("year", ""), ("source", ""), ("_step", "notice")]);
    let review = browser.post(&edit, &pasted).await.expect(200);
    assert!(review.text.contains("通知写共 8 天，实列 7 天"), "{}", review.text);
    assert!(review.text.contains("10月8日可以休息"), "what was not understood is shown");
    let mut form = untouched(&review.text, &edit);
    assert_eq!(form.iter().filter(|(name, _)| name == "date").count(), 28);
    assert!(form.contains(&("year".to_owned(), "2027".to_owned())));
    // A reviewer leaves a day out.
    let last = form.iter().rposition(|(name, _)| name == "kind").expect("a kind");
    "skip".clone_into(&mut form[last].1);
    form.push(("_step".to_owned(), "preview".to_owned()));
    let seen = browser.post(&edit, &form).await.expect(200);
    assert!(!seen.text.contains("尚未导入"), "the year is whole");
    let mut form = untouched(&seen.text, &edit);
    form.iter_mut()
        .filter(|(name, _)| name == "reason")
        .for_each(|(_, value)| "国办通知".clone_into(value));
    form.push(("_step".to_owned(), "confirm".to_owned()));
    let batch = leads(&browser.post(&edit, &form).await);
    assert!(browser.get(&batch).await.text.contains("春节"));
    let year = admin.get(&format!("{path}?year=2027")).await.json();
    assert_eq!(year["provisional"], false);
    let kind = |at: usize| year["days"][at]["kind"].clone();
    assert_eq!(
        (kind(50), kind(278), kind(279)),
        ("makeup".into(), "rest".into(), "working".into())
    );
    app.stop().await;
}

async fn a_file_is_reviewed_before_anything_is_changed(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let (browser, path) = (Browser::of(&app, &admin), nation(&admin).await);
    let edit = format!("{path}/edit");
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let send = async |name: &str, file: &str| {
        browser.post_raw(&edit, &kind, Form::file(name, file).ended()).await
    };
    let event = |summary: &str| {
        format!(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260314\nSUMMARY:{summary}\nEND:VEVENT\nEND:VCALENDAR\n"
        )
    };
    let review = send("a.ics", &event("某节补班")).await.expect(200);
    let form = untouched(&review.text, &edit);
    assert!(form.contains(&("date".to_owned(), "2026-03-14".to_owned())), "{form:?}");
    assert!(form.contains(&("kind".to_owned(), "makeup".to_owned())), "{form:?}");
    let unclear = send("a.ics", &event("<b>某节</b>")).await.expect(200);
    assert!(unclear.text.contains("&#60;b&#62;某节") || unclear.text.contains("&lt;b&gt;某节"));
    for (name, file) in
        [("a.ics", "BEGIN:VCALENDAR\n"), ("a.csv", "\u{0}"), ("a.json", "{}"), ("a", "")]
    {
        let refused = send(name, file).await;
        assert_eq!(refused.status, 422, "{name}: {}", refused.text);
        assert!(refused.text.contains("文件无法采用"), "{name}");
    }
    assert_eq!(browser.post_raw(&edit, &kind, b"--nothing".to_vec()).await.status / 100, 4);
    let list = admin.get("/batches").await.json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(0), "nothing was changed");
    app.stop().await;
}

async fn a_region_gets_its_calendar(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let browser = Browser::of(&app, &admin);
    browser.get("/calendars/new").await.expect(200);
    let bad = browser.post("/calendars", &fields(&[("name", ""), ("division", "3710")])).await;
    assert_eq!(bad.status, 422);
    let good = fields(&[("name", "威海工作日历"), ("division", "371000")]);
    let layer = leads(&browser.post("/calendars", &good).await);
    assert!(browser.get(&layer).await.expect(200).text.contains("威海工作日历"));
    assert_eq!(browser.post("/calendars", &good).await.status, 422, "one for a region");
    app.stop().await;
}

async fn only_administrators_see_these_pages(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let path = nation(&admin).await;
    for name in ["hospital", "maker", "city", "security", "auditor"] {
        let who = app.sign_in(name).await;
        let browser = Browser::of(&app, &who);
        let year = browser.get(&format!("{path}?year=2026")).await.expect(200);
        assert!(!year.text.contains("/day?date="), "{name} is offered no editing");
        for page in ["/add", "/day?date=2026-02-24"].map(|page| format!("{path}{page}")) {
            assert_eq!(browser.get(&page).await.status, 403, "{name} {page}");
        }
        assert_eq!(browser.get("/batches").await.status, 403, "{name}");
        let edit = format!("{path}/edit");
        assert_eq!(browser.post(&edit, &fields(&[("_step", "notice")])).await.status, 403);
        assert_eq!(browser.post("/calendars", &[]).await.status, 403);
    }
    let browser = Browser::of(&app, &admin);
    let none = "/calendars/01900000-0000-7000-8000-0000000000ff";
    for page in ["/add", "/day?date=2026-02-24"].map(|page| format!("{none}{page}")) {
        assert_eq!(browser.get(&page).await.status, 404);
    }
    for page in ["/day", "/day?date=2026-02-30", "/day?date=1999-01-01", "/day?x=1"] {
        assert_eq!(browser.get(&format!("{path}{page}")).await.status, 422, "{page}");
    }
    let request = browser.bare(Method::GET, "/batches/01900000-0000-7000-8000-0000000000ff");
    assert_eq!(browser.send(request).await.status, 404);
    app.stop().await;
}
