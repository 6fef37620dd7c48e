//! The outbox: every delivery is one worker's at a time, and none is forgotten.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use supplyline::domain::access::Visible;
use supplyline::domain::id::{DeliveryId, TicketId};
use supplyline::domain::notice::{Channel, Kind};
use supplyline::store::outbox::{
    self, Cause, Claimed, DeliveryState, Finished, LogFilter, NewNotice,
};
use supplyline::store::{Batch, Error, Store};
use uuid::Uuid;

use crate::support::db::{TestDb, both};
use crate::support::world::{INSULIN, START, World, at, house, person};

both! {
    two_workers_never_get_the_same_delivery,
    a_lease_that_runs_out_gives_a_delivery_back,
    only_the_claimant_may_finish,
    a_failed_attempt_is_tried_again_when_it_is_due,
    a_dead_letter_can_be_replayed_once,
    a_notice_is_written_once,
    an_opened_notice_is_read_everywhere,
    only_deliveries_that_are_due_are_claimed,
    a_delivery_that_cannot_be_read_does_not_stop_the_others,
}

fn wall() -> DateTime<Utc> {
    at("2030-01-01T00:00:00Z")
}

/// Claims up to `limit` of each channel.
async fn claim(store: &Store, worker: Uuid, wall: DateTime<Utc>, limit: u64) -> Vec<Claimed> {
    let lease = wall + TimeDelta::seconds(60);
    let mut all = Vec::new();
    for channel in [Channel::Mail, Channel::Sms] {
        let is_due =
            outbox::is_due(store.read_unscoped(), channel, at(START), wall).await.expect("answers");
        let claimed = store.write(move |tx| {
            let whose = (worker, channel);
            Box::pin(async move { outbox::claim(tx, whose, at(START), (wall, lease), limit).await })
        });
        let claimed = claimed.await.expect("claimed");
        assert!(is_due || claimed.is_empty(), "what is claimed was due");
        assert!(claimed.iter().all(|one| one.channel == channel));
        all.extend(claimed);
    }
    all
}

async fn finish(db: &TestDb, worker: Uuid, id: DeliveryId, state: DeliveryState) -> bool {
    let due_at = (state == DeliveryState::Queued).then(|| at("2026-02-13T02:35:00Z"));
    let finished = Finished { id, state, due_at, response: "250 好".to_owned() };
    let done = db.store.write(move |tx| {
        let finished = finished.clone();
        Box::pin(async move { outbox::finish(tx, worker, &finished, at(START)).await })
    });
    done.await.expect("finished")
}

async fn replay(db: &TestDb, id: DeliveryId) -> bool {
    let done = db.store.write(move |tx| {
        Box::pin(async move { outbox::replay(tx, id, at("2026-02-13T02:40:00Z")).await })
    });
    done.await.expect("replayed")
}

/// Eleven tickets, each told to two people by mail and SMS and to a third by mail.
async fn filed(db: &TestDb) -> (World, TicketId) {
    let world = World::on(db).await;
    for _ in 0..10 {
        world.file().await;
    }
    let last = world.file().await;
    (world, last)
}

async fn two_workers_never_get_the_same_delivery(db: TestDb) {
    let (_, last) = filed(&db).await;
    let (here, there) = (db.store.clone(), db.replica().await);
    let work = async |store: Store| {
        let (worker, mut mine) = (Uuid::now_v7(), Vec::new());
        loop {
            let claimed = claim(&store, worker, wall(), 4).await;
            if claimed.is_empty() {
                return mine;
            }
            mine.extend(claimed);
        }
    };
    let (mut mine, theirs) = futures::join!(work(here), work(there));
    mine.extend(theirs);
    // With rows that another worker held just now left out, a turn may come back empty.
    mine.extend(claim(&db.store, Uuid::now_v7(), wall(), 100).await);
    let distinct: HashSet<DeliveryId> = mine.iter().map(|claimed| claimed.id).collect();
    assert_eq!((mine.len(), distinct.len()), (55, 55));
    let of_last: Vec<_> = mine.iter().filter(|one| one.cause.ticket() == Some(last)).collect();
    assert_eq!(of_last.iter().filter(|claimed| claimed.channel == Channel::Mail).count(), 3);
    assert!(of_last.iter().all(|claimed| claimed.attempt == 1));
    assert!(of_last.iter().all(|claimed| matches!(
        &claimed.cause,
        Cause::Ticket { kind: Kind::Filed, brief, .. } if !brief.deadlines.is_empty()
    )));
}

async fn a_lease_that_runs_out_gives_a_delivery_back(db: TestDb) {
    let world = World::on(&db).await;
    world.file().await;
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    assert_eq!(claim(&db.store, first, wall(), 100).await.len(), 5);
    let almost = wall() + TimeDelta::milliseconds(59_999);
    assert!(claim(&db.store, second, almost, 100).await.is_empty());
    let again = claim(&db.store, second, wall() + TimeDelta::seconds(60), 100).await;
    assert_eq!(again.len(), 5);
    assert!(again.iter().all(|claimed| claimed.attempt == 2));
    assert!(!finish(&db, first, again[0].id, DeliveryState::Sent).await);
    assert!(finish(&db, second, again[0].id, DeliveryState::Sent).await);
}

async fn only_the_claimant_may_finish(db: TestDb) {
    let world = World::on(&db).await;
    let ticket = world.file().await;
    let worker = Uuid::now_v7();
    let id = claim(&db.store, worker, wall(), 1).await[0].id;
    assert!(!finish(&db, Uuid::now_v7(), id, DeliveryState::Failed).await);
    assert!(finish(&db, worker, id, DeliveryState::Sent).await);
    assert!(!finish(&db, worker, id, DeliveryState::Failed).await, "it was finished before");
    let logged = world.deliveries(ticket).await.into_iter().find(|d| d.id == id).expect("kept");
    assert_eq!((logged.state, logged.attempts), (DeliveryState::Sent, 1));
    assert_eq!((logged.response.as_deref(), logged.finished_at), (Some("250 好"), Some(at(START))));
}

async fn a_failed_attempt_is_tried_again_when_it_is_due(db: TestDb) {
    let world = World::on(&db).await;
    let ticket = world.file().await;
    let worker = Uuid::now_v7();
    let ids: Vec<_> = claim(&db.store, worker, wall(), 100).await.iter().map(|c| c.id).collect();
    for id in &ids {
        assert!(finish(&db, worker, *id, DeliveryState::Queued).await);
    }
    assert!(claim(&db.store, worker, wall(), 100).await.is_empty(), "not due yet");
    let next = outbox::next_due(db.store.read_unscoped(), at(START)).await.expect("answers");
    assert_eq!(next, Some(at("2026-02-13T02:35:00Z")));
    assert!(world.deliveries(ticket).await.iter().all(|d| d.state == DeliveryState::Queued));
}

async fn a_dead_letter_can_be_replayed_once(db: TestDb) {
    let world = World::on(&db).await;
    let ticket = world.file().await;
    let worker = Uuid::now_v7();
    let id = claim(&db.store, worker, wall(), 1).await[0].id;
    assert!(!replay(&db, id).await, "it is not a dead letter");
    finish(&db, worker, id, DeliveryState::Failed).await;
    let failed = LogFilter { state: Some(DeliveryState::Failed), ..LogFilter::default() };
    let dead = outbox::log(db.store.read_unscoped(), failed, None, 10).await;
    let dead: Vec<_> = dead.expect("answers").iter().map(|logged| logged.id).collect();
    assert_eq!(dead, [id]);
    assert!(replay(&db, id).await);
    assert!(!replay(&db, id).await, "it is queued again already");
    let logged = outbox::find(db.store.read_unscoped(), id).await.expect("answers").expect("kept");
    assert_eq!((logged.state, logged.attempts), (DeliveryState::Queued, 0));
    assert_eq!(logged.due_at, at("2026-02-13T02:40:00Z"));
    assert_eq!(world.deliveries(ticket).await.len(), 5);
    let all = LogFilter::default();
    let newest = outbox::log(db.store.read_unscoped(), all, None, 2).await.expect("answers");
    let rest = outbox::log(db.store.read_unscoped(), all, Some(newest[1].id.0), 10)
        .await
        .expect("answers");
    assert_eq!((newest.len(), rest.len()), (2, 3));
}

async fn a_notice_is_written_once(db: TestDb) {
    let world = World::on(&db).await;
    let ticket = world.file().await;
    let before = world.deliveries(ticket).await.len();
    let again = NewNotice {
        ticket,
        event: 1,
        kind: Kind::Filed,
        recipient: person("maker"),
        at: at(START),
        ways: vec![(Channel::Mail, "maker@supply.example".to_owned())],
        leaves_at: at(START),
    };
    let refused = db.store.write(move |tx| {
        let notices = [again.clone()];
        Box::pin(async move {
            let mut batch = Batch::on(tx);
            outbox::insert(&mut batch, &notices);
            batch.run(tx).await
        })
    });
    let error: Error = refused.await.expect_err("the same notice twice");
    assert!(error.is_duplicate(), "{error}");
    assert_eq!(world.deliveries(ticket).await.len(), before);
}

async fn an_opened_notice_is_read_everywhere(db: TestDb) {
    let world = World::on(&db).await;
    let ticket = world.file().await;
    let worker = Uuid::now_v7();
    for claimed in claim(&db.store, worker, wall(), 100).await {
        finish(&db, worker, claimed.id, DeliveryState::Sent).await;
    }
    let reader = (person("maker"), Visible::Manufacturer(house("maker")));
    let unread = async || {
        let unread = outbox::notices(db.store.read_unscoped(), reader, true, None, 10).await;
        unread.expect("answers").len()
    };
    let mine =
        outbox::notices(db.store.read_unscoped(), reader, true, None, 10).await.expect("answers");
    assert_eq!((mine.len(), unread().await), (1, 1));
    let id = mine[0].id;
    let open = async |whose| {
        let done = db.store.write(move |tx| {
            Box::pin(async move { outbox::read(tx, whose, id, at("2026-02-13T03:00:00Z")).await })
        });
        done.await.expect("answers")
    };
    assert_eq!(open(person("maker-en")).await, None, "it is somebody else's");
    assert_eq!(unread().await, 1);
    assert_eq!(open(person("maker")).await, Some(true));
    assert_eq!(open(person("maker")).await, Some(false), "opening it again changes nothing");
    assert_eq!(unread().await, 0);
    let deliveries = world.deliveries(ticket).await;
    for delivery in deliveries {
        let is_mine = delivery.recipient == person("maker");
        let expected = if is_mine { DeliveryState::Read } else { DeliveryState::Sent };
        assert_eq!(delivery.state, expected, "{delivery:?}");
    }
    let all =
        outbox::notices(db.store.read_unscoped(), reader, false, None, 10).await.expect("answers");
    assert_eq!(all[0].read_at, Some(at("2026-02-13T03:00:00Z")));
}

async fn only_deliveries_that_are_due_are_claimed(db: TestDb) {
    let world = World::on(&db).await;
    world.jump_to("2026-02-13T13:00:00Z");
    // 21:00 in Shanghai: it waits for 08:00 of the next working day.
    let ticket = world.file().await;
    assert!(claim(&db.store, Uuid::now_v7(), wall(), 100).await.is_empty());
    let due: HashSet<_> = world.deliveries(ticket).await.iter().map(|d| d.due_at).collect();
    assert_eq!(due, HashSet::from([at("2026-02-14T00:00:00Z")]));
}

async fn a_delivery_that_cannot_be_read_does_not_stop_the_others(db: TestDb) {
    let world = World::on(&db).await;
    let bad = world.file_for("hospital2", INSULIN, "坏行").await;
    let good = world.file().await;
    db.execute(
        "update event set brief = '{}' where ticket_id = (select id from ticket where summary = '坏行')",
    )
    .await;
    let claimed = claim(&db.store, Uuid::now_v7(), wall(), 100).await;
    assert_eq!(claimed.len(), 5);
    assert!(claimed.iter().all(|one| one.cause.ticket() == Some(good)));
    let buried = world.deliveries(bad).await;
    assert!(buried.iter().all(|delivery| delivery.state == DeliveryState::Failed), "{buried:?}");
    assert!(buried[0].response.as_deref().is_some_and(|said| said.contains("brief")));
}
