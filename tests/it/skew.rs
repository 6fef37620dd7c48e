//! A replica whose clock is off from the database's.

use chrono::TimeDelta;
use supplyline::clock::Clock;
use supplyline::service::hold;
use supplyline::service::skew;

use crate::support::db::{TestDb, postgres_only, sqlite_only};
use crate::support::station::{Outside, Station};
use crate::support::world::{self, REPLY_DUE, START, at};

postgres_only! {
    a_replica_whose_clock_is_off_fires_nothing_and_the_others_do_b077,
    a_clock_that_is_set_right_fires_again_by_itself_b077,
    two_seconds_either_way_are_let_pass_b077,
}
sqlite_only! {
    where_there_is_no_second_clock_nothing_is_off_b077,
}

const DUE: [&str; 4] = ["filed", "warning_superseded", "missed", "escalated"];

async fn station(db: &TestDb, outside: &Outside) -> Station {
    Station::over(db.replica().await, Clock::still_at(at(START)), outside).await
}

fn set_wrong_by(station: &Station, milliseconds: i64) {
    station.world.app.clock.set_wrong_by(TimeDelta::milliseconds(milliseconds));
}

async fn a_replica_whose_clock_is_off_fires_nothing_and_the_others_do_b077(db: TestDb) {
    world::fill(&db.store).await;
    let outside = Outside::spawn().await;
    let (off, right) = (station(&db, &outside).await, station(&db, &outside).await);
    set_wrong_by(&off, 90_000);
    let id = off.world.file().await;
    off.world.jump_to(REPLY_DUE);
    for _ in 0..3 {
        off.tick().await;
        off.engine.tick().await;
    }
    assert_eq!(off.world.story(id).await, ["filed"], "people go on working, and nothing fires");
    assert_eq!(outside.arrived(), (0, 0));
    let (ahead, is_off) = skew::known(&off.world.app).expect("it was asked");
    assert!(is_off && (ahead - TimeDelta::seconds(90)).abs() < TimeDelta::seconds(1), "{ahead}");
    assert!(hold::current(&off.world.app).await.expect("answers").is_none(), "its own affair");

    right.world.jump_to(REPLY_DUE);
    right.tick().await;
    assert_eq!(right.world.story(id).await, DUE);
    assert!(outside.arrived().0 > 0 && outside.arrived().1 > 0);
    assert_eq!(skew::known(&right.world.app).map(|(_, is_off)| is_off), Some(false));
}

async fn a_clock_that_is_set_right_fires_again_by_itself_b077(db: TestDb) {
    world::fill(&db.store).await;
    let outside = Outside::spawn().await;
    let station = station(&db, &outside).await;
    let id = station.world.file().await;
    station.tick().await;
    let sent = outside.arrived();
    assert!(sent.0 > 0, "the filing is told");
    // Set while it runs, and back: each is noticed with the next round.
    set_wrong_by(&station, -90_000);
    station.world.jump_to(REPLY_DUE);
    station.tick().await;
    assert_eq!((station.world.story(id).await.len(), outside.arrived()), (1, sent));
    set_wrong_by(&station, 0);
    station.tick().await;
    assert_eq!(station.world.story(id).await, DUE);
    assert!(outside.arrived().0 > sent.0);
}

async fn two_seconds_either_way_are_let_pass_b077(db: TestDb) {
    world::fill(&db.store).await;
    let outside = Outside::spawn().await;
    let station = station(&db, &outside).await;
    for (wrong_by, is_right) in
        [(1_500, true), (-1_500, true), (2_600, false), (-2_600, false), (1_500, true)]
    {
        set_wrong_by(&station, wrong_by);
        let right = skew::is_right(&station.world.app).await.expect("answers");
        assert_eq!(right, is_right, "{wrong_by} ms");
    }
}

async fn where_there_is_no_second_clock_nothing_is_off_b077(db: TestDb) {
    world::fill(&db.store).await;
    let outside = Outside::spawn().await;
    let station = station(&db, &outside).await;
    let id = station.world.file().await;
    set_wrong_by(&station, 90_000);
    station.world.jump_to(REPLY_DUE);
    station.tick().await;
    assert_eq!(station.world.story(id).await, DUE);
    assert!(skew::known(&station.world.app).is_none());
}
