//! The deadlines of a ticket to come, asked over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{refused, sound};
use crate::support::app::{As, TestApp};
use crate::support::db::{TestDb, both, sqlite_only};

both!(every_acceptance_value_holds);
sqlite_only!(instants_are_read_as_written, what_cannot_be_reckoned_is_refused);

const VALUES: &str = include_str!("../../../data/fixtures/working-days.json");

async fn reckon(who: &As<'_>, query: &str) -> Value {
    let answer = who.get(&format!("/deadline?{query}")).await;
    sound(&answer, query);
    answer.expect(200).json()
}

fn deadline<'a>(reckoned: &'a Value, kind: &str) -> &'a Value {
    let deadlines = reckoned["deadlines"].as_array().expect("deadlines");
    deadlines.iter().find(|deadline| deadline["kind"] == kind).expect(kind)
}

fn check(deadline: &Value, start: &str, days: usize, expected: &str, provisional: bool) {
    let counted: Vec<&Value> = deadline["explanation"]
        .as_array()
        .expect("days")
        .iter()
        .filter(|day| day["counted"] == true)
        .collect();
    assert_eq!(counted.len(), days, "{start}");
    assert_eq!(counted.last().expect("a day")["date"], expected, "{start} + {days}");
    let due = deadline["due_at"].as_str().expect("an instant");
    let next = expected.parse::<chrono::NaiveDate>().expect(expected).succ_opt().expect("a day");
    assert_eq!(due, format!("{next}T00:00:00+08:00"), "24:00 of {expected}");
    assert_eq!(deadline["provisional"], provisional, "{start}");
    let days = deadline["explanation"].as_array().expect("days");
    assert!(days.iter().all(|day| day["date"].as_str() >= Some(start)), "{start}");
    assert!(!deadline["sentence"].as_str().expect("a sentence").is_empty());
}

async fn every_acceptance_value_holds(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let who = app.sign_in("auditor").await;
    let values: Value = serde_json::from_str(VALUES).expect("JSON");
    let rows = |key: &str| values[key].as_array().expect(key).clone();
    let mut seen = 0;
    for (row, provisional) in rows("add_working_days")
        .into_iter()
        .map(|row| (row, false))
        .chain(rows("unpublished_year").into_iter().map(|row| (row, true)))
    {
        let day = |key: &str| row[key].as_str().expect(key).to_owned();
        let start = day("start");
        for time in ["00:00:00", "12:00:00", "23:59:59.999"] {
            let reckoned = reckon(&who, &format!("filed_at={start}T{time}%2B08:00")).await;
            check(deadline(&reckoned, "reply"), &start, 2, &day("plus_2"), provisional);
            check(deadline(&reckoned, "resolve"), &start, 5, &day("plus_5"), provisional);
            assert_eq!(reckoned["policy"]["division"], Value::Null);
        }
        seen += 1;
    }
    assert!(seen >= 27, "{seen}");
    for (start, second, fifth) in [
        ("2026-02-12", "2026-02-14", "2026-02-26"),
        ("2026-02-13", "2026-02-24", "2026-02-27"),
        ("2026-09-30", "2026-10-09", "2026-10-13"),
        ("2025-12-31", "2026-01-05", "2026-01-08"),
    ] {
        for division in ["", "&division=370000", "&division=371002", "&division=110000"] {
            let query = format!("filed_at={start}T08:00:00Z&urgency=ordinary{division}");
            let reckoned = reckon(&who, &query).await;
            check(deadline(&reckoned, "reply"), start, 2, second, false);
            check(deadline(&reckoned, "resolve"), start, 5, fifth, false);
        }
    }
    app.stop().await;
}

async fn instants_are_read_as_written(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let who = app.sign_in("hospital").await;
    for (filed_at, due) in [
        // The 13th at 02:00 UTC, in several spellings.
        ("2026-02-13T02:00:00Z", "2026-02-25T00:00:00+08:00"),
        ("2026-02-13T02:00:00-00:00", "2026-02-25T00:00:00+08:00"),
        ("2026-02-13T16:00:00%2B14:00", "2026-02-25T00:00:00+08:00"),
        ("2026-02-13T10:00:00.123456789%2B08:00", "2026-02-25T00:00:00+08:00"),
        ("2026-02-13T10:00:00.5%2B08:00", "2026-02-25T00:00:00+08:00"),
        ("2026-02-12T14:00:00-12:00", "2026-02-25T00:00:00+08:00"),
        ("2026-02-13T10:00:00+08:00", "2026-02-25T00:00:00+08:00"),
        ("2026-02-13T10:00:00%20+08:00", ""),
        ("2026-02-13T23:59:60%2B08:00", "2026-02-25T00:00:00+08:00"),
        ("2026-02-13T15:59:59.999Z", "2026-02-25T00:00:00+08:00"),
        // The 14th in Shanghai, though the 13th where it was written.
        ("2026-02-13T16:00:00Z", "2026-02-26T00:00:00+08:00"),
        ("2026-02-13T23:59:60-08:00", "2026-02-26T00:00:00+08:00"),
        ("2100-12-20T00:00:00Z", "2100-12-23T00:00:00+08:00"),
    ] {
        if due.is_empty() {
            let answer = who.get(&format!("/deadline?filed_at={filed_at}")).await;
            refused(&answer, (422, "invalid"), filed_at);
            continue;
        }
        let reckoned = reckon(&who, &format!("filed_at={filed_at}")).await;
        assert_eq!(deadline(&reckoned, "reply")["due_at"], due, "{filed_at}");
    }
    let emergency = reckon(&who, "filed_at=2026-02-13T23:00:00.25%2B08:00&urgency=emergency").await;
    assert_eq!(deadline(&emergency, "reply")["due_at"], "2026-02-14T03:00:00.250+08:00");
    assert_eq!(deadline(&emergency, "resolve")["due_at"], "2026-02-16T23:00:00.250+08:00");
    assert_eq!(deadline(&emergency, "reply")["status"], json!("running"));
    app.stop().await;
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn what_cannot_be_reckoned_is_refused(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let who = app.sign_in("hospital").await;
    let right = "filed_at=2026-02-13T02:00:00Z";
    let mut tried: Vec<(String, &str)> = [
        "",
        "2026-02-13",
        "2026-02-13T10:00:00",
        "2026-02-13T24:00:00%2B08:00",
        "26-02-13T10:00:00Z",
        "2026-02-30T10:00:00Z",
        "2026-2-13T10:00:00Z",
        "2026-02-13T10:00Z",
        "2026-02-13T25:00:00Z",
        "2026-02-13T10:60:00Z",
        "2026-02-13T10:00:61Z",
        "2026-02-13T10:00:00%2B24:00",
        "2026-02-13T10:00:00%2B08:00:00.5",
        "2026-02-13T10:00:00 Z",
        "2026-02-13 10:00:00",
        "now",
        "1771000000",
        "0000-01-01T00:00:00Z",
        "1582-10-10T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "1999-12-31T15:59:59Z",
        "2100-12-31T16:00:00Z",
        "2101-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "%2B10000-01-01T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-02-13T10:00:00%00Z",
        "２０２６-02-13T10:00:00Z",
        "2026-W07-5T10:00:00Z",
    ]
    .map(|filed_at| (format!("filed_at={filed_at}"), "filed_at"))
    .into();
    tried.push((String::new(), "filed_at"));
    for (query, field) in [
        ("urgency=", "urgency"),
        ("urgency=urgent", "urgency"),
        ("urgency=ORDINARY", "urgency"),
        ("urgency=ordinary&urgency=emergency", "urgency"),
        ("division=", "division"),
        ("division=abc", "division"),
        ("division=37", "division"),
        ("division=-371002", "division"),
        ("division=0", "division"),
        ("division=000000", "division"),
        ("division=9999999", "division"),
        ("days=3", "days"),
        ("policy=x", "policy"),
        ("filed_at=2026-02-13T02:00:00Z", "filed_at"),
    ] {
        tried.push((format!("{right}&{query}"), field));
    }
    for (query, field) in tried {
        let answer = who.get(&format!("/deadline?{query}")).await;
        refused(&answer, (422, "invalid"), &query);
        assert_eq!(
            answer.fields().first().map(|(field, _)| field.as_str()),
            Some(field),
            "{query}"
        );
    }
    let end = who.get("/deadline?filed_at=2100-12-30T02:00:00Z").await;
    sound(&end, "the end of the calendar");
    let anonymous = app.send(app.request(Method::GET, &format!("/api/v1/deadline?{right}"))).await;
    refused(&anonymous, (401, "unauthenticated"), "nobody signed in");
    app.stop().await;
}
