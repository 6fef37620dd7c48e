//! What people write comes back as they wrote it, whatever a browser or a template makes of it.

use serde_json::{Value, json};

use super::stage::{Call, Stage, call, calls, id, sound};
use super::values::{Kind, kind};
use crate::support::app::TestApp;
use crate::support::db::{TestDb, both};

both!(every_text_is_kept_as_it_was_written, decomposed_letters_are_composed);

/// Short enough for a unit.
pub(crate) const TEXTS: [&str; 22] = [
    "<script>alert(1)",
    "\"><img onerror=x>",
    "javascript:alert(1)",
    "data:text/html,x",
    "<svg/onload=x>",
    "{{7*7}}",
    "{% if 1 %}",
    "${7*7}",
    "#{7*7}",
    "{0} %s %n $x",
    "&lt;b&gt; &amp;",
    "' or 1=1 --",
    "\\u0000 \\\\ \\",
    "\"quoted\" 'text'",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "👩\u{200d}⚕️💊🇨🇳",
    "𠮷野家𪚥",
    "㐂㊙️ ﷽ ß İ ı",
    "null",
    "%00%0d%0a..%2f",
    "日本語 한국어 עברית",
];

/// The text fields of a call, as JSON pointers.
pub(crate) fn text_fields(name: &str, body: &Value) -> Vec<&'static str> {
    let all = [
        "/summary",
        "/description",
        "/unit",
        "/contact/name",
        "/order_refs/0",
        "/message",
        "/reason",
        "/comment",
        "/body",
        "/note",
        "/text",
        "/conclusion",
    ];
    let is_text = |pointer: &&str| {
        let path = pointer.trim_start_matches('/').replace("/0", "[0]").replace('/', ".");
        body.pointer(pointer).is_some()
            && matches!(kind(name, &path), Kind::Line(_) | Kind::Block(..))
    };
    all.into_iter().filter(is_text).collect()
}

fn filled(body: &Value, fields: &[&str], text: &str) -> Value {
    let mut body = body.clone();
    for field in fields {
        *body.pointer_mut(field).expect(field) = json!(text);
    }
    body
}

/// How often a text stands in what can be read about a ticket.
async fn occurrences(stage: &Stage<'_>, ticket: &str, text: &str) -> usize {
    let mut count = 0;
    for path in ["", "/events", "/messages"] {
        let read = stage.hospital.get(&format!("/tickets/{ticket}{path}")).await.expect(200);
        sound(&read, path);
        count += count_in(&read.json(), text);
    }
    count
}

fn count_in(value: &Value, text: &str) -> usize {
    match value {
        Value::String(found) => usize::from(found == text),
        Value::Array(all) => all.iter().map(|value| count_in(value, text)).sum(),
        Value::Object(all) => all.values().map(|value| count_in(value, text)).sum(),
        _ => 0,
    }
}

/// The body with every text in its long fields, and one of them in those of one line.
fn filled_with_all(call: &Call, fields: &[&str], text: &str) -> (Value, Vec<String>) {
    let all = TEXTS.join("\n");
    let body = filled(&call.body, fields, &all);
    let is_line = |field: &&&str| matches!(**field, "/contact/name");
    let lines: Vec<&str> = fields.iter().filter(is_line).copied().collect();
    (filled(&body, &lines, text), [vec![all], vec![text.to_owned(); lines.len()]].concat())
}

async fn every_text_is_kept_as_it_was_written(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    let filing = call("tickets");
    let fields = text_fields("tickets", &filing.body);
    for text in TEXTS {
        let answer = stage.hospital.post("/tickets", &filled(&filing.body, &fields, text)).await;
        sound(&answer, text);
        assert_eq!(answer.status, 201, "{text}: {}", answer.text);
        let found = occurrences(&stage, &id(&answer.json()), text).await;
        assert!(found >= fields.len(), "{text}: {found} times");
    }
    for call in calls().into_iter().filter(|call| call.template.contains("{id}")) {
        let fields = text_fields(call.name, &call.body);
        if call.name == "distributor" {
            continue; // an id and no text
        }
        assert!(!fields.is_empty(), "{}", call.name);
        let place = stage.place(call.name).await;
        let (body, texts) = filled_with_all(&call, &fields, TEXTS[0]);
        let answer = stage.who(call.name).post(&place.path, &body).await;
        sound(&answer, call.name);
        assert_eq!(answer.status, call.status, "{}: {}", call.name, answer.text);
        assert_eq!(answer.header("content-type"), "application/json", "never a page");
        let ticket = place.ticket.expect("a ticket");
        for text in texts {
            assert!(occurrences(&stage, &ticket, &text).await >= 1, "{} {text}", call.name);
        }
    }
    app.stop().await;
}

async fn decomposed_letters_are_composed(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let stage = Stage::set(&app).await;
    for (written, kept) in [
        ("e\u{301}te\u{301} \u{1112}\u{1161}\u{11ab}", "été 한"),
        ("  Å \u{3000}", "Å"),
        ("\u{212b}", "Å"),
    ] {
        let body = call("tickets").body;
        let fields = text_fields("tickets", &body);
        let filed =
            stage.hospital.post("/tickets", &filled(&body, &fields, written)).await.expect(201);
        let ticket = id(&filed.json());
        assert!(occurrences(&stage, &ticket, kept).await >= fields.len(), "{written}");
        assert_eq!(occurrences(&stage, &ticket, written).await, 0, "{written}");
    }
    let mut body = call("tickets").body;
    body["summary"] = json!("Cafe\u{301} Mu\u{308}nchen");
    let filed = id(&stage.hospital.post("/tickets", &body).await.expect(201).json());
    for query in ["café münchen", "cafe%CC%81 Mu%CC%88nchen", "ＣＡＦÉ"] {
        let found = stage.hospital.get(&format!("/tickets?q={query}")).await.expect(200).json();
        assert_eq!(found["items"][0]["id"], json!(filed), "{query}");
    }
    app.stop().await;
}
