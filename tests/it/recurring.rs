//! What recurs: the morning digest, the alarms, the retention; on time, once, and replica-safe.

use std::sync::Arc;

use mail_parser::MessageParser;
use serde_json::{Value, json};
use supplyline::domain::id::OrganisationId;
use supplyline::domain::party::{Organisation, OrganisationKind, Role};
use supplyline::jobs::Engine;
use supplyline::notify::{Channels, Mail, Sms};
use supplyline::service::recurring::{self, Job};
use supplyline::store::accounts::NewUser;
use supplyline::store::outbox::LogFilter;
use supplyline::store::{self, outbox};
use uuid::Uuid;

use crate::support::app::{As, TestApp, filing};
use crate::support::db::{TestDb, both};
use crate::support::smtp::Taken;
use crate::support::webhook::Received;
use crate::support::world::{self, INSULIN, World, at, division};

both! {
    the_digest_comes_once_on_the_morning_of_a_working_day,
    the_digest_says_what_waits_for_whom,
    replicas_do_a_tick_once,
    a_tick_of_a_replica_that_died_is_done_by_another,
    after_a_pause_one_digest_is_not_made_up_for,
    a_shortage_in_many_hospitals_is_the_provinces_affair,
    a_year_without_a_calendar_is_told_once_a_week,
    a_policy_that_ends_is_told_to_administrators,
    a_decided_end_is_told_no_more,
    manufacturers_that_nobody_reaches_are_told_to_administrators,
    old_digests_and_ticks_are_forgotten,
}

/// The policy that lapses in the world's spring.
const SHANDONG: &str = "山东省集采中选产品供应诉求时限规则（2023）";

/// The bulletins that somebody has, as `kind headline`, newest first.
async fn bulletins(who: &As<'_>) -> Vec<String> {
    let notices = who.get("/notices?page_size=100").await.expect(200).json();
    let notices = notices["items"].as_array().expect("notices").clone();
    let own = notices.iter().filter(|notice| notice["ticket"].is_null());
    let text = |notice: &Value, key: &str| notice[key].as_str().unwrap_or_default().to_owned();
    own.map(|notice| format!("{} {}", text(notice, "kind"), text(notice, "headline"))).collect()
}

/// The texts of the mails that left.
fn mails(app: &TestApp) -> Vec<String> {
    let text = |mail: Taken| {
        let mail = MessageParser::default().parse(&mail.raw).expect("a mail").into_owned();
        mail.body_text(0).expect("text").replace("\r\n", "\n")
    };
    app.mail.messages().into_iter().map(text).collect()
}

async fn the_digest_comes_once_on_the_morning_of_a_working_day(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    hospital.file().await;
    // The 14th is a Saturday that works; then nine days of rest.
    hospital.advance_to("2026-02-14T08:29:00+08:00").await;
    assert!(bulletins(&maker).await.is_empty());
    hospital.advance_to("2026-02-14T08:30:00+08:00").await;
    assert_eq!(bulletins(&maker).await, ["digest 今日待办 1 项（2026-02-14）"]);
    let mails = app.mail.messages().into_iter();
    let thread = b"References: <digest@supply.example>";
    let digests = mails.filter(|mail| mail.raw.windows(thread.len()).any(|part| part == thread));
    let mut to: Vec<_> = digests.flat_map(|mail| mail.to).collect();
    to.sort_unstable();
    assert_eq!(to, ["maker-en@supply.example", "maker@supply.example"], "one mail each");
    hospital.advance_to("2026-02-23T23:00:00+08:00").await;
    assert_eq!(bulletins(&maker).await.len(), 1, "nobody is told on days of rest");
    hospital.advance_to("2026-02-24T12:00:00+08:00").await;
    assert_eq!(bulletins(&maker).await[0], "digest 今日待办 2 项（2026-02-24）");
    // Those for whom nothing waits have none.
    let rival = app.sign_in("maker2").await;
    assert!(bulletins(&rival).await.is_empty());
    app.stop().await;
}

async fn the_digest_says_what_waits_for_whom(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, maker) = (app.sign_in("hospital").await, app.sign_in("maker").await);
    let (city, distributor) = (app.sign_in("city").await, app.sign_in("distributor").await);
    let open = hospital.file().await;
    let solved = hospital.file().await;
    let solve = json!({"message": "已送达。", "delivered_quantity": 500});
    let path = |ticket: &Value, act: &str| {
        format!("/tickets/{}/{act}", ticket["id"].as_str().expect("an id"))
    };
    maker.post(&path(&solved, "solve"), &solve).await.expect(200);
    hospital.post(&path(&open, "escalate"), &json!({"reason": "病区停用。"})).await.expect(200);
    hospital
        .post(&path(&open, "messages"), &json!({"body": "甲", "audience": "all"}))
        .await
        .expect(201);
    hospital.advance_to("2026-02-14T09:00:00+08:00").await;
    for (who, expected) in [
        (&maker, "今日待办 2 项"),
        (&hospital, "今日待办 1 项"),
        (&city, "今日待办 2 项"),
        (&distributor, "今日待办 1 项"),
    ] {
        let own = bulletins(who).await;
        assert_eq!(own.len(), 1, "{own:?}");
        assert!(own[0].contains(expected), "{own:?}");
    }
    let sent = mails(&app);
    for lines in [
        "待回复诉求单：1\n未读留言和附件：1\n",
        "待确认解决结果：1\n",
        "待签收督办：1\n未读留言和附件：1\n",
    ] {
        assert!(sent.iter().any(|mail| mail.contains(lines)), "{lines} in {sent:?}");
    }
    let other = app.sign_in("hospital2").await;
    assert!(bulletins(&other).await.is_empty());
    app.stop().await;
}

/// An engine of a replica whose channels lead nowhere, begun.
async fn engine(world: &World, db: &TestDb) -> Arc<Engine> {
    let replica = World::over(db.replica().await, world.app.clock.clone()).await;
    let link = "http://supply.example/".parse().expect("a URL");
    let channels = Channels::new(Mail::in_app(), Sms::in_app(), link);
    let engine = Arc::new(Engine::new(replica.app, channels));
    engine.tick().await;
    engine
}

async fn digests(db: &TestDb) -> usize {
    let rows = outbox::log(db.store.read_unscoped(), LogFilter::default(), None, 1_000)
        .await
        .expect("answers");
    rows.iter().filter(|row| row.about.name() == "digest").count()
}

async fn replicas_do_a_tick_once(db: TestDb) {
    let world = World::on(&db).await;
    world.file().await;
    let replicas =
        [engine(&world, &db).await, engine(&world, &db).await, engine(&world, &db).await];
    world.jump_to("2026-02-14T00:30:05Z");
    for _ in 0..3 {
        futures::future::join_all(replicas.iter().map(|replica| replica.tick())).await;
    }
    assert_eq!(digests(&db).await, 2, "maker and maker-en");
}

async fn a_tick_of_a_replica_that_died_is_done_by_another(db: TestDb) {
    let world = World::on(&db).await;
    world.file().await;
    world.jump_to("2026-02-14T00:30:05Z");
    let due_at = at("2026-02-14T00:30:00Z");
    let dead = Uuid::now_v7();
    let claim = async |lease: &str| {
        let (wall, lease) = (world.app.clock.wall(), at(lease));
        let claimed = db.store.write(move |tx| {
            Box::pin(async move {
                store::ticks::claim(tx, ("digest", due_at), dead, (wall, lease)).await
            })
        });
        claimed.await.expect("answers")
    };
    assert!(claim("2100-01-01T00:00:00Z").await);
    let worker = Uuid::now_v7();
    let run = || recurring::run(&world.app, Job::Digest, due_at, worker);
    assert!(!run().await.expect("answers"), "the lease lasts");
    assert_eq!(digests(&db).await, 0);
    db.execute("update tick set claimed_until = '2020-01-01T00:00:00+00:00'").await;
    assert!(run().await.expect("answers"));
    assert_eq!(digests(&db).await, 2);
    assert!(!run().await.expect("answers"), "it is done");
}

async fn after_a_pause_one_digest_is_not_made_up_for(db: TestDb) {
    let world = World::on(&db).await;
    world.file().await;
    let engine = engine(&world, &db).await;
    // The service was down from Friday until the afternoon of the first day after the festival.
    world.jump_to("2026-02-24T06:00:00Z");
    engine.tick().await;
    assert_eq!(digests(&db).await, 0, "a digest in the afternoon is of no use");
    world.jump_to("2026-02-25T01:00:00Z");
    engine.tick().await;
    assert_eq!(digests(&db).await, 2);
}

async fn add_hospitals(db: &TestDb, places: &'static [&'static str]) {
    let hash = supplyline::service::accounts::hash_password(world::PASSWORD).expect("randomness");
    let added = db.store.write(move |tx| {
        let hash = hash.clone();
        Box::pin(async move {
            let since = at("2026-01-01T00:00:00Z");
            for (index, place) in places.iter().enumerate() {
                let id = OrganisationId(Uuid::now_v7());
                let house = Organisation {
                    id,
                    kind: OrganisationKind::Hospital,
                    name: format!("第{index}医院"),
                    division: division(place),
                };
                let user = NewUser {
                    id: supplyline::domain::id::UserId(Uuid::now_v7()),
                    organisation: id,
                    username: format!("many{index}"),
                    name: "药师".to_owned(),
                    role: Role::Hospital,
                    email: None,
                    phone: None,
                    language: supplyline::domain::party::Language::Chinese,
                    territory: None,
                    password_hash: hash.clone(),
                };
                store::accounts::insert_organisations(tx, &[house], since).await?;
                store::accounts::insert_users(tx, &[user], since).await?;
            }
            Ok::<_, store::Error>(())
        })
    });
    added.await.expect("the hospitals are written");
}

async fn a_shortage_in_many_hospitals_is_the_provinces_affair(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    add_hospitals(
        &db,
        &["371002", "371003", "370202", "370203", "370302", "370303", "370402", "370403"],
    )
    .await;
    let (hospital, province) = (app.sign_in("hospital").await, app.sign_in("province").await);
    hospital.file().await;
    for name in ["many0", "many1"] {
        app.sign_in(name).await.file().await;
    }
    hospital.advance_to("2026-02-13T12:00:00+08:00").await;
    assert!(bulletins(&province).await.is_empty(), "three hospitals of one city");
    for name in ["many2", "many3"] {
        app.sign_in(name).await.file().await;
    }
    hospital.advance_to("2026-02-13T13:00:00+08:00").await;
    let told = bulletins(&province).await;
    assert_eq!(
        told,
        ["shortage 供应事件预警：甘精胰岛素注射液 3ml:300U（5 家医疗机构、2 个设区市）"]
    );
    // Nobody else is told, and the province not again before it has doubled.
    let city = app.sign_in("city").await;
    for other in [&hospital, &city] {
        assert!(bulletins(other).await.is_empty());
    }
    for name in ["many4", "many5", "many6", "many7"] {
        app.sign_in(name).await.file().await;
    }
    hospital.advance_to("2026-02-13T14:00:00+08:00").await;
    assert_eq!(bulletins(&province).await.len(), 1, "nine hospitals");
    app.sign_in("hospital2").await.post("/tickets", &filing()).await.expect(201);
    hospital.advance_to("2026-02-13T15:00:00+08:00").await;
    let told = bulletins(&province).await;
    assert_eq!(told.len(), 2);
    assert!(told[0].contains("10 家医疗机构、4 个设区市"), "{told:?}");
    let texts: Vec<Value> = app.sms.requests().iter().map(Received::json).collect();
    let alarms: Vec<_> = texts.iter().filter(|text| text["template"] == "shortage").collect();
    assert_eq!(alarms.len(), 2);
    assert_eq!(alarms[0]["ticket"], Value::Null);
    assert_eq!(alarms[0]["params"]["hospitals"], "5");
    app.stop().await;
}

/// The bulletins of a kind that somebody has.
async fn of_kind(who: &As<'_>, kind: &str) -> Vec<String> {
    let all = bulletins(who).await.into_iter();
    all.filter(|bulletin| bulletin.starts_with(kind)).collect()
}

async fn a_year_without_a_calendar_is_told_once_a_week(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (admin, maker) = (app.sign_in("admin").await, app.sign_in("maker").await);
    admin.advance_to("2026-11-30T23:00:00+08:00").await;
    assert!(of_kind(&admin, "calendar_missing").await.is_empty());
    admin.advance_to("2026-12-01T09:00:00+08:00").await;
    assert_eq!(
        of_kind(&admin, "calendar_missing").await,
        ["calendar_missing 2027 年放假安排尚未导入"]
    );
    admin.advance_to("2026-12-06T12:00:00+08:00").await;
    assert_eq!(of_kind(&admin, "calendar_missing").await.len(), 1);
    admin.advance_to("2026-12-07T12:00:00+08:00").await;
    assert_eq!(of_kind(&admin, "calendar_missing").await.len(), 2);
    assert!(bulletins(&maker).await.is_empty());
    app.stop().await;
}

async fn a_policy_that_ends_is_told_to_administrators(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    let version = |at: &str| format!("policy_lapsing 时限规则{at}：{SHANDONG}（2026-04-09）");
    admin.advance_to("2026-04-09T12:00:00+08:00").await;
    let ahead = version("即将到期");
    let told = of_kind(&admin, "policy_lapsing").await;
    assert_eq!(told, [ahead.clone(), ahead.clone(), ahead.clone()], "90, 30 and 7 days before");
    admin.advance_to("2026-04-12T12:00:00+08:00").await;
    let told = of_kind(&admin, "policy_lapsing").await;
    assert_eq!(told, [version("已到期"), ahead.clone(), ahead.clone(), ahead], "and once after");
    app.stop().await;
}

async fn a_decided_end_is_told_no_more(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let admin = app.sign_in("admin").await;
    admin.advance_to("2026-03-10T12:00:00+08:00").await;
    assert_eq!(of_kind(&admin, "policy_lapsing").await.len(), 2);
    let path = "/policies/01900000-0000-7000-8000-000000000037/decision";
    let decision = json!({"decision": "national", "reason": "不再延续"});
    admin.post(path, &decision).await.expect(200);
    admin.advance_to("2026-04-12T12:00:00+08:00").await;
    assert_eq!(of_kind(&admin, "policy_lapsing").await.len(), 2, "nothing more");
    app.stop().await;
}

async fn manufacturers_that_nobody_reaches_are_told_to_administrators(db: TestDb) {
    let app = TestApp::spawn(&db).await;
    let (hospital, admin) = (app.sign_in("hospital").await, app.sign_in("admin").await);
    hospital.file().await;
    hospital.advance_to("2026-03-01T09:20:00+08:00").await;
    let mut told = bulletins(&admin).await;
    told.retain(|told| !told.starts_with("policy_lapsing"));
    assert_eq!(told, ["contacts_unproven 1 家中选企业的联系方式未经验证"], "maker was reached");
    let mails = mails(&app);
    let alarm: Vec<_> = mails.iter().filter(|mail| mail.contains("联系方式可能失效")).collect();
    assert!(
        alarm.iter().all(|mail| mail.contains("钱江药业") && !mail.contains("岱海")),
        "{alarm:?}"
    );
    app.stop().await;
}

async fn old_digests_and_ticks_are_forgotten(db: TestDb) {
    let world = World::on(&db).await;
    let id = world.file_for("hospital", INSULIN, "胰岛素短缺").await;
    let engine = engine(&world, &db).await;
    world.jump_to("2026-02-14T00:30:05Z");
    engine.tick().await;
    assert_eq!(digests(&db).await, 2);
    let before = world.deliveries(id).await.len();
    world.jump_to("2026-05-20T00:00:00Z");
    engine.tick().await;
    assert_eq!(digests(&db).await, 0);
    assert_eq!(world.deliveries(id).await.len(), before, "a ticket's proof of service stays");
    let done = recurring::done(&world.app).await.expect("answers");
    assert!(done.values().all(|due_at| *due_at > at("2026-04-01T00:00:00Z")), "{done:?}");
}
