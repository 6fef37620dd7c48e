//! Six hundred timers that are due in the same second.

use std::collections::HashMap;

use futures::StreamExt as _;
use sea_orm::{ConnectionTrait as _, Statement};
use supplyline::service::sweep::run_once;
use supplyline::store::sweep;
use tokio::task::JoinSet;

use crate::support::db::{TestDb, both};
use crate::support::world::{CEFTRIAXONE, INSULIN, REPLY_DUE, World, at};

both! {
    six_hundred_due_at_once_are_all_handled_in_due_order_and_fairly_b119,
}

/// One house has most of what is due.
const MANY: usize = 540;
const FEW: usize = 60;

async fn six_hundred_due_at_once_are_all_handled_in_due_order_and_fairly_b119(db: TestDb) {
    let world = World::on(&db).await;
    let file = |number: usize| {
        let code = if number < MANY { INSULIN } else { CEFTRIAXONE };
        world.file_for("hospital", code, "断供")
    };
    let filed = futures::stream::iter(0..MANY + FEW).map(file).buffered(16);
    assert_eq!(filed.collect::<Vec<_>>().await.len(), MANY + FEW);
    world.jump_to(REPLY_DUE);
    // The first batch: the house with few is not kept waiting by the one with many.
    let first = sweep::due(db.store.read_unscoped(), at(REPLY_DUE), 120).await.expect("answers");
    let tickets =
        supplyline::store::tickets::load(db.store.read_unscoped(), &first).await.expect("read");
    let mut of: HashMap<_, usize> = HashMap::new();
    tickets.iter().for_each(|ticket| *of.entry(ticket.manufacturer).or_default() += 1);
    assert!(of.len() == 2 && of.values().all(|count| *count >= FEW), "{of:?}");

    let mut replicas = JoinSet::new();
    for _ in 0..3 {
        let replica = World::over(db.replica().await, world.app.clock.clone()).await;
        replicas.spawn(async move {
            let mut handled = 0;
            loop {
                match run_once(&replica.app, at(REPLY_DUE)).await.expect("the sweep runs") {
                    0 => return handled,
                    count => handled += count,
                }
            }
        });
    }
    while let Some(done) = replicas.join_next().await {
        done.expect("no panic");
    }
    world.sweep().await;
    let count = async |sql: &str| -> i64 {
        let read = db.store.read_unscoped();
        let asked = Statement::from_string(read.get_database_backend(), sql);
        let row = read.query_one_raw(asked).await.expect("answers").expect("a row");
        row.try_get_by_index(0).expect("a number")
    };
    let all = i64::try_from(MANY + FEW).expect("small");
    assert_eq!(count("select count(*) from escalation").await, all, "each rung once");
    let twice = "select count(*) from (select ticket_id from event group by ticket_id \
                 having count(*) <> 4) as other";
    assert_eq!(count(twice).await, 0, "filed, superseded, missed, escalated: nothing twice");
    assert!(
        sweep::due(db.store.read_unscoped(), at(REPLY_DUE), 10).await.expect("answers").is_empty()
    );
    assert!(sweep::stuck(db.store.read_unscoped()).await.expect("answers").is_empty());
}
