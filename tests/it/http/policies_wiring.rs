//! What a version of the rules sets is what the service does.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use supplyline::domain::calendar::{Day, DayKind, Layer, LayerOf};
use supplyline::domain::id::CalendarId;
use supplyline::store::rulebook::{KeptLayer, insert_layer};
use uuid::Uuid;

use super::policies_keeping::draft;
use super::stage::id;
use crate::support::app::{As, TestApp, filing};
use crate::support::db::{TestDb, both};
use crate::support::world;

both!(
    quiet_hours_hold_what_is_not_urgent_and_nothing_else,
    a_rung_tells_on_its_own_channels,
    the_calendars_layer_is_the_policys,
);

/// Rules for the city of the world's hospital, from its first day on.
pub(super) async fn rule(app: &TestApp, change: impl FnOnce(&mut Value)) -> Value {
    let admin = app.sign_in("admin").await;
    let mut policy = draft();
    policy["division"] = json!("371000");
    policy["effective_from"] = json!("2026-02-13");
    policy["counting"] = json!({});
    policy["calendar_layer"] = json!("county");
    change(&mut policy);
    admin.act("/policies", policy).await
}

async fn deliveries(who: &As<'_>, ticket: &Value) -> Vec<Value> {
    let path = format!("/tickets/{}/deliveries", id(ticket));
    let items = who.get(&path).await.expect(200).json()["items"].clone();
    items.as_array().expect("deliveries").clone()
}

async fn quiet_hours_hold_what_is_not_urgent_and_nothing_else(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    rule(&app, |policy| {
        policy["quiet_hours"] = json!({"begins": "19:00", "ends": "09:30"});
    })
    .await;
    hospital.advance_to("2026-02-13T19:30:00+08:00").await;
    let ordinary = hospital.file().await;
    let mut pressing = filing();
    pressing["urgency"] = json!("emergency");
    let pressing = hospital.act("/tickets", pressing).await;
    let states = async |ticket: &Value| {
        let all = deliveries(&hospital, ticket).await;
        all.iter().map(|one| one["state"].as_str().unwrap_or_default().to_owned()).collect()
    };
    hospital.advance_to("2026-02-14T09:29:00+08:00").await;
    let held: Vec<String> = states(&ordinary).await;
    assert!(!held.is_empty() && held.iter().all(|state| state == "queued"), "{held:?}");
    let urgent: Vec<String> = states(&pressing).await;
    assert!(!urgent.is_empty() && urgent.iter().all(|state| state == "sent"), "{urgent:?}");
    hospital.advance_to("2026-02-14T09:30:00+08:00").await;
    let sent: Vec<String> = states(&ordinary).await;
    assert!(sent.iter().all(|state| state == "sent"), "a make-up working day: {sent:?}");
    app.stop().await;
}

async fn a_rung_tells_on_its_own_channels(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    rule(&app, |policy| {
        policy["ladder"] = json!([
            {
                "level": "city", "acknowledge_within": 1, "close_within": 2,
                "told": ["distributor"], "channels": ["sms"],
            },
            {
                "level": "province", "acknowledge_within": 1, "close_within": 2,
                "told": [], "channels": [],
            },
        ]);
    })
    .await;
    let ticket = hospital.file().await;
    let path = format!("/tickets/{}/escalate", id(&ticket));
    let told = async || {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for one in deliveries(&hospital, &ticket).await {
            if one["kind"] == "escalated" {
                let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
                let person = one["recipient"]["name"].as_str().map(str::to_owned);
                all.entry(person.unwrap_or_else(|| text("recipient")))
                    .or_default()
                    .push(text("channel"));
            }
        }
        all
    };
    hospital.act(&path, json!({"reason": "病区停用"})).await;
    let city = told().await;
    assert!(!city.is_empty() && city.values().flatten().all(|way| way == "sms"), "{city:?}");
    assert_eq!(city.len(), 2, "the bureau and the distributor: {city:?}");
    hospital.act(&path, json!({"reason": "仍未解决"})).await;
    assert_eq!(told().await, city, "the province reads it in the service alone");
    app.stop().await;
}

async fn the_calendars_layer_is_the_policys(db: TestDb) {
    let date = world::on("2026-02-24");
    let day = Day {
        date,
        kind: DayKind::Rest,
        name: "本市休假".to_owned(),
        source: "市政府通告".to_owned(),
    };
    let kept = KeptLayer {
        id: CalendarId(Uuid::from_u128(3_710)),
        name: "本市日历".to_owned(),
        of: LayerOf::Region(world::division("371000")),
        version: 1,
        layer: Layer { days: [(date, day)].into(), ..Layer::default() },
    };
    let written = db.store.write(move |tx| {
        let kept = kept.clone();
        Box::pin(async move { insert_layer(tx, &kept).await })
    });
    written.await.expect("the layer is written");
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    for (layer, due) in
        [("city", "2026-02-26T00:00:00+08:00"), ("province", "2026-02-25T00:00:00+08:00")]
    {
        let city = json!(if layer == "city" { "price" } else { "supply_stop" });
        rule(&app, |policy| {
            policy["categories"] = json!([city]);
            policy["calendar_layer"] = json!(layer);
            policy["ordinary"] =
                json!({"reply": {"working_days": 2}, "resolve": {"working_days": 5}});
        })
        .await;
        let mut ticket = filing();
        ticket["category"] = city;
        let ticket = hospital.act("/tickets", ticket).await;
        assert_eq!(ticket["deadlines"][0]["due_at"], due, "{layer}: {ticket}");
        let path = format!("/tickets/{}", id(&ticket));
        let read = hospital.get(&path).await.expect(200).json();
        let explained = read["deadlines"][0]["explanation"].as_array().expect("days").clone();
        let day = explained.iter().find(|day| day["date"] == "2026-02-24").expect("touched");
        assert_eq!(day["counted"], layer == "province", "explained as it was counted");
    }
    app.stop().await;
}
