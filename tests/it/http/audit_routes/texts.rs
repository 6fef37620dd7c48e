//! The texts of notices, and the channels they leave on.
//!
//! **Never** sets the channels that letters of the other recipes leave on.

use reqwest::Method;
use serde_json::{Value, json};

use super::trial::{Trial, bare, call, form, form_of};
use crate::support::browser::{Browser, typed};
use crate::support::world::house;

const TEXT: &str = "/templates/filed/manufacturer/mail/zh-CN";
const TEMPLATE: &str = "/templates/{kind}/{party}/{channel}/{language}";
const SECRET: &str = "SEChunter2";
const KEY: &str = "hunter3hunter3";

fn wording() -> Value {
    json!({"subject": "{ticket.number}", "text": "请尽快回复。", "next": "登录系统。"})
}

fn worded() -> Value {
    let mut body = wording();
    body["reason"] = json!("统一措辞。");
    body
}

fn robot(trial: &Trial<'_>) -> Value {
    json!({"enabled": true, "kind": "feishu", "url": format!("{}?key={KEY}", trial.app.sms.url),
        "secret": SECRET, "reason": "群内提醒。"})
}

pub(super) async fn by_api(trial: &mut Trial<'_>) {
    let preview = call(&trial.admin, Method::POST, &format!("{TEXT}/preview"), &wording());
    trial.none(&format!("post /api/v1{TEMPLATE}/preview"), preview).await;
    let request = call(&trial.admin, Method::PUT, TEXT, &worded()).header("If-Match", "\"0\"");
    trial.one(&format!("put /api/v1{TEMPLATE}"), request).await;
    let shipped = json!({"version": 0, "reason": "还原。"});
    let request = call(&trial.admin, Method::POST, &format!("{TEXT}/restore"), &shipped);
    trial.one(&format!("post /api/v1{TEMPLATE}/restore"), request).await;
    trial.secret(SECRET);
    trial.secret(KEY);
    let path = format!("/channels/robot-{}", house("city"));
    let request = call(&trial.admin, Method::PUT, &path, &robot(trial)).header("If-Match", "\"0\"");
    trial.one("put /api/v1/channels/{name}", request).await;
    let request = bare(&trial.admin, Method::POST, &format!("{path}/test"));
    trial.each("post /api/v1/channels/{name}/test", request).await;
}

pub(super) async fn by_pages(trial: &mut Trial<'_>) {
    let desk = Browser::of(trial.app, &trial.admin);
    let preview = form_of(&desk, &format!("{TEXT}/preview"), typed(&wording()));
    trial.none(&format!("post {TEMPLATE}/preview"), preview).await;
    let mut text = typed(&worded());
    text.push(("_version".to_owned(), "0".to_owned()));
    trial.one(&format!("post {TEMPLATE}"), form_of(&desk, TEXT, text)).await;
    let shipped = [("version", "0"), ("reason", "还原。"), ("_version", "1")];
    let request = form(&desk, &format!("{TEXT}/restore"), &shipped);
    trial.one(&format!("post {TEMPLATE}/restore"), request).await;
    trial.secret(SECRET);
    trial.secret(KEY);
    let path = format!("/channels/robot-{}", house("city"));
    let mut settings = typed(&robot(trial));
    settings.push(("_version".to_owned(), "0".to_owned()));
    trial.one("post /channels/{name}", form_of(&desk, &path, settings)).await;
    trial.each("post /channels/{name}/test", form(&desk, &format!("{path}/test"), &[])).await;
}
