//! One item that cannot be handled stops only itself.

use supplyline::clock::Clock;
use supplyline::store::outbox::{self, DeliveryState, LogFilter};

use crate::support::db::{TestDb, both};
use crate::support::station::{Outside, Station};
use crate::support::world::{self, INSULIN, START, at};

both! {
    a_notice_of_a_ticket_that_cannot_be_read_is_a_dead_letter_and_the_others_leave,
}

async fn a_notice_of_a_ticket_that_cannot_be_read_is_a_dead_letter_and_the_others_leave(
    db: TestDb,
) {
    world::fill(&db.store).await;
    let outside = Outside::spawn().await;
    let station = Station::over(db.replica().await, Clock::still_at(at(START)), &outside).await;
    let bad = station.world.file_for("hospital2", INSULIN, "坏行").await;
    let good = [station.world.file().await, station.world.file().await];
    db.execute("update ticket set urgency = 'nonsense' where summary = '坏行'").await;
    station.tick().await;
    let log = outbox::log(db.store.read_unscoped(), LogFilter::default(), None, 100)
        .await
        .expect("answers");
    let states = |id| {
        let of = log.iter().filter(
            |one| matches!(one.about, outbox::About::Ticket { ticket, .. } if ticket == id),
        );
        of.map(|one| one.state).collect::<Vec<_>>()
    };
    for id in good {
        assert!(states(id).iter().all(|state| *state == DeliveryState::Sent), "{:?}", states(id));
        assert!(!states(id).is_empty());
    }
    assert!(states(bad).iter().all(|state| *state == DeliveryState::Failed), "{:?}", states(bad));
    assert!(!states(bad).is_empty(), "somebody was to be told of it");
    let dead = log.iter().find(|one| one.state == DeliveryState::Failed).expect("one");
    let why = dead.response.as_deref().unwrap_or_default();
    assert!(why.starts_with("not sent: corrupt row: ticket.urgency"), "{why}");
}
