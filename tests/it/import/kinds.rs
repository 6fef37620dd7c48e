//! Each kind of table: what is created, changed, left alone and refused.

use encoding_rs::GBK;
use sea_orm::EntityTrait as _;
use supplyline::domain::party::OrganisationKind;
use supplyline::service::audit::Origin;
use supplyline::service::import::{Kind, Mode, Outcome, Paper, template};
use supplyline::store::{accounts, catalogue, divisions, imports};

use super::{counts, import, refusals, run};
use crate::support::db::{TestDb, both};
use crate::support::world::{CEFTRIAXONE, INSULIN, World, at, division, house, product};

both!(
    organisations_are_created_once,
    products_are_created_changed_and_left_alone,
    agreements_follow_the_hospitals_catalogue,
    people_get_a_password_once_and_keep_what_they_are,
    a_rehearsal_writes_nothing,
    row_777_wrong_imports_nothing_and_lists_all_bad_rows_b052,
    the_same_file_twice_has_one_effect_b053,
    a_year_is_published_with_the_days_beside_it,
    a_year_under_open_clocks_is_refused,
    a_new_division_is_imported_before_who_lies_in_it,
);

const ORGANISATIONS: &str = "机构类别,机构名称,行政区划代码\r\n\
    医疗机构,示例县人民医院,371002\r\n\
    manufacturer,示例制药有限公司,320500\r\n";

async fn organisations_are_created_once(db: TestDb) {
    let world = World::on(&db).await;
    let gbk = GBK.encode(ORGANISATIONS).0.into_owned();
    assert_eq!(counts(&import(&world.app, Kind::Organisations, gbk).await), (2, 0, 0));
    let marked = format!("\u{feff}{ORGANISATIONS}医保局,示例医保局,371003\r\n");
    assert_eq!(counts(&import(&world.app, Kind::Organisations, marked).await), (1, 0, 2));
    let kind = OrganisationKind::Hospital;
    let place = division("371002");
    let found =
        accounts::find_organisation(db.store.read_unscoped(), kind, place, "示例县人民医院").await;
    assert!(found.expect("the database answers").is_some());
    let twice = "kind,name,division\nhospital,甲院,371002\nbureau,甲,37100\nhospital,甲院,371002\n";
    let report = import(&world.app, Kind::Organisations, twice).await;
    assert_eq!(refusals(&report), [(3, "division", "division"), (4, "name", "duplicate")]);
}

const PRODUCTS: &str = "产品编码,省级区划代码,产品名称,剂型,规格包装,单位,中选企业\n";

async fn products_are_created_changed_and_left_alone(db: TestDb) {
    let world = World::on(&db).await;
    let known = format!("{INSULIN},370000,甘精胰岛素注射液,注射剂,3ml:300U,支,岱海制药有限公司\n");
    let other =
        format!("{CEFTRIAXONE},370000,注射用头孢曲松钠,注射剂,1g,支,钱江药业股份有限公司\n");
    let new = "XJ01CAA001E001010100001,370000,阿莫西林胶囊,胶囊剂,0.25g,盒,岱海制药有限公司\n";
    let table = format!("{PRODUCTS}{known}{other}{new}");
    let report = import(&world.app, Kind::Products, table).await;
    assert_eq!(counts(&report), (1, 1, 1));
    let outcomes = [(2, Outcome::Unchanged), (3, Outcome::Updated), (4, Outcome::Created)];
    assert_eq!(report.outcomes, outcomes);
    let found = catalogue::products(db.store.read_unscoped(), &[product(CEFTRIAXONE)]).await;
    assert_eq!(found.expect("the database answers")[0].specification, "1g");
    let code = "XJ01CAA001E001010100002";
    let bad =
        format!("{PRODUCTS}{code},370000,甲,片剂,1g,盒,无名制药\n{code},370000,甲,片剂,1g,盒,\n");
    let report = import(&world.app, Kind::Products, bad).await;
    assert_eq!(
        refusals(&report),
        [(2, "manufacturer", "unknown"), (3, "manufacturer", "required")]
    );
}

async fn agreements_follow_the_hospitals_catalogue(db: TestDb) {
    let world = World::on(&db).await;
    let head = "医疗机构,产品编码,约定采购量,配送企业\n";
    let rows = format!(
        "滨海市第一人民医院,{INSULIN},12000,滨海医药配送有限公司\n\
         滨海市第一人民医院,{CEFTRIAXONE},500,\n\
         岛城中心医院,{CEFTRIAXONE},40,岛城医药物流有限公司\n"
    );
    let report = import(&world.app, Kind::Agreements, format!("{head}{rows}")).await;
    assert_eq!(counts(&report), (1, 1, 1));
    let kept = catalogue::agreements(
        db.store.read_unscoped(),
        house("hospital2"),
        &[product(CEFTRIAXONE)],
    )
    .await;
    let kept = kept.expect("the database answers");
    assert_eq!(kept[0].distributor, Some(house("distributor2")));
    assert_eq!(kept[0].agreed_quantity, 40);
    let bad = format!("{head}滨海市第一人民医院,X9,0,岱海制药有限公司\n岛城中心医院,X9,1,甲\n");
    let report = import(&world.app, Kind::Agreements, bad).await;
    assert_eq!(
        refusals(&report),
        [
            (2, "agreed_quantity", "out_of_range"),
            (3, "product_code", "unknown"),
            (3, "distributor", "unknown"),
        ]
    );
}

async fn people_get_a_password_once_and_keep_what_they_are(db: TestDb) {
    let world = World::on(&db).await;
    let head = "用户名,姓名,角色,机构名称,邮箱,手机\n";
    let new = "Li.Na,李娜,医疗机构,滨海市第一人民医院,lina@supply.example,13800000009\n";
    let upload = super::Upload {
        kind: Kind::Users,
        bytes: format!("{head}{new}maker,新名,中选企业,岱海制药有限公司,,\n").into_bytes().into(),
        by: None,
        mode: Mode::Apply,
        progress: std::sync::Arc::new(|_| {}),
    };
    let prepared = super::import::prepare(&world.app, upload).await.expect("a table");
    let made = prepared.passwords().to_vec();
    assert_eq!(made.len(), 1, "only for the new one");
    assert!(!format!("{made:?}").contains(&made[0].password), "never logged");
    let report = prepared.apply(&world.app).await.expect("imported");
    assert_eq!(counts(&report), (1, 1, 0));
    let (password, origin) = (made[0].password.clone(), Origin::default());
    let signed = supplyline::service::accounts::sign_in(&world.app, "li.na", password, &origin);
    signed.await.expect("the password is right");
    let moved = format!("{head}maker,甲,中选企业,钱江药业股份有限公司,x,1\n");
    let report = import(&world.app, Kind::Users, moved).await;
    assert_eq!(refusals(&report), [(2, "email", "email"), (2, "phone", "phone")]);
    let moved = format!("{head}maker,甲,中选企业,钱江药业股份有限公司,,\n");
    let report = import(&world.app, Kind::Users, moved).await;
    assert_eq!(refusals(&report), [(2, "username", "taken")]);
    // A column that the table lacks leaves what is known alone; an empty cell empties it.
    let short = "用户名,姓名,角色,机构名称\n";
    let line = "li.na,李娜,医疗机构,滨海市第一人民医院";
    assert_eq!(
        counts(&import(&world.app, Kind::Users, format!("{short}{line}\n")).await),
        (0, 0, 1)
    );
    let emptied = import(&world.app, Kind::Users, format!("{head}{line},,\n")).await;
    assert_eq!(counts(&emptied), (0, 1, 0));
    let placed = "用户名,姓名,角色,机构名称,负责区域代码\nli.na,李娜,医疗机构,滨海市第一人民医院,370000\n\
                  maker,新名,中选企业,岱海制药有限公司,370000\n";
    let report = import(&world.app, Kind::Users, placed).await;
    assert_eq!(refusals(&report), [(2, "territory", "not_applicable")]);
}

async fn a_rehearsal_writes_nothing(db: TestDb) {
    let world = World::on(&db).await;
    let bytes = ORGANISATIONS.as_bytes();
    let report = run(&world.app, Kind::Organisations, bytes, Mode::Rehearse).await;
    assert_eq!(counts(&report.expect("a table")), (2, 0, 0));
    assert_eq!(counts(&import(&world.app, Kind::Organisations, bytes).await), (2, 0, 0));
}

/// Ten thousand products of which some rows are wrong.
fn ten_thousand(wrong: &[u32]) -> String {
    let mut table = PRODUCTS.to_owned();
    for row in 2..=10_001 {
        let maker = if wrong.contains(&row) { "无名制药" } else { "岱海制药有限公司" };
        let line =
            format!("XJ01CAA001E0010101{row:05},370000,阿莫西林胶囊,胶囊剂,0.25g,盒,{maker}\n");
        table.push_str(&line);
    }
    table
}

async fn row_777_wrong_imports_nothing_and_lists_all_bad_rows_b052(db: TestDb) {
    let world = World::on(&db).await;
    let report = import(&world.app, Kind::Products, ten_thousand(&[777, 7_777, 9_999])).await;
    let expected = [777, 7_777, 9_999].map(|row| (row, "manufacturer", "unknown"));
    assert_eq!(refusals(&report), expected);
    assert_eq!(report.rows(), 10_000);
    let codes = ["XJ01CAA001E001010100002", "XJ01CAA001E001010110001"];
    let found =
        imports::products_by_code(db.store.read_unscoped(), division("370000"), &codes).await;
    assert_eq!(found.expect("the database answers"), []);
    assert_eq!(
        counts(&import(&world.app, Kind::Products, ten_thousand(&[])).await),
        (10_000, 0, 0)
    );
}

async fn the_same_file_twice_has_one_effect_b053(db: TestDb) {
    let world = World::on(&db).await;
    let first = import(&world.app, Kind::Organisations, ORGANISATIONS).await;
    let second = import(&world.app, Kind::Organisations, ORGANISATIONS).await;
    assert_eq!((counts(&first), counts(&second)), ((2, 0, 0), (0, 0, 2)));
    let kept = entity::import::Entity::find()
        .all(db.store.read_unscoped())
        .await
        .expect("the database answers");
    assert_eq!(kept.len(), 1, "one file, one row");
    assert_eq!((kept[0].rows, kept[0].unchanged), (2, 2));
    // Two at once.
    let (one, two) = tokio::join!(
        import(
            &world.app,
            Kind::Products,
            format!("{PRODUCTS}ZA09BAG0096010100235,370000,甲,乙,丙,盒,岱海制药有限公司\n")
        ),
        import(
            &world.app,
            Kind::Products,
            format!("{PRODUCTS}ZA09BAG0096010100235,370000,甲,乙,丙,盒,岱海制药有限公司\n")
        ),
    );
    assert_eq!(one.created + two.created, 1);
    assert_eq!(one.unchanged + two.unchanged, 1);
}

const YEAR: &str = r#"{"year": 2027, "papers": ["国办发明电〔2026〕9号"], "days": [
    {"name": "元旦", "date": "2026-12-31", "isOffDay": true},
    {"name": "元旦", "date": "2027-01-01", "isOffDay": true},
    {"name": "元旦", "date": "2027-01-03", "isOffDay": false}]}"#;

async fn a_year_is_published_with_the_days_beside_it(db: TestDb) {
    let world = World::on(&db).await;
    let before = world.app.book().nation().version().to_owned();
    assert_eq!(counts(&import(&world.app, Kind::Calendar, YEAR).await), (3, 0, 0));
    let nation = world.app.book().nation();
    assert!(
        nation.is_published(2027) && !nation.is_working(at("2026-12-31T00:00:00Z").date_naive())
    );
    assert!(nation.is_working(at("2027-01-03T00:00:00Z").date_naive()), "a make-up Sunday");
    assert_ne!(nation.version(), before);
    assert_eq!(counts(&import(&world.app, Kind::Calendar, YEAR).await), (0, 0, 3));
    assert_eq!(world.app.book().nation().version(), nation.version());
    let table = "日期,类型,名称,依据\n2027-01-01,休息日,元旦,国办发明电〔2026〕9号\n\
                 2027-01-02,休息日,元旦,国办发明电〔2026〕9号\n";
    assert_eq!(counts(&import(&world.app, Kind::Calendar, table).await), (1, 0, 1));
    let report = import(&world.app, Kind::Calendar, YEAR.replace("2027-01-03", "2027-01-01")).await;
    assert_eq!(refusals(&report), [(0, "days[2].date", "conflict")]);
    let without = YEAR.replace("false", "true").replace("2027-01-03", "2027-01-04");
    let report = import(&world.app, Kind::Calendar, without).await;
    assert_eq!(refusals(&report), [(0, "days", "no_makeup")], "nobody confirms it here");
}

async fn a_year_under_open_clocks_is_refused(db: TestDb) {
    let world = World::on(&db).await;
    let id = world.file().await;
    let number = world.ticket(id).await.number;
    let edit = "date,kind,name,source\n2026-02-25,rest,春节,补充通知\n";
    let report = import(&world.app, Kind::Calendar, edit).await;
    assert_eq!(refusals(&report), [(0, "date", "open_deadlines")]);
    let message = &report.errors[0].message;
    assert!(message.contains(&number), "{message}");
    let page = format!("/calendars/{}/add", world.app.book().layers()[0].id);
    assert!(message.contains(&page), "says where it can be done: {message}");
    assert_eq!(counts(&import(&world.app, Kind::Calendar, YEAR).await), (3, 0, 0), "far ahead");
}

async fn a_new_division_is_imported_before_who_lies_in_it(db: TestDb) {
    let world = World::on(&db).await;
    let hospital = "机构类别,机构名称,行政区划代码\n医疗机构,新区医院,371099\n";
    let report = import(&world.app, Kind::Organisations, hospital).await;
    assert_eq!(refusals(&report), [(2, "division", "unknown")]);
    // The shipped ones are there: one is new, one has another name, one is the same.
    let table = "行政区划代码,名称\n371099,新区\n371002,环翠新区\n371003,文登区\n";
    assert_eq!(counts(&import(&world.app, Kind::Divisions, table).await), (1, 1, 1));
    assert_eq!(counts(&import(&world.app, Kind::Organisations, hospital).await), (1, 0, 0));
    let names =
        divisions::names(db.store.read_unscoped(), &[division("371002"), division("371099")]).await;
    let names = names.expect("the database answers");
    assert_eq!(names[&division("371002")], "环翠新区");
    assert_eq!(names[&division("371099")], "新区");
    let bad = "code,name\n37109,甲\n371099,乙\n371099,丙\n991000,丁\n371098,\n";
    let report = import(&world.app, Kind::Divisions, bad).await;
    let expected = [
        (2, "code", "division"),
        (4, "code", "duplicate"),
        (5, "code", "unknown"),
        (6, "name", "required"),
    ];
    assert_eq!(refusals(&report), expected);
}

#[test]
fn a_template_is_read_by_the_import_it_is_for() {
    for kind in Kind::ALL {
        for paper in [Paper::Delimited, Paper::Workbook] {
            let bytes = template(kind, paper).expect("a template");
            let mut rows = Vec::new();
            let read = supplyline::sheet::read(&bytes, &mut |row| {
                rows.push((row.number, row.cells.len()));
                Ok(())
            });
            read.expect("it is a table");
            let columns = supplyline::domain::import::columns(kind).len();
            assert_eq!(rows, [(1, columns)], "{kind:?} {paper:?}");
        }
    }
}
