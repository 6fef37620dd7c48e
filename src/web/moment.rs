//! Instants on the wire: RFC 3339 with an offset, shown in Shanghai time.
//!
//! **Never** guesses an offset.

use chrono::{DateTime, Datelike, FixedOffset, Timelike, Utc};

use crate::domain::calendar::{SHANGHAI, local_date};

const WRONG: (&str, &str) =
    ("timestamp", "an instant with its offset, like 2026-02-13T10:00:00+08:00");

/// An instant as it is shown.
pub(super) fn shown(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    at.with_timezone(&SHANGHAI)
}

/// Reads an instant of the years 2000 to 2100, or gives the code and message of its refusal. A
/// leap second is the second before it. A blank before the offset is a plus sign that nobody
/// encoded.
pub(super) fn parse(text: &str) -> Result<DateTime<Utc>, (&'static str, &'static str)> {
    let text = match text.rsplit_once(' ') {
        Some((time, offset)) if time.contains('T') => format!("{time}+{offset}"),
        Some(_) => return Err(WRONG),
        None => text.to_owned(),
    };
    let year = text.as_bytes().get(..5).unwrap_or_default();
    let has_year = year
        .split_last()
        .is_some_and(|(dash, digits)| *dash == b'-' && digits.iter().all(u8::is_ascii_digit));
    if !has_year {
        return Err(WRONG);
    }
    let at = DateTime::parse_from_rfc3339(&text).map_err(|_error| WRONG)?.to_utc();
    let at = match at.nanosecond().checked_sub(1_000_000_000) {
        Some(beyond) => at.with_nanosecond(beyond).unwrap_or(at),
        None => at,
    };
    if !(2000..=2100).contains(&local_date(at).year()) {
        return Err(("out_of_range", "between the years 2000 and 2100"));
    }
    let millis = at.timestamp_millis();
    DateTime::from_timestamp_millis(millis).ok_or(WRONG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_with_an_offset_are_read() {
        for (text, expected) in [
            ("2026-02-13T10:00:00+08:00", "2026-02-13T10:00:00+08:00"),
            ("2026-02-13T02:00:00Z", "2026-02-13T10:00:00+08:00"),
            ("2026-02-13T02:00:00-00:00", "2026-02-13T10:00:00+08:00"),
            ("2026-02-13T16:00:00+14:00", "2026-02-13T10:00:00+08:00"),
            ("2026-02-13T10:00:00.123456789+08:00", "2026-02-13T10:00:00.123+08:00"),
            ("2026-12-31T23:59:60+08:00", "2026-12-31T23:59:59+08:00"),
            ("2026-02-13T10:00:00 08:00", "2026-02-13T10:00:00+08:00"),
        ] {
            let at = parse(text).expect(text);
            assert_eq!(serde_json::json!(shown(at)), expected, "{text}");
        }
    }

    #[test]
    fn other_instants_are_refused() {
        for (text, code) in [
            ("2026-02-13T10:00:00", "timestamp"),
            ("2026-02-13T24:00:00+08:00", "timestamp"),
            ("26-02-13T10:00:00+08:00", "timestamp"),
            ("2026-02-30T10:00:00+08:00", "timestamp"),
            ("2026-02-13 10:00:00", "timestamp"),
            ("2026-02-13", "timestamp"),
            ("1771000000", "timestamp"),
            ("", "timestamp"),
            ("短短", "timestamp"),
            ("+12026-02-13T10:00:00Z", "timestamp"),
            ("1999-12-31T23:59:59+08:00", "out_of_range"),
            ("2101-01-01T00:00:00+08:00", "out_of_range"),
            ("9999-12-31T23:59:59Z", "out_of_range"),
        ] {
            assert_eq!(parse(text).map_err(|(code, _)| code), Err(code), "{text}");
        }
    }
}
