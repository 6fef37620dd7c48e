//! Lists: page by page without a gap, strict about their parameters, and their filters.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::stage::{Stage, call, id, refused, sound};
use crate::support::app::{As, TestApp, filing, reply};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::form::Form;
use crate::support::world;

both!(
    pages_have_no_gap_and_no_repetition,
    filters_pick_what_they_say,
    a_search_takes_every_sign_literally,
    divisions_are_found_by_name_and_place,
);
sqlite_only!(
    a_cursor_is_its_readers_own,
    parameters_are_read_strictly,
    administrators_search_no_text
);

const LISTS: [(&str, &str); 18] = [
    ("hospital", "/tickets"),
    ("hospital", "/tickets?sort=filed_at"),
    ("hospital", "/tickets?sort=due_at"),
    ("maker", "/notices"),
    ("hospital", "/products"),
    ("hospital", "/calendars"),
    ("auditor", "/policies"),
    ("auditor", "/divisions?within=371000"),
    ("maker", "/tickets/{id}/attachments"),
    ("city", "/escalations"),
    ("maker", "/shortage-events"),
    ("admin", "/deliveries"),
    ("admin", "/organisations"),
    ("admin", "/users"),
    ("auditor", "/audit"),
    ("maker", "/organisations?kind=distributor"),
    ("hospital", "/tickets/{id}/events"),
    ("hospital", "/tickets/{id}/messages"),
];

/// Everybody who reads a list.
struct Readers<'a> {
    stage: Stage<'a>,
    admin: As<'a>,
    auditor: As<'a>,
}

impl<'a> Readers<'a> {
    async fn set(app: &'a TestApp) -> Self {
        let (admin, auditor) = (app.sign_in("admin").await, app.sign_in("auditor").await);
        Self { stage: Stage::set(app).await, admin, auditor }
    }

    fn named(&self, who: &str) -> &As<'a> {
        match who {
            "maker" => &self.stage.maker,
            "city" => &self.stage.city,
            "admin" => &self.admin,
            "auditor" => &self.auditor,
            _ => &self.stage.hospital,
        }
    }
}

fn joined(path: &str, query: &str) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}{query}")
}

async fn items(who: &As<'_>, path: &str) -> (Vec<Value>, Option<String>) {
    let answer = who.get(path).await;
    sound(&answer, path);
    let page = answer.expect(200).json();
    let items = page["items"].as_array().expect(path).clone();
    assert!(page.get("next_cursor").is_some(), "{path}");
    (items, page["next_cursor"].as_str().map(str::to_owned))
}

/// Every page of a list; between two pages something happens.
async fn walk(who: &As<'_>, path: &str, size: usize, between: impl AsyncFn()) -> Vec<Value> {
    let first = joined(path, &format!("page_size={size}"));
    let (mut all, mut next) = items(who, &first).await;
    while let Some(cursor) = next {
        assert_eq!(all.len() % size, 0, "{path}: every page but the last is full");
        between().await;
        let (more, after) = items(who, &joined(&first, &format!("cursor={cursor}"))).await;
        assert!(!more.is_empty(), "{path}: a cursor leads to something");
        all.extend(more);
        next = after;
    }
    all
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(id).collect()
}

async fn pages_have_no_gap_and_no_repetition(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let readers = Readers::set(&app).await;
    let stage = &readers.stage;
    let mut filed = Vec::new();
    for at in 0..25 {
        filed.push(id(&stage.hospital.file().await));
        if at % 4 == 3 {
            stage.hospital.advance_to(&format!("2026-02-13T10:{}:00+08:00", 31 + at)).await;
        }
    }
    let more = async || drop(stage.hospital.file().await);
    let newest = ids(&walk(&stage.hospital, "/tickets", 10, more).await);
    let expected: Vec<String> = filed.iter().rev().cloned().collect();
    assert_eq!(newest, expected, "what is filed meanwhile stands before the first page");
    let oldest = ids(&walk(&stage.hospital, "/tickets?sort=filed_at", 10, more).await);
    assert!(oldest.starts_with(&filed));
    assert_eq!(oldest.iter().collect::<BTreeSet<_>>().len(), oldest.len(), "nothing twice");
    let path = format!("/tickets/{}", filed[0]);
    for at in 0..13 {
        let body = json!({"body": format!("第{at}条"), "audience": "all"});
        stage.hospital.post(&format!("{path}/messages"), &body).await.expect(201);
    }
    for at in 0..4 {
        let form = Form::file("a.txt", format!("第{at}份")).text("kind", "other");
        stage.maker.upload(&format!("{path}/attachments"), form).await.expect(201);
    }
    for ticket in &filed[..3] {
        let path = format!("/tickets/{ticket}/escalate");
        stage.hospital.post(&path, &call("escalate").body).await.expect(200);
    }
    let none = async || ();
    for (who, list) in LISTS {
        let who = readers.named(who);
        let list = list.replace("{id}", &filed[0]);
        let (whole, _) = items(who, &joined(&list, "page_size=100")).await;
        assert!(!whole.is_empty(), "{list}");
        for size in [1, 3, whole.len().min(100)] {
            let walked = walk(who, &list, size, none).await;
            assert!(walked.starts_with(&whole) && walked.len() >= whole.len(), "{list} by {size}");
        }
    }
    app.stop().await;
}

async fn a_cursor_is_its_readers_own(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let readers = Readers::set(&app).await;
    let stage = &readers.stage;
    let other = app.sign_in("hospital2").await;
    let first = id(&stage.hospital.file().await);
    stage.hospital.file().await;
    let (_, cursor) = items(&stage.hospital, "/tickets?page_size=1").await;
    let cursor = cursor.expect("a second ticket");
    let (half, rest) = cursor.split_at(cursor.len() / 2);
    let mut forged: Vec<String> =
        ["", "x", "AAAA", "%00", "%E7%9F%AD", "-1", "0", "null", "../..", "MjAyNg"]
            .map(str::to_owned)
            .into();
    forged.extend([
        half.to_owned(),
        format!("{cursor}A"),
        format!("{rest}{half}"),
        cursor.to_lowercase(),
    ]);
    forged.extend([format!("{cursor}%3D"), "A".repeat(5_000)]);
    for cursor in &forged {
        for (who, list) in LISTS {
            let list = list.replace("{id}", &first);
            let answer = readers.named(who).get(&joined(&list, &format!("cursor={cursor}"))).await;
            refused(&answer, (400, "unreadable"), &format!("{list} {cursor}"));
        }
    }
    for path in ["/tickets", "/tickets?page_size=1"] {
        let answer = other.get(&joined(path, &format!("cursor={cursor}"))).await;
        refused(&answer, (400, "unreadable"), "another's cursor");
    }
    for path in
        ["/tickets?sort=filed_at", "/tickets?sort=due_at", "/notices", "/products", "/calendars"]
    {
        let answer = stage.hospital.get(&joined(path, &format!("cursor={cursor}"))).await;
        refused(&answer, (400, "unreadable"), "another list's cursor");
    }
    app.stop().await;
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn parameters_are_read_strictly(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let readers = Readers::set(&app).await;
    let stage = &readers.stage;
    let ticket = id(&stage.hospital.file().await);
    for (who, list) in LISTS {
        let list = list.replace("{id}", &ticket);
        let who = readers.named(who);
        for (query, field) in [
            ("page_size=0", "page_size"),
            ("page_size=101", "page_size"),
            ("page_size=-1", "page_size"),
            ("page_size=abc", "page_size"),
            ("page_size=", "page_size"),
            ("page_size", "page_size"),
            ("page_size=1e1", "page_size"),
            ("page_size=10.0", "page_size"),
            ("page_size=9223372036854775808", "page_size"),
            ("page_size=10&page_size=10", "page_size"),
            ("page=-1", "page"),
            ("offset=10", "offset"),
            ("tenant_id=1", "tenant_id"),
            ("Page_size=10", "Page_size"),
            ("limit=10", "limit"),
            ("%E7%9F%AD=1", "短"),
        ] {
            let answer = who.get(&joined(&list, query)).await;
            refused(&answer, (422, "invalid"), &format!("{list} {query}"));
            assert_eq!(answer.fields().first().map(|(field, _)| field.as_str()), Some(field));
        }
        refused(&who.get(&joined(&list, "page_size=%FF")).await, (400, "unreadable"), &list);
        who.get(&joined(&list, "page_size=100&")).await.expect(200);
    }
    for (query, field) in [
        ("state=nonsense", "state"),
        ("state=", "state"),
        ("state=OPEN", "state"),
        ("state=open&state=open", "state"),
        ("escalated=yes", "escalated"),
        ("escalated=1", "escalated"),
        ("overdue=TRUE", "overdue"),
        ("over=1", "over"),
        ("manufacturer=1", "manufacturer"),
        ("manufacturer=", "manufacturer"),
        ("division=12", "division"),
        ("division=abcdef", "division"),
        ("division=3710020", "division"),
        ("division=９９９９９９", "division"),
        ("filed_from=yesterday", "filed_from"),
        ("filed_from=2026-02-30", "filed_from"),
        ("filed_from=1999-12-31", "filed_from"),
        ("filed_to=2101-01-01", "filed_to"),
        ("filed_to=2026-02-13T10:00:00", "filed_to"),
        ("sort=name", "sort"),
        ("sort=", "sort"),
        ("sort=-filed_at,id", "sort"),
        ("sort=-due_at", "sort"),
        ("sort=(select 1)", "sort"),
    ] {
        let answer = stage.hospital.get(&format!("/tickets?{query}")).await;
        refused(&answer, (422, "invalid"), query);
        assert_eq!(
            answer.fields().first().map(|(field, _)| field.as_str()),
            Some(field),
            "{query}"
        );
    }
    let long = format!("/tickets?q={}", "短".repeat(201));
    refused(&stage.hospital.get(&long).await, (422, "invalid"), "a long search");
    items(&stage.hospital, &format!("/tickets?q={}", "短".repeat(200))).await;
    app.stop().await;
}

async fn administrators_search_no_text(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    stage.hospital.file().await;
    let admin = app.sign_in("admin").await;
    for query in ["q=胰岛素", "manufacturer=1", "division=370000"] {
        let answer = admin.get(&format!("/tickets?{query}")).await;
        refused(&answer, (422, "invalid"), query);
        assert_eq!(answer.fields()[0].1, "unknown_parameter", "as one that does not exist");
    }
    let (found, _) = items(&admin, "/tickets?state=open&overdue=false&filed_from=2026-02-13").await;
    assert_eq!(found.len(), 1);
    app.stop().await;
}

async fn filters_pick_what_they_say(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let (other, province) = (app.sign_in("hospital2").await, app.sign_in("province").await);
    let open = id(&stage.hospital.file().await);
    let mut body = filing();
    body["product_code"] = json!(world::CEFTRIAXONE);
    let rival = id(&stage.hospital.post("/tickets", &body).await.expect(201).json());
    let elsewhere = id(&other.file().await);
    stage.hospital.advance_to("2026-02-14T00:00:00+08:00").await;
    let replied = id(&stage.hospital.file().await);
    stage.maker.post(&format!("/tickets/{replied}/reply"), &reply("2026-02-27")).await.expect(200);
    let closed = id(&stage.hospital.file().await);
    let confirm = json!({"result": "solved"});
    stage.hospital.post(&format!("/tickets/{closed}/confirm"), &confirm).await.expect(200);
    stage.hospital.advance_to("2026-02-25T00:00:00+08:00").await;
    stage.hospital.post(&format!("/tickets/{rival}/confirm"), &confirm).await.expect(200);
    let (maker, maker2) = (world::house("maker").0, world::house("maker2").0);
    for (query, expected) in [
        (String::new(), vec![&open, &rival, &elsewhere, &replied, &closed]),
        ("state=open".to_owned(), vec![&open, &elsewhere]),
        ("state=promised".to_owned(), vec![&replied]),
        ("state=closed".to_owned(), vec![&rival, &closed]),
        ("state=withdrawn".to_owned(), vec![]),
        ("escalated=true".to_owned(), vec![&open, &elsewhere]),
        ("escalated=false".to_owned(), vec![&rival, &replied, &closed]),
        ("overdue=true".to_owned(), vec![&open, &elsewhere]),
        ("overdue=false&state=closed".to_owned(), vec![&rival, &closed]),
        ("over=true".to_owned(), vec![&rival, &closed]),
        ("over=false".to_owned(), vec![&open, &elsewhere, &replied]),
        ("sort=due_at".to_owned(), vec![&open, &elsewhere, &replied]),
        ("sort=due_at&overdue=false".to_owned(), vec![&replied]),
        (format!("manufacturer={maker}"), vec![&open, &elsewhere, &replied, &closed]),
        (format!("manufacturer={maker2}"), vec![&rival]),
        (format!("manufacturer={}", world::house("hospital").0), vec![]),
        ("division=371002".to_owned(), vec![&open, &rival, &replied, &closed]),
        ("division=371000&state=open".to_owned(), vec![&open]),
        ("division=370200".to_owned(), vec![&elsewhere]),
        ("division=370000".to_owned(), vec![&open, &rival, &elsewhere, &replied, &closed]),
        ("division=110000".to_owned(), vec![]),
        ("filed_from=2026-02-14".to_owned(), vec![&replied, &closed]),
        ("filed_to=2026-02-13".to_owned(), vec![&open, &rival, &elsewhere]),
        ("filed_from=2026-02-13&filed_to=2026-02-14&state=promised".to_owned(), vec![&replied]),
        ("filed_from=2026-02-14T00:00:00%2B08:00".to_owned(), vec![&replied, &closed]),
        ("filed_from=2026-02-13T16:00:00.001Z".to_owned(), vec![]),
        ("filed_to=2026-02-13T02:30:00Z".to_owned(), vec![&open, &rival, &elsewhere]),
        ("filed_to=2026-02-13T02:29:59.999Z".to_owned(), vec![]),
        ("filed_from=2026-02-15&filed_to=2026-02-13".to_owned(), vec![]),
        ("q=胰岛&state=open&sort=filed_at".to_owned(), vec![&open, &elsewhere]),
    ] {
        let (found, _) = items(&province, &format!("/tickets?{query}")).await;
        let found: BTreeSet<String> = ids(&found).into_iter().collect();
        assert_eq!(found, expected.into_iter().cloned().collect(), "{query}");
    }
    app.stop().await;
}

async fn a_search_takes_every_sign_literally(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let summaries = ["胰岛素断供", "头孢 100% 缺货_急", "It's \"urgent\" ABC-12 \\ end", "纱布"];
    for summary in summaries {
        let mut body = filing();
        (body["summary"], body["description"]) = (json!(summary), json!("无"));
        if summary == "纱布" {
            body["product_code"] = json!(world::CEFTRIAXONE);
        }
        stage.hospital.post("/tickets", &body).await.expect(201);
    }
    for (query, expected) in [
        ("断供", vec![0]),
        ("胰岛素断供", vec![0]),
        ("断", vec![0]),
        ("急", vec![1]),
        ("头孢曲松", vec![3]),
        ("纱布", vec![3]),
        ("素断", vec![0]),
        ("断素", vec![]),
        ("abc-12", vec![2]),
        ("ＡＢＣ", vec![2]),
        ("urgent", vec![2]),
        ("\"urgent\"", vec![2]),
        ("it's", vec![2]),
        ("100%25", vec![1]),
        ("%25", vec![]),
        ("_", vec![]),
        ("'", vec![]),
        ("\"", vec![]),
        ("\\", vec![]),
        ("*", vec![]),
        ("断*", vec![0]),
        ("ur%25t", vec![]),
        ("u_gent", vec![]),
        ("' or 1=1 --", vec![]),
        ("断供\" OR \"纱布", vec![]),
        ("断供 NOT 胰岛", vec![]),
        ("NEAR(断供)", vec![]),
        ("summary:断供", vec![]),
        ("%00断供", vec![0]),
        ("𠮷", vec![]),
        ("", vec![0, 1, 2, 3]),
        ("%20%E3%80%80", vec![0, 1, 2, 3]),
    ] {
        let (found, _) = items(&stage.hospital, &format!("/tickets?sort=filed_at&q={query}")).await;
        let found: Vec<&str> =
            found.iter().filter_map(|ticket| ticket["summary"].as_str()).collect();
        let expected: Vec<&str> = expected.into_iter().map(|at: usize| summaries[at]).collect();
        assert_eq!(found, expected, "{query}");
    }
    for query in ["'", "\"", "%25", "_", "\\", "%00", "' or 1=1 --"] {
        items(&stage.hospital, &format!("/products?q={query}")).await;
    }
    app.stop().await;
}

async fn divisions_are_found_by_name_and_place(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let found = async |query: &str| {
        let (items, _) = items(&hospital, &format!("/divisions?page_size=100{query}")).await;
        items.iter().map(|one| one["code"].as_str().expect("a code").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("&q=环翠").await, ["371002"]);
    assert_eq!(found("&q=环翠&within=370200").await, Vec::<String>::new());
    assert_eq!(found("&within=371002").await, ["371002"]);
    let city = found("&within=371000").await;
    assert!(
        city.len() > 3 && city[0] == "371000" && city.iter().all(|code| code.starts_with("3710"))
    );
    for nobody in ["%25", "_", "%25环", "' or 1=1--"] {
        assert_eq!(found(&format!("&q={nobody}")).await, Vec::<String>::new(), "{nobody}");
    }
    let answer = hospital.get("/divisions?within=37").await;
    refused(&answer, (422, "invalid"), "no division");
    let one = hospital.get("/divisions?q=环翠").await.expect(200).json();
    assert_eq!(one["items"][0], json!({"code": "371002", "name": "环翠区", "level": "county"}));
    app.stop().await;
}
