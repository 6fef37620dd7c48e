//! Tickets and what else the parties do, and what belongs to everybody.
//!
//! **Never** says what an act does; only that it leaves its entry.

use std::collections::BTreeSet;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::super::stage::{Place, calls, id};
use super::trial::{Trial, bare, call, form, form_of, keyed};
use crate::support::app::As;
use crate::support::browser::{Browser, typed};
use crate::support::form::{BOUNDARY, Form};
use crate::support::smtp::Script;
use crate::support::world;

fn uploaded(request: RequestBuilder, form: Form) -> RequestBuilder {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    request.header("Content-Type", kind).body(form.ended())
}

fn file() -> Form {
    let key = uuid::Uuid::now_v7().to_string();
    Form::file("a.txt", "甲").text("kind", "other").text("audience", "all").text("_key", &key)
}

/// A notice that somebody has not opened.
async fn unread(who: &As<'_>) -> String {
    let notices = who.get("/notices?unread=true").await.expect(200).json();
    id(&notices["items"][0])
}

/// A delivery that failed for good.
async fn dead_letter(trial: &Trial<'_>) -> String {
    trial.app.mail.set_script(Script::RejectRcpt(550));
    trial.stage.hospital.file().await;
    let body = json!({"advance_working_days": 1});
    trial.stage.hospital.post("/demo/clock", &body).await.expect(200);
    trial.app.mail.set_script(Script::Accept);
    let dead = trial.admin.get("/deliveries?state=failed").await.expect(200).json();
    id(&dead["items"][0])
}

pub(super) async fn by_api(trial: &mut Trial<'_>) {
    trial.secret("张心晴");
    trial.secret("13812345678");
    let mut seen = BTreeSet::new();
    for one in calls() {
        let route = format!("post {}", one.template);
        if matches!(one.name, "clock" | "session") || !seen.insert(one.template) {
            continue;
        }
        let place = trial.stage.place(one.name).await;
        let request = call(trial.stage.who(one.name), Method::POST, &place.path, &one.body);
        trial.one(&route, request).await;
    }
    let known = json!({"username": "maker", "password": world::PASSWORD});
    let request = keyed(trial.app.request(Method::POST, "/api/v1/session")).json(&known);
    trial.each("post /api/v1/session", request).await;
    let path = format!("/tickets/{}/attachments", id(&trial.stage.hospital.file().await));
    let request = uploaded(bare(&trial.stage.hospital, Method::POST, &path), attached());
    trial.one("post /api/v1/tickets/{id}/attachments", request).await;
    let path = format!("/notices/{}/read", unread(&trial.stage.maker).await);
    let request = bare(&trial.stage.maker, Method::POST, &path);
    trial.one("post /api/v1/notices/{id}/read", request).await;
    let table = "机构类别,机构名称,行政区划代码\n医疗机构,示例县人民医院,371002\n";
    let request = bare(&trial.admin, Method::POST, "/imports/organisations");
    let request = uploaded(request, Form::file("a.csv", table));
    trial.each("post /api/v1/imports/{kind}", request).await;
    let path = format!("/deliveries/{}/replay", dead_letter(trial).await);
    let request = bare(&trial.admin, Method::POST, &path);
    trial.one("post /api/v1/deliveries/{id}/replay", request).await;
    let clock = json!({"advance_working_days": 1});
    let request = call(&trial.stage.hospital, Method::POST, "/demo/clock", &clock);
    trial.each("post /api/v1/demo/clock", request).await;
    let leaving = trial.app.sign_in("city2").await;
    trial.one("delete /api/v1/session", bare(&leaving, Method::DELETE, "/session")).await;
}

fn attached() -> Form {
    Form::file("a.txt", "甲").text("kind", "other").text("audience", "all")
}

/// The calls that are forms of pages, too, with their routes.
fn forms_of_calls() -> Vec<(String, &'static str, Value)> {
    let is_form = |name: &str| !matches!(name, "session" | "clock");
    let forms = calls().into_iter().filter(|call| is_form(call.name));
    let route = |template: &str| format!("post {}", template.replacen("/api/v1", "", 1));
    forms.map(|call| (route(call.template), call.name, call.body)).collect()
}

pub(super) async fn by_pages(trial: &mut Trial<'_>) {
    for (route, name, body) in forms_of_calls() {
        let place: Place = trial.stage.place(name).await;
        let mut fields = typed(&body);
        if let Some(ticket) = place.ticket.filter(|_| name == "group-reply") {
            fields.retain(|(name, _)| name != "promised_quantity");
            fields.push(("tickets".to_owned(), ticket));
        }
        let browser = Browser::of(trial.app, trial.stage.who(name));
        trial.one(&route, form_of(&browser, &place.path, fields)).await;
    }
    let hospital = Browser::of(trial.app, &trial.stage.hospital);
    let maker = Browser::of(trial.app, &trial.stage.maker);
    let admin = Browser::of(trial.app, &trial.admin);
    let path = format!("/tickets/{}/attachments", id(&trial.stage.hospital.file().await));
    let request = hospital.bare(Method::POST, &path).header("Sec-Fetch-Site", "same-origin");
    trial.one("post /tickets/{id}/attachments", uploaded(request, file())).await;
    let path = format!("/notices/{}/read", unread(&trial.stage.maker).await);
    trial.one("post /notices/{id}/read", form(&maker, &path, &[])).await;
    let draft = [("product_code", world::INSULIN), ("summary", "缺货")];
    trial.each("post /drafts", form(&hospital, "/drafts", &draft)).await;
    trial.one("post /drafts/discard", form(&hospital, "/drafts/discard", &draft[..1])).await;
    let path = format!("/deliveries/{}/replay", dead_letter(trial).await);
    trial.one("post /deliveries/{id}/replay", form(&admin, &path, &[])).await;
    trial.each("post /demo/clock", form(&hospital, "/demo/clock", &[("step", "hour")])).await;
    trial.one("post /language", form(&hospital, "/language", &[("language", "en")])).await;
    let (old, new) = (world::PASSWORD, "长一点的新口令-2026");
    trial.secret(new);
    let words = [("current_password", old), ("new_password", new)];
    trial.each("post /account/password", form(&hospital, "/account/password", &words)).await;
    let stranger = Browser::stranger(trial.app);
    let city = [("role", "city")];
    trial.each("post /demo/sign-in", form(&stranger, "/demo/sign-in", &city)).await;
    let known = [("username", "maker"), ("password", world::PASSWORD)];
    trial.each("post /login", form(&stranger, "/login", &known)).await;
    let leaving = trial.app.sign_in("city2").await;
    let leaving = Browser::of(trial.app, &leaving);
    trial.one("post /logout", form(&leaving, "/logout", &[])).await;
}
