//! What each field holds of the calls by which something is kept.
//!
//! **Never** lists calls: a field of any name is judged by what it holds.

use super::values::Kind;

const TEXT: Kind = Kind::Block(2_000, false);
const SHORT: Kind = Kind::Block(500, false);

/// What stands in a field. A field that is not known here fails the test.
pub(crate) fn kept_kind(call: &str, path: &str) -> Kind {
    match call {
        "because" | "merge" | "role" | "reset" | "organisation" | "user" | "user-change"
        | "accept" => of_people(call, path),
        "contact" | "contact-change" | "verify" => of_contacts(call, path),
        "product" | "agreement" => of_shelves(path),
        "calendar" | "day" | "batch" => of_calendars(call, path),
        "template" | "mail" | "sms" | "robot" => of_texts(call, path),
        "decision" => of_ends(path),
        "simulate" => match path.strip_prefix("policy.") {
            Some(inside) => of_policies(&in_any(inside)),
            None if path == "policy" => Kind::Object,
            None if path == "division" => Kind::Maybe(&Kind::Division),
            None => Kind::Date(false),
        },
        "policy" => of_policies(&in_any(path)),
        other => panic!("say what {other:?} holds"),
    }
}

/// A path without the places in lists: `ladder[1].told[0]` is `ladder[].told[]`.
fn in_any(path: &str) -> String {
    path.chars().filter(|c| !c.is_ascii_digit()).collect()
}

fn of_people(call: &str, path: &str) -> Kind {
    match (call, path) {
        (_, "reason") => TEXT,
        ("organisation", "name") => Kind::Line(200),
        (_, "name") => Kind::Line(100),
        (_, "kind") => Kind::Word(false),
        (_, "division") => Kind::Division,
        (_, "credit_code" | "institution_code") => Kind::Maybe(&Kind::Registered),
        ("user", "organisation_id") | ("merge", "into") => Kind::Id(false),
        (_, "organisation_id") => Kind::Id(true),
        (_, "username") => Kind::Line(64),
        (_, "role") | ("reset", "by") => Kind::Word(false),
        (_, "language" | "by") => Kind::Word(true),
        (_, "email") => Kind::Maybe(&Kind::Email),
        (_, "phone") => Kind::Maybe(&Kind::Phone),
        (_, "territory") => Kind::Maybe(&Kind::Division),
        // One that opens nothing is not found, whatever it looks like.
        (_, "token") => Kind::Opaque(false),
        (_, "new_password") => Kind::Password,
        other => panic!("say what {other:?} holds"),
    }
}

fn of_contacts(call: &str, path: &str) -> Kind {
    match (call, path) {
        (_, "function" | "channel") => Kind::Word(false),
        (_, "name") => Kind::Line(100),
        ("contact", "address") => Kind::Email,
        ("contact-change", "address") => Kind::Maybe(&Kind::Email),
        (_, "territory") => Kind::Maybe(&Kind::Division),
        (_, "code") => Kind::Line(12),
        other => panic!("say what {other:?} holds"),
    }
}

fn of_shelves(path: &str) -> Kind {
    match path {
        "code" | "product_code" => Kind::Code(64),
        "province" => Kind::Division,
        "name" | "form" | "specification" => Kind::Line(200),
        "unit" => Kind::Line(20),
        "manufacturer_id" | "hospital_id" => Kind::Id(false),
        "distributor_id" => Kind::Id(true),
        "agreed_quantity" => Kind::Number(1, 1_000_000_000, false),
        other => panic!("say what {other:?} holds"),
    }
}

fn of_calendars(call: &str, path: &str) -> Kind {
    match (call, path) {
        ("calendar", "name") => Kind::Line(50),
        ("calendar", "division") => Kind::Division,
        ("calendar", "organisation") => Kind::Id(true),
        (_, "kind" | "confirm[0]") => Kind::Word(false),
        (_, "source") => Kind::Line(500),
        (_, "reason") => SHORT,
        (_, "name") => Kind::Given(&Kind::Line(50)),
        // Another one is a conflict: it was looked at something else.
        (_, "seal") => Kind::Opaque(true),
        (_, "confirm") => Kind::Words(true),
        other => panic!("say what {other:?} holds"),
    }
}

fn of_texts(call: &str, path: &str) -> Kind {
    match (call, path) {
        (_, "reason") => SHORT,
        (_, "subject") => Kind::Line(160),
        (_, "text") => Kind::Block(2_000, false),
        (_, "next") => Kind::Block(1_000, true),
        (_, "version") => Kind::Number(0, i32::MAX.into(), false),
        (_, "enabled") => Kind::Flag,
        (_, "host" | "from") => Kind::Line(200),
        (_, "port") => Kind::Number(1, 65_535, false),
        (_, "security" | "shape" | "kind") => Kind::Word(false),
        (_, "username" | "app") => Kind::Given(&Kind::Line(200)),
        (_, "signature") => Kind::Given(&Kind::Line(20)),
        (_, "password" | "secret" | "url") => Kind::Hidden(2_000),
        (_, "templates") => Kind::Maybe(&Kind::Pairs),
        other => panic!("say what {other:?} holds"),
    }
}

fn of_ends(path: &str) -> Kind {
    match path {
        "decision" => Kind::Word(false),
        "until" => Kind::Given(&Kind::Day(false)),
        "source" => Kind::Line(500),
        "reason" => TEXT,
        other => panic!("say what {other:?} holds"),
    }
}

/// The most days or hours of a time limit.
const SPAN: i64 = 1_000;

fn of_policies(path: &str) -> Kind {
    let last = path.rsplit('.').next().unwrap_or_default();
    match (path, last) {
        ("name", _) => Kind::Line(100),
        ("division", _) => Kind::Maybe(&Kind::Division),
        ("effective_from", _) => Kind::Date(false),
        ("effective_to", _) => Kind::Day(true),
        ("source", _) => Kind::Line(500),
        ("reason", _) => Kind::Block(2_000, true),
        ("categories" | "ladder[].told" | "ladder[].channels", _) => Kind::Words(true),
        ("resolve_from" | "calendar_layer", _) => Kind::Word(true),
        ("counting" | "warnings" | "quiet_hours" | "shortage_alarm", _) => {
            Kind::Maybe(&Kind::Object)
        }
        ("counting.office_hours", _) => Kind::Words(true),
        ("ladder", _) => Kind::Ladder,
        ("warnings.days" | "warnings.hours", _) => Kind::Words(false),
        ("extension_within", _) => Kind::Number(0, SPAN, true),
        ("late_promise_within" | "remind_hospital_after" | "decide_silence_after", _) => {
            Kind::Number(1, SPAN, true)
        }
        (_, "acknowledge_within" | "close_within") => Kind::Number(1, SPAN, false),
        // None at all is told of what they stand in.
        (
            _,
            "hospitals" | "cities" | "working_days" | "elapsed_hours" | "working_hours"
            | "days_before",
        ) => Kind::Number(0, SPAN, false),
        ("counting.due_time" | "counting.cutoff_time", _) => Kind::Maybe(&Kind::Time),
        (_, "from" | "to" | "begins" | "ends" | "on_due_day") => Kind::Time,
        (_, "half_time") => Kind::Flag,
        (_, "level" | "told[]" | "channels[]" | "categories[]") => Kind::Word(false),
        (
            _,
            "ordinary" | "emergency" | "reply" | "resolve" | "ladder[]" | "days[]" | "hours[]"
            | "office_hours[]",
        ) => Kind::Object,
        other => panic!("say what {other:?} holds"),
    }
}
