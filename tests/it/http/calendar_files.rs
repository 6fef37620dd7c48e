//! Files of days as they should not be, and as programs write them all the same.
//!
//! **Never** changes a calendar where a preview tells enough.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{id, refused, sound};
use crate::support::app::{Answer, As, TestApp};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::form::Form;

both!(b065_a_year_is_provisional_until_any_file_names_it, every_way_in_reads_the_same_files);
sqlite_only!(
    b059_calendars_are_read_leniently_or_refused,
    b060_rules_are_worked_out_to_a_horizon,
    b061_dates_are_those_of_the_calendars_zone,
    b062_the_last_version_counts,
    b063_ranges_that_cannot_be,
    b070_b071_instants_and_dates_at_their_limits,
);

const ICS: &str = "text/calendar";

async fn nation(who: &As<'_>) -> String {
    let calendars = who.get("/calendars").await.expect(200).json();
    id(&calendars["items"][0])
}

/// Sends a file for a preview.
async fn preview(who: &As<'_>, kind: &str, file: impl Into<Vec<u8>>) -> Answer {
    let path = format!("/calendars/{}/import?dry_run=true", nation(who).await);
    let request = who.request(Method::POST, &path).header("Content-Type", kind);
    let answer = who.send(request.body(file.into())).await;
    sound(&answer, kind);
    answer
}

/// A calendar of events, whose lines are separated by `|`.
fn calendar(events: &[&str]) -> String {
    let event =
        |lines: &&str| format!("BEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\n", lines.replace('|', "\r\n"));
    let events: String = events.iter().map(event).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

/// The days that a preview changes, as `month-day kind`.
fn days(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let line = |day: &Value| {
        format!("{} {}", text(&day["date"]).trim_start_matches("2026-"), text(&day["after"]))
    };
    body["days"].as_array().expect("days").iter().map(line).collect()
}

fn codes(answer: &Answer) -> Vec<String> {
    assert_eq!((answer.status, answer.code().as_str()), (422, "invalid"), "{}", answer.text);
    answer.fields().into_iter().map(|(_, code)| code).collect()
}

async fn b059_calendars_are_read_leniently_or_refused(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let plain = calendar(&["DTSTART;VALUE=DATE:20260608|SUMMARY:端午节（休）"]);
    let long = format!("X-NOISE:{}", "x".repeat(10_000_000));
    let tolerant = [
        plain.clone(),
        plain.replace("\r\n", "\r"),
        plain.replace("\r\n", "\n"),
        plain.replace("端午节", "端\r\n\t午节"),
        format!("\u{feff}{plain}"),
        plain.to_lowercase().replace("date:", "DATE:"),
        plain.replace("2.0", "1.0"),
        plain.replace("VERSION:2.0", "X-WHATEVER;A=\"b:c\":1"),
        plain.replace("VERSION:2.0", &long),
    ];
    let began = Instant::now();
    for file in tolerant {
        assert_eq!(days(&preview(&admin, ICS, file).await), ["06-08 rest"]);
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let broken = [
        (plain.replace("END:VCALENDAR\r\n", ""), "unfinished"),
        (plain.replace("END:VEVENT\r\n", ""), "nesting"),
        (plain.replace("VERSION:2.0", "VERSION"), "content_line"),
        (plain.replace("BEGIN:VCALENDAR", "BEGIN:VCARD"), "not_a_calendar"),
        ("BEGIN:VCALENDAR\r\n".repeat(400_000), "nesting"),
        (calendar(&[]), "no_days"),
        (String::new(), "empty_file"),
    ];
    for (file, code) in broken {
        assert_eq!(codes(&preview(&admin, ICS, file).await), [code]);
    }
    let cut = [plain.as_bytes().get(..60).expect("bytes"), &[0xE5, 0x90]].concat();
    assert_eq!(preview(&admin, ICS, cut).await.status, 422);
    app.stop().await;
}

async fn b060_rules_are_worked_out_to_a_horizon(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let rule = |rule: &str| {
        calendar(&[&format!("DTSTART;VALUE=DATE:20260608|RRULE:{rule}|SUMMARY:端午节（休）")])
    };
    let forever = days(&preview(&admin, ICS, rule("FREQ=YEARLY")).await);
    assert_eq!((forever.len(), forever[5].as_str()), (6, "2031-06-08 rest"));
    let storm = format!("FREQ=YEARLY;BYDAY={}", vec!["MO"; 1_000].join(","));
    for bad in ["FREQ=DAILY", "FREQ=SECONDLY", "FREQ=YEARLY;UNTIL=20250101", &storm] {
        assert_eq!(codes(&preview(&admin, ICS, rule(bad)).await), ["recurrence"], "{bad}");
    }
    let intricate = preview(
        &admin,
        ICS,
        calendar(&[
            "DTSTART;VALUE=DATE:20260608|SUMMARY:端午节（休）",
            "DTSTART;VALUE=DATE:20260907|RRULE:FREQ=YEARLY;BYDAY=1MO|SUMMARY:某节（休）",
        ]),
    )
    .await;
    assert_eq!(days(&intricate), ["06-08 rest"]);
    let held = intricate.json()["held"][0].clone();
    assert_eq!((&held["code"], &held["said"]), (&json!("recurs"), &json!("某节（休）")));
    app.stop().await;
}

async fn b061_dates_are_those_of_the_calendars_zone(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let one = |lines: &str| calendar(&[&format!("{lines}|SUMMARY:端午节放假")]);
    for lines in [
        "DTSTART;VALUE=DATE:20260608|DTEND;VALUE=DATE:20260609",
        "DTSTART;VALUE=DATE:20260608|DURATION:P1D",
        "DTSTART:20260608T000000|DTEND:20260609T000000",
        "DTSTART:20260607T160000Z|DURATION:PT24H",
        "DTSTART;TZID=China Standard Time:20260608T000000|DTEND;TZID=Asia/Shanghai:20260608T235959",
        "DTSTART;TZID=America/New_York:20260607T120000|DTEND;TZID=America/New_York:20260608T120000",
    ] {
        assert_eq!(days(&preview(&admin, ICS, one(lines)).await), ["06-08 rest"], "{lines}");
    }
    // A zone's rules in the file are not believed.
    let zone = "BEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n\
                TZOFFSETFROM:-1200\r\nTZOFFSETTO:-1200\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT";
    let lines =
        "DTSTART;TZID=Asia/Shanghai:20260608T000000|DTEND;TZID=Asia/Shanghai:20260609T000000";
    let file = one(lines).replace("BEGIN:VEVENT", zone);
    assert_eq!(days(&preview(&admin, ICS, file).await), ["06-08 rest"]);
    let unknown = one("DTSTART;TZID=Mars/Olympus:20260608T000000");
    assert_eq!(codes(&preview(&admin, ICS, unknown).await), ["zone"]);
    app.stop().await;
}

async fn b062_the_last_version_counts(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let file = calendar(&[
        "UID:a|SEQUENCE:3|DTSTART;VALUE=DATE:20260608|SUMMARY:甲放假",
        "UID:a|SEQUENCE:2|DTSTART;VALUE=DATE:20260609|SUMMARY:甲放假",
        "UID:b|DTSTART;VALUE=DATE:20260610|SUMMARY:乙放假",
        "UID:b|SEQUENCE:1|STATUS:CANCELLED|DTSTART;VALUE=DATE:20260610|SUMMARY:乙放假",
        "UID:c|DTSTART;VALUE=DATE:20260615|RRULE:FREQ=DAILY;COUNT=3|SUMMARY:丙放假",
        "UID:c|RECURRENCE-ID;VALUE=DATE:20260616|STATUS:CANCELLED|SUMMARY:丙放假",
    ]);
    let expected = ["06-08 rest", "06-15 rest", "06-17 rest"];
    assert_eq!(days(&preview(&admin, ICS, file).await), expected);
    app.stop().await;
}

async fn b063_ranges_that_cannot_be(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let one = |lines: &str| calendar(&[&format!("{lines}|SUMMARY:端午节放假")]);
    let reversed = one("DTSTART;VALUE=DATE:20260610|DTEND;VALUE=DATE:20260608");
    assert_eq!(codes(&preview(&admin, ICS, reversed).await), ["ends_before_start"]);
    for (said, doubt) in [("放假", "long_rest"), ("上班", "long_work")] {
        let long = one("DTSTART;VALUE=DATE:20260608|DURATION:P400D").replace("放假", said);
        let seen = preview(&admin, ICS, long.clone()).await.expect(200).json();
        let doubts = seen["doubts"].as_array().expect("doubts").iter();
        let all: Vec<_> = doubts.map(|doubt| doubt["code"].as_str().expect("a code")).collect();
        assert_eq!(all.iter().filter(|code| **code == doubt).count(), 1, "told once: {all:?}");
        // Refused unless somebody confirms it by name.
        let path = format!("/calendars/{}/import", nation(&admin).await);
        let send = async |query: String| {
            let request = admin.request(Method::POST, &format!("{path}?reason=x{query}"));
            admin.send(request.header("Content-Type", ICS).body(long.clone())).await
        };
        let refusal = send(String::new()).await.expect(422);
        let told = ("confirm".to_owned(), doubt.to_owned());
        assert!(refusal.fields().contains(&told), "{:?}", refusal.fields());
        let others: Vec<_> = all.iter().filter(|code| **code != doubt).copied().collect();
        send(format!("&confirm={}", others.join(","))).await.expect(422);
        let done = send(format!("&confirm={}", all.join(","))).await.expect(200).json();
        assert_eq!(done["batch"]["state"], "applied");
        let undo = format!("/batches/{}/undo", id(&done["batch"]));
        admin.post(&undo, &json!({"reason": "试验"})).await.expect(200);
        // Where nobody can confirm it, it is refused, and told where somebody can.
        let answer = admin.upload("/imports/calendar", Form::file("a.ics", &long)).await;
        let row = ("file.days".to_owned(), doubt.to_owned());
        assert!(answer.fields().contains(&row), "{}", answer.text);
        assert!(answer.text.contains("/calendars/"), "{}", answer.text);
    }
    let years = one("DTSTART;VALUE=DATE:20260608|DURATION:P801D");
    assert_eq!(codes(&preview(&admin, ICS, years).await), ["too_long"]);
    let overlapping = calendar(&[
        "DTSTART;VALUE=DATE:20260608|DURATION:P2D|SUMMARY:甲放假",
        "DTSTART;VALUE=DATE:20260609|DURATION:P2D|SUMMARY:乙放假",
    ]);
    let merged = ["06-08 rest", "06-09 rest", "06-10 rest"];
    assert_eq!(days(&preview(&admin, ICS, overlapping).await), merged);
    let both = calendar(&[
        "DTSTART;VALUE=DATE:20260613|SUMMARY:甲放假",
        "DTSTART;VALUE=DATE:20260613|SUMMARY:甲补班",
    ]);
    assert_eq!(codes(&preview(&admin, ICS, both).await), ["conflict"]);
    let day =
        |off: bool| json!({"name": "甲", "date": "2026-06-13", "isOffDay": off, "source": "a"});
    let both = json!({"year": 2026, "days": [day(true), day(false)]}).to_string();
    assert_eq!(codes(&preview(&admin, "application/json", both).await), ["conflict"]);
    let table = "date,kind,name,source\n2026-06-13,rest,甲,a\n2026-06-13,makeup,甲,a\n";
    assert_eq!(codes(&preview(&admin, "text/csv", table).await), ["conflict"]);
    // Odd, and for somebody to confirm: two weeks without a working day.
    let fortnight = one("DTSTART;VALUE=DATE:20260608|DURATION:P14D");
    let seen = preview(&admin, ICS, fortnight).await.expect(200).json();
    let doubts: Vec<_> = seen["doubts"].as_array().expect("doubts").iter().collect();
    assert!(doubts.iter().any(|doubt| doubt["code"] == "long_rest"), "{doubts:?}");
    app.stop().await;
}

/// The year 2027 as a notice might name it: 20 rest days and a make-up day.
fn year_2027() -> String {
    let rest = |first: &str, days: u32| {
        format!("DTSTART;VALUE=DATE:2027{first}|DURATION:P{days}D|SUMMARY:放假")
    };
    let events = [
        rest("0101", 3),
        rest("0206", 7),
        rest("0405", 1),
        rest("0501", 5),
        rest("1001", 7),
        "DTSTART;VALUE=DATE:20270220|SUMMARY:春节补班".to_owned(),
    ];
    calendar(&events.iter().map(String::as_str).collect::<Vec<_>>())
}

async fn b065_a_year_is_provisional_until_any_file_names_it(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let path = format!("/calendars/{}", nation(&admin).await);
    let shown = async || admin.get(&format!("{path}?year=2027")).await.expect(200).json();
    assert_eq!(shown().await["provisional"], true);
    let send = async |query: &str, file: String| {
        let request = admin.request(Method::POST, &format!("{path}/import?{query}"));
        admin.send(request.header("Content-Type", ICS).body(file)).await
    };
    // A part of the year is no notice.
    let part = calendar(&["DTSTART;VALUE=DATE:20270101|SUMMARY:元旦放假"]);
    send("reason=a", part).await.expect(200);
    assert_eq!(shown().await["provisional"], true);
    let none = year_2027().replace("补班", "放假");
    let refusal = send("reason=a", none).await;
    refused(&refusal, (422, "invalid"), "no make-up day");
    assert_eq!(refusal.fields(), [("confirm".to_owned(), "no_makeup".to_owned())]);
    send("reason=a", year_2027()).await.expect(200);
    let year = shown().await;
    assert_eq!(year["provisional"], false);
    assert_eq!(year["days"][50]["kind"], "makeup", "{}", year["days"][50]);
    app.stop().await;
}

async fn every_way_in_reads_the_same_files(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let file = calendar(&[
        "DTSTART;VALUE=DATE:20270101|SUMMARY:元旦放假",
        "DTSTART;VALUE=DATE:20270214|SUMMARY:情人节",
    ]);
    let table = || Form::file("a.ics", &file);
    let rehearsed =
        admin.upload("/imports/calendar?dry_run=true", table()).await.expect(200).json();
    assert_eq!((&rehearsed["created"], &rehearsed["rows"]), (&json!(1), &json!(1)));
    let held = json!([{
        "row": 7, "said": "情人节", "first": "2027-02-14", "last": "2027-02-14",
        "code": "unclear", "message": "it is not clear whether these days are worked or free",
    }]);
    assert_eq!(rehearsed["held"], held);
    assert_eq!(preview(&admin, ICS, file.clone()).await.json()["held"], held);
    let empty = admin.upload("/imports/calendar", Form::file("a.ics", "\u{feff}\n")).await;
    assert_eq!(empty.fields(), [("file".to_owned(), "empty_file".to_owned())]);
    let head = "date,kind,name,source\n";
    let none = admin.upload("/imports/calendar", Form::file("a.csv", head)).await;
    assert_eq!(none.fields(), [("rows[2]".to_owned(), "no_days".to_owned())]);
    let year = r#"{"year": 2027, "papers": [], "days": []}"#;
    let none = admin.upload("/imports/calendar", Form::file("a.json", year)).await;
    assert_eq!(none.fields(), [("file.days".to_owned(), "not_published".to_owned())]);
    app.stop().await;
}

async fn b070_b071_instants_and_dates_at_their_limits(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let hospital = app.sign_in("hospital").await;
    let at = async |filed: &str| {
        let filed = filed.replace('+', "%2B");
        let answer = hospital.get(&format!("/deadline?filed_at={filed}")).await;
        sound(&answer, &filed);
        let due = answer.json()["deadlines"][0]["due_at"].as_str().map(str::to_owned);
        (answer.status, due)
    };
    let due = Some("2026-02-25T00:00:00+08:00".to_owned());
    for same in [
        "2026-02-13T23:59:59+08:00",
        "2026-02-13T23:59:60+08:00",
        "2026-02-14T05:59:59+14:00",
        "2026-02-13T15:59:59-00:00",
        "2026-02-13T15:59:59.999Z",
    ] {
        assert_eq!(at(same).await, (200, due.clone()), "{same}");
    }
    for bad in [
        "2026-02-13T24:00:00+08:00",
        "2026-02-13T10:00:00",
        "26-02-13T10:00:00+08:00",
        "2026-02-13T10:00:00+08:00:00.5",
        "0000-01-01T00:00:00Z",
        "1582-10-10T00:00:00Z",
        "1969-12-31T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "9999-12-31T00:00:00Z",
        "+10000-01-01T00:00:00Z",
    ] {
        assert_eq!(at(bad).await.0, 422, "{bad}");
    }
    for good in ["2000-01-01T00:00:00+08:00", "2038-01-19T03:14:08Z", "2100-12-31T23:59:59+08:00"] {
        assert_eq!(at(good).await.0, 200, "{good}");
    }
    app.stop().await;
}
