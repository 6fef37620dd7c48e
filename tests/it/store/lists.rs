//! Lists show what their reader may see, page by page, found by text.

use chrono::{DateTime, Utc};
use supplyline::domain::access::Visible;
use supplyline::domain::id::TicketId;
use supplyline::domain::search::query;
use supplyline::domain::ticket::{StateName, Ticket};
use supplyline::store::outbox;
use supplyline::store::tickets::{self, Climbed, Filter, Order};
use uuid::Uuid;

use crate::support::db::{TestDb, both};
use crate::support::world::{
    CEFTRIAXONE, INSULIN, REPLY_DUE, World, at, division, house, person, reply,
};

both! {
    everybody_sees_their_own_tickets,
    pages_have_no_gaps_or_repeats_while_tickets_arrive,
    filters_narrow_a_list,
    text_is_found_in_chinese_and_latin,
    escalations_are_paged_and_filtered,
    a_bureau_sees_no_notice_of_a_ticket_outside_its_division,
}

async fn ids(db: &TestDb, visible: Visible, filter: &Filter) -> Vec<TicketId> {
    let page =
        tickets::list(db.store.read_unscoped(), visible, filter, Order::OldestFirst, (None, 100))
            .await;
    page.expect("the database answers").iter().map(|ticket| ticket.id).collect()
}

async fn everybody_sees_their_own_tickets(db: TestDb) {
    let world = World::on(&db).await;
    let here = world.file().await;
    world.jump_to("2026-02-13T02:31:00Z");
    let there = world.file_for("hospital2", INSULIN, "另一城市").await;
    world.jump_to("2026-02-13T02:32:00Z");
    let other = world.file_for("hospital", CEFTRIAXONE, "头孢短缺").await;
    let cases = [
        (Visible::Hospital(house("hospital")), vec![here, other]),
        (Visible::Hospital(house("hospital2")), vec![there]),
        (Visible::Manufacturer(house("maker")), vec![here, there]),
        (Visible::Manufacturer(house("maker2")), vec![other]),
        (Visible::Distributor(house("distributor")), vec![here]),
        (Visible::Within(division("371002")), vec![here, other]),
        (Visible::Within(division("371000")), vec![here, other]),
        (Visible::Within(division("370200")), vec![there]),
        (Visible::Within(division("370000")), vec![here, there, other]),
        (Visible::Within(division("320000")), vec![]),
        (Visible::Within(division("371003")), vec![]),
        (Visible::Bare, vec![here, there, other]),
        (Visible::Nothing, vec![]),
    ];
    for (visible, expected) in cases {
        assert_eq!(ids(&db, visible, &Filter::default()).await, expected, "{visible:?}");
        for id in [here, there, other] {
            let found =
                tickets::find(db.store.read_unscoped(), visible, id).await.expect("answers");
            assert_eq!(found.is_some(), expected.contains(&id), "{visible:?}");
        }
    }
}

/// Reads every page; calls `between` after each.
async fn pages(db: &TestDb, order: Order, mut between: impl AsyncFnMut()) -> Vec<Ticket> {
    let mut all: Vec<Ticket> = Vec::new();
    loop {
        let after: Option<(DateTime<Utc>, Uuid)> =
            all.last().map(|last| (last.filed_at, last.id.0));
        let filter = Filter::default();
        let page =
            tickets::list(db.store.read_unscoped(), Visible::Bare, &filter, order, (after, 3))
                .await;
        let page = page.expect("the database answers");
        if page.is_empty() {
            return all;
        }
        all.extend(page);
        between().await;
        assert!(all.len() < 100, "the pages do not end");
    }
}

async fn pages_have_no_gaps_or_repeats_while_tickets_arrive(db: TestDb) {
    let world = World::on(&db).await;
    // Several at the same instant, so that the id must decide.
    let mut filed = Vec::new();
    for minute in ["02:30", "02:31", "02:31", "02:31", "02:31", "02:31", "02:32", "02:33"] {
        world.jump_to(&format!("2026-02-13T{minute}:00Z"));
        filed.push(world.file().await);
    }
    filed.sort_unstable();
    let mut minutes = 34..60;
    let arrive = async || {
        if let Some(minute) = minutes.next() {
            world.jump_to(&format!("2026-02-13T02:{minute}:00Z"));
            world.file().await;
        }
    };
    let newest = pages(&db, Order::NewestFirst, arrive).await;
    let mut seen: Vec<_> = newest.iter().map(|ticket| ticket.id).collect();
    seen.sort_unstable();
    assert_eq!(seen, filed, "newest first: what arrives later is on no later page");
    assert!(newest.is_sorted_by_key(|ticket| std::cmp::Reverse((ticket.filed_at, ticket.id))));

    let oldest = pages(&db, Order::OldestFirst, async || {}).await;
    assert!(oldest.is_sorted_by_key(|ticket| (ticket.filed_at, ticket.id)));
    assert_eq!(oldest.len(), 11);
    assert_eq!(oldest[..8].iter().map(|ticket| ticket.id).collect::<Vec<_>>().len(), 8);
}

async fn filters_narrow_a_list(db: TestDb) {
    let world = World::on(&db).await;
    let replied = world.file().await;
    world.reply(replied, "2026-02-26").await;
    world.jump_to("2026-02-13T03:00:00Z");
    let missed = world.file_for("hospital2", INSULIN, "无人回复").await;
    world.advance_to("2026-02-25T02:00:00Z").await;
    let fresh = world.file_for("hospital", CEFTRIAXONE, "今日新报").await;
    let cases = [
        (Filter { state: Some(StateName::Open), ..Filter::default() }, vec![missed, fresh]),
        (Filter { state: Some(StateName::Promised), ..Filter::default() }, vec![replied]),
        (Filter { state: Some(StateName::Returned), ..Filter::default() }, vec![]),
        (Filter { escalated: Some(true), ..Filter::default() }, vec![missed]),
        (Filter { escalated: Some(false), ..Filter::default() }, vec![replied, fresh]),
        (Filter { overdue: Some(true), ..Filter::default() }, vec![missed]),
        (Filter { overdue: Some(false), ..Filter::default() }, vec![replied, fresh]),
        (Filter { over: Some(false), ..Filter::default() }, vec![replied, missed, fresh]),
        (Filter { over: Some(true), ..Filter::default() }, vec![]),
        (Filter { manufacturer: Some(house("maker2")), ..Filter::default() }, vec![fresh]),
        (Filter { division: Some(division("370200")), ..Filter::default() }, vec![missed]),
        (
            Filter { filed_from: Some(at("2026-02-13T03:00:00Z")), ..Filter::default() },
            vec![missed, fresh],
        ),
        (
            Filter { filed_before: Some(at("2026-02-13T03:00:00Z")), ..Filter::default() },
            vec![replied],
        ),
        (
            Filter { query: Some(query("回复")), overdue: Some(true), ..Filter::default() },
            vec![missed],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(ids(&db, Visible::Bare, &filter).await, expected, "{filter:?}");
    }
}

async fn text_is_found_in_chinese_and_latin(db: TestDb) {
    let world = World::on(&db).await;
    let a = world.file_for("hospital", INSULIN, "断供 COVID19 100%缺口_急").await;
    world.jump_to("2026-02-13T03:00:00Z");
    let b = world.file_for("hospital", CEFTRIAXONE, "ＡＢＣ全角，配送延误 tail").await;
    let number = world.ticket(a).await.number;
    let tail = number.rsplit('-').next().expect("a tail").to_lowercase();
    let cases = [
        ("断供", vec![a]),
        ("胰岛素", vec![a]),
        ("胰岛", vec![a]),
        ("岛胰", vec![]),
        ("断", vec![a]),
        ("头孢", vec![b]),
        ("注射", vec![a, b]),
        ("滨海市", vec![a, b]),
        ("covid19", vec![a]),
        ("COVID19", vec![a]),
        ("covid", vec![]),
        ("ＣＯＶＩＤ１９", vec![a]),
        ("abc", vec![b]),
        ("ABC 全角", vec![b]),
        ("100", vec![a]),
        ("%", vec![]),
        ("_", vec![]),
        ("100% 缺口", vec![a]),
        ("'; drop table ticket; --", vec![]),
        ("\"", vec![]),
        ("缺口 OR 配送", vec![]),
        ("缺口*", vec![a]),
        (number.as_str(), vec![a]),
        (tail.as_str(), vec![a]),
        ("SQ-371002-20260213", vec![a, b]),
        ("XS01AAA001B002010100001", vec![a]),
        ("钱江药业", vec![b]),
        // A phrase does not reach from the end of one text over to the next.
        ("tail 连续", vec![]),
        ("连续两周", vec![a, b]),
    ];
    for (text, expected) in cases {
        let filter = Filter { query: Some(query(text)), ..Filter::default() };
        assert_eq!(ids(&db, Visible::Bare, &filter).await, expected, "{text}");
    }
    let filter = Filter { query: Some(query("断供")), ..Filter::default() };
    assert!(ids(&db, Visible::Manufacturer(house("maker2")), &filter).await.is_empty());
}

async fn escalations_are_paged_and_filtered(db: TestDb) {
    let world = World::on(&db).await;
    for _ in 0..5 {
        world.file().await;
    }
    world.file_for("hospital2", INSULIN, "另一城市").await;
    let closed = world.file().await;
    world.advance_to(REPLY_DUE).await;
    world.reply(closed, "2026-02-26").await;
    let read = db.store.read_unscoped();
    let city = Visible::Within(division("371000"));
    let open = |open| Climbed { open: Some(open), ..Climbed::default() };
    let every =
        tickets::escalations(read, city, Climbed::default(), (None, 100)).await.expect("answers");
    assert_eq!(every.len(), 6);
    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = tickets::escalations(read, city, open(true), (after, 2)).await.expect("answers");
        let Some((last, _)) = page.last() else { break };
        after = Some((at(REPLY_DUE), last.0));
        paged.extend(page);
    }
    assert_eq!(paged, every);
    let closed = tickets::escalations(read, city, open(false), (None, 100)).await.expect("answers");
    assert!(closed.is_empty());
    for (acknowledged, holder, count) in
        [(false, "city", 6), (true, "city", 0), (false, "province", 0), (false, "city2", 0)]
    {
        let which = Climbed {
            acknowledged: Some(acknowledged),
            held_by: Some(house(holder)),
            ..Climbed::default()
        };
        let found = tickets::escalations(read, city, which, (None, 100)).await.expect("answers");
        assert_eq!(found.len(), count, "{acknowledged} {holder}");
    }
    let (id, ticket) = every[0];
    let found = tickets::ticket_of_escalation(read, id).await.expect("answers");
    assert_eq!(found, Some(ticket));
}

async fn a_bureau_sees_no_notice_of_a_ticket_outside_its_division(db: TestDb) {
    let world = World::on(&db).await;
    let id = world.file().await;
    world.advance_to(REPLY_DUE).await;
    world.act("maker", id, reply("2026-02-26")).await.expect("replied");
    let read = db.store.read_unscoped();
    let own = (person("city"), Visible::Within(division("371000")));
    let told = outbox::notices(read, own, false, None, 100).await.expect("answers");
    assert!(!told.is_empty());
    let moved = (person("city"), Visible::Within(division("370200")));
    let told = outbox::notices(read, moved, false, None, 100).await.expect("answers");
    assert!(told.is_empty(), "{told:?}");
}
