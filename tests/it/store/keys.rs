//! Keyed requests and the catalogue's unique keys.

use chrono::{DateTime, TimeDelta, Utc};
use supplyline::store::catalogue::{self, Product};
use supplyline::store::idempotency::{self, Answer, Key};
use supplyline::store::{Error, accounts};
use uuid::Uuid;

use crate::support::db::{TestDb, both};
use crate::support::world::{INSULIN, at, division, fill, house, person};

both! {
    an_answer_is_kept_for_its_key_until_it_expires,
    of_two_requests_with_one_key_one_is_refused,
    a_product_code_is_unique_in_its_province,
    an_organisation_is_registered_once,
}

fn key(route: &str) -> Key {
    Key {
        user: person("hospital"),
        route: route.to_owned(),
        key: "k-1".to_owned(),
        fingerprint: "ab".repeat(32),
    }
}

fn answer(body: &str) -> Answer {
    Answer { status: 201, etag: Some("\"1\"".to_owned()), body: body.to_owned() }
}

async fn keep(db: &TestDb, key: Key, answer: Answer, wall: DateTime<Utc>) -> Result<(), Error> {
    let since = wall - TimeDelta::days(7);
    db.store
        .write(move |tx| {
            let (key, answer) = (key.clone(), answer.clone());
            Box::pin(async move { idempotency::insert(tx, &key, &answer, wall, since).await })
        })
        .await
}

async fn an_answer_is_kept_for_its_key_until_it_expires(db: TestDb) {
    fill(&db.store).await;
    let wall = at("2030-01-01T00:00:00Z");
    let before = wall - TimeDelta::milliseconds(1);
    let find = async |key: &Key, since| {
        idempotency::find(db.store.read_unscoped(), key, since).await.expect("answers")
    };
    let key_ = key("POST /tickets");
    assert_eq!(find(&key_, before).await, None);
    keep(&db, key_.clone(), answer("第一"), wall).await.expect("kept");
    assert_eq!(find(&key_, before).await, Some((key_.fingerprint.clone(), answer("第一"))));
    assert_eq!(find(&key_, wall).await, None, "it has expired");
    assert_eq!(find(&key("POST /other"), before).await, None);
    let other = Key { user: person("hospital2"), ..key_.clone() };
    assert_eq!(find(&other, before).await, None);

    let refused = keep(&db, key_.clone(), answer("第二"), wall + TimeDelta::days(6)).await;
    assert!(refused.expect_err("it is kept still").is_duplicate());
    let later = wall + TimeDelta::days(7);
    keep(&db, key_.clone(), answer("第三"), later).await.expect("the old one has expired");
    assert_eq!(find(&key_, wall).await.map(|found| found.1), Some(answer("第三")));

    let forgotten = db.store.write(move |tx| {
        Box::pin(async move { idempotency::delete_before(tx, later + TimeDelta::days(1)).await })
    });
    assert_eq!(forgotten.await.expect("deleted"), 1);
    assert_eq!(find(&key_, before).await, None);
}

async fn of_two_requests_with_one_key_one_is_refused(db: TestDb) {
    fill(&db.store).await;
    let wall = at("2030-01-01T00:00:00Z");
    let keep = |body| keep(&db, key("POST /tickets"), answer(body), wall);
    let (first, second) = futures::join!(keep("甲"), keep("乙"));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let refused = first.err().or(second.err()).expect("one of them");
    assert!(refused.is_duplicate(), "{refused}");
}

async fn a_product_code_is_unique_in_its_province(db: TestDb) {
    fill(&db.store).await;
    let add = async |province: &'static str| {
        let product = Product {
            id: supplyline::domain::id::ProductId(Uuid::now_v7()),
            code: INSULIN.to_owned(),
            name: "甘精胰岛素注射液".to_owned(),
            form: "注射剂".to_owned(),
            specification: "3ml".to_owned(),
            unit: "支".to_owned(),
            manufacturer: house("maker2"),
        };
        db.store
            .write(move |tx| {
                let products = [product.clone()];
                Box::pin(async move { catalogue::insert(tx, division(province), &products).await })
            })
            .await
    };
    assert!(add("370000").await.expect_err("a code twice").is_duplicate());
    add("330000").await.expect("another province has its own");
    let found =
        catalogue::find_by_code(db.store.read_unscoped(), division("370000"), INSULIN).await;
    assert_eq!(found.expect("answers").map(|product| product.manufacturer), Some(house("maker")));
}

async fn an_organisation_is_registered_once(db: TestDb) {
    use supplyline::domain::party::{Organisation, OrganisationKind};
    fill(&db.store).await;
    let (kind, region) = (OrganisationKind::Bureau, division("371000"));
    let found =
        accounts::find_organisation(db.store.read_unscoped(), kind, region, "滨海市医保局").await;
    let known = found.expect("answers").expect("registered");
    assert_eq!(known.id, house("city"));
    let again =
        Organisation { id: supplyline::domain::id::OrganisationId(Uuid::now_v7()), ..known };
    let refused = db.store.write(move |tx| {
        let again = [again.clone()];
        Box::pin(async move {
            accounts::insert_organisations(tx, &again, at("2026-01-01T00:00:00Z")).await
        })
    });
    assert!(refused.await.expect_err("the same twice").is_duplicate());
}
