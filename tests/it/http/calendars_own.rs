//! Calendars of manufacturers: the lowest layer, where the policy counts with it.

use reqwest::Method;
use serde_json::{Value, json};

use super::policies_wiring::rule;
use super::stage::{id, refused};
use crate::support::app::{Answer, As, TestApp, filing};
use crate::support::browser::Browser;
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::world::{CEFTRIAXONE, house, second_administrator};

both!(
    a_manufacturers_days_move_its_tickets_alone,
    a_manufacturers_calendar_is_read_by_itself_and_those_above,
    organisations_with_own_days_are_not_merged,
);
sqlite_only!(
    what_is_no_calendar_of_its_own_is_told,
    the_calculator_counts_with_a_manufacturers_days,
    a_manufacturer_gets_its_calendar_on_a_page,
);

const PLAIN: &str = "2026-02-25T00:00:00+08:00";
const CLOSED: &str = "2026-02-26T00:00:00+08:00";

fn new(name: &str, of: &str) -> Value {
    json!({"name": name, "organisation": house(of).to_string()})
}

async fn added(admin: &As<'_>, of: &str) -> String {
    id(&admin.post("/calendars", &new("企业日历", of)).await.expect(201).json())
}

async fn put(who: &As<'_>, path: &str, body: &Value) -> Answer {
    who.send(who.request(Method::PUT, path).json(body)).await
}

fn closed() -> Value {
    json!({"kind": "rest", "source": "公司停产检修公告", "reason": "停产检修"})
}

/// Rules that count down to the manufacturer, or to the county for what is about prices.
async fn rules(app: &TestApp) {
    for (layer, category) in [("organisation", "supply_stop"), ("county", "price")] {
        rule(app, |policy| {
            policy["categories"] = json!([category]);
            policy["calendar_layer"] = json!(layer);
            policy["ordinary"] =
                json!({"reply": {"working_days": 2}, "resolve": {"working_days": 5}});
        })
        .await;
    }
}

async fn filed(hospital: &As<'_>, category: &str, product: Option<&str>) -> String {
    let mut ticket = filing();
    ticket["category"] = json!(category);
    if let Some(product) = product {
        ticket["product_code"] = json!(product);
    }
    id(&hospital.act("/tickets", ticket).await)
}

async fn reply(who: &As<'_>, ticket: &str) -> Value {
    let ticket = who.get(&format!("/tickets/{ticket}")).await.expect(200).json();
    ticket["deadlines"][0].clone()
}

async fn a_manufacturers_days_move_its_tickets_alone(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    second_administrator(&db.store).await;
    rules(&app).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    let own = filed(&hospital, "supply_stop", None).await;
    let above = filed(&hospital, "price", None).await;
    let other = filed(&hospital, "supply_stop", Some(CEFTRIAXONE)).await;
    let layer = added(&admin, "maker").await;
    let region = json!({"name": "滨海市", "division": "371000"});
    admin.post("/calendars", &region).await.expect(201);
    let path = format!("/calendars/{layer}/days/2026-02-24");
    let seen = put(&admin, &format!("{path}?dry_run=true"), &closed()).await.expect(200).json();
    assert_eq!(seen["impact"]["tickets"], 1, "{seen}");
    assert_eq!(seen["days"][0]["before"], "working");
    let done = put(&admin, &path, &closed()).await.expect(200).json();
    assert_eq!(done["batch"]["state"], "applied");
    let due = reply(&hospital, &own).await;
    assert_eq!(due["due_at"], CLOSED);
    let maker = house("maker").0.simple().to_string();
    assert_eq!(due["calendar_version"], format!("CN-1+371000-1+O{maker}-2"));
    let days = due["explanation"].as_array().expect("days");
    let day = days.iter().find(|day| day["date"] == "2026-02-24").expect("touched");
    assert_eq!((&day["kind"], &day["own"]), (&json!("rest"), &json!(true)));
    assert!(due["sentence"].as_str().expect("a sentence").contains("02-24 企业休息"), "{due}");
    for untouched in [&above, &other] {
        assert_eq!(reply(&hospital, untouched).await["due_at"], PLAIN);
    }
    // What is filed from now on is counted the same way, and the evidence names the layer.
    let next = filed(&hospital, "supply_stop", None).await;
    assert_eq!(reply(&hospital, &next).await["due_at"], CLOSED);
    // A region's rest on the day before does not hide the manufacturer's.
    let batch = id(&done["batch"]);
    let undo = admin.post(&format!("/batches/{batch}/undo"), &json!({"reason": "提前复产"})).await;
    assert_eq!(undo.expect(200).json()["impact"]["tickets"], 2);
    assert_eq!(reply(&hospital, &own).await["due_at"], PLAIN);
    // By then the first version is told again, as events remember it.
    let events = hospital.get(&format!("/tickets/{own}/events")).await.json().to_string();
    assert!(events.contains(&format!("O{maker}-2")) && events.contains(&format!("O{maker}-3")));
    // The clock's steps use the same days: set again, the old due instant passes silently.
    put(&admin, &path, &closed()).await.expect(200);
    hospital.advance_to("2026-02-25T09:00:00+08:00").await;
    let late = hospital.get("/tickets?overdue=true").await.json();
    let late: Vec<_> = late["items"].as_array().expect("items").iter().map(id).collect();
    assert_eq!(late.len(), 2, "the other two: {late:?}");
    assert!(!late.contains(&own) && !late.contains(&next));
    app.stop().await;
}

async fn a_manufacturers_calendar_is_read_by_itself_and_those_above(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let layer = added(&admin, "maker").await;
    let shown = admin.get(&format!("/calendars/{layer}")).await.expect(200).json();
    assert_eq!(shown["organisation"]["id"], house("maker").to_string());
    assert_eq!((&shown["division"], &shown["provisional"]), (&Value::Null, &json!(false)));
    for (who, may) in [
        ("maker", true),
        ("city", true),
        ("admin", true),
        ("maker2", false),
        ("hospital", false),
        ("distributor", false),
        ("security", false),
        ("auditor", false),
    ] {
        let who = app.sign_in(who).await;
        let list = who.get("/calendars").await.expect(200).json();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(1 + usize::from(may)));
        let answer = who.get(&format!("/calendars/{layer}")).await;
        if may {
            answer.expect(200);
        } else {
            refused(&answer, (404, "not_found"), "not theirs, and not known to be there");
        }
    }
    let log = app.sign_in("auditor").await.get("/audit?action=calendar_added").await.json();
    let detail = &log["items"][0]["detail"];
    assert_eq!(detail["after"]["organisation"], house("maker").to_string(), "{detail}");
    let remove = admin.request(Method::DELETE, &format!("/calendars/{layer}"));
    admin.send(remove).await.expect(204);
    added(&admin, "maker").await;
    app.stop().await;
}

async fn organisations_with_own_days_are_not_merged(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let layer = added(&admin, "maker2").await;
    let path = format!("/calendars/{layer}/days/2026-02-24");
    put(&admin, &path, &closed()).await.expect(200);
    let merge = format!("/organisations/{}/merge", house("maker"));
    let body = json!({"into": house("maker2").to_string(), "reason": "吸收合并"});
    refused(&admin.post(&merge, &body).await, (409, "own_calendar"), "days would move unseen");
    let rehearsed = admin.post(&format!("{merge}?dry_run=true"), &body).await;
    refused(&rehearsed, (409, "own_calendar"), "told before it is done");
    let clear = admin.request(Method::DELETE, &path).json(&json!({"reason": "合并"}));
    admin.send(clear).await.expect(200);
    admin.post(&merge, &body).await.expect(200);
    let answer = admin.post("/calendars", &new("旧名", "maker")).await.expect(422);
    assert_eq!(answer.fields(), [("organisation".to_owned(), "merged".to_owned())]);
    app.stop().await;
}

async fn what_is_no_calendar_of_its_own_is_told(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    added(&admin, "maker").await;
    let both = json!({"name": "x", "division": "371000", "organisation": house("maker")});
    let unknown = "01900000-0000-7000-8000-0000000000ff";
    for (body, field, code) in [
        (both, "organisation", "one_of"),
        (json!({"name": "x"}), "division", "required"),
        (new("x", "hospital"), "organisation", "not_a_manufacturer"),
        (new("x", "city"), "organisation", "not_a_manufacturer"),
        (new("x", "maker"), "organisation", "taken"),
        (json!({"name": "x", "organisation": unknown}), "organisation", "unknown_organisation"),
        (json!({"name": "x", "organisation": "岱海"}), "organisation", "id"),
        (json!({"name": "", "organisation": house("maker2")}), "name", "required"),
        (json!({"name": "x", "division": "999999"}), "division", "unknown"),
    ] {
        let answer = admin.post("/calendars", &body).await.expect(422);
        assert_eq!(answer.fields(), [(field.to_owned(), code.to_owned())], "{body}");
    }
    let odd = json!({"name": "x", "organisation": 7});
    admin.post("/calendars", &odd).await.expect(422);
    let maker = app.sign_in("maker").await;
    refused(&maker.post("/calendars", &new("x", "maker")).await, (403, "forbidden"), "itself");
    app.stop().await;
}

async fn the_calculator_counts_with_a_manufacturers_days(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    rule(&app, |policy| {
        policy["calendar_layer"] = json!("organisation");
        policy["ordinary"] = json!({"reply": {"working_days": 2}, "resolve": {"working_days": 5}});
    })
    .await;
    let layer = added(&admin, "maker").await;
    put(&admin, &format!("/calendars/{layer}/days/2026-02-24"), &closed()).await.expect(200);
    let asked = "/deadline?filed_at=2026-02-13T10:00:00%2B08:00&division=371002";
    let due = async |who: &As<'_>, query: &str| {
        let answer = who.get(&format!("{asked}{query}")).await.expect(200).json();
        answer["deadlines"][0]["due_at"].as_str().expect("an instant").to_owned()
    };
    let maker = app.sign_in("maker").await;
    let own = format!("&manufacturer={}", house("maker"));
    assert_eq!(due(&admin, "").await, PLAIN);
    assert_eq!(due(&admin, &own).await, CLOSED);
    assert_eq!(due(&maker, &own).await, CLOSED);
    for (who, id) in [
        ("maker2", house("maker").to_string()),
        ("hospital", house("maker").to_string()),
        ("admin", house("hospital").to_string()),
        ("admin", "01900000-0000-7000-8000-0000000000ff".to_owned()),
    ] {
        let who = app.sign_in(who).await;
        let answer = who.get(&format!("{asked}&manufacturer={id}")).await.expect(422);
        let told = ("manufacturer".to_owned(), "unknown_organisation".to_owned());
        assert_eq!(answer.fields(), [told]);
    }
    // Pages: a manufacturer reckons with its own days; a filing shows what will be owed.
    let page = "/calculator?filed_at=2026-02-13T10:00&division=371002";
    let text = Browser::of(&app, &maker).get(page).await.expect(200).text;
    assert!(text.contains("企业休息"), "its own days are chosen already");
    let hospital = app.sign_in("hospital").await;
    let text = Browser::of(&app, &hospital).get(page).await.expect(200).text;
    assert!(!text.contains("企业休息") && !text.contains("岱海制药"));
    app.stop().await;
}

async fn a_manufacturer_gets_its_calendar_on_a_page(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let browser = Browser::of(&app, &admin);
    let found = browser.get("/calendars/new?q=岱海").await.expect(200).text;
    let link = format!("/calendars/new?organisation={}", house("maker"));
    assert!(found.contains(&link), "{found}");
    let form = browser.get(&link).await.expect(200).text;
    assert!(form.contains("岱海制药有限公司"));
    let hospital = format!("/calendars/new?organisation={}", house("hospital"));
    assert_eq!(browser.get(&hospital).await.status, 404);
    let maker = house("maker").to_string();
    let fields = |name: &str| {
        [("name", name), ("organisation", &maker)].map(|(n, v)| (n.to_owned(), v.to_owned()))
    };
    let bad = browser.post("/calendars", &fields("")).await;
    assert_eq!(bad.status, 422);
    assert!(bad.text.contains("岱海制药有限公司"), "what was chosen stays");
    let done = browser.post("/calendars", &fields("岱海制药日历")).await;
    assert_eq!(done.status, 303);
    let again = browser.post("/calendars", &fields("又一个")).await;
    assert_eq!(again.status, 422);
    let list = browser.get("/calendars").await.expect(200).text;
    assert!(list.contains("岱海制药日历") && list.contains("岱海制药有限公司"));
    app.stop().await;
}
