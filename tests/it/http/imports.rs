//! Importing tables by the administrator's hand.

use reqwest::Method;
use serde_json::json;

use super::stage::{refused, sound};
use crate::support::app::TestApp;
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::form::{BOUNDARY, Form};

both!(
    an_administrator_imports_a_table,
    a_bad_row_is_named_and_nothing_is_imported_b052,
    passwords_are_shown_once,
);
sqlite_only!(
    only_an_administrator_imports,
    a_form_that_is_none_is_refused_b040,
    a_template_comes_as_a_file,
);

const HEAD: &str = "机构类别,机构名称,行政区划代码\n";
const ROWS: &str = "医疗机构,示例县人民医院,371002\n中选企业,示例制药有限公司,320500\n";

async fn an_administrator_imports_a_table(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let table = || Form::file("机构.csv", format!("{HEAD}{ROWS}"));
    let rehearsed = admin.upload("/imports/organisations?dry_run=true", table()).await.expect(200);
    assert_eq!(rehearsed.json()["dry_run"], true);
    assert_eq!(rehearsed.json()["created"], 2);
    let done = admin.upload("/imports/organisations", table()).await.expect(200).json();
    assert_eq!((&done["rows"], &done["created"]), (&json!(2), &json!(2)));
    assert_eq!(done["outcomes"][1], json!({"row": 3, "outcome": "created"}));
    let again = admin.upload("/imports/organisations", table()).await.expect(200).json();
    assert_eq!((&again["created"], &again["unchanged"]), (&json!(0), &json!(2)));
    app.stop().await;
}

async fn a_bad_row_is_named_and_nothing_is_imported_b052(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let bad = "医疗机构,示例县中医院,37100\n无此类,甲,371002\n";
    let table = Form::file("a.csv", format!("{HEAD}{ROWS}{bad}"));
    let answer = admin.upload("/imports/organisations", table).await;
    refused(&answer, (422, "invalid"), "bad rows");
    let expected = [("rows[4].division", "division"), ("rows[5].kind", "unknown")];
    assert_eq!(answer.fields(), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    let good = Form::file("a.csv", format!("{HEAD}{ROWS}"));
    let done = admin.upload("/imports/organisations", good).await.expect(200);
    assert_eq!(done.json()["created"], 2, "the bad file left nothing");
    app.stop().await;
}

async fn passwords_are_shown_once(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let table = "用户名,姓名,角色,机构名称\nli.na,李娜,医疗机构,滨海市第一人民医院\n";
    let table = || Form::file("用户.csv", table);
    let rehearsed = admin.upload("/imports/users?dry_run=true", table()).await.expect(200).json();
    assert!(rehearsed.get("passwords").is_none(), "{rehearsed}");
    let done = admin.upload("/imports/users", table()).await.expect(200);
    assert_eq!(done.header("cache-control"), "no-store");
    let made = done.json()["passwords"][0].clone();
    let body = json!({"username": made["username"], "password": made["password"]});
    let signed = app.send(app.request(Method::POST, "/api/v1/session").json(&body)).await;
    signed.expect(200);
    let again = admin.upload("/imports/users", table()).await.expect(200).json();
    assert!(again.get("passwords").is_none(), "{again}");
    app.stop().await;
}

async fn only_an_administrator_imports(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    for who in ["hospital", "maker", "distributor", "city", "security", "auditor"] {
        let who = app.sign_in(who).await;
        let answer = who.upload("/imports/products", Form::file("a.csv", "x")).await;
        refused(&answer, (403, "forbidden"), "run");
        let answer = who.get("/imports/products/template").await;
        refused(&answer, (403, "forbidden"), "template");
    }
    let anonymous = app.request(Method::POST, "/api/v1/imports/products").body("x");
    refused(&app.send(anonymous).await, (401, "unauthenticated"), "nobody");
    let admin = app.sign_in("admin").await;
    let answer = admin.upload("/imports/everything", Form::file("a.csv", "x")).await;
    refused(&answer, (404, "not_found"), "kind");
    let answer = admin.upload("/imports/divisions", Form::file("a.csv", "x")).await;
    refused(&answer, (422, "invalid"), "divisions");
    app.stop().await;
}

async fn a_form_that_is_none_is_refused_b040(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let path = "/imports/organisations";
    let file = || Form::file("a.csv", format!("{HEAD}{ROWS}"));
    let kind = |boundary: &str| format!("multipart/form-data; boundary={boundary}");
    let own = kind(BOUNDARY);
    let large = "x".repeat(21 * 1024 * 1024);
    let many = (0..10_000).fold(Form::default(), |form, n| form.text(&format!("part{n}"), "x"));
    let fat = format!("name=\"file\"; filename=\"{}\"", "a".repeat(1024 * 1024));
    for (what, kind, body, expected) in [
        ("no boundary", "multipart/form-data", file().ended(), (400, "unreadable")),
        ("an empty one", &kind("\"\""), file().ended(), (400, "unreadable")),
        ("a long one", &kind(&"b".repeat(10_000)), file().ended(), (400, "unreadable")),
        ("another one", &kind("other"), file().ended(), (400, "unreadable")),
        ("no end", &own, file().cut(), (400, "unreadable")),
        ("no form", "text/csv", HEAD.into(), (415, "unsupported_type")),
        ("nothing", &own, Vec::new(), (400, "unreadable")),
        ("no file", &own, Form::default().ended(), (422, "invalid")),
        ("the file twice", &own, file().part("name=\"file\"", "x").ended(), (400, "unreadable")),
        ("ten thousand parts", &own, many.ended(), (422, "invalid")),
        (
            "a head of a megabyte",
            &own,
            Form::default().part(&fat, "x").ended(),
            (400, "unreadable"),
        ),
        ("an empty file", &own, Form::file("a.csv", "").ended(), (422, "invalid")),
        ("too large", &own, Form::file("a.csv", large).ended(), (413, "too_large")),
    ] {
        refused(&admin.upload_raw(path, kind, body).await, expected, what);
    }
    admin.upload(path, file()).await.expect(200);
    app.stop().await;
}

async fn a_template_comes_as_a_file(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    for (format, name, mime) in [
        ("csv", "tickets-template.csv", "text/csv; charset=utf-8"),
        (
            "xlsx",
            "tickets-template.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    ] {
        let answer = admin.get(&format!("/imports/tickets/template?format={format}")).await;
        sound(&answer, format);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), mime);
        let disposition = format!("attachment; filename=\"{name}\"");
        assert_eq!(answer.header("content-disposition"), disposition);
    }
    let answer = admin.get("/imports/tickets/template?format=pdf").await;
    refused(&answer, (422, "invalid"), "pdf");
    app.stop().await;
}
