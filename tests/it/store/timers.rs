//! Timers: what is due, in due order and fair between organisations.

use supplyline::domain::id::TicketId;
use supplyline::store::{Error, sweep};

use crate::support::db::{TestDb, both};
use crate::support::world::{CEFTRIAXONE, REPLY_DUE, RESOLVE_DUE, START, World, at, reply};

both! {
    every_organisation_gets_its_turn_b119,
    what_is_due_comes_in_due_order,
    a_ticket_that_keeps_failing_waits_for_a_person,
    an_ended_ticket_has_no_timer,
}

async fn due(db: &TestDb, instant: &str, limit: u64) -> Vec<TicketId> {
    sweep::due(db.store.read(), at(instant), limit).await.expect("the database answers")
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
    let next = sweep::next_due(db.store.read(), at(START)).await.expect("answers");
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
        assert!(sweep::stuck(db.store.read()).await.expect("answers").is_empty());
        let failed =
            db.store.write(move |tx| Box::pin(async move { sweep::failed(tx, id).await })).await;
        failed.expect("written");
    }
    assert!(due(&db, REPLY_DUE, 10).await.is_empty());
    assert_eq!(sweep::next_due(db.store.read(), at(START)).await.expect("answers"), None);
    assert_eq!(sweep::stuck(db.store.read()).await.expect("answers"), [id]);
    // An act on it starts the count anew.
    world.act("maker", id, reply("2026-02-26")).await.expect("replied");
    assert!(sweep::stuck(db.store.read()).await.expect("answers").is_empty());
}

async fn an_ended_ticket_has_no_timer(db: TestDb) {
    use supplyline::domain::ticket::Act;
    let world = World::on(&db).await;
    let id = world.file().await;
    let withdraw = Act::Withdraw { reason: "重复".to_owned() };
    world.act("hospital", id, withdraw).await.expect("withdrawn");
    assert_eq!(world.wakes_at(id).await, None);
    let next: Result<_, Error> = sweep::next_due(db.store.read(), at(START)).await;
    assert_eq!(next.expect("answers"), None);
}
