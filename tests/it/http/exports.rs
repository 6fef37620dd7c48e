//! Lists as files: what the list shows, all of it, and nothing that a program would run.

use std::collections::BTreeSet;
use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{id, refused, sound};
use crate::support::app::{As, TestApp, filing, reply};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::form::Form;
use crate::support::world::INSULIN;

both!(
    a_list_comes_whole_as_the_reader_sees_it,
    every_page_is_in_the_file,
    a_filter_of_the_list_is_the_exports_too,
    nobody_exports_anothers,
    the_ledger_comes_as_a_table,
);
sqlite_only!(
    no_cell_is_a_formula_b058,
    a_workbook_has_types,
    too_many_rows_are_refused,
    a_wrong_request_is_refused,
    a_file_is_to_be_saved,
    every_column_is_a_field_of_the_api,
);

/// Who has which list.
const LISTS: [(&str, &str); 11] = [
    ("hospital", "tickets"),
    ("maker", "tickets"),
    ("city", "tickets"),
    ("admin", "tickets"),
    ("city", "escalations"),
    ("maker", "shortage-events"),
    ("province", "shortage-events"),
    ("hospital", "products"),
    ("maker", "products"),
    ("maker", "notices"),
    ("admin", "deliveries"),
];

/// The bytes of a file.
async fn file(who: &As<'_>, path: &str) -> Vec<u8> {
    let answer = who.request(Method::GET, path).send().await.expect("answered");
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    let length = answer.content_length().expect("a length");
    let bytes = answer.bytes().await.expect("read");
    assert_eq!(u64::try_from(bytes.len()).expect("few"), length, "{path}: all of it");
    bytes.to_vec()
}

/// A table's rows of text, the heading first.
type Rows = Vec<Vec<String>>;

async fn csv(who: &As<'_>, list: &str) -> Rows {
    let sign = if list.contains('?') { '&' } else { '?' };
    let bytes = file(who, &format!("/exports/{list}{sign}format=csv")).await;
    let text = String::from_utf8(bytes).expect("UTF-8");
    let text = text.strip_prefix('\u{feff}').expect("a mark").to_owned();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let row =
        |row: Result<csv::StringRecord, _>| row.expect("a row").iter().map(str::to_owned).collect();
    reader.records().map(row).collect()
}

async fn xlsx(who: &As<'_>, list: &str) -> Vec<Vec<Data>> {
    let bytes = file(who, &format!("/exports/{list}")).await;
    let mut book = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    let name = book.sheet_names().first().expect("a sheet").clone();
    assert!(book.worksheet_formula(&name).expect("a sheet").is_empty(), "{list}: no formula");
    let range = book.worksheet_range(&name).expect("a sheet");
    range.rows().map(<[Data]>::to_vec).collect()
}

/// The cells below a heading.
fn under(rows: &Rows, title: &str) -> Vec<String> {
    let at = rows[0].iter().position(|heading| heading == title).expect(title);
    rows.iter().skip(1).map(|row| row[at].clone()).collect()
}

fn like(differences: &Value) -> Value {
    let mut ticket = filing();
    for (name, value) in differences.as_object().expect("an object") {
        ticket[name] = value.clone();
    }
    ticket
}

/// A ticket that was replied to, one escalated, one withdrawn.
async fn play(app: &TestApp) {
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let replied = id(&hospital.file().await);
    maker.post(&format!("/tickets/{replied}/reply"), &reply("2026-02-24")).await.expect(200);
    let escalated = id(&hospital.file().await);
    let reason = json!({"reason": "病区明日停用。"});
    hospital.post(&format!("/tickets/{escalated}/escalate"), &reason).await.expect(200);
    let withdrawn = id(&hospital.file().await);
    hospital.post(&format!("/tickets/{withdrawn}/withdraw"), &reason).await.expect(200);
}

async fn a_list_comes_whole_as_the_reader_sees_it(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    play(&app).await;
    for (username, list) in LISTS {
        let who = app.sign_in(username).await;
        let items = who.get(&format!("/{list}?page_size=100")).await.expect(200).json();
        let items = items["items"].as_array().expect("rows").len();
        assert!(items > 0, "{username} {list}");
        let rows = csv(&who, list).await;
        assert_eq!(rows.len(), items + 1, "{username} {list}");
        let sheet = xlsx(&who, list).await;
        assert_eq!((sheet.len(), sheet[0].len()), (items + 1, rows[0].len()), "{username} {list}");
        let headings: Vec<_> = sheet[0].iter().map(ToString::to_string).collect();
        assert_eq!(headings, rows[0], "{username} {list}");
    }
    let rows = csv(&app.sign_in("hospital").await, "tickets?sort=filed_at").await;
    for (title, expected) in [
        ("状态 state", ["处理中", "待回复", "已撤回"]),
        ("提交时间 filed_at", ["2026-02-13 10:30"; 3]),
        ("问题类别 category", ["断供"; 3]),
        ("产品编码 product.code", [INSULIN; 3]),
        ("医疗机构 hospital.name", ["滨海市第一人民医院"; 3]),
        ("缺口数量 quantity_short", ["500"; 3]),
        ("联系电话 contact.phone", ["13812345678"; 3]),
        ("承诺日期 promises.last.promised_on", ["2026-02-24", "", ""]),
        ("缺供原因 promises.last.cause", ["原料短缺", "", ""]),
        ("回复时限 deadlines.reply.due_at", ["2026-02-25 00:00"; 3]),
        ("回复时限状态 deadlines.reply.status", ["按期", "计时中", "已停止"]),
        ("督办层级 escalations.last.level", ["", "市级", ""]),
        ("历史诉求 historic", ["否"; 3]),
    ] {
        let mut found = under(&rows, title);
        let mut expected = expected.to_vec();
        // All were filed at the same instant, in no order.
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{title}");
    }
    // A bureau sees phones masked, an administrator no text at all.
    let phones = under(&csv(&app.sign_in("city").await, "tickets").await, "联系电话 contact.phone");
    assert_eq!(phones, ["138****5678"; 3]);
    let bare = csv(&app.sign_in("admin").await, "tickets").await;
    for text in ["胰岛素", "张心晴", "滨海市第一人民医院", "库存", "138****"] {
        assert!(!bare.iter().flatten().any(|cell| cell.contains(text)), "{text}");
    }
    let addresses = under(&csv(&app.sign_in("admin").await, "deliveries").await, "地址 address");
    assert!(addresses.iter().all(|address| address.contains("***")), "{addresses:?}");
    app.stop().await;
}

/// Old tickets, many at once.
async fn import_old(app: &TestApp, count: usize) {
    let mut table = "历史诉求,医疗机构,产品编码,问题类别,摘要,情况说明,缺口数量,单位,联系人,\
                     联系电话,提交时间,状态,办结时间\n"
        .to_owned();
    for number in 0..count {
        table += &format!(
            "是,滨海市第一人民医院,{INSULIN},短供,第{number}次缺货,未到货,3,支,张敏,13800000001,\
             2025-03-{:02} 09:30,已办结,2025-05-01\n",
            number % 28 + 1
        );
    }
    let admin = app.sign_in("admin").await;
    admin.upload("/imports/tickets", Form::file("旧.csv", table)).await.expect(200);
}

async fn every_page_is_in_the_file(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    import_old(&app, 450).await;
    let hospital = app.sign_in("hospital").await;
    for sort in ["filed_at", "-filed_at"] {
        let rows = csv(&hospital, &format!("tickets?sort={sort}")).await;
        let numbers: BTreeSet<_> = under(&rows, "诉求单号 number").into_iter().collect();
        assert_eq!((rows.len(), numbers.len()), (451, 450), "{sort}");
        let filed = under(&rows, "提交时间 filed_at");
        assert!(filed.is_sorted() == (sort == "filed_at"), "in the list's order");
    }
    assert_eq!(xlsx(&hospital, "tickets").await.len(), 451);
    app.stop().await;
}

async fn a_filter_of_the_list_is_the_exports_too(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    play(&app).await;
    for (username, list) in [
        ("hospital", "tickets?state=open"),
        ("hospital", "tickets?escalated=true"),
        ("hospital", "tickets?q=%E8%83%B0%E5%B2%9B%E7%B4%A0"),
        ("hospital", "tickets?filed_to=2026-02-12"),
        ("province", "tickets?division=370200"),
        ("admin", "tickets?state=withdrawn"),
        ("city", "escalations?open=false"),
        ("hospital", "products?q=%E5%A4%B4%E5%AD%A2"),
        ("maker", "notices?unread=true"),
        ("admin", "deliveries?state=failed"),
    ] {
        let who = app.sign_in(username).await;
        let items = who.get(&format!("/{list}")).await.expect(200).json();
        let items = items["items"].as_array().expect("rows").len();
        assert_eq!(csv(&who, list).await.len(), items + 1, "{username} {list}");
    }
    app.stop().await;
}

async fn nobody_exports_anothers(db: TestDb) {
    /// A word that stands in every text of the ticket and nowhere else.
    const MARKER: &str = "鹮鸶";
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let marked = json!({"summary": format!("{MARKER}断供"), "description": MARKER, "unit": MARKER,
                        "contact": {"name": MARKER, "phone": "13812345678"}});
    let ticket = hospital.post("/tickets", &like(&marked)).await.expect(201).json();
    let path = format!("/tickets/{}", id(&ticket));
    let mut answer = reply("2026-02-24");
    answer["message"] = json!(MARKER);
    maker.post(&format!("{path}/reply"), &answer).await.expect(200);
    hospital.post(&format!("{path}/escalate"), &json!({"reason": MARKER})).await.expect(200);
    let number = ticket["number"].as_str().expect("a number");
    let lists = [
        "tickets",
        "escalations",
        "shortage-events",
        "products",
        "notices",
        "deliveries",
        "ledger",
    ];
    for stranger in ["hospital2", "maker2", "city2", "county2", "security", "auditor", "admin"] {
        let who = app.sign_in(stranger).await;
        for list in lists {
            for path in [format!("/exports/{list}?format=csv"), format!("/exports/{list}")] {
                let answer = who.request(Method::GET, &path).send().await.expect("answered");
                let own = who.get(&format!("/{list}")).await.status;
                assert_eq!(answer.status().as_u16(), own, "{stranger} {path}: as the list");
                let text = text_of(&answer.bytes().await.expect("read"));
                assert!(!text.contains(MARKER), "{stranger} {path}");
                if stranger != "admin" {
                    assert!(!text.contains(number), "{stranger} {path}");
                }
            }
        }
    }
    for own in ["hospital", "maker", "city"] {
        let bytes = file(&app.sign_in(own).await, "/exports/tickets").await;
        assert!(text_of(&bytes).contains(MARKER), "{own}: the scan finds it where it is");
    }
    app.stop().await;
}

/// Everything that can be read in a file, packed or not.
fn text_of(bytes: &[u8]) -> String {
    let Ok(mut book) = Xlsx::new(Cursor::new(bytes)) else {
        return String::from_utf8_lossy(bytes).into_owned();
    };
    let mut text = String::new();
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name).expect("a sheet");
        range.cells().for_each(|(_, _, cell)| text += &cell.to_string());
    }
    text
}

async fn the_ledger_comes_as_a_table(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    play(&app).await;
    let city = app.sign_in("city").await;
    for by in ["manufacturer", "product", "city", "county", "month"] {
        let rows = csv(&city, &format!("ledger?by={by}")).await;
        assert_eq!(rows.len(), 3, "{by}: a heading, a row, the total");
        assert_eq!(rows[2][0], "合计");
        assert_eq!(under(&rows, "诉求单数 tickets"), ["3", "3"]);
        assert_eq!(under(&rows, "按时回复率 on_time_reply.rate"), ["1", "1"]);
        assert_eq!(under(&rows, "及时解决比例 timely_resolution.rate"), ["", ""], "of nothing");
        assert_eq!(under(&rows, "诉求反映较多 enough"), ["否", "否"]);
    }
    let none = csv(&city, "ledger?to=2020-01-01").await;
    assert_eq!((none.len(), none[1][0].as_str()), (2, "合计"));
    let hospital = app.sign_in("hospital").await;
    refused(&hospital.get("/exports/ledger").await, (403, "forbidden"), "hospital");
    app.stop().await;
}

async fn no_cell_is_a_formula_b058(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let evil = [
        "=HYPERLINK(\"http://evil.example\",\"点击\")",
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "＝1+1",
        "断供;=cmd|' /C calc'!A0",
    ];
    for text in evil {
        let body = like(&json!({"summary": text, "description": format!("{text}\n=1+1")}));
        hospital.post("/tickets", &body).await.expect(201);
    }
    let rows = csv(&hospital, "tickets").await;
    let summaries: BTreeSet<_> = under(&rows, "摘要 summary").into_iter().collect();
    assert_eq!(summaries.len(), evil.len());
    let starts = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r'];
    for cell in rows.iter().skip(1).flatten() {
        // Whatever a program takes for a separator.
        for part in cell.split([';', ',', '|', '\n']) {
            assert!(!part.trim_start().starts_with(starts), "{cell:?}");
        }
    }
    let sheet = xlsx(&hospital, "tickets").await;
    let kept: BTreeSet<_> = sheet.iter().flatten().map(ToString::to_string).collect();
    for text in evil {
        assert!(kept.contains(text), "a workbook keeps {text} as text");
    }
    app.stop().await;
}

async fn a_workbook_has_types(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    play(&app).await;
    let sheet = xlsx(&app.sign_in("hospital").await, "tickets?state=promised").await;
    let cell = |title: &str| {
        let at = sheet[0].iter().position(|heading| heading == title).expect(title);
        sheet[1][at].clone()
    };
    let time = |cell: Data| match cell {
        Data::DateTime(at) => at.to_ymd_hms_milli(),
        other => panic!("a date: {other:?}"),
    };
    assert_eq!(time(cell("提交时间 filed_at")), (2026, 2, 13, 10, 30, 0, 0));
    let promised = time(cell("承诺日期 promises.last.promised_on"));
    assert_eq!(promised, (2026, 2, 24, 0, 0, 0, 0));
    assert_eq!(cell("缺口数量 quantity_short"), Data::Float(500.0));
    assert_eq!(cell("联系电话 contact.phone"), Data::String("13812345678".to_owned()));
    assert_eq!(cell("产品编码 product.code"), Data::String(INSULIN.to_owned()));
    app.stop().await;
}

async fn too_many_rows_are_refused(db: TestDb) {
    let few = |mut app: supplyline::service::App| {
        app.most_rows = 3;
        app
    };
    let app = TestApp::spawn_with(&db, "http://supply.example/", few).await;
    play(&app).await;
    let hospital = app.sign_in("hospital").await;
    assert_eq!(csv(&hospital, "tickets").await.len(), 4, "as many as there may be");
    hospital.file().await;
    for format in ["csv", "xlsx"] {
        let answer = hospital.get(&format!("/exports/tickets?format={format}")).await;
        refused(&answer, (422, "invalid"), format);
        assert_eq!(answer.fields(), [("rows".to_owned(), "too_many".to_owned())]);
        assert!(!answer.headers.contains_key("content-disposition"));
    }
    assert_eq!(csv(&hospital, "tickets?state=withdrawn").await.len(), 2, "narrowed");
    app.stop().await;
}

async fn a_wrong_request_is_refused(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    for (path, field) in [
        ("tickets?format=pdf", "format"),
        ("tickets?page_size=10", "page_size"),
        ("tickets?cursor=x", "cursor"),
        ("tickets?state=lost", "state"),
        ("tickets?sort=number", "sort"),
        ("products?state=open", "state"),
        ("notices?unread=1", "unread"),
        ("shortage-events?q=x", "q"),
    ] {
        let answer = hospital.get(&format!("/exports/{path}")).await;
        refused(&answer, (422, "invalid"), path);
        assert_eq!(answer.fields()[0].0, field, "{path}");
    }
    for (username, list) in [
        ("hospital", "escalations"),
        ("hospital", "shortage-events"),
        ("hospital", "deliveries"),
        ("city", "deliveries"),
        ("distributor", "products"),
    ] {
        let who = app.sign_in(username).await;
        refused(&who.get(&format!("/exports/{list}")).await, (403, "forbidden"), list);
    }
    for unknown in ["people", "everything", "tickets.csv"] {
        let answer = hospital.get(&format!("/exports/{unknown}")).await;
        refused(&answer, (404, "not_found"), unknown);
    }
    // An administrator may not search what they do not see.
    let admin = app.sign_in("admin").await;
    refused(&admin.get("/exports/tickets?q=x").await, (422, "invalid"), "q");
    let anonymous = app.request(Method::GET, "/api/v1/exports/tickets");
    refused(&app.send(anonymous).await, (401, "unauthenticated"), "nobody");
    app.stop().await;
}

async fn a_file_is_to_be_saved(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    for (format, name, mime) in [
        ("csv", "tickets-20260213.csv", "text/csv; charset=utf-8"),
        (
            "xlsx",
            "tickets-20260213.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    ] {
        let answer = hospital.get(&format!("/exports/tickets?format={format}")).await;
        sound(&answer, format);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), mime);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.header("content-security-policy").starts_with("sandbox"));
        let disposition = answer.header("content-disposition");
        assert!(disposition.starts_with(&format!("attachment; filename=\"{name}\"")));
    }
    app.stop().await;
}

/// The schema that a step leads to, through references, parts and lists.
fn step<'v>(description: &'v Value, schema: &'v Value, name: &str) -> Option<&'v Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        return step(description, description.pointer(reference.trim_start_matches('#'))?, name);
    }
    if schema["items"].is_object() {
        // A step inside a list says which of its entries.
        return Some(&schema["items"]);
    }
    if let Some(field) = schema["properties"].get(name) {
        return Some(field);
    }
    let parts = ["allOf", "oneOf", "anyOf"].iter().filter_map(|key| schema[*key].as_array());
    parts.flatten().find_map(|part| step(description, part, name))
}

async fn every_column_is_a_field_of_the_api(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    play(&app).await;
    let answer = app.send(app.request(Method::GET, "/api/openapi.json")).await.expect(200);
    let description = answer.json();
    for (username, list, schema) in [
        ("hospital", "tickets", "TicketBody"),
        ("admin", "tickets", "BareTicket"),
        ("city", "escalations", "EscalationBody"),
        ("maker", "shortage-events", "ShortageBody"),
        ("hospital", "products", "ProductBody"),
        ("maker", "notices", "NoticeBody"),
        ("admin", "deliveries", "DeliveryBody"),
        ("city", "ledger?by=manufacturer", "LedgerRowBody"),
        ("city", "ledger?by=product", "LedgerRowBody"),
        ("city", "ledger?by=city", "LedgerRowBody"),
        ("city", "ledger?by=month", "LedgerRowBody"),
    ] {
        let rows = csv(&app.sign_in(username).await, list).await;
        let whole = &description["components"]["schemas"][schema];
        for title in &rows[0] {
            let (_, code) = title.split_once(' ').expect("two names");
            let found = code.split('.').try_fold(whole, |at, name| step(&description, at, name));
            assert!(found.is_some(), "{list}: {code}");
        }
    }
    app.stop().await;
}
