//! What is done on the command line, in the audit log.

use serde_json::json;
use supplyline::domain::audit::{Action, Entry, Origin};
use supplyline::domain::hold::HoldCause;
use supplyline::domain::party::{Language, Role};
use supplyline::service::hold::{self, Backlog};
use supplyline::service::import::{Kind, Mode, Upload};
use supplyline::service::{Error, accounts, audit, import};
use supplyline::store::accounts::NewUser;
use supplyline::store::audit::Filter;

use crate::support::db::{TestDb, both};
use crate::support::world::{World, house, person};

both!(the_command_line_leaves_entries, an_entry_goes_with_what_it_is_about);

async fn log(world: &World) -> Vec<Entry> {
    let scope = world.scope("auditor").await;
    let page = audit::list(&world.app, &scope, &Filter::default(), (None, 100)).await;
    page.expect("an auditor reads it").into_iter().map(|view| view.kept.entry).collect()
}

fn new_user(username: &str) -> NewUser {
    NewUser {
        id: person("li.na"),
        organisation: house("hospital"),
        username: username.to_owned(),
        name: "李娜".to_owned(),
        role: Role::Hospital,
        email: Some("li.na@supply.example".to_owned()),
        phone: None,
        language: Language::Chinese,
        territory: None,
        password_hash: "unusable".to_owned(),
    }
}

async fn the_command_line_leaves_entries(db: TestDb) {
    let world = World::on(&db).await;
    let app = &world.app;
    accounts::create(app, new_user("li.na")).await.expect("created");
    hold::begin(app, HoldCause::Command, "演练".to_owned()).await.expect("on hold");
    assert_eq!(hold::release(app, Backlog::Skip).await.expect("released"), Some(0));
    assert_eq!(hold::release(app, Backlog::Skip).await.expect("asked"), None);
    let table = "机构类别,机构名称,行政区划代码\n医疗机构,示例县人民医院,371002\n";
    let upload = Upload {
        kind: Kind::Organisations,
        bytes: table.as_bytes().into(),
        by: None,
        mode: Mode::Apply,
        progress: std::sync::Arc::new(|_| {}),
    };
    let prepared = import::prepare(app, upload).await.expect("a table");
    prepared.apply(app).await.expect("imported");
    let log = log(&world).await;
    let told = log.iter().map(|entry| (entry.action, entry.subject.as_deref()));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            (Action::ImportRun, Some("organisations")),
            (Action::HoldReleased, None),
            (Action::HoldBegun, None),
            (Action::UserCreated, Some("li.na")),
        ]
    );
    for entry in &log {
        assert_eq!(entry.origin, Origin::command_line());
        assert_eq!((entry.user, &entry.username, entry.role), (None, &None, None));
    }
    assert_eq!(log[0].detail["created"], 1);
    let released = &log[1].detail;
    assert_eq!((&released["cause"], &released["skipped"]), (&json!("command"), &json!(0)));
    let organisation = house("hospital").to_string();
    assert_eq!(log[2].detail, json!({"cause": "command"}));
    assert_eq!(log[3].detail, json!({"role": "hospital", "organisation": organisation}));
}

async fn an_entry_goes_with_what_it_is_about(db: TestDb) {
    let world = World::on(&db).await;
    let taken = accounts::create(&world.app, new_user("maker")).await;
    assert!(matches!(taken, Err(Error::Invalid(_))));
    assert!(log(&world).await.is_empty(), "nobody was created");
}
