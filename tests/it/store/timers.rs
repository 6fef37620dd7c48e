//! Timers: what is due, in due order and fair between organisations.

use sea_orm::{DatabaseTransaction, EntityTrait as _, QuerySelect as _, TransactionTrait as _};
use supplyline::domain::id::TicketId;
use supplyline::service::sweep::run_once;
use supplyline::store::{Error, sweep};
use tokio::sync::oneshot;

use crate::support::db::{TestDb, both, postgres_only};
use crate::support::world::{CEFTRIAXONE, REPLY_DUE, RESOLVE_DUE, START, World, at, reply};

both! {
    every_organisation_gets_its_turn_b119,
    what_is_due_comes_in_due_order,
    a_ticket_that_keeps_failing_waits_for_a_person,
    an_ended_ticket_has_no_timer,
}

postgres_only! {
    what_a_replica_has_taken_is_passed_over_by_the_others,
    who_acts_on_a_ticket_keeps_it_from_the_sweep_and_nobody_waits,
}

async fn due(db: &TestDb, instant: &str, limit: u64) -> Vec<TicketId> {
    sweep::due(db.store.read_unscoped(), at(instant), limit).await.expect("the database answers")
}

async fn every_organisation_gets_its_turn_b119(db: TestDb) {
    let world = World::on(&db).await;
    let mut theirs = Vec::new();
    for _ in 0..9 {
        world.file().await;
    }
    world.jump_to("2026-02-13T06:00:00Z");
    for _ in 0..2 {
        theirs.push(world.file_for("hospital", CEFTRIAXONE, "头孢短缺").await);
    }
    let found = due(&db, REPLY_DUE, 4).await;
    assert_eq!(found.len(), 4);
    assert!(theirs.iter().all(|id| found.contains(id)), "the smaller one waits behind the bigger");
    assert_eq!(due(&db, REPLY_DUE, 100).await.len(), 11);
    assert!(due(&db, "2026-02-24T00:59:59.999Z", 100).await.is_empty());
}

async fn what_is_due_comes_in_due_order(db: TestDb) {
    let world = World::on(&db).await;
    let early = world.file().await;
    world.jump_to("2026-02-14T02:00:00Z");
    let late = world.file_for("hospital", CEFTRIAXONE, "头孢短缺").await;
    let next = sweep::next_due(db.store.read_unscoped(), at(START)).await.expect("answers");
    assert_eq!(next, Some(at("2026-02-24T01:00:00Z")), "the warning, at 09:00 of the due day");
    assert_eq!(next, world.wakes_at(early).await);
    assert_eq!(due(&db, "2026-02-24T01:00:00Z", 100).await, [early]);
    assert_eq!(due(&db, RESOLVE_DUE, 100).await, [early, late]);
}

async fn a_ticket_that_keeps_failing_waits_for_a_person(db: TestDb) {
    let world = World::on(&db).await;
    let id = world.file().await;
    for _ in 0..3 {
        assert_eq!(due(&db, REPLY_DUE, 10).await, [id]);
        assert!(sweep::stuck(db.store.read_unscoped()).await.expect("answers").is_empty());
        let failed =
            db.store.write(move |tx| Box::pin(async move { sweep::failed(tx, id).await })).await;
        failed.expect("written");
    }
    assert!(due(&db, REPLY_DUE, 10).await.is_empty());
    assert_eq!(sweep::next_due(db.store.read_unscoped(), at(START)).await.expect("answers"), None);
    assert_eq!(sweep::stuck(db.store.read_unscoped()).await.expect("answers"), [id]);
    // An act on it starts the count anew.
    world.act("maker", id, reply("2026-02-26")).await.expect("replied");
    assert!(sweep::stuck(db.store.read_unscoped()).await.expect("answers").is_empty());
}

async fn an_ended_ticket_has_no_timer(db: TestDb) {
    use supplyline::domain::ticket::Act;
    let world = World::on(&db).await;
    let id = world.file().await;
    let withdraw = Act::Withdraw { reason: "重复".to_owned() };
    world.act("hospital", id, withdraw).await.expect("withdrawn");
    assert_eq!(world.wakes_at(id).await, None);
    let next: Result<_, Error> = sweep::next_due(db.store.read_unscoped(), at(START)).await;
    assert_eq!(next.expect("answers"), None);
}

async fn claim(tx: &DatabaseTransaction, limit: u64) -> Result<Vec<TicketId>, Error> {
    let houses = sweep::organisations(tx, at(REPLY_DUE), 10).await?;
    sweep::claim(tx, &houses, at(REPLY_DUE), limit).await
}

async fn what_a_replica_has_taken_is_passed_over_by_the_others(db: TestDb) {
    let world = World::on(&db).await;
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(world.file().await);
    }
    let other = db.replica().await;
    let (first, second) =
        (db.store.read_unscoped().begin().await, other.read_unscoped().begin().await);
    let (first, second) = (first.expect("begun"), second.expect("begun"));
    let taken = claim(&first, 3).await.expect("claimed");
    assert_eq!(taken.len(), 3);
    let mut left = claim(&second, 3).await.expect("claimed");
    assert_eq!(left.len(), 1, "one is in nobody's hands");
    left.extend(taken);
    left.sort_unstable();
    all.sort_unstable();
    assert_eq!(left, all);
    // A replica that is killed gives back what it had taken: its session ends.
    drop(first);
    let third = db.store.read_unscoped().begin().await.expect("begun");
    assert_eq!(claim(&third, 10).await.expect("claimed").len(), 3);
}

async fn who_acts_on_a_ticket_keeps_it_from_the_sweep_and_nobody_waits(db: TestDb) {
    let world = World::on(&db).await;
    let (held, free) = (world.file().await, world.file().await);
    world.jump_to(REPLY_DUE);
    let (taken, is_taken) = oneshot::channel();
    let (end, ended) = oneshot::channel::<()>();
    let store = db.replica().await;
    let holder = tokio::spawn(async move {
        let tx = store.read_unscoped().begin().await.expect("begun");
        let row = entity::ticket::Entity::find_by_id(held.0).lock_exclusive();
        row.one(&tx).await.expect("locked");
        taken.send(()).expect("heard");
        ended.await.expect("told to end");
    });
    is_taken.await.expect("taken");
    assert_eq!(run_once(&world.app, at(REPLY_DUE)).await.expect("swept"), 1);
    assert!(world.story(free).await.contains(&"escalated"), "the others had their turn");
    assert!(!world.story(held).await.contains(&"escalated"));
    end.send(()).expect("heard");
    holder.await.expect("ended");
    world.sweep().await;
    assert!(world.story(held).await.contains(&"escalated"));
}
