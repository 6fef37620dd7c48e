//! The ledger over HTTP: figures that somebody reckoned by hand, each reader's own part of them.

use serde_json::{Value, json};

use super::stage::{id, refused, sound};
use crate::support::app::{As, TestApp, filing, reply};
use crate::support::db::{TestDb, both};
use crate::support::form::Form;
use crate::support::world::{CEFTRIAXONE, INSULIN, house};

both!(
    a_ledger_is_what_somebody_reckoned_by_hand,
    each_reads_their_own_part,
    a_filter_picks_what_it_says,
    a_wrong_parameter_is_refused,
);

const HISTORIC: &str = "历史诉求,医疗机构,产品编码,问题类别,摘要,情况说明,缺口数量,单位,联系人,\
                        联系电话,提交时间,状态,办结时间\n";

/// The acts of a day in February, by people who are signed in.
struct Desk<'a> {
    hospital: As<'a>,
    elsewhere: As<'a>,
    maker: As<'a>,
    maker2: As<'a>,
}

impl<'a> Desk<'a> {
    async fn of(app: &'a TestApp) -> Self {
        Self {
            hospital: app.sign_in("hospital").await,
            elsewhere: app.sign_in("hospital2").await,
            maker: app.sign_in("maker").await,
            maker2: app.sign_in("maker2").await,
        }
    }

    async fn file(&self, who: &As<'_>, code: &str) -> String {
        let mut ticket = filing();
        ticket["product_code"] = json!(code);
        let filed = who.post("/tickets", &ticket).await.expect(201);
        format!("/tickets/{}", id(&filed.json()))
    }

    async fn solve(&self, who: &As<'_>, ticket: &str) {
        let body = json!({"message": "已送达。", "delivered_quantity": 500});
        who.post(&format!("{ticket}/solve"), &body).await.expect(200);
    }

    async fn confirm(&self, who: &As<'_>, ticket: &str, body: Value) {
        who.post(&format!("{ticket}/confirm"), &body).await.expect(200);
    }
}

/// Ten tickets, each with another fate. Working days are 02-13, the make-up day 02-14, then
/// 02-24 to 02-28 and 03-02.
async fn play(app: &TestApp) {
    let desk = Desk::of(app).await;
    let (hospital, maker) = (&desk.hospital, &desk.maker);
    // Replied at once, a false report disputed, another promise, kept on the fourth working day.
    let disputed = desk.file(hospital, INSULIN).await;
    maker.post(&format!("{disputed}/reply"), &reply("2026-02-24")).await.expect(200);
    // Replied a day late, and the promise broken.
    let late = desk.file(hospital, INSULIN).await;
    // Never replied.
    desk.file(&desk.elsewhere, INSULIN).await;
    let withdrawn = desk.file(hospital, INSULIN).await;
    let reason = json!({"reason": "重复提交。"});
    hospital.post(&format!("{withdrawn}/withdraw"), &reason).await.expect(200);
    let returned = desk.file(hospital, INSULIN).await;
    maker.post(&format!("{returned}/return"), &json!({"reason": "非我司品种。"})).await.expect(200);
    let granted = json!({"on": "return", "granted": true, "reason": "登记有误。"});
    let city = app.sign_in("city").await;
    city.post(&format!("{returned}/decisions"), &granted).await.expect(200);
    // The competitor's, solved the next working day; and one without an agreed quantity, whose
    // goods simply arrived.
    let solved = desk.file(hospital, CEFTRIAXONE).await;
    let arrived = desk.file(&desk.elsewhere, CEFTRIAXONE).await;
    hospital.advance_to("2026-02-14T09:00:00+08:00").await;
    desk.solve(maker, &disputed).await;
    desk.confirm(hospital, &disputed, json!({"result": "not_solved"})).await;
    let promise =
        json!({"promised_on": "2026-02-26", "promised_quantity": 500, "reason": "补发。"});
    maker.post(&format!("{disputed}/promise"), &promise).await.expect(200);
    desk.solve(&desk.maker2, &solved).await;
    desk.confirm(hospital, &solved, json!({"result": "solved"})).await;
    desk.confirm(&desk.elsewhere, &arrived, json!({"result": "solved"})).await;
    hospital.advance_to("2026-02-25T10:00:00+08:00").await;
    maker.post(&format!("{late}/reply"), &reply("2026-02-27")).await.expect(200);
    hospital.advance_to("2026-02-26T16:00:00+08:00").await;
    desk.solve(maker, &disputed).await;
    hospital.advance_to("2026-02-28T09:00:00+08:00").await;
    let bad = json!({"result": "solved", "rating": "dissatisfied"});
    desk.confirm(hospital, &disputed, bad).await;
    hospital.advance_to("2026-03-02T09:00:00+08:00").await;
    desk.file(hospital, INSULIN).await;
    let old = |summary: &str, ends: &str| {
        format!(
            "是,滨海市第一人民医院,{INSULIN},短供,{summary},两周未到货,300,支,张敏,13800000001,\
             2025-03-03 09:30,{ends}\n"
        )
    };
    let table = format!(
        "{HISTORIC}{}{}",
        old("缺货", "已办结,2025-03-10"),
        old("误报", "已撤回,2025-03-04")
    );
    let admin = app.sign_in("admin").await;
    admin.upload("/imports/tickets", Form::file("旧.csv", table)).await.expect(200);
}

async fn ledger(who: &As<'_>, query: &str) -> Value {
    let answer = who.get(&format!("/ledger{query}")).await;
    sound(&answer, query);
    answer.expect(200).json()
}

fn ratio(numerator: u32, denominator: u32) -> Value {
    let rate = (denominator > 0).then(|| f64::from(numerator) / f64::from(denominator));
    json!({"numerator": numerator, "denominator": denominator, "rate": rate})
}

async fn a_ledger_is_what_somebody_reckoned_by_hand(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    play(&app).await;
    let province = app.sign_in("province").await;
    let found = ledger(&province, "").await;
    let rows = found["items"].as_array().expect("rows");
    assert_eq!((&found["by"], rows.len()), (&json!("manufacturer"), 2));
    assert_eq!(rows[0]["manufacturer"]["name"], "岱海制药有限公司");
    let expected = json!({
        "tickets": 8, "hospitals": 2, "replied_in_time": 1, "replied_late": 1, "not_replied": 1,
        "on_time_reply": ratio(1, 3), "promise_kept": ratio(1, 2),
        "timely_resolution": ratio(1, 3), "issues": 7, "issue_hospitals": 2, "enough": false,
        "without_agreement": 0, "closed": 2, "withdrawn": 2, "returned": 1, "escalated": 2,
        "dissatisfied": 1, "historic": 2, "median_working_days": 4.5,
    });
    same(&rows[0], &expected);
    let rival = json!({
        "tickets": 2, "hospitals": 2, "replied_in_time": 2, "replied_late": 0, "not_replied": 0,
        "on_time_reply": ratio(2, 2), "promise_kept": ratio(0, 0),
        "timely_resolution": ratio(1, 1), "issues": 1, "issue_hospitals": 1, "enough": false,
        "without_agreement": 1, "closed": 2, "withdrawn": 0, "returned": 0, "escalated": 0,
        "dissatisfied": 0, "historic": 0, "median_working_days": 1.0,
    });
    same(&rows[1], &rival);
    let total = json!({
        "tickets": 10, "hospitals": 2, "on_time_reply": ratio(3, 5), "promise_kept": ratio(1, 2),
        "timely_resolution": ratio(2, 4), "issues": 8, "median_working_days": 2.5,
    });
    same(&found["total"], &total);
    let by_month = ledger(&province, "?by=month").await;
    let months: Vec<_> = by_month["items"].as_array().expect("rows").iter().collect();
    let of = |row: &&Value| (row["month"].clone(), row["tickets"].clone());
    let months: Vec<_> = months.iter().map(of).collect();
    let expected = [("2025-03", 2), ("2026-02", 7), ("2026-03", 1)];
    assert_eq!(months, expected.map(|(month, count)| (json!(month), json!(count))));
    let by_city = ledger(&province, "?by=city").await["items"].clone();
    let expected = [("370200", "青岛市", 2), ("371000", "威海市", 8)];
    for (row, (division, name, count)) in by_city.as_array().expect("rows").iter().zip(expected) {
        assert_eq!(row["city"], json!({"division": division, "name": name}));
        assert_eq!(row["tickets"], count);
    }
    let by_county = ledger(&province, "?by=county").await["items"].clone();
    let expected = [("370202", "市南区", 2), ("371002", "环翠区", 8)];
    for (row, (division, name, count)) in by_county.as_array().expect("rows").iter().zip(expected) {
        assert_eq!(row["county"], json!({"division": division, "name": name}));
        assert_eq!(row["tickets"], count);
    }
    let by_product = ledger(&province, "?by=product").await["items"].clone();
    assert_eq!(by_product[1]["product"]["code"], INSULIN);
    assert_eq!(
        (&by_product[1]["province"], &by_product[1]["tickets"]),
        (&json!("370000"), &json!(8))
    );
    app.stop().await;
}

/// Every expected figure stands in the row.
fn same(row: &Value, expected: &Value) {
    for (name, value) in expected.as_object().expect("figures") {
        assert_eq!(row[name], *value, "{name}: {row}");
    }
}

async fn each_reads_their_own_part(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    play(&app).await;
    for (username, tickets, rows) in [
        ("province", 10, 2),
        ("city", 8, 2),
        ("county", 8, 2),
        ("city2", 2, 2),
        ("county2", 2, 2),
        ("maker", 8, 1),
        ("maker2", 2, 1),
    ] {
        let found = ledger(&app.sign_in(username).await, "").await;
        assert_eq!(found["total"]["tickets"], tickets, "{username}");
        assert_eq!(found["items"].as_array().map(Vec::len), Some(rows), "{username}");
    }
    let rival = app.sign_in("maker2").await;
    for by in ["manufacturer", "product", "city", "county", "month"] {
        let query = format!("?by={by}&manufacturer={}", house("maker"));
        let found = ledger(&rival, &query).await;
        assert_eq!((&found["items"], &found["total"]["tickets"]), (&json!([]), &json!(0)));
        let own = ledger(&rival, &format!("?by={by}")).await.to_string();
        assert!(!own.contains("岱海制药") && !own.contains(INSULIN), "{own}");
    }
    let found = ledger(&app.sign_in("city2").await, "?division=371000").await;
    assert_eq!(found["total"]["tickets"], 0, "another city's");
    assert_eq!(found["total"]["on_time_reply"], ratio(0, 0));
    for username in ["hospital", "distributor", "admin", "security", "auditor"] {
        let who = app.sign_in(username).await;
        for path in ["/ledger", "/ledger?by=week"] {
            refused(&who.get(path).await, (403, "forbidden"), username);
        }
    }
    app.stop().await;
}

async fn a_filter_picks_what_it_says(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    play(&app).await;
    let province = app.sign_in("province").await;
    let (maker, nobody) = (house("maker"), house("city"));
    for (query, tickets) in [
        ("from=2026-02-13".to_owned(), 8),
        ("to=2026-02-12".to_owned(), 2),
        ("from=2025-03-03&to=2025-03-03".to_owned(), 2),
        ("from=2026-02-13&to=2026-02-28".to_owned(), 7),
        (format!("manufacturer={maker}"), 8),
        (format!("manufacturer={nobody}"), 0),
        (format!("product={CEFTRIAXONE}"), 2),
        ("product=XX".to_owned(), 0),
        ("division=370200".to_owned(), 2),
        (format!("division=371002&product={INSULIN}&from=2026-03-01"), 1),
    ] {
        for by in ["manufacturer", "product", "city", "county", "month"] {
            let found = ledger(&province, &format!("?by={by}&{query}")).await;
            assert_eq!(found["total"]["tickets"], tickets, "{by} {query}");
            let rows = found["items"].as_array().expect("rows").iter();
            let sum: i64 = rows.filter_map(|row| row["tickets"].as_i64()).sum();
            assert_eq!(sum, tickets, "{by} {query}");
        }
    }
    app.stop().await;
}

async fn a_wrong_parameter_is_refused(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let city = app.sign_in("city").await;
    for (query, field) in [
        ("by=week", "by"),
        ("by=", "by"),
        ("by=city&by=month", "by"),
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("manufacturer=1", "manufacturer"),
        ("product=", "product"),
        ("product=%00", "product"),
        ("product=%E7%9F%AD", "product"),
        ("division=12", "division"),
        ("page_size=20", "page_size"),
        ("cursor=x", "cursor"),
        ("tenant=1", "tenant"),
    ] {
        let answer = city.get(&format!("/ledger?{query}")).await;
        refused(&answer, (422, "invalid"), query);
        assert_eq!(answer.fields()[0].0, field, "{query}");
    }
    let anonymous = app.request(reqwest::Method::GET, "/api/v1/ledger");
    refused(&app.send(anonymous).await, (401, "unauthenticated"), "nobody");
    app.stop().await;
}
