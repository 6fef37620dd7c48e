//! Shortage events: many hospitals' tickets as one problem, each reader seeing their own part.

use serde_json::{Value, json};
use uuid::Uuid;

use super::stage::{id, refused, sound};
use crate::support::app::{As, TestApp, filing, reply};
use crate::support::db::{TestDb, both};
use crate::support::world::CEFTRIAXONE;

both!(
    open_tickets_for_one_product_are_one_event,
    an_event_is_gathered_from_what_its_reader_sees,
    an_event_ends_with_its_last_ticket,
    one_reply_answers_all_or_some,
    a_reply_that_suits_not_all_answers_none,
    of_two_group_replies_one_is_too_late,
);

async fn events(who: &As<'_>) -> Vec<Value> {
    let answer = who.get("/shortage-events").await;
    sound(&answer, "shortage events");
    answer.expect(200).json()["items"].as_array().expect("events").clone()
}

/// A ticket like [`filing`], with differences.
fn like(differences: &Value) -> Value {
    let mut ticket = filing();
    for (name, value) in differences.as_object().expect("an object") {
        ticket[name] = value.clone();
    }
    ticket
}

async fn open_tickets_for_one_product_are_one_event(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, elsewhere) = (app.sign_in("hospital").await, app.sign_in("hospital2").await);
    let (maker, province) = (app.sign_in("maker").await, app.sign_in("province").await);
    let first = hospital.file().await;
    hospital
        .post("/tickets", &like(&json!({"unit": "盒", "quantity_short": 40})))
        .await
        .expect(201);
    let empty = like(&json!({"quantity_short": 7, "days_of_stock": 0}));
    elsewhere.post("/tickets", &empty).await.expect(201);
    hospital.post("/tickets", &like(&json!({"product_code": CEFTRIAXONE}))).await.expect(201);
    let found = events(&province).await;
    assert_eq!(found.len(), 2);
    let event = &found[0];
    for (name, value) in [
        ("tickets", json!(3)),
        ("hospitals", json!(2)),
        ("cities", json!(2)),
        ("worst_days_of_stock", json!(0)),
        ("overdue", json!(0)),
        ("escalated", json!(0)),
        ("since", first["filed_at"].clone()),
        (
            "quantities",
            json!([{"unit": "支", "quantity_short": 507}, {"unit": "盒", "quantity_short": 40}]),
        ),
    ] {
        assert_eq!(event[name], value, "{name}");
    }
    assert_eq!(event["manufacturer"]["name"], first["manufacturer"]["name"]);
    assert_eq!(event["product"]["code"], first["product"]["code"]);
    let whole = province.get(&format!("/shortage-events/{}", id(event))).await.expect(200).json();
    let numbers: Vec<_> = whole["items"].as_array().expect("tickets").iter().collect();
    assert_eq!((numbers.len(), &numbers[0]["number"]), (3, &first["number"]), "oldest first");
    // Page by page it is the same list.
    let page = province.get("/shortage-events?page_size=1").await.expect(200).json();
    let cursor = page["next_cursor"].as_str().expect("there is more");
    let rest = format!("/shortage-events?page_size=1&cursor={cursor}");
    let rest = province.get(&rest).await.expect(200).json();
    assert_eq!((&page["items"][0], &rest["items"][0]), (&found[0], &found[1]));
    assert_eq!(rest["next_cursor"], Value::Null);
    // Three working days later nobody has replied.
    hospital.advance_to("2026-02-25T09:00:00+08:00").await;
    let late = &events(&maker).await[0];
    assert_eq!((&late["overdue"], &late["escalated"]), (&json!(3), &json!(3)));
    app.stop().await;
}

async fn an_event_is_gathered_from_what_its_reader_sees(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, elsewhere) = (app.sign_in("hospital").await, app.sign_in("hospital2").await);
    hospital.file().await;
    elsewhere.file().await;
    for (username, hospitals) in
        [("province", 2), ("maker", 2), ("city", 1), ("county", 1), ("city2", 1), ("county2", 1)]
    {
        let found = events(&app.sign_in(username).await).await;
        assert_eq!((found.len(), &found[0]["hospitals"]), (1, &json!(hospitals)), "{username}");
    }
    let rival = app.sign_in("maker2").await;
    assert!(events(&rival).await.is_empty(), "a competitor learns nothing");
    let event = id(&events(&app.sign_in("maker").await).await[0]);
    let foreign = rival.get(&format!("/shortage-events/{event}")).await;
    let unknown = rival.get(&format!("/shortage-events/{}", Uuid::new_v4())).await;
    for answer in [foreign, unknown, rival.get("/shortage-events/1").await] {
        refused(&answer, (404, "not_found"), "not the rival's");
    }
    let city = app.sign_in("city").await;
    let part = city.get(&format!("/shortage-events/{event}")).await.expect(200).json();
    assert_eq!(part["items"].as_array().map(Vec::len), Some(1), "only the city's own");
    for username in ["hospital", "distributor", "admin", "security", "auditor"] {
        let who = app.sign_in(username).await;
        for path in ["/shortage-events".to_owned(), format!("/shortage-events/{event}")] {
            refused(&who.get(&path).await, (403, "forbidden"), username);
        }
    }
    app.stop().await;
}

async fn an_event_ends_with_its_last_ticket(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let path = format!("/tickets/{}", id(&hospital.file().await));
    let solve = json!({"message": "已送达三百支。", "delivered_quantity": 300});
    maker.post(&format!("{path}/solve"), &solve).await.expect(200);
    let partly = json!({"result": "partly", "remaining_quantity": 200});
    hospital.post(&format!("{path}/confirm"), &partly).await.expect(200);
    let event = &events(&maker).await[0];
    assert_eq!(event["quantities"], json!([{"unit": "支", "quantity_short": 200}]));
    hospital.post(&format!("{path}/withdraw"), &json!({"reason": "已到货。"})).await.expect(200);
    assert!(events(&maker).await.is_empty());
    let gone = maker.get(&format!("/shortage-events/{}", id(event))).await;
    refused(&gone, (404, "not_found"), "it is over");
    app.stop().await;
}

async fn states(who: &As<'_>, event: &str) -> Vec<String> {
    let whole = who.get(&format!("/shortage-events/{event}")).await.expect(200).json();
    let items = whole["items"].as_array().expect("tickets").clone();
    items.iter().map(|ticket| ticket["state"].as_str().expect("a state").to_owned()).collect()
}

async fn one_reply_answers_all_or_some(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, elsewhere) = (app.sign_in("hospital").await, app.sign_in("hospital2").await);
    let maker = app.sign_in("maker").await;
    let (first, second) = (id(&hospital.file().await), id(&elsewhere.file().await));
    let fewer = like(&json!({"quantity_short": 7}));
    let third = id(&hospital.post("/tickets", &fewer).await.expect(201).json());
    let event = id(&events(&maker).await[0]);
    let path = format!("/shortage-events/{event}/reply");
    let mut body = reply("2026-02-27");
    body["tickets"] = json!([second]);
    let answered = maker.post(&path, &body).await.expect(200).json();
    assert_eq!(answered["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(answered["items"][0]["id"], json!(second));
    assert_eq!(states(&maker, &event).await, ["open", "promised", "open"]);
    assert_eq!(events(&maker).await[0]["unanswered"], 2);
    // The rest, each promised what it lacks.
    let mut body = reply("2026-02-26");
    body.as_object_mut().expect("an object").remove("promised_quantity");
    let answered = maker.post(&path, &body).await.expect(200).json();
    let promised: Vec<_> = answered["items"].as_array().expect("tickets").iter().collect();
    assert_eq!(promised.iter().map(|t| &t["id"]).collect::<Vec<_>>(), [&first, &third]);
    let quantities = promised.iter().map(|t| &t["promises"][0]["promised_quantity"]);
    assert_eq!(quantities.collect::<Vec<_>>(), [500, 7]);
    // Each hospital is told of its own ticket alone, once.
    let notices = elsewhere.get("/notices").await.expect(200).json();
    let kinds = notices["items"].as_array().expect("notices").iter();
    let kinds: Vec<_> = kinds.map(|n| (&n["kind"], &n["ticket"]["id"])).collect();
    assert_eq!(kinds, [(&json!("replied"), &json!(second))]);
    // Nothing is left to be answered, and what is answered is not answered again.
    let again = maker.post(&path, &body).await;
    refused(&again, (409, "nothing_to_reply"), "all answered");
    hospital.file().await;
    body["tickets"] = json!([first]);
    let again = maker.post(&path, &body).await;
    refused(&again, (409, "state"), "named and answered");
    assert!(again.json()["possible"].as_array().expect("acts").contains(&json!("promise")));
    app.stop().await;
}

async fn a_reply_that_suits_not_all_answers_none(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, elsewhere) = (app.sign_in("hospital").await, app.sign_in("hospital2").await);
    let maker = app.sign_in("maker").await;
    let early = hospital.file().await;
    hospital.advance_to("2026-02-24T10:00:00+08:00").await;
    elsewhere.file().await;
    let event = id(&events(&maker).await[0]);
    let path = format!("/shortage-events/{event}/reply");
    // The later ticket may be promised March, the earlier one may not.
    let answer = maker.post(&path, &reply("2026-03-02")).await;
    refused(&answer, (422, "invalid"), "beyond one limit");
    assert_eq!(answer.fields(), [("promised_on".to_owned(), "beyond_limit".to_owned())]);
    assert!(answer.text.contains(early["number"].as_str().expect("a number")), "{}", answer.text);
    assert_eq!(states(&maker, &event).await, ["open", "open"]);
    let mut body = reply("2026-02-27");
    for (tickets, field, code) in [
        (json!([id(&early), Uuid::nil()]), "tickets[1]", "unknown"),
        (json!([id(&early), id(&early)]), "tickets[1]", "duplicate"),
    ] {
        body["tickets"] = tickets;
        let answer = maker.post(&path, &body).await;
        refused(&answer, (422, "invalid"), code);
        assert_eq!(answer.fields(), [(field.to_owned(), code.to_owned())]);
    }
    // Who may not, and whose it is not.
    let (city, rival) = (app.sign_in("city").await, app.sign_in("maker2").await);
    refused(&city.post(&path, &reply("2026-02-27")).await, (403, "forbidden"), "a bureau");
    refused(&rival.post(&path, &reply("2026-02-27")).await, (404, "not_found"), "a rival");
    refused(&hospital.post(&path, &reply("2026-02-27")).await, (403, "forbidden"), "a hospital");
    assert_eq!(states(&maker, &event).await, ["open", "open"]);
    app.stop().await;
}

async fn of_two_group_replies_one_is_too_late(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    for _ in 0..5 {
        hospital.file().await;
    }
    let event = id(&events(&maker).await[0]);
    let path = format!("/shortage-events/{event}/reply");
    let body = reply("2026-02-27");
    let all = futures::future::join_all((0..6).map(|_| maker.post(&path, &body))).await;
    all.iter().for_each(|answer| sound(answer, "at once"));
    let mut statuses: Vec<_> = all.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409]);
    let notices = hospital.get("/notices?page_size=100").await.expect(200).json();
    assert_eq!(notices["items"].as_array().map(Vec::len), Some(5), "each ticket once");
    // The same key is the same reply.
    hospital.file().await;
    let keyed = async || {
        let request = maker.request(reqwest::Method::POST, &path).json(&body);
        maker.send(request.header("Idempotency-Key", "once")).await
    };
    let (first, again) = (keyed().await.expect(200), keyed().await.expect(200));
    assert_eq!(
        (first.text, again.header("idempotent-replayed")),
        (again.text.clone(), "true".to_owned())
    );
    app.stop().await;
}
