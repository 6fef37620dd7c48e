//! The bureaus' pages, and those that manufacturers share with them.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::stage::id;
use crate::support::app::{Answer, As, TestApp, filing};
use crate::support::db::{TestDb, both};
use crate::support::world::{CEFTRIAXONE, INSULIN, house};

both!(
    each_page_is_its_roles_alone,
    a_queue_is_the_bureaus_own,
    the_area_has_the_numbers_of_the_ledger_and_the_lists,
    the_ledgers_rows_lead_to_their_tickets,
    one_form_answers_what_is_ticked,
    a_reply_that_suits_not_all_comes_back_filled_in,
    what_people_call_things_is_never_markup,
);

const EVIL: &str = "<script>alert(1)</script>";

/// A page as a browser gets it.
async fn page(app: &TestApp, who: &As<'_>, path: &str) -> Answer {
    let request = app.request(Method::GET, path).header("Accept", "text/html");
    let answer = app.send(request.header("Cookie", format!("supplyline={}", who.token))).await;
    assert!(answer.header("content-type").starts_with("text/html"), "{path}: {}", answer.text);
    answer
}

/// A form as a browser sends it.
async fn send(app: &TestApp, who: &As<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let request = app.request(Method::POST, path).header("Accept", "text/html");
    let request = request.header("Cookie", format!("supplyline={}", who.token));
    app.send(urlencoded(request.header("Sec-Fetch-Site", "same-origin"), fields)).await
}

fn urlencoded(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    let body = pairs.collect::<Vec<_>>().join("&");
    request.header("Content-Type", "application/x-www-form-urlencoded").body(body)
}

/// What stands between two texts, each time.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Vec<&'t str> {
    let parts = text.split(before).skip(1);
    parts.filter_map(|part| part.split_once(after).map(|(inner, _)| inner)).collect()
}

/// The row of a table that begins with a name, its cells as text.
fn cells(page: &str, name: &str) -> Vec<String> {
    let row = between(page, "<tr>", "</tr>").into_iter().find(|row| row.contains(name));
    let row = row.unwrap_or_else(|| panic!("{name} in {page}"));
    let mut cells = Vec::new();
    for cell in row.split("<td").skip(1) {
        let (_, inner) = cell.split_once('>').expect("a tag");
        let text: String =
            inner.split('<').map(|part| part.rsplit('>').next().unwrap_or("")).collect();
        cells.push(text.trim().to_owned());
    }
    cells
}

/// A ticket of `hospital` that climbed to its city, and one of `hospital2` that climbed to its own.
async fn climbed(app: &TestApp) -> (Value, Value) {
    let (hospital, elsewhere) = (app.sign_in("hospital").await, app.sign_in("hospital2").await);
    let (own, other) = (hospital.file().await, elsewhere.file().await);
    hospital.advance_to("2026-02-25T09:00:00+08:00").await;
    (own, other)
}

async fn each_page_is_its_roles_alone(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    app.sign_in("hospital").await.file().await;
    let event = app.sign_in("maker").await.get("/shortage-events").await.json();
    let event = format!("/shortage-events/{}", id(&event["items"][0]));
    let bureaus = ["county", "city", "province"];
    let makers = ["maker"];
    for (path, admits_makers) in [
        ("/escalations", false),
        ("/escalations?view=asked", false),
        ("/escalations?open=true", false),
        ("/region", false),
        ("/shortage-events", true),
        (event.as_str(), true),
        ("/ledger", true),
        ("/ledger?by=county", true),
    ] {
        for username in ["hospital", "maker", "distributor", "county", "city", "province", "admin"]
        {
            let may = bureaus.contains(&username) || admits_makers && makers.contains(&username);
            let answer = page(&app, &app.sign_in(username).await, path).await;
            assert_eq!(answer.status, if may { 200 } else { 403 }, "{username} {path}");
            assert!(
                may || answer.text.contains("您没有此项权限"),
                "{username} {path}: {}",
                answer.text
            );
        }
    }
    let city = app.sign_in("city").await;
    for path in ["/escalations?view=all", "/escalations?page_size=0", "/region?x=1"] {
        assert_eq!(page(&app, &city, path).await.status, 422, "{path}");
    }
    let wrong = page(&app, &city, "/ledger?from=2026-02-30&by=month").await.expect(422);
    assert!(wrong.text.contains("id=\"ledger-from-error\""), "{}", wrong.text);
    assert!(wrong.text.contains("value=\"2026-02-30\""), "{}", wrong.text);
    let nobody = app.request(Method::GET, "/region").header("Accept", "text/html");
    assert_eq!(app.send(nobody).await.header("location"), "/login?next=/region");
    app.stop().await;
}

async fn a_queue_is_the_bureaus_own(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (own, other) = climbed(&app).await;
    let number = |ticket: &Value| ticket["number"].as_str().expect("a number").to_owned();
    let (city, elsewhere) = (app.sign_in("city").await, app.sign_in("city2").await);
    let province = app.sign_in("province").await;
    let shows = async |who: &As<'_>, path: &str| {
        let found = page(&app, who, path).await.expect(200).text;
        [&own, &other].map(|ticket| found.contains(&number(ticket)))
    };
    for path in ["/escalations", "/escalations?view=held", "/escalations?open=true"] {
        assert_eq!(shows(&city, path).await, [true, false], "{path}");
        assert_eq!(shows(&elsewhere, path).await, [false, true], "{path}");
    }
    assert_eq!(shows(&province, "/escalations").await, [false, false], "not the province's");
    assert_eq!(shows(&province, "/escalations?view=area").await, [true, true]);
    // Page by page, without a repetition.
    let first = page(&app, &province, "/escalations?view=area&page_size=1").await.text;
    let next = between(&first, "rel=\"next\" href=\"", "\"")[0].replace("&#38;", "&");
    assert_ne!(
        shows(&province, &next).await,
        shows(&province, "/escalations?view=area&page_size=1").await
    );
    // Taken on, it waits no more; closed, it is among those.
    let held = city.get("/escalations?open=true&own=true&acknowledged=false").await.json();
    let climbed = id(&held["items"][0]);
    city.act(&format!("/escalations/{climbed}/acknowledge"), json!({})).await;
    assert_eq!(shows(&city, "/escalations?view=waiting").await, [false, false]);
    assert_eq!(shows(&city, "/escalations?view=held").await, [true, false]);
    let conclusion = json!({"conclusion": "企业已恢复供货。"});
    city.act(&format!("/escalations/{climbed}/close"), conclusion).await;
    assert_eq!(shows(&city, "/escalations?view=held").await, [false, false]);
    assert_eq!(shows(&city, "/escalations?view=closed").await, [true, false]);
    assert_eq!(shows(&elsewhere, "/escalations?view=closed").await, [false, false]);
    // A request waits for the city of the hospital.
    let maker = app.sign_in("maker").await;
    let path = format!("/tickets/{}/return", id(&own));
    maker.act(&path, json!({"reason": "非我司品种。"})).await;
    assert_eq!(shows(&city, "/escalations?view=asked").await, [true, false]);
    assert_eq!(shows(&elsewhere, "/escalations?view=asked").await, [false, false]);
    let asked = page(&app, &city, "/escalations?view=asked").await.text;
    assert!(asked.contains("非我司品种。") && asked.contains("退单"), "{asked}");
    app.stop().await;
}

/// A rate as the pages show it.
fn rate(ratio: &Value) -> String {
    match ratio["rate"].as_f64() {
        Some(rate) => {
            format!("{:.2}% {}/{}", rate * 100.0, ratio["numerator"], ratio["denominator"])
        }
        None => "—".to_owned(),
    }
}

async fn the_area_has_the_numbers_of_the_ledger_and_the_lists(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let solved = id(&hospital.file().await);
    let maker = app.sign_in("maker").await;
    let report = json!({"message": "已送达。", "delivered_quantity": 500});
    maker.act(&format!("/tickets/{solved}/solve"), report).await;
    hospital.act(&format!("/tickets/{solved}/confirm"), json!({"result": "solved"})).await;
    climbed(&app).await;
    for (username, by, member) in [
        ("province", "city", "city"),
        ("city", "county", "county"),
        ("county2", "county", "county"),
    ] {
        let who = app.sign_in(username).await;
        let shown = page(&app, &who, "/region").await.expect(200).text;
        let ledger = who.get(&format!("/ledger?by={by}&from=2026-01-27")).await.json();
        for row in ledger["items"].as_array().expect("rows") {
            let place = row[member]["division"].as_str().expect("a code");
            let cells = cells(&shown, row[member]["name"].as_str().expect("a name"));
            let count = async |filter: &str| {
                let path = format!("/tickets?division={place}&{filter}");
                let list = who.get(&path).await.expect(200).json();
                assert!(shown.contains(&format!("{path}\"").replace('&', "&#38;")), "{path}");
                list["items"].as_array().map_or(0, Vec::len).to_string()
            };
            let expected = vec![
                count("over=false").await,
                count("overdue=true").await,
                count("escalated=true").await,
                count("state=closed&ended_from=2026-01-27").await,
                rate(&row["on_time_reply"]),
                rate(&row["timely_resolution"]),
            ];
            assert_eq!(cells, expected, "{username} {place}");
        }
        assert!(shown.contains("<svg class=\"chart\""), "{username}");
    }
    let city = page(&app, &app.sign_in("city").await, "/region").await.text;
    assert!(city.contains("文登区"), "those without a ticket stand there, too");
    assert!(!city.contains("370202") && !city.contains("市南区"), "another city's");
    app.stop().await;
}

async fn the_ledgers_rows_lead_to_their_tickets(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    climbed(&app).await;
    let rival = app.sign_in("hospital").await;
    let mut ticket = filing();
    ticket["product_code"] = json!(CEFTRIAXONE);
    rival.post("/tickets", &ticket).await.expect(201);
    let province = app.sign_in("province").await;
    for by in ["manufacturer", "product", "city", "county", "month"] {
        let filters = ["", "&from=2026-02-13&to=2026-02-20", "&division=371000"];
        for filter in filters {
            let path = format!("/ledger?by={by}{filter}");
            let shown = page(&app, &province, &path).await.expect(200).text;
            let table = between(&shown, "<table", "</table>")[0];
            let links = between(table, "<a href=\"/tickets", "</a>");
            assert!(!links.is_empty(), "{path}");
            for link in links {
                let (query, count) = link.split_once("\">").expect("a count");
                let query = query.replace("&#38;", "&");
                let list = province.get(&format!("/tickets{query}")).await.expect(200).json();
                let found = list["items"].as_array().map_or(0, Vec::len).to_string();
                assert_eq!(found, count, "{path} {query}");
            }
            let query = path.replace("/ledger?", "");
            assert!(shown.contains(&format!(
                "/api/v1/exports/ledger?{}&#38;format=xlsx",
                query.replace('&', "&#38;")
            )));
        }
    }
    let maker = app.sign_in("maker2").await;
    let own =
        page(&app, &maker, &format!("/ledger?by=product&manufacturer={}", house("maker"))).await;
    assert!(!own.text.contains("岱海制药") && !own.text.contains(INSULIN), "{}", own.text);
    let shown = page(&app, &maker, "/ledger").await.text;
    assert!(shown.contains("钱江药业") && !shown.contains("岱海制药"), "{shown}");
    app.stop().await;
}

/// A reply to an event as the form sends it.
fn answers<'t>(tickets: &[&'t str], promised_on: &'t str) -> Vec<(&'t str, &'t str)> {
    let mut fields = vec![
        ("cause", "raw_material"),
        ("promised_on", promised_on),
        ("promised_quantity", ""),
        ("message", "原料药到货延迟，已安排加急生产。"),
        ("contact.name", "李想"),
        ("contact.phone", "13900000003"),
    ];
    fields.extend(tickets.iter().map(|ticket| ("tickets", *ticket)));
    fields
}

async fn event_of(maker: &As<'_>) -> String {
    let events = maker.get("/shortage-events").await.expect(200).json();
    format!("/shortage-events/{}", id(&events["items"][0]))
}

async fn states(maker: &As<'_>, event: &str) -> Vec<String> {
    let whole = maker.get(event).await.expect(200).json();
    let items = whole["items"].as_array().expect("tickets").clone();
    items.iter().map(|ticket| ticket["state"].as_str().expect("a state").to_owned()).collect()
}

async fn one_form_answers_what_is_ticked(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, elsewhere) = (app.sign_in("hospital").await, app.sign_in("hospital2").await);
    let (first, second) = (id(&hospital.file().await), id(&elsewhere.file().await));
    let third = id(&hospital.file().await);
    let maker = app.sign_in("maker").await;
    let event = event_of(&maker).await;
    let shown = page(&app, &maker, &event).await.expect(200).text;
    let form = between(&shown, "<form id=\"form-group-reply\"", "</form>");
    assert_eq!(form[0].matches("checked").count(), 3, "all are ticked: {}", form[0]);
    assert!(shown.contains("id=\"group-reply-contact-name\""), "{shown}");
    let path = format!("{event}/reply");
    // Nothing ticked is not all of them.
    let none = send(&app, &maker, &path, &answers(&[], "2026-02-26")).await;
    assert!(none.expect(422).text.contains("id=\"group-reply-tickets-error\""));
    assert_eq!(states(&maker, &event).await, ["open", "open", "open"]);
    let mut fields = answers(&[&first, &third], "2026-02-26");
    fields.push(("_key", "0b8a2c5e-0000-4000-8000-000000000001"));
    for _ in 0..2 {
        let done = send(&app, &maker, &path, &fields).await.expect(303);
        assert_eq!(done.header("location"), format!("{event}?done=group-reply"));
    }
    let mut left = states(&maker, &event).await;
    left.sort_unstable();
    assert_eq!(left, ["open", "promised", "promised"]);
    let again = send(&app, &maker, &path, &answers(&[&first], "2026-02-26")).await.expect(409);
    let ticket = maker.get(&format!("/tickets/{first}")).await.json();
    let number = ticket["number"].as_str().expect("a number");
    assert!(
        between(&again.text, "id=\"h-conflict\"", "</div>")[0].contains(number),
        "{}",
        again.text
    );
    send(&app, &maker, &path, &answers(&[&second], "2026-02-26")).await.expect(303);
    let shown = page(&app, &maker, &event).await.text;
    assert!(!shown.contains("form-group-reply"), "nothing is left to be answered");
    // Who may not, and whose it is not.
    hospital.file().await;
    let city = app.sign_in("city").await;
    assert!(!page(&app, &city, &event).await.expect(200).text.contains("form-group-reply"));
    send(&app, &city, &path, &answers(&[&first], "2026-02-26")).await.expect(403);
    let rival = app.sign_in("maker2").await;
    send(&app, &rival, &path, &answers(&[&first], "2026-02-26")).await.expect(404);
    assert_eq!(page(&app, &rival, &event).await.status, 404);
    let foreign = app.request(Method::POST, &path).header("Sec-Fetch-Site", "cross-site");
    let foreign = foreign.header("Cookie", format!("supplyline={}", maker.token));
    app.send(urlencoded(foreign, &answers(&[&first], "2026-02-26"))).await.expect(403);
    app.stop().await;
}

async fn a_reply_that_suits_not_all_comes_back_filled_in(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, elsewhere) = (app.sign_in("hospital").await, app.sign_in("hospital2").await);
    let early = hospital.file().await;
    hospital.advance_to("2026-02-24T10:00:00+08:00").await;
    let later = id(&elsewhere.file().await);
    let maker = app.sign_in("maker").await;
    let event = event_of(&maker).await;
    let path = format!("{event}/reply");
    let early_id = id(&early);
    let fields = answers(&[&early_id, &later], "2026-03-02");
    let back = send(&app, &maker, &path, &fields).await.expect(422).text;
    let number = early["number"].as_str().expect("a number");
    let error = between(&back, "id=\"group-reply-promised_on-error\">", "<");
    assert!(error[0].starts_with(&format!("{number}：超出允许的最晚日期")), "{}", error[0]);
    assert!(back.contains("error-summary") && back.contains("href=\"#group-reply-promised_on\""));
    for kept in ["value=\"2026-03-02\"", "value=\"李想\"", "value=\"13900000003\""] {
        assert!(back.contains(kept), "{kept}");
    }
    assert!(back.contains("<option value=\"raw_material\" selected>"));
    assert!(back.contains("原料药到货延迟，已安排加急生产。</textarea>"));
    assert_eq!(states(&maker, &event).await, ["open", "open"]);
    // What is left unticked stays so.
    let back = send(&app, &maker, &path, &answers(&[&later], "2026-02-23")).await.expect(422).text;
    let form = between(&back, "<form id=\"form-group-reply\"", "</form>")[0];
    assert_eq!(form.matches("checked").count(), 1, "{form}");
    let mut fields = answers(&[&later], "yesterday");
    fields[2].1 = "many";
    let back = send(&app, &maker, &path, &fields).await.expect(422).text;
    for field in ["promised_on", "promised_quantity"] {
        assert!(back.contains(&format!("id=\"group-reply-{field}-error\"")), "{field}");
    }
    send(&app, &maker, &path, &answers(&[&early_id, &later], "2026-02-27")).await.expect(303);
    assert_eq!(states(&maker, &event).await, ["promised", "promised"]);
    app.stop().await;
}

async fn what_people_call_things_is_never_markup(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    db.execute("update organisation set name = '<script>alert(1)</script>' where kind <> 'bureau'")
        .await;
    db.execute("update product set name = '<script>alert(1)</script>'").await;
    let mut ticket = filing();
    ticket["summary"] = json!(EVIL);
    ticket["unit"] = json!("\"><script>");
    let filed = id(&hospital.post("/tickets", &ticket).await.expect(201).json());
    let maker = app.sign_in("maker").await;
    maker.act(&format!("/tickets/{filed}/return"), json!({"reason": EVIL})).await;
    hospital.advance_to("2026-02-25T09:00:00+08:00").await;
    let event = event_of(&maker).await;
    for username in ["city", "province", "maker"] {
        let who = app.sign_in(username).await;
        for path in [
            "/escalations?view=area",
            "/escalations?view=asked",
            "/region",
            "/shortage-events",
            event.as_str(),
            "/ledger",
            "/ledger?by=product",
            "/ledger?by=county",
        ] {
            let shown = page(&app, &who, path).await.text;
            assert!(!shown.contains("<script>"), "{username} {path}");
        }
    }
    let shown = page(&app, &app.sign_in("city").await, "/escalations").await.expect(200).text;
    assert!(shown.contains("&#60;script&#62;alert(1)"), "{shown}");
    app.stop().await;
}
