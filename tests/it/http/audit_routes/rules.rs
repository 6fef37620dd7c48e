//! The time-limit rules.
//!
//! **Never** looks what a rule says.

use reqwest::Method;
use serde_json::json;

use super::super::pages_policies::{filled, set};
use super::super::policies_keeping::draft;
use super::super::stage::id;
use super::trial::{Trial, call, form, form_of};
use crate::support::browser::Browser;

/// The rules of the world's province, which end soon.
const SHANDONG: &str = "/policies/01900000-0000-7000-8000-000000000037";

pub(super) async fn by_api(trial: &mut Trial<'_>) {
    let mut asked = draft();
    asked.as_object_mut().expect("members").remove("reason");
    let asked = json!({"policy": asked, "from": "2026-01-01", "to": "2026-02-12"});
    let request = call(&trial.admin, Method::POST, "/policies/simulate", &asked);
    trial.none("post /api/v1/policies/simulate", request).await;
    let request = call(&trial.admin, Method::POST, "/policies", &draft());
    let made = trial.one("post /api/v1/policies", request).await.json();
    let mut next = draft();
    next["name"] = json!("新规则");
    let path = format!("/policies/{}", id(&made));
    let request = call(&trial.admin, Method::PUT, &path, &next).header("If-Match", "\"1\"");
    let next = trial.one("put /api/v1/policies/{id}", request).await.json();
    let path = format!("/policies/{}", id(&next));
    let why = json!({"reason": "按新规"});
    let request = call(&trial.admin, Method::POST, &format!("{path}/replan"), &why);
    trial.one("post /api/v1/policies/{id}/replan", request).await;
    let request = call(&trial.admin, Method::POST, &format!("{path}/withdraw"), &why);
    trial.one("post /api/v1/policies/{id}/withdraw", request).await;
    let decision = json!({"decision": "national", "reason": "不再延续"});
    let request = call(&trial.admin, Method::POST, &format!("{SHANDONG}/decision"), &decision);
    trial.one("post /api/v1/policies/{id}/decision", request).await;
}

pub(super) async fn by_pages(trial: &mut Trial<'_>) {
    let desk = Browser::of(trial.app, &trial.admin);
    let blank = desk.get("/policies/new").await.expect(200).text;
    let mut fields = filled(&blank, "/policies/new");
    for (name, value) in [
        ("p.name", "江苏省时限规则"),
        ("p.division", "320000"),
        ("p.effective_from", "2026-03-01"),
        ("p.source", "苏医保发〔2026〕1号"),
        ("_do", "review"),
    ] {
        set(&mut fields, name, value);
    }
    let mut more = fields.clone();
    set(&mut more, "_do", "add");
    trial.none("post /policies/new", form_of(&desk, "/policies/new", more)).await;
    let request = form_of(&desk, "/policies/new", fields);
    let review = trial.none("post /policies/new", request).await.text;
    let trial_of_draft = filled(&review, "/policies/simulation");
    let request = form_of(&desk, "/policies/simulation", trial_of_draft);
    trial.none("post /policies/simulation", request).await;
    let request = form_of(&desk, "/policies", filled(&review, "/policies"));
    let made = trial.one("post /policies", request).await.header("location");
    let path = made.split('?').next().expect("a path");
    let judging = format!("{path}/replan");
    let look = desk.get(&judging).await.expect(200).text;
    let mut fields = filled(&look, &judging);
    set(&mut fields, "reason", "按新规重算");
    trial.one("post /policies/{id}/replan", form_of(&desk, &judging, fields)).await;
    let why = [("reason", "文件撤销")];
    let request = form(&desk, &format!("{path}/withdraw"), &why);
    trial.one("post /policies/{id}/withdraw", request).await;
    let decision = [("decision", "national"), ("reason", "不再延续")];
    let request = form(&desk, &format!("{SHANDONG}/decision"), &decision);
    trial.one("post /policies/{id}/decision", request).await;
}
