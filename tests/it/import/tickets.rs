//! Tickets out of tables: those of the time before, and new ones.

use supplyline::domain::access::Visible;
use supplyline::domain::ticket::StateName;
use supplyline::service::import::Kind;
use supplyline::service::tickets::{Filter, Order};
use supplyline::store::tickets as kept;
use supplyline::store::{outbox, sweep};

use super::{counts, import, refusals};
use crate::support::db::{TestDb, both};
use crate::support::world::{INSULIN, RESOLVE_DUE, World, at, house};

both!(
    a_historic_ticket_shows_and_does_nothing,
    a_historic_file_twice_has_one_effect_b053,
    a_new_ticket_is_filed_by_its_hospitals_person,
    tickets_are_imported_together_or_not_at_all,
);

const HEAD: &str = "历史诉求,医疗机构,产品编码,问题类别,摘要,情况说明,缺口数量,单位,联系人,联系电话,\
                    提交人用户名,提交时间,状态,办结时间,撤回原因\n";

fn old(summary: &str, ends: &str) -> String {
    format!(
        "是,滨海市第一人民医院,{INSULIN},短供,{summary},两周未到货,300,支,张敏,13800000001,,\
         2025-03-03 09:30,{ends}\n"
    )
}

fn new(by: &str) -> String {
    format!("否,滨海市第一人民医院,{INSULIN},断供,新缺货,未到货,30,支,张敏,13800000001,{by},,,,\n")
}

async fn all(world: &World) -> Vec<supplyline::domain::ticket::Ticket> {
    let (db, visible) = (world.app.store.read_unscoped(), Visible::Hospital(house("hospital")));
    let filter = Filter::default();
    let page = kept::list(db, visible, &filter, Order::OldestFirst, (None, 100)).await;
    page.expect("the database answers")
}

async fn a_historic_ticket_shows_and_does_nothing(db: TestDb) {
    let world = World::on(&db).await;
    let rows = [old("去年缺货", "已办结,2025-03-10,"), old("误报", "已撤回,2025-03-04,重复提交")];
    let report = import(&world.app, Kind::Tickets, format!("{HEAD}{}", rows.concat())).await;
    assert_eq!(counts(&report), (2, 0, 0));
    let tickets = all(&world).await;
    let states: Vec<_> = tickets.iter().map(|t| (t.state.name(), t.historic)).collect();
    assert!(states.contains(&(StateName::Closed, true)), "{states:?}");
    assert!(states.contains(&(StateName::Withdrawn, true)), "{states:?}");
    for ticket in &tickets {
        assert_eq!(ticket.filed_at, at("2025-03-03T01:30:00Z"));
        assert!(ticket.deadlines.is_empty() && ticket.number.starts_with("SQ-371002-20250303-"));
        assert_eq!(ticket.distributor, Some(house("distributor")));
        let ends = if ticket.state.name() == StateName::Closed { "confirmed" } else { "withdrawn" };
        assert_eq!(world.story(ticket.id).await, ["filed", ends]);
        let told = outbox::of_ticket(db.store.read_unscoped(), ticket.id).await;
        assert_eq!(told.expect("the database answers").len(), 0, "nobody is told");
    }
    let next = sweep::next_due(db.store.read_unscoped(), at("2000-01-01T00:00:00Z")).await;
    assert_eq!(next.expect("the database answers"), None, "no timer");
    world.advance_to(RESOLVE_DUE).await;
    assert_eq!(world.story(tickets[0].id).await.len(), 2, "nothing fires");
}

async fn a_historic_file_twice_has_one_effect_b053(db: TestDb) {
    let world = World::on(&db).await;
    let table = format!("{HEAD}{}{}", old("去年缺货", "closed,2025-03-10,"), new("hospital"));
    assert_eq!(counts(&import(&world.app, Kind::Tickets, &table).await), (2, 0, 0));
    assert_eq!(counts(&import(&world.app, Kind::Tickets, &table).await), (0, 0, 2));
    assert_eq!(all(&world).await.len(), 2);
    // In another file the same old row is the same ticket.
    let other = format!("{HEAD}{}", old("去年缺货", "closed,2025-03-10,"));
    assert_eq!(counts(&import(&world.app, Kind::Tickets, &other).await), (0, 0, 1));
    // Two at once.
    let third = format!("{HEAD}{}", new("hospital"));
    let (one, two) = tokio::join!(
        import(&world.app, Kind::Tickets, &third),
        import(&world.app, Kind::Tickets, &third)
    );
    assert_eq!(one.created + two.created, 1);
    assert_eq!(all(&world).await.len(), 3);
}

async fn a_new_ticket_is_filed_by_its_hospitals_person(db: TestDb) {
    let world = World::on(&db).await;
    let report = import(&world.app, Kind::Tickets, format!("{HEAD}{}", new("HOSPITAL"))).await;
    assert_eq!(counts(&report), (1, 0, 0));
    let ticket = all(&world).await.remove(0);
    assert!(!ticket.historic && ticket.deadlines.len() == 2);
    assert_eq!(ticket.deadlines[1].due_at, at(RESOLVE_DUE));
    assert!(!world.deliveries(ticket.id).await.is_empty(), "the manufacturer is told");
    for stranger in ["hospital2", "maker", "nobody"] {
        let table = format!("{HEAD}{}", new(stranger));
        let report = import(&world.app, Kind::Tickets, table).await;
        assert_eq!(refusals(&report), [(2, "filed_by", "unknown")], "{stranger}");
    }
}

async fn tickets_are_imported_together_or_not_at_all(db: TestDb) {
    let world = World::on(&db).await;
    let good = format!("{}{}", old("去年缺货", "closed,2025-03-10,"), new("hospital"));
    let bad = new("hospital").replace(INSULIN, "X9");
    let odd = old("去年缺货", "closed,2025-03-10,").replace(INSULIN, "X8");
    let report = import(&world.app, Kind::Tickets, format!("{HEAD}{good}{bad}{odd}")).await;
    assert_eq!(refusals(&report), [(4, "product_code", "invalid"), (5, "product_code", "unknown")]);
    assert_eq!(all(&world).await.len(), 0);
    let doubled = old("去年缺货", "closed,2025-03-10,").repeat(2);
    let report = import(&world.app, Kind::Tickets, format!("{HEAD}{doubled}")).await;
    assert_eq!(refusals(&report), [(3, "summary", "duplicate")]);
}
