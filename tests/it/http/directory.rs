//! Who takes part: organisations and people, and who may look them up.

use serde_json::{Value, json};

use super::stage::{refused, sound};
use crate::support::app::{As, TestApp};
use crate::support::db::{TestDb, both, sqlite_only};
use crate::support::world;

both!(
    an_administrator_lists_organisations,
    parties_list_only_whom_they_may_name,
    an_administrator_lists_people,
);
sqlite_only!(filters_are_read_strictly);

async fn items(who: &As<'_>, path: &str) -> Vec<Value> {
    let answer = who.get(path).await;
    sound(&answer, path);
    answer.expect(200).json()["items"].as_array().expect(path).clone()
}

async fn texts(who: &As<'_>, path: &str, member: &str) -> Vec<String> {
    let items = items(who, path).await;
    items.iter().map(|item| item[member].as_str().expect(member).to_owned()).collect()
}

async fn an_administrator_lists_organisations(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let all = items(&admin, "/organisations?page_size=100").await;
    assert_eq!(all.len(), 12);
    let bureau = all.iter().find(|one| one["name"] == "省医保局").expect("the province");
    let id = world::house("province").to_string();
    let expected = json!({"id": id, "name": "省医保局", "kind": "bureau", "division": "370000",
        "people": 1});
    assert_eq!(bureau, &expected);
    db.execute("update organisation set disabled_at = created_at where name = '岱海制药有限公司'")
        .await;
    db.execute("update app_user set disabled_at = created_at where username = 'maker-en'").await;
    let maker = &items(&admin, "/organisations?q=岱海").await[0];
    assert_eq!((&maker["people"], maker["disabled_at"].is_string()), (&json!(1), true));
    for (query, expected) in [
        ("q=岛城&kind=bureau", 2),
        ("kind=hospital", 2),
        ("kind=hospital&division=370200", 1),
        ("division=371000", 4),
        ("division=371002", 2),
        ("q=岛城市", 2),
        ("q=市岛城", 0),
        ("q=%25", 0),
        ("q=_", 0),
        ("q=\\", 0),
        ("q=' or 1=1 --", 0),
        ("q=岛%25局", 0),
    ] {
        let found = items(&admin, &format!("/organisations?{query}")).await;
        assert_eq!(found.len(), expected, "{query}");
    }
    db.execute("update organisation set name = '100%_Abc\\D''è' where name = '岛城中心医院'").await;
    for (query, expected) in [
        ("100%25", 1),
        ("%25_a", 1),
        ("aBC", 1),
        ("c\\d'", 1),
        ("è", 1),
        ("È", 0),
        ("0%25a", 0),
        ("1_0", 0),
    ] {
        let found = items(&admin, &format!("/organisations?q={query}")).await;
        assert_eq!(found.len(), expected, "{query}");
    }
    app.stop().await;
}

async fn parties_list_only_whom_they_may_name(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (maker, city) = (app.sign_in("maker").await, app.sign_in("city").await);
    let found = items(&maker, "/organisations?kind=distributor").await;
    let id = world::house("distributor2").to_string();
    let expected = json!({"id": id, "name": "岛城医药物流有限公司", "kind": "distributor", "division": "370200"});
    assert!(found.len() == 2 && found.contains(&expected), "{found:?}");
    let search = "/organisations?kind=manufacturer&q=钱江&division=330000";
    assert_eq!(texts(&city, search, "name").await, ["钱江药业股份有限公司"]);
    for who in ["hospital", "maker", "distributor", "city", "security", "auditor"] {
        let somebody = app.sign_in(who).await;
        for kind in ["", "?kind=hospital", "?kind=distributor", "?kind=manufacturer", "?kind=x"] {
            let is_theirs = matches!(
                (who, kind),
                ("maker", "?kind=distributor") | ("city", "?kind=manufacturer")
            );
            if !is_theirs {
                let answer = somebody.get(&format!("/organisations{kind}")).await;
                refused(&answer, (403, "forbidden"), &format!("{who} {kind}"));
            }
        }
        if who != "security" {
            refused(&somebody.get("/users").await, (403, "forbidden"), who);
        }
    }
    db.execute("update organisation set disabled_at = created_at where kind = 'distributor'").await;
    assert!(items(&maker, "/organisations?kind=distributor").await.is_empty());
    app.stop().await;
}

async fn an_administrator_lists_people(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let colleague = ("maker", Some("370000"));
    world::add_colleague(&db.store, "maker-sd", colleague, true).await;
    let admin = app.sign_in("admin").await;
    assert_eq!(items(&admin, "/users?page_size=100").await.len(), 15);
    let found = items(&admin, "/users?q=MAKER-SD").await;
    let house = world::house("maker").to_string();
    let expected = json!({"id": world::person("maker-sd").to_string(), "username": "maker-sd",
        "name": "maker-sd 先生", "role": "manufacturer",
        "organisation": {"id": house, "name": "岱海制药有限公司"},
        "email": "m***@supply.example", "phone": null, "language": "zh-CN",
        "territory": "370000", "created_at": "2026-01-01T08:00:00+08:00"});
    assert_eq!(found, [expected]);
    let page = admin.get("/users?page_size=100").await;
    assert!(!page.text.contains("13800000000") && page.text.contains("138****0000"));
    assert!(!page.text.contains("hash"), "nothing of a password");
    let maker = format!("/users?organisation={house}");
    assert_eq!(texts(&admin, &maker, "username").await, ["maker", "maker-en", "maker-sd"]);
    assert_eq!(texts(&admin, "/users?role=auditor", "username").await, ["auditor"]);
    assert_eq!(texts(&admin, "/users?q=先生", "username").await, ["maker-sd"]);
    assert_eq!(texts(&admin, "/users?q=%25&role=bureau", "username").await, Vec::<String>::new());
    app.stop().await;
}

async fn filters_are_read_strictly(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    for (path, field) in [
        ("/organisations?kind=hospitals", "kind"),
        ("/organisations?kind=", "kind"),
        ("/organisations?division=37", "division"),
        ("/organisations?name=a", "name"),
        ("/users?role=root", "role"),
        ("/users?organisation=1", "organisation"),
        ("/users?username=admin", "username"),
    ] {
        let answer = admin.get(path).await;
        refused(&answer, (422, "invalid"), path);
        assert_eq!(answer.fields()[0].0, field, "{path}");
    }
    app.stop().await;
}
