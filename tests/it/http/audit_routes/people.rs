//! People, and the links by which they choose a password.
//!
//! **Never** signs in as whom it changes.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::keeping::mailed_links;
use super::super::stage::id;
use super::trial::{Trial, bare, call, form, form_of, keyed};
use crate::support::browser::{Browser, typed};
use crate::support::world::{house, person};

const ADDRESS: &str = "neu@maker.example";

fn newcomer() -> Value {
    json!({"organisation_id": house("maker").to_string(), "username": "neu",
        "role": "manufacturer", "name": "新人", "email": ADDRESS, "phone": "13800000077",
        "by": "made"})
}

fn second(role: &str) -> Value {
    json!({"organisation_id": house("platform").to_string(), "username": "second",
        "role": role, "name": "次", "by": "made"})
}

pub(super) async fn by_api(trial: &mut Trial<'_>) {
    trial.secret(ADDRESS);
    trial.secret("13800000077");
    let request = call(&trial.admin, Method::POST, "/users", &newcomer());
    let made = trial.one("post /api/v1/users", request).await.json();
    trial.secret(made["password"].as_str().expect("a password"));
    let path = format!("/users/{}", id(&made));
    let change = json!({"name": "老人", "phone": "13800000078"});
    let request = call(&trial.admin, Method::PUT, &path, &change).header("If-Match", "\"1\"");
    trial.one("put /api/v1/users/{id}", request).await;
    let why = json!({"reason": "离岗"});
    for act in ["suspend", "resume"] {
        let request = call(&trial.admin, Method::POST, &format!("{path}/{act}"), &why);
        trial.one(&format!("post /api/v1/users/{{id}}/{act}"), request).await;
    }
    let reset = json!({"by": "link", "reason": "忘记密码"});
    let request = call(&trial.admin, Method::POST, &format!("{path}/password"), &reset);
    trial.one("post /api/v1/users/{id}/password", request).await;
    let request = bare(&trial.admin, Method::POST, &format!("{path}/invitation"));
    trial.one("post /api/v1/users/{id}/invitation", request).await;
    let request = bare(&trial.admin, Method::DELETE, &format!("{path}/invitation"));
    trial.one("delete /api/v1/users/{id}/invitation", request).await;
    let (token, new) = (another_link(trial, &path).await, "a good long word");
    trial.secret(new);
    let body = json!({"token": token, "new_password": new});
    let request = keyed(trial.app.request(Method::POST, "/api/v1/invitations/accept"));
    trial.one("post /api/v1/invitations/accept", request.json(&body)).await;
    let other = trial.security.act("/users", second("auditor")).await;
    let role = json!({"role": "admin", "reason": "调岗"});
    let request = call(&trial.security, Method::PUT, &format!("/users/{}/role", id(&other)), &role);
    trial.one("put /api/v1/users/{id}/role", request).await;
}

/// The secret of a third link that is sent to the newcomer; mails overtake each other.
async fn another_link(trial: &mut Trial<'_>, path: &str) -> String {
    let earlier = mailed_links(trial.app, ADDRESS, 2).await;
    trial.admin.post(&format!("{path}/invitation"), &json!({})).await.expect(200);
    let links = mailed_links(trial.app, ADDRESS, 3).await;
    links.iter().for_each(|link| trial.secret(link));
    links.into_iter().find(|link| !earlier.contains(link)).expect("another link")
}

pub(super) async fn by_pages(trial: &mut Trial<'_>) {
    trial.secret(ADDRESS);
    let desk = Browser::of(trial.app, &trial.admin);
    trial.one("post /users", form_of(&desk, "/users", typed(&newcomer()))).await;
    let found = trial.admin.get("/users?q=neu").await.expect(200).json();
    let path = format!("/users/{}", id(&found["items"][0]));
    let change = [("name", "老人"), ("language", "en"), ("_version", "1")];
    trial.one("post /users/{id}", form(&desk, &path, &change)).await;
    for act in ["suspend", "resume"] {
        let request = form(&desk, &format!("{path}/{act}"), &[("reason", "离岗")]);
        trial.one(&format!("post /users/{{id}}/{act}"), request).await;
    }
    let reset = [("by", "link"), ("reason", "忘记密码")];
    let request = form(&desk, &format!("{path}/password"), &reset);
    trial.one("post /users/{id}/password", request).await;
    let invitation = format!("{path}/invitation");
    trial.one("post /users/{id}/invitation", form(&desk, &invitation, &[])).await;
    let request = form(&desk, &format!("{invitation}/revoke"), &[]);
    trial.one("post /users/{id}/invitation/revoke", request).await;
    let link = format!("/invitations/{}", another_link(trial, &path).await);
    let words = [("new_password", "a good long word"), ("_again", "a good long word")];
    let request = form(&Browser::stranger(trial.app), &link, &words);
    trial.one("post /invitations/{token}", request).await;
    let other = trial.security.act("/users", second("auditor")).await;
    let keeper = Browser::of(trial.app, &trial.security);
    let role = [("role", "admin"), ("reason", "调岗")];
    let request = form(&keeper, &format!("/users/{}/role", id(&other)), &role);
    trial.one("post /users/{id}/role", request).await;
    assert_ne!(id(&other), person("auditor").to_string());
}
