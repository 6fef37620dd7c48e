//! The catalogue, and what hospitals were promised.
//!
//! **Never** files a ticket.

use reqwest::Method;
use serde_json::{Value, json};

use super::trial::{Trial, call, form, form_of};
use crate::support::browser::{Browser, typed};
use crate::support::world::{CEFTRIAXONE, house};

const NEW: &str = "XJ01CAA001E001010100001";

fn product() -> Value {
    json!({"code": NEW, "province": "370000", "name": "阿莫西林胶囊", "form": "胶囊剂",
        "specification": "0.25g×24粒/盒", "unit": "盒",
        "manufacturer_id": house("maker").to_string()})
}

fn changed() -> Value {
    json!({"name": "阿莫西林胶囊", "form": "胶囊剂", "specification": "0.5g×24粒/盒", "unit": "盒",
        "manufacturer_id": house("maker2").to_string()})
}

fn agreement() -> Value {
    json!({"hospital_id": house("hospital2").to_string(), "product_code": CEFTRIAXONE,
        "agreed_quantity": 300, "distributor_id": house("distributor2").to_string()})
}

pub(super) async fn by_api(trial: &mut Trial<'_>) {
    let request = call(&trial.admin, Method::POST, "/products", &product());
    trial.one("post /api/v1/products", request).await;
    let path = format!("/products/{NEW}");
    let request = call(&trial.admin, Method::PUT, &path, &changed()).header("If-Match", "\"1\"");
    trial.one("put /api/v1/products/{code}", request).await;
    stand_by_api(trial, &path, "/products/{code}").await;
    let request = call(&trial.admin, Method::POST, "/agreements", &agreement());
    trial.one("post /api/v1/agreements", request).await;
    let path = format!("/agreements/{}/{CEFTRIAXONE}", house("hospital2"));
    let change = json!({"agreed_quantity": 500});
    let request = call(&trial.admin, Method::PUT, &path, &change).header("If-Match", "\"1\"");
    trial.one("put /api/v1/agreements/{id}/{code}", request).await;
    stand_by_api(trial, &path, "/agreements/{id}/{code}").await;
}

async fn stand_by_api(trial: &mut Trial<'_>, path: &str, template: &str) {
    let why = json!({"reason": "协议期满"});
    for act in ["suspend", "resume"] {
        let request = call(&trial.admin, Method::POST, &format!("{path}/{act}"), &why);
        trial.one(&format!("post /api/v1{template}/{act}"), request).await;
    }
}

pub(super) async fn by_pages(trial: &mut Trial<'_>) {
    let desk = Browser::of(trial.app, &trial.admin);
    trial.one("post /products", form_of(&desk, "/products", typed(&product()))).await;
    let path = format!("/products/{NEW}");
    let mut change = typed(&changed());
    change.push(("_version".to_owned(), "1".to_owned()));
    trial.one("post /products/{code}", form_of(&desk, &path, change)).await;
    stand_by_pages(trial, &desk, (&path, "/products/{code}")).await;
    trial.one("post /agreements", form_of(&desk, "/agreements", typed(&agreement()))).await;
    let path = format!("/agreements/{}/{CEFTRIAXONE}", house("hospital2"));
    let change = [("agreed_quantity", "500"), ("_version", "1")];
    trial.one("post /agreements/{id}/{code}", form(&desk, &path, &change)).await;
    stand_by_pages(trial, &desk, (&path, "/agreements/{id}/{code}")).await;
}

async fn stand_by_pages(trial: &mut Trial<'_>, desk: &Browser<'_>, (path, template): (&str, &str)) {
    for act in ["suspend", "resume"] {
        let request = form(desk, &format!("{path}/{act}"), &[("reason", "协议期满")]);
        trial.one(&format!("post {template}/{act}"), request).await;
    }
}
