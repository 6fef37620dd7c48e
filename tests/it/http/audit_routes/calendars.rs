//! Calendars, and the batches that change them.
//!
//! **Never** looks what a change moves.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::desk::waiting;
use super::super::stage::id;
use super::trial::{Trial, bare, call, form};
use crate::support::browser::Browser;
use crate::support::form::{BOUNDARY, Form};

/// Where the nation's calendar is.
async fn nation(trial: &Trial<'_>) -> String {
    let calendars = trial.admin.get("/calendars").await.expect(200).json();
    format!("/calendars/{}", id(&calendars["items"][0]))
}

/// The newest batch.
async fn newest(trial: &Trial<'_>) -> String {
    id(&trial.admin.get("/batches").await.expect(200).json()["items"][0])
}

/// The seal of a preview.
async fn sealed(trial: &Trial<'_>, method: Method, path: &str, body: &Value) -> String {
    let seen = trial.admin.send(trial.admin.request(method, path).json(body)).await;
    seen.expect(200).json()["seal"].as_str().expect("a seal").to_owned()
}

const DAYS: &str = "日期,类型,名称,依据\n2026-12-23,休息日,节,甲\n";

pub(super) async fn by_api(trial: &mut Trial<'_>) {
    let layer = json!({"name": "威海工作日历", "division": "371000"});
    let request = call(&trial.admin, Method::POST, "/calendars", &layer);
    let made = trial.one("post /api/v1/calendars", request).await.json();
    let path = format!("/calendars/{}", id(&made));
    let request = bare(&trial.admin, Method::DELETE, &path);
    trial.one("delete /api/v1/calendars/{id}", request).await;
    let nation = nation(trial).await;
    let path = format!("{nation}/days/2026-12-24");
    let day = json!({"kind": "rest", "source": "甲", "reason": "乙"});
    let request = call(&trial.admin, Method::PUT, &path, &day);
    trial.one("put /api/v1/calendars/{id}/days/{date}", request).await;
    let why = json!({"reason": "乙"});
    let request = call(&trial.admin, Method::DELETE, &path, &why);
    trial.one("delete /api/v1/calendars/{id}/days/{date}", request).await;
    let request = bare(&trial.admin, Method::POST, &format!("{nation}/import?reason=x"));
    let request = request.header("Content-Type", "text/csv").body(DAYS);
    trial.one("post /api/v1/calendars/{id}/import", request).await;
    let path = format!("/batches/{}/undo", newest(trial).await);
    let request = call(&trial.admin, Method::POST, &path, &why);
    trial.one("post /api/v1/batches/{id}/undo", request).await;
    let path = format!("/batches/{}/approve", waiting(trial.db, 91, &nation).await);
    let request = bare(&trial.admin, Method::POST, &path);
    trial.one("post /api/v1/batches/{id}/approve", request).await;
    let path = format!("/batches/{}/reject", waiting(trial.db, 92, &nation).await);
    let request = call(&trial.admin, Method::POST, &path, &why);
    trial.one("post /api/v1/batches/{id}/reject", request).await;
}

pub(super) async fn by_pages(trial: &mut Trial<'_>) {
    let desk = Browser::of(trial.app, &trial.admin);
    let layer = [("name", "威海工作日历"), ("division", "371000")];
    trial.one("post /calendars", form(&desk, "/calendars", &layer)).await;
    let nation = nation(trial).await;
    let day = json!({"kind": "rest", "source": "甲"});
    let path = format!("{nation}/days/2026-11-02?dry_run=true");
    let seal = sealed(trial, Method::PUT, &path, &day).await;
    let day = [("date", "2026-11-02"), ("kind", "rest"), ("name", ""), ("source", "甲")];
    let sure = [("reason", "乙"), ("seal", seal.as_str()), ("_step", "confirm")];
    let (path, route) = (format!("{nation}/edit"), "post /calendars/{id}/edit");
    trial.none(route, form(&desk, &path, &day)).await;
    let file = Form::file("a.csv", DAYS).ended();
    let upload = desk.bare(Method::POST, &path).header("Sec-Fetch-Site", "same-origin");
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    trial.none(route, upload.header("Content-Type", kind).body(file)).await;
    trial.one(route, form(&desk, &path, &[&day[..], &sure].concat())).await;
    let undo = format!("/batches/{}/undo", newest(trial).await);
    let reason = json!({"reason": "丙"});
    let seal = sealed(trial, Method::POST, &format!("{undo}?dry_run=true"), &reason).await;
    let sure = [("reason", "丙"), ("seal", seal.as_str())];
    trial.one("post /batches/{id}/undo", form(&desk, &undo, &sure)).await;
    let path = format!("/batches/{}/approve", waiting(trial.db, 91, &nation).await);
    trial.one("post /batches/{id}/approve", form(&desk, &path, &[])).await;
    let path = format!("/batches/{}/reject", waiting(trial.db, 92, &nation).await);
    trial.one("post /batches/{id}/reject", form(&desk, &path, &[("reason", "丁")])).await;
}
