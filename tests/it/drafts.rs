//! Tickets begun and not yet filed.

use supplyline::domain::id::DraftId;
use supplyline::service::drafts::{self, Fields};
use supplyline::service::{App, Error};
use uuid::Uuid;

use crate::support::db::{TestDb, both};
use crate::support::world::{CEFTRIAXONE, INSULIN, World};

both! {
    a_draft_is_its_writers_own,
    a_draft_is_replaced_by_the_next_for_its_product,
    filing_a_ticket_deletes_its_draft,
    drafts_have_limits,
    old_drafts_are_cleared,
}

fn fields(summary: &str) -> Fields {
    let pairs = [("summary", summary), ("contact.name", "张敏\0"), ("quantity_short", "-x")];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

async fn codes(app: &App, world: &World, username: &str) -> Vec<String> {
    let own = drafts::list(app, &world.scope(username).await).await.expect("listed");
    own.into_iter().map(|draft| draft.product_code).collect()
}

async fn a_draft_is_its_writers_own(db: TestDb) {
    let world = World::on(&db).await;
    let (app, own) = (&world.app, world.scope("hospital").await);
    let id = drafts::save(app, &own, INSULIN, &fields("缺货")).await.expect("saved");
    let draft = drafts::get(app, &own, id).await.expect("found");
    assert_eq!((draft.product_code.as_str(), &draft.fields), (INSULIN, &fields("缺货")));
    assert_eq!(draft.saved_at, app.clock.now());
    let other = world.scope("hospital2").await;
    assert!(drafts::list(app, &other).await.expect("listed").is_empty());
    let refused = [
        drafts::get(app, &other, id).await.map(drop),
        drafts::delete(app, &other, id).await,
        drafts::get(app, &own, DraftId(Uuid::nil())).await.map(drop),
    ];
    assert!(refused.iter().all(|outcome| matches!(outcome, Err(Error::NotFound))));
    for username in ["maker", "distributor", "city", "admin", "security", "auditor"] {
        let scope = world.scope(username).await;
        let refused = [
            drafts::save(app, &scope, INSULIN, &fields("")).await.map(drop),
            drafts::list(app, &scope).await.map(drop),
            drafts::get(app, &scope, id).await.map(drop),
            drafts::delete(app, &scope, id).await,
        ];
        assert!(refused.iter().all(|outcome| matches!(outcome, Err(Error::Forbidden(_)))));
    }
    drafts::delete(app, &own, id).await.expect("deleted");
    let again = drafts::delete(app, &own, id).await;
    assert!(matches!(again, Err(Error::NotFound)), "{again:?}");
}

async fn a_draft_is_replaced_by_the_next_for_its_product(db: TestDb) {
    let world = World::on(&db).await;
    let (app, own) = (&world.app, world.scope("hospital").await);
    let first = drafts::save(app, &own, INSULIN, &fields("一")).await.expect("saved");
    world.jump_to("2026-02-13T03:00:00Z");
    drafts::save(app, &own, CEFTRIAXONE, &fields("二")).await.expect("saved");
    drafts::save(app, &own, "", &fields("尚未选药")).await.expect("saved");
    world.jump_to("2026-02-13T04:00:00Z");
    let again = drafts::save(app, &own, INSULIN, &fields("三")).await.expect("saved");
    assert_eq!(again, first);
    let all = drafts::list(app, &own).await.expect("listed");
    assert_eq!(all.len(), 3);
    assert_eq!((all[0].id, &all[0].fields), (first, &fields("三")), "the last saved first");
}

async fn filing_a_ticket_deletes_its_draft(db: TestDb) {
    let world = World::on(&db).await;
    let app = &world.app;
    for (username, code) in
        [("hospital", INSULIN), ("hospital", CEFTRIAXONE), ("hospital2", INSULIN)]
    {
        let scope = world.scope(username).await;
        drafts::save(app, &scope, code, &fields("缺货")).await.expect("saved");
    }
    world.file().await;
    assert_eq!(codes(app, &world, "hospital").await, [CEFTRIAXONE]);
    assert_eq!(codes(app, &world, "hospital2").await, [INSULIN]);
}

async fn drafts_have_limits(db: TestDb) {
    let world = World::on(&db).await;
    let (app, own) = (&world.app, world.scope("hospital").await);
    for code in ["with blank", "line\nend", &"X".repeat(65)] {
        match drafts::save(app, &own, code, &fields("")).await {
            Err(Error::Invalid(refused)) => assert_eq!(refused[0].field, "product_code"),
            other => panic!("{code}: {other:?}"),
        }
    }
    match drafts::save(app, &own, INSULIN, &fields(&"长".repeat(22_000))).await {
        Err(Error::Invalid(refused)) => {
            assert_eq!((&*refused[0].field, &*refused[0].code), ("document", "too_long"));
        }
        other => panic!("{other:?}"),
    }
    drafts::save(app, &own, INSULIN, &fields(&"长".repeat(21_000))).await.expect("below 64 kB");
    for number in 1..20 {
        drafts::save(app, &own, &format!("X{number}"), &fields("")).await.expect("saved");
    }
    let over = drafts::save(app, &own, CEFTRIAXONE, &fields("")).await;
    assert!(matches!(&over, Err(Error::OverQuota(told)) if told.contains("20")), "{over:?}");
    drafts::save(app, &own, "X7", &fields("改")).await.expect("one that is there may be saved");
    let other = world.scope("hospital2").await;
    drafts::save(app, &other, CEFTRIAXONE, &fields("")).await.expect("everybody has twenty");
}

async fn old_drafts_are_cleared(db: TestDb) {
    let world = World::on(&db).await;
    let (app, own) = (&world.app, world.scope("hospital").await);
    drafts::save(app, &own, INSULIN, &fields("")).await.expect("saved");
    world.jump_to("2026-05-14T02:30:00Z");
    drafts::save(app, &own, CEFTRIAXONE, &fields("")).await.expect("saved");
    assert_eq!(drafts::clear(app).await.expect("cleared"), 0, "ninety days");
    world.jump_to("2026-05-14T02:30:00.001Z");
    assert_eq!(drafts::clear(app).await.expect("cleared"), 1);
    assert_eq!(codes(app, &world, "hospital").await, [CEFTRIAXONE]);
}
