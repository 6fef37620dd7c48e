//! Products are found by what people type: Chinese, codes, pinyin and its initials.

use supplyline::service::catalogue::{products, spell_names};
use supplyline::service::import::Kind;

use crate::import::import;
use crate::support::app::TestApp;
use crate::support::db::{TestDb, both};
use crate::support::world::{CEFTRIAXONE, INSULIN, World};

both! {
    a_product_is_found_by_pinyin_and_initials,
    a_changed_name_is_spelt_anew,
    names_of_older_rows_are_spelt,
}

const FIRST: &str = "XB00ACA001A001010100000";
const ASPIRIN: &str = "XB01ACA001A001010100001";
const GINSENG: &str = "XB02ACA001A001010100002";
const TABLE: &str = "产品编码,省级区划代码,产品名称,剂型,规格包装,单位,中选企业\n";

async fn found(world: &World, words: &str) -> Vec<String> {
    let rows = products(&world.app, &world.scope("hospital").await, words, None, 100).await;
    rows.expect("listed").into_iter().map(|view| view.product.code).collect()
}

async fn add(world: &World, code: &str, name: &str) {
    let row = format!("{code},370000,{name},片剂,100mg,盒,岱海制药有限公司\n");
    let report = import(&world.app, Kind::Products, format!("{TABLE}{row}")).await;
    assert!(report.errors.is_empty(), "{:?}", report.errors);
}

async fn a_product_is_found_by_pinyin_and_initials(db: TestDb) {
    let world = World::on(&db).await;
    add(&world, ASPIRIN, "阿司匹林肠溶片").await;
    add(&world, GINSENG, "人参皂苷片").await;
    for (words, expected) in [
        ("aspl", vec![ASPIRIN]),
        ("ASPL", vec![ASPIRIN]),
        ("ａｓｐｌ", vec![ASPIRIN]),
        ("asipilin", vec![ASPIRIN]),
        ("asipilinchang", vec![ASPIRIN]),
        ("espl", vec![ASPIRIN]),
        ("crp", vec![ASPIRIN]),
        ("aspl 100mg", vec![ASPIRIN]),
        ("阿司匹林 crp", vec![ASPIRIN]),
        ("asplin", vec![]),
        (format!("aspl {GINSENG}").as_str(), vec![]),
        ("rszgp", vec![GINSENG]),
        ("renshen", vec![GINSENG]),
        ("gjyds", vec![INSULIN]),
        ("tbqs", vec![CEFTRIAXONE]),
        ("%", vec![ASPIRIN, GINSENG, CEFTRIAXONE, INSULIN]),
    ] {
        assert_eq!(found(&world, words).await, expected, "{words}");
    }
    let app = TestApp::replica(&db).await;
    let hospital = app.sign_in("hospital").await;
    let page = hospital.get("/products?q=aspl").await.expect(200).json();
    assert_eq!(page["items"][0]["code"], ASPIRIN);
    app.stop().await;
}

async fn a_changed_name_is_spelt_anew(db: TestDb) {
    let world = World::on(&db).await;
    add(&world, ASPIRIN, "阿司匹林肠溶片").await;
    add(&world, ASPIRIN, "布洛芬片").await;
    assert_eq!(found(&world, "blfp").await, [ASPIRIN]);
    assert!(found(&world, "aspl").await.is_empty());
}

async fn names_of_older_rows_are_spelt(db: TestDb) {
    let world = World::on(&db).await;
    for code in [FIRST, ASPIRIN, GINSENG] {
        add(&world, code, "阿司匹林肠溶片").await;
    }
    let older = "update product set initials = null where code <> 'XB01ACA001A001010100001'";
    db.execute(older).await;
    assert_eq!(found(&world, "aspl").await, [ASPIRIN]);
    assert!(found(&world, "gjyds").await.is_empty());
    assert_eq!(found(&world, "胰岛").await, [INSULIN], "as it was before");
    assert_eq!(spell_names(&db.store).await.expect("spelt"), 4);
    assert_eq!(spell_names(&db.store).await.expect("spelt"), 0);
    assert_eq!(found(&world, "aspl").await, [FIRST, ASPIRIN, GINSENG]);
    assert_eq!(found(&world, "gjyds").await, [INSULIN]);
}
