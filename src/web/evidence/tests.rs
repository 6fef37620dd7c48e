//! The page from documents made by hand, evil ones among them.

use serde_json::json;

use super::*;
use crate::domain::notice::Kind;
use crate::seal::{InstanceSecret, Signer};
use crate::web::api::words::ALL;

fn key() -> PublicKey {
    let text = "supplyline-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    Signer::of(&InstanceSecret::parse(text).expect("a secret")).expect("a signer").public()
}

fn shown(document: &Value, language: Language) -> String {
    let page = page(document.to_string().as_bytes(), &key(), language).expect("a page");
    String::from_utf8(page).expect("UTF-8")
}

#[test]
fn every_word_has_a_text() {
    // That both languages have the same keys is for another test.
    for kind in Kind::ALL {
        let key = format!("told-{}", kind.name());
        assert!(words::text(Language::Chinese, &key).is_some(), "{key}");
    }
    // A pack is made for parties and bureaus alone, and shows neither kinds of organisations nor
    // how a ledger is grouped, nor anything of what administrators keep.
    let elsewhere = ["organisation", "role", "grouping", "language", "resolve_from", "action"];
    let is_shown = |group: &str| !elsewhere.contains(&group);
    for (group, word) in ALL.iter().filter(|(group, _)| is_shown(group)) {
        let key = format!("{group}-{word}");
        assert!(words::text(Language::English, &key).is_some(), "{key}");
    }
}

#[test]
fn nothing_that_people_typed_is_markup() {
    let evil = "</td><script>alert(1)</script><img src=x onerror=alert(2)>\"'&#60;\u{202e}";
    let document = json!({
        "ticket": {"number": evil, "summary": evil, "description": evil, "state": evil,
            "hospital": {"id": "1", "name": evil, "division": evil},
            "promises": [{"note": evil, "by": evil, "cause": evil}],
            "deadlines": [{"kind": evil, "sentence": evil, "explanation": [{"date": evil}]}],
            "escalations": [{"level": evil, "measures": [{"kind": evil, "text": evil}]}]},
        "messages": [{"body": evil, "by": {"name": evil, "organisation": evil}}],
        "timeline": [{"kind": evil, "data": {evil: evil, "reason": [evil]}}],
        "attachments": [{"name": evil, "media_type": evil}],
        "deliveries": [{"kind": evil, "response": evil, "recipient": evil}],
        "policies": [{"name": evil, "version": evil, "ordinary": {"reply": {evil: 1}}}],
        "calendar": {"version": evil, "layers": [{"name": evil}],
            "days": [{"date": evil, "source": evil}]},
        "made_for": {"name": evil},
    });
    for language in [Language::Chinese, Language::English] {
        let page = shown(&document, language);
        for bad in ["<script", "<img", "onerror=alert(2)>", "</td><s"] {
            assert!(!page.contains(bad), "{bad}: {page}");
        }
        assert!(page.contains("&#60;script&#62;alert(1)"), "{page}");
    }
}

#[test]
fn the_policy_lets_the_style_through_and_nothing_else() {
    let page = shown(&json!({}), Language::Chinese);
    let style = page.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
    let (style, _) = style.expect("a style");
    let hash = STANDARD.encode(Sha256::digest(style));
    let policy = format!(
        "content=\"default-src &#39;none&#39;; style-src &#39;sha256-{hash}&#39;; \
         base-uri &#39;none&#39;; form-action &#39;none&#39;\""
    );
    assert!(page.contains(&policy), "{page}");
    for outside in ["http:", "https:", "url(", "@import", "<link", "<script", "src=", "href="] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn ids_are_shown_by_name_and_texts_as_they_are() {
    let id = "0190aaaa-0000-7000-8000-000000000001";
    let document = json!({
        "attachments": [{"id": id, "name": "断供说明.pdf"}],
        "messages": [{"body": id}],
        "timeline": [{"kind": "solved", "data": {"evidence": [id], "message": id}}],
    });
    let page = shown(&document, Language::English);
    assert!(page.contains("Evidence: 断供说明.pdf"), "{page}");
    assert!(page.contains(&format!("<div dir=\"auto\">{id}</div>")), "{page}");
    assert!(page.contains(&format!("Message: {id}")), "{page}");
}

#[test]
fn the_settings_of_the_rules_are_told() {
    let mut policy = serde_json::to_value(crate::domain::policy::Policy::national()).expect("JSON");
    policy["warnings"]["days"] = json!([{"on_due_day": "09:30:00"}, {"days_before": 2}]);
    policy["ladder"][0]["channels"] = json!(["sms"]);
    policy["ladder"][1]["channels"] = json!([]);
    let page = shown(&json!({"policies": [policy]}), Language::English);
    for told in [
        "09:00–12:00",
        "13:00–17:00",
        "at 09:30 of the due day",
        "at 09:00, 2 working days before",
        "at half time",
        "20:00–08:00",
        "down to the county",
        "the manufacturer",
        "text message",
        "the in-app mailbox alone",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    policy["quiet_hours"] = Value::Null;
    policy["ladder"][0]["channels"] = Value::Null;
    let page = shown(&json!({"policies": [policy]}), Language::English);
    assert!(!page.contains("20:00–08:00") && page.contains("Quiet hours"), "{page}");
    assert!(page.contains("the usual channels"), "{page}");
}
