//! Clocks that are changed under everybody, or that somebody would like to change: another time-zone
//! database, shorter time limits, clients with times of their own.

use reqwest::Method;
use serde_json::{Value, json};
use supplyline::domain::audit::Action;
use supplyline::domain::calendar::ZONE_RULES;
use supplyline::domain::id::TicketId;
use supplyline::domain::ticket::{Change, Ticket};
use supplyline::service::zone;
use supplyline::store::{Batch, setting, sweep, tickets};
use uuid::Uuid;

use super::policies_keeping::draft;
use super::policies_wiring::rule;
use super::stage::{id, sound};
use crate::support::app::{As, TestApp, filing};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::world::{World, second_administrator};

both!(
    b069_another_time_zone_database_keeps_civil_deadlines,
    b075_times_of_clients_are_not_taken,
    a_year_in_a_regions_calendar_publishes_nothing,
);
sqlite_only!(
    b072_time_limits_that_nobody_can_keep,
    b073_a_shorter_limit_that_5_000_tickets_have_missed,
);

async fn b069_another_time_zone_database_keeps_civil_deadlines(db: TestDb) {
    let world = World::on(&db).await;
    let ticket = world.file().await;
    let before = world.ticket(ticket).await;
    assert_eq!(zone::note(&world.app).await.expect("noted"), None, "the first is nobody's change");
    assert_eq!(zone::note(&world.app).await.expect("noted"), None, "the same again");
    let older = world.app.store.write(|tx| {
        Box::pin(async move { setting::set(tx, "zone_rules", "1991a".to_owned()).await })
    });
    older.await.expect("written");
    let change = zone::note(&world.app).await.expect("noted").expect("another version");
    assert_eq!((change.before.as_str(), change.after.as_str()), ("1991a", ZONE_RULES));
    assert_eq!((change.deadlines, change.astray, change.differs_from), (2, 0, None));
    assert!(change.announcement().contains("2 open deadlines"), "{}", change.announcement());
    let known = setting::find(world.app.store.read_unscoped(), "zone_rules").await.expect("read");
    assert_eq!(known.as_deref(), Some(ZONE_RULES), "and once only");
    assert_eq!(zone::note(&world.app).await.expect("noted"), None);
    assert_eq!(world.ticket(ticket).await.deadlines, before.deadlines, "no deadline moves");
    let app = TestApp::replica(&db).await;
    let path = format!("/audit?action={}", Action::ZoneRulesChanged.name());
    let log = app.sign_in("auditor").await.get(&path).await.expect(200).json();
    let entries = log["items"].as_array().expect("entries");
    assert_eq!(entries.len(), 1, "{log}");
    assert_eq!(entries[0]["detail"]["before"]["zone_rules"], "1991a");
    assert_eq!(entries[0]["detail"]["after"]["zone_rules"], ZONE_RULES);
    // One that was not on its civil day would be found.
    let wrong = Ticket {
        id: TicketId(Uuid::now_v7()),
        number: "SQ-371002-20260213-ZONE".to_owned(),
        deadlines: before
            .deadlines
            .iter()
            .cloned()
            .map(|mut due| {
                due.due_at += chrono::TimeDelta::hours(1);
                due
            })
            .collect(),
        ..before
    };
    insert(&world, vec![wrong]).await;
    let older = world.app.store.write(|tx| {
        Box::pin(async move { setting::set(tx, "zone_rules", "1991b".to_owned()).await })
    });
    older.await.expect("written");
    let change = zone::note(&world.app).await.expect("noted").expect("another version");
    assert_eq!((change.deadlines, change.astray), (4, 2));
    app.stop().await;
}

/// Writes tickets as they are, without what happened before.
async fn insert(world: &World, all: Vec<Ticket>) {
    let changes: Vec<_> = all
        .into_iter()
        .map(|ticket| {
            let (events, written) = (Vec::new(), Vec::new());
            (Change { ticket, events, written, attached: None }, String::new())
        })
        .collect();
    let changes = std::sync::Arc::new(changes);
    let written = world.app.store.write(move |tx| {
        let changes = std::sync::Arc::clone(&changes);
        Box::pin(async move {
            let mut batch = Batch::on(tx);
            tickets::insert_all(&mut batch, &changes);
            batch.run(tx).await
        })
    });
    written.await.expect("the tickets are written");
}

async fn b072_time_limits_that_nobody_can_keep(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let refused = async |reply: Value| {
        let mut policy = draft();
        policy["ordinary"]["reply"] = json!({"working_days": reply});
        let answer = admin.post("/policies", &policy).await;
        sound(&answer, &policy.to_string());
        let answer = answer.expect(422);
        let fields: Vec<_> = answer.fields().into_iter().map(|(field, _)| field).collect();
        let is_it = |field: &String| field.starts_with("ordinary.reply");
        assert!(fields.iter().any(is_it), "{reply}: {}", answer.text);
    };
    for bad in [
        json!(0),
        json!(-1),
        json!(0.5),
        json!(1_000_000_000),
        json!(i64::MAX),
        json!(1e300),
        json!("2"),
        json!([2]),
        json!(true),
    ] {
        refused(bad).await;
    }
    // A rung may be acted on at once where none is given time; that, too, is told.
    for (field, value) in [("acknowledge_within", json!(-1)), ("close_within", json!(1_000_000))] {
        let mut policy = draft();
        policy["ladder"][0][field] = value;
        let answer = admin.post("/policies", &policy).await.expect(422);
        assert_eq!(answer.fields()[0].0, format!("ladder[0].{field}"));
    }
    admin.post("/policies", &draft()).await.expect(201);
    app.stop().await;
}

/// Open tickets that a shorter limit would make overdue.
const TICKETS: usize = 5_000;

async fn b073_a_shorter_limit_that_5_000_tickets_have_missed(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    second_administrator(&db.store).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    let long = rule(&app, |policy| {
        policy["ordinary"] = json!({"reply": {"working_days": 9}, "resolve": {"working_days": 20}});
    })
    .await;
    let first = id(&hospital.file().await);
    many(&db, &first).await;
    hospital.advance_to("2026-02-27T10:00:00+08:00").await;
    assert_eq!(hospital.get("/tickets?overdue=true").await.json()["items"], json!([]));
    let short = shorter(&admin, &long).await;
    let replan = format!("/policies/{short}/replan");
    let seen = admin.post(&format!("{replan}?dry_run=true"), &json!({"reason": ""})).await;
    let impact = seen.expect(200).json()["impact"].clone();
    assert_eq!(
        (&impact["breaches_appear"], &impact["needs_approval"]),
        (&json!(TICKETS), &json!(true))
    );
    let asked = admin.post(&replan, &json!({"reason": "收紧时限"})).await.expect(200).json();
    assert_eq!(asked["batch"]["state"], "pending", "one confirmation is not enough");
    assert_eq!(hospital.get("/tickets?overdue=true").await.json()["items"], json!([]));
    let second = app.sign_in("admin2").await;
    let approve = format!("/batches/{}/approve", id(&asked["batch"]));
    let done = second.post(&approve, &json!({})).await.expect(200).json();
    assert_eq!(done["batch"]["state"], "applied");
    // Each was missed once and climbed once, nothing is left to fire, and people got one letter
    // about all of them.
    let at = crate::support::world::at("2026-02-27T02:01:00Z");
    assert_eq!(sweep::due(db.store.read_unscoped(), at, 10).await.expect("read"), []);
    let events = hospital.get(&format!("/tickets/{first}/events?page_size=100")).await.json();
    let kinds: Vec<_> = events["items"].as_array().expect("events").iter().collect();
    for kind in ["replanned", "missed", "escalated"] {
        let times = kinds.iter().filter(|event| event["kind"] == kind).count();
        assert_eq!(times, 1, "{kind}: {events}");
    }
    let letters = admin.get("/deliveries?kind=deadlines_moved&page_size=100").await.expect(200);
    let letters = letters.json()["items"].as_array().map_or(0, Vec::len);
    assert!((1..20).contains(&letters), "{letters} letters about {TICKETS} tickets");
    app.stop().await;
}

/// As many tickets like the first.
async fn many(db: &TestDb, first: &str) {
    let store = &db.store;
    let first: TicketId = first.parse().expect("an id");
    let found = tickets::load(store.read_unscoped(), &[first]).await.expect("read");
    let first = found.first().expect("the first").clone();
    let copy = |n: usize| Ticket {
        id: TicketId(Uuid::now_v7()),
        number: format!("SQ-371002-20260213-{n:04}"),
        ..first.clone()
    };
    let clock = supplyline::clock::Clock::still_at(first.filed_at);
    let world = World::over(store.clone(), clock).await;
    insert(&world, (1..TICKETS).map(copy).collect()).await;
}

/// Another version of the rules, by which a reply is due on the second working day.
async fn shorter(admin: &As<'_>, long: &Value) -> String {
    let path = format!("/policies/{}", id(long));
    let kept = admin.get(&path).await.expect(200);
    let mut next = draft();
    for name in ["division", "counting", "calendar_layer", "ladder"] {
        next[name] = kept.json()[name].clone();
    }
    next["effective_from"] = json!("2026-02-27");
    next["reason"] = json!("收紧时限");
    next["ordinary"] = json!({"reply": {"working_days": 2}, "resolve": {"working_days": 20}});
    let request = admin.request(Method::PUT, &path).header("If-Match", kept.header("etag"));
    let made = admin.send(request.json(&next)).await;
    assert!(made.status < 300, "{}", made.text);
    id(&made.json())
}

async fn b075_times_of_clients_are_not_taken(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let known = hospital.file().await["filed_at"].clone();
    for date in ["Sat, 13 Feb 2027 02:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "gestern", ""] {
        let request = hospital.request(Method::POST, "/tickets").header("Date", date);
        let request = request.header("If-Unmodified-Since", date).json(&filing());
        let filed = hospital.send(request).await.expect(201).json();
        assert_eq!(filed["filed_at"], known, "Date: {date}");
    }
    for name in ["created_at", "filed_at", "at", "now", "due_at"] {
        let mut ticket = filing();
        ticket[name] = json!("2025-02-13T10:00:00+08:00");
        let answer = hospital.post("/tickets", &ticket).await;
        // Nobody's own time is taken: it is no field, and said to be none.
        let answer = answer.expect(422);
        assert_eq!(answer.fields(), [(name.to_owned(), "unknown_field".to_owned())]);
    }
    app.stop().await;
}

async fn a_year_in_a_regions_calendar_publishes_nothing(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let new = json!({"name": "滨海市", "division": "371000"});
    let layer = id(&admin.post("/calendars", &new).await.expect(201).json());
    let file = json!({"year": 2027, "papers": ["威政字〔2027〕1号"], "days": [
        {"name": "荣成渔民节", "date": "2027-04-20", "isOffDay": true}]});
    let path = format!("/calendars/{layer}/import?reason=x");
    let done = admin.post(&path, &file).await.expect(200).json();
    assert_eq!(done["doubts"], json!([]), "a region names what differs, not a year");
    assert_eq!(done["provisional_years"], json!([2027]), "the nation's notice is not loaded by it");
    let shown = admin.get(&format!("/calendars/{layer}?year=2027")).await.expect(200).json();
    assert_eq!((&shown["years"], &shown["provisional"]), (&json!([]), &json!(true)));
    let day = shown["days"].as_array().expect("days").iter().find(|d| d["date"] == "2027-04-20");
    assert_eq!(day.expect("the day")["kind"], "rest");
    app.stop().await;
}
