//! A policy as the fields of a form, and the fields as the body that the API would get.
//!
//! **Never** judges what was typed; the API's reader does.

use serde_json::{Map, Value, json};
use unicode_normalization::UnicodeNormalization as _;

use crate::service::FieldError;
use crate::web::api::policies::settings::{WarningBody, WindowBody};
use crate::web::api::policies::{PolicyDocument, RungBody, TargetBody};
use crate::web::form::Typed;
use crate::web::json::Object;

/// The units of a target.
pub(super) const UNITS: [&str; 3] = ["working_days", "working_hours", "elapsed_hours"];
/// More rungs are not read.
const MOST_RUNGS: usize = 10;
const TARGETS: [(&str, &str); 4] = [
    ("ordinary", "reply"),
    ("ordinary", "resolve"),
    ("emergency", "reply"),
    ("emergency", "resolve"),
];
const DAYS: [&str; 4] =
    ["late_promise_within", "extension_within", "remind_hospital_after", "decide_silence_after"];

/// The fields of a policy.
pub(super) fn fields(policy: &PolicyDocument) -> Vec<(String, String)> {
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let mut all = vec![
        ("p.name".to_owned(), policy.name.clone()),
        ("p.division".to_owned(), policy.division.map(|one| one.to_string()).unwrap_or_default()),
        ("p.source".to_owned(), policy.source.clone()),
        ("p.resolve_from".to_owned(), word(json!(policy.resolve_from))),
        ("p.calendar_layer".to_owned(), word(json!(policy.calendar_layer))),
    ];
    let mut put = |name: &str, value: String| all.push((format!("p.{name}"), value));
    let targets = [
        &policy.ordinary.reply,
        &policy.ordinary.resolve,
        &policy.emergency.reply,
        &policy.emergency.resolve,
    ];
    for ((urgency, which), target) in TARGETS.iter().zip(targets) {
        let (n, unit) = length(target);
        put(&format!("{urgency}.{which}"), n.to_string());
        put(&format!("{urgency}.{which}.unit"), unit.to_owned());
    }
    for category in &policy.categories {
        put("categories", word(json!(category)));
    }
    let days = [
        policy.late_promise_within,
        policy.extension_within,
        policy.remind_hospital_after,
        policy.decide_silence_after,
    ];
    DAYS.iter().zip(days).for_each(|(name, days)| put(name, days.to_string()));
    let time = |time: chrono::NaiveTime| time.format("%H:%M").to_string();
    put("counting.due_time", policy.counting.due_time.map(time).unwrap_or_default());
    put("counting.cutoff_time", policy.counting.cutoff_time.map(time).unwrap_or_default());
    let window = |window: &WindowBody| format!("{}-{}", window.from, window.to);
    let office: Vec<_> = policy.counting.office_hours.iter().map(window).collect();
    put("counting.office_hours", office.join(", "));
    if let Some(alarm) = &policy.shortage_alarm {
        put("shortage_alarm.hospitals", alarm.hospitals.to_string());
        put("shortage_alarm.cities", alarm.cities.to_string());
    }
    if let Some(quiet) = &policy.quiet_hours {
        put("quiet_hours.begins", quiet.begins.clone());
        put("quiet_hours.ends", quiet.ends.clone());
    }
    for (name, list) in [("days", &policy.warnings.days), ("hours", &policy.warnings.hours)] {
        warnings(&mut put, name, list);
    }
    for (at, rung) in policy.ladder.iter().enumerate() {
        all.extend(rung_fields(at, rung));
    }
    all
}

fn length(target: &TargetBody) -> (u16, &'static str) {
    match (target.working_days, target.working_hours, target.elapsed_hours) {
        (Some(n), _, _) => (n, "working_days"),
        (None, Some(n), _) => (n, "working_hours"),
        (None, None, n) => (n.unwrap_or_default(), "elapsed_hours"),
    }
}

fn warnings(put: &mut impl FnMut(&str, String), name: &str, list: &[Object<WarningBody>]) {
    let joined = |of: &dyn Fn(&WarningBody) -> Option<String>| {
        list.iter().filter_map(|one| of(&one.0)).collect::<Vec<_>>().join(", ")
    };
    put(&format!("warnings.{name}.on_due_day"), joined(&|one| one.on_due_day.clone()));
    put(
        &format!("warnings.{name}.days_before"),
        joined(&|one| one.days_before.map(|days| days.to_string())),
    );
    if list.iter().any(|one| one.0.half_time == Some(true)) {
        put(&format!("warnings.{name}.half_time"), "true".to_owned());
    }
}

/// The fields of a rung.
pub(super) fn rung_fields(at: usize, rung: &RungBody) -> Vec<(String, String)> {
    let name = |field: &str| format!("p.rung.{at}.{field}");
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let mut all = vec![
        (name("level"), word(json!(rung.level))),
        (name("acknowledge_within"), rung.acknowledge_within.to_string()),
        (name("close_within"), rung.close_within.to_string()),
    ];
    let told = rung.told.iter().map(|party| (name("told"), word(json!(party))));
    all.extend(told);
    let channels = rung.channels.as_ref().map_or("default".to_owned(), |channels| {
        let words: Vec<_> = channels.iter().map(|channel| word(json!(channel))).collect();
        if words.is_empty() { "in_app".to_owned() } else { words.join("_") }
    });
    all.push((name("channels"), channels));
    all
}

/// How many rungs a form has.
pub(super) fn rungs(typed: &Typed) -> usize {
    let has = |at: &usize| typed.find(&format!("p.rung.{at}.level")).is_some();
    (0..MOST_RUNGS).take_while(has).count()
}

/// The form with one rung more, or without one.
pub(super) fn with_rungs(typed: &Typed, change: RungChange) -> Typed {
    let count = rungs(typed);
    let mut all: Vec<(String, String)> = Vec::new();
    for (name, value) in typed.pairs() {
        let Some((at, field)) = place(name) else {
            all.push((name.to_owned(), value.to_owned()));
            continue;
        };
        let at = match change {
            RungChange::Remove(gone) if at == gone => continue,
            RungChange::Remove(gone) if at > gone => at - 1,
            RungChange::Add | RungChange::Remove(_) => at,
        };
        all.push((format!("p.rung.{at}.{field}"), value.to_owned()));
    }
    if matches!(change, RungChange::Add) && count < MOST_RUNGS {
        let name = |field: &str| format!("p.rung.{count}.{field}");
        for (field, value) in [
            ("level", ""),
            ("acknowledge_within", "2"),
            ("close_within", "5"),
            ("told", "manufacturer"),
            ("told", "hospital"),
            ("channels", "default"),
        ] {
            all.push((name(field), value.to_owned()));
        }
    }
    Typed::of(all)
}

fn place(name: &str) -> Option<(usize, &str)> {
    let (at, field) = name.strip_prefix("p.rung.")?.split_once('.')?;
    Some((at.parse().ok()?, field))
}

/// What a button does to the rungs.
#[derive(Debug, Clone, Copy)]
pub(super) enum RungChange {
    Add,
    Remove(usize),
}

/// The body that the API would get, and what is wrong with numbers already: those are stand-ins.
pub(super) fn body(typed: &Typed) -> (Value, Vec<FieldError>) {
    let mut refused = Vec::new();
    let text = |name: &str| typed.get(&format!("p.{name}")).trim().to_owned();
    let optional = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
    let mut body = Map::new();
    for name in ["name", "source", "effective_from"] {
        body.insert(name.to_owned(), json!(text(name)));
    }
    for name in ["division", "effective_to", "reason", "resolve_from", "calendar_layer"] {
        body.insert(name.to_owned(), json!(optional(name)));
    }
    body.insert("categories".to_owned(), json!(typed.all("p.categories")));
    for (urgency, which) in TARGETS {
        let name = format!("{urgency}.{which}");
        let unit = text(&format!("{name}.unit"));
        let targets = body.entry(urgency).or_insert_with(|| json!({}));
        let n = number(&mut refused, &name, &text(&name));
        let unit = UNITS.iter().find(|known| **known == unit);
        targets[which] = unit.map_or_else(|| json!({}), |unit| json!({ *unit: n }));
    }
    for name in DAYS {
        body.insert(name.to_owned(), json!(number(&mut refused, name, &text(name))));
    }
    let windows = list(&text("counting.office_hours")).into_iter().map(|window| {
        let (from, to) = window.split_once('-').unwrap_or((&window, ""));
        json!({"from": from.trim(), "to": to.trim()})
    });
    body.insert(
        "counting".to_owned(),
        json!({
            "due_time": optional("counting.due_time"),
            "cutoff_time": optional("counting.cutoff_time"),
            "office_hours": windows.collect::<Vec<_>>(),
        }),
    );
    let pair = |first: &str, second: &str| optional(first).or(optional(second)).is_some();
    let (hospitals, cities) = ("shortage_alarm.hospitals", "shortage_alarm.cities");
    let alarm = pair(hospitals, cities).then(|| {
        let n = |refused: &mut Vec<_>, name| number(refused, name, &text(name));
        json!({"hospitals": n(&mut refused, hospitals), "cities": n(&mut refused, cities)})
    });
    body.insert("shortage_alarm".to_owned(), json!(alarm));
    let (begins, ends) = ("quiet_hours.begins", "quiet_hours.ends");
    let quiet = pair(begins, ends).then(|| json!({"begins": text(begins), "ends": text(ends)}));
    body.insert("quiet_hours".to_owned(), json!(quiet));
    let mut warned = |name: &str| warnings_body(&mut refused, typed, name);
    let warnings = json!({"days": warned("days"), "hours": warned("hours")});
    body.insert("warnings".to_owned(), warnings);
    let rungs = (0..rungs(typed)).map(|at| rung_body(&mut refused, typed, at)).collect();
    body.insert("ladder".to_owned(), Value::Array(rungs));
    (Value::Object(body), refused)
}

fn warnings_body(refused: &mut Vec<FieldError>, typed: &Typed, name: &str) -> Vec<Value> {
    let text = |field: &str| typed.get(&format!("p.warnings.{name}.{field}")).to_owned();
    let mut all: Vec<_> =
        list(&text("on_due_day")).into_iter().map(|time| json!({"on_due_day": time})).collect();
    for days in list(&text("days_before")) {
        let days = number(refused, &format!("warnings.{name}.days_before"), &days);
        all.push(json!({"days_before": days}));
    }
    if text("half_time") == "true" {
        all.push(json!({"half_time": true}));
    }
    all
}

fn rung_body(refused: &mut Vec<FieldError>, typed: &Typed, at: usize) -> Value {
    let name = |field: &str| format!("p.rung.{at}.{field}");
    let text = |field: &str| typed.get(&name(field)).to_owned();
    let channels = match text("channels").as_str() {
        "default" | "" => None,
        "in_app" => Some(Vec::new()),
        words => Some(words.split('_').map(str::to_owned).collect()),
    };
    let mut n = |field: &str| number(refused, &format!("ladder[{at}].{field}"), &text(field));
    json!({
        "level": text("level"),
        "acknowledge_within": n("acknowledge_within"),
        "close_within": n("close_within"),
        "told": typed.all(&name("told")),
        "channels": channels,
    })
}

/// What stands between commas, of any width.
fn list(text: &str) -> Vec<String> {
    let plain: String = text.nfkc().collect();
    let parts = plain.split([',', '、', ';', '\n']).map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn number(refused: &mut Vec<FieldError>, field: &str, text: &str) -> i64 {
    let digits: String = text.trim().nfkc().collect();
    let code = if digits.is_empty() { "required" } else { "type" };
    digits.parse().unwrap_or_else(|_| {
        refused.push(FieldError::new(field, code, "a whole number"));
        1
    })
}

/// The field of the form that shows what is wrong with a member of the body.
pub(super) fn shown_at(member: &str) -> String {
    let unit = UNITS.iter().find_map(|unit| member.strip_suffix(&format!(".{unit}")));
    let member = unit.unwrap_or(member);
    if let Some(rest) = member.strip_prefix("ladder[") {
        let (at, field) = rest.split_once(']').unwrap_or((rest, ""));
        let field = field.trim_start_matches('.').split('[').next().unwrap_or_default();
        return format!("p.rung.{at}.{field}");
    }
    let (base, _) = member.split_once('[').unwrap_or((member, ""));
    match base {
        "warnings.days" | "warnings.hours" => format!("p.{base}.on_due_day"),
        "quiet_hours" => "p.quiet_hours.begins".to_owned(),
        "shortage_alarm" => "p.shortage_alarm.hospitals".to_owned(),
        "ladder" => "p.rung.0.level".to_owned(),
        base => format!("p.{base}"),
    }
}
