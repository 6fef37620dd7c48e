//! Every field of what administrators set: of the wrong type, too long, or with signs that deceive.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{refused, sound};
use crate::support::app::{Answer, As, TestApp};
use crate::support::db::{TestDb, sqlite_only};
use crate::support::webhook::SECRET;
use crate::support::world;

sqlite_only!(every_field_is_judged_b021_b023, a_body_must_be_one_document_b022_b028);

/// A call with a body: its method, its address, a body with every field.
fn calls() -> Vec<(Method, String, Value)> {
    let text = "/templates/filed/manufacturer/mail/zh-CN".to_owned();
    let worded = json!({"subject": "{ticket.number}", "text": "甲", "next": "乙"});
    let mut replaced = worded.clone();
    replaced["reason"] = json!("统一措辞。");
    vec![
        (Method::POST, format!("{text}/preview"), worded),
        (Method::PUT, text.clone(), replaced),
        (Method::POST, format!("{text}/restore"), json!({"version": 0, "reason": "还原。"})),
        (
            Method::PUT,
            "/channels/mail".to_owned(),
            json!({
                "enabled": true, "host": "mail.example.cn", "port": 587, "security": "required",
                "username": "notice", "password": "x", "from": "a@b.example", "reason": "启用。",
            }),
        ),
        (
            Method::PUT,
            "/channels/sms".to_owned(),
            json!({
                "enabled": true, "url": "https://gateway.example.cn/sms", "secret": SECRET,
                "shape": "tencent", "signature": "某局", "app": "14", "templates": {"*": "1"},
                "reason": "启用。",
            }),
        ),
        (
            Method::PUT,
            format!("/channels/robot-{}", world::house("city")),
            json!({
                "enabled": true, "kind": "feishu", "url": "https://robot.example.cn/x",
                "secret": "x", "reason": "启用。",
            }),
        ),
    ]
}

async fn send(who: &As<'_>, (method, path): (&Method, &str), body: String) -> Answer {
    let request = who.request(method.clone(), path).header("If-Match", "*");
    who.send(request.header("Content-Type", "application/json").body(body)).await
}

async fn every_field_is_judged_b021_b023(db: TestDb) {
    let app = TestApp::spawn_unset(&db).await;
    let admin = app.sign_in("admin").await;
    let long = json!("药".repeat(10_000));
    for (method, path, body) in calls() {
        let call = (&method, path.as_str());
        let fine = send(&admin, call, body.to_string()).await;
        sound(&fine, &path);
        assert_eq!(fine.status, 200, "{path}: {}", fine.text);
        for (field, value) in body.as_object().expect("fields") {
            let mut wrong = vec![json!(5.5), json!([]), json!([value])];
            match value {
                Value::Object(_) => wrong.push(json!("x")),
                Value::String(_) => {
                    wrong.extend([json!({}), json!("a\0b"), json!("a\u{202e}b"), long.clone()]);
                    // A secret may hold whatever can be seen or not.
                    if matches!(field.as_str(), "password" | "secret" | "url") {
                        wrong.retain(|value| value != "a\u{202e}b");
                    }
                }
                Value::Number(_) => wrong.extend([json!({}), json!("5"), json!(-1)]),
                _ => wrong.extend([json!({}), json!("true"), json!(1)]),
            }
            for value in wrong {
                let mut body = body.clone();
                body[field] = value.clone();
                let answer = send(&admin, call, body.to_string()).await;
                let told = format!("{path} {field} {value:.40}");
                refused(&answer, (422, "invalid"), &told);
                let fields = answer.fields();
                assert!(
                    fields.iter().any(|(name, _)| name.starts_with(field.as_str())),
                    "{told}: {fields:?}"
                );
            }
        }
        for other in ["role", "id", "version_", "updated_at", "__proto__"] {
            let mut body = body.clone();
            body[other] = json!("admin");
            let answer = send(&admin, call, body.to_string()).await;
            refused(&answer, (422, "invalid"), other);
            assert_eq!(answer.fields(), [(other.to_owned(), "unknown_field".to_owned())]);
        }
    }
    app.stop().await;
}

async fn a_body_must_be_one_document_b022_b028(db: TestDb) {
    let app = TestApp::spawn_unset(&db).await;
    let admin = app.sign_in("admin").await;
    for (method, path, body) in calls() {
        let call = (&method, path.as_str());
        let text = body.to_string();
        let twice = text.replacen('{', "{\"reason\":\"x\",\"reason\":\"x\",", 1);
        for unreadable in ["", "{", &twice, "\u{feff}{}", &"[".repeat(10_000)] {
            let answer = send(&admin, call, unreadable.to_owned()).await;
            refused(&answer, (400, "unreadable"), &path);
        }
        let plain = admin.request(method.clone(), &path).header("If-Match", "*");
        let plain = plain.header("Content-Type", "text/plain").body(text.clone());
        refused(&admin.send(plain).await, (415, "unsupported_type"), &path);
        let weak = admin.request(method.clone(), &path).header("If-Match", "W/\"0\"");
        let weak = weak.header("Content-Type", "application/json").body(text);
        refused(&admin.send(weak).await, (400, "unreadable"), &path);
    }
    app.stop().await;
}
