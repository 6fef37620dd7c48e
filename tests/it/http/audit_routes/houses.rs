//! Organisations, and whom to ask in them.
//!
//! **Never** does anything to an organisation that others here need.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::contacts::codes;
use super::super::stage::id;
use super::trial::{Trial, bare, call, form, form_of};
use crate::support::browser::{Browser, typed};
use crate::support::world::house;

fn hospital(name: &str) -> Value {
    json!({"kind": "hospital", "name": name, "division": "371002"})
}

fn card(address: &str) -> Value {
    json!({"function": "night_duty", "name": "值班室", "channel": "mail", "address": address})
}

pub(super) async fn by_api(trial: &mut Trial<'_>) {
    let request = call(&trial.admin, Method::POST, "/organisations", &hospital("环翠区中医院"));
    let made = trial.one("post /api/v1/organisations", request).await.json();
    let path = format!("/organisations/{}", id(&made));
    let request = call(&trial.admin, Method::PUT, &path, &hospital("环翠区中医医院"));
    let request = request.header("If-Match", "\"1\"");
    trial.one("put /api/v1/organisations/{id}", request).await;
    let why = json!({"reason": "停业整顿"});
    for act in ["suspend", "resume"] {
        let request = call(&trial.admin, Method::POST, &format!("{path}/{act}"), &why);
        trial.one(&format!("post /api/v1/organisations/{{id}}/{act}"), request).await;
    }
    let into = trial.admin.act("/organisations", hospital("环翠区人民医院")).await;
    let body = json!({"into": id(&into), "reason": "两院合并"});
    let route = "post /api/v1/organisations/{id}/merge";
    let look = call(&trial.admin, Method::POST, &format!("{path}/merge?dry_run=true"), &body);
    trial.none(route, look).await;
    let request = call(&trial.admin, Method::POST, &format!("{path}/merge"), &body);
    trial.one(route, request).await;
    contacts_by_api(trial).await;
}

async fn contacts_by_api(trial: &mut Trial<'_>) {
    let (first, second) = ("duty@maker.example", "night@maker.example");
    trial.secret(first);
    trial.secret(second);
    let path = format!("/organisations/{}/contacts", house("maker"));
    let request = call(&trial.stage.maker, Method::POST, &path, &card(first));
    let made = trial.one("post /api/v1/organisations/{id}/contacts", request).await.json();
    let path = format!("/contacts/{}", id(&made));
    let request = call(&trial.stage.maker, Method::PUT, &path, &card(second));
    let request = request.header("If-Match", "\"1\"");
    trial.one("put /api/v1/contacts/{id}", request).await;
    let request = bare(&trial.stage.maker, Method::POST, &format!("{path}/code"));
    trial.one("post /api/v1/contacts/{id}/code", request).await;
    let code = codes(trial.app, second, 1).await[0].clone();
    trial.secret(&format!("\"{code}\""));
    let request =
        call(&trial.stage.maker, Method::POST, &format!("{path}/verify"), &json!({"code": code}));
    trial.one("post /api/v1/contacts/{id}/verify", request).await;
    let request = bare(&trial.stage.maker, Method::DELETE, &path);
    trial.one("delete /api/v1/contacts/{id}", request).await;
}

pub(super) async fn by_pages(trial: &mut Trial<'_>) {
    let desk = Browser::of(trial.app, &trial.admin);
    let request = form_of(&desk, "/organisations", typed(&hospital("环翠区中医院")));
    let made = trial.one("post /organisations", request).await.header("location");
    let path = made.split('?').next().expect("a path").to_owned();
    let mut changed = typed(&hospital("环翠区中医医院"));
    changed.push(("_version".to_owned(), "1".to_owned()));
    trial.one("post /organisations/{id}", form_of(&desk, &path, changed)).await;
    for act in ["suspend", "resume"] {
        let request = form(&desk, &format!("{path}/{act}"), &[("reason", "停业整顿")]);
        trial.one(&format!("post /organisations/{{id}}/{act}"), request).await;
    }
    let into = id(&trial.admin.act("/organisations", hospital("环翠区人民医院")).await);
    let merging = [("into", into.as_str()), ("reason", "两院合并"), ("_seen", "yes")];
    let (path, route) = (format!("{path}/merge"), "post /organisations/{id}/merge");
    trial.none(route, form(&desk, &path, &merging[..2])).await;
    trial.one(route, form(&desk, &path, &merging)).await;
    contacts_by_pages(trial).await;
}

async fn contacts_by_pages(trial: &mut Trial<'_>) {
    let address = "duty@maker.example";
    trial.secret(address);
    let browser = Browser::of(trial.app, &trial.stage.maker);
    let path = format!("/organisations/{}/contacts", house("maker"));
    let request = form_of(&browser, &path, typed(&card(address)));
    trial.one("post /organisations/{id}/contacts", request).await;
    let all = trial.stage.maker.get(&path).await.expect(200).json();
    let one = format!("{path}/{}", id(&all["items"][0]));
    let route = |act: &str| format!("post /organisations/{{id}}/contacts/{{contact}}/{act}");
    trial.one(&route("code"), form(&browser, &format!("{one}/code"), &[])).await;
    let code = codes(trial.app, address, 1).await[0].clone();
    let request = form(&browser, &format!("{one}/verify"), &[("code", code.as_str())]);
    trial.one(&route("verify"), request).await;
    trial.one(&route("remove"), form(&browser, &format!("{one}/remove"), &[])).await;
}
