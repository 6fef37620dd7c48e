//! Calendar files of every shape: what they name, what is held, and what is refused.

use proptest::prelude::*;

use super::*;
use crate::domain::calendar::{Day, DayKind};
use crate::domain::holiday::Why;

/// A calendar of these events' lines.
fn calendar(events: &[&str]) -> String {
    let events: Vec<_> = events
        .iter()
        .map(|lines| format!("BEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\n", lines.replace('|', "\r\n")))
        .collect();
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:放假安排\r\n{}END:VCALENDAR\r\n",
        events.concat()
    )
}

/// The days as `month-day` and kind.
fn days(reading: &Reading) -> String {
    let day = |day: &Day| {
        let kind = match day.kind {
            DayKind::Rest => "休",
            DayKind::Makeup => "补",
            DayKind::Working => "班",
        };
        format!("{}{kind}", day.date.format("%m-%d"))
    };
    reading.material.days().map(day).collect::<Vec<_>>().join(" ")
}

fn check(text: &str, expected: &str) {
    let reading = read_ics(text.as_bytes()).unwrap_or_else(|refused| panic!("{refused}: {text}"));
    assert_eq!(days(&reading), expected, "{text}");
}

fn held(text: &str) -> Vec<Why> {
    let reading = read_ics(text.as_bytes()).unwrap_or_else(|refused| panic!("{refused}: {text}"));
    reading.held.iter().map(|held| held.why).collect()
}

fn refused(bytes: impl AsRef<[u8]>) -> Vec<(u32, String, &'static str)> {
    let Refused(errors) = read_ics(bytes.as_ref()).expect_err("refused");
    errors.into_iter().map(|error| (error.row, error.column, error.code)).collect()
}

#[test]
fn events_of_several_days_name_each_of_them() {
    let text = calendar(&[
        "DTSTART;VALUE=DATE:20260215|DTEND;VALUE=DATE:20260218|SUMMARY:春节（休）",
        "DTSTART;VALUE=DATE:20260214|SUMMARY:春节（班）",
        "DTSTART;VALUE=DATE:20260228|DTEND;VALUE=DATE:20260228|SUMMARY:春节（班）",
        "DTSTART;VALUE=DATE:20260224|SUMMARY:春节后上班",
        "DTSTART;VALUE=DATE:20260404|DURATION:P3D|SUMMARY:清明节|DESCRIPTION:放假3天",
    ]);
    check(&text, "02-14补 02-15休 02-16休 02-17休 02-24班 02-28补 04-04休 04-05休 04-06休");
    let reading = read_ics(text.as_bytes()).expect("a calendar");
    let first = reading.material.days().next().expect("a day");
    assert_eq!((first.name.as_str(), first.source.as_str()), ("春节", "放假安排"));
    assert_eq!(reading.rows.first().map(|(row, _)| *row), Some(9), "the line of its event");
}

#[test]
fn times_are_shanghais_days() {
    check(
        &calendar(&[
            "DTSTART:20260930T160000Z|DTEND:20261002T160000Z|SUMMARY:国庆节放假",
            "DTSTART;TZID=Asia/Shanghai:20261010T090000|DTEND;TZID=Asia/Shanghai:20261010T173000|SUMMARY:国庆节补班",
            "DTSTART:20260501T000000|DTEND:20260501T235959|SUMMARY:劳动节放假",
        ]),
        "05-01休 10-01休 10-02休 10-10补",
    );
    let half = calendar(&["DTSTART:20260308T130000|DTEND:20260308T180000|SUMMARY:妇女节放假"]);
    assert_eq!(held(&half), [Why::PartOfDay]);
}

#[test]
fn the_latest_version_counts_and_cancelled_events_do_not() {
    check(
        &calendar(&[
            "UID:a|SEQUENCE:2|DTSTART;VALUE=DATE:20260101|SUMMARY:元旦（休）",
            "UID:a|SEQUENCE:1|DTSTART;VALUE=DATE:20260102|SUMMARY:元旦（休）",
            "UID:b|SEQUENCE:0|DTSTART;VALUE=DATE:20260501|SUMMARY:劳动节（休）",
            "UID:b|SEQUENCE:1|STATUS:CANCELLED|DTSTART;VALUE=DATE:20260501|SUMMARY:劳动节（休）",
            "UID:c|DTSTART;VALUE=DATE:20260601|RRULE:FREQ=DAILY;COUNT=4|EXDATE;VALUE=DATE:20260602|SUMMARY:放假",
            "UID:c|RECURRENCE-ID;VALUE=DATE:20260603|DTSTART;VALUE=DATE:20260610|SUMMARY:放假",
            "STATUS:CANCELLED|SUMMARY:放假",
        ]),
        "01-01休 06-01休 06-04休 06-10休",
    );
    let all = calendar(&["UID:a|DTSTART;VALUE=DATE:20260101|SUMMARY:放假"]);
    let all = all.replace("VERSION:2.0", "METHOD:CANCEL");
    assert_eq!(refused(all), [(0, String::new(), "no_days")]);
}

#[test]
fn what_is_unclear_is_held_with_its_days() {
    let text = calendar(&[
        "DTSTART;VALUE=DATE:20260101|SUMMARY:元旦（休）",
        "DTSTART;VALUE=DATE:20260216|DTEND;VALUE=DATE:20260219|SUMMARY:春节",
        "DTSTART;VALUE=DATE:20260901|SUMMARY:开学典礼",
        "DTSTART;VALUE=DATE:20260907|RRULE:FREQ=YEARLY;BYDAY=1MO;BYMONTH=9|SUMMARY:Labor Day holiday",
        "DTSTART;VALUE=DATE:20260909|SUMMARY;ENCODING=QUOTED-PRINTABLE:=E4",
        "DTSTART;VALUE=DATE:20260910|RDATE;VALUE=DATE:20260911|SUMMARY:放假",
    ]);
    let reading = read_ics(text.as_bytes()).expect("a calendar");
    assert_eq!(days(&reading), "01-01休");
    let why = [Why::Unclear, Why::Unclear, Why::Recurs, Why::Encoded, Why::Recurs];
    assert_eq!(reading.held.iter().map(|held| held.why).collect::<Vec<_>>(), why);
    let date = |text: &str| text.parse().expect("a date");
    assert_eq!(reading.held[0].days, Some((date("2026-02-16"), date("2026-02-18"))));
    assert_eq!((reading.held[0].said.as_str(), reading.held[0].row), ("春节", 8));
}

#[test]
fn special_days_of_one_maker_are_understood_unless_the_words_differ() {
    let event = |summary: &str, special: &str| {
        calendar(&[&format!(
            "DTSTART;VALUE=DATE:20260104|SUMMARY:{summary}|X-APPLE-SPECIAL-DAY:{special}"
        )])
    };
    check(&event("元旦", "ALTERNATE-WORKDAY"), "01-04补");
    check(&event("元旦（休）", "WORK-HOLIDAY"), "01-04休");
    assert_eq!(held(&event("元旦（休）", "ALTERNATE-WORKDAY")), [Why::Unclear]);
}

#[test]
fn the_same_day_twice_is_one_unless_they_differ() {
    check(
        &calendar(&[
            "DTSTART;VALUE=DATE:20261001|DTEND;VALUE=DATE:20261003|SUMMARY:国庆节放假",
            "DTSTART;VALUE=DATE:20261002|DTEND;VALUE=DATE:20261004|SUMMARY:国庆节放假",
        ]),
        "10-01休 10-02休 10-03休",
    );
    let conflict = calendar(&[
        "DTSTART;VALUE=DATE:20261010|SUMMARY:国庆节（班）",
        "DTSTART;VALUE=DATE:20261010|SUMMARY:国庆节（休）",
    ]);
    assert_eq!(refused(conflict), [(8, "SUMMARY".to_owned(), "conflict")]);
}

#[test]
fn every_mistake_is_told_with_its_line() {
    let text = calendar(&[
        "SUMMARY:放假",
        "DTSTART;VALUE=DATE:20260231|SUMMARY:放假",
        "DTSTART;VALUE=DATE:20260103|DTEND;VALUE=DATE:20260101|SUMMARY:放假",
        "DTSTART;VALUE=DATE:20260101|DTEND;VALUE=DATE:20290205|SUMMARY:放假",
        "DTSTART;TZID=Nowhere:20260101T000000|SUMMARY:放假",
        "DTSTART;VALUE=DATE:20260101|RRULE:FREQ=SECONDLY|SUMMARY:放假",
        "DTSTART;VALUE=DATE:20260101|DTEND;VALUE=DATE:20260102|DURATION:P1D|SUMMARY:放假",
        "DTSTART;VALUE=DATE:20260101|EXDATE:x|RECURRENCE-ID:y|SUMMARY:放假",
    ]);
    let expected = [
        (4, "DTSTART", "required"),
        (8, "DTSTART", "date"),
        (13, "DTEND", "ends_before_start"),
        (18, "DTEND", "too_long"),
        (22, "DTSTART", "zone"),
        (25, "RRULE", "recurrence"),
        (33, "DURATION", "duration"),
        (38, "EXDATE", "date"),
        (39, "RECURRENCE-ID", "date"),
    ];
    let expected: Vec<_> =
        expected.map(|(row, column, code)| (row, column.to_owned(), code)).into();
    assert_eq!(refused(text), expected);
}

#[test]
fn what_is_no_calendar_or_is_cut_off_is_refused() {
    let one =
        |text: &str, row, code| assert_eq!(refused(text), [(row, String::new(), code)], "{text}");
    one("", 0, "empty_file");
    one("\u{feff}\r\n \r\n", 0, "empty_file");
    one("BEGIN:VCALENDAR\nEND:VCALENDAR\n", 0, "no_days");
    one("hello", 1, "not_a_calendar");
    one("BEGIN:VCARD\nEND:VCARD", 1, "not_a_calendar");
    one("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR", 3, "nesting");
    one("BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR", 3, "nesting");
    one("BEGIN:VCALENDAR\nEND:VCALENDAR\nSUMMARY:x", 3, "not_a_calendar");
    one("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x", 2, "unfinished");
    one("BEGIN:VCALENDAR\nBEGIN:VCALENDAR", 2, "nesting");
    one("BEGIN:VCALENDAR\nnonsense\nEND:VCALENDAR", 2, "content_line");
    one(&"BEGIN:VCALENDAR\n".repeat(1_000_000), 2, "nesting");
    let deep = format!("BEGIN:VCALENDAR\n{}", "BEGIN:X\n".repeat(1_000_000));
    one(&deep, 17, "nesting");
}

#[test]
fn alarms_and_zones_are_passed_over() {
    check(
        &calendar(&[
            "DTSTART;VALUE=DATE:20260101|SUMMARY:元旦（休）|BEGIN:VALARM|SUMMARY:上班|DTSTART:nonsense|END:VALARM",
        ])
        .replace("BEGIN:VEVENT", "BEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai\r\nBEGIN:STANDARD\r\nDTSTART:x\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"),
        "01-01休",
    );
}

/// Lines of which files are made, sound and broken.
const PIECES: [&str; 32] = [
    "BEGIN:VCALENDAR",
    "END:VCALENDAR",
    "BEGIN:VEVENT",
    "END:VEVENT",
    "BEGIN:VALARM",
    "END:VALARM",
    "UID:a",
    "UID:b",
    "SEQUENCE:1",
    "SEQUENCE:-9223372036854775808",
    "STATUS:CANCELLED",
    "DTSTART;VALUE=DATE:20260101",
    "DTSTART;VALUE=DATE:21001231",
    "DTSTART;VALUE=DATE:20240229",
    "DTSTART;TZID=Pacific/Apia:20111230T000000",
    "DTSTART:21001231T155959Z",
    "DTEND;VALUE=DATE:20260103",
    "DTEND:20260101T000000,20260102T000000",
    "DURATION:P3D",
    "DURATION:P36600D",
    "SUMMARY:春节（休）",
    "SUMMARY:春节（班）",
    "DESCRIPTION:放假",
    "RRULE:FREQ=YEARLY",
    "RRULE:FREQ=MONTHLY;INTERVAL=4294967295",
    "RRULE:FREQ=DAILY;COUNT=400",
    "RRULE:FREQ=WEEKLY;UNTIL=21001231",
    "RDATE:20260101",
    "EXDATE;VALUE=DATE:20260101,20270101",
    "RECURRENCE-ID;VALUE=DATE:20270101",
    " folded",
    "broken",
];

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let framed = [b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n".as_slice(), &bytes, b"\nEND:VEVENT\nEND:VCALENDAR"];
        for bytes in [bytes.clone(), framed.concat()] {
            if let Err(Refused(errors)) = read_ics(&bytes) {
                prop_assert!(!errors.is_empty());
            }
        }
    }

    #[test]
    fn any_lines_are_read_or_refused(at in prop::collection::vec(0..PIECES.len(), 0..40)) {
        let event: Vec<_> = at.iter().map(|at| PIECES[*at]).collect();
        let text = calendar(&[&event.join("|")]);
        match read_ics(text.as_bytes()) {
            Err(Refused(errors)) => prop_assert!(!errors.is_empty()),
            Ok(reading) => {
                prop_assert_eq!(reading.rows.len(), reading.material.days().count());
                prop_assert!(!reading.rows.is_empty() || !reading.held.is_empty());
            }
        }
    }
}
