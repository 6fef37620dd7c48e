//! Merging organisations, and keeping the catalogue.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::refused;
use crate::support::app::{Answer, As, TestApp, filing};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::world::{CEFTRIAXONE, INSULIN, house};

both!(
    a_merged_hospital_goes_on_as_a_part_of_the_other,
    a_merged_manufacturer_hands_over_products_and_tickets,
    a_product_is_added_replaced_and_suspended,
    an_agreement_is_added_replaced_and_put_out_of_force,
);
sqlite_only!(what_cannot_be_merged_is_told);

async fn put(who: &As<'_>, (path, seen): (&str, &str), body: &Value) -> Answer {
    who.send(who.request(Method::PUT, path).header("If-Match", seen).json(body)).await
}

async fn a_merged_hospital_goes_on_as_a_part_of_the_other(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let (hospital, other) = (app.sign_in("hospital").await, app.sign_in("hospital2").await);
    let ticket = hospital.file().await;
    let ticket = format!("/tickets/{}", ticket["id"].as_str().expect("an id"));
    refused(&other.get(&ticket).await, (404, "not_found"), "not theirs yet");
    let path = format!("/organisations/{}/merge", house("hospital"));
    let body = json!({"into": house("hospital2").to_string(), "reason": "两院合并"});
    let rehearsed = admin.post(&format!("{path}?dry_run=true"), &body).await.expect(200).json();
    assert_eq!(rehearsed["dry_run"], true);
    assert_eq!(
        rehearsed["moved"],
        json!({"people": 1, "open_tickets": 1, "closed_tickets": 0,
        "escalations": 0, "products": 0, "agreements": 2})
    );
    assert!(rehearsed["from"].get("merged_into").is_none(), "nothing was done");
    hospital.get(&ticket).await.expect(200);
    let merged = admin.post(&path, &body).await.expect(200).json();
    assert_eq!(merged["moved"], rehearsed["moved"]);
    assert_eq!(merged["from"]["merged_into"]["name"], "岛城中心医院");
    assert_eq!(merged["into"]["formerly"], json!(["滨海市第一人民医院"]));
    refused(&hospital.get("/session").await, (401, "unauthenticated"), "its people start anew");
    // Their own ticket, and the other's people see it too; the old name still finds it.
    let moved = app.sign_in("hospital").await;
    for who in [&moved, &other] {
        let shown = who.get(&ticket).await.expect(200).json();
        assert_eq!(shown["hospital"]["name"], "岛城中心医院");
        let former = json!([{"party": "hospital", "name": "滨海市第一人民医院"}]);
        assert_eq!(shown["formerly"], former);
        for words in ["滨海市第一人民医院", "岛城中心医院"] {
            let found = who.get(&format!("/tickets?q={words}")).await.expect(200).json();
            assert_eq!(found["items"].as_array().expect("items").len(), 1, "{words}");
        }
    }
    let named = admin.get("/organisations?q=滨海市第一人民医院").await.expect(200).json();
    assert_eq!(named["items"][0]["merged_into"]["name"], "岛城中心医院");
    // Both were promised insulin: the one that goes on is promised both quantities.
    let agreed = admin.get(&format!("/agreements?hospital={}", house("hospital2"))).await;
    let agreed = agreed.expect(200).json()["items"].as_array().expect("items").clone();
    assert_eq!(agreed.len(), 2, "{agreed:?}");
    let insulin = agreed.iter().find(|one| one["product"]["code"] == INSULIN).expect("insulin");
    assert_eq!(insulin["agreed_quantity"], 24_000);
    refused(&admin.post(&path, &body).await, (409, "merged_already"), "twice");
    let resume = format!("/organisations/{}/resume", house("hospital"));
    let answer = admin.post(&resume, &json!({"reason": "试"})).await;
    refused(&answer, (409, "merged_already"), "there is no way back");
    app.stop().await;
}

async fn a_merged_manufacturer_hands_over_products_and_tickets(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let hospital = app.sign_in("hospital").await;
    let ticket = hospital.file().await;
    let ticket = format!("/tickets/{}", ticket["id"].as_str().expect("an id"));
    let path = format!("/organisations/{}/merge", house("maker"));
    let body = json!({"into": house("maker2").to_string(), "reason": "企业吸收合并"});
    let merged = admin.post(&path, &body).await.expect(200).json();
    assert_eq!((&merged["moved"]["people"], &merged["moved"]["products"]), (&json!(2), &json!(1)));
    let maker = app.sign_in("maker2").await;
    let shown = maker.get(&ticket).await.expect(200).json();
    assert_eq!(shown["manufacturer"]["name"], "钱江药业股份有限公司");
    let found = maker.get("/products").await.expect(200).json();
    assert_eq!(found["items"].as_array().expect("items").len(), 2);
    // A table that still uses the old name means the one that goes on.
    let again = hospital.post("/tickets", &filing()).await.expect(201).json();
    assert_eq!(again["manufacturer"]["name"], "钱江药业股份有限公司");
    app.stop().await;
}

async fn what_cannot_be_merged_is_told(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let path = |name: &str| format!("/organisations/{}/merge", house(name));
    let into = |id: String| json!({"into": id, "reason": "试"});
    for (from, to, code) in [
        ("hospital", house("hospital").to_string(), "itself"),
        ("hospital", house("maker").to_string(), "other_kind"),
        ("hospital", uuid::Uuid::nil().to_string(), "unknown_organisation"),
        ("hospital", "x".to_owned(), "id"),
    ] {
        let answer = admin.post(&path(from), &into(to)).await;
        refused(&answer, (422, "invalid"), code);
        assert_eq!(answer.fields(), [("into".to_owned(), code.to_owned())]);
    }
    let platform = into(house("platform").to_string());
    refused(&admin.post(&path("platform"), &platform).await, (422, "invalid"), "itself");
    for name in ["security", "hospital", "province"] {
        let who = app.sign_in(name).await;
        let answer = who.post(&path("hospital"), &into(house("hospital2").to_string())).await;
        refused(&answer, (403, "forbidden"), name);
    }
    app.stop().await;
}

const NEW: &str = "XJ01CAA001E001010100001";

fn amoxicillin() -> Value {
    json!({"code": NEW, "province": "370000", "name": "阿莫西林胶囊", "form": "胶囊剂",
        "specification": "0.25g×24粒/盒", "unit": "盒",
        "manufacturer_id": house("maker").to_string()})
}

async fn a_product_is_added_replaced_and_suspended(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital").await);
    let made = admin.post("/products", &amoxicillin()).await.expect(201);
    assert_eq!(made.header("etag"), "\"1\"");
    let twice = admin.post("/products", &amoxicillin()).await;
    assert_eq!(twice.fields(), [("code".to_owned(), "taken".to_owned())]);
    for (change, expected) in [
        (json!({"code": "XJ01CAA001E00101010000"}), ("code", "code_length")),
        (json!({"code": "XJ01CAA001E0010101O0001"}), ("code", "code_sign")),
        (json!({"code": "2.3E+19"}), ("code", "code_beginning")),
        (json!({"province": "371000"}), ("province", "division")),
        (
            json!({"manufacturer_id": house("hospital").to_string()}),
            ("manufacturer_id", "unknown_organisation"),
        ),
        (json!({"unit": ""}), ("unit", "required")),
    ] {
        let mut wanted = amoxicillin();
        wanted["code"] = json!("XJ01CAA001E001010100009");
        for (name, value) in change.as_object().expect("members") {
            wanted[name] = value.clone();
        }
        let answer = admin.post("/products", &wanted).await;
        refused(&answer, (422, "invalid"), &change.to_string());
        let (field, code) = expected;
        assert_eq!(answer.fields(), [(field.to_owned(), code.to_owned())], "{change}");
    }
    let found = hospital.get("/products?q=amxl").await.expect(200).json();
    assert_eq!(found["items"][0]["code"], NEW, "found by how it is typed");
    let path = format!("/products/{NEW}");
    let change = json!({"name": "阿莫西林胶囊", "form": "胶囊剂", "specification": "0.5g×24粒/盒",
        "unit": "盒", "manufacturer_id": house("maker2").to_string()});
    let blind = admin.send(admin.request(Method::PUT, &path).json(&change)).await;
    refused(&blind, (428, "precondition_required"), "blind");
    refused(&put(&admin, (&path, "\"9\""), &change).await, (412, "outdated"), "stale");
    let changed = put(&admin, (&path, "\"1\""), &change).await.expect(200).json();
    assert_eq!(changed["manufacturer"]["name"], "钱江药业股份有限公司");
    let why = json!({"reason": "撤出目录"});
    admin.post(&format!("{path}/suspend"), &why).await.expect(200);
    refused(&admin.post(&format!("{path}/suspend"), &why).await, (409, "suspended_already"), "");
    let gone = hospital.get("/products?q=amxl").await.expect(200).json();
    assert!(gone["items"].as_array().expect("items").is_empty());
    let mut ticket = filing();
    ticket["product_code"] = json!(NEW);
    let answer = hospital.post("/tickets", &ticket).await;
    assert_eq!(answer.fields(), [("product_code".to_owned(), "unknown".to_owned())]);
    let kept = admin.get("/products?q=amxl").await.expect(200).json();
    assert!(kept["items"][0]["disabled_at"].is_string());
    admin.post(&format!("{path}/resume"), &why).await.expect(200);
    hospital.post("/tickets", &ticket).await.expect(201);
    let maker = app.sign_in("maker").await;
    for (path, body) in [("/products", amoxicillin()), (&format!("{path}/suspend"), why)] {
        refused(&maker.post(path, &body).await, (403, "forbidden"), path);
    }
    refused(&admin.get("/products/nothing").await, (404, "not_found"), "unknown");
    app.stop().await;
}

async fn an_agreement_is_added_replaced_and_put_out_of_force(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, hospital) = (app.sign_in("admin").await, app.sign_in("hospital2").await);
    let wanted = json!({"hospital_id": house("hospital2").to_string(), "product_code": CEFTRIAXONE,
        "agreed_quantity": 300, "distributor_id": house("distributor2").to_string()});
    let made = admin.post("/agreements", &wanted).await.expect(201).json();
    assert_eq!(made["distributor"]["name"], "岛城医药物流有限公司");
    let twice = admin.post("/agreements", &wanted).await;
    assert_eq!(twice.fields(), [("product_code".to_owned(), "taken".to_owned())]);
    let found = hospital.get("/products?q=tbqs").await.expect(200).json();
    assert_eq!(found["items"][0]["agreed_quantity"], 300);
    for (name, value, code) in [
        ("hospital_id", json!(house("maker").to_string()), "unknown_organisation"),
        ("product_code", json!("XX"), "unknown_product"),
        ("agreed_quantity", json!(0), "out_of_range"),
        ("distributor_id", json!(house("maker").to_string()), "unknown_organisation"),
    ] {
        let mut bad = wanted.clone();
        bad[name] = value;
        let answer = admin.post("/agreements", &bad).await;
        refused(&answer, (422, "invalid"), name);
        assert_eq!(answer.fields(), [(name.to_owned(), code.to_owned())]);
    }
    let path = format!("/agreements/{}/{CEFTRIAXONE}", house("hospital2"));
    let change = json!({"agreed_quantity": 500});
    let changed = put(&admin, (&path, "\"1\""), &change).await.expect(200).json();
    assert_eq!((&changed["agreed_quantity"], &changed["version"]), (&json!(500), &json!(2)));
    assert!(changed.get("distributor").is_none());
    refused(&put(&admin, (&path, "\"1\""), &change).await, (412, "outdated"), "stale");
    let why = json!({"reason": "协议期满"});
    admin.post(&format!("{path}/suspend"), &why).await.expect(200);
    let found = hospital.get("/products?q=tbqs").await.expect(200).json();
    assert!(found["items"][0].get("agreed_quantity").is_none());
    admin.post(&format!("{path}/resume"), &why).await.expect(200);
    refused(&hospital.get("/agreements").await, (403, "forbidden"), "not theirs to list");
    app.stop().await;
}
