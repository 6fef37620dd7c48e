//! Every field of every form of the pages, given everything wrong that can be typed: the form
//! comes back with what was typed and where it is wrong, and nothing is stored.

use serde_json::Value;

use super::pages::{acts, sound_page};
use super::stage::{Call, Place, Stage, call};
use super::texts::{TEXTS, text_fields};
use super::values::{Kind, kind};
use crate::support::app::{Answer, TestApp};
use crate::support::browser::{Browser, Typed, kept, plain, typed};
use crate::support::db::{TestDb, both, sqlite_only};

both!(filing, everything_right_is_kept);
// What is refused before it is stored is refused alike on both.
sqlite_only!(
    replies_and_promises,
    solutions_and_confirmations,
    reasons,
    requests_and_decisions,
    words_and_bureaus,
    fields_that_are_not_there,
    fields_that_stand_twice_or_are_missing,
);

/// What people type where a number belongs.
const NO_NUMBERS: [&str; 14] = [
    "NaN",
    "Infinity",
    "1e400",
    "5.5",
    "\"5\"",
    "five",
    "五百",
    "٥٠",
    "1,000",
    "0x10",
    "5 0",
    "-",
    "18446744073709551616",
    "<script>",
];
/// Names that no form has a field of.
const NOT_FIELDS: [&str; 13] = [
    "state",
    "due_at",
    "id",
    "tenant_id",
    "version",
    "Summary",
    "contact.role",
    "contact.name.first",
    "",
    ".",
    "<script>alert(1)</script>",
    "status",
    "role",
];

/// The name of the form that a call is typed into.
pub(crate) fn form_of(name: &'static str) -> &'static str {
    match name {
        "tickets" => "file",
        "decisions" => "decide-return",
        name => name,
    }
}

/// The fields of a form that people fill in, with what each holds. Lines of orders are a text.
fn fields(call: &Call) -> Vec<(String, Kind)> {
    let typed = typed(&call.body).into_iter().map(|(name, _)| name);
    let known = typed.filter(|name| !matches!(name.as_str(), "order_refs" | "evidence"));
    known.map(|name| (name.clone(), kind(call.name, &name))).collect()
}

/// Everything wrong that can be typed into a field and is judged together with the other fields.
fn wrong(name: &str, kind: Kind) -> Vec<String> {
    let is_blank = |text: &String| text.trim().is_empty();
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut all: Vec<String> = kind.wrong().into_iter().map(text).collect();
    match kind {
        Kind::Number(..) => all.extend(NO_NUMBERS.map(str::to_owned)),
        // It is known as a date, and judged later.
        Kind::Day(_) => all.retain(|text| text != "2026-02-12"),
        _ => {}
    }
    if kind.is_optional() || name == "remaining_quantity" {
        all.retain(|text| !is_blank(text));
    }
    all
}

/// True when a field is judged together with others, and has a place for its error.
fn is_judged(name: &str, kind: Kind) -> bool {
    !matches!(kind, Kind::Code(_) | Kind::Id(_) | Kind::Ids(..)) && name != "on"
}

pub(crate) fn set(typed: &mut Typed, name: &str, value: &str) {
    for (known, typed) in typed.iter_mut() {
        if known == name {
            value.clone_into(typed);
        }
    }
}

/// The id of a field's control.
pub(crate) fn control(form: &str, name: &str) -> String {
    format!("{form}-{}", name.replace('.', "-"))
}

/// Checks that a form came back, with a summary.
pub(crate) fn came_back(answer: &Answer, asked: &str) {
    sound_page(answer, asked);
    assert_eq!(answer.status, 422, "{asked}: {}", answer.text);
    assert!(answer.text.contains("message error-summary"), "{asked}: {}", answer.text);
}

/// Checks that a field was refused where it stands.
pub(crate) fn told(answer: &Answer, form: &str, name: &str, asked: &str) {
    let error = format!("<p class=\"field-error\" id=\"{}-error\">", control(form, name));
    assert!(answer.text.contains(&error), "{asked}: {name}: {}", answer.text);
    let link = format!("href=\"#{}\"", control(form, name));
    assert!(plain(&answer.text).contains(&link), "{asked}: {name} in the summary");
}

/// Fills every field with something wrong, the next time with something else, until everything
/// was tried.
async fn try_all_wrong(stage: &Stage<'_>, call: &Call) {
    let form = form_of(call.name);
    let place = stage.place(call.name).await;
    let browser = Browser::of(stage.app, stage.who(call.name));
    let before = stage.memory(&place).await;
    let fields: Vec<_> =
        fields(call).into_iter().filter(|(name, kind)| is_judged(name, *kind)).collect();
    let wrongs: Vec<_> = fields.iter().map(|(name, kind)| wrong(name, *kind)).collect();
    let most = wrongs.iter().map(Vec::len).max().unwrap_or_default();
    for turn in 0..most {
        let mut sent = typed(&call.body);
        let of_turn = |all: &Vec<String>| all[turn % all.len()].clone();
        for ((name, _), all) in fields.iter().zip(&wrongs) {
            set(&mut sent, name, &of_turn(all));
        }
        let asked: String = format!("{} {turn}: {sent:?}", call.name).chars().take(600).collect();
        let answer = browser.post(&place.path, &sent).await;
        came_back(&answer, &asked);
        for ((name, kind), all) in fields.iter().zip(&wrongs) {
            told(&answer, form, name, &asked);
            if !matches!(kind, Kind::Word(_) | Kind::Flag) {
                let kept = kept(&answer.text, &control(form, name));
                assert_eq!(kept, Some(of_turn(all)), "{asked}: {name} is kept");
            }
        }
    }
    assert_eq!(stage.memory(&place).await, before, "{}: a refusal stores nothing", call.name);
    let answer = browser.post(&place.path, &typed(&call.body)).await;
    assert_eq!(answer.status, 303, "{}: {}", call.name, answer.text);
}

async fn try_forms(db: TestDb, names: &[&str]) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for call in acts().into_iter().filter(|call| names.contains(&call.name)) {
        try_all_wrong(&stage, &call).await;
    }
    app.stop().await;
}

async fn filing(db: TestDb) {
    try_forms(db, &["tickets"]).await;
}

async fn replies_and_promises(db: TestDb) {
    try_forms(db, &["reply", "promise"]).await;
}

async fn solutions_and_confirmations(db: TestDb) {
    try_forms(db, &["solve", "confirm"]).await;
}

async fn reasons(db: TestDb) {
    try_forms(db, &["withdraw", "urge", "escalate", "return"]).await;
}

async fn requests_and_decisions(db: TestDb) {
    try_forms(db, &["extensions", "force-majeure", "decisions"]).await;
}

async fn words_and_bureaus(db: TestDb) {
    try_forms(db, &["messages", "acknowledge", "measures", "close"]).await;
}

/// The longest, the largest and the oddest that is right.
fn right(kind: Kind) -> Vec<String> {
    let full_width = |n: i64| -> String {
        let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c);
        n.to_string().chars().map(wide).collect()
    };
    match kind {
        Kind::Line(longest) => {
            vec!["𠮷".repeat(longest), format!(" {}\u{3000}", "é".repeat(longest))]
        }
        Kind::Block(longest, _) => vec!["𠮷".repeat(longest), "甲\r\n乙\t👩\u{200d}⚕️".to_owned()],
        Kind::Phone => vec!["+86 13812345678".to_owned(), " 0531-88888888 ".to_owned()],
        Kind::Number(least, most, _) => {
            vec![most.to_string(), full_width(500), format!(" +{least} "), format!("00{most}")]
        }
        _ => Vec::new(),
    }
}

/// What the service makes of a right text.
fn stored(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

async fn everything_right_is_kept(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for call in acts() {
        let turns = fields(&call).into_iter().map(|(_, kind)| right(kind).len()).max();
        for turn in 0..turns.unwrap_or_default() {
            let place = stage.place(call.name).await;
            let mut sent = typed(&call.body);
            let mut texts = Vec::new();
            for (name, kind) in fields(&call) {
                let all = right(kind);
                let Some(text) = (!all.is_empty()).then(|| &all[turn % all.len()]) else {
                    continue;
                };
                set(&mut sent, &name, text);
                if matches!(kind, Kind::Line(_) | Kind::Block(..)) {
                    texts.push(serde_json::json!(stored(text)).to_string());
                }
            }
            let browser = Browser::of(&app, stage.who(call.name));
            let answer = browser.post(&place.path, &sent).await;
            assert_eq!(answer.status, 303, "{} {turn}: {}", call.name, answer.text);
            let location = answer.header("location");
            let of_page = location.split(['/', '?']).nth(2).map(str::to_owned);
            let ticket = Place { ticket: of_page, ..place };
            let memory = stage.memory(&ticket).await;
            for text in texts {
                assert!(memory.contains(&text), "{} {turn}: {text}", call.name);
            }
        }
    }
    // What a browser or a template might make something of.
    let filing = call("tickets");
    let browser = Browser::of(&app, &stage.hospital);
    for text in TEXTS {
        let mut sent = typed(&filing.body);
        for pointer in text_fields("tickets", &filing.body) {
            let name = pointer.trim_start_matches('/').trim_end_matches("/0").replace('/', ".");
            set(&mut sent, &name, text);
        }
        let answer = browser.post("/tickets", &sent).await;
        assert_eq!(answer.status, 303, "{text}: {}", answer.text);
        let ticket = answer.header("location").split(['/', '?']).nth(2).map(str::to_owned);
        let ticket = ticket.expect("a ticket");
        let kept = stage.hospital.get(&format!("/tickets/{ticket}")).await.expect(200).json();
        for name in ["summary", "description", "unit"] {
            assert_eq!(kept[name], text, "{name}");
        }
        let page = browser.get(&format!("/tickets/{ticket}")).await.expect(200);
        assert!(plain(&page.text).contains(&format!("<h1><bdi>{text}</bdi></h1>")), "{text}");
    }
    app.stop().await;
}

async fn fields_that_are_not_there(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for call in acts() {
        let place = stage.place(call.name).await;
        let browser = Browser::of(&app, stage.who(call.name));
        let before = stage.memory(&place).await;
        // One reader refuses them all; every form has to use it.
        let tried = if call.name == "tickets" { NOT_FIELDS.len() } else { 3 };
        for (turn, extra) in NOT_FIELDS.into_iter().rev().take(tried).enumerate() {
            let mut sent = typed(&call.body);
            let at = if turn % 2 == 0 { 0 } else { sent.len() };
            sent.insert(at, (extra.to_owned(), "admin".to_owned()));
            let answer = browser.post(&place.path, &sent).await;
            came_back(&answer, &format!("{} {extra}", call.name));
            assert!(!answer.text.contains("<script>alert"), "{}", call.name);
        }
        assert_eq!(stage.memory(&place).await, before, "{}", call.name);
    }
    app.stop().await;
}

async fn fields_that_stand_twice_or_are_missing(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for call in acts() {
        let form = form_of(call.name);
        let place = stage.place(call.name).await;
        let browser = Browser::of(&app, stage.who(call.name));
        let before = stage.memory(&place).await;
        let whole = typed(&call.body);
        for (at, (name, value)) in whole.iter().enumerate() {
            let asked = format!("{} {name}", call.name);
            let is_hidden = matches!(name.as_str(), "on" | "product_code" | "evidence");
            for twin in [value.clone(), "0".to_owned()] {
                let mut sent = whole.clone();
                sent.push((name.clone(), twin));
                let answer = browser.post(&place.path, &sent).await;
                sound_page(&answer, &asked);
                assert_eq!(answer.status, 422, "{asked} twice: {}", answer.text);
                if !is_hidden {
                    told(&answer, form, name, &format!("{asked} twice"));
                }
            }
            if name == "order_refs" || kind(call.name, name).is_optional() {
                continue;
            }
            if name != "remaining_quantity" {
                for blank in [Some(""), Some(" "), None] {
                    let mut sent = whole.clone();
                    match blank {
                        Some(blank) => blank.clone_into(&mut sent[at].1),
                        None => drop(sent.remove(at)),
                    }
                    let answer = browser.post(&place.path, &sent).await;
                    sound_page(&answer, &asked);
                    assert_eq!(answer.status, 422, "{asked} {blank:?}: {}", answer.text);
                    if !is_hidden {
                        told(&answer, form, name, &format!("{asked} {blank:?}"));
                    }
                }
            }
        }
        let empty = browser.post(&place.path, &[]).await;
        sound_page(&empty, call.name);
        if call.name == "acknowledge" {
            assert_eq!(empty.status, 303, "a note may be left out");
            continue;
        }
        assert_eq!(empty.status, 422, "{}: {}", call.name, empty.text);
        assert_eq!(stage.memory(&place).await, before, "{}", call.name);
    }
    app.stop().await;
}
