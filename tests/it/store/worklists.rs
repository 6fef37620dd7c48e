//! What is due next stands first, and worklists are counted no further than asked.

use chrono::{DateTime, Utc};
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, EntityTrait};
use supplyline::domain::access::Visible;
use supplyline::domain::escalation::Reason;
use supplyline::domain::id::TicketId;
use supplyline::domain::ticket::{Act, Confirm, Decision, StateName, Topic, Verdict};
use supplyline::service;
use supplyline::store::Store;
use supplyline::store::tickets::{self, Filter, Order};
use uuid::Uuid;

use crate::support::db::{TestDb, both};
use crate::support::world::{INSULIN, REPLY_DUE, RESOLVE_DUE, World, at, division, house, on};

both! {
    what_is_due_next_stands_first,
    the_due_order_has_no_gaps_or_repeats,
    what_waits_for_a_bureau_is_found,
    a_count_ends_at_its_cap,
    the_step_finds_what_is_due_in_older_rows,
}

async fn due_first(db: &TestDb, visible: Visible, filter: &Filter) -> Vec<TicketId> {
    let page =
        tickets::list(db.store.read_unscoped(), visible, filter, Order::DueFirst, (None, 100))
            .await;
    page.expect("the database answers").iter().map(|ticket| ticket.id).collect()
}

/// What the table says of each ticket, which must be what the ticket says.
async fn due(world: &World, id: TicketId) -> Option<DateTime<Utc>> {
    let row = entity::ticket::Entity::find_by_id(id.0).one(world.app.store.read_unscoped()).await;
    let due_at = row.expect("the database answers").expect("the ticket exists").due_at;
    assert_eq!(due_at, world.ticket(id).await.next_due());
    due_at
}

async fn solve(world: &World, id: TicketId) {
    let solve = Act::Solve {
        message: "已送达。".to_owned(),
        delivered_quantity: 300,
        evidence: Vec::new(),
    };
    world.act("maker", id, solve).await.expect("reported");
}

async fn confirm(world: &World, id: TicketId) {
    let confirm = Act::Confirm(Confirm {
        result: Verdict::Solved,
        remaining_quantity: None,
        rating: None,
        comment: None,
    });
    world.act("hospital", id, confirm).await.expect("confirmed");
}

/// Tickets that stand differently on the 25th, when the first two have missed their reply.
async fn differing(world: &World) -> [TicketId; 5] {
    let missed = world.file().await;
    let replied = world.file().await;
    world.reply(replied, "2026-02-26").await;
    let [held, closed] = [world.file().await, world.file().await];
    solve(world, held).await;
    solve(world, closed).await;
    confirm(world, closed).await;
    world.advance_to("2026-02-25T02:00:00Z").await;
    let fresh = world.file_for("hospital2", INSULIN, "另一城市").await;
    [missed, replied, held, closed, fresh]
}

async fn what_is_due_next_stands_first(db: TestDb) {
    let world = World::on(&db).await;
    let [missed, replied, held, closed, fresh] = differing(&world).await;
    assert_eq!(due(&world, missed).await, Some(at(REPLY_DUE)), "overdue, and still to be done");
    assert_eq!(due(&world, replied).await, Some(at("2026-02-26T16:00:00Z")), "the promise");
    assert_eq!(due(&world, held).await, None, "it waits for the hospital");
    assert_eq!(due(&world, closed).await, None);
    assert_eq!(due(&world, fresh).await, Some(at("2026-02-27T16:00:00Z")));
    let all = Filter::default();
    let maker = Visible::Manufacturer(house("maker"));
    let province = Visible::Within(division("370000"));
    for visible in [maker, province, Visible::Bare] {
        assert_eq!(due_first(&db, visible, &all).await, [missed, replied, fresh], "{visible:?}");
    }
    for visible in [
        Visible::Hospital(house("hospital")),
        Visible::Within(division("371000")),
        Visible::Within(division("371002")),
    ] {
        assert_eq!(due_first(&db, visible, &all).await, [missed, replied], "{visible:?}");
    }
    let narrowed = [
        (Filter { state: Some(StateName::Promised), ..Filter::default() }, vec![replied]),
        (Filter { state: Some(StateName::Solved), ..Filter::default() }, vec![]),
        (Filter { state: Some(StateName::Closed), ..Filter::default() }, vec![]),
        (Filter { over: Some(true), ..Filter::default() }, vec![]),
        (Filter { over: Some(false), ..Filter::default() }, vec![missed, replied, fresh]),
        (Filter { overdue: Some(true), ..Filter::default() }, vec![missed]),
        (Filter { overdue: Some(false), ..Filter::default() }, vec![replied, fresh]),
        (Filter { division: Some(division("370200")), ..Filter::default() }, vec![fresh]),
    ];
    for (filter, expected) in narrowed {
        for visible in [maker, province] {
            assert_eq!(due_first(&db, visible, &filter).await, expected, "{filter:?}");
        }
    }
    world.reply(missed, "2026-02-27").await;
    assert_eq!(due(&world, missed).await, Some(at(RESOLVE_DUE)), "done late, the next is due");
}

async fn the_due_order_has_no_gaps_or_repeats(db: TestDb) {
    let world = World::on(&db).await;
    let mut filed = Vec::new();
    for _ in 0..5 {
        filed.push(world.file().await);
    }
    // Due at the same instant: the id decides.
    filed.sort_unstable();
    world.advance_to("2026-02-25T02:00:00Z").await;
    filed.push(world.file().await);
    let mut walked = Vec::new();
    let mut after: Option<(DateTime<Utc>, Uuid)> = None;
    loop {
        let scope = world.scope("province").await;
        let (all, page) = (Filter::default(), (after, 2));
        let rows = service::tickets::list(&world.app, &scope, &all, Order::DueFirst, page).await;
        let rows = rows.expect("the database answers");
        let Some(last) = rows.last() else { break };
        after = last.ticket.next_due().map(|due_at| (due_at, last.ticket.id.0));
        walked.extend(rows.iter().map(|view| view.ticket.id));
    }
    assert_eq!(walked, filed);
}

async fn what_waits_for_a_bureau_is_found(db: TestDb) {
    let world = World::on(&db).await;
    let [missed, asking, silent] = [world.file().await, world.file().await, world.file().await];
    world.reply(silent, "2026-02-26").await;
    let extension = Act::Extension {
        until: on("2026-03-05"),
        reason: "产线检修。".to_owned(),
        evidence: Vec::new(),
    };
    world.act("maker", asking, extension).await.expect("asked");
    world.advance_to(REPLY_DUE).await;
    let city = Some(house("city"));
    let held = Filter { held_by: city, ..Filter::default() };
    let waiting = Filter { unacknowledged_by: city, ..Filter::default() };
    let asked = Filter { asks: city, ..Filter::default() };
    let found = async |filter: &Filter| {
        let page = (None, 100);
        let read = db.store.read_unscoped();
        let rows = tickets::list(read, Visible::Bare, filter, Order::OldestFirst, page).await;
        let mut ids: Vec<_> = rows.expect("answers").iter().map(|ticket| ticket.id).collect();
        ids.sort_unstable();
        ids
    };
    let both = if missed < asking { [missed, asking] } else { [asking, missed] };
    assert_eq!(found(&held).await, both);
    assert_eq!(found(&waiting).await, both);
    assert_eq!(found(&asked).await, [asking]);
    let other = Some(house("city2"));
    for filter in [
        Filter { held_by: other, ..Filter::default() },
        Filter { unacknowledged_by: other, ..Filter::default() },
        Filter { asks: other, ..Filter::default() },
    ] {
        assert_eq!(found(&filter).await, [], "{filter:?}");
    }
    let escalation = world.ticket(missed).await.escalations[0].clone();
    assert!(matches!(escalation.reasons[0], Reason::Missed { .. }));
    let acknowledge = Act::Acknowledge { escalation: escalation.id, note: None };
    world.act("city", missed, acknowledge).await.expect("taken");
    let refuse = Act::Decide(Decision {
        on: Topic::Extension,
        granted: false,
        reason: "理由不足。".to_owned(),
        manufacturer: None,
    });
    world.act("city", asking, refuse).await.expect("decided");
    assert_eq!(found(&held).await, both);
    assert_eq!(found(&waiting).await, [asking]);
    assert_eq!(found(&asked).await, []);
    confirm(&world, missed).await;
    assert_eq!(found(&held).await, [asking], "a closed ticket is held by nobody");
}

async fn a_count_ends_at_its_cap(db: TestDb) {
    let world = World::on(&db).await;
    differing(&world).await;
    let province = world.scope("province").await;
    let cases = [
        (Filter::default(), 5),
        (Filter { over: Some(false), ..Filter::default() }, 4),
        (Filter { over: Some(true), ..Filter::default() }, 1),
        (Filter { state: Some(StateName::Open), ..Filter::default() }, 2),
        (Filter { overdue: Some(true), ..Filter::default() }, 1),
        (Filter { escalated: Some(true), ..Filter::default() }, 1),
        (Filter { escalated: Some(false), over: Some(true), ..Filter::default() }, 1),
        (Filter { state: Some(StateName::Returned), ..Filter::default() }, 0),
    ];
    for (filter, expected) in cases {
        for cap in [0, 1, 3, 100] {
            let counted = service::tickets::count_up_to(&world.app, &province, &filter, cap).await;
            assert_eq!(counted.expect("counted"), cap.min(expected), "{filter:?} up to {cap}");
        }
    }
    let nobody = world.scope("auditor").await;
    let counted = service::tickets::count_up_to(&world.app, &nobody, &Filter::default(), 100).await;
    assert_eq!(counted.expect("counted"), 0);
}

async fn the_step_finds_what_is_due_in_older_rows(db: TestDb) {
    let world = World::on(&db).await;
    let ids = differing(&world).await;
    let mut before = Vec::new();
    for id in ids {
        before.push(due(&world, id).await);
    }
    let raw = TestDb::raw(&db.owner).await;
    let steps = Migrator::migrations();
    let own = steps.iter().position(|step| step.name().ends_with("_worklists"));
    let later = steps.len() - own.expect("the step is there");
    Migrator::down(&raw, u32::try_from(later).ok()).await.expect("down");
    raw.execute_unprepared("select overdue from ticket").await.expect("the rest stays");
    raw.close().await.expect("closed");
    Store::migrate(&db.owner).await.expect("up");
    let world = World::over(db.replica().await, world.app.clock.clone()).await;
    for (id, expected) in ids.into_iter().zip(before) {
        assert_eq!(due(&world, id).await, expected);
    }
}
