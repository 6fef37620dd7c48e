//! The clock's work as people see it: who is told what, when, and only once.

use std::collections::HashSet;

use supplyline::domain::access::Visible;
use supplyline::domain::escalation::Reason;
use supplyline::domain::id::TicketId;
use supplyline::domain::notice::{Channel, Kind};
use supplyline::domain::party::Level;
use supplyline::domain::ticket::{DeadlineKind, DeadlineStatus, EventData, StateName};
use supplyline::service::sweep::run_once;
use supplyline::store::outbox::{About, LogFilter, Logged};
use supplyline::store::{outbox, sweep};
use tokio::task::JoinSet;

use crate::support::db::{TestDb, both};
use crate::support::world::{
    INSULIN, REPLY_DUE, RESOLVE_DUE, World, at, division, house, person, reply,
};

both! {
    the_city_is_told_when_nobody_replied_in_two_working_days,
    nothing_is_missed_by_a_reply_in_the_last_millisecond_b100,
    the_province_is_told_when_the_city_does_nothing,
    after_a_standstill_everything_happens_in_due_order,
    three_replicas_ring_each_rung_once,
    it_makes_no_difference_whether_the_act_or_the_sweep_was_first_b100,
    a_ticket_that_cannot_be_read_does_not_stop_the_others,
}

fn told(deliveries: &[Logged], who: &str, kind: Kind) -> Vec<Channel> {
    let own =
        deliveries.iter().filter(|d| d.recipient == person(who) && d.about.name() == kind.name());
    let mut channels: Vec<_> = own.map(|delivery| delivery.channel).collect();
    channels.sort_unstable();
    channels
}

async fn the_city_is_told_when_nobody_replied_in_two_working_days(db: TestDb) {
    let world = World::on(&db).await;
    let id = world.file().await;
    world.advance_to("2026-02-24T15:59:59.999Z").await;
    assert_eq!(world.story(id).await, ["filed", "warned"]);
    assert_eq!(told(&world.deliveries(id).await, "city", Kind::Escalated), []);

    world.advance_to(REPLY_DUE).await;
    assert_eq!(world.story(id).await, ["filed", "warned", "missed", "escalated"]);
    let ticket = world.ticket(id).await;
    let rung = ticket.open_escalation().expect("it is escalated");
    assert_eq!((rung.level, rung.bureau), (Level::City, Some(house("city"))));
    assert_eq!(rung.opened_at, at(REPLY_DUE));
    let deliveries = world.deliveries(id).await;
    let both = vec![Channel::Mail, Channel::Sms];
    assert_eq!(told(&deliveries, "city", Kind::Escalated), both);
    for who in ["maker", "maker-en"] {
        assert_eq!(told(&deliveries, who, Kind::Warning), both);
        assert_eq!(told(&deliveries, who, Kind::Missed), both);
    }
    assert_eq!(told(&deliveries, "hospital", Kind::Missed), [Channel::Mail]);
    let outsiders = ["county", "city2", "province", "maker2", "hospital2", "admin"];
    assert!(deliveries.iter().all(|d| outsiders.iter().all(|who| d.recipient != person(who))));
    // Midnight is no time for quiet hours: what is urgent leaves at once.
    let is_urgent = |d: &&Logged| matches!(d.about.name(), "missed" | "escalated");
    let urgent = deliveries.iter().filter(is_urgent);
    assert!(urgent.into_iter().all(|delivery| delivery.due_at == at(REPLY_DUE)));
}

async fn nothing_is_missed_by_a_reply_in_the_last_millisecond_b100(db: TestDb) {
    let world = World::on(&db).await;
    let (kept, missed) = (world.file().await, world.file().await);
    world.jump_to("2026-02-24T15:59:59.999Z");
    world.reply(kept, "2026-02-26").await;
    world.jump_to(REPLY_DUE);
    world.reply(missed, "2026-02-26").await;
    world.sweep().await;
    let status = async |id| {
        let ticket = world.ticket(id).await;
        let reply = ticket.deadline(DeadlineKind::Reply).expect("it has one");
        (reply.status, reply.late_working_days, ticket.escalations.len())
    };
    assert_eq!(status(kept).await, (DeadlineStatus::Met, None, 0));
    assert_eq!(status(missed).await, (DeadlineStatus::Missed, Some(1), 1));
}

async fn the_province_is_told_when_the_city_does_nothing(db: TestDb) {
    let world = World::on(&db).await;
    let id = world.file().await;
    // Told at 00:00 of Wednesday the 25th; its second working day is Friday the 27th.
    world.advance_to("2026-02-27T15:59:59Z").await;
    assert_eq!(world.ticket(id).await.escalations.len(), 1);
    world.advance_to(RESOLVE_DUE).await;
    let levels: Vec<_> = world.ticket(id).await.escalations.iter().map(|e| e.level).collect();
    assert_eq!(levels, [Level::City, Level::Province]);
    let both = [Channel::Mail, Channel::Sms];
    assert_eq!(told(&world.deliveries(id).await, "province", Kind::Escalated), both);
    world.advance_to("2026-04-30T00:00:00Z").await;
    assert_eq!(world.ticket(id).await.escalations.len(), 2, "the province is the end of the line");
}

async fn after_a_standstill_everything_happens_in_due_order(db: TestDb) {
    let world = World::on(&db).await;
    let id = world.file().await;
    let now = "2026-03-06T02:00:00Z";
    world.jump_to(now);
    world.sweep().await;
    let events = world.events(id).await;
    let mut due: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            EventData::Missed { missed_at, .. } => Some(*missed_at),
            EventData::WarningSuperseded { due_at, .. } => Some(*due_at),
            _ => None,
        })
        .collect();
    assert_eq!(due, [at(REPLY_DUE), at(REPLY_DUE), at(RESOLVE_DUE), at(RESOLVE_DUE)]);
    due.dedup();
    let ticket = world.ticket(id).await;
    assert_eq!(ticket.escalations.len(), 1, "the city's own time begins when it is told");
    let rung = &ticket.escalations[0];
    assert_eq!((rung.level, rung.opened_at), (Level::City, at(now)));
    let reasons: Vec<_> = rung
        .reasons
        .iter()
        .map(|reason| match reason {
            Reason::Missed { missed_at, .. } => *missed_at,
            other => panic!("unexpected {other:?}"),
        })
        .collect();
    assert_eq!(reasons, due);
    let acknowledge = ticket.deadline(DeadlineKind::Acknowledge).expect("it has one");
    assert_eq!(acknowledge.started_at, at(now));
    let rows = supplyline::store::tickets::events(db.store.read_unscoped(), id, 1, 100).await;
    assert!(rows.expect("answers").iter().all(|row| row.at == at(now)), "told now, not then");
    let deliveries = world.deliveries(id).await;
    assert_eq!(told(&deliveries, "maker", Kind::Warning), [], "too late for a warning");
    assert_eq!(told(&deliveries, "city", Kind::Escalated), [Channel::Mail, Channel::Sms]);
    let is_late = |d: &&Logged| matches!(d.about, About::Ticket { event: 2.., .. });
    assert!(deliveries.iter().filter(is_late).all(|d| d.due_at == at(now)));
}

async fn three_replicas_ring_each_rung_once(db: TestDb) {
    const TICKETS: usize = 200;
    let world = World::on(&db).await;
    let ids: Vec<TicketId> = futures::future::join_all((0..TICKETS).map(|_| world.file())).await;
    world.jump_to(REPLY_DUE);
    let mut replicas = JoinSet::new();
    for _ in 0..3 {
        let replica = World::over(db.replica().await, world.app.clock.clone()).await;
        replicas.spawn(async move {
            for _ in 0..5 {
                run_once(&replica.app, at(REPLY_DUE)).await.expect("the sweep runs");
            }
        });
    }
    while let Some(done) = replicas.join_next().await {
        done.expect("no panic");
    }
    world.sweep().await;
    assert!(sweep::stuck(db.store.read_unscoped()).await.expect("answers").is_empty());
    let read = db.store.read_unscoped();
    let tickets = supplyline::store::tickets::load(read, &ids).await.expect("answers");
    assert_eq!(tickets.len(), TICKETS);
    assert!(tickets.iter().all(|ticket| (ticket.escalations.len(), ticket.version) == (1, 2)));
    let deliveries = outbox::log(read, LogFilter::default(), None, 10_000).await.expect("answers");
    let of = |d: &Logged| match d.about {
        About::Ticket { ticket, event, kind } => (ticket, event, kind, d.recipient, d.channel),
        About::Bulletin { .. } => panic!("nothing recurs here: {d:?}"),
    };
    let distinct: HashSet<_> = deliveries.iter().map(of).collect();
    assert_eq!(distinct.len(), deliveries.len());
    assert_eq!(told(&deliveries, "city", Kind::Escalated).len(), 2 * TICKETS);
    for id in ids.into_iter().take(10) {
        let story = world.story(id).await;
        assert_eq!(story, ["filed", "warning_superseded", "missed", "escalated"]);
    }
    let reader = (person("city"), Visible::Within(division("371000")));
    let city = outbox::notices(db.store.read_unscoped(), reader, true, None, 1_000)
        .await
        .expect("answers");
    assert_eq!(city.len(), TICKETS);
}

async fn it_makes_no_difference_whether_the_act_or_the_sweep_was_first_b100(db: TestDb) {
    let world = World::on(&db).await;
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(world.file().await);
    }
    world.jump_to(REPLY_DUE);
    let other = World::over(db.replica().await, world.app.clock.clone()).await;
    let replies = futures::future::join_all(
        ids.iter().map(|id| world.act("maker", *id, reply("2026-02-26"))),
    );
    let sweeps = async {
        for _ in 0..10 {
            run_once(&other.app, at(REPLY_DUE)).await.expect("the sweep runs");
        }
    };
    let (replies, ()) = futures::join!(replies, sweeps);
    world.sweep().await;
    for (id, outcome) in ids.into_iter().zip(replies) {
        outcome.expect("the reply is accepted");
        let ticket = world.ticket(id).await;
        assert_eq!(ticket.state.name(), StateName::Promised);
        let story = world.story(id).await;
        assert_eq!(story, ["filed", "warning_superseded", "missed", "escalated", "replied"]);
        let reply = ticket.deadline(DeadlineKind::Reply).expect("it has one");
        assert_eq!((reply.status, reply.late_working_days), (DeadlineStatus::Missed, Some(1)));
    }
}

async fn a_ticket_that_cannot_be_read_does_not_stop_the_others(db: TestDb) {
    let world = World::on(&db).await;
    let bad = world.file_for("hospital2", INSULIN, "坏行").await;
    let good = [world.file().await, world.file().await];
    db.execute("update ticket set urgency = 'nonsense' where summary = '坏行'").await;
    world.jump_to(REPLY_DUE);
    for _ in 0..5 {
        run_once(&world.app, at(REPLY_DUE)).await.expect("the sweep runs");
    }
    for id in good {
        let story = world.story(id).await;
        assert_eq!(story, ["filed", "warning_superseded", "missed", "escalated"]);
    }
    assert_eq!(sweep::stuck(db.store.read_unscoped()).await.expect("answers"), [bad]);
    let due = sweep::due(db.store.read_unscoped(), at(REPLY_DUE), 10).await.expect("answers");
    assert!(due.is_empty(), "it is not tried for ever");
}
